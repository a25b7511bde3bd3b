// What calls leave behind in V8's heap: an object of each shape, so that the code compiled for it stays, and nothing of what was said.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { chatChunks, completion } from './support/answers.mjs'
import { startChild } from './support/child.mjs'
import { hostFor } from './support/host.mjs'

/** The heap after a major collection, and the names of the classes that have objects in it. */
const HEAP = `
  import v8 from 'node:v8'
  async function heap() {
    gc()
    await new Promise(setImmediate)
    gc()
    let text = ''
    for await (const piece of v8.getHeapSnapshot()) text += piece
    return text
  }
  function classesIn(text) {
    const { snapshot, nodes, strings } = JSON.parse(text)
    const fields = snapshot.meta.node_fields
    const [type, name] = [fields.indexOf('type'), fields.indexOf('name')]
    const isObject = snapshot.meta.node_types[type].indexOf('object')
    const names = new Set()
    for (let at = 0; at < nodes.length; at += fields.length) if (nodes[at + type] === isObject) names.add(strings[nodes[at + name]])
    return names
  }`

async function linesOf(t, source, words) {
  const host = await hostFor(t, ({ headers }) => (headers.accept.includes('event-stream') ? { sse: chatChunks([words, words]) } : { json: completion(words) }))
  const { code, errors, lines } = await startChild(t, HEAP + source, { host, flags: ['--expose-gc'] }).ended
  assert.deepEqual({ code, errors }, { code: 0, errors: '' })
  return lines
}

describe('after a major collection', () => {
  test('there is an object of each class that calls and streams are made of, and none of another that was used', async (t) => {
    const source = `
      class Passing {}
      const used = [new Passing()]
      for (let at = 0; at < 10; at++) {
        await ask()
        for await (const _ of await open());
      }
      const ours = ['Passing', 'APIPromise', 'PendingCall', 'Facts', 'EventSource', 'Stream', 'StreamIterator']
      const there = classesIn(await heap())
      say(ours.filter((name) => there.has(name)))
      used.pop()
      say(classesIn(await heap()).has('Passing'))`
    assert.deepEqual(await linesOf(t, source, 'a'), ['Passing,APIPromise,PendingCall,Facts,EventSource,Stream,StreamIterator', 'false'])
  })

  test('nothing is left of what was said', async (t) => {
    const source = `
      const remembers = async () => (await heap()).includes(['Wombats', 'keep', 'to'].join(' '))
      for (let at = 0; at < 10; at++) {
        globalThis.answer = await ask()
        for await (const chunk of await open()) globalThis.chunk = chunk.choices[0].delta.content ? chunk : globalThis.chunk
      }
      say(await remembers())
      delete globalThis.answer
      say(await remembers())
      delete globalThis.chunk
      say(await remembers())`
    assert.deepEqual(await linesOf(t, source, 'Wombats keep to themselves.'), ['true', 'true', 'false'])
  })

  test('a body that is no JSON and is wanted unread is handed out, and nothing else comes of it', async (t) => {
    const broken = '{"choices": [nothing], "object": "chat.completion"}'
    const host = await hostFor(t, () => ({ text: broken, headers: { 'content-type': 'application/json' } }))
    const child = startChild(t, `
      for (let at = 0; at < 4; at++) say(await new Response((await ask().asResponse()).body).text())
    `, { host })
    const { code, errors, lines } = await child.ended
    assert.deepEqual({ code, errors, lines }, { code: 0, errors: '', lines: Array(4).fill(broken) })
  })
})
