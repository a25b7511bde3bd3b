// A provider's own options: what is missing, misspelt or another's is told before anything is sent, what is secret is never
// told at all, and each spelling and place to write them says the same.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'

import Portkey, { AuthenticationError, BadRequestError, ConfigError } from '../index.mjs'
import { MESSAGES, completion } from './support/answers.mjs'
import { closedPort, hostFor } from './support/host.mjs'

const BODY = { model: 'm', messages: MESSAGES }
const providers = new Portkey({ customHost: 'http://127.0.0.1:9/v1' }).providers()
const ask = (client, body, params) => client.chat.completions.create({ ...BODY, ...body }, params)
const camel = (key) => key.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())

/** What `run` throws, or rejects with: a `ConfigError`, as its paths and messages. */
async function problems(run) {
  let error
  try {
    await run()
  } catch (thrown) {
    error = thrown
  }
  assert.equal(error?.constructor, ConfigError, error?.stack ?? 'nothing was refused')
  return Object.fromEntries(error.problems.map(({ path, message }) => [path, message]))
}

const AWS = { awsRegion: 'eu-west-1', awsAccessKeyId: 'AKIDEXAMPLE', awsSecretAccessKey: 'the-secret-of-aws' }
const ORACLE_KEY = readFileSync(new URL('../fixtures/oracle/key.pem', import.meta.url), 'utf8')
const converse = { output: { message: { role: 'assistant', content: [{ text: 'Hi' }] } }, stopReason: 'end_turn', usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } }
const gemini = { candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }] }

describe('what a provider needs is told at the call', () => {
  /** Without a custom host. */
  const NEEDS = {
    'azure-ai': ['azureFoundryUrl'],
    'azure-openai': ['azureResourceName'],
    bedrock: ['awsRegion', 'awsAccessKeyId', 'awsSecretAccessKey'],
    cortex: ['snowflakeAccount'],
    oracle: ['oracleTenancy', 'oracleUser', 'oracleFingerprint', 'oraclePrivateKey', 'oracleCompartmentId', 'oracleRegion'],
    sagemaker: ['awsRegion', 'awsAccessKeyId', 'awsSecretAccessKey'],
    'vertex-ai': ['vertexRegion', 'vertexProjectId'],
    'workers-ai': ['workersAiAccountId'],
  }
  for (const [provider, wanted] of Object.entries(NEEDS)) {
    test(`${provider} needs ${wanted.join(', ')}`, async () => {
      const client = new Portkey({ provider, Authorization: 'k' })
      const told = await problems(() => ask(client))
      assert.deepEqual(Object.keys(told).sort(), [...wanted].sort())
      for (const message of Object.values(told)) assert.match(message, /^is missing: \S/)
    })
  }

  test('whatever the table says is required, a call without it says so', async () => {
    for (const { name, settings } of providers) {
      const required = settings.filter((setting) => setting.required)
      if (required.length === 0) continue
      const told = await problems(() => ask(new Portkey({ provider: name, Authorization: 'k', customHost: 'http://127.0.0.1:9' })))
      for (const { option } of required) assert.match(told[option], /^is missing/, `${name}: ${option}`)
    }
  })

  test('by its place in a config', async () => {
    const single = new Portkey({ config: { provider: 'bedrock', aws_region: 'eu-west-1' } })
    assert.deepEqual(Object.keys(await problems(() => ask(single))), ['awsAccessKeyId', 'awsSecretAccessKey'])
    const targets = [{ provider: 'openai', api_key: 'k' }, { provider: 'bedrock', api_key: 'k', aws_region: 'eu-west-1' }]
    const group = new Portkey({ config: { strategy: { mode: 'fallback' }, targets } })
    assert.deepEqual(Object.keys(await problems(() => ask(group))), ['config.targets[1].aws_access_key_id', 'config.targets[1].aws_secret_access_key'])
  })

  test('and a credential where nothing else can be', async (t) => {
    const host = await hostFor(t, [{ json: converse }])
    const key = { provider: 'bedrock', awsRegion: 'eu-west-1', awsAuthType: 'apiKey', customHost: host.origin }
    const wanted = 'is missing: the Bedrock API key that apiKey stands for'
    assert.deepEqual(await problems(() => ask(new Portkey(key))), { Authorization: wanted })
    const targets = [{ provider: 'bedrock', aws_region: 'eu-west-1', aws_auth_type: 'apiKey' }]
    const group = new Portkey({ config: { strategy: { mode: 'fallback' }, targets } })
    assert.deepEqual(await problems(() => ask(group)), { 'config.targets[0].api_key': wanted })
    const entra = new Portkey({ provider: 'azure-openai', azureResourceName: 'r', azureAuthMode: 'entra' })
    assert.deepEqual(await problems(() => ask(entra)), { Authorization: 'is missing: the Entra token, which azure_ad_token may be too' })
    assert.equal(host.requests.length, 0)
    await ask(new Portkey(key), {}, { Authorization: 'k' })
    assert.equal(host.last.headers.authorization, 'Bearer k')
  })

  test('and a call may bring it', async (t) => {
    const host = await hostFor(t, [{ json: converse }])
    const client = new Portkey({ provider: 'bedrock', customHost: host.origin })
    const answer = await ask(client, {}, AWS)
    assert.equal(answer.choices[0].message.content, 'Hi')
    assert.match(host.last.headers.authorization, /Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/bedrock\/aws4_request/)
    assert.equal(host.last.path, '/model/m/converse')
    await assert.rejects(ask(client), ConfigError, 'they were for one call')
  })

  test('a server of your own needs its address, at construction', async () => {
    for (const { name, usualHost } of providers.filter((row) => row.usualHost)) {
      const told = await problems(() => new Portkey({ provider: name }))
      assert.ok(told.customHost.includes(usualHost), `${name}: ${told.customHost}`)
    }
  })
})

