// What a host gets as headers: credentials, forwarded values under their wire names, and never anything else.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { ConfigError } from '../index.mjs'
import { completion, MESSAGES } from './support/answers.mjs'
import { failure, shown, thrown } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { assertHeaders, assertNowhere } from './support/wire.mjs'

const ANSWERS = [{ json: completion() }]

/** The request that one call makes. */
async function sent(host, options, params, opts) {
  await new Portkey({ customHost: host.url, ...options }).chat.completions.create({ messages: MESSAGES }, params, opts)
  return host.last
}

describe('the credential', () => {
  const cases = [
    ['sk-1', 'Bearer sk-1'],
    ['Bearer sk-1', 'Bearer sk-1'],
    ['bearer sk-1', 'Bearer sk-1'],
    ['Token abc', 'Token abc'],
    ['Basic dXNlcjpwYXNz', 'Basic dXNlcjpwYXNz'],
    ['sk-ünï', 'Bearer sk-ünï'],
  ]
  for (const [given, wanted] of cases) {
    test(`Authorization ${given} is sent as ${wanted}, from client, call and any spelling of the option`, async (t) => {
      const host = await hostFor(t, ANSWERS)
      for (const name of ['Authorization', 'authorization', 'AUTHORIZATION']) {
        assertHeaders(await sent(host, { [name]: given }), { authorization: wanted }, name)
        assertHeaders(await sent(host, {}, { [name]: given }), { authorization: wanted }, name)
        assertHeaders(await sent(host, { Authorization: 'of-the-client' }, { [name]: given }), { authorization: wanted }, name)
      }
    })
  }

  test("a config's api_key comes before Authorization, and a forwarded Authorization before both", async (t) => {
    const host = await hostFor(t, ANSWERS)
    const config = { provider: 'openai', api_key: 'config-key', custom_host: host.url }
    assertHeaders(await sent(host, { Authorization: 'option-key', config }), { authorization: 'Bearer config-key' })
    const forwarding = { ...config, forward_headers: ['Authorization'] }
    assertHeaders(await sent(host, { Authorization: 'Token raw', config: forwarding }), { authorization: 'Token raw' })
  })

  test('no key of Portkey and no variable of the environment becomes a credential', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const variables = { PORTKEY_API_KEY: 'env-portkey', OPENAI_API_KEY: 'env-openai', OPENAI_ORG_ID: 'env-org', OPENAI_PROJECT_ID: 'env-project' }
    Object.assign(process.env, variables)
    try {
      for (const options of [{}, { apiKey: 'given-portkey' }, { provider: 'openai' }, { provider: 'mistral-ai' }, { provider: 'ollama' }]) {
        const request = await sent(host, options)
        assertHeaders(request, {})
        for (const secret of ['env-', 'given-portkey']) assertNowhere(request, secret)
      }
    } finally {
      for (const name in variables) delete process.env[name]
    }
  })

  test('organization and project of OpenAI are headers of their own', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const request = await sent(host, { provider: 'openai', openaiOrganization: 'org-1', openaiProject: 'proj-1' })
    assertHeaders(request, { 'openai-organization': 'org-1', 'openai-project': 'proj-1' })
  })
})

