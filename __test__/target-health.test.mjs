// How targets fare over many calls, and what follows: the bench, the circuit breaker, models that are being loaded, health checks
// and the budget of retries. Rules whose times are too long for a test are held to the millisecond by the engine's own tests.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { ConfigError } from '../index.mjs'
import { MESSAGES, chatChunks, chunk, completion, envelope } from './support/answers.mjs'
import { failure, thrown } from './support/failures.mjs'
import { gatedHost, until } from './support/gated.mjs'
import { closedPort, hostFor } from './support/host.mjs'

const OK = { json: completion() }
const refusal = (status, headers) => ({ status, headers, json: envelope('the words of the host', { code: 'busy' }) })
const LOADING = { status: 503, json: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } } }

const ask = (client, params, opts, body) => client.chat.completions.create({ messages: MESSAGES, ...body }, params, opts)
/** The targets of a call's attempts, in order, whether it was answered or not. */
async function tried(client, ...rest) {
  const outcome = await ask(client, ...rest).catch((error) => error)
  const report = outcome instanceof Error ? outcome.gateway : outcome.getGateway()
  return report.attempts.map(({ target }) => target).join(' ')
}
const state = (client, at = 0) => client.targets()[at]
const health = (client) => client.targets().map((target) => target.health).join(' ')
/** Resolves when no target is passed over any more. */
const rested = (client) => until(() => client.targets().every(({ backIn }) => backIn === null))
const posts = (host) => host.requests.filter(({ method }) => method === 'POST')
const gets = (host) => host.requests.filter(({ method }) => method === 'GET')

/** Targets a, b, c … with a script each, in a group with `strategy`; `more` goes into the config, `own` into the first target. */
async function group(t, strategy, scripts, { more, own, options } = {}) {
  const hosts = []
  for (const script of scripts) hosts.push(await hostFor(t, script))
  const targets = hosts.map((host, at) => ({ name: 'abcdef'[at], custom_host: host.url, ...(at === 0 ? own : {}) }))
  return { hosts, client: new Portkey({ ...options, config: { strategy, targets, ...more } }) }
}
const FALLBACK = { mode: 'fallback' }

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
      assert.equal(await tried(own, { metadata: { own: 'yes' } }), 'b')
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
      const { client } = await group(t, FALLBACK, [script, [OK]], { more: { timeouts: { headers: what === 'a clock' ? 50 : 5000 } } })
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
    const targets = [{ name: 'a', custom_host: `http://127.0.0.1:${await closedPort()}/v1` }, { name: 'b', custom_host: spare.url }]
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
        const stream = await ask(client, undefined, undefined, { stream: true })
        await (async () => { for await (const _ of stream) tell() })().catch((error) => assert.equal(route, 'a', error))
        assert.equal(stream.getGateway().attempts.map(({ target }) => target).join(' '), route)
      }
      assert.deepEqual([state(client).health, state(client).answered, state(client).failed], ['benched', 0, 2])
    })
  }

  test('has answered a stream that its reader leaves', async (t) => {
    const { client } = await group(t, FALLBACK, [[refusal(500), { sse: [...BEGUN, 'hang'] }, refusal(500)], [OK]])
    await ask(client)
    const stream = await ask(client, undefined, undefined, { stream: true })
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
    assert.equal((await failure(ask(client, call))).status, 503)
    assert.equal(health(client), 'open healthy')
    hosts[0].answer([OK])
    assert.equal(await tried(client, call), 'a')
  })
})

