// chat.completions.stream(): the events of a streamed answer, what is known at its end, and the ways in which it ends.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import OpenAI from 'openai'
import { ChatCompletionStream as TheirStream } from 'openai/lib/ChatCompletionStream'
import Portkey, {
  APIUserAbortError, AuthenticationError, BadRequestError, ChatCompletionStream, ConfigError, StreamTruncatedError,
} from '../index.mjs'
import { MESSAGES, chatChunks, chunk, envelope, usageChunk } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { collect, eventsOf, recorded, recordings } from './support/recorded.mjs'

const WORDS = ['This', ' is', ' a', ' test.']
const USAGE = { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 }

async function setUp(t, script = [{ sse: [...chatChunks(WORDS), usageChunk()] }], options = {}) {
  const host = await hostFor(t, script)
  const client = new Portkey({ customHost: host.url, maxRetries: 0, ...options })
  return { host, client, ask: (body = {}, ...more) => client.chat.completions.stream({ messages: MESSAGES, ...body }, ...more) }
}

const call = (index, more) => ({ tool_calls: [{ index, ...more }] })
const begun = (index, name, text = '') => call(index, { id: `call_${index}`, type: 'function', function: { name, arguments: text } })
const going = (index, text) => call(index, { function: { arguments: text } })

const TOOL_CHUNKS = [
  chunk({ role: 'assistant', content: null }),
  chunk(begun(0, 'weather')), chunk(going(0, '{"city":')), chunk(going(0, '"Paris"}')),
  chunk(begun(1, 'time', '{}')),
  chunk({}, 'tool_calls'),
]

const NAMES = [
  'connect', 'content', 'content.delta', 'content.done', 'refusal.delta', 'refusal.done', 'tool_calls.function.arguments.delta',
  'tool_calls.function.arguments.done', 'logprobs.content.delta', 'logprobs.content.done', 'logprobs.refusal.delta', 'logprobs.refusal.done',
  'chatCompletion', 'message', 'functionToolCall', 'finalChatCompletion', 'finalMessage', 'finalContent', 'finalFunctionToolCall',
  'totalUsage', 'error', 'abort', 'end',
]

/** What a program prints. */
async function runInChild(source) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] })
  const [text] = await Promise.all([child.stdout.toArray(), once(child, 'close')])
  return text.join('')
}

/** Every event of a stream but its chunks, as it is told: values that change later are copied at once. */
function told(stream, names = NAMES) {
  const events = []
  for (const name of names) stream.on(name, (...values) => events.push([name, ...values.map((value) => (value instanceof Error ? value : structuredClone({ value }).value))]))
  return events
}

