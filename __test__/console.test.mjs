// The command line and the page over recorded calls.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import Portkey from '../index.mjs'
import { MESSAGES, chatChunks, completion, usageChunk } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'

const COMMAND = fileURLToPath(new URL('../bin/portkey-native.js', import.meta.url))
const folder = mkdtempSync(path.join(os.tmpdir(), 'console-'))
const database = path.join(folder, 'private', 'calls.sqlite')
const ask = (client, more, params) => client.chat.completions.create({ model: 'smollm2', messages: MESSAGES, ...more }, params)
let client

/** A whole answer, a stream, an error and a stream that was left, in this order. */
before(async (t) => {
  const host = await hostFor({ after }, [
    { json: completion() },
    { sse: [...chatChunks(), usageChunk()] },
    { status: 503, json: { error: { message: 'no GPU', code: 'no_gpu' } } },
    { sse: [...chatChunks().slice(0, 3), 'hang'], done: false },
  ])
  client = new Portkey({ customHost: host.url, maxRetries: 0, captureContent: true, pricing: { input: 1, output: 2 }, logs: { database } })
  await ask(client, {}, { metadata: { team: 'blue' }, traceID: 'first' })
  for await (const _ of await ask(client, { stream: true }));
  await failure(ask(client, { model: 'other' }))
  for await (const _ of await ask(client, { stream: true })) break
  while ((await client.flush(), logs('--json').length < 4));
})

after(() => rmSync(folder, { recursive: true }))

const run = (...words) => spawnSync(process.execPath, [COMMAND, ...words], { encoding: 'utf8' })

function logs(...words) {
  const { stdout, stderr, status } = run('logs', database, ...words)
  assert.equal(status, 0, stderr)
  return stdout.trim().split('\n')
}

describe('portkey-native logs', { timeout: 60_000 }, () => {
  test('lists calls, the latest last', () => {
    const lines = logs()
    assert.match(lines[0], /^\d{4}-.*  200  +\d+ ms  smollm2  openai  9→5 tokens  \$0\.0000190$/)
    assert.match(lines[2], /503 .* other .* no_gpu$/)
    assert.match(lines[3], /aborted/)
  })

  test('chooses by model, status, trace and metadata', () => {
    const chosen = (...words) => logs('--json', ...words).filter(Boolean).map((line) => JSON.parse(line))
    assert.deepEqual(chosen('--model', 'other').map(({ code }) => code), ['no_gpu'])
    assert.deepEqual(chosen('--status', '503').map(({ model }) => model), ['other'])
    assert.deepEqual(chosen('--trace', 'first').map(({ metadata }) => metadata), [{ team: 'blue' }])
    assert.deepEqual(chosen('--metadata', 'team=blue').map(({ traceId }) => traceId), ['first'])
    assert.deepEqual(chosen('--metadata', 'team=red'), [])
    assert.equal(chosen('--limit', '1').length, 1)
  })

  test('follows: a call that ends now is printed now', async (t) => {
    const follower = spawn(process.execPath, [COMMAND, 'logs', database, '--follow', '--json', '--trace', 'followed'])
    t.after(() => follower.kill())
    const line = new Promise((resolve) => follower.stdout.once('data', (data) => resolve(JSON.parse(data))))
    await failure(ask(client.withOptions({ customHost: 'http://127.0.0.1:9/v1' }), {}, { traceID: 'followed' }))
    assert.equal((await line).outcome, 'error')
  })

  test('says what is wrong', () => {
    for (const [words, why] of [
      [['logs', path.join(folder, 'none')], /none is not there: a client with the option logs makes it/],
      [['logs', COMMAND], /file is not a database/],
      [['logs', database, '--status', 'bad'], /--status: expected a whole number/],
      [['logs', database, '--metadata', 'team'], /--metadata: expected KEY=VALUE/],
      [['frob'], /frob is no command/],
      [['console', path.join(folder, 'none')], /is not there/],
    ]) {
      const { stderr, status } = run(...words)
      assert.equal(status, 1)
      assert.match(stderr, why)
    }
  })
})

