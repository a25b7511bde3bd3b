// Streams that are translated on their way: cut and broken anywhere, failing inside, followed by another target, kept by the
// cache, watched by guardrails, and left by their caller.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, {
  APIUserAbortError, InternalServerError, RateLimitError, StreamTruncatedError,
} from '../index.mjs'
import { MESSAGES, chatChunks, completion, usageChunk } from './support/answers.mjs'
import { hostFor } from './support/host.mjs'
import { providerCases, replyOf, settled } from './support/provider-cases.mjs'
import { collect, eachOf, randomFrom, textOf } from './support/recorded.mjs'

const AWS = { awsAccessKeyId: 'AKIDEXAMPLE', awsSecretAccessKey: 'aws-secret', awsRegion: 'us-east-1' }

const sse = (events) => events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)

/** A stream of Anthropic's, in its events. */
const messageStart = { type: 'message_start', message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content: [], usage: { input_tokens: 5, output_tokens: 1 } } }
const word = (text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
const opened = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
const ended = [
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } },
  { type: 'message_stop' },
]
const messages = (...words) => [messageStart, { type: 'ping' }, opened, ...words.map(word), ...ended]
const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
const EVENTS = { 'content-type': 'text/event-stream' }
const stepOf = (...events) => ({ headers: EVENTS, chunks: sse(events) })

const anthropic = (host, more) => new Portkey({ provider: 'anthropic', customHost: host.url, Authorization: 'k', maxRetries: 0, ...more })
const BODY = { model: 'claude', max_tokens: 16, messages: MESSAGES }
const STREAM = { ...BODY, stream: true }

/** One stream of each way to frame one. */
const FRAMED = [
  { what: 'server-sent events of Anthropic', provider: 'anthropic', case: /chat.stream.two.tool.calls$/, path: '/v1' },
  { what: 'server-sent events of Cohere', provider: 'cohere', case: /chat.stream.tools$/, path: '' },
  { what: "an array of Google's", provider: 'google', case: /stream.of.an.array$/, path: '' },
  { what: "frames of Bedrock's event stream", provider: 'bedrock', case: /chat.stream.tools$/, path: '', options: AWS },
  { what: "an event stream around SageMaker's container", provider: 'sagemaker', case: /chat.stream$/, path: '', options: AWS },
  { what: "lines of Ollama's", provider: 'ollama', case: /chat.*stream/, path: '/api' },
].map((row) => {
  const found = providerCases([row.provider]).find(({ title, chunks, fault }) => chunks && !fault && row.case.test(title))
  return { ...row, found }
})

function clientOf({ provider, path, options, found }, host) {
  return new Portkey({ provider, customHost: `${host.origin}${path}`, ...(options ?? { Authorization: 'k' }), maxRetries: 0, ...(!found.strict && { strictOpenAiCompliance: false }) })
}

const read = (client, body) => collect(client.chat.completions.create(body))

describe('a translated stream that the network cuts', () => {
  for (const row of FRAMED) {
    test(`in two anywhere: ${row.what}`, async (t) => {
      const { found } = row
      const host = await hostFor(t)
      const client = clientOf(row, host)
      host.answer([replyOf(found)])
      const whole = await read(client, found.body)
      assert.equal(whole.error, undefined, found.title)
      const random = randomFrom(7)
      const cuts = Array.from({ length: 40 }, () => 1 + Math.floor(random() * (found.stream.length - 1)))
      for (const cut of cuts) {
        const apart = [{ pause: new Promise((resolve) => setImmediate(resolve)) }]
        host.answer([replyOf(found, (bytes) => [bytes.subarray(0, cut), ...apart, bytes.subarray(cut)])])
        const { items, error } = await read(client, found.body)
        assert.equal(error, undefined, `cut at ${cut}`)
        assert.deepEqual(settled(items), settled(whole.items), `cut at ${cut}`)
      }
    })

    test(`off: ${row.what}`, async (t) => {
      const { found } = row
      const host = await hostFor(t)
      const client = clientOf(row, host)
      host.answer([replyOf(found)])
      const whole = await read(client, found.body)
      const random = randomFrom(11)
      const cuts = [1, ...Array.from({ length: 24 }, () => 1 + Math.floor(random() * (found.stream.length * 0.8)))]
      for (const cut of cuts) {
        for (const how of ['cut', 'end']) {
          host.answer([replyOf(found, (bytes) => [bytes.subarray(0, cut), how])])
          const { items, error } = await read(client, found.body)
          const where = `${how} after ${cut} of ${found.stream.length}`
          const finished = items.some(({ choices }) => choices[0]?.finish_reason)
          if (finished) continue
          assert.equal(error?.constructor, StreamTruncatedError, where)
          assert.equal(error.partial.text, textOf(items), where)
          assert.equal(whole.items.map(({ choices }) => choices[0]?.delta?.content ?? '').join('').startsWith(error.partial.text), true, where)
          assert.equal(error.partial.toolCalls.length, new Set(items.flatMap(({ choices }) => choices[0]?.delta?.tool_calls ?? []).map(({ index }) => index)).size, where)
        }
      }
    })
  }

  test('when it breaks off in its words, they are in the error', async (t) => {
    const host = await hostFor(t, [{ headers: EVENTS, chunks: [...sse([messageStart, opened, word('Hel'), word('lo')]), 'cut'] }])
    const { items, error } = await read(anthropic(host), STREAM)
    assert.equal(textOf(items), 'Hello')
    assert.equal(error.constructor, StreamTruncatedError)
    assert.equal(error.code, 'stream_truncated')
    assert.equal(error.partial.text, 'Hello')
    assert.match(error.message, /\/v1\/messages \(config, provider anthropic\)/)
    assert.ok(!error.message.includes('Hello'))
  })
})

