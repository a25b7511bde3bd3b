// The console in a real Chromium: what it shows, filters, and lets the keyboard do. With PORTKEY_SCREENSHOTS=folder it leaves
// pictures of it there, to be looked at.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import Portkey from '../index.mjs'
import { MESSAGES, chatChunks, completion, envelope, usageChunk } from './support/answers.mjs'
import { chromium, openPage } from './support/chromium.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'

const COMMAND = fileURLToPath(new URL('../bin/portkey-native.js', import.meta.url))
const folder = mkdtempSync(path.join(os.tmpdir(), 'console-'))
const database = path.join(folder, 'calls.sqlite')
let child
let address

/** Calls of two models by two targets, one of which fails until it is passed over; a stream; feedback. */
async function record() {
  const good = await hostFor({ after }, (request) => (request.json().stream ? { sse: [...chatChunks(), usageChunk()] } : { json: completion() }))
  const bad = await hostFor({ after }, [{ status: 503, json: envelope('no GPU', { code: 'no_gpu' }) }])
  const target = (name, custom_host) => ({ name, provider: 'vllm', custom_host })
  const client = new Portkey({
    logs: { database }, captureContent: true, pricing: { input: 1, output: 2 }, maxRetries: 0, apiKey: null,
    config: { strategy: { mode: 'fallback' }, targets: [target('first', bad.url), { ...target('second', good.url), limits: [{ name: 'pace', requests: 1, per: 300, on_limit: 'wait' }] }] },
  })
  const ask = (model, more, params) => client.chat.completions.create({ model, messages: MESSAGES, ...more }, params)
  // At once, so that two of them wait for the limit.
  await Promise.all(['blue', 'red', 'red'].map((team) => ask('smollm2', {}, { metadata: { team } })))
  for await (const _ of await ask('qwen3', { stream: true }, { traceID: 'the-stream' }));
  await client.feedback.create({ traceID: 'the-stream', value: 4, metadata: { from: 'tests' } })
  const alone = client.withOptions({ config: null, provider: 'vllm', customHost: bad.url })
  await failure(alone.chat.completions.create({ model: 'qwen3', messages: MESSAGES }))
  assert.deepEqual(await client.flush(), { whole: true, dropped: 0 })
}

before(async () => {
  if (!chromium) return
  await record()
  child = spawn(process.execPath, [COMMAND, 'console', database])
  const text = await new Promise((resolve) => child.stdout.once('data', (data) => resolve(String(data))))
  address = /http:\/\/\S+/.exec(text)[0]
})

after(() => {
  child?.kill()
  rmSync(folder, { recursive: true })
})

const rows = "[...document.querySelectorAll('#calls tr')]"
const until = (page, count) => page.until(`${rows}.length === ${count}`)

async function keep(page, name) {
  const place = process.env.PORTKEY_SCREENSHOTS
  if (!place) return
  mkdirSync(place, { recursive: true })
  writeFileSync(path.join(place, `${name}.png`), await page.screenshot())
}

