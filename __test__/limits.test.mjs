// Limits on requests, tokens and cost in a window: what is let in, what becomes of the rest, and what is given back.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { APIUserAbortError, ConfigError, RateLimitError } from '../index.mjs'
import { MESSAGES, chatChunks, completion, usageChunk } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { gatedHost, until } from './support/gated.mjs'
import { closedPort, hostFor } from './support/host.mjs'
import { startRedis } from './support/redis.mjs'
import { FALLBACK, OK, ask, assertProblem, refusal } from './support/targets.mjs'

const HOUR = { per: '1h' }
const used = (client) => client.limits()[0].used
const settled = (client, amount) => until(() => used(client) === amount)
/** `completion()` uses 9 tokens of input and 5 of output. */
const ANSWER = 14

async function limited(t, limit, { script = [OK], ...options } = {}) {
  const host = await hostFor(t, script)
  return { host, client: new Portkey({ customHost: host.url, maxRetries: 0, limits: [{ ...HOUR, ...limit }], ...options }) }
}

describe('a limit', { concurrency: true, timeout: 60_000 }, () => {
  test('lets in as many of 1,000 calls at once as it says, and not one more', async (t) => {
    const { host, client } = await limited(t, { requests: 100 })
    const outcomes = await Promise.allSettled(Array.from({ length: 1_000 }, () => ask(client)))
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    assert.deepEqual([host.requests.length, refused.length], [100, 900])
    assert.ok(refused.every(({ reason }) => reason instanceof RateLimitError && reason.code === 'limit_reached'))
    assert.deepEqual([used(client), client.limits()[0].left], [100, 0])
  })

  test('tells of a call that it stops: which limit it was, and when there is room again', async (t) => {
    const { host, client } = await limited(t, { requests: 1, per: '1m', name: 'mine' })
    await ask(client)
    const error = await failure(ask(client))
    assert.ok(error instanceof RateLimitError)
    assert.deepEqual([error.status, error.code, error.type, error.param], [429, 'limit_reached', 'rate_limit_error', 'mine'])
    assert.match(error.message, /^A limit is reached: 1 request in 1m \(mine\)\.\nPOST http.*\nThere is room again in 6[01] s\.$/)
    const milliseconds = Number(error.headers.get?.('retry-after-ms') ?? error.headers['retry-after-ms'])
    assert.ok(milliseconds > 50_000 && milliseconds <= 61_000, String(milliseconds))
    const [attempt] = error.gateway.attempts
    assert.deepEqual([attempt.phase, attempt.code, attempt.limit, attempt.status], ['limit', 'limit_reached', 'mine', null])
    assert.equal(host.requests.length, 1)
  })

  test('counts each value of a metadata key alone, and calls without one together', async (t) => {
    const { host, client } = await limited(t, { requests: 1, by: 'metadata.user' })
    for (const metadata of [{ user: 'a' }, { user: 'b' }, {}]) {
      await ask(client, {}, { metadata })
      assert.equal((await failure(ask(client, {}, { metadata }))).code, 'limit_reached')
    }
    assert.equal(host.requests.length, 3)
    assert.deepEqual(client.limits().map(({ value, used }) => [value, used]).sort(), [[null, 1], ['a', 1], ['b', 1]].sort())
  })

  test('of a target leaves others alone, and clients that are made from one count with it', async (t) => {
    const hosts = [await hostFor(t, [OK]), await hostFor(t, [OK])]
    const targets = hosts.map((host) => ({ custom_host: host.url }))
    const client = new Portkey({ limits: [{ requests: 2, ...HOUR, by: 'target' }], config: { strategy: { mode: 'round_robin' }, targets } })
    for (let call = 0; call < 4; call++) await ask(call % 2 ? client : client.withOptions({ maxRetries: 0 }))
    assert.equal((await failure(ask(client))).code, 'limit_reached')
    assert.deepEqual(hosts.map((host) => host.requests.length), [2, 2])
  })

  test('is no host\'s failure: no circuit opens, nothing is benched, nothing is tried again', async (t) => {
    const { host, client } = await limited(t, { requests: 1 }, {
      maxRetries: 2, config: { cb_config: { failure_threshold: 1, cooldown_interval: 60_000 } },
    })
    await ask(client)
    for (let call = 0; call < 5; call++) assert.equal((await failure(ask(client))).gateway.attempts.length, 1)
    const [{ health, failed }] = client.targets()
    assert.deepEqual([health, failed, host.requests.length], ['healthy', 0, 1])
  })

  test('counts each request that is sent, tried again or not, and none that reached nobody', async (t) => {
    const { client } = await limited(t, { requests: 10 }, { script: [{ ...refusal(500), headers: { 'retry-after-ms': '1' } }, OK], maxRetries: 1 })
    await ask(client)
    assert.equal(used(client), 2)
    const nobody = new Portkey({ customHost: `http://127.0.0.1:${await closedPort()}/v1`, maxRetries: 0, limits: [{ requests: 1, ...HOUR }] })
    for (let call = 0; call < 3; call++) assert.equal((await failure(ask(nobody))).code, 'ECONNREFUSED')
    assert.equal(used(nobody), 0)
  })
})

