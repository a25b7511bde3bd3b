// Methods that are made of several requests: they look as often as they are told, and an abort ends them at once.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { APIConnectionTimeoutError, APIUserAbortError, ConfigError } from 'portkey-native'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'

const run = (status) => ({ json: { id: 'run_1', thread_id: 'thread_1', status } })
const file = (status) => ({ json: { id: 'file_1', status } })
const QUICK = { pollIntervalMs: 1 }
const sent = (host) => host.requests.map(({ method, path }) => `${method} ${path.slice('/v1'.length)}`)

describe('a run', () => {
  test('is begun and asked for until it has ended', async (t) => {
    const host = await hostFor(t, [run('queued'), run('queued'), run('in_progress'), run('completed')])
    const client = new Portkey({ customHost: host.url })
    const ended = await client.beta.threads.runs.createAndPoll('thread_1', { assistant_id: 'a' }, { traceID: 't' }, { ...QUICK, headers: { 'x-a': 'b' } })
    assert.equal(ended.status, 'completed')
    assert.equal(ended.getHeaders()['trace-id'], 't')
    assert.deepEqual(sent(host), ['POST /threads/thread_1/runs', ...Array(3).fill('GET /threads/thread_1/runs/run_1')])
    for (const { headers } of host.requests) {
      assert.equal(headers['x-a'], 'b')
      assert.equal(headers['openai-beta'], 'assistants=v2')
    }
    assert.deepEqual(host.requests[0].json(), { assistant_id: 'a' })
  })

  test('of a thread of its own is asked for there, and so is one that gets what its tools gave', async (t) => {
    const host = await hostFor(t, [run('queued'), run('requires_action'), run('queued'), run('expired')])
    const client = new Portkey({ customHost: host.url })
    const first = await client.beta.threads.createAndRunPoll({ assistant_id: 'a' }, null, QUICK)
    assert.equal(first.status, 'requires_action')
    const second = await client.beta.threads.runs.submitToolOutputsAndPoll('run_1', { thread_id: 'thread_1', tool_outputs: [] }, null, QUICK)
    assert.equal(second.status, 'expired')
    assert.deepEqual(sent(host), [
      'POST /threads/runs', 'GET /threads/thread_1/runs/run_1', 'POST /threads/thread_1/runs/run_1/submit_tool_outputs', 'GET /threads/thread_1/runs/run_1',
    ])
    assert.deepEqual(host.requests[2].json(), { tool_outputs: [] })
  })

  test('is asked for when the host says, unless the caller says', async (t) => {
    const soon = { ...run('queued'), headers: { 'openai-poll-after-ms': '1' } }
    const host = await hostFor(t, [soon, soon, run('cancelled')])
    const client = new Portkey({ customHost: host.url })
    assert.equal((await client.beta.threads.runs.poll('run_1', { thread_id: 'thread_1' })).status, 'cancelled')
    const late = await hostFor(t, [{ ...run('queued'), headers: { 'openai-poll-after-ms': '600000' } }, run('failed')])
    const other = new Portkey({ customHost: late.url })
    assert.equal((await other.beta.threads.runs.poll('run_1', { thread_id: 'thread_1' }, null, QUICK)).status, 'failed')
  })

  test('is waited for no longer than its signal allows', async (t) => {
    const host = await hostFor(t, [run('queued')])
    const client = new Portkey({ customHost: host.url })
    const controller = new AbortController()
    const waiting = client.beta.threads.runs.poll('run_1', { thread_id: 'thread_1' }, null, { signal: controller.signal, pollIntervalMs: 600_000 })
    while (host.requests.length === 0) await new Promise(setImmediate)
    controller.abort()
    assert.ok((await failure(waiting)) instanceof APIUserAbortError)
  })

  test('that is streamed comes as events with their names', async (t) => {
    const events = [['thread.run.created', { id: 'run_1' }], ['thread.message.delta', { id: 'm' }], ['thread.run.completed', { id: 'run_1' }]]
    const text = events.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join('')
    const host = await hostFor(t, [{ chunks: [`${text}event: done\ndata: [DONE]\n\n`], headers: { 'content-type': 'text/event-stream' } }])
    const client = new Portkey({ customHost: host.url })
    const body = { assistant_id: 'a' }
    const { threads } = client.beta
    const streams = [
      threads.runs.stream('thread_1', body), threads.runs.createAndStream('thread_1', body), threads.createAndRunStream(body),
      threads.runs.submitToolOutputsStream('run_1', { thread_id: 'thread_1', tool_outputs: [] }), threads.runs.create('thread_1', { ...body, stream: true, include: ['x'] }),
    ]
    for (const stream of await Promise.all(streams)) {
      const read = []
      for await (const { event, data } of stream) read.push([event, data])
      assert.deepEqual(read, events)
    }
    assert.ok(host.requests.every((request) => request.json().stream === true))
    assert.ok(sent(host).includes('POST /threads/thread_1/runs?include%5B%5D=x'))
    assert.ok(host.requests.every((request) => !('include' in request.json())))
  })
})

