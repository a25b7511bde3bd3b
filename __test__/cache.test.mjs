// The cache: which calls are equal, which answers are kept, and who gets them. What a stream adds is in cache-streams.test.mjs.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { APIConnectionTimeoutError, APIError, APIUserAbortError, BadRequestError, ConfigError, InternalServerError } from '../index.mjs'
import { MESSAGES, completion, envelope } from './support/answers.mjs'
import { failure, shown, thrown } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'

/** Answers that tell how many came before. */
function counting() {
  let made = 0
  return () => ({ json: completion(`answer ${++made}`) })
}

/** A host and a client that keeps its answers. */
async function setUp(t, { script = counting(), config, ...options } = {}) {
  const host = await hostFor(t, script)
  return { host, client: new Portkey({ maxRetries: 0, config: { custom_host: host.url, cache: 'simple', ...config }, ...options }) }
}

const ask = (client, body, params, opts) => client.chat.completions.create({ messages: MESSAGES, ...body }, params, opts)
const statusOf = (answer) => answer.getHeaders()['cache-status']
const contentOf = (answer) => answer.choices[0].message.content

/** What becomes of each call, one after the other. */
async function statuses(client, ...calls) {
  const told = []
  for (const [body, params, opts] of calls) told.push(statusOf(await ask(client, body, params, opts)))
  return told
}

/** Resolves when so many calls are under way to the client's first target. */
async function inFlight(client, count) {
  while (client.targets()[0].inFlight !== count) await new Promise(setImmediate)
}

/** A promise and what fulfils it. */
function gate() {
  let open
  const passed = new Promise((resolve) => (open = resolve))
  return { passed, open }
}

describe('the status', () => {
  test('is MISS, then HIT: the same answer, for which no request was made', async (t) => {
    const { host, client } = await setUp(t)
    const first = await ask(client).withResponse()
    const second = await ask(client).withResponse()
    assert.deepEqual(second.data, first.data)
    assert.equal(host.requests.length, 1)
    for (const [{ data, response }, status, attempts] of [[first, 'MISS', 1], [second, 'HIT', 0]]) {
      assert.equal(statusOf(data), status)
      assert.equal(data.getGateway().cache, status)
      assert.equal(response.headers['x-portkey-cache-status'], status)
      assert.equal(response.headers['content-type'], 'application/json')
      assert.equal(response.status, 200)
      assert.equal(data.getGateway().attempts.length, attempts)
      assert.deepEqual(data.getGateway().usage, first.data.usage)
      assert.equal(data.getGateway().target, 'config')
      assert.equal(data.getHeaders()['last-used-option-index'], 'config')
      assert.equal(data.getHeaders()['retry-attempt-count'], '0')
    }
  })

  test('of a hit is in a report of its own', async (t) => {
    const { client } = await setUp(t)
    const first = await ask(client, {}, { traceID: 'one', metadata: { user: 'a' } })
    const second = await ask(client, {}, { traceID: 'two', metadata: { user: 'b' } })
    assert.equal(statusOf(second), 'HIT')
    assert.deepEqual([first.getGateway().traceId, second.getGateway().traceId], ['one', 'two'])
    assert.deepEqual(second.getGateway().metadata, { user: 'b' })
    assert.equal(second.getGateway().requestId, null)
  })

  test('is REFRESH where the caller wants a new answer, which is kept in the place of the old', async (t) => {
    const { host, client } = await setUp(t)
    await ask(client)
    const fresh = await ask(client, {}, { cacheForceRefresh: true })
    assert.equal(statusOf(fresh), 'REFRESH')
    assert.equal(fresh.getGateway().cache, 'REFRESH')
    assert.equal(contentOf(fresh), 'answer 2')
    const kept = await ask(client)
    assert.equal(statusOf(kept), 'HIT')
    assert.equal(contentOf(kept), 'answer 2')
    assert.equal(statusOf(await ask(client, {}, undefined, { headers: { 'x-portkey-cache-force-refresh': 'true' } })), 'REFRESH')
    assert.equal(statusOf(await ask(client.withOptions({ cacheForceRefresh: true }))), 'REFRESH')
    assert.equal(statusOf(await ask(client, {}, undefined, { headers: { 'x-portkey-cache-force-refresh': 'false' } })), 'HIT')
    assert.equal(host.requests.length, 4)
    assert.ok(host.requests.every(({ rawHeaders }) => !rawHeaders.some(([name]) => name.startsWith('x-portkey'))))
  })

  test('of a refresh that fails leaves the old answer where it is', async (t) => {
    const { client } = await setUp(t, { script: [{ json: completion('old') }, { status: 500, json: envelope('busy') }] })
    await ask(client)
    assert.ok((await failure(ask(client, {}, { cacheForceRefresh: true }))) instanceof InternalServerError)
    assert.equal(contentOf(await ask(client)), 'old')
  })

  test('is DISABLED without a cache in the config, whatever the options say', async (t) => {
    const { host, client } = await setUp(t, { config: { cache: null } })
    const calls = [[], [{}, { cacheForceRefresh: true }], [{}, { cacheNamespace: 'n' }]]
    assert.deepEqual(await statuses(client, ...calls), ['DISABLED', 'DISABLED', 'DISABLED'])
    assert.equal(host.requests.length, 3)
    assert.equal((await ask(client)).getGateway().cache, 'DISABLED')
  })

  test('is DISABLED with debug: false, of which nothing is kept', async (t) => {
    const { client } = await setUp(t)
    assert.equal(statusOf(await ask(client.withOptions({ debug: false }))), 'DISABLED')
    assert.equal(statusOf(await ask(client, {}, { debug: false })), 'DISABLED')
    assert.equal(client.cacheState().entries, 0)
    assert.deepEqual(await statuses(client, [], [{}, { debug: false }], [{}, { debug: true }]), ['MISS', 'DISABLED', 'HIT'])
  })

  test('is DISABLED for calls whose answers are not kept', async (t) => {
    const { host, client } = await setUp(t, { script: [{ json: { object: 'list', data: [] } }] })
    for (let calls = 1; calls <= 2; calls++) {
      const models = await client.models.list()
      assert.equal(statusOf(models), 'DISABLED')
      assert.equal(host.requests.length, calls)
    }
  })
})