describe('a circuit breaker', { concurrency: true, timeout: 30_000 }, () => {
  const breaker = (more) => ({ failure_threshold: 3, cooldown_interval: 30_000, ...more })
  const opened = async (t, cb_config, scripts = [[refusal(503)], [OK]]) => group(t, FALLBACK, scripts, { own: { cb_config } })

  test('opens after failure_threshold failures, and then its target is not used at all', async (t) => {
    const { hosts, client } = await opened(t, breaker())
    assert.equal(await tried(client), 'a b')
    assert.equal(health(client), 'healthy healthy')
    assert.equal(await tried(client), 'a b')
    await rested(client)
    assert.equal(await tried(client), 'a b')
    const { health: now, backIn } = state(client)
    assert.equal(now, 'open')
    assert.ok(backIn > 20_000 && backIn <= 30_000, `${backIn}`)
    hosts[1].answer([refusal(500)])
    assert.equal(await tried(client), 'b', 'a benched target would be the last resort')
    assert.equal(hosts[0].requests.length, 3)
  })

  for (const [what, script, cb_config, wanted] of [
    ['a 500 is no failure', [refusal(500)], breaker({ failure_threshold: 1 }), 'healthy'],
    ['a 500 is one where it is listed', [refusal(500)], breaker({ failure_threshold: 1, failure_status_codes: [500] }), 'open'],
    ['a 503 is none where it is not listed', [refusal(503)], breaker({ failureThreshold: 1, failureStatusCodes: [500] }), 'healthy'],
    ['no answer is one', ['reset'], breaker({ failure_threshold: 1 }), 'open'],
    ['no answer counts as 500', ['reset'], breaker({ failure_threshold: 1, failure_status_codes: [502] }), 'healthy'],
    ['a clock is one', ['hang'], breaker({ failure_threshold: 1 }), 'open'],
    ['a clock counts as 408', ['hang'], breaker({ failure_threshold: 1, failure_status_codes: [408] }), 'open'],
    ["a caller's mistake is none", [refusal(400)], breaker({ failure_threshold: 1 }), 'healthy'],
    ['a 429 is none', [refusal(429)], breaker({ failure_threshold: 1, failure_threshold_percentage: 1, minimum_requests: 1 }), 'healthy'],
    ['a 429 with a wait is none', [refusal(429, { 'retry-after': '60' })], breaker({ failure_threshold: 1 }), 'benched'],
    ['a model that is being loaded is none', [LOADING], breaker({ failure_threshold: 1 }), 'loading'],
  ]) {
    test(what, async (t) => {
      const { client } = await group(t, FALLBACK, [script, [OK]], { own: { cb_config, timeouts: { headers: script[0] === 'hang' ? 50 : 5000 } } })
      assert.equal(await tried(client), 'a b')
      assert.equal(state(client).health, wanted)
    })
  }

  test('opens by the percentage, once there are enough requests', async (t) => {
    const cb_config = { failure_threshold_percentage: 50, minimum_requests: 4, cooldown_interval: 30_000 }
    const { client } = await opened(t, cb_config, [[refusal(503), OK, OK, refusal(503)], [OK]])
    const seen = []
    for (let made = 0; made < 4; made++) {
      await ask(client)
      seen.push(state(client).health)
    }
    assert.deepEqual(seen, ['healthy', 'healthy', 'healthy', 'open'])
    assert.equal(await tried(client), 'b')
  })

  test('is one for each target, where the strategy or the group names it', async (t) => {
    for (const where of ['strategy', 'group']) {
      const cb_config = breaker({ failure_threshold: 1 })
      const strategy = where === 'strategy' ? { ...FALLBACK, cb_config } : FALLBACK
      const { client } = await group(t, strategy, [[refusal(503)], [refusal(502)], [OK]], { more: where === 'group' ? { cbConfig: cb_config } : {} })
      assert.equal(await tried(client), 'a b c')
      assert.equal(health(client), 'open open healthy')
      assert.equal(await tried(client), 'c')
    }
  })

  test('that is open for all targets is no use: all are used, in order', async (t) => {
    const { hosts, client } = await group(t, FALLBACK, [[refusal(503)], [refusal(502)]], { more: { cb_config: breaker({ failure_threshold: 1 }) } })
    assert.equal(await tried(client), 'a b')
    assert.equal(health(client), 'open open')
    assert.equal(await tried(client), 'a b')
    hosts[1].answer([OK])
    assert.equal(await tried(client), 'a b')
    assert.equal(health(client), 'open open', 'only a probe closes it')
    const single = await hostFor(t, [refusal(503), OK])
    const alone = new Portkey({ maxRetries: 0, config: { custom_host: single.url, cb_config: breaker({ failure_threshold: 1 }) } })
    await failure(ask(alone))
    assert.equal(health(alone), 'open')
    await ask(alone)
  })

  test('keeps load away in every strategy', async (t) => {
    const fields = { hash_fields: ['params.user'] }
    for (const strategy of [{ mode: 'loadbalance' }, { mode: 'loadbalance', sticky: fields }, { mode: 'round_robin' }, { mode: 'least_inflight' }, { mode: 'affinity', ...fields }]) {
      const { hosts, client } = await group(t, strategy, [[refusal(503)], [OK]], { more: { cb_config: breaker({ failure_threshold: 1 }) } })
      for (let user = 0; health(client) !== 'open healthy'; user++) await tried(client, undefined, undefined, { user: `${user}` })
      for (let user = 0; user < 20; user++) assert.equal(await tried(client, undefined, undefined, { user: `${user}` }), 'b', strategy.mode)
      assert.equal(hosts[0].requests.length, 1)
    }
  })

  test('counts a stream once, by its end', async (t) => {
    const cb_config = { failure_threshold_percentage: 100, minimum_requests: 2, cooldown_interval: 30_000 }
    const { client } = await opened(t, cb_config, [[{ sse: [...chatChunks(['word']).slice(0, 2), 'cut'] }], [OK]])
    for (const wanted of ['healthy', 'open']) {
      const stream = await ask(client, undefined, undefined, { stream: true })
      await failure((async () => { for await (const _ of stream); })())
      assert.equal(state(client).health, wanted)
    }
  })

  test('forgives what two targets failed alike', async (t) => {
    const { client } = await group(t, FALLBACK, [[refusal(503)], [refusal(503)]], { more: { cb_config: breaker({ failure_threshold: 1 }) } })
    for (let made = 0; made < 3; made++) assert.equal(await tried(client), 'a b')
    assert.equal(health(client), 'healthy healthy')
  })

  const COOLDOWN = /expected milliseconds, at least 30000$/
  for (const [cb_config, path, message] of [
    [{ failure_threshold: 3 }, '.cooldown_interval', /^is missing; expected milliseconds, at least 30000$/],
    [{ failure_threshold: 3, cooldown_interval: 29_999 }, '.cooldown_interval', COOLDOWN],
    [{ cooldown_interval: 30_000 }, '', /^needs a failure_threshold or a failure_threshold_percentage, or both$/],
    [breaker({ failure_threshold: 0 }), '.failure_threshold', /^expected a number of failures, at least 1$/],
    [breaker({ failure_threshold_percentage: 101 }), '.failure_threshold_percentage', /^expected a percentage above 0 and at most 100$/],
    [breaker({ minimum_requests: -1 }), '.minimum_requests', /^expected a whole number from 0/],
    [breaker({ failure_status_codes: [500, 429] }), '.failure_status_codes[1]', /^429 is a rate limit, which never opens a circuit/],
    [breaker({ failure_status_codes: [] }), '.failure_status_codes', /^is empty/],
    [breaker({ threshold: 3 }), '.threshold', /^expected one of failure_threshold, /],
  ]) {
    test(`that cannot be acted on: ${JSON.stringify(cb_config)}`, () => {
      const error = thrown(() => new Portkey({ customHost: 'http://127.0.0.1:9/v1', config: { cb_config } }))
      assert.ok(error instanceof ConfigError)
      assert.deepEqual(error.problems.map((problem) => problem.path), [`config.cb_config${path}`])
      assert.match(error.problems[0].message, message)
    })
  }

  test('that is given twice is a problem', () => {
    const target = { custom_host: 'http://127.0.0.1:9/v1' }
    const error = thrown(() => new Portkey({ config: { cb_config: breaker(), strategy: { mode: 'single', cb_config: breaker() }, targets: [target] } }))
    assert.match(error.message, /is given twice, at the node and in its strategy$/)
  })
})