describe('files', () => {
  test('are waited for until they are processed, and no longer than is said', async (t) => {
    const host = await hostFor(t, [file('uploaded'), file('uploaded'), file('processed')])
    const client = new Portkey({ customHost: host.url })
    assert.equal((await client.files.waitForProcessing('file_1', { pollInterval: 1 })).status, 'processed')
    const slow = new Portkey({ customHost: (await hostFor(t, [file('uploaded')])).url })
    const error = await failure(slow.files.waitForProcessing('file_1', { pollInterval: 1, maxWait: 3 }))
    assert.ok(error instanceof APIConnectionTimeoutError)
    assert.match(error.message, /3 ms; its status is uploaded/)
  })

  test('of a vector store are uploaded, added and waited for', async (t) => {
    const host = await hostFor(t, [{ json: { id: 'file_1' } }, { json: { id: 'vsf_1', status: 'in_progress' } }, { json: { id: 'vsf_1', status: 'completed' } }])
    const client = new Portkey({ customHost: host.url })
    const added = await client.vectorStores.files.uploadAndPoll('vs_1', new File(['text'], 'a.txt'), null, QUICK)
    assert.equal(added.status, 'completed')
    assert.deepEqual(sent(host), ['POST /files', 'POST /vector_stores/vs_1/files', 'GET /vector_stores/vs_1/files/vsf_1'])
    assert.match(host.requests[0].text, /name="purpose"\r\n\r\nassistants/)
    assert.deepEqual(host.requests[1].json(), { file_id: 'file_1' })
  })

  test('of a batch are uploaded a few at a time, and keep their order', async (t) => {
    let under = 0
    let most = 0
    const host = await hostFor(t, async (request) => {
      if (!request.path.endsWith('/files')) return { json: { id: 'b', status: 'completed' } }
      most = Math.max(most, ++under)
      await new Promise((resolve) => setImmediate(resolve))
      under -= 1
      return { json: { id: /filename="(.)"/.exec(request.text)[1] } }
    })
    const client = new Portkey({ customHost: host.url })
    const files = ['a', 'b', 'c', 'd', 'e'].map((name) => new File(['x'], name))
    const batch = await client.vectorStores.fileBatches.uploadAndPoll('vs_1', { files, fileIds: ['had'] }, null, { ...QUICK, maxConcurrency: 2 })
    assert.equal(batch.status, 'completed')
    assert.ok(most <= 2, `${most} at once`)
    const created = host.requests.find(({ path }) => path === '/v1/vector_stores/vs_1/file_batches')
    assert.deepEqual(created.json(), { file_ids: ['had', 'a', 'b', 'c', 'd', 'e'] })
    assert.ok((await failure(client.vectorStores.fileBatches.uploadAndPoll('vs_1', { files: [] }))) instanceof ConfigError)
  })
})

test("a batch's output is the file that it has, or an endpoint of a gateway", async (t) => {
  const lines = '{"custom_id":"1"}\n{"custom_id":"2"}\n'
  const host = await hostFor(t, ({ path }) => (path.endsWith('/content') ? { text: lines } : { json: { id: 'batch_1', status: 'completed', output_file_id: 'file_1' } }))
  assert.equal(await new Portkey({ customHost: host.url }).batches.output('batch_1'), lines)
  assert.deepEqual(sent(host), ['GET /batches/batch_1', 'GET /files/file_1/content'])
  const gateway = await hostFor(t, [{ text: lines }])
  assert.equal(await new Portkey({ baseURL: gateway.url }).batches.output('batch_1'), lines)
  assert.deepEqual(sent(gateway), ['GET /batches/batch_1/output'])
  const open = await hostFor(t, [{ json: { id: 'batch_1', status: 'in_progress' } }])
  assert.match((await failure(new Portkey({ customHost: open.url }).batches.output('batch_1'))).message, /no output: its status is in_progress/)
})

test('options of polling that cannot be acted on are refused', async (t) => {
  const host = await hostFor(t, [run('queued')])
  const client = new Portkey({ customHost: host.url })
  for (const [opts, message] of [[{ pollIntervalMs: -1 }, /pollIntervalMs: expected a number ≥ 0, got -1/], [{ pollIntervalMs: '5' }, /got string/], [{ maxConcurrency: 0 }, /≥ 1/]]) {
    const error = await failure(client.beta.threads.runs.poll('run_1', { thread_id: 'thread_1' }, null, opts))
    assert.ok(error instanceof ConfigError)
    assert.match(error.message, message)
  }
  assert.equal(host.requests.length, 0)
})
