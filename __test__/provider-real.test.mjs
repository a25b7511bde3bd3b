// Dialects against a server that speaks them: llama.cpp with a small model has OpenAI's chat and Anthropic's Messages.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import Portkey, { AuthenticationError, BadRequestError } from '../index.mjs'
import { LocalModelError, TOOL_CALL_TEMPLATE, startLocalModel } from '../tools/local-model/server.mjs'
import { collect, textOf } from './support/recorded.mjs'

const KEY = 'sk-local-test'
const messages = [{ role: 'user', content: 'Say hello in five words.' }]
/** The same words each time. */
const FIXED = { temperature: 0, seed: 1 }
const ASK = { messages, max_tokens: 12, temperature: 0 }

const parameters = { type: 'object', properties: { city: { type: 'string', maxLength: 16 } }, required: ['city'], additionalProperties: false }
const TOOL_CALL = {
  messages: [{ role: 'user', content: 'What is the weather in Paris?' }], max_tokens: 60, temperature: 0, tool_choice: 'required',
  tools: [{ type: 'function', function: { name: 'get_weather', description: 'Weather of a city', parameters } }],
}

/** Starts the server, or gives undefined, with the reason on the test's output, where this machine can't have it. */
async function start(options) {
  try {
    return await startLocalModel({ apiKey: KEY, ...options })
  } catch (error) {
    if (!(error instanceof LocalModelError) || process.env.CI === 'true') throw error
    console.log(`# provider-real: skipped: ${error.message}`)
    return undefined
  }
}