describe('options in each spelling and place', () => {
  const spellings = {
    'camelCase options': AWS,
    'snake_case options': { aws_region: 'eu-west-1', aws_access_key_id: 'AKIDEXAMPLE', aws_secret_access_key: 'the-secret-of-aws' },
    'a config in snake_case': { config: { aws_region: 'eu-west-1', aws_access_key_id: 'AKIDEXAMPLE', aws_secret_access_key: 'the-secret-of-aws' } },
    'a config in camelCase': { config: AWS },
    'a config over options': { ...AWS, awsRegion: 'us-west-2', config: { aws_region: 'eu-west-1' } },
    "a group's target": { config: { strategy: { mode: 'single' }, targets: [{ provider: 'bedrock', ...AWS }] }, inGroup: true },
  }
  for (const [what, { inGroup, ...options }] of Object.entries(spellings)) {
    test(what, async (t) => {
      const host = await hostFor(t, [{ json: converse }])
      if (inGroup) options.config.targets[0].custom_host = host.origin
      const client = new Portkey({ ...(!inGroup && { provider: 'bedrock', customHost: host.origin }), ...options })
      await ask(client)
      assert.match(host.last.headers.authorization, /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/bedrock\/aws4_request/)
    })
  }

  test("a temporary key's token goes along", async (t) => {
    const host = await hostFor(t, [{ json: converse }])
    await ask(new Portkey({ provider: 'bedrock', customHost: host.origin, ...AWS, awsSessionToken: 'the-session' }))
    assert.equal(host.last.headers['x-amz-security-token'], 'the-session')
    assert.match(host.last.headers.authorization, /SignedHeaders=[^,]*x-amz-security-token/)
  })

  test('an API key of Bedrock is a bearer token', async (t) => {
    const host = await hostFor(t, [{ json: converse }])
    await ask(new Portkey({ provider: 'bedrock', customHost: host.origin, awsRegion: 'eu-west-1', awsAuthType: 'apiKey', Authorization: 'bedrock-key' }))
    assert.equal(host.last.headers.authorization, 'Bearer bedrock-key')
    assert.equal(host.last.headers['x-amz-date'], undefined)
  })

  test("Azure's credentials go where each belongs", async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const azure = { provider: 'azure-openai', customHost: `${host.origin}/openai` }
    const sent = async (options) => {
      await ask(new Portkey({ ...azure, ...options }))
      return [host.last.headers['api-key'], host.last.headers.authorization]
    }
    assert.deepEqual(await sent({ Authorization: 'key' }), ['key', undefined])
    assert.deepEqual(await sent({ Authorization: 'token', azureAuthMode: 'entra' }), [undefined, 'Bearer token'])
    assert.deepEqual(await sent({ azureAdToken: 'token' }), [undefined, 'Bearer token'])
    assert.deepEqual(await sent({ Authorization: 'key', azureAdToken: 'token' }), [undefined, 'Bearer token'])
    await ask(new Portkey({ ...azure, Authorization: 'k', azureApiVersion: '2024-10-21', azureDeploymentId: 'my deployment' }))
    assert.equal(host.last.path, '/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21')
  })

  test('two clients and two targets of one provider keep their own', async (t) => {
    const host = await hostFor(t, [{ json: converse }])
    const one = new Portkey({ provider: 'bedrock', customHost: host.origin, ...AWS })
    const other = one.withOptions({ awsRegion: 'us-west-2', awsAccessKeyId: 'AKIDOTHER' })
    await Promise.all([ask(one), ask(other), ask(one), ask(other)])
    const scopes = host.requests.map(({ headers }) => /Credential=(\w+)\/\d{8}\/([\w-]+)/.exec(headers.authorization).slice(1).join(' '))
    assert.deepEqual(scopes.sort(), ['AKIDEXAMPLE eu-west-1', 'AKIDEXAMPLE eu-west-1', 'AKIDOTHER us-west-2', 'AKIDOTHER us-west-2'])
  })
})

