// max_concurrent: how many requests a target takes at once, who waits for it, how long, and what ends the wait.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import Portkey, { APIConnectionTimeoutError, APIUserAbortError, RateLimitError } from '../index.mjs'
import { chatChunks, chunk } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { gatedHost, until } from './support/gated.mjs'
import { hostFor } from './support/host.mjs'
import { FALLBACK, OK, ask, assertProblem, refusal } from './support/targets.mjs'

const at = (answer) => answer.getGateway().target
const queued = (client, count) => until(() => client.targets()[0].queued === count)

/** A client of one gated host, which takes one request at once unless `options` say otherwise. */
async function busy(t, options, answer) {
  const host = await gatedHost(t, answer)
  return { host, client: new Portkey({ customHost: host.url, maxConcurrent: 1, ...options }) }
}

/** A fallback from such a host to one that is idle. */
async function followed(t, target, strategy) {
  const host = await gatedHost(t)
  const spare = await hostFor(t, [OK])
  const targets = [{ name: 'busy', custom_host: host.url, max_concurrent: 1, ...target }, { name: 'spare', custom_host: spare.url }]
  return { host, spare, client: new Portkey({ config: { strategy: { ...FALLBACK, ...strategy }, targets } }) }
}

describe('a target takes at once', { concurrency: true, timeout: 30_000 }, () => {
  const WAYS = {
    'the option maxConcurrent': (host, most) => ({ customHost: host.url, maxConcurrent: most }),
    "a config's max_concurrent": (host, most) => ({ config: { custom_host: host.url, max_concurrent: most } }),
    'maxConcurrent, handed down to a target, before the option': (host, most) => ({
      maxConcurrent: most + 5, config: { maxConcurrent: most, strategy: { mode: 'single' }, targets: [{ custom_host: host.url }] },
    }),
  }
  for (const most of [1, 3]) {
    for (const [way, options] of Object.entries(WAYS)) {
      test(`${most} of 50 calls, the first ones first, by ${way}`, async (t) => {
        const host = await gatedHost(t)
        const client = new Portkey(options(host, most))
        const calls = []
        // One after the other: of calls that are made in one tick, the runtime may start a later one first.
        for (let seed = 0; seed < 50; seed++) {
          calls.push(ask(client, { seed }))
          await (seed < most ? host.received(seed + 1) : queued(client, seed + 1 - most))
        }
        for (let sent = most; sent < 50; sent++) {
          assert.equal(host.requests.length, sent)
          host.letGo()
          await host.received(sent + 1)
        }
        host.open()
        await Promise.all(calls)
        assert.equal(host.most, most)
        assert.deepEqual(host.requests.map((request) => request.json().seed), Array.from({ length: 50 }, (_, seed) => seed))
        assert.equal(client.targets()[0].queued, 0)
      })
    }
  }

  test('all there are, where nothing is said', async (t) => {
    const { host, client } = await busy(t, { maxConcurrent: null })
    const calls = Array.from({ length: 50 }, () => ask(client))
    await host.received(50)
    assert.deepEqual([client.targets()[0].inFlight, client.targets()[0].maxConcurrent], [50, null])
    host.open()
    for (const call of calls) assert.equal((await call).getGateway().attempts[0].ms.queue, null)
  })

  test('what it says for itself, beside another one of the same group', async (t) => {
    const [one, two] = [await gatedHost(t), await gatedHost(t)]
    const targets = [{ custom_host: one.url }, { custom_host: two.url, max_concurrent: 2 }]
    const client = new Portkey({ config: { max_concurrent: 1, strategy: { mode: 'round_robin' }, targets } })
    const calls = Array.from({ length: 8 }, () => ask(client))
    await Promise.all([one.received(1), two.received(2)])
    await until(() => client.targets().every((target, place) => target.queued === [3, 2][place]))
    assert.deepEqual([one.held.length, two.held.length], [1, 2])
    one.open()
    two.open()
    await Promise.all(calls)
    assert.deepEqual([one.most, two.most], [1, 2])
  })

  test('calls of every kind, of clients made from this one, and those that bring options or headers', async (t) => {
    const { host, client } = await busy(t)
    const calls = [
      ask(client),
      ask(client.withOptions({ traceID: 'other', maxRetries: 0 })),
      ask(client, {}, { metadata: { own: 'yes' } }),
      ask(client, {}, undefined, { headers: { 'x-own': 'yes' } }),
      ask(client.withOptions({ retryBudget: false })),
      client.models.list(),
    ]
    await host.received(1)
    await queued(client, 5)
    for (let sent = 1; sent <= 6; sent++) {
      await host.received(sent)
      host.letGo()
    }
    await Promise.all(calls)
    assert.equal(host.most, 1)
  })

  test('the next one when a call has failed, whatever it failed of', async (t) => {
    const { host, client } = await busy(t, { maxRetries: 0 })
    const steps = ['reset', refusal(500), { text: 'no JSON' }, 'hang', { sse: chatChunks().slice(0, 2), done: false }]
    host.answer(steps)
    for (const step of steps.slice(0, -1)) await failure(ask(client, {}, { timeouts: { headers: step === 'hang' ? 50 : 0 } }))
    const stream = await ask(client, { stream: true })
    await failure((async () => { for await (const _ of stream); })())
    host.answer([OK])
    await ask(client)
    assert.equal(client.targets()[0].inFlight, 0)
  })

  test('another one while a call waits to be repeated', async (t) => {
    const { host, client } = await busy(t)
    host.answer([refusal(503, { 'retry-after-ms': '50000' }), OK])
    const controller = new AbortController()
    const waiting = ask(client, {}, undefined, { signal: controller.signal })
    await host.received(1)
    await ask(client)
    controller.abort()
    assert.ok((await failure(waiting)) instanceof APIUserAbortError)
    assert.equal(host.requests.length, 2)
  })
})

