// Guardrails and mutators around whole calls: what is refused, what is rewritten, and what is told of it. Streams are in hooks-streams.test.mjs.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { APIError, ConfigError, InternalServerError } from '../index.mjs'
import { completion, envelope } from './support/answers.mjs'
import { failure, shown, thrown } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'

const none = (...words) => ({ 'default.contains': { words, operator: 'none' } })
const any = (...words) => ({ 'default.contains': { words, operator: 'any' } })

async function setUp(t, { script = [{ json: completion('fine') }], ...more } = {}, options) {
  const host = await hostFor(t, script)
  return { host, client: new Portkey({ config: { custom_host: host.url, ...more }, maxRetries: 0, ...options }) }
}

const ask = (client, content = 'hello', body, params, opts) =>
  client.chat.completions.create({ messages: [{ role: 'user', content }], ...body }, params, opts)
const contentOf = (answer) => answer.choices[0].message.content

/** The answer without what the hooks said in it. */
function plain({ hook_results: _, ...answer }) {
  return answer
}

/** A hook's record without what differs from run to run. */
function settled({ execution_time, created_at, checks, ...record }) {
  assert.equal(typeof execution_time, 'number')
  assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  return { ...record, checks: checks.map(({ execution_time: _, created_at: __, ...check }) => check) }
}

const briefly = ({ id, verdict, deny }) => ({ id, verdict, deny })

describe('input that is denied', () => {
  test('is not sent: an APIError with status 446 and the documented body', async (t) => {
    const { host, client } = await setUp(t, { input_guardrails: [{ ...none('hell'), deny: true, id: 'no-hell' }, { ...any('h'), id: 'has-h' }] })
    const error = await failure(ask(client))
    assert.equal(error.constructor, APIError)
    assert.deepEqual([error.status, error.type, error.code, error.param], [446, 'hooks_failed', 'hooks_failed', undefined])
    const { error: body, hook_results, ...rest } = error.error
    assert.deepEqual(rest, {})
    assert.deepEqual(body, {
      message: 'The guardrail checks defined in the config failed. You can find more information in the `hook_results` object.',
      type: 'hooks_failed', param: null, code: null,
    })
    assert.deepEqual(hook_results.after_request_hooks, [])
    assert.deepEqual(hook_results.before_request_hooks.map(briefly), [
      { id: 'no-hell', verdict: false, deny: true }, { id: 'has-h', verdict: true, deny: false },
    ])
    assert.equal(error.headers['x-portkey-retry-attempt-count'], '0')
    assert.equal(error.headers['x-portkey-last-used-option-index'], 'config')
    assert.ok(!('x-portkey-cache-status' in error.headers), 'nobody looked')
    assert.deepEqual([error.gateway.attempts, error.gateway.cache], [[], null])
    assert.deepEqual(error.gateway.hooks, { ...hook_results, async_hooks: [] })
    assert.match(error.message, /denied by guardrails of the config: no-hell\./)
    assert.ok(error.message.split('\n').length <= 3)
    assert.equal(host.accepted.length, 0)
  })

  test('has a record of every hook and every check', async (t) => {
    const { client } = await setUp(t, { input_guardrails: [{ ...none('hell', 'zzz'), 'default.wordCount': { maxWords: 3 }, deny: true, id: 'g' }] })
    const { error } = await failure(ask(client))
    const [record] = error.hook_results.before_request_hooks
    const { checks, ...hook } = settled(record)
    assert.deepEqual(hook, { verdict: false, id: 'g', transformed: false, feedback: null, async: false, type: 'guardrail', deny: true })
    assert.deepEqual(checks.map(({ data: _, ...check }) => check), [
      { verdict: false, id: 'default.contains', transformed: false, log: null, fail_on_error: true },
      { verdict: true, id: 'default.wordCount', transformed: false, log: null, fail_on_error: true },
    ])
  })

  test('is never sent again nor asked for twice, whatever retry says', async (t) => {
    const { host, client } = await setUp(t, { input_guardrails: [{ ...none('hell'), deny: true }], retry: { attempts: 3, on_status_codes: [446] } })
    const error = await failure(ask(client))
    assert.deepEqual([error.status, error.headers['x-portkey-retry-attempt-count']], [446, '0'])
    assert.equal(host.accepted.length, 0)
  })

  test('is refused before a stream begins', async (t) => {
    const { host, client } = await setUp(t, { input_guardrails: [{ ...none('hell'), deny: true }] })
    assert.equal((await failure(ask(client, 'hello', { stream: true }))).status, 446)
    assert.equal(host.accepted.length, 0)
  })

  const TEXTS = {
    'the last message': [{ messages: [{ role: 'user', content: 'fine' }, { role: 'user', content: 'bad' }] }, true],
    'no message before it': [{ messages: [{ role: 'user', content: 'bad' }, { role: 'user', content: 'fine' }] }, false],
    'every part of it that is text': [
      { messages: [{
        role: 'user',
        content: [{ type: 'text', text: 'fine' }, { type: 'image_url', image_url: { url: 'bad' } }, { type: 'text', text: 'bad' }],
      }] },
      true,
    ],
    'no part of it that is none': [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'bad' } }] }] }, false],
  }
  for (const [what, [body, denied]] of Object.entries(TEXTS)) {
    test(`is looked for in ${what}`, async (t) => {
      const { client } = await setUp(t, { input_guardrails: [{ ...none('bad'), deny: true }] })
      if (denied) assert.equal((await failure(ask(client, '', body))).status, 446)
      else assert.equal(contentOf(await ask(client, '', body)), 'fine')
    })
  }

  test('is a prompt or an input too: of completions and of embeddings, each text of a list', async (t) => {
    const { host, client } = await setUp(t, {
      input_guardrails: [{ ...none('bad'), deny: true }],
      script: [{ json: { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [1] }] } }],
    })
    for (const call of [
      client.completions.create({ prompt: 'a bad one' }), client.completions.create({ prompt: ['fine', 'bad'] }),
      client.embeddings.create({ model: 'e', input: 'bad' }), client.embeddings.create({ model: 'e', input: ['fine', 'bad'] }),
    ]) assert.equal((await failure(call)).status, 446)
    assert.equal(host.accepted.length, 0)
    const answer = await client.embeddings.create({ model: 'e', input: ['fine'], encoding_format: 'float' })
    assert.deepEqual(answer.data[0].embedding, [1])
    assert.equal(answer.getGateway().hooks.before_request_hooks[0].verdict, true)
  })

  test('is what cannot be read, too: tokens are no text', async (t) => {
    const { host, client } = await setUp(t, { input_guardrails: [{ ...none('bad'), deny: true, id: 'g' }] })
    const error = await failure(client.embeddings.create({ model: 'e', input: [1, 2, 3] }))
    assert.equal(error.status, 446)
    assert.equal(typeof error.error.hook_results.before_request_hooks[0].checks[0].error.message, 'string')
    assert.equal(host.accepted.length, 0)
  })

  test('goes on to the next target of a fallback, which may see it otherwise', async (t) => {
    const [A, B] = [await hostFor(t, [{ json: completion('A') }]), await hostFor(t, [{ json: completion('B') }])]
    const targets = [{ name: 'A', custom_host: A.url, input_guardrails: [{ ...none('hell'), deny: true }] }, { name: 'B', custom_host: B.url }]
    const client = (strategy) => new Portkey({ config: { strategy: { mode: 'fallback', ...strategy }, targets } })
    for (const strategy of [{}, { on_status_codes: [446] }]) {
      const answer = await ask(client(strategy))
      assert.equal(contentOf(answer), 'B')
      assert.deepEqual(answer.getGateway().attempts.map(({ target }) => target), ['B'])
      assert.equal(answer.getGateway().hooks, null, "B has none, and A's are not its")
    }
    assert.equal((await failure(ask(client({ on_status_codes: [429] })))).status, 446)
    assert.equal(A.accepted.length, 0)
  })

  test('counts against no target', async (t) => {
    const { client } = await setUp(t, {
      input_guardrails: [{ ...none('hell'), deny: true }],
      cb_config: { failure_threshold: 1, cooldown_interval: 30_000, failure_status_codes: [446] },
    })
    for (let calls = 0; calls < 3; calls++) await failure(ask(client))
    assert.equal(client.targets()[0].health, 'healthy')
    assert.equal(client.targets()[0].inFlight, 0)
    assert.equal(contentOf(await ask(client, 'fine')), 'fine')
  })
})

