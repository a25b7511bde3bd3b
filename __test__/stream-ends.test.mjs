// How a stream may end: whole, cut off at any byte, broken by the host, or left open. Never a silent success, never a hang.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { APIConnectionError, APIError, AuthenticationError, StreamTruncatedError } from '../index.mjs'
import { MESSAGES, chatChunks, chunk, completion, usageChunk } from './support/answers.mjs'
import { hostFor } from './support/host.mjs'
import { collect, eachOf, eventsOf, recorded, textOf } from './support/recorded.mjs'

const HEADERS = { 'content-type': 'text/event-stream' }
const WORDS = ['This', ' is', ' a', ' test.']

const ask = (client, body = {}) => client.chat.completions.create({ messages: MESSAGES, stream: true, ...body })

async function read(t, step, options) {
  const host = await hostFor(t, [step])
  const client = new Portkey({ customHost: host.url, maxRetries: 0, ...options })
  const stream = await ask(client)
  return { host, stream, ...(await collect(stream)) }
}

describe('a recorded stream that breaks off after any number of bytes is whole or an error that says what came', () => {
  const endings = {
    'in the middle of the body': 'cut',
    'at the end of the body': 'end',
    'by a reset': 'reset',
  }
  for (const name of ['llama.cpp/chat-utf8-stream.sse', 'vllm/chat-stream-usage.sse', 'transformers-serve/chat-stream.sse']) {
    const body = recorded(name)
    const chunks = eventsOf(body)
    const finish = chunks.findIndex(({ choices }) => choices[0]?.finish_reason)
    /** Events that the first `at` bytes hold, their blank lines included. */
    const complete = (at) => eventsOf(body.subarray(0, at)).length

    for (const [where, ending] of Object.entries(endings)) {
      test(`${name}, ${where}`, async (t) => {
        const host = await hostFor(t, ({ headers }) => ({ headers: HEADERS, chunks: [body.subarray(0, Number(headers['x-cut'])), ending] }))
        const client = new Portkey({ customHost: host.url, maxRetries: 0, forwardHeaders: ['x-cut'] })
        await eachOf(Array(body.length).keys(), 8, async (at) => {
          const { items, error } = await collect(ask(client.withOptions({ 'x-cut': String(at) })))
          const what = `cut at ${at}`
          assert.deepEqual(items, chunks.slice(0, items.length), what)
          // A reset may overtake what was sent before it.
          if (ending !== 'reset') assert.ok(items.length >= complete(at), `${what}: ${items.length} of ${complete(at)} chunks`)
          if (items.length > finish) return assert.equal(error, undefined, what)
          if (ending === 'reset' && error.constructor === APIConnectionError) return assert.equal(items.length, 0, what)
          assert.equal(error?.constructor, StreamTruncatedError, what)
          assert.equal(error.code, 'stream_truncated')
          assert.equal(error.partial.text, textOf(items), what)
          assert.deepEqual(error.partial.toolCalls, [])
        })
        assert.equal(host.requests.length, body.length, 'nothing was sent twice')
      })
    }
  }

  test('a whole reply of llama.cpp, cut off on the socket, head included', async (t) => {
    const wire = recorded('llama.cpp/chat-stream.wire')
    const bodyFrom = wire.indexOf('\r\n\r\n') + 4
    const host = await hostFor(t, ({ headers }) => ({ raw: [wire.subarray(0, Number(headers['x-cut'])), 'cut'] }))
    const client = new Portkey({ customHost: host.url, maxRetries: 0, forwardHeaders: ['x-cut'] })
    await eachOf(Array(wire.length).keys(), 8, async (at) => {
      const { items, error } = await collect(ask(client.withOptions({ 'x-cut': String(at) })))
      if (items.some(({ choices }) => choices[0].finish_reason)) return assert.equal(error, undefined, `cut at ${at}`)
      assert.equal(error?.constructor, at < bodyFrom ? APIConnectionError : StreamTruncatedError, `cut at ${at}`)
    })
    assert.equal(host.requests.length, wire.length, 'nothing was sent twice')
  })
})

