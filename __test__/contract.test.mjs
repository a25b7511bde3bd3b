// The contract as it is written (index.d.ts) and as it is: the names that are exported, the tree of methods, the options
// and the fields of a client.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'

import * as asModule from 'portkey-native'
import { completion, MESSAGES } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'

const require = createRequire(import.meta.url)
const ts = require('typescript')
const asCommonJS = require('portkey-native')
const OfficialPortkey = require('portkey-ai').Portkey
const { native } = require('../js/native.js')
const helpers = require('../js/helpers')

const { Portkey } = asModule
const tables = JSON.parse(native().tables())

const declarations = fileURLToPath(new URL('../index.d.ts', import.meta.url))
const program = ts.createProgram([declarations], { module: ts.ModuleKind.Node16, target: ts.ScriptTarget.ES2022, types: [], noEmit: true })
const checker = program.getTypeChecker()
const moduleSymbol = checker.getSymbolAtLocation(program.getSourceFile(declarations))
const declared = new Map(checker.getExportsAndPropertiesOfModule(moduleSymbol).map((symbol) => [symbol.name, symbol]))

/** The type that a declared name stands for. */
function typeOf(name) {
  const symbol = declared.get(name)
  return checker.getDeclaredTypeOfSymbol(symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol)
}

const propertiesOf = (type) => checker.getPropertiesOfType(type).map((property) => property.name)

/** Names that exist at run time, not types alone. */
function declaredValues() {
  const isValue = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol).flags & ts.SymbolFlags.Value
  return [...declared].filter(([name, symbol]) => name !== 'prototype' && isValue(symbol)).map(([name]) => name).sort()
}

const ERRORS = {
  APIError: null, APIConnectionError: 'APIError', APIConnectionTimeoutError: 'APIConnectionError', APIUserAbortError: 'APIError', BadRequestError: 'APIError',
  AuthenticationError: 'APIError', PermissionDeniedError: 'APIError', NotFoundError: 'APIError', ConflictError: 'APIError', UnprocessableEntityError: 'APIError',
  RateLimitError: 'APIError', InternalServerError: 'APIError', StreamTruncatedError: 'APIError', ConfigError: null, InvalidWebhookSignatureError: null,
  LengthFinishReasonError: 'APIError', ContentFilterFinishReasonError: 'APIError', SchemaMismatchError: 'APIError', RealtimeError: 'APIError',
}
const HELPERS = ['AssistantStream', 'ChatCompletionRunner', 'ChatCompletionStream', 'ChatCompletionStreamingRunner', 'ResponseStream', 'jsonSchemaFormat', 'jsonSchemaTextFormat', 'jsonSchemaTool']
const SESSIONS = ['PorkteyRealtimeWebSocket', 'PortkeyAIRealtimeWS', 'PortkeyRealtimeWebSocket']

describe('the exports', () => {
  test('are the same for import, for require and in index.d.ts', () => {
    const names = declaredValues()
    assert.deepEqual(Object.keys(asModule).sort(), names)
    assert.deepEqual(Object.keys(asCommonJS).sort(), names)
    for (const name of names) assert.equal(asModule[name], name === 'default' ? asCommonJS : asCommonJS[name], name)
  })

  test('are those of the contract', () => {
    assert.deepEqual(declaredValues(), ['Portkey', 'default', 'createHeaders', 'toFile', 'PORTKEY_GATEWAY_URL', 'Stream', 'APIPromise', ...HELPERS, ...SESSIONS, ...Object.keys(ERRORS)].sort())
  })

  test('are reached in every way that the contract names', () => {
    assert.equal(asModule.default, Portkey)
    assert.equal(asCommonJS, Portkey)
    assert.equal(asCommonJS.Portkey, Portkey)
    assert.equal(asCommonJS.default, Portkey)
    assert.equal(require('../index.js'), Portkey)
    for (const name of Object.keys(ERRORS)) assert.equal(Portkey[name], asModule[name])
  })

  test('have the family tree of the contract', () => {
    for (const [name, parent] of Object.entries(ERRORS)) {
      const Type = asModule[name]
      assert.equal(Object.getPrototypeOf(Type), parent ? asModule[parent] : Error, name)
      assert.equal(Type.name, name)
      assert.equal(Type.prototype.name, name)
    }
    assert.ok(Object.getPrototypeOf(asModule.APIPromise) === Promise)
  })
})

