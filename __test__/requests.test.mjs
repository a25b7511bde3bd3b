// What is sent and what comes back, to the byte: URLs, bodies, answers, connections.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'

import Portkey, { ConfigError } from '../index.mjs'
import { completion, MESSAGES } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { CERTIFICATE } from './support/tls.mjs'
import { assertBody, assertHeaders } from './support/wire.mjs'

const ANSWERS = [{ json: completion() }]

const chat = (customHost, body = { messages: MESSAGES }, params, opts) => new Portkey({ customHost }).chat.completions.create(body, params, opts)

describe('the URL', () => {
  const spellings = {
    '/v1': '/v1/chat/completions',
    '/v1/': '/v1/chat/completions',
    '/v1//': '/v1/chat/completions',
    '': '/chat/completions',
    '/': '/chat/completions',
    '/team/llm/v1': '/team/llm/v1/chat/completions',
    '/v2/models/llama': '/v2/models/llama/chat/completions',
    '/v1?api-version=7': '/v1/chat/completions?api-version=7',
    '/v1/?a=1&b=%20': '/v1/chat/completions?a=1&b=%20',
    '?a=1': '/chat/completions?a=1',
    '/a%20b%2Fc/v1': '/a%20b%2Fc/v1/chat/completions',
    '/ünï/v1': '/%C3%BCn%C3%AF/v1/chat/completions',
    '/V1': '/V1/chat/completions',
  }
  test('is the custom host and the path, joined with one slash; the query is kept', async (t) => {
    const host = await hostFor(t, ANSWERS)
    for (const [written, wanted] of Object.entries(spellings)) {
      await chat(`${host.origin}${written}`)
      assert.equal(host.last.path, wanted, written)
      assert.deepEqual(host.last.values('host'), [`127.0.0.1:${host.port}`])
    }
  })

  test('has the version that ollama needs, once', async (t) => {
    const host = await hostFor(t, ANSWERS)
    for (const written of [host.origin, `${host.origin}/`, host.url, `${host.url}/`]) {
      await new Portkey({ provider: 'ollama', customHost: written }).chat.completions.create({ messages: MESSAGES })
      assert.equal(host.last.path, '/v1/chat/completions', written)
    }
  })

  test("takes the call's query after the host's", async (t) => {
    const host = await hostFor(t, ANSWERS)
    const query = { a: 'x y&z', list: [1, 2], deep: { er: { est: true } }, none: null, nothing: undefined, ünï: 'ö' }
    await chat(`${host.url}?first=1`, undefined, null, { query })
    const [pathname, text] = host.last.path.split('?')
    assert.equal(pathname, '/v1/chat/completions')
    assert.ok(text.startsWith('first=1&'))
    const pairs = [['first', '1'], ['a', 'x y&z'], ['list[]', '1'], ['list[]', '2'], ['deep[er][est]', 'true'], ['ünï', 'ö']]
    assert.deepEqual([...new URLSearchParams(text)], pairs)
  })

  test('keeps a path argument in one segment', async (t) => {
    const host = await hostFor(t, [{ json: { id: 'm' } }])
    const client = new Portkey({ customHost: host.url })
    const names = { 'meta-llama/Llama 3?x=1#é': 'meta-llama%2FLlama%203%3Fx%3D1%23%C3%A9', 'a/../b': 'a%2F..%2Fb', '%2e%2e': '%252e%252e', 'gpt-4.1': 'gpt-4.1' }
    for (const [name, wanted] of Object.entries(names)) {
      await client.models.retrieve(name)
      assert.equal(host.last.path, `/v1/models/${wanted}`)
    }
    for (const name of ['', '.', '..', undefined, null, 7, {}]) assert.ok((await failure(client.models.retrieve(name))) instanceof ConfigError, String(name))
    assert.equal(host.requests.length, Object.keys(names).length)
  })

  test('may be an IPv6 address', async (t) => {
    const host = await hostFor(t, ANSWERS, { host: '::1' })
    assert.deepEqual(await chat(host.url), completion())
    assert.deepEqual(host.last.values('host'), [`[::1]:${host.port}`])
  })

  test('may be a name that this machine resolves', async (t) => {
    const host = await hostFor(t, ANSWERS)
    assert.deepEqual(await chat(host.url.replace('127.0.0.1', 'localhost')), completion())
    assert.deepEqual(host.last.values('host'), [`localhost:${host.port}`])
  })

  test('may be a unix socket, with and without a path', { skip: process.platform === 'win32' }, async (t) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'portkey-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const socket = path.join(folder, 'llm.sock')
    const host = await hostFor(t, ANSWERS, { socket })
    const written = { [`unix:${socket}`]: '', [`unix:${socket}:/v1`]: '/v1', [`unix:${socket}/v1/`]: '/v1', [`unix://${socket}/api/v1`]: '/api/v1' }
    for (const [customHost, prefix] of Object.entries(written)) {
      assert.deepEqual(await chat(customHost), completion())
      assert.equal(host.last.path, `${prefix}/chat/completions`, customHost)
    }
  })
})

