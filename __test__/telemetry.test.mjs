// Spans and metrics by OTLP: what a receiver on a real socket gets of calls.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import Portkey from '../index.mjs'
import { MESSAGES, chatChunks, completion, usageChunk } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { closedPort, hostFor } from './support/host.mjs'
import { startReceiver } from './support/otlp.mjs'

const require = createRequire(import.meta.url)
const BODY = { model: 'asked', messages: MESSAGES }
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`

/** A client that exports to a receiver. */
async function exporting(t, { otel, ...options }, script) {
  const receiver = await startReceiver(t, script)
  const client = new Portkey({ otel: { endpoint: receiver.url, ...otel }, ...options })
  return { receiver, client }
}

describe('a span', { concurrency: true, timeout: 30_000 }, () => {
  test('tells of a whole call by the conventions, and of its attempt below it', async (t) => {
    const host = await hostFor(t, [{ headers: { 'x-request-id': 'req-7' }, json: completion() }])
    const options = { customHost: host.url, metadata: { team: 'blue' }, pricing: { input: 1, output: 2 }, otel: { serviceName: 'shop', resource: { zone: 7 } } }
    const { receiver, client } = await exporting(t, options)
    await client.chat.completions.create({ ...BODY, max_tokens: 50, temperature: 0.5, stop: ['END'], n: 1, seed: 7 })
    assert.deepEqual(await client.flush(), { whole: true, dropped: 0 })
    const [batch] = receiver.exports
    assert.equal(batch.schemaUrl, 'https://opentelemetry.io/schemas/1.41.0')
    assert.deepEqual([batch.scope.name, batch.resource['service.name'], batch.resource.zone], ['portkey-native', 'shop', 7])
    assert.match(batch.resource['service.instance.id'], /^[0-9a-f]{32}$/)
    const [call, attempt] = receiver.spans
    const { 'portkey.record.id': record, 'portkey.cost.usd': cost, ...attributes } = call.attributes
    assert.match(record, /^[0-9a-f]{32}$/)
    assert.ok(Math.abs(cost - 19e-6) < 1e-12)
    assert.deepEqual(attributes, {
      'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'asked', 'gen_ai.response.model': 'local-model',
      'gen_ai.request.max_tokens': 50, 'gen_ai.request.temperature': 0.5, 'gen_ai.request.stop_sequences': ['END'], 'gen_ai.request.seed': 7,
      'gen_ai.response.id': 'chatcmpl-1', 'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.output_tokens': 5,
      'server.address': '127.0.0.1', 'server.port': host.port, 'http.response.status_code': 200,
      'portkey.endpoint': 'chat.completions.create', 'portkey.provider': 'openai', 'portkey.outcome': 'ok', 'portkey.target': 'config', 'portkey.config.path': 'config',
      'portkey.attempts': 1, 'portkey.cache.status': 'DISABLED', 'portkey.request_id': 'req-7', 'portkey.metadata.team': 'blue',
    })
    assert.deepEqual([call.name, Number(call.kind), call.status], ['chat asked', 3, undefined])
    assert.deepEqual([attempt.name, Number(attempt.kind), attempt.parentSpanId, attempt.traceId], ['POST', 3, call.spanId, call.traceId])
    assert.deepEqual([attempt.attributes['url.full'], attempt.attributes['http.response.status_code']], [`${host.url}/chat/completions`, 200])
    const time = (span) => [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)]
    const [[from, to], [began, ended]] = [time(call), time(attempt)]
    assert.ok(from <= began && began <= ended && ended <= to)
    assert.ok(Math.abs(Number(from / 1_000_000n) - Date.now()) < 30_000)
    assert.deepEqual(host.last.headers.traceparent, `00-${call.traceId}-${attempt.spanId}-01`)
  })

  test('tells of a stream: its first chunk, why it ended, and what the host counted', async (t) => {
    const usage = { prompt_tokens: 9, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 3 } }
    const host = await hostFor(t, [{ sse: [...chatChunks(), usageChunk(usage)] }])
    const { receiver, client } = await exporting(t, { customHost: host.url })
    for await (const _ of await client.chat.completions.create({ ...BODY, stream: true }));
    await client.flush()
    const [{ attributes }] = receiver.calls
    assert.equal(attributes['gen_ai.request.stream'], true)
    assert.ok(attributes['gen_ai.response.time_to_first_chunk'] > 0 && attributes['gen_ai.response.time_to_first_chunk'] < 30)
    assert.deepEqual(attributes['gen_ai.response.finish_reasons'], ['stop'])
    assert.deepEqual([attributes['gen_ai.usage.cache_read.input_tokens'], attributes['gen_ai.usage.reasoning.output_tokens']], [4, 3])
  })

  test('tells of every attempt of a call that failed, and each host is told of its own', async (t) => {
    const host = await hostFor(t, [{ status: 500, headers: { 'retry-after-ms': '1' }, json: { error: { message: 'no', code: 'broken_gpu' } } }])
    const { receiver, client } = await exporting(t, { customHost: host.url, maxRetries: 1 })
    await failure(client.chat.completions.create(BODY))
    await client.flush()
    const [call] = receiver.calls
    assert.deepEqual([call.attributes['error.type'], call.attributes['http.response.status_code'], call.status], ['broken_gpu', 500, { message: 'broken_gpu', code: call.status.code }])
    assert.equal(Number(call.status.code), 2)
    assert.deepEqual(receiver.attempts.map(({ attributes }) => [attributes['error.type'], attributes['http.request.resend_count'], attributes['portkey.retry.reason']]), [['500', undefined, undefined], ['500', 1, 'status 500']])
    assert.deepEqual(host.requests.map(({ headers }) => headers.traceparent), receiver.attempts.map(({ spanId }) => `00-${call.traceId}-${spanId}-01`))
    assert.equal(new Set(receiver.attempts.map(({ spanId }) => spanId)).size, 2)
  })

  test('tells of targets that were fallen back from, and of a host that could not be reached', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const nobody = `http://127.0.0.1:${await closedPort()}/v1`
    const targets = [{ name: 'gone', custom_host: nobody }, { name: 'there', custom_host: host.url }]
    const { receiver, client } = await exporting(t, { config: { strategy: { mode: 'fallback' }, targets } })
    await client.chat.completions.create(BODY)
    await client.flush()
    const [call] = receiver.calls
    assert.deepEqual([call.attributes['portkey.target'], call.attributes['portkey.config.path'], call.attributes['portkey.attempts']], ['there', 'config.targets[1]', 2])
    assert.deepEqual(receiver.attempts.map(({ attributes }) => attributes['portkey.target']), ['gone', 'there'])
    assert.deepEqual(receiver.attempts.map(({ attributes }) => typeof attributes['error.type']), ['string', 'undefined'])
  })

  test('tells of calls that were aborted and of answers from the cache', async (t) => {
    const host = await hostFor(t, [{ json: completion() }, 'hang'])
    const { receiver, client } = await exporting(t, { config: { custom_host: host.url, cache: { mode: 'simple' } } })
    await client.chat.completions.create(BODY)
    await client.chat.completions.create(BODY)
    await failure(client.chat.completions.create({ ...BODY, model: 'other' }, {}, { signal: AbortSignal.timeout(50) }))
    await client.flush()
    const told = receiver.calls.map(({ attributes }) => [attributes['portkey.cache.status'], attributes['portkey.outcome'], attributes['portkey.attempts']])
    assert.deepEqual(told, [['MISS', 'ok', 1], ['HIT', 'ok', 0], ['MISS', 'aborted', 1]])
  })

  test('tells of embeddings, messages and responses by their operations', async (t) => {
    const vectors = { object: 'list', model: 'e', data: [{ object: 'embedding', index: 0, embedding: [1, 2] }], usage: { prompt_tokens: 3, total_tokens: 3 } }
    const host = await hostFor(t, ({ path }) => ({ json: path.endsWith('/embeddings') ? vectors : completion() }))
    const { receiver, client } = await exporting(t, { customHost: host.url })
    await client.embeddings.create({ model: 'e', input: 'text', encoding_format: 'float', dimensions: 2 })
    await client.responses.create({ model: 'm', input: 'hi' })
    await client.messages.create({ model: 'm', max_tokens: 5, messages: MESSAGES })
    await client.flush()
    assert.deepEqual(receiver.calls.map(({ name }) => name), ['embeddings e', 'chat m', 'chat m'])
    const [{ attributes }] = receiver.calls
    assert.deepEqual([attributes['gen_ai.request.encoding_formats'], attributes['gen_ai.embeddings.dimension.count'], attributes['gen_ai.usage.input_tokens']], [['float'], 2, 3])
  })

  test('has what was asked and answered only where contents are captured, and never a credential', async (t) => {
    const host = await hostFor(t, [{ json: completion('ANSWER-CANARY') }])
    const options = { customHost: `${host.url}?key=QUERY-CANARY`, Authorization: 'Bearer KEY-CANARY', xTenant: 'TENANT-CANARY', forwardHeaders: ['xTenant'], otel: { headers: { 'x-otel-key': 'OTEL-CANARY' } } }
    const asked = { model: 'm', messages: [{ role: 'system', content: 'be brief' }, { role: 'user', content: 'PROMPT-CANARY' }] }
    const plain = await exporting(t, options)
    await plain.client.chat.completions.create(asked)
    await plain.client.flush()
    assert.doesNotMatch(JSON.stringify(plain.receiver.exports.map(({ headers, ...told }) => told)), /CANARY/)
    assert.equal(plain.receiver.exports[0].headers['x-otel-key'], 'OTEL-CANARY')
    const full = await exporting(t, { ...options, captureContent: true })
    await full.client.chat.completions.create(asked)
    await full.client.flush()
    const [{ attributes }] = full.receiver.calls
    assert.deepEqual(JSON.parse(attributes['gen_ai.input.messages'])[1], { role: 'user', parts: [{ type: 'text', content: 'PROMPT-CANARY' }] })
    assert.deepEqual(JSON.parse(attributes['gen_ai.output.messages']), [{ role: 'assistant', parts: [{ type: 'text', content: 'ANSWER-CANARY' }], finish_reason: 'stop' }])
    assert.doesNotMatch(JSON.stringify(full.receiver.spans), /KEY-CANARY|TENANT-CANARY|QUERY-CANARY|OTEL-CANARY/)
    const redacted = await exporting(t, { ...options, captureContent: { redact: [/[A-Z]+-CANARY/] } })
    await redacted.client.chat.completions.create(asked)
    await redacted.client.flush()
    assert.match(redacted.receiver.calls[0].attributes['gen_ai.input.messages'], /\[REDACTED\]/)
    assert.doesNotMatch(JSON.stringify(redacted.receiver.spans), /CANARY/)
  })

  test('has no name of its own where the conventions have one', async (t) => {
    const { ...stable } = require('@opentelemetry/semantic-conventions')
    const known = new Set(Object.values({ ...stable, ...require('@opentelemetry/semantic-conventions/incubating') }).filter((value) => typeof value === 'string'))
    const host = await hostFor(t, [{ status: 500, headers: { 'retry-after-ms': '1' }, json: {} }, { sse: [...chatChunks(), usageChunk()] }])
    const { receiver, client } = await exporting(t, { customHost: host.url, captureContent: true, metadata: { a: 'b' } })
    const tools = [{ type: 'function', function: { name: 'f' } }]
    const all = { max_tokens: 1, temperature: 1, top_p: 1, top_k: 1, frequency_penalty: 1, presence_penalty: 1, seed: 1, n: 2, stop: 'x', response_format: { type: 'text' } }
    const body = { ...BODY, messages: [{ role: 'system', content: 'x' }, ...MESSAGES], ...all, tools, stream: true }
    for await (const _ of await client.chat.completions.create(body));
    await client.flush()
    const points = receiver.exports.flatMap(({ metrics }) => metrics).flatMap(({ histogram }) => histogram.dataPoints)
    const used = [...receiver.spans, ...points].flatMap(({ attributes }) => Object.keys(attributes))
    const resource = Object.keys(receiver.exports[0].resource)
    const metrics = receiver.exports.flatMap(({ metrics }) => metrics).map(({ name }) => name)
    assert.ok(used.length > 40 && metrics.length === 4)
    assert.deepEqual([...used, ...resource, ...metrics].filter((name) => !name.startsWith('portkey.') && !known.has(name)), [])
  })
})