describe('an answer that is denied', () => {
  const denying = (more) => ({ output_guardrails: [{ ...none('bad'), deny: true, id: 'out' }], ...more })

  test('is an APIError with status 446, after the call', async (t) => {
    const { host, client } = await setUp(t, denying({ script: [{ json: completion('a bad one') }], input_guardrails: [{ ...any('h'), id: 'in' }] }))
    const error = await failure(ask(client))
    assert.equal(error.constructor, APIError)
    assert.equal(error.status, 446)
    assert.deepEqual(error.error.hook_results.before_request_hooks.map(briefly), [{ id: 'in', verdict: true, deny: false }])
    assert.deepEqual(error.error.hook_results.after_request_hooks.map(briefly), [{ id: 'out', verdict: false, deny: true }])
    assert.deepEqual(error.gateway.attempts.map(({ status, code }) => [status, code]), [[200, 'hooks_failed']])
    assert.equal(host.requests.length, 1)
    assert.ok(!shown(error).includes('a bad one'), 'what was denied is nowhere')
  })

  test('may be asked for again, where retry lists 446', async (t) => {
    const { host, client } = await setUp(t, denying({
      script: [{ json: completion('bad') }, { json: completion('bad') }, { json: completion('good') }],
      retry: { attempts: 2, on_status_codes: [446] },
    }))
    const answer = await ask(client)
    assert.equal(contentOf(answer), 'good')
    assert.equal(answer.getHeaders()['retry-attempt-count'], '2')
    assert.deepEqual(answer.getGateway().attempts.map(({ retryReason }) => retryReason), [null, 'status 446', 'status 446'])
    assert.deepEqual(answer.getGateway().hooks.after_request_hooks.map(briefly), [{ id: 'out', verdict: true, deny: false }], 'the last answer counts')
    assert.equal(host.requests.length, 3)
  })

  test('is given up when the attempts are', async (t) => {
    const { host, client } = await setUp(t, denying({ script: [{ json: completion('bad') }], retry: { attempts: 2, on_status_codes: [446] } }))
    const error = await failure(ask(client))
    assert.deepEqual([error.status, error.headers['x-portkey-retry-attempt-count']], [446, '-1'])
    assert.equal(host.requests.length, 3)
  })

  test('shares one budget of attempts with other failures', async (t) => {
    const script = [
      { json: completion('bad') }, { status: 500, headers: { 'retry-after-ms': '1' }, json: envelope('busy') },
      { json: completion('bad') },
    ]
    const { host, client } = await setUp(t, denying({ script, retry: { attempts: 2, on_status_codes: [446, 500], use_retry_after_header: true } }))
    assert.equal((await failure(ask(client))).status, 446)
    assert.equal(host.requests.length, 3)
  })

  test('is not asked for again where nobody says so', async (t) => {
    const { host, client } = await setUp(t, denying({ script: [{ json: completion('bad') }, { json: completion('good') }] }), { maxRetries: 2 })
    assert.equal((await failure(ask(client))).status, 446)
    assert.equal(host.requests.length, 1)
  })

  test('falls back, and nothing of it is seen', async (t) => {
    const [A, B] = [await hostFor(t, [{ json: completion('bad A') }]), await hostFor(t, [{ json: completion('B') }])]
    const targets = [{ name: 'A', custom_host: A.url }, { name: 'B', custom_host: B.url }]
    for (const on_status_codes of [undefined, [446]]) {
      const client = new Portkey({ config: { strategy: { mode: 'fallback', on_status_codes }, targets, ...denying() } })
      const answer = await ask(client)
      assert.equal(contentOf(answer), 'B')
      assert.deepEqual(answer.getGateway().attempts.map(({ target, code }) => [target, code]), [['A', 'hooks_failed'], ['B', null]])
      assert.ok(!shown(answer).includes('bad A'))
      assert.equal(client.targets()[0].health, 'healthy', 'it did answer')
    }
  })

  test('is one of completions too; of embeddings nothing is looked at, nor of an answer that is no success', async (t) => {
    const script = ({ path }) => {
      if (path.endsWith('/embeddings')) return { json: { object: 'list', data: [{ object: 'embedding', index: 0, embedding: 'bad' }] } }
      if (path.endsWith('/chat/completions')) return { status: 500, json: envelope('bad') }
      return { json: { object: 'text_completion', choices: [{ index: 0, text: 'bad', finish_reason: 'stop' }] } }
    }
    const { client } = await setUp(t, denying({ script }))
    assert.equal((await failure(client.completions.create({ prompt: 'p' }))).status, 446)
    assert.ok((await failure(ask(client))) instanceof InternalServerError)
    const answer = await client.embeddings.create({ model: 'e', input: 'x', encoding_format: 'float' })
    assert.equal(answer.getGateway().hooks, null)
  })
})