describe('forwardHeaders', () => {
  const SPELLINGS = ['X-Custom-ID', 'x-custom-id', 'X-CUSTOM-ID', 'xCustomId', 'xCustomID', 'x_custom_id', 'X_Custom_Id']

  // Where a value may come from: what the client and the call get, for a list and the value under a name.
  const SOURCES = {
    'the client': (list, name) => [{ [name]: 'v', forwardHeaders: list }],
    'the call': (list, name) => [{}, { [name]: 'v', forwardHeaders: list }],
    'the call, listed by the client': (list, name) => [{ forwardHeaders: list }, { [name]: 'v' }],
    'the client, listed by the call': (list, name) => [{ [name]: 'v' }, { forwardHeaders: list }],
    'opts.headers': (list, name) => [{ forwardHeaders: list }, undefined, { headers: { [name]: 'v' } }],
    'opts.extraHeaders': (list, name) => [{ forwardHeaders: list }, undefined, { extraHeaders: { [name]: 'v' } }],
    'a config that lists it': (list, name, url) => [{ customHost: null, config: { custom_host: url, [name]: 'v', forward_headers: list } }],
    'a config in camelCase': (list, name, url) => [{ customHost: null, config: JSON.stringify({ customHost: url, [name]: 'v', forwardHeaders: list }) }],
    "a call's config": (list, name, url) => [{ customHost: null }, { config: { custom_host: url, [name]: 'v', forward_headers: list } }],
    'the client, listed by a config': (list, name, url) => [{ customHost: null, [name]: 'v', config: { custom_host: url, forward_headers: list } }],
  }

  for (const [source, make] of Object.entries(SOURCES)) {
    test(`each spelling of the list finds each spelling of a value from ${source}`, async (t) => {
      const host = await hostFor(t, ANSWERS)
      for (const listed of SPELLINGS) {
        for (const name of [...SPELLINGS, 'XCustomId']) {
          const request = await sent(host, ...make([listed], name, host.url))
          assertHeaders(request, { 'x-custom-id': 'v' }, `${name} listed as ${listed}`)
        }
      }
    })
  }

  test('a listed name has one name on the wire', async (t) => {
    const names = {
      xApiKey: 'x-api-key', 'x-api-key': 'x-api-key', xOrgId: 'x-org-id', 'X-Org-Id': 'x-org-id', CustomHeader: 'custom-header', AnotherHeader: 'another-header',
      key_id: 'key_id', pod_id: 'pod_id', access_token: 'access_token', 'api-key': 'api-key', keyId: 'key-id', 'anthropic-version': 'anthropic-version',
    }
    const host = await hostFor(t, ANSWERS)
    for (const [listed, wanted] of Object.entries(names)) {
      assertHeaders(await sent(host, { [listed]: 'v', forwardHeaders: [listed] }), { [wanted]: 'v' })
    }
  })

  test('a listed name in PascalCase is split at each capital', async (t) => {
    const host = await hostFor(t, ANSWERS)
    for (const [listed, wanted] of Object.entries({ XCustomId: 'x-custom-id', XApiKey: 'x-api-key', XOrgID: 'x-org-id' })) {
      assertHeaders(await sent(host, { [listed]: 'v', forwardHeaders: [listed] }), { [wanted]: 'v' })
    }
  })

  test('a name that is listed twice is sent once', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const request = await sent(host, { xApiKey: 'v', forwardHeaders: ['xApiKey', 'X-Api-Key', 'x_api_key'] })
    assertHeaders(request, { 'x-api-key': 'v' })
  })

  test('a forwarded Authorization arrives as it was given, in any spelling of the list', async (t) => {
    const host = await hostFor(t, ANSWERS)
    for (const listed of ['Authorization', 'authorization', 'AUTHORIZATION']) {
      for (const value of ['AUTH_KEY', 'Bearer AUTH_KEY', 'Token x  y', 'bearer lower']) {
        assertHeaders(await sent(host, { Authorization: value, forwardHeaders: [listed] }), { authorization: value })
      }
    }
  })

  test('values are exact: spaces inside, Latin-1, numbers, true and false', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const cases = [['a  b', 'a  b'], ['é ÿ', 'é ÿ'], ['{"a":"b,c"}', '{"a":"b,c"}'], [42, '42'], [true, 'true'], [false, 'false'], ['x'.repeat(4096), 'x'.repeat(4096)]]
    for (const [value, wanted] of cases) {
      assertHeaders(await sent(host, { xValue: value, forwardHeaders: ['xValue'] }), { 'x-value': wanted })
    }
  })

  test("the option's list takes the place of the config's, and null brings that back", async (t) => {
    const host = await hostFor(t, ANSWERS)
    const config = { custom_host: host.url, forward_headers: ['x-a'] }
    const options = { customHost: null, xA: 'a', xB: 'b', forwardHeaders: ['x-b'], config }
    assert.equal((await failure(sent(host, options))).message, 'xA: is sent to no one: add xA to forwardHeaders')
    assertHeaders(await sent(host, { ...options, xA: null }), { 'x-b': 'b' })
    assertHeaders(await sent(host, { ...options, xB: null, forwardHeaders: null }), { 'x-a': 'a' })
  })

  test('what belongs to the connection or to Portkey is refused by name', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const names = [
      'Host', 'Content-Length', 'Connection', 'Keep-Alive', 'Transfer-Encoding', 'TE', 'Trailer', 'Upgrade', 'Proxy-Authenticate', 'Metadata-Flavor',
      'X-aws-ec2-metadata-token', 'x-portkey-api-key', 'x-portkey-forward-headers',
    ]
    for (const name of names) {
      const error = thrown(() => new Portkey({ customHost: host.url, [name]: 'private-value', forwardHeaders: [name] }))
      assert.ok(error instanceof ConfigError, name)
      assert.match(error.message, /^forwardHeaders\[0\]: /)
      assert.ok(!shown(error).includes('private-value'))
    }
    assert.equal(host.accepted.length, 0)
  })

  test('cookie and proxy-authorization go out where they are named', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const request = await sent(host, { Cookie: 'a=b', 'Proxy-Authorization': 'Basic x', forwardHeaders: ['Cookie', 'Proxy-Authorization'] })
    assertHeaders(request, { cookie: 'a=b', 'proxy-authorization': 'Basic x' })
  })

  test('a name without a value anywhere is a ConfigError that names the near miss, and nothing is sent', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const client = () => new Portkey({ customHost: host.url, xApiKeyy: 'v', forwardHeaders: ['xApiKey', 'xApiKeyy'] })
    const error = await failure((async () => client().chat.completions.create({ messages: MESSAGES }))())
    assert.ok(error instanceof ConfigError)
    assert.equal(error.message, 'forwardHeaders[0]: xApiKey has no value anywhere; did you mean xApiKeyy?')
    assert.equal(host.accepted.length, 0)
  })

  test('a value with a line break or outside Latin-1 is refused without being shown', async (t) => {
    const host = await hostFor(t, ANSWERS)
    for (const value of ['private\r\nx-evil: 1', 'private\0', 'private日', 'private\n']) {
      const error = await failure(sent(host, {}, { xKey: value, forwardHeaders: ['xKey'] }))
      assert.ok(error instanceof ConfigError)
      assert.ok(!shown(error).includes('private'), error.message)
    }
    assert.equal(host.accepted.length, 0)
  })
})