describe('a stream with events', () => {
  test('tells each piece, what is done, and the whole at the end', async (t) => {
    const { ask } = await setUp(t, [{ sse: [...chatChunks(['A', 'b']), usageChunk()] }])
    const stream = ask()
    assert.ok(stream instanceof ChatCompletionStream)
    const events = told(stream)
    await stream.done()
    const message = { role: 'assistant', content: 'Ab', refusal: null, parsed: null }
    const whole = {
      id: 'chatcmpl-1', object: 'chat.completion', created: 1700000000, model: 'local-model',
      choices: [{ index: 0, message, finish_reason: 'stop', logprobs: null }], usage: USAGE,
    }
    assert.deepEqual(events, [
      ['connect'],
      ['content', 'A', 'A'], ['content.delta', { delta: 'A', snapshot: 'A', parsed: null }],
      ['content', 'b', 'Ab'], ['content.delta', { delta: 'b', snapshot: 'Ab', parsed: null }],
      ['content.done', { content: 'Ab', parsed: null }],
      ['chatCompletion', whole], ['message', message],
      ['finalChatCompletion', whole], ['finalMessage', message], ['finalContent', 'Ab'],
      ['totalUsage', USAGE], ['end'],
    ])
  })

  test('can be awaited, as the official SDK has it, without losing an event', async (t) => {
    const { host, ask } = await setUp(t)
    const stream = await ask({ stream_options: { include_usage: true } })
    const events = told(stream, ['connect', 'finalContent'])
    await stream.done()
    assert.deepEqual(events, [['connect'], ['finalContent', WORDS.join('')]])
    assert.deepEqual(host.last.json(), { messages: MESSAGES, stream_options: { include_usage: true }, stream: true })
  })

  test('gives the final values by promises, also after the end', async (t) => {
    const { ask } = await setUp(t)
    const stream = ask()
    assert.equal(await stream.finalContent(), WORDS.join(''))
    const completion = await stream.finalChatCompletion()
    assert.equal(completion.choices[0].finish_reason, 'stop')
    assert.equal((await stream.finalMessage()).content, WORDS.join(''))
    assert.equal(await stream.finalFunctionToolCall(), undefined)
    assert.deepEqual(await stream.totalUsage(), USAGE)
    assert.deepEqual(stream.allChatCompletions(), [completion])
    assert.deepEqual([stream.ended, stream.errored, stream.aborted, stream.currentChatCompletionSnapshot], [true, false, false, undefined])
  })

  test('has the facts around the answer, on itself and on the completion', async (t) => {
    const { ask } = await setUp(t)
    const stream = ask({}, { traceID: 'trace-1' })
    assert.equal(stream.getHeaders(), undefined)
    assert.equal(stream.getGateway(), undefined)
    const completion = await stream.finalChatCompletion()
    assert.equal(stream.getHeaders()['trace-id'], 'trace-1')
    assert.equal(completion.getHeaders()['trace-id'], 'trace-1')
    assert.deepEqual(completion.getGateway().usage, USAGE)
    assert.ok(!Object.keys(completion).includes('getGateway'))
  })

  test('tells tool calls in pieces and whole, in turn', async (t) => {
    const { ask } = await setUp(t, [{ sse: TOOL_CHUNKS }])
    const stream = ask()
    const events = told(stream, ['tool_calls.function.arguments.delta', 'tool_calls.function.arguments.done', 'functionToolCall', 'finalFunctionToolCall'])
    await stream.done()
    const delta = (name, index, text, arguments_delta) =>
      ['tool_calls.function.arguments.delta', { name, index, arguments: text, arguments_delta, parsed_arguments: null }]
    const done = (name, index, text) => ['tool_calls.function.arguments.done', { name, index, arguments: text, parsed_arguments: null }]
    const [weather, time] = [{ name: 'weather', arguments: '{"city":"Paris"}' }, { name: 'time', arguments: '{}' }]
    assert.deepEqual(events, [
      delta('weather', 0, '', ''), delta('weather', 0, '{"city":', '{"city":'), delta('weather', 0, weather.arguments, '"Paris"}'),
      done('weather', 0, weather.arguments),
      delta('time', 1, '{}', '{}'), done('time', 1, '{}'),
      ['functionToolCall', { ...weather, parsed_arguments: null }], ['functionToolCall', { ...time, parsed_arguments: null }],
      ['finalFunctionToolCall', { ...time, parsed_arguments: null }],
    ])
  })

  test('tells refusals and log probabilities', async (t) => {
    const token = (text) => ({ token: text, logprob: -1, bytes: null, top_logprobs: [] })
    const withLogprobs = (delta, logprobs) => ({ ...chunk(), choices: [{ index: 0, delta, logprobs, finish_reason: null }] })
    const { ask } = await setUp(t, [{ sse: [
      withLogprobs({ role: 'assistant', content: 'I' }, { content: [token('I')], refusal: null }),
      withLogprobs({ refusal: 'No' }, { content: null, refusal: [token('No')] }),
      withLogprobs({ refusal: '.' }, { content: null, refusal: [token('.')] }),
      chunk({}, 'stop'),
    ] }])
    const stream = ask()
    const events = told(stream, NAMES.filter((name) => /^(refusal|logprobs)/.test(name)))
    const { message, logprobs } = (await stream.finalChatCompletion()).choices[0]
    assert.deepEqual(events, [
      ['logprobs.content.delta', { content: [token('I')], snapshot: [token('I')] }],
      ['refusal.delta', { delta: 'No', snapshot: 'No' }],
      ['logprobs.refusal.delta', { refusal: [token('No')], snapshot: [token('No')] }],
      ['refusal.delta', { delta: '.', snapshot: 'No.' }],
      ['logprobs.refusal.delta', { refusal: [token('.')], snapshot: [token('No'), token('.')] }],
      ['refusal.done', { refusal: 'No.' }],
      ['logprobs.content.done', { content: [token('I')] }],
      ['logprobs.refusal.done', { refusal: [token('No'), token('.')] }],
    ])
    assert.equal(message.refusal, 'No.')
    assert.deepEqual(logprobs, { content: [token('I')], refusal: [token('No'), token('.')] })
  })

  test('keeps choices apart, whatever their order', async (t) => {
    const at = (index, delta, finish_reason = null) => ({ ...chunk(), choices: [{ index, delta, finish_reason }] })
    const { ask } = await setUp(t, [{ sse: [at(1, { content: 'b' }), at(0, { content: 'a' }), at(1, {}, 'stop'), at(0, { content: 'A' }, 'stop')] }])
    const { choices } = await ask({ n: 2 }).finalChatCompletion()
    assert.deepEqual(choices.map(({ index, message }) => [index, message.content]), [[0, 'aA'], [1, 'b']])
  })
})

