// Failures of one attempt: their class, their facts, and three lines that say what, where and what to try.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import Portkey, * as all from '../index.mjs'
import { completion, envelope, MESSAGES } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { closedPort, hostFor } from './support/host.mjs'
import { CERTIFICATE } from './support/tls.mjs'

const { APIConnectionError, APIError } = all

function chat(customHost, options, opts) {
  return new Portkey({ customHost, maxRetries: 0, ...options }).chat.completions.create({ messages: MESSAGES }, undefined, opts)
}

/** The error of one call, after the checks that hold for every error. */
async function errorOf(call) {
  const error = await failure(call)
  assert.ok(error instanceof APIError && error instanceof Error, String(error))
  assert.equal(error.name, error.constructor.name)
  const lines = error.message.split('\n')
  assert.ok(lines.length <= 3, error.message)
  assert.doesNotMatch(error.message, /[\0-\x09\x0b-\x1f\x7f]/, 'no control character')
  assert.ok(lines[1].includes(error.gateway.attempts.at(-1).url), 'the second line names the URL')
  assert.match(lines[1], /\(config, provider openai\)$/, 'the second line names the target')
  assert.equal(error.headers['x-portkey-trace-id'], error.gateway.traceId)
  assert.ok(error.stack.startsWith(`${error.name}: ${lines[0]}`), error.stack)
  return error
}

/** No answer came, and the message says what, where and what to try. */
function assertUnreachable(error, { code, what, where, advice, phase }) {
  assert.equal(error.name, 'APIConnectionError')
  assert.equal(error.code, code)
  assert.equal(error.cause.code, code)
  assert.equal(error.status, undefined)
  assert.equal(error.error, undefined)
  const [first, second, third] = error.message.split('\n')
  assert.match(first, what)
  assert.equal(second, `POST ${where}/chat/completions (config, provider openai)`)
  assert.match(third, advice)
  const [attempt, ...more] = error.gateway.attempts
  assert.deepEqual([attempt.status, attempt.code, attempt.phase, more.length], [null, code, phase, 0])
}