describe('an error inside a translated stream', () => {
  const kinds = [
    ['overloaded_error', 529, InternalServerError], ['rate_limit_error', 429, RateLimitError], ['api_error', 500, InternalServerError],
  ]
  for (const [type, status, Type] of kinds) {
    for (const [when, before] of [['before any word', []], ['after some words', [messageStart, opened, word('Hi')]]]) {
      test(`${type} ${when} is a ${Type.name}`, async (t) => {
        const host = await hostFor(t, [stepOf(...before, { type: 'error', error: { type, message: 'Not now' } })])
        const { items, error } = await read(anthropic(host), STREAM)
        assert.equal(textOf(items), before.length > 0 ? 'Hi' : '')
        assert.equal(error.constructor, Type)
        assert.equal(error.status, status)
        assert.equal(error.type, type)
        assert.deepEqual(error.error, { error: { message: 'Not now', type, param: null, code: null } })
      })
    }
  }

  test('is had again where nothing was given out and a config says so', async (t) => {
    const host = await hostFor(t, [stepOf(overloaded), stepOf(...messages('Fine'))])
    const client = anthropic(host, { maxRetries: undefined, config: { retry: { attempts: 1, on_status_codes: [529] } } })
    const stream = await client.chat.completions.create(STREAM)
    const { items, error } = await collect(stream)
    assert.equal(error, undefined)
    assert.equal(textOf(items), 'Fine')
    assert.deepEqual(stream.getGateway().attempts.map(({ retryReason }) => retryReason ?? null), [null, 'status 529'])
    assert.equal(host.requests[0].text, host.requests[1].text)
  })

  test('is no second answer where words were given out', async (t) => {
    const host = await hostFor(t, [stepOf(messageStart, opened, word('Hi'), overloaded), stepOf(...messages('Fine'))])
    const { items, error } = await read(anthropic(host, { maxRetries: undefined, config: { retry: { attempts: 2, on_status_codes: [529] } } }), STREAM)
    assert.equal(textOf(items), 'Hi')
    assert.equal(error.constructor, InternalServerError)
    assert.equal(host.requests.length, 1)
  })
})

