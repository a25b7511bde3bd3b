// What a stream gives its reader: chunks as the host sent them, the facts around them, and the ways to read it.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { APIError, AuthenticationError, Stream } from '../index.mjs'
import { MESSAGES, chatChunks, chunk, envelope, usageChunk } from './support/answers.mjs'
import { hostFor } from './support/host.mjs'
import { collect, textOf } from './support/recorded.mjs'

const WORDS = ['This', ' is', ' a', ' test.']
const ask = (client, body = {}, ...more) => client.chat.completions.create({ messages: MESSAGES, stream: true, ...body }, ...more)

async function setUp(t, script = [{ sse: chatChunks(WORDS) }]) {
  const host = await hostFor(t, script)
  return { host, client: new Portkey({ customHost: host.url }) }
}

describe('a stream', () => {
  test('gives the chunks of the host in their order', async (t) => {
    const { host, client } = await setUp(t)
    const stream = await ask(client)
    assert.ok(stream instanceof Stream)
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    assert.deepEqual(chunks, chatChunks(WORDS))
    assert.equal(host.last.json().stream, true)
    assert.equal(host.last.headers.accept, 'text/event-stream')
  })

  test('is opened by stream: true in the call options too', async (t) => {
    const { host, client } = await setUp(t)
    const { items } = await collect(client.chat.completions.create({ messages: MESSAGES }, undefined, { stream: true }))
    assert.deepEqual(items, chatChunks(WORDS))
    assert.deepEqual(host.last.json(), { messages: MESSAGES, stream: true })
  })

  test('hands over each chunk when it comes, not later', async (t) => {
    const steps = WORDS.map(() => Promise.withResolvers?.() ?? deferred())
    const { client } = await setUp(t, [{ sse: WORDS.flatMap((content, at) => [chunk({ content }), { pause: steps[at].promise }]) }])
    let at = 0
    for await (const { choices } of await ask(client)) {
      assert.equal(choices[0].delta.content, WORDS[at])
      // The host sends the next one only now.
      steps[at++].resolve()
    }
    assert.equal(at, WORDS.length)
  })

  test('brings the usage chunk that include_usage asks for, and reports it', async (t) => {
    const { host, client } = await setUp(t, [{ sse: [...chatChunks(WORDS), usageChunk()] }])
    const stream = await ask(client, { stream_options: { include_usage: true } })
    const { items } = await collect(stream)
    assert.deepEqual(items.at(-1), usageChunk())
    assert.deepEqual(items.at(-1).choices, [])
    assert.deepEqual(stream.getGateway().usage, usageChunk().usage)
    assert.deepEqual(host.last.json().stream_options, { include_usage: true })
  })

  test('gives tool call deltas in the pieces they came in', async (t) => {
    const pieces = [
      { role: 'assistant', content: null },
      { tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'weather' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"ci' } }] },
      { tool_calls: [{ index: 0, function: { arguments: 'ty":"Paris"}' } }, { index: 1, id: 'call_2', type: 'function', function: { name: 'time', arguments: '' } }] },
    ]
    const chunks = [...pieces.map((delta) => chunk(delta)), chunk({}, 'tool_calls')]
    const { client } = await setUp(t, [{ sse: chunks }])
    assert.deepEqual(await collect(ask(client)), { items: chunks, error: undefined })
  })

  test('keeps fields and shapes that nobody knows', async (t) => {
    const chunks = [
      { ...chunk({ content: 'a', reasoning_content: 'hm', x_own: [1, { deep: null }] }), timings: { ms: 1.5e-7 }, big: 1e21 },
      { choices: null, odd: true },
      { object: 'something.else' },
      [1, 2],
      chunk({}, 'stop'),
    ]
    const { client } = await setUp(t, [{ sse: chunks }])
    assert.deepEqual(await collect(ask(client)), { items: chunks, error: undefined })
  })

  test('gives each of many chunks that differ only in their text as its own', async (t) => {
    const padded = (content, obfuscation) => chunk({ content }, null, { usage: null, obfuscation })
    const texts = ['one', '', 'two "2"\n', 'é', '日本 \u{1f600}', '\ud83d', '{[', 'last']
    const choice = (index, content) => ({ index, delta: { content }, finish_reason: null })
    const chunks = [
      ...texts.map((content) => chunk({ content })),
      ...texts.map((content) => ({ ...chunk({ content }), created: 1700000001 })),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{' } }] }),
      chunk({ content: 'again' }),
      'a string', null, 0, ['text', 'padding'], [0, chunk({ content: 'x' })],
      ...texts.map((content, at) => padded(content, 'x'.repeat(at))),
      ...texts.map((content) => chunk({ role: 'assistant', content, audio: null, annotations: [] })),
      ...texts.map((content) => ({ ...chunk(), choices: [choice(0, content), choice(1, content)] })),
      ...texts.map((content) => ({ ...chunk(), choices: [choice(1, content)] })),
      ...[0, 1].map((index) => ({ ...chunk(), choices: [{ ...choice(index, ''), finish_reason: 'stop' }] })),
    ]
    const told = chunks.map((event) => JSON.stringify(event))
    const { client } = await setUp(t, [{ sse: told }])
    let at = 0
    for await (const event of await ask(client)) {
      assert.equal(JSON.stringify(event), told[at++])
      // What a reader does to one is not seen in another.
      if (!event?.choices) continue
      event.own = true
      event.choices[0].delta.content = 'changed'
      event.choices[0].delta.annotations?.push('changed')
      event.choices.push({})
    }
    assert.equal(at, chunks.length)
  })

  test('tells facts before and after it was read', async (t) => {
    const { host, client } = await setUp(t, [{ sse: [...chatChunks(WORDS), usageChunk()], headers: { 'x-request-id': 'req-1' } }])
    const stream = await ask(client, {}, { traceID: 'trace-1', metadata: { team: 'blue' } })
    assert.deepEqual(stream.getHeaders(), {
      'trace-id': 'trace-1', provider: 'openai', 'last-used-option-index': 'config', 'retry-attempt-count': '0', 'cache-status': 'DISABLED',
    })
    const early = stream.getGateway()
    assert.equal(early.traceId, 'trace-1')
    assert.deepEqual(early.metadata, { team: 'blue' })
    assert.equal(early.attempts[0].status, 200)
    assert.equal(early.attempts[0].url, `${host.url}/chat/completions`)
    await collect(stream)
    const [attempt] = stream.getGateway().attempts
    assert.equal(attempt.phase, 'done')
    assert.equal(attempt.code, null)
    for (const part of ['headers', 'firstToken', 'total']) assert.equal(typeof attempt.ms[part], 'number', part)
    assert.ok(attempt.ms.headers <= attempt.ms.firstToken && attempt.ms.firstToken <= attempt.ms.total)
    assert.equal(stream.getHeaders()['retry-attempt-count'], '0')
  })

  test('hides its facts from printing and copying', async (t) => {
    const { client } = await setUp(t)
    const stream = await ask(client)
    assert.deepEqual(Object.keys(stream), [])
    await collect(stream)
  })

  test('comes with its response through withResponse()', async (t) => {
    const { host, client } = await setUp(t, [{ sse: chatChunks(WORDS), headers: { 'x-request-id': 'req-1' } }])
    const { data, response } = await ask(client).withResponse()
    assert.equal(response.status, 200)
    assert.equal(response.url, `${host.url}/chat/completions`)
    assert.equal(response.headers['x-request-id'], 'req-1')
    assert.equal(response.headers['x-portkey-retry-attempt-count'], '0')
    assert.deepEqual((await collect(data)).items, chatChunks(WORDS))
  })

  test('comes as status, headers and the unread body through asResponse()', async (t) => {
    const { client } = await setUp(t)
    const response = await ask(client).asResponse()
    assert.equal(response.status, 200)
    assert.equal(response.headers['content-type'], 'text/event-stream')
    const text = await new Response(response.body).text()
    const sent = [...chatChunks(WORDS).map((event) => JSON.stringify(event)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('')
    assert.equal(text, sent)
  })

  test('that was refused rejects the call, not the reading', async (t) => {
    const { client } = await setUp(t, [{ status: 401, json: envelope('wrong key') }])
    await assert.rejects(ask(client), (error) => error instanceof AuthenticationError && error.error.error.message === 'wrong key')
  })
})

describe('reading a stream', () => {
  test('twice is an error that says what to do', async (t) => {
    const { client } = await setUp(t)
    const stream = await ask(client)
    await collect(stream)
    assert.throws(() => stream[Symbol.asyncIterator](), /only once.*tee\(\)/)
    await assert.rejects(async () => { for await (const _ of stream) assert.fail() }, /only once/)
  })

  test('by next() many times at once gives each chunk once, in order', async (t) => {
    const { client } = await setUp(t, [{ sse: [chunk({ content: 'a' }), { wait: 10 }, chunk({ content: 'b' }), chunk({}, 'stop')] }])
    const iterator = (await ask(client))[Symbol.asyncIterator]()
    const results = await Promise.all(Array.from({ length: 5 }, () => iterator.next()))
    assert.deepEqual(results.map(({ value }) => value?.choices[0].delta.content), ['a', 'b', undefined, undefined, undefined])
    assert.deepEqual(results.map(({ done }) => done), [false, false, false, true, true])
  })

  test('through tee() gives both readers everything, each at its own pace', async (t) => {
    const { client } = await setUp(t, [{ sse: [...chatChunks(WORDS), usageChunk()] }])
    const [left, right] = (await ask(client)).tee()
    assert.ok(left instanceof Stream && right instanceof Stream)
    const first = await collect(left)
    assert.equal(left.getGateway().attempts[0].phase, 'done')
    const second = await collect(right)
    assert.deepEqual(first, { items: [...chatChunks(WORDS), usageChunk()], error: undefined })
    assert.deepEqual(second, first)
    assert.deepEqual(right.getHeaders(), left.getHeaders())
    assert.throws(() => left[Symbol.asyncIterator](), /only once/)
  })

  test('through tee() gives both readers the error too', async (t) => {
    const { client } = await setUp(t, [{ sse: [chunk({ content: 'a' }), { error: { message: 'full', code: 400 } }] }])
    const both = (await ask(client)).tee()
    for (const { items, error } of await Promise.all(both.map(collect))) {
      assert.equal(items.length, 1)
      assert.ok(error instanceof APIError)
      assert.equal(error.status, 400)
    }
  })

  test('through toReadableStream() gives lines of JSON', async (t) => {
    const { client } = await setUp(t, [{ sse: [chunk({ content: '日本 é' }), chunk({}, 'stop')] }])
    const text = await new Response((await ask(client)).toReadableStream()).text()
    assert.deepEqual(text.split('\n').slice(0, -1).map((line) => JSON.parse(line)), [chunk({ content: '日本 é' }), chunk({}, 'stop')])
    assert.ok(text.endsWith('\n'))
  })

  test('through toReadableStream() fails as reading itself does', async (t) => {
    const { client } = await setUp(t, [{ sse: [chunk({ content: 'a' }), { error: { message: 'full', code: 400 } }] }])
    const reader = (await ask(client)).toReadableStream().getReader()
    await reader.read()
    await assert.rejects(reader.read(), (error) => error.status === 400)
  })

  test('of two streams in turns keeps them apart', async (t) => {
    const words = (name) => Array.from({ length: 50 }, (_, at) => `${name}${at} `)
    const { client } = await setUp(t, ({ headers }) => ({ sse: chatChunks(words(headers['x-name'])).flatMap((event) => [event, { wait: 0 }]) }))
    const [a, b] = await Promise.all(['a', 'b'].map((name) => ask(client, {}, { forwardHeaders: ['x-name'], 'x-name': name })))
    const [left, right] = [a, b].map((stream) => stream[Symbol.asyncIterator]())
    const chunks = { left: [], right: [] }
    for (;;) {
      const [one, two] = [await left.next(), await right.next()]
      if (one.done && two.done) break
      chunks.left.push(one.value)
      chunks.right.push(two.value)
    }
    assert.equal(textOf(chunks.left), words('a').join(''))
    assert.equal(textOf(chunks.right), words('b').join(''))
  })

  test('of 100 streams at once keeps them apart', async (t) => {
    const { client } = await setUp(t, ({ headers }) => ({ sse: chatChunks(WORDS.map((word) => word + headers['x-name'])) }))
    const texts = await Promise.all(Array.from({ length: 100 }, async (_, name) =>
      textOf((await collect(ask(client, {}, { forwardHeaders: ['x-name'], 'x-name': String(name) }))).items)))
    texts.forEach((text, name) => assert.equal(text, WORDS.map((word) => word + name).join('')))
  })
})

describe('a stream of any size arrives whole', () => {
  test('20,000 small events', async (t) => {
    const words = Array.from({ length: 20_000 }, (_, at) => `${at} `)
    const body = chatChunks(words).map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')
    const { client } = await setUp(t, [{ headers: { 'content-type': 'text/event-stream' }, chunks: [body] }])
    const { items, error } = await collect(ask(client))
    assert.equal(error, undefined)
    assert.equal(textOf(items), words.join(''))
  })

  test('one event of 100 KB, and one of 5 MB', async (t) => {
    for (const length of [100_000, 5_000_000]) {
      const content = '日é😀x'.repeat(length / 5)
      const { client } = await setUp(t, [{ sse: [chunk({ content: 'a' }), chunk({ content }), chunk({}, 'stop')] }])
      const { items, error } = await collect(ask(client))
      assert.equal(error, undefined)
      assert.ok(items[1].choices[0].delta.content === content)
    }
  })

  test('an event without end is refused before it fills the memory', async (t) => {
    async function* endless() {
      yield `data: ${JSON.stringify(chunk({ content: 'a' }))}\n\ndata: "`
      for (;;) yield Buffer.alloc(1 << 20, 'x')
    }
    const { host, client } = await setUp(t, [{ headers: { 'content-type': 'text/event-stream' }, chunks: endless() }])
    const { items, error } = await collect(ask(client))
    assert.equal(items.length, 1)
    assert.ok(error instanceof APIError)
    assert.match(error.message, /too long/)
    await host.closed()
  })
})

function deferred() {
  const parts = {}
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }))
  return parts
}