describe('TLS', () => {
  const authority = fileURLToPath(new URL('../fixtures/tls/authority.pem', import.meta.url))
  const script = `import Portkey from ${JSON.stringify(new URL('../index.mjs', import.meta.url).href)}
    const answer = await new Portkey({ customHost: process.argv[1], Authorization: 'k' }).chat.completions.create({ messages: [] })
    console.log(JSON.stringify(answer))`

  for (const variable of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
    test(`trusts the authority that ${variable} names`, async (t) => {
      const host = await hostFor(t, ANSWERS, { tls: CERTIFICATE, name: 'localhost' })
      const { SSL_CERT_FILE, SSL_CERT_DIR, NODE_EXTRA_CA_CERTS, ...env } = process.env
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, host.url], { env: { ...env, [variable]: authority }, stdio: ['ignore', 'pipe', 'pipe'] })
      let [told, wrong] = ['', '']
      child.stdout.on('data', (text) => (told += text))
      child.stderr.on('data', (text) => (wrong += text))
      await once(child, 'close')
      assert.equal(wrong, '')
      assert.deepEqual(JSON.parse(told), completion())
      assertHeaders(host.last, { authorization: 'Bearer k' })
    })
  }
})

describe('the body', () => {
  const bodies = {
    'is empty': {},
    'has every kind of value': { messages: MESSAGES, n: 1, temperature: 0.1, top_p: 1e-7, seed: 9007199254740991, stop: null, logprobs: false, big: 1e21, minus: -0 },
    'has keys of its own order, also unknown and nested ones': { z: 1, messages: MESSAGES, a: { maxTokens: 1, topP: [{ toolChoice: 'x' }] }, 'odd key': true, '': 0 },
    'has text of every kind': { messages: [{ role: 'user', content: '日本 😀 é \u2028\u2029\u0085 \u0000\u001f "\\/ \ud83d' }] },
    'has what JSON leaves out': { messages: MESSAGES, gone: undefined, call: () => 1, list: [undefined, () => 1], date: new Date(0), nan: NaN },
    'has a toJSON of its own': { messages: MESSAGES, own: { toJSON: () => ({ b: 1, a: 2 }) } },
    'is long': { messages: [{ role: 'user', content: 'wörd '.repeat(400_000) }] },
  }
  for (const [title, body] of Object.entries(bodies)) {
    test(`${title}, and goes out byte for byte as JSON.stringify makes it`, async (t) => {
      const host = await hostFor(t, ANSWERS)
      await chat(host.url, body)
      assertBody(host.last, body)
      await new Portkey({ customHost: host.url }).moderations.create(body)
      assertBody(host.last, body)
    })
  }

  test('is known by its known parameters in camelCase, which are renamed where they stand', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const given = { messages: MESSAGES, maxTokens: 5, topP: 0.5, responseFormat: { type: 'json_schema', jsonSchema: { camelKept: 1 } }, userID: 'u', myParam: 1, toolChoice: 'auto', logitBias: { camelKey: 1 } }
    await chat(host.url, given)
    const wanted = { messages: MESSAGES, max_tokens: 5, top_p: 0.5, response_format: { type: 'json_schema', jsonSchema: { camelKept: 1 } }, userID: 'u', myParam: 1, tool_choice: 'auto', logit_bias: { camelKey: 1 } }
    assertBody(host.last, wanted)
    await new Portkey({ customHost: host.url }).completions.create({ prompt: 'x', bestOf: 2, toolChoice: 'kept' })
    assertBody(host.last, { prompt: 'x', best_of: 2, toolChoice: 'kept' })
  })

  test('that names a parameter in both spellings is refused', async (t) => {
    const host = await hostFor(t, ANSWERS)
    for (const body of [{ maxTokens: 1, max_tokens: 2 }, { max_tokens: 2, maxTokens: 1 }]) {
      const error = await failure(chat(host.url, { messages: MESSAGES, ...body }))
      assert.ok(error instanceof ConfigError)
      assert.equal(error.message, 'maxTokens: is given twice, as max_tokens too')
    }
    assert.equal(host.accepted.length, 0)
  })

  test('that is no plain object is refused before anything is sent', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const loop = {}
    loop.self = loop
    for (const body of [null, [], 'text', 7, true, new Map(), new Date(), Buffer.from('{}'), () => {}, loop, { big: 1n }, { toJSON: () => 'text' }]) {
      const error = await failure(chat(host.url, body))
      assert.ok(error instanceof ConfigError, `${Object.prototype.toString.call(body)}: ${error}`)
    }
    assert.equal(host.accepted.length, 0)
  })

  test('gets what override_params say where they say it, and keeps the rest byte for byte', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const body = { messages: MESSAGES, temperature: 0.30000000000000004, model: 'mine', seed: 1 }
    const client = new Portkey({ config: { custom_host: host.url, override_params: { model: 'theirs', max_tokens: 5, nested: { keepMe: 1 } } } })
    const answer = await client.chat.completions.create(body)
    assertBody(host.last, { ...body, model: 'theirs', max_tokens: 5, nested: { keepMe: 1 } })
    assert.equal(answer.getGateway().changes.length, 3)
  })
})

