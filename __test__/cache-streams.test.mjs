// Streams and the cache: what is recorded, how it is given again, and equal streams at the same time.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { APIError, APIUserAbortError, InternalServerError, Stream, StreamTruncatedError } from '../index.mjs'
import { MESSAGES, chatChunks, chunk, completion, envelope, usageChunk } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { collect, eventsOf, recorded, recordings, textOf } from './support/recorded.mjs'

const WORDS = ['This', ' is', ' a', ' test.']
const SSE = { 'content-type': 'text/event-stream' }

async function setUp(t, script = [{ sse: chatChunks(WORDS) }], { config, ...options } = {}) {
  const host = await hostFor(t, script)
  return { host, client: new Portkey({ maxRetries: 0, config: { custom_host: host.url, cache: 'simple', ...config }, ...options }) }
}

const open = (client, body, params, opts) => client.chat.completions.create({ messages: MESSAGES, stream: true, ...body }, params, opts)
const statusOf = (answer) => answer.getHeaders()['cache-status']

/** Reads a whole stream; gives its events and its status. */
async function read(stream) {
  const { items, error } = await collect(stream)
  assert.equal(error, undefined, error?.stack)
  return { items, status: statusOf(await stream), report: (await stream).getGateway() }
}

async function inFlight(client, count) {
  while (client.targets()[0].inFlight !== count) await new Promise(setImmediate)
}

function gate() {
  let open
  const passed = new Promise((resolve) => (open = resolve))
  return { passed, open }
}

