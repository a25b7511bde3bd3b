// The main job against a real model: llama.cpp's own server with a small model, which the project installs by itself.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import OpenAI from 'openai'
import * as z from 'zod'
import Portkey, {
  APIConnectionTimeoutError, APIUserAbortError, AuthenticationError, BadRequestError, NotFoundError, jsonSchemaFormat, jsonSchemaTool,
} from '../index.mjs'
import { LocalModelError, TOOL_CALL_TEMPLATE, startLocalModel } from '../tools/local-model/server.mjs'
import { collect, textOf } from './support/recorded.mjs'

const KEY = 'sk-local-test'
const messages = [{ role: 'user', content: 'Say hello in five words.' }]
/** The same words each time. */
const FIXED = { temperature: 0, seed: 1 }
const LONG = { messages, max_tokens: 1500, ...FIXED, ignore_eos: true }

/** Starts the server, or gives undefined, with the reason on the test's output, where this machine can't have it. */
async function start(options) {
  try {
    return await startLocalModel({ apiKey: KEY, ...options })
  } catch (error) {
    if (!(error instanceof LocalModelError) || process.env.CI === 'true') throw error
    console.log(`# real-model: skipped: ${error.message}`)
    return undefined
  }
}

describe('llama.cpp with a real model', () => {
  let server
  let client

  before(async () => {
    server = await start({ context: 4096 })
    // The server closes a kept connection when it likes, also while a request is on its way: these may be asked twice.
    client = server && new Portkey({ customHost: `${server.url}/v1`, Authorization: KEY, idempotent: true })
  })
  after(() => server?.stop())

  /** A test that needs the server. */
  const real = (name, run) => test(name, (t) => (server ? run(t) : t.skip('there is no local model')))

  /** The server's own word on who is being served. */
  async function busy() {
    const response = await fetch(`${server.url}/slots`, { headers: { authorization: `Bearer ${KEY}` } })
    return (await response.json()).filter((slot) => slot.is_processing).length
  }

  /** How long until the server has that many slots at work. */
  async function untilBusy(count) {
    const began = performance.now()
    while ((await busy()) !== count) {
      assert.ok(performance.now() - began < 10_000, `the server is not down to ${count} slots`)
      await sleep(10)
    }
    return performance.now() - began
  }

  real('answers a whole call', async () => {
    const answer = await client.chat.completions.create({ messages, max_tokens: 12, ...FIXED })
    assert.equal(answer.object, 'chat.completion')
    assert.ok(answer.choices[0].message.content.length > 0)
    assert.ok(['stop', 'length'].includes(answer.choices[0].finish_reason))
    assert.ok(answer.usage.completion_tokens > 0)
    const { attempts, usage } = answer.getGateway()
    assert.equal(attempts.length, 1)
    assert.equal(attempts[0].url, `${server.url}/v1/chat/completions`)
    assert.deepEqual(usage, answer.usage)
  })

  real('streams the same words', async () => {
    const whole = await client.chat.completions.create({ messages, max_tokens: 12, ...FIXED })
    const stream = await client.chat.completions.create({ messages, max_tokens: 12, ...FIXED, stream: true })
    const { items, error } = await collect(stream)
    assert.equal(error, undefined)
    assert.equal(textOf(items), whole.choices[0].message.content)
    assert.equal(items.at(-1).choices[0].finish_reason, whole.choices[0].finish_reason)
    assert.ok(items.length > 3)
    const { ms } = stream.getGateway().attempts[0]
    assert.ok(ms.firstToken <= ms.total)
  })

  real('brings usage as the last chunk when asked', async () => {
    const stream = await client.chat.completions.create({ messages, max_tokens: 8, ...FIXED, stream: true, stream_options: { include_usage: true } })
    const { items } = await collect(stream)
    assert.deepEqual(items.at(-1).choices, [])
    assert.ok(items.at(-1).usage.completion_tokens > 0)
    assert.deepEqual(stream.getGateway().usage, items.at(-1).usage)
  })

  real('keeps to a JSON schema, whole and streamed', async () => {
    const schema = {
      type: 'object', additionalProperties: false, required: ['city', 'warm'],
      properties: { city: { type: 'string', maxLength: 12 }, warm: { type: 'boolean' } },
    }
    const body = {
      messages: [{ role: 'user', content: 'Name a city and say if it is warm.' }], max_tokens: 60, ...FIXED,
      response_format: { type: 'json_schema', json_schema: { name: 'city', strict: true, schema } },
    }
    const texts = [
      (await client.chat.completions.create(body)).choices[0].message.content,
      textOf((await collect(client.chat.completions.create({ ...body, stream: true }))).items),
    ]
    for (const text of texts) {
      const { city, warm, ...rest } = JSON.parse(text)
      assert.equal(typeof city, 'string')
      assert.equal(typeof warm, 'boolean')
      assert.deepEqual(rest, {})
    }
  })

  real('completes a plain prompt, whole and streamed', async () => {
    const whole = await client.completions.create({ prompt: 'Once upon a time', max_tokens: 8, ...FIXED })
    const { items, error } = await collect(client.completions.create({ prompt: 'Once upon a time', max_tokens: 8, ...FIXED, stream: true }))
    assert.equal(error, undefined)
    assert.equal(textOf(items), whole.choices[0].text)
  })

  real('lists its model', async () => {
    const { data } = await client.models.list()
    assert.deepEqual(data.map(({ id }) => id), [server.model])
  })

  real('is left in peace when a stream is aborted: its slot is free again', async (t) => {
    const leave = {
      signal: async (stream, controller) => {
        const { error } = await collect(afterWords(stream, 3, () => controller.abort()))
        assert.equal(error.constructor, APIUserAbortError)
      },
      'break': async (stream) => {
        for await (const _ of stream) break
      },
      'controller': async (stream) => {
        assert.equal((await collect(afterWords(stream, 3, () => stream.controller.abort()))).error, undefined)
      },
    }
    for (const [how, by] of Object.entries(leave)) {
      const controller = new AbortController()
      const stream = await client.chat.completions.create({ ...LONG, stream: true }, undefined, { signal: controller.signal })
      assert.equal(await busy(), 1)
      await by(stream, controller)
      const took = await untilBusy(0)
      t.diagnostic(`${how}: the slot was free after ${took.toFixed(0)} ms`)
      assert.ok(took < 2000, `${how}: ${took} ms`)
    }
  })

  real('is left in peace when a stream is aborted that waits for a slot', async () => {
    const running = await Promise.all([0, 1].map(() => client.chat.completions.create({ ...LONG, stream: true })))
    const controller = new AbortController()
    const queued = client.chat.completions.create({ ...LONG, stream: true }, undefined, { signal: controller.signal })
    await sleep(100)
    controller.abort()
    await assert.rejects(queued, APIUserAbortError)
    for (const stream of running) stream.controller.abort()
    // The queued one never gets its turn.
    await untilBusy(0)
    await sleep(100)
    assert.equal(await busy(), 0)
  })

  real('is left in peace when a clock runs out', async () => {
    const call = collect(client.chat.completions.create({ ...LONG, stream: true }, undefined, { timeout: 400 }))
    const { items, error } = await call
    assert.equal(error.constructor, APIConnectionTimeoutError)
    assert.equal(error.code, 'total_timeout')
    assert.ok(items.length > 0)
    assert.ok((await untilBusy(0)) < 2000)
  })

  real('serves more streams than it has slots', async () => {
    const streams = Array.from({ length: 6 }, () => collect(client.chat.completions.create({ messages, max_tokens: 5, ...FIXED, stream: true })))
    for (const { items, error } of await Promise.all(streams)) {
      assert.equal(error, undefined)
      assert.ok(textOf(items).length > 0)
    }
  })

  real('outlives its habit of closing connections after 100 requests', async () => {
    for (let at = 0; at < 130; at++) await client.models.list()
  })

  real('refuses a wrong key, and a missing one', async () => {
    const wrong = client.withOptions({ Authorization: 'sk-wrong-key' })
    await assert.rejects(wrong.chat.completions.create({ messages }), (error) => {
      assert.equal(error.constructor, AuthenticationError)
      assert.equal(error.status, 401)
      assert.equal(error.type, 'authentication_error')
      assert.match(error.message, /Authorization/)
      assert.doesNotMatch(error.message + error.stack, /sk-wrong-key/)
      return true
    })
    await assert.rejects(client.withOptions({ Authorization: null }).chat.completions.create({ messages, stream: true }), (error) => {
      assert.equal(error.status, 401)
      assert.match(error.message, /No credential was sent/)
      return true
    })
  })

  real('answers in the shape of a schema, whole and streamed', async () => {
    const body = { messages: [{ role: 'user', content: 'Name a city.' }], max_tokens: 60, ...FIXED }
    const response_format = jsonSchemaFormat('city', z.object({ city: z.string().min(1).max(12) }))
    const whole = await client.chat.completions.parse({ ...body, response_format })
    assert.match(whole.choices[0].message.parsed.city, /^.{1,12}$/s)
    const stream = client.chat.completions.stream({ ...body, response_format })
    const seen = []
    stream.on('content.delta', ({ parsed }) => seen.push(parsed))
    assert.deepEqual((await stream.finalMessage()).parsed, whole.choices[0].message.parsed)
    assert.ok(seen.length > 2)
    assert.deepEqual(seen.at(-1), whole.choices[0].message.parsed)
  })

  real('answers the openai package through portkey.fetch', async () => {
    const openai = new OpenAI({ apiKey: 'unused', maxRetries: 0, fetch: client.fetch })
    const body = { model: 'local', messages, max_tokens: 12, ...FIXED }
    const whole = await openai.chat.completions.create(body)
    const { items } = await collect(openai.chat.completions.create({ ...body, stream: true }))
    assert.equal(textOf(items), whole.choices[0].message.content)
    await assert.rejects(openai.chat.completions.create({ ...body, messages: [{ role: 'user', content: 'word '.repeat(5000) }] }), OpenAI.BadRequestError)
  })

  real('gets its key in a forwarded header too', async () => {
    const forwarding = new Portkey({ customHost: `${server.url}/v1`, forwardHeaders: ['X-Api-Key'], xApiKey: KEY })
    assert.equal((await forwarding.models.list()).data.length, 1)
    const whole = new Portkey({ customHost: `${server.url}/v1`, forwardHeaders: ['Authorization'], Authorization: `Bearer ${KEY}` })
    assert.equal((await whole.models.list()).data.length, 1)
  })

  real('does not know a wrong path, and the error says which and what was likely meant', async () => {
    await assert.rejects(client.withOptions({ customHost: `${server.url}/v7` }).chat.completions.create({ messages }), (error) => {
      assert.equal(error.constructor, NotFoundError)
      assert.ok(error.message.includes(`${server.url}/v7/chat/completions`), error.message)
      assert.ok(error.message.split('\n').length <= 3)
      return true
    })
    await assert.rejects(client.withOptions({ customHost: `${server.url}/api` }).chat.completions.create({ messages }), (error) => {
      assert.equal(error.constructor, NotFoundError)
      assert.match(error.message, /\/v1/)
      return true
    })
  })

  real('refuses a prompt that is too long, in its own words', async () => {
    const long = [{ role: 'user', content: 'word '.repeat(3000) }]
    for (const stream of [false, true]) {
      await assert.rejects(client.chat.completions.create({ messages: long, max_tokens: 5, stream }), (error) => {
        assert.equal(error.constructor, BadRequestError)
        assert.equal(error.type, 'exceed_context_size_error')
        assert.equal(typeof error.error.error.n_ctx, 'number')
        return true
      })
    }
  })
})

