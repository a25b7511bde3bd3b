// The official SDK's and the gateway's recorded behaviour, in embedded mode: what must be the same, and what is mended.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { ConfigError } from '../index.mjs'
import { behaviourCases, requestCases } from './support/official-cases.mjs'
import { closedPort, hostFor } from './support/host.mjs'
import { failure } from './support/failures.mjs'
import { gatewayCases, withHosts } from './support/gateway-cases.mjs'
import { assertHeaders, callersHeaders } from './support/wire.mjs'

async function withEnvironment(env, act) {
  Object.assign(process.env, env)
  try {
    return await act()
  } finally {
    for (const name in env) delete process.env[name]
  }
}

const methodOf = (client, path) => path.split('.').reduce((node, name) => node[name], client)

describe('requests of the official SDK', () => {
  const { run, refused, leftOut } = requestCases()

  for (const { name, env, root, slash, options, calls } of run) {
    test(`${name} reaches the host itself`, async (t) => {
      const host = await hostFor(t, [{ json: { object: 'list', data: [] } }])
      const customHost = root ? host.origin : slash ? `${host.url}/` : host.url
      await withEnvironment(env, async () => {
        const client = new Portkey({ ...options, customHost })
        for (const { method, args } of calls) await methodOf(client, method)(...args)
      })
      calls.forEach(({ wire }, at) => {
        const request = host.requests[at]
        assert.equal(`${request.method} ${request.path}`, `${wire.method} ${wire.path}`)
        assert.equal(request.text, wire.body === null ? '' : JSON.stringify(wire.body))
        assertHeaders(request, wire.headers)
      })
      assert.equal(host.requests.length, calls.length)
    })
  }

  for (const { name, env, options, message } of refused) {
    test(`${name} is refused: ${message.source}`, async () => {
      await withEnvironment(Object.fromEntries(Object.entries(env).map(([key, value]) => [key, value.replace('{{BASE}}', 'http://127.0.0.1:9')])), async () => {
        assert.throws(() => new Portkey({ customHost: 'http://127.0.0.1:9/v1', ...options }), (error) => error instanceof ConfigError && message.test(error.message))
      })
    })
  }

  test('every other case is left out for a reason', () => {
    for (const { name, why } of leftOut) assert.ok(why, name)
  })
})

describe('failures of the official SDK', () => {
  const { run, leftOut } = behaviourCases()

  for (const { name, step, refused, result } of run) {
    test(`${name} has the same class, status and body`, async (t) => {
      const host = await hostFor(t, [step ?? 'reset'])
      const client = new Portkey({ customHost: refused ? `http://127.0.0.1:${await closedPort()}/v1` : host.url, maxRetries: 0 })
      const call = client.chat.completions.create({ messages: [] })
      if (result.outcome === 'ok') {
        assert.deepEqual(await call, result.value)
        return
      }
      const error = await failure(call)
      assert.equal(error.name, result.class)
      assert.equal(error.status ?? null, result.status)
      if (refused) return
      const isJson = step.body.startsWith('{')
      assert.deepEqual(error.error, isJson ? JSON.parse(step.body) : undefined)
      assert.ok(error.message.startsWith(String(step.status)))
      if (step.body) assert.ok(error.message.includes(isJson ? (error.error.error?.message ?? error.error.message) : step.body))
      assert.equal(host.requests.length, 1)
    })
  }

  test('every other case is left out for a reason', () => {
    for (const { name, why } of leftOut) assert.ok(why, name)
  })
})

describe("the gateway's cases", () => {
  const { run, refused, leftOut } = gatewayCases()
  const DEFAULT_BODY = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }

  async function hosts(t) {
    return { A: await hostFor(t), B: await hostFor(t), closed: await closedPort() }
  }

  /** One call as the case describes it. */
  function call(given, at) {
    const { headers, ...options } = withHosts(given.options, at)
    const config = given.config && withHosts(given.config, at)
    const client = new Portkey({ maxRetries: 0, ...options, ...(config && { config }) })
    return client.chat.completions.create({ ...DEFAULT_BODY, ...given.request_patch }, undefined, { headers })
  }

  for (const { id, title, given, expect, ownBody } of run) {
    test(`${id}: ${title}`, async (t) => {
      const at = await hosts(t)
      const upstream = withHosts(given.upstream, at)
      for (const name of ['A', 'B']) if (upstream[name]) at[name].answer(upstream[name])
      const outcome = await call(given, at).withResponse().catch((error) => error)
      const error = outcome instanceof Error ? outcome : undefined
      const status = error ? error.status : outcome.response.status
      if (expect.status_in) assert.equal(error.name, 'APIConnectionError')
      else if (expect.status !== undefined) assert.equal(status, expect.status, error?.message)
      else assert.equal(error, undefined)
      if (ownBody) {
        const [said] = given.upstream?.A ?? []
        if (said) assert.deepEqual(error.error, said.json)
        assert.ok(error.message.length > 0)
      } else if (expect.body) {
        const said = error ? error.error : outcome.data
        assert.deepEqual({ ...said, ...expect.body }, { ...said })
      }
      const headers = error ? error.headers : outcome.response.headers
      for (const [name, value] of Object.entries(expect.headers ?? {})) assert.equal(headers[name], value, name)
      assertCalls(expect.calls, at)
    })
  }

  function assertCalls(wanted, at) {
    if (!wanted) return
    for (const name of ['A', 'B']) assert.equal(at[name].requests.length, wanted.filter(({ to }) => to === name).length, `calls of ${name}`)
    for (const { to, path, headers = {}, absent_headers = [], body = {} } of wanted) {
      const request = at[to].requests[0]
      if (path) assert.equal(request.path, path)
      for (const [name, value] of Object.entries(headers)) assert.deepEqual(request.values(name), [value], name)
      for (const name of absent_headers) assert.deepEqual(request.values(name), [], name)
      for (const [name, value] of Object.entries(body)) assert.deepEqual(request.json()[name], value, name)
      assert.ok(callersHeaders(request).every(([name]) => !name.startsWith('x-portkey-')))
    }
  }

  for (const { id, title, given, message } of refused) {
    test(`${id}: ${title}: refused, ${message.source}`, async (t) => {
      const at = await hosts(t)
      const error = await failure((async () => call(given, at))())
      assert.ok(error instanceof ConfigError, String(error))
      assert.match(error.message, message)
      assert.equal(at.A.accepted.length, 0)
    })
  }

  test('every other case is left out for a reason', () => {
    for (const { id, why } of leftOut) assert.ok(why, id)
  })
})