describe('a stream is whole', () => {
  test('when its finish reason came, without [DONE]', async (t) => {
    const { items, error, stream } = await read(t, { sse: chatChunks(WORDS), done: false })
    assert.deepEqual(items, chatChunks(WORDS))
    assert.equal(error, undefined)
    assert.deepEqual(stream.getGateway().changes, [])
  })

  test('when its finish reason came and the body breaks after it', async (t) => {
    for (const ending of ['cut', 'reset']) {
      const events = [...chatChunks(WORDS), { wait: 5 }, ending]
      const { items, error } = await read(t, { sse: events, done: false })
      assert.deepEqual(items, chatChunks(WORDS))
      assert.equal(error, undefined, ending)
    }
  })

  test('when [DONE] came without a finish reason, which is noted', async (t) => {
    const { items, error, stream } = await read(t, { sse: chatChunks(WORDS).slice(0, -1) })
    assert.equal(textOf(items), 'This is a test.')
    assert.equal(error, undefined)
    assert.equal(stream.getGateway().changes.length, 1)
    assert.match(stream.getGateway().changes[0], /\[DONE\].*finish reason/)
  })

  test('when [DONE] came, whatever the host sends after it', async (t) => {
    const { items, error } = await read(t, { sse: [...chatChunks(WORDS), '[DONE]', chunk({ content: 'late' }), { error: 'late' }, 'cut'] })
    assert.deepEqual(items, chatChunks(WORDS))
    assert.equal(error, undefined)
  })

  test('when each of its choices had a finish reason, and not before', async (t) => {
    const both = [0, 1].map((index) => ({ index, delta: { content: 'x' }, finish_reason: null }))
    const end = (index) => ({ ...chunk(), choices: [{ index, delta: {}, finish_reason: 'stop' }] })
    const half = await read(t, { sse: [{ ...chunk(), choices: both }, end(1)], done: false })
    assert.equal(half.items.length, 2)
    assert.equal(half.error?.constructor, StreamTruncatedError)
    const whole = await read(t, { sse: [{ ...chunk(), choices: both }, end(1), end(0)], done: false })
    assert.equal(whole.error, undefined)
  })

  test('of completions too, by the same rule', async (t) => {
    const text = (text, finish_reason = null) => ({ id: 'cmpl-1', object: 'text_completion', choices: [{ index: 0, text, finish_reason }] })
    const host = await hostFor(t, [{ sse: [text('a'), text('b', 'length')], done: false }, { sse: [text('a'), text('b')], done: false }])
    const client = new Portkey({ customHost: host.url, maxRetries: 0 })
    const whole = await collect(client.completions.create({ prompt: 'x', stream: true }))
    assert.deepEqual(whole, { items: [text('a'), text('b', 'length')], error: undefined })
    const cut = await collect(client.completions.create({ prompt: 'x', stream: true }))
    assert.equal(cut.items.length, 2)
    assert.equal(cut.error.constructor, StreamTruncatedError)
    assert.equal(cut.error.partial.text, 'ab')
  })
})

describe('a truncated stream tells', () => {
  test('text, tool calls and usage that had come', async (t) => {
    const call = (index, facts) => ({ tool_calls: [{ index, ...facts }] })
    const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 }
    const { error, items } = await read(t, {
      sse: [
        chunk({ role: 'assistant', content: null }),
        chunk({ content: 'é\n"日本' }),
        chunk(call(0, { id: 'call_1', type: 'function', function: { name: 'weather' } })),
        chunk(call(0, { function: { arguments: '{"city":' } })),
        chunk(call(1, { id: 'call_2', type: 'function', function: { name: 'time', arguments: '{"zo' } })),
        { ...chunk(call(0, { function: { arguments: '"Pa' } })), usage },
      ],
      done: false,
    })
    assert.equal(items.length, 6)
    assert.equal(error.constructor, StreamTruncatedError)
    assert.deepEqual(error.partial, {
      text: 'é\n"日本',
      toolCalls: [
        { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Pa' } },
        { id: 'call_2', type: 'function', function: { name: 'time', arguments: '{"zo' } },
      ],
      usage,
    })
  })

  test('in at most three lines what failed, where, and what to try', async (t) => {
    const { error, host } = await read(t, { sse: [chunk({ content: 'secret words' }), 'cut'], done: false })
    assert.ok(error.message.split('\n').length <= 3, error.message)
    assert.match(error.message, /before it was whole/)
    assert.ok(error.message.includes(`${host.url}/chat/completions`))
    assert.doesNotMatch(error.message, /secret words/)
    assert.doesNotMatch(JSON.stringify(error), /secret words/)
    assert.equal(error.gateway.attempts[0].code, 'stream_truncated')
    assert.equal(error.gateway.attempts[0].status, 200)
  })

  test('is thrown once, and the iteration is over then', async (t) => {
    const host = await hostFor(t, [{ sse: [chunk({ content: 'a' }), 'cut'] }])
    const iterator = (await ask(new Portkey({ customHost: host.url })))[Symbol.asyncIterator]()
    assert.equal((await iterator.next()).value.choices[0].delta.content, 'a')
    await assert.rejects(iterator.next(), StreamTruncatedError)
    assert.deepEqual(await iterator.next(), { value: undefined, done: true })
  })

  test('also of an answer without any event', async (t) => {
    for (const step of [{ sse: [], done: false }, { sse: [': nothing\n\n'], done: false }, { chunks: [], headers: HEADERS }]) {
      const host = await hostFor(t, [step])
      const { items, error } = await collect(ask(new Portkey({ customHost: host.url })))
      assert.deepEqual(items, [])
      assert.equal(error?.constructor, StreamTruncatedError)
      assert.equal(host.requests.length, 1)
    }
  })
})

