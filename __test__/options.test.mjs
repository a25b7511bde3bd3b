// Options: read once, checked with every problem told at once, laid over by a call's own for that call alone.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { ConfigError } from '../index.mjs'
import { completion, MESSAGES } from './support/answers.mjs'
import { failure, shown, thrown } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { assertHeaders, assertNowhere } from './support/wire.mjs'

const ANSWERS = [{ json: completion() }]
const HOST = 'http://127.0.0.1:9/v1'

const chat = (client, params, opts) => client.chat.completions.create({ messages: MESSAGES }, params, opts)

describe('a config', () => {
  const written = (url) => ({
    snake_case: { provider: 'openai', api_key: 'KEY', custom_host: url, override_params: { model: 'm', max_tokens: 5 }, forward_headers: ['x-org'], 'x-org': 'o' },
    camelCase: { provider: 'openai', apiKey: 'KEY', customHost: url, overrideParams: { model: 'm', max_tokens: 5 }, forwardHeaders: ['x-org'], xOrg: 'o' },
  })
  for (const spelling of ['snake_case', 'camelCase']) {
    for (const form of ['an object', 'its JSON']) {
      test(`in ${spelling} as ${form} does the same on the client, on a call and in withOptions`, async (t) => {
        const host = await hostFor(t, ANSWERS)
        const config = form === 'an object' ? written(host.url)[spelling] : JSON.stringify(written(host.url)[spelling])
        await chat(new Portkey({ config }))
        await chat(new Portkey({}), { config })
        await chat(new Portkey({ customHost: HOST }).withOptions({ customHost: null, config }))
        assert.equal(host.requests.length, 3)
        for (const request of host.requests) {
          assertHeaders(request, { authorization: 'Bearer KEY', 'x-org': 'o' })
          assert.equal(request.text, JSON.stringify({ messages: MESSAGES, model: 'm', max_tokens: 5 }))
        }
      })
    }
  }

  test('of a call takes the place of the one of the client, whole', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const client = new Portkey({ config: { custom_host: host.url, api_key: 'client', override_params: { seed: 1 } } })
    await chat(client, { config: { custom_host: host.url } })
    assertHeaders(host.last, {})
    assert.deepEqual(host.last.json(), { messages: MESSAGES })
    await chat(client)
    assertHeaders(host.last, { authorization: 'Bearer client' })
    assert.deepEqual(host.last.json(), { messages: MESSAGES, seed: 1 })
  })
})