describe('a check that fails without denying', () => {
  test('leaves the answer as it is, with status 246 and what the hooks said', async (t) => {
    const { host, client } = await setUp(t, { input_guardrails: [{ ...any('zzz'), id: 'in' }], output_guardrails: [{ ...any('fine'), id: 'out' }] })
    const { data, response } = await ask(client).withResponse()
    assert.equal(response.status, 246)
    assert.deepEqual(plain(data), completion('fine'))
    assert.deepEqual(data.hook_results.before_request_hooks.map(briefly), [{ id: 'in', verdict: false, deny: false }])
    assert.deepEqual(data.hook_results.after_request_hooks.map(briefly), [{ id: 'out', verdict: true, deny: false }])
    assert.deepEqual(data.getGateway().hooks, { ...data.hook_results, async_hooks: [] })
    assert.equal(data.getGateway().attempts[0].status, 200)
    assert.equal(host.requests.length, 1)
  })

  test('gives 246 after the call as before it, and one that passes 200', async (t) => {
    for (const [config, status] of [
      [{ output_guardrails: [any('zzz')] }, 246], [{ output_guardrails: [any('fine')] }, 200], [{ input_guardrails: [any('hello')] }, 200],
      [{ input_guardrails: [any('zzz')], output_guardrails: [any('zzz')] }, 246],
    ]) {
      const { client } = await setUp(t, config)
      const { data, response } = await ask(client).withResponse()
      assert.equal(response.status, status)
      assert.deepEqual(Object.keys(data.hook_results), ['before_request_hooks', 'after_request_hooks'])
      assert.deepEqual(plain(data), completion('fine'))
    }
  })

  test('leaves a body without hooks alone', async (t) => {
    const { client } = await setUp(t)
    const answer = await ask(client)
    assert.deepEqual(answer, completion('fine'))
    assert.equal(answer.getGateway().hooks, null)
  })

  test('may be asked for again, where retry lists 246', async (t) => {
    const { host, client } = await setUp(t, {
      output_guardrails: [{ ...none('bad'), id: 'out' }], script: [{ json: completion('bad') }, { json: completion('good') }],
      retry: { attempts: 1, on_status_codes: [246] },
    })
    const { data, response } = await ask(client).withResponse()
    assert.deepEqual([response.status, contentOf(data)], [200, 'good'])
    assert.equal(data.getHeaders()['retry-attempt-count'], '1')
    assert.deepEqual(data.getGateway().attempts.map(({ retryReason }) => retryReason), [null, 'status 246'])
    assert.equal(host.requests.length, 2)
  })

  test('is answered all the same when the attempts are used up', async (t) => {
    const { host, client } = await setUp(t, {
      output_guardrails: [none('bad')], script: [{ json: completion('bad') }], retry: { attempts: 2, on_status_codes: [246] },
    })
    const { data, response } = await ask(client).withResponse()
    assert.deepEqual([response.status, contentOf(data)], [246, 'bad'])
    assert.equal(data.getHeaders()['retry-attempt-count'], '-1')
    assert.equal(host.requests.length, 3)
  })

  test('falls back where 246 is listed; of the last target it is the answer', async (t) => {
    const [A, B] = [await hostFor(t, [{ json: completion('bad A') }]), await hostFor(t, [{ json: completion('bad B') }])]
    const targets = [{ name: 'A', custom_host: A.url }, { name: 'B', custom_host: B.url }]
    const client = new Portkey({ config: { strategy: { mode: 'fallback', on_status_codes: [246] }, targets, output_guardrails: [none('bad')] } })
    const { data, response } = await ask(client).withResponse()
    assert.deepEqual([response.status, contentOf(data)], [246, 'bad B'])
    assert.deepEqual(data.getGateway().attempts.map(({ target, status }) => [target, status]), [['A', 200], ['B', 200]])
  })
})