describe('what can not be acted on is refused at construction', () => {
  const customHost = 'http://127.0.0.1:9/v1'
  const refused = {
    "an option of another provider's": [{ customHost, awsRegion: 'x' }, { awsRegion: 'has no meaning for provider openai' }],
    "a config key of another provider's": [{ config: { provider: 'groq', azure_resource_name: 'x' } }, { 'config.azure_resource_name': 'has no meaning for provider groq' }],
    'an option beside a group': [{ awsRegion: 'x', config: { strategy: { mode: 'fallback' }, targets: [{ custom_host: customHost }, { custom_host: customHost }] } }, { awsRegion: "is an option of one target: put it into that target's config" }],
    'a misspelt option': [{ provider: 'bedrock', awsRegon: 'x' }, { awsRegon: 'is no option; did you mean awsRegion?' }],
    'a misspelt config key': [{ config: { provider: 'bedrock', aws_regon: 'x' } }, { 'config.aws_regon': 'is no key of a config; did you mean aws_region?' }],
    'a misspelt provider': [{ provider: 'antropic' }, { provider: `expected one of the ${providers.length} names that providers() lists; did you mean anthropic?` }],
    'a misspelt provider of a target': [{ config: { strategy: { mode: 'fallback' }, targets: [{ provider: 'gooogle' }] } }, { 'config.targets[0].provider': `expected one of the ${providers.length} names that providers() lists; did you mean google?` }],
    'a provider like no other': [{ provider: 'zzzzzz' }, { provider: `expected one of the ${providers.length} names that providers() lists` }],
    'a provider that is left out': [{ provider: 'lambda', customHost }, { provider: 'is not among the providers: its inference API is closed' }],
    'a way to sign that is none': [{ provider: 'bedrock', ...AWS, awsAuthType: 'magic' }, { awsAuthType: 'expected accessKey, assumedRole or apiKey' }],
    'a service account that is no JSON': [{ provider: 'vertex-ai', vertexRegion: 'global', vertexServiceAccountJson: 'no-json' }, { vertexServiceAccountJson: "expected the JSON of a service account's key file, with client_email and private_key" }],
    'a service account whose tokens come over plain HTTP': [{ provider: 'vertex-ai', vertexRegion: 'global', vertexServiceAccountJson: account({ token_uri: 'http://tokens.example.com/token' }) }, { vertexServiceAccountJson: 'its token_uri is no https:// URL, nor one of this machine' }],
    'a version that Azure can not have': [{ provider: 'azure-openai', azureResourceName: 'r', azureApiVersion: '2024-10' }, { azureApiVersion: 'expected v1, preview, latest or a date such as 2024-10-21 or 2025-04-01-preview' }],
  }
  for (const [what, [options, wanted]] of Object.entries(refused)) {
    test(what, async () => {
      assert.deepEqual(await problems(() => new Portkey({ Authorization: 'k', ...options })), wanted)
    })
  }

  test('every provider that is left out says why', async () => {
    for (const provider of ['anyscale', 'lambda', 'lepton', 'meshy', 'milvus', 'palm', 'qdrant', 'tripo3d']) {
      const { provider: why } = await problems(() => new Portkey({ provider }))
      assert.match(why, /^is not among the providers: \S/)
    }
  })
})

describe("a custom host leads where the provider's example says:", () => {
  const BODY = { messages: [{ role: 'user', content: 'x' }], prompt: 'x', input: 'x', user: 'user' }
  const NEEDED = {
    bedrock: AWS,
    sagemaker: AWS,
    oracle: { oracleTenancy: 't', oracleUser: 'u', oracleFingerprint: 'aa:bb', oracleRegion: 'us-chicago-1', oracleCompartmentId: 'c', oraclePrivateKey: ORACLE_KEY },
    'vertex-ai': { vertexRegion: 'us-central1', vertexProjectId: 'my-project' },
  }
  for (const { name, example } of providers) {
    test(name, async (t) => {
      const host = await hostFor(t, [{ status: 400, json: { error: { message: 'no' } } }])
      const customHost = example.customHost.replace(new URL(example.customHost).origin, host.origin)
      const client = new Portkey({ provider: name, customHost, Authorization: 'k', maxRetries: 0, ...NEEDED[name] })
      const run = example.call.split('.').reduce((node, key) => node[key], client)
      const model = name === 'replicate' ? 'owner/model' : 'model'
      await assert.rejects(run({ ...BODY, model }), { status: 400 })
      assert.equal(host.last.path, new URL(example.url).pathname)
    })
  }
})

