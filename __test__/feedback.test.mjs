// Feedback on calls of this process: beside their records, where those are in a database; else to Portkey's platform, or nowhere.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import Portkey from '../index.mjs'
import { MESSAGES, completion } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'

const { native } = createRequire(import.meta.url)('../js/native.js')
const ask = (database, question) => JSON.parse(native().readRecords(database, JSON.stringify(question)))

function databaseFor(t) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'feedback-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return path.join(folder, 'calls.sqlite')
}

/** A client with one recorded call of the trace `t1`, and its database. */
async function recorded(t) {
  const host = await hostFor(t, [{ json: completion() }])
  const database = databaseFor(t)
  const client = new Portkey({ customHost: host.url, logs: { database }, apiKey: null })
  await client.chat.completions.create({ model: 'm', messages: MESSAGES }, { traceID: 't1' })
  await client.flush()
  const feedbackOf = (trace) => {
    const [call] = ask(database, { list: { trace } })
    return { mean: call.feedback, all: ask(database, { one: call.id }).feedback }
  }
  return { client, database, feedbackOf }
}

describe('feedback of a client that keeps its records in a database', { concurrency: true, timeout: 30_000 }, () => {
  test('joins the records of its trace, and can be changed', async (t) => {
    const { client, feedbackOf } = await recorded(t)
    const saved = await client.feedback.create({ traceID: 't1', value: 5, weight: 0.5, metadata: { from: 'user' } })
    assert.deepEqual({ ...saved, feedback_ids: 0 }, { status: 'success', message: 'Feedback successfully saved', feedback_ids: 0 })
    const [id] = saved.feedback_ids
    const { mean, all } = feedbackOf('t1')
    assert.equal(mean, 5)
    assert.deepEqual({ ...all[0], at: 0 }, { id, at: 0, value: 5, weight: 0.5, metadata: { from: 'user' } })
    assert.ok(Math.abs(all[0].at - Date.now()) < 30_000)
    const changed = await client.feedback.update({ feedbackID: id, value: -1 })
    assert.deepEqual({ ...changed }, { status: 'success', message: 'Feedback successfully updated', feedback_ids: [id] })
    assert.deepEqual({ ...feedbackOf('t1').all[0], at: 0 }, { id, at: 0, value: -1, weight: 0.5, metadata: { from: 'user' } })
  })

  test('comes as a list too, whose mean goes by weight', async (t) => {
    const { client, feedbackOf } = await recorded(t)
    const { feedback_ids: ids } = await client.feedback.create([{ traceID: 't1', value: 10, weight: 0.75 }, { trace_id: 't1', value: 2, weight: 0.25 }])
    assert.equal(new Set(ids).size, 2)
    assert.equal(feedbackOf('t1').mean, 8)
  })

  test('is refused by name where it is none, and kept whole or not at all', async (t) => {
    const { client, feedbackOf } = await recorded(t)
    const told = await failure(client.feedback.create([{ traceID: 't1', value: 1 }, { traceID: 't1', value: 'good' }]))
    assert.equal(told.name, 'ConfigError')
    assert.match(told.message, /\[1\]\.value: expected a number/)
    assert.match((await failure(client.feedback.create({ value: 1 }))).message, /traceID: is missing/)
    assert.match((await failure(client.feedback.update({ feedbackID: 'none', value: 1 }))).message, /feedbackID: is of no feedback/)
    assert.deepEqual(feedbackOf('t1').all, [])
  })

  test('needs no target: another process may give it', async (t) => {
    const { database, feedbackOf } = await recorded(t)
    const script = `new (require('portkey-native').Portkey)({ logs: { database: process.argv[1] } }).feedback.create({ traceID: 't1', value: 3 })`
    const { status, stderr } = spawnSync(process.execPath, ['-e', script, database], { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.equal(feedbackOf('t1').mean, 3)
  })
})

describe('feedback without a database', { concurrency: true, timeout: 30_000 }, () => {
  test('is refused where nobody could keep it', async (t) => {
    const host = await hostFor(t, [{ json: {} }])
    const error = await failure(new Portkey({ customHost: host.url, apiKey: null }).feedback.create({ traceID: 't', value: 1 }))
    assert.equal(error.name, 'ConfigError')
    assert.match(error.message, /logs: is missing: feedback on calls of this process is kept beside their records/)
    assert.equal(host.requests.length, 0)
  })

  test('goes to the gateway that gets the calls, with a database too', async (t) => {
    const host = await hostFor(t, [{ json: { status: 'success' } }])
    const client = new Portkey({ baseURL: host.url, apiKey: 'k', logs: { database: databaseFor(t) } })
    await client.feedback.create({ traceID: 't', value: 1 })
    assert.equal(host.last.path, '/v1/feedback')
    assert.deepEqual(host.last.json(), { trace_id: 't', value: 1 })
  })
})
