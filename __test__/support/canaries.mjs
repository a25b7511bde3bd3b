// A process whose clients hold a canary in every place where a secret can be, at the loudest settings there are. It makes the
// calls that its parent names, and hands back every text in which a value can show itself. What it prints, the parent reads.

import { generateKeyPairSync } from 'node:crypto'
import { format, inspect } from 'node:util'

import Portkey from '../../index.mjs'

/** A canary has a word that is in no other text. */
const canary = (place) => `canary-${place}-zq7x`

const PEM = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
/** The middle of a key that was made for this process, which no text but the key has. */
const keyLine = PEM.split('\n')[3]

const messages = [{ role: 'user', content: `Keep ${canary('prompt')} to yourself` }]

/** Credentials are granted over TLS, or on this machine. */
const granting = (host) => host.replace('http://no-such', 'https://no-such')

/** Clients by the places that they hold secrets in; `host` is the origin of a host that fails. Metadata is no such place: reports are what it is for. */
const CLIENTS = {
  options: (host) => ({
    apiKey: canary('apikey'), Authorization: `Bearer ${canary('authorization')}`, customHost: `${host}/v1?key=${canary('query')}`,
    xApiKey: canary('option'), 'X-Org': canary('header'), forwardHeaders: ['xApiKey', 'X-Org', 'x-call'],
    cacheNamespace: canary('namespace'), cacheStore: { redis: `redis://user:${canary('redis')}@127.0.0.1:1/0` },
    config: { cache: 'simple', override_params: { user: canary('override') } },
  }),
  'a bare credential': (host) => ({ Authorization: canary('bare'), customHost: `${host}/v1` }),
  config: (host) => ({
    config: {
      strategy: { mode: 'fallback' },
      targets: [
        { custom_host: `${host}/v1?token=${canary('targetquery')}`, api_key: canary('configkey'), key_id: canary('keyid'), forward_headers: ['key_id'] },
        { custom_host: `${host}/v1`, provider: 'anthropic', api_key: canary('anthropic'), override_params: { max_tokens: 5, metadata: { user_id: canary('userid') } } },
      ],
    },
  }),
  bedrock: (host) => ({ provider: 'bedrock', customHost: host, awsRegion: 'eu-west-1', awsAccessKeyId: canary('awskeyid'), awsSecretAccessKey: canary('awssecret'), awsSessionToken: canary('awssession') }),
  azure: (host) => ({ provider: 'azure-openai', customHost: `${host}/openai`, azureResourceName: 'name', azureDeploymentId: 'id', azureApiVersion: '2024-06-01', azureAuthMode: 'entra', azureAdToken: canary('azuretoken') }),
  'a client of Entra': (host) => ({
    provider: 'azure-openai', customHost: `${host}/openai`, azureEntraTenantId: 'tenant', azureEntraClientId: 'client', azureEntraClientSecret: canary('entrasecret'), azureAuthorityHost: granting(host),
  }),
  'a role of AWS': (host) => ({
    provider: 'bedrock', customHost: host, awsRegion: 'eu-west-1', awsAccessKeyId: canary('rolekeyid'), awsSecretAccessKey: canary('rolesecret'), awsAuthType: 'assumedRole',
    awsRoleArn: 'arn:aws:iam::123456789012:role/r', awsExternalId: canary('externalid'), awsStsEndpoint: granting(host),
  }),
  vertex: () => ({
    provider: 'vertex-ai', vertexRegion: 'global', vertexProjectId: 'project',
    vertexServiceAccountJson: JSON.stringify({ client_email: 'a@b', private_key: PEM, private_key_id: canary('vertexkeyid'), token_uri: `https://127.0.0.1:1/token?x=${canary('tokenuri')}` }),
  }),
  oracle: (host) => ({
    provider: 'oracle', customHost: host, oracleTenancy: 'tenancy', oracleUser: 'user', oracleFingerprint: 'a1:b2', oraclePrivateKey: PEM, oracleCompartmentId: 'c', oracleRegion: 'eu',
  }),
  'a proxy': (host) => ({ customHost: `${host}/v1`, Authorization: canary('beyondproxy') }),
}