describe('the tree of methods', () => {
  /** `chat.completions.create` … of a type, as far as it is made of plain objects. */
  function calls(type, path = []) {
    return checker.getPropertiesOfType(type).flatMap((property) => {
      const own = checker.getTypeOfSymbol(property)
      const here = [...path, property.name]
      return own.getCallSignatures().length > 0 ? [here.join('.')] : calls(own, here)
    })
  }

  test('has every helper of every file, by the name that it is loaded under', () => {
    const files = ['assistants', 'calls', 'chat', 'polling', 'responses', 'webhooks']
    const names = files.flatMap((file) => Object.keys(require(`../js/helpers/${file}.js`)))
    assert.deepEqual(Object.keys(helpers).sort(), names.sort())
  })

  test('is the endpoint table and the helpers, in index.d.ts and on a client', () => {
    const rows = [...new Set([...tables.endpoints.map(({ call }) => call), ...Object.keys(helpers)])].sort()
    assert.deepEqual(calls(typeOf('Resources')).sort(), rows)
    const client = new Portkey({ customHost: 'http://127.0.0.1:9/v1' })
    for (const row of rows) assert.equal(typeof row.split('.').reduce((node, name) => node[name], client), 'function', row)
    const roots = [...new Set(rows.map((row) => row.split('.')[0]))]
    const accessors = Object.entries(Object.getOwnPropertyDescriptors(Portkey.prototype)).filter(([, { get }]) => get).map(([name]) => name)
    assert.deepEqual(accessors.filter((name) => !fields().includes(name)).sort(), ['fetch', ...HEADERS, ...roots].sort())
  })

  test('works on a method that was taken from its client', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const { create } = new Portkey({ customHost: host.url }).chat.completions
    assert.deepEqual(await create({ messages: MESSAGES }), completion())
  })
})

/** The message of the ConfigError that construction throws; empty when it throws none. */
function problemsOf(construct) {
  try {
    construct()
    return ''
  } catch (error) {
    return error.message
  }
}

