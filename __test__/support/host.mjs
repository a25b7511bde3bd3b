// A host for tests: a real server on a real socket that records what arrives and answers byte for byte as scripted.
// No HTTP library is in it, so that a test can send what no library would.
//
//   const host = await startHost([{ json: completion() }, { status: 500, json: {} }])
//   new Portkey({ customHost: host.url })
//   host.requests[0].headers.authorization
//   await host.close()
//
// A script is a list of steps, one for each request (the last one repeats), or a function
// `(request, connection) => step`, which may be async. A step is one of
//   { status, reason, headers, json | text | body }     a whole answer; headers as an object or as [[name, value]]
//   { sse: [event…], done: false }                      events: an object is sent as JSON, a string as it is; `[DONE]` ends
//                                                       them unless `done` is false
//   { chunks: [piece…], status, headers }               bytes after the head, in chunked framing unless the headers
//                                                       have a content-length or `framing` is 'none'
//   { raw: [piece…] }                                   the bytes of the whole reply
//   'reset' | 'hang' | 'end'                            before any byte of an answer
// and any step may have `before: ms | promise`. A piece is a string, a Buffer, or one of
//   { wait: ms }   { pause: promise }   { call: function }   waits, or tells the test how far it came
//   'end'     the body ends as it should (in `raw`: the connection)    'cut'    the connection ends (FIN) where it stands
//   'reset'   the connection is reset       'hang'   nothing more, and the connection stays open
// An event list takes these too. Lists may be (async) generators: they are drawn as fast as the client reads.

import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'

import { HeadError, RequestReader } from './request-reader.mjs'

const REASONS = { 200: 'OK', 400: 'Bad Request', 401: 'Unauthorized', 404: 'Not Found', 429: 'Too Many Requests', 500: 'Internal Server Error' }

/** One accepted socket. */
class Connection {
  openedAt = performance.now()
  /** When the client's end was seen; undefined while it is open. */
  closedAt
  /** Requests of this connection whose bodies are here. */
  requests = []

  constructor(socket, number) {
    this.socket = socket
    this.number = number
    /** Resolves to `{ at, reset, connection }` when the client's end of the socket has closed. */
    this.closed = new Promise((resolve) => {
      let reset = false
      const end = () => {
        if (this.closedAt !== undefined) return
        this.closedAt = performance.now()
        resolve({ at: this.closedAt, reset, connection: this })
      }
      socket.on('error', (error) => {
        reset ||= error.code === 'ECONNRESET'
        this.error = error
      })
      socket.on('end', end)
      socket.on('close', end)
    })
  }
}

export class Host {
  /** Requests whose bodies are here, in the order they came. */
  requests = []
  /** Requests whose heads are here; the body of the last one may still be under way. */
  heads = []
  /** Every connection there ever was. */
  accepted = []
  /** Handshakes that failed and bytes that are no HTTP. */
  faults = []
  #script
  #step = 0
  #server
  #closures = []
  #waiting = []
  #watchers = new Set()

