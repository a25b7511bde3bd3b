// What a client records of its calls: one entry each, whatever became of it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import Portkey from '../index.mjs'
import { MESSAGES, chatChunks, completion, usageChunk } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'

const { native } = createRequire(import.meta.url)('../js/native.js')
const BODY = { model: 'asked', messages: MESSAGES }

/** A client that records into a list, and a promise of so many entries. */
function recording(options) {
  const entries = []
  const waiting = []
  const onRecord = (entry) => {
    entries.push(entry)
    for (const { count, resolve } of waiting) if (entries.length >= count) resolve(entries)
  }
  const until = (count) => new Promise((resolve) => {
    if (entries.length >= count) resolve(entries)
    else waiting.push({ count, resolve })
  })
  return { client: new Portkey({ onRecord, ...options }), entries, until }
}

describe('a record', { concurrency: true, timeout: 30_000 }, () => {
  test('tells of a whole answer: who asked for what, who answered, how long it took, what it used and cost', async (t) => {
    const host = await hostFor(t, [{ headers: { 'x-request-id': 'req-7' }, json: completion() }])
    const { client, until } = recording({ customHost: host.url, metadata: { team: 'blue' }, traceID: 'trace-1', pricing: { input: 1, output: 2 } })
    const answer = await client.chat.completions.create(BODY)
    const [entry] = await until(1)
    const { id, spanId, began, ms, attempts, tokensPerSecond, ...rest } = entry
    assert.match(id, /^[0-9a-f]{32}$/)
    assert.match(spanId, /^[0-9a-f]{16}$/)
    assert.ok(Math.abs(began - Date.now()) < 30_000)
    assert.ok(ms.total > 0 && tokensPerSecond > 0)
    assert.deepEqual(attempts.map(({ status, phase }) => [status, phase]), [[200, 'done']])
    assert.deepEqual(rest, {
      traceId: 'trace-1', parentSpanId: null, spanName: null,
      endpoint: 'chat.completions.create', stream: false, outcome: 'ok', status: 200, code: null,
      provider: 'openai', target: 'config', path: 'config',
      model: 'asked', answeredBy: 'local-model', requestId: 'req-7', answerId: 'chatcmpl-1',
      usage: { input: 9, output: 5, cached: 0, written: 0, reasoning: 0, estimated: false },
      cost: (9 * 1 + 5 * 2) / 1e6, cache: 'DISABLED', changes: [], failedHooks: [], metadata: { team: 'blue' }, content: null,
    })
    assert.equal(answer.getGateway().cost, rest.cost)
  })

  test('tells of a stream: its first token, its usage, and its model', async (t) => {
    const host = await hostFor(t, [{ sse: [...chatChunks(), usageChunk()] }])
    const { client, until } = recording({ customHost: host.url, pricing: 'free' })
    const stream = await client.chat.completions.create({ ...BODY, stream: true })
    for await (const _ of stream);
    const [entry] = await until(1)
    assert.deepEqual([entry.outcome, entry.stream, entry.status, entry.answeredBy], ['ok', true, 200, 'local-model'])
    assert.deepEqual(entry.usage, { input: 9, output: 5, cached: 0, written: 0, reasoning: 0, estimated: false })
    assert.ok(entry.ms.firstToken > 0 && entry.ms.firstToken <= entry.ms.total)
    assert.deepEqual([entry.cost, stream.getGateway().cost], [0, 0])
  })

  test('estimates what nobody counted, and says so', async (t) => {
    const host = await hostFor(t, [{ sse: chatChunks() }])
    const { client, until } = recording({ customHost: host.url })
    for await (const _ of await client.chat.completions.create({ ...BODY, stream: true }));
    const [entry] = await until(1)
    assert.equal(entry.usage.estimated, true)
    assert.ok(entry.usage.input > 0 && entry.usage.output > 0)
    assert.equal(entry.cost, null)
  })

  test('tells of every attempt of a call that failed, and why', async (t) => {
    const host = await hostFor(t, [{ status: 500, headers: { 'retry-after-ms': '1' }, json: { error: { message: 'no', code: 'broken_gpu' } } }])
    const { client, until } = recording({ customHost: host.url, maxRetries: 1 })
    await failure(client.chat.completions.create(BODY))
    const [entry] = await until(1)
    assert.deepEqual([entry.outcome, entry.status, entry.code], ['error', 500, 'broken_gpu'])
    assert.deepEqual(entry.attempts.map(({ status, retryReason }) => [status, retryReason]), [[500, null], [500, 'status 500']])
    assert.equal(entry.usage, null)
  })

  test('tells of a stream that was cut, with what had come', async (t) => {
    const host = await hostFor(t, [{ sse: [...chatChunks().slice(0, 3), 'cut'], done: false }])
    const { client, until } = recording({ customHost: host.url, captureContent: true })
    await failure((async () => {
      for await (const _ of await client.chat.completions.create({ ...BODY, stream: true }));
    })())
    const [entry] = await until(1)
    assert.equal(entry.outcome, 'error')
    assert.equal(entry.content.answer.text, 'This is')
    assert.deepEqual(entry.content.request, { ...BODY, stream: true })
    assert.ok(entry.usage.estimated)
  })

  test('tells of a call and of a stream that were aborted', async (t) => {
    const host = await hostFor(t, [{ sse: [...chatChunks().slice(0, 3), 'hang'], done: false }, 'hang'])
    const { client, until } = recording({ customHost: host.url })
    const stream = await client.chat.completions.create({ ...BODY, stream: true })
    for await (const _ of stream) break
    const [streamed] = await until(1)
    assert.deepEqual([streamed.outcome, streamed.stream, streamed.usage.estimated], ['aborted', true, true])
    const signal = AbortSignal.timeout(50)
    await failure(client.chat.completions.create(BODY, {}, { signal }))
    const [, whole] = await until(2)
    assert.deepEqual([whole.outcome, whole.stream, whole.attempts.length], ['aborted', false, 1])
  })

  test('has told of calls that were aborted when a flush after them is over', async (t) => {
    const host = await hostFor(t, () => 'hang')
    const { client, entries } = recording({ customHost: host.url })
    for (let round = 1; round <= 20; round++) {
      const stopping = new AbortController()
      const calls = Array.from({ length: 5 }, () => failure(client.chat.completions.create(BODY, {}, { signal: stopping.signal })))
      await host.until(() => host.requests.length === 5 * round)
      stopping.abort()
      await Promise.all(calls)
      assert.deepEqual(await client.flush(), { whole: true, dropped: 0 })
      assert.equal(entries.length, 5 * round)
    }
  })

  test('holds no prompt, no answer and no credential unless contents are asked for', async (t) => {
    const host = await hostFor(t, [{ json: completion('ANSWER-CANARY') }])
    const options = { customHost: host.url, Authorization: 'Bearer KEY-CANARY', xTenant: 'TENANT-CANARY', forwardHeaders: ['xTenant'] }
    const asked = { model: 'm', messages: [{ role: 'user', content: 'PROMPT-CANARY' }] }
    const plain = recording(options)
    await plain.client.chat.completions.create(asked)
    assert.doesNotMatch(JSON.stringify(await plain.until(1)), /CANARY/)
    const full = recording({ ...options, captureContent: true })
    await full.client.chat.completions.create(asked)
    const text = JSON.stringify(await full.until(1))
    assert.match(text, /PROMPT-CANARY.*ANSWER-CANARY/)
    assert.doesNotMatch(text, /KEY-CANARY|TENANT-CANARY/)
  })

  test('goes to the listener of the client that made the call', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const first = recording({ customHost: host.url })
    const second = []
    const other = first.client.withOptions({ onRecord: (entry) => second.push(entry) })
    const same = first.client.withOptions({ traceID: 'same' })
    await other.chat.completions.create(BODY)
    await same.chat.completions.create(BODY)
    assert.deepEqual((await first.until(1)).map(({ traceId }) => traceId), ['same'])
    assert.equal(second.length, 1)
  })
})

