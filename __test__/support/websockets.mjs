// WebSocket hosts for tests.
//
//   const host = await socketHost(t, (socket, request) => socket.on('message', …))     the `ws` package's server
//   const host = await scriptedHost(t, async (wire) => { await wire.frame(TEXT, 'hi') })  bytes of the test's own
//
// Both have `url`, `port`, `requests` (what each handshake asked) and `connections`. `wire` of a scripted host has `request`,
// `agree(headers?)`, `write(bytes)`, `frame(opcode, payload, { fin, masked })`, `heard()` (the next frame), `end()`, `reset()`.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import net from 'node:net'

import { WebSocketServer } from 'ws'

export const [CONTINUED, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10]

const acceptOf = (key) => createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

async function listening(t, server, scheme, path) {
  const open = new Set()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('error', () => {}) // the client has gone
    socket.on('close', () => open.delete(socket))
  })
  server.listen(path ?? { port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  const { port } = server.address()
  return { port, url: path ? `unix:${path}:/v1` : `${scheme}://${scheme === 'https' ? 'localhost' : '127.0.0.1'}:${port}/v1`, requests: [], connections: open }
}

/** A well-behaved host. `refuse(request)` may give `{ status, headers, body }` in place of a session. */
export async function socketHost(t, onSocket = () => {}, { tls, refuse, path, ...options } = {}) {
  const server = tls ? createSecureServer(tls) : createServer()
  const host = await listening(t, server, tls ? 'https' : 'http', path)
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: true, ...options })
  host.sockets = sockets.clients
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {})
    host.requests.push(request)
    const refused = refuse?.(request)
    if (refused) {
      const { status, headers = {}, body = '' } = refused
      const lines = Object.entries({ 'content-length': Buffer.byteLength(body), ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
      return socket.end(`HTTP/1.1 ${status} No\r\n${lines.join('')}\r\n${body}`)
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      opened.on('error', () => {})
      onSocket(opened, request)
    })
  })
  return host
}

/** One connection of a scripted host. */
class Wire {
  #bytes = Buffer.alloc(0)
  #waiting = []
  #ended = false

  constructor(socket) {
    this.socket = socket
    socket.on('data', (bytes) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes])
      this.#waiting.splice(0).forEach((wake) => wake())
    })
    const over = () => {
      this.#ended = true
      this.#waiting.splice(0).forEach((wake) => wake())
    }
    socket.on('end', over)
    socket.on('close', over)
  }

  async #take(found) {
    for (;;) {
      const length = found(this.#bytes)
      if (length >= 0) {
        const taken = this.#bytes.subarray(0, length)
        this.#bytes = this.#bytes.subarray(length)
        return taken
      }
      if (this.#ended) return undefined
      await new Promise((resolve) => this.#waiting.push(resolve))
    }
  }

  async head() {
    const head = await this.#take((bytes) => (bytes.indexOf('\r\n\r\n') < 0 ? -1 : bytes.indexOf('\r\n\r\n') + 4))
    const [line, ...lines] = head.toString('latin1').trimEnd().split('\r\n')
    const headers = Object.fromEntries(lines.map((text) => [text.slice(0, text.indexOf(':')).toLowerCase(), text.slice(text.indexOf(':') + 1).trim()]))
    this.request = { line, url: line.split(' ')[1], headers }
    return this.request
  }

  /** The 101 that the client asks for, with `more` headers in the place of its own. */
  agree(more = {}) {
    const headers = { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-accept': acceptOf(this.request.headers['sec-websocket-key']), ...more }
    return this.write(`HTTP/1.1 101 Switching Protocols\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
  }

  write(bytes) {
    return new Promise((resolve) => this.socket.write(bytes, resolve))
  }

  frame(opcode, payload = '', options) {
    return this.write(frameOf(opcode, payload, options))
  }

  /** The next frame of the client's: `{ opcode, payload, masked }`; undefined at the end. */
  async heard() {
    const bytes = await this.#take((all) => frameLength(all))
    if (!bytes) return undefined
    const [offset, length] = frameSize(bytes)
    const masked = (bytes[1] & 0x80) !== 0
    const mask = bytes.subarray(offset - (masked ? 4 : 0), offset)
    const payload = Buffer.from(bytes.subarray(offset, offset + length))
    if (masked) for (let at = 0; at < payload.length; at++) payload[at] ^= mask[at % 4]
    return { opcode: bytes[0] & 15, fin: bytes[0] >= 128, payload, masked }
  }

  end() {
    this.socket.end()
  }

  reset() {
    this.socket.resetAndDestroy()
  }
}

/** A frame's bytes. */
export function frameOf(opcode, payload, { fin = true, masked = false, length } = {}) {
  const body = Buffer.from(payload)
  const size = length ?? body.length
  const head = [(fin ? 0x80 : 0) | opcode]
  const mark = masked ? 0x80 : 0
  if (size < 126) head.push(mark | size)
  else if (size < 65_536) head.push(mark | 126, size >> 8, size & 255)
  else {
    const long = Buffer.alloc(8)
    long.writeBigUInt64BE(BigInt(size))
    head.push(mark | 127, ...long)
  }
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([Buffer.from(head), Buffer.alloc(masked ? 4 : 0), body])
}

/** A goodbye's payload. */
export const goodbye = (code, reason = '') => Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)])

function frameSize(bytes) {
  const masked = (bytes[1] & 0x80) !== 0 ? 4 : 0
  const short = bytes[1] & 0x7f
  if (short < 126) return [2 + masked, short]
  if (short === 126) return [4 + masked, bytes.readUInt16BE(2)]
  return [10 + masked, Number(bytes.readBigUInt64BE(2))]
}

function frameLength(bytes) {
  if (bytes.length < 2 || (bytes[1] & 0x7f) === 126 ? bytes.length < 4 : (bytes[1] & 0x7f) === 127 && bytes.length < 10) return -1
  if (bytes.length < 2) return -1
  const [offset, length] = frameSize(bytes)
  return bytes.length >= offset + length ? offset + length : -1
}

/** A host that does to each connection what the test says. */
export async function scriptedHost(t, script) {
  const server = net.createServer({ allowHalfOpen: true })
  const host = await listening(t, server, 'http')
  server.on('connection', async (socket) => {
    const wire = new Wire(socket)
    host.requests.push(await wire.head())
    await script(wire)
  })
  return host
}
