// The front formats: Messages and Responses of a provider that has them, untouched, and of any other, by way of its chats.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, {
  APIError, BadRequestError, ConfigError, InternalServerError, RateLimitError, StreamTruncatedError,
} from '../index.mjs'
import { chatChunks, chunk, completion, envelope, usageChunk } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import {
  MESSAGE, MESSAGE_EVENTS, MESSAGE_REQUEST, RESPONSE, RESPONSE_EVENTS, RESPONSE_REQUEST, messageText, named, responseText,
} from './support/formats.mjs'
import { hostFor } from './support/host.mjs'
import { collect } from './support/recorded.mjs'

const FORMATS = [
  {
    name: 'messages', native: 'anthropic', path: '/v1/messages', request: MESSAGE_REQUEST, answer: MESSAGE, events: MESSAGE_EVENTS,
    usage: { input_tokens: 9, cache_read_input_tokens: 2, output_tokens: 5 },
  },
  {
    name: 'responses', native: 'openai', path: '/v1/responses', request: RESPONSE_REQUEST, answer: RESPONSE, events: RESPONSE_EVENTS,
    usage: RESPONSE.usage,
  },
]
const clientOf = (host, provider, more) => new Portkey({ provider, customHost: host.url, Authorization: 'k', maxRetries: 0, ...more })
const stream = (request) => ({ ...request, stream: true })

