// Secrets leave the process on the wire and nowhere else: not in what is printed, not in a message, a stack or a report.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, test } from 'node:test'

import Portkey from '../index.mjs'
import { chunk, completion, envelope, MESSAGES } from './support/answers.mjs'
import { failure, shown, thrown } from './support/failures.mjs'
import { closedPort, hostFor } from './support/host.mjs'

// Each holds a word that is in no other text.
const SECRETS = {
  apiKey: 'apikey-zebra', Authorization: 'Bearer auth-zebra', xApiKey: 'header-zebra', 'X-Org': 'org-zebra',
  config: { api_key: 'config-zebra', key_id: 'keyid-zebra', forward_headers: ['key_id'] },
}
const OPTIONS = { ...SECRETS, forwardHeaders: ['xApiKey', 'X-Org', 'key_id'] }

function assertSilent(value, what) {
  const text = shown(value)
  assert.ok(!text.includes('zebra'), `${what} shows a secret: ${text.slice(Math.max(0, text.indexOf('zebra') - 80), text.indexOf('zebra') + 20)}`)
}

const client = (customHost, more) => new Portkey({ customHost: `${customHost}?key=query-zebra`, maxRetries: 0, ...OPTIONS, config: { ...SECRETS.config, ...more } })
const optionsOfCall = { headers: { 'X-Call': 'call-zebra' }, query: { token: 'callquery-zebra' } }

describe('no secret is shown', () => {
  test('by a client, its resources and a client made from it', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const made = client(host.url)
    await made.chat.completions.create({ messages: MESSAGES }, undefined, optionsOfCall)
    assert.ok(JSON.stringify(host.last.rawHeaders).split('zebra').length > 4, 'the secrets were sent')
    for (const value of [made, made.chat, made.withOptions({ Authorization: 'other-zebra' })]) assertSilent(value, 'a client')
    assertSilent({ nested: { made } }, 'an object that holds a client')
  })

  test('by a call under way, its answer and its report', async (t) => {
    const host = await hostFor(t, [{ json: completion() }, { sse: [chunk({ content: 'x' }), chunk({}, 'stop')] }])
    const call = client(host.url).chat.completions.create({ messages: MESSAGES }, undefined, optionsOfCall)
    assertSilent(call, 'a pending call')
    const { data, response } = await call.withResponse()
    for (const value of [call, data, response, data.getGateway(), data.getHeaders()]) assertSilent(value, 'an answer')
    const stream = await client(host.url).chat.completions.create({ messages: MESSAGES, stream: true }, undefined, optionsOfCall)
    assertSilent(stream, 'an open stream')
    for await (const _ of stream);
    for (const value of [stream, stream.getGateway(), stream.getHeaders()]) assertSilent(value, 'a stream')
  })

  const failures = {
    'a refusal': [{ status: 401, json: envelope('no such key') }],
    'a server error': [{ status: 500, text: 'oops' }],
    'a wrong path': [{ status: 404, json: { detail: 'Not Found' } }],
    'a redirect': [{ status: 302, headers: { location: 'http://127.0.0.1:9/' } }],
    'a garbled answer': [{ body: '{"a":,}' }],
    'an empty answer': [{ body: '' }],
    'a broken connection': ['reset'],
    'a reply that is no HTTP': [{ raw: ['noise\r\n\r\n', 'cut'] }],
    'a clock that ran out': ['hang'],
  }
  for (const [title, script] of Object.entries(failures)) {
    test(`by the error of ${title}`, async (t) => {
      const host = await hostFor(t, script)
      const error = await failure(client(host.url).chat.completions.create({ messages: MESSAGES }, undefined, { ...optionsOfCall, timeout: 100 }))
      assertSilent(error, title)
    })
  }

  test('by the error of a host that cannot be reached', async () => {
    for (const where of [`http://127.0.0.1:${await closedPort()}/v1`, 'http://no-such-host.invalid/v1', 'unix:/nowhere/llm.sock:/v1']) {
      assertSilent(await failure(client(where).chat.completions.create({ messages: MESSAGES }, undefined, optionsOfCall)), where)
    }
  })

  test('by the error inside a stream, and by one that breaks off', async (t) => {
    for (const end of [{ error: { message: 'overloaded' } }, 'cut']) {
      const host = await hostFor(t, [{ sse: [chunk({ content: 'x' }), end], done: false }])
      const stream = await client(host.url).chat.completions.create({ messages: MESSAGES, stream: true }, undefined, optionsOfCall)
      assertSilent(await failure((async () => { for await (const _ of stream); })()), 'a stream error')
    }
  })
})

