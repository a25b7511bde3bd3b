// What configs do with the front formats: fallback between targets that have a format and targets that have none, retries,
// the cache, hooks, parameters and conditions.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { APIError, InternalServerError } from '../index.mjs'
import { chatChunks, chunk, completion, envelope, usageChunk } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import {
  MESSAGE, MESSAGE_EVENTS, MESSAGE_REQUEST, RESPONSE, RESPONSE_EVENTS, RESPONSE_REQUEST, messageText, named, responseText,
} from './support/formats.mjs'
import { hostFor } from './support/host.mjs'
import { collect } from './support/recorded.mjs'

const EVENTS = { 'content-type': 'text/event-stream' }
const FORMATS = {
  messages: {
    native: 'anthropic', request: MESSAGE_REQUEST, answer: MESSAGE, events: MESSAGE_EVENTS, textOf: messageText,
    piece: (event) => event.delta?.text ?? '',
    error: { type: 'error', error: { type: 'overloaded_error', message: 'busy' } },
  },
  responses: {
    native: 'openai', request: RESPONSE_REQUEST, answer: RESPONSE, events: RESPONSE_EVENTS, textOf: responseText,
    piece: (event) => (event.type === 'response.output_text.delta' ? event.delta : ''),
    error: { type: 'error', code: 'server_error', message: 'busy', param: null },
  },
}
const contains = (...words) => ({ 'default.contains': { words, operator: 'none' } })

/** A promise that is settled elsewhere. */
function deferred() {
  let resolve
  const promise = new Promise((settle) => (resolve = settle))
  return { promise, resolve }
}

