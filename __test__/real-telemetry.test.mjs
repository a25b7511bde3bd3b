// One call to a real model: its record in the database and its spans in a real OTLP receiver have the same trace id.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import Portkey from '../index.mjs'
import { LocalModelError, startLocalModel } from '../tools/local-model/server.mjs'
import { RotelError, startRotel } from '../tools/rotel/server.mjs'
import { MESSAGES, completion } from './support/answers.mjs'
import { chromium, openPage } from './support/chromium.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { startReceiver } from './support/otlp.mjs'

const COMMAND = fileURLToPath(new URL('../bin/portkey-native.js', import.meta.url))
const { ask } = createRequire(import.meta.url)('../console/records.js')
const BODY = { model: 'smollm2-135m', messages: [{ role: 'user', content: 'Say hello in five words.' }], max_tokens: 12, temperature: 0, seed: 1 }

/** What `start` gives, or undefined, with the reason on the test's output, where this machine can't have it. */
async function orSkipped(start) {
  try {
    return await start()
  } catch (error) {
    if (!(error instanceof LocalModelError || error instanceof RotelError) || process.env.CI === 'true') throw error
    console.log(`# real-telemetry: skipped: ${error.message}`)
    return undefined
  }
}

/** What the console shows of a trace in a real browser: the call's text. With PORTKEY_SCREENSHOTS=folder there is a picture of it. */
async function shownInConsole(t, database, trace) {
  const child = spawn(process.execPath, [COMMAND, 'console', database])
  t.after(() => child.kill())
  const address = await new Promise((resolve) => child.stdout.once('data', (data) => resolve(/http:\/\/\S+/.exec(String(data))[0])))
  const page = await openPage(t, address)
  const rows = "[...document.querySelectorAll('#calls tr')]"
  await page.until(`${rows}.length === 2`)
  await page.press('/')
  for (const letter of trace) await page.press(letter)
  await page.until(`${rows}.length === 1`)
  await page.evaluate(`${rows}[0].click()`)
  await page.until("!document.querySelector('#call').hidden")
  const place = process.env.PORTKEY_SCREENSHOTS
  if (place) {
    mkdirSync(place, { recursive: true })
    writeFileSync(path.join(place, 'real-model.png'), await page.screenshot())
  }
  return page.evaluate("document.querySelector('#call').textContent")
}

describe('Rotel, a real OTLP receiver', { timeout: 300_000 }, () => {
  let behind
  let rotel
  const endings = []

  before(async () => {
    // Rotel hands on what it has read, in its own encoding.
    behind = await startReceiver({ after: (end) => endings.push(end) })
    rotel = await orSkipped(() => startRotel(behind.url))
  })
  after(async () => {
    await rotel?.stop()
    for (const end of endings) await end()
  })

  for (const protocol of ['http/protobuf', 'http/json']) {
    test(`reads spans and metrics in ${protocol}, zipped and not`, async (t) => {
      if (!rotel) return t.skip('there is no Rotel')
      const host = await hostFor(t, [{ status: 500, headers: { 'retry-after-ms': '1' }, json: {} }, { json: completion() }, { status: 400, json: { error: { code: 'no' } } }])
      for (const compression of ['none', 'gzip']) {
        host.answer([{ status: 500, headers: { 'retry-after-ms': '1' }, json: {} }, { json: completion() }, { status: 400, json: { error: { code: 'no' } } }])
        const traceID = `${protocol} ${compression}`
        const client = new Portkey({ customHost: host.url, traceID, captureContent: true, otel: { endpoint: rotel.url, protocol, compression, serviceName: traceID } })
        await client.chat.completions.create({ model: 'm', messages: MESSAGES, stop: ['é'], temperature: 0.5 })
        await failure(client.chat.completions.create({ model: 'm', messages: MESSAGES }))
        assert.deepEqual(await client.flush(20_000), { whole: true, dropped: 0 })
        const mine = () => behind.exports.filter(({ resource }) => resource['service.name'] === traceID)
        await behind.until(() => mine().flatMap(({ spans }) => spans).length === 5 && mine().some(({ metrics }) => metrics.length > 0))
        const spans = mine().flatMap(({ spans }) => spans)
        const [call] = spans.filter(({ attributes }) => attributes['portkey.outcome'] === 'ok')
        assert.deepEqual([call.name, call.attributes['gen_ai.request.stop_sequences'], call.attributes['gen_ai.usage.input_tokens'], call.attributes['gen_ai.request.temperature']], ['chat m', ['é'], 9, 0.5])
        assert.equal(JSON.parse(call.attributes['gen_ai.input.messages'])[0].parts[0].content, MESSAGES[0].content)
        assert.equal(spans.filter(({ parentSpanId }) => parentSpanId === call.spanId).length, 2)
        const metric = mine().flatMap(({ metrics }) => metrics).find(({ name }) => name === 'gen_ai.client.operation.duration')
        // Of metrics in JSON, the standard's own example among them, this Rotel reads no data.
        if (protocol === 'http/json') continue
        assert.equal(metric.histogram.dataPoints.reduce((sum, { count }) => sum + Number(count), 0), 2)
      }
    })
  }

  test('has the trace of a call to a real model that the database has', async (t) => {
    const model = rotel && (await orSkipped(() => startLocalModel({ apiKey: 'sk-local-CANARY' })))
    if (!model) return t.skip('there is no Rotel, or no local model')
    const folder = mkdtempSync(path.join(os.tmpdir(), 'traced-'))
    t.after(async () => {
      await model.stop()
      rmSync(folder, { recursive: true })
    })
    const database = path.join(folder, 'calls.sqlite')
    const client = new Portkey({ customHost: `${model.url}/v1`, Authorization: 'sk-local-CANARY', captureContent: true, logs: { database }, otel: { endpoint: rotel.url, serviceName: 'real' } })
    const answer = await client.chat.completions.create(BODY)
    const stream = await client.chat.completions.create({ ...BODY, stream: true, stream_options: { include_usage: true } })
    for await (const _ of stream);
    assert.deepEqual(await client.flush(20_000), { whole: true, dropped: 0 })

    const calls = () => behind.calls.filter(({ attributes }) => attributes['server.port'] === Number(new URL(model.url).port))
    await behind.until(() => calls().length === 2)
    const traces = calls().map(({ traceId }) => traceId)
    assert.deepEqual(traces, [answer, stream].map((told) => told.getGateway().traceId))
    // The console's own question.
    const listed = (trace) => ask(database, { list: { trace } })
    for (const trace of traces) assert.deepEqual(listed(trace).map(({ traceId, model }) => [traceId, model]), [[trace, BODY.model]])
    if (chromium) {
      const told = await shownInConsole(t, database, traces[0])
      for (const part of [traces[0], BODY.model, `${answer.usage.prompt_tokens} in `, answer.choices[0].message.content.slice(0, 8).replaceAll('\n', '\\n')]) assert.ok(told.includes(part), `${part}: ${told}`)
      assert.doesNotMatch(told, /CANARY/)
    }
    for (const trace of traces) assert.match(rotel.output(), new RegExp(trace, 'i'))
    const [whole, streamed] = calls()
    assert.deepEqual([whole.attributes['gen_ai.request.model'], whole.attributes['gen_ai.usage.input_tokens']], [BODY.model, answer.usage.prompt_tokens])
    assert.ok(streamed.attributes['gen_ai.response.time_to_first_chunk'] > 0 && streamed.attributes['gen_ai.usage.output_tokens'] > 0)
    assert.doesNotMatch(rotel.output() + JSON.stringify(behind.spans), /CANARY/)
  })
})