describe('the answer', () => {
  test('is the object that the host sent, whatever is in it', async (t) => {
    const answers = [
      completion('日本 😀 \u2028 "\\'), { choices: [] }, {}, { __proto__: null, constructor: 1, toString: 2, getHeaders: 'host', '': null },
      { nested: [[[{ deep: [1.5, -0, 1e308, 9007199254740993] }]]], nul: '\u0000' }, { error: null, choices: [1] },
    ]
    const host = await hostFor(t, answers.map((json) => ({ json })))
    for (const wanted of answers) {
      const answer = await chat(host.url)
      assert.deepEqual(JSON.parse(JSON.stringify({ ...answer })), JSON.parse(JSON.stringify({ ...wanted, ...(wanted.getHeaders && { getHeaders: undefined }) })))
    }
  })

  test('may be compressed where the request allows it, which one without Accept-Encoding does', async (t) => {
    const zipped = gzipSync(JSON.stringify(completion()))
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const allows = ({ headers: { 'accept-encoding': accepted } }) => accepted === undefined || /gzip|\*/.test(accepted)
    const host = await hostFor(t, (request) => (allows(request) ? { chunks: [zipped.subarray(0, 7), zipped.subarray(7)], headers } : { json: completion() }))
    assert.deepEqual(await chat(host.url), completion())
    assert.deepEqual(await chat(host.url, undefined, null, { headers: { 'Accept-Encoding': 'gzip' } }), completion())
  })

  test('may be long, in many pieces, framed in every way, with blanks around it', async (t) => {
    const long = completion('wörd '.repeat(200_000))
    const text = Buffer.from(JSON.stringify(long))
    const pieces = Array.from({ length: Math.ceil(text.length / 999) }, (_, at) => text.subarray(at * 999, (at + 1) * 999))
    const json = { 'content-type': 'application/json' }
    const host = await hostFor(t, [
      { json: long }, { chunks: pieces, headers: json }, { chunks: pieces, framing: 'none', headers: { ...json, connection: 'close' } },
      { body: Buffer.concat([Buffer.from('\n  '), text, Buffer.from('\n\n')]), headers: json },
    ])
    for (let at = 0; at < 4; at++) assert.deepEqual(await chat(host.url), long, `step ${at}`)
  })

  test('has its status, headers and URL in withResponse; the URL without its query', async (t) => {
    const host = await hostFor(t, [{ status: 201, json: completion(), headers: [['X-Request-Id', 'r'], ['X-Twice', 'a'], ['x-twice', 'b'], ['x-portkey-provider', 'spoofed']] }])
    const { data, response } = await chat(`${host.url}?key=private`).withResponse()
    assert.deepEqual(data, completion())
    assert.deepEqual([response.status, response.url], [201, `${host.url}/chat/completions`])
    assert.deepEqual([response.headers['x-request-id'], response.headers['x-twice'], response.headers['x-portkey-provider']], ['r', 'a, b', 'openai'])
  })

  test('is left unread by asResponse', async (t) => {
    const host = await hostFor(t, [{ body: '{ "as" : "sent" }', headers: { 'content-type': 'application/json' } }])
    const { status, headers, url, body } = await chat(host.url).asResponse()
    assert.deepEqual([status, headers['content-type'], url], [200, 'application/json', `${host.url}/chat/completions`])
    assert.equal(await new Response(body).text(), '{ "as" : "sent" }')
  })
})

