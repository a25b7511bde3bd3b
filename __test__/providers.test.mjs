// What a caller gets of every provider, over a real socket: each recorded case is called, and held to what its files say of
// the wire and of the answer. The engine's own tests hold the dialects to the same files, without a client and a host.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import Portkey, * as named from '../index.mjs'
import { startHost } from './support/host.mjs'
import { createdIn, providerCases, providersWithCases, replyOf, settled } from './support/provider-cases.mjs'
import { collect } from './support/recorded.mjs'
import { assertHeaders } from './support/wire.mjs'

const KEY = 'sk-test-of-providers'
const facts = new Map(new Portkey({ customHost: 'http://127.0.0.1:9/v1' }).providers().map((row) => [row.name, row]))

/** How the credential goes out where the files leave it to the provider; a bearer token for all others. */
const CREDENTIALS = { anthropic: ['x-api-key', KEY], google: ['x-goog-api-key', KEY] }
const SIGNED = { bedrock: 'bedrock', sagemaker: 'sagemaker' }

/** What the path of a base URL is that is made of options. */
const PATHS = { 'azure-openai': '/openai', 'azure-ai': '/models', cortex: '/api/v2', 'workers-ai': '/client/v4/accounts/acc/ai' }

/** Cases of what is done at the provider's own address alone: a custom host judges for itself, or is another kind of server. */
const AT_ITS_OWN_ADDRESS = /^anthropic.chat.(parameters.without.counterpart.are.told|temperature.and.top.p.do.not.go.together.at.anthropic)$|^(huggingface|workers-ai).responses./

/** Their bodies are written anew; those of all others are touched only where something is changed. */
const WRITTEN_ANEW = new Set(['anthropic', 'bedrock', 'cohere', 'google', 'ollama', 'oracle', 'vertex-ai'])

const CLASSES = {
  400: 'BadRequestError', 401: 'AuthenticationError', 403: 'PermissionDeniedError', 404: 'NotFoundError', 409: 'ConflictError',
  422: 'UnprocessableEntityError', 429: 'RateLimitError',
}
/** The line about a stream that is whole on the host's word alone. */
const DONE_ALONE = 'the stream ended in [DONE] without a finish reason and was taken as whole'
const classOf = (status) => named[CLASSES[status] ?? (status >= 500 ? 'InternalServerError' : 'APIError')]

const method = (client, call) => call.reduce((node, name) => node?.[name], client)

/** The options of the case's caller. */
function optionsOf(found, origin) {
  const { provider, settings, customHost, credential = provider === 'oracle' ? null : KEY, strict } = found
  const own = PATHS[provider] ?? new URL(facts.get(provider)?.baseURL ?? 'http://h').pathname.replace(/\/$/, '')
  const isSigned = provider in SIGNED && settings.aws_auth_type !== 'apiKey'
  return {
    provider,
    customHost: customHost?.replace('{host}', origin) ?? `${origin}${own}`,
    ...(credential !== null && !isSigned && { Authorization: credential }),
    ...(isSigned && { awsAccessKeyId: 'AKIDEXAMPLE', awsSecretAccessKey: 'the-secret-of-aws', awsRegion: 'us-east-1' }),
    ...Object.fromEntries(Object.entries(settings).map(([key, value]) => [camel(key), value])),
    maxRetries: 0,
    // The default is strict.
    ...(!strict && { strictOpenAiCompliance: false }),
  }
}

const camel = (key) => key.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())

function call(found, origin, more) {
  const client = new Portkey({ ...optionsOf(found, origin), ...more })
  const given = found.body === undefined ? found.arguments : [...found.arguments, found.body]
  return method(client, found.call)(...given)
}

/** The path of the case's files, which may begin below the base URL. */
function pathOf(found, origin) {
  const base = new URL(optionsOf(found, origin).customHost).pathname.replace(/\/$/, '')
  const { path } = found.wire
  if (found.customHost !== undefined || base === '' || path.startsWith(`${base}/`)) return path
  const [version] = path.split('/').slice(1)
  return /^v\d/.test(version) && base.endsWith(`/${version}`) ? `${base}${path.slice(version.length + 1)}` : `${base}${path}`
}