describe('a host that cannot be reached', () => {
  test('a refused port says that nothing listens there', async () => {
    const where = `http://127.0.0.1:${await closedPort()}/v1`
    const error = await errorOf(chat(where))
    assertUnreachable(error, { code: 'ECONNREFUSED', what: /refused: nothing listens/, where, advice: /Start the server/, phase: 'connect' })
  })

  test('a name that cannot be resolved says so', async () => {
    const where = 'http://no-such-host.invalid/v1'
    const error = await errorOf(chat(where))
    assertUnreachable(error, { code: 'ENOTFOUND', what: /name could not be resolved/, where, advice: /spelling of the host/, phase: 'connect' })
  })

  test('TLS on a plain port says to write http://', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const where = host.url.replace('http:', 'https:')
    const error = await errorOf(chat(where))
    assertUnreachable(error, { code: 'ETLS', what: /does not speak TLS/, where, advice: /http:\/\/ instead of https:\/\//, phase: 'connect' })
  })

  test('plain HTTP on a port of TLS that closes says to write https://', async (t) => {
    const host = await hostFor(t, [{ json: completion() }], { tls: CERTIFICATE })
    const error = await errorOf(chat(host.url.replace('https:', 'http:')))
    assert.equal(error.name, 'APIConnectionError')
    assert.match(error.message, /https:\/\//)
  })

  test('plain HTTP on a port of TLS that answers says to write https://', async (t) => {
    // A TLS alert, what nginx answers, and what Go's net/http answers.
    const replies = [
      Buffer.from([0x15, 3, 3, 0, 2, 2, 70]),
      'HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>',
      'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n',
    ]
    for (const reply of replies) {
      const host = await hostFor(t, [{ raw: [reply, 'end'] }])
      assert.match((await errorOf(chat(host.url))).message.split('\n')[2] ?? '', /write the custom host with https:\/\//)
    }
  })

  test('a certificate that nobody here vouches for says how to trust it', async (t) => {
    const host = await hostFor(t, [{ json: completion() }], { tls: CERTIFICATE })
    const error = await errorOf(chat(host.url))
    assertUnreachable(error, { code: 'ETLS', what: /certificate of 127.0.0.1 \(subject "CN=localhost"\) is signed by an unknown authority \(issuer "CN=portkey-native test authority"\)/, where: host.url, advice: /tls\.caFile/, phase: 'connect' })
    assert.equal(host.requests.length, 0)
  })

  test('a socket that is not there names its path', { skip: process.platform === 'win32' }, async () => {
    const error = await errorOf(chat('unix:/nowhere/llm.sock:/v1'))
    assert.equal(error.name, 'APIConnectionError')
    assert.match(error.message, /\/nowhere\/llm\.sock/)
  })

  test('a reply that is no HTTP is told from a broken connection', async (t) => {
    const host = await hostFor(t, [{ raw: ['SSH-2.0-OpenSSH_9.9\r\n', 'end'] }, 'reset', 'end'])
    assert.equal((await errorOf(chat(host.url))).code, 'EPROTO')
    for (const step of ['reset', 'end']) {
      const error = await errorOf(chat(host.url))
      assert.equal(error.code, 'ECONNRESET', step)
      assert.match(error.message, /broke before an answer came/)
    }
  })

  test('an answer that breaks off is no answer', async (t) => {
    const text = JSON.stringify(completion())
    const cut = [{ chunks: [text.slice(0, 40), 'cut'] }, { headers: { 'content-length': text.length }, chunks: [text.slice(0, 40), 'cut'] }, { chunks: [text.slice(0, 40), 'reset'] }]
    const host = await hostFor(t, cut)
    for (const step of cut) {
      const error = await errorOf(chat(host.url))
      assert.ok(error instanceof APIConnectionError, JSON.stringify(step))
      assert.match(error.message, /in the middle of the answer/)
      assert.deepEqual([error.gateway.attempts[0].status, error.gateway.attempts[0].phase], [200, 'body'])
    }
  })
})

describe('a host that refuses', () => {
  const CLASSES = {
    400: 'BadRequestError', 401: 'AuthenticationError', 402: 'APIError', 403: 'PermissionDeniedError', 404: 'NotFoundError', 405: 'APIError', 408: 'APIError',
    409: 'ConflictError', 413: 'APIError', 418: 'APIError', 422: 'UnprocessableEntityError', 429: 'RateLimitError', 446: 'APIError', 499: 'APIError',
    500: 'InternalServerError', 501: 'InternalServerError', 502: 'InternalServerError', 503: 'InternalServerError', 504: 'InternalServerError', 529: 'InternalServerError', 599: 'InternalServerError',
  }
  for (const [status, name] of Object.entries(CLASSES)) {
    test(`with ${status} throws ${name}, with every fact of the answer`, async (t) => {
      const body = envelope('The words of the host.', { type: 'some_type', code: 'some_code', param: 'messages' })
      const headers = [['X-Request-Id', 'req-7'], ['X-RateLimit-Remaining', '5'], ['X-Twice', 'a'], ['X-Twice', 'b']]
      const host = await hostFor(t, [{ status: Number(status), json: body, headers }])
      const error = await errorOf(chat(host.url))
      assert.equal(error.name, name)
      assert.equal(error.constructor, all[name])
      assert.equal(error.status, Number(status))
      assert.equal(error.message.split('\n')[0], `${status} The words of the host.`)
      assert.deepEqual(error.error, body)
      assert.deepEqual([error.code, error.type, error.param], ['some_code', 'some_type', 'messages'])
      assert.equal(error.requestID, 'req-7')
      assert.equal(error.headers['x-ratelimit-remaining'], '5')
      assert.equal(error.headers['x-twice'], 'a, b')
      assert.equal(error.headers['x-portkey-retry-attempt-count'], '0')
      assert.equal(error.cause, undefined)
      const [attempt] = error.gateway.attempts
      assert.deepEqual([attempt.status, attempt.url, attempt.provider], [Number(status), `${host.url}/chat/completions`, 'openai'])
    })
  }

  test("keeps its own code in the attempt's report", async (t) => {
    const host = await hostFor(t, [{ status: 404, json: envelope('The model `x` does not exist', { code: 'model_not_found' }) }])
    assert.equal((await errorOf(chat(host.url))).gateway.attempts[0].code, 'model_not_found')
  })

  test('a credential says so, and one without says that none was sent', async (t) => {
    const host = await hostFor(t, [{ status: 401, json: envelope('Incorrect API key') }])
    const without = await errorOf(chat(host.url))
    assert.match(without.message.split('\n')[2], /No credential was sent: pass Authorization/)
    const options = [{ Authorization: 'sk-private' }, { Authorization: 'sk-private', forwardHeaders: ['Authorization'] }, { config: { api_key: 'sk-private' } }]
    for (const given of options) {
      const error = await errorOf(chat(host.url, given))
      assert.match(error.message.split('\n')[2], /refused the credential that was sent/)
      assert.ok(!error.message.includes('sk-private'))
    }
  })

  test('a credential that came as a header of the call was sent too', async (t) => {
    const host = await hostFor(t, [{ status: 401, json: envelope('Incorrect API key') }])
    for (const headers of [{ Authorization: 'Bearer x' }, { 'api-key': 'x' }]) {
      assert.doesNotMatch((await errorOf(chat(host.url, {}, { headers }))).message, /No credential was sent/)
    }
    assert.doesNotMatch((await errorOf(chat(host.url, { xApiKey: 'x', forwardHeaders: ['xApiKey'] }))).message, /No credential was sent/)
  })

  test('a path names the final URL and the spelling that is likely meant', async (t) => {
    const host = await hostFor(t, [{ status: 404, json: { detail: 'Not Found' } }])
    const bare = await errorOf(chat(`${host.origin}?key=private`))
    assert.deepEqual(bare.message.split('\n'), [
      '404 Not Found', `POST ${host.origin}/chat/completions (config, provider openai)`, 'The host has no such path: customHost is likely meant to end in /v1.',
    ])
    const versioned = await errorOf(chat(`${host.origin}/api/v2/`))
    assert.match(versioned.message, new RegExp(`POST ${host.origin}/api/v2/chat/completions`))
    assert.match(versioned.message, /is the version at the end of customHost right\?/)
  })

  test('a model says that the host does not know it', async (t) => {
    const host = await hostFor(t, [{ status: 404, json: envelope('The model `nope` does not exist.', { type: 'NotFoundError', param: 'model' }) }])
    const error = await errorOf(chat(host.url))
    assert.match(error.message, /^404 The model `nope` does not exist\.\n.+\nThe host does not know this model: models\.list\(\)/)
  })

  test('with a web page, plain text, nothing or noise is quoted in one line', async (t) => {
    const html = '<!DOCTYPE html>\n<html>\n<head><title>502 Bad\nGateway</title></head><body>nginx</body></html>'
    const cases = [
      [{ status: 502, body: html, headers: { 'content-type': 'text/html' } }, '502 (a web page: 502 Bad Gateway)'],
      [{ status: 500, text: 'Internal\nServer\tError\n' }, '500 Internal Server Error'],
      [{ status: 503, text: '' }, '503 (the answer has no text)'],
      [{ status: 400, json: {} }, '400 {}'],
      [{ status: 400, json: envelope('line one\nline two\r\n\tline three') }, '400 line one line two line three'],
      [{ status: 400, text: 'x'.repeat(5000) }, /^400 x{300}…$/],
      [{ status: 500, headers: { 'content-type': 'application/json' }, body: '{"error":{"message":"cut' }, /^500 \{"error":\{"message":"cut$/],
    ]
    for (const [step, first] of cases) {
      const host = await hostFor(t, [step])
      const error = await errorOf(chat(host.url))
      const [line] = error.message.split('\n')
      if (first instanceof RegExp) assert.match(line, first)
      else assert.equal(line, first)
      assert.equal(error.status, step.status)
    }
  })
})

test('control characters in the words of a host do not reach a terminal', async (t) => {
  const steps = [{ status: 400, json: envelope('\u001b[31mred\u001b[0m \u0000\u0007 end') }, { status: 400, body: Buffer.from([0xff, 0x00, 0x80, 0x1b]) }]
  const host = await hostFor(t, steps)
  for (const _ of steps) assert.equal((await errorOf(chat(host.url))).status, 400)
})

describe('errors of real servers', () => {
  const cases = JSON.parse(readFileSync(new URL('../fixtures/hosts/errors.json', import.meta.url), 'utf8'))
  const said = (body) => body.error?.message ?? (Array.isArray(body.detail) ? body.detail[0].msg : body.detail) ?? body.error

  for (const { server, case: name, status, headers, body, text } of cases) {
    test(`${server}: ${name} (${status}) is told in its own words`, async (t) => {
      const kept = headers.filter(([header]) => header.toLowerCase() !== 'content-length')
      const host = await hostFor(t, [{ status, headers: kept, ...(text === undefined ? { json: body } : { text }) }])
      const error = await errorOf(chat(host.url))
      const words = (text ?? said(body)).split(/\s+/).join(' ').slice(0, 300)
      assert.ok(error.message.split('\n')[0].startsWith(`${status} ${words}`), error.message)
      assert.deepEqual(error.error, body)
      const inner = typeof body?.error === 'object' ? body.error : (body ?? {})
      assert.deepEqual([error.code, error.type, error.param], [inner.code ?? undefined, inner.type ?? undefined, inner.param ?? undefined])
      assert.equal(error.requestID, kept.find(([header]) => header.toLowerCase() === 'x-request-id')?.[1])
    })
  }
})

describe('an answer that is none', () => {
  const json = { 'content-type': 'application/json' }
  const text = JSON.stringify(completion())
  const cases = {
    'a web page': [{ body: '<!DOCTYPE html><title>Welcome to nginx!</title>', headers: { 'content-type': 'text/html' } }, /answered 200 with a web page/],
    'nothing at all': [{ body: '', headers: json }, /answered 200 with an empty body/],
    'blanks': [{ body: ' \n\t', headers: json }, /answered 200 with an empty body/],
    '204 without a body': [{ status: 204 }, /answered 204 with an empty body/],
    'JSON without its end': [{ body: text.slice(0, -1), headers: json }, /no JSON/],
    'JSON without its second half': [{ body: text.slice(0, 80), headers: json }, /no JSON/],
    'JSON that is broken in the middle': [{ body: `${text.slice(0, 60)},,private-words${text.slice(60)}`, headers: json }, /no JSON/],
    'plain text': [{ text: 'OK' }, /no JSON/],
    'two values': [{ body: `${text}${text}`, headers: json }, /no JSON/],
  }
  for (const [name, [step, what]] of Object.entries(cases)) {
    test(`${name} throws an APIError with the status, and quotes nothing`, async (t) => {
      const host = await hostFor(t, [step])
      const error = await errorOf(chat(host.url))
      assert.equal(error.name, 'APIError')
      assert.equal(error.code, 'garbled_answer')
      assert.equal(error.status, step.status ?? 200)
      assert.match(error.message.split('\n')[0], what)
      assert.ok(!`${error.stack}${error.cause?.stack}`.includes('private-words'))
      assert.equal(error.gateway.attempts[0].code, 'garbled_answer')
    })
  }

  test('says that /v1 may be missing where customHost has no version', async (t) => {
    const host = await hostFor(t, [{ body: '<html></html>', headers: { 'content-type': 'text/html' } }])
    assert.match((await errorOf(chat(host.origin))).message, /customHost is likely meant to end in \/v1/)
  })
})

describe('the stack of an error', () => {
  test('has the frame of the caller, whatever failed', async (t) => {
    const host = await hostFor(t, (request) => (request.json().seed === 1 ? { status: 400, json: envelope('no') } : request.json().seed === 2 ? { body: '{"a":,}' } : 'hang'))
    const client = new Portkey({ customHost: host.url, maxRetries: 0 })
    const create = (seed, opts) => client.chat.completions.create({ messages: MESSAGES, seed }, undefined, opts)
    const controller = new AbortController()
    const callers = {
      async theCallerOfARefusedCall() { return await create(1) },
      async theCallerOfWithResponse() { return await create(1).withResponse() },
      async theCallerOfAGarbledAnswer() { return await create(2) },
      async theCallerOfATimeout() { return await create(3, { timeout: 20 }) },
      async theCallerWhoAborts() {
        host.until(() => host.last?.json().seed === 4).then(() => controller.abort())
        return await create(4, { signal: controller.signal })
      },
      async theCallerOfABadCall() { return await client.chat.completions.create() },
      async theCallerOfBadParams() { return await client.chat.completions.create({ messages: MESSAGES }, { metadata: { n: 1 } }) },
    }
    for (const [name, caller] of Object.entries(callers)) {
      const error = await failure(caller())
      assert.match(error.stack, new RegExp(`at (async )?(Object\\.)?${name} .*errors\\.test\\.mjs`), error.stack)
    }
  })
})