describe('a fallback between dialects', () => {
  const group = (one, other) => ({
    strategy: { mode: 'fallback' },
    targets: [
      { name: 'claude', provider: 'anthropic', custom_host: one.url, api_key: 'key-of-claude', override_params: { model: 'claude-x' } },
      { name: 'gpt', provider: 'openai', custom_host: other.url, api_key: 'key-of-gpt', override_params: { model: 'gpt-x' } },
    ],
  })
  const failures = {
    'an error status': { status: 529, json: { type: 'error', error: overloaded.error } },
    'an error before content': stepOf(messageStart, overloaded),
    'a stream that ends before content': stepOf(messageStart, opened),
    'an event of another dialect': { headers: EVENTS, chunks: ['data: {"object":"nonsense"}\n\n'] },
    'a web page': { headers: { 'content-type': 'text/html' }, body: '<html>Down for maintenance</html>' },
    'a connection that breaks': 'reset',
  }
  for (const [what, step] of Object.entries(failures)) {
    test(`after ${what}, the next target answers and nothing of the first is seen`, async (t) => {
      const one = await hostFor(t, [step])
      const other = await hostFor(t, [{ sse: chatChunks(['From', ' GPT']) }])
      const client = new Portkey({ config: group(one, other) })
      const stream = await client.chat.completions.create({ messages: MESSAGES, stream: true, seed: 4, stop: 'END', top_k: 3 })
      const { items, error } = await collect(stream)
      assert.equal(error, undefined)
      assert.equal(textOf(items), 'From GPT')
      assert.ok(items.every(({ id, model }) => id === 'chatcmpl-1' && model === 'local-model'))
      const [sent] = other.requests
      assert.deepEqual(sent.json(), { messages: MESSAGES, stream: true, seed: 4, stop: 'END', top_k: 3, model: 'gpt-x' })
      assert.equal(sent.headers.authorization, 'Bearer key-of-gpt')
      for (const name of ['x-api-key', 'anthropic-version', 'anthropic-beta']) assert.equal(sent.headers[name], undefined)
      assert.equal(one.requests[0].headers['x-api-key'], 'key-of-claude')
      assert.equal(one.requests[0].headers.authorization, undefined)
      assert.equal(one.requests[0].path, '/v1/messages')
      assert.equal(other.requests[0].path, '/v1/chat/completions')
      const { attempts, changes } = stream.getGateway()
      assert.deepEqual(attempts.map((attempt) => [attempt.target, attempt.provider]), [['claude', 'anthropic'], ['gpt', 'openai']])
      // What Anthropic lacks was said for a request that did not count.
      assert.deepEqual(changes, ['model was set by override_params'])
    })
  }

  test('the other way round too: OpenAI fails, Claude answers', async (t) => {
    const one = await hostFor(t, [stepOf(...messages('From', ' Claude'))])
    const other = await hostFor(t, [{ status: 503, json: { error: { message: 'no' } } }])
    const config = group(one, other)
    config.targets.reverse()
    const stream = await new Portkey({ config }).chat.completions.create({ messages: MESSAGES, stream: true, max_tokens: 5, seed: 4 })
    const { items } = await collect(stream)
    assert.equal(textOf(items), 'From Claude')
    assert.equal(items.at(-1).choices[0].finish_reason, 'stop')
    assert.equal(stream.getGateway().changes.filter((line) => line.startsWith('seed ')).length, 1)
    assert.equal(other.requests[0].json().seed, 4)
    assert.equal('seed' in one.requests[0].json(), false)
  })

  test('a body that one dialect has no words for goes to the next target, and nothing is sent to the first', async (t) => {
    const one = await hostFor(t)
    const other = await hostFor(t, [{ json: completion('Fine.') }])
    const body = { messages: MESSAGES, tools: [{ type: 'custom', custom: { name: 'x' } }] }
    const answer = await new Portkey({ config: group(one, other) }).chat.completions.create(body)
    assert.equal(answer.choices[0].message.content, 'Fine.')
    assert.equal(one.requests.length, 0)
    assert.equal(other.requests.length, 1)
  })
})

describe('the cache', () => {
  test('gives a translated stream again, chunk for chunk', async (t) => {
    const host = await hostFor(t, [stepOf(...messages('Kept', ' words'))])
    const client = anthropic(host, { config: { cache: { mode: 'simple' } } })
    const first = await read(client, { ...STREAM, stream_options: { include_usage: true } })
    const stream = await client.chat.completions.create({ ...STREAM, stream_options: { include_usage: true } })
    const again = await collect(stream)
    assert.equal(first.error ?? again.error, undefined)
    assert.deepEqual(again.items, first.items)
    assert.equal(stream.getHeaders()['cache-status'], 'HIT')
    assert.equal(host.requests.length, 1)
  })

  test('gives a translated answer again', async (t) => {
    const content = [{ type: 'text', text: 'Kept.' }]
    const host = await hostFor(t, [{ json: { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content, stop_reason: 'end_turn', usage: { input_tokens: 3, output_tokens: 2 } } }])
    const client = anthropic(host, { config: { cache: { mode: 'simple' } } })
    const first = await client.chat.completions.create(BODY)
    const again = await client.chat.completions.create(BODY)
    assert.equal(again.choices[0].message.content, 'Kept.')
    assert.deepEqual(JSON.parse(JSON.stringify(again)), JSON.parse(JSON.stringify(first)))
    assert.equal(host.requests.length, 1)
  })

  test('keeps no stream that broke off or failed', async (t) => {
    for (const broken of [[...sse([messageStart, opened, word('Half')]), 'cut'], sse([messageStart, opened, word('Half'), overloaded])]) {
      const host = await hostFor(t, [{ headers: EVENTS, chunks: broken }, stepOf(...messages('Whole'))])
      const client = anthropic(host, { config: { cache: { mode: 'simple' } } })
      assert.ok((await read(client, STREAM)).error)
      assert.equal(textOf((await read(client, STREAM)).items), 'Whole')
    }
  })

  test('tells accounts apart that are named by options alone', async (t) => {
    const found = providerCases(['bedrock']).find(({ title }) => /chat.text$/.test(title))
    const host = await hostFor(t, [replyOf(found)])
    const config = { cache: { mode: 'simple' } }
    const one = new Portkey({ provider: 'bedrock', customHost: host.origin, ...AWS, config })
    await one.chat.completions.create(found.body)
    await one.chat.completions.create(found.body)
    assert.equal(host.requests.length, 1)
    await one.withOptions({ awsAccessKeyId: 'AKIDOTHER' }).chat.completions.create(found.body)
    assert.equal(host.requests.length, 2)
  })
})

