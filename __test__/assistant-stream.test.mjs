// Streamed runs: their events are those of the openai package, told the same bytes; and the ways in which they end.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import OpenAI from 'openai'
import { AssistantStream as TheirStream } from 'openai/lib/AssistantStream'
import Portkey, { APIError, APIUserAbortError, AssistantStream, AuthenticationError, ConfigError, StreamTruncatedError } from '../index.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { collect } from './support/recorded.mjs'

const run = (status, more) => ({ id: 'run_1', object: 'thread.run', thread_id: 't', status, ...more })
const message = (id, status, content = []) => ({ id, object: 'thread.message', role: 'assistant', status, content })
const step = (id, status, details) => ({ id, object: 'thread.run.step', status, type: details.type, step_details: details })
const calls = (...tool_calls) => ({ type: 'tool_calls', tool_calls })

const ran = (status, more) => ({ event: `thread.run.${status}`, data: run(status, more) })
const stepped = (id, status, details, name = status) => ({ event: `thread.run.step.${name}`, data: step(id, status, details) })
const calling = (id, ...tool_calls) => ({ event: 'thread.run.step.delta', data: { id, object: 'thread.run.step.delta', delta: { step_details: calls(...tool_calls) } } })
const said = (id, ...content) => ({ event: 'thread.message.delta', data: { id, object: 'thread.message.delta', delta: { content } } })
const messaged = (id, name, content) => ({ event: `thread.message.${name}`, data: message(id, name === 'created' ? 'in_progress' : name, content) })

const text = (value, annotations = []) => ({ type: 'text', text: { value, annotations } })
const CITED = { index: 0, type: 'file_citation', text: '[1]', start_index: 3, end_index: 6, file_citation: { file_id: 'f' } }
const FUNCTION = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}', output: null } }
const CODE = { id: 'call_2', type: 'code_interpreter', code_interpreter: { input: '1+1', outputs: [{ type: 'logs', logs: '2' }] } }

/** A run that calls two tools in one step, says a text with a citation, shows an image, and says something more. */
const WHOLE = [
  { event: 'thread.created', data: { id: 't', object: 'thread' } },
  ran('created'), ran('queued'), ran('in_progress'),
  stepped('s1', 'in_progress', calls(), 'created'), stepped('s1', 'in_progress', calls()),
  calling('s1', { index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '', output: null } }),
  calling('s1', { index: 0, type: 'function', function: { arguments: '{"city":' } }),
  calling('s1', { index: 0, type: 'function', function: { arguments: '"Paris"}' } }),
  calling('s1', { index: 1, id: 'call_2', type: 'code_interpreter', code_interpreter: { input: '1+', outputs: [] } }),
  calling('s1', { index: 1, type: 'code_interpreter', code_interpreter: { input: '1' } }),
  calling('s1', { index: 1, type: 'code_interpreter', code_interpreter: { outputs: [{ index: 0, type: 'logs', logs: '2' }] } }),
  stepped('s1', 'completed', calls(FUNCTION, CODE)),
  stepped('s2', 'in_progress', { type: 'message_creation', message_creation: { message_id: 'm1' } }, 'created'),
  messaged('m1', 'created'), messaged('m1', 'in_progress'),
  said('m1', { index: 0, ...text('Sun') }), said('m1', { index: 0, type: 'text', text: { value: 'ny' } }),
  said('m1', { index: 0, type: 'text', text: { value: '[1]', annotations: [CITED] } }),
  said('m1', { index: 1, type: 'image_file', image_file: { file_id: 'file-1' } }),
  said('m1', { index: 2, ...text('So.') }),
  messaged('m1', 'completed', [text('Sunny[1]', [CITED]), { type: 'image_file', image_file: { file_id: 'file-1' } }, text('So.')]),
  stepped('s2', 'completed', { type: 'message_creation', message_creation: { message_id: 'm1' } }),
  ran('completed', { usage: { total_tokens: 3 } }),
]

const NAMES = [
  'event', 'messageCreated', 'messageDelta', 'messageDone', 'runStepCreated', 'runStepDelta', 'runStepDone', 'toolCallCreated',
  'toolCallDelta', 'toolCallDone', 'textCreated', 'textDelta', 'textDone', 'imageFileDone', 'end',
]

