// The main job as it is written in an ES module. main-job.test.mjs runs each of these against a host and looks at the wire.

import Portkey, { APIUserAbortError } from 'portkey-native'

const messages = [{ role: 'user', content: 'Say this is a test' }]

export async function whole(HOST) {
  const portkey = new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: 'openai', customHost: `http://${HOST}/v1/`, Authorization: 'AUTH_KEY' })
  return await portkey.chat.completions.create({ messages: [{ role: 'user', content: 'Say this is a test' }] })
}

export async function wholeFromMistral(HOST) {
  const portkey = new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: 'mistral-ai', customHost: `http://${HOST}/v1/`, Authorization: 'AUTH_KEY' })
  return await portkey.chat.completions.create({ messages })
}

export async function wholeWithoutProvider(HOST) {
  const portkey = new Portkey({ apiKey: 'PORTKEY_API_KEY', customHost: `http://${HOST}/v1/`, Authorization: 'AUTH_KEY' })
  return await portkey.chat.completions.create({ messages })
}

export async function wholeWithHostAlone(HOST) {
  const portkey = new Portkey({ customHost: `http://${HOST}/v1/` })
  return await portkey.chat.completions.create({ messages })
}

export async function forwardedAuthorization(HOST) {
  const portkey = new Portkey({
    apiKey: 'PORTKEY_API_KEY', provider: 'openai', customHost: `http://${HOST}/v1/`, Authorization: 'AUTH_KEY', forwardHeaders: ['Authorization'],
  })
  return await portkey.chat.completions.create({ messages })
}

export async function forwardedOptions(HOST) {
  const portkey = new Portkey({
    apiKey: 'PORTKEY_API_KEY',
    provider: 'openai',
    customHost: `http://${HOST}/v1/`,
    Authorization: 'Bearer sk_live_xxxxx',
    xApiKey: 'sensitive-key-value',
    xOrgId: 'org-12345',
    'X-Custom-ID': 'custom-1',
    forwardHeaders: ['Authorization', 'xApiKey', 'xOrgId', 'X-Custom-ID'],
  })
  return await portkey.chat.completions.create({ messages })
}

const snake = (HOST) => ({
  provider: 'mistral-ai', custom_host: `http://${HOST}/v1`, access_token: 'AT', key_id: 'KID', pod_id: 'PID', forward_headers: ['key_id', 'pod_id', 'access_token'],
})
const camel = (HOST) => ({
  provider: 'mistral-ai', customHost: `http://${HOST}/v1`, accessToken: 'AT', keyId: 'KID', podId: 'PID', forwardHeaders: ['key_id', 'pod_id', 'access_token'],
})

/** Each way to give the config; every call reaches the host in the same form. */
export async function configs(HOST) {
  const answers = []
  for (const config of [snake(HOST), camel(HOST), JSON.stringify(snake(HOST)), JSON.stringify(camel(HOST))]) {
    answers.push(await new Portkey({ apiKey: 'PORTKEY_API_KEY', config }).chat.completions.create({ messages }))
    answers.push(await new Portkey({ apiKey: 'PORTKEY_API_KEY' }).chat.completions.create({ messages }, { config }))
  }
  return answers
}

export async function streamed(HOST) {
  const portkey = new Portkey({ customHost: `http://${HOST}/v1`, Authorization: 'AUTH_KEY' })
  const stream = await portkey.chat.completions.create({ messages, stream: true })
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}

export async function streamedWithUsage(HOST) {
  const portkey = new Portkey({ customHost: `http://${HOST}/v1` })
  const stream = await portkey.chat.completions.create({ messages, stream: true, stream_options: { include_usage: true } })
  let usage
  for await (const chunk of stream) usage = chunk.usage ?? usage
  return { usage, gateway: stream.getGateway() }
}

export async function streamedToolCall(HOST) {
  const portkey = new Portkey({ customHost: `http://${HOST}/v1` })
  const tools = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }]
  const stream = await portkey.chat.completions.create({ messages, tools, stream: true })
  const calls = []
  for await (const chunk of stream) {
    for (const delta of chunk.choices[0]?.delta.tool_calls ?? []) {
      const call = (calls[delta.index] ??= { name: '', arguments: '' })
      call.name += delta.function?.name ?? ''
      call.arguments += delta.function?.arguments ?? ''
    }
  }
  return calls
}

export async function leavingTheLoop(HOST) {
  const portkey = new Portkey({ customHost: `http://${HOST}/v1` })
  const stream = await portkey.chat.completions.create({ messages, stream: true })
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content) return chunk.choices[0].delta.content
  }
}

export async function observed(HOST) {
  const portkey = new Portkey({ customHost: `http://${HOST}/v1`, traceID: 'trace-1', metadata: { _user: 'u1', team: 'ünï' } })
  const answer = await portkey.chat.completions.create({ messages })
  return { headers: answer.getHeaders(), gateway: answer.getGateway() }
}

export async function overridden(HOST) {
  const portkey = new Portkey({ customHost: `http://${HOST}/v1`, Authorization: 'CLIENT_KEY', traceID: 'client-trace' })
  const answers = []
  answers.push(await portkey.chat.completions.create({ messages }, { Authorization: 'CALL_KEY', traceID: 'call-trace', metadata: { call: '1' } }))
  answers.push(await portkey.chat.completions.create({ messages }))
  answers.push(await portkey.chat.completions.create({ messages }, undefined, { headers: { 'X-Request-Source': 'cron' }, query: { tier: 'flex', tags: ['a', 'b'] } }))
  answers.push(await portkey.withOptions({ Authorization: 'OTHER_KEY' }).chat.completions.create({ messages }))
  return answers.map((answer) => answer.getHeaders()['trace-id'])
}

export async function withResponse(HOST) {
  const portkey = new Portkey({ customHost: `http://${HOST}/v1` })
  return await portkey.chat.completions.create({ messages }).withResponse()
}

export async function aborted(HOST, controller) {
  const portkey = new Portkey({ customHost: `http://${HOST}/v1` })
  try {
    await portkey.chat.completions.create({ messages }, null, { signal: controller.signal })
  } catch (error) {
    return error instanceof APIUserAbortError
  }
  return false
}

export async function timedOut(HOST) {
  const portkey = new Portkey({ customHost: `http://${HOST}/v1` })
  return await portkey.chat.completions.create({ messages }, null, { timeout: 50, maxRetries: 0 }).catch((error) => error)
}

export async function triedOnce(HOST) {
  const portkey = new Portkey({ customHost: `http://${HOST}/v1` })
  return await portkey.chat.completions.create({ messages }, null, { maxRetries: 0 }).catch((error) => error)
}

export async function completions(HOST) {
  const portkey = new Portkey({ customHost: `http://${HOST}/v1` })
  return await portkey.completions.create({ model: 'm', prompt: 'Say this is a test' })
}

export async function embeddings(HOST) {
  const portkey = new Portkey({ customHost: `http://${HOST}/v1` })
  return await portkey.embeddings.create({ model: 'm', input: ['one', 'two'], encoding_format: 'float' })
}

export async function models(HOST) {
  const portkey = new Portkey({ customHost: `http://${HOST}/v1` })
  return [await portkey.models.list(), await portkey.models.retrieve('org/model name')]
}

export async function moderations(HOST) {
  const portkey = new Portkey({ customHost: `http://${HOST}/v1` })
  return await portkey.moderations.create({ input: 'I want to test.' })
}