  constructor(script, options) {
    this.#script = script ?? [{ json: {} }]
    this.options = options
    const accept = (socket) => this.#accept(socket)
    // Half-open sockets, so that a client's FIN is seen as such and an answer may still follow it.
    this.#server = options.tls
      ? tls.createServer({ ...options.tls, allowHalfOpen: true }, accept)
      : net.createServer({ allowHalfOpen: true, noDelay: true }, accept)
    this.#server.on('tlsClientError', (error) => {
      this.faults.push(error)
      this.#changed()
    })
  }

  async listen() {
    const { socket, host = '127.0.0.1' } = this.options
    this.#server.listen(socket ? { path: socket } : { port: 0, host })
    await once(this.#server, 'listening')
    if (!socket) this.port = this.#server.address().port
    return this
  }

  /** `http://127.0.0.1:PORT`, without a path; `unix:PATH` for a socket. */
  get origin() {
    const { socket, host = '127.0.0.1', name = host } = this.options
    if (socket) return `unix:${socket}`
    return `${this.options.tls ? 'https' : 'http'}://${name.includes(':') ? `[${name}]` : name}:${this.port}`
  }

  /** What a test gives as `customHost`: the origin with `/v1`. */
  get url() {
    return `${this.origin}${this.options.socket ? ':' : ''}/v1`
  }

  /** The last request. */
  get last() {
    return this.requests.at(-1)
  }

  /** Connections that are open now. */
  get connections() {
    return this.accepted.filter((connection) => connection.closedAt === undefined)
  }

  /** The next closing of a client's socket, those that nobody asked for yet first: `{ at, reset, connection }`. */
  closed() {
    if (this.#closures.length > 0) return Promise.resolve(this.#closures.shift())
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Resolves when `condition(host)` holds; looked at whenever something happens here. */
  until(condition) {
    if (condition(this)) return Promise.resolve(this)
    return new Promise((resolve) => {
      const watcher = () => {
        if (!condition(this)) return
        this.#watchers.delete(watcher)
        resolve(this)
      }
      this.#watchers.add(watcher)
    })
  }

  /** Resolves to request number `count` (from 1) once its body is here. */
  async received(count = 1) {
    await this.until(() => this.requests.length >= count)
    return this.requests[count - 1]
  }

  /** The next steps come from another script. */
  answer(script) {
    this.#script = script
    this.#step = 0
  }

  async close() {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const { socket } of this.accepted) socket.destroy()
    await closed
  }

  [Symbol.asyncDispose ?? Symbol('asyncDispose')]() {
    return this.close()
  }

  #changed() {
    for (const watcher of [...this.#watchers]) watcher()
  }

  #accept(socket) {
    const connection = new Connection(socket, this.accepted.length)
    this.accepted.push(connection)
    connection.closed.then((closure) => {
      const waiting = this.#waiting.shift()
      if (waiting) waiting(closure)
      else this.#closures.push(closure)
      this.#changed()
    })
    let answers = Promise.resolve()
    const reader = new RequestReader({
      head: (request) => {
        request.connection = connection
        this.heads.push(request)
        this.options.onHead?.(request, connection)
        this.#changed()
      },
      request: (request) => {
        connection.requests.push(request)
        this.requests.push(request)
        // One after the other, as HTTP/1.1 has it.
        answers = answers.then(() => this.#reply(request, connection)).catch((error) => {
          if (!socket.destroyed) this.faults.push(error)
          socket.destroy()
        })
        this.#changed()
      },
    })
    socket.on('data', (bytes) => {
      try {
        reader.feed(bytes)
      } catch (error) {
        if (!(error instanceof HeadError)) throw error
        this.faults.push(error)
        socket.end('HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 12\r\nconnection: close\r\n\r\nBad request\n')
        this.#changed()
      }
    })
    // A client that has closed gets nothing more.
    socket.on('end', () => socket.destroy())
    this.#changed()
  }

  async #reply(request, connection) {
    const { socket } = connection
    const steps = this.#script
    const step = typeof steps === 'function' ? await steps(request, connection) : steps[Math.min(this.#step++, steps.length - 1)]
    if (step.before !== undefined) await (typeof step.before === 'number' ? sleep(step.before) : step.before)
    request.answeredAt = performance.now()
    if (typeof step === 'string') return play([step === 'end' ? 'cut' : step], socket, plain)
    if (step.raw) return play(step.raw, socket, wholeReply)
    if (step.sse) {
      const headers = withDefaults(step.headers, [['content-type', 'text/event-stream'], ['transfer-encoding', 'chunked']])
      return play(headed(head({ ...step, headers }), events(step)), socket, chunked)
    }
    if (step.chunks) {
      const isPlain = step.framing === 'none' || pairs(step.headers).some(([name]) => name.toLowerCase() === 'content-length')
      const headers = isPlain ? step.headers : withDefaults(step.headers, [['transfer-encoding', 'chunked']])
      const framing = isPlain ? plain : chunked
      return play(headed(head({ ...step, headers }), step.chunks, step.framing === 'none' ? 'cut' : 'end'), socket, framing)
    }
    const body = Buffer.from(step.json !== undefined ? JSON.stringify(step.json) : (step.text ?? step.body ?? ''))
    const type = step.json !== undefined ? 'application/json' : step.text !== undefined ? 'text/plain; charset=utf-8' : 'application/octet-stream'
    const headers = withDefaults(step.headers, [['content-type', type], ['content-length', String(body.length)]])
    await play([Buffer.concat([Buffer.from(head({ ...step, headers }), 'latin1'), body])], socket, plain)
  }
}

const plain = { frame: (bytes) => bytes, end: '' }
/** The end of a reply that is scripted whole is the end of its connection. */
const wholeReply = { ...plain, end: undefined }
const chunked = {
  frame: (bytes) => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]),
  end: '0\r\n\r\n',
}

