// Spans by the app's own tracer: the real API and SDK of OpenTelemetry, as an app sets them up.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'

import { SpanKind, SpanStatusCode, context, metrics, trace } from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'

import Portkey from '../index.mjs'
import { MESSAGES, chatChunks, completion, usageChunk } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { startReceiver } from './support/otlp.mjs'

const BODY = { model: 'asked', messages: MESSAGES }

describe('the app\'s own tracer', { timeout: 30_000 }, () => {
  const memory = new InMemorySpanExporter()
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] })
  const measured = []

  before(() => {
    provider.register()
    const createHistogram = (name, { unit, advice }) => ({
      record: (value, attributes) => measured.push({ name, unit, bounds: advice.explicitBucketBoundaries, value, attributes }),
    })
    metrics.setGlobalMeterProvider({ getMeter: () => ({ createHistogram }) })
  })
  after(() => {
    for (const api of [trace, context, metrics]) api.disable()
    return provider.shutdown()
  })
  beforeEach(() => {
    memory.reset()
    measured.length = 0
  })

  /** Runs `work` in a span of the app's. */
  const inSpan = (work) => trace.getTracer('app').startActiveSpan('handle', async (span) => {
    try {
      return await work(span.spanContext())
    } finally {
      span.end()
    }
  })

  /** The spans that we made, by what they are. */
  function made() {
    const ours = memory.getFinishedSpans().filter(({ name }) => name !== 'handle')
    return { calls: ours.filter(({ attributes }) => 'gen_ai.operation.name' in attributes), attempts: ours.filter(({ attributes }) => !('gen_ai.operation.name' in attributes)) }
  }

  test('has a span of the call below the active one, and one of each attempt below that', async (t) => {
    const host = await hostFor(t, [{ status: 500, headers: { 'retry-after-ms': '1' }, json: {} }, { json: completion() }])
    const records = []
    const client = new Portkey({ customHost: host.url, otel: { tracer: 'app' }, onRecord: (record) => records.push(record) })
    const parent = await inSpan(async (own) => {
      await client.chat.completions.create(BODY)
      return own
    })
    const { calls: [call], attempts } = made()
    assert.deepEqual([call.name, call.kind, call.spanContext().traceId, call.parentSpanContext.spanId], ['chat asked', SpanKind.CLIENT, parent.traceId, parent.spanId])
    assert.deepEqual([call.attributes['gen_ai.usage.output_tokens'], call.attributes['gen_ai.response.finish_reasons'], call.status.code], [5, ['stop'], SpanStatusCode.UNSET])
    assert.deepEqual(attempts.map(({ attributes, status }) => [attributes['http.response.status_code'], status.code]), [[500, SpanStatusCode.ERROR], [200, SpanStatusCode.UNSET]])
    for (const attempt of attempts) assert.equal(attempt.parentSpanContext.spanId, call.spanContext().spanId)
    assert.deepEqual(host.requests.map(({ headers }) => headers.traceparent), Array(2).fill(`00-${parent.traceId}-${call.spanContext().spanId}-01`))
    assert.deepEqual([records[0].traceId, records[0].spanId], [parent.traceId, call.spanContext().spanId])
    assert.deepEqual(measured.map(({ name, unit }) => [name, unit]), [['gen_ai.client.token.usage', '{token}'], ['gen_ai.client.token.usage', '{token}'], ['gen_ai.client.operation.duration', 's']])
    assert.deepEqual([measured[2].bounds.length, measured[2].attributes['gen_ai.request.model']], [14, 'asked'])
  })

  test('has the span of a stream until its end, of a call without a parent, and of portkey.fetch', async (t) => {
    let finish
    const pause = new Promise((resolve) => (finish = resolve))
    const host = await hostFor(t, [{ sse: [...chatChunks(), { pause }, usageChunk()] }, { json: completion() }])
    const client = new Portkey({ customHost: host.url, otel: { tracer: provider.getTracer('mine') } })
    const stream = await client.chat.completions.create({ ...BODY, stream: true })
    assert.equal(made().calls.length, 0)
    finish()
    for await (const _ of stream);
    await client.fetch('http://any/v1/chat/completions', { method: 'POST', body: JSON.stringify(BODY) })
    const { calls } = made()
    const gaps = measured.filter(({ name }) => name === 'gen_ai.client.operation.time_per_output_chunk')
    assert.ok(gaps.length >= 3 && gaps.every(({ value, bounds }) => value >= 0 && bounds.length === 14))
    assert.deepEqual(calls.map(({ attributes, parentSpanContext, instrumentationScope }) => [attributes['gen_ai.request.stream'], parentSpanContext, instrumentationScope.name]), [[true, undefined, 'mine'], [undefined, undefined, 'mine']])
  })

  test('has the span of a call that fails, that is aborted, and that never leaves', async (t) => {
    const host = await hostFor(t, [{ status: 404, json: { error: { code: 'no_model' } } }, 'hang'])
    const client = new Portkey({ customHost: host.url, otel: { tracer: 'app' } })
    await failure(client.chat.completions.create(BODY))
    await failure(client.chat.completions.create(BODY, {}, { signal: AbortSignal.timeout(50) }))
    await failure(client.chat.completions.create(BODY, { provider: 'nobody' }))
    await client.flush()
    const told = made().calls.map(({ attributes, status }) => [attributes['error.type'], attributes['portkey.outcome'], status.code])
    const sorted = told.sort(([one], [other]) => String(one).localeCompare(String(other)))
    assert.deepEqual(sorted, [['ConfigError', undefined, SpanStatusCode.ERROR], ['no_model', 'error', SpanStatusCode.ERROR], [undefined, 'aborted', SpanStatusCode.UNSET]])
  })

  test('goes with a client that is made of another, and can be left', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const client = new Portkey({ customHost: host.url, otel: { tracer: 'app' } })
    await client.withOptions({ metadata: { a: 'b' } }).chat.completions.create(BODY)
    await client.withOptions({ otel: null }).chat.completions.create(BODY)
    await client.withOptions({ otel: { tracer: 'app', spans: false, metrics: false } }).chat.completions.create(BODY)
    assert.deepEqual(made().calls.map(({ attributes }) => attributes['portkey.metadata.a']), ['b'])
  })

  test('gives its active span as the parent to spans that are exported here', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const receiver = await startReceiver(t)
    const client = new Portkey({ customHost: host.url, otel: { endpoint: receiver.url } })
    const [first, second] = await Promise.all([1, 2].map(() => inSpan(async (own) => {
      await client.chat.completions.create(BODY)
      return own
    })))
    await client.flush()
    const parents = receiver.calls.map(({ traceId, parentSpanId }) => `${traceId} ${parentSpanId}`)
    assert.deepEqual(parents.sort(), [first, second].map(({ traceId, spanId }) => `${traceId} ${spanId}`).sort())
    assert.equal(made().calls.length, 0)
  })
})

describe('an app without a tracer', { timeout: 30_000 }, () => {
  test('is warned, and its calls are answered', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const client = new Portkey({ customHost: host.url, otel: { tracer: 'app' } })
    const warned = new Promise((resolve) => process.once('warning', resolve))
    await client.chat.completions.create(BODY)
    assert.match((await warned).message, /registered no tracer provider/)
  })
})
