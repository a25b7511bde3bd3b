// Abort, in every phase of a call: the caller hears at once, the host sees its socket close, and nothing is sent after it.

import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import net from 'node:net'
import { describe, test } from 'node:test'

import Portkey, { APIUserAbortError } from '../index.mjs'
import { MESSAGES, chunk, envelope } from './support/answers.mjs'
import { fullBacklog } from './support/blackhole.mjs'
import { hostFor } from './support/host.mjs'

/** What we hold ourselves to, for the median; and what one try may take on a busy machine. */
const GOAL = 50
const BOUND = 200
const ROUNDS = 7

const ask = (client, opts, body = {}) => client.chat.completions.create({ messages: MESSAGES, ...body }, undefined, opts)
const stream = (client, opts) => ask(client, opts, { stream: true })
const deferred = () => {
  const parts = {}
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }))
  return parts
}

function tell(t, name, times) {
  const sorted = [...times].sort((one, other) => one - other)
  const [median, worst] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
  t.diagnostic(`${name}: ${median.toFixed(2)} ms (median), ${worst.toFixed(2)} ms (worst of ${times.length})`)
  assert.ok(median < GOAL, `${name}: median ${median} ms`)
  assert.ok(worst < BOUND, `${name}: worst ${worst} ms`)
}

/**
 * Aborts a call as soon as `reached()` resolves, some times over; `begin(signal)` starts it. Measures how long the
 * caller waits for the error, and how long the socket that `closed()` tells of takes to close.
 */
async function abortWhen(t, { begin, reached, closed, listens = true }) {
  const [rejections, closings] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    const controller = new AbortController()
    const call = begin(controller.signal)
    call.catch(() => {})
    await reached(round)
    const began = performance.now()
    controller.abort()
    await assert.rejects(call, (error) => {
      assert.equal(error.constructor, APIUserAbortError)
      assert.equal(error.message, 'Request was aborted.')
      assert.equal(error.status, undefined)
      return true
    })
    rejections.push(performance.now() - began)
    if (closed) closings.push((await closed(round)).at - began)
    if (listens) assert.deepEqual(getEventListeners(controller.signal, 'abort'), [])
  }
  tell(t, 'rejected after', rejections)
  if (closed) tell(t, 'closed after', closings)
}

