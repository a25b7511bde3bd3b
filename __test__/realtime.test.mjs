// Realtime sessions with hosts that behave: what is sent to open one, what is said in it, and how it ends.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'

import Portkey, { APIUserAbortError, AuthenticationError, ConfigError, PortkeyAIRealtimeWS, PorkteyRealtimeWebSocket, PortkeyRealtimeWebSocket, RealtimeError } from '../index.mjs'
import { folderFor, newAuthority } from './support/certificates.mjs'
import { startChild } from './support/child.mjs'
import { failure, shown, thrown } from './support/failures.mjs'
import { closedPort } from './support/host.mjs'
import { needs, startSocks, startSquid } from './support/servers.mjs'
import { socketHost } from './support/websockets.mjs'

const theirPackage = createRequire(import.meta.url)('portkey-ai')

/** Says each message back, and `hello` first. */
function echo(socket) {
  socket.send('{"type":"session.created","event_id":"e1","session":{}}')
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
}

const opened = (options, props) => PortkeyAIRealtimeWS.create(new Portkey({ maxRetries: 0, ...options }), { model: 'gpt-realtime', ...props })

describe('a session', () => {
  test('has the names, events and methods of the official package', async (t) => {
    const host = await socketHost(t, echo)
    const session = new PortkeyAIRealtimeWS({ model: 'gpt-realtime' }, new Portkey({ customHost: host.url, Authorization: 'sk-1' }))
    const seen = []
    session.on('event', ({ type }) => seen.push(type)).on('session.created', ({ event_id }) => seen.push(event_id))
    await session.emitted('session.created')
    assert.deepEqual(seen, ['session.created', 'e1'])
    assert.equal(String(session.url), `ws://127.0.0.1:${host.port}/v1/realtime`)
    session.send({ type: 'response.create', event_id: 'é日本' })
    assert.deepEqual(await session.emitted('response.create'), { type: 'response.create', event_id: 'é日本' })
    const [socket] = host.sockets
    session.close({ code: 4001, reason: 'enough' })
    const [code, reason] = await once(socket, 'close')
    assert.deepEqual([code, String(reason)], [4001, 'enough'])
    assert.deepEqual(await session.emitted('close'), { code: 4001, reason: 'enough', wasClean: true })
    for (const name of ['on', 'once', 'off', 'emitted', 'send', 'close']) assert.equal(typeof session[name], 'function', name)
  })

  test('is asked for with the provider\'s credential and the model, and with nothing of ours', async (t) => {
    const host = await socketHost(t, echo)
    const options = { customHost: host.url, Authorization: 'sk-1', forwardHeaders: ['xOrgId'], xOrgId: 'o-1', traceID: 't', defaultHeaders: { 'x-mine': '1' } }
    const session = await opened(options, { model: 'gpt realtime/1', options: { headers: { 'x-own': '2' }, query: { call_id: 'rtc_1' } } })
    const [{ url, headers, rawHeaders }] = host.requests
    assert.equal(url, '/v1/realtime?model=gpt%20realtime%2F1&call_id=rtc_1')
    const { authorization, 'x-org-id': organisation, 'x-mine': mine, 'x-own': own, upgrade, 'sec-websocket-version': version } = headers
    assert.deepEqual({ authorization, organisation, mine, own, upgrade, version }, { authorization: 'Bearer sk-1', organisation: 'o-1', mine: '1', own: '2', upgrade: 'websocket', version: '13' })
    assert.ok(!rawHeaders.some((name) => /^x-portkey|^openai-beta|^sec-websocket-extensions/i.test(name)), String(rawHeaders))
    assert.equal(session.getGateway().attempts[0].status, 101)
    assert.equal(session.getHeaders()['trace-id'], 't')
    session.close()
  })

  test('carries bytes, long messages and many of them, in order', async (t) => {
    const host = await socketHost(t, echo)
    const session = await opened({ customHost: host.url })
    const bytes = Buffer.from([0, 255, 128, 7])
    const binary = session.emitted('binary')
    session.socket.send(bytes)
    assert.deepEqual(await binary, bytes)
    const long = 'ä日🎈'.repeat(300_000)
    const numbers = []
    session.on('n', ({ n }) => numbers.push(n))
    session.send({ type: 'long', long })
    assert.equal((await session.emitted('long')).long, long)
    for (let n = 0; n < 2000; n++) session.send({ type: 'n', n })
    session.send({ type: 'last' })
    await session.emitted('last')
    assert.deepEqual(numbers, Array.from({ length: 2000 }, (_, n) => n))
    session.close()
  })

  test('is iterated over, and is read no faster than that', async (t) => {
    let sent = 0
    const piece = JSON.stringify({ type: 'response.output_audio.delta', delta: 'x'.repeat(64 << 10) })
    const host = await socketHost(t, (socket) => {
      const more = () => {
        for (; sent < 1000; sent++) {
          if (socket.bufferedAmount > 1 << 20) return void setImmediate(more)
          socket.send(piece)
        }
        socket.close(1000, 'done')
      }
      more()
    })
    const session = await opened({ customHost: host.url })
    const iterator = session[Symbol.asyncIterator]()
    assert.equal((await iterator.next()).value.type, 'response.output_audio.delta')
    // What the host could send lies in its own buffers, the kernel's and ours: it is at a standstill.
    let before
    do {
      before = sent
      for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate)
    } while (sent !== before)
    assert.ok(sent < 900, `${sent} of 1000 messages were read though nobody asked for them`)
    let count = 1
    for await (const event of { [Symbol.asyncIterator]: () => iterator }) count += event.type.length > 0
    assert.equal(count, 1000)
    assert.throws(() => session[Symbol.asyncIterator](), /only once/)
  })

  test('that is left in the middle of an iteration is closed', async (t) => {
    const host = await socketHost(t, (socket) => socket.send('{"type":"one"}'))
    const session = await opened({ customHost: host.url })
    const [socket] = host.sockets
    const closed = once(socket, 'close')
    for await (const event of session) {
      assert.equal(event.type, 'one')
      break
    }
    assert.equal((await closed)[0], 1000)
  })

  test('takes what is said before it is open, and says it then', async (t) => {
    const host = await socketHost(t, echo)
    const session = new PortkeyAIRealtimeWS({ model: 'm' }, new Portkey({ customHost: host.url }))
    assert.equal(session.socket.readyState, session.socket.CONNECTING)
    session.send({ type: 'early' })
    assert.deepEqual(await session.emitted('early'), { type: 'early' })
    assert.equal(session.socket.readyState, session.socket.OPEN)
    session.close()
    await session.emitted('close')
    assert.equal(session.socket.readyState, session.socket.CLOSED)
  })

  test('has a socket below it with the events that clients listen for', async (t) => {
    const host = await socketHost(t, echo)
    const { socket } = new PorkteyRealtimeWebSocket({ model: 'm' }, new Portkey({ customHost: host.url }))
    await once(socket, 'open')
    const [data, isBinary] = await once(socket, 'message')
    assert.deepEqual([JSON.parse(data.toString()).type, isBinary, Buffer.isBuffer(data)], ['session.created', false, true])
    const events = []
    const listener = (event) => events.push([event.type, event.data ?? event.code])
    socket.addEventListener('message', listener)
    socket.addEventListener('close', listener)
    socket.send('{"type":"x"}')
    await once(socket, 'message')
    socket.removeEventListener('message', listener)
    socket.send('{"type":"y"}')
    await once(socket, 'message')
    socket.close(1000)
    await once(socket, 'close')
    assert.deepEqual(events, [['message', '{"type":"x"}'], ['close', 1000]])
    assert.equal(PorkteyRealtimeWebSocket, PortkeyRealtimeWebSocket)
  })

  test('tells an error event of the host, and goes on', async (t) => {
    const host = await socketHost(t, (socket) => {
      socket.send('{"type":"error","event_id":"e9","error":{"message":"no such item","code":"bad","type":"invalid_request_error","param":"item_id","event_id":"c1"}}')
      socket.send('no JSON {')
      socket.send('{"type":"still.here"}')
    })
    const session = new PortkeyAIRealtimeWS({ model: 'm' }, new Portkey({ customHost: host.url }))
    const errors = []
    session.on('error', (error) => errors.push(error))
    await new Promise((resolve) => session.once('still.here', resolve))
    assert.ok(errors.every((error) => error instanceof RealtimeError))
    assert.equal(errors[0].message, 'no such item code=bad param=item_id type=invalid_request_error event_id=c1')
    assert.deepEqual([errors[0].error.code, errors[0].event_id, errors[0].code], ['bad', 'e9', 'bad'])
    assert.equal(errors[1].message, 'could not parse websocket event')
    assert.doesNotMatch(shown(errors[1]), /no JSON/)
    session.close()
  })

  test('that cannot send or close tells so as an error', async (t) => {
    const host = await socketHost(t, echo)
    const session = await opened({ customHost: host.url })
    const errors = []
    session.on('error', (error) => errors.push(error))
    session.send({ n: 1n })
    session.close({ code: 1006, reason: '' })
    session.close({ code: 1000, reason: 'x'.repeat(124) })
    session.close()
    await session.emitted('close')
    assert.equal(session.send({ type: 'late' }), false)
    assert.deepEqual(errors.map(({ message }) => message.split(':')[0]), ['could not send data', 'could not close the connection', 'could not close the connection', 'could not send data'])
    assert.deepEqual(errors.map(({ code }) => code), [undefined, 'invalid_close_code', 'invalid_close_reason', 'session_closed'])
  })

  test('bounds what waits to be sent, and tells when there is room', async (t) => {
    const host = await socketHost(t, (socket) => socket.pause())
    const session = await opened({ customHost: host.url })
    const [socket] = host.sockets
    const errors = []
    session.on('error', ({ code }) => errors.push(code))
    const audio = 'x'.repeat(1 << 20)
    let sent = 0
    while (errors.length === 0 && sent < 200) sent += session.send({ type: 'input_audio_buffer.append', audio }) === false
    assert.deepEqual(errors, ['send_queue_full'])
    assert.ok(sent > 50 && sent < 80, `${sent} MiB were taken`)
    assert.ok(session.socket.bufferedAmount > 50 << 20)
    const drained = session.emitted('drain').catch((error) => error)
    socket.resume()
    assert.equal(await drained, undefined)
    assert.ok(session.socket.bufferedAmount <= 1 << 20)
    session.close()
  })
})