describe('what is reserved', { concurrency: true, timeout: 60_000 }, () => {
  test('are the tokens that a call may use, until it is known what it used', async (t) => {
    const host = await gatedHost(t)
    const client = new Portkey({ customHost: host.url, limits: [{ tokens: 1_000, ...HOUR }] })
    const call = ask(client, { max_tokens: 600 })
    await host.received(1)
    assert.ok(used(client) > 600)
    assert.equal((await failure(ask(client, { max_tokens: 600 }))).code, 'limit_reached')
    host.open()
    await call
    assert.ok(used(client) < 100)
    await ask(client, { max_tokens: 600 })
  })

  test('is more than a limit for one call: that is said at once', async (t) => {
    const { host, client } = await limited(t, { tokens: 500, on_limit: 'wait' })
    const error = await failure(ask(client, { max_tokens: 5_000 }))
    assert.deepEqual([error.code, error.status], ['limit_too_small', 429])
    assert.match(error.message, /larger than a limit: 500 tokens in 1h/)
    assert.equal(host.requests.length, 0)
  })

  test('is settled with what the host told, whole or streamed, and given back by a refusal', async (t) => {
    const script = [{ json: completion() }, { sse: [...chatChunks(), usageChunk()] }, refusal(500)]
    const { host, client } = await limited(t, { tokens: 10_000 }, { script })
    await ask(client)
    assert.equal(used(client), ANSWER)
    for await (const _ of await ask(client, { stream: true }));
    assert.deepEqual(host.last.json().stream_options, { include_usage: true }, 'a stream is asked for its usage')
    await settled(client, 2 * ANSWER)
    await failure(ask(client))
    assert.equal(used(client), 2 * ANSWER)
  })

  test('is settled by a stream that is left or cut, with what had come', async (t) => {
    const { client } = await limited(t, { tokens: 50_000, reserve: 20_000 }, { script: [{ sse: [...chatChunks().slice(0, -1), 'cut'] }, { sse: [...chatChunks().slice(0, -1), 'hang'] }] })
    await failure((async () => {
      for await (const _ of await ask(client, { stream: true }));
    })())
    await until(() => used(client) < 200)
    for await (const _ of await ask(client, { stream: true })) break
    await until(() => used(client) < 400)
    assert.ok(used(client) > 0)
  })

  test('stays counted where a call is aborted that the host may be working on', async (t) => {
    const host = await gatedHost(t)
    const client = new Portkey({ customHost: host.url, limits: [{ tokens: 1_000, ...HOUR }] })
    const controller = new AbortController()
    const call = ask(client, { max_tokens: 600 }, {}, { signal: controller.signal })
    await host.received(1)
    controller.abort()
    assert.ok((await failure(call)) instanceof APIUserAbortError)
    assert.ok(used(client) > 600)
  })

  test('is a cost by the target\'s prices', async (t) => {
    const { client } = await limited(t, { cost: 0.01 }, { pricing: { input: 1, output: 10 } })
    await ask(client, { max_tokens: 100 })
    assert.ok(Math.abs(used(client) - (9 * 1 + 5 * 10) / 1e6) < 1e-9)
    assert.equal((await failure(ask(client, { max_tokens: 5_000 }))).code, 'limit_too_small')
  })

  test('is a cost by what a service lists, where nobody says more; a model that is not listed is not sent', async () => {
    const client = new Portkey({ provider: 'openai', Authorization: 'x', maxRetries: 0, limits: [{ cost: 0.001, ...HOUR }] })
    const priced = await failure(ask(client, { model: 'gpt-4o-2024-08-06', max_tokens: 1_000_000 }))
    assert.deepEqual([priced.code, priced.status], ['limit_too_small', 429])
    const [unlisted, tier] = [await failure(ask(client, { model: 'mine' })), await failure(ask(client, { model: 'gpt-4o', service_tier: 'flex' }))]
    for (const error of [unlisted, tier]) assert.ok(error instanceof ConfigError && /nobody knows the price of this one/.test(error.message), error.message)
    assert.equal(used(client), 0)
  })
})

