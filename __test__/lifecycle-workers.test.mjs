// Worker threads: each has clients of its own, and may be ended at any moment without harm to the process or the host.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { chatChunks, chunk, completion, envelope } from './support/answers.mjs'
import { startChild } from './support/child.mjs'
import { hostFor } from './support/host.mjs'

const PRELUDE = `
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
const url = process.env.TEST_HOST
const say = (line) => process.stdout.write(line + '\\n')

/** A worker that runs source with a client at hand, and says 'ready' when it wants to. */
const worker = (source) => new Worker(\`
  const { parentPort, threadId } = require('node:worker_threads')
  const Portkey = require('./index.js')
  const client = new Portkey({ customHost: process.env.TEST_HOST, maxRetries: 0 })
  const ask = (opts) => client.chat.completions.create({ messages: [] }, undefined, opts)
  const open = (opts) => ask({ ...opts, stream: true })
  const ready = (what = 'ready') => parentPort.postMessage(what);
  \${source}
\`, { eval: true, execArgv: [] })

/** Rounds of work, some at a time. */
const rounds = async (count, width, work) => {
  let at = 0
  await Promise.all(Array.from({ length: width }, async () => { while (at < count) await work(at++) }))
};
`

const ROUNDS = 40
const WIDTH = 4

/** A host on which whole calls hang or fail, and streams go on without end. */
const endless = ({ headers, path }) => {
  if (headers.accept.includes('event-stream')) return { sse: [chunk({ content: 'a' }), chunk({ content: 'b' }), 'hang'] }
  return path.endsWith('/models') ? { status: 429, headers: { 'retry-after': '30' }, json: envelope('slow down') } : 'hang'
}