describe('a stream holds its place', { concurrency: true, timeout: 30_000 }, () => {
  /** A stream whose first word was read, and a call that waits for it. */
  async function opened(t, { rest = ['hang'] } = {}) {
    const answer = (request) => (request.json().stream ? { sse: [...chatChunks(['word']).slice(0, 2), ...rest] } : OK)
    const { host, client } = await busy(t, {}, answer)
    host.isOpen = true
    const stream = await ask(client, { stream: true })
    const events = stream[Symbol.asyncIterator]()
    await events.next()
    const next = ask(client)
    await queued(client, 1)
    assert.equal(host.requests.length, 1)
    return { host, client, stream, events, next }
  }

  test('until it has ended', async (t) => {
    let end
    const { host, stream, events, next } = await opened(t, { rest: [{ pause: new Promise((resolve) => (end = resolve)) }, chunk({}, 'stop')] })
    end()
    while (!(await events.next()).done);
    await next
    assert.equal(host.requests.length, 2)
    assert.equal(stream.getGateway().attempts[0].phase, 'done')
  })

  test('until it has ended, and no longer where nobody reads it', async (t) => {
    let end
    const { next } = await opened(t, { rest: [{ pause: new Promise((resolve) => (end = resolve)) }, chunk({}, 'stop')] })
    end()
    await next
  })

  test('until it is aborted', async (t) => {
    const { stream, next } = await opened(t)
    stream.controller.abort()
    await next
  })

  test("until its reader leaves the loop", async (t) => {
    const { events, next } = await opened(t)
    await events.return()
    await next
  })

  test('until it breaks off', async (t) => {
    let cut
    const { events, next } = await opened(t, { rest: [{ pause: new Promise((resolve) => (cut = resolve)) }, 'cut'] })
    cut()
    await failure((async () => { while (!(await events.next()).done); })())
    await next
  })
})