describe("a call's params", () => {
  test('act on that call alone', async (t) => {
    const [host, other] = [await hostFor(t, ANSWERS), await hostFor(t, ANSWERS)]
    const client = new Portkey({ customHost: host.url, Authorization: 'client', traceID: 'client', metadata: { of: 'client' } })
    const own = await chat(client, { customHost: other.url, Authorization: 'call', traceID: 'call', metadata: { of: 'call' }, xKey: 'k', forwardHeaders: ['xKey'] })
    const next = await chat(client)
    assertHeaders(other.last, { authorization: 'Bearer call', 'x-key': 'k' })
    assertHeaders(host.last, { authorization: 'Bearer client' })
    assert.deepEqual([host.requests.length, other.requests.length], [1, 1])
    assert.deepEqual([own, next].map((answer) => answer.getGateway().metadata), [{ of: 'call' }, { of: 'client' }])
    assert.deepEqual([own, next].map((answer) => answer.getHeaders()['trace-id']), ['call', 'client'])
    assert.equal(client.traceID, 'client')
  })

  test('of 200 calls under way at once never meet', async (t) => {
    const COUNT = 200
    // Nothing is answered before all are here, and then the last comes first.
    const host = await hostFor(t, async (request) => {
      await host.until(() => host.requests.length === COUNT)
      for (let turns = COUNT - host.requests.indexOf(request); turns > 0; turns--) await undefined
      return { json: completion(request.json().messages[0].content) }
    })
    const client = new Portkey({ customHost: host.url, Authorization: 'of-the-client', metadata: { who: 'client' }, traceID: 'trace-client' })
    const calls = Array.from({ length: COUNT }, async (_, id) => {
      const who = `caller-${id}-`
      const body = { messages: [{ role: 'user', content: who }] }
      const plain = id % 4 === 0
      const params = { Authorization: `key-${who}`, metadata: { who }, traceID: `trace-${who}`, xTenant: `tenant-${who}`, forwardHeaders: ['xTenant'] }
      const answer = await client.chat.completions.create(body, plain ? undefined : params, id % 4 === 1 ? { headers: { 'x-call': who } } : undefined)
      return { id, who, plain, answer }
    })
    for (const { id, who, plain, answer } of await Promise.all(calls)) {
      const request = host.requests.find((each) => each.text.includes(`"${who}"`))
      const wanted = plain ? { authorization: 'Bearer of-the-client' } : { authorization: `Bearer key-${who}`, 'x-tenant': `tenant-${who}` }
      assertHeaders(request, id % 4 === 1 ? { ...wanted, 'x-call': who } : wanted)
      assert.equal(answer.choices[0].message.content, who)
      assert.equal(answer.getHeaders()['trace-id'], plain ? 'trace-client' : `trace-${who}`)
      assert.deepEqual(answer.getGateway().metadata, { who: plain ? 'client' : who })
      for (let other = 0; other < COUNT; other++) if (other !== id) assertNowhere(request, `caller-${other}-`)
    }
  })

  test('null unsets an option of the client, undefined leaves it', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const options = { Authorization: 'client', traceID: 'client', metadata: { of: 'client' }, xKey: 'k', forwardHeaders: ['xKey'] }
    const client = new Portkey({ customHost: host.url, ...options })
    const unset = Object.fromEntries(Object.keys(options).map((name) => [name, null]))
    const bare = await chat(client, unset)
    assertHeaders(host.last, {})
    assert.notEqual(bare.getHeaders()['trace-id'], 'client')
    assert.deepEqual(bare.getGateway().metadata, {})
    const kept = await chat(client, Object.fromEntries(Object.keys(options).map((name) => [name, undefined])))
    assertHeaders(host.last, { authorization: 'Bearer client', 'x-key': 'k' })
    assert.equal(kept.getHeaders()['trace-id'], 'client')
    await chat(client, { authorization: null, XKey: null, forwardHeaders: null })
    assertHeaders(host.last, {})
  })

  test('and opts turn a clock of the client off with 0', async (t) => {
    const host = await hostFor(t, [{ before: 120, json: completion() }])
    const client = new Portkey({ customHost: host.url, timeout: 40, maxRetries: 0 })
    assert.equal((await failure(chat(client))).name, 'APIConnectionTimeoutError')
    assert.deepEqual(await chat(client, { timeout: 0 }), completion())
    assert.deepEqual(await chat(client, null, { timeout: 0 }), completion())
  })

  test('may name the trace in two ways, of which traceId wins', async (t) => {
    const host = await hostFor(t, ANSWERS)
    for (const params of [{ traceID: 'D', traceId: 'd' }, { traceId: 'd', traceID: 'D' }]) {
      assert.equal((await chat(new Portkey({ customHost: host.url }), params)).getHeaders()['trace-id'], 'd')
    }
  })

  test('that cannot be used reject the call before anything is sent', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const client = new Portkey({ customHost: host.url })
    const cases = [
      [{ metadata: { n: 1 } }, undefined, 'metadata.n: expected a string, got 1'],
      [{ custmHost: 'x' }, undefined, 'custmHost: is no option; did you mean customHost?'],
      ['a string', undefined, 'params: expected an object, got string'],
      [null, { timeout: -1 }, 'timeout: expected milliseconds, a number ≥ 0 (0 = off), got -1'],
      [null, { timeout: '5' }, 'timeout: expected milliseconds, a number ≥ 0 (0 = off), got string'],
      [null, { maxRetries: 1.5 }, 'maxRetries: expected a whole number ≥ 0, got 1.5'],
    ]
    for (const [params, opts, message] of cases) {
      const error = await failure(chat(client, params, opts))
      assert.ok(error instanceof ConfigError, message)
      assert.equal(error.message, message)
    }
    assert.equal(host.accepted.length, 0)
  })
})

