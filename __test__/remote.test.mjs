// A client with a `baseURL`: what reaches the gateway and what comes back, over real sockets. What each option says there,
// header by header, is remote-recorded.test.mjs's to hold.

import assert from 'node:assert/strict'
import os from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'

import Portkey, {
  APIConnectionError, APIConnectionTimeoutError, APIUserAbortError, ConfigError, InternalServerError, PORTKEY_GATEWAY_URL, RateLimitError, StreamTruncatedError,
} from '../index.mjs'
import { chatChunks, chunk, completion, envelope, MESSAGES } from './support/answers.mjs'
import { failure, thrown } from './support/failures.mjs'
import { closedPort, hostFor } from './support/host.mjs'

const FACTS = {
  'x-portkey-trace-id': 'gateway-trace', 'x-portkey-provider': 'openai', 'x-portkey-last-used-option-index': 'config.targets[1]', 'x-portkey-retry-attempt-count': '2',
  'x-portkey-cache-status': 'HIT',
}
const ANSWERED = { json: completion(), headers: FACTS }

const chat = (client, params, opts, body) => client.chat.completions.create({ messages: MESSAGES, ...body }, params, opts)

const told = ({ rawHeaders }) => Object.fromEntries(rawHeaders.filter(([name]) => name.startsWith('x-portkey-') && name !== 'x-portkey-package-version'))

describe('a gateway', () => {
  test('gets the body to the byte, the config as it is, and no attempt of a kind that is its own', async (t) => {
    const host = await hostFor(t, [ANSWERED])
    const config = { strategy: { mode: 'fallback' }, targets: [{ provider: 'openai' }, { virtual_key: 'b' }], retry: { attempts: 5 }, cache: { mode: 'simple' }, unknown_to_us: 1 }
    const client = new Portkey({ baseURL: host.url, config })
    const body = { model: 'm', messages: MESSAGES, unknown: [1.5, { b: 1, a: 'é' }] }
    await client.chat.completions.create(body)
    assert.equal(host.last.text, JSON.stringify(body))
    assert.equal(host.last.headers['x-portkey-config'], JSON.stringify(config))
    assert.equal(host.requests.length, 1)
  })

  test('tells the facts of a call, and the report names one target', async (t) => {
    const host = await hostFor(t, [ANSWERED])
    const answer = await chat(new Portkey({ baseURL: host.url, traceID: 'mine', metadata: { a: '1', n: 1 } }))
    assert.deepEqual(answer, completion())
    assert.deepEqual(answer.getHeaders(), Object.fromEntries(Object.entries(FACTS).map(([name, value]) => [name.slice('x-portkey-'.length), value])))
    const report = answer.getGateway()
    const { traceId, target, provider, cache, metadata, attempts, usage } = report
    assert.deepEqual({ traceId, target, provider, cache, metadata, usage }, {
      traceId: 'gateway-trace', target: 'remote', provider: 'openai', cache: 'HIT', metadata: { a: '1' }, usage: completion().usage,
    })
    assert.deepEqual(attempts.map((attempt) => [attempt.target, attempt.provider, attempt.url, attempt.status]), [['remote', 'portkey', `${host.url}/chat/completions`, 200]])
    const { response } = await chat(new Portkey({ baseURL: host.url })).withResponse()
    assert.equal(response.headers['x-portkey-trace-id'], 'gateway-trace')
    assert.deepEqual(client_targets(host.url), [['remote', 'portkey', host.url]])
  })

  const client_targets = (baseURL) => new Portkey({ baseURL }).targets().map(({ target, provider, url }) => [target, provider, url])

  test('streams, and the facts are there at once', async (t) => {
    const host = await hostFor(t, [{ sse: chatChunks(), headers: FACTS }])
    const stream = await chat(new Portkey({ baseURL: host.url }), undefined, undefined, { stream: true })
    assert.equal(stream.getHeaders()['trace-id'], 'gateway-trace')
    const chunks = []
    for await (const piece of stream) chunks.push(piece)
    assert.deepEqual(chunks, chatChunks())
    assert.equal(stream.getGateway().target, 'remote')
    assert.equal(stream.getHeaders().provider, 'openai')
  })

  test('that cuts a stream is no success', async (t) => {
    const host = await hostFor(t, [{ sse: [chunk({ content: 'half' }), 'cut'], done: false }])
    const stream = await chat(new Portkey({ baseURL: host.url }), undefined, undefined, { stream: true })
    const error = await failure((async () => { for await (const _ of stream); })())
    assert.ok(error instanceof StreamTruncatedError)
    assert.equal(error.partial.text, 'half')
  })

  test('is named by the environment, and a call may name another or none', async (t) => {
    const [one, two, own] = [await hostFor(t, [ANSWERED]), await hostFor(t, [ANSWERED]), await hostFor(t, [ANSWERED])]
    process.env.PORTKEY_BASE_URL = one.url
    try {
      const client = new Portkey({ customHost: own.url, apiKey: 'pk' })
      await chat(client)
      await chat(client, { baseURL: two.url })
      const local = await chat(client, { baseURL: null })
      await chat(client.withOptions({ baseURL: null }))
      assert.equal(local.getGateway().target, 'config')
    } finally {
      delete process.env.PORTKEY_BASE_URL
    }
    for (const gateway of [one, two]) {
      assert.equal(gateway.requests.length, 1)
      assert.deepEqual(told(gateway.last), { 'x-portkey-api-key': 'pk', 'x-portkey-custom-host': own.url, 'x-portkey-strict-open-ai-compliance': 'false' })
    }
    assert.equal(own.requests.length, 2)
    assert.deepEqual(own.requests.map(told), [{}, {}])
  })

  test('is reached over a unix socket too', async (t) => {
    const socket = path.join(os.tmpdir(), `portkey-remote-${process.pid}.sock`)
    const host = await hostFor(t, [ANSWERED], { socket })
    assert.deepEqual(await chat(new Portkey({ baseURL: host.url })), completion())
    assert.equal(host.last.path, '/v1/chat/completions')
  })
})