describe('an aborted call rejects at once and its socket closes', () => {
  test('while connecting to a host that accepts no more', async (t) => {
    const port = await fullBacklog(t)
    const client = new Portkey({ customHost: `http://127.0.0.1:${port}/v1` })
    // The engine's own threads have files too: it starts before we count.
    await assert.rejects(ask(client, { timeout: 20 }))
    const files = openFiles()
    await abortWhen(t, {
      begin: (signal) => ask(client, { signal }),
      reached: () => until(() => files === undefined || openFiles() > files),
      closed: () => backTo(files),
    })
  })

  test('while the TLS greeting goes unanswered', async (t) => {
    const seen = []
    const server = net.createServer((socket) => {
      const connection = { greeted: once(socket, 'data'), closed: new Promise((resolve) => socket.on('close', () => resolve({ at: performance.now() }))) }
      socket.on('error', () => {})
      seen.push(connection)
      server.emit('seen')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const client = new Portkey({ customHost: `https://127.0.0.1:${server.address().port}/v1` })
    await abortWhen(t, {
      begin: (signal) => ask(client, { signal }),
      reached: async (round) => {
        if (seen.length <= round) await once(server, 'seen')
        await seen[round].greeted
      },
      closed: (round) => seen[round].closed,
    })
    assert.equal(seen.length, ROUNDS)
  })

  test('while a big body is on its way', async (t) => {
    const arrived = []
    const files = []
    const server = net.createServer((socket) => {
      // It reads the first bytes and then no more, so that the rest is stuck with the client.
      const connection = { socket, begun: new Promise((resolve) => socket.once('data', () => resolve(socket.pause()))) }
      connection.closed = new Promise((resolve) => {
        const end = () => resolve({ at: performance.now() })
        socket.on('error', end)
        socket.on('close', end)
      })
      arrived.push(connection)
      server.emit('seen')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const client = new Portkey({ customHost: `http://127.0.0.1:${server.address().port}/v1` })
    const content = 'x'.repeat(32 << 20)
    await abortWhen(t, {
      begin: (signal) => client.chat.completions.create({ messages: [{ role: 'user', content }] }, undefined, { signal }),
      reached: async (round) => {
        if (arrived.length <= round) await once(server, 'seen')
        await arrived[round].begun
        files.push(openFiles())
      },
      // The host hears of it behind all that is still on its way, so that is measured at our end.
      closed: (round) => backTo(files[round] - 1),
    })
    for (const { socket, closed } of arrived) {
      socket.resume()
      await closed
    }
    assert.equal(arrived.length, ROUNDS)
  })

  test('while it waits for the headers', async (t) => {
    const host = await hostFor(t, ['hang'])
    const client = new Portkey({ customHost: host.url })
    await abortWhen(t, { begin: (signal) => ask(client, { signal }), reached: (round) => host.received(round + 1), closed: () => host.closed() })
    assert.equal(host.requests.length, ROUNDS)
  })

  test('in the middle of a whole body', async (t) => {
    let reached
    const step = { headers: { 'content-type': 'application/json' }, chunks: ['{"id":"x","choices":[', { call: () => reached.resolve() }, 'hang'] }
    const host = await hostFor(t, [step])
    const client = new Portkey({ customHost: host.url })
    await abortWhen(t, {
      begin: (signal) => {
        reached = deferred()
        return ask(client, { signal })
      },
      reached: () => reached.promise,
      closed: () => host.closed(),
    })
    assert.equal(host.requests.length, ROUNDS)
  })

  test('before the first token of a stream: no event yet', async (t) => {
    let reached
    const host = await hostFor(t, [{ sse: [': ping\n\n', { call: () => reached.resolve() }, 'hang'] }])
    const client = new Portkey({ customHost: host.url })
    await abortWhen(t, {
      begin: (signal) => {
        reached = deferred()
        return stream(client, { signal })
      },
      reached: () => reached.promise,
      closed: () => host.closed(),
    })
  })

  test('in the middle of a stream, while the reader waits', async (t) => {
    const host = await hostFor(t, [{ sse: [chunk({ role: 'assistant' }), chunk({ content: 'a' }), 'hang'] }])
    const client = new Portkey({ customHost: host.url })
    let reached
    await abortWhen(t, {
      begin: async (signal) => {
        reached = deferred()
        let seen = 0
        for await (const _ of await stream(client, { signal })) if (++seen === 2) setImmediate(reached.resolve)
      },
      reached: () => reached.promise,
      closed: () => host.closed(),
    })
  })

  test('in the middle of a stream that sends without pause', async (t) => {
    async function* endless() {
      for (;;) yield chunk({ content: 'x'.repeat(1000) })
    }
    const host = await hostFor(t, () => ({ sse: endless() }))
    const client = new Portkey({ customHost: host.url })
    let reached
    await abortWhen(t, {
      begin: async (signal) => {
        reached = deferred()
        let seen = 0
        for await (const _ of await stream(client, { signal })) if (++seen === 100) setImmediate(reached.resolve)
      },
      reached: () => reached.promise,
      closed: () => host.closed(),
    })
  })

  test('while it waits before another attempt, which is not made', async (t) => {
    const host = await hostFor(t, [{ status: 429, headers: { 'retry-after': '1' }, json: envelope('slow down') }])
    const client = new Portkey({ customHost: host.url, maxRetries: 5 })
    await abortWhen(t, { begin: (signal) => ask(client, { signal }), reached: (round) => answered(host, round + 1) })
    const before = host.requests.length
    // Longer than the wait that was aborted.
    await new Promise((resolve) => setTimeout(resolve, 1200))
    assert.equal(host.requests.length, before)
    assert.equal(before, ROUNDS)
  })
})

/** How many files and sockets this process has open; undefined where the system does not tell. */
function openFiles() {
  return existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : undefined
}

/** Resolves when this process has as few files open as before. */
async function backTo(files) {
  await until(() => files === undefined || openFiles() <= files)
  return { at: performance.now() }
}

async function until(condition) {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

/** Resolves when the answer to request number `count` has been written. */
async function answered(host, count) {
  const request = await host.received(count)
  while (request.answeredAt === undefined) await new Promise((resolve) => setImmediate(resolve))
  // The client has read it when its socket is quiet for a moment.
  await new Promise((resolve) => setTimeout(resolve, 20))
}
