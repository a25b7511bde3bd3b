// Every row of the endpoint table over a real socket: method, encoded path, body, query and headers.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'

import Portkey, { ConfigError, StreamTruncatedError } from 'portkey-native'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'

const require = createRequire(import.meta.url)
const { native } = require('../js/native.js')
const helpers = require('../js/helpers')

const { endpoints } = JSON.parse(native().tables())
const methodOf = (client, call) => call.split('.').reduce((node, name) => node[name], client)

const NAME = 'a/b é?'
const BODIES = { Json: { model: 'm', encoding_format: 'float' }, Query: { limit: 2, after: 'a b', include: ['x', 'y'] }, Nothing: {}, EmptyJson: {}, FormOrJson: { prompt: 'p' } }

/** What a row's method is given, and the request that comes of it. */
function exampleOf({ path, sends, plane }) {
  const object = { ...BODIES[sends] }
  const leading = []
  const kept = {}
  let hasObject = !['Nothing', 'EmptyJson'].includes(sends)
  const sentPath = path.replace(/\{([.+*]?)([^}|]+)[^}]*\}/g, (_, mark, name) => {
    if (mark === '*') return leading.push('rerank/a?b=1') && 'rerank/a'
    if (mark === '') leading.push(NAME)
    else {
      hasObject = true
      object[name] = NAME
      if (mark === '+') kept[plane === 'Data' || sends === 'Query' ? name : snake(name)] = NAME
    }
    return encodeURIComponent(NAME)
  })
  return { given: hasObject ? [...leading, object] : leading, object, sentPath, sent: { ...BODIES[sends], ...kept } }
}

const snake = (name) => name.replace('ID', 'Id').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** `a=1&b[]=2` as an object whose lists are lists. */
function queryOf(url) {
  const query = {}
  for (const [name, value] of new URL(url, 'http://h').searchParams) {
    if (name.endsWith('[]')) (query[name.slice(0, -2)] ??= []).push(value)
    else query[name] = value
  }
  return query
}

async function check(host, client, row) {
  const { given, object, sentPath, sent } = exampleOf(row)
  const before = structuredClone(object)
  const answer = await methodOf(client, row.call)(...given)
  if (typeof answer === 'object') assert.equal(typeof answer.getHeaders, 'function')
  assert.deepEqual(object, before, 'what the caller hands in stays as it is')
  const { method, path, headers, body } = host.last
  assert.equal(method, row.method)
  assert.equal(path.split('?')[0], `/v1${sentPath}`)
  for (const [name, value] of row.headers) assert.equal(headers[name], value)
  if (row.sends === 'Json' || row.sends === 'FormOrJson') assert.deepEqual(JSON.parse(body), sent)
  else assert.equal(String(body), row.sends === 'EmptyJson' ? '{}' : '')
  const lists = row.plane === 'Data' ? { include: ['x', 'y'] } : { include: 'x,y' }
  const generic = row.path.startsWith('/{*') ? { b: '1' } : {}
  assert.deepEqual(queryOf(path), row.sends === 'Query' ? { ...sent, limit: '2', ...lists } : generic)
}

/** Forms and helpers have tests of their own. */
const ours = endpoints.filter(({ call, sends }) => !(call in helpers) && sends !== 'Form')

describe('a row of the data plane is sent as it says', () => {
  for (const row of ours.filter(({ plane }) => plane === 'Data')) {
    test(row.call, async (t) => {
      const host = await hostFor(t, [{ json: { data: [] } }])
      // Whose format it is gets it on its own path; others get a chat.
      const provider = row.call.startsWith('messages.') ? 'anthropic' : 'openai'
      await check(host, new Portkey({ provider, customHost: host.url }), row)
    })
  }
})

describe("a row of Portkey's own is sent to a gateway as it says", () => {
  for (const row of ours.filter(({ plane }) => plane !== 'Data')) {
    test(row.call, async (t) => {
      const host = await hostFor(t, [{ json: { data: [] } }])
      await check(host, new Portkey({ baseURL: host.url }), row)
    })
  }
})