describe('the console', { skip: !chromium && 'no chromium is installed', timeout: 120_000 }, () => {
  for (const dark of [false, true]) {
    test(`shows calls, figures and targets, ${dark ? 'dark' : 'light'}`, async (t) => {
      const page = await openPage(t, address, { dark })
      await until(page, 5)
      const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor')
      assert.equal(ground, dark ? 'rgb(21, 24, 29)' : 'rgb(255, 255, 255)')
      const charts = await page.evaluate("[...document.querySelectorAll('figcaption')].map((one) => one.textContent)")
      assert.deepEqual(charts.map((text) => text.split(/[\d$]/)[0]), ['Calls', 'p', 'Tokens in and out', 'Cost'])
      assert.match(charts[0], /5 1 error$/)
      const shown = await page.evaluate("[...document.querySelectorAll('#charts svg')].map((svg) => [...svg.querySelectorAll('rect, polyline')].filter((one) => { const [outer, inner] = [svg.getBoundingClientRect(), one.getBoundingClientRect()]; return inner.width > 0 && inner.right <= outer.right + 1 && inner.left >= outer.left - 1 }).length)")
      assert.ok(shown.every((shapes) => shapes > 0), `${shown}`)
      const targets = await page.evaluate("[...document.querySelectorAll('.target')].map((one) => one.textContent)")
      assert.match(targets.find((text) => text.includes('second')), /vllm · healthy, \d+ s ago .*4 attempts, 0 failed/)
      assert.match(targets.find((text) => text.includes('first')), /vllm · (benched|healthy), \d+ s ago/)
      await keep(page, `list-${dark ? 'dark' : 'light'}`)
    })
  }

  test('is led by the keyboard: choose, open, leave, search', async (t) => {
    const page = await openPage(t, address)
    await until(page, 5)
    const chosen = "document.querySelector('#calls tr[aria-selected=\"true\"]')"
    await page.press('j')
    await page.until(`${chosen} === ${rows}[0]`)
    await page.press('ArrowDown')
    await page.until(`${chosen} === ${rows}[1]`)
    await page.press('Enter')
    await page.until("!document.querySelector('#call').hidden")
    const told = await page.evaluate("document.querySelector('#call').textContent")
    assert.match(told, /qwen3 → local-model.*9 in .*feedback4 \{"from":"tests"\}/s)
    assert.match(told, /Changed on the way.*stream_options\.include_usage was asked for/s)
    const bars = await page.evaluate("[...document.querySelectorAll('.waterfall .track i:not([hidden])')].map((one) => [one.className, one.getBoundingClientRect().width])")
    assert.ok(bars.some(([phase, width]) => phase === 'body' && width > 0), JSON.stringify(bars))
    await keep(page, 'call')
    await page.press('Escape')
    await page.until("document.querySelector('#call').hidden")
    await page.press('k')
    await page.until(`${chosen} === ${rows}[0]`)
    await page.press('/')
    for (const letter of 'the-stream') await page.press(letter)
    await until(page, 1)
  })

  test('shows how long a call waited for a limit, and for which', async (t) => {
    const page = await openPage(t, address)
    await until(page, 5)
    const shown = []
    for (const row of [2, 3, 4]) {
      await page.evaluate(`${rows}[${row}].click()`)
      await page.until("!document.querySelector('#call').hidden")
      shown.push(await page.evaluate("[document.querySelector('.waterfall').textContent, document.querySelector('.waterfall .limit:not([hidden])')?.getBoundingClientRect().width > 2]"))
      if (shown.at(-1)[1]) await keep(page, 'limit')
      await page.press('Escape')
      await page.until("document.querySelector('#call').hidden")
    }
    assert.equal(shown.filter(([text, bar]) => /waited \d+ ms for pace/.test(text) && bar).length, 2, JSON.stringify(shown))
  })

  test('filters by model, outcome, status, metadata and target', async (t) => {
    const page = await openPage(t, address)
    await until(page, 5)
    const choose = (name, value) => page.evaluate(`(() => { const one = document.querySelector('[name="${name}"]'); one.value = ${JSON.stringify(value)}; one.dispatchEvent(new Event('input', { bubbles: true })) })()`)
    for (const [name, value, count] of [['model', 'qwen3', 2], ['outcome', 'error', 1], ['status', '503', 1], ['metadata', '["team","red"]', 2], ['target', 'second', 4]]) {
      await page.until(`document.querySelector('[name="${name}"]').options === undefined || [...document.querySelector('[name="${name}"]').options].some(({ value }) => value === ${JSON.stringify(value)})`)
      await choose(name, value)
      await until(page, count)
      await choose(name, '')
      await until(page, 5)
    }
  })

  test('copies a call as curl and as JavaScript, with its credential as an environment variable', async (t) => {
    const page = await openPage(t, address)
    await until(page, 5)
    // A headless browser has no clipboard of its own.
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => { globalThis.copied = text } } })")
    await page.evaluate(`${rows}.at(-1).click()`)
    await page.until("!document.querySelector('#call').hidden")
    const copied = async (button) => {
      await page.evaluate(`globalThis.copied = undefined; [...document.querySelectorAll('button')].find((one) => one.textContent === '${button}').click()`)
      return page.until('globalThis.copied')
    }
    const curl = await copied('Copy as curl')
    assert.match(curl, /^curl 'http:\/\/127\.0\.0\.1:\d+\/v1\/chat\/completions' .*authorization: Bearer \$MODEL_API_KEY.*"model":"smollm2"/s)
    const script = await copied('Copy as JS')
    assert.match(script, /provider: "vllm", customHost: "http:\/\/127\.0\.0\.1:\d+\/v1", Authorization: process\.env\.MODEL_API_KEY/)
    assert.match(script, /portkey\.chat\.completions\.create\(\{\n {2}"model": "smollm2"/)
  })
})
