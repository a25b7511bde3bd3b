// The process: it lives as long as someone waits, ends when nobody does, and may be ended at any moment.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { chatChunks, chunk, completion, envelope } from './support/answers.mjs'
import { startChild } from './support/child.mjs'
import { hostFor } from './support/host.mjs'

const OK = { json: completion() }
const ENDLESS = { sse: [chunk({ content: 'a' }), chunk({ content: 'b' }), 'hang'] }
/** A process that nothing holds ends within this time; a busy machine needs some of it. */
const PROMPT = 700

/** Runs a process to its end; how long it went on after it said its last word. */
async function run(t, source, options) {
  const child = startChild(t, source, options)
  const lines = []
  let saidAt
  for (let line = await child.line(); line !== undefined; line = await child.line()) {
    lines.push(line)
    saidAt = performance.now()
  }
  return { ...(await child.ended), lines, lingered: performance.now() - saidAt }
}

function assertEnded({ code, signal, errors, lingered }, wanted = 0) {
  assert.deepEqual({ code, signal, errors }, { code: wanted, signal: null, errors: '' })
  assert.ok(lingered < PROMPT, `it went on for ${lingered} ms`)
}

describe('the process ends by itself', () => {
  const cases = {
    'when a client was made and never used': `say('made')`,
    'after a call, though its connection is kept open': `await ask(); say('done')`,
    'after many calls at once': `await Promise.all(Array.from({ length: 50 }, () => ask())); say('done')`,
    'after a call that failed': `await new Portkey({ customHost: 'http://127.0.0.1:1/v1', maxRetries: 0 }).models.list().catch(() => say('failed'))`,
    'after a stream was read': `for await (const _ of await open()); say('read')`,
    'while a stream is open that nobody reads': `globalThis.kept = await open({ signal: new AbortController().signal }); say('opened')`,
    'while a stream is open that nobody reads any more': `
      globalThis.iterator = (await open())[Symbol.asyncIterator]()
      await iterator.next()
      say('read one')`,
    'while a readable stream of ours is open that nobody reads': `globalThis.kept = (await open()).toReadableStream(); say('opened')`,
    'after a stream was left': `for await (const _ of await open()) break; say('left')`,
    'after a call was aborted': `
      const controller = new AbortController()
      const call = ask({ signal: controller.signal })
      setTimeout(() => controller.abort(), 20)
      await call.catch(() => say('aborted'))`,
    'after a call whose signal lives on': `globalThis.controller = new AbortController(); await ask({ signal: controller.signal }); say('done')`,
    'after withOptions() and garbage collection': `await client.withOptions({ maxRetries: 1 }).models.list().catch(() => {}); gc(); say('done')`,
  }
  for (const [what, source] of Object.entries(cases)) {
    test(what, async (t) => {
      const host = await hostFor(t, ({ headers }) => {
        if (what.includes('aborted')) return 'hang'
        if (!headers.accept.includes('event-stream')) return OK
        return what.includes('was read') ? { sse: chatChunks() } : ENDLESS
      })
      const end = await run(t, source, { host, flags: ['--expose-gc'] })
      assert.equal(end.lines.length, 1)
      assertEnded(end)
    })
  }

  test('when it made its calls from CommonJS too', async (t) => {
    const host = await hostFor(t, [OK])
    const end = await run(t, `
      import { createRequire } from 'node:module'
      const { Portkey } = createRequire(process.cwd() + '/x.js')('./index.js')
      new Portkey({ customHost: process.env.TEST_HOST }).chat.completions.create({ messages: [] }).then(({ id }) => console.log(id))
    `, { host, prelude: '' })
    assert.deepEqual(end.lines, ['chatcmpl-1'])
    assertEnded(end)
  })
})

describe('the process stays alive', () => {
  test('while a call is awaited', async (t) => {
    const host = await hostFor(t, [{ before: 300, ...OK }])
    const end = await run(t, `ask().then(({ id }) => say(id))`, { host })
    assert.deepEqual(end.lines, ['chatcmpl-1'])
    assertEnded(end)
  })

  test('while a read of a stream is awaited', async (t) => {
    const host = await hostFor(t, [{ sse: chatChunks().flatMap((event) => [event, { wait: 80 }]) }])
    const end = await run(t, `(async () => { let count = 0; for await (const _ of await open()) count++; say(count) })()`, { host })
    assert.deepEqual(end.lines, [String(chatChunks().length)])
    assertEnded(end)
  })

  test('while a read through tee() or a readable stream is awaited', async (t) => {
    const host = await hostFor(t, [{ sse: chatChunks().flatMap((event) => [event, { wait: 30 }]) }])
    const end = await run(t, `
      open().then(async (stream) => {
        const [left, right] = stream.tee()
        for await (const _ of left);
        say((await new Response(right.toReadableStream()).text()).split('\\n').length - 1)
      })
    `, { host })
    assert.deepEqual(end.lines, [String(chatChunks().length)])
    assertEnded(end)
  })

  test('while another attempt is waited for', async (t) => {
    const host = await hostFor(t, [{ status: 429, headers: { 'retry-after-ms': '300' }, json: envelope('slow down') }, OK])
    const end = await run(t, `client.withOptions({ maxRetries: 1 }).chat.completions.create({ messages: [] }).then(({ id }) => say(id))`, { host })
    assert.deepEqual(end.lines, ['chatcmpl-1'])
    assertEnded(end)
  })

  test('while some of many calls are awaited, and not a moment longer', async (t) => {
    const host = await hostFor(t, ({ json }, connection) => ({ before: 20 * (connection.number % 10), ...OK }))
    const end = await run(t, `
      globalThis.unread = await open({ signal: AbortSignal.timeout(60_000) }).catch(() => {})
      let left = 30
      for (let at = 0; at < 30; at++) ask().then(() => --left || say('all'))
    `, { host })
    assert.deepEqual(end.lines, ['all'])
    assertEnded(end)
  })

  test('while a clock of a call runs', async (t) => {
    const host = await hostFor(t, ['hang'])
    const end = await run(t, `ask({ timeout: 300 }).catch(({ code }) => say(code))`, { host })
    assert.deepEqual(end.lines, ['total_timeout'])
    assertEnded(end)
  })
})