describe('a stream that was kept', () => {
  const whole = recordings().filter((name) => eventsOf(recorded(name)).some(({ choices }) => choices?.[0]?.finish_reason))
  test('is there for nearly every recording', () => assert.ok(whole.length >= 15, whole.join(', ')))

  for (const name of whole) {
    test(`is given again event by event: ${name}`, async (t) => {
      const body = recorded(name)
      const { host, client } = await setUp(t, [{ headers: SSE, chunks: [body] }])
      const create = name.includes('completion') ? () => client.completions.create({ prompt: 'p', stream: true }) : () => open(client)
      const first = await read(create())
      assert.deepEqual(first.items, eventsOf(body))
      const second = await read(create())
      assert.deepEqual(second.items, first.items)
      assert.deepEqual([first.status, second.status], ['MISS', 'HIT'])
      assert.deepEqual(second.report.usage, first.report.usage)
      assert.equal(host.requests.length, 1)
    })
  }

  test('holds reasoning, tool calls, further choices, fields that nobody knows and usage as they came', async (t) => {
    const call = (more) => ({ tool_calls: [{ index: 0, ...more }] })
    const sent = [
      chunk({ role: 'assistant', content: '' }),
      chunk({ reasoning_content: 'Hm' }), chunk({ reasoning: '…' }),
      chunk({ content: 'é\ud83d\ude00' }), chunk({ content: '' }),
      { ...chunk(), choices: [{ index: 1, delta: { content: 'other' }, finish_reason: 'stop', logprobs: { content: [] } }] },
      chunk(call({ id: 'c1', type: 'function', function: { name: 'f', arguments: '' } })),
      chunk(call({ function: { arguments: '{"a":' } })), chunk(call({ function: { arguments: '1.0}' } })),
      { ...chunk({}), timings: { ms: 1e-7 }, system_fingerprint: null },
      chunk({}, 'tool_calls'),
      usageChunk(),
    ]
    const { host, client } = await setUp(t, [{ sse: sent }])
    assert.deepEqual((await read(open(client))).items, sent)
    const hit = await read(open(client))
    assert.deepEqual(hit.items, sent)
    assert.equal(hit.status, 'HIT')
    assert.deepEqual(hit.report.usage, usageChunk().usage)
    assert.deepEqual(hit.report.attempts, [])
    assert.equal(hit.report.cache, 'HIT')
    assert.equal(host.requests.length, 1)
  })

  test('can be read in every way that a stream can', async (t) => {
    const { host, client } = await setUp(t)
    await read(open(client))
    const { data, response } = await open(client).withResponse()
    assert.ok(data instanceof Stream)
    assert.equal(response.status, 200)
    assert.equal(response.headers['content-type'], 'text/event-stream')
    assert.equal(response.headers['x-portkey-cache-status'], 'HIT')
    const both = await Promise.all(data.tee().map((stream) => collect(stream)))
    for (const { items } of both) assert.deepEqual(items, chatChunks(WORDS))
    const lines = await new Response((await open(client)).toReadableStream()).text()
    assert.deepEqual(lines.trim().split('\n').map((line) => JSON.parse(line)), chatChunks(WORDS))
    const raw = await new Response((await open(client).asResponse()).body).text()
    assert.equal(raw, [...chatChunks(WORDS).map((event) => JSON.stringify(event)), '[DONE]'].map((event) => `data: ${event}\n\n`).join(''))
    assert.equal(host.requests.length, 1)
  })

  test('can be left in its middle, and is there again', async (t) => {
    const { host, client } = await setUp(t)
    await read(open(client))
    for await (const _ of await open(client)) break
    const aborted = await open(client)
    aborted.controller.abort()
    assert.deepEqual((await collect(aborted)).items, [])
    assert.deepEqual((await read(open(client))).items, chatChunks(WORDS))
    assert.equal(host.requests.length, 1)
    assert.equal(client.targets()[0].inFlight, 0)
  })

  test('is another answer than the whole one to the same messages', async (t) => {
    const { host, client } = await setUp(t, (request) => (request.json().stream ? { sse: chatChunks(WORDS) } : { json: completion('whole') }))
    const ask = () => client.chat.completions.create({ messages: MESSAGES })
    assert.deepEqual([statusOf(await ask()), (await read(open(client))).status], ['MISS', 'MISS'])
    assert.deepEqual([statusOf(await ask()), (await read(open(client))).status], ['HIT', 'HIT'])
    assert.equal(host.requests.length, 2)
  })

  test('is made anew for who wants it', async (t) => {
    const { client } = await setUp(t, [{ sse: chatChunks(['old']) }, { sse: chatChunks(['new']) }])
    await read(open(client))
    const refreshed = await read(open(client, {}, { cacheForceRefresh: true }))
    assert.deepEqual([refreshed.status, textOf(refreshed.items)], ['REFRESH', 'new'])
    const kept = await read(open(client))
    assert.deepEqual([kept.status, textOf(kept.items)], ['HIT', 'new'])
  })

  test('is never shared by two tenants', async (t) => {
    const { host, client } = await setUp(t, (request) => ({ sse: chatChunks([request.headers.authorization]) }))
    const by = async (Authorization) => textOf((await read(open(client, {}, { Authorization }))).items)
    assert.deepEqual([await by('a'), await by('b'), await by('a')], ['Bearer a', 'Bearer b', 'Bearer a'])
    assert.equal(host.requests.length, 2)
  })

  test("is the target's that answered, where another failed before", async (t) => {
    const A = await hostFor(t, [{ sse: [chunk({ role: 'assistant' }), { error: { message: 'busy', code: 503 } }] }])
    const B = await hostFor(t, [{ sse: chatChunks(WORDS) }])
    const targets = [{ custom_host: A.url }, { custom_host: B.url }]
    const client = new Portkey({ config: { strategy: { mode: 'fallback' }, cache: 'simple', targets } })
    const first = await read(open(client))
    assert.deepEqual([first.status, first.report.attempts.length], ['MISS', 2])
    const second = await read(open(client))
    assert.deepEqual([second.status, second.report.attempts.length, second.report.target], ['HIT', 1, 'config.targets[1]'])
    assert.deepEqual(second.items, chatChunks(WORDS))
    assert.equal(B.requests.length, 1)
  })

  test('does not hold its reader back while it is recorded', async (t) => {
    const { passed, open: goOn } = gate()
    const { client } = await setUp(t, [{ sse: [chunk({ content: 'a' }), { pause: passed }, chunk({ content: 'b' }, 'stop')] }])
    const iterator = (await open(client))[Symbol.asyncIterator]()
    assert.equal((await iterator.next()).value.choices[0].delta.content, 'a')
    goOn()
    assert.equal((await iterator.next()).value.choices[0].delta.content, 'b')
  })
})