describe('an endpoint that a provider has not', () => {
  /** What can be called of each endpoint of the table. */
  const CALLS = {
    'chat.completions.create': (client) => ask(client),
    'completions.create': (client) => client.completions.create({ model: 'm', prompt: 'x' }),
    'embeddings.create': (client) => client.embeddings.create({ model: 'm', input: 'x' }),
    'moderations.create': (client) => client.moderations.create({ input: 'x' }),
    'models.list': (client) => client.models.list(),
  }

  test('is a ConfigError that names both, for all that the table leaves out', async (t) => {
    const host = await hostFor(t)
    let count = 0
    for (const { name, endpoints, settings } of providers) {
      const required = Object.fromEntries(settings.filter((setting) => setting.required).map(({ option }) => [option, 'x']))
      const options = { provider: name, customHost: host.url, Authorization: 'k', ...required, ...(required.vertexRegion && { vertexProjectId: 'p' }), ...(required.awsRegion && AWS), ...(required.oraclePrivateKey && { oraclePrivateKey: ORACLE_KEY }) }
      for (const [call, run] of Object.entries(CALLS)) {
        if (endpoints.includes(call)) continue
        const told = await problems(() => run(new Portkey(options)))
        assert.ok(Object.values(told).some((message) => message.includes(name) && message.includes(call)), `${name}: ${JSON.stringify(told)}`)
        count++
      }
    }
    assert.ok(count > 100, `only ${count}`)
    assert.equal(host.requests.length, 0)
  })

  test('in a group, the next target has it', async (t) => {
    const host = await hostFor(t, [{ json: { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [1, 2] }], model: 'm' } }])
    const targets = [{ provider: 'anthropic', custom_host: host.url, api_key: 'k' }, { custom_host: host.url }]
    const answer = await new Portkey({ config: { strategy: { mode: 'fallback' }, targets } }).embeddings.create({ model: 'm', input: 'x' })
    assert.deepEqual(answer.data[0].embedding, [1, 2])
    assert.equal(host.requests.length, 1)
    assert.equal(host.last.path, '/v1/embeddings')
  })
})

describe('strictParams', () => {
  const refusals = [
    ['groq', { logit_bias: { 1: 2 } }, { 'body.logit_bias': 'Groq answers 400 to it; leave it out, or turn strictParams off' }],
    ['anthropic', { seed: 4 }, { 'body.seed': 'anthropic has no such parameter; leave it out, or turn strictParams off' }],
    ['anthropic', { temperature: 1.7 }, { 'body.temperature': 'anthropic takes 0 to 1; leave it out, or turn strictParams off' }],
  ]
  for (const [provider, body, wanted] of refusals) {
    test(`refuses what ${provider} would lose of ${Object.keys(body)}`, async (t) => {
      const host = await hostFor(t)
      for (const options of [{ strictParams: true }, { config: { strict_params: true } }]) {
        assert.deepEqual(await problems(() => ask(new Portkey({ provider, customHost: host.url, Authorization: 'k', ...options }), body)), wanted)
      }
      assert.equal(host.requests.length, 0)
      host.answer([{ status: 400, json: {} }])
      await assert.rejects(ask(new Portkey({ provider, customHost: host.url, Authorization: 'k' }), body), BadRequestError)
    })
  }

  test('lets pass what has another name there, and values that were left out', async (t) => {
    const host = await hostFor(t, [{ status: 400, json: {} }])
    const client = new Portkey({ provider: 'anthropic', customHost: host.url, Authorization: 'k', strictParams: true })
    await assert.rejects(ask(client, { stop: ['END'], temperature: 0.4 }), BadRequestError)
    assert.deepEqual(host.last.json().stop_sequences, ['END'])
    assert.equal(host.last.json().max_tokens, 4096)
  })

  test('in a group, the next target takes the body as it is', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const targets = [{ provider: 'anthropic', custom_host: host.url, api_key: 'k' }, { custom_host: host.url }]
    await ask(new Portkey({ config: { strategy: { mode: 'fallback' }, strict_params: true, targets } }), { seed: 4 })
    assert.equal(host.requests.length, 1)
    assert.equal(host.last.json().seed, 4)
  })
})

describe('a call that names its provider', () => {
  test("in Anthropic's dialect, with the client's credential", async (t) => {
    const host = await hostFor(t, [{ status: 400, json: {} }])
    const client = new Portkey({ customHost: host.url, Authorization: 'k', config: { passthrough: true } })
    await assert.rejects(ask(client, { model: 'claude-x' }, { provider: 'anthropic' }), BadRequestError)
    assert.equal(host.last.path, '/v1/messages')
    assert.equal(host.last.json().model, 'claude-x')
    assert.equal(host.last.headers['x-api-key'], 'k')
    await assert.rejects(ask(client, { model: 'llama' }, { provider: 'groq' }), BadRequestError)
    assert.equal(host.last.path, '/v1/chat/completions')
    assert.equal(host.last.headers.authorization, 'Bearer k')
    assert.equal(host.last.headers['x-api-key'], undefined)
  })

  test('by a name that is none', async (t) => {
    const host = await hostFor(t)
    const client = new Portkey({ customHost: host.url, Authorization: 'k', config: { passthrough: true } })
    assert.match((await problems(() => ask(client, { model: 'claude-x' }, { provider: 'antropic' }))).provider, /did you mean anthropic\?$/)
    assert.equal(host.requests.length, 0)
  })
})

