// How targets fare over many calls: who is passed over, for how long, what ends it, and what targets() tells of it. Rules whose times
// are too long for a test are held to the millisecond by the engine's own tests.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey from '../index.mjs'
import { chatChunks, chunk } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { gatedHost, until } from './support/gated.mjs'
import { hostFor } from './support/host.mjs'
import { FALLBACK, OK, ask, group, health, refusal, rested, state, tried } from './support/targets.mjs'

describe('a target that asks to be left alone', { concurrency: true, timeout: 30_000 }, () => {
  const WAITS = {
    'seconds': [{ 'retry-after': '20' }, 20_000],
    'milliseconds': [{ 'retry-after-ms': '20000' }, 20_000],
    'a date': [() => ({ 'retry-after': new Date(Date.now() + 21_000).toUTCString() }), 21_000],
    'more than a minute': [{ 'retry-after': '3600' }, 60_000],
  }
  for (const status of [429, 503]) {
    for (const [form, [headers, wait]] of Object.entries(WAITS)) {
      test(`is passed over at once: ${status}, ${form}`, async (t) => {
        const asks = () => refusal(status, typeof headers === 'function' ? headers() : headers)
        const { hosts, client } = await group(t, FALLBACK, [asks, [OK]])
        assert.equal(await tried(client), 'a b')
        const { health, backIn, lastError } = state(client)
        assert.equal(health, 'benched')
        assert.ok(backIn <= wait && backIn > wait - 10_000, `${backIn} of ${wait}`)
        assert.deepEqual([lastError.status, lastError.code], [status, 'busy'])
        for (let made = 0; made < 3; made++) assert.equal(await tried(client), 'b')
        assert.equal(hosts[0].requests.length, 1)
      })
    }
  }

  test('comes last in a fallback, which tells of it, and is the last resort', async (t) => {
    const { hosts, client } = await group(t, FALLBACK, [[refusal(429, { 'retry-after': '60' })], [OK], [OK]])
    await ask(client)
    const report = (await ask(client)).getGateway()
    assert.deepEqual(report.changes, ['a was passed over: it failed lately'])
    hosts[0].answer([OK])
    for (const host of hosts.slice(1)) host.answer([refusal(500)])
    assert.equal(await tried(client), 'b c a')
  })

  test('is used where there is no other', async (t) => {
    const host = await hostFor(t, [refusal(503, { 'retry-after': '60' }), OK])
    const client = new Portkey({ customHost: host.url, maxRetries: 0 })
    assert.equal((await failure(ask(client))).status, 503)
    assert.equal(health(client), 'benched')
    await ask(client)
    assert.equal(host.requests.length, 2)
  })

  test('is used where all others are benched, too', async (t) => {
    const { hosts, client } = await group(t, { mode: 'loadbalance' }, Array(3).fill([refusal(429, { 'retry-after': '60' })]))
    while (health(client) !== 'benched benched benched') await tried(client)
    for (const host of hosts) host.answer([OK])
    while (!client.targets().every(({ answered }) => answered > 0)) await ask(client)
  })

  test('is benched with the group that it is all of', async (t) => {
    const [a, b, c] = [await hostFor(t, [refusal(503, { 'retry-after': '60' })]), await hostFor(t, [OK]), await hostFor(t, [OK])]
    const inner = { strategy: { mode: 'loadbalance' }, targets: [{ name: 'a', custom_host: a.url }] }
    const pair = { strategy: { mode: 'round_robin' }, targets: [{ name: 'a2', custom_host: a.url }, { name: 'b', custom_host: b.url }] }
    const client = new Portkey({ config: { strategy: FALLBACK, targets: [inner, pair, { name: 'c', custom_host: c.url }] } })
    while (client.targets()[1].health !== 'benched') await ask(client)
    for (let made = 0; made < 4; made++) assert.equal(await tried(client), 'b', 'the pair has one that is in use')
  })

  test('does not ask by other statuses, nor by a 429 alone', async (t) => {
    for (const answer of [refusal(500, { 'retry-after': '60' }), refusal(429), refusal(404, { 'retry-after': '60' })]) {
      const { client } = await group(t, FALLBACK, [[answer], [OK]])
      await ask(client)
      assert.equal(health(client), 'healthy healthy')
    }
  })

  test('is known to the clients that withOptions makes, and to no other', async (t) => {
    const { hosts, client } = await group(t, FALLBACK, [[refusal(429, { 'retry-after': '60' })], [OK]])
    await ask(client.withOptions({ traceID: 'other' }))
    for (const own of [client, client.withOptions({ maxRetries: 3 }), client.withOptions({ retryBudget: { reserve: 0 } })]) {
      assert.equal(health(own), 'benched healthy')
      assert.equal(await tried(own), 'b')
      assert.equal(await tried(own, {}, { metadata: { own: 'yes' } }), 'b')
    }
    const stranger = new Portkey({ config: client.config })
    assert.equal(health(stranger), 'healthy healthy')
    assert.equal(await tried(stranger), 'a b')
    assert.equal(hosts[0].requests.length, 2)
  })
})

