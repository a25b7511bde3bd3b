// Through Portkey's own gateway, the npm package in a process of its own, to a host of ours: what its headers mean to it.
// `npm run bench` installs it on first use.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { after, before, describe, test } from 'node:test'

import { Child } from '../bench/processes.mjs'
import Portkey, { AuthenticationError } from '../index.mjs'
import { chatChunks, completion, envelope, MESSAGES } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'

const peers = fileURLToPath(new URL('../bench/peers', import.meta.url))
const installed = existsSync(`${peers}/node_modules/@portkey-ai/gateway`)

describe("Portkey's gateway", { skip: !installed && '`npm run bench` installs it' }, () => {
  let gateway
  let baseURL
  before(async () => {
    gateway = await Child.start('gateway.mjs', peers)
    baseURL = `http://127.0.0.1:${gateway.ready.port}/v1`
  })
  after(() => gateway?.end())

  const client = (host, more) => new Portkey({ baseURL, provider: 'openai', customHost: host.url, ...more })

  test('carries a whole answer, and tells the facts of the call', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const answer = await client(host, { Authorization: 'sk-raw', traceID: 'a-trace' }).chat.completions.create({ model: 'm', messages: MESSAGES })
    assert.equal(answer.choices[0].message.content, completion().choices[0].message.content)
    assert.equal(host.last.path, '/v1/chat/completions')
    assert.equal(host.last.headers.authorization, 'Bearer sk-raw')
    const { provider, 'trace-id': trace, 'retry-attempt-count': retries } = answer.getHeaders()
    assert.deepEqual({ provider, trace, retries }, { provider: 'openai', trace: 'a-trace', retries: '0' })
    assert.equal(answer.getGateway().target, 'remote')
  })

  test('carries a stream', async (t) => {
    const host = await hostFor(t, [{ sse: chatChunks() }])
    const stream = await client(host).chat.completions.create({ model: 'm', messages: MESSAGES, stream: true })
    let text = ''
    for await (const { choices } of stream) text += choices[0]?.delta?.content ?? ''
    assert.equal(text, 'This is a test.')
    assert.equal(stream.getHeaders().provider, 'openai')
  })

  test('forwards headers in each spelling, which the official SDK does for one', async (t) => {
    const host = await hostFor(t, () => ({ json: completion() }))
    const values = { xApiKey: 'key', 'X-Org-ID': 'org', x_team: 'team', CustomHeader: 'custom', Authorization: 'Token t' }
    await client(host, { ...values, forwardHeaders: Object.keys(values) }).chat.completions.create({ model: 'm', messages: MESSAGES })
    const { 'x-api-key': key, 'x-org-id': org, 'x-team': team, 'custom-header': custom, authorization } = host.last.headers
    assert.deepEqual({ key, org, team, custom, authorization }, { key: 'key', org: 'org', team: 'team', custom: 'custom', authorization: 'Token t' })
  })

  test('acts on a config: it falls back, retries, and says where the answer is from', async (t) => {
    const [broken, whole] = [await hostFor(t, () => ({ status: 503, json: envelope('broken') })), await hostFor(t, [{ json: completion() }])]
    const target = (host, more) => ({ provider: 'openai', custom_host: host.url, api_key: 'k', ...more })
    const config = { strategy: { mode: 'fallback' }, targets: [target(broken, { retry: { attempts: 1, on_status_codes: [503] } }), target(whole)] }
    const answer = await new Portkey({ baseURL, config, metadata: { _user: 'Jürgen 日本' } }).chat.completions.create({ model: 'm', messages: MESSAGES })
    assert.equal(answer.getHeaders()['last-used-option-index'], 'config.targets[1]')
    assert.deepEqual([broken.requests.length, whole.requests.length], [2, 1])
    assert.equal(answer.getGateway().attempts.length, 1)
  })

  test('passes on a refusal, which is not sent again', async (t) => {
    const host = await hostFor(t, () => ({ status: 401, json: envelope('no such key', { code: 'invalid_api_key' }) }))
    const error = await failure(client(host).chat.completions.create({ model: 'm', messages: MESSAGES }))
    assert.ok(error instanceof AuthenticationError)
    assert.match(error.message, /no such key/)
    assert.equal(error.headers['x-portkey-provider'], 'openai')
    const busy = await hostFor(t, () => ({ status: 503, json: envelope('busy') }))
    assert.equal((await failure(client(busy, { traceID: 't' }).chat.completions.create({ model: 'm', messages: MESSAGES }))).status, 503)
    assert.equal(busy.requests.length, 1)
  })

  test('is told what it takes for its own errors', async () => {
    const error = await failure(new Portkey({ baseURL }).chat.completions.create({ model: 'm', messages: MESSAGES }))
    assert.equal(error.status, 400)
    assert.match(error.message, /x-portkey-config or x-portkey-provider header is required/)
  })
})