describe('what is rewritten', () => {
  /** A body in which everything else must stay as it is, to the byte. */
  const body = (content) => ({
    model: 'm', temperature: 1e-7, seed: 9007199254740991, messages: [
      { role: 'system', content: 'call 12345' }, { content, role: 'user', name: 'call 12345' },
    ],
    stop: ['\u2028', '12345'], user: 'é "quoted" \\ 12345', metadata: {}, logit_bias: { 12345: -1 },
  })

  test('on the way to the host is that text, and nothing else of the body', async (t) => {
    const { host, client } = await setUp(t, { input_guardrails: [{ 'default.regexReplace': { rule: '[0-9]+', redactText: '[N]' }, id: 'r' }] })
    const answer = await client.chat.completions.create(body('call 12345 or 678, "é"'))
    assert.equal(host.last.text, JSON.stringify(body('call [N] or 678, "é"')))
    const [{ id, verdict, transformed }] = answer.getGateway().hooks.before_request_hooks
    assert.deepEqual([id, verdict, transformed], ['r', true, true])
    assert.ok(answer.getGateway().changes.some((change) => change.includes('rewritten')), answer.getGateway().changes.join())
    assert.equal(host.last.headers['content-length'], String(host.last.body.length))
  })

  const REPLACED = {
    'the first match': ['[0-9]+', 'a 1 b 2', 'a [REDACTED] b 2'],
    'all of them': ['/[0-9]+/g', 'a 1 b 2', 'a [REDACTED] b [REDACTED]'],
    'whatever its letters': ['/secret/gi', 'SECRET Secret', '[REDACTED] [REDACTED]'],
    'characters beyond the basic plane': ['/😀/gu', 'a😀b😀', 'a[REDACTED]b[REDACTED]'],
    'nothing where nothing matches': ['zzz', 'a 1', 'a 1'],
  }
  for (const [what, [rule, before, after]] of Object.entries(REPLACED)) {
    test(`is ${what}`, async (t) => {
      const { host, client } = await setUp(t, { input_guardrails: [{ regexReplace: { rule } }] })
      await client.chat.completions.create(body(before))
      assert.equal(host.last.text, JSON.stringify(body(after)))
    })
  }

  test('is each part of a message by itself', async (t) => {
    const { host, client } = await setUp(t, { input_guardrails: [{ regexReplace: { rule: '/[0-9]+/g', redactText: '#' } }] })
    const parts = (one, two) => body([
      { type: 'text', text: one }, { type: 'image_url', image_url: { url: 'data:12345' } }, { type: 'text', text: two },
    ])
    await client.chat.completions.create(parts('a 1', 'b 22'))
    assert.equal(host.last.text, JSON.stringify(parts('a #', 'b #')))
  })

  test('is a prompt, and each text of an input', async (t) => {
    const { host, client } = await setUp(t, {
      input_guardrails: [{ regexReplace: { rule: '/[0-9]+/g', redactText: '#' } }],
      script: [{ json: { object: 'list', data: [], choices: [] } }],
    })
    await client.completions.create({ prompt: 'a 1', user: '1' })
    assert.equal(host.last.text, '{"prompt":"a #","user":"1"}')
    await client.embeddings.create({ model: 'e', input: ['a 1', 'b 2'], encoding_format: 'float' })
    assert.equal(host.last.text, '{"model":"e","input":["a #","b #"],"encoding_format":"float"}')
  })

  const PREFIXED = {
    'in front of the first message of a role': [{ prefix: 'P: ' }, [['user', 'a'], ['user', 'b']], [['user', 'P: a'], ['user', 'b']]],
    'of the role that is asked for': [{ prefix: 'P: ', applyToRole: 'system' }, [['system', 's'], ['user', 'a']], [['system', 'P: s'], ['user', 'a']]],
    'as a message of its own where there is none of the role': [
      { prefix: 'P', applyToRole: 'system' }, [['user', 'a']], [['system', 'P'], ['user', 'a']],
    ],
    'as a message of its own before the other': [
      { prefix: 'P', addToExisting: false }, [['system', 's'], ['user', 'a']], [['system', 's'], ['user', 'P'], ['user', 'a']],
    ],
    'nowhere where it is wanted only if there is none': [{ prefix: 'P', onlyIfEmpty: true }, [['user', 'a']], [['user', 'a']]],
  }
  for (const [what, [addPrefix, before, after]] of Object.entries(PREFIXED)) {
    test(`has a prefix ${what}`, async (t) => {
      const { host, client } = await setUp(t, { input_mutators: [{ 'default.addPrefix': addPrefix, id: 'p' }] })
      const written = (messages) => ({ seed: 1.5, messages: messages.map(([role, content]) => ({ role, content })), user: 'a' })
      const answer = await client.chat.completions.create(written(before))
      assert.equal(host.last.text, JSON.stringify(written(after)))
      assert.deepEqual(answer.getGateway().hooks.before_request_hooks.map(({ id, type }) => [id, type]), [['p', 'mutator']])
    })
  }

  test('is what the parameters of the config have made of the body', async (t) => {
    const { host, client } = await setUp(t, {
      override_params: { messages: [{ role: 'user', content: 'from the config 1' }] },
      input_guardrails: [{ regexReplace: { rule: '[0-9]', redactText: '#' } }],
    })
    await ask(client, 'from the caller')
    assert.deepEqual(host.last.json().messages, [{ role: 'user', content: 'from the config #' }])
  })

  test('is sent again as it was rewritten, and from the beginning to the next target', async (t) => {
    const A = await hostFor(t, [{ status: 500, headers: { 'retry-after-ms': '1' }, json: envelope('busy') }])
    const B = await hostFor(t, [{ json: completion('B') }])
    const prefix = (text) => [{ addPrefix: { prefix: text } }]
    const targets = [
      { custom_host: A.url, retry: { attempts: 1, use_retry_after_header: true }, input_mutators: prefix('A: ') },
      { custom_host: B.url, input_mutators: prefix('B: ') },
    ]
    await ask(new Portkey({ config: { strategy: { mode: 'fallback' }, targets } }), 'x')
    const sent = (host) => host.requests.map((request) => request.json().messages[0].content)
    assert.deepEqual([sent(A), sent(B)], [['A: x', 'A: x'], ['B: x']])
  })

  test('is the same for a stream', async (t) => {
    const { host, client } = await setUp(t, { input_guardrails: [{ regexReplace: { rule: '[0-9]+', redactText: '#' } }], script: [{ sse: [] }] })
    await ask(client, 'call 12345', { stream: true, n: 1 })
    assert.equal(host.last.text, '{"messages":[{"role":"user","content":"call #"}],"stream":true,"n":1}')
  })

  test('in an answer is its text and its tokens, and nothing else', async (t) => {
    const sent = (content, tokens) => completion(content, {
      choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: tokens, finish_reason: 'stop' }],
      user: 'call 123', n: 1e-7,
    })
    const { client } = await setUp(t, {
      output_guardrails: [{ regexReplace: { rule: '/[0-9]+/g', redactText: '[N]' }, id: 'r' }],
      script: [{ json: sent('call 123 or 456', { content: [{ token: '123' }] }) }],
    })
    const { data, response } = await ask(client).withResponse()
    assert.deepEqual(plain(data), sent('call [N] or [N]', null))
    assert.equal(response.status, 200)
    assert.equal(data.hook_results.after_request_hooks[0].transformed, true)
    assert.ok(!JSON.stringify(data.hook_results).includes('456'))
  })

  test('is refused as well, where it is told to fail', async (t) => {
    const rule = { regexReplace: { rule: '[0-9]+', failOnDetection: true } }
    const { host, client } = await setUp(t, { input_guardrails: [{ ...rule, deny: true }] })
    assert.equal((await failure(ask(client, 'call 123'))).status, 446)
    assert.equal(host.accepted.length, 0)
    const lenient = await setUp(t, { input_guardrails: [rule] })
    assert.equal((await ask(lenient.client, 'call 123').withResponse()).response.status, 246)
    assert.equal(lenient.host.last.json().messages[0].content, 'call [REDACTED]')
  })

  test('that cannot be replaced does not go on: a check that cannot run denies', async (t) => {
    const { host, client } = await setUp(t, { input_guardrails: [{ regexReplace: { rule: '[0-9]+' } }] })
    assert.equal((await failure(client.embeddings.create({ model: 'e', input: [1, 2] }))).status, 446)
    assert.equal(host.accepted.length, 0)
  })
})

