// What captured content is freed of before it is stored: patterns, and functions of the caller's, whatever they do.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

import Portkey from '../index.mjs'
import { chatChunks, completion } from './support/answers.mjs'
import { hostFor } from './support/host.mjs'

const asked = (secret) => ({ model: 'm', messages: [{ role: 'user', content: `my number is ${secret}` }] })

function folderFor(t) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'redaction-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Records of one whole answer and one stream, as a listener, a file and a database have them. */
async function captured(t, redact) {
  const host = await hostFor(t, (request) => (request.json().stream ? { sse: chatChunks(['CANARY', '-8', ' too']) } : { json: completion('CANARY-7 is yours') }))
  const folder = folderFor(t)
  const records = []
  const options = { customHost: host.url, captureContent: { redact }, onRecord: (record) => records.push(record) }
  const [toFile, toDatabase] = [{ file: path.join(folder, 'calls.ndjson') }, { database: path.join(folder, 'calls.sqlite') }]
  for (const logs of [toFile, toDatabase]) {
    const client = new Portkey({ ...options, logs })
    await client.chat.completions.create(asked('CANARY-1'))
    for await (const _ of await client.chat.completions.create({ ...asked('CANARY-2'), stream: true }));
    assert.deepEqual(await client.flush(), { whole: true, dropped: 0 })
  }
  assert.equal(records.length, 4)
  const stored = readdirSync(folder).map((name) => readFileSync(path.join(folder, name), 'latin1')).join('\n')
  return { records, stored, told: `${JSON.stringify(records)}\n${stored}` }
}

describe('captured content', { concurrency: true, timeout: 60_000 }, () => {
  test('is freed of what patterns find, in requests, answers and streams', async (t) => {
    const { records, told } = await captured(t, [/canary-\d+/i, 'yours'])
    assert.doesNotMatch(told, /CANARY-\d|yours/)
    const [whole, stream] = records
    assert.equal(whole.content.request.messages[0].content, 'my number is [REDACTED]')
    assert.equal(whole.content.answer.choices[0].message.content, '[REDACTED] is [REDACTED]')
    assert.equal(stream.content.answer.text, '[REDACTED] too')
  })

  test('is what a function leaves of it', async (t) => {
    const { records, told } = await captured(t, ({ request, answer }) => ({
      request: { model: request.model },
      answer: answer.text === undefined ? 'whole' : 'streamed',
    }))
    assert.doesNotMatch(told, /CANARY/)
    assert.deepEqual(records.map(({ content }) => content), Array.from({ length: 2 }, () => [{ request: { model: 'm' }, answer: 'whole' }, { request: { model: 'm' }, answer: 'streamed' }]).flat())
  })

  for (const [what, redact] of Object.entries({
    'throws': () => { throw new Error('CANARY-9') },
    'gives a promise': async (content) => content,
    'gives a promise that fails': async () => { throw new Error('CANARY-9') },
    'gives nothing': (content) => { content.request = null },
    'gives what has no JSON form': () => ({ request: 1n }),
    'gives no object': () => 'CANARY-9',
  })) {
    test(`is dropped, and the record kept, where the function ${what}`, async (t) => {
      const { records, told } = await captured(t, redact)
      assert.doesNotMatch(told, /CANARY/)
      assert.deepEqual(records.map(({ content, status }) => [content, status]), Array(4).fill([null, 200]))
    })
  }

  test('is dropped where its function is gone with its thread', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const file = path.join(folderFor(t), 'calls.ndjson')
    const index = fileURLToPath(new URL('../index.js', import.meta.url))
    const script = `
      const { workerData, parentPort } = require('node:worker_threads')
      const { Portkey } = require(${JSON.stringify(index)})
      const client = new Portkey({ customHost: workerData.url, logs: { file: workerData.file }, captureContent: { redact: () => process.exit() } })
      client.chat.completions.create(${JSON.stringify(asked('CANARY-3'))})`
    const worker = new Worker(script, { eval: true, workerData: { url: host.url, file } })
    await new Promise((resolve) => worker.once('exit', resolve))
    const lines = async () => {
      for (let tries = 0; tries < 400; tries++) {
        const text = readFileSync(file, 'utf8')
        if (text.includes('\n')) return text
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      return ''
    }
    const text = await lines()
    assert.doesNotMatch(text, /CANARY/)
    assert.equal(JSON.parse(text).content, null)
  })
})

test('a redaction that fails is told once, without a word of the content', { timeout: 30_000 }, async (t) => {
  const host = await hostFor(t, [{ json: completion() }])
  const script = `
    const { Portkey } = require('portkey-native')
    const client = new Portkey({ customHost: process.argv[1], onRecord() {}, captureContent: { redact: () => { throw new Error('CANARY') } } })
    Promise.all([1, 2, 3].map(() => client.chat.completions.create(${JSON.stringify(asked('CANARY'))}))).then(() => client.flush())`
  // The host is in this process, so that the child must not be waited for in its way.
  const child = spawn(process.execPath, ['-e', script, host.url], { cwd: fileURLToPath(new URL('..', import.meta.url)) })
  let told = ''
  child.stderr.on('data', (data) => (told += data))
  const status = await new Promise((resolve) => child.once('close', resolve))
  assert.equal(status, 0, told)
  assert.equal(told.match(/PORTKEY_REDACT/g)?.length, 1)
  assert.doesNotMatch(told, /CANARY/)
})

test('what cannot redact is refused at construction', () => {
  const open = (redact) => () => new Portkey({ customHost: 'http://h/v1', captureContent: redact })
  assert.throws(open({ redact: {} }), /captureContent\.redact: expected a function, or a list/)
  assert.throws(open({ redact: [] }), /captureContent\.redact: expected a function, or a list/)
  assert.throws(open({ redact: [/a/y] }), /captureContent\.redact\[0\]: can't be used: it has the flag y/)
  assert.throws(open({ redact: [7] }), /captureContent\.redact\[0\]: expected a regular expression/)
  assert.throws(open({ hide: [] }), /captureContent\.hide: expected redact/)
  assert.throws(open('yes'), /captureContent: expected true or false/)
  assert.doesNotThrow(() => open({ redact: /a/g })().withOptions({ traceID: 't' }))
  assert.doesNotThrow(() => open({ redact: (content) => content })().withOptions({ traceID: 't' }))
})