describe('a signal', () => {
  test('ends a session at once, or keeps it from opening', async (t) => {
    const host = await socketHost(t, echo)
    const controller = new AbortController()
    const session = await opened({ customHost: host.url }, { options: { signal: controller.signal } })
    const [socket] = host.sockets
    const gone = once(socket, 'close')
    const error = session.emitted('error')
    controller.abort()
    assert.ok((await error).cause instanceof APIUserAbortError)
    assert.equal((await gone)[0], 1006)
    assert.ok((await failure(opened({ customHost: host.url }, { options: { signal: controller.signal } }))) instanceof APIUserAbortError)
    assert.equal(host.requests.length, 1)
  })
})

describe('a host that refuses', () => {
  test('gives its status and its words, without the key', async (t) => {
    const body = JSON.stringify({ error: { message: 'Incorrect API key provided: sk-canary', code: 'invalid_api_key', type: 'invalid_request_error' } })
    const host = await socketHost(t, echo, { refuse: () => ({ status: 401, headers: { 'content-type': 'application/json' }, body }) })
    const session = new PortkeyAIRealtimeWS({ model: 'm' }, new Portkey({ customHost: host.url, Authorization: 'sk-canary' }))
    const closed = new Promise((resolve) => session.on('close', resolve))
    const error = await session.emitted('error')
    assert.ok(error instanceof RealtimeError && error.cause instanceof AuthenticationError)
    assert.deepEqual([error.status, error.code], [401, 'invalid_api_key'])
    assert.match(error.message, /^401 Incorrect API key provided/)
    assert.doesNotMatch(error.message, /sk-canary/)
    assert.deepEqual(await closed, { code: 1006, reason: '', wasClean: false })
    assert.ok((await failure(opened({ customHost: host.url }))) instanceof AuthenticationError)
  })

  test('is tried again, or passed over, as the config says', async (t) => {
    let refusals = 0
    const busy = await socketHost(t, echo, { refuse: () => ({ status: 503, body: `{"error":{"message":"${refusals++}"}}` }) })
    const good = await socketHost(t, echo)
    const target = (host, more) => ({ provider: 'openai', custom_host: host.url, api_key: 'k', ...more })
    const config = {
      strategy: { mode: 'fallback' },
      targets: [{ provider: 'anthropic', api_key: 'k' }, target(busy, { retry: { attempts: 1, on_status_codes: [503] } }), target(good, { override_params: { model: 'other' } })],
    }
    const session = await PortkeyAIRealtimeWS.create(new Portkey({ config }), { model: 'm' })
    assert.equal(refusals, 2)
    assert.equal(good.requests[0].url, '/v1/realtime?model=other')
    assert.equal(session.getHeaders()['last-used-option-index'], 'config.targets[2]')
    assert.deepEqual(session.getGateway().attempts.map(({ status }) => status), [503, 503, 101])
    session.close()
  })

  test('is left alone where the config balances', async (t) => {
    const [never, always] = [await socketHost(t, echo), await socketHost(t, echo)]
    const target = (host, weight) => ({ provider: 'openai', custom_host: host.url, api_key: 'k', weight })
    const session = await opened({ config: { strategy: { mode: 'loadbalance' }, targets: [target(never, 0), target(always, 1)] } })
    assert.deepEqual([never.requests.length, always.requests.length], [0, 1])
    session.close()
  })

  test('by being no host, or no WebSocket', async (t) => {
    const refused = await failure(opened({ customHost: `http://127.0.0.1:${await closedPort()}/v1` }))
    assert.equal(refused.code, 'ECONNREFUSED')
    const page = await socketHost(t, echo, { refuse: () => ({ status: 200, body: 'hello' }) })
    const error = await failure(opened({ customHost: page.url }))
    assert.equal(error.code, 'garbled_answer')
    assert.match(error.message, /answered 200 with no WebSocket/)
  })
})