for (const { name, native, path, request, answer, events, usage } of FORMATS) {
  describe(`${name} of a provider that has them`, () => {
    const create = (client, body = request, ...more) => client[name].create(body, ...more)

    test('go out as they are written, and come back as they came', async (t) => {
      const host = await hostFor(t, [{ json: answer }])
      const got = await create(clientOf(host, native))
      assert.deepEqual([host.last.method, host.last.path, host.last.text], ['POST', path, JSON.stringify(request)])
      const { output_text: text, ...rest } = got
      assert.deepEqual(rest, answer)
      assert.equal(text, name === 'responses' ? 'This is a test.' : undefined)
      const { changes, usage: told } = got.getGateway()
      assert.deepEqual([changes, told], [[], answer.usage])
    })

    test('stream every event in its own shape, pings aside', async (t) => {
      const host = await hostFor(t, [{ headers: { 'content-type': 'text/event-stream' }, chunks: named([{ type: 'ping' }, ...events]) }])
      const got = await create(clientOf(host, native), stream(request))
      const { items, error } = await collect(got)
      assert.equal(error, undefined)
      assert.deepEqual(items, events)
      assert.deepEqual(got.getGateway().usage, usage)
    })

    test('end at their own last event, though the host leaves the body open', async (t) => {
      const host = await hostFor(t, [{ headers: { 'content-type': 'text/event-stream' }, chunks: [...named(events), 'hang'] }])
      const { items, error } = await collect(create(clientOf(host, native), stream(request)))
      assert.equal(error, undefined)
      assert.equal(items.length, events.length)
    })

    test('that are cut off throw, with what came', async (t) => {
      const host = await hostFor(t, [{ headers: { 'content-type': 'text/event-stream' }, chunks: named(events.slice(0, -1)) }])
      const { items, error } = await collect(create(clientOf(host, native), stream(request)))
      assert.ok(error instanceof StreamTruncatedError, error?.stack)
      assert.equal(items.length, events.length - 1)
      assert.equal(error.partial.text, 'This is a test.')
    })

    test('fail in the words of the host', async (t) => {
      const body = name === 'messages' ? { type: 'error', error: { type: 'rate_limit_error', message: 'slow' } } : envelope('slow', { code: 'rate_limit_exceeded' })
      const host = await hostFor(t, [{ status: 429, json: body }])
      const error = await failure(create(clientOf(host, native)))
      assert.ok(error instanceof RateLimitError)
      assert.deepEqual(error.error, body)
      assert.match(error.message, /slow/)
    })

    test('throw what the host reports inside a stream', async (t) => {
      const data = name === 'messages'
        ? { type: 'error', error: { type: 'overloaded_error', message: 'busy' } }
        : { type: 'error', code: 'server_error', message: 'busy', param: null, sequence_number: 3 }
      const host = await hostFor(t, [{ headers: { 'content-type': 'text/event-stream' }, chunks: named([events[0], data]) }])
      const { items, error } = await collect(create(clientOf(host, native), stream(request)))
      assert.deepEqual(items, [events[0]])
      assert.ok(error instanceof InternalServerError, error?.stack)
      assert.deepEqual(error.error, data)
      assert.match(error.message, /busy/)
    })

    test('are relayed by asResponse() with the names of their events', async (t) => {
      const host = await hostFor(t, [{ headers: { 'content-type': 'text/event-stream' }, chunks: named(events) }])
      const { body } = await create(clientOf(host, native), stream(request)).asResponse()
      assert.equal(await new Response(body).text(), named(events).join(''))
    })
  })

  /** A host that speaks each provider's own chats, and where its chats are. */
  const OTHERS = [
    {
      provider: 'llamacpp', path: '/v1/chat/completions', whole: { json: completion() },
      streamed: { sse: [...chatChunks(), usageChunk()] },
    },
    {
      provider: 'ollama', root: '/api', path: '/api/chat',
      whole: { json: { model: 'm', message: { role: 'assistant', content: 'This is a test.' }, done: true, done_reason: 'stop', prompt_eval_count: 9, eval_count: 5 } },
      streamed: {
        headers: { 'content-type': 'application/x-ndjson' },
        chunks: [
          { model: 'm', message: { role: 'assistant', content: 'This is' }, done: false },
          { model: 'm', message: { role: 'assistant', content: ' a test.' }, done: false },
          { model: 'm', message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', prompt_eval_count: 9, eval_count: 5 },
        ].map((line) => `${JSON.stringify(line)}\n`),
      },
    },
    {
      provider: 'google', root: '/v1beta', path: '/v1beta/models/m:',
      whole: { json: { candidates: [{ content: { role: 'model', parts: [{ text: 'This is a test.' }] }, finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 5, totalTokenCount: 14 } } },
      streamed: {
        headers: { 'content-type': 'text/event-stream' },
        chunks: [
          { candidates: [{ content: { role: 'model', parts: [{ text: 'This is' }] } }] },
          { candidates: [{ content: { role: 'model', parts: [{ text: ' a test.' }] }, finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 5, totalTokenCount: 14 } },
        ].map((event) => `data: ${JSON.stringify(event)}\n\n`),
      },
    },
    name === 'messages'
      ? { provider: 'openai', path: '/v1/chat/completions', whole: { json: completion() }, streamed: { sse: [...chatChunks(), usageChunk()] } }
      : {
        provider: 'anthropic', path: '/v1/messages', whole: { json: MESSAGE },
        streamed: { headers: { 'content-type': 'text/event-stream' }, chunks: named(MESSAGE_EVENTS) },
      },
  ]
  const textOf = name === 'messages' ? messageText : responseText

  describe(`${name} of a provider that has none`, () => {
    const create = (client, body = request, ...more) => client[name].create(body, ...more)
    const at = (host, { provider, root }, more) => clientOf(host, provider, { ...(root && { customHost: `${host.origin}${root}` }), ...more })

    for (const other of OTHERS) {
      test(`are a chat of ${other.provider}, whole`, async (t) => {
        const host = await hostFor(t, [other.whole])
        const got = await create(at(host, other), { ...request, model: 'm' })
        assert.ok(host.last.path.startsWith(other.path), host.last.path)
        assert.equal(textOf(got), 'This is a test.')
        const counted = got.usage.input_tokens + (got.usage.cache_read_input_tokens ?? 0)
        assert.ok(counted >= 9, JSON.stringify(got.usage))
        assert.equal(got.usage.output_tokens, 5)
        const { changes, usage: told } = got.getGateway()
        assert.deepEqual(told, got.usage)
        assert.equal(changes[0], `${name}.create was sent as a chat`)
        if (name === 'messages') assert.deepEqual([got.type, got.role, got.stop_reason], ['message', 'assistant', 'end_turn'])
        else assert.deepEqual([got.object, got.status, got.output_text], ['response', 'completed', 'This is a test.'])
      })

      test(`are a chat of ${other.provider}, streamed`, async (t) => {
        const host = await hostFor(t, [other.streamed])
        const got = await create(at(host, other), { ...stream(request), model: 'm' })
        const { items, error } = await collect(got)
        assert.equal(error, undefined)
        const types = items.map(({ type }) => type)
        const [first, last] = name === 'messages' ? ['message_start', 'message_stop'] : ['response.created', 'response.completed']
        assert.deepEqual([types[0], types.at(-1)], [first, last])
        const said = items.map((event) => (name === 'messages' ? event.delta?.text : event.type === 'response.output_text.delta' && event.delta) || '')
        assert.equal(said.join(''), 'This is a test.')
        const told = got.getGateway().usage
        assert.equal(told.output_tokens, 5)
        const ended = items.at(name === 'messages' ? -2 : -1)
        assert.deepEqual(told.output_tokens, (ended.usage ?? ended.response.usage).output_tokens)
      })
    }

    test('fail in the words of the format', async (t) => {
      const host = await hostFor(t, [{ status: 429, json: envelope('slow', { type: 'tokens', code: 'rate_limit_exceeded' }) }])
      const error = await failure(create(at(host, OTHERS[0])))
      assert.ok(error instanceof RateLimitError)
      assert.equal(error.error.error.message, 'slow')
      if (name === 'messages') assert.deepEqual([error.error.type, error.error.error.type], ['error', 'rate_limit_error'])
      assert.match(error.message, /slow/)
    })

    test('that are cut off throw, with what came', async (t) => {
      const host = await hostFor(t, [{ sse: chatChunks().slice(0, -1), done: false }])
      const { items, error } = await collect(create(at(host, OTHERS[0]), stream(request)))
      assert.ok(error instanceof StreamTruncatedError, error?.stack)
      assert.equal(error.partial.text, 'This is a test.')
      const types = items.map(({ type }) => type)
      assert.equal(types.at(-1), name === 'messages' ? 'content_block_delta' : 'response.failed')
    })

    test('throw what the host reports inside a stream', async (t) => {
      const host = await hostFor(t, [{ sse: [...chatChunks().slice(0, 2), { error: { message: 'busy', type: 'server_error', code: 500 } }], done: false }])
      const { items, error } = await collect(create(at(host, OTHERS[0]), stream(request)))
      assert.ok(error instanceof InternalServerError, error?.stack)
      assert.equal(error.error.error.message, 'busy')
      assert.ok(items.length > 1)
    })

    test('throw rather than lose a parameter, where strictParams says so', async (t) => {
      const host = await hostFor(t, [{ json: completion() }])
      const body = name === 'messages' ? { ...request, container: 'c' } : { ...request, max_tool_calls: 3 }
      const lost = name === 'messages' ? 'container' : 'max_tool_calls'
      const error = await failure(create(at(host, OTHERS[0], { strictParams: true }), body))
      assert.ok(error instanceof ConfigError, error?.stack)
      assert.match(error.message, new RegExp(`body\\.${lost}`))
      assert.equal(host.accepted.length, 0)
      const got = await create(at(host, OTHERS[0]), body)
      assert.ok(got.getGateway().changes.some((change) => change.startsWith(`${lost} was dropped`)))
    })

    test('are refused where there are no chats either', async (t) => {
      const host = await hostFor(t)
      const error = await failure(create(clientOf(host, 'voyage')))
      assert.ok(error instanceof ConfigError, error?.stack)
      assert.match(error.message, /no chats/)
    })
  })
}

describe('what only one format has', () => {
  test("OpenAI's own models get a message's limit by its newer name, other hosts by the older", async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const limits = async (model) => {
      await clientOf(host, 'openai').messages.create({ ...MESSAGE_REQUEST, model })
      const { max_tokens: older, max_completion_tokens: newer } = JSON.parse(host.last.text)
      return [older, newer]
    }
    assert.deepEqual(await limits('local'), [16, undefined])
    assert.deepEqual(await limits('gpt-5-mini'), [undefined, 16])
    assert.deepEqual(await limits('o3'), [undefined, 16])
  })

  test('a custom host without a provider has responses, and messages by way of its chats', async (t) => {
    const host = await hostFor(t, [{ json: RESPONSE }, { json: completion() }])
    const client = new Portkey({ customHost: host.url, maxRetries: 0 })
    assert.equal((await client.responses.create(RESPONSE_REQUEST)).id, RESPONSE.id)
    assert.equal((await client.messages.create(MESSAGE_REQUEST)).content[0].text, 'This is a test.')
    assert.deepEqual(host.requests.map(({ path }) => path), ['/v1/responses', '/v1/chat/completions'])
  })

  test('what needs the servers of OpenAI is refused of others, by its name', async (t) => {
    const host = await hostFor(t)
    const error = await failure(clientOf(host, 'google').responses.create({ model: 'm', input: 'x', previous_response_id: 'resp_1', background: true }))
    assert.ok(error instanceof ConfigError)
    assert.deepEqual(error.problems.map(({ path }) => path), ['previous_response_id', 'background'])
  })

  test("known parameters in camelCase are sent by the format's names", async (t) => {
    const host = await hostFor(t, [{ json: MESSAGE }, { json: RESPONSE }])
    await clientOf(host, 'anthropic').messages.create({ model: 'm', maxTokens: 4, stopSequences: ['x'], messages: MESSAGE_REQUEST.messages })
    assert.deepEqual(Object.keys(JSON.parse(host.last.text)), ['model', 'max_tokens', 'stop_sequences', 'messages'])
    await clientOf(host, 'openai').responses.create({ model: 'm', input: 'x', maxOutputTokens: 4 })
    assert.deepEqual(Object.keys(JSON.parse(host.last.text)), ['model', 'input', 'max_output_tokens'])
  })

  test('a tool call becomes a block, in pieces too', async (t) => {
    const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }
    const whole = completion(null, { choices: [{ index: 0, message: { role: 'assistant', content: null, tool_calls: [call] }, finish_reason: 'tool_calls' }] })
    const pieces = [
      chunk({ role: 'assistant', tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '"Oslo"}' } }] }),
      chunk({}, 'tool_calls'),
    ]
    const host = await hostFor(t, [{ json: whole }, { sse: pieces }])
    const body = { ...MESSAGE_REQUEST, tools: [{ name: 'weather', input_schema: { type: 'object' } }], tool_choice: { type: 'any' } }
    const got = await clientOf(host, 'llamacpp').messages.create(body)
    assert.deepEqual(got.content, [{ type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Oslo' } }])
    assert.equal(got.stop_reason, 'tool_use')
    assert.equal(JSON.parse(host.last.text).tool_choice, 'required')
    const { items } = await collect(clientOf(host, 'llamacpp').messages.create(stream(body)))
    const json = items.map(({ delta }) => delta?.partial_json ?? '').join('')
    assert.deepEqual(JSON.parse(json), { city: 'Oslo' })
  })

  test('a limit that was reached is told in the words of each format', async (t) => {
    const cut = { choices: [{ index: 0, message: { role: 'assistant', content: 'This' }, finish_reason: 'length' }] }
    const gemini = { candidates: [{ content: { role: 'model', parts: [{ text: 'This' }] }, finishReason: 'MAX_TOKENS' }] }
    const host = await hostFor(t, [{ json: completion('', cut) }, { json: completion('', cut) }, { json: gemini }, { json: gemini }])
    for (const provider of ['llamacpp', 'google']) {
      const client = clientOf(host, provider)
      assert.equal((await client.messages.create({ ...MESSAGE_REQUEST, model: 'm' })).stop_reason, 'max_tokens', provider)
      const response = await client.responses.create({ ...RESPONSE_REQUEST, model: 'm' })
      assert.deepEqual([response.status, response.incomplete_details], ['incomplete', { reason: 'max_output_tokens' }], provider)
    }
  })

  test('a response that has failed is an answer', async (t) => {
    const failed = { ...RESPONSE, status: 'failed', output: [], error: { code: 'server_error', message: 'sorry' } }
    const last = { type: 'response.failed', sequence_number: 2, response: failed }
    const host = await hostFor(t, [{ json: failed }, { headers: { 'content-type': 'text/event-stream' }, chunks: named([RESPONSE_EVENTS[0], last]) }])
    const client = clientOf(host, 'openai')
    assert.equal((await client.responses.create(RESPONSE_REQUEST)).status, 'failed')
    const { items, error } = await collect(client.responses.create(stream(RESPONSE_REQUEST)))
    assert.equal(error, undefined)
    assert.deepEqual(items.at(-1), last)
  })

  test('a body that cannot be read as the format is refused with its place', async (t) => {
    const host = await hostFor(t)
    const error = await failure(clientOf(host, 'llamacpp').messages.create({ ...MESSAGE_REQUEST, messages: [{ role: 'user', content: [{ text: 'x' }] }] }))
    assert.ok(error instanceof ConfigError)
    assert.match(error.message, /messages\[0\]/)
    assert.ok(!(error instanceof BadRequestError) && !(error instanceof APIError))
  })
})
