// The semantic cache: questions that mean the same, as a scripted embeddings host sees it. Its vectors are angles, so that every cosine is known.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { ConfigError } from '../index.mjs'
import { chatChunks, completion, envelope } from './support/answers.mjs'
import { thrown } from './support/failures.mjs'
import { closedPort, hostFor } from './support/host.mjs'
import { collect, textOf } from './support/recorded.mjs'

/** The direction of each text, in degrees. cos 10° = 0.985, cos 18° = 0.951, cos 19° = 0.946. */
const ANGLES = {
  'What is the capital of France?': 0,
  "Which city is France's capital?": 10,
  'Name the capital of France': 18,
  'Tell me the capital of France': 19,
  'What is the capital of Italy?': 90,
  'Refund order 17': 0,
  'Please refund order 17': 1,
  'Refund order 71': 0,
  'Is it safe?': 0,
  'Is it really safe?': 1,
  'Is it not safe?': 0,
  "Isn't it safe?": 0,
  'Give me two examples': 0,
  'Give me three examples': 0,
}
const [QUESTION, SAME, NEAR, FAR, OTHER] = Object.keys(ANGLES)

/** An embeddings answer as the request wants it. */
function embedding(request) {
  const { input, encoding_format } = request.json()
  const angle = (ANGLES[input] * Math.PI) / 180
  const vector = [Math.cos(angle), Math.sin(angle), 0]
  const encoded = encoding_format === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector
  return { json: {
    object: 'list', model: 'e', data: [{ object: 'embedding', index: 0, embedding: encoded }],
    usage: { prompt_tokens: 1, total_tokens: 1 },
  } }
}

/** Answers that tell how many came before. */
function counting() {
  let made = 0
  return (request) => (request.json().stream ? { sse: chatChunks([`stream ${++made}`]) } : { json: completion(`answer ${++made}`) })
}

async function setUp(t, { script = counting(), embeddings = embedding, target, cache, config, ...options } = {}) {
  const [host, embedder] = [await hostFor(t, script), await hostFor(t, embeddings)]
  const semantic = { mode: 'semantic', embeddings: { custom_host: embedder.url, override_params: { model: 'e' }, ...target }, ...cache }
  return { host, embedder, client: new Portkey({ maxRetries: 0, config: { custom_host: host.url, cache: semantic, ...config }, ...options }) }
}

const saying = (content, before = []) => ({ messages: [...before, { role: 'user', content }] })
const ask = (client, content, body, params, opts) => client.chat.completions.create({ ...saying(content), ...body }, params, opts)
const statusOf = (answer) => answer.getHeaders()['cache-status']
const contentOf = (answer) => answer.choices[0].message.content

async function statuses(client, ...calls) {
  const told = []
  for (const [content, body, params, opts] of calls) told.push(statusOf(await ask(client, content, body, params, opts)))
  return told
}