describe("the call's own headers", () => {
  test('reach the host once, extraHeaders over headers over forwarded ones', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const opts = { headers: { 'X-One': '1', 'X-Both': 'headers' }, extraHeaders: { 'x-both': 'extra', 'X-Two': '2' } }
    assertHeaders(await sent(host, {}, null, opts), { 'x-one': '1', 'x-two': '2', 'x-both': 'extra' })
    const listed = { xBoth: 'client', forwardHeaders: ['x-both'] }
    assertHeaders(await sent(host, listed, null, { headers: { 'X-Both': 'call' } }), { 'x-both': 'call' })
    assertHeaders(await sent(host, listed), { 'x-both': 'client' })
  })

  test('take the place of the credential and of standing headers', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const request = await sent(host, { Authorization: 'client' }, null, { headers: { authorization: 'Token call', 'User-Agent': 'mine', Accept: 'application/x' } })
    assertHeaders(request, { authorization: 'Token call' })
    assert.deepEqual(request.values('user-agent'), ['mine'])
    assert.deepEqual(request.values('accept'), ['application/x'])
  })

  test('a null takes out a header that would be sent', async (t) => {
    const host = await hostFor(t, ANSWERS)
    assertHeaders(await sent(host, { Authorization: 'client' }, null, { headers: { Authorization: null } }), {})
    assertHeaders(await sent(host, {}, null, { headers: { 'X-One': '1' }, extraHeaders: { 'x-one': null } }), {})
    assertHeaders(await sent(host, {}, null, { headers: { 'X-One': null, 'X-Two': undefined } }), {})
  })

  test('named x-portkey-… are options, and never leave the process', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const client = new Portkey({ customHost: host.url })
    const headers = { 'x-portkey-trace-id': 'from-header', 'X-Portkey-Metadata': '{"_user":"u1"}' }
    const answer = await client.chat.completions.create({ messages: MESSAGES }, null, { headers })
    assertHeaders(host.last, {})
    assert.equal(answer.getHeaders()['trace-id'], 'from-header')
    assert.deepEqual(answer.getGateway().metadata, { _user: 'u1' })
    const error = await failure(client.chat.completions.create({ messages: MESSAGES }, null, { headers: { 'x-portkey-nonsense': '1' } }))
    assert.ok(error instanceof ConfigError, String(error))
    assert.equal(host.requests.length, 1)
  })
})

test('a redirect is not followed, and its host sees neither credential nor forwarded value', async (t) => {
  const other = await hostFor(t, ANSWERS)
  for (const status of [301, 302, 303, 307, 308]) {
    const host = await hostFor(t, [{ status, headers: { location: `${other.url}/elsewhere` } }])
    const client = new Portkey({ customHost: host.url, Authorization: 'Bearer k', xSecret: 's', forwardHeaders: ['Authorization', 'x-secret'], maxRetries: 0 })
    for (const call of [() => client.chat.completions.create({ messages: MESSAGES }), () => client.models.list()]) {
      const error = await failure(call())
      assert.equal(error.status, status)
      assert.match(error.message, /Redirects are not followed/)
    }
    assert.equal(host.requests.length, 2)
  }
  assert.equal(other.accepted.length, 0)
})
