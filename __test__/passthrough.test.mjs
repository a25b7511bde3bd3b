// What of a config comes with the call, or with who wrote it: the provider of a passthrough target, `id` and `is_open`, metadata.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { ConfigError } from '../index.mjs'
import { chatChunks } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { FALLBACK, OK, ask, group, problemsOf, refusal, tried } from './support/targets.mjs'

const report = async (...call) => (await ask(...call)).getGateway()

describe('a passthrough target', { concurrency: true, timeout: 30_000 }, () => {
  async function passing(t, options, script = [OK]) {
    const host = await hostFor(t, script)
    return { host, client: new Portkey({ config: { passthrough: true, custom_host: host.url }, ...options }) }
  }

  test('takes its provider from the option, of the client or of the call', async (t) => {
    const { client } = await passing(t, { provider: 'ollama' })
    assert.equal((await report(client)).provider, 'ollama')
    assert.equal((await report(client, {}, { provider: 'mistral-ai' })).provider, 'mistral-ai')
    assert.equal((await report(client.withOptions({ provider: 'openai' }))).provider, 'openai')
    assert.equal((await report(client)).provider, 'ollama')
  })

  // What the platform is asked for then is the engine's to test, which can put a server in its place.
  test('leaves a slug to the hosted platform, also where it is spelt as a provider, and sends it to no host', async (t) => {
    const { host, client } = await passing(t, { provider: 'openai' })
    for (const [body, params, path] of [[{ model: '@ollama/m' }, undefined, 'model'], [{ model: 'm' }, { provider: '@ollama' }, 'provider']]) {
      const error = await failure(ask(client, body, params))
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, new RegExp(`^${path}: asks for Portkey's hosted platform`))
    }
    assert.equal(host.requests.length, 0)
    assert.equal((await report(client, { model: 'plain/name' })).provider, 'openai')
    assert.equal(host.last.json().model, 'plain/name')
  })

  test('is the whole config of a gateway that baseURL names', async (t) => {
    const host = await hostFor(t, [OK])
    await ask(new Portkey({ baseURL: host.url, config: { passthrough: true } }), { model: '@openai-prod/gpt-4o' })
    assert.deepEqual(JSON.parse(host.last.headers['x-portkey-config']), { passthrough: true })
    assert.equal(host.last.json().model, '@openai-prod/gpt-4o')
  })

  test('takes it in streams, in other endpoints, and beside options of the call', async (t) => {
    const { host, client } = await passing(t, {}, (request) => (request.json().stream ? { sse: chatChunks() } : OK))
    const stream = await ask(client, { model: 'm', stream: true }, { provider: 'ollama' })
    for await (const _ of stream);
    assert.equal(stream.getGateway().provider, 'ollama')
    const vectors = await client.embeddings.create({ model: 'embed', input: 'hi' }, { provider: 'mistral-ai' })
    assert.equal(vectors.getHeaders().provider, 'mistral-ai')
    assert.equal(host.last.json().model, 'embed')
    assert.equal((await report(client, { model: 'm' }, { provider: 'ollama', metadata: { own: 'yes' } })).provider, 'ollama')
  })

  test('brings the option Authorization as its credential', async (t) => {
    const { host, client } = await passing(t, { Authorization: 'sk-client' })
    await ask(client, { model: 'm' }, { provider: 'ollama' })
    assert.equal(host.last.headers.authorization, 'Bearer sk-client')
    await ask(client, { model: 'm' }, { provider: 'ollama', Authorization: 'sk-call' })
    assert.equal(host.last.headers.authorization, 'Bearer sk-call')
  })

  test('is the only one of a group that does', async (t) => {
    const [own, passed] = [await hostFor(t, [refusal(500)]), await hostFor(t, [OK])]
    const targets = [{ custom_host: own.url }, { custom_host: own.url, api_key: 'sk-own' }, { passthrough: true, custom_host: passed.url }]
    const client = new Portkey({ Authorization: 'sk-client', config: { strategy: FALLBACK, targets } })
    const told = await report(client, { model: 'm' }, { provider: 'ollama' })
    assert.deepEqual(told.attempts.map(({ provider }) => provider), ['openai', 'openai', 'ollama'])
    assert.deepEqual([...own.requests, passed.last].map(({ headers }) => headers.authorization), [undefined, 'Bearer sk-own', 'Bearer sk-client'])
  })

  test("may stand in a call's own config", async (t) => {
    const { host } = await passing(t)
    const client = new Portkey()
    assert.equal((await report(client, { model: 'm' }, { provider: 'ollama', config: { passthrough: true, custom_host: host.url } })).provider, 'ollama')
    assert.equal(host.last.json().model, 'm')
  })

  test('is a server of your own where the call names none', async (t) => {
    const { client } = await passing(t)
    assert.equal((await report(client, { model: 'm' })).provider, 'openai')
  })

  test('without a host needs the call to name a provider, and says so when there is none', async () => {
    const client = new Portkey({ config: { passthrough: true }, Authorization: 'sk' })
    const error = await failure(ask(client, { model: 'm' }))
    assert.ok(error instanceof ConfigError)
    assert.deepEqual(error.problems.map(({ path }) => path), ['config.passthrough'])
    assert.match(error.message, /leaves the provider to the call: name it as the option provider, or a hosted one as model: '@slug\/model'$/)
  })

  test('refuses a provider that nobody knows, before anything is sent', async (t) => {
    const { host, client } = await passing(t)
    for (const [body, params, path, advice] of [
      [{ model: 'm' }, { provider: 'olama' }, 'provider', /did you mean ollama\?/],
      [{ model: '@/m' }, { apiKey: 'k' }, 'model', /^names no provider/],
    ]) {
      const error = await failure(ask(client, body, params))
      assert.ok(error instanceof ConfigError)
      assert.deepEqual(error.problems.map((problem) => problem.path), [path])
      assert.match(error.problems[0].message, advice)
    }
    assert.equal(host.requests.length, 0)
  })

  test('has no provider of its own, and is no group', () => {
    const target = { custom_host: 'http://127.0.0.1:9/v1' }
    const wanted = [{ path: 'config.passthrough', message: 'leaves the provider to the call: it goes with neither provider nor strategy' }]
    assert.deepEqual(problemsOf({ config: { ...target, passthrough: true, provider: 'openai' } }), wanted)
    assert.deepEqual(problemsOf({ config: { passthrough: true, strategy: { mode: 'single' }, targets: [target] } }), wanted)
    assert.match(problemsOf({ config: { ...target, passthrough: 'yes' } })[0].message, /^expected true or false|^expected a boolean/)
  })

  test('that is switched off is a target like any other', async (t) => {
    const { host, client } = await passing(t)
    const off = client.withOptions({ config: { passthrough: false, provider: 'ollama', custom_host: host.url } })
    assert.equal((await report(off, { model: '@openai/m' })).provider, 'ollama')
    assert.equal(host.last.json().model, '@openai/m')
  })
})

