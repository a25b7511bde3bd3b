// Runs faults of a host against a client in a process of its own: for the tests, and for the table in docs/faults.md.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { stepOf } from './faults.mjs'
import { startHost } from './host.mjs'

const program = fileURLToPath(new URL('fault-client.mjs', import.meta.url))

/** A client in a process, which is started anew after one that hung or died. */
export class FaultClient {
  #child

  constructor(name) {
    this.name = name
  }

  /** What comes of one call, whole or streamed, to a host that fails so: `{ outcome, told, ms, grown, left }`. */
  async meet(fault, streams) {
    const [, , patient] = fault
    const host = await startHost(() => stepOf(fault))
    this.#child ??= fork(program, { execArgv: ['--expose-gc'], env: { ...process.env, NODE_TEST_CONTEXT: '', OPENAI_LOG: 'off' }, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    const child = this.#child
    const stop = new AbortController()
    const died = once(child, 'exit', { signal: stop.signal }).then(([code, signal]) => ({ outcome: `dies (${signal ?? code})`, ms: 0, grown: 0 }), () => {})
    child.send({ name: this.name, url: host.url, streams, patient: patient === 'patient' })
    const [message] = await Promise.race([once(child, 'message', { signal: stop.signal }).catch(() => []), died.then((death) => [death])])
    stop.abort()
    // Whoever gives up on a host closes the connection.
    const left = /timeout|too_large/.test(message.outcome) ? await settled(host) : undefined
    if (/^(hangs|dies|uncaught)/.test(message.outcome)) this.close()
    await host.close()
    return { ...message, requests: host.requests.length, left }
  }

  close() {
    this.#child?.kill('SIGKILL')
    this.#child = undefined
  }
}

/** Connections that the client has not closed within a second. */
async function settled(host) {
  let timer
  await Promise.race([host.until(({ connections }) => connections.length === 0), new Promise((resolve) => (timer = setTimeout(resolve, 1000)))])
  clearTimeout(timer)
  return host.connections.length
}