for (const [name, { native, request, answer, events, textOf, piece, error: reported }] of Object.entries(FORMATS)) {
  const streamed = { ...request, stream: true }
  const ours = { provider: native, path: `/v1/${name}`, whole: { json: answer }, events: { headers: EVENTS, chunks: named(events) } }
  const others = { provider: 'llamacpp', path: '/v1/chat/completions', whole: { json: completion() }, events: { sse: [...chatChunks(), usageChunk()] } }
  const KINDS = [['a target that has them', ours, others], ['a target that has none', others, ours]]

  describe(`a config and ${name}`, () => {
    const target = (host, { provider }, more) => ({ provider, custom_host: host.url, api_key: 'k', ...more })
    const clientOf = (config) => new Portkey({ config, maxRetries: 0 })
    const create = (client, body = request) => client[name].create(body)

    for (const [what, first, second] of KINDS) {
      test(`falls back from ${what} to one of the other kind, whole and streamed`, async (t) => {
        const broken = await hostFor(t, [{ status: 503, json: envelope('down') }])
        const host = await hostFor(t, [second.whole, second.events])
        const client = clientOf({ strategy: { mode: 'fallback' }, targets: [target(broken, first), target(host, second)] })
        const got = await create(client)
        assert.equal(textOf(got), 'This is a test.')
        assert.equal(host.last.path, second.path)
        assert.deepEqual(got.getGateway().attempts.map(({ status }) => status), [503, 200])
        const { items, error } = await collect(create(client, streamed))
        assert.equal(error, undefined)
        assert.equal(items.map(piece).join(''), 'This is a test.')
      })

      test(`moves on from ${what} when its stream fails before it has said anything`, async (t) => {
        const failing = first === ours
          ? { headers: EVENTS, chunks: named([events[0], reported]) }
          : { sse: [chunk({ role: 'assistant', content: '' }), { error: { message: 'busy', code: 500 } }], done: false }
        const broken = await hostFor(t, [failing])
        const host = await hostFor(t, [second.events])
        const client = clientOf({ strategy: { mode: 'fallback' }, targets: [target(broken, first), target(host, second)] })
        const { items, error } = await collect(create(client, streamed))
        assert.equal(error, undefined)
        assert.equal(items.map(piece).join(''), 'This is a test.')
      })

      test(`asks ${what} again`, async (t) => {
        const host = await hostFor(t, [{ status: 500, json: envelope('again') }, first.events])
        const client = clientOf({ retry: { attempts: 1 }, ...target(host, first) })
        const { items, error } = await collect(create(client, streamed))
        assert.equal(error, undefined)
        assert.equal(items.map(piece).join(''), 'This is a test.')
        assert.equal(host.requests.length, 2)
      })

      test(`keeps the answers of ${what}`, async (t) => {
        const host = await hostFor(t, [first.whole, first.events])
        const client = clientOf({ cache: { mode: 'simple' }, ...target(host, first) })
        for (const body of [request, streamed]) {
          const read = async () => {
            const got = await create(client, body)
            if (!body.stream) return { said: textOf(got), usage: got.usage.output_tokens, got }
            const { items, error } = await collect(got)
            assert.equal(error, undefined)
            return { said: items.map(piece).join(''), usage: got.getGateway().usage.output_tokens, got, last: items.at(-1).type }
          }
          const { got: miss, ...came } = await read()
          const { got: hit, ...kept } = await read()
          assert.deepEqual([miss, hit].map((got) => got.getHeaders()['cache-status']), ['MISS', 'HIT'])
          assert.deepEqual(kept, came)
          assert.equal(kept.said, 'This is a test.')
        }
        assert.equal(host.requests.length, 2)
      })

      test(`gives the parameters of ${what} in the caller's format`, async (t) => {
        const host = await hostFor(t, [first.whole])
        const limit = name === 'messages' ? 'max_tokens' : 'max_output_tokens'
        const client = clientOf(target(host, first, { override_params: { model: 'other', [limit]: 7 } }))
        await create(client)
        const sent = JSON.parse(host.last.text)
        assert.deepEqual([sent.model, first === ours ? sent[limit] : sent.max_tokens], ['other', 7])
      })

      test(`denies what is asked of ${what}`, async (t) => {
        const host = await hostFor(t)
        const client = clientOf(target(host, first, { input_guardrails: [{ ...contains('test'), deny: true, id: 'g' }] }))
        const error = await failure(create(client))
        assert.ok(error instanceof APIError)
        assert.deepEqual([error.status, error.code], [446, 'hooks_failed'])
        assert.equal(error.error.type, name === 'messages' ? 'error' : undefined)
        assert.equal(error.error.hook_results.before_request_hooks[0].verdict, false)
        assert.equal(host.accepted.length, 0)
      })

      test(`denies what ${what} answers, whole and in mid-stream`, async (t) => {
        const host = await hostFor(t, [first.whole, first.events])
        const client = clientOf(target(host, first, { output_guardrails: [{ ...contains(' a '), deny: true, id: 'g' }] }))
        assert.equal((await failure(create(client))).status, 446)
        const { items, error } = await collect(create(client, streamed))
        assert.equal(error?.status, 446)
        assert.ok(!items.map(piece).join('').includes(' a '))
        assert.ok(!JSON.stringify(items).includes('a test'), 'no event tells it again')
      })

      test(`tells what hooks say of ${what}`, async (t) => {
        const host = await hostFor(t, [first.whole, first.events])
        const client = clientOf(target(host, first, { output_guardrails: [{ ...contains('test'), id: 'g' }], strict_open_ai_compliance: false }))
        const { data, response } = await create(client).withResponse()
        assert.equal(response.status, 246)
        assert.equal(data.hook_results.after_request_hooks[0].verdict, false)
        assert.equal(textOf(data), 'This is a test.')
        const got = await create(client, streamed)
        const { items } = await collect(got)
        assert.equal(items.map(piece).join(''), 'This is a test.')
        assert.equal(got.getGateway().hooks.after_request_hooks[0].verdict, false)
      })

      test(`rewrites what ${what} answers, wherever it is told`, async (t) => {
        const host = await hostFor(t, [first.whole, first.events])
        const replace = { 'default.regexReplace': { rule: 'a test', redactText: 'REDACTED' } }
        const client = clientOf(target(host, first, { output_mutators: [{ ...replace, id: 'm' }] }))
        assert.equal(textOf(await create(client)), 'This is REDACTED.')
        const { items, error } = await collect(create(client, streamed))
        assert.equal(error, undefined)
        assert.equal(items.map(piece).join(''), 'This is REDACTED.')
        assert.ok(!JSON.stringify(items).includes('a test'), JSON.stringify(items))
        const last = items.at(-1)
        if (last.response) assert.equal(responseText(last.response), 'This is REDACTED.')
      })

      test(`puts a prefix before what is asked of ${what}`, async (t) => {
        const host = await hostFor(t, [first.whole])
        const prefix = (role) => ({ 'default.addPrefix': { prefix: `${role}: `, applyToRole: role } })
        const client = clientOf(target(host, first, { input_mutators: [{ ...prefix('user'), id: 'u' }, { ...prefix('system'), id: 's' }] }))
        await create(client)
        const sent = JSON.parse(host.last.text)
        const turns = (sent.messages ?? []).map(({ role, content }) => `${role} ${content}`)
        if (first === others) assert.deepEqual(turns, ['system system: ', 'user user: Say this is a test'])
        else if (name === 'messages') assert.deepEqual([sent.system, turns], ['system: ', ['user user: Say this is a test']])
        else assert.deepEqual([sent.instructions, sent.input], ['system: ', 'user: Say this is a test'])
      })

      test(`knows what was asked of ${what} by its name`, async (t) => {
        const host = await hostFor(t, [first.whole])
        const type = name === 'messages' ? 'messages' : 'createModelResponse'
        const only = (allowedTypes) => clientOf(target(host, first, { input_guardrails: [{ 'default.allowedRequestTypes': { allowedTypes }, deny: true, id: 'g' }] }))
        assert.equal((await failure(create(only(['embed'])))).status, 446)
        assert.equal(textOf(await create(only([type]))), 'This is a test.')
      })
    }

    test('is recorded by its own name, with what it used', async (t) => {
      const entries = []
      const { promise, resolve } = deferred()
      const onRecord = (entry) => entries.push(entry) === 4 && resolve()
      for (const kind of [ours, others]) {
        const host = await hostFor(t, [kind.whole, kind.events])
        const client = new Portkey({ config: target(host, kind), maxRetries: 0, onRecord })
        await create(client)
        await collect(create(client, streamed))
      }
      await promise
      assert.deepEqual(entries.map(({ endpoint }) => endpoint), Array(4).fill(`${name}.create`))
      for (const { usage } of entries) assert.deepEqual([usage.output, usage.estimated], [5, false])
    })

    test('chooses by what the caller wrote', async (t) => {
      const host = await hostFor(t, [{ json: completion() }])
      const query = name === 'messages' ? { 'params.max_tokens': { $lte: 16 } } : { 'params.input': { $regex: 'test' } }
      const client = clientOf({
        strategy: { mode: 'conditional', conditions: [{ query, then: 'small' }], default: 'large' },
        targets: [target(host, others, { name: 'small' }), target(host, others, { name: 'large' })],
      })
      assert.equal((await create(client)).getGateway().target, 'small')
    })

    test('tells of a clock in the words of the format', async (t) => {
      const host = await hostFor(t, ['hang', 'hang'])
      for (const kind of [ours, others]) {
        const error = await failure(create(clientOf(target(host, kind, { timeouts: { headers: 20 } }))))
        assert.equal(error.status, 408)
        assert.equal(error.error.error.type, 'timeout_error')
        assert.equal(error.error.type, name === 'messages' ? 'error' : undefined)
      }
    })
  })
}