describe('a log of records', { concurrency: true, timeout: 30_000 }, () => {
  function folder(t) {
    const made = mkdtempSync(path.join(os.tmpdir(), 'records-'))
    t.after(() => rmSync(made, { recursive: true }))
    return made
  }

  const entriesIn = (file) => readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line))

  test('is a file of JSON lines, whole once it is flushed', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const file = path.join(folder(t), 'calls.ndjson')
    const client = new Portkey({ customHost: host.url, logs: { file } })
    await Promise.all(Array.from({ length: 200 }, () => client.chat.completions.create(BODY)))
    assert.deepEqual(await client.flush(), { whole: true, dropped: 0 })
    const entries = entriesIn(file)
    assert.equal(entries.length, 200)
    assert.equal(new Set(entries.map(({ id }) => id)).size, 200)
    assert.ok(entries.every(({ status }) => status === 200))
  })

  test('holds each record in one line, in a folder that is made, also where the host broke lines', async (t) => {
    const host = await hostFor(t, () => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(completion('a\nb'), null, 2) }))
    const file = path.join(folder(t), 'made', 'calls.ndjson')
    const client = new Portkey({ customHost: host.url, logs: { file }, captureContent: true })
    await client.chat.completions.create(BODY)
    assert.deepEqual(await client.flush(), { whole: true, dropped: 0 })
    const [entry, ...others] = entriesIn(file)
    assert.equal(others.length, 0)
    assert.equal(entry.content.answer.choices[0].message.content, 'a\nb')
  })

  test('is begun anew when it has grown to its limit, and keeps so many old files', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const where = folder(t)
    const client = new Portkey({ customHost: host.url, logs: { file: path.join(where, 'calls.ndjson'), maxBytes: 4096, maxFiles: 2 } })
    for (let made = 0; made < 40; made++) {
      await client.chat.completions.create(BODY)
      await client.flush()
    }
    assert.deepEqual(readdirSync(where).sort(), ['calls.ndjson', 'calls.ndjson.1', 'calls.ndjson.2'])
    for (const name of readdirSync(where)) {
      const text = readFileSync(path.join(where, name), 'utf8')
      assert.ok(text.length <= 4096, `${name}: ${text.length}`)
      assert.ok(text.endsWith('\n'))
    }
  })

  test('is written when the process ends, without a flush', (t) => {
    const file = path.join(folder(t), 'calls.ndjson')
    const script = `const { Portkey } = require('portkey-native')
      new Portkey({ customHost: 'http://127.0.0.1:9/v1', maxRetries: 0, logs: { file: process.argv[1] } }).models.list().catch(() => process.exit())`
    const { status, stderr } = spawnSync(process.execPath, ['-e', script, file], { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.deepEqual(entriesIn(file).map(({ outcome }) => outcome), ['error'])
  })

  test('in a database loses what is too old, and the oldest while it is too large', async (t) => {
    const host = await hostFor(t, [{ json: completion('x'.repeat(2000)) }])
    const database = path.join(folder(t), 'calls.sqlite')
    const idsIn = () => JSON.parse(native().readRecords(database, JSON.stringify({ list: { limit: 1000 } }))).map(({ traceId }) => traceId)
    const record = async (traceID, count, logs) => {
      const client = new Portkey({ customHost: host.url, captureContent: true, traceID, logs: { database, ...logs } })
      await Promise.all(Array.from({ length: count }, () => client.chat.completions.create(BODY)))
      assert.deepEqual(await client.flush(), { whole: true, dropped: 0 })
    }
    await record('old', 200, {})
    assert.equal(idsIn().length, 200)
    // What is written first is looked at first.
    await record('large', 1, { maxBytes: 200_000 })
    const left = idsIn()
    assert.equal(left[0], 'large')
    assert.ok(left.length > 5 && left.length < 100, `${left.length}`)
    assert.ok(statSync(database).size < 600_000, `${statSync(database).size}`)
    await record('young', 1, { maxAge: 1 })
    assert.ok(idsIn().every((id) => id === 'young'))
  })

  test('that cannot be written is refused at construction', (t) => {
    const nowhere = path.join(folder(t), 'nowhere')
    writeFileSync(nowhere, 'no folder')
    const file = path.join(nowhere, 'calls.ndjson')
    assert.throws(() => new Portkey({ customHost: 'http://h/v1', logs: { file } }), { name: 'ConfigError', message: /logs\.file: cannot be written to/ })
    assert.throws(() => new Portkey({ customHost: 'http://h/v1', logs: { path: file } }), /logs\.path: expected one of database, file, maxAge, maxBytes, maxFiles/)
    assert.throws(() => new Portkey({ customHost: 'http://h/v1', onRecord: 'yes' }), /onRecord: expected a function/)
  })

  test('belongs to a client: a call cannot bring its own', async () => {
    const client = new Portkey({ customHost: 'http://127.0.0.1:9/v1' })
    const error = await failure(client.chat.completions.create(BODY, { captureContent: true }))
    assert.match(error.message, /captureContent: belongs to a client/)
    await assert.rejects(async () => client.chat.completions.create(BODY, { onRecord() {} }), /onRecord: expected a value that has a JSON form/)
  })
})