describe('what hosts leave out or add is taken as it is meant:', () => {
  const wholeOf = async (t, sse) => {
    const { ask } = await setUp(t, [{ sse }])
    return (await ask().finalChatCompletion()).choices[0]
  }

  test('no role, no id and no type of a call, no finish reason before [DONE]', async (t) => {
    const { message, finish_reason } = await wholeOf(t, [chunk(call(0, { function: { name: 'time', arguments: '{}' } }))])
    assert.equal(message.role, 'assistant')
    assert.match(message.tool_calls[0].id, /^call_[-\w]{36}$/)
    assert.equal(message.tool_calls[0].type, 'function')
    assert.equal(finish_reason, 'tool_calls')
  })

  test('calls without a place: a new id begins the next one', async (t) => {
    const pieces = [
      { id: 'a', type: 'function', function: { name: 'one', arguments: '{' } }, { function: { arguments: '}' } },
      { id: 'b', type: 'function', function: { name: 'two', arguments: '[]' } },
    ]
    const { message } = await wholeOf(t, [...pieces.map((piece) => chunk({ tool_calls: [piece] })), chunk({}, 'tool_calls')])
    assert.deepEqual(message.tool_calls.map(({ id, function: { arguments: text } }) => [id, text]), [['a', '{}'], ['b', '[]']])
  })

  test('a whole call in the chunk that ends the answer is told as done', async (t) => {
    const { ask } = await setUp(t, [{ sse: [chunk(begun(0, 'time', '{}'), 'tool_calls')] }])
    const stream = ask()
    const events = told(stream, ['tool_calls.function.arguments.done'])
    await stream.done()
    assert.equal(events.length, 1)
  })

  test('thoughts grow as the content does', async (t) => {
    const { message } = await wholeOf(t, [
      chunk({ reasoning_content: 'Let', content_blocks: [{ index: 0, delta: { thinking: 'Let' } }] }),
      chunk({ reasoning_content: ' me', content_blocks: [{ index: 0, delta: { thinking: ' me' } }] }),
      chunk({ content_blocks: [{ index: 0, delta: { signature: 's' } }] }),
      chunk({ content: 'Yes', content_blocks: [{ index: 1, delta: { text: 'Yes' } }] }), chunk({}, 'stop'),
    ])
    assert.equal(message.reasoning_content, 'Let me')
    assert.deepEqual(message.content_blocks, [{ type: 'thinking', thinking: 'Let me', signature: 's' }, { type: 'text', text: 'Yes' }])
  })

  test('a spoken answer, a call of a free-text tool, and fields that nobody knows', async (t) => {
    const { message } = await wholeOf(t, [
      chunk({ audio: { id: 'a', data: 'QQ', transcript: 'He' } }), chunk({ audio: { data: '==', transcript: 'llo' } }), chunk({ audio: { expires_at: 9 } }),
      chunk(call(0, { id: 'c', type: 'custom', custom: { name: 'sh', input: 'l' } })), chunk(call(0, { custom: { input: 's' } })),
      chunk({ x_own: [1] }), chunk({}, 'stop'),
    ])
    assert.deepEqual(message.audio, { id: 'a', data: 'QQ==', transcript: 'Hello', expires_at: 9 })
    assert.deepEqual(message.tool_calls, [{ id: 'c', type: 'custom', custom: { name: 'sh', input: 'ls' } }])
    assert.deepEqual(message.x_own, [1])
  })

  test('what is no list, and holes in one', async (t) => {
    const { message } = await wholeOf(t, [
      { ...chunk(), choices: { odd: true } }, { ...chunk(), choices: [null, 7] }, chunk({ tool_calls: [null], content_blocks: [null] }), chunk({ tool_calls: 'odd' }),
      chunk({ content: 'a' }), chunk({}, 'stop'),
    ])
    assert.equal(message.content, 'a')
  })

  test('places and names that would reach beyond the answer are left out', async (t) => {
    const { message } = await wholeOf(t, [
      '{"id":"c","choices":[{"index":0,"delta":{"__proto__":{"stained":1},"content":"a"}}]}',
      '{"choices":[{"index":"__proto__","delta":{"stained":1}},{"index":1e9,"delta":{}}]}',
      '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":"__proto__","function":{"name":"x"}}]}}]}',
      chunk({}, 'stop'),
    ])
    assert.equal(message.content, 'a')
    assert.equal(message.stained, undefined)
    assert.equal({}.stained, undefined)
    assert.equal([].function, undefined)
  })
})