describe('a model that is being loaded', { concurrency: true, timeout: 30_000 }, () => {
  test('is waited for, which uses up no attempt', async (t) => {
    const host = await gatedHost(t, (() => { let made = 0; return () => [LOADING, refusal(500, { 'retry-after-ms': '1' }), OK][made++] })())
    const client = new Portkey({ customHost: host.url, maxRetries: 1, retryBudget: { reserve: 1, ratio: 0.01 } })
    const call = ask(client)
    await host.received(1)
    host.letGo()
    await host.received(2)
    assert.equal(health(client), 'loading')
    host.open()
    const { attempts } = (await call).getGateway()
    assert.deepEqual(attempts.map(({ status, retryReason }) => [status, retryReason]), [[503, null], [500, 'the model is loading'], [200, 'status 500']])
    assert.equal(health(client), 'healthy')
  })

  test('is waited for as the last target of a fallback, and streamed', async (t) => {
    const { hosts, client } = await group(t, FALLBACK, [[refusal(500)], [LOADING, { sse: chatChunks(['well']) }]])
    const stream = await ask(client, undefined, undefined, { stream: true })
    let text = ''
    for await (const event of stream) text += event.choices[0].delta.content ?? ''
    assert.equal(text, 'well')
    assert.deepEqual(hosts.map(({ requests }) => requests.length), [1, 2])
  })

  test('is not waited for where another target may answer, and has not failed', async (t) => {
    const { client } = await group(t, FALLBACK, [[LOADING], [OK]])
    for (let made = 0; made < 4; made++) assert.equal(await tried(client), 'a b')
    const { health: now, failed, backIn } = state(client)
    assert.deepEqual({ now, failed, backIn }, { now: 'loading', failed: 0, backIn: null })
  })

  test('is waited for where the other target may not answer: its circuit is open, or the status is not listed', async (t) => {
    const spare = { strategy: { mode: 'fallback' }, targets: [{ custom_host: 'http://127.0.0.1:9/v1', is_open: true }] }
    const cases = [[FALLBACK, { id: 'circuit' }, spare], [{ ...FALLBACK, on_status_codes: [429] }, {}, { custom_host: 'http://127.0.0.1:9/v1' }]]
    await Promise.all(cases.map(async ([strategy, more, other]) => {
      const host = await hostFor(t, [LOADING, OK])
      const client = new Portkey({ config: { ...more, strategy, targets: [{ name: 'a', custom_host: host.url }, other] } })
      assert.equal(await tried(client), 'a a')
    }))
  })

  const IMPATIENT = {
    'the option maxRetries': [{ maxRetries: 0 }, {}],
    "a call's maxRetries": [{}, {}, { maxRetries: 0 }],
    "a config's attempts": [{}, { retry: { attempts: 0 } }],
  }
  for (const [what, [options, config, opts]] of Object.entries(IMPATIENT)) {
    test(`is not waited for where nothing is to be sent again, by ${what}`, async (t) => {
      const host = await hostFor(t, [LOADING])
      const client = new Portkey({ ...options, config: { custom_host: host.url, ...config } })
      const error = await failure(ask(client, undefined, opts))
      assert.equal(error.status, 503)
      assert.match(error.message, /^503 Loading model\n/)
      assert.equal(host.requests.length, 1)
      assert.equal(health(client), 'loading')
    })
  }

  test('can be given up: an abort ends the wait', async (t) => {
    const host = await hostFor(t, [LOADING])
    const client = new Portkey({ customHost: host.url })
    const controller = new AbortController()
    const call = ask(client, undefined, { signal: controller.signal })
    await until(() => health(client) === 'loading')
    controller.abort()
    assert.equal((await failure(call)).name, 'APIUserAbortError')
    assert.equal(state(client).inFlight, 0)
  })
})

