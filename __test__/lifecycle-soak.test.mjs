// Many calls: nothing grows with their number, neither here nor at the host.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { APIError, APIUserAbortError } from '../index.mjs'
import { MESSAGES, chatChunks, chunk, completion, envelope } from './support/answers.mjs'
import { startChild } from './support/child.mjs'
import { hostFor } from './support/host.mjs'
import { collect, eachOf, textOf } from './support/recorded.mjs'

/** In the child: rounds of work, some at a time, with what the process holds after each. */
const MEASURE = `
const rounds = async (count, width, work) => {
  let at = 0
  await Promise.all(Array.from({ length: width }, async () => { while (at < count) await work(at++) }))
}
const { readdirSync } = await import('node:fs')
const held = async () => {
  for (let at = 0; at < 4; at++) { gc(); await new Promise((resolve) => setTimeout(resolve, 20)) }
  const { rss, heapUsed, external } = process.memoryUsage()
  const files = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
  return { rss, heapUsed, external, files, handles: process._getActiveHandles().length, requests: process._getActiveRequests().length }
}
const soak = async (count, width, work) => {
  const measured = []
  await rounds(count / 2, width, work)
  for (let part = 0; part < 4; part++) {
    measured.push(await held())
    await rounds(count / 4, width, work)
  }
  measured.push(await held())
  say(JSON.stringify(measured))
};
`

const MB = 2 ** 20

/** Runs `count` rounds after a warm-up of half as many; checks that nothing grew, a part of the rounds at a time. */
async function soak(t, host, count, width, work) {
  const child = startChild(t, `${MEASURE} await soak(${count}, ${width}, async (at) => { ${work} })`, { host, flags: ['--expose-gc', '--max-semi-space-size=1'] })
  const line = await child.line()
  assert.ok(line, (await Promise.race([child.ended, {}])).errors)
  const measured = JSON.parse(line)
  const [first, last] = [measured[0], measured.at(-1)]
  const perRound = (name) => ((last[name] - first[name]) / count).toFixed(0)
  t.diagnostic(`after ${count / 2} and after ${(count / 2) * 3} rounds: RSS ${(first.rss / MB).toFixed(1)} and ${(last.rss / MB).toFixed(1)} MB, heap ${(first.heapUsed / MB).toFixed(2)} and ${(last.heapUsed / MB).toFixed(2)} MB (${perRound('heapUsed')} bytes a round)`)
  assert.ok(last.heapUsed - first.heapUsed < 1 * MB, `heap: ${measured.map(({ heapUsed }) => heapUsed)}`)
  assert.ok(last.external - first.external < 1 * MB, `external: ${measured.map(({ external }) => external)}`)
  // Allocators and the kernel have a mind of their own; 1 KB a call would show in the first test.
  assert.ok(last.rss - first.rss < 10 * MB, `RSS: ${measured.map(({ rss }) => rss)}`)
  assert.ok(last.handles <= first.handles, `handles: ${measured.map(({ handles }) => handles)}`)
  assert.ok(last.requests <= first.requests, `requests: ${measured.map(({ requests }) => requests)}`)
  // Connections that are kept for the next call.
  assert.ok(last.files <= first.files + 2 * width, `files: ${measured.map(({ files }) => files)}`)
  const { code, signal, errors } = await child.ended
  assert.deepEqual({ code, signal, errors }, { code: 0, signal: null, errors: '' })
}

