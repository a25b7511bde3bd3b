// The processes of the benchmark. Each prints a line of JSON when it is ready, answers a line with a line, and ends with
// its standard input, so none of them outlives this one however it ends.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import readline from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const production = { ...process.env, NODE_ENV: 'production' }

export class Child {
  static #all = new Set()
  #process
  #waiting = []

  /** Starts a script of this folder; resolves with `ready`, the line it prints when it can be asked. */
  static async start(script, ...parameters) {
    const child = new Child(script, parameters)
    child.ready = await child.#answer()
    return child
  }

  constructor(script, parameters) {
    Child.#all.add(this)
    this.#process = spawn(process.execPath, ['--expose-gc', here(script), ...parameters], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: production,
    })
    let complaint = ''
    this.#process.stderr.on('data', (bytes) => (complaint = (complaint + bytes).slice(-4000)))
    this.#process.stdin.on('error', () => {}) // told by 'close'
    this.#process.once('close', () => {
      const why = /^\w*Error.*$/m.exec(complaint)?.[0] ?? complaint.trim().split('\n').at(-1)
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`${script} ended: ${why || 'without a word'}`))
    })
    readline.createInterface({ input: this.#process.stdout }).on('line', (line) => {
      if (line.startsWith('{')) this.#waiting.shift()?.resolve(JSON.parse(line))
    })
  }

  #answer() {
    if (this.#process.exitCode !== null) return Promise.reject(new Error('the process has ended'))
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  async ask(job) {
    this.#process.stdin.write(`${JSON.stringify(job)}\n`)
    const answer = await this.#answer()
    if (answer.error) throw new Error(answer.error)
    return answer
  }

  async end() {
    Child.#all.delete(this)
    if (this.#process.exitCode !== null) return
    this.#process.stdin.end()
    await once(this.#process, 'close')
  }

  /** Ends those that have not been ended: also those that were started for what then failed. */
  static endAll() {
    return Promise.all([...Child.#all].map((child) => child.end()))
  }
}

/** Installs the gateway on first use, in a folder of its own so that working on this package does not need it. */
function installGateway(folder) {
  if (fs.existsSync(path.join(folder, 'node_modules/@portkey-ai/gateway'))) return
  process.stderr.write('installing the Portkey gateway into bench/peers (once)\n')
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (npm.status !== 0) throw new Error(`npm ci in bench/peers failed: ${npm.stderr ?? npm.error}`)
}

export async function startGateway() {
  const folder = here('peers')
  installGateway(folder)
  return Child.start('gateway.mjs', folder)
}

/** A process that lives for one call, or for nothing when no client is named: its wall and CPU milliseconds. */
export function coldStart(client, job) {
  const parameters = client ? [client, JSON.stringify(job)] : []
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    const child = spawn(process.execPath, [here('cold.mjs'), ...parameters], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: production,
    })
    let text = ''
    child.stdout.on('data', (bytes) => (text += bytes))
    child.once('close', (code) => {
      if (code === 0) resolve({ wall: performance.now() - begun, cpu: JSON.parse(text).cpu })
      else reject(new Error(`a cold start of ${client ?? 'nothing'} ended with ${code}`))
    })
  })
}