describe('a stream is never kept', () => {
  const half = [chunk({ role: 'assistant', content: '' }), chunk({ content: 'half' })]
  const guard = { contains: { words: ['bad'], operator: 'none' } }
  const NEVER = {
    'that was refused': [{ status: 429, json: envelope('slow down') }, APIError],
    'that broke off': [{ sse: [...half, 'reset'] }, StreamTruncatedError],
    'that ended without a finish reason': [{ sse: [...half, 'end'] }, StreamTruncatedError],
    'that ended in [DONE] alone': [{ sse: half }],
    'that brought an error': [{ sse: [...half, { error: { message: 'out of memory', code: 500 } }] }, InternalServerError],
    'that brought an event that is no JSON': [{ sse: [...half, '{nonsense'] }, StreamTruncatedError],
    'with one choice that was never finished': [
      { sse: [chunk({ content: 'a' }), { ...chunk(), choices: [{ index: 1, delta: { content: 'b' }, finish_reason: null }] }, chunk({}, 'stop')] },
    ],
    'that stalled': [{ sse: [...half, 'hang'] }, APIError, { timeouts: { idle: 60 } }],
    'that failed a check, without being denied': [{ sse: chatChunks(['bad']) }, undefined, { output_guardrails: [guard] }],
    'that was denied': [{ sse: chatChunks(['bad']) }, APIError, { output_guardrails: [{ ...guard, deny: true }] }],
  }
  for (const [what, [step, Type, config]] of Object.entries(NEVER)) {
    test(what, async (t) => {
      const { host, client } = await setUp(t, [step, { sse: chatChunks(['good']) }], { config })
      const { error } = await collect(open(client))
      if (Type) assert.ok(error instanceof Type, error?.stack)
      else assert.equal(error, undefined)
      assert.equal(client.cacheState().entries, 0)
      const next = await read(open(client))
      assert.deepEqual([next.status, textOf(next.items)], ['MISS', 'good'])
      assert.equal((await read(open(client))).status, 'HIT')
      assert.equal(host.requests.length, 2)
    })
  }

  const LEAVING = {
    'whose reader leaves the loop': async (stream) => {
      for await (const _ of stream) break
    },
    'whose reader aborts it': async (stream) => {
      await stream[Symbol.asyncIterator]().next()
      stream.controller.abort()
    },
    "whose call's signal aborts": async (stream, abort) => {
      const iterator = stream[Symbol.asyncIterator]()
      await iterator.next()
      abort.abort()
      assert.ok((await failure(iterator.next())) instanceof APIUserAbortError)
    },
    'that nobody reads': async (stream) => stream.controller.abort(),
  }
  for (const [what, leave] of Object.entries(LEAVING)) {
    test(what, async (t) => {
      const { host, client } = await setUp(t, [{ sse: [chunk({ content: 'half' }), 'hang'] }, { sse: chatChunks(['good']) }])
      const abort = new AbortController()
      await leave(await open(client, {}, undefined, { signal: abort.signal }), abort)
      await host.closed()
      assert.equal(client.cacheState().entries, 0)
      const next = await read(open(client))
      assert.deepEqual([next.status, textOf(next.items)], ['MISS', 'good'])
    })
  }

  test('that is larger than what is kept of one answer, and is given whole', async (t) => {
    const words = Array.from({ length: 40 }, (_, at) => String(at).padEnd(2_000, 'x'))
    const { host, client } = await setUp(t, [{ sse: chatChunks(words) }], { cacheStore: { maxBytes: 100_000 } })
    for (let calls = 1; calls <= 2; calls++) {
      const { status, items } = await read(open(client))
      assert.equal(status, 'MISS')
      assert.equal(textOf(items), words.join(''))
      assert.equal(host.requests.length, calls)
    }
    assert.equal(client.cacheState().entries, 0)
  })
})