describe('withOptions', () => {
  test('changes some options, leaves the client as it is, and shares its connections', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const client = new Portkey({ customHost: host.url, Authorization: 'a', traceID: 'a' })
    const other = client.withOptions({ Authorization: 'b', metadata: { team: 'x' } })
    const answer = await chat(other)
    assertHeaders(host.last, { authorization: 'Bearer b' })
    assert.equal(answer.getHeaders()['trace-id'], 'a')
    assert.deepEqual(answer.getGateway().metadata, { team: 'x' })
    await chat(client)
    assertHeaders(host.last, { authorization: 'Bearer a' })
    await chat(other.withOptions({ Authorization: null }))
    assertHeaders(host.last, {})
    assert.equal(host.accepted.length, 1)
    assert.ok(other instanceof Portkey)
    assert.deepEqual([client.metadata, other.metadata], [undefined, { team: 'x' }])
  })

  test('knows an option by any of its spellings', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const client = new Portkey({ customHost: host.url, Authorization: 'a' })
    await chat(client.withOptions({ authorization: 'b' }).withOptions({ Authorization: 'c' }))
    assertHeaders(host.last, { authorization: 'Bearer c' })
    await chat(client.withOptions({ authorization: null }))
    assertHeaders(host.last, {})
    await chat(client.withOptions({ authorization: undefined }))
    assertHeaders(host.last, { authorization: 'Bearer a' })
    const answer = await chat(client.withOptions({ traceID: '1' }).withOptions({ traceId: '2' }).withOptions({ traceID: '3' }))
    assert.equal(answer.getHeaders()['trace-id'], '3')
  })

  test('keeps the class of the client', () => {
    class Own extends Portkey {}
    assert.ok(new Own({ customHost: HOST }).withOptions({ traceID: 't' }) instanceof Own)
  })
})

describe('a client', () => {
  test("is not changed by what happens to the caller's objects, and changes none of them", async (t) => {
    const host = await hostFor(t, ANSWERS)
    const freeze = (value) => {
      for (const inner of Object.values(value)) if (typeof inner === 'object') freeze(inner)
      return Object.freeze(value)
    }
    const options = { customHost: host.url, xKey: 'k', forwardHeaders: ['xKey'], metadata: { a: '1' } }
    const client = new Portkey(options)
    options.forwardHeaders.push('xNone')
    options.metadata.a = '2'
    assert.throws(() => client.forwardHeaders.push('xNone'), TypeError)
    assert.deepEqual(client.forwardHeaders, ['xKey'])
    const answer = await chat(client)
    assertHeaders(host.last, { 'x-key': 'k' })
    assert.deepEqual(answer.getGateway().metadata, { a: '1' })
    const body = freeze({ messages: [{ role: 'user', content: 'x' }], maxTokens: 5 })
    await client.chat.completions.create(body, freeze({ metadata: { b: '1' } }), freeze({ headers: { 'x-h': '1' }, query: { a: [1] } }))
  })

  test('is as good as any other when it is used from many clients of one process', async (t) => {
    const [a, b] = [await hostFor(t, ANSWERS), await hostFor(t, ANSWERS)]
    const [one, two] = [new Portkey({ customHost: a.url, Authorization: 'a' }), new Portkey({ customHost: b.url, Authorization: 'b' })]
    await Promise.all(Array.from({ length: 40 }, (_, at) => chat(at % 2 ? one : two)))
    assert.ok(a.requests.length === 20 && a.requests.every((request) => request.headers.authorization === 'Bearer a'))
    assert.ok(b.requests.length === 20 && b.requests.every((request) => request.headers.authorization === 'Bearer b'))
  })

  test('reads the environment for what was left out, and null keeps it away', () => {
    Object.assign(process.env, { PORTKEY_API_KEY: 'from-env', PORTKEY_BASE_URL: 'http://127.0.0.1:8787/v1' })
    try {
      assert.equal(new Portkey({ customHost: HOST, baseURL: null }).apiKey, 'from-env')
      assert.equal(new Portkey({ customHost: HOST, baseURL: null, apiKey: 'given' }).apiKey, 'given')
      assert.equal(new Portkey({ customHost: HOST, baseURL: null, apiKey: null }).apiKey ?? undefined, undefined)
      assert.equal(new Portkey({ customHost: HOST }).baseURL, 'http://127.0.0.1:8787/v1')
      assert.equal(new Portkey({ baseUrl: 'http://127.0.0.1:9/v1' }).baseURL, 'http://127.0.0.1:9/v1')
    } finally {
      delete process.env.PORTKEY_API_KEY
      delete process.env.PORTKEY_BASE_URL
    }
  })
})

