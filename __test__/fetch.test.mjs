// portkey.fetch: the engine under other people's clients, and what passes through it.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'

import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { APICallError, embed, generateObject, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import OpenAI from 'openai'
import Portkey, { APIConnectionError, StreamTruncatedError, createHeaders } from '../index.mjs'
import { MESSAGES, chatChunks, chunk, completion, envelope, usageChunk } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { closedPort, hostFor } from './support/host.mjs'
import { collect, textOf } from './support/recorded.mjs'

const require = createRequire(import.meta.url)
const { fetchOver, routesOf } = require('../js/fetch.js')
const { objectOf } = require('../js/fetch-forms.js')
const { native } = require('../js/native.js')

const WORDS = ['This', ' is', ' a', ' test.']
const TEXT = WORDS.join('')
const EMBEDDINGS = { object: 'list', model: 'm', data: [{ object: 'embedding', index: 0, embedding: 'AACAPwAAAEA=' }], usage: { prompt_tokens: 1, total_tokens: 1 } }

/** Answers like a model server: whole or in chunks, and embeddings in base64. */
const serve = (request) => {
  if (request.path === '/v1/embeddings') {
    const isText = request.json().encoding_format === 'base64'
    return { json: isText ? EMBEDDINGS : { ...EMBEDDINGS, data: [{ ...EMBEDDINGS.data[0], embedding: [1, 2] }] } }
  }
  if (request.method === 'GET') return { json: { object: 'list', data: [{ id: 'm', object: 'model', created: 1, owned_by: 'o' }] } }
  return request.json().stream ? { sse: [...chatChunks(WORDS), usageChunk()] } : { json: completion(TEXT) }
}

async function setUp(t, script = serve, options = {}) {
  const host = await hostFor(t, script)
  const client = new Portkey({ customHost: host.url, maxRetries: 0, ...options })
  return { host, client, fetch: client.fetch }
}

const URL_OF = 'https://elsewhere.example/v1'
const post = (body, more) => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body), ...more })
const chat = (fetch, body, more) => fetch(`${URL_OF}/chat/completions`, post({ messages: MESSAGES, ...body }, more))

