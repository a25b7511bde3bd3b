// Node processes for tests: each runs a few lines of its own against a host of the test.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

const PRELUDE = `
import Portkey, * as names from './index.mjs'
const url = process.env.TEST_HOST
const client = url && new Portkey({ customHost: url, maxRetries: 0 })
const ask = (opts) => client.chat.completions.create({ messages: [{ role: 'user', content: 'hi' }] }, undefined, opts)
const open = (opts) => ask({ ...opts, stream: true })
const say = (word) => process.stdout.write(word + '\\n')
const told = () => new Promise((resolve) => process.stdin.once('data', () => (process.stdin.unref(), resolve())));
`

/**
 * Starts a process that runs `source` as a module, with `client`, `ask()`, `open()` (a stream), `say(line)` and
 * `told()` (the next `tell()`) at hand. It is killed when the test `t` ends.
 */
export function startChild(t, source, { host, flags = [], env = {}, prelude = PRELUDE } = {}) {
  const began = performance.now()
  const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', prelude + source], {
    cwd: root,
    env: { ...process.env, NODE_TEST_CONTEXT: '', TEST_HOST: host?.url ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  child.stdin.on('error', () => {}) // it has ended already
  const lines = []
  const waiting = []
  let errors = ''
  child.stderr.on('data', (bytes) => (errors += bytes))
  createInterface({ input: child.stdout }).on('line', (line) => {
    const next = waiting.shift()
    if (next) next(line)
    else lines.push(line)
  })
  const ended = once(child, 'close').then(([code, signal]) => {
    for (const next of waiting) next(undefined)
    return { code, signal, errors, at: performance.now(), ms: performance.now() - began, lines }
  })
  return {
    pid: child.pid,
    /** Resolves to `{ code, signal, errors, at, lines }`; lines are those that nobody asked for. */
    ended,
    /** The next line that it says; undefined when it ended without one. */
    line: () => (lines.length > 0 ? Promise.resolve(lines.shift()) : new Promise((resolve) => waiting.push(resolve))),
    tell: () => child.stdin.write('\n'),
    kill: (signal) => child.kill(signal),
  }
}