/** A service account's key file, whose key signs nothing but tests. */
function account(more) {
  const private_key = readFileSync(new URL('../fixtures/vertex-ai/service-account/key.pem', import.meta.url), 'utf8')
  return JSON.stringify({ type: 'service_account', project_id: 'its-own', client_email: 'a@its-own.iam', private_key_id: 'kid', private_key, ...more })
}

// The engine's tests hold the request's signature to the key.
describe("Vertex AI's service account", () => {
  test('a token that is given comes first, and none is fetched', async (t) => {
    const host = await hostFor(t, [{ json: gemini }])
    const options = { provider: 'vertex-ai', vertexRegion: 'us-central1', customHost: host.origin, Authorization: 'a-token' }
    const answer = await ask(new Portkey({ ...options, vertexServiceAccountJson: account({ token_uri: 'https://127.0.0.1:9/token' }) }))
    assert.equal(answer.choices[0].message.content, 'Hi')
    assert.equal(host.last.headers.authorization, 'Bearer a-token')
    assert.equal(host.last.path, '/v1/projects/its-own/locations/us-central1/publishers/google/models/m:generateContent')
    await ask(new Portkey({ ...options, vertexProjectId: 'mine', vertexServiceAccountJson: account() }))
    assert.match(host.last.path, /^\/v1\/projects\/mine\//)
  })

  test('a token is had from the token service once, and sent with every call', async (t) => {
    const grants = await hostFor(t, [{ json: { access_token: 'ya29.granted', expires_in: 3600, token_type: 'Bearer' } }])
    const host = await hostFor(t, [{ json: gemini }, { json: gemini }, { json: gemini }])
    const vertexServiceAccountJson = account({ token_uri: `${grants.origin}/token` })
    const client = new Portkey({ provider: 'vertex-ai', vertexRegion: 'us-central1', customHost: host.origin, vertexServiceAccountJson })
    await Promise.all([ask(client), ask(client)])
    await ask(client)
    assert.deepEqual(host.requests.map(({ headers }) => headers.authorization), Array(3).fill('Bearer ya29.granted'))
    const [asked, ...others] = grants.requests
    assert.equal(others.length, 0)
    assert.equal(`${asked.method} ${asked.path}`, 'POST /token')
    assert.equal(asked.headers['content-type'], 'application/x-www-form-urlencoded')
    const form = new URLSearchParams(asked.text)
    assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer')
    const [header, claims] = form.get('assertion').split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')))
    assert.deepEqual(header, { alg: 'RS256', typ: 'JWT', kid: 'kid' })
    assert.equal(claims.aud, `${grants.origin}/token`)
    assert.equal(claims.exp - claims.iat, 3600)
  })

  test("a token service's refusal is told in its words, and the model is not asked", async (t) => {
    const grants = await hostFor(t, [{ status: 400, json: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' } }])
    const host = await hostFor(t)
    const vertexServiceAccountJson = account({ token_uri: `${grants.origin}/token` })
    const client = new Portkey({ provider: 'vertex-ai', vertexRegion: 'us-central1', customHost: host.origin, vertexServiceAccountJson })
    await assert.rejects(ask(client), (error) => {
      assert.equal(error.constructor, AuthenticationError)
      assert.match(error.message, /status 400, invalid_grant: Invalid JWT Signature\./)
      assert.ok(!everything(error).includes('PRIVATE KEY'))
      return true
    })
    assert.equal(host.requests.length, 0)
  })

  test('a token that can not be had is an AuthenticationError, and the model is not asked', async (t) => {
    const host = await hostFor(t)
    const port = await closedPort()
    const client = new Portkey({ provider: 'vertex-ai', vertexRegion: 'us-central1', customHost: host.origin, vertexServiceAccountJson: account({ token_uri: `https://127.0.0.1:${port}/token` }) })
    await assert.rejects(ask(client), (error) => {
      assert.equal(error.constructor, AuthenticationError)
      assert.match(error.message, /^The access token could not be had: Connection refused/)
      assert.ok(!everything(error).includes('PRIVATE KEY'))
      return true
    })
    assert.equal(host.requests.length, 0)
  })

  test('a key that is none is told without showing it', async (t) => {
    const host = await hostFor(t)
    const json = account({ private_key: '-----BEGIN PRIVATE KEY-----\nSEKRET\n-----END PRIVATE KEY-----\n' })
    const client = new Portkey({ provider: 'vertex-ai', vertexRegion: 'us-central1', customHost: host.origin, vertexServiceAccountJson: json })
    await assert.rejects(ask(client), (error) => {
      assert.deepEqual(error.problems.map(({ path }) => path), ['vertexServiceAccountJson'])
      assert.ok(!everything(error).includes('SEKRET'))
      return true
    })
    assert.equal(host.requests.length, 0)
  })
})

const ENTRA = { azureEntraTenantId: 'a-tenant', azureEntraClientId: 'a-client', azureEntraClientSecret: 'the-secret+of/entra' }
const granting = (token, expires_in = 3600) => ({ json: { token_type: 'Bearer', expires_in, access_token: token } })
const bearers = (host) => host.requests.map(({ headers }) => headers.authorization)

describe("Azure's tokens of Entra", () => {
  const azure = {
    'azure-openai': (host) => ({ provider: 'azure-openai', customHost: `${host.origin}/openai` }),
    'azure-ai': (host) => ({ provider: 'azure-ai', azureFoundryUrl: `${host.origin}/models` }),
    "azure-ai of Anthropic's models": (host) => ({ provider: 'azure-ai', azureFoundryUrl: `${host.origin}/anthropic` }),
  }
  const answer = (path) => path.startsWith('/anthropic')
    ? { json: { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [{ type: 'text', text: 'Hi' }], stop_reason: 'end_turn', usage: { input_tokens: 1, output_tokens: 1 } } }
    : { json: completion('Hi') }
  for (const [what, optionsAt] of Object.entries(azure)) {
    test(`${what}: one is had for the client's secret once, and goes with every call`, async (t) => {
      const grants = await hostFor(t, [granting('eyJ.entra')])
      const host = await hostFor(t, ({ path }) => answer(path))
      const client = new Portkey({ ...optionsAt(host), ...ENTRA, azureAuthMode: 'entra', azureAuthorityHost: grants.origin })
      await Promise.all([ask(client), ask(client)])
      await ask(client)
      assert.deepEqual(bearers(host), Array(3).fill('Bearer eyJ.entra'))
      for (const { headers } of host.requests) assert.ok(!('api-key' in headers) && !('x-api-key' in headers))
      assert.equal(grants.requests.length, 1)
      assert.equal(`${grants.last.method} ${grants.last.path}`, 'POST /a-tenant/oauth2/v2.0/token')
      assert.deepEqual(Object.fromEntries(new URLSearchParams(grants.last.text)), {
        grant_type: 'client_credentials', client_id: 'a-client', client_secret: ENTRA.azureEntraClientSecret, scope: 'https://cognitiveservices.azure.com/.default',
      })
    })
  }

  test("one that is granted for a tenant is no other's, where calls bring their own", async (t) => {
    const grants = await hostFor(t, ({ path }) => granting(`token-of${path.split('/')[1]}`))
    const host = await hostFor(t, [{ json: completion('Hi') }])
    const client = new Portkey({ ...azure['azure-openai'](host), ...ENTRA, azureAuthorityHost: grants.origin })
    const other = { azureEntraTenantId: 'b-tenant', azureEntraClientId: 'b', azureEntraClientSecret: 'b' }
    await ask(client)
    await ask(client, {}, other)
    await ask(client)
    await ask(client, {}, other)
    assert.deepEqual(bearers(host), ['a', 'b', 'a', 'b'].map((tenant) => `Bearer token-of${tenant}-tenant`))
    assert.equal(grants.requests.length, 2)
  })

  test('one that is stale is had anew', async (t) => {
    const grants = await hostFor(t, [granting('first', 0), granting('second')])
    const host = await hostFor(t, [{ json: completion('Hi') }])
    const client = new Portkey({ ...azure['azure-openai'](host), ...ENTRA, azureAuthorityHost: grants.origin })
    for (let call = 0; call < 3; call += 1) await ask(client)
    assert.deepEqual(bearers(host), ['Bearer first', 'Bearer second', 'Bearer second'])
  })

  test('it comes before a key, and after a token that is given', async (t) => {
    const grants = await hostFor(t, [granting('granted')])
    const host = await hostFor(t, [{ json: completion('Hi') }])
    const options = { ...azure['azure-openai'](host), ...ENTRA, azureAuthorityHost: grants.origin }
    await ask(new Portkey({ ...options, Authorization: 'a-key' }))
    assert.deepEqual([host.last.headers['api-key'], host.last.headers.authorization], [undefined, 'Bearer granted'])
    await ask(new Portkey({ ...options, azureAdToken: 'given' }))
    await ask(new Portkey({ ...options, Authorization: 'given', azureAuthMode: 'entra' }))
    assert.deepEqual(bearers(host).slice(1), ['Bearer given', 'Bearer given'])
    assert.equal(grants.requests.length, 1)
  })

  test("the machine's identity is asked for a token", async (t) => {
    const grants = await hostFor(t, [granting('of-the-machine', '86399')])
    const host = await hostFor(t, [{ json: completion('Hi') }])
    const client = new Portkey({ ...azure['azure-openai'](host), azureAuthMode: 'managed', azureManagedClientId: 'id 1', azureAuthorityHost: grants.origin })
    await ask(client)
    assert.deepEqual(bearers(host), ['Bearer of-the-machine'])
    assert.equal(`${grants.last.method} ${grants.last.path}`, 'GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fcognitiveservices.azure.com&client_id=id+1')
    assert.equal(grants.last.headers.metadata, 'true')
  })

  test("a refusal is told in Entra's words, without the secret, and the model is not asked", async (t) => {
    const grants = await hostFor(t, [{ status: 401, json: { error: 'invalid_client', error_description: 'AADSTS7000215: Invalid client secret provided.' } }])
    const host = await hostFor(t)
    const client = new Portkey({ ...azure['azure-openai'](host), ...ENTRA, azureAuthorityHost: grants.origin })
    await assert.rejects(ask(client), (error) => {
      assert.equal(error.constructor, AuthenticationError)
      assert.match(error.message, /status 401, invalid_client: AADSTS7000215/)
      assert.ok(!everything(error).includes(ENTRA.azureEntraClientSecret))
      return true
    })
    assert.equal(host.requests.length, 0)
  })

  test('what is missing or does not go together is told', async () => {
    const base = { provider: 'azure-openai', azureResourceName: 'r' }
    const { azureEntraClientSecret: _, ...incomplete } = ENTRA
    assert.deepEqual(await problems(() => ask(new Portkey({ ...base, ...incomplete }))), { azureEntraClientSecret: 'is missing: tokens are granted for tenant, client and secret together' })
    assert.deepEqual(Object.keys(await problems(() => new Portkey({ ...base, ...ENTRA, azureAuthorityHost: 'http://login.example.com' }))), ['azureAuthorityHost'])
    assert.deepEqual(Object.keys(await problems(() => new Portkey({ ...base, azureManagedClientId: 'x' }))), ['azureManagedClientId'])
  })
})

describe('the role that keys of AWS assume', () => {
  const ROLE = { ...AWS, awsAuthType: 'assumedRole', awsRoleArn: 'arn:aws:iam::123456789012:role/models', awsExternalId: 'ours' }
  const keys = (id, end) => ({
    headers: { 'content-type': 'text/xml' },
    text: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>s+/=</SecretAccessKey><SessionToken>session+of/${id}==</SessionToken><Expiration>${end}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
  })
  const later = () => new Date(Date.now() + 3_600_000).toISOString()

  for (const [provider, service, reply] of [['bedrock', 'bedrock', converse], ['sagemaker', 'sagemaker', completion('Hi')]]) {
    test(`${provider}: its keys are had once, and sign every call`, async (t) => {
      const sts = await hostFor(t, [keys('ASIA1', later())])
      const host = await hostFor(t, [{ json: reply }])
      const client = new Portkey({ provider, customHost: host.origin, ...ROLE, awsStsEndpoint: sts.origin })
      await Promise.all([ask(client), ask(client)])
      await ask(client)
      assert.equal(sts.requests.length, 1)
      assert.equal(`${sts.last.method} ${sts.last.path}`, 'POST /')
      assert.match(sts.last.headers.authorization, /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/sts\/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, Signature=[0-9a-f]{64}$/)
      assert.deepEqual(Object.fromEntries(new URLSearchParams(sts.last.text)), {
        Action: 'AssumeRole', Version: '2011-06-15', RoleArn: ROLE.awsRoleArn, RoleSessionName: 'portkey-native', DurationSeconds: '3600', ExternalId: 'ours',
      })
      assert.equal(host.requests.length, 3)
      for (const { headers } of host.requests) {
        assert.match(headers.authorization, new RegExp(`Credential=ASIA1/\\d{8}/eu-west-1/${service}/aws4_request`))
        assert.equal(headers['x-amz-security-token'], 'session+of/ASIA1==')
      }
    })
  }

  test('they are had anew where they have ended', async (t) => {
    const sts = await hostFor(t, [keys('ASIA1', '2020-01-01T00:00:00Z'), keys('ASIA2', later())])
    const host = await hostFor(t, [{ json: converse }])
    const client = new Portkey({ provider: 'bedrock', customHost: host.origin, ...ROLE, awsStsEndpoint: sts.origin })
    for (let call = 0; call < 3; call += 1) await ask(client)
    assert.deepEqual(host.requests.map(({ headers }) => /Credential=(\w+)/.exec(headers.authorization)[1]), ['ASIA1', 'ASIA2', 'ASIA2'])
  })

  test("a refusal is told in AWS's words, and the model is not asked", async (t) => {
    const text = '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>'
    const sts = await hostFor(t, [{ status: 403, headers: { 'content-type': 'text/xml' }, text }])
    const host = await hostFor(t)
    const client = new Portkey({ provider: 'bedrock', customHost: host.origin, ...ROLE, awsStsEndpoint: sts.origin })
    await assert.rejects(ask(client), (error) => {
      assert.equal(error.constructor, AuthenticationError)
      assert.match(error.message, /status 403, AccessDenied: Not authorized/)
      assert.ok(!everything(error).includes(AWS.awsSecretAccessKey))
      return true
    })
    assert.equal(host.requests.length, 0)
  })

  test('what is missing or does not go together is told', async () => {
    const { awsRoleArn: _, ...without } = ROLE
    assert.deepEqual(await problems(() => ask(new Portkey({ provider: 'bedrock', ...without }))), { awsRoleArn: 'is missing: the role to assume' })
    const unused = { ...AWS, awsRoleArn: ROLE.awsRoleArn, awsExternalId: 'x' }
    assert.deepEqual(Object.keys(await problems(() => new Portkey({ provider: 'bedrock', ...unused }))), ['awsRoleArn', 'awsExternalId'])
  })
})

/** All that a printer, a logger or a caller can get out of a value. */
function everything(value) {
  const shown = inspect(value, { depth: Infinity, showHidden: true, getters: true })
  return [shown, JSON.stringify(value), JSON.stringify(value?.gateway ?? null), value?.message, value?.stack, JSON.stringify(value?.error ?? null)].join('\n')
}

describe('secrets are shown nowhere', () => {
  const SECRET = 'S3CRET-that-nobody-shall-see'
  const holders = {
    'the secret key of AWS': ({ origin }) => ({ provider: 'bedrock', customHost: origin, awsRegion: 'eu-west-1', awsAccessKeyId: 'AKID', awsSecretAccessKey: SECRET }),
    'the session token of AWS': ({ origin }) => ({ provider: 'bedrock', customHost: origin, ...AWS, awsSessionToken: SECRET }),
    "Azure's token": ({ origin }) => ({ provider: 'azure-openai', customHost: `${origin}/openai`, azureAdToken: SECRET }),
    "the secret of Azure's client": ({ origin }) => ({ provider: 'azure-openai', customHost: `${origin}/openai`, azureEntraTenantId: 't', azureEntraClientId: 'c', azureEntraClientSecret: SECRET, azureAuthorityHost: origin }),
    'the keys that assume a role': ({ origin }) => ({ provider: 'bedrock', customHost: origin, ...AWS, awsSecretAccessKey: SECRET, awsAuthType: 'assumedRole', awsRoleArn: 'arn:aws:iam::1:role/r', awsExternalId: SECRET, awsStsEndpoint: origin }),
    "Azure's key": ({ origin }) => ({ provider: 'azure-ai', azureFoundryUrl: `${origin}/models`, Authorization: SECRET }),
    "Anthropic's key": ({ url }) => ({ provider: 'anthropic', customHost: url, Authorization: SECRET }),
    "Google's key": ({ origin }) => ({ provider: 'google', customHost: origin, Authorization: SECRET }),
    'a service account': ({ origin }) => ({ provider: 'vertex-ai', vertexRegion: 'global', customHost: origin, Authorization: 'k', vertexServiceAccountJson: account({ private_key: SECRET, private_key_id: SECRET }) }),
    "Oracle's key": ({ origin }) => ({ provider: 'oracle', customHost: origin, oracleTenancy: 't', oracleUser: 'u', oracleFingerprint: 'aa:bb', oracleRegion: 'us-chicago-1', oracleCompartmentId: 'c', oraclePrivateKey: ORACLE_KEY }),
  }
  for (const [what, optionsAt] of Object.entries(holders)) {
    test(what, async (t) => {
      const host = await hostFor(t, [{ status: 403, json: { message: 'No.' } }])
      const port = await closedPort()
      const seen = []
      for (const at of [host, { origin: `http://127.0.0.1:${port}`, url: `http://127.0.0.1:${port}/v1` }]) {
        const options = optionsAt(at)
        const client = new Portkey({ ...options, maxRetries: 0 })
        seen.push(client, client.targets(), await ask(client).catch((error) => error), await ask(client, { stream: true }).catch((error) => error))
        seen.push(await client.moderations.create({ input: 'x' }).catch((error) => error))
        const { provider, customHost, Authorization, ...settings } = options
        const config = { provider, custom_host: customHost, api_key: Authorization, ...settings }
        seen.push(await ask(new Portkey({ config: { strategy: { mode: 'fallback' }, targets: [config] } })).catch((error) => error))
        // Given to the wrong provider, or with a misspelt name beside it.
        for (const wrong of [{ ...options, provider: 'groq', customHost: at.url }, { ...options, mispeltt: 'x' }]) {
          try {
            new Portkey(wrong)
          } catch (error) {
            seen.push(error)
          }
        }
      }
      const secrets = [SECRET, ...(what.startsWith('Oracle') ? ORACLE_KEY.split('\n').slice(1, 4) : [])]
      for (const one of seen) {
        for (const secret of secrets) assert.ok(!everything(one).includes(secret), `${one?.message ?? inspect(one)} shows it`)
      }
      assert.ok(seen.filter((one) => one instanceof Error).length >= 8)
    })
  }
})

test('the table of providers says of each option what a config calls it', () => {
  for (const { name, settings, endpoints } of providers) {
    for (const { option, key, what } of settings) {
      assert.equal(option, camel(key), name)
      assert.match(what, /\S/)
    }
    assert.ok(Array.isArray(endpoints))
  }
})