describe('a hook', () => {
  test('that is async is reported and changes nothing', async (t) => {
    const { host, client } = await setUp(t, {
      input_guardrails: [{ ...none('hell'), deny: true, async: true, id: 'in' }],
      output_guardrails: [{ ...none('fine'), deny: true, async: true, id: 'out' }],
    })
    const { data, response } = await ask(client).withResponse()
    assert.equal(response.status, 200)
    assert.deepEqual(data, completion('fine'), 'it is not in the body')
    const { async_hooks, before_request_hooks, after_request_hooks } = data.getGateway().hooks
    assert.deepEqual(async_hooks.map(({ id, verdict, deny, async }) => [id, verdict, deny, async]), [
      ['in', false, false, true], ['out', false, false, true],
    ])
    assert.deepEqual([before_request_hooks, after_request_hooks], [[], []])
    assert.equal(host.requests.length, 1)
  })

  test('that is sequential has each check see what the one before wrote', async (t) => {
    const checks = { regexReplace: { rule: 'bad', redactText: 'good' }, contains: { words: ['bad'], operator: 'none' } }
    for (const [sequential, status] of [[true, 200], [false, 446]]) {
      const { host, client } = await setUp(t, { input_guardrails: [{ ...checks, sequential, deny: true }] })
      const { response } = await ask(client, 'a bad one').withResponse().catch((error) => ({ response: error }))
      assert.equal(response.status, status)
      if (status === 200) assert.equal(host.last.json().messages[0].content, 'a good one')
    }
  })

  test('that rewrites adds to what another wrote', async (t) => {
    const { host, client } = await setUp(t, {
      input_mutators: [{ addPrefix: { prefix: 'P: ' } }],
      input_guardrails: [{ regexReplace: { rule: '1', redactText: '#' }, contains: { words: ['x'], operator: 'any' } }],
    })
    await ask(client, '1 x')
    assert.equal(host.last.json().messages[0].content, 'P: # x')
  })

  test('tells its feedback, with the checks by their fate', async (t) => {
    const on_fail = { feedback: { value: -1, weight: 0.5, metadata: { team: 'x' } } }
    const guard = { ...none('hell'), wordCount: { minWords: 1 }, id: 'g', on_fail, onSuccess: { feedback: { value: 1 } } }
    const { client } = await setUp(t, { input_guardrails: [guard] })
    const feedback = async (content) => (await ask(client, content)).hook_results.before_request_hooks[0].feedback
    const failed = { team: 'x', successfulChecks: 'default.wordCount', failedChecks: 'default.contains', erroredChecks: '' }
    assert.deepEqual(await feedback('hello'), { value: -1, weight: 0.5, metadata: failed })
    const passed = { successfulChecks: 'default.contains, default.wordCount', failedChecks: '', erroredChecks: '' }
    assert.deepEqual(await feedback('fine'), { value: 1, metadata: passed })
  })

  test('fails closed when a check cannot run, unless that is told otherwise', async (t) => {
    const guard = (more) => ({ input_guardrails: [{
      wordCount: { minWords: 0, maxWords: 3, ...more }, deny: true, on_success: { feedback: { value: 1 } },
    }] })
    const closed = await setUp(t, guard())
    const error = await failure(ask(closed.client, ''))
    const [check] = error.error.hook_results.before_request_hooks[0].checks
    assert.deepEqual([error.status, check.verdict, typeof check.error.message], [446, false, 'string'])
    const open = await setUp(t, guard({ failOnError: false }))
    const { data, response } = await ask(open.client, '').withResponse()
    const [record] = data.hook_results.before_request_hooks
    assert.deepEqual([response.status, record.verdict, record.checks[0].verdict, record.checks[0].fail_on_error], [200, true, false, false])
    assert.equal(record.feedback.metadata.erroredChecks, 'default.wordCount')
  })

  test('in full says the same as one in short', async (t) => {
    const full = [{ type: 'guardrail', id: 'g', deny: true, checks: [{ id: 'default.contains', parameters: { words: ['hell'], operator: 'none' } }] }]
    const { client } = await setUp(t, { before_request_hooks: full })
    const short = await setUp(t, { input_guardrails: [{ ...none('hell'), deny: true, id: 'g' }] })
    const records = async (one) => (await failure(ask(one))).error.hook_results.before_request_hooks.map(settled)
    assert.deepEqual(await records(client), await records(short.client))
  })

  test('sees the model, the metadata and the endpoint', async (t) => {
    const guards = [
      { modelWhitelist: { models: ['m'] }, id: 'model' },
      { requiredMetadataKeys: { metadataKeys: ['team'], operator: 'all' }, id: 'keys' },
      { allowedRequestTypes: { allowedTypes: ['chatComplete'] }, id: 'type' },
    ]
    const { client } = await setUp(t, { input_guardrails: guards })
    const failed = async (call) => (await call).getGateway().hooks.before_request_hooks.filter(({ verdict }) => !verdict).map(({ id }) => id)
    assert.deepEqual(await failed(ask(client, 'x', { model: 'm' }, { metadata: { team: 'a' } })), [])
    assert.deepEqual(await failed(ask(client, 'x', { model: 'n' })), ['model', 'keys'])
    assert.deepEqual(await failed(client.completions.create({ model: 'm', prompt: 'p' })), ['keys', 'type'])
  })

  test('does not run for endpoints without a text of the user', async (t) => {
    const { client } = await setUp(t, { input_guardrails: [{ ...any('zzz'), deny: true }], script: [{ json: { object: 'list', data: [] } }] })
    const models = await client.models.list()
    assert.equal(models.getGateway().hooks, null)
    assert.ok(!('hook_results' in models))
  })
})

