// Answers in a shape: chat.completions.parse() and stream() with JSON Schema, zod 3 and 4, and valibot.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { toJsonSchema, toStandardJsonSchema } from '@valibot/to-json-schema'
import OpenAI from 'openai'
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod'
import * as v from 'valibot'
import * as z from 'zod'
import { z as z3 } from 'zod3'
import Portkey, {
  APIError, BadRequestError, ConfigError, ContentFilterFinishReasonError, LengthFinishReasonError, SchemaMismatchError, jsonSchemaFormat,
  jsonSchemaTool,
} from '../index.mjs'
import { MESSAGES, chunk, completion, envelope } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'

const PERSON = { type: 'object', properties: { name: { type: 'string' }, age: { type: 'number' } }, required: ['name', 'age'], additionalProperties: false }
const ADA = { name: 'Ada', age: 36 }

/** A host that answers with this message, whole and in pieces of three letters. */
async function setUp(t, message, finish_reason = 'stop') {
  const { content, tool_calls, ...rest } = typeof message === 'string' ? { content: message } : message
  const whole = completion(content ?? null)
  Object.assign(whole.choices[0], { finish_reason, message: { role: 'assistant', content: content ?? null, ...rest, ...(tool_calls && { tool_calls }) } })
  const pieces = [
    chunk({ role: 'assistant', ...rest }),
    ...(content?.match(/[^]{1,3}/g) ?? []).map((text) => chunk({ content: text })),
    ...(tool_calls ?? []).map((call, index) => chunk({ tool_calls: [{ index, ...call }] })),
    chunk({}, finish_reason),
  ]
  const host = await hostFor(t, (request) => (request.json().stream ? { sse: pieces } : { json: whole }))
  const client = new Portkey({ customHost: host.url, maxRetries: 0 })
  const { parse, stream } = client.chat.completions
  const ways = { parse: (body) => parse({ messages: MESSAGES, ...body }), stream: (body) => stream({ messages: MESSAGES, ...body }).finalChatCompletion() }
  return { host, client, ways: Object.entries(ways) }
}

const callOf = (name, text) => ({ id: 'call_1', type: 'function', function: { name, arguments: text } })

describe('an answer is read in the shape of', () => {
  const shapes = {
    'a JSON Schema': jsonSchemaFormat('person', PERSON),
    'a JSON Schema that is written out': { type: 'json_schema', json_schema: { name: 'person', schema: PERSON } },
    'zod 4': jsonSchemaFormat('person', z.object({ name: z.string(), age: z.number() })),
    'zod 4 mini, with a JSON Schema of its own': jsonSchemaFormat('person', z.object({ name: z.string(), age: z.number() }), { schema: PERSON }),
    'zod 3, with its JSON Schema': jsonSchemaFormat('person', z3.object({ name: z3.string(), age: z3.number() }), { schema: PERSON }),
    'zod 3 through zodResponseFormat': zodResponseFormat(z3.object({ name: z3.string(), age: z3.number() }), 'person'),
    'zod 4 through zodResponseFormat': zodResponseFormat(z.object({ name: z.string(), age: z.number() }), 'person'),
    valibot: jsonSchemaFormat('person', toStandardJsonSchema(v.object({ name: v.string(), age: v.number() }))),
    'valibot, with its JSON Schema': jsonSchemaFormat('person', v.object({ name: v.string(), age: v.number() }), {
      schema: toJsonSchema(v.object({ name: v.string(), age: v.number() })),
    }),
  }
  for (const [name, response_format] of Object.entries(shapes)) {
    test(name, async (t) => {
      const { host, ways } = await setUp(t, JSON.stringify(ADA))
      for (const [, ask] of ways) {
        const answer = await ask({ response_format })
        assert.deepEqual(answer.choices[0].message.parsed, ADA)
        assert.equal(answer.choices[0].message.content, JSON.stringify(ADA))
        assert.equal(answer.getGateway().attempts.length, 1)
        const { json_schema, type } = host.last.json().response_format
        assert.equal(type, 'json_schema')
        assert.equal(json_schema.name, 'person')
        assert.deepEqual(json_schema.schema.properties ?? json_schema.schema.definitions.person.properties, PERSON.properties)
      }
    })
  }

  test('a schema that transforms, after it was written', async (t) => {
    const { ways } = await setUp(t, '{"at":"2026-01-01","more":1}')
    const response_format = jsonSchemaFormat('when', z.object({ at: z.string().transform((text) => new Date(text)), n: z.number().default(3) }))
    assert.deepEqual(response_format.json_schema.schema.required, ['at'])
    for (const [, ask] of ways) assert.deepEqual((await ask({ response_format })).choices[0].message.parsed, { at: new Date('2026-01-01'), n: 3 })
  })

  test('a parameter in camelCase', async (t) => {
    const { host, ways } = await setUp(t, JSON.stringify(ADA))
    for (const [, ask] of ways) {
      assert.deepEqual((await ask({ responseFormat: jsonSchemaFormat('person', PERSON) })).choices[0].message.parsed, ADA)
      assert.equal(host.last.json().response_format.json_schema.name, 'person')
    }
  })
})