describe('a target that fails', { concurrency: true, timeout: 30_000 }, () => {
  const FAILURES = {
    'a 500': [refusal(500)],
    'a 503': [refusal(503)],
    'no JSON': [{ text: 'hello' }],
    'a broken connection': ['reset'],
    'a clock': ['hang'],
    'a body that breaks off': [{ headers: { 'content-length': '99', 'content-type': 'application/json' }, chunks: ['{', 'cut'] }],
  }
  for (const [what, script] of Object.entries(FAILURES)) {
    test(`is passed over for a second from the second time in a row on: ${what}`, async (t) => {
      const { client } = await group(t, FALLBACK, [script, [OK]], { own: { timeouts: { headers: what === 'a clock' ? 50 : 5000 } } })
      assert.equal(await tried(client), 'a b')
      assert.equal(health(client), 'healthy healthy')
      assert.equal(await tried(client), 'a b')
      const { health: now, backIn, failed } = state(client)
      assert.deepEqual([now, failed], ['benched', 2])
      assert.ok(backIn > 0 && backIn <= 1000, `${backIn}`)
      assert.equal(await tried(client), 'b')
    })
  }

  test('is passed over where it cannot be reached', async (t) => {
    const spare = await hostFor(t, [OK])
    const targets = [{ name: 'a', custom_host: 'http://127.0.0.1:9/v1' }, { name: 'b', custom_host: spare.url }]
    const client = new Portkey({ config: { strategy: FALLBACK, targets } })
    assert.deepEqual([await tried(client), await tried(client), await tried(client)], ['a b', 'a b', 'b'])
    assert.deepEqual([state(client).lastError.status, state(client).lastError.code], [null, 'ECONNREFUSED'])
  })

  const BEGUN = chatChunks(['word']).slice(0, 2)
  const OUT_OF_MEMORY = { error: { message: 'out of memory' } }
  /** What the host sends, given when the first word was read; and who is tried. */
  const STREAMS = {
    'before their first content': [() => [chunk({ role: 'assistant' }), OUT_OF_MEMORY], 'a b'],
    'right after their first content': [() => [...BEGUN, 'cut'], 'a'],
    'when they were read so far': [(read) => [...BEGUN, { pause: read }, 'reset'], 'a'],
    'in an error': [(read) => [...BEGUN, { pause: read }, OUT_OF_MEMORY], 'a'],
  }
  for (const [when, [events, wanted]] of Object.entries(STREAMS)) {
    test(`is passed over where its streams fail ${when}`, async (t) => {
      let tell
      const fails = () => ({ sse: events(new Promise((resolve) => (tell = resolve))), done: false })
      const { client } = await group(t, FALLBACK, [fails, [{ sse: chatChunks() }]])
      for (const route of [wanted, wanted, 'b']) {
        const stream = await ask(client, { stream: true })
        await (async () => { for await (const _ of stream) tell() })().catch((error) => assert.equal(route, 'a', error))
        assert.equal(stream.getGateway().attempts.map(({ target }) => target).join(' '), route)
      }
      assert.deepEqual([state(client).health, state(client).answered, state(client).failed], ['benched', 0, 2])
    })
  }

  test('has answered a stream that its reader leaves', async (t) => {
    const { client } = await group(t, FALLBACK, [[refusal(500), { sse: [...BEGUN, 'hang'] }, refusal(500)], [OK]])
    await ask(client)
    const stream = await ask(client, { stream: true })
    for await (const _ of stream) break
    await until(() => state(client).answered === 1)
    await ask(client)
    assert.deepEqual([state(client).health, state(client).failed], ['healthy', 2], 'the failures are not in a row')
  })

  test("is not to blame for the caller's mistakes", async (t) => {
    for (const status of [400, 401, 404, 413, 422, 501]) {
      const { client } = await group(t, FALLBACK, [[refusal(status)], [OK]])
      for (let made = 0; made < 4; made++) assert.equal(await tried(client), 'a b', `${status}`)
      assert.equal(health(client), 'healthy healthy')
    }
  })

  test('is benched by failures in a row: an answer between them begins a new one', async (t) => {
    const { client } = await group(t, FALLBACK, [[refusal(500), OK, refusal(500), OK, refusal(500), refusal(500)], [OK]])
    const seen = []
    for (let made = 0; made < 7; made++) seen.push(await tried(client))
    assert.deepEqual(seen, ['a b', 'a', 'a b', 'a', 'a b', 'a b', 'b'])
  })

  test('is passed over for longer the next time', async (t) => {
    const { client } = await group(t, FALLBACK, [[refusal(500)], [OK]])
    await ask(client)
    await ask(client)
    await rested(client)
    assert.equal(await tried(client), 'a b')
    const { backIn } = state(client)
    assert.ok(backIn > 1000 && backIn <= 2000, `${backIn}`)
  })

  test('is back at once when it has answered, as the last resort', async (t) => {
    const { hosts, client } = await group(t, FALLBACK, [[refusal(500), refusal(500), OK], [OK]])
    await ask(client)
    await ask(client)
    assert.equal(health(client), 'benched healthy')
    hosts[1].answer([refusal(404)])
    assert.equal(await tried(client), 'b a')
    assert.deepEqual([state(client).health, state(client).backIn], ['healthy', null])
    assert.equal(await tried(client), 'a')
  })

  test('is forgiven what another target failed alike, since it is the call that is to blame', async (t) => {
    const { client } = await group(t, FALLBACK, [[refusal(500)], [refusal(500)]])
    for (let made = 0; made < 4; made++) assert.equal(await tried(client), 'a b')
    assert.equal(health(client), 'healthy healthy')
    const unlike = await group(t, FALLBACK, [[refusal(500)], [refusal(502)]])
    for (let made = 0; made < 2; made++) assert.equal(await tried(unlike.client), 'a b')
    assert.equal(health(unlike.client), 'benched benched')
  })

  test('is not forgiven where a third one answers: the call was well', async (t) => {
    const { client } = await group(t, FALLBACK, [[refusal(500)], [refusal(500)], [OK]])
    assert.deepEqual([await tried(client), await tried(client), await tried(client)], ['a b c', 'a b c', 'c'])
  })

  test('has its choice by a condition whatever it did: that is never questioned', async (t) => {
    const strategy = { mode: 'conditional', conditions: [{ query: { 'metadata.to': 'a' }, then: 'a' }], default: 'b' }
    const breaker = { failure_threshold: 1, cooldown_interval: 30_000 }
    const { hosts, client } = await group(t, strategy, [[refusal(503, { 'retry-after': '60' })], [OK]], { own: { cb_config: breaker } })
    const call = { metadata: { to: 'a' } }
    assert.equal((await failure(ask(client, {}, call))).status, 503)
    assert.equal(health(client), 'open healthy')
    hosts[0].answer([OK])
    assert.equal(await tried(client, {}, call), 'a')
  })
})