describe('reading the chunks', () => {
  test('gives them as the host sent them', async (t) => {
    const { ask } = await setUp(t)
    assert.deepEqual(await collect(ask()), { items: [...chatChunks(WORDS), usageChunk()], error: undefined })
  })

  test('and leaving the loop closes the connection', async (t) => {
    const { host, ask } = await setUp(t, [{ sse: [chunk({ content: 'a' }), 'hang'] }])
    const stream = ask()
    for await (const _ of stream) break
    await host.closed()
    assert.ok((await failure(stream.done())) instanceof APIUserAbortError)
    assert.ok(stream.aborted)
  })

  test('that an error follows gives them all, and then the error', async (t) => {
    const { ask } = await setUp(t, [{ sse: [chunk({ content: 'a' }), chunk({ content: 'b' }), { error: { message: 'full', code: 400 } }] }])
    const stream = ask()
    const reader = stream[Symbol.asyncIterator]()
    await stream.emitted('error')
    const { items, error } = await collect(reader)
    assert.equal(items.length, 2)
    assert.ok(error instanceof BadRequestError)
  })

  test('slowly holds the host back', async (t) => {
    let sent = 0
    const text = 'x'.repeat(10_000)
    async function* endless() {
      for (; sent < 50_000; sent++) yield chunk({ content: text })
      yield chunk({}, 'stop')
    }
    const { ask } = await setUp(t, [{ sse: endless() }])
    const reader = ask()[Symbol.asyncIterator]()
    await reader.next()
    // 500 MB are there for the taking; what is taken is what the buffers on the way hold.
    let before
    do {
      before = sent
      await new Promise((resolve) => setTimeout(resolve, 200))
    } while (sent !== before)
    assert.ok(sent < 5_000, `${sent} chunks were taken`)
    await reader.return()
  })

  test('slowly, and then aborting by the controller, ends at once', async (t) => {
    const { host, ask } = await setUp(t, [{ sse: [...Array.from({ length: 1_000 }, () => chunk({ content: 'x' })), 'hang'] }])
    const stream = ask()
    const reader = stream[Symbol.asyncIterator]()
    await reader.next()
    await new Promise((resolve) => setTimeout(resolve, 50))
    stream.controller.abort()
    const { items, error } = await collect(reader)
    assert.ok(items.length < 1_000)
    assert.ok(error instanceof APIUserAbortError)
    await host.closed()
  })

  test('slowly holds nobody back who waits for the end', async (t) => {
    const { ask } = await setUp(t, [{ sse: chatChunks(Array.from({ length: 2_000 }, () => 'x')) }])
    const stream = ask()
    let chunks = 0
    for await (const _ of stream) if (chunks++ === 0) assert.equal((await stream.finalContent()).length, 2_000)
    assert.equal(chunks, 2_002)
  })

  test('of 10,000 chunks takes time and memory in proportion, snapshots and all', async (t) => {
    const measure = async (count) => {
      const { ask } = await setUp(t, [{ sse: chatChunks(Array.from({ length: count }, (_, at) => `word ${at} `)) }])
      const stream = ask()
      let letters = 0
      stream.on('content', (_, snapshot) => (letters += snapshot.length))
      const before = process.memoryUsage().heapUsed
      await stream.done()
      return { letters, heap: process.memoryUsage().heapUsed - before }
    }
    await measure(100)
    const { letters, heap } = await measure(10_000)
    // Copied out, the snapshots alone would take 400 MB.
    assert.ok(letters > 400_000_000)
    assert.ok(heap < 100_000_000, `${heap} bytes`)
  })
})

