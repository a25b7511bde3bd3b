// The main job, as the README and the documentation print it, against a real socket: from an ES module, from CommonJS
// and from TypeScript compiled to both.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'

import * as asModule from './main-job/as-esm.mjs'
import { compiled } from './main-job/typescript.mjs'
import { chatChunks, chunk, completion, envelope, MESSAGES, usageChunk } from './support/answers.mjs'
import { hostFor } from './support/host.mjs'
import { assertBody, assertHeaders, assertNowhere } from './support/wire.mjs'

const asCommonJS = createRequire(import.meta.url)('./main-job/as-commonjs.cjs')
const typescript = await compiled()

const ANSWER = completion('This is a test, and nothing else.', { 'vendor-field': { kept: [1.5, null] }, system_fingerprint: 'fp' })

/** Runs one call; gives what it gave, the host and the only request. */
async function run(t, call, script = [{ json: ANSWER }]) {
  const host = await hostFor(t, script)
  const value = await call(new URL(host.origin).host)
  for (const request of host.requests) {
    assert.ok(!request.rawHeaders.some(([name]) => name.startsWith('x-portkey-')), 'no header of Portkey reaches a host')
    assertNowhere(request, 'PORTKEY_API_KEY')
  }
  return { value, host, request: host.requests[0] }
}

function assertChat(request, body = { messages: MESSAGES }) {
  assert.equal(request.method, 'POST')
  assert.equal(request.path, '/v1/chat/completions')
  assertBody(request, body)
}

const FLAVOURS = [
  ['an ES module', asModule],
  ['CommonJS', asCommonJS],
  ['TypeScript, as an ES module', typescript.module],
  ['TypeScript, as CommonJS', typescript.commonjs],
]

test('the four flavours hold the same calls', () => {
  const names = Object.keys(asModule).sort()
  for (const [flavour, calls] of FLAVOURS) {
    assert.deepEqual(Object.keys(calls).filter((name) => name !== '__esModule').sort(), names, flavour)
  }
})