describe('the openai package over portkey.fetch', () => {
  const openaiOver = (fetch, more) => new OpenAI({ apiKey: 'unused', baseURL: URL_OF, fetch, maxRetries: 0, ...more })

  test('gets whole answers, streams, embeddings and models', async (t) => {
    const { host, fetch } = await setUp(t)
    const openai = openaiOver(fetch)
    assert.equal((await openai.chat.completions.create({ model: 'm', messages: MESSAGES })).choices[0].message.content, TEXT)
    const { items } = await collect(openai.chat.completions.create({ model: 'm', messages: MESSAGES, stream: true }))
    assert.deepEqual(items, [...chatChunks(WORDS), usageChunk()])
    assert.deepEqual((await openai.embeddings.create({ model: 'm', input: 'a' })).data[0].embedding, [1, 2])
    assert.equal(host.last.json().encoding_format, 'base64')
    assert.deepEqual((await openai.models.list()).data.map(({ id }) => id), ['m'])
    await openai.models.retrieve('a/b c')
    assert.deepEqual(host.requests.map(({ method, path }) => `${method} ${path}`), [
      'POST /v1/chat/completions', 'POST /v1/chat/completions', 'POST /v1/embeddings', 'GET /v1/models', 'GET /v1/models/a%2Fb%20c',
    ])
  })

  test('has its helpers too', async (t) => {
    const { fetch } = await setUp(t)
    assert.equal(await openaiOver(fetch).chat.completions.stream({ model: 'm', messages: MESSAGES }).finalContent(), TEXT)
  })

  test('sees what the engine says beside the body', async (t) => {
    const { fetch } = await setUp(t, [{ json: completion(), headers: { 'x-request-id': 'req-1' } }])
    const { response, request_id } = await openaiOver(fetch).chat.completions.create({ model: 'm', messages: MESSAGES }).withResponse()
    assert.equal(request_id, 'req-1')
    assert.equal(response.headers.get('x-portkey-provider'), 'openai')
  })

  test('throws its own errors, and does not try again what the engine has tried', async (t) => {
    const cases = [[400, OpenAI.BadRequestError], [401, OpenAI.AuthenticationError], [429, OpenAI.RateLimitError], [500, OpenAI.InternalServerError]]
    for (const [status, Type] of cases) {
      const { host, fetch } = await setUp(t, [{ status, json: envelope('no', { code: 'c', param: 'p' }), headers: { 'x-request-id': 'req-1' } }])
      const error = await failure(openaiOver(fetch, { maxRetries: 5 }).chat.completions.create({ model: 'm', messages: MESSAGES }))
      assert.ok(error instanceof Type, `${status}: ${error}`)
      assert.deepEqual([error.status, error.code, error.param, error.requestID], [status, 'c', 'p', 'req-1'])
      assert.equal(error.message, `${status} no`)
      assert.equal(host.requests.length, 1)
    }
  })

  test('gets the fallbacks of a config, for streams too', async (t) => {
    const [bad, good] = [await hostFor(t, [{ status: 503, json: {} }]), await hostFor(t, serve)]
    const config = { strategy: { mode: 'fallback' }, targets: [bad, good].map(({ url }) => ({ custom_host: url, retry: { attempts: 0 } })) }
    const openai = openaiOver(new Portkey({ config }).fetch)
    assert.equal(textOf((await collect(openai.chat.completions.create({ model: 'm', messages: MESSAGES, stream: true }))).items), TEXT)
    assert.deepEqual([bad.requests.length, good.requests.length], [1, 1])
  })

  test('hears of an error in the middle of a stream, and of a stream that breaks off', async (t) => {
    for (const [sse, message] of [[[chunk({ content: 'a' }), envelope('overloaded', { code: 500 })], /overloaded/], [[chunk({ content: 'a' }), 'cut'], /finish reason|broke|ended/]]) {
      const { fetch } = await setUp(t, [{ sse, done: false }])
      const { items, error } = await collect(openaiOver(fetch).chat.completions.create({ model: 'm', messages: MESSAGES, stream: true }))
      assert.equal(items.length, 1)
      assert.ok(error instanceof OpenAI.APIError, String(error))
      assert.match(error.message, message)
    }
  })

  test('hears of a host that is not there, and of clocks that ran out, as of its own', async (t) => {
    const gone = new Portkey({ customHost: `http://127.0.0.1:${await closedPort()}/v1`, maxRetries: 0 })
    const lost = await failure(openaiOver(gone.fetch).chat.completions.create({ model: 'm', messages: MESSAGES }))
    assert.ok(lost instanceof OpenAI.APIConnectionError)
    assert.ok(lost.cause.cause instanceof APIConnectionError)
    const { fetch } = await setUp(t, ['hang'], { requestTimeout: 30 })
    assert.ok((await failure(openaiOver(fetch).chat.completions.create({ model: 'm', messages: MESSAGES }))) instanceof OpenAI.APIConnectionTimeoutError)
  })

  test('closes the connection when it is aborted, or leaves a stream', async (t) => {
    const { host, fetch } = await setUp(t, (request) => (request.json().stream ? { sse: [chunk({ content: 'a' }), 'hang'] } : 'hang'))
    const openai = openaiOver(fetch)
    const stop = new AbortController()
    const call = openai.chat.completions.create({ model: 'm', messages: MESSAGES }, { signal: stop.signal })
    await host.received()
    stop.abort()
    assert.ok((await failure(call)) instanceof OpenAI.APIUserAbortError)
    await host.closed()
    for await (const _ of await openai.chat.completions.create({ model: 'm', messages: MESSAGES, stream: true })) break
    await host.closed()
  })

  test('takes the headers of createHeaders as options of its call', async (t) => {
    const { host } = await setUp(t)
    const defaultHeaders = createHeaders({ customHost: host.url, provider: 'openai', traceID: 'trace-1', metadata: { team: 'blue' }, forwardHeaders: ['x-team'], xTeam: 'b', requestTimeout: 5_000 })
    const openai = openaiOver(new Portkey({ provider: 'openai' }).fetch, { defaultHeaders })
    const { response } = await openai.chat.completions.create({ model: 'm', messages: MESSAGES }).withResponse()
    assert.equal(response.headers.get('x-portkey-trace-id'), 'trace-1')
    assert.equal(host.last.headers['x-team'], 'b')
    assert.deepEqual(Object.keys(host.last.headers).filter((name) => /portkey|stainless|authorization/.test(name)), [])
  })
})

