// Targets that will soon be well: a model that is being loaded is waited for, and a health check finds out that a host is back.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { APIUserAbortError } from '../index.mjs'
import { chatChunks } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { gatedHost, until } from './support/gated.mjs'
import { hostFor } from './support/host.mjs'
import { FALLBACK, LOADING, OK, ask, assertProblem, group, health, refusal, rested, state, tried } from './support/targets.mjs'

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
    const reasons = attempts.map(({ status, retryReason }) => [status, retryReason])
    assert.deepEqual(reasons, [[503, null], [500, 'the model is loading'], [200, 'status 500']])
    assert.equal(health(client), 'healthy')
  })

  test('is waited for as the last target of a fallback, and streamed', async (t) => {
    const { hosts, client } = await group(t, FALLBACK, [[refusal(500)], [LOADING, { sse: chatChunks(['well']) }]])
    const stream = await ask(client, { stream: true })
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
      const error = await failure(ask(client, {}, undefined, opts))
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
    const call = ask(client, {}, undefined, { signal: controller.signal })
    await until(() => health(client) === 'loading')
    controller.abort()
    assert.ok((await failure(call)) instanceof APIUserAbortError)
    await until(() => state(client).inFlight === 0)
    assert.equal(host.requests.length, 1)
  })
})

const posts = (host) => host.requests.filter(({ method }) => method === 'POST')
const gets = (host) => host.requests.filter(({ method }) => method === 'GET')

describe('a health check', { concurrency: true, timeout: 30_000 }, () => {
  const HOUR = 3_600_000
  /** A fallback whose first host refuses each POST and answers a GET as told. */
  async function watched(t, health_check, answer, own = {}) {
    const script = (request) => (request.method === 'GET' ? answer() : refusal(500))
    const { hosts, client } = await group(t, FALLBACK, [script, [OK]], { own: { api_key: 'sk-own', health_check, ...own } })
    return { host: hosts[0], client }
  }

  const PATHS = [[undefined, '/v1/models'], ['/health', '/health'], ['/health?full=1', '/health?full=1'], ['status?full=1', '/v1/status?full=1']]
  for (const [path, asked] of PATHS) {
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

  const UNWELL = { 'a 503': refusal(503), 'a 404': refusal(404), 'a redirect': { status: 302, headers: { location: '/' } }, nothing: 'reset' }
  for (const [what, answer] of Object.entries(UNWELL)) {
    test(`that brings ${what} changes nothing`, async (t) => {
      const { host, client } = await watched(t, { path: '/health', interval: HOUR }, () => answer)
      await ask(client)
      await ask(client)
      await ask(client)
      // A kept connection that ends without a byte costs one more request.
      const requests = what === 'nothing' ? 2 : 1
      await host.until(() => gets(host).length === requests)
      await rested(client)
      assert.equal(await tried(client), 'a b')
      assert.ok(state(client).backIn > 1000, 'the third failure in a row')
      assert.equal(gets(host).length, requests, 'the interval is an hour')
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
      assertProblem({ customHost: 'http://127.0.0.1:9/v1', config: { health_check } }, `config.health_check${path}`, message)
    })
  }
})