function pairs(headers = {}) {
  return Array.isArray(headers) ? headers : Object.entries(headers)
}

function withDefaults(headers, defaults) {
  const given = pairs(headers)
  const names = new Set(given.map(([name]) => name.toLowerCase()))
  return [...given, ...defaults.filter(([name]) => !names.has(name))].filter(([, value]) => value !== null)
}

function head({ status = 200, reason = REASONS[status] ?? 'Status', headers }) {
  return `HTTP/1.1 ${status} ${reason}\r\n${pairs(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

async function* headed(head, pieces, last = 'end') {
  yield { head }
  yield* pieces
  yield last
}

async function* events({ sse, done = true }) {
  for await (const event of sse) {
    const isControl = ['reset', 'hang', 'cut', 'end'].includes(event) || event.wait !== undefined || event.pause || event.call
    yield isControl ? event : `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`
  }
  if (done) yield 'data: [DONE]\n\n'
}

async function play(pieces, socket, framing) {
  for await (const piece of pieces) {
    if (socket.destroyed) return
    if (piece === 'hang') return once(socket, 'close')
    if (piece === 'reset') return socket.resetAndDestroy()
    if (piece === 'cut' || (piece === 'end' && framing.end === undefined)) return socket.end()
    if (piece === 'end') {
      await write(socket, Buffer.from(framing.end))
      return
    }
    if (piece.wait !== undefined) await sleep(piece.wait)
    else if (piece.pause) await piece.pause
    else if (piece.call) await piece.call()
    else if (piece.head) await write(socket, Buffer.from(piece.head, 'latin1'))
    else if (piece.length > 0) await write(socket, framing.frame(Buffer.from(piece)))
  }
}

/** Waits until the client has read enough for more to fit. */
async function write(socket, bytes) {
  if (bytes.length === 0 || socket.destroyed || socket.write(bytes)) return
  const stop = new AbortController()
  const either = ['drain', 'close'].map((event) => once(socket, event, { signal: stop.signal }).catch(() => undefined))
  await Promise.race(either)
  stop.abort()
}

/** Starts a host; options are `{ host: '::1' }`, `{ socket: path }`, `{ tls: { key, cert }, name: 'localhost' }`, `{ onHead }`. */
export function startHost(script, options = {}) {
  return new Host(script, options).listen()
}

/** A host that closes when the test `t` ends. */
export async function hostFor(t, script, options) {
  const host = await startHost(script, options)
  t.after(() => host.close())
  return host
}

/** A port of this machine where nobody listens: none of those that the system gives out, which another test could get. */
export async function closedPort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const socket = net.connect(port, '127.0.0.1')
    const isOpen = await new Promise((resolve) => socket.on('connect', () => resolve(true)).on('error', () => resolve(false)))
    socket.destroy()
    if (!isOpen) return port
  }
}