describe('a trace', { concurrency: true, timeout: 30_000 }, () => {
  async function traced(t, { otel, ...options } = {}, params, opts) {
    const records = []
    const host = await hostFor(t, [{ json: completion() }])
    const { receiver, client } = await exporting(t, { customHost: host.url, onRecord: (record) => records.push(record), otel, ...options })
    const answer = await client.chat.completions.create(BODY, params, opts)
    await client.flush()
    return { call: receiver.calls[0], record: records[0], headers: host.last.headers, answer, receiver }
  }

  test('has one id in the record, in the span, in the answer and at the host', async (t) => {
    const { call, record, headers, answer } = await traced(t)
    assert.deepEqual([record.traceId, record.spanId], [call.traceId, call.spanId])
    assert.equal(answer.getGateway().traceId, call.traceId)
    assert.equal(headers.traceparent.split('-')[1], call.traceId)
  })

  for (const [way, options, params, opts] of [
    ['the option', { traceparent: PARENT, tracestate: 'v=1' }],
    ['a call\'s option', {}, { traceparent: PARENT, tracestate: 'v=1' }],
    ['a call\'s header', {}, {}, { headers: { Traceparent: PARENT, tracestate: 'v=1' } }],
    ['a header of all calls', { defaultHeaders: { traceparent: PARENT, tracestate: 'v=1' } }],
  ]) {
    test(`is joined by ${way}`, async (t) => {
      const { call, record, headers, receiver } = await traced(t, options, params, opts)
      assert.deepEqual([call.traceId, call.parentSpanId, call.traceState], [TRACE, 'b7ad6b7169203331', 'v=1'])
      assert.deepEqual([record.traceId, record.parentSpanId], [TRACE, 'b7ad6b7169203331'])
      assert.deepEqual([headers.traceparent, headers.tracestate], [`00-${TRACE}-${receiver.attempts[0].spanId}-01`, 'v=1'])
    })
  }

  test('goes by the ids and the name that the caller gives', async (t) => {
    const { call, record } = await traced(t, { traceID: TRACE.toUpperCase(), spanId: '00000000000000aa', parentSpanId: '00000000000000bb', spanName: 'ask' })
    assert.deepEqual([call.traceId, call.spanId, call.parentSpanId, call.name], [TRACE, '00000000000000aa', '00000000000000bb', 'ask'])
    assert.deepEqual([record.traceId, record.spanId], [TRACE.toUpperCase(), '00000000000000aa'])
  })

  test('has an id made of another name, which is kept', async (t) => {
    const options = { traceID: 'session 7', spanId: 'step 1', parentSpanId: 'step 0' }
    const { call, record } = await traced(t, options)
    const again = await traced(t, options)
    assert.match(call.traceId, /^[0-9a-f]{32}$/)
    assert.equal(again.call.traceId, call.traceId)
    assert.deepEqual(['trace_id', 'span_id', 'parent_span_id'].map((name) => call.attributes[`portkey.${name}`]), ['session 7', 'step 1', 'step 0'])
    assert.deepEqual([record.traceId, record.spanId, record.parentSpanId], ['session 7', 'step 1', 'step 0'])
  })

  test('is linked where the caller names another than the one it is in', async (t) => {
    const other = '11111111111111111111111111111111'
    const { call } = await traced(t, { traceID: other, traceparent: PARENT })
    assert.deepEqual([call.traceId, call.parentSpanId ?? '', call.links[0].traceId], [other, '', TRACE])
  })

  test('is not told to hosts where that is turned off', async (t) => {
    const { call, headers } = await traced(t, { otel: { propagate: false }, traceparent: PARENT })
    assert.deepEqual([call.traceId, headers.traceparent], [TRACE, undefined])
  })

  test('is handed on as it is by a client that makes no spans', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const records = []
    const client = new Portkey({ customHost: host.url, onRecord: (record) => records.push(record) })
    await client.chat.completions.create(BODY, { traceparent: PARENT, tracestate: 'v=1' })
    await client.chat.completions.create(BODY)
    assert.deepEqual(host.requests.map(({ headers }) => headers.traceparent), [PARENT, undefined])
    assert.deepEqual([records[0].traceId, records[0].parentSpanId], [TRACE, 'b7ad6b7169203331'])
  })

  test('reaches a gateway as a header', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const { receiver, client } = await exporting(t, { baseURL: host.url, traceID: TRACE })
    await client.chat.completions.create(BODY)
    await client.flush()
    assert.equal(host.last.headers.traceparent, `00-${TRACE}-${receiver.attempts[0].spanId}-01`)
    assert.equal(host.last.headers['x-portkey-trace-id'], TRACE)
  })

  test('is sampled as its parent and the option say, and hosts are told', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const { receiver, client } = await exporting(t, { customHost: host.url })
    await client.chat.completions.create(BODY, { traceparent: PARENT.replace(/01$/, '00') })
    const never = client.withOptions({ otel: { endpoint: receiver.url, sampler: 'always_off' } })
    await never.chat.completions.create(BODY, { traceparent: PARENT })
    await client.flush()
    await never.flush()
    assert.equal(receiver.spans.length, 0)
    assert.deepEqual(host.requests.map(({ headers }) => headers.traceparent.slice(-2)), ['00', '00'])
    const counted = receiver.exports.flatMap(({ metrics }) => metrics).filter(({ name }) => name === 'gen_ai.client.operation.duration')
    assert.equal(counted.length, 2)
  })

  test('does not part callers who would share cached answers', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const { client } = await exporting(t, { config: { custom_host: host.url, cache: { mode: 'simple' } } })
    await client.chat.completions.create(BODY, {}, { headers: { traceparent: PARENT } })
    const second = await client.chat.completions.create(BODY, {}, { headers: { traceparent: PARENT.replace('b7', 'a7') } })
    assert.equal(second.getGateway().cache, 'HIT')
  })

  test('of a wrong form is refused as an option and ignored as a header', async (t) => {
    assert.throws(() => new Portkey({ customHost: 'http://h/v1', traceparent: 'SECRET' }), (error) => /traceparent: expected a W3C traceparent/.test(error.message) && !error.message.includes('SECRET'))
    const { call } = await traced(t, {}, {}, { headers: { traceparent: 'no' } })
    assert.match(call.traceId, /^[0-9a-f]{32}$/)
    await assert.rejects(new Portkey({ customHost: 'http://h/v1', tracestate: 'a=b' }).models.list(), /tracestate: goes with a traceparent/)
  })
})