test("Portkey's own endpoints take lists, ids by their old name, and both spellings", async (t) => {
  const host = await hostFor(t, [{ json: {} }])
  const client = new Portkey({ baseURL: host.url })
  await client.feedback.create([{ traceID: 't', value: 1 }])
  assert.equal(host.last.text, '[{"traceID":"t","value":1}]')
  await client.feedback.create({ traceID: 't', value: 1 })
  assert.equal(host.last.text, '{"trace_id":"t","value":1}')
  await client.configs.delete({ id: 'pc-1' })
  assert.equal(`${host.last.method} ${host.last.path}`, 'DELETE /v1/configs/pc-1')
  await client.admin.users.update({ user_id: 'u', role: 'admin' })
  assert.equal(host.last.path, '/v1/admin/users/u')
  assert.deepEqual(host.last.json(), { role: 'admin' })
})

test("Portkey's own endpoints say what they need where no gateway is named", async (t) => {
  const host = await hostFor(t)
  const client = new Portkey({ customHost: host.url })
  for (const row of endpoints.filter(({ plane }) => plane !== 'Data')) {
    const error = await failure(methodOf(client, row.call)(...exampleOf(row).given))
    assert.ok(error instanceof ConfigError, row.call)
    assert.match(error.message, /asks for Portkey.s hosted platform: pass its key as apiKey|with an apiKey it goes to Portkey's hosted platform/)
  }
  assert.equal(host.requests.length, 0)
})

describe('a stream', () => {
  const EVENTS = [{ type: 'a', n: 1 }, { type: 'response.completed', n: 2 }]
  const text = EVENTS.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  const step = { chunks: [text], headers: { 'content-type': 'text/event-stream' } }

  async function read(stream) {
    const read = []
    for await (const event of await stream) read.push(event)
    return read
  }

  test('stream where the body asks for it', async (t) => {
    const host = await hostFor(t, [step])
    const client = new Portkey({ customHost: host.url })
    assert.deepEqual(await read(client.post('/messages', { stream: true })), EVENTS)
    assert.deepEqual(await read(client.post('/messages', { a: 1 }, null, { stream: true })), EVENTS)
    assert.deepEqual(host.last.json(), { a: 1, stream: true })
  })

  test('stream where the query asks for it', async (t) => {
    const host = await hostFor(t, [step])
    const client = new Portkey({ customHost: host.url })
    assert.deepEqual(await read(client.responses.retrieve('resp_1', { stream: true, starting_after: 7 })), EVENTS)
    assert.equal(host.last.path, '/v1/responses/resp_1?stream=true&starting_after=7')
  })

  test('that the connection cuts is no success', async (t) => {
    const host = await hostFor(t, [{ ...step, chunks: [text, 'cut'] }])
    const error = await failure(read(new Portkey({ customHost: host.url }).post('/messages', { stream: true })))
    assert.ok(error instanceof StreamTruncatedError, error.stack)
  })
})

describe('arguments', () => {
  const client = new Portkey({ customHost: 'http://127.0.0.1:9/v1' })

  test('of a path are strings that lead nowhere else', async () => {
    for (const [name, wrong] of [['undefined', undefined], ['a number', 7], ['an empty one', ''], ['', '..']]) {
      const error = await failure(client.files.retrieve(wrong))
      assert.ok(error instanceof ConfigError, name)
      assert.match(error.message, /files\.retrieve/)
    }
    assert.match((await failure(client.evals.runs.retrieve('r', {}))).message, /expected eval_id/)
    assert.match((await failure(client.evals.runs.retrieve('r'))).message, /expected an object as its second argument/)
    assert.match((await failure(client.files.list('batch'))).message, /expected an object as its first argument/)
  })

  test('that the path takes may be spelled in camelCase, and so may known parameters', async (t) => {
    const host = await hostFor(t, [{ json: {} }])
    const client = new Portkey({ customHost: host.url })
    await client.vectorStores.files.update('f', { vectorStoreId: 'v', attributes: { aB: 1 } })
    assert.equal(host.last.path, '/v1/vector_stores/v/files/f')
    assert.deepEqual(host.last.json(), { attributes: { aB: 1 } })
    await client.batches.create({ completionWindow: '24h', inputFileId: 'f', endpoint: '/v1/responses', madeUp: { cD: 1 } })
    assert.deepEqual(host.last.json(), { completion_window: '24h', input_file_id: 'f', endpoint: '/v1/responses', madeUp: { cD: 1 } })
  })

  test('that may be left out are left out', async (t) => {
    const host = await hostFor(t, [{ json: {} }])
    const client = new Portkey({ customHost: host.url })
    await client.beta.threads.create()
    assert.equal(String(host.last.body), '{}')
    await client.files.list(undefined, { traceID: 't' }, { query: { limit: 1 } })
    assert.equal(host.last.path, '/v1/files?limit=1')
    await client.files.list({ purpose: 'batch' }, null, { query: { limit: 1 } })
    assert.equal(host.last.path, '/v1/files?purpose=batch&limit=1')
  })
})

describe('post, get, put and delete', () => {
  test('join the path with one slash, and send any body as it is', async (t) => {
    const host = await hostFor(t, [{ json: {} }])
    for (const base of [host.url, `${host.url}/`]) {
      const { post, get, put, delete: remove } = new Portkey({ customHost: base })
      await post('v2/collections/list', { retrievalQuery: { aB: 1 } })
      assert.deepEqual([host.last.method, host.last.path, String(host.last.body)], ['POST', '/v1/v2/collections/list', '{"retrievalQuery":{"aB":1}}'])
      await put('/knowledgebases/', [1, 'two'])
      assert.deepEqual([host.last.method, host.last.path, String(host.last.body)], ['PUT', '/v1/knowledgebases/', '[1,"two"]'])
      await get('/a%2Fb:run?x=1', null, { query: { y: 2 } })
      assert.deepEqual([host.last.method, host.last.path], ['GET', '/v1/a%2Fb:run?x=1&y=2'])
      await remove('/collections/c')
      assert.deepEqual([host.last.method, host.last.path, String(host.last.body)], ['DELETE', '/v1/collections/c', ''])
      await post('/empty')
      assert.equal(String(host.last.body), '')
    }
  })

  test("take a URL of the target's own host and of no other", async (t) => {
    const [host, other] = [await hostFor(t, [{ json: {} }]), await hostFor(t)]
    const client = new Portkey({ customHost: host.url, Authorization: 'Bearer secret-1' })
    await client.post(`${host.origin}/collections?x=1`, {})
    assert.equal(host.last.path, '/collections?x=1')
    const error = await failure(client.post(`${other.origin}/collections`, {}))
    assert.ok(error instanceof ConfigError)
    assert.match(error.message, /another host/)
    assert.equal(other.requests.length, 0)
  })

  test('work with every provider, whatever endpoints it has', async (t) => {
    const host = await hostFor(t, [{ json: { ok: true } }])
    for (const provider of ['anthropic', 'cohere', 'google', 'jina', 'ollama', 'azure-openai']) {
      const client = new Portkey({ provider, customHost: host.url, Authorization: 'k' })
      assert.deepEqual(await client.post('/rerank', { query: 'q' }), { ok: true }, provider)
      assert.equal(host.last.path, '/v1/rerank')
    }
  })
})

test("a config's parameters go into bodies that name a model, and into no other", async (t) => {
  const host = await hostFor(t, [{ json: {} }])
  const client = new Portkey({ config: { custom_host: host.url, override_params: { model: 'theirs' } } })
  await client.images.generate({ prompt: 'p' })
  assert.deepEqual(host.last.json(), { prompt: 'p', model: 'theirs' })
  await client.vectorStores.create({ name: 'n' })
  assert.deepEqual(host.last.json(), { name: 'n' })
})

test('a provider names what it has, which is nothing of Portkey', () => {
  const [openai] = new Portkey({ customHost: 'http://127.0.0.1:9/v1' }).providers()
  assert.equal(openai.name, 'openai')
  const data = endpoints.filter(({ plane, path }) => plane === 'Data' && !path.startsWith('/{*')).map(({ call }) => call)
  assert.deepEqual(openai.endpoints, data.filter((call) => call !== 'messages.countTokens'))
})
