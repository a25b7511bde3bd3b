// Canaries in every place where a secret can be (support/canaries.mjs), through every way in which a call can end, with everything
// turned on that makes a process talk. Not one is in what it prints, or in any text that can be made of what it holds.

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { chunk, completion, envelope } from './support/answers.mjs'
import { closedPort, hostFor } from './support/host.mjs'

const folder = mkdtempSync(path.join(tmpdir(), 'portkey-native-canaries-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const log = path.join(folder, 'calls.ndjson')
const program = fileURLToPath(new URL('support/canaries.mjs', import.meta.url))
const LOUD = { NODE_DEBUG: 'net,http,tls,stream,timer,worker,undici', RUST_LOG: 'trace', RUST_BACKTRACE: 'full', DEBUG: '*', RUSTLS_LOG: 'trace' }
const PLACES = ['options', 'a bare credential', 'config', 'bedrock', 'azure', 'a client of Entra', 'a role of AWS', 'vertex', 'oracle', 'a proxy']
const PROXY_PASSWORD = 'canary-proxy-zq7x'
/** Userinfo goes over the wire in base64, and is no less a secret there. */
const HIDDEN = [Buffer.from(`user:${PROXY_PASSWORD}`).toString('base64')]

/** A process that makes calls, with what it has printed. */
class Talker {
  printed = ''

  async start(env = {}) {
    this.child = fork(program, { env: { ...process.env, ...LOUD, NODE_TEST_CONTEXT: '', TEST_LOG: log, ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    for (const name of ['stdout', 'stderr']) this.child[name].on('data', (bytes) => (this.printed += bytes))
    const [{ places }] = await once(this.child, 'message')
    assert.deepEqual(places, PLACES)
    return this
  }

  async ask(what) {
    this.child.send(what)
    const [told] = await once(this.child, 'message')
    return told
  }

  async end() {
    this.child.kill()
    await once(this.child, 'close')
    return this.printed
  }
}

function assertNone(text, what, keyLine) {
  for (const secret of ['zq7x', keyLine, ...HIDDEN].filter(Boolean)) {
    const at = text.indexOf(secret)
    assert.ok(at < 0, `${what} shows a secret: …${text.slice(Math.max(0, at - 100), at + 20)}…`)
  }
}

/** Everything that was sent, said back. */
const echo = (request) => `${request.path} ${request.rawHeaders.flat().join(' ')} ${request.text}`
/** The credentials of a request, said back as hosts do: `Incorrect API key provided: …`. */
const credentials = (request) => ['authorization', 'x-api-key', 'api-key', 'x-amz-security-token'].flatMap((name) => request.values(name)).join(' ')

const ENDINGS = {
  'an answer': (request) => (request.json().stream ? { sse: [chunk({ content: 'x' }), chunk({}, 'stop')] } : { json: completion() }),
  'a refusal': () => ({ status: 401, json: envelope('no such key') }),
  'a refusal that repeats the credential': (request) => ({ status: 401, json: envelope(`Incorrect API key provided: ${credentials(request)}. You are wrong.`) }),
  'a failure that repeats everything beside its message': (request) => ({ status: 500, json: { error: { message: 'oops', request: echo(request) } } }),
  'a path that is not there, said with its query': ({ path }) => ({ status: 404, text: `Cannot POST ${path}` }),
  'a redirect': () => ({ status: 307, headers: { location: 'http://127.0.0.1:9/' } }),
  'a garbled answer': () => ({ headers: { 'content-type': 'application/json' }, body: '{"a":,}' }),
  'an empty answer': () => ({ body: '' }),
  'no HTTP': () => ({ raw: ['noise\r\n\r\n', 'cut'] }),
  'a reset': () => 'reset',
  'a body that breaks off': () => ({ sse: [chunk({ content: 'x' }), 'cut'] }),
  'an error in the stream': () => ({ sse: [chunk({ content: 'x' }), envelope('overloaded', { code: 529 })], done: false }),
  'a clock that runs out': () => 'hang',
}

describe('no canary is seen after', () => {
  let talker
  before(async () => (talker = await new Talker().start()))
  after(async () => talker?.child.kill())

  const check = async (what, details, host, expected) => {
    for (const place of PLACES) {
      if (place === 'a proxy') continue
      for (const streams of [false, true]) {
        const told = await talker.ask({ place, host, streams, ...details })
        assert.notEqual(told.outcome, 'unexpected', told.message)
        if (expected) assert.match(told.outcome, expected, `${place}: ${told.message}`)
        assertNone(told.shown.join('\n'), `${place}, ${what}`, told.keyLine)
        // One that is aborted before it left has none.
        if (!details.abort) assert.ok(told.records > 0, `${place}: there is no record`)
      }
    }
  }

  for (const [what, answer] of Object.entries(ENDINGS)) {
    test(what, async (t) => {
      const host = await hostFor(t, (request) => answer(request))
      await check(what, {}, host.origin, what === 'an answer' ? undefined : /Error$/)
      assert.ok(host.requests.length >= 2 * (PLACES.length - 2), 'all but those without a token asked')
      const sent = host.requests.map(echo).join('\n')
      for (const place of ['authorization', 'option', 'header', 'query', 'call', 'override', 'bare', 'configkey', 'keyid', 'awskeyid', 'awssession', 'azuretoken', 'prompt']) {
        assert.ok(sent.includes(`canary-${place}-zq7x`), `${place} was sent`)
      }
      for (const place of ['apikey', 'redis', 'namespace', 'awssecret', 'vertexkeyid']) assert.ok(!sent.includes(`canary-${place}-`), `${place} was not sent`)
    })
  }

  test('a host that is not there, is no name, or speaks no TLS', async (t) => {
    const plain = await hostFor(t, [{ json: completion() }])
    for (const host of [`http://127.0.0.1:${await closedPort()}`, 'http://no-such-host.invalid', plain.origin.replace('http:', 'https:')]) {
      await check(host, {}, host, /Error$/)
    }
  })

  test('an abort in the middle', async (t) => {
    const host = await hostFor(t, ({ headers }) => (headers.accept.includes('event-stream') ? { sse: [chunk({ content: 'x' }), 'hang'] } : 'hang'))
    await check('an abort', { abort: true }, host.origin, /Error$/)
  })

  test('options that are refused', async () => {
    const { told } = await talker.ask({ refused: true })
    for (const { what, outcome, message, shown } of told) {
      assert.equal(outcome, 'ConfigError', what)
      assert.ok(message.length > 10)
      assertNone(shown.join('\n'), what)
    }
  })

  test('a proxy that is not there, and one that refuses', async (t) => {
    const refusing = await hostFor(t, [{ status: 407, text: 'who are you?' }])
    for (const port of [await closedPort(), refusing.port]) {
      const proxy = `http://user:${PROXY_PASSWORD}@127.0.0.1:${port}`
      const other = await new Talker().start({ http_proxy: proxy, https_proxy: proxy, HTTP_PROXY: proxy, HTTPS_PROXY: proxy, no_proxy: '', NO_PROXY: '' })
      for (const host of ['http://192.0.2.1', 'https://192.0.2.1']) {
        const told = await other.ask({ place: 'a proxy', host, streams: false })
        assert.match(told.outcome, /Error$/)
        assertNone(told.shown.join('\n'), `a proxy for ${host}`)
      }
      assertNone(await other.end(), 'stdout and stderr')
    }
    assert.ok(refusing.heads.some(({ headers }) => headers['proxy-authorization']), 'the password was sent to the proxy')
  })

  test('all of it, on stdout and stderr, at every log level', async () => {
    const printed = await talker.end()
    talker = undefined
    assertNone(printed, 'stdout and stderr')
  })

  test('all of it, in the records of the calls', () => {
    const records = readFileSync(log, 'utf8')
    assert.ok(records.split('\n').length > 100, `${records.length} bytes`)
    assertNone(records, 'a record')
  })
})