describe('a question that means the same', () => {
  test('gets the answer of the other: SEMANTIC MISS, then SEMANTIC HIT', async (t) => {
    const { host, embedder, client } = await setUp(t)
    const first = await ask(client, QUESTION)
    const second = await ask(client, SAME)
    assert.deepEqual(second, first)
    assert.deepEqual([statusOf(first), statusOf(second)], ['SEMANTIC MISS', 'SEMANTIC HIT'])
    assert.deepEqual([first.getGateway().cache, second.getGateway().cache], ['SEMANTIC MISS', 'SEMANTIC HIT'])
    assert.deepEqual([first.getGateway().attempts.length, second.getGateway().attempts.length], [1, 0])
    assert.deepEqual([host.requests.length, embedder.requests.length], [1, 2])
    assert.deepEqual(embedder.requests.map((request) => [request.path, request.json().model, request.json().input]), [
      ['/v1/embeddings', 'e', QUESTION], ['/v1/embeddings', 'e', SAME],
    ])
  })

  test('is not looked for where the very question was asked before: that is a HIT', async (t) => {
    const { host, embedder, client } = await setUp(t)
    assert.deepEqual(await statuses(client, [QUESTION], [QUESTION], [QUESTION]), ['SEMANTIC MISS', 'HIT', 'HIT'])
    assert.deepEqual([host.requests.length, embedder.requests.length], [1, 1])
  })

  test('is one whose vector is as near as the threshold says', async (t) => {
    const { client } = await setUp(t)
    assert.deepEqual(await statuses(client, [QUESTION], [FAR]), ['SEMANTIC MISS', 'SEMANTIC MISS'], 'cos 19° is below 0.95')
    const near = await setUp(t)
    assert.deepEqual(await statuses(near.client, [QUESTION], [NEAR]), ['SEMANTIC MISS', 'SEMANTIC HIT'], 'cos 18° is above')
    const strict = await setUp(t, { cache: { threshold: 0.99 } })
    assert.deepEqual(await statuses(strict.client, [QUESTION], [SAME]), ['SEMANTIC MISS', 'SEMANTIC MISS'])
    const loose = await setUp(t, { cache: { threshold: 0.5 } })
    assert.deepEqual(await statuses(loose.client, [QUESTION], [FAR], [OTHER]), ['SEMANTIC MISS', 'SEMANTIC HIT', 'SEMANTIC MISS'])
  })

  test('is the nearest of those that were asked', async (t) => {
    const { client } = await setUp(t)
    await ask(client, QUESTION)
    await ask(client, FAR)
    assert.equal(contentOf(await ask(client, NEAR)), 'answer 2')
  })

  const GUARDED = {
    'other numbers': ['Refund order 17', 'Refund order 71', 'Please refund order 17'],
    'a negation more': ['Is it safe?', 'Is it not safe?', 'Is it really safe?'],
    'a negation in short': ['Is it safe?', "Isn't it safe?", 'Is it really safe?'],
    'other numbers in words': ['Give me two examples', 'Give me three examples'],
  }
  for (const [what, [question, other, same]] of Object.entries(GUARDED)) {
    test(`is none with ${what}, however near its vector is`, async (t) => {
      const { client } = await setUp(t)
      assert.deepEqual(await statuses(client, [question], [other]), ['SEMANTIC MISS', 'SEMANTIC MISS'])
      if (same) assert.equal(contentOf(await ask(client, same)), 'answer 1')
    })
  }

  const ELSE = {
    'the model': { model: 'n' },
    'a parameter': { temperature: 0 },
    'a parameter that nobody knows': { frobnicate: 1 },
    'the system prompt': saying(SAME, [{ role: 'system', content: 'Be long.' }]),
    'no system prompt': saying(SAME),
    'the conversation before': saying(SAME, [
      { role: 'system', content: 'Be brief.' }, { role: 'user', content: 'Hi' }, { role: 'assistant', content: 'Hi' },
    ]),
    "the user's name": { messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: SAME, name: 'me' }] },
    'being streamed': { stream: true },
  }
  for (const [what, body] of Object.entries(ELSE)) {
    test(`is answered anew where ${what} differs`, async (t) => {
      const { host, client } = await setUp(t)
      const base = { model: 'm', ...saying(QUESTION, [{ role: 'system', content: 'Be brief.' }]) }
      await ask(client, QUESTION, base)
      const other = await ask(client, SAME, { ...base, ...saying(SAME, [{ role: 'system', content: 'Be brief.' }]), ...body })
      assert.equal(statusOf(other), 'SEMANTIC MISS')
      assert.equal(host.requests.length, 2)
      const alike = await ask(client, SAME, { ...base, ...saying(SAME, [{ role: 'system', content: 'Be brief.' }]) })
      assert.equal(statusOf(alike), 'SEMANTIC HIT')
    })
  }

  test('is the last that the user says, in a conversation of at most four messages', async (t) => {
    const { host, embedder, client } = await setUp(t)
    const turn = [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: 'Hello' }]
    const long = [...turn, ...turn]
    assert.deepEqual(await statuses(client, [QUESTION, saying(QUESTION, turn)], [SAME, saying(SAME, turn)]), ['SEMANTIC MISS', 'SEMANTIC HIT'])
    const asked = embedder.requests.length
    for (const content of [QUESTION, SAME]) assert.notEqual(statusOf(await ask(client, content, saying(content, long))), 'SEMANTIC HIT')
    assert.equal(statusOf(await ask(client, QUESTION, saying(QUESTION, long))), 'HIT', 'the same words are the same all the same')
    assert.deepEqual([host.requests.length, embedder.requests.length], [3, asked])
  })

  test('is none in parts that are no plain text, nor in another endpoint', async (t) => {
    const { embedder, client } = await setUp(t)
    const parts = (text) => saying([{ type: 'text', text }, { type: 'image_url', image_url: { url: 'https://example.com/a.png' } }])
    assert.notEqual(statusOf(await ask(client, QUESTION, parts(QUESTION))), 'SEMANTIC HIT')
    assert.notEqual(statusOf(await ask(client, SAME, parts(SAME))), 'SEMANTIC HIT')
    for (const prompt of [QUESTION, SAME]) assert.notEqual(statusOf(await client.completions.create({ prompt })), 'SEMANTIC HIT')
    assert.equal(embedder.requests.length, 0)
  })

  test('of another tenant is none, and of the same namespace it is', async (t) => {
    const { client } = await setUp(t)
    const by = (content, params) => [content, {}, params]
    const apart = [by(QUESTION, { Authorization: 'a' }), by(SAME, { Authorization: 'b' }), by(SAME, { Authorization: 'a' })]
    assert.deepEqual(await statuses(client, ...apart), ['SEMANTIC MISS', 'SEMANTIC MISS', 'SEMANTIC HIT'])
    const calls = [by(QUESTION, { Authorization: 'a', cacheNamespace: 'n' }), by(SAME, { Authorization: 'b', cacheNamespace: 'n' })]
    assert.deepEqual(await statuses(client, ...calls), ['SEMANTIC MISS', 'SEMANTIC HIT'])
  })

  test('gets the stream of the other, event by event', async (t) => {
    const { host, client } = await setUp(t)
    const first = await collect(ask(client, QUESTION, { stream: true }))
    const stream = await ask(client, SAME, { stream: true })
    const { items } = await collect(stream)
    assert.deepEqual(items, first.items)
    assert.equal(textOf(items), 'stream 1')
    assert.equal(statusOf(stream), 'SEMANTIC HIT')
    assert.equal(host.requests.length, 1)
  })

  test('is answered anew for who wants it: that answer takes the place of all that are near', async (t) => {
    const { client } = await setUp(t)
    await ask(client, QUESTION)
    const refreshed = await ask(client, SAME, {}, { cacheForceRefresh: true })
    assert.deepEqual([statusOf(refreshed), contentOf(refreshed)], ['REFRESH', 'answer 2'])
    const near = await ask(client, NEAR)
    assert.deepEqual([statusOf(near), contentOf(near)], ['SEMANTIC HIT', 'answer 2'])
  })

  test('gets no answer that failed', async (t) => {
    const { host, client } = await setUp(t, { script: [{ status: 500, json: envelope('busy') }, { json: completion('good') }] })
    await assert.rejects(ask(client, QUESTION))
    assert.equal(contentOf(await ask(client, SAME)), 'good')
    assert.equal(host.requests.length, 2)
  })

  test('is embedded once where it is asked many times at once', async (t) => {
    let open
    const passed = new Promise((resolve) => (open = resolve))
    const { host, embedder, client } = await setUp(t, { script: [{ json: completion('one'), before: passed }] })
    const calls = Array.from({ length: 8 }, () => ask(client, QUESTION))
    await host.received()
    open()
    for (const answer of await Promise.all(calls)) assert.equal(contentOf(answer), 'one')
    assert.deepEqual([host.requests.length, embedder.requests.length], [1, 1])
  })
})