describe('the headers of a call', () => {
  test('stay with it: of a thousand at once, none has a header of another', async (t) => {
    const host = await hostFor(t, () => ANSWERED)
    const client = new Portkey({ baseURL: host.url, apiKey: 'pk', xApiKey: 'shared', forwardHeaders: ['xApiKey', 'Authorization'], Authorization: 'Bearer shared' })
    await Promise.all(Array.from({ length: 1_000 }, (_, at) => {
      const params = at % 2 ? { traceID: `t${at}`, metadata: { _user: `u${at}` }, Authorization: `Bearer a${at}`, xApiKey: `k${at}` } : undefined
      return chat(client, params, at % 3 ? { headers: { 'x-at': `${at}` } } : undefined, { model: `${at}` })
    }))
    assert.equal(host.requests.length, 1_000)
    for (const request of host.requests) {
      const at = Number(JSON.parse(request.text).model)
      const own = (value, other) => (at % 2 ? value : other)
      assert.equal(request.headers['x-portkey-trace-id'], own(`t${at}`, undefined))
      assert.equal(request.headers['x-portkey-metadata'], own(`{"_user":"u${at}"}`, undefined))
      assert.equal(request.headers.authorization, own(`Bearer a${at}`, 'Bearer shared'))
      assert.equal(request.headers['x-api-key'], own(`k${at}`, 'shared'))
      assert.equal(request.headers['x-at'], at % 3 ? `${at}` : undefined)
      assert.equal(request.headers['x-portkey-forward-headers'], 'x-api-key,authorization')
    }
  })

  test('win over options in any spelling, once, and null takes one away', async (t) => {
    const host = await hostFor(t, () => ANSWERED)
    const client = new Portkey({ baseURL: host.url, apiKey: 'pk', traceID: 'client', metadata: { a: '1' }, defaultHeaders: { 'X-Team': 'a', 'x-stage': 'b' } })
    await chat(client, { traceID: 'call', metadata: null, strictOpenAiCompliance: null }, { headers: { 'X-Portkey-Api-Key': 'other', 'x-team': null, 'x-portkey-trace-id': 'header' } })
    assert.deepEqual(told(host.last), { 'x-portkey-api-key': 'other', 'x-portkey-trace-id': 'header' })
    assert.deepEqual(host.last.values('x-portkey-api-key'), ['other'])
    assert.equal(host.last.headers['x-team'], undefined)
    assert.equal(host.last.headers['x-stage'], 'b')
    await chat(client, undefined, { headers: { 'x-portkey-api-key': null } })
    assert.deepEqual(told(host.last), { 'x-portkey-trace-id': 'client', 'x-portkey-metadata': '{"a":"1"}', 'x-portkey-strict-open-ai-compliance': 'false' })
  })

  test('that no header can hold are a ConfigError with the option, and nothing is sent', async (t) => {
    const host = await hostFor(t, [ANSWERED])
    const client = new Portkey({ baseURL: host.url })
    for (const params of [{ traceID: 'a\nb' }, { provider: '日' }, { Authorization: 'a\0' }, { virtualKey: 'a\r' }, { config: 'pc-\n' }]) {
      const [name] = Object.keys(params)
      const error = await failure(chat(client, params))
      assert.ok(error instanceof ConfigError, name)
      assert.match(error.message, new RegExp(`^${name}: its value holds`))
      assert.deepEqual(thrown(() => new Portkey({ baseURL: host.url, ...params })).message, error.message)
    }
    assert.equal(host.requests.length, 0)
  })
})