describe('llama.cpp with a template for tools, and with embeddings', () => {
  let server

  before(async () => {
    server = await start({ chatTemplateFile: TOOL_CALL_TEMPLATE, embeddings: true })
  })
  after(() => server?.stop())

  test('streams a tool call in pieces that make up the whole', async (t) => {
    if (!server) return t.skip('there is no local model')
    const client = new Portkey({ customHost: `${server.url}/v1`, Authorization: KEY, idempotent: true })
    const parameters = { type: 'object', properties: { city: { type: 'string', maxLength: 16 } }, required: ['city'], additionalProperties: false }
    const body = {
      messages: [{ role: 'user', content: 'What is the weather in Paris?' }], max_tokens: 60, ...FIXED,
      tools: [{ type: 'function', function: { name: 'get_weather', description: 'Weather of a city', parameters } }], tool_choice: 'required',
    }
    const { items, error } = await collect(client.chat.completions.create({ ...body, stream: true }))
    assert.equal(error, undefined)
    const pieces = items.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])
    assert.ok(pieces.length > 1)
    assert.equal(pieces.find((piece) => piece.function?.name).function.name, 'get_weather')
    const written = pieces.map((piece) => piece.function?.arguments ?? '').join('')
    assert.equal(typeof JSON.parse(written).city, 'string')
    const whole = await client.chat.completions.create(body)
    assert.equal(whole.choices[0].message.tool_calls[0].function.arguments, written)
  })

  test('has its tool run, whole and streamed', async (t) => {
    if (!server) return t.skip('there is no local model')
    const client = new Portkey({ customHost: `${server.url}/v1`, Authorization: KEY, idempotent: true })
    for (const stream of [false, true]) {
      const cities = []
      const tool = jsonSchemaTool({
        name: 'get_weather', description: 'Weather of a city', parameters: z.object({ city: z.string().max(16) }),
        function: ({ city }) => cities.push(city) && { sky: 'blue' },
      })
      const body = { messages: [{ role: 'user', content: 'What is the weather in Paris?' }], max_tokens: 60, ...FIXED, tools: [tool], tool_choice: 'required' }
      const runner = client.chat.completions.runTools({ ...body, stream }, undefined, { maxChatCompletions: 1 })
      assert.equal(await runner.finalFunctionToolCallResult(), '{"sky":"blue"}')
      assert.deepEqual(cities, [JSON.parse((await runner.finalFunctionToolCall()).arguments).city])
    }
  })

  test('gives the same numbers for embeddings as floats and as base64', async (t) => {
    if (!server) return t.skip('there is no local model')
    const client = new Portkey({ customHost: `${server.url}/v1`, Authorization: KEY, idempotent: true })
    const { data } = await client.embeddings.create({ input: ['a cat', 'a dog'] })
    assert.deepEqual(data.map(({ index }) => index), [0, 1])
    const response = await fetch(`${server.url}/v1/embeddings`, {
      method: 'POST', headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }, body: JSON.stringify({ input: ['a cat', 'a dog'], encoding_format: 'float' }),
    })
    const own = (await response.json()).data
    data.forEach(({ embedding }, at) => {
      assert.equal(embedding.length, own[at].embedding.length)
      embedding.forEach((number, place) => assert.ok(Math.abs(number - own[at].embedding[place]) < 1e-4))
    })
  })
})

/** Passes a stream's chunks on, and does something after a few. */
async function* afterWords(stream, count, act) {
  for await (const chunk of stream) {
    yield chunk
    if (--count === 0) act()
  }
}