describe('the line before a target', { concurrency: true, timeout: 30_000 }, () => {
  test('is told by targets() and by each call', async (t) => {
    const { host, client } = await busy(t, { maxConcurrent: 2 })
    const calls = [ask(client), ask(client)]
    await host.received(2)
    calls.push(ask(client), ask(client), ask(client))
    await queued(client, 3)
    const [{ inFlight, maxConcurrent }] = client.targets()
    assert.deepEqual({ inFlight, maxConcurrent }, { inFlight: 2, maxConcurrent: 2 })
    await sleep(100)
    host.open()
    const waits = (await Promise.all(calls)).map((answer) => answer.getGateway().attempts[0].ms.queue)
    for (const wait of waits.slice(0, 2)) assert.ok(wait >= 0 && wait < 90, `${waits}`)
    for (const wait of waits.slice(2)) assert.ok(wait >= 90, `${waits}`)
    const idle = client.targets()[0]
    assert.deepEqual([idle.inFlight, idle.queued], [0, 0])
  })

  test('is full above max_queue: one more is refused at once, and nobody else', async (t) => {
    const { host, client } = await busy(t, { maxQueue: 2 })
    const calls = [ask(client), ask(client), ask(client)]
    await host.received(1)
    await queued(client, 2)
    const error = await failure(ask(client))
    assert.ok(error instanceof RateLimitError)
    assert.deepEqual([error.status, error.code], [429, 'queue_full'])
    assert.match(error.message, /^The target is busy: 1 requests at once \(max_concurrent\), 2 waiting \(max_queue\)\.\nPOST http.*\nRaise max_queue/)
    assert.deepEqual(error.gateway.attempts.map(({ phase, code, status }) => [phase, code, status]), [['queue', 'queue_full', null]])
    host.open()
    await Promise.all(calls)
    assert.equal(host.requests.length, 3)
    await ask(client)
  })

  test('may be none', async (t) => {
    const host = await gatedHost(t)
    const client = new Portkey({ config: { custom_host: host.url, max_concurrent: 1, max_queue: 0 } })
    const first = ask(client)
    await host.received(1)
    assert.equal((await failure(ask(client))).code, 'queue_full')
    host.open()
    await first
  })

  test('has 1,000 places where nothing is said', async (t) => {
    const { host, client } = await busy(t)
    const calls = Array.from({ length: 1001 }, () => ask(client))
    await queued(client, 1000)
    assert.equal((await failure(ask(client))).code, 'queue_full')
    host.open()
    await Promise.all(calls)
  })

  test('is left for the next target of a fallback when it is full, but not before', async (t) => {
    const { host, spare, client } = await followed(t, { max_queue: 1 })
    const first = ask(client)
    await host.received(1)
    const second = ask(client)
    await queued(client, 1)
    assert.equal(spare.requests.length, 0)
    const third = await ask(client)
    assert.equal(at(third), 'spare')
    const steps = third.getGateway().attempts.map(({ target, phase, code }) => [target, phase, code])
    assert.deepEqual(steps, [['busy', 'queue', 'queue_full'], ['spare', 'done', null]])
    host.open()
    assert.deepEqual([at(await first), at(await second)], ['busy', 'busy'])
  })

  test('is left as the fallback says: full counts as 429', async (t) => {
    for (const [codes, target] of [[[429], 'spare'], [[500], undefined]]) {
      const { host, client } = await followed(t, { max_queue: 0 }, { on_status_codes: codes })
      const first = ask(client)
      await host.received(1)
      if (target) assert.equal(at(await ask(client)), target)
      else assert.ok((await failure(ask(client))) instanceof RateLimitError)
      host.open()
      await first
    }
  })

  const CLOCKS = {
    'the option timeouts': (host) => ({ customHost: host.url, timeouts: { queue: 20 } }),
    "a config's timeouts": (host) => ({ config: { timeouts: { queue: 20 }, strategy: { mode: 'single' }, targets: [{ custom_host: host.url }] } }),
  }
  for (const [way, options] of Object.entries(CLOCKS)) {
    test(`is left when the queue clock runs out, by ${way}`, async (t) => {
      const host = await gatedHost(t)
      const client = new Portkey({ maxConcurrent: 1, ...options(host) })
      const first = ask(client)
      await host.received(1)
      const error = await failure(ask(client))
      assert.ok(error instanceof APIConnectionTimeoutError)
      assert.deepEqual([error.status, error.code], [408, 'queue_timeout'])
      assert.match(error.message, /^The queue clock ran out: 20 ms allowed, \d+ ms elapsed\.\n.*\nRaise timeouts\.queue, or turn it off with 0\.$/)
      assert.equal(error.gateway.attempts.length, 1, 'it is not tried again')
      assert.ok(error.gateway.attempts[0].ms.queue >= 20)
      assert.equal(client.targets()[0].queued, 0)
      host.open()
      await first
      assert.equal(host.requests.length, 1)
    })
  }

  test('is left for the next target of a fallback when the queue clock runs out', async (t) => {
    const { host, client } = await followed(t, { timeouts: { queue: 20 } })
    const first = ask(client)
    await host.received(1)
    assert.equal(at(await ask(client)), 'spare')
    host.open()
    assert.equal(at(await first), 'busy')
  })

  test('says nothing of the target: a busy one has not failed', async (t) => {
    const breaker = { failure_threshold: 1, cooldown_interval: 30_000 }
    const { host, client } = await followed(t, { timeouts: { queue: 20 }, max_queue: 1, cb_config: breaker })
    const first = ask(client)
    await host.received(1)
    for (let made = 0; made < 4; made++) assert.equal(at(await ask(client)), 'spare')
    const waiting = [ask(client), ask(client)]
    for (const call of waiting) assert.equal(at(await call), 'spare')
    const tired = await failure(ask(client, {}, { timeouts: { queue: 0 }, timeout: 30 }))
    assert.equal(tired.code, 'total_timeout')
    const [{ health, failed, lastError, backIn }] = client.targets()
    assert.deepEqual({ health, failed, lastError, backIn }, { health: 'healthy', failed: 0, lastError: null, backIn: null })
    host.open()
    await first
  })

  test("is left when the call's own time is over", async (t) => {
    const { host, client } = await busy(t)
    const first = ask(client)
    await host.received(1)
    const error = await failure(ask(client, {}, undefined, { timeout: 30 }))
    assert.ok(error instanceof APIConnectionTimeoutError)
    assert.deepEqual([error.status, error.code], [408, 'total_timeout'])
    assert.equal(client.targets()[0].queued, 0)
    host.open()
    await first
    assert.equal(host.requests.length, 1)
  })

  test('takes none of the time that the host has for its answer', async (t) => {
    const { host, client } = await busy(t)
    const first = ask(client)
    await host.received(1)
    const second = ask(client, {}, { timeouts: { headers: 1000 } })
    await queued(client, 1)
    await sleep(1100)
    host.open()
    await first
    const { ms } = (await second).getGateway().attempts[0]
    assert.ok(ms.queue >= 1090 && ms.headers < 1000, JSON.stringify(ms))
  })

  test('is left by an abort, which frees the place of nobody', async (t) => {
    const { host, client } = await busy(t)
    const controllers = []
    const calls = []
    for (let seed = 0; seed < 5; seed++) {
      controllers.push(new AbortController())
      calls.push(ask(client, { seed }, undefined, { signal: controllers[seed].signal }))
      if (seed > 0) await queued(client, seed)
    }
    await host.received(1)
    for (const left of [3, 1]) {
      controllers[left].abort()
      assert.ok((await failure(calls[left])) instanceof APIUserAbortError)
    }
    await queued(client, 2)
    assert.equal(host.requests.length, 1)
    host.letGo()
    await host.received(2)
    assert.equal(client.targets()[0].queued, 1)
    host.open()
    for (const kept of [0, 2, 4]) await calls[kept]
    assert.deepEqual(host.requests.map((request) => request.json().seed), [0, 2, 4])
    assert.equal(host.most, 1)
  })

  test('moves up when the one that is at the host is aborted', async (t) => {
    const { host, client } = await busy(t)
    const controller = new AbortController()
    const first = ask(client, {}, undefined, { signal: controller.signal })
    await host.received(1)
    const second = ask(client)
    await queued(client, 1)
    controller.abort()
    assert.ok((await failure(first)) instanceof APIUserAbortError)
    await host.received(2)
    host.open()
    await second
  })

  test('is waited in again for each attempt, behind those who came before', async (t) => {
    const { host, client } = await busy(t, { maxRetries: 1 }, (request) =>
      request.json().seed === 0 && host.requests.filter((one) => one.json().seed === 0).length === 1
        ? refusal(500, { 'retry-after-ms': '1' })
        : OK)
    const first = ask(client, { seed: 0 })
    await host.received(1)
    const others = [1, 2].map((seed) => ask(client, { seed }))
    await queued(client, 2)
    host.letGo()
    await host.received(2)
    await queued(client, 2)
    host.open()
    const { attempts } = (await first).getGateway()
    await Promise.all(others)
    assert.deepEqual(host.requests.map((request) => request.json().seed), [0, 1, 2, 0])
    assert.deepEqual(attempts.map(({ status }) => status), [500, 200])
    assert.ok(attempts[1].ms.queue > 0)
  })
})