describe('providers', () => {
  test('without realtime sessions are a ConfigError that says so', async () => {
    for (const provider of ['anthropic', 'groq', 'cohere', 'google', 'ollama']) {
      const host = provider === 'ollama' ? { customHost: 'http://127.0.0.1:9/v1' } : {}
      const error = await failure(opened({ provider, Authorization: 'k', ...host }))
      assert.ok(error instanceof ConfigError, provider)
      assert.match(error.message, new RegExp(`${provider} has no realtime sessions`))
    }
  })

  test('have each its own path and its own name for the model', async (t) => {
    const host = await socketHost(t, echo)
    const bare = host.url.replace('/v1', '')
    const cases = [
      [{ provider: 'openai', customHost: host.url }, '/v1/realtime?model=gpt-realtime'],
      [{ provider: 'vllm', customHost: bare }, '/v1/realtime?model=gpt-realtime'],
      [{ provider: 'x-ai', customHost: host.url }, '/v1/realtime?model=gpt-realtime'],
      [{ provider: 'azure-openai', customHost: `${bare}/openai`, Authorization: 'k' }, '/openai/v1/realtime?model=gpt-realtime'],
      [{ provider: 'azure-openai', customHost: `${bare}/openai`, Authorization: 'k', azureDeploymentId: 'mine' }, '/openai/v1/realtime?model=mine'],
      [{ provider: 'azure-openai', customHost: `${bare}/openai`, Authorization: 'k', azureApiVersion: '2024-10-01-preview' }, '/openai/realtime?api-version=2024-10-01-preview&deployment=gpt-realtime'],
    ]
    for (const [options, wanted] of cases) {
      const session = await opened(options)
      assert.equal(host.requests.at(-1).url, wanted)
      if (options.provider === 'azure-openai') assert.equal(host.requests.at(-1).headers['api-key'], 'k')
      session.close()
    }
  })
})