describe('the Vercel AI SDK over portkey.fetch', () => {
  const models = {
    'openai-compatible': (fetch) => createOpenAICompatible({ name: 'own', baseURL: URL_OF, fetch }).chatModel('m'),
    openai: (fetch) => createOpenAI({ baseURL: URL_OF, apiKey: 'unused', fetch }).chat('m'),
  }
  for (const [name, modelOver] of Object.entries(models)) {
    test(`${name}: texts, whole and streamed`, async (t) => {
      const { host, fetch } = await setUp(t)
      const model = modelOver(fetch)
      assert.equal((await generateText({ model, prompt: 'hi', maxRetries: 0 })).text, TEXT)
      const { textStream, totalUsage } = streamText({ model, prompt: 'hi', maxRetries: 0 })
      assert.equal((await collect(textStream)).items.join(''), TEXT)
      assert.equal((await totalUsage).totalTokens, 14)
      assert.equal(host.requests.length, 2)
      assert.equal(host.last.headers.authorization, undefined)
    })

    test(`${name}: its own errors`, async (t) => {
      const { host, fetch } = await setUp(t, [{ status: 400, json: envelope('no such thing') }])
      const error = await failure(generateText({ model: modelOver(fetch), prompt: 'hi', maxRetries: 0 }))
      assert.ok(APICallError.isInstance(error), String(error))
      assert.equal(error.statusCode, 400)
      assert.equal(error.message, 'no such thing')
      assert.equal(host.requests.length, 1)
      const gone = new Portkey({ customHost: `http://127.0.0.1:${await closedPort()}/v1`, maxRetries: 0 })
      const lost = await failure(generateText({ model: modelOver(gone.fetch), prompt: 'hi', maxRetries: 0 }))
      assert.ok(APICallError.isInstance(lost))
      assert.match(lost.message, /Cannot connect to API: Connection refused/)
    })
  }

  test('tools, objects and embeddings', async (t) => {
    const call = { id: 'c', type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } }
    const { host, fetch } = await setUp(t, (request) => {
      const body = request.json()
      if (body.response_format) return { json: completion('{"n":1}') }
      if (!body.tools) return serve(request)
      if (body.messages.at(-1).role === 'tool') return { sse: chatChunks(['Sunny.']) }
      return { sse: [chunk({ tool_calls: [{ index: 0, ...call }] }), chunk({}, 'tool_calls')] }
    })
    const own = createOpenAICompatible({ name: 'own', baseURL: URL_OF, fetch, supportsStructuredOutputs: true })
    const weather = tool({ inputSchema: jsonSchema({ type: 'object', properties: { city: { type: 'string' } } }), execute: ({ city }) => `blue in ${city}` })
    const { text } = streamText({ model: own.chatModel('m'), prompt: 'hi', tools: { weather }, stopWhen: stepCountIs(3), maxRetries: 0 })
    assert.equal(await text, 'Sunny.')
    assert.match(JSON.stringify(host.last.json().messages.at(-1)), /blue in Paris/)
    const { object } = await generateObject({ model: own.chatModel('m'), prompt: 'hi', schema: jsonSchema({ type: 'object' }), maxRetries: 0 })
    assert.deepEqual(object, { n: 1 })
    assert.deepEqual((await embed({ model: own.embeddingModel('m'), value: 'a', maxRetries: 0 })).embedding, [1, 2])
  })

  test('stops when its signal says so', async (t) => {
    const { host, fetch } = await setUp(t, [{ sse: [chunk({ content: 'a' }), 'hang'] }])
    const stop = new AbortController()
    const { textStream } = streamText({ model: models['openai-compatible'](fetch), prompt: 'hi', abortSignal: stop.signal, maxRetries: 0 })
    for await (const _ of textStream) stop.abort()
    await host.closed()
  })
})

describe('LangChain.js over portkey.fetch', () => {
  const modelOver = (fetch, more) => new ChatOpenAI({ model: 'm', apiKey: 'unused', maxRetries: 0, configuration: { fetch }, ...more })

  test('gets answers, streams, tool calls and embeddings', async (t) => {
    const { host, fetch } = await setUp(t)
    assert.equal((await modelOver(fetch).invoke('hi')).content, TEXT)
    const { items } = await collect(modelOver(fetch).stream('hi'))
    assert.equal(items.map(({ content }) => content).join(''), TEXT)
    assert.deepEqual(await new OpenAIEmbeddings({ model: 'm', apiKey: 'unused', configuration: { fetch } }).embedQuery('a'), [1, 2])
    const call = { id: 'c', type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } }
    host.answer([{ json: { ...completion(), choices: [{ index: 0, finish_reason: 'tool_calls', message: { role: 'assistant', content: null, tool_calls: [call] } }] } }])
    const bound = modelOver(fetch).bindTools([{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }])
    assert.deepEqual((await bound.invoke('hi')).tool_calls.map(({ name, args }) => [name, args]), [['weather', { city: 'Paris' }]])
  })

  test('throws its own errors', async (t) => {
    const { host, fetch } = await setUp(t, [{ status: 400, json: envelope('no such thing') }])
    const error = await failure(modelOver(fetch).invoke('hi'))
    assert.equal(error.status, 400)
    assert.match(error.message, /no such thing/)
    assert.equal(host.requests.length, 1)
  })
})

