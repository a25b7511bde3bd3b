// Inputs that the official SDK's stream parsers were tried with, and the rules of the event stream standard.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { APIError, InternalServerError, RateLimitError, StreamTruncatedError } from '../index.mjs'
import { MESSAGES, chatChunks, chunk } from './support/answers.mjs'
import { hostFor } from './support/host.mjs'
import { collect, officialVectors } from './support/recorded.mjs'

const HEADERS = { 'content-type': 'text/event-stream' }
const START = chunk({ content: 'x' })
const bytes = (piece) => (piece.hex === undefined ? Buffer.from(piece) : Buffer.from(piece.hex, 'hex'))

/** Reads what a host sends as the body of a stream. */
async function read(t, pieces) {
  const host = await hostFor(t, [{ headers: { ...HEADERS, 'x-request-id': 'req-7' }, chunks: pieces }])
  return collect(new Portkey({ customHost: host.url, maxRetries: 0 }).chat.completions.create({ messages: MESSAGES, stream: true }))
}

const OURS = {
  // The last event counts though its blank line is missing: some servers forget it.
  'native eof without newline': { items: [{ a: 1 }, { a: 2 }] },
  'openai eof after single newline': { items: [{ a: 1 }, { a: 2 }] },
  'openai eof without newline': { items: [{ a: 1 }, { a: 2 }] },
  // A line may be cut anywhere.
  'native multi-line data, chunk boundary between lines': { items: [{ a: 1 }] },
  'native event ping, chunk boundary after event line': { items: [] },
  'native utf8 split inside code point': { items: [{ a: '日本é😀' }] },
  // A ping is no item.
  'openai event ping': { items: [{ a: 1 }] },
  'openai event ping, chunk boundary after event line': { items: [] },
  // A named event is an item like any other.
  'native named events': { items: [{ type: 'message_start' }, { type: 'message_stop' }] },
  // What the host says is told, and thrown.
  'native event error non-json': { class: APIError, message: /oops/ },
  'openai event error non-json': { class: APIError, message: /oops/ },
  'native event error, chunk boundary after event line': { items: [], class: APIError, message: /real/, error: { message: 'real' } },
  'openai event error, chunk boundary after event line': { items: [], class: APIError, message: /real/, error: { message: 'real' } },
  'native event error flat': { class: APIError, message: /bad2/, error: { message: 'bad2', type: 'y' } },
  'openai event error flat': { class: APIError, items: [], message: /bad2/, error: { message: 'bad2', type: 'y' } },
  'openai event error nested': { class: APIError, message: /bad/, error: { error: { message: 'bad', code: 'x', type: 't' } } },
  'native error object in data': {
    class: InternalServerError, items: [{ a: 1 }], message: /mid/, error: { error: { message: 'mid', type: 'server_error' } },
  },
  // Nothing comes after [DONE], and it ends the stream well.
  'native data after DONE': { items: [], whole: true },
  'openai basic': { whole: true },
  'native split anywhere': { whole: true },
}

/** U+2028 and U+0085 are content. */
const LINE_SEPARATORS = /U\+2028/

describe('a stream that the official SDK was tried with', () => {
  for (const vector of officialVectors()) {
    const { class: Type = StreamTruncatedError, whole = false, message = /./, error, items: ownItems } = OURS[vector.name] ?? {}
    const pieces = vector.chunks.map(bytes)
    const wanted = LINE_SEPARATORS.test(vector.name)
      ? [JSON.parse(pieces[0].toString().replace(/^data: /, ''))]
      : (ownItems ?? vector.items)

    for (const isCommitted of [false, true]) {
      test(`${vector.name}${isCommitted ? ', after a word' : ''}`, async (t) => {
        const sent = isCommitted ? [`data: ${JSON.stringify(START)}\n\n`, ...pieces] : pieces
        const told = await read(t, sent)
        assert.deepEqual(told.items, isCommitted ? [START, ...wanted] : wanted)
        if (whole) return assert.equal(told.error, undefined)
        assert.equal(told.error.constructor, Type, told.error.message)
        assert.match(told.error.message, message)
        if (error) assert.deepEqual(told.error.error, error)
        if (Type === StreamTruncatedError) assert.deepEqual(told.error.partial, { text: isCommitted ? 'x' : '', toolCalls: [], usage: null })
      })
    }
  }
})