function assertWire(found, request, origin) {
  const { wire, provider, settings } = found
  assert.equal(request.method, wire.method ?? (found.call[0] === 'models' ? 'GET' : 'POST'))
  assert.equal(request.path, pathOf(found, origin))
  const isSigned = provider in SIGNED && settings.aws_auth_type !== 'apiKey'
  const isOracle = provider === 'oracle'
  const headers = { ...wire.headers }
  if (found.credential === undefined && !isSigned && !isOracle) {
    const [name, value] = CREDENTIALS[provider] ?? ['authorization', `Bearer ${KEY}`]
    headers[name] ??= value
  }
  const signature = ['authorization', 'x-amz-date', 'x-amz-content-sha256', 'date', 'x-content-sha256', 'x-amz-security-token']
  if (isSigned || isOracle) {
    for (const name of signature) {
      const [value] = request.values(name)
      assert.ok(request.values(name).length <= 1)
      if (value !== undefined) headers[name] ??= value
    }
  }
  if (isSigned) assertSigned(request, settings.aws_region ?? 'us-east-1', SIGNED[provider])
  if (isOracle) assert.match(request.headers.authorization, /^Signature version="1",keyId="[^"]+",algorithm="rsa-sha256",headers="[^"]*\(request-target\)[^"]*",signature="[A-Za-z0-9+/=]+"$/)
  const standing = ['accept', 'content-type', 'accept-encoding', 'user-agent', 'host', 'content-length']
  for (const name of standing) {
    if (name in headers) assert.equal(request.headers[name], headers[name], name)
    delete headers[name]
  }
  assertHeaders(request, headers)
  assert.match(request.headers['user-agent'], /^portkey-native\//)
  if (wire.text !== undefined) return assert.equal(request.text, wire.text)
  if (wire.body === undefined) return assert.equal(request.text, '')
  assert.deepEqual(request.json(), wire.body)
  assert.equal(request.headers['content-type'], 'application/json')
  // A body that means the same has the bytes that were given.
  if (!WRITTEN_ANEW.has(provider) && !wire.path.startsWith('/anthropic/') && found.changes.length === 0 && same(wire.body, found.body)) assert.equal(request.text, JSON.stringify(found.body))
}

const same = (one, other) => {
  try {
    assert.deepEqual(one, other)
    return true
  } catch {
    return false
  }
}

function assertSigned(request, region, service) {
  const scope = new RegExp(`^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/(\\d{8})/${region}/${service}/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=[0-9a-f]{64}$`)
  const [, day, signed] = scope.exec(request.headers.authorization) ?? assert.fail(request.headers.authorization)
  assert.match(request.headers['x-amz-date'], new RegExp(`^${day}T\\d{6}Z$`))
  assert.ok(signed.split(';').includes('host') && signed.split(';').includes('x-amz-date'), signed)
}

/** The answer as it came, or the error. */
async function assertWhole(found, answer) {
  const { reply, response, fault } = found
  if (fault) {
    return assert.rejects(answer, (error) => {
      assert.equal(error.constructor, named.APIError)
      assert.equal(error.code, 'garbled_answer')
      assert.ok(error.message.includes(fault.garbled), error.message)
      return true
    })
  }
  const wanted = response ?? reply.body
  if (reply.status < 300) {
    const came = await answer
    assert.deepEqual(settled(came, createdIn(found)), wanted)
    assert.deepEqual(came.getGateway().changes, [...found.changes, ...found.repairs])
    return
  }
  await assert.rejects(answer, (error) => {
    assert.equal(error.constructor, classOf(reply.status))
    assert.equal(error.status, reply.status)
    assert.deepEqual(error.error, wanted)
    assert.equal(error.type ?? null, wanted?.error?.type ?? null)
    assert.deepEqual(error.gateway.changes, found.changes)
    return true
  })
}

async function assertStream(found, answer) {
  const { items, error } = await collect(answer)
  assert.deepEqual(settled(items, createdIn(found)), found.chunks)
  if (found.fault?.garbled !== undefined) {
    assert.equal(error?.constructor, named.StreamTruncatedError)
    assert.ok(error.message.includes(found.fault.garbled), error.message)
  } else if (found.fault) {
    assert.equal(error?.constructor, classOf(found.fault.status), error?.message)
    assert.equal(error.status, found.fault.status)
    assert.deepEqual(error.error, found.fault.body)
  } else {
    assert.equal(error, undefined)
    const told = (await answer).getGateway().changes.filter((line) => line !== DONE_ALONE)
    assert.deepEqual(told, [...found.changes, ...found.repairs])
  }
}

const bytewise = (bytes) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))