describe('a health check', { concurrency: true, timeout: 30_000 }, () => {
  const HOUR = 3_600_000
  /** A fallback whose first host refuses each POST and answers a GET as told. */
  async function watched(t, health_check, answer, own = {}) {
    const script = (request) => (request.method === 'GET' ? answer() : refusal(500))
    const { hosts, client } = await group(t, FALLBACK, [script, [OK]], { own: { api_key: 'sk-own', health_check, ...own } })
    return { host: hosts[0], client }
  }

  for (const [path, asked] of [['/health', '/health'], ['/health?full=1', '/health?full=1'], [undefined, '/v1/models'], ['status?full=1', '/v1/status?full=1']]) {
    test(`asks a benched target by a GET of ${asked}, and a 2xx ends the bench`, async (t) => {
      const { host, client } = await watched(t, { path, interval: HOUR }, () => ({ json: {} }))
      await ask(client)
      assert.equal(gets(host).length, 0, 'it has failed once, and is in use')
      await ask(client)
      assert.equal(gets(host).length, 0, 'an idle client sends nothing')
      assert.equal(await tried(client), 'b')
      await host.until(() => gets(host).length === 1)
      const [{ path: line, text, headers }] = gets(host)
      assert.deepEqual([line, text, headers.authorization, headers['content-type']], [asked, '', 'Bearer sk-own', undefined])
      await rested(client)
      assert.equal(await tried(client), 'a b')
      assert.equal(health(client), 'healthy healthy', 'the row of failures has begun anew')
      assert.ok(host.requests.every(({ method, path: line }) => method === 'GET' || line === '/v1/chat/completions'))
    })
  }

  for (const [what, answer] of [['a 503', refusal(503)], ['a 404', refusal(404)], ['a redirect', { status: 302, headers: { location: '/' } }], ['nothing', 'reset']]) {
    test(`that brings ${what} changes nothing`, async (t) => {
      const { host, client } = await watched(t, { path: '/health', interval: HOUR }, () => answer)
      await ask(client)
      await ask(client)
      await ask(client)
      await host.until(() => gets(host).length === 1)
      await rested(client)
      assert.equal(await tried(client), 'a b')
      assert.ok(state(client).backIn > 1000, 'the third failure in a row')
      assert.equal(gets(host).length, 1, 'the interval is an hour')
    })
  }

  test('is made no oftener than every interval', async (t) => {
    const { host, client } = await watched(t, { path: '/health', interval: 100 }, () => refusal(503))
    const began = performance.now()
    while (gets(host).length < 3) await ask(client)
    const most = Math.floor((performance.now() - began) / 100) + 1
    assert.ok(gets(host).length <= most, `${gets(host).length} in ${most - 1} intervals`)
  })

  test('does not end the wait that a rate limit asked for', async (t) => {
    const answers = { 429: 'benched', 503: 'healthy' }
    for (const [status, wanted] of Object.entries(answers)) {
      const script = (request) => (request.method === 'GET' ? { json: {} } : refusal(Number(status), { 'retry-after': '60' }))
      const { hosts, client } = await group(t, FALLBACK, [script, [OK]], { more: { health_check: { path: '/health', interval: HOUR } } })
      await ask(client)
      assert.equal(health(client), 'benched healthy')
      await ask(client)
      if (wanted === 'healthy') {
        await hosts[0].until(() => gets(hosts[0]).length === 1)
        await rested(client)
      }
      await ask(client.withOptions({ traceID: 'later' }))
      assert.equal(gets(hosts[0]).length, wanted === 'healthy' ? 1 : 0)
      assert.equal(posts(hosts[0]).length, wanted === 'healthy' ? 2 : 1)
    }
  })

  for (const [health_check, path, message] of [
    [{ interval: 99 }, '.interval', /^expected a whole number from 100 to 3600000/],
    [{ path: 5 }, '.path', /^expected a/],
    [{ url: '/health' }, '.url', /^expected one of path, interval$/],
    ['/health', '', /^expected an object, got a string/],
  ]) {
    test(`that cannot be acted on: ${JSON.stringify(health_check)}`, () => {
      const error = thrown(() => new Portkey({ customHost: 'http://127.0.0.1:9/v1', config: { health_check } }))
      assert.ok(error instanceof ConfigError)
      assert.deepEqual(error.problems.map((problem) => problem.path), [`config.health_check${path}`])
      assert.match(error.problems[0].message, message)
    })
  }
})