describe('metadata', () => {
  test('takes strings of up to 128 characters, as an object or its JSON', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const metadata = { _user: 'u', long: 'x'.repeat(128), wide: '😀'.repeat(128), empty: '', ünï: '日本' }
    for (const given of [metadata, JSON.stringify(metadata)]) {
      const answer = await chat(new Portkey({ customHost: host.url, metadata: given }))
      assert.deepEqual(answer.getGateway().metadata, metadata)
      assert.deepEqual((await chat(new Portkey({ customHost: host.url }), { metadata: given })).getGateway().metadata, metadata)
    }
    for (const request of host.requests) assertHeaders(request, {})
  })

  const refused = [
    [{ n: 1 }, 'metadata.n: expected a string, got 1'],
    [{ n: true }, 'metadata.n: expected a string, got true'],
    [{ n: null }, 'metadata.n: expected a string, got null'],
    [{ n: { a: '1' } }, 'metadata.n: expected a string, got an object'],
    [{ n: ['a'] }, 'metadata.n: expected a string, got an array'],
    [{ n: 'x'.repeat(129) }, 'metadata.n: expected at most 128 characters, got 129'],
    [['a'], 'metadata: expected an object, got an array'],
    ['no json', 'metadata: expected an object of strings, or its JSON, got a string'],
    [7, 'metadata: expected an object, got 7'],
  ]
  test('refuses everything else, with its path', async () => {
    for (const [metadata, message] of refused) {
      const error = thrown(() => new Portkey({ customHost: HOST, metadata }))
      assert.ok(error instanceof ConfigError)
      assert.equal(error.message, message)
      assert.equal((await failure(chat(new Portkey({ customHost: HOST }), { metadata }))).message, message)
    }
  })
})