const cases = providerCases(providersWithCases().filter((name) => facts.has(name)))

describe('every case, over a socket', () => {
  let host
  before(async () => (host = await startHost()))
  after(() => host.close())

  for (const found of cases) {
    test(found.title, async (t) => {
      if (AT_ITS_OWN_ADDRESS.test(found.title)) return t.skip("its address can't be a test's")
      const client = new Portkey(optionsOf(found, host.origin))
      const sent = host.requests.length
      if (found.problems) {
        await assert.rejects(call(found, host.origin), (error) => {
          assert.equal(error.constructor, named.ConfigError)
          for (const { path, message } of found.problems) {
            const problem = error.problems.find((problem) => [path, camel(path)].includes(problem.path))
            assert.ok(problem, `${path} is not among ${error.message}`)
            // What is missing is told before the call is translated.
            if (message !== undefined && !problem.message.startsWith('is missing')) assert.equal(problem.message, message)
          }
          return true
        })
        assert.equal(host.requests.length, sent, 'something was sent')
        return
      }
      if (found.stream) {
        host.answer([replyOf(found), replyOf(found, bytewise)])
        await assertStream(found, call(found, host.origin))
        await assertStream(found, call(found, host.origin))
      } else if (found.reply) {
        host.answer([replyOf(found)])
        await assertWhole(found, call(found, host.origin))
      } else {
        host.answer([{ status: 400, json: {} }])
        await assert.rejects(call(found, host.origin), named.BadRequestError)
      }
      const [request, ...others] = host.requests.slice(sent)
      assert.equal(others.length, found.stream ? 1 : 0)
      if (found.wire) assertWire(found, request, host.origin)
    })
  }
})

describe('strictOpenAiCompliance', () => {
  let host
  before(async () => (host = await startHost()))
  after(() => host.close())

  /** What is in `strict` and not, or not so, in `loose`: its paths. Finish reasons are OpenAI's in the one and the provider's in the other. */
  function added(strict, loose, path = '$') {
    if (typeof strict !== 'object' || strict === null) return strict === loose || /finish_reason$/.test(path) ? [] : [`${path}: ${JSON.stringify(loose)} → ${JSON.stringify(strict)}`]
    if (path.endsWith('.content_blocks')) return strict.filter((block) => !loose.some((other) => same(block, other)))
    return Object.keys(strict).flatMap((key) => added(strict[key], loose?.[key], `${path}.${key}`))
  }

  test('leaves things out of an answer, and puts nothing in', async () => {
    let smaller = 0
    for (const found of cases.filter(({ title, reply, problems, fault }) => reply?.status < 300 && !problems && !fault && !AT_ITS_OWN_ADDRESS.test(title))) {
      if (!method(new Portkey(optionsOf(found, host.origin)), found.call)) continue
      host.answer([replyOf(found)])
      const answers = []
      for (const strict of [true, false]) answers.push(settled(await call(found, host.origin, { strictOpenAiCompliance: strict })))
      const [strict, loose] = answers
      assert.deepEqual(added(strict, loose), [], found.title)
      if (JSON.stringify(strict).length < JSON.stringify(loose).length) smaller++
    }
    assert.ok(smaller > 10, `only ${smaller} answers hold more where it is off`)
  })

  test('leaves the chunks of a stream their texts, tool calls and order', async () => {
    const callsOf = (calls) => (calls ?? []).map(({ index, id, function: { name, arguments: text } }) => [index, id, name, text])
    const said = (chunks) => chunks.flatMap(({ choices }) => choices ?? []).map(({ index, delta, text }) => [index, delta?.content ?? text ?? '', callsOf(delta?.tool_calls)])
    const plain = (chunks) => said(chunks).filter(([, text, calls]) => text !== '' || calls.length > 0)
    for (const found of cases.filter(({ stream, problems }) => stream && !problems)) {
      if (!method(new Portkey(optionsOf(found, host.origin)), found.call)) continue
      host.answer([replyOf(found)])
      const read = []
      for (const on of [true, false]) read.push(settled((await collect(call(found, host.origin, { strictOpenAiCompliance: on }))).items))
      assert.deepEqual(plain(read[0]), plain(read[1]), found.title)
    }
  })
})
