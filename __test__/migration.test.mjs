// docs/migration.md: each mend has a test that is there, and those that no other file holds are here.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import Portkey from '../index.mjs'
import { completion } from './support/answers.mjs'
import { startChild } from './support/child.mjs'
import { hostFor } from './support/host.mjs'

const read = (file) => readFileSync(new URL(file, import.meta.url), 'utf8')
const MESSAGES = [{ role: 'user', content: 'hi' }]

describe('the table of what is mended', () => {
  const rows = [...read('../docs/migration.md').matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, number, row]) => ({ number: Number(number), test: row.split(' | ').at(-1) }))
  /** A test may be one for each recorded case, by the case's name. */
  const recorded = read('../fixtures/official-sdk/requests.json') + read('../fixtures/official-sdk/create-headers.json')

  test('has all 48 defects', () => assert.deepEqual(rows.map(({ number }) => number), Array.from({ length: 48 }, (_, at) => at + 1)))

  for (const { number, test: named } of rows.filter((row) => row.test.includes('.test.mjs'))) {
    test(`${number}: ${named.replaceAll('`', '')} is a test`, () => {
      const [, file, name] = /^`([\w-]+\.test\.mjs)`: (.+)$/.exec(named)
      const isThere = read(file).includes(name.replaceAll("'", "\\'")) || read(file).includes(name)
      assert.ok(isThere || recorded.includes(`"${name.split(' ')[0]}"`), name)
    })
  }
})

test('calls one after the other use one connection, whatever method they are of', async (t) => {
  const host = await hostFor(t, [{ json: completion() }])
  const client = new Portkey({ customHost: host.url })
  for (let at = 0; at < 5; at++) {
    await client.chat.completions.create({ messages: MESSAGES })
    await client.models.retrieve('m')
    await client.responses.create({ model: 'm', input: 'hi' })
  }
  assert.deepEqual([host.requests.length, host.accepted.length], [15, 1])
})

test('comments of a stream are held nowhere', { timeout: 60_000 }, async (t) => {
  const comments = `: ${'x'.repeat(998)}\n`.repeat(1000)
  const event = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'a' }, finish_reason: null }] })}\n\n`
  const end = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`
  const host = await hostFor(t, [{ headers: { 'content-type': 'text/event-stream' }, chunks: [event, ...Array(96).fill(comments), end] }])
  const child = startChild(t, `
    const stream = await open()
    let most = 0
    const before = process.memoryUsage.rss()
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss() - before)), 2)
    for await (const chunk of stream);
    clearInterval(watch)
    say(String(most))
  `, { host })
  const grown = Number(await child.line())
  assert.ok(grown < 48 << 20, `${grown >> 20} MiB more`)
})
