// Usage in streams: who is asked for it, who sees the chunk that it brings, and hosts that refuse to tell.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey from '../index.mjs'
import { MESSAGES, chatChunks, completion, envelope, usageChunk } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'

const BODY = { model: 'm', messages: MESSAGES, stream: true }
const USAGE = { input: 9, output: 5, cached: 0, written: 0, reasoning: 0, estimated: false }
const ASKED = 'stream_options.include_usage was asked for, to count what the call uses; its chunk is not handed on'
const REFUSED = 'stream_options was left out again, since the host answered with an error: the usage is an estimate'

/** As OpenAI's hosts do it: a chunk of usage where it was asked for. */
const counts = (request) => ({ sse: request.json().stream_options?.include_usage ? [...chatChunks(), usageChunk()] : chatChunks() })

/** One stream's chunks, its report, and the call's record. */
async function streamed(options, more, params) {
  let record
  const told = new Promise((resolve) => (record = resolve))
  const client = new Portkey({ onRecord: record, maxRetries: 0, ...options })
  const stream = await client.chat.completions.create({ ...BODY, ...more }, params)
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  return { client, chunks, gateway: stream.getGateway(), record: options.onRecord === null ? undefined : await told }
}

describe('a stream that is recorded', { concurrency: true, timeout: 30_000 }, () => {
  test('asks for its usage, and hands on no chunk that the caller did not ask for', async (t) => {
    const host = await hostFor(t, counts)
    const { chunks, gateway, record } = await streamed({ customHost: host.url })
    assert.equal(host.last.body.toString(), JSON.stringify({ ...BODY, stream_options: { include_usage: true } }))
    assert.deepEqual(chunks, chatChunks())
    assert.deepEqual(gateway.changes, [ASKED])
    assert.deepEqual(gateway.usage, usageChunk().usage)
    assert.deepEqual(record.usage, USAGE)
  })

  test('leaves a caller who asked the chunk, and the words of one who said something else', async (t) => {
    const host = await hostFor(t, counts)
    const asked = await streamed({ customHost: host.url }, { stream_options: { include_usage: true } })
    assert.deepEqual(asked.chunks.at(-1), usageChunk())
    assert.deepEqual(asked.gateway.changes, [])
    const declined = await streamed({ customHost: host.url }, { stream_options: { include_usage: false } })
    assert.deepEqual(host.last.json().stream_options, { include_usage: false })
    assert.equal(declined.record.usage.estimated, true)
  })

  test('is counted by its price too, and goes out as it is where nobody counts', async (t) => {
    const host = await hostFor(t, counts)
    const priced = await streamed({ customHost: host.url, onRecord: null, pricing: { input: 1, output: 2 } })
    assert.equal(priced.gateway.cost, (9 + 5 * 2) / 1e6)
    const plain = await streamed({ customHost: host.url, onRecord: null })
    assert.equal(host.last.body.toString(), JSON.stringify(BODY))
    assert.deepEqual(plain.gateway.changes, [])
  })

  test('is asked or left alone as streamUsage says, for all and for one call', async (t) => {
    const host = await hostFor(t, counts)
    const off = await streamed({ customHost: host.url, streamUsage: false })
    assert.equal(host.last.body.toString(), JSON.stringify(BODY))
    assert.equal(off.record.usage.estimated, true)
    const on = await streamed({ customHost: host.url, onRecord: null, streamUsage: true })
    assert.deepEqual(on.gateway.usage, usageChunk().usage)
    await streamed({ customHost: host.url }, {}, { streamUsage: false })
    assert.equal(host.last.json().stream_options, undefined)
    await streamed({ config: { provider: 'openai', custom_host: host.url, stream_usage: false } })
    assert.equal(host.last.json().stream_options, undefined)
    assert.throws(() => new Portkey({ customHost: host.url, streamUsage: 'yes' }), /streamUsage: expected/)
  })

  test('keeps a chunk whose usage comes with a choice', async (t) => {
    const [last, ...before] = chatChunks().reverse()
    const whole = [...before.reverse(), { ...last, usage: usageChunk().usage }]
    const host = await hostFor(t, [{ sse: whole }])
    const { chunks, record } = await streamed({ customHost: host.url })
    assert.deepEqual(chunks, whole)
    assert.deepEqual(record.usage, USAGE)
  })

  test('asks providers that need to be asked, and no others', async (t) => {
    const host = await hostFor(t, counts)
    for (const [provider, asks] of [['vllm', true], ['llamacpp', true], ['ollama', true], ['deepseek', true], ['mistral-ai', false], ['together-ai', false], ['perplexity-ai', false]]) {
      const { chunks } = await streamed({ provider, customHost: host.url, Authorization: 'Bearer x' })
      assert.equal(host.last.json().stream_options !== undefined, asks, provider)
      assert.ok(chunks.every(({ choices }) => choices.length > 0), provider)
    }
  })
})