describe('the way to the host', () => {
  test('may be TLS, with the client\'s authority, and HTTP/1.1 where HTTP/2 is offered too', async (t) => {
    const authority = newAuthority(t)
    const host = await socketHost(t, echo, { tls: { ...authority.issue('localhost').tls, ALPNProtocols: ['h2', 'http/1.1'] } })
    const session = await opened({ customHost: host.url, tls: { ca: authority.pem } })
    assert.equal(session.url.protocol, 'wss:')
    assert.equal(host.requests[0].socket.alpnProtocol, 'http/1.1')
    session.close()
    const error = await failure(opened({ customHost: host.url }))
    assert.equal(error.code, 'ETLS')
  })

  test('may be a tunnel through a proxy, for plain HTTP too', needs('squid', 'microsocks'), async (t) => {
    const host = await socketHost(t, echo)
    const squid = await startSquid(t)
    const socks = await startSocks(t)
    for (const proxy of [`http://127.0.0.1:${squid.port}`, `socks5://127.0.0.1:${socks.port}`]) {
      const session = await opened({ customHost: host.url, proxy })
      session.send({ type: 'through' })
      await session.emitted('through')
      session.close()
    }
    assert.ok(host.requests.every(({ headers }) => !headers.via && headers.upgrade === 'websocket'))
  })

  test('may be a unix socket', { skip: process.platform === 'win32' }, async (t) => {
    const host = await socketHost(t, echo, { path: path.join(folderFor(t), 'llm.sock') })
    const session = await opened({ customHost: host.url })
    assert.equal(host.requests[0].url, '/v1/realtime?model=gpt-realtime')
    session.close()
  })

  test('is held to the egress list', async (t) => {
    const host = await socketHost(t, echo)
    const error = await failure(opened({ customHost: `http://localhost:${host.port}/v1`, egress: { allow: ['localhost'] } }))
    assert.equal(error.code, 'egress_refused')
    assert.equal(host.requests.length, 0)
  })
})