describe('failures', () => {
  const GATEWAYS = ['x-portkey-trace-id', 'x-portkey-request-id', 'x-portkey-gateway-exception']
  const refusal = (status, headers) => ({ status, json: envelope('boom'), headers: { 'retry-after-ms': '1', ...headers } })

  test('that a gateway answered are final, unless the caller asks for more attempts', async (t) => {
    for (const name of GATEWAYS) {
      for (const status of [408, 429, 500, 503]) {
        const host = await hostFor(t, [refusal(status, { [name]: 'x' }), ANSWERED])
        const error = await failure(chat(new Portkey({ baseURL: host.url })))
        assert.equal(error.status, status)
        assert.equal(host.requests.length, 1, `${status} ${name}`)
        assert.equal(error.headers[name], 'x')
      }
    }
    for (const [options, opts] of [[{ maxRetries: 1 }], [{}, { maxRetries: 2 }]]) {
      const host = await hostFor(t, [refusal(503, FACTS), ANSWERED])
      assert.deepEqual(await chat(new Portkey({ baseURL: host.url, ...options }), undefined, opts), completion())
      assert.equal(host.requests.length, 2)
    }
  })

  test('of what stands before a gateway are tried again', async (t) => {
    for (const status of [408, 409, 429, 502, 503]) {
      const host = await hostFor(t, [refusal(status), refusal(status), ANSWERED])
      assert.deepEqual(await chat(new Portkey({ baseURL: host.url })), completion())
      assert.equal(host.requests.length, 3)
    }
    const host = await hostFor(t, [refusal(503)])
    assert.ok((await failure(chat(new Portkey({ baseURL: host.url })))) instanceof InternalServerError)
    assert.equal(host.requests.length, 3)
  })

  test('have the class, the body and the advice that are right for a gateway', async (t) => {
    const host = await hostFor(t, [refusal(429, FACTS), { status: 401, json: { status: 'failure', message: 'Invalid API Key' } }, { status: 404, json: {} }])
    const client = new Portkey({ baseURL: host.origin })
    const limited = await failure(chat(client))
    assert.ok(limited instanceof RateLimitError)
    assert.equal(limited.gateway.traceId, 'gateway-trace')
    const denied = await failure(chat(client))
    assert.match(denied.message, /^401 Invalid API Key\nPOST http:\S+ \(remote, provider portkey\)\n.*check apiKey/)
    assert.deepEqual(denied.error, { status: 'failure', message: 'Invalid API Key' })
    assert.match((await failure(chat(client))).message, /baseURL is likely meant to end in \/v1/)
    const nobody = await failure(chat(new Portkey({ baseURL: `http://127.0.0.1:${await closedPort()}/v1`, maxRetries: 0 })))
    assert.ok(nobody instanceof APIConnectionError)
    assert.match(nobody.message, /check the host and port of baseURL/)
  })

  test('of a connection that broke after it was written are sent again only when called idempotent', async (t) => {
    for (const [idempotent, requests] of [[undefined, 1], [true, 2]]) {
      const host = await hostFor(t, ['reset', ANSWERED])
      await chat(new Portkey({ baseURL: host.url, idempotent })).catch((error) => assert.ok(error instanceof APIConnectionError))
      assert.equal(host.requests.length, requests)
    }
  })

  test('are also clocks that run out and signals that abort, while requestTimeout is the gateway\'s own', async (t) => {
    const host = await hostFor(t, () => 'hang')
    const client = new Portkey({ baseURL: host.url, requestTimeout: 1, timeouts: { headers: 50 }, maxRetries: 0 })
    const late = await failure(chat(client))
    assert.ok(late instanceof APIConnectionTimeoutError)
    assert.equal(late.code, 'headers_timeout')
    assert.equal(host.last.headers['x-portkey-request-timeout'], '1')
    const patient = new Portkey({ baseURL: host.url })
    assert.equal((await failure(chat(patient, undefined, { timeout: 30 }))).code, 'total_timeout')
    const stop = new AbortController()
    const call = chat(patient, undefined, { signal: stop.signal })
    await host.received(3)
    stop.abort()
    assert.ok((await failure(call)) instanceof APIUserAbortError)
    await host.until(() => host.connections.length === 0)
  })

  test('are redirects too: no header follows one', async (t) => {
    const other = await hostFor(t, [ANSWERED])
    const host = await hostFor(t, [{ status: 307, headers: { location: `${other.url}/chat/completions` }, text: '' }])
    await failure(chat(new Portkey({ baseURL: host.url, apiKey: 'pk' })))
    assert.equal(other.requests.length, 0)
  })
})