describe('a worker thread', () => {
  test('calls and streams like the main thread, many at once', async (t) => {
    const host = await hostFor(t, ({ headers }) => (headers.accept.includes('event-stream') ? { sse: chatChunks() } : { json: completion() }))
    const child = startChild(t, `
      const results = await Promise.all(Array.from({ length: 8 }, async () => {
        const one = worker(\`
          (async () => {
            const answers = await Promise.all(Array.from({ length: 25 }, () => ask()))
            let count = 0
            for (let at = 0; at < 5; at++) for await (const _ of await open()) count++
            ready([answers.length, answers.every(({ id }) => id === 'chatcmpl-1'), count].join(' '))
          })()
        \`)
        const [[message], [code]] = await Promise.all([once(one, 'message'), once(one, 'exit')])
        return message + ' ' + code
      }))
      say(JSON.stringify([...new Set(results)]))
    `, { host, prelude: PRELUDE })
    assert.equal(await child.line(), JSON.stringify([`25 true ${5 * chatChunks().length} 0`]))
    assert.deepEqual({ ...(await child.ended), at: 0, ms: 0 }, { code: 0, signal: null, errors: '', at: 0, ms: 0, lines: [] })
    assert.equal(host.requests.length, 8 * 30)
    assert.ok(host.accepted.length <= 8 * 25 + 8, 'connections are shared')
  })

  const ways = {
    'in the middle of a call': [`ask().catch(() => {}); setTimeout(ready, 10)`, 1],
    'in the tick of a call': [`ready(); ask(); open(); open()`, 0],
    'in the middle of a stream that is read': [`(async () => { let n = 0; for await (const _ of await open()) if (++n === 2) ready() })()`, 1],
    'with a stream that is open and not read': [`(async () => { globalThis.kept = await open(); ready() })(); setInterval(() => {}, 1000)`, 1],
    'while it waits before another attempt': [`client.withOptions({ maxRetries: 3 }).models.list().catch(() => {}); setTimeout(ready, 20)`, 0],
    'with all of these and an abort signal': [`
      const { signal } = new AbortController()
      for (let at = 0; at < 5; at++) {
        ask({ signal })
        open({ signal }).then(async (stream) => { for await (const _ of stream) ready() })
      }
      client.withOptions({ maxRetries: 3 }).models.list({}, { signal })`, 6],
  }
  for (const [what, [source, least]] of Object.entries(ways)) {
    test(`may be terminated ${what}: ${ROUNDS} times`, async (t) => {
      const host = await hostFor(t, endless)
      const child = startChild(t, `
        await rounds(${ROUNDS}, ${WIDTH}, async () => {
          const one = worker(${JSON.stringify(source)})
          await once(one, 'message')
          await one.terminate()
        })
        say('survived')
        process.stdin.resume()
      `, { host, prelude: PRELUDE })
      assert.equal(await child.line(), 'survived', (await Promise.race([child.ended, {}])).errors)
      // Their connections are closed while the process lives on; those that were not in use may be kept for others.
      await host.until(({ connections }) => connections.every(({ requests }) => requests.every(({ path }) => path.endsWith('/models'))))
      // On a busy machine some end before they have connected.
      assert.ok(host.accepted.length >= (least * ROUNDS) / 2, `${host.accepted.length} connections`)
      child.kill('SIGTERM')
      const { signal, errors } = await child.ended
      assert.equal(signal, 'SIGTERM')
      assert.equal(errors, '')
    })
  }

  for (const [what, source] of Object.entries({
    'by process.exit() in its loop': `(async () => { for await (const _ of await open()) process.exit(3) })()`,
    'by an error that nobody catches': `(async () => { for await (const _ of await open()) setTimeout(() => { throw new RangeError('mine') }) })()`,
    'by having nothing left to do, with a stream open': `open().then((stream) => { globalThis.kept = stream; process.exitCode = 3 })`,
  })) {
    test(`may end ${what}`, async (t) => {
      const host = await hostFor(t, endless)
      const child = startChild(t, `
        const codes = new Set()
        await rounds(20, ${WIDTH}, async () => {
          const one = worker(${JSON.stringify(source)})
          one.on('error', () => {})
          codes.add(await new Promise((resolve) => one.on('exit', resolve)))
        })
        say(JSON.stringify([...codes]))
        process.stdin.resume()
      `, { host, prelude: PRELUDE })
      assert.match(await child.line(), /^\[[13]\]$/)
      await host.until(({ connections }) => connections.length === 0)
      assert.equal(host.requests.length, 20)
      child.kill('SIGKILL')
      assert.equal((await child.ended).errors, '')
    })
  }

  test('that ends leaves the calls of other threads alone', async (t) => {
    const host = await hostFor(t, ({ headers }) => (headers['x-own'] ? { sse: chatChunks(Array(60).fill('a')).flatMap((event) => [event, { wait: 10 }]) } : endless({ headers, path: '' })))
    const child = startChild(t, `
      import Portkey from './index.mjs'
      const client = new Portkey({ customHost: url, forwardHeaders: ['x-own'], 'x-own': 'yes' })
      const reading = (async () => {
        let count = 0
        for await (const _ of await client.chat.completions.create({ messages: [], stream: true })) count++
        return count
      })()
      await rounds(10, 2, async () => {
        const one = worker('(async () => { for await (const _ of await open()) ready() })()')
        await once(one, 'message')
        await one.terminate()
      })
      say(await reading)
    `, { host, prelude: PRELUDE })
    assert.equal(await child.line(), '62')
    assert.equal((await child.ended).code, 0)
  })

  test('may be ended by the end of the process, with calls in flight everywhere', async (t) => {
    const host = await hostFor(t, endless)
    for (let round = 0; round < 5; round++) {
      const child = startChild(t, `
        import Portkey from './index.mjs'
        const workers = Array.from({ length: 4 }, () => worker('for (let at = 0; at < 5; at++) { ask(); open().then(async (stream) => { for await (const _ of stream) ready() }) }'))
        await Promise.all(workers.map((one) => once(one, 'message')))
        new Portkey({ customHost: url }).models.list()
        process.exit(7)
      `, { host, prelude: PRELUDE })
      const { code, signal, errors } = await child.ended
      assert.deepEqual({ code, signal, errors }, { code: 7, signal: null, errors: '' })
    }
    await host.until(({ connections }) => connections.length === 0)
  })
})