describe('a call that finds no room', { concurrency: true, timeout: 60_000 }, () => {
  test('waits for its turn, first come, first served', async (t) => {
    const { host, client } = await limited(t, { requests: 2, per: 600, on_limit: 'wait' })
    const began = performance.now()
    const calls = []
    for (let seed = 0; seed < 6; seed++) {
      calls.push(ask(client, { seed }))
      await until(() => client.limits()[0].waiting === Math.max(0, seed - 1) && (seed > 1 || used(client) === seed + 1))
    }
    const answers = await Promise.all(calls)
    assert.ok(performance.now() - began >= 1_200)
    assert.deepEqual(host.requests.map((request) => request.json().seed), [0, 1, 2, 3, 4, 5])
    const [attempt] = answers[5].getGateway().attempts
    assert.ok(attempt.ms.limit >= 600)
    assert.deepEqual([attempt.limit, attempt.phase], ['limits[0]', 'done'])
    assert.equal(client.limits()[0].waiting, 0)
  })

  test('is called when somebody gives back what he had', async (t) => {
    const host = await gatedHost(t)
    const client = new Portkey({ customHost: host.url, limits: [{ tokens: 1_000, ...HOUR, on_limit: 'wait' }] })
    const calls = [ask(client, { max_tokens: 600 }), ask(client, { max_tokens: 600 })]
    await host.received(1)
    await until(() => client.limits()[0].waiting === 1)
    host.open()
    await Promise.all(calls)
  })

  test('stops waiting when it is aborted, when max_wait is over, and at once where that can\'t help', async (t) => {
    const { client } = await limited(t, { requests: 1, on_limit: 'wait', max_wait: 7_200_000 })
    await ask(client)
    const controller = new AbortController()
    const call = ask(client, {}, {}, { signal: controller.signal })
    await until(() => client.limits()[0].waiting === 1)
    controller.abort()
    assert.ok((await failure(call)) instanceof APIUserAbortError)
    await until(() => client.limits()[0].waiting === 0)
    const began = performance.now()
    assert.equal((await failure(ask(client, {}, {}, { timeout: 30_000 }))).code, 'limit_reached')
    assert.ok(performance.now() - began < 5_000, 'an hour is longer than the call has')

    const host = await gatedHost(t)
    const tokens = new Portkey({ customHost: host.url, limits: [{ tokens: 1_000, ...HOUR, onLimit: 'wait', maxWait: 100 }] })
    const held = ask(tokens, { max_tokens: 600 })
    await host.received(1)
    const error = await failure(ask(tokens, { max_tokens: 600 }))
    assert.equal(error.code, 'limit_reached')
    assert.ok(error.gateway.attempts[0].ms.limit >= 100)
    host.open()
    await held
  })

  for (const strategy of [{ ...FALLBACK, on_status_codes: [500] }, { mode: 'loadbalance' }, { mode: 'least_inflight' }, { mode: 'round_robin' }]) {
    test(`goes to another target: ${strategy.mode}`, async (t) => {
      const hosts = [await hostFor(t, [OK]), await hostFor(t, [OK])]
      const targets = [{ custom_host: hosts[0].url, limits: [{ requests: 2, ...HOUR }] }, { custom_host: hosts[1].url }]
      const client = new Portkey({ config: { strategy, targets } })
      for (let call = 0; call < 12; call++) await ask(client)
      const [one, other] = hosts.map((host) => host.requests.length)
      assert.equal(one + other, 12)
      assert.ok(one <= 2)
    })
  }

  test('goes to another target where only this call is too much', async (t) => {
    const hosts = [await hostFor(t, [OK]), await hostFor(t, [OK])]
    const limits = [{ requests: 1, ...HOUR, by: 'metadata.user' }]
    const targets = [{ name: 'small', custom_host: hosts[0].url, limits }, { name: 'large', custom_host: hosts[1].url }]
    const client = new Portkey({ metadata: { user: 'a' }, config: { strategy: { mode: 'round_robin' }, targets } })
    for (let call = 0; call < 6; call++) await ask(client)
    assert.deepEqual(hosts.map((host) => host.requests.length), [1, 5])
  })

  test('ends where the limit throws, whatever other targets there are', async (t) => {
    const hosts = [await hostFor(t, [OK]), await hostFor(t, [OK])]
    const targets = [{ custom_host: hosts[0].url, limits: [{ requests: 1, ...HOUR, on_limit: 'throw' }] }, { custom_host: hosts[1].url }]
    const client = new Portkey({ config: { strategy: FALLBACK, targets } })
    await ask(client)
    const error = await failure(ask(client))
    assert.ok(error instanceof RateLimitError)
    assert.deepEqual([error.param, hosts[1].requests.length], ['config.targets[0].limits[0]', 0])
  })
})