describe('guardrails', () => {
  const none = (...words) => ({ 'default.contains': { words, operator: 'none' }, deny: true, id: 'g' })

  test('see the words of a translated stream, and stop it', async (t) => {
    const host = await hostFor(t, [stepOf(...messages('the ', 'sec', 'ret', ' is out'))])
    const { items, error } = await read(anthropic(host, { config: { output_guardrails: [none('secret')] } }), STREAM)
    assert.equal(error?.status, 446)
    assert.ok(!textOf(items).includes('secret'))
    assert.deepEqual(error.error.hook_results.after_request_hooks.map(({ id, verdict }) => [id, verdict]), [['g', false]])
  })

  test('let one through that they have nothing against', async (t) => {
    const host = await hostFor(t, [stepOf(...messages('all ', 'is well'))])
    const { items, error } = await read(anthropic(host, { config: { output_guardrails: [none('secret')] } }), STREAM)
    assert.equal(error, undefined)
    assert.equal(textOf(items), 'all is well')
  })

  test('rewrite what is asked before it is translated', async (t) => {
    const host = await hostFor(t, [stepOf(...messages('ok'))])
    const input_guardrails = [{ 'default.regexReplace': { rule: '/[0-9]{12,19}/g', redactText: '[NUMBER]' } }]
    await read(anthropic(host, { config: { input_guardrails } }), { ...STREAM, messages: [{ role: 'user', content: 'card 4111111111111111' }] })
    assert.ok(host.last.text.includes('[NUMBER]'))
    assert.ok(!host.last.text.includes('4111111111111111'))
  })
})

describe('leaving a translated stream closes its connection', () => {
  const leave = {
    'break': async (stream) => {
      for await (const _ of stream) break
    },
    'the controller': async (stream) => {
      for await (const _ of stream) stream.controller.abort()
    },
    'the signal': async (stream, controller) => {
      const { error } = await collect((async function* () {
        for await (const chunk of stream) {
          yield chunk
          controller.abort()
        }
      })())
      assert.equal(error.constructor, APIUserAbortError)
    },
  }
  for (const [how, by] of Object.entries(leave)) {
    test(`by ${how}`, async (t) => {
      const host = await hostFor(t, [{ headers: EVENTS, chunks: [...sse([messageStart, opened, word('Hi')]), 'hang'] }])
      const controller = new AbortController()
      const stream = await anthropic(host).chat.completions.create(STREAM, undefined, { signal: controller.signal })
      await by(stream, controller)
      await host.closed()
      assert.equal(host.connections.length, 0)
    })
  }

  test('of an event stream as well', async (t) => {
    const row = FRAMED.find(({ provider }) => provider === 'bedrock')
    const host = await hostFor(t, [replyOf(row.found, (bytes) => [bytes.subarray(0, 600), 'hang'])])
    for await (const _ of await clientOf(row, host).chat.completions.create(row.found.body)) break
    await host.closed()
  })
})

test('many translated streams at once stay apart', async (t) => {
  const host = await hostFor(t, async (request) => stepOf(...messages(...request.json().messages[0].content.split(''))))
  const client = anthropic(host)
  await eachOf(Array.from({ length: 60 }, (_, at) => `words of stream ${at}`), 20, async (text) => {
    const { items, error } = await read(client, { ...STREAM, messages: [{ role: 'user', content: text }] })
    assert.equal(error, undefined)
    assert.equal(textOf(items), text)
  })
})

test('usage comes as the last chunk where it is asked for, and is in the report', async (t) => {
  const host = await hostFor(t, [stepOf(...messages('Hi'))])
  const stream = await anthropic(host).chat.completions.create({ ...STREAM, stream_options: { include_usage: true } })
  const { items } = await collect(stream)
  assert.deepEqual(items.at(-1).choices, usageChunk().choices)
  assert.equal(items.at(-1).usage.prompt_tokens, 5)
  assert.equal(items.at(-1).usage.completion_tokens, 4)
  assert.deepEqual(stream.getGateway().usage, items.at(-1).usage)
})
