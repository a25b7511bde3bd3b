// A real Redis for tests: Debian's redis-server on a unix socket or a port of its own, gone when the test is.
//
//   const redis = await startRedis(t)                    { port: true } for TCP, { password: 'secret' } to ask for one
//   new Portkey({ cacheStore: { redis: redis.url } })
//   await redis.stored('portkey:cache:')                 resolves when a value under such a name has been written
//   await redis.ask('SET', name, value)
//   redis.kill()                                         as `kill -9` does; `redis.signal('SIGSTOP')` has it hang

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { closedPort } from './host.mjs'

class Redis {
  #launch
  #child
  #password
  #asking
  #watchers = new Set()
  /** Names of the values that were written, in the order of their writing. */
  written = []

  /** `launch` starts the server and gives its process. */
  constructor({ launch, address, url, password }) {
    this.#launch = launch
    this.address = address
    this.url = url
    this.#password = password
  }

  /** Starts it, empty; false when its address was taken. */
  async start() {
    this.#child = await this.#launch()
    if (!this.#child) return false
    this.#asking = await Connection.open(this.address, this.#password)
    const events = await Connection.open(this.address, this.#password)
    events.told = ([, , , name]) => {
      this.written.push(name)
      for (const watcher of [...this.#watchers]) watcher()
    }
    await events.ask('PSUBSCRIBE', '__keyevent@0__:set')
    return true
  }

  /** Resolves to the names that begin with `prefix` once `count` values were written under such. */
  async stored(prefix, count = 1) {
    const found = () => this.written.filter((name) => name.startsWith(prefix))
    while (found().length < count) {
      await new Promise((resolve) => this.#watchers.add(resolve))
      this.#watchers.clear()
    }
    return found()
  }

  /** What the server answers to these words. */
  ask(...words) {
    return this.#asking.ask(...words)
  }

  signal(name) {
    this.#child.kill(name)
  }

  /** Ends it at once. Resolves when it has gone, and its connections with it. */
  async kill() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await gone
  }
}

/** One connection, in RESP 2. */
class Connection {
  #socket
  #text = ''
  #waiting = []
  /** Takes what comes without a question. */
  told = () => {}

  static async open(address, password) {
    const connection = new Connection()
    connection.#socket = net.connect(address).setEncoding('latin1')
    connection.#socket.on('error', () => {}) // the server was killed
    connection.#socket.on('data', (text) => connection.#take(text))
    await once(connection.#socket, 'connect')
    if (password) await connection.ask('AUTH', password)
    return connection
  }

  async ask(...words) {
    const answer = new Promise((resolve) => this.#waiting.push(resolve))
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
    this.#socket.write(`*${words.length}\r\n${parts.join('')}`)
    const value = await answer
    if (value instanceof Error) throw value
    return value
  }

  #take(text) {
    this.#text += text
    for (;;) {
      const read = readReply(this.#text)
      if (!read) return
      this.#text = this.#text.slice(read.end)
      const waits = this.#waiting.shift()
      if (waits) waits(read.value)
      else this.told(read.value)
    }
  }
}

/** The reply at `from` and where it ends; undefined while it is not all there. */
function readReply(text, from = 0) {
  const line = text.indexOf('\r\n', from)
  if (line < 0) return undefined
  const [kind, rest] = [text[from], text.slice(from + 1, line)]
  const next = line + 2
  if (kind === '+') return { value: rest, end: next }
  if (kind === '-') return { value: new Error(rest), end: next }
  const count = Number(rest)
  if (kind === ':') return { value: count, end: next }
  if (count < 0) return { value: null, end: next }
  if (kind === '$') {
    const end = next + count + 2
    return text.length < end ? undefined : { value: text.slice(next, end - 2), end }
  }
  const items = []
  let at = next
  while (items.length < count) {
    const read = readReply(text, at)
    if (!read) return undefined
    items.push(read.value)
    at = read.end
  }
  return { value: items, end: at }
}

/** Starts the server and waits for its word that it takes connections; undefined when it ended instead. */
async function launch(folder, args) {
  const child = spawn('redis-server', ['--save', '', '--appendonly', 'no', '--notify-keyspace-events', 'KEA', '--dir', folder, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const failed = once(child, 'error').then(([error]) => {
    throw new Error(`redis-server: ${error.message}; install the Debian package redis-server`)
  })
  const lines = createInterface({ input: child.stdout })
  const ready = (async () => {
    for await (const line of lines) if (/ready to accept connections/i.test(line)) return true
    return false
  })()
  const isReady = await Promise.race([ready, failed])
  child.stdout.resume()
  return isReady ? child : undefined
}

/** A server that ends with the test `t`. */
export async function startRedis(t, { port = false, password } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'portkey-redis-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  // A port that was free may be taken by the time the server binds it; another is tried then.
  for (let tries = 0; tries < 20; tries++) {
    const redis = new Redis(port ? onPort(folder, await closedPort(), password) : onSocket(folder))
    if (!(await redis.start())) continue
    t.after(() => redis.kill())
    return redis
  }
  throw new Error('redis-server found no free port')
}

function onSocket(folder) {
  const socket = path.join(folder, 'redis.sock')
  return { launch: () => launch(folder, ['--port', '0', '--unixsocket', socket]), address: { path: socket }, url: `unix://${socket}` }
}

function onPort(folder, port, password) {
  const args = ['--port', String(port), '--bind', '127.0.0.1', ...(password ? ['--requirepass', password] : [])]
  const user = password ? `:${encodeURIComponent(password)}@` : ''
  return { launch: () => launch(folder, args), address: { port, host: '127.0.0.1' }, url: `redis://${user}127.0.0.1:${port}`, password }
}

/** The URL of a server that takes connections and never answers, and the sockets that it took. */
export async function deafRedis(t) {
  const sockets = []
  const server = net.createServer((socket) => sockets.push(socket.on('error', () => {}).resume()))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `redis://127.0.0.1:${server.address().port}`, sockets }
}