describe('llama.cpp by its names and dialects', () => {
  let server
  let clients

  before(async () => {
    server = await start({ chatTemplateFile: TOOL_CALL_TEMPLATE })
    const of = (provider) => new Portkey({ provider, customHost: `${server.url}/v1`, Authorization: KEY, idempotent: true })
    clients = server && { anthropic: of('anthropic'), llamacpp: of('llamacpp'), openai: of('openai') }
  })
  after(() => server?.stop())

  /** A test that needs the server. */
  const real = (name, run) => test(name, (t) => (server ? run(t) : t.skip('there is no local model')))

  const create = (provider, body) => clients[provider].chat.completions.create({ model: server.model, ...body })

  real("answers a whole call in Anthropic's dialect as in OpenAI's", async () => {
    const answer = await create('anthropic', ASK)
    assert.equal(answer.object, 'chat.completion')
    assert.equal(answer.choices.length, 1)
    assert.deepEqual(Object.keys(answer.choices[0].message).sort().filter((name) => name !== 'refusal'), ['content', 'role'])
    assert.ok(answer.choices[0].message.content.length > 0)
    assert.ok(['stop', 'length'].includes(answer.choices[0].finish_reason))
    const { prompt_tokens, completion_tokens, total_tokens } = answer.usage
    assert.ok(prompt_tokens > 0 && completion_tokens > 0)
    assert.equal(total_tokens, prompt_tokens + completion_tokens)
    const { attempts } = answer.getGateway()
    assert.deepEqual(attempts.map(({ url, provider }) => [url, provider]), [[`${server.url}/v1/messages`, 'anthropic']])
    const plain = await create('openai', ASK)
    assert.equal(answer.choices[0].message.content, plain.choices[0].message.content)
    assert.equal(answer.choices[0].finish_reason, plain.choices[0].finish_reason)
  })

  real("streams the same words in Anthropic's dialect, with usage where it is asked for", async () => {
    const whole = await create('anthropic', ASK)
    const { items, error } = await collect(create('anthropic', { ...ASK, stream: true, stream_options: { include_usage: true } }))
    assert.equal(error, undefined)
    assert.equal(textOf(items), whole.choices[0].message.content)
    const [usage, end] = items.toReversed()
    assert.deepEqual(usage.choices, [])
    assert.ok(usage.usage.completion_tokens > 0)
    assert.equal(end.choices[0].finish_reason, whole.choices[0].finish_reason)
    assert.ok(items.every(({ id, object }) => id === items[0].id && object === 'chat.completion.chunk'))
    assert.equal(items.filter(({ choices }) => choices[0]?.delta.role).length, 1)
  })

  real("calls a tool in Anthropic's dialect, whole and streamed, and takes its result", async () => {
    const whole = await create('anthropic', TOOL_CALL)
    const [call] = whole.choices[0].message.tool_calls
    assert.equal(whole.choices[0].finish_reason, 'tool_calls')
    assert.equal(call.type, 'function')
    assert.equal(call.function.name, 'get_weather')
    assert.equal(typeof JSON.parse(call.function.arguments).city, 'string')
    const { items, error } = await collect(create('anthropic', { ...TOOL_CALL, stream: true }))
    assert.equal(error, undefined)
    const pieces = items.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])
    assert.deepEqual([...new Set(pieces.map(({ index }) => index))], [0])
    assert.equal(pieces.filter(({ id }) => id).length, 1)
    assert.equal(pieces[0].function.name, 'get_weather')
    assert.deepEqual(JSON.parse(pieces.map((piece) => piece.function?.arguments ?? '').join('')), JSON.parse(call.function.arguments))
    const answered = await create('anthropic', {
      ...TOOL_CALL, tool_choice: 'auto', max_tokens: 8,
      messages: [...TOOL_CALL.messages, whole.choices[0].message, { role: 'tool', tool_call_id: call.id, content: 'Sunny, 21 degrees' }],
    })
    assert.equal(answered.object, 'chat.completion')
  })

  real('says of Anthropic\'s dialect what it has no place for, and answers all the same', async () => {
    const answer = await create('anthropic', { ...ASK, seed: 1 })
    assert.deepEqual(answer.getGateway().changes.filter((line) => line.startsWith('seed ')), ['seed was dropped: anthropic has no such parameter'])
  })

  real("refuses a wrong key and an impossible body, in OpenAI's envelope", async () => {
    for (const stream of [false, true]) {
      const wrong = clients.anthropic.withOptions({ Authorization: 'sk-wrong-key' })
      await assert.rejects(wrong.chat.completions.create({ ...ASK, model: server.model, stream }), (error) => {
        assert.equal(error.constructor, AuthenticationError)
        assert.equal(error.type, 'authentication_error')
        assert.equal(typeof error.error.error.message, 'string')
        assert.ok(!`${error.message}${error.stack}`.includes('sk-wrong-key'))
        return true
      })
      await assert.rejects(create('anthropic', { ...ASK, messages: [{ role: 'user', content: 'word '.repeat(6000) }], stream }), (error) => {
        assert.equal(error.constructor, BadRequestError)
        assert.equal(typeof error.error.error.message, 'string')
        return true
      })
    }
  })

  real('by its own name is what it is by its address, but for what its templates know', async () => {
    const body = { messages: [{ role: 'developer', content: 'Be terse.' }, ...messages], max_completion_tokens: 8, ...FIXED }
    const answer = await create('llamacpp', body)
    assert.ok(answer.usage.completion_tokens <= 8)
    assert.deepEqual(answer.getGateway().changes.sort(), ['max_completion_tokens was sent as max_tokens', 'the role developer was sent as system'])
    const plain = { messages, max_tokens: 8, ...FIXED }
    const [one, other] = await Promise.all(['llamacpp', 'openai'].map((provider) => create(provider, plain)))
    assert.equal(one.choices[0].message.content, other.choices[0].message.content)
    assert.deepEqual(one.getGateway().changes, [])
    const { items, error } = await collect(create('llamacpp', { ...plain, stream: true }))
    assert.equal(error, undefined)
    assert.equal(textOf(items), one.choices[0].message.content)
    const { data } = await clients.llamacpp.models.list()
    assert.deepEqual(data.map(({ id }) => id), [server.model])
  })

  real('a fallback goes from one dialect to the other on the same server', async () => {
    const target = { custom_host: `${server.url}/v1`, override_params: { model: server.model } }
    const config = {
      strategy: { mode: 'fallback' },
      targets: [{ ...target, name: 'claude', provider: 'anthropic', api_key: 'sk-wrong-key' }, { ...target, name: 'llama', provider: 'llamacpp', api_key: KEY }],
    }
    const stream = await new Portkey({ config }).chat.completions.create({ ...ASK, stream: true })
    const { items, error } = await collect(stream)
    assert.equal(error, undefined)
    assert.ok(textOf(items).length > 0)
    assert.deepEqual(stream.getGateway().attempts.map(({ target: name, status }) => [name, status]), [['claude', 401], ['llama', 200]])
  })

  const MESSAGE = { messages, max_tokens: 12, temperature: 0 }
  const RESPONSE = { input: messages, max_output_tokens: 12, temperature: 0 }
  const said = { messages: ({ content }) => content.map(({ text }) => text).join(''), responses: ({ output_text: text }) => text }
  const piece = { messages: ({ delta }) => delta?.text ?? '', responses: ({ type, delta }) => (type === 'response.output_text.delta' ? delta : '') }

  // Of its own formats and by way of its chats, the server says the same.
  for (const [format, body, native, path] of [['messages', MESSAGE, 'anthropic', '/v1/messages'], ['responses', RESPONSE, 'openai', '/v1/responses']]) {
    real(`answers ${format} in its own way and by way of its chats alike, whole and streamed`, async () => {
      const ask = (provider, more) => clients[provider][format].create({ model: server.model, ...body, ...more })
      const [own, translated] = [await ask(native), await ask('llamacpp')]
      const urls = [own, translated].map((answer) => answer.getGateway().attempts[0].url)
      assert.deepEqual(urls, [`${server.url}${path}`, `${server.url}/v1/chat/completions`])
      const text = said[format](translated)
      assert.ok(text.length > 0)
      assert.equal(said[format](own), text)
      for (const [provider, whole] of [[native, own], ['llamacpp', translated]]) {
        const stream = await ask(provider, { stream: true })
        const { items, error } = await collect(stream)
        assert.equal(error, undefined)
        assert.equal(items.map(piece[format]).join(''), text, provider)
        assert.equal(stream.getGateway().usage.output_tokens, whole.usage.output_tokens)
      }
      const cut = format === 'messages' ? translated.stop_reason : translated.status
      assert.ok(['end_turn', 'max_tokens', 'completed', 'incomplete'].includes(cut))
    })
  }

  real('calls a tool from messages and from responses', async () => {
    const [tool] = TOOL_CALL.tools
    const message = await clients.llamacpp.messages.create({
      model: server.model, messages: TOOL_CALL.messages, max_tokens: 60, temperature: 0, tool_choice: { type: 'any' },
      tools: [{ name: tool.function.name, description: tool.function.description, input_schema: tool.function.parameters }],
    })
    const block = message.content.find(({ type }) => type === 'tool_use')
    assert.equal(block.name, 'get_weather')
    assert.equal(typeof block.input.city, 'string')
    assert.equal(message.stop_reason, 'tool_use')
    const { items } = await collect(clients.llamacpp.responses.create({
      model: server.model, input: TOOL_CALL.messages, max_output_tokens: 60, temperature: 0, tool_choice: 'required', stream: true,
      tools: [{ type: 'function', ...tool.function }],
    }))
    const call = items.at(-1).response.output.find(({ type }) => type === 'function_call')
    assert.equal(call.name, 'get_weather')
    assert.equal(typeof JSON.parse(call.arguments).city, 'string')
  })
})
