// Several targets: the gateway's recorded cases of fallback, load balancing and conditions, and what holds for streams,
// headers and reports.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import Portkey, { ConfigError, InternalServerError, StreamTruncatedError } from '../index.mjs'
import { MESSAGES, chatChunks, chunk, completion, envelope } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { closedPort, hostFor } from './support/host.mjs'
import { withHosts } from './support/gateway-cases.mjs'

const { cases } = JSON.parse(readFileSync(new URL('../fixtures/gateway/routing.json', import.meta.url), 'utf8'))

/** Refused at construction: a config that can't be acted on is an error, not silence. */
const REFUSED = {
  'FB-16': /^config\.on_status_codes: is no key of a config/,
  'LB-03': /all have weight 0/,
  'CO-08': /\$in: expected a list$/,
  'CO-10': /\$regex: is no regular expression/,
  'CO-22': /^metadata: expected an object of strings/,
  'CO-29': /a list goes into \$in/,
  'CO-30': /\$foo: expected one of \$eq/,
}

/** Not as recorded, and held by a test of its own. */
const MENDED = { 'FB-15': 'an endpoint that a provider has not moves on to the next target' }

async function setUp(t) {
  return { A: await hostFor(t), B: await hostFor(t), C: await hostFor(t), closed: await closedPort() }
}

describe("the gateway's cases", () => {
  for (const { id, title, given, expect } of cases) {
    const at = async (t) => {
      const hosts = await setUp(t)
      const fill = (value) => JSON.parse(JSON.stringify(withHosts(value, hosts)).replaceAll('{C}', hosts.C.url))
      const upstream = fill(given.upstream)
      for (const name of ['A', 'B', 'C']) if (upstream[name]) hosts[name].answer(upstream[name])
      return { hosts, options: { ...fill(given.options), config: fill(given.config) } }
    }

    if (id in REFUSED) {
      test(`${id}: ${title}: refused`, async (t) => {
        const { options } = await at(t)
        assert.throws(() => new Portkey(options), (error) => error instanceof ConfigError && REFUSED[id].test(error.message))
      })
      continue
    }

    if (id in MENDED) continue

    test(`${id}: ${title}`, async (t) => {
      const { hosts, options } = await at(t)
      const client = new Portkey(options)
      const call = () => client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...given.request_patch }).withResponse()
      const began = performance.now()
      const outcomes = await Promise.all(Array.from({ length: given.repeat ?? 1 }, () => call().catch((error) => error)))
      const [outcome] = outcomes
      const error = outcome instanceof Error ? outcome : undefined
      // A host that can't be reached gives no status here: nothing answered.
      if (id === 'FB-07') assert.equal(error.code, 'ECONNREFUSED')
      else if (expect.status) assert.equal(error ? error.status : outcome.response.status, expect.status, error?.message)
      const wanted = expect.body?.choices?.[0].message.content
      if (wanted) assert.equal(outcome.data.choices[0].message.content, wanted)
      for (const [name, value] of Object.entries(expect.headers ?? {})) assert.equal((error ?? outcome.response).headers[name], value, name)
      if (expect.calls) assertCalls(expect.calls, hosts)
      if (expect.share) for (const name of ['A', 'B', 'C']) assert.ok(hosts[name].requests.length > 0, `${name} has its share`)
      if (expect.elapsed_ms) assert.ok(performance.now() - began < 5_000)
    })
  }

  function assertCalls(wanted, hosts) {
    for (const name of ['A', 'B', 'C']) {
      const here = wanted.filter(({ to }) => to === name)
      assert.equal(hosts[name].requests.length, here.length, `calls of ${name}`)
      here.forEach(({ headers = {} }, at) => {
        for (const [header, value] of Object.entries(headers)) assert.deepEqual(hosts[name].requests[at].values(header), [value], header)
      })
    }
  }
})

/** A client that falls back from A to B. */
async function fallback(t, a, b = [{ sse: chatChunks() }], more = {}) {
  const { A, B } = await setUp(t)
  A.answer(a)
  B.answer(b)
  const targets = [{ name: 'first', custom_host: A.url, api_key: 'key-A' }, { name: 'second', custom_host: B.url, api_key: 'key-B' }]
  return { A, B, client: new Portkey({ config: { strategy: { mode: 'fallback' }, targets, ...more } }) }
}