describe('the process may be ended at any moment', () => {
  const ways = [
    ['process.exit() in the middle of a stream', `for await (const _ of await open()) process.exit(7)`, 7],
    ['process.exit() while calls are in flight', `for (let at = 0; at < 20; at++) ask(); setTimeout(() => process.exit(7), 30)`, 7],
    ['process.exit() in the tick of a call', `ask(); open(); process.exit(7)`, 7],
    ['process.exit() in the callback of an answer', `for (let at = 0; at < 20; at++) open().then(() => process.exit(7))`, 7],
    ['process.exit() in an exit handler of a process with open streams', `
      await Promise.all(Array.from({ length: 10 }, () => open()))
      process.on('exit', () => process.exit(7))`, 7],
    ['an error that nobody catches', `setTimeout(() => { throw new RangeError('mine') }, 20); for await (const _ of await open());`, 1],
    ['the end of all work with calls that were aborted in the same tick', `
      const controller = new AbortController()
      const calls = Array.from({ length: 20 }, () => ask({ signal: controller.signal }).catch(() => {}))
      controller.abort()
      await Promise.all(calls)
      process.exitCode = 7`, 7],
  ]
  for (const [what, source, wanted] of ways) {
    test(`by ${what}`, async (t) => {
      const host = await hostFor(t, ({ headers }) => (headers.accept.includes('event-stream') ? ENDLESS : 'hang'))
      const ends = await Promise.all(Array.from({ length: 6 }, () => startChild(t, source, { host }).ended))
      for (const { code, signal, errors } of ends) {
        assert.equal(signal, null)
        assert.equal(code, wanted, errors)
        if (wanted === 7) assert.equal(errors, '')
      }
      await host.until(({ connections }) => connections.length === 0)
    })
  }

  test('by a signal', async (t) => {
    const host = await hostFor(t, [ENDLESS])
    const child = startChild(t, `for await (const _ of await open()) say('read')`, { host })
    await child.line()
    child.kill('SIGTERM')
    assert.equal((await child.ended).signal, 'SIGTERM')
    await host.closed()
  })
})

describe('the native addon', () => {
  test('is loaded by the first client, not by the import', async (t) => {
    const host = await hostFor(t, [OK])
    const end = await run(t, `
      import Portkey, { APIError, createHeaders, ConfigError } from './index.mjs'
      const isLoaded = () => process.report.getReport().sharedObjects.some((name) => name.includes('portkey-native') && name.endsWith('.node'))
      createHeaders({ provider: 'openai' })
      new APIError('x')
      console.log(isLoaded())
      const client = new Portkey({ customHost: process.env.TEST_HOST })
      console.log(isLoaded())
      console.log((await client.chat.completions.create({ messages: [] })).id)
    `, { host, prelude: '' })
    assert.deepEqual(end.lines, ['false', 'true', 'chatcmpl-1'])
    assertEnded(end)
  })

  test('works in a process that was forked by one that uses it', async (t) => {
    const host = await hostFor(t, [OK])
    const end = await run(t, `
      import { fork } from 'node:child_process'
      import { once } from 'node:events'
      import Portkey from './index.mjs'
      const client = new Portkey({ customHost: process.env.TEST_HOST })
      const id = async () => (await client.chat.completions.create({ messages: [] })).id
      console.log(await id())
      const children = ['one', 'two'].map((name) => fork('./__test__/support/forked.mjs', [name], { execArgv: [] }))
      const ends = children.map(async (child) => (await Promise.all([once(child, 'message'), once(child, 'exit')])).map(([first]) => first))
      for (const end of ends) console.log((await end).join(' '))
      console.log(await id())
    `, { host, prelude: '' })
    assert.deepEqual(end.lines, ['chatcmpl-1', 'one: chatcmpl-1 0', 'two: chatcmpl-1 0', 'chatcmpl-1'])
    assertEnded(end)
  })
})