describe('a gateway', () => {
  const told = { apiKey: 'pk-1', provider: 'openai', virtualKey: 'vk', traceID: 't-1', metadata: { _user: 'u' }, customHost: 'https://llm.example.com/v1', forwardHeaders: ['xApiKey'], xApiKey: 'key' }

  /** What a handshake has told, but for what each WebSocket client says of itself. */
  const headersOf = ({ rawHeaders }) => {
    const pairs = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1]]] : []))
    return Object.fromEntries(pairs.filter(([name]) => /^(x-|authorization|openai)/.test(name)))
  }

  test('is told what the official package tells it, but for its defects', async (t) => {
    const authority = newAuthority(t)
    const host = await socketHost(t, echo, { tls: authority.issue('localhost').tls })
    const ours = await opened({ ...told, baseURL: host.url, tls: { ca: authority.pem } })
    ours.close()
    // Theirs speaks TLS to whatever the base URL names, and takes the listed name as it is.
    const theirs = new theirPackage.PortkeyAIRealtimeWS({ model: 'gpt-realtime', options: { ca: authority.pem } }, new theirPackage.Portkey({ ...told, baseURL: host.url }))
    await once(theirs.socket, 'open')
    theirs.close()
    const [own, other] = host.requests
    assert.equal(own.url, other.url)
    const { authorization, 'openai-beta': beta, 'x-portkey-forward-headers': listed, ...wanted } = headersOf(other)
    assert.deepEqual([authorization, beta, listed], ['Bearer pk-1', 'realtime=v1', 'xApiKey'])
    const { 'x-portkey-forward-headers': ownListed, ...rest } = headersOf(own)
    assert.equal(ownListed, 'x-api-key')
    // Which package speaks is told here with every request, and there with all but these.
    delete rest['x-portkey-package-version']
    assert.deepEqual(rest, wanted)
  })

  test('answers with facts, and is spoken to without TLS where its URL says so', async (t) => {
    const host = await socketHost(t, echo)
    const client = new Portkey({ baseURL: host.url, provider: 'openai', Authorization: 'sk' })
    const session = new PortkeyAIRealtimeWS({ model: 'm', options: { headers: { 'OpenAI-Beta': 'realtime=v1' } }, params: { traceID: 'own' } }, client)
    assert.equal(String(session.url), `ws://127.0.0.1:${host.port}/v1/realtime`)
    await session.emitted('open')
    const { headers } = host.requests[0]
    assert.deepEqual([headers['x-portkey-provider'], headers.authorization, headers['openai-beta'], headers['x-portkey-trace-id']], ['openai', 'sk', 'realtime=v1', 'own'])
    assert.equal(session.getGateway().target, 'remote')
    session.close()
  })
})