describe('a host that refuses the parameter', { concurrency: true, timeout: 30_000 }, () => {
  const refuses = (status) => (request) => request.json().stream_options ? { status, json: envelope('Extra inputs are not permitted') } : counts(request)

  test('is asked again without it, and no more in later calls', async (t) => {
    for (const status of [400, 422]) {
      const host = await hostFor(t, refuses(status))
      const { client, chunks, gateway, record } = await streamed({ customHost: host.url })
      assert.deepEqual(chunks, chatChunks())
      assert.deepEqual(gateway.changes, [REFUSED])
      assert.deepEqual(gateway.attempts.map(({ status, retryReason }) => [status, retryReason]), [[status, null], [200, 'without stream_options']])
      assert.equal(record.usage.estimated, true)
      for await (const _ of await client.chat.completions.create(BODY));
      assert.equal(host.requests.length, 3)
    }
  })

  test('gives its own error where that is about something else', async (t) => {
    const host = await hostFor(t, [{ status: 400, json: envelope('no such model') }])
    const client = new Portkey({ customHost: host.url, onRecord() {} })
    const error = await failure(client.chat.completions.create(BODY))
    assert.match(error.message, /no such model/)
    assert.equal(host.requests.length, 2)
  })

  test('is asked once where it took the parameter before', async (t) => {
    const host = await hostFor(t, [{ sse: [...chatChunks(), usageChunk()] }, { status: 400, json: envelope('too long') }])
    const { client } = await streamed({ customHost: host.url })
    await failure(client.chat.completions.create(BODY))
    assert.equal(host.requests.length, 2)
  })
})

test('a stream from the cache is recorded with its usage, and shows it to those alone who ask', { timeout: 30_000 }, async (t) => {
  const host = await hostFor(t, counts)
  const records = []
  const client = new Portkey({ onRecord: (record) => records.push(record), config: { provider: 'openai', custom_host: host.url, cache: 'simple' } })
  const chunksOf = async (more) => {
    const stream = await client.chat.completions.create({ ...BODY, ...more })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    return chunks
  }
  for (let made = 0; made < 2; made++) assert.deepEqual(await chunksOf(), chatChunks())
  const whole = await chunksOf({ stream_options: { include_usage: true } })
  assert.deepEqual(whole, [...chatChunks(), usageChunk()])
  while (records.length < 3) await client.flush()
  assert.deepEqual(records.map(({ cache, usage }) => [cache, usage]), [['MISS', USAGE], ['HIT', USAGE], ['HIT', USAGE]])
  assert.equal(host.requests.length, 1)
})

test('answers in other formats have their usage as ever', { timeout: 30_000 }, async (t) => {
  const host = await hostFor(t, counts)
  const client = new Portkey({ provider: 'vllm', customHost: host.url, onRecord() {} })
  const events = []
  for await (const event of await client.messages.create({ model: 'm', max_tokens: 9, messages: MESSAGES, stream: true })) events.push(event)
  assert.equal(events.find(({ type }) => type === 'message_delta').usage.output_tokens, 5)
  const whole = await hostFor(t, [{ json: completion() }])
  await new Portkey({ customHost: whole.url, onRecord() {} }).chat.completions.create({ model: 'm', messages: MESSAGES })
  assert.equal(whole.last.json().stream_options, undefined)
})