describe('metrics', { concurrency: true, timeout: 30_000 }, () => {
  test('count durations, first chunks and tokens by model and host, with the conventions\' bounds', async (t) => {
    const host = await hostFor(t, [{ json: completion() }, { sse: [...chatChunks(), usageChunk()] }, { status: 400, json: {} }])
    const { receiver, client } = await exporting(t, { customHost: host.url, otel: { spans: false } })
    await client.chat.completions.create(BODY)
    for await (const _ of await client.chat.completions.create({ ...BODY, stream: true }));
    await failure(client.chat.completions.create(BODY))
    await client.flush()
    assert.equal(receiver.spans.length, 0)
    const duration = receiver.metric('gen_ai.client.operation.duration')
    assert.deepEqual([duration.unit, Number(duration.histogram.aggregationTemporality)], ['s', 2])
    const points = duration.histogram.dataPoints
    assert.deepEqual(points.map(({ count, attributes }) => [Number(count), attributes['error.type']]).sort(), [[1, '400'], [2, undefined]])
    const [point] = points.filter(({ attributes }) => !attributes['error.type'])
    assert.deepEqual(point.attributes, {
      'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'asked', 'gen_ai.response.model': 'local-model', 'server.address': '127.0.0.1', 'server.port': host.port,
    })
    assert.deepEqual(point.explicitBounds, [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92])
    assert.equal(point.bucketCounts.reduce((sum, count) => sum + Number(count), 0), 2)
    const tokens = receiver.metric('gen_ai.client.token.usage').histogram.dataPoints
    assert.deepEqual(tokens.map(({ sum, attributes }) => [attributes['gen_ai.token.type'], sum]).sort(), [['input', 18], ['output', 10]])
    assert.equal(Number(receiver.metric('gen_ai.client.operation.time_to_first_chunk').histogram.dataPoints[0].count), 1)
  })

  test('count the time from each piece of a stream to the next', async (t) => {
    let go
    const pause = new Promise((resolve) => (go = resolve))
    const [role, ...chunks] = chatChunks(['one', ' two', ' three'])
    const host = await hostFor(t, [{ sse: [role, chunks[0], { pause }, ...chunks.slice(1)] }])
    const { receiver, client } = await exporting(t, { customHost: host.url, otel: { spans: false } })
    const began = performance.now()
    const seen = []
    for await (const chunk of await client.chat.completions.create({ ...BODY, stream: true })) {
      if (seen.push(chunk.choices[0].delta.content) === 2) setTimeout(go, 50)
    }
    const elapsed = (performance.now() - began) / 1e3
    await client.flush()
    const { unit, histogram: { dataPoints: [point] } } = receiver.metric('gen_ai.client.operation.time_per_output_chunk')
    assert.deepEqual([unit, point.explicitBounds.length, point.attributes['gen_ai.request.model']], ['s', 14, 'asked'])
    assert.deepEqual([seen.slice(0, 4), Number(point.count)], [['', 'one', ' two', ' three'], 3])
    assert.ok(point.max > 0.045 && point.sum <= elapsed && point.min < point.max, JSON.stringify(point))
  })

  test('count from the beginning, or from one export to the next', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    for (const [delta, wanted] of [[false, [1, 2]], [true, [1, 1]]]) {
      const { receiver, client } = await exporting(t, { customHost: host.url, otel: { delta } })
      for (let round = 0; round < 2; round++) {
        await client.chat.completions.create(BODY)
        await client.flush()
      }
      const all = receiver.exports.flatMap(({ metrics }) => metrics).filter(({ name }) => name === 'gen_ai.client.operation.duration')
      assert.deepEqual(all.map(({ histogram }) => Number(histogram.dataPoints[0].count)), wanted)
    }
  })

  test('of clients that export alike are counted together', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const receiver = await startReceiver(t)
    const clients = [1, 2].map(() => new Portkey({ customHost: host.url, otel: { endpoint: receiver.url } }))
    for (const client of clients) await client.chat.completions.create(BODY)
    await clients[0].flush()
    assert.equal(Number(receiver.metric('gen_ai.client.operation.duration').histogram.dataPoints[0].count), 2)
    assert.equal(receiver.calls.length, 2)
  })
})