describe('an error inside a stream', () => {
  const said = (error, name) => `${name ? `event: ${name}\n` : ''}data: ${JSON.stringify(error)}\n\n`
  const cases = [
    ['a number as its code', { error: { message: 'full', code: 429 } }, RateLimitError, 429],
    ['a number in words', { error: { message: 'full', code: '503' } }, InternalServerError, 503],
    ['a name as its code', { error: { message: 'full', code: 'rate_limit_exceeded' } }, RateLimitError, 429],
    ['a name as its type', { error: { message: 'full', type: 'overloaded_error', code: null } }, InternalServerError, 529],
    ['no code that is known', { error: { message: 'full', code: 'odd' } }, APIError, undefined],
    ['a string for an error', { error: 'full' }, APIError, undefined],
    ['the shape of llama.cpp', { error: { code: 500, message: 'full', type: 'server_error' } }, InternalServerError, 500],
  ]
  for (const [what, body, Type, status] of cases) {
    for (const name of [undefined, 'error']) {
      test(`with ${what} is thrown as its class, after the items before it${name ? ', named error' : ''}`, async (t) => {
        const { items, error } = await read(t, [`data: ${JSON.stringify(START)}\n\n`, said(body, name), 'data: [DONE]\n\n'])
        assert.deepEqual(items, [START])
        assert.equal(error.constructor, Type)
        assert.equal(error.status, status)
        assert.deepEqual(error.error, body)
        assert.equal(error.code, body.error.code ?? undefined)
        assert.equal(error.type, body.error.type)
        assert.match(error.message, /full/)
        assert.ok(error.message.split('\n').length <= 3)
      })
    }
  }

  test('brings the headers of its answer and the report of its call', async (t) => {
    const { error } = await read(t, [`data: ${JSON.stringify(START)}\n\n`, said({ error: { message: 'full', code: 429 } })])
    assert.equal(error.gateway.attempts.length, 1)
    assert.equal(error.gateway.attempts[0].status, 200)
    assert.equal(error.headers['x-portkey-retry-attempt-count'], '0')
    assert.equal(error.headers['content-type'], 'text/event-stream')
    assert.equal(error.requestID, 'req-7')
  })

  test('closes the connection though the host goes on', async (t) => {
    const host = await hostFor(t, [{ sse: [START, { error: { message: 'full', code: 429 } }, chunk({ content: 'y' }), 'hang'] }])
    const { items, error } = await collect(
      new Portkey({ customHost: host.url }).chat.completions.create({ messages: MESSAGES, stream: true }),
    )
    assert.deepEqual(items, [START])
    assert.ok(error instanceof RateLimitError)
    await host.closed()
    assert.equal(host.requests.length, 1)
  })

  test('before anything was handed out is retried as its status would be', async (t) => {
    const full = { sse: [{ error: { message: 'full', code: 503 } }] }
    const host = await hostFor(t, [full, { sse: chatChunks() }])
    const stream = await new Portkey({ customHost: host.url }).chat.completions.create({ messages: MESSAGES, stream: true })
    const { items, error } = await collect(stream)
    assert.deepEqual(items, chatChunks())
    assert.equal(error, undefined)
    assert.equal(host.requests.length, 2)
    assert.equal(stream.getHeaders()['retry-attempt-count'], '1')
  })
})

describe('the event stream standard', () => {
  const [first, second, last] = [chunk({ content: 'a' }), chunk({ content: 'b' }), chunk({}, 'stop')]
  const json = (value) => JSON.stringify(value)
  const check = async (t, pieces) => {
    assert.deepEqual(await read(t, pieces), { items: [first, second, last], error: undefined })
  }

  for (const [name, end] of [['LF', '\n'], ['CRLF', '\r\n'], ['CR', '\r']]) {
    test(`lines end in ${name}`, (t) => check(t, [[first, second, last].map((event) => `data: ${json(event)}${end}${end}`).join('')]))

    test(`lines end in ${name}, one byte at a time`, (t) =>
      check(t, [...Buffer.from([first, second, last].map((event) => `data: ${json(event)}${end}${end}`).join(''))].map((byte) => Buffer.of(byte))))
  }

  test('line ends may be mixed', (t) => check(t, [`data: ${json(first)}\r\n\ndata: ${json(second)}\n\rdata: ${json(last)}\r\r\n`]))

  test('one byte order mark may come first', (t) =>
    check(t, ['\uFEFF', `data: ${json(first)}\n\ndata: ${json(second)}\n\ndata: ${json(last)}\n\n`]))

  test('comments, ids and retry times are no events', (t) =>
    check(t, [
      ': hello\n\n', `id: 1\nretry: 5\ndata: ${json(first)}\n\n`, ':\n:\n\n', `: ping\ndata: ${json(second)}\nid\n\n`, `odd: field\ndata: ${json(last)}\n\n`,
    ]))

  test('the space after the colon is optional, and data may have many lines', (t) =>
    check(t, [`data:${json(first)}\n\n`, `data:${JSON.stringify(second, null, 1).replaceAll('\n', '\ndata:')}\n\n`, `data:  ${json(last)}  \n\n`]))

  test('pings and empty data are no items', (t) =>
    check(t, ['event: ping\ndata: {"type":"ping"}\n\n', `data: ${json(first)}\n\n`, 'data:\n\n', 'event: ping\ndata:\n\n', `data: ${json(second)}\n\ndata: ${json(last)}\n\n`]))

  test('named events are items', (t) =>
    check(t, [`event: chunk\ndata: ${json(first)}\n\nevent: message\ndata: ${json(second)}\n\ndata: ${json(last)}\n\n`]))

  test('characters of every width arrive as they were sent, also where a read cuts them', async (t) => {
    const text = 'ascii é ÿ Ā 日本 😀 e\u0301 \u2028 \u2029 \u0085 \u000b \u000c \uFEFF \u0000 \ud83d'
    const chunks = [chunk({ content: text }), chunk({ content: 'é only Latin' }), chunk({}, 'stop')]
    // Raw as well as escaped: JSON allows both for these.
    const raw = Buffer.from(json(chunks[0]).replaceAll('\\ufeff', '\uFEFF'))
    const body = Buffer.concat([Buffer.from('data: '), raw, Buffer.from(`\n\n${chunks.slice(1).map((event) => `data: ${json(event)}\n\n`).join('')}`)])
    for (const pieces of [[body], [...body].map((byte) => Buffer.of(byte))]) {
      assert.deepEqual(await read(t, pieces), { items: chunks, error: undefined })
    }
  })

  test('an event that is no JSON is an error that does not quote it', async (t) => {
    const { items, error } = await read(t, [`data: ${json(first)}\n\n`, 'data: {"secret": \n\n', `data: ${json(last)}\n\n`])
    assert.deepEqual(items, [first])
    assert.ok(error instanceof APIError)
    assert.doesNotMatch(error.message, /secret/)
  })
})
