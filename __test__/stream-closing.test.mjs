// A reader that leaves, and one that stops: the host hears of it on its socket.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import Portkey from '../index.mjs'
import { MESSAGES, chatChunks, chunk, completion } from './support/answers.mjs'
import { startChild } from './support/child.mjs'
import { hostFor } from './support/host.mjs'
import { collect } from './support/recorded.mjs'

const ENDLESS = { sse: [chunk({ role: 'assistant' }), chunk({ content: 'a' }), chunk({ content: 'b' }), 'hang'] }
const ask = (client, ...more) => client.chat.completions.create({ messages: MESSAGES, stream: true }, ...more)
/** What a busy machine may add to the 50 ms that we hold ourselves to. */
const BOUND = 200

/** How long it takes until the host sees the socket close, for each of a few tries. */
async function closings(t, leave, script = [ENDLESS]) {
  const host = await hostFor(t, script)
  const client = new Portkey({ customHost: host.url })
  const took = []
  for (let round = 0; round < 7; round++) {
    const left = await leave(await ask(client))
    const { at } = await host.closed()
    took.push(at - left)
  }
  took.sort((one, other) => one - other)
  t.diagnostic(`closed after ${took[3].toFixed(1)} ms (median), ${took[6].toFixed(1)} ms (worst)`)
  assert.ok(took[3] < 50, `median ${took[3]} ms`)
  assert.ok(took[6] < BOUND, `worst ${took[6]} ms`)
  assert.equal(host.connections.length, 0)
  assert.equal(host.requests.length, 7, 'nothing was sent after it')
}

describe('the connection to the host closes', () => {
  test('when the loop is left by break', (t) =>
    closings(t, async (stream) => {
      for await (const _ of stream) break
      return performance.now()
    }))

  test('when the loop throws', (t) =>
    closings(t, async (stream) => {
      await assert.rejects(async () => { for await (const _ of stream) throw new RangeError('mine') }, RangeError)
      return performance.now()
    }))

  test('when the loop is left by return', (t) =>
    closings(t, async (stream) => {
      const value = await (async () => { for await (const chunk of stream) return chunk })()
      assert.equal(value.object, 'chat.completion.chunk')
      return performance.now()
    }))

  test('when the iterator is told to return, and it is over then', (t) =>
    closings(t, async (stream) => {
      const iterator = stream[Symbol.asyncIterator]()
      await iterator.next()
      const left = performance.now()
      assert.deepEqual(await iterator.return('bye'), { value: 'bye', done: true })
      assert.deepEqual(await iterator.next(), { value: undefined, done: true })
      return left
    }))

  test('when the iterator is told to throw', (t) =>
    closings(t, async (stream) => {
      const iterator = stream[Symbol.asyncIterator]()
      await iterator.next()
      await assert.rejects(iterator.throw(new RangeError('mine')), RangeError)
      assert.deepEqual(await iterator.next(), { value: undefined, done: true })
      return performance.now()
    }))

  test('when controller.abort() is called while the reader waits, and the iteration ends in silence', (t) =>
    closings(t, async (stream) => {
      let left
      const items = []
      for await (const item of stream) {
        items.push(item)
        if (items.length === 3) setImmediate(() => {
          left = performance.now()
          stream.controller.abort()
        })
      }
      assert.equal(items.length, 3)
      return left
    }))

  test('when controller.abort() is called in the loop, and what was not read is dropped', (t) =>
    closings(t, async (stream) => {
      const items = []
      for await (const item of stream) {
        items.push(item)
        stream.controller.abort()
      }
      assert.equal(items.length, 1)
      return performance.now()
    }))

  test('when controller.abort() is called before anything was read', (t) =>
    closings(t, async (stream) => {
      stream.controller.abort()
      const left = performance.now()
      assert.deepEqual(await collect(stream), { items: [], error: undefined })
      return left
    }))

  test('when the readable stream is cancelled', (t) =>
    closings(t, async (stream) => {
      const reader = stream.toReadableStream().getReader()
      await reader.read()
      const left = performance.now()
      await reader.cancel()
      return left
    }))

  test('when both readers of a tee have left, not before', async (t) => {
    const host = await hostFor(t, [ENDLESS])
    const [left, right] = (await ask(new Portkey({ customHost: host.url }))).tee()
    for await (const _ of left) break
    const seen = []
    for await (const { choices } of right) {
      seen.push(choices[0].delta.content)
      assert.equal(host.connections.length, 1)
      if (seen.length === 3) break
    }
    assert.deepEqual(seen, [undefined, 'a', 'b'])
    await host.closed()
  })

  test('and no other call ends when one that was read is collected long after', { timeout: 20_000 }, async (t) => {
    const host = await hostFor(t, ({ headers, body }) => {
      if (headers.accept.includes('event-stream')) return { sse: chatChunks() }
      return { before: body.includes('slow') ? 300 : 0, json: completion() }
    })
    // Ids come again after so many calls, one after the other: then the slow call has that of the stream.
    const child = startChild(t, `
      const call = (content) => client.chat.completions.create({ messages: [{ role: 'user', content }] })
      await (async () => { for await (const _ of await open()); })()
      for (let at = 1; at < 2048; at++) await call('hi')
      const slow = call('slow')
      for (let round = 0; round < 3; round++) {
        gc()
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      say((await slow).object)
    `, { host, flags: ['--expose-gc'] })
    assert.equal(await child.line(), 'chat.completion')
  })

  test('when a stream that was opened but never read is collected', async (t) => {
    const host = await hostFor(t, [ENDLESS])
    const child = startChild(t, `
      for (let round = 0; round < 3; round++) await open()
      say('opened')
      const collect = setInterval(gc, 20)
      await told()
      clearInterval(collect)
    `, { host, flags: ['--expose-gc'] })
    assert.equal(await child.line(), 'opened')
    assert.equal(host.accepted.length, 3)
    for (let round = 0; round < 3; round++) await host.closed()
    child.tell()
    assert.equal((await child.ended).code, 0)
  })

  test('when a stream that was read halfway and forgotten is collected', async (t) => {
    const host = await hostFor(t, [ENDLESS])
    const child = startChild(t, `
      await (async () => { await (await open())[Symbol.asyncIterator]().next() })()
      await (async () => { await (await open()).toReadableStream().getReader().read() })()
      await (async () => { const [left] = (await open()).tee(); await left[Symbol.asyncIterator]().next() })()
      await (async () => { await (await open().asResponse()).body.getReader().read() })()
      say('read')
      const collect = setInterval(gc, 20)
      await told()
      clearInterval(collect)
    `, { host, flags: ['--expose-gc'] })
    assert.equal(await child.line(), 'read')
    for (let round = 0; round < 4; round++) await host.closed()
    child.tell()
    assert.equal((await child.ended).code, 0)
  })

  test('but not when a stream is collected around while someone still reads it', async (t) => {
    const steps = Array.from({ length: 20 }, (_, at) => chunk({ content: String(at) }))
    const host = await hostFor(t, [{ sse: [...steps.flatMap((step) => [step, { wait: 5 }]), chunk({}, 'stop')] }])
    const child = startChild(t, `
      const collect = setInterval(gc, 1)
      let count = 0
      for await (const _ of await open()) count++
      const reader = (await open()).toReadableStream().getReader()
      for (;;) { const { done } = await reader.read(); if (done) break; count++ }
      for await (const _ of (await open()).tee()[1]) count++
      clearInterval(collect)
      say(String(count))
    `, { host, flags: ['--expose-gc'] })
    assert.equal(await child.line(), String(21 * 3))
    assert.equal((await child.ended).code, 0)
  })
})