describe('the hosted platform', () => {
  const ASKED = [
    [{ virtualKey: 'vk' }, 'virtualKey'], [{ config: 'pc-prod-1' }, 'config'], [{ provider: '@openai-prod' }, 'provider'], [{ config: { provider: '@openai-prod' } }, 'config.provider'],
    [{ config: { strategy: { mode: 'fallback' }, targets: [{ custom_host: 'http://127.0.0.1:9/v1' }, { virtual_key: 'vk' }] } }, 'config.targets[1].virtual_key'],
    [{ baseURL: PORTKEY_GATEWAY_URL }, 'baseURL'],
  ]
  test('needs a key, and the error says what asks for it', async () => {
    for (const [options, asker] of ASKED) {
      const error = await failure(chat(new Portkey(options)))
      assert.ok(error instanceof ConfigError)
      assert.equal(error.message, `${asker}: asks for Portkey's hosted platform: pass its key as apiKey (PORTKEY_API_KEY), or name another gateway as baseURL`)
      assert.deepEqual(error.problems.map(({ path }) => path), [asker])
    }
    const model = await failure(chat(new Portkey(), undefined, undefined, { model: '@openai-prod/gpt-4o' }))
    assert.match(model.message, /^model: asks for Portkey's hosted platform/)
    assert.match((await failure(new Portkey({ customHost: 'http://127.0.0.1:9/v1' }).feedback.create({ traceID: 't', value: 1 }))).message, /^logs: is missing: feedback on calls of this process/)
    assert.match((await failure(chat(new Portkey()))).message, /nowhere to send a call to/)
  })

  test("is one target's, known by its address", () => {
    const [lone] = new Portkey({ apiKey: 'pk', virtualKey: 'vk' }).targets()
    assert.deepEqual([lone.target, lone.provider, lone.url], ['config', 'portkey', PORTKEY_GATEWAY_URL])
    assert.equal(new Portkey({ apiKey: 'pk', config: 'pc-1' }).targets()[0].target, 'hosted')
  })
})

describe('where a page runs', () => {
  test('no client is made, unless it is allowed', () => {
    const globals = { window: { document: {} }, navigator: {} }
    const had = Object.fromEntries(Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]))
    for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true })
    try {
      const error = thrown(() => new Portkey({ apiKey: 'pk' }))
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, /^dangerouslyAllowBrowser: this looks like a browser/)
      assert.throws(() => new Portkey({ dangerouslyAllowBrowser: false }), ConfigError)
      assert.ok(new Portkey({ apiKey: 'pk', dangerouslyAllowBrowser: true }))
    } finally {
      for (const [name, descriptor] of Object.entries(had)) {
        if (descriptor) Object.defineProperty(globalThis, name, descriptor)
        else delete globalThis[name]
      }
    }
  })
})