describe('a budget of retries', { concurrency: true, timeout: 30_000 }, () => {
  const LIMITED = [refusal(429, { 'retry-after-ms': '1' })]
  async function limited(t, options) {
    const host = await hostFor(t, LIMITED)
    return { host, client: new Portkey({ customHost: host.url, ...options }) }
  }

  test('lets 1,000 calls to a host that refuses them all send a fifth more requests, and ten', async (t) => {
    const { host, client } = await limited(t)
    for (let round = 0; round < 10; round++) {
      const errors = await Promise.all(Array.from({ length: 100 }, () => failure(ask(client))))
      assert.ok(errors.every(({ status }) => status === 429))
    }
    assert.ok(host.requests.length <= 1000 * 1.2 + 10, `${host.requests.length}`)
    assert.ok(host.requests.length > 1000 * 1.1, `${host.requests.length}: it is there to be spent`)
  })

  test('of its own: each call puts in the ratio, each retry takes out one, and it begins with the reserve', async (t) => {
    const { host, client } = await limited(t, { retryBudget: { ratio: 0.5, reserve: 3 } })
    const requests = []
    for (let made = 0; made < 6; made++) {
      const before = host.requests.length
      const error = await failure(ask(client))
      requests.push(host.requests.length - before)
      assert.equal(error.headers['x-portkey-retry-attempt-count'], '-1')
    }
    // 3.5 are there for the first call, then 2.0, 0.5, 1.0, 0.5, 1.0.
    assert.deepEqual(requests, [3, 3, 1, 2, 1, 2])
  })

  test('is lifted by false', async (t) => {
    const { host, client } = await limited(t, { retryBudget: false })
    await Promise.all(Array.from({ length: 50 }, () => failure(ask(client))))
    assert.equal(host.requests.length, 150)
  })

  test('is one for a client, those made from it, and calls that bring options', async (t) => {
    const { host, client } = await limited(t, { retryBudget: { ratio: 0.001, reserve: 4 } })
    await failure(ask(client))
    await failure(ask(client.withOptions({ traceID: 'other' })))
    await failure(ask(client, { metadata: { own: 'yes' } }))
    await failure(ask(client))
    assert.equal(host.requests.length, 4 + 4)
  })

  test("may be a call's own, or that of a client made from another", async (t) => {
    const { host, client } = await limited(t, { retryBudget: { ratio: 0.001, reserve: 0 } })
    const requests = []
    for (const call of [() => ask(client), () => ask(client, { retryBudget: false }), () => ask(client, { retryBudget: { reserve: 1 } }), () => ask(client), () => ask(client.withOptions({ retryBudget: null }))]) {
      const before = host.requests.length
      await failure(call())
      requests.push(host.requests.length - before)
    }
    assert.deepEqual(requests, [1, 3, 2, 1, 3])
  })

  test('takes nothing for going on to the next target', async (t) => {
    const { hosts, client } = await group(t, FALLBACK, [[refusal(404)], [OK]], { options: { retryBudget: { ratio: 0.001, reserve: 0 } } })
    for (let made = 0; made < 5; made++) assert.equal(await tried(client), 'a b')
    assert.deepEqual(hosts.map(({ requests }) => requests.length), [5, 5])
  })

  for (const [retryBudget, path, message] of [
    [true, '', /^expected \{ ratio: above 0 and at most 1, reserve: a whole number ≥ 0 \}, or false for no limit$/],
    [{ ratio: 0 }, '.ratio', /^expected a number above 0 and at most 1$/],
    [{ ratio: 1.5 }, '.ratio', /^expected a number above 0 and at most 1$/],
    [{ reserve: -1 }, '.reserve', /^expected a whole number from 0/],
    [{ rate: 0.2 }, '.rate', /^expected one of ratio, reserve$/],
  ]) {
    test(`that cannot be acted on: ${JSON.stringify(retryBudget)}`, () => {
      const error = thrown(() => new Portkey({ customHost: 'http://127.0.0.1:9/v1', retryBudget }))
      assert.ok(error instanceof ConfigError)
      assert.deepEqual(error.problems.map((problem) => problem.path), [`retryBudget${path}`])
      assert.match(error.problems[0].message, message)
    })
  }
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
    await failure(ask(client, undefined, undefined, { seed: 1 }))
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
    await failure(ask(client, { metadata: { user: 'secret user' } }))
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
    const stream = await ask(client, undefined, undefined, { stream: true })
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