describe('hooks are handed down', () => {
  const guard = (id) => ({ ...any('zzz'), id })

  /** The ids of the hooks that ran for the first target. */
  async function ran(t, group, target) {
    const host = await hostFor(t, [{ json: completion() }])
    const client = new Portkey({ config: { strategy: { mode: 'single' }, targets: [{ custom_host: host.url, ...target }], ...group } })
    const { hooks } = (await ask(client)).getGateway()
    return [hooks?.before_request_hooks, hooks?.after_request_hooks].map((records = []) => records.map(({ id }) => id).join(' '))
  }

  test('to a target that has none', async (t) => {
    assert.deepEqual(await ran(t, { input_guardrails: [guard('a')], output_guardrails: [guard('b')] }, {}), ['a', 'b'])
  })

  test("and a target's own list takes the place of its group's", async (t) => {
    assert.deepEqual(await ran(t, { input_guardrails: [guard('a')], output_guardrails: [guard('b')] }, { input_guardrails: [guard('c')] }), ['c', 'b'])
    assert.deepEqual(await ran(t, { input_guardrails: [guard('a')] }, { input_guardrails: [] }), ['', ''])
    const hook = { type: 'guardrail', id: 'h', checks: [{ id: 'default.notNull', parameters: {} }] }
    assert.deepEqual(await ran(t, { input_guardrails: [guard('a')] }, { before_request_hooks: [hook] }), ['h', ''])
  })

  test('with the hooks in full first, whatever the order of the keys', async (t) => {
    const hook = { type: 'guardrail', id: 'h', checks: [{ id: 'default.notNull', parameters: {} }] }
    assert.deepEqual(await ran(t, {}, { input_guardrails: [guard('a')], before_request_hooks: [hook] }), ['h a', ''])
    assert.deepEqual(await ran(t, { beforeRequestHooks: [hook], inputGuardrails: [guard('a')] }, {}), ['h a', ''])
  })
})

