// responses.stream() and responses.parse(): the events of a streamed response, and responses in a shape.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import OpenAI from 'openai'
import { zodResponsesFunction, zodTextFormat } from 'openai/helpers/zod'
import * as z from 'zod'
import Portkey, {
  APIUserAbortError, ConfigError, ResponseStream, SchemaMismatchError, StreamTruncatedError, jsonSchemaTextFormat,
} from '../index.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { collect } from './support/recorded.mjs'

const USAGE = { input_tokens: 9, output_tokens: 5, total_tokens: 14 }
const textPart = (text) => ({ type: 'output_text', text, annotations: [] })
const message = (text, status = 'completed') => ({ id: 'msg_1', type: 'message', role: 'assistant', status, content: text === undefined ? [] : [textPart(text)] })
const called = (text) => ({ id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'weather', arguments: text, status: 'completed' })
const response = (output, status = 'completed', more) => ({ id: 'resp_1', object: 'response', created_at: 1, model: 'm', status, output, usage: USAGE, ...more })

/** The events of a response that calls a tool and then says these words. */
function eventsOf(words, last = 'completed') {
  const text = words.join('')
  const output = [called('{"city":"Paris"}'), message(text)]
  const place = { output_index: 1, item_id: 'msg_1', content_index: 0 }
  const events = [
    { type: 'response.created', response: response([], 'in_progress', { usage: null }) },
    { type: 'response.in_progress', response: response([], 'in_progress', { usage: null }) },
    { type: 'response.output_item.added', output_index: 0, item: called('') },
    ...['{"city":', '"Paris"}'].map((delta) => ({ type: 'response.function_call_arguments.delta', output_index: 0, item_id: 'fc_1', delta })),
    { type: 'response.function_call_arguments.done', output_index: 0, item_id: 'fc_1', name: 'weather', arguments: '{"city":"Paris"}' },
    { type: 'response.output_item.done', output_index: 0, item: output[0] },
    { type: 'response.output_item.added', output_index: 1, item: message(undefined, 'in_progress') },
    { type: 'response.content_part.added', ...place, part: textPart('') },
    ...words.map((delta) => ({ type: 'response.output_text.delta', ...place, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...place, text, logprobs: [] },
    { type: 'response.content_part.done', ...place, part: textPart(text) },
    { type: 'response.output_item.done', output_index: 1, item: output[1] },
    { type: `response.${last}`, response: response(output, last) },
  ]
  return events.map((event, sequence_number) => ({ ...event, sequence_number }))
}

async function setUp(t, script) {
  const host = await hostFor(t, script)
  return { host, client: new Portkey({ customHost: host.url, maxRetries: 0 }) }
}

const named = (events) => ({ headers: { 'content-type': 'text/event-stream' }, chunks: events.map((event) => (typeof event === 'string' ? event : `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)) })

describe('a streamed response with events', () => {
  test('tells each under its name, texts with what they come to, and the whole at the end', async (t) => {
    const { host, client } = await setUp(t, [named(eventsOf(['Sun', 'ny.']))])
    const stream = await client.responses.stream({ model: 'm', input: 'hi' }, { traceID: 'trace-1' })
    assert.ok(stream instanceof ResponseStream)
    const seen = { text: [], calls: [], names: [] }
    stream.on('response.output_text.delta', ({ delta, snapshot }) => seen.text.push([delta, snapshot]))
    stream.on('response.function_call_arguments.delta', ({ snapshot }) => seen.calls.push(snapshot))
    for (const name of ['connect', 'response.created', 'response.completed', 'end']) stream.on(name, () => seen.names.push(name))
    const final = await stream.finalResponse()
    assert.deepEqual(seen, {
      text: [['Sun', 'Sun'], ['ny.', 'Sunny.']], calls: ['{"city":', '{"city":"Paris"}'],
      names: ['connect', 'response.created', 'response.completed', 'end'],
    })
    assert.equal(final.output_text, 'Sunny.')
    assert.deepEqual(final.usage, USAGE)
    assert.deepEqual([final.getHeaders()['trace-id'], stream.getGateway().attempts.length], ['trace-1', 1])
    assert.deepEqual(host.last.json(), { model: 'm', input: 'hi', stream: true })
  })

  test('gives the events as the host sent them, and is understood by the openai package', async (t) => {
    const events = eventsOf(['Sun', 'ny.'])
    const { host, client } = await setUp(t, [named(events)])
    assert.deepEqual(await collect(client.responses.stream({ model: 'm', input: 'hi' })), { items: events, error: undefined })
    const far = ResponseStream.fromReadableStream(client.responses.stream({ model: 'm', input: 'hi' }).toReadableStream())
    assert.equal((await far.finalResponse()).output_text, 'Sunny.')
    const openai = new OpenAI({ apiKey: 'k', baseURL: host.url })
    const streams = [client, openai].map(({ responses }) => responses.stream({ model: 'm', input: 'hi' }))
    const told = await Promise.all(streams.map(async (stream) => {
      const list = []
      for (const name of new Set(events.map(({ type }) => type))) stream.on(name, (event) => list.push(structuredClone(event)))
      return { list, final: JSON.parse(JSON.stringify(await stream.finalResponse(), (key, value) => (key === 'parsed' ? undefined : value))) }
    }))
    assert.deepEqual(told[0], told[1])
  })

  test('has a snapshot that grows, also where a host leaves out what begins a part', async (t) => {
    const place = { output_index: 0, item_id: 'i' }
    const events = [
      { type: 'response.created', response: response([], 'in_progress') },
      { type: 'response.reasoning_summary_text.delta', ...place, summary_index: 0, delta: 'Hm' },
      { type: 'response.reasoning_text.delta', ...place, content_index: 0, delta: 'I' },
      { type: 'response.custom_tool_call_input.delta', output_index: 1, delta: 'ls' },
      { type: 'response.refusal.delta', output_index: 2, content_index: 0, delta: 'No' },
      { type: 'response.output_text.delta', output_index: 1e9, content_index: 0, delta: 'x' },
      { type: 'response.output_text.delta', output_index: '__proto__', content_index: 0, delta: 'x' },
    ]
    const { client } = await setUp(t, [named([...events, 'event: ping\ndata: {}\n\n', ...eventsOf(['a']).slice(-1)])])
    const stream = client.responses.stream({ model: 'm', input: 'hi' })
    let last
    stream.on('event', () => (last = structuredClone(stream.currentResponseSnapshot.output)))
    stream.on('response.completed', () => assert.equal(stream.currentResponseSnapshot.output_text, 'a'))
    const before = stream.emitted('response.refusal.delta').then(() => structuredClone(last))
    await stream.done()
    assert.deepEqual(await before, [
      { summary: [{ type: 'summary_text', text: 'Hm' }], content: [{ type: 'reasoning_text', text: 'I' }] }, { input: 'ls' },
      { content: [{ type: 'refusal', refusal: 'No' }] },
    ])
  })

  test('ends truncated, aborted and refused as every stream', async (t) => {
    const { host, client } = await setUp(t, [named(eventsOf(['Sun', 'ny.']).slice(0, 10)), named([...eventsOf(['Sun']).slice(0, 10), { type: 'x' }]), { status: 401, json: {} }])
    const ask = (...more) => client.responses.stream({ model: 'm', input: 'hi' }, ...more)
    assert.ok((await failure(ask().finalResponse())) instanceof StreamTruncatedError)
    for await (const _ of ask()) break
    await host.closed()
    assert.equal((await failure(ask().done())).status, 401)
    assert.ok((await failure(ask({}, { signal: AbortSignal.abort() }).done())) instanceof APIUserAbortError)
    for (const bad of [undefined, 7]) assert.ok((await failure(client.responses.stream(bad).done())) instanceof ConfigError)
    const cut = ResponseStream.fromReadableStream(ReadableStream.from(eventsOf(['a']).slice(0, 3).map((event) => `${JSON.stringify(event)}\n`)))
    assert.ok((await failure(cut.done())) instanceof StreamTruncatedError)
  })

  test('goes on with a response that is under way', async (t) => {
    const { host, client } = await setUp(t, [named(eventsOf(['Sun', 'ny.']))])
    const stream = client.responses.stream({ response_id: 'resp_1', starting_after: 9 })
    const { items } = await collect(stream)
    assert.deepEqual(items.map(({ sequence_number }) => sequence_number), [10, 11, 12, 13, 14])
    assert.equal((await stream.finalResponse()).output_text, 'Sunny.')
    assert.match(`${host.last.method} ${host.last.path}`, /^GET \/v1\/responses\/resp_1\?stream=true/)
  })
})

describe('a response is read in the shape of', () => {
  const City = z.object({ city: z.string() })
  const shapes = {
    'zod 4': jsonSchemaTextFormat('city', City),
    'a JSON Schema': jsonSchemaTextFormat('city', { type: 'object' }),
    'a JSON Schema that is written out': { type: 'json_schema', name: 'city', schema: { type: 'object' } },
    zodTextFormat: zodTextFormat(City, 'city'),
  }
  for (const [name, format] of Object.entries(shapes)) {
    test(name, async (t) => {
      const text = '{"city":"Paris"}'
      const { host, client } = await setUp(t, (request) => (request.json().stream ? named(eventsOf([text])) : { json: response([called(text), message(text)]) }))
      const body = { model: 'm', input: 'hi', text: { format }, tools: [zodResponsesFunction({ name: 'weather', parameters: City })] }
      for (const read of [await client.responses.parse(body), await client.responses.stream(body).finalResponse()]) {
        assert.deepEqual([read.output_parsed, read.output[0].parsed_arguments, read.output[1].content[0].parsed], [{ city: 'Paris' }, { city: 'Paris' }, { city: 'Paris' }])
        assert.equal(read.getGateway().attempts.length, 1)
        assert.deepEqual([host.last.json().text.format.name, host.last.json().text.format.type], ['city', 'json_schema'])
      }
    })
  }

  test('no value where it does not fit, was cut off, or no shape was asked for', async (t) => {
    const { host, client } = await setUp(t, [{ json: response([message('{"city":7}')]) }])
    const body = { model: 'm', input: 'hi', text: { format: shapes['zod 4'] } }
    const error = await failure(client.responses.parse(body))
    assert.ok(error instanceof SchemaMismatchError)
    assert.equal(error.gateway.attempts[0].status, 200)
    host.answer([{ json: response([message('{"ci')], 'incomplete') }])
    assert.equal((await client.responses.parse(body)).output_parsed, null)
    host.answer([{ json: response([message('{}')]) }])
    assert.equal((await client.responses.parse({ model: 'm', input: 'hi' })).output_parsed, null)
    for (const bad of [undefined, { ...body, stream: true }]) assert.ok((await failure(client.responses.parse(bad))) instanceof ConfigError)
  })
})