describe('an export', { concurrency: true, timeout: 60_000 }, () => {
  test('is the same in JSON and zipped', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const { receiver, client } = await exporting(t, { customHost: host.url, otel: { protocol: 'http/json', compression: 'gzip' } })
    await client.chat.completions.create(BODY)
    assert.deepEqual(await client.flush(), { whole: true, dropped: 0 })
    const [batch] = receiver.exports
    assert.deepEqual([batch.headers['content-type'], batch.headers['content-encoding']], ['application/json', 'gzip'])
    const [call, attempt] = receiver.spans
    assert.match(call.traceId, /^[0-9a-f]{32}$/)
    assert.equal(attempt.parentSpanId, call.spanId)
    assert.equal(typeof call.startTimeUnixNano, 'string')
    assert.equal(call.attributes['gen_ai.usage.input_tokens'], 9)
    assert.equal(receiver.metric('gen_ai.client.token.usage').histogram.dataPoints.length, 2)
  })

  test('comes by itself after a while, many spans at once', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const { receiver, client } = await exporting(t, { customHost: host.url, otel: { interval: 300, metrics: false } })
    await Promise.all(Array.from({ length: 20 }, () => client.chat.completions.create(BODY)))
    await receiver.until(({ calls }) => calls.length === 20)
    assert.ok(receiver.exports.length <= 3)
  })

  test('is tried again when the receiver asks for it, and counted as lost when it refuses', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const again = [{ status: 503, headers: { 'retry-after': '0' }, text: 'later' }, { status: 429, headers: { 'retry-after': '0' }, text: 'later' }]
    const { receiver, client } = await exporting(t, { customHost: host.url, otel: { metrics: false } }, again)
    await client.chat.completions.create(BODY)
    assert.deepEqual(await client.flush(), { whole: true, dropped: 0 })
    assert.deepEqual([receiver.host.requests.length, receiver.calls.length], [3, 1])
    const refusing = await exporting(t, { customHost: host.url, otel: { metrics: false } }, [{ status: 401, text: 'who?' }])
    await refusing.client.chat.completions.create(BODY)
    assert.deepEqual(await refusing.client.flush(), { whole: false, dropped: 2 })
    assert.equal(refusing.receiver.host.requests.length, 1)
  })

  test('that the receiver takes in part is told, and counted', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const partly = [{ json: { partialSuccess: { rejectedSpans: '1', errorMessage: 'too old' } } }]
    const { client } = await exporting(t, { customHost: host.url, otel: { metrics: false, protocol: 'http/json' } }, partly)
    const warned = new Promise((resolve) => process.on('warning', (warning) => warning.message.includes('too old') && resolve(warning)))
    await client.chat.completions.create(BODY)
    assert.deepEqual(await client.flush(), { whole: false, dropped: 1 })
    assert.match((await warned).message, /did not take 1 of the spans it got: too old/)
  })

  test('to nobody delays no call, is warned of once, and shows no secret', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const port = await closedPort()
    const otel = { endpoint: `http://127.0.0.1:${port}`, headers: { 'x-key': 'KEY-CANARY' }, metrics: false }
    const warnings = []
    process.on('warning', (warning) => warning.message.includes(`:${port}`) && warnings.push(warning))
    const client = new Portkey({ customHost: host.url, otel })
    const began = performance.now()
    for (let at = 0; at < 50; at++) await client.chat.completions.create(BODY)
    assert.ok(performance.now() - began < 10_000)
    let flushed
    do flushed = await client.flush(20_000)
    while (flushed.dropped < 100)
    assert.equal(flushed.dropped, 100)
    await client.chat.completions.create(BODY)
    await new Promise(setImmediate)
    assert.equal(warnings.length, 1)
    assert.deepEqual([warnings[0].name, warnings[0].code], ['PortkeyWarning', 'PORTKEY_OTEL'])
    assert.doesNotMatch(JSON.stringify([warnings[0].message, warnings[0].stack]), /CANARY/)
  })
})