describe('the options', () => {
  const ALIASES = ['authorization', 'traceId']

  test('of the engine are those of index.d.ts', () => {
    const settings = tables.providers.flatMap((provider) => provider.settings.map(({ option }) => option))
    const wanted = [...new Set([...tables.options, ...settings])].sort()
    assert.deepEqual(propertiesOf(typeOf('NamedOptions')).filter((name) => !ALIASES.includes(name)).sort(), wanted)
  })

  test('of index.d.ts are all accepted', () => {
    const values = { config: {}, forwardHeaders: [], sensitiveHeaders: [], metadata: {}, timeouts: {}, provider: 'openai', baseURL: null, retryBudget: false, limits: [{ requests: 1, per: '1m' }], cacheStore: {}, defaultHeaders: {}, onRecord() {}, logs: false, otel: false, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', pricing: 'free', tls: {}, proxy: false, egress: { allow: ['127.0.0.1'] } }
    const settings = new Map(tables.providers.flatMap(({ name, settings }) => settings.map(({ option }) => [option, name])))
    const gatewayOnly = propertiesOf(typeOf('NamedOptions')).filter((name) => /acts at a Portkey gateway alone|^virtualKey: asks/.test(problemsOf(() => new Portkey({ customHost: 'http://h/v1', [name]: 'text' }))))
    assert.equal(gatewayOnly.length, 8)
    const numbers = ['requestTimeout', 'timeout', 'maxRetries', 'maxConcurrent', 'maxQueue', 'maxAnswerBytes']
    const booleans = ['idempotent', 'repairs', 'streamUsage', 'strictParams', 'strictOpenAiCompliance', 'debug', 'dangerouslyAllowBrowser', 'calculateAudioDuration', 'cacheForceRefresh', 'captureContent']
    for (const name of propertiesOf(typeOf('NamedOptions'))) {
      const value = name in values ? values[name] : numbers.includes(name) ? 1 : booleans.includes(name) ? true : name === 'customHost' ? 'http://h/v1' : 'text'
      // What is wrong with a provider's own option is told as its own words are read, which `text` may not be.
      const provider = settings.get(name)
      const where = gatewayOnly.includes(name) ? { baseURL: 'http://127.0.0.1:9/v1' } : { customHost: 'http://127.0.0.1:9/v1' }
      const accepted = () => new Portkey({ ...where, ...(provider && { provider }), [name]: value })
      if (provider) assert.doesNotMatch(problemsOf(accepted), new RegExp(`${name}: (is no option|has no meaning)`), name)
      else assert.doesNotThrow(accepted, name)
    }
  })

  test("of a config are those of index.d.ts, and each is accepted in each spelling", () => {
    const values = {
      name: 'n', provider: 'openai', api_key: 'k', custom_host: 'http://h/v1', forward_headers: [], request_timeout: 1, retry: { attempts: 1 }, override_params: {},
      timeouts: { firstToken: 1 }, strict_open_ai_compliance: true, idempotent: true, openai_organization: 'o', openai_project: 'p',
      strategy: { mode: 'single' }, targets: [{ custom_host: 'http://h/v1' }], weight: 1, default_params: {}, drop_params: ['seed'],
      max_concurrent: 1, max_queue: 1, cb_config: { failure_threshold: 1, cooldown_interval: 30_000 }, health_check: {}, id: 'c', is_open: false, passthrough: false,
      metadata: {}, cache: 'simple', strict_params: true, repairs: false, stream_usage: true, input_guardrails: [], output_guardrails: [], input_mutators: [], output_mutators: [],
      before_request_hooks: [], after_request_hooks: [], virtual_key: 'vk', pricing: 'free', limits: [{ requests: 1, per: '1m' }], tls: {}, proxy: false, max_answer_bytes: 1,
    }
    const GROUP = { strategy: { targets: values.targets }, targets: { strategy: values.strategy } }
    const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    const settings = new Map(tables.providers.flatMap(({ name, settings }) => settings.map(({ key }) => [key, name])))
    for (const name of propertiesOf(typeOf('Config'))) {
      const provider = settings.get(snake(name))
      if (provider) {
        const accepted = () => new Portkey({ config: { provider, custom_host: 'http://h/v1', [name]: 'text' } })
        assert.doesNotMatch(problemsOf(accepted), new RegExp(`${name}: (is no key|has no meaning)`), name)
        continue
      }
      assert.ok(snake(name) in values, `${name} is in index.d.ts`)
      assert.doesNotThrow(() => new Portkey({ config: { custom_host: snake(name) === 'custom_host' ? undefined : 'http://h/v1', ...GROUP[name], [name]: values[snake(name)] } }), name)
    }
  })
})

const METHODS = ['withOptions', 'targets', 'limits', 'cacheState', 'prices', 'fetch', 'flush']
const HEADERS = ['customHeaders', 'portkeyHeaders', 'responseHeaders']

/** The readable fields of a client, as index.d.ts names them. */
function fields() {
  const type = typeOf('default')
  const resources = propertiesOf(typeOf('Resources'))
  return propertiesOf(type).filter((name) => !resources.includes(name) && !METHODS.includes(name) && !HEADERS.includes(name))
}

describe('a client', () => {
  test('has every field that index.d.ts names, with the value that was given', () => {
    const given = {
      apiKey: 'pk', provider: 'openai', customHost: 'http://127.0.0.1:9/v1', config: { api_key: 'k' }, metadata: { a: '1' }, traceID: 't', forwardHeaders: ['Authorization'],
      requestTimeout: 1, timeout: 2, maxRetries: 3, strictOpenAiCompliance: true, openaiOrganization: 'o', openaiProject: 'p', debug: false,
      dangerouslyAllowBrowser: true, calculateAudioDuration: false, cacheForceRefresh: true, cacheNamespace: 'ns',
    }
    const client = new Portkey({ Authorization: 'sk', ...given })
    for (const [name, value] of Object.entries(given)) assert.deepEqual(client[name], value, name)
    assert.equal(client.baseURL, undefined)
    const others = fields().filter((name) => !(name in given) && name !== 'baseURL')
    const remote = new Portkey({ baseURL: 'http://127.0.0.1:9/v1', ...Object.fromEntries(others.map((name) => [name, `${name}'s`])) })
    for (const name of others) assert.equal(remote[name], `${name}'s`)
    assert.equal(new Portkey({ customHost: 'http://127.0.0.1:9/v1', traceId: 't' }).traceID, 't')
  })

  test('shows no field when it is printed, copied or turned into JSON', () => {
    const client = new Portkey({ apiKey: 'pk', customHost: 'http://127.0.0.1:9/v1' })
    assert.equal(typeof client.chat.completions.create, 'function')
    assert.deepEqual(Object.keys(client), [])
    assert.equal(JSON.stringify(client), '{}')
    assert.deepEqual({ ...client }, {})
    assert.equal(inspect(client, { showHidden: true, getters: true, depth: 9 }), 'Portkey {}')
  })

  test('has the headers that the official class has, made of its options', () => {
    const given = { apiKey: 'pk', virtualKey: 'vk', metadata: { a: '1' }, traceID: 't', Authorization: 'sk', forwardHeaders: ['x-org'], 'x-org': 'o' }
    const official = new OfficialPortkey({ baseURL: 'http://127.0.0.1:9/v1', ...given })
    const client = new Portkey({ baseURL: 'http://127.0.0.1:9/v1', maxRetries: 0, timeout: 1, ...given })
    assert.deepEqual(client.customHeaders, official.customHeaders)
    assert.equal(new Portkey({ ...given, strictOpenAiCompliance: true }).customHeaders['x-portkey-strict-open-ai-compliance'], 'true')
    assert.match(client.portkeyHeaders['x-portkey-package-version'], /^portkey-native-\d/)
    assert.deepEqual(client.responseHeaders, {})
    assert.throws(() => { client.customHeaders.authorization = 'other' }, TypeError)
  })

  test('has the headers of the answer that came last, an error among them', async (t) => {
    const answers = [{ json: completion(), headers: { 'x-n': '1' } }, { status: 400, json: {}, headers: { 'x-n': '2' } }, { sse: ['[DONE]'], headers: { 'x-n': '3' } }]
    const host = await hostFor(t, answers)
    const client = new Portkey({ customHost: host.url })
    await client.chat.completions.create({ messages: MESSAGES })
    assert.equal(client.responseHeaders['x-n'], '1')
    await failure(client.chat.completions.create({ messages: MESSAGES }))
    assert.equal(client.responseHeaders['x-n'], '2')
    await failure(client.chat.completions.create(7))
    assert.equal(client.responseHeaders['x-n'], '2')
    const stream = await client.chat.completions.create({ messages: MESSAGES, stream: true })
    assert.equal(client.responseHeaders['x-n'], '3')
    stream.controller.abort()
    assert.deepEqual(client.withOptions({}).responseHeaders, {})
  })

  test('does not change: an assignment says how to have another', () => {
    const client = new Portkey({ customHost: 'http://127.0.0.1:9/v1' })
    for (const name of fields()) {
      assert.throws(() => { client[name] = 'x' }, (error) => error instanceof TypeError && error.message.includes(`withOptions({ ${name}: … })`), name)
    }
    assert.equal(client.customHost, 'http://127.0.0.1:9/v1')
  })
})

describe('a call', () => {
  test('is an APIPromise, whose then gives plain promises', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const call = new Portkey({ customHost: host.url }).chat.completions.create({ messages: MESSAGES })
    assert.ok(call instanceof asModule.APIPromise && call instanceof Promise)
    assert.ok(!(call.then(() => 1) instanceof asModule.APIPromise))
    assert.deepEqual(await call, completion())
  })

  test('gives an answer whose two methods nobody sees', async (t) => {
    const host = await hostFor(t, [{ json: completion(), headers: { 'x-request-id': 'req-1' } }])
    const answer = await new Portkey({ customHost: host.url, traceID: 't-1' }).chat.completions.create({ messages: MESSAGES })
    assert.deepEqual(Object.keys(answer), Object.keys(completion()))
    assert.deepEqual({ ...answer }, completion())
    assert.deepEqual(structuredClone(answer), completion())
    assert.deepEqual(answer.getHeaders(), {
      'trace-id': 't-1', provider: 'openai', 'last-used-option-index': 'config', 'retry-attempt-count': '0', 'cache-status': 'DISABLED',
    })
    const report = answer.getGateway()
    for (const name of propertiesOf(typeOf('GatewayReport'))) assert.ok(name in report, name)
    // Told where there was one.
    for (const name of propertiesOf(typeOf('AttemptReport')).filter((name) => name !== 'resent')) assert.ok(name in report.attempts[0], name)
    assert.deepEqual(Object.keys(report.attempts[0].ms), ['limit', 'queue', 'connect', 'headers', 'firstToken', 'total'])
    assert.equal(report.requestId, 'req-1')
    assert.deepEqual(report.usage, completion().usage)
  })

  test('that fails rejects, whatever is wrong with it, and never throws', async () => {
    const client = new Portkey({ customHost: 'http://127.0.0.1:9/v1' })
    for (const bad of [undefined, null, 7, 'text', [], new Map(), () => {}]) {
      const call = client.chat.completions.create(bad)
      assert.ok(call instanceof asModule.APIPromise)
      assert.ok((await failure(call)) instanceof asModule.ConfigError, String(bad))
    }
  })
})