describe('is_open', { concurrency: true, timeout: 30_000 }, () => {
  /** Two targets with flags of their own, below an id. */
  async function flagged(t, strategy, flags, more = { id: 'circuit' }) {
    const { hosts, targets } = await group(t, strategy, [[OK], [OK]])
    return { hosts, client: new Portkey({ config: { ...more, strategy, targets: targets.map((target, at) => ({ ...target, ...flags[at] })) } }) }
  }

  const AFFINITY = { mode: 'affinity', hash_fields: ['params.user'] }
  for (const strategy of [FALLBACK, { mode: 'loadbalance' }, { mode: 'round_robin' }, { mode: 'least_inflight' }, AFFINITY]) {
    test(`keeps load away from a target: ${strategy.mode}`, async (t) => {
      const { client } = await flagged(t, strategy, [{ is_open: true }, { isOpen: false }])
      assert.deepEqual(client.targets().map(({ health, backIn }) => [health, backIn]), [['open', null], ['healthy', null]])
      for (let user = 0; user < 10; user++) assert.equal(await tried(client, { user: `${user}` }), 'b')
    })
  }

  test('keeps a fallback from it, also as the last resort', async (t) => {
    const { hosts, client } = await flagged(t, FALLBACK, [{}, { is_open: true }])
    hosts[0].answer([refusal(500)])
    assert.equal(await tried(client), 'a')
  })

  test('of all targets is no use, and of a choice by condition neither', async (t) => {
    const all = await flagged(t, FALLBACK, [{ is_open: true }, { is_open: true }])
    all.hosts[0].answer([refusal(500)])
    assert.equal(await tried(all.client), 'a b')
    const strategy = { mode: 'conditional', conditions: [{ query: { 'metadata.to': 'a' }, then: 'a' }], default: 'b' }
    const chosen = await flagged(t, strategy, [{ is_open: true }, {}])
    assert.equal(await tried(chosen.client, {}, { metadata: { to: 'a' } }), 'a')
  })

  test('acts below an id, of the target or of a group around it', async (t) => {
    const { client } = await flagged(t, FALLBACK, [{ is_open: true, id: 'own' }, {}], {})
    assert.equal(await tried(client), 'b')
    const target = { custom_host: 'http://127.0.0.1:9/v1' }
    const problems = problemsOf({ config: { strategy: FALLBACK, targets: [{ ...target, is_open: true }, target] } })
    assert.deepEqual(problems, [{ path: 'config.targets[0].is_open', message: 'acts only in a config with an id' }])
  })
})