describe('a body that the host leaves open', () => {
  test('after [DONE] ends promptly for the reader, and the connection is given up', async (t) => {
    const host = await hostFor(t, [{ sse: [...chatChunks(WORDS), '[DONE]', 'hang'] }])
    let sentAt
    host.answer([{ sse: [...chatChunks(WORDS), { call: () => (sentAt = performance.now()) }, '[DONE]', 'hang'] }])
    const { items, error } = await collect(ask(new Portkey({ customHost: host.url })))
    const took = performance.now() - sentAt
    assert.deepEqual(items, chatChunks(WORDS))
    assert.equal(error, undefined)
    assert.ok(took < 150, `${took} ms`)
    const { at } = await host.closed()
    t.diagnostic(`reader ended after ${took.toFixed(1)} ms, connection closed after ${(at - sentAt).toFixed(0)} ms`)
    assert.ok(at - sentAt < 1000, `${at - sentAt} ms`)
  })

  test('for a moment after [DONE] is read to its end, and the connection is used again', async (t) => {
    const host = await hostFor(t, [{ sse: [...chatChunks(WORDS), '[DONE]', { wait: 5 }], done: false }])
    const client = new Portkey({ customHost: host.url })
    for (let call = 0; call < 20; call++) await collect(ask(client))
    // The call after the first comes too early for its connection; later ones find one.
    assert.ok(host.accepted.length <= 10, `${host.accepted.length} connections for 20 streams`)
  })

  test('after its finish reason, without [DONE], still brings its usage', async (t) => {
    const { items, error } = await read(t, { sse: [...chatChunks(WORDS), { wait: 30 }, usageChunk()], done: false })
    assert.deepEqual(items.at(-1), usageChunk())
    assert.equal(error, undefined)
  })
})

describe('an answer that is no stream of events', () => {
  test('is an error: JSON where events were asked for', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const { items, error } = await collect(ask(new Portkey({ customHost: host.url })))
    assert.deepEqual(items, [])
    assert.equal(error?.constructor, APIError)
    assert.match(error.message, /application\/json/)
  })

  test('is thrown as the class that its code names: an error in JSON with status 200', async (t) => {
    const host = await hostFor(t, [{ json: { error: { message: 'wrong key', code: 401 } } }])
    await assert.rejects(ask(new Portkey({ customHost: host.url })), (error) => error instanceof AuthenticationError && /wrong key/.test(error.message))
  })

  test('is an error: a web page', async (t) => {
    const page = { headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>Sign in</title>' }
    const host = await hostFor(t, [page])
    await assert.rejects(ask(new Portkey({ customHost: host.url })), (error) => error instanceof APIError && /text\/html/.test(error.message))
  })

  test('is read nevertheless where the host names no type', async (t) => {
    const events = chatChunks(WORDS).map((event) => `data: ${JSON.stringify(event)}\n\n`)
    const { items, error } = await read(t, { chunks: events })
    assert.deepEqual(items, chatChunks(WORDS))
    assert.equal(error, undefined)
  })

  test('is read nevertheless where the body has a length, or ends with its connection', async (t) => {
    const body = chatChunks(WORDS).map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')
    for (const step of [
      { headers: { ...HEADERS, 'content-length': String(Buffer.byteLength(body)) }, chunks: [body] },
      { headers: HEADERS, framing: 'none', chunks: [body] },
    ]) {
      const { items, error } = await read(t, step)
      assert.deepEqual(items, chatChunks(WORDS))
      assert.equal(error, undefined)
    }
  })
})