describe('the schema that is sent', () => {
  test('is as it was given, and held to exactly where that is possible', () => {
    const { json_schema } = jsonSchemaFormat('person', PERSON, { description: 'Someone.' })
    assert.deepEqual(json_schema, { name: 'person', description: 'Someone.', schema: PERSON, strict: true })
    assert.equal(jsonSchemaFormat('open', { ...PERSON, additionalProperties: undefined }).json_schema.strict, undefined)
    assert.equal(jsonSchemaFormat('partly', { ...PERSON, required: ['name'] }).json_schema.strict, undefined)
    assert.equal(jsonSchemaFormat('person', PERSON, { strict: false }).json_schema.strict, false)
    const nested = (inner) => ({ ...PERSON, properties: { ...PERSON.properties, age: { anyOf: [{ type: 'null' }, { type: 'array', items: inner }] } } })
    assert.equal(jsonSchemaFormat('nested', nested(PERSON)).json_schema.strict, true)
    assert.equal(jsonSchemaFormat('nested', nested({ type: 'object' })).json_schema.strict, undefined)
  })

  test('has closed objects where a library leaves them open, but for what is joined', () => {
    const point = v.object({ x: v.number() })
    const joined = v.object({ at: point, both: v.intersect([point, v.object({ y: v.number() })]) })
    const { schema, strict } = jsonSchemaFormat('shape', toStandardJsonSchema(joined)).json_schema
    assert.equal(schema.additionalProperties, false)
    assert.equal(schema.properties.at.additionalProperties, false)
    for (const part of schema.properties.both.allOf) assert.equal(part.additionalProperties, undefined)
    assert.equal(schema.$schema, undefined)
    assert.equal(strict, undefined)
    assert.equal(jsonSchemaFormat('shape', z.object({ at: z.object({ x: z.number() }) })).json_schema.strict, true)
  })

  test('can be read by the openai package too', async (t) => {
    const { host } = await setUp(t, JSON.stringify(ADA))
    const openai = new OpenAI({ apiKey: 'k', baseURL: host.url })
    const response_format = jsonSchemaFormat('person', z.object({ name: z.string(), age: z.number() }))
    const answer = await openai.chat.completions.parse({ model: 'm', messages: MESSAGES, response_format })
    assert.deepEqual(answer.choices[0].message.parsed, ADA)
  })

  test('must have a name, and a form', () => {
    const wrong = [
      ['a b', PERSON], ['', PERSON], [PERSON, 'person'], ['person', undefined], ['person', 'text'], ['person', []],
      ['person', z3.object({})], ['person', v.object({})], ['person', z.date()],
    ]
    for (const given of wrong) assert.throws(() => jsonSchemaFormat(...given), ConfigError, String(given[0]))
    assert.throws(() => jsonSchemaFormat('person', z3.object({})), /zod.*\{ schema: \{ … \} \}/)
    assert.throws(() => jsonSchemaTool(), ConfigError)
  })
})