describe('nothing grows', () => {
  test('with 10,000 calls', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    await soak(t, host, 10_000, 32, `
      const answer = await ask()
      if (answer.choices[0].finish_reason !== 'stop') throw new Error('wrong')
      if (at % 10 === 0) answer.getGateway()
    `)
    assert.ok(host.accepted.length <= 64, `${host.accepted.length} connections for ${host.requests.length} calls`)
  })

  test('with 1,000 aborted streams, in every way', async (t) => {
    let most = 0
    const onHead = () => (most = Math.max(most, host.connections.length))
    const host = await hostFor(t, [{ sse: [chunk({ content: 'a' }), chunk({ content: 'b' }), 'hang'] }], { onHead })
    await soak(t, host, 1000, 16, `
      const controller = new AbortController()
      const stream = await open({ signal: controller.signal })
      const way = at % 6
      if (way === 0) for await (const _ of stream) break
      if (way === 1) { for await (const _ of stream) stream.controller.abort() }
      if (way === 2) { controller.abort(); await (async () => { for await (const _ of stream); })().catch(() => {}) }
      if (way === 3) { const iterator = stream[Symbol.asyncIterator](); await iterator.next(); await iterator.return() }
      if (way === 4) { const reader = stream.toReadableStream().getReader(); await reader.read(); await reader.cancel() }
      if (way === 5) { const [left, right] = stream.tee(); for await (const _ of left) break; for await (const _ of right) break }
    `)
    t.diagnostic(`at most ${most} connections were open at once`)
    assert.ok(most <= 48, `${most} connections`)
    await host.until(({ connections }) => connections.length === 0)
  })

  test('with 2,000 aborted calls, in whatever phase they are', async (t) => {
    const host = await hostFor(t, (request) => (request.json().stream ? { sse: [chunk({ content: 'a' }), 'hang'] } : 'hang'))
    await soak(t, host, 2000, 32, `
      const controller = new AbortController()
      const call = ask({ signal: controller.signal, stream: at % 3 === 0 })
      if (at % 5 === 0) controller.abort()
      else setTimeout(() => controller.abort(), at % 5)
      await call.catch(() => {})
    `)
    await host.until(({ connections }) => connections.length === 0)
  })

  test('with 2,000 failures, retries and streams that break', async (t) => {
    let number = 0
    const steps = [
      { status: 500, headers: { 'retry-after-ms': '0' }, json: envelope('no') }, { status: 400, json: envelope('no') }, 'reset',
      { sse: [chunk({ content: 'a' }), 'cut'] }, { headers: { 'content-type': 'application/json' }, body: '{"a":' }, { sse: [chunk({ content: 'a' }), { error: { message: 'no', code: 429 } }] },
    ]
    const host = await hostFor(t, () => steps[number++ % steps.length])
    await soak(t, host, 2000, 16, `
      const patient = globalThis.patient ??= new Portkey({ customHost: url, maxRetries: 1, timeouts: { idle: 5000 } })
      try {
        for await (const _ of await patient.chat.completions.create({ messages: [], stream: true }));
      } catch (error) {
        if (!(error instanceof names.APIError)) throw error
      }
    `)
  })

  test('with 1,000 clients, and 1,000 made by withOptions()', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    await soak(t, host, 1000, 4, `
      await new Portkey({ customHost: url, metadata: { at: String(at) } }).chat.completions.create({ messages: [] })
      await client.withOptions({ traceID: String(at) }).chat.completions.create({ messages: [] })
    `)
  })

  test('with 2,000 streams that are opened and forgotten', async (t) => {
    const host = await hostFor(t, [{ sse: chatChunks() }])
    await soak(t, host, 2000, 16, `
      const stream = await open()
      if (at % 2) await stream[Symbol.asyncIterator]().next()
      if (at % 20 === 0) { gc(); await new Promise((resolve) => setImmediate(resolve)) }
    `)
    await host.until(({ connections }) => connections.length === 0)
  })
})

describe('1,000 at once', () => {
  test('calls get their own answers', async (t) => {
    const host = await hostFor(t, (request) => ({ before: 20, json: completion(request.json().messages[0].content) }))
    const client = new Portkey({ customHost: host.url })
    const answers = await Promise.all(Array.from({ length: 1000 }, (_, at) => client.chat.completions.create({ messages: [{ role: 'user', content: `call ${at}` }] })))
    answers.forEach(({ choices }, at) => assert.equal(choices[0].message.content, `call ${at}`))
    assert.equal(host.requests.length, 1000)
  })

  test('streams get their own chunks', async (t) => {
    const host = await hostFor(t, (request) => ({ sse: chatChunks([request.json().messages[0].content, '!']).flatMap((event) => [event, { wait: 2 }]) }))
    const client = new Portkey({ customHost: host.url })
    await eachOf(Array(1000).keys(), 1000, async (at) => {
      const { items, error } = await collect(client.chat.completions.create({ messages: [{ role: 'user', content: `stream ${at}` }], stream: true }))
      assert.equal(error, undefined)
      assert.equal(textOf(items), `stream ${at}!`)
    })
  })

  test('calls end by one abort, and their connections close', async (t) => {
    const host = await hostFor(t, ['hang'])
    const client = new Portkey({ customHost: host.url })
    const controller = new AbortController()
    const settled = Promise.allSettled(Array.from({ length: 1000 }, () => client.chat.completions.create({ messages: MESSAGES }, undefined, { signal: controller.signal })))
    await host.until(({ requests }) => requests.length === 1000)
    const began = performance.now()
    controller.abort()
    for (const { reason } of await settled) assert.ok(reason instanceof APIUserAbortError && reason instanceof APIError)
    await host.until(({ connections }) => connections.length === 0)
    t.diagnostic(`1,000 connections closed within ${(performance.now() - began).toFixed(0)} ms`)
  })
})