const bytes = (events, last = ['event: done\ndata: [DONE]\n\n']) => ({
  headers: { 'content-type': 'text/event-stream' },
  chunks: [...events.map(({ event, data }) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`), ...last],
})

async function setUp(t, script = [bytes(WHOLE)]) {
  const host = await hostFor(t, script)
  return { host, client: new Portkey({ customHost: host.url, maxRetries: 0 }) }
}

/** Every event as it is told: values that change later are copied at once. */
function told(stream, names = NAMES) {
  const events = []
  for (const name of names) stream.on(name, (...values) => events.push([name, ...values.map((value) => structuredClone(value))]))
  return events
}

/** The openai package shows a message as its deltas left it where its last part is done; here it is as the host told of its end. */
const sameForBoth = (events) => events.map(([name, value, whole]) => [name, value, name === 'textDone' && whole ? { ...whole, status: null, content: whole.content.map(({ index, ...part }) => part) } : whole])

const BODY = { assistant_id: 'a' }
const OUTPUTS = { thread_id: 't', tool_outputs: [{ tool_call_id: 'call_1', output: 'sun' }] }
/** The ways to a streamed run, here and in the openai package, and the request that each is. */
const WAYS = {
  'runs.stream': [({ beta }) => beta.threads.runs.stream('t', BODY), '/v1/threads/t/runs', BODY],
  'runs.createAndStream': [({ beta }) => beta.threads.runs.createAndStream('t', BODY), '/v1/threads/t/runs', BODY],
  createAndRunStream: [({ beta }) => beta.threads.createAndRunStream(BODY), '/v1/threads/runs', BODY],
  'runs.submitToolOutputsStream': [({ beta }) => beta.threads.runs.submitToolOutputsStream('run_1', OUTPUTS), '/v1/threads/t/runs/run_1/submit_tool_outputs', { tool_outputs: OUTPUTS.tool_outputs }],
}

describe('a streamed run tells what the openai package tells', () => {
  for (const [name, [ask, path, body]] of Object.entries(WAYS)) {
    test(name, async (t) => {
      const { host, client } = await setUp(t)
      const stream = await ask(client)
      assert.ok(stream instanceof AssistantStream)
      const ours = told(stream)
      const finals = [await stream.finalRun(), await stream.finalRunSteps()]
      assert.equal(`${host.last.method} ${host.last.path}`, `POST ${path}`)
      assert.deepEqual([host.last.json(), host.last.headers['openai-beta']], [{ ...body, stream: true }, 'assistants=v2'])

      const theirStream = await ask(new OpenAI({ apiKey: 'k', baseURL: host.url }))
      const theirs = told(theirStream)
      assert.deepEqual(finals, [await theirStream.finalRun(), await theirStream.finalRunSteps()])
      assert.deepEqual(sameForBoth(ours), sameForBoth(theirs))
      assert.deepEqual(ours.filter(([event]) => event === 'event').map(([, event]) => event), WHOLE)
    })
  }
})

describe('a streamed run', () => {
  test('tells each piece in its order', async (t) => {
    const { client } = await setUp(t)
    const stream = client.beta.threads.runs.stream('t', BODY)
    const events = told(stream, ['connect', 'run', ...NAMES.slice(1)])
    await stream.done()
    assert.deepEqual(events.map(([name]) => name), [
      'connect', 'run', 'run', 'run', 'runStepCreated',
      'toolCallCreated', 'runStepDelta', 'toolCallDelta', 'runStepDelta', 'toolCallDelta', 'runStepDelta',
      'toolCallDone', 'toolCallCreated', 'runStepDelta', 'toolCallDelta', 'runStepDelta', 'toolCallDelta', 'runStepDelta', 'toolCallDone', 'runStepDone',
      'runStepCreated', 'messageCreated', 'textCreated', 'messageDelta', 'textDelta', 'messageDelta', 'textDelta', 'messageDelta', 'textDelta',
      'messageDelta', 'textDone', 'textCreated', 'messageDelta', 'textDelta', 'imageFileDone', 'textDone', 'messageDone', 'runStepDone', 'run', 'end',
    ])
    const deltas = events.filter(([name]) => name === 'textDelta').map(([, delta, whole]) => [delta.value, whole.value])
    assert.deepEqual(deltas, [['Sun', 'Sun'], ['ny', 'Sunny'], ['[1]', 'Sunny[1]'], ['So.', 'So.']])
  })

  test('has what is under way, what it came to, and the facts around it', async (t) => {
    const { client } = await setUp(t)
    const stream = client.beta.threads.runs.stream('t', BODY, { traceID: 'trace-1' })
    const seen = []
    stream.on('event', ({ event }) => {
      assert.equal(stream.currentEvent().event, event)
      seen.push([stream.currentRun()?.status, stream.currentRunStepSnapshot()?.id, stream.currentMessageSnapshot()?.content[0]?.text?.value])
    })
    assert.deepEqual(await stream.finalMessages(), [WHOLE.at(-3).data])
    assert.deepEqual(await stream.finalRunSteps(), [WHOLE[12].data, WHOLE.at(-2).data])
    assert.deepEqual([(await stream.finalRun()).usage, stream.currentMessageSnapshot(), stream.currentRunStepSnapshot()], [{ total_tokens: 3 }, undefined, undefined])
    // What an event adds is there once it was told.
    assert.deepEqual([seen[0], seen[6], seen[17], seen[22]], [
      [undefined, undefined, undefined], ['in_progress', 's1', undefined], ['in_progress', 's2', 'Sun'], ['in_progress', 's2', undefined],
    ])
    assert.deepEqual([stream.getHeaders()['trace-id'], stream.getGateway().attempts.length], ['trace-1', 1])
  })

  test('gives the events as the host sent them, to readers and to other processes', async (t) => {
    const { client } = await setUp(t)
    const ask = () => client.beta.threads.runs.stream('t', BODY)
    assert.deepEqual(await collect(ask()), { items: WHOLE, error: undefined })
    for (const Far of [AssistantStream, TheirStream]) {
      const far = Far.fromReadableStream(ask().toReadableStream())
      const events = told(far)
      assert.equal((await far.finalMessages())[0].content[2].text.value, 'So.')
      assert.equal(events.filter(([name]) => name === 'event').length, WHOLE.length)
    }
    const near = AssistantStream.fromReadableStream(new OpenAI({ apiKey: 'k', baseURL: client.customHost }).beta.threads.runs.stream('t', BODY).toReadableStream())
    assert.equal((await near.finalRun()).status, 'completed')
  })

  test('is what stream: true gives, and waits until someone listens', async (t) => {
    const { host, client } = await setUp(t)
    const { threads } = client.beta
    const asked = [threads.runs.create('t', { ...BODY, stream: true }), threads.createAndRun({ ...BODY, stream: true }), threads.runs.submitToolOutputs('run_1', { ...OUTPUTS, stream: true })]
    for (const call of asked) {
      const { data: stream, response } = await call.withResponse()
      assert.deepEqual([stream instanceof AssistantStream, response.status, stream.getHeaders().provider], [true, 200, 'openai'])
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
      assert.deepEqual((await collect(stream)).items, WHOLE)
    }
    const late = await threads.runs.create('t', BODY, null, { stream: true })
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
    assert.equal((await late.emitted('textDone')).value, 'Sunny[1]')
    host.answer([{ json: run('queued') }])
    assert.equal((await threads.runs.create('t', BODY)).status, 'queued')
  })

  test('is sent on by its response as it came', async (t) => {
    const { client } = await setUp(t)
    const { body } = await client.beta.threads.runs.create('t', { ...BODY, stream: true }).asResponse()
    assert.equal(await new Response(body).text(), bytes(WHOLE, ['data: [DONE]\n\n']).chunks.join(''))
    const openai = new OpenAI({ apiKey: 'k', fetch: client.fetch })
    const theirs = openai.beta.threads.runs.stream('t', BODY)
    assert.deepEqual((await collect(theirs)).items, WHOLE)
  })

  test('may end with something that is required, and go on', async (t) => {
    const required = ran('requires_action', { required_action: { type: 'submit_tool_outputs', submit_tool_outputs: { tool_calls: [FUNCTION] } } })
    const { host, client } = await setUp(t, [bytes([ran('created'), stepped('s1', 'in_progress', calls(), 'created'), calling('s1', { index: 0, ...FUNCTION }), required]), bytes(WHOLE.slice(13))])
    const stream = client.beta.threads.runs.stream('t', BODY)
    const names = told(stream, ['toolCallCreated', 'toolCallDone'])
    const { required_action } = await stream.finalRun()
    assert.deepEqual(names.map(([name]) => name), ['toolCallCreated', 'toolCallDone'])
    const [call] = required_action.submit_tool_outputs.tool_calls
    const rest = client.beta.threads.runs.submitToolOutputsStream('run_1', { thread_id: 't', tool_outputs: [{ tool_call_id: call.id, output: 'sun' }] })
    assert.equal((await rest.finalRun()).status, 'completed')
    assert.equal(host.last.json().tool_outputs[0].tool_call_id, 'call_1')
  })

  test('is understood where a host leaves things out or says them twice', async (t) => {
    const odd = [
      calling('s1', { index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{' } }, { index: 1e9, type: 'function' }, { index: '__proto__' }, null),
      calling('s1', { index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '}' } }),
      stepped('s1', 'completed', calls(FUNCTION)),
      calling('s3', { index: 0, id: 'call_3', type: 'function', function: { name: 'time', arguments: '{}' } }),
      stepped('s3', 'completed', calls(FUNCTION)),
      said('m1', { index: 1, ...text('a') }), messaged('m1', 'completed', [text(''), text('a')]),
      said('m2', { index: 0, ...text('b') }, { index: -1, ...text('x') }, 7), messaged('m2', 'incomplete', [text('b')]),
      { event: 'thread.message.delta', data: { id: 'm3' } }, { event: 'thread.message.later', data: { id: 'm4', content: null } },
      JSON.parse('{"event":"thread.message.delta","data":{"id":"m5","delta":{"__proto__":{"polluted":1}}}}'),
      { event: 'thread.run.step.delta', data: { id: 's4', delta: null } }, { event: 'thread.x', data: 7 }, ran('completed'),
    ]
    const { client } = await setUp(t, [bytes(odd)])
    const stream = client.beta.threads.runs.stream('t', BODY)
    const events = told(stream, ['toolCallCreated', 'toolCallDelta', 'toolCallDone', 'textCreated', 'textDone'])
    await stream.done()
    assert.deepEqual(events.map(([name, value]) => [name, value.function?.arguments ?? value.value]), [
      ['toolCallCreated', '{'], ['toolCallDelta', '}'], ['toolCallDone', '{}'], ['toolCallCreated', '{}'], ['toolCallDone', '{}'],
      ['textCreated', 'a'], ['textDone', 'a'], ['textCreated', 'b'], ['textDone', 'b'],
    ])
    assert.deepEqual([events[2][1].id, events[2][1].function.name, {}.polluted], ['call_1', 'weather', undefined])
  })

  test('holds the host back for a slow reader, and not where the end is awaited', async (t) => {
    const many = Array.from({ length: 2000 }, (_, index) => said('m1', { index: 0, ...text(String(index)) }))
    const { client } = await setUp(t, [bytes([messaged('m1', 'created'), ...many, ran('completed')])])
    const stream = client.beta.threads.runs.stream('t', BODY)
    const reader = stream[Symbol.asyncIterator]()
    await reader.next()
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    assert.equal(stream.ended, false)
    await stream.done()
    assert.equal(stream.ended, true)
  })
})

describe('a streamed run ends', () => {
  const half = WHOLE.slice(0, 18)

  test('truncated where the host breaks off, with what has come', async (t) => {
    const { client } = await setUp(t, [bytes(half, ['cut']), bytes(half)])
    for (let time = 0; time < 2; time++) {
      const error = await failure(client.beta.threads.runs.stream('t', BODY).finalRun())
      assert.ok(error instanceof StreamTruncatedError, error.stack)
    }
    const far = AssistantStream.fromReadableStream(ReadableStream.from(half.map((event) => `${JSON.stringify(event)}\n`)))
    assert.equal((await failure(far.finalMessages())).partial.text, 'Sunny')
  })

  test('with the error that the host tells, before the stream and in it', async (t) => {
    const told = ['event: error\ndata: {"code":"server_error","message":"it broke"}\n\n']
    const { client } = await setUp(t, [{ status: 401, json: {} }, { status: 401, json: {} }, bytes(half, told)])
    assert.ok((await failure(client.beta.threads.runs.create('t', { ...BODY, stream: true }))) instanceof AuthenticationError)
    assert.ok((await failure(client.beta.threads.runs.stream('t', BODY).done())) instanceof AuthenticationError)
    const error = await failure(client.beta.threads.runs.stream('t', BODY).done())
    assert.ok(error instanceof APIError)
    assert.match(error.message, /it broke/)
  })

  test('with ConfigError where nothing can be sent', async (t) => {
    const { host, client } = await setUp(t)
    const { threads } = client.beta
    for (const bad of [() => threads.runs.stream('t'), () => threads.runs.stream(7, BODY), () => threads.createAndRunStream([]), () => threads.runs.submitToolOutputsStream('r', {})]) {
      assert.ok((await failure(bad().done())) instanceof ConfigError)
    }
    assert.equal(host.requests.length, 0)
  })

  test('aborted, however it was asked for, and closes the connection', async (t) => {
    const { host, client } = await setUp(t, [bytes(half, ['hang'])])
    const streaming = { ...BODY, stream: true }
    const { runs } = client.beta.threads
    const abort = new AbortController()
    const ways = [
      [() => runs.stream('t', BODY), (stream) => stream.abort()],
      [() => runs.create('t', streaming), (stream) => stream.controller.abort()],
      [() => runs.create('t', streaming, null, { signal: abort.signal }), () => abort.abort()],
      [() => runs.stream('t', BODY, null, { signal: abort.signal }), () => {}],
    ]
    for (const [begin, stop] of ways) {
      const stream = await begin()
      stream.once('textDelta', () => stop(stream))
      const aborted = stream.emitted('abort')
      assert.ok((await failure(stream.done())) instanceof APIUserAbortError)
      assert.ok((await aborted) instanceof APIUserAbortError)
      assert.deepEqual([stream.aborted, stream.errored, stream.ended], [true, true, true])
    }
    for await (const _ of runs.stream('t', BODY)) break
    for (const { closed } of host.accepted) await closed
  })
})