describe('arguments of tools are read', () => {
  const weather = z.object({ city: z.string() })
  const tools = {
    'of a JSON Schema': jsonSchemaTool({ name: 'weather', description: 'Tells it.', parameters: { type: 'object', properties: { city: { type: 'string' } } } }),
    'of zod 4': jsonSchemaTool({ name: 'weather', description: 'Tells it.', parameters: weather }),
    'of a strict tool': { type: 'function', function: { name: 'weather', description: 'Tells it.', parameters: { type: 'object' }, strict: true } },
    'of zodFunction': zodFunction({ name: 'weather', description: 'Tells it.', parameters: weather }),
  }
  for (const [name, tool] of Object.entries(tools)) {
    test(name, async (t) => {
      const { host, ways } = await setUp(t, { tool_calls: [callOf('weather', '{"city":"Paris"}'), callOf('other', '{}')] }, 'tool_calls')
      for (const [, ask] of ways) {
        const [first, second] = (await ask({ tools: [tool] })).choices[0].message.tool_calls
        assert.deepEqual(first.function, { ...callOf('weather', '{"city":"Paris"}').function, parsed_arguments: { city: 'Paris' } })
        assert.equal(second.function.parsed_arguments, null)
        const [sent] = host.last.json().tools
        assert.deepEqual([sent.type, sent.function.name, sent.function.description, sent.function.parameters.type], ['function', 'weather', 'Tells it.', 'object'])
      }
    })
  }

  test('while they come, as far as they have come', async (t) => {
    const host = await hostFor(t, [{ sse: [
      chunk({ tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'weather', arguments: '' } }] }),
      ...['{"ci', 'ty":"Pa', 'ris"}'].map((text) => chunk({ tool_calls: [{ index: 0, function: { arguments: text } }] })),
      chunk({}, 'tool_calls'),
    ] }])
    const stream = new Portkey({ customHost: host.url }).chat.completions.stream({ messages: MESSAGES, tools: [tools['of zod 4']] })
    const seen = []
    stream.on('tool_calls.function.arguments.delta', ({ parsed_arguments }) => seen.push(parsed_arguments))
    stream.on('tool_calls.function.arguments.done', ({ parsed_arguments }) => seen.push(parsed_arguments))
    await stream.done()
    assert.deepEqual(seen, [null, {}, { city: 'Pa' }, { city: 'Paris' }, { city: 'Paris' }])
  })
})

test('content is read while it comes, on the events and on the snapshot', async (t) => {
  const host = await hostFor(t, [{ sse: [...['{"name":"A', 'da","age":', '36}'].map((content) => chunk({ content })), chunk({}, 'stop')] }])
  const stream = new Portkey({ customHost: host.url }).chat.completions.stream({ messages: MESSAGES, response_format: jsonSchemaFormat('person', PERSON) })
  const seen = { events: [], snapshots: [] }
  stream.on('content.delta', (event) => {
    seen.events.push(event)
    seen.snapshots.push(stream.currentChatCompletionSnapshot.choices[0].message.parsed)
  })
  const done = stream.emitted('content.done')
  assert.deepEqual((await stream.finalMessage()).parsed, ADA)
  assert.deepEqual(seen.snapshots, [{ name: 'A' }, { name: 'Ada' }, ADA])
  // Each event holds what stood there when it was told, whenever someone looks.
  assert.deepEqual(seen.events.map(({ parsed }) => parsed), seen.snapshots)
  assert.deepEqual(await done, { content: JSON.stringify(ADA), parsed: ADA })
})

describe('no value is read from', () => {
  test('a refusal, a call, and an answer of which no shape was asked', async (t) => {
    const messages = [{ refusal: 'No.' }, { tool_calls: [callOf('other', '{')] }]
    for (const message of messages) {
      const { ways } = await setUp(t, message)
      for (const [, ask] of ways) {
        const read = (await ask({ response_format: jsonSchemaFormat('person', PERSON) })).choices[0].message
        assert.equal(read.parsed, null)
        assert.equal(read.refusal ?? null, message.refusal ?? null)
      }
    }
    const { ways } = await setUp(t, '{}')
    for (const [, ask] of ways) assert.equal((await ask({ response_format: { type: 'json_object' } })).choices[0].message.parsed, null)
  })
})