describe('hooks and the cache', () => {
  test('a hit is told of by the hooks before it, and looked at by none after it', async (t) => {
    const { host, client } = await setUp(t, {
      cache: 'simple', input_guardrails: [{ ...any('hello'), id: 'in' }], output_guardrails: [{ ...any('fine'), id: 'out' }],
    })
    const first = await ask(client)
    const hit = await ask(client)
    assert.equal(hit.getHeaders()['cache-status'], 'HIT')
    assert.deepEqual(plain(hit), plain(first))
    assert.deepEqual(hit.hook_results.before_request_hooks.map(briefly), [{ id: 'in', verdict: true, deny: false }])
    assert.deepEqual(hit.hook_results.after_request_hooks, [])
    assert.equal(host.requests.length, 1)
  })

  test('a denied call gets none', async (t) => {
    const { client } = await setUp(t, { cache: 'simple' })
    await ask(client)
    const guarded = { ...client.config, input_guardrails: [{ ...none('hell'), deny: true }] }
    assert.equal((await failure(ask(client, 'hello', {}, { config: guarded }))).status, 446)
  })

  test('calls that are rewritten alike are equal', async (t) => {
    const { host, client } = await setUp(t, { cache: 'simple', input_guardrails: [{ regexReplace: { rule: '/[0-9]+/g', redactText: '#' } }] })
    await ask(client, 'call 123')
    assert.equal((await ask(client, 'call 456')).getHeaders()['cache-status'], 'HIT')
    assert.equal(host.requests.length, 1)
  })

  test('an answer that other checks let pass, or wrote, is no answer here', async (t) => {
    const { client } = await setUp(t, { cache: 'simple', script: [{ json: completion('a bad one') }] })
    assert.equal(contentOf(await ask(client)), 'a bad one')
    const guarded = (...output_guardrails) => ({ config: { ...client.config, output_guardrails } })
    assert.equal((await failure(ask(client, 'hello', {}, guarded({ ...none('bad'), deny: true })))).status, 446)
    const rewritten = await ask(client, 'hello', {}, guarded({ regexReplace: { rule: 'bad', redactText: 'good' } }))
    assert.equal(contentOf(rewritten), 'a good one')
    const again = await ask(client, 'hello', {}, guarded({ regexReplace: { rule: 'bad', redactText: 'good' } }))
    assert.deepEqual([contentOf(again), again.getHeaders()['cache-status']], ['a good one', 'HIT'])
    const plainly = await ask(client)
    assert.deepEqual([contentOf(plainly), plainly.getHeaders()['cache-status']], ['a bad one', 'HIT'])
  })

  test('checks of the request alone make no difference to what is kept', async (t) => {
    const { client } = await setUp(t, { cache: 'simple' })
    await ask(client)
    const guarded = { ...client.config, input_guardrails: [any('hello')] }
    assert.equal((await ask(client, 'hello', {}, { config: guarded })).getHeaders()['cache-status'], 'HIT')
  })
})

