// What the official SDK sends to a gateway, recorded, and what ours sends: header by header, for every method.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { ConfigError, createHeaders } from '../index.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { remoteBehaviours, remoteCases } from './support/remote-cases.mjs'

/** Made by the connection or by whoever sends, and no part of the recording. */
const LEFT_OUT = ['host', 'connection', 'accept', 'accept-encoding', 'content-length', 'user-agent', 'x-portkey-package-version']

function sent({ method, path, rawHeaders, text }) {
  const headers = rawHeaders.map(([name, value]) => [name.toLowerCase(), value]).filter(([name]) => !LEFT_OUT.includes(name))
  assert.equal(new Set(headers.map(([name]) => name)).size, headers.length, 'no header is sent twice')
  return { method, path, headers: Object.fromEntries(headers), body: text === '' ? null : JSON.parse(text) }
}

const methodOf = (client, path) => path.split('.').reduce((node, name) => node?.[name], client)

async function withEnvironment(env, act) {
  Object.assign(process.env, env)
  try {
    return await act()
  } finally {
    for (const name in env) delete process.env[name]
  }
}

describe('requests of the official SDK, to a gateway', () => {
  const cases = remoteCases()
  const client = new Portkey({ baseURL: 'http://127.0.0.1:9/v1' })

  test('are of methods that are all there', () => {
    const missing = cases.flatMap(({ calls }) => calls).filter(({ method }) => typeof methodOf(client, method) !== 'function')
    assert.deepEqual(missing.map(({ method }) => method), [])
  })

  for (const { name, env, options, calls, refused, why } of cases) {
    test(refused ? `${name} is refused: ${refused.source}` : why ? `${name}: mended, ${why}` : name, async (t) => {
      const host = await hostFor(t, [{ json: { object: 'list', data: [] } }])
      const based = (given) => JSON.parse(JSON.stringify(given).replaceAll('{{BASE}}', host.origin))
      const act = async () => {
        const made = new Portkey(based(options))
        for (const { method, args } of calls) await methodOf(made, method)(...args.map((argument) => argument ?? undefined))
      }
      if (refused) {
        const error = await failure(withEnvironment(based(env), act))
        assert.ok(error instanceof ConfigError, error.stack)
        assert.match(error.message, refused)
        return assert.equal(host.requests.length, 0)
      }
      await withEnvironment(based(env), act)
      const wanted = calls.map(({ wire: { method, path, headers, body } }) => ({ method, path, headers, body }))
      assert.deepEqual(host.requests.map(sent), wanted)
    })
  }
})

describe('failures of the official SDK, at a gateway', { concurrency: true }, () => {
  const { run, leftOut } = remoteBehaviours()

  for (const { name, step, opts, result, requests, why } of run) {
    test(why ? `${name}: mended, ${why}` : name, async (t) => {
      const host = await hostFor(t, [step])
      const call = new Portkey({ baseURL: host.url }).chat.completions.create({ messages: [] }, undefined, opts)
      if (result.outcome === 'ok') {
        assert.deepEqual(await call, result.value)
      } else {
        const error = await failure(call)
        assert.equal(error.name, result.class)
        assert.equal(error.status, result.status)
        assert.deepEqual(error.error, step.body.startsWith('{') ? JSON.parse(step.body) : undefined)
      }
      assert.equal(host.requests.length, requests)
    })
  }

  test('every other case is left out for a reason', () => {
    for (const { name, why } of leftOut) assert.ok(why, name)
  })
})

test('createHeaders says what a client says, for every option that a gateway is told of', async (t) => {
  const { createRequire } = await import('node:module')
  const tables = JSON.parse(createRequire(import.meta.url)('../js/native.js').native().tables())
  const settings = tables.providers.flatMap((provider) => provider.settings.map(({ option }) => option))
  const values = {
    config: { a: ['é', 1], b: { c: null } }, metadata: { _user: '日本', n: 1 }, forwardHeaders: ['xApiKey', 'Authorization', 'X-Org'], sensitiveHeaders: ['a', 'B'], requestTimeout: 0,
    cacheForceRefresh: true, debug: false, strictOpenAiCompliance: false, dangerouslyAllowBrowser: true,
  }
  const given = Object.fromEntries([...tables.told, ...settings].map((name) => [name, values[name] ?? `${name} é`]))
  Object.assign(given, { xApiKey: 'k', 'X-Org': 'o', someNewOption: ['ü'], 'x-portkey-newer': 'n', traceId: 't' })
  delete given.traceID
  const host = await hostFor(t, [{ json: {} }])
  await new Portkey({ baseURL: host.url, ...given }).models.list()
  const { headers } = sent(host.last)
  assert.deepEqual(headers, createHeaders(given))
  assert.equal(Object.keys(headers).length, new Set([...tables.told, ...settings]).size + 4)
  const untold = {
    cacheStore: {}, idempotent: true, maxRetries: 1, timeout: 1, timeouts: {}, strictParams: true, repairs: false, streamUsage: false, retryBudget: false, limits: [], maxConcurrent: 1, maxQueue: 1, maxAnswerBytes: 1, tls: {}, proxy: false, egress: { allow: ['127.0.0.1'] }, calculateAudioDuration: true,
    defaultHeaders: { a: 'b' }, captureContent: true, logs: 'records', onRecord() {}, pricing: 'free',
  }
  assert.deepEqual(createHeaders(untold), {})
  assert.deepEqual(tables.options.filter((name) => !tables.told.includes(name) && name !== 'baseURL').sort(), Object.keys(untold).sort())
})