describe('a config and a response', () => {
  const target = (host) => ({ provider: 'openai', custom_host: host.url, api_key: 'k' })

  test('that fails before it has said anything is asked of the next target', async (t) => {
    const failed = { ...RESPONSE, status: 'failed', output: [], error: { code: 'server_error', message: 'sorry' } }
    const broken = await hostFor(t, [{ headers: EVENTS, chunks: named([RESPONSE_EVENTS[0], { type: 'response.failed', response: failed }]) }])
    const host = await hostFor(t, [{ headers: EVENTS, chunks: named(RESPONSE_EVENTS) }])
    const client = new Portkey({ config: { strategy: { mode: 'fallback' }, targets: [target(broken), target(host)] }, maxRetries: 0 })
    const { items, error } = await collect(client.responses.create({ ...RESPONSE_REQUEST, stream: true }))
    assert.equal(error, undefined)
    assert.deepEqual(items, RESPONSE_EVENTS)
    const alone = new Portkey({ config: { retry: { attempts: 1 }, ...target(broken) }, maxRetries: 0 })
    const last = await collect(alone.responses.create({ ...RESPONSE_REQUEST, stream: true }))
    assert.ok(last.error instanceof InternalServerError, last.error?.stack)
    assert.match(last.error.message, /sorry/)
  })

  test('that adds to a conversation, or goes on by itself, is not kept', async (t) => {
    const host = await hostFor(t, [{ json: RESPONSE }])
    const client = new Portkey({ config: { cache: { mode: 'simple' }, ...target(host) }, maxRetries: 0 })
    for (const more of [{ conversation: 'conv_1' }, { background: true }]) {
      for (const _ of [1, 2]) await client.responses.create({ ...RESPONSE_REQUEST, ...more })
    }
    assert.equal(host.requests.length, 4)
  })
})