describe('a reader that stops', () => {
  const SIZE = 64 * 1024
  /** What the kernel may keep of one connection, on both of its sides, and what we may. */
  const MOST = kernelBuffers() + 8 * 2 ** 20
  const COUNT = Math.ceil((2 * MOST) / SIZE)

  test('stops the host, keeps memory bounded, and gets everything when it goes on', async (t) => {
    let written = 0
    async function* events() {
      for (let at = 0; at < COUNT; at++) {
        yield chunk({ content: `${at} `.padEnd(SIZE, 'x') })
        written++
      }
      yield chunk({}, 'stop')
    }
    const host = await hostFor(t, [{ sse: events() }])
    const iterator = (await ask(new Portkey({ customHost: host.url })))[Symbol.asyncIterator]()
    const items = [(await iterator.next()).value]
    const stalledAt = await standstill(() => written)
    t.diagnostic(`the host stood still after ${((stalledAt * SIZE) / 2 ** 20).toFixed(1)} MB of ${((COUNT * SIZE) / 2 ** 20).toFixed(1)}`)
    assert.ok(stalledAt * SIZE < MOST, `${stalledAt} events were taken from the host`)
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) items.push(next.value)
    assert.equal(items.length, COUNT + 1)
    items.slice(0, COUNT).forEach(({ choices }, at) => assert.ok(choices[0].delta.content.startsWith(`${at} `)))
  })

  test('holds up no other stream', async (t) => {
    async function* endless() {
      for (;;) yield chunk({ content: 'x'.repeat(SIZE) })
    }
    const host = await hostFor(t, [...Array.from({ length: 4 }, () => ({ sse: endless() })), { sse: chatChunks() }])
    const client = new Portkey({ customHost: host.url })
    const stopped = await Promise.all(Array.from({ length: 4 }, () => ask(client)))
    await standstill(() => host.accepted.reduce((sum, { socket }) => sum + socket.bytesWritten, 0))
    for (let round = 0; round < 20; round++) assert.deepEqual((await collect(ask(client))).items, chatChunks())
    for (const stream of stopped) stream.controller.abort()
    for (let round = 0; round < 4; round++) await host.closed()
  })

  test('and leaves then closes the connection though the host is stuck in writing', async (t) => {
    async function* endless() {
      for (;;) yield chunk({ content: 'x'.repeat(SIZE) })
    }
    const host = await hostFor(t, [{ sse: endless() }])
    for await (const _ of await ask(new Portkey({ customHost: host.url }))) {
      await standstill(() => host.accepted[0].socket.bytesWritten)
      break
    }
    const left = performance.now()
    const { at } = await host.closed()
    assert.ok(at - left < BOUND, `${at - left} ms`)
  })
})

/** How many bytes the kernel keeps at most of what was written to a connection of its own and not read. */
function kernelBuffers() {
  if (process.platform !== 'linux') return 16 * 2 ** 20
  const most = (name) => Number(readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8').trim().split(/\s+/)[2])
  return most('tcp_rmem') + most('tcp_wmem')
}

/** The number that `measure` gives once it has been the same for a while. */
async function standstill(measure) {
  for (let before = -1, same = 0; ;) {
    const now = measure()
    same = now === before ? same + 1 : 0
    if (same === 4) return now
    before = now
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