describe("a config's metadata", { concurrency: true, timeout: 30_000 }, () => {
  test("is every call's, under the options' own", async (t) => {
    const host = await hostFor(t, [OK])
    const config = { custom_host: host.url, metadata: { team: 'config', tier: 'config', area: 'config' } }
    const client = new Portkey({ config, metadata: { tier: 'client' } })
    assert.deepEqual((await report(client)).metadata, { team: 'config', tier: 'client', area: 'config' })
    const own = await report(client, {}, { metadata: { area: 'call' } })
    assert.deepEqual(own.metadata, { team: 'config', tier: 'config', area: 'call' }, "a call's metadata takes the place of the client's")
    assert.deepEqual((await report(client)).metadata, { team: 'config', tier: 'client', area: 'config' })
  })

  test('is what conditions and affinity look at', async (t) => {
    const host = await hostFor(t, [OK])
    const targets = [{ name: 'small', custom_host: host.url }, { name: 'large', custom_host: host.url }]
    const strategy = { mode: 'conditional', conditions: [{ query: { 'metadata.plan': 'paid' }, then: 'large' }], default: 'small' }
    const client = new Portkey({ config: { metadata: { plan: 'paid' }, strategy, targets } })
    assert.equal((await report(client)).target, 'large')
    assert.equal((await report(client, {}, { metadata: { plan: 'free' } })).target, 'small')
  })

  test('may stand beside nested groups, as may the time of the whole call', async (t) => {
    const host = await hostFor(t, [OK])
    const strategy = { mode: 'single' }
    const nested = { strategy, targets: [{ custom_host: host.url }] }
    const config = { metadata: { team: 'config' }, timeouts: { total: 5000 }, strategy, targets: [nested] }
    assert.deepEqual((await report(new Portkey({ config }))).metadata, { team: 'config' })
    for (const below of [{ custom_host: host.url }, nested]) {
      const problems = problemsOf({ config: { strategy, targets: [{ ...below, timeouts: { total: 5 } }] } })
      assert.deepEqual(problems, [{ path: 'config.targets[0].timeouts.total', message: 'belongs to the whole call: put it at the root' }])
    }
  })

  test('is short texts, and stands at the root', () => {
    const target = { custom_host: 'http://127.0.0.1:9/v1' }
    const strategy = { mode: 'single' }
    for (const below of [{ ...target, metadata: { a: '1' } }, { strategy, targets: [target], metadata: { a: '1' } }]) {
      const wanted = { path: 'config.targets[0].metadata', message: 'belongs to the whole call: put it at the root' }
      assert.deepEqual(problemsOf({ config: { strategy, targets: [below] } }), [wanted])
    }
    for (const metadata of [{ a: 1 }, { a: 'x'.repeat(129) }, ['a']]) {
      const [{ path }, ...others] = problemsOf({ config: { ...target, metadata } })
      assert.match(path, /^config\.metadata(\.a)?$/)
      assert.deepEqual(others, [])
    }
  })
})