describe('nothing of what was checked is in an error or a report', () => {
  const CHECKS = {
    contains: { words: ['other'], operator: 'any' }, regexMatch: { rule: 'other' }, endsWith: { suffix: 'other' }, notNull: { not: true },
    alluppercase: {}, characterCount: { maxCharacters: 3 }, wordCount: { maxWords: 1 }, sentenceCount: { minSentences: 3 },
    jsonSchema: { schema: { type: 'object', required: ['other'], additionalProperties: false } }, jsonKeys: { keys: ['other'], operator: 'all' },
    containsCode: { format: 'Python' }, regexReplace: { rule: 'zebra', failOnDetection: true },
  }
  const TEXT = 'A zebra: {"zebra": "zebra"}\n```zebra\nzebra()\n```'

  for (const [name, parameters] of Object.entries(CHECKS)) {
    test(`by ${name}`, async (t) => {
      const guard = (deny) => [{ [name]: parameters, deny }]
      const denied = await setUp(t, { input_guardrails: guard(true) })
      const error = await failure(ask(denied.client, TEXT))
      assert.equal(error.status, 446)
      assert.ok(!shown(error).replaceAll(JSON.stringify(parameters), '').includes('zebra') || name === 'regexReplace' && !shown(error).includes('A zebra'))
      const { client } = await setUp(t, { output_guardrails: guard(false), script: [{ json: completion(TEXT) }] })
      const answer = await ask(client)
      assert.equal(answer.hook_results.after_request_hooks[0].verdict, false)
      assert.ok(!JSON.stringify([answer.hook_results, answer.getGateway()]).includes('zebra'))
      const hidden = await setUp(t, { output_guardrails: guard(true), script: [{ json: completion(TEXT) }] })
      assert.ok(!shown(await failure(ask(hidden.client))).includes('zebra'))
    })
  }
})

describe('a hook that cannot act is a ConfigError', () => {
  const HOOKS = {
    'with a check that is misspelt': [
      { input_guardrails: [{ 'default.contians': {} }] },
      /^config\.input_guardrails\[0\]\.default\.contians: is no built-in check; did you mean default\.contains\?/,
    ],
    'with a check that is unknown': [
      { output_guardrails: [{ frobnicate: {}, deny: true }] },
      /^config\.output_guardrails\[0\]\.frobnicate: is no built-in check; expected one of .*regexMatch/,
    ],
    'with a check that asks the network': [
      { output_guardrails: [{ 'default.webhook': { webhookURL: 'http://a' } }] },
      /webhook: asks the network, which no built-in check does/,
    ],
    'with another': [{ output_guardrails: [{ validUrls: {} }] }, /validUrls: asks the network/],
    'with one that writes a log': [{ output_guardrails: [{ log: { logURL: 'http://a' } }] }, /log: asks the network/],
    'with one that fetches keys': [{ input_guardrails: [{ jwt: { jwksUri: 'http://a' } }] }, /jwt: asks the network/],
    'with a check of a service': [
      { input_guardrails: [{ 'portkey.pii': { categories: [] } }] }, /portkey\.pii: belongs to a plugin that asks a service/,
    ],
    'with one that is saved elsewhere': [
      { input_guardrails: ['pg-saved-1'] }, /^config\.input_guardrails\[0\]: names what is saved on the hosted platform/,
    ],
    'with a parameter that is missing': [
      { input_guardrails: [{ contains: { operator: 'any' } }] }, /^config\.input_guardrails\[0\]\.contains\.words: is missing/,
    ],
    'with a parameter that is unknown': [
      { input_guardrails: [{ contains: { word: ['a'], words: ['a'], operator: 'any' } }] },
      /contains\.word: is no parameter of this check; did you mean words\?/,
    ],
    'with an expression that is none': [{ input_guardrails: [{ regexMatch: { rule: '(' } }] }, /regexMatch\.rule: is no regular expression/],
    'with nothing to check': [{ input_guardrails: [{ deny: true }] }, /^config\.input_guardrails\[0\]: has no check/],
    'without a type': [
      { before_request_hooks: [{ checks: [{ id: 'default.notNull' }] }] },
      /^config\.before_request_hooks\[0\]\.type: is missing; expected guardrail or mutator/,
    ],
    'that is no list': [{ input_guardrails: { contains: {} } }, /^config\.input_guardrails: expected a list/],
    'that looks at requests only, after one': [
      { output_mutators: [{ addPrefix: { prefix: 'P' } }] }, /^config\.output_mutators\[0\]\.addPrefix: looks at requests only/,
    ],
    'that is async and rewrites': [
      { input_guardrails: [{ regexReplace: { rule: 'a' }, async: true }] },
      /^config\.input_guardrails\[0\]\.async: an async hook changes nothing/,
    ],
  }
  for (const [what, [config, message]] of Object.entries(HOOKS)) {
    test(what, () => {
      const error = thrown(() => new Portkey({ config: { custom_host: 'http://a', ...config } }))
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, message)
    })
  }

  test('at any depth, all at once, and in a call before anything is sent', async (t) => {
    const { host, client } = await setUp(t)
    const config = {
      strategy: { mode: 'fallback' }, input_guardrails: [{ nope: {} }],
      targets: [
        { custom_host: host.url, output_guardrails: [{ contains: {} }] },
        { strategy: { mode: 'single' }, targets: [{ custom_host: host.url, after_request_hooks: [{ type: 'gardrail', checks: [] }] }] },
      ],
    }
    const error = await failure(ask(client, 'x', {}, { config }))
    assert.ok(error instanceof ConfigError)
    const paths = error.problems.map(({ path }) => path)
    for (const path of [
      'config.input_guardrails[0].nope', 'config.targets[0].output_guardrails[0].contains.words',
      'config.targets[0].output_guardrails[0].contains.operator', 'config.targets[1].targets[0].after_request_hooks[0].type',
    ]) {
      assert.ok(paths.includes(path), `${path} is not among ${paths.join(', ')}`)
    }
    assert.equal(host.accepted.length, 0)
  })
})