describe('calls are equal', () => {
  test('whatever the order of their keys', async (t) => {
    const { host, client } = await setUp(t)
    const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: { a: {}, b: {} } } } }
    const turned = { function: { parameters: { properties: { b: {}, a: {} }, type: 'object' }, name: 'f' }, type: 'function' }
    await ask(client, { model: 'm', seed: 1, tools: [tool], messages: [{ role: 'user', content: 'hi' }] })
    const answer = await ask(client, { messages: [{ content: 'hi', role: 'user' }], tools: [turned], seed: 1, model: 'm' })
    assert.equal(statusOf(answer), 'HIT')
    assert.equal(host.requests.length, 1)
  })

  test('whatever characters of theirs are escaped on the way', async (t) => {
    const { client } = await setUp(t)
    const written = (text) => `{"custom_host": ${JSON.stringify(client.config.custom_host)}, "cache": "simple", "override_params": {"user": "${text}"}}`
    const calls = ['é "/"', '\\u00e9 \\u0022\\/\\u0022'].map((text) => [{}, { config: written(text.replaceAll(/(?<!\\)"/g, '\\"')) }])
    assert.deepEqual(await statuses(client, ...calls), ['MISS', 'HIT'])
  })

  // Each differs from the first in one thing.
  const BODIES = {
    'the model': { model: 'n' },
    'a word': { messages: [{ role: 'user', content: 'Say this is a tests' }] },
    'a space': { messages: [{ role: 'user', content: 'Say this is a test ' }] },
    'a capital': { messages: [{ role: 'user', content: 'say this is a test' }] },
    'a composed character': { messages: [{ role: 'user', content: 'caf\u00e9' }] },
    'a decomposed character': { messages: [{ role: 'user', content: 'cafe\u0301' }] },
    'a role': { messages: [{ role: 'system', content: MESSAGES[0].content }] },
    'a name': { messages: [{ ...MESSAGES[0], name: 'me' }] },
    'parts': { messages: [{ role: 'user', content: [{ type: 'text', text: MESSAGES[0].content }] }] },
    'one message more': { messages: [...MESSAGES, ...MESSAGES] },
    'no message': { messages: [] },
    'a number': { temperature: 0 },
    'another number': { temperature: 1 },
    'a text that spells the number': { temperature: '1' },
    'true': { logprobs: true },
    'false': { logprobs: false },
    'null': { logprobs: null },
    'an empty object': { metadata: {} },
    'an empty list': { metadata: [] },
    'a list': { stop: ['a', 'b'] },
    'its order': { stop: ['b', 'a'] },
    'a list of one': { stop: ['a'] },
    'the one by itself': { stop: 'a' },
    'a large number': { seed: 9007199254740991 },
    'the number before it': { seed: 9007199254740990 },
    'a parameter that nobody knows': { frobnicate: 1 },
    'whose it is': { user: 'a' },
    'whose else it is': { user: 'b' },
  }
  test('only where every value is the same', async (t) => {
    const { host, client } = await setUp(t)
    const bodies = [{ model: 'm' }, ...Object.values(BODIES).map((body) => ({ model: 'm', ...body }))]
    const answers = []
    for (const [at, body] of bodies.entries()) {
      const answer = await ask(client, body)
      assert.equal(statusOf(answer), 'MISS', `differs in ${Object.keys(BODIES)[at - 1]}`)
      answers.push(answer)
    }
    assert.equal(host.requests.length, bodies.length)
    for (const [at, body] of bodies.entries()) {
      const again = await ask(client, body)
      assert.equal(statusOf(again), 'HIT')
      assert.deepEqual(again, answers[at], 'each has its own answer')
    }
  })

  test('only where numbers are spelled alike', async (t) => {
    const { host, client } = await setUp(t)
    const config = (number) => `{"custom_host": ${JSON.stringify(host.url)}, "cache": "simple", "override_params": {"temperature": ${number}}}`
    const calls = ['1', '1.0', '1'].map((number) => [{}, { config: config(number) }])
    assert.deepEqual(await statuses(client, ...calls), ['MISS', 'MISS', 'HIT'])
    assert.deepEqual(host.requests.map(({ text }) => text.match(/"temperature":([^,}]*)/)[1]), ['1', '1.0'])
  })

  test('only as the body goes out: parameters of the config count', async (t) => {
    const { host, client } = await setUp(t)
    const config = (more) => ({ custom_host: host.url, cache: 'simple', ...more })
    const calls = [
      [{ model: 'm' }],
      [{ model: 'n' }, { config: config({ override_params: { model: 'm' } }) }],
      [{}, { config: config({ default_params: { model: 'm' } }) }],
      [{ model: 'm', seed: 1 }, { config: config({ drop_params: ['seed'] }) }],
      [{ model: 'm' }, { config: config({ override_params: { seed: 1 } }) }],
    ]
    assert.deepEqual(await statuses(client, ...calls), ['MISS', 'HIT', 'HIT', 'HIT', 'MISS'])
  })

  test('only at the same URL and provider', async (t) => {
    const { host, client } = await setUp(t)
    const at = (more) => [{}, { config: { custom_host: host.url, cache: 'simple', ...more } }]
    const query = [{}, undefined, { query: { version: '2' } }]
    const calls = [
      [], query, at({ custom_host: `${host.origin}/v2` }), at({ provider: 'ollama' }), at({ provider: 'openai' }),
      at({ custom_host: `${host.url}/` }), query,
    ]
    assert.deepEqual(await statuses(client, ...calls), ['MISS', 'MISS', 'MISS', 'MISS', 'HIT', 'HIT', 'HIT'])
  })

  test('whatever concerns only the call itself', async (t) => {
    const { client } = await setUp(t)
    const ways = [
      [], [{}, { traceID: 't' }], [{}, { metadata: { user: 'a' } }], [{}, { requestTimeout: 9_000 }], [{}, { maxRetries: 3 }],
      [{}, undefined, { timeout: 9_000, maxRetries: 1 }], [{}, undefined, { signal: new AbortController().signal }],
    ]
    assert.deepEqual(await statuses(client, ...ways), ['MISS', ...ways.slice(1).map(() => 'HIT')])
  })
})

describe('tenants', () => {
  const TENANTS = {
    'with another credential': [{ Authorization: 'Bearer a' }, { Authorization: 'Bearer b' }, {}],
    'with another forwarded header': [{ xUser: 'a', forwardHeaders: ['xUser'] }, { xUser: 'b', forwardHeaders: ['xUser'] }, {}],
    'with the same value under another name': [{ xUser: 'a', forwardHeaders: ['xUser'] }, { xGroup: 'a', forwardHeaders: ['xGroup'] }],
    'with values that have changed places': [
      { xUser: 'a', xGroup: 'b', forwardHeaders: ['xUser', 'xGroup'] }, { xUser: 'b', xGroup: 'a', forwardHeaders: ['xUser', 'xGroup'] },
    ],
    'with another organization or project': [{ openaiOrganization: 'a' }, { openaiOrganization: 'b' }, { openaiProject: 'a' }, {}],
  }
  for (const [what, tenants] of Object.entries(TENANTS)) {
    test(`${what} never share`, async (t) => {
      const { host, client } = await setUp(t)
      const calls = tenants.map((params) => [{}, params])
      assert.deepEqual(await statuses(client, ...calls, ...calls), [...tenants.map(() => 'MISS'), ...tenants.map(() => 'HIT')])
      const contents = await Promise.all(calls.map(async ([body, params]) => contentOf(await ask(client, body, params))))
      assert.equal(new Set(contents).size, tenants.length)
      assert.equal(host.requests.length, tenants.length)
    })
  }

  test("with another header in their call's options never share", async (t) => {
    const { client } = await setUp(t)
    const by = (headers) => [{}, undefined, { headers }]
    const calls = [by({ authorization: 'Bearer a' }), by({ authorization: 'Bearer b' }), by({ 'x-user': 'a' }), by({ 'x-user': 'b' }), []]
    assert.deepEqual(await statuses(client, ...calls, ...calls), [...calls.map(() => 'MISS'), ...calls.map(() => 'HIT')])
  })

  test('with their own api_key in a config never share', async (t) => {
    const { host, client } = await setUp(t)
    const by = (api_key) => [{}, { config: { provider: 'openai', api_key, custom_host: host.url, cache: 'simple' } }]
    assert.deepEqual(await statuses(client, by('a'), by('b'), by('a'), by('b')), ['MISS', 'MISS', 'HIT', 'HIT'])
  })

  test('with the same credential share, wherever it is written', async (t) => {
    const { host, client } = await setUp(t)
    const calls = [
      [{}, { Authorization: 'Bearer a' }], [{}, { authorization: 'a' }],
      [{}, { config: { provider: 'openai', api_key: 'a', custom_host: host.url, cache: 'simple' } }],
    ]
    assert.deepEqual(await statuses(client, ...calls), ['MISS', 'HIT', 'HIT'])
  })

  test('share on purpose, by a namespace', async (t) => {
    const { host, client } = await setUp(t)
    const [a, b] = ['a', 'b'].map((key) => client.withOptions({ Authorization: key, cacheNamespace: 'both' }))
    const first = await ask(a)
    const second = await ask(b)
    assert.deepEqual([statusOf(first), statusOf(second)], ['MISS', 'HIT'])
    assert.deepEqual(second, first)
    assert.equal(host.requests.length, 1)
    const calls = [
      [{}, { cacheNamespace: 'other' }], [{}, { cacheNamespace: null }], [{}, { cacheNamespace: 'both' }],
      [{}, { cacheNamespace: null }, { headers: { 'x-portkey-cache-namespace': 'both' } }], [{}, { cacheNamespace: 'Both' }],
    ]
    assert.deepEqual(await statuses(b, ...calls), ['MISS', 'MISS', 'HIT', 'HIT', 'MISS'])
  })

  test('of a namespace still get what their own body asks for', async (t) => {
    const { client } = await setUp(t, { cacheNamespace: 'all' })
    assert.deepEqual(await statuses(client, [{ seed: 1 }], [{ seed: 2 }], [{ seed: 1 }]), ['MISS', 'MISS', 'HIT'])
  })
})

describe('an answer is kept', () => {
  test('whole, with every field that the host sent', async (t) => {
    const message = {
      role: 'assistant', content: null, reasoning_content: 'Hm.', refusal: null, annotations: [],
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a": 1.0}' } }],
    }
    const sent = completion('', { choices: [{ index: 0, message, finish_reason: 'tool_calls', stop_reason: null }], timings: { ms: 1e-7 } })
    const { host, client } = await setUp(t, { script: [{ json: sent, headers: { 'x-request-id': 'r1' } }] })
    assert.deepEqual(await ask(client), sent)
    const hit = await ask(client)
    assert.deepEqual(hit, sent)
    assert.equal(statusOf(hit), 'HIT')
    assert.equal(host.requests.length, 1)
  })

  test('byte for byte: what asResponse() gives is what the host sent', async (t) => {
    const text = '{"choices": [ {"finish_reason":"stop","message":{"content":"\\u00e9 1.0"}, "n":1.0} ]}\n'
    const { client } = await setUp(t, { script: [{ body: text, headers: { 'content-type': 'application/json; charset=utf-8' } }] })
    for (const status of ['MISS', 'HIT']) {
      const response = await ask(client).asResponse()
      assert.equal(response.headers['x-portkey-cache-status'], status)
      assert.equal(response.headers['content-type'], 'application/json; charset=utf-8')
      assert.equal(await new Response(response.body).text(), text)
    }
  })

  test('as it was, whatever a caller does to it', async (t) => {
    const { client } = await setUp(t)
    const first = await ask(client)
    first.choices[0].message.content = 'changed'
    const second = await ask(client)
    assert.equal(contentOf(second), 'answer 1')
    second.choices.length = 0
    assert.equal(contentOf(await ask(client)), 'answer 1')
  })

  test('of completions and of moderations', async (t) => {
    const text = { id: 'cmpl-1', object: 'text_completion', choices: [{ index: 0, text: 'there', finish_reason: 'length' }] }
    const verdict = { id: 'modr-1', model: 'm', results: [{ flagged: false, categories: {}, category_scores: {} }] }
    const { host, client } = await setUp(t, { script: ({ path }) => ({ json: path.endsWith('/moderations') ? verdict : text }) })
    for (const status of ['MISS', 'HIT']) {
      const completed = await client.completions.create({ model: 'm', prompt: 'hello' })
      assert.deepEqual(completed, text)
      assert.equal(statusOf(completed), status)
      const moderated = await client.moderations.create({ model: 'm', input: 'hello' })
      assert.deepEqual(moderated, verdict)
      assert.equal(statusOf(moderated), status)
    }
    assert.equal(host.requests.length, 2)
  })

  test('of embeddings, number by number, in either encoding', async (t) => {
    const numbers = [0.1, -1.5e-8, 3, 0.30000001192092896]
    const base64 = Buffer.from(new Float32Array(numbers).buffer).toString('base64')
    const of = (embedding) => ({
      object: 'list', model: 'e', data: [{ object: 'embedding', index: 0, embedding }],
      usage: { prompt_tokens: 1, total_tokens: 1 },
    })
    const { host, client } = await setUp(t, { script: (request) => ({ json: of(request.json().encoding_format === 'base64' ? base64 : numbers) }) })
    for (const format of [undefined, 'float', 'base64']) {
      const body = { model: 'e', input: 'x', ...(format && { encoding_format: format }) }
      const first = await client.embeddings.create(body)
      const second = await client.embeddings.create(body)
      assert.deepEqual(second, first)
      assert.equal(statusOf(second), 'HIT')
      assert.equal(second.data[0].embedding.length, format === 'base64' ? base64.length : numbers.length)
      assert.deepEqual(second.getGateway().usage, first.usage)
    }
    assert.deepEqual((await client.embeddings.create({ model: 'e', input: 'x', encoding_format: 'float' })).data[0].embedding, numbers)
    assert.ok(host.requests.length <= 3)
  })

  test('within the bytes that the client may hold', async (t) => {
    const words = 'x'.repeat(2_000)
    const { host, client } = await setUp(t, { script: [{ json: completion(words) }], cacheStore: { maxBytes: 20_000 } })
    for (let seed = 0; seed < 40; seed++) {
      await ask(client, { seed })
      const { entries, bytes } = client.cacheState()
      assert.ok(bytes <= 20_000 && entries <= 10, `${entries} entries, ${bytes} bytes`)
    }
    assert.equal(statusOf(await ask(client, { seed: 39 })), 'HIT')
    assert.equal(statusOf(await ask(client, { seed: 0 })), 'MISS')
    assert.equal(host.requests.length, 41)
    assert.equal(client.cacheState().redis, null)
  })
})

describe('an answer is never kept', () => {
  const unfinished = { index: 1, message: { role: 'assistant', content: 'half' }, finish_reason: null }
  const output_guardrails = [{ 'default.contains': { words: ['bad'], operator: 'none' }, id: 'g' }]
  const NEVER = {
    'that is a refusal': [{ status: 400, json: envelope('no') }, BadRequestError],
    'that is an error of the host': [{ status: 500, json: envelope('busy') }, InternalServerError],
    'that is garbled in its middle': [{ body: '{"choices": nonsense}', headers: { 'content-type': 'application/json' } }, APIError],
    'that is cut short': [{ body: '{"choices": [{"message": {"content": "half', headers: { 'content-type': 'application/json' } }, APIError],
    'that broke off': [{ chunks: ['{"choices": [', 'reset'] }, APIError],
    'that is an error with status 200': [{ json: envelope('overloaded') }],
    'that has no finish reason': [{ json: completion('', { choices: [unfinished] }) }],
    'that has one choice without a finish reason': [{ json: completion('', { choices: [...completion().choices, unfinished] }) }],
    'that has no choices': [{ json: completion('', { choices: [] }) }],
    'that failed a check, without being denied': [{ json: completion('bad') }, undefined, 246, { output_guardrails }],
    'that the host itself gave the status 246': [{ status: 246, json: completion('odd') }, undefined, 246],
    'that was denied': [{ json: completion('bad') }, APIError, 446, { output_guardrails: [{ ...output_guardrails[0], deny: true }] }],
  }
  for (const [what, [step, Type, status, config]] of Object.entries(NEVER)) {
    test(what, async (t) => {
      const { host, client } = await setUp(t, { script: [step, { json: completion('good') }], config })
      if (Type) {
        const error = await failure(ask(client))
        assert.ok(error instanceof Type, error.stack)
        if (status) assert.equal(error.status, status)
        assert.equal(error.gateway.cache, 'MISS')
      } else {
        const { data, response } = await ask(client).withResponse()
        assert.equal(statusOf(data), 'MISS')
        assert.equal(response.status, status ?? 200)
      }
      assert.equal(client.cacheState().entries, 0)
      const next = await ask(client)
      assert.equal(statusOf(next), 'MISS')
      assert.equal(contentOf(next), 'good')
      assert.equal(statusOf(await ask(client)), 'HIT')
      assert.equal(host.requests.length, 2)
    })
  }

  test('that its caller did not wait for', async (t) => {
    const { host, client } = await setUp(t, { script: ['hang', { json: completion('good') }] })
    const abort = new AbortController()
    const call = ask(client, {}, undefined, { signal: abort.signal })
    await host.received()
    abort.abort()
    assert.ok((await failure(call)) instanceof APIUserAbortError)
    assert.equal(statusOf(await ask(client)), 'MISS')
  })
})

describe('equal calls in flight', () => {
  const CALLS = 20

  /** So many equal calls, of which the first one's request has reached the host and the others wait for it. */
  async function together(host, client, signals = []) {
    const first = ask(client, {}, undefined, { signal: signals[0] })
    await host.received()
    const others = Array.from({ length: CALLS - 1 }, (_, at) => ask(client, {}, undefined, { signal: signals[at + 1] }))
    await inFlight(client, CALLS)
    return [first, ...others]
  }

  test('are made once', async (t) => {
    const { passed, open } = gate()
    const { host, client } = await setUp(t, { script: [{ json: completion('one'), before: passed }] })
    const calls = await together(host, client)
    assert.equal(host.requests.length, 1)
    open()
    const answers = await Promise.all(calls)
    assert.equal(host.requests.length, 1)
    assert.deepEqual(answers.map(statusOf), ['MISS', ...Array(CALLS - 1).fill('HIT')])
    assert.equal(new Set(answers).size, CALLS)
    for (const answer of answers) assert.deepEqual(answer, completion('one'))
  })

  test('each go on by themselves and at once when the one that was made fails', async (t) => {
    const { passed, open } = gate()
    const all = gate()
    const script = [{ status: 500, json: envelope('busy'), before: passed }, { json: completion('own'), before: all.passed }]
    const { host, client } = await setUp(t, { script })
    const calls = await together(host, client)
    const settled = Promise.allSettled(calls)
    open()
    // Were they to go one after the other, the host would wait for ever.
    await host.received(CALLS)
    all.open()
    const [first, ...others] = await settled
    assert.ok(first.reason instanceof InternalServerError)
    for (const { value } of others) assert.equal(contentOf(value), 'own')
    assert.equal(host.requests.length, CALLS)
    assert.equal(statusOf(await ask(client)), 'HIT')
  })

  test('each go on by themselves when the answer is none to be kept', async (t) => {
    const { passed, open } = gate()
    const half = completion('half', { choices: [{ index: 0, message: { role: 'assistant', content: 'half' }, finish_reason: null }] })
    const { host, client } = await setUp(t, { script: [{ json: half, before: passed }, { json: completion('own') }] })
    const calls = await together(host, client)
    open()
    const answers = await Promise.all(calls)
    assert.equal(contentOf(answers[0]), 'half')
    for (const answer of answers.slice(1)) assert.equal(contentOf(answer), 'own')
    assert.equal(host.requests.length, CALLS)
  })

  test('go on with one of those who wait when the one that was made is aborted', async (t) => {
    const { passed, open } = gate()
    const { host, client } = await setUp(t, { script: ['hang', { json: completion('second'), before: passed }] })
    const abort = new AbortController()
    const [first, ...others] = await together(host, client, [abort.signal])
    abort.abort()
    assert.ok((await failure(first)) instanceof APIUserAbortError)
    await host.received(2)
    open()
    const answers = await Promise.all(others)
    for (const answer of answers) assert.deepEqual(answer, completion('second'))
    assert.deepEqual(answers.map(statusOf).sort(), [...Array(CALLS - 2).fill('HIT'), 'MISS'])
    assert.equal(host.requests.length, 2)
  })

  test('may leave while they wait, by a signal or by their clock', async (t) => {
    const { passed, open } = gate()
    const { host, client } = await setUp(t, { script: [{ json: completion('one'), before: passed }] })
    const first = ask(client)
    await host.received()
    const abort = new AbortController()
    const leaves = ask(client, {}, undefined, { signal: abort.signal })
    const late = ask(client, {}, undefined, { timeout: 50 })
    const stays = ask(client)
    await inFlight(client, 4)
    abort.abort()
    assert.ok((await failure(leaves)) instanceof APIUserAbortError)
    const error = await failure(late)
    assert.ok(error instanceof APIConnectionTimeoutError, error.stack)
    assert.equal(error.code, 'total_timeout')
    open()
    assert.deepEqual([statusOf(await first), statusOf(await stays)], ['MISS', 'HIT'])
    assert.equal(host.requests.length, 1)
    assert.equal(client.targets()[0].inFlight, 0)
  })

  test('that want a new answer wait for nobody', async (t) => {
    const { passed, open } = gate()
    const { host, client } = await setUp(t, { script: [{ json: completion('slow'), before: passed }, { json: completion('fresh') }] })
    const first = ask(client)
    await host.received()
    const fresh = await ask(client, {}, { cacheForceRefresh: true })
    assert.equal(contentOf(fresh), 'fresh')
    assert.equal(contentOf(await ask(client)), 'fresh', 'it is kept already')
    open()
    assert.equal(contentOf(await first), 'slow')
  })

  test('of different tenants are each made', async (t) => {
    const { passed, open } = gate()
    const { host, client } = await setUp(t, { script: (request) => ({ json: completion(request.headers.authorization), before: passed }) })
    const calls = ['a', 'b', 'a', 'b'].map((Authorization) => ask(client, {}, { Authorization }))
    await host.received(2)
    open()
    assert.deepEqual((await Promise.all(calls)).map(contentOf), ['Bearer a', 'Bearer b', 'Bearer a', 'Bearer b'])
    assert.equal(host.requests.length, 2)
  })
})

describe('with retries and several targets', () => {
  test('an answer that took a retry is kept, and its hit took none', async (t) => {
    const { host, client } = await setUp(t, {
      script: [{ status: 429, headers: { 'retry-after-ms': '1' }, json: envelope('slow down') }, { json: completion('good') }],
      maxRetries: 1,
    })
    const first = await ask(client)
    assert.deepEqual([statusOf(first), first.getHeaders()['retry-attempt-count'], first.getGateway().attempts.length], ['MISS', '1', 2])
    const second = await ask(client)
    assert.deepEqual([statusOf(second), second.getHeaders()['retry-attempt-count'], second.getGateway().attempts.length], ['HIT', '0', 0])
    assert.equal(host.requests.length, 2)
  })

  /** A fallback from A to B. */
  async function pair(t, a, b = [{ json: completion('from B') }], { A: ofA, B: ofB, ...more } = {}) {
    const [A, B] = [await hostFor(t, a), await hostFor(t, b)]
    const targets = [{ name: 'A', custom_host: A.url, ...ofA }, { name: 'B', custom_host: B.url, ...ofB }]
    return { A, B, client: new Portkey({ config: { strategy: { mode: 'fallback' }, cache: 'simple', targets, ...more } }) }
  }

  test("each target has its own entry: B's answer is B's, and A's is asked for when A is back", async (t) => {
    const { A, B, client } = await pair(t, [
      { status: 400, json: envelope('no') }, { status: 400, json: envelope('no') }, { json: completion('from A') },
    ])
    const told = []
    for (let call = 0; call < 4; call++) {
      const answer = await ask(client)
      told.push([contentOf(answer), statusOf(answer), answer.getGateway().target, answer.getHeaders()['last-used-option-index']])
    }
    assert.deepEqual(told, [
      ['from B', 'MISS', 'B', 'config.targets[1]'],
      ['from B', 'HIT', 'B', 'config.targets[1]'],
      ['from A', 'MISS', 'A', 'config.targets[0]'],
      ['from A', 'HIT', 'A', 'config.targets[0]'],
    ])
    assert.deepEqual([A.requests.length, B.requests.length], [3, 1])
  })

  test("a target's own cache comes before its group's", async (t) => {
    const { A, B, client } = await pair(t, [{ status: 400, json: envelope('no') }], undefined, {
      cache: null, B: { cache: { mode: 'simple', max_age: 60 } },
    })
    const first = await failure(ask(client.withOptions({ config: { ...client.config, targets: client.config.targets.slice(0, 1) } })))
    assert.equal(first.gateway.cache, 'DISABLED')
    assert.equal(statusOf(await ask(client)), 'MISS')
    assert.equal(statusOf(await ask(client)), 'HIT')
    assert.deepEqual([A.requests.length, B.requests.length], [3, 1])
  })

  test('equal calls in flight fall back together when their target fails', async (t) => {
    const { passed, open } = gate()
    const { A, B, client } = await pair(t, [{ status: 500, json: envelope('busy'), before: passed }])
    const calls = Array.from({ length: 10 }, () => ask(client))
    await A.received()
    await inFlight(client, 10)
    open()
    for (const answer of await Promise.all(calls)) assert.equal(contentOf(answer), 'from B')
    assert.ok(A.requests.length <= 10)
    assert.equal(B.requests.length, 1)
  })

  test('a hit takes no place in the queue of a busy target', async (t) => {
    const { passed, open } = gate()
    const script = [{ json: completion('kept') }, { json: completion('late'), before: passed }]
    const { host, client } = await setUp(t, { script, config: { max_concurrent: 1, max_queue: 1 } })
    await ask(client)
    const busy = ask(client, { seed: 1 })
    await host.received(2)
    assert.equal(statusOf(await ask(client)), 'HIT')
    open()
    await busy
  })
})

describe("behind a provider's own dialect", () => {
  const message = {
    id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content: [{ type: 'text', text: 'A' }],
    stop_reason: 'max_tokens', usage: { input_tokens: 1, output_tokens: 1 },
  }
  const blocks = (answer) => 'content_blocks' in answer.choices[0].message

  async function anthropic(t) {
    const host = await hostFor(t, [{ json: message }])
    return { host, client: new Portkey({ config: { provider: 'anthropic', api_key: 'k', custom_host: host.origin, cache: 'simple' } }) }
  }

  test('an answer is kept as the caller got it, and read as each caller wants it', async (t) => {
    const { host, client } = await anthropic(t)
    const told = []
    for (const strictOpenAiCompliance of [true, false, true, false]) {
      const answer = await ask(client, { model: 'claude', max_tokens: 1 }, { strictOpenAiCompliance })
      told.push([statusOf(answer), blocks(answer), answer.choices[0].finish_reason])
    }
    assert.deepEqual(told, [['MISS', false, 'length'], ['MISS', true, 'max_tokens'], ['HIT', false, 'length'], ['HIT', true, 'max_tokens']])
    assert.equal(host.requests.length, 2)
  })

  test('what is the same on the wire is told apart by what was asked', async (t) => {
    const { host, client } = await anthropic(t)
    const bodies = [{ model: 'claude', max_tokens: 1 }, { model: 'claude', max_tokens: 1, seed: 1 }]
    assert.deepEqual(await statuses(client, ...bodies.map((body) => [body]), ...bodies.map((body) => [body])), ['MISS', 'MISS', 'HIT', 'HIT'])
    const [one, other] = host.requests.map(({ text }) => text)
    assert.equal(other, one, 'the seed does not go out')
  })

  test('no two credentials share, wherever they are written', async (t) => {
    const { client } = await anthropic(t)
    const by = (api_key) => [{ model: 'claude', max_tokens: 1 }, { config: { ...client.config, api_key } }]
    assert.deepEqual(await statuses(client, by('a'), by('b'), by('a'), by('b')), ['MISS', 'MISS', 'HIT', 'HIT'])
  })
})

describe('a cache belongs to', () => {
  test('a client and those made from it', async (t) => {
    const { host, client } = await setUp(t)
    await ask(client)
    const made = client.withOptions({ traceID: 't' })
    assert.equal(statusOf(await ask(made)), 'HIT')
    assert.deepEqual(made.cacheState(), client.cacheState())
    await ask(made, { seed: 1 })
    assert.equal(statusOf(await ask(client, { seed: 1 })), 'HIT')
    assert.equal(client.cacheState().entries, 2)

    const apart = client.withOptions({ cacheStore: { maxBytes: 1_000_000 } })
    assert.equal(statusOf(await ask(apart)), 'MISS')
    assert.equal(apart.cacheState().entries, 1)
    assert.equal(statusOf(await ask(apart.withOptions({ maxRetries: 1 }))), 'HIT')
    const other = new Portkey({ config: { custom_host: host.url, cache: 'simple' } })
    assert.equal(statusOf(await ask(other)), 'MISS')
  })

  test('the calls that bring a config of their own too', async (t) => {
    const { host, client } = await setUp(t, { config: { cache: null } })
    const config = { custom_host: host.url, cache: { mode: 'simple', maxAge: 60 } }
    assert.deepEqual(await statuses(client, [{}, { config }], [], [{}, { config: JSON.stringify(config) }]), ['MISS', 'DISABLED', 'HIT'])
    const cached = client.withOptions({ config })
    assert.deepEqual(await statuses(cached, [], [{}, { config: null, customHost: host.url }]), ['HIT', 'DISABLED'])
  })
})

describe('a setting that cannot be acted on is told at construction', () => {
  test('each with its path, all at once', () => {
    const config = {
      strategy: { mode: 'fallback' }, cache: { mode: 'exact' },
      targets: [{ custom_host: 'http://a', cache: { mode: 'simple', max_age: 0 } }, { custom_host: 'http://b', cache: { mode: 'simple', ttl: 60 } }],
    }
    const error = thrown(() => new Portkey({
      config, cacheStore: { maxBytes: -1, redis: 'http://host', ttl: 1 }, cacheForceRefresh: 'yes', cacheNamespace: 7,
    }))
    assert.ok(error instanceof ConfigError)
    const paths = error.problems.map(({ path }) => path)
    for (const path of [
      'config.cache.mode', 'config.targets[0].cache.max_age', 'config.targets[1].cache.ttl', 'cacheStore.maxBytes', 'cacheStore.ttl',
      'cacheForceRefresh', 'cacheNamespace',
    ]) {
      assert.ok(paths.includes(path), `${path} is not among ${paths.join(', ')}`)
    }
  })

  const SETTINGS = {
    'a cache that is switched on': [{ config: { custom_host: 'http://a', cache: true } }, /^config\.cache: expected an object, got true/],
    'a mode that nobody knows': [{ config: { custom_host: 'http://a', cache: 'off' } }, /^config\.cache: expected simple/],
    'an age beyond 90 days': [
      { config: { custom_host: 'http://a', cache: { mode: 'simple', max_age: 7_776_001 } } },
      /^config\.cache\.max_age: expected a whole number from 1 to 7776000/,
    ],
    'a store that is none': [{ customHost: 'http://a', cacheStore: 'redis://host' }, /^cacheStore: expected an object/],
    'an address that is no store': [
      { customHost: 'http://a', cacheStore: { redis: 'http://user:zebra@host' } }, /^cacheStore\.redis: expected redis:\/\//,
    ],
  }
  for (const [what, [options, message]] of Object.entries(SETTINGS)) {
    test(what, () => {
      const error = thrown(() => new Portkey(options))
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, message)
      assert.ok(!shown(error).includes('zebra'))
    })
  }

  test("a call's own settings too, before anything is sent", async (t) => {
    const { host, client } = await setUp(t)
    const error = await failure(ask(client, {}, { config: { custom_host: host.url, cache: { mode: 'simple', max_age: '60' } } }))
    assert.ok(error instanceof ConfigError)
    assert.match(error.message, /^config\.cache\.max_age: expected a whole number/)
    assert.equal(host.accepted.length, 0)
  })
})