describe('an answer that cannot be read in its shape is an error:', () => {
  const person = jsonSchemaFormat('person', z.object({ name: z.string(), tags: z.array(z.object({ id: z.number() })) }))

  test('one that does not fit names the places and shows nothing of the text', async (t) => {
    const { ways } = await setUp(t, '{"name":4711,"tags":[{"id":"secret"}]}')
    for (const [way, ask] of ways) {
      const error = await failure(ask({ response_format: person }))
      assert.ok(error instanceof SchemaMismatchError && error instanceof APIError, way)
      assert.equal(error.message, 'The answer does not fit "person": name, tags.0.id')
      assert.equal(error.code, 'schema_mismatch')
      assert.deepEqual(error.issues.map(({ path }) => path), [['name'], ['tags', 0, 'id']])
      assert.equal(error.text, '{"name":4711,"tags":[{"id":"secret"}]}')
      assert.doesNotMatch(JSON.stringify(error), /4711|secret/)
    }
    const error = await failure(ways[0][1]({ response_format: person }))
    assert.equal(error.gateway.attempts[0].status, 200)
    assert.equal(error.completion.choices[0].message.role, 'assistant')
  })

  test('one that is no JSON', async (t) => {
    const { ways } = await setUp(t, 'Sure! {')
    for (const [, ask] of ways) assert.equal((await failure(ask({ response_format: person }))).code, 'not_json')
    const plain = { type: 'json_schema', json_schema: { name: 'person', schema: PERSON } }
    assert.equal((await failure(ways[0][1]({ response_format: plain }))).code, 'not_json')
    // As in the openai package, a stream of a shape that nobody checks goes on.
    assert.equal((await ways[1][1]({ response_format: plain })).choices[0].message.parsed, null)
  })

  test("what the openai package's reader throws comes as it is", async (t) => {
    const { ways } = await setUp(t, '{"name":1}')
    for (const [, ask] of ways) assert.equal((await failure(ask({ response_format: zodResponseFormat(z.object({ name: z.string() }), 'x') }))).name, 'ZodError')
  })

  test('one that is cut off, by its length or by a filter', async (t) => {
    for (const [reason, Type] of [['length', LengthFinishReasonError], ['content_filter', ContentFilterFinishReasonError]]) {
      const { ways } = await setUp(t, '{"na', reason)
      for (const [, ask] of ways) {
        const error = await failure(ask({ response_format: person }))
        assert.ok(error instanceof Type && error instanceof APIError)
        assert.equal(error.completion.choices[0].message.content, '{"na')
        assert.equal(error.gateway.attempts[0].status, 200)
        assert.doesNotMatch(JSON.stringify(error), /na/)
      }
      assert.ok((await failure(ways[0][1]({}))) instanceof Type)
      assert.equal((await ways[1][1]({})).choices[0].finish_reason, reason)
    }
  })

  test('a schema that checks asynchronously is refused', async (t) => {
    const { ways } = await setUp(t, '"a"')
    const response_format = jsonSchemaFormat('later', v.pipeAsync(v.string(), v.checkAsync(async () => true)), { schema: { type: 'string' } })
    for (const [, ask] of ways) assert.match((await failure(ask({ response_format }))).message, /asynchronously/)
  })
})

describe('parse()', () => {
  test('is an APIPromise, with the response around the answer and the unread body', async (t) => {
    const { client } = await setUp(t, JSON.stringify(ADA))
    const ask = () => client.chat.completions.parse({ messages: MESSAGES, response_format: jsonSchemaFormat('person', PERSON) }, { traceID: 'trace-1' })
    const { data, response } = await ask().withResponse()
    assert.deepEqual(data.choices[0].message.parsed, ADA)
    assert.equal(response.status, 200)
    assert.equal(data.getHeaders()['trace-id'], 'trace-1')
    const unread = await ask().asResponse()
    assert.equal((await new Response(unread.body).json()).choices[0].message.parsed, undefined)
  })

  test('fails as create() does', async (t) => {
    const host = await hostFor(t, [{ status: 400, json: envelope('no') }])
    const { parse } = new Portkey({ customHost: host.url }).chat.completions
    assert.ok((await failure(parse({ messages: MESSAGES }))) instanceof BadRequestError)
    for (const bad of [undefined, 7, { messages: MESSAGES, stream: true }]) assert.ok((await failure(parse(bad))) instanceof ConfigError)
    assert.equal(host.requests.length, 1)
  })
})
