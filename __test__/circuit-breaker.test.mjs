// cb_config: what opens a circuit, what it keeps away, and what it is no use for. That it closes again after at least 30 s, by one
// probe, is held by the engine's own tests.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey from '../index.mjs'
import { chatChunks } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { FALLBACK, LOADING, OK, ask, assertProblem, group, health, refusal, rested, state, tried } from './support/targets.mjs'

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
    ['a 429 is none where it is listed beside others', [refusal(429)], breaker({ failure_threshold: 1, failure_status_codes: [429, 503] }), 'healthy'],
    ['a 429 with a wait is none', [refusal(429, { 'retry-after': '60' })], breaker({ failure_threshold: 1 }), 'benched'],
    ['a model that is being loaded is none', [LOADING], breaker({ failure_threshold: 1 }), 'loading'],
  ]) {
    test(what, async (t) => {
      const timeouts = { headers: script[0] === 'hang' ? 50 : 5000 }
      const { client } = await group(t, FALLBACK, [script, [OK]], { own: { cb_config, timeouts } })
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
    const strategies = [{ mode: 'loadbalance' }, { mode: 'loadbalance', sticky: fields }, { mode: 'affinity', ...fields }]
    for (const strategy of [...strategies, { mode: 'round_robin' }, { mode: 'least_inflight' }]) {
      const more = { cb_config: breaker({ failure_threshold: 1 }) }
      const { hosts, client } = await group(t, strategy, [[refusal(503)], [OK]], { more })
      for (let user = 0; health(client) !== 'open healthy'; user++) await tried(client, { user: `${user}` })
      for (let user = 0; user < 20; user++) assert.equal(await tried(client, { user: `${user}` }), 'b', strategy.mode)
      assert.equal(hosts[0].requests.length, 1)
    }
  })

  test('counts a stream once, by its end', async (t) => {
    const cb_config = { failure_threshold_percentage: 100, minimum_requests: 2, cooldown_interval: 30_000 }
    const { client } = await opened(t, cb_config, [[{ sse: [...chatChunks(['word']).slice(0, 2), 'cut'] }], [OK]])
    for (const wanted of ['healthy', 'open']) {
      const stream = await ask(client, { stream: true })
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
    [breaker({ failure_status_codes: [429] }), '.failure_status_codes', /^names a rate limit alone, which never opens a circuit/],
    [breaker({ failure_status_codes: [] }), '.failure_status_codes', /^is empty/],
    [breaker({ threshold: 3 }), '.threshold', /^expected one of failure_threshold, /],
  ]) {
    test(`that cannot be acted on: ${JSON.stringify(cb_config)}`, () => {
      assertProblem({ customHost: 'http://127.0.0.1:9/v1', config: { cb_config } }, `config.cb_config${path}`, message)
    })
  }

  test('that is given twice is a problem', () => {
    const target = { custom_host: 'http://127.0.0.1:9/v1' }
    const config = { strategy: { mode: 'single', cb_config: breaker() }, targets: [target], cb_config: breaker() }
    assertProblem({ config }, 'config.cb_config', /^is given twice, at the node and in its strategy$/)
  })
})
