// What calls leave behind in V8: optimised code that outlives a major collection, and nothing of what was said.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { chatChunks, completion } from './support/answers.mjs'
import { startChild } from './support/child.mjs'
import { hostFor } from './support/host.mjs'

/** Has V8 collect when no call is under way, after calls enough to have their code compiled; it keeps an unused shape for some rounds. */
const CALLS = `
  const messages = [{ role: 'user', content: 'hi' }]
  for (let at = 0; at < 3000; at++) {
    await client.chat.completions.create({ messages })
    for await (const _ of await client.chat.completions.create({ messages, stream: true }));
  }
  for (let round = 0; round < 5; round++) gc()`

/** Code that V8 compiles for a shape that nothing keeps: what it says of this one is what is looked for in ours. */
const CONTROL = `
  class Passing { #one = 1; two = 2; sum() { return this.#one + this.two } }
  const passing = () => new Passing().sum()
  for (let at = 0; at < 1e6; at++) passing()`

const OURS = ['begin', 'start', 'deferred', 'APIPromise', 'PendingCall', 'settle', '#end', 'Facts', 'attach', 'deliver', 'enter', 'next', '#take', 'madeAfter', 'add', 'EventSource', 'Stream', 'StreamIterator']

async function linesOf(t, source, flags, words) {
  const host = await hostFor(t, ({ headers }) => (headers.accept.includes('event-stream') ? { sse: chatChunks([words, words]) } : { json: completion(words) }))
  const { code, errors, lines } = await startChild(t, source, { host, flags }).ended
  assert.deepEqual({ code, errors }, { code: 0, errors: '' })
  return lines
}

describe('after a major collection', () => {
  test('no code of ours is compiled again', async (t) => {
    const lines = await linesOf(t, CONTROL + CALLS, ['--expose-gc', '--trace-deopt'], 'This is a test.')
    const dropped = lines.filter((line) => line.includes('weak objects'))
    const names = dropped.map((line) => /<SharedFunctionInfo (<?[^>]+>?)>/.exec(line)?.[1])
    assert.ok(['passing', 'Passing', 'sum'].some((name) => names.includes(name)), `V8 tells what it drops: ${dropped}`)
    assert.deepEqual(names.filter((name) => OURS.includes(name)), [])
  })

  test('nothing is left of what was said', async (t) => {
    const source = `
      import v8 from 'node:v8'
      async function remembers() {
        gc()
        await new Promise(setImmediate)
        gc()
        let text = ''
        for await (const piece of v8.getHeapSnapshot()) text += piece
        return text.includes(['Wombats', 'keep', 'to'].join(' '))
      }
      for (let at = 0; at < 10; at++) {
        globalThis.answer = await ask()
        for await (const chunk of await open()) globalThis.chunk = chunk.choices[0].delta.content ? chunk : globalThis.chunk
      }
      say(await remembers())
      delete globalThis.answer
      say(await remembers())
      delete globalThis.chunk
      say(await remembers())`
    assert.deepEqual(await linesOf(t, source, ['--expose-gc'], 'Wombats keep to themselves.'), ['true', 'true', 'false'])
  })
})