describe('portkey-native console', { timeout: 120_000 }, () => {
  let address
  let cookie
  let process_

  before(async () => {
    process_ = spawn(process.execPath, [COMMAND, 'console', database])
    const text = await new Promise((resolve) => process_.stdout.once('data', (data) => resolve(String(data))))
    address = new URL(/http:\/\/\S+/.exec(text)[0])
    cookie = (await get(address.href)).headers['set-cookie'][0].split(';')[0]
  })

  after(() => process_.kill())

  function get(url, headers = {}, method = 'GET') {
    return new Promise((resolve, reject) => {
      const request = http.request(url, { headers, method }, (response) => {
        let body = ''
        response.on('data', (data) => (body += data)).on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
      })
      request.on('error', reject).end()
    })
  }

  const json = async (place) => JSON.parse((await get(new URL(place, address), { cookie })).body)

  test('answers nobody without its token, under another name, or by another method', async () => {
    const page = new URL('/', address)
    assert.equal((await get(page)).status, 401)
    assert.equal((await get(new URL('/api/calls', address))).status, 401)
    assert.equal((await get(new URL('/?token=wrong', address))).status, 401)
    assert.equal((await get(page, { cookie: `${cookie}x` })).status, 401)
    assert.equal((await get(page, { cookie, host: 'evil.example' })).status, 403)
    assert.equal((await get(page, { cookie }, 'POST')).status, 405)
    assert.equal((await get(page, { cookie })).status, 200)
    assert.equal((await get(new URL('/../bin/portkey-native.js', address), { cookie })).status, 404)
    const { headers } = await get(address.href)
    assert.match(headers['set-cookie'][0], /HttpOnly; SameSite=Strict/)
    assert.equal(headers.location, '/')
    assert.match(headers['content-security-policy'], /default-src 'self'/)
  })

  test('keeps its database where only its owner looks', () => {
    assert.equal(statSync(path.dirname(database)).mode & 0o777, 0o700)
  })

  test('lists calls, tells one whole, and adds up over time', async () => {
    const calls = await json('/api/calls?limit=200&model=smollm2')
    assert.ok(calls.length >= 3)
    assert.ok(calls.every(({ model }) => model === 'smollm2'))
    const [first] = await json('/api/calls?trace=first')
    const record = await json(`/api/call?id=${first.id}`)
    assert.equal(record.content.answer.choices[0].message.content, 'This is a test.')
    assert.deepEqual(record.feedback, [])
    const figures = await json(`/api/figures?from=${first.began - 1}&until=${first.began + 3_600_000}&step=3600000`)
    const total = (name) => figures.reduce((sum, point) => sum + point[name], 0)
    assert.ok(total('calls') >= 4 && total('errors') >= 1)
    assert.ok(figures[0].p50 <= figures[0].p95 || figures[0].p95 === null)
    assert.match((await json('/api/figures?step=1')).error, /step/)
    const choices = await json('/api/choices')
    assert.deepEqual(choices.models, ['other', 'smollm2'])
    assert.deepEqual(choices.metadata, { team: ['blue'] })
  })

  const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => spawnSync(name, ['--version']).status === 0)

  test('shows them in a browser, as text and never as markup', { skip: !chromium && 'no chromium is installed' }, async (t) => {
    const host = await hostFor(t, [{ json: completion('<img src=x onerror=alert(1)>') }])
    await ask(client.withOptions({ customHost: host.url }), { model: '<b>bold</b>' }, { traceID: 'markup' })
    await client.flush()
    const [{ id }] = await json('/api/calls?trace=markup')
    const words = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', `--user-data-dir=${path.join(folder, 'browser')}`, '--virtual-time-budget=5000', '--dump-dom']
    const browser = spawn(chromium, [...words, `${address.href}#${id}`])
    let dom = ''
    browser.stdout.on('data', (data) => (dom += data))
    await new Promise((resolve) => browser.once('close', resolve))
    assert.match(dom, /<td[^>]*>smollm2<\/td>/)
    assert.match(dom, /<td[^>]*>&lt;b&gt;bold&lt;\/b&gt;<\/td>/)
    assert.match(dom, /<aside[^>]*>.*&lt;img src=x onerror/s)
    assert.match(dom, /class="waterfall"/)
    assert.doesNotMatch(dom, /<b>bold<\/b>|<img/)
  })
})