describe('the end of a process', { concurrency: true, timeout: 60_000 }, () => {
  const SCRIPT = `
    const Portkey = require(process.argv[1])
    const [, , customHost, endpoint] = process.argv
    new Portkey({ customHost, otel: { endpoint } }).chat.completions.create({ model: 'm', messages: [] })`
  const entry = fileURLToPath(new URL('../index.js', import.meta.url))

  async function run(host, endpoint) {
    const began = performance.now()
    const child = spawn(process.execPath, ['-e', SCRIPT, entry, host.url, endpoint], { stdio: 'inherit' })
    const [code] = await once(child, 'exit')
    assert.equal(code, 0)
    return performance.now() - began
  }

  test('sends what waits', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const receiver = await startReceiver(t)
    await run(host, receiver.url)
    assert.equal(receiver.calls.length, 1)
  })

  test('is not put off by a receiver that is gone or that does not answer', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const silent = await hostFor(t, ['hang'])
    // An export may take ten seconds, and five tries.
    for (const endpoint of [`http://127.0.0.1:${await closedPort()}`, silent.origin]) assert.ok((await run(host, endpoint)) < 8_000)
  })
})

describe('the option otel', { concurrency: true, timeout: 30_000 }, () => {
  const problem = (otel, more) => {
    try {
      new Portkey({ customHost: 'http://h/v1', otel, ...more })
    } catch (error) {
      return error.message
    }
    return undefined
  }

  test('tells what is wrong with it, with its path', () => {
    assert.match(problem({ endpoint: 'localhost:4318' }), /otel\.endpoint: does not start with http/)
    assert.match(problem({ protocol: 'grpc' }), /otel\.protocol: .*gRPC is not spoken here/)
    assert.match(problem({ tracer: {} }), /otel\.tracer: expected 'app' or a tracer/)
    assert.match(problem({ tracer: 'app', endpoint: 'http://h' }), /otel\.endpoint: does nothing beside tracer/)
    assert.match(problem('yes'), /otel: expected an object/)
    assert.match(problem({ endpoint: 'http://elsewhere.example' }, { egress: { allow: ['h'] } }), /otel\.endpoint: .*egress\.allow/)
  })

  test('belongs to a client', async () => {
    const client = new Portkey({ customHost: 'http://h/v1' })
    await assert.rejects(async () => client.chat.completions.create(BODY, { otel: true }), /otel: belongs to a client/)
  })

  test('is filled in by the standard\'s variables, which do nothing without it', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const receiver = await startReceiver(t)
    const variables = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces`, OTEL_METRICS_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-a=one%20two, x-b=2', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip', OTEL_EXPORTER_OTLP_TIMEOUT: '5000',
      OTEL_SERVICE_NAME: 'shop', OTEL_RESOURCE_ATTRIBUTES: 'zone=a,tier=gold', OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '1', OTEL_PROPAGATORS: 'b3',
    }
    const within = (more, make) => {
      Object.assign(process.env, variables, more)
      try {
        return make()
      } finally {
        for (const name in { ...variables, ...more }) delete process.env[name]
      }
    }
    const [on, own, off, disabled] = within({}, () => [{ otel: true }, { otel: { resource: { zone: 'b' }, propagate: true } }, {}].map((more) => new Portkey({ customHost: host.url, ...more })).concat(within({ OTEL_SDK_DISABLED: 'true' }, () => new Portkey({ customHost: host.url, otel: true }))))
    for (const client of [on, own, off, disabled]) {
      await client.chat.completions.create(BODY)
      assert.deepEqual(await client.flush(), { whole: true, dropped: 0 })
    }
    assert.deepEqual(receiver.exports.map(({ path, resource }) => [path, resource['service.name'], resource.zone, resource.tier]), [['/v1/traces', 'shop', 'a', 'gold'], ['/v1/traces', 'shop', 'b', 'gold']])
    const { headers } = receiver.exports[0]
    assert.deepEqual([headers['x-a'], headers['x-b'], headers['content-type'], headers['content-encoding']], ['one two', '2', 'application/json', 'gzip'])
    assert.deepEqual(host.requests.map(({ headers }) => headers.traceparent !== undefined), [false, true, false, false])
    assert.match(within({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, () => problem(true)), /otel\.protocol: .*gRPC/)
    assert.equal(within({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, () => problem({ protocol: 'http/protobuf' })), undefined)
  })
})
