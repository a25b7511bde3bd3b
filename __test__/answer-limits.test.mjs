// What a host may send: an answer that is too long, zipped or not, headers without end. The memory stays bounded.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'

import Portkey from '../index.mjs'
import { MESSAGES, completion } from './support/answers.mjs'
import { startChild } from './support/child.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'

const chat = (host, options, stream) => new Portkey({ customHost: host.url, maxRetries: 0, ...options }).chat.completions.create({ messages: MESSAGES, stream })
const MIB = 1 << 20
const JSON_TYPE = { 'content-type': 'application/json' }

function assertTooLarge(error, most) {
  assert.equal(error.name, 'APIError')
  assert.equal(error.code, 'answer_too_large')
  assert.equal(error.status, 200)
  assert.match(error.message, new RegExp(`^The answer is longer than ${most} bytes; it was not read any further\\.\\n.*\\nRaise maxAnswerBytes`))
}

/** So many bytes as pieces, endless without a count. */
function* endless(count = Infinity) {
  const piece = 'x'.repeat(64 << 10)
  for (let sent = 0; sent < count; sent += piece.length) yield piece
}

describe('an answer that is too long', () => {
  test('as its length says is not read at all', async (t) => {
    const host = await hostFor(t, [{ chunks: ['{', 'hang'], headers: { ...JSON_TYPE, 'content-length': '5000' } }])
    assertTooLarge(await failure(chat(host, { maxAnswerBytes: 4999 })), 4999)
    await host.closed()
  })

  for (const [where, options] of Object.entries({ option: { maxAnswerBytes: MIB }, config: { config: { max_answer_bytes: MIB } } })) {
    test(`as turns out while it is read ends the connection (${where})`, async (t) => {
      const host = await hostFor(t, [{ chunks: endless(), headers: JSON_TYPE }])
      assertTooLarge(await failure(chat(host, options)), MIB)
      await host.closed()
      assert.equal(host.requests.length, 1)
    })
  }

  test('of a target leaves the call to the next', async (t) => {
    const [long, short] = [await hostFor(t, [{ chunks: endless(), headers: JSON_TYPE }]), await hostFor(t, [{ json: completion() }])]
    const targets = [{ custom_host: long.url, max_answer_bytes: 1000 }, { custom_host: short.url }]
    const client = new Portkey({ config: { strategy: { mode: 'fallback' }, targets } })
    const answer = await client.chat.completions.create({ messages: MESSAGES })
    assert.deepEqual(answer.getGateway().attempts.map(({ code }) => code), ['answer_too_large', null])
  })

  test('is as long as it may be at the limit', async (t) => {
    const answer = completion()
    const host = await hostFor(t, [{ json: answer }])
    const size = Buffer.byteLength(JSON.stringify(answer))
    assert.deepEqual(await chat(host, { maxAnswerBytes: size }), answer)
    assertTooLarge(await failure(chat(host, { maxAnswerBytes: size - 1 })), size - 1)
  })

  test('in place of a stream is no stream', async (t) => {
    const host = await hostFor(t, [{ chunks: endless(), headers: JSON_TYPE }])
    assertTooLarge(await failure(chat(host, { maxAnswerBytes: MIB }, true)), MIB)
  })

  test('that explains an error is cut', async (t) => {
    const host = await hostFor(t, [{ status: 500, chunks: endless(), headers: { 'content-type': 'text/plain' } }])
    const error = await failure(chat(host))
    assert.equal(error.status, 500)
    assert.match(error.message, /^500 x{300}…\n/)
    await host.closed()
  })

  test('by default is one of more than 256 MiB; only a number of bytes is taken', () => {
    for (const maxAnswerBytes of [0, -1, 1.5, 2 ** 29, '1']) {
      assert.throws(() => new Portkey({ customHost: 'http://x.test', maxAnswerBytes }), /^ConfigError: maxAnswerBytes: expected a whole number from 1 to 536870888/)
    }
  })
})

describe('a zipped answer', () => {
  test('that grows beyond the limit is given up, whatever its own size', async (t) => {
    const zipped = gzipSync(Buffer.alloc(64 * MIB, 32))
    assert.ok(zipped.length < MIB / 10)
    const host = await hostFor(t, [{ body: zipped, headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }])
    assertTooLarge(await failure(chat(host, { maxAnswerBytes: MIB })), MIB)
  })

  test('that grows without end takes no more memory than its limit', async (t) => {
    const zipped = gzipSync(Buffer.alloc(1024 * MIB, 32))
    const host = await hostFor(t, [{ body: zipped, headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }])
    const child = startChild(t, `
      const limited = new Portkey({ customHost: url, maxRetries: 0, maxAnswerBytes: ${16 * MIB} })
      const peak = () => process.resourceUsage().maxRSS
      const before = peak()
      for (let round = 0; round < 3; round++) await limited.models.list().catch((error) => say(error.code))
      say(String(peak() - before))`, { host })
    const { lines, errors } = await child.ended
    assert.deepEqual(lines.slice(0, 3), Array(3).fill('answer_too_large'), errors)
    assert.ok(Number(lines[3]) < 128 * 1024, `${lines[3]} KiB more`)
  })

  test('that is whole is read as any other', async (t) => {
    const answer = completion('long '.repeat(100_000))
    const host = await hostFor(t, [{ body: gzipSync(JSON.stringify(answer)), headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }])
    assert.deepEqual(await chat(host), answer)
  })
})

describe('headers of an answer', () => {
  test('that are too long or too many are told', async (t) => {
    const lines = (count, length) => Array.from({ length: count }, (_, at) => `x-${at}: ${'y'.repeat(length)}\r\n`).join('')
    for (const headers of [lines(1, 2 * MIB), lines(90, 16 << 10), lines(2000, 1)]) {
      const host = await hostFor(t, [{ raw: [`HTTP/1.1 200 OK\r\n${headers}\r\n`, 'hang'] }])
      const error = await failure(chat(host))
      assert.equal(error.code, 'EPROTO')
      assert.match(error.message, /headers are too long to be read/)
      await host.closed()
    }
  })

  test('without end end the call', async (t) => {
    function* head() {
      yield 'HTTP/1.1 200 OK\r\nx: '
      yield* endless()
    }
    const host = await hostFor(t, [{ raw: head() }])
    assert.equal((await failure(chat(host))).code, 'EPROTO')
  })
})