describe('a ConfigError', () => {
  const RIGHT = 'expected a base URL with its version, such as http://localhost:11434/v1'
  const cases = [
    [{ provider: 'opnai' }, 'provider: expected one of the 70 names that providerFacts() lists; did you mean openai?'],
    [{ provider: 'ollama' }, /^customHost: is missing: provider ollama is a server of your own; name its base URL, such as http:\/\/localhost:11434\/v1$/],
    [{ baseURL: 'localhost:8787/v1' }, `baseURL: does not start with http://, https:// or unix:; ${RIGHT}`],
    [{ config: '{"provider":' }, /^config: expected an object or its JSON; the text is no JSON at line 1 column \d+$/],
    [{ config: 7 }, 'config: expected an object, got 7'],
    [{ customHost: 'localhost:11434/v1' }, `customHost: does not start with http://, https:// or unix:; ${RIGHT}`],
    [{ customHost: 'http://h/v1#x' }, /^customHost: holds a `#` fragment/],
    [{ customHost: 'http://user:secret-word@h/v1' }, /^customHost: holds user information; pass credentials as Authorization/],
    [{ customHost: 'http://h/v1\r\nx: y' }, /^customHost: holds a space, a line break/],
    [{ customHost: 7 }, 'customHost: expected a string, got 7'],
    [{ config: { custom_host: 'h/v1' } }, /^config.custom_host: does not start with http:\/\//],
    [{ customHost: HOST, forwardHeaders: 'Authorization' }, 'forwardHeaders: expected an array of header names, got a string'],
    [{ customHost: HOST, forwardHeaders: ['a', 7] }, 'forwardHeaders[1]: expected a string, got 7'],
    [{ customHost: HOST, requestTimeout: '100' }, 'requestTimeout: expected milliseconds, a number ≥ 0 (0 = off), got a string'],
    [{ customHost: HOST, timeout: -1 }, 'timeout: expected milliseconds, a number ≥ 0 (0 = off), got -1'],
    [{ customHost: HOST, maxRetries: 1.5 }, /^maxRetries: expected a whole number from 0 to \d+, got 1.5$/],
    [{ customHost: HOST, timeouts: { idel: 1 } }, 'timeouts.idel: expected one of connect, headers, firstToken, idle, queue, total'],
    [{ customHost: HOST, strictOpenAiCompliance: 'yes' }, 'strictOpenAiCompliance: expected true or false, got a string'],
    [{ customHost: HOST, config: { retry: {} } }, 'config.retry.attempts: is missing; expected a whole number from 0 to 5'],
    [{ customHost: HOST, config: { retry: { attempts: 6 } } }, 'config.retry.attempts: expected a whole number from 0 to 5, got 6'],
    [{ customHost: HOST, config: { totally_unknown: 1 } }, 'config.totally_unknown: is no key of a config; to send it as a header, list it in forward_headers'],
    [{ customHost: HOST, config: { overide_params: {} } }, 'config.overide_params: is no key of a config; did you mean override_params?'],
    [{ customHost: HOST, config: { custom_host: HOST, customHost: HOST } }, /^config.customHost: is given twice, as custom_host too$/],
    [{ config: { strategy: { mode: 'fallback' }, targets: [] } }, /^config\.targets: is missing or empty/],
    [{ customHost: HOST, providr: 'openai' }, 'providr: is no option; did you mean provider?'],
    [{ customHost: HOST, mistery: 'x' }, 'mistery: is no option; to send it as a header, list it in forwardHeaders'],
    [{ customHost: HOST, provider: 'mistral-ai', openaiProject: 'p' }, 'openaiProject: has no meaning for provider mistral-ai'],
  ]
  for (const [options, message] of cases) {
    test(`names path and remedy: ${JSON.stringify(options)}`, async () => {
      const error = thrown(() => new Portkey(options))
      assert.ok(error instanceof ConfigError)
      assert.equal(error.name, 'ConfigError')
      if (message instanceof RegExp) assert.match(error.message, message)
      else assert.equal(error.message, message)
      assert.ok(!shown(error).includes('secret-word'))
      const ofCall = await failure(chat(new Portkey({ customHost: HOST }), { customHost: null, ...options }))
      assert.ok(ofCall instanceof ConfigError, ofCall.message)
    })
  }

  test('tells all problems at once, each with its path', () => {
    const options = {
      provider: 'opnai', custmHost: 'x', requestTimeout: '100', metadata: { n: 1, long: 'x'.repeat(129) },
      config: { retry: { attempts: 9, on_status_codes: [42] }, cache: {}, provder: 'x' },
    }
    const error = thrown(() => new Portkey(options))
    const paths = ['config.cache.mode', 'config.provder', 'config.retry.attempts', 'config.retry.on_status_codes[0]', 'custmHost', 'metadata.long', 'metadata.n', 'requestTimeout']
    assert.deepEqual(error.problems.map(({ path }) => path).sort(), paths)
    for (const { path, message } of error.problems) assert.ok(error.message.includes(`${path}: ${message}`))
  })

  test('is thrown for options that have no JSON form', async () => {
    const loop = {}
    loop.self = loop
    for (const options of ['text', 7, null, [], () => {}, { xF: () => {} }, { xB: 1n }, { xS: Symbol('s') }, { config: loop }, { metadata: { n: 1n } }]) {
      const error = thrown(() => new Portkey(options))
      assert.ok(error instanceof ConfigError, `${typeof options}: ${error}`)
    }
    for (const params of [{ xF: () => {} }, { config: loop }, { metadata: { n: 1n } }]) {
      assert.ok((await failure(chat(new Portkey({ customHost: HOST }), params))) instanceof ConfigError)
    }
  })

  test('is what a client without a host says when it is called, not when it is made', async () => {
    const client = new Portkey({ apiKey: 'k' })
    const error = await failure(chat(client))
    assert.ok(error instanceof ConfigError)
    assert.match(error.message, /nowhere to send a call to: name your own server as customHost/)
  })
})