describe('records', () => {
  test('have one entry for a session, with the tokens of its responses', async (t) => {
    const host = await socketHost(t, (socket) => {
      const usage = { total_tokens: 7, input_tokens: 5, output_tokens: 2, input_token_details: { cached_tokens: 1 } }
      for (const id of ['r1', 'r2']) socket.send(JSON.stringify({ type: 'response.done', response: { id, usage } }))
      socket.close(1000, 'bye')
    })
    const records = []
    const client = new Portkey({ customHost: host.url, limits: [{ tokens: 1_000, per: '1h' }], onRecord: (record) => records.push(record) })
    const session = await PortkeyAIRealtimeWS.create(client, { model: 'gpt-realtime' })
    for await (const event of session) assert.equal(event.type, 'response.done')
    await client.flush()
    assert.equal(records.length, 1)
    const { endpoint, outcome, status, model, usage } = records[0]
    assert.deepEqual({ endpoint, outcome, status, model, input: usage.input, output: usage.output, cached: usage.cached }, { endpoint: 'realtime.connect', outcome: 'ok', status: 101, model: 'gpt-realtime', input: 10, output: 4, cached: 2 })
    assert.equal(session.getGateway().usage.input_tokens, 10)
    // What its responses have used, not what was reserved for it.
    assert.equal(client.limits()[0].used, 14)
  })
})

describe('a process', () => {
  const PROGRAM = `
    const session = new names.PortkeyAIRealtimeWS({ model: 'm' }, client)
    session.on('open', () => say('open')).on('close', ({ code }) => say('closed ' + code)).on('error', () => {})`

  test('lives as long as a session is open, and ends after it', async (t) => {
    const host = await socketHost(t)
    const child = startChild(t, PROGRAM, { host })
    assert.equal(await child.line(), 'open')
    for (const socket of host.sockets) socket.close(1000)
    assert.equal(await child.line(), 'closed 1000')
    assert.equal((await child.ended).code, 0)
  })

  test('is ended by a signal in the middle of a session', { skip: process.platform === 'win32' }, async (t) => {
    const host = await socketHost(t)
    const child = startChild(t, PROGRAM, { host })
    assert.equal(await child.line(), 'open')
    child.kill('SIGINT')
    assert.equal((await child.ended).signal, 'SIGINT')
  })

  test('in which nobody listens for errors is told of one as of any rejection', async (t) => {
    const host = await socketHost(t, echo, { refuse: () => ({ status: 403 }) })
    const child = startChild(t, "new names.PortkeyAIRealtimeWS({ model: 'm' }, client)", { host })
    const { code, errors } = await child.ended
    assert.equal(code, 1)
    assert.match(errors, /RealtimeError: 403[^]*Bind an 'error' listener/)
  })

  test('goes on when a listener throws, as does the session', async (t) => {
    const host = await socketHost(t, (socket) => ['one', 'two', 'three'].forEach((type) => socket.send(JSON.stringify({ type }))))
    const child = startChild(t, `
      process.on('uncaughtException', (error) => say(error.message))
      const session = new names.PortkeyAIRealtimeWS({ model: 'm' }, client)
      session.on('one', () => { throw new Error('mine') }).on('two', () => say('two')).on('three', () => session.close())`, { host })
    assert.deepEqual([await child.line(), await child.line()], ['mine', 'two'])
    assert.equal((await child.ended).code, 0)
  })
})

test('what a session is asked with is checked', () => {
  const client = new Portkey({ customHost: 'http://127.0.0.1:9/v1' })
  const cases = [
    [() => new PortkeyAIRealtimeWS({ model: 'm' }), /^client: expected a client of this package/],
    [() => new PortkeyAIRealtimeWS(undefined, client), /^expected \{ model \}/],
    [() => new PortkeyAIRealtimeWS({ model: 7 }, client), /^model: expected a string/],
    [() => new PortkeyAIRealtimeWS({ model: 'm', modle: 'm' }, client), /^modle: is nothing/],
    [() => new PortkeyAIRealtimeWS({ model: 'm', options: { agent: {} } }, client), /^options\.agent: is no option of a session/],
    [() => new PortkeyAIRealtimeWS({ model: 'm', options: { perMessageDeflate: true } }, client), /^options\.perMessageDeflate/],
    [() => new PortkeyAIRealtimeWS({ model: 'm', options: { handshakeTimeout: 'x' } }, client), /^timeout: expected milliseconds/],
  ]
  for (const [act, wanted] of cases) {
    const error = thrown(act)
    assert.ok(error instanceof ConfigError, String(error))
    assert.match(error.message, wanted)
  }
})
