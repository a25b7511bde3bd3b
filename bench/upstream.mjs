// The upstream of the benchmark, a process of its own: an OpenAI-compatible provider that answers from memory.
// The first path segment of the base URL names the scenario (`http://127.0.0.1:PORT/short/v1`), so that any client or
// gateway that takes a base URL can be pointed at any of them. It prints `{"port":N}` and ends with its standard input.
//
// It speaks HTTP on bare sockets because the machine's cores are shared with the client being measured: node:http takes
// over twice the CPU an answer, which would make the upstream what the throughput workloads measure. It knows only what
// they send: POST with a content-length, one request at a time on a connection.
import fs from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import { scenarioOf } from './answers.mjs'

// So many events are written, each by itself, before other connections get their turn.
const EVENTS_A_TURN = 8

const refusal = (status, message) =>
  Buffer.from(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(message)}\r\n\r\n${message}`)

function writeStream(socket, { writes, gap }) {
  let next = 0
  const turn = () => {
    if (socket.destroyed) return
    const until = Math.min(writes.length, next + (gap ? 1 : EVENTS_A_TURN))
    while (next < until) socket.write(writes[next++])
    if (next === writes.length) return
    if (gap) setTimeout(turn, gap)
    else if (socket.writableNeedDrain) socket.once('drain', turn)
    else setImmediate(turn)
  }
  turn()
}

function answer(socket, path, body) {
  if (path.endsWith('/v1/traces') || path.endsWith('/v1/metrics')) return socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
  const scenario = scenarioOf(path.split('/', 2)[1])
  if (!scenario) socket.end(refusal('404 Not Found', `no scenario in ${path}`))
  else if (path.endsWith('/embeddings')) socket.write(body.includes('"base64"') ? scenario.base64 : scenario.floats)
  else if (scenario.writes) writeStream(socket, scenario)
  else if (scenario.delay) setTimeout(() => socket.write(scenario.answer), scenario.delay)
  else socket.write(scenario.answer)
}

function serve(socket) {
  let pending = Buffer.alloc(0)
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy()) // a client that went away is its own affair
  socket.on('data', (bytes) => {
    pending = pending.length ? Buffer.concat([pending, bytes]) : bytes
    const headEnd = pending.indexOf('\r\n\r\n')
    if (headEnd === -1) return
    const head = pending.latin1Slice(0, headEnd)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)
    if (!length) {
      socket.end(refusal('411 Length Required', 'the upstream of the benchmark wants a content-length'))
      return
    }
    const bodyEnd = headEnd + 4 + Number(length[1])
    if (pending.length < bodyEnd) return
    const body = pending.subarray(headEnd + 4, bodyEnd)
    pending = pending.subarray(bodyEnd)
    answer(socket, head.split(' ', 2)[1], body)
  })
}

// With the files of a key and a certificate it speaks TLS.
const [key, cert] = process.argv.slice(2).map((file) => fs.readFileSync(file))
const server = key ? tls.createServer({ key, cert }, serve) : net.createServer(serve)
// A deep queue, so that a thousand connections at once do not wait for SYNs to be sent again.
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.stdout.write(`${JSON.stringify({ port: server.address().port, scheme: key ? 'https' : 'http' })}\n`)
})
process.stdin.resume().on('end', () => process.exit())