describe('a stream with events ends', () => {
  test('with the error of the host, before its first chunk', async (t) => {
    const { ask } = await setUp(t, [{ status: 401, json: envelope('wrong key') }])
    const stream = ask()
    const events = told(stream)
    assert.ok((await failure(stream.done())) instanceof AuthenticationError)
    assert.deepEqual(events.map(([name]) => name), ['error', 'end'])
    assert.ok(stream.errored && !stream.aborted)
    await assert.rejects(stream.finalContent(), AuthenticationError)
  })

  test('with the error that comes in its middle', async (t) => {
    const { ask } = await setUp(t, [{ sse: [chunk({ content: 'a' }), { error: { message: 'full', code: 400 } }] }])
    const { items, error } = await collect(ask())
    assert.equal(items.length, 1)
    assert.ok(error instanceof BadRequestError)
  })

  test('truncated, with what had come and with its facts', async (t) => {
    const { ask } = await setUp(t, [{ sse: [chunk({ content: 'a' }), chunk({ content: 'b' }), 'cut'], done: false }])
    const stream = ask({}, { traceID: 'trace-1' })
    const error = await failure(stream.finalChatCompletion())
    assert.ok(error instanceof StreamTruncatedError)
    assert.equal(error.partial.text, 'ab')
    assert.equal(stream.currentChatCompletionSnapshot.choices[0].message.content, 'ab')
    assert.equal(stream.getHeaders()['trace-id'], 'trace-1')
    assert.equal(stream.getGateway().attempts[0].code, error.code)
  })

  test('as aborted by its own abort(), its controller, the signal of the call, and a signal that had aborted before', async (t) => {
    const { host, ask } = await setUp(t, () => ({ sse: [chunk({ content: 'a' }), 'hang'] }))
    const given = new AbortController()
    const ways = [(stream) => stream.abort(), (stream) => stream.controller.abort(), () => given.abort()]
    for (const end of ways) {
      const stream = ask({}, undefined, { signal: given.signal })
      const events = told(stream, ['abort', 'error', 'end'])
      await stream.emitted('content')
      end(stream)
      assert.ok((await failure(stream.done())) instanceof APIUserAbortError)
      assert.deepEqual(events.map(([name]) => name), ['abort', 'end'])
      await host.closed()
    }
    const late = ask({}, undefined, { signal: given.signal })
    assert.ok((await failure(late.done())) instanceof APIUserAbortError)
    assert.equal(host.requests.length, 3)
  })

  test('as an unhandled rejection where nobody hears of it, but for an abort', async () => {
    const run = (act) => runInChild(`
      import Portkey from 'portkey-native'
      process.on('unhandledRejection', (error) => { console.log('unhandled', error.name); process.exit() })
      const stream = new Portkey({ customHost: 'http://127.0.0.1:9/v1', maxRetries: 0 }).chat.completions.stream({ messages: [] })
      ${act}`)
    assert.equal(await run(''), 'unhandled APIConnectionError\n')
    assert.equal(await run("stream.on('error', (error) => console.log('heard', error.name))"), 'heard APIConnectionError\n')
    assert.equal(await run("stream.finalContent().catch(({ name }) => console.log('caught', name))"), 'caught APIConnectionError\n')
    assert.equal(await run('stream.abort()'), '')
  })

  test('without sending anything where the body is none', async (t) => {
    const { host, client } = await setUp(t)
    for (const bad of [undefined, null, 7]) assert.ok((await failure(client.chat.completions.stream(bad).done())) instanceof ConfigError)
    assert.equal(host.requests.length, 0)
  })

  test('with the error that a listener throws', async (t) => {
    const { host, ask } = await setUp(t, [{ sse: [chunk({ content: 'a' }), 'hang'] }])
    const stream = ask()
    stream.on('content', () => {
      throw new RangeError('mine')
    })
    assert.ok((await failure(stream.done())) instanceof RangeError)
    await host.closed()
  })
})

describe('listeners', () => {
  test('are called once with once(), no more after off(), and the chain goes on', async (t) => {
    const { ask } = await setUp(t)
    const heard = { once: 0, off: 0, on: 0 }
    const off = () => heard.off++
    const stream = ask()
    assert.equal(stream.once('content', () => heard.once++).on('content', off).on('content', () => heard.on++).off('content', off), stream)
    await stream.done()
    assert.deepEqual(heard, { once: 1, off: 0, on: 4 })
  })

  test('may be promises, and iterators', async (t) => {
    const { ask } = await setUp(t)
    const stream = ask()
    const [completion, deltas] = await Promise.all([stream.emitted('chatCompletion'), collect(stream.events('content'))])
    assert.equal(completion.object, 'chat.completion')
    assert.deepEqual(deltas.items.map(([delta]) => delta), WORDS)
    const other = ask()
    await assert.rejects(other.emitted('finalFunctionToolCall'), /without the event finalFunctionToolCall/)
    await assert.rejects(other.emitted('content'), /without the event content/)
    assert.deepEqual(await collect(other.events('content')), { items: [], error: undefined })
  })
})