describe('the embeddings target', () => {
  test('gets its own credential and parameters, and nothing of the call but its text', async (t) => {
    const target = { provider: 'openai', api_key: 'embed-key', override_params: { model: 'e', dimensions: 3 } }
    const { host, embedder, client } = await setUp(t, { target, Authorization: 'chat-key', xUser: 'header-zebra', forwardHeaders: ['xUser'] })
    await ask(client, QUESTION, { user: 'body-zebra' }, { metadata: { who: 'meta-zebra' } }, { headers: { 'x-call': 'call-zebra' } })
    assert.equal(host.last.headers['x-user'], 'header-zebra')
    assert.equal(embedder.last.headers.authorization, 'Bearer embed-key')
    const { encoding_format: _, ...sent } = embedder.last.json()
    assert.deepEqual(sent, { input: QUESTION, model: 'e', dimensions: 3 })
    const wire = JSON.stringify(embedder.last.rawHeaders) + embedder.last.text
    assert.ok(!/zebra|chat-key/.test(wire), wire)
    assert.ok(!JSON.stringify(host.last.rawHeaders).includes('embed-key'))
  })

  test('is the one that its vectors are compared by: another has others', async (t) => {
    const { host, embedder, client } = await setUp(t)
    await ask(client, QUESTION)
    const config = (model) => ({ config: {
      custom_host: host.url, cache: { mode: 'semantic', embeddings: { custom_host: embedder.url, override_params: { model } } },
    } })
    assert.equal(statusOf(await ask(client, SAME, {}, config('f'))), 'SEMANTIC MISS')
    assert.equal(statusOf(await ask(client, NEAR, {}, config('e'))), 'SEMANTIC HIT')
  })

  test('may be named in a group, for all of its targets', async (t) => {
    const [A, B, embedder] = [await hostFor(t, [{ status: 400, json: envelope('no') }]), await hostFor(t, counting()), await hostFor(t, embedding)]
    const cache = { mode: 'semantic', embeddings: { custom_host: embedder.url, override_params: { model: 'e' } } }
    const client = new Portkey({ config: { strategy: { mode: 'fallback' }, cache, targets: [{ custom_host: A.url }, { custom_host: B.url }] } })
    assert.deepEqual(await statuses(client, [QUESTION], [SAME]), ['SEMANTIC MISS', 'SEMANTIC HIT'])
    assert.deepEqual([A.requests.length, B.requests.length], [2, 1])
  })

  const vector = (numbers) => [{ json: { object: 'list', data: [{ object: 'embedding', index: 0, embedding: numbers }] } }]
  const BROKEN = {
    'fails': [{ status: 500, json: envelope('busy') }],
    'refuses': [{ status: 401, json: envelope('no such key') }],
    'answers with no JSON': [{ text: '<html></html>' }],
    'answers with no embedding': [{ json: { object: 'list', data: [] } }],
    'answers with something else': [{ json: completion() }],
    'answers with no numbers': vector([]),
    'answers with no direction': vector([0, 0, 0]),
    'breaks off': ['reset'],
  }
  for (const [what, embeddings] of Object.entries(BROKEN)) {
    test(`that ${what} costs a call nothing but its like`, async (t) => {
      const { host, client } = await setUp(t, { embeddings })
      assert.deepEqual(await statuses(client, [QUESTION], [SAME], [QUESTION]), ['SEMANTIC MISS', 'SEMANTIC MISS', 'HIT'])
      assert.equal(host.requests.length, 2)
    })
  }

  test('that is not there costs a call nothing but its like', async (t) => {
    const { host, client } = await setUp(t, { target: { custom_host: `http://127.0.0.1:${await closedPort()}/v1` } })
    const answer = await ask(client, QUESTION)
    assert.equal(statusOf(answer), 'SEMANTIC MISS')
    assert.deepEqual(answer.getGateway().attempts.map(({ url }) => url), [`${host.url}/chat/completions`])
  })

  test('that does not answer is waited for as long as its own request_timeout says', async (t) => {
    const { client } = await setUp(t, { embeddings: ['hang'], target: { request_timeout: 60 } })
    const began = performance.now()
    assert.equal(statusOf(await ask(client, QUESTION)), 'SEMANTIC MISS')
    assert.ok(performance.now() - began < 60 + 1_500)
  })

  test('that does not answer is not waited for without end', { timeout: 12_000 }, async (t) => {
    const half = { chunks: ['{"data": ['], headers: { 'content-type': 'application/json', 'content-length': '100' } }
    const { client } = await setUp(t, { embeddings: [half] })
    assert.equal(statusOf(await ask(client, QUESTION)), 'SEMANTIC MISS')
  })

  test('that answers in other dimensions than before has no like', async (t) => {
    let made = 0
    const { client } = await setUp(t, { embeddings: () => vector(made++ === 0 ? [1, 0, 0] : [1, 0])[0] })
    assert.deepEqual(await statuses(client, [QUESTION], [SAME]), ['SEMANTIC MISS', 'SEMANTIC MISS'])
  })

  test('is left by an abort of the call', async (t) => {
    const { host, embedder, client } = await setUp(t, { embeddings: ['hang'] })
    const abort = new AbortController()
    const call = ask(client, QUESTION, {}, undefined, { signal: abort.signal })
    await embedder.received()
    abort.abort()
    await assert.rejects(call, { name: 'APIUserAbortError' })
    await embedder.closed()
    assert.equal(host.requests.length, 0)
  })
})