describe('limits of clients that share a Redis', { concurrency: true, timeout: 60_000 }, () => {
  const clientOf = (host, redis, limit) => new Portkey({ customHost: host.url, maxRetries: 0, cacheStore: { redis }, limits: [{ ...HOUR, ...limit }] })

  test('count together', async (t) => {
    const [host, redis] = [await hostFor(t, [OK]), await startRedis(t)]
    const clients = [clientOf(host, redis.url, { requests: 10 }), clientOf(host, redis.url, { requests: 10 })]
    const outcomes = []
    for (let call = 0; call < 20; call++) outcomes.push(await ask(clients[call % 2]).catch(({ code }) => code))
    assert.equal(host.requests.length, 10)
    assert.deepEqual(outcomes.slice(10), Array(10).fill('limit_reached'))
    assert.deepEqual(clients.map(used), [5, 5])
  })

  test('are settled there too, by metadata, and a call waits for what another process gives back', async (t) => {
    const [host, redis] = [await gatedHost(t), await startRedis(t)]
    const limit = { tokens: 1_000, by: 'metadata.user', on_limit: 'wait' }
    const [one, other] = [clientOf(host, redis.url, limit), clientOf(host, redis.url, limit)]
    // Connected before it counts: a Redis that does not answer in time limits nobody.
    host.isOpen = true
    for (const client of [one, other]) await ask(client, { max_tokens: 9 }, { metadata: { user: 'z' } })
    host.isOpen = false
    const [metadata, own] = [{ user: 'a' }, ({ value }) => value === 'a']
    const first = ask(one, { max_tokens: 600 }, { metadata })
    await host.received(3)
    const second = ask(other, { max_tokens: 600 }, { metadata })
    await until(() => other.limits().find(own)?.waiting === 1)
    assert.equal(other.limits().find(own).used, 0, 'what has no room there is not counted here')
    host.open()
    await Promise.all([first, second])
    assert.equal(host.requests.length, 4)
  })

  test('are kept by each process alone where Redis is dead', async (t) => {
    const host = await hostFor(t, [OK])
    const client = clientOf(host, `redis://127.0.0.1:${await closedPort()}`, { requests: 2 })
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => ask(client)))
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 2)
  })
})

describe('limits that cannot be acted on', () => {
  for (const [options, path, message] of [
    [{ limits: { requests: 1 } }, 'limits', /^expected a list of limits/],
    [{ limits: [{ requests: 1, tokens: 1, per: '1m' }] }, 'limits[0]', /^expected exactly one of requests, tokens, cost/],
    [{ limits: [{ requests: 1 }] }, 'limits[0].per', /^is missing: expected a window/],
    [{ limits: [{ requests: 1, per: '1m', on_limit: 'drop' }] }, 'limits[0].on_limit', /^expected one of wait, fallback, throw$/],
    [{ limits: [{ cost: 1, per: '1d' }] }, 'limits[0].cost', /^needs to know what config takes: give it pricing/],
    [{ limits: [{ cost: 1, per: '1d' }], pricing: { input: 1 } }, 'limits[0].cost', /with input and output where tokens cost$/],
  ]) {
    test(`${path}: ${JSON.stringify(options)}`, () => assertProblem({ customHost: 'http://127.0.0.1:9/v1', ...options }, path, message))
  }

  test('a call can\'t bring its own', async (t) => {
    const { host, client } = await limited(t, { requests: 1 })
    assert.ok((await failure(ask(client, {}, { limits: [] }))) instanceof ConfigError)
    assert.equal(host.requests.length, 0)
  })
})