describe('equal streams at the same time', () => {
  const STREAMS = 12

  async function together(host, client, signals = []) {
    const first = open(client, {}, undefined, { signal: signals[0] })
    await host.received()
    const others = Array.from({ length: STREAMS - 1 }, () => open(client))
    await inFlight(client, STREAMS)
    return [first, ...others]
  }

  test('are made once, and each reader has every event', async (t) => {
    const { passed, open: goOn } = gate()
    const { host, client } = await setUp(t, [{ sse: [...chatChunks(WORDS).slice(0, 2), { pause: passed }, ...chatChunks(WORDS).slice(2)] }])
    const calls = await together(host, client)
    goOn()
    const all = await Promise.all(calls.map(read))
    assert.equal(host.requests.length, 1)
    for (const { items } of all) assert.deepEqual(items, chatChunks(WORDS))
    assert.deepEqual(all.map(({ status }) => status), ['MISS', ...Array(STREAMS - 1).fill('HIT')])
  })

  test('are made once although nobody reads the first', async (t) => {
    const { host, client } = await setUp(t)
    const [first, second] = [await open(client), await open(client)]
    assert.deepEqual((await read(second)).items, chatChunks(WORDS))
    assert.deepEqual((await read(first)).items, chatChunks(WORDS))
    assert.equal(host.requests.length, 1)
  })

  test('each go on by themselves and at once when the one that was made is refused', async (t) => {
    const { passed, open: goOn } = gate()
    const all = gate()
    const { host, client } = await setUp(t, [
      { status: 500, json: envelope('busy'), before: passed }, { sse: chatChunks(['own']), before: all.passed },
    ])
    const calls = await together(host, client)
    const outcomes = Promise.all(calls.map(collect))
    goOn()
    await host.received(STREAMS)
    all.open()
    const [first, ...others] = await outcomes
    assert.ok(first.error instanceof InternalServerError)
    for (const { items, error } of others) assert.deepEqual([textOf(items), error], ['own', undefined])
  })

  test('each go on by themselves when the one that was made breaks off', async (t) => {
    const { passed, open: goOn } = gate()
    const { host, client } = await setUp(t, [
      { sse: [chunk({ content: 'half' }), { pause: passed }, 'reset'] }, { sse: chatChunks(['own']) },
    ])
    const calls = await together(host, client)
    const outcomes = Promise.all(calls.map(collect))
    goOn()
    const [first, ...others] = await outcomes
    assert.ok(first.error instanceof StreamTruncatedError)
    for (const { items, error } of others) assert.deepEqual([textOf(items), error], ['own', undefined])
    assert.ok(host.requests.length > 1)
  })

  test('go on with one of those who wait when the reader of the first leaves', async (t) => {
    const { host, client } = await setUp(t, [{ sse: [chunk({ content: 'half' }), 'hang'] }, { sse: chatChunks(['second']) }])
    const [first, ...others] = await together(host, client)
    for await (const _ of await first) break
    const all = await Promise.all(others.map(read))
    for (const { items } of all) assert.equal(textOf(items), 'second')
    assert.equal(host.requests.length, 2)
    assert.equal(all.filter(({ status }) => status === 'MISS').length, 1)
  })

  test('do not wait for one whose reader is slow', { timeout: 10_000 }, async (t) => {
    // More than the engine reads ahead for a reader who does not come.
    const words = Array.from({ length: 400 }, (_, at) => `${at} `.padEnd(10_000, 'x'))
    const { host, client } = await setUp(t, [{ sse: chatChunks(words) }])
    const streams = [await open(client), await open(client), await open(client)]
    for (const stream of [streams[1], streams[2], streams[0]]) {
      assert.equal(textOf((await read(stream)).items), words.join(''))
    }
    assert.ok(host.requests.length <= 3)
    assert.equal((await read(open(client))).status, 'HIT')
  })
})