/** Options that throw at construction; each holds a canary where it is wrong, or beside it. */
const REFUSED = {
  'a header with a line break': { customHost: 'http://127.0.0.1/v1', Authorization: `${canary('broken')}\r\nx: y` },
  'a private key of garbage': { provider: 'oracle', oraclePrivateKey: canary('badkey'), oracleTenancy: 't', oracleUser: 'u', oracleFingerprint: 'f', oracleCompartmentId: 'c', oracleRegion: 'r' },
  'a service account of garbage': { provider: 'vertex-ai', vertexRegion: 'global', vertexServiceAccountJson: `{"private_key":"${canary('badaccount')}"` },
  'userinfo in a host': { customHost: `http://user:${canary('userinfo')}@127.0.0.1/v1` },
  'a redis of another scheme': { customHost: 'http://127.0.0.1/v1', cacheStore: { redis: `http://u:${canary('badredis')}@h` } },
  'a redis without a host': { customHost: 'http://127.0.0.1/v1', cacheStore: { redis: `redis://u:${canary('noredis')}@` } },
  'an unknown setting beside secrets': { customHost: 'http://127.0.0.1/v1', Authorization: canary('beside'), awsSecretAccessKey: canary('elsewhere'), unknown: canary('unknown') },
  'a config of garbage': { config: `{"api_key":"${canary('badconfig')}"` },
}

/** Every text in which a value can show itself. */
function texts(value) {
  const made = [
    () => inspect(value, { depth: Infinity, showHidden: true, getters: true }), () => inspect(value), () => String(value), () => format('%o %O %j %s', value, value, value, value),
    () => JSON.stringify(value), () => JSON.stringify(value, Object.getOwnPropertyNames(value ?? {})), () => inspect(structuredClone(value), { depth: Infinity }),
    () => inspect(Object.getOwnPropertyDescriptors(value ?? {}), { depth: Infinity, showHidden: true }),
  ]
  const shown = made.map((make) => {
    try {
      return make() ?? ''
    } catch {
      return '' // It has no such form, and shows nothing in it.
    }
  })
  if (value instanceof Error) shown.push(value.message, value.stack, ...texts(value.gateway), ...texts(value.partial), ...(value.cause ? texts(value.cause) : []))
  return shown
}

/** What a call comes to, in every text. */
async function callOf(client, { streams, abort }) {
  const controller = new AbortController()
  const body = { model: 'm', max_tokens: 5, messages, stream: streams }
  const call = client.chat.completions.create(body, undefined, { headers: { 'x-call': canary('call') }, query: { sig: canary('callquery') }, timeout: 300, signal: controller.signal })
  const shown = texts(call)
  if (abort) setTimeout(() => controller.abort(new Error('enough')), 20)
  try {
    const answer = await call
    shown.push(...texts(answer), ...texts(answer.getGateway()), ...texts(answer.getHeaders()))
    if (streams) for await (const _ of answer);
    shown.push(...texts(answer.getGateway()))
    return { outcome: 'answered', shown }
  } catch (error) {
    // What the host sent is the host's: its body and headers are handed over as they came.
    const theirs = { error: error.error, headers: error.headers, type: error.type, param: error.param, code: error.code }
    for (const name of Object.keys(theirs)) delete error[name]
    return { outcome: error.name, message: error.message, shown: [...shown, ...texts(error)], theirs: inspect(theirs, { depth: Infinity }) }
  }
}

process.on('message', async ({ place, host, streams, abort, refused }) => {
  try {
    if (refused) {
      const told = Object.entries(REFUSED).map(([what, options]) => {
        try {
          const client = new Portkey(options)
          return { what, outcome: 'made', shown: texts(client) }
        } catch (error) {
          return { what, outcome: error.name, message: error.message, shown: [...texts(error), ...texts(error.problems)] }
        }
      })
      return process.send({ told })
    }
    const records = []
    const loud = { debug: true, traceID: 'trace', logs: { file: process.env.TEST_LOG }, onRecord: (record) => records.push(...texts(record)) }
    const client = new Portkey({ maxRetries: 0, ...loud, ...CLIENTS[place](host) })
    const result = await callOf(client, { streams, abort })
    await client.flush(2000)
    result.shown.push(...records)
    result.records = records.length
    result.shown.push(...texts(client), ...texts(client.targets()), ...texts(client.cacheState()), ...texts(client.chat), ...texts(client.withOptions({ traceID: 'other' })))
    process.send({ ...result, keyLine })
  } catch (error) {
    process.send({ outcome: 'unexpected', message: error.stack, shown: [] })
  }
})
process.send({ places: Object.keys(CLIENTS) })