describe('a limit that cannot be acted on', () => {
  const target = { custom_host: 'http://127.0.0.1:9/v1' }
  for (const [options, path, message] of [
    [{ maxConcurrent: 0 }, 'maxConcurrent', /^expected a whole number from 1 to/],
    [{ maxConcurrent: 1.5 }, 'maxConcurrent', /^expected a whole number from 1 to/],
    [{ maxConcurrent: '3' }, 'maxConcurrent', /^expected a whole number from 1 to 1000000, got a string/],
    [{ maxQueue: -1 }, 'maxQueue', /^expected a whole number from 0 to/],
    [{ timeouts: { queue: -1 } }, 'timeouts.queue', /^expected milliseconds/],
    [{ config: { ...target, max_concurrent: 0 } }, 'config.max_concurrent', /^expected a whole number from 1 to/],
    [{ config: { strategy: FALLBACK, targets: [{ ...target, maxQueue: 'many' }] } }, 'config.targets[0].maxQueue', /^expected a whole number from 0 to/],
    [{ config: { ...target, timeouts: { queue: 'long' } } }, 'config.timeouts.queue', /^expected milliseconds/],
  ]) {
    test(`${JSON.stringify(options)}: ${path}`, () => {
      assertProblem({ customHost: target.custom_host, ...options }, path, message)
    })
  }
})