describe('a stream that is sent on', () => {
  test('through toReadableStream() is the same at the other end', async (t) => {
    const { ask } = await setUp(t, [{ sse: [...TOOL_CHUNKS, usageChunk()] }])
    const near = ask()
    const far = ChatCompletionStream.fromReadableStream(near.toReadableStream())
    const events = told(far, ['connect', 'functionToolCall', 'end'])
    assert.deepEqual(await far.finalChatCompletion(), await near.finalChatCompletion())
    assert.deepEqual(events.map(([name]) => name), ['connect', 'functionToolCall', 'functionToolCall', 'end'])
    assert.deepEqual(await far.totalUsage(), USAGE)
  })

  test('is understood by the openai package, and its by ours', async (t) => {
    const { host, ask } = await setUp(t)
    assert.equal(await TheirStream.fromReadableStream(ask().toReadableStream()).finalContent(), WORDS.join(''))
    const openai = new OpenAI({ apiKey: 'k', baseURL: host.url })
    const stream = openai.chat.completions.stream({ model: 'm', messages: MESSAGES })
    assert.equal(await ChatCompletionStream.fromReadableStream(stream.toReadableStream()).finalContent(), WORDS.join(''))
  })

  test('may come in pieces of any size, and as text', async () => {
    const lines = chatChunks(['日本', ' é']).map((event) => `${JSON.stringify(event)}\n`).join('')
    const bytes = Buffer.from(lines)
    async function* one() {
      for (const byte of bytes) yield new Uint8Array([byte])
    }
    assert.equal(await ChatCompletionStream.fromReadableStream(one()).finalContent(), '日本 é')
    assert.equal(await ChatCompletionStream.fromReadableStream(ReadableStream.from([lines])).finalContent(), '日本 é')
  })

  test('and breaks off is truncated at the other end, and can be aborted there', async () => {
    const lines = `${JSON.stringify(chunk({ content: 'a' }))}\n`
    const cut = await failure(ChatCompletionStream.fromReadableStream(ReadableStream.from([lines])).done())
    assert.ok(cut instanceof StreamTruncatedError)
    assert.equal(cut.partial.text, 'a')
    assert.ok((await failure(ChatCompletionStream.fromReadableStream(ReadableStream.from([])).done())) instanceof StreamTruncatedError)
    const open = ChatCompletionStream.fromReadableStream(new ReadableStream({ start: (controller) => controller.enqueue(lines) }))
    open.once('chunk', () => open.abort())
    assert.ok((await failure(open.done())) instanceof APIUserAbortError)
  })
})

describe('the openai package makes the same of a recorded stream:', () => {
  for (const name of recordings().filter((file) => /chat/.test(file))) {
    test(name, async (t) => {
      const body = recorded(name)
      if (!eventsOf(body).some(({ choices }) => choices?.some(({ finish_reason }) => finish_reason))) return t.skip('has no finish reason')
      const { host, ask } = await setUp(t, [{ headers: { 'content-type': 'text/event-stream' }, chunks: [body] }])
      const openai = new OpenAI({ apiKey: 'k', baseURL: host.url, maxRetries: 0 })
      const theirs = () => openai.chat.completions.stream({ model: 'm', messages: MESSAGES })
      // A host may leave out the role, which theirs does not take.
      const refused = await theirs().done().catch(({ message }) => message)
      if (refused) {
        assert.match(refused, /missing role/)
        return assert.equal((await ask().finalMessage()).role, 'assistant')
      }
      const streams = [ask(), theirs()]
      const seen = await Promise.all(streams.map(async (stream) => {
        const events = told(stream, NAMES.filter((event) => /delta|done|content$/.test(event)))
        const { choices: [{ message, finish_reason }] } = await stream.finalChatCompletion()
        const calls = message.tool_calls?.map(({ type, function: { name, arguments: text } }) => [type, name, text])
        // Theirs lose what was thought, and `parsed` is left undefined where ours is null.
        return JSON.parse(JSON.stringify({ events, content: message.content, refusal: message.refusal, calls, finish_reason }, (key, value) => (/^parsed/.test(key) ? undefined : value)))
      }))
      assert.deepEqual(seen[0], seen[1])
    })
  }
})