describe('what passes through portkey.fetch:', () => {
  test('the bytes of bodies, both ways', async (t) => {
    const answer = '{"id":"x", "choices":[],\n"n":1.0,"big":12345678901234567890,"é":"\\u00e9"}'
    const body = '{ "messages": [], "temperature":1.0, "seed":12345678901234567890 ,"é":"\\u00e9"}'
    const { host, fetch } = await setUp(t, [{ headers: { 'content-type': 'application/json' }, body: answer }])
    const response = await fetch(`${URL_OF}/chat/completions`, post(body))
    assert.equal(host.last.body.toString(), body)
    assert.equal(await response.text(), answer)
    assert.equal(response.headers.get('content-type'), 'application/json')
    assert.equal(response.headers.get('content-length'), null)
  })

  test('forms, as the object that a method takes', () => {
    const form = new FormData()
    const fields = [['a', '1'], ['b[]', '2'], ['b[]', '3'], ['c[d]', '4'], ['c[e][f]', '5'], ['g[h][]', '6'], ['g[h][]', '7'], ['__proto__[x]', '8'], ['line\n', '9']]
    for (const [name, value] of fields) form.append(name, value)
    const { __proto__: own, ...object } = JSON.parse(JSON.stringify(objectOf(form)))
    assert.deepEqual(object, { a: '1', b: ['2', '3'], c: { d: '4', e: { f: '5' } }, g: { h: ['6', '7'] }, 'line\n': '9' })
    assert.equal({}.x, undefined)
  })

  const takesForms = JSON.parse(native().tables()).endpoints.some(({ sends }) => sends === 'Form')
  test('uploads, whole and streamed, with what the path holds', { skip: !takesForms && 'no endpoint takes a form' }, async (t) => {
    const { host, fetch } = await setUp(t, (request) => {
      if (request.body.includes('name="stream"')) return { sse: [{ type: 'transcript.text.delta', delta: 'a' }, { type: 'transcript.text.done', text: 'a' }], done: false }
      return request.body.includes('srt') ? { text: '1' } : { json: { id: 'x', text: 'a', data: [] } }
    })
    const openai = new OpenAI({ apiKey: 'unused', fetch, maxRetries: 0 })
    const file = () => new File(['bytes'], 'a.bin')
    const partsOf = async () => objectOf(await new Response(host.last.body, { headers: { 'content-type': host.last.headers['content-type'] } }).formData())
    assert.equal((await openai.files.create({ file: file(), purpose: 'assistants', expires_after: { anchor: 'created_at', seconds: 5 } })).id, 'x')
    const { file: sent, purpose, expires_after } = await partsOf()
    assert.deepEqual([await sent.text(), sent.name, purpose, { ...expires_after }], ['bytes', 'a.bin', 'assistants', { anchor: 'created_at', seconds: '5' }])
    const transcribe = (more) => openai.audio.transcriptions.create({ file: file(), model: 'w', ...more })
    assert.equal((await transcribe({ timestamp_granularities: ['word', 'segment'] })).text, 'a')
    assert.deepEqual((await partsOf()).timestamp_granularities, ['word', 'segment'])
    assert.equal(await transcribe({ response_format: 'srt' }), '1')
    assert.deepEqual((await collect(transcribe({ stream: true }))).items.map(({ type }) => type), ['transcript.text.delta', 'transcript.text.done'])
    await openai.uploads.parts.create('u/1', { data: file() })
    assert.equal(host.last.path, '/v1/uploads/u%2F1/parts')
    const request = new Request(`${URL_OF}/files`, { method: 'POST', body: await new Response(host.last.body).arrayBuffer(), headers: { 'content-type': host.last.headers['content-type'] } })
    assert.equal((await fetch(request)).status, 200)
    assert.equal((await fetch(`${URL_OF}/files`, post({}))).status, 400)
  })

  test('headers of any letters', async (t) => {
    const body = JSON.stringify(completion())
    const head = `HTTP/1.1 200 OK\r\nx-odd: é日\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
    const { host, fetch } = await setUp(t, [{ raw: [Buffer.from(head + body)] }])
    const ours = (await chat(fetch)).headers.get('x-odd')
    const theirs = (await globalThis.fetch(`${host.url}/chat/completions`, { method: 'POST', body: '{}' })).headers.get('x-odd')
    assert.equal(ours, theirs)
  })

  test('a body in every form that fetch takes', async (t) => {
    const { host, fetch } = await setUp(t)
    const text = JSON.stringify({ messages: MESSAGES })
    const bytes = new TextEncoder().encode(text)
    const forms = [text, bytes, bytes.buffer, new Blob([bytes]), ReadableStream.from([bytes])]
    for (const body of forms) assert.equal((await fetch(new URL(`${URL_OF}/chat/completions`), { method: 'post', body })).status, 200)
    assert.equal((await fetch(new Request(`${URL_OF}/chat/completions`, { method: 'POST', body: text }))).status, 200)
    for (const request of host.requests) assert.equal(request.body.toString(), text)
    assert.equal(host.requests.length, 6)
  })

  test('a stream as server-sent events', async (t) => {
    const { fetch } = await setUp(t)
    const response = await chat(fetch, { stream: true })
    assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
    const events = [...chatChunks(WORDS), usageChunk()].map((event) => JSON.stringify(event))
    assert.equal(await response.text(), [...events, '[DONE]'].map((data) => `data: ${data}\n\n`).join(''))
  })

  test('the query, and headers that are nobody\'s own', async (t) => {
    const { host, fetch } = await setUp(t)
    await fetch(`${URL_OF}/openai/deployments/d/chat/completions?api-version=1&x=a%20b`, post({ messages: MESSAGES }, {
      headers: { 'x-team': 'blue', 'openai-organization': 'org', 'user-agent': 'theirs', accept: 'odd', cookie: 'a=b', 'content-length': '7', connection: 'close', 'x-stainless-lang': 'js' },
    }))
    assert.equal(host.last.path, '/v1/chat/completions?api-version=1&x=a%20b')
    assert.equal(host.last.headers['x-team'], 'blue')
    assert.equal(host.last.headers['openai-organization'], 'org')
    assert.deepEqual([host.last.headers.cookie, host.last.headers['x-stainless-lang']], [undefined, undefined])
    assert.notEqual(host.last.headers['user-agent'], 'theirs')
  })

  describe("the other client's key", () => {
    const keyOf = async (t, options, headers = { authorization: 'Bearer theirs', 'api-key': 'theirs', 'x-api-key': 'theirs' }) => {
      const host = await hostFor(t, serve)
      const filled = JSON.parse(JSON.stringify(options).replaceAll('HOST', host.url))
      await chat(new Portkey({ maxRetries: 0, ...filled }).fetch, {}, { headers })
      return [host.last.headers.authorization, host.last.headers['api-key'], host.last.headers['x-api-key']]
    }

    test('does not reach a server of one\'s own, nor stand beside a key of the client', async (t) => {
      assert.deepEqual(await keyOf(t, { customHost: 'HOST' }), [undefined, undefined, undefined])
      assert.deepEqual(await keyOf(t, { customHost: 'HOST', Authorization: 'ours' }), ['Bearer ours', undefined, undefined])
      assert.deepEqual(await keyOf(t, { provider: 'openai', customHost: 'HOST' }), [undefined, undefined, undefined])
      assert.deepEqual(await keyOf(t, { config: { provider: 'openai', custom_host: 'HOST', api_key: 'ours' } }), ['Bearer ours', undefined, undefined])
      assert.deepEqual(await keyOf(t, { config: { provider: 'openai', custom_host: 'HOST' } }), [undefined, undefined, undefined])
    })

    test('reaches a host that forwardHeaders names it for', async (t) => {
      assert.deepEqual(await keyOf(t, { customHost: 'HOST', forwardHeaders: ['Authorization', 'x-api-key'] }), ['Bearer theirs', undefined, 'theirs'])
    })

    test('is used where a provider is named and there is no other', async (t) => {
      const host = await hostFor(t, serve)
      const { endpoints } = JSON.parse(native().tables())
      // The engine's client stands for the provider, whose own address no test calls.
      const handle = native().Client.open(JSON.stringify({ customHost: host.url }))
      const over = (options) => fetchOver(undefined, handle, routesOf(endpoints), (name) => options[name])
      await chat(over({ provider: 'openai' }), {}, { headers: { authorization: 'Bearer theirs' } })
      assert.equal(host.last.headers.authorization, 'Bearer theirs')
      for (const more of [{ Authorization: 'ours' }, { config: {} }, { customHost: host.url }]) {
        await chat(over({ provider: 'openai', ...more }), {}, { headers: { authorization: 'Bearer theirs' } })
        assert.equal(host.last.headers.authorization, undefined)
      }
    })
  })

  test('only what it knows: other paths, methods and bodies are refused in words', async (t) => {
    const { host, fetch } = await setUp(t)
    const cases = [
      [fetch(`${URL_OF}/audio/unheard-of`, post({})), 404, 'unknown_endpoint', /POST \/v1\/audio\/unheard-of.*POST …\/chat\/completions/],
      [fetch(`${URL_OF}/embeddings`), 404, 'unknown_endpoint', /GET/],
      [fetch(`${URL_OF}/chat/completions`, post('[1]')), 400, null, /JSON object/],
      [fetch(`${URL_OF}/chat/completions`, post('{"secret')), 400, null, /JSON object$/],
      [fetch(`${URL_OF}/chat/completions`, { method: 'POST' }), 400, null, /JSON object/],
      [fetch(`${URL_OF}/chat/completions`, { method: 'POST', body: new FormData() }), 400, null, /JSON object/],
      [fetch(`${URL_OF}/models/50%`, null), 400, null, /percent sign/],
      [chat(fetch, {}, { headers: { 'x-portkey-metadata': '{"a' } }), 400, null, /metadata/],
      [chat(fetch, {}, { headers: { 'x-portkey-request-timeout': 'soon' } }), 400, null, /requestTimeout/],
      [chat(fetch, {}, { headers: { 'x-portkey-providr': 'x' } }), 400, null, /providr/],
    ]
    for (const [call, status, code, message] of cases) {
      const response = await call
      const { error } = await response.json()
      assert.deepEqual([response.status, error.code], [status, code])
      assert.match(error.message, message)
    }
    assert.equal(host.requests.length, 0)
  })

  test('errors, in the words of the host where they are JSON', async (t) => {
    const words = { message: 'own words', detail: [1] }
    const { host, fetch } = await setUp(t, [{ status: 422, json: words }])
    const response = await chat(fetch)
    assert.deepEqual(await response.json(), words)
    assert.deepEqual([response.status, response.headers.get('x-should-retry')], [422, 'false'])
    host.answer([{ status: 502, headers: { 'content-type': 'text/html' }, body: '<html>' }, { headers: { 'content-type': 'application/json' }, body: '{"a":' }])
    assert.equal((await (await chat(fetch)).json()).error.type, 'portkey_error')
    assert.equal((await chat(fetch)).status, 502)
  })

  test('the reason of a signal, before, during and after the answer\'s head', async (t) => {
    const { host, fetch } = await setUp(t, (request) => (request.json().stream ? { sse: [chunk({ content: 'a' }), 'hang'] } : 'hang'))
    const reason = new RangeError('mine')
    assert.equal(await failure(chat(fetch, {}, { signal: AbortSignal.abort(reason) })), reason)
    assert.equal(host.requests.length, 0)
    const stop = new AbortController()
    const call = chat(fetch, {}, { signal: stop.signal })
    await host.received()
    stop.abort(reason)
    assert.equal(await failure(call), reason)
    const late = new AbortController()
    const reader = (await chat(fetch, { stream: true }, { signal: late.signal })).body.getReader()
    await reader.read()
    late.abort(reason)
    assert.equal(await failure(reader.read().then(() => reader.read())), reason)
  })

  test('the end of reading: the host\'s connection closes', async (t) => {
    const { host, fetch } = await setUp(t, [{ sse: [chunk({ content: 'a' }), 'hang'] }])
    const { body } = await chat(fetch, { stream: true })
    await body.cancel()
    await host.closed()
  })

  test('a stream that broke before its first event, as a connection that failed', async (t) => {
    const { fetch } = await setUp(t, [{ sse: ['cut'], done: false }])
    const error = await failure(chat(fetch, { stream: true }).then((response) => response.text()).then((text) => { throw new Error(text) }))
    assert.ok(error.cause instanceof StreamTruncatedError || /stream_truncated/.test(error.message))
  })

  test('the function itself, taken from its client, the same each time', async (t) => {
    const { client } = await setUp(t)
    const { fetch } = client
    assert.equal(client.fetch, fetch)
    assert.equal((await chat(fetch)).status, 200)
  })
})
