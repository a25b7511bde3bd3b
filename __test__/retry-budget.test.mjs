// What all calls of a client together may spend on retries.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey from '../index.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { FALLBACK, OK, ask, assertProblem, group, refusal, tried } from './support/targets.mjs'

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
    await failure(ask(client, {}, { metadata: { own: 'yes' } }))
    await failure(ask(client))
    assert.equal(host.requests.length, 4 + 4)
  })

  test("may be a call's own, or that of a client made from another", async (t) => {
    const { host, client } = await limited(t, { retryBudget: { ratio: 0.001, reserve: 0 } })
    const requests = []
    const calls = [
      () => ask(client),
      () => ask(client, {}, { retryBudget: false }),
      () => ask(client, {}, { retryBudget: { reserve: 1 } }),
      () => ask(client),
      () => ask(client.withOptions({ retryBudget: null })),
    ]
    for (const call of calls) {
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
      assertProblem({ customHost: 'http://127.0.0.1:9/v1', retryBudget }, `retryBudget${path}`, message)
    })
  }
})
