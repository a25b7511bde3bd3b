// Abort signals: whose calls they end, when, and what they leave behind.

import assert from 'node:assert/strict'
import { EventEmitter, getEventListeners } from 'node:events'
import { describe, test } from 'node:test'

import Portkey, { APIUserAbortError } from '../index.mjs'
import { MESSAGES, chatChunks, chunk, completion, envelope } from './support/answers.mjs'
import { startChild } from './support/child.mjs'
import { hostFor } from './support/host.mjs'
import { collect } from './support/recorded.mjs'

const ask = (client, opts, body = {}) => client.chat.completions.create({ messages: MESSAGES, ...body }, undefined, opts)
const stream = (client, opts) => ask(client, opts, { stream: true })
const deferred = () => {
  const parts = {}
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }))
  return parts
}

describe('an abort', () => {
  test('that came before the call sends nothing', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const client = new Portkey({ customHost: host.url })
    for (const signal of [AbortSignal.abort(), AbortSignal.abort(new RangeError('mine'))]) {
      await assert.rejects(ask(client, { signal }), APIUserAbortError)
      await assert.rejects(stream(client, { signal }), APIUserAbortError)
      assert.deepEqual(getEventListeners(signal, 'abort'), [])
    }
    await ask(client)
    assert.equal(host.accepted.length, 1)
    assert.equal(host.requests.length, 1)
  })

  test('in the same tick as the call sends nothing that the host would see as a request', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const client = new Portkey({ customHost: host.url })
    for (let round = 0; round < 50; round++) {
      const controller = new AbortController()
      const call = ask(client, { signal: controller.signal })
      controller.abort()
      await assert.rejects(call, APIUserAbortError)
    }
    assert.deepEqual((await ask(client)).choices, completion().choices)
  })

  test('that comes after the answer changes nothing', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const controller = new AbortController()
    const client = new Portkey({ customHost: host.url })
    const answer = await ask(client, { signal: controller.signal })
    assert.deepEqual(getEventListeners(controller.signal, 'abort'), [])
    controller.abort()
    assert.deepEqual(answer.choices, completion().choices)
    await ask(client)
    assert.equal(host.accepted.length, 1, 'the connection was kept')
  })

  test('that comes after a stream was opened is thrown by the next read, and by that one alone', async (t) => {
    const host = await hostFor(t, [{ sse: [chunk({ content: 'a' }), chunk({ content: 'b' }), 'hang'] }])
    const controller = new AbortController()
    const iterator = (await stream(new Portkey({ customHost: host.url }), { signal: controller.signal }))[Symbol.asyncIterator]()
    await iterator.next()
    controller.abort()
    await host.closed()
    await assert.rejects(iterator.next(), APIUserAbortError)
    assert.deepEqual(await iterator.next(), { value: undefined, done: true })
  })

  test('that comes after a stream was read changes nothing', async (t) => {
    const host = await hostFor(t, [{ sse: chatChunks() }])
    const controller = new AbortController()
    const { items, error } = await collect(stream(new Portkey({ customHost: host.url }), { signal: controller.signal }))
    assert.deepEqual(getEventListeners(controller.signal, 'abort'), [])
    controller.abort()
    assert.deepEqual(items, chatChunks())
    assert.equal(error, undefined)
  })

  test('by AbortSignal.timeout() and AbortSignal.any() works as any other', async (t) => {
    const host = await hostFor(t, ['hang'])
    const client = new Portkey({ customHost: host.url })
    await assert.rejects(ask(client, { signal: AbortSignal.timeout(30) }), APIUserAbortError)
    await host.closed()
    await assert.rejects(ask(client, { signal: AbortSignal.any([AbortSignal.timeout(30), new AbortController().signal]) }), APIUserAbortError)
    await host.closed()
  })

  test('keeps the signal\'s own handlers', async (t) => {
    const host = await hostFor(t, ['hang'])
    const controller = new AbortController()
    const seen = []
    const own = () => seen.push('onabort')
    controller.signal.onabort = own
    controller.signal.addEventListener('abort', () => seen.push('listener'))
    const call = ask(new Portkey({ customHost: host.url }), { signal: controller.signal })
    await host.received()
    assert.equal(controller.signal.onabort, own)
    controller.abort()
    await assert.rejects(call, APIUserAbortError)
    assert.deepEqual(seen, ['onabort', 'listener'])
  })

  test('ends every call that shares the signal, and no other', async (t) => {
    const host = await hostFor(t, ({ headers }) => (headers['x-name'] === 'other' ? { before: 50, json: completion() } : 'hang'))
    const client = new Portkey({ customHost: host.url, forwardHeaders: ['x-name'], 'x-name': 'shared' })
    const controller = new AbortController()
    const calls = Array.from({ length: 20 }, () => ask(client, { signal: controller.signal }))
    const other = ask(client.withOptions({ 'x-name': 'other' }), { signal: new AbortController().signal })
    const settled = Promise.allSettled(calls)
    await host.received(21)
    controller.abort()
    for (const { reason } of await settled) assert.equal(reason.constructor, APIUserAbortError)
    for (const { reason } of await settled) assert.ok(reason.stack.includes('APIUserAbortError'))
    assert.deepEqual((await other).choices, completion().choices)
    for (let count = 0; count < 20; count++) await host.closed()
  })
})

describe('one signal for 100 calls', () => {
  test('has one listener while they run, none afterwards, and no warning is given', async (t) => {
    const warnings = []
    const note = (warning) => warnings.push(warning)
    process.on('warning', note)
    t.after(() => process.off('warning', note))
    const open = deferred()
    const host = await hostFor(t, ({ headers }) => ({ before: open.promise, ...(headers.accept.includes('event') ? { sse: chatChunks() } : { json: completion() }) }))
    const client = new Portkey({ customHost: host.url })
    const { signal } = new AbortController()
    const calls = Array.from({ length: 100 }, (_, at) => (at % 2 ? ask(client, { signal }) : collect(stream(client, { signal }))))
    await host.received(100)
    assert.equal(getEventListeners(signal, 'abort').length, 1)
    open.resolve()
    await Promise.all(calls)
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(warnings, [])
    assert.ok(EventEmitter.defaultMaxListeners < 100)
  })

  test('loses its listener also where they fail, are left, or are one after the other', async (t) => {
    const host = await hostFor(t, ({ headers }) => (headers.accept.includes('event') ? { sse: [...chatChunks(), 'hang'] } : { status: 400, json: envelope('no') }))
    const client = new Portkey({ customHost: host.url })
    const { signal } = new AbortController()
    for (let round = 0; round < 20; round++) {
      await assert.rejects(ask(client, { signal }))
      for await (const _ of await stream(client, { signal })) break
      const opened = await stream(client, { signal })
      opened.controller.abort()
      await collect(opened)
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })
})

test('an abort that nobody handles ends the process with its error', async (t) => {
  const host = await hostFor(t, ['hang'])
  const child = startChild(t, `
    const controller = new AbortController()
    ask({ signal: controller.signal })
    process.stdin.once('data', () => controller.abort())
  `, { host })
  await host.received()
  child.tell()
  const { code, signal, errors } = await child.ended
  assert.equal(signal, null)
  assert.equal(code, 1)
  assert.match(errors, /APIUserAbortError/)
})