describe('a semantic cache that cannot act is a ConfigError', () => {
  const target = { custom_host: 'http://b', override_params: { model: 'e' } }
  const CACHES = {
    'without embeddings': [{ mode: 'semantic' }, /^config\.cache\.embeddings: is missing; mode semantic compares embeddings/],
    'in one word': ['semantic', /^config\.cache\.embeddings: is missing/],
    'without a model': [
      { mode: 'semantic', embeddings: { custom_host: 'http://b' } },
      /^config\.cache\.embeddings\.override_params\.model: is missing/,
    ],
    'without a host': [{ mode: 'semantic', embeddings: { override_params: { model: 'e' } } }, /^config\.cache\.embeddings\.provider: is missing/],
    'with a provider that nobody knows': [
      { mode: 'semantic', embeddings: { ...target, provider: 'opnai' } },
      /^config\.cache\.embeddings\.provider: expected one of .*did you mean openai/,
    ],
    'with a group': [{ mode: 'semantic', embeddings: { strategy: { mode: 'single' }, targets: [target] } }, /^config\.cache\.embeddings/],
    'with a threshold that no cosine has': [
      { mode: 'semantic', embeddings: target, threshold: 95 }, /^config\.cache\.threshold: expected a number from 0 to 1/,
    ],
    'that is a simple one': [{ mode: 'simple', embeddings: target }, /^config\.cache\.embeddings: acts in mode semantic alone/],
  }
  for (const [what, [cache, message]] of Object.entries(CACHES)) {
    test(what, () => {
      const error = thrown(() => new Portkey({ config: { custom_host: 'http://a', cache } }))
      assert.ok(error instanceof ConfigError, error.stack)
      assert.match(error.message, message)
    })
  }
})