async function read(stream) {
  const events = []
  for await (const event of stream) events.push(event)
  return events
}

describe('a stream falls back', () => {
  const before = {
    'from a status': [{ status: 503, json: envelope('busy') }],
    'from an error in the first event': [{ sse: [{ error: { message: 'busy', code: 503 } }] }],
    'from an error after the role': [{ sse: [chunk({ role: 'assistant', content: '' }), { error: { message: 'busy', code: 503 } }] }],
    'from an end before any content': [{ sse: [chunk({ role: 'assistant' }), 'end'] }],
    'from a reset before the headers': ['reset'],
    'from a reply that is no stream': [{ text: '<html></html>', headers: { 'content-type': 'text/html' } }],
  }
  for (const [what, script] of Object.entries(before)) {
    test(`${what}, and nothing of the failed one is seen`, async (t) => {
      const { A, B, client } = await fallback(t, script)
      const stream = await client.chat.completions.create({ messages: MESSAGES, stream: true })
      assert.deepEqual(await read(stream), chatChunks())
      assert.deepEqual([A.requests.length, B.requests.length], [1, 1])
      const report = stream.getGateway()
      assert.deepEqual(report.attempts.map(({ target }) => target), ['first', 'second'])
      assert.equal(report.target, 'second')
      assert.equal(stream.getHeaders()['last-used-option-index'], 'config.targets[1]')
      assert.equal(stream.getHeaders()['retry-attempt-count'], '0')
    })
  }

  test('from a first token that does not come', async (t) => {
    const { client } = await fallback(t, [{ sse: [chunk({ role: 'assistant' }), 'hang'] }], undefined, { timeouts: { firstToken: 60 } })
    const stream = await client.chat.completions.create({ messages: MESSAGES, stream: true })
    assert.deepEqual(await read(stream), chatChunks())
    assert.equal(stream.getGateway().attempts[0].code, 'first_token_timeout')
  })

  test('never after its first content', async (t) => {
    const { B, client } = await fallback(t, [{ sse: [chunk({ content: 'a' }), { error: { message: 'busy', code: 503 } }] }])
    const stream = await client.chat.completions.create({ messages: MESSAGES, stream: true })
    await assert.rejects(read(stream), InternalServerError)
    const cut = await fallback(t, [{ sse: [chunk({ content: 'a' }), 'end'] }])
    await assert.rejects(cut.client.chat.completions.create({ messages: MESSAGES, stream: true }).then(read), StreamTruncatedError)
    assert.deepEqual([B.requests.length, cut.B.requests.length], [0, 0])
  })
})