describe('targets()', { concurrency: true, timeout: 30_000 }, () => {
  test('tells of every target, in the order of the config, before any call', async (t) => {
    const host = await hostFor(t, [OK])
    const client = new Portkey({
      maxConcurrent: 4,
      config: {
        custom_host: `${host.url}?token=hidden`,
        strategy: FALLBACK,
        targets: [
          { name: 'first', provider: 'ollama', api_key: 'sk-hidden' },
          { strategy: { mode: 'round_robin' }, targets: [{ max_concurrent: 2 }, { name: 'deep' }] },
        ],
      },
    })
    const fresh = { health: 'healthy', inFlight: 0, queued: 0, backIn: null, answered: 0, failed: 0, latency: null, lastError: null }
    const at = (target, path, provider, maxConcurrent) => ({ target, path, provider, url: host.url, maxConcurrent, ...fresh })
    assert.deepEqual(client.targets(), [
      at('first', 'config.targets[0]', 'ollama', 4),
      at('config.targets[1].targets[0]', 'config.targets[1].targets[0]', 'openai', 2),
      at('deep', 'config.targets[1].targets[1]', 'openai', 4),
    ])
  })

  test('counts what was answered and what was not, and tells how long an answer takes', async (t) => {
    const host = await gatedHost(t, (request) => (request.json().seed ? refusal(500) : OK))
    const client = new Portkey({ customHost: host.url, maxRetries: 0 })
    const began = performance.now()
    const first = ask(client)
    await host.received(1)
    assert.deepEqual([state(client).inFlight, state(client).latency], [1, null])
    const heldAt = performance.now()
    await until(() => performance.now() - heldAt > 20)
    host.open()
    await first
    const { latency } = state(client)
    assert.ok(latency >= 20 && latency <= performance.now() - began, `${latency}`)
    await failure(ask(client, { seed: 1 }))
    await ask(client)
    const { answered, failed, inFlight, lastError, health: now } = state(client)
    assert.deepEqual({ answered, failed, inFlight, now }, { answered: 2, failed: 1, inFlight: 0, now: 'healthy' })
    assert.deepEqual([lastError.status, lastError.code], [500, 'busy'])
    assert.ok(state(client).latency < latency, 'the recent ones count')
  })

  test('tells how long ago the last error was, and nothing of what was said', async (t) => {
    const says = { error: { message: 'secret words of the host', type: 'server_error', param: 'secret param' }, secret: 'more' }
    const host = await hostFor(t, [{ status: 500, json: says }])
    const client = new Portkey({ customHost: `${host.url}?key=secret`, Authorization: 'sk-secret', maxRetries: 0 })
    await failure(ask(client, {}, { metadata: { user: 'secret user' } }))
    const { lastError } = state(client)
    assert.deepEqual(Object.keys(lastError), ['code', 'status', 'ago'])
    assert.doesNotMatch(JSON.stringify(client.targets()), /secret|Say this is a test/)
    const at = performance.now()
    await until(() => performance.now() - at > 10)
    assert.ok(state(client).lastError.ago >= lastError.ago + 10)
  })

  test('tells of a stream as long as it is open', async (t) => {
    const host = await hostFor(t, [{ sse: [...chatChunks(['word']).slice(0, 2), 'hang'] }])
    const client = new Portkey({ customHost: host.url })
    const stream = await ask(client, { stream: true })
    assert.deepEqual([state(client).inFlight, state(client).answered], [1, 0])
    stream.controller.abort()
    await until(() => state(client).inFlight === 0)
    assert.equal(state(client).answered, 1)
  })

  test('gives what is its own: changing it changes nothing', async (t) => {
    const host = await hostFor(t, [OK])
    const client = new Portkey({ customHost: host.url })
    client.targets()[0].health = 'broken'
    client.targets().length = 0
    assert.equal(health(client), 'healthy')
  })
})