describe('embeddings', () => {
  const FLOATS = [0.1, -2.5, 3.4028234663852886e38]
  const base64 = Buffer.from(new Float32Array(FLOATS).buffer).toString('base64')
  const answer = (embedding) => ({ object: 'list', data: [{ object: 'embedding', index: 0, embedding }], model: 'm', usage: { prompt_tokens: 1, total_tokens: 1 } })

  test('are asked for in base64 where nobody said otherwise, and given as numbers', async (t) => {
    const host = await hostFor(t, [{ json: answer(base64) }])
    const got = await new Portkey({ customHost: host.url }).embeddings.create({ model: 'm', input: 'x' })
    assert.deepEqual(host.last.json(), { model: 'm', input: 'x', encoding_format: 'base64' })
    assert.deepEqual(got, answer([...new Float32Array(FLOATS)]))
    assert.ok(Array.isArray(got.data[0].embedding))
    assert.equal(got.getGateway().changes.length, 1)
  })

  test('are numbers too where the host knows no base64', async (t) => {
    const host = await hostFor(t, [{ json: answer(FLOATS) }])
    assert.deepEqual(await new Portkey({ customHost: host.url }).embeddings.create({ model: 'm', input: 'x' }), answer(FLOATS))
    await new Portkey({ customHost: host.url, provider: 'mistral-ai' }).embeddings.create({ model: 'm', input: 'x' })
    assertBody(host.last, { model: 'm', input: 'x' })
  })

  test('come as they were asked for', async (t) => {
    const host = await hostFor(t, [{ json: answer(base64) }, { json: answer(FLOATS) }, { json: answer(FLOATS) }])
    const client = new Portkey({ customHost: host.url })
    assert.deepEqual(await client.embeddings.create({ model: 'm', input: 'x', encoding_format: 'base64' }), answer(base64))
    assertBody(host.last, { model: 'm', input: 'x', encoding_format: 'base64' })
    assert.deepEqual(await client.embeddings.create({ model: 'm', input: 'x', encoding_format: 'float' }), answer(FLOATS))
    assertBody(host.last, { model: 'm', input: 'x', encoding_format: 'float' })
    assert.deepEqual(await client.embeddings.create({ model: 'm', input: 'x', encodingFormat: 'float' }), answer(FLOATS))
    assertBody(host.last, { model: 'm', input: 'x', encoding_format: 'float' })
  })
})

test('calls that follow each other share a connection, and calls at once have their own', async (t) => {
  const host = await hostFor(t, async () => ({ json: completion() }))
  const client = new Portkey({ customHost: host.url })
  for (let at = 0; at < 5; at++) await client.chat.completions.create({ messages: MESSAGES })
  assert.equal(host.accepted.length, 1)
  host.answer(async () => {
    await host.until(() => host.requests.length === 5 + 8)
    return { json: completion() }
  })
  await Promise.all(Array.from({ length: 8 }, () => client.chat.completions.create({ messages: MESSAGES })))
  assert.equal(host.accepted.length, 8)
})
