// Real recorded streams, cut up by the network in every way: the chunks are always the same.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey from '../index.mjs'
import { MESSAGES } from './support/answers.mjs'
import { hostFor } from './support/host.mjs'
import { collect, eachOf, eventsOf, randomFrom, recorded, recordings } from './support/recorded.mjs'

const HEADERS = { 'content-type': 'text/event-stream' }
/** Streams at once. Their connections are used again, though the next call may come before its predecessor's is free. */
const LANES = 8

/** Opens the recording's stream and reads it to its end. */
function read(client, name) {
  if (name.includes('completion-stream')) return collect(client.completions.create({ prompt: 'x', stream: true }))
  return collect(client.chat.completions.create({ messages: MESSAGES, stream: true }))
}

/** A recording of a whole answer, or of one that the host ended with an error. */
function wanted(name) {
  const events = eventsOf(recorded(name))
  const last = events.at(-1)
  return last.error ? { items: events.slice(0, -1), error: last.error } : { items: events, error: undefined }
}

function check({ items, error }, expected, what) {
  assert.deepEqual(items, expected.items, what)
  assert.deepEqual(error?.error, expected.error && { error: expected.error }, what)
}

/** Lets the pieces leave as TCP segments of their own. */
async function* apart(pieces) {
  for (const piece of pieces) {
    yield piece
    yield { pause: new Promise((resolve) => setImmediate(resolve)) }
  }
}

describe('a recorded stream of a real server gives the same chunks', () => {
  for (const name of recordings()) {
    test(`whole: ${name}`, async (t) => {
      const host = await hostFor(t, [{ headers: HEADERS, chunks: [recorded(name)] }])
      check(await read(new Portkey({ customHost: host.url, maxRetries: 0 }), name), wanted(name))
    })

    test(`byte by byte: ${name}`, async (t) => {
      const host = await hostFor(t, [{ headers: HEADERS, chunks: apart([...recorded(name)].map((byte) => Buffer.of(byte))) }])
      check(await read(new Portkey({ customHost: host.url, maxRetries: 0 }), name), wanted(name))
    })
  }
})

describe('a recorded stream cut in two at every byte gives the same chunks', () => {
  const names = [
    'llama.cpp/chat-utf8-stream.sse',
    'llama-cpp-python/chat-stream-usage.sse',
    'vllm/chat-stream-usage.sse',
    'transformers-serve/chat-stream.sse',
    'litellm/chat-stream-usage.sse',
    'llama.cpp/tools-none-parse-error-stream.sse',
  ]
  for (const name of names) {
    test(name, async (t) => {
      const body = recorded(name)
      const cutAt = (request) => Number(request.headers['x-cut'])
      const host = await hostFor(t, (request) => ({
        headers: HEADERS,
        chunks: apart([body.subarray(0, cutAt(request)), body.subarray(cutAt(request))]),
      }))
      const client = new Portkey({ customHost: host.url, maxRetries: 0, forwardHeaders: ['x-cut'] })
      const expected = wanted(name)
      await eachOf(Array(body.length).keys(), LANES, async (at) => {
        check(await read(client.withOptions({ 'x-cut': String(at) }), name), expected, `cut at ${at}`)
      })
      assert.equal(host.requests.length, body.length)
      if (!expected.error) assert.ok(host.accepted.length <= 4 * LANES, `${host.accepted.length} connections for ${body.length} streams`)
    })
  }

  test('a whole reply of llama.cpp as it was on the socket, cut in two at every byte', async (t) => {
    const wire = recorded('llama.cpp/chat-stream.wire')
    const host = await hostFor(t, ({ headers }) => {
      const at = Number(headers['x-cut'])
      return { raw: apart([wire.subarray(0, at), wire.subarray(at), 'cut']) }
    })
    const client = new Portkey({ customHost: host.url, maxRetries: 0, forwardHeaders: ['x-cut'] })
    await eachOf(Array(wire.length).keys(), LANES, async (at) => {
      const { items, error } = await collect(
        client.withOptions({ 'x-cut': String(at) }).chat.completions.create({ messages: MESSAGES, stream: true }),
      )
      assert.equal(error, undefined, `cut at ${at}`)
      assert.equal(items.at(-1).choices[0].finish_reason, 'length', `cut at ${at}`)
      assert.equal(items.length, 4, `cut at ${at}`)
    })
  })
})

test('recorded streams cut at random give the same chunks', async (t) => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
  t.diagnostic(`SEED=${seed}`)
  const random = randomFrom(seed)
  const host = await hostFor(t, ({ headers }) => {
    const pieces = []
    const longest = 1 + Math.floor(random() ** 3 * 400)
    const body = recorded(headers['x-recording'])
    for (let at = 0; at < body.length;) {
      const length = 1 + Math.floor(random() * longest)
      pieces.push(body.subarray(at, at + length))
      at += length
    }
    return { headers: HEADERS, chunks: apart(pieces) }
  })
  const client = new Portkey({ customHost: host.url, maxRetries: 0, forwardHeaders: ['x-recording'] })
  const names = recordings()
  for (let round = 0; round < 200; round++) {
    const name = names[Math.floor(random() * names.length)]
    check(await read(client.withOptions({ 'x-recording': name }), name), wanted(name), `SEED=${seed}, round ${round}: ${name}`)
  }
})