describe('a host that says back what it was sent', () => {
  const account = (token) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    return JSON.stringify({ client_email: 'a@b', private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }), private_key_id: 'one', token_uri: `${token.origin}/token` })
  }
  const saidBack = (request) => envelope(`no: ${request.headers.authorization} ${request.path} ${decodeURIComponent(request.path)}`)

  test("puts neither the call's query nor a token that was fetched into a message", async (t) => {
    const token = await hostFor(t, [{ json: { access_token: 'fetched-zebra', expires_in: 3600, token_type: 'Bearer' } }])
    for (const stream of [false, true]) {
      const host = await hostFor(t, (request) => (stream ? { sse: [saidBack(request)], done: false } : { status: 400, json: saidBack(request) }))
      const vertex = new Portkey({ provider: 'vertex-ai', customHost: host.origin, vertexRegion: 'global', vertexProjectId: 'p', vertexServiceAccountJson: account(token), maxRetries: 0 })
      const error = await failure(vertex.chat.completions.create({ model: 'gemini-x', messages: MESSAGES, stream }, undefined, { query: { sig: 'call/query zebra' } }))
      assert.equal(host.last.headers.authorization, 'Bearer fetched-zebra')
      assert.match(host.last.path, /sig=call(%2F|\/)query/)
      assert.match(error.message, /no: .*\*\*\*/)
      assert.ok(!error.message.includes('zebra'), error.message)
    }
  })
})

describe('a ConfigError shows no value', () => {
  const HOST = 'http://127.0.0.1:9/v1'
  const cases = {
    'a host with a password': { customHost: 'http://user:zebra@127.0.0.1/v1' },
    'a host with its key in a fragment': { customHost: 'http://127.0.0.1/v1#zebra' },
    'a host without a scheme': { customHost: 'zebra.example/v1' },
    'a host with a line break': { customHost: 'http://127.0.0.1/v1\nzebra: 1' },
    'a credential of the wrong type': { customHost: HOST, Authorization: ['zebra'], apiKey: { zebra: 'zebra' } },
    'a credential with a line break': { customHost: HOST, Authorization: 'Bearer a\r\nzebra: b' },
    "a config's credential outside Latin-1": { config: { custom_host: HOST, api_key: 'zebra日' } },
    'a header that nobody lists': { customHost: HOST, xKey: 'zebra' },
    'a header of the wrong type': { customHost: HOST, xKey: { a: 'zebra' }, forwardHeaders: ['xKey'] },
    'an unknown option': { customHost: HOST, passwort: 'zebra' },
    'an unknown key of a config': { config: { custom_host: HOST, api_kee: 'zebra' } },
    'a config that is no JSON': { config: '{"api_key": "zebra", }' },
    'metadata of the wrong type': { customHost: HOST, metadata: { a: ['zebra'] } },
    'a virtual key': { virtualKey: 'zebra' },
    'a base URL': { baseURL: 'http://user:zebra@127.0.0.1/v1' },
    'what a gateway is told': { baseURL: HOST, virtualKey: 'zebra\n', traceID: 'zebra日', apiKey: ['zebra'], xKey: 'zebra' },
    'a hosted target without a key': { config: { virtual_key: 'zebra' } },
    'a loop': { customHost: HOST, metadata: Object.assign([], { zebra: 'zebra' }), config: (() => { const loop = { api_key: 'zebra' }; loop.config = loop; return loop })() },
  }
  for (const [title, options] of Object.entries(cases)) {
    test(`of ${title}`, async () => {
      const error = await failure((async () => new Portkey(options).chat.completions.create({ messages: MESSAGES }))())
      assert.equal(error.name, 'ConfigError', inspect(error))
      assertSilent(error, title)
      assertSilent(error.problems, title)
    })
  }

  test('not even a credential that is a number', () => {
    for (const options of [{ Authorization: 31415926 }, { apiKey: 31415926 }, { config: { api_key: 31415926 } }]) {
      assert.ok(!shown(thrown(() => new Portkey({ customHost: HOST, ...options }))).includes('31415926'), JSON.stringify(options))
    }
  })
})