describe('a group of targets', () => {
  test('sends each target its own credential and nothing of the options', async (t) => {
    const { A, B } = await setUp(t)
    A.answer([{ status: 500, json: envelope('boom') }])
    B.answer([{ json: completion() }])
    const client = new Portkey({
      Authorization: 'Bearer private',
      config: { strategy: { mode: 'fallback' }, targets: [{ custom_host: A.url, forward_headers: ['Authorization', 'x-secret'] }, { custom_host: B.url }] },
    })
    await client.chat.completions.create({ messages: MESSAGES }, undefined, { headers: { 'x-secret': 's' } })
    assert.deepEqual([A.last.values('authorization'), A.last.values('x-secret')], [['Bearer private'], ['s']])
    assert.deepEqual([B.last.values('authorization'), B.last.values('x-secret')], [[], []])
  })

  test('hands down what a target leaves open, and merges parameters key by key', async (t) => {
    const { A } = await setUp(t)
    A.answer([{ json: completion() }])
    const client = new Portkey({
      config: {
        customHost: A.url, overrideParams: { temperature: 0.1, stop: ['a'] }, default_params: { seed: 7 }, drop_params: ['user'],
        strategy: { mode: 'single' },
        targets: [{ strategy: { mode: 'loadbalance' }, targets: [{ name: 'deep', override_params: { temperature: 0.9 } }] }],
      },
    })
    const answer = await client.chat.completions.create({ messages: MESSAGES, user: 'u' })
    assert.equal(A.last.text, JSON.stringify({ messages: MESSAGES, seed: 7, temperature: 0.9, stop: ['a'] }))
    assert.equal(answer.getHeaders()['last-used-option-index'], 'config.targets[0].targets[0]')
    assert.equal(answer.getGateway().changes.length, 4)
  })

  test('is tried in order without default retries; maxRetries and retry still count', async (t) => {
    const refusing = [{ status: 503, headers: { 'retry-after-ms': '1' }, json: envelope('busy') }]
    const plain = await fallback(t, refusing, [{ json: completion() }])
    await plain.client.chat.completions.create({ messages: MESSAGES })
    assert.equal(plain.A.requests.length, 1)
    const asked = await fallback(t, refusing, [{ json: completion() }])
    await asked.client.chat.completions.create({ messages: MESSAGES }, undefined, { maxRetries: 2 })
    assert.equal(asked.A.requests.length, 3)
  })

  test('makes at most 32 attempts, however retries and targets are nested', async (t) => {
    const { A } = await setUp(t)
    A.answer([{ status: 503, headers: { 'retry-after-ms': '1' }, json: envelope('busy') }])
    const retry = { attempts: 5, use_retry_after_header: true }
    const client = new Portkey({ retryBudget: false, config: { retry, strategy: { mode: 'fallback' }, targets: Array(8).fill({ custom_host: A.url }) } })
    const error = await failure(client.chat.completions.create({ messages: MESSAGES }))
    assert.equal(A.requests.length, 32)
    assert.equal(error.gateway.attempts.length, 32)
  })

  test('moves on from a provider that has not the endpoint', async (t) => {
    const { B } = await setUp(t)
    B.answer([{ json: { object: 'list', data: [] } }])
    const targets = [{ provider: 'anthropic', api_key: 'k', custom_host: 'http://127.0.0.1:9/v1' }, { provider: 'openai', api_key: 'key-B', custom_host: B.url }]
    const client = new Portkey({ config: { strategy: { mode: 'fallback' }, targets } })
    const answer = await client.embeddings.create({ model: 'm', input: 'x' })
    assert.equal(answer.getHeaders()['last-used-option-index'], 'config.targets[1]')
    const alone = new Portkey({ provider: 'anthropic', customHost: B.url })
    await assert.rejects(alone.embeddings.create({ model: 'm', input: 'x' }), (error) => error instanceof ConfigError && /anthropic has no embeddings.create/.test(error.message))
  })

  test('that fails as a whole gives the last error, with every attempt', async (t) => {
    const { client } = await fallback(t, [{ status: 500, json: envelope('first') }], [{ status: 429, json: envelope('second') }])
    const error = await failure(client.chat.completions.create({ messages: MESSAGES }))
    assert.equal(error.status, 429)
    assert.deepEqual(error.gateway.attempts.map(({ target, status }) => [target, status]), [['first', 500], ['second', 429]])
  })

  test('is refused with the path of each problem', () => {
    const config = {
      strategy: { mode: 'conditional', conditions: [{ query: { 'metadata.a': '1' }, then: 'nobody' }], default: 'none', mood: 1 },
      targets: [{ name: 'a', provider: 'opnai' }, { weight: -1 }, { strategy: { mode: 'fallback' }, targets: [] }],
    }
    const error = (() => { try { new Portkey({ config }) } catch (error) { return error } })()
    const paths = error.problems.map(({ path }) => path)
    for (const path of ['config.strategy.mood', 'config.targets[1].weight', 'config.targets[2].targets', 'config.strategy.conditions[0].then', 'config.strategy.default']) {
      assert.ok(paths.includes(path), `${path} in ${paths}`)
    }
    const unknown = (() => { try { new Portkey({ config: { strategy: { mode: 'single' }, targets: [{ provider: 'opnai' }] } }) } catch (error) { return error } })()
    assert.match(unknown.message, /^config\.targets\[0\]\.provider: .*did you mean openai\?/)
  })
})