for (const [flavour, calls] of FLAVOURS) {
  describe(`from ${flavour}`, () => {
    test('1 · a completion comes back as the host sent it, and the host sees the credential alone', async (t) => {
      const { value, host, request } = await run(t, calls.whole)
      assertChat(request, { messages: [{ role: 'user', content: 'Say this is a test' }] })
      assertHeaders(request, { authorization: 'Bearer AUTH_KEY' })
      assert.deepEqual(value, ANSWER)
      assert.deepEqual(value.choices, ANSWER.choices)
      assert.equal(JSON.stringify(value), JSON.stringify(ANSWER))
      assert.equal(host.requests.length, 1)
    })

    test('1 · the same with provider mistral-ai, and without a provider', async (t) => {
      for (const call of [calls.wholeFromMistral, calls.wholeWithoutProvider]) {
        const { value, request } = await run(t, call)
        assertChat(request)
        assertHeaders(request, { authorization: 'Bearer AUTH_KEY' })
        assert.deepEqual(value, ANSWER)
      }
    })

    test('1 · with the host alone no credential is made up', async (t) => {
      const { value, request } = await run(t, calls.wholeWithHostAlone)
      assertChat(request)
      assertHeaders(request, {})
      assert.deepEqual(value, ANSWER)
    })

    test('2 · a forwarded Authorization arrives once, as it was given', async (t) => {
      const { value, request } = await run(t, calls.forwardedAuthorization)
      assertChat(request)
      assertHeaders(request, { authorization: 'AUTH_KEY' })
      assert.deepEqual(value, ANSWER)
    })

    test('2 · xApiKey, xOrgId and X-Custom-ID arrive once under their header names', async (t) => {
      const { value, request } = await run(t, calls.forwardedOptions)
      assertChat(request)
      assertHeaders(request, {
        authorization: 'Bearer sk_live_xxxxx', 'x-api-key': 'sensitive-key-value', 'x-org-id': 'org-12345', 'x-custom-id': 'custom-1',
      })
      assert.deepEqual(value, ANSWER)
    })

    test('3 · a config in both spellings, as object and JSON, on client and call, sends the headers as listed', async (t) => {
      const { value, host } = await run(t, calls.configs)
      assert.equal(host.requests.length, 8)
      for (const request of host.requests) {
        assertChat(request)
        assertHeaders(request, { access_token: 'AT', key_id: 'KID', pod_id: 'PID' })
      }
      assert.deepEqual(value, Array(8).fill(ANSWER))
    })

    test('4 · a stream gives the chunks that the host sent', async (t) => {
      const chunks = chatChunks()
      const { value, request } = await run(t, calls.streamed, [{ sse: chunks }])
      assertChat(request, { messages: MESSAGES, stream: true })
      assertHeaders(request, { authorization: 'Bearer AUTH_KEY' })
      assert.deepEqual(value, chunks)
    })

    test('4 · stream_options.include_usage brings the usage to the caller and to getGateway', async (t) => {
      const usage = { prompt_tokens: 11, completion_tokens: 4, total_tokens: 15 }
      const { value, request } = await run(t, calls.streamedWithUsage, [{ sse: [...chatChunks(), usageChunk(usage)] }])
      assertChat(request, { messages: MESSAGES, stream: true, stream_options: { include_usage: true } })
      assert.deepEqual(value.usage, usage)
      assert.deepEqual(value.gateway.usage, usage)
      assert.equal(value.gateway.attempts.length, 1)
    })

    test('4 · the pieces of a tool call add up', async (t) => {
      const call = (index, facts, args) => chunk({ tool_calls: [{ index, ...facts, function: { ...facts.function, arguments: args } }] })
      const sse = [
        chunk({ role: 'assistant', content: null }),
        call(0, { id: 'call_1', type: 'function', function: { name: 'get_weather' } }, ''),
        call(0, {}, '{"ci'), call(0, {}, 'ty":"Köln"}'),
        call(1, { id: 'call_2', type: 'function', function: { name: 'get_weather' } }, '{}'),
        chunk({}, 'tool_calls'),
      ]
      const { value } = await run(t, calls.streamedToolCall, [{ sse }])
      assert.deepEqual(value, [{ name: 'get_weather', arguments: '{"city":"Köln"}' }, { name: 'get_weather', arguments: '{}' }])
    })

    test('4 · leaving the loop closes the connection', async (t) => {
      const { value, host } = await run(t, calls.leavingTheLoop, [{ sse: [chunk({ content: 'first' }), 'hang'] }])
      assert.equal(value, 'first')
      const left = performance.now()
      const { at } = await host.closed()
      assert.ok(at - left < 50, `the host saw it after ${at - left} ms`)
    })

    test('5 · metadata and traceID stay in the process and can be read from the answer', async (t) => {
      const { value, request } = await run(t, calls.observed)
      assertChat(request)
      assertHeaders(request, {})
      assertNowhere(request, 'trace-1')
      assert.equal(value.headers['trace-id'], 'trace-1')
      assert.equal(value.gateway.traceId, 'trace-1')
      assert.deepEqual(value.gateway.metadata, { _user: 'u1', team: 'ünï' })
    })

    test('6 · overrides of one call act on that call alone', async (t) => {
      const { value, host } = await run(t, calls.overridden)
      const [own, next, opts, other] = host.requests
      assertHeaders(own, { authorization: 'Bearer CALL_KEY' })
      assertHeaders(next, { authorization: 'Bearer CLIENT_KEY' })
      assertHeaders(opts, { authorization: 'Bearer CLIENT_KEY', 'x-request-source': 'cron' })
      assert.equal(decodeURIComponent(opts.path), '/v1/chat/completions?tier=flex&tags[]=a&tags[]=b')
      assertHeaders(other, { authorization: 'Bearer OTHER_KEY' })
      assert.deepEqual(value, ['call-trace', 'client-trace', 'client-trace', 'client-trace'])
      for (const request of host.requests) assertBody(request, { messages: MESSAGES })
    })

    test('6 · withResponse gives status, headers and URL with the answer', async (t) => {
      const { value, host } = await run(t, calls.withResponse, [{ json: ANSWER, headers: { 'X-Request-Id': 'req-1' } }])
      assert.deepEqual(value.data, ANSWER)
      assert.equal(value.response.status, 200)
      assert.equal(value.response.headers['x-request-id'], 'req-1')
      assert.equal(value.response.url, `${host.url}/chat/completions`)
    })

    test('6 · a signal ends the call and its connection', async (t) => {
      const controller = new AbortController()
      const host = await hostFor(t, ['hang'])
      const call = calls.aborted(new URL(host.origin).host, controller)
      await host.received(1)
      const aborted = performance.now()
      controller.abort()
      assert.equal(await call, true)
      const { at } = await host.closed()
      assert.ok(at - aborted < 50, `the host saw it after ${at - aborted} ms`)
    })

    test('6 · timeout and maxRetries of one call hold', async (t) => {
      const late = await run(t, calls.timedOut, ['hang'])
      assert.equal(late.value.name, 'APIConnectionTimeoutError')
      assert.equal(late.value.status, 408)
      const once = await run(t, calls.triedOnce, [{ status: 500, json: envelope('down') }])
      assert.equal(once.value.name, 'InternalServerError')
      assert.equal(once.host.requests.length, 1)
    })

    test('7 · completions, embeddings and moderations send their body and give the answer as it came', async (t) => {
      const bodies = {
        completions: ['/v1/completions', { model: 'm', prompt: 'Say this is a test' }],
        embeddings: ['/v1/embeddings', { model: 'm', input: ['one', 'two'], encoding_format: 'float' }],
        moderations: ['/v1/moderations', { input: 'I want to test.' }],
      }
      const answers = {
        completions: { id: 'cmpl-1', object: 'text_completion', choices: [{ text: ' test', index: 0, logprobs: null, finish_reason: 'stop' }] },
        embeddings: { object: 'list', model: 'm', data: [{ object: 'embedding', index: 0, embedding: [0.1, -2, 3e-9] }, { object: 'embedding', index: 1, embedding: [0] }] },
        moderations: { id: 'modr-1', model: 'm', results: [{ flagged: false, categories: {}, category_scores: {} }] },
      }
      for (const [name, [path, body]] of Object.entries(bodies)) {
        const { value, request } = await run(t, calls[name], [{ json: answers[name] }])
        assert.equal(request.path, path)
        assertBody(request, body)
        assert.deepEqual(value, answers[name])
      }
    })

    test('7 · models are listed and retrieved without a body', async (t) => {
      const list = { object: 'list', data: [{ id: 'org/model name', object: 'model', created: 1, owned_by: 'me' }] }
      const { value, host } = await run(t, calls.models, [{ json: list }, { json: list.data[0] }])
      assert.deepEqual(value, [list, list.data[0]])
      assert.deepEqual(host.requests.map((request) => `${request.method} ${request.path}`), ['GET /v1/models', 'GET /v1/models/org%2Fmodel%20name'])
      for (const request of host.requests) {
        assertHeaders(request, {})
        assert.equal(request.body.length, 0)
        assert.deepEqual(request.values('content-length'), [])
        assert.deepEqual(request.values('content-type'), [])
      }
    })
  })
}
