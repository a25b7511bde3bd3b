// Guardrails over streams while they come: nothing of what is denied reaches a reader, wherever the host cuts its events, and no more is held back
// than must be.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { APIError, APIConnectionTimeoutError, InternalServerError, StreamTruncatedError } from '../index.mjs'
import { MESSAGES, chatChunks, chunk, envelope, usageChunk } from './support/answers.mjs'
import { failure, shown } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { collect, eachOf, textOf } from './support/recorded.mjs'

const none = (...words) => ({ 'default.contains': { words, operator: 'none' } })
const any = (...words) => ({ 'default.contains': { words, operator: 'any' } })
/** A config that denies answers with the word. */
const NO_SECRET = { output_guardrails: [{ ...none('secret'), deny: true }] }
const no = (rule) => ({ 'default.regexMatch': { rule, not: true } })

async function setUp(t, script, { options, ...config } = {}) {
  const host = await hostFor(t, script)
  return { host, client: new Portkey({ config: { custom_host: host.url, ...config }, maxRetries: 0, ...options }) }
}

const open = (client, body, params, opts) => client.chat.completions.create({ messages: MESSAGES, stream: true, ...body }, params, opts)
const saying = (...words) => chatChunks(words)

/** A stream read to its end, which must be a good one. */
async function read(stream) {
  const { items, error } = await collect(stream)
  assert.equal(error, undefined, error?.stack)
  return { items, report: (await stream).getGateway() }
}

function gate() {
  let goOn
  const passed = new Promise((resolve) => (goOn = resolve))
  return { passed, goOn }
}

function assertDenied(error) {
  assert.equal(error?.constructor, APIError, error?.stack)
  assert.deepEqual([error.status, error.type, error.code], [446, 'hooks_failed', 'hooks_failed'])
}

describe('what a stream must not say is never handed out', () => {
  const BEFORE = 'The plan is '
  // Each denies `sécret😀` in its own way: by its letters, by an expression of bounded length, and by looking at the whole text.
  const DENYING = {
    'a word': none('sécret😀'),
    'one word of several': none('zzz', 'sécret😀', 'sécret😀s'),
    'an expression': no('s.cret\\ud83d\\ude00'),
    'an expression with letters beside it': no('\\bs[a-zé]{4,8}t(?!s)'),
    'a text that must not end so': { 'default.endsWith': { suffix: 'and more', not: true } },
  }
  const TEXT = `${BEFORE}sécret😀 and more`

  for (const [what, check] of Object.entries(DENYING)) {
    test(`by ${what}, wherever its events are cut`, { timeout: 15_000 }, async (t) => {
      // In UTF-16 units, so that the emoji is cut in two as well.
      const cuts = Array.from({ length: TEXT.length + 1 }, (_, at) => [at])
      for (let at = BEFORE.length - 1; at < TEXT.length; at++) for (const width of [1, 2, 3]) cuts.push([at, at + width])
      const script = ({ headers }) => ({ sse: saying(...pieces(JSON.parse(headers['x-cuts']))) })
      const { host, client } = await setUp(t, script, { output_guardrails: [{ ...check, deny: true, id: 'g' }] })
      await eachOf(cuts, 8, async (cut) => {
        const { items, error } = await collect(open(client, {}, undefined, { headers: { 'x-cuts': JSON.stringify(cut) } }))
        const where = `cut at ${cut}`
        assertDenied(error)
        assert.ok(BEFORE.startsWith(textOf(items)), `${where}: ${textOf(items)}`)
        assert.deepEqual(error.error.hook_results.after_request_hooks.map(({ id, verdict, deny }) => [id, verdict, deny]), [['g', false, true]], where)
        assert.ok(!shown(error).includes('plan is'), where)
      })
      assert.equal(host.requests.length, cuts.length)
    })
  }

  function pieces(cuts) {
    const edges = [0, ...cuts, TEXT.length]
    return edges.slice(1).map((end, at) => TEXT.slice(edges[at], end))
  }

  test('by a word, one character to an event', async (t) => {
    const { client } = await setUp(t, [{ sse: saying(...TEXT) }], { output_guardrails: [{ ...none('sécret'), deny: true }] })
    const { items, error } = await collect(open(client))
    assertDenied(error)
    assert.equal(textOf(items), BEFORE)
  })

  test('by a word, wherever the bytes of the reply are cut', { timeout: 15_000 }, async (t) => {
    const events = [...saying('The ', 'séc', 'ret', ' plan').map((event) => JSON.stringify(event)), '[DONE]']
    const wire = Buffer.from(events.map((event) => `data: ${event}\n\n`).join(''))
    const script = ({ headers }) => ({
      headers: { 'content-type': 'text/event-stream' },
      chunks: [wire.subarray(0, Number(headers['x-cut'])), wire.subarray(Number(headers['x-cut']))],
    })
    const { client } = await setUp(t, script, { output_guardrails: [{ ...none('sécret'), deny: true }] })
    await eachOf(Array(wire.length).keys(), 16, async (cut) => {
      const { items, error } = await collect(open(client, {}, undefined, { headers: { 'x-cut': String(cut) } }))
      assertDenied(error)
      assert.equal(textOf(items), 'The ', `cut at ${cut}`)
    })
  })

  test('of a stream of completions', async (t) => {
    const piece = (text, finish_reason = null) => ({ id: 'c', object: 'text_completion', choices: [{ index: 0, text, finish_reason }] })
    const { client } = await setUp(t, [{ sse: [piece('is s'), piece('ec'), piece('ret'), piece('', 'stop')] }], NO_SECRET)
    const { items, error } = await collect(client.completions.create({ prompt: 'p', stream: true }))
    assertDenied(error)
    assert.deepEqual(items, [])
  })

  test('by a check that the request alone has failed already', async (t) => {
    const { client } = await setUp(t, [{ sse: saying('hello') }], { output_guardrails: [{ modelWhitelist: { models: ['n'] }, deny: true }] })
    const { items, error } = await collect(open(client, { model: 'm' }))
    assertDenied(error)
    assert.deepEqual(items, [])
  })

  test('and its connection is closed at once', async (t) => {
    const { host, client } = await setUp(t, [{ sse: [...saying('a sec', 'ret').slice(0, 3), 'hang'] }], NO_SECRET)
    assertDenied((await collect(open(client))).error)
    await host.closed()
    assert.equal(client.targets()[0].inFlight, 0)
    assert.equal(client.targets()[0].health, 'healthy')
  })

  test('and the report tells of it', async (t) => {
    const { client } = await setUp(t, [{ sse: saying('fine ', 'secret') }], { output_guardrails: [{ ...none('secret'), deny: true, id: 'g' }] })
    const stream = await open(client)
    const { error } = await collect(stream)
    for (const { hooks, attempts } of [stream.getGateway(), error.gateway]) {
      assert.deepEqual(hooks.after_request_hooks.map(({ id, verdict, deny }) => [id, verdict, deny]), [['g', false, true]])
      assert.deepEqual(attempts.map(({ status, code }) => [status, code]), [[200, 'hooks_failed']])
    }
    assert.match(error.message, /The answer was denied by guardrails of the config: g\./)
  })
})

describe('a stream that is denied before anything was handed out', () => {
  const bad = saying('sec', 'ret')
  test('falls back, and nothing of it is seen', async (t) => {
    const [A, B] = [await hostFor(t, [{ sse: bad }]), await hostFor(t, [{ sse: saying('fine') }])]
    const targets = [{ name: 'A', custom_host: A.url }, { name: 'B', custom_host: B.url }]
    for (const on_status_codes of [undefined, [446]]) {
      const client = new Portkey({ config: { strategy: { mode: 'fallback', on_status_codes }, targets, ...NO_SECRET } })
      const { items, report } = await read(open(client))
      assert.deepEqual(items, saying('fine'))
      assert.deepEqual(report.attempts.map(({ target, code }) => [target, code]), [['A', 'hooks_failed'], ['B', null]])
      assert.equal(report.hooks.after_request_hooks[0].verdict, true)
    }
  })

  test('is asked for again where retry lists 446', async (t) => {
    const { host, client } = await setUp(t, [{ sse: bad }, { sse: saying('fine') }], { ...NO_SECRET, retry: { attempts: 1, on_status_codes: [446] } })
    const { items, report } = await read(open(client))
    assert.deepEqual(items, saying('fine'))
    assert.deepEqual(report.attempts.map(({ retryReason }) => retryReason), [null, 'status 446'])
    assert.equal(host.requests.length, 2)
  })

  test('is an error of the loop where there is no other attempt', async (t) => {
    const { client } = await setUp(t, [{ sse: bad }], NO_SECRET)
    const { items, error } = await collect(open(client))
    assertDenied(error)
    assert.equal(textOf(items), '')
  })

  test('is one even when content was handed out before: then nothing falls back', async (t) => {
    const [A, B] = [await hostFor(t, [{ sse: saying('fine so far, ', 'sec', 'ret') }]), await hostFor(t, [{ sse: saying('fine') }])]
    const client = new Portkey({ config: { strategy: { mode: 'fallback' }, targets: [{ custom_host: A.url }, { custom_host: B.url }], ...NO_SECRET } })
    const { items, error } = await collect(open(client))
    assertDenied(error)
    assert.equal(textOf(items), 'fine so far, ')
    assert.equal(B.requests.length, 0)
  })
})

describe('what may pass is not held back', () => {
  /** Resolves to the first events up to the one that says `word`, while the host waits for that. */
  async function firstWord(t, config, before, after = saying('').slice(-1)) {
    const { passed, goOn } = gate()
    const { client } = await setUp(t, [{ sse: [...before, { pause: passed }, ...after] }], config)
    const iterator = (await open(client))[Symbol.asyncIterator]()
    const got = []
    for (const _ of before) got.push((await iterator.next()).value)
    goOn()
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) got.push(next.value)
    return got
  }

  test('by a check that does not deny: its events come as the host sends them', { timeout: 10_000 }, async (t) => {
    const sent = saying('a sec')
    const got = await firstWord(t, { output_guardrails: [none('secret'), { wordCount: { maxWords: 1 } }, any('zzz')] }, sent.slice(0, 2), sent.slice(2))
    assert.deepEqual(got, sent)
  })

  test('by an async one, nor by one that looks at the request alone', { timeout: 10_000 }, async (t) => {
    const sent = saying('a sec')
    const output_guardrails = [{ ...none('secret'), deny: true, async: true }, { modelWhitelist: { models: ['n'], not: true }, deny: true }]
    assert.deepEqual(await firstWord(t, { output_guardrails, override_params: { model: 'm' } }, sent.slice(0, 2), sent.slice(2)), sent)
  })

  test('by denied words, but for an event that may become one', { timeout: 10_000 }, async (t) => {
    const sent = saying('a safe one', ' sec', 'ond')
    // ' sec' waits for what follows it; 'ond' lets it go.
    const got = await firstWord(t, { output_guardrails: [{ ...none('secret'), deny: true }] }, sent.slice(0, 2), sent.slice(2))
    assert.deepEqual(got, sent)
  })

  test('by a denied expression, but for what may become its match', { timeout: 10_000 }, async (t) => {
    const sent = saying('a long enough sentence, ', 'call 555', '-01', ' or not')
    const got = await firstWord(t, { output_guardrails: [{ ...no('[0-9]{3}-[0-9]{4}'), deny: true }] }, sent.slice(0, 2), sent.slice(2))
    assert.deepEqual(got, sent)
  })

  test('while the word that was held is none after all, in the order of the host', { timeout: 10_000 }, async (t) => {
    const { passed, goOn } = gate()
    const sent = saying('a', ' sec', 'ond', ' s', 'ecret')
    const { client } = await setUp(t, [{ sse: [...sent.slice(0, 4), { pause: passed }, ...sent.slice(4)] }], NO_SECRET)
    const iterator = (await open(client))[Symbol.asyncIterator]()
    const got = []
    for (let at = 0; at < 4; at++) got.push((await iterator.next()).value)
    assert.equal(textOf(got), 'a second')
    goOn()
    assertDenied(await failure(iterator.next()))
  })

  test('at the end by a check of the whole text, whose events are then all there', async (t) => {
    const sent = [...saying('one two three'), usageChunk()]
    const { client } = await setUp(t, [{ sse: sent }], { output_guardrails: [{ wordCount: { maxWords: 3 }, deny: true }] })
    const { items, report } = await read(open(client))
    assert.deepEqual(items, sent)
    assert.deepEqual(report.usage, usageChunk().usage)
  })
})

describe('a stream is judged at its end by checks that do not deny', () => {
  test('which changes nothing of it; the report tells', async (t) => {
    const output_guardrails = [{ ...none('secret'), id: 'out' }, { ...none('secret'), async: true, id: 'aside' }]
    const { client } = await setUp(t, [{ sse: saying('a sec', 'ret') }], { output_guardrails })
    const { data: stream, response } = await open(client).withResponse()
    const { items } = await collect(stream)
    assert.equal(response.status, 200)
    assert.deepEqual(items, saying('a sec', 'ret'))
    const { after_request_hooks, async_hooks } = stream.getGateway().hooks
    assert.deepEqual([after_request_hooks, async_hooks].map(([{ id, verdict, deny }]) => [id, verdict, deny]), [
      ['out', false, false], ['aside', false, false],
    ])
  })
})

describe('a check of the input', () => {
  const failing = { input_guardrails: [{ ...any('zzz'), id: 'in' }] }

  test('that fails gives the status 246, and a first event only to who wants more than OpenAI has', async (t) => {
    for (const [strictOpenAiCompliance, extra] of [[false, 1], [true, 0], [undefined, 0]]) {
      const { client } = await setUp(t, [{ sse: saying('fine') }], { ...failing, options: { strictOpenAiCompliance } })
      const { data: stream, response } = await open(client).withResponse()
      const { items } = await collect(stream)
      assert.equal(response.status, 246)
      assert.deepEqual(items.slice(extra), saying('fine'))
      if (extra) {
        assert.deepEqual(Object.keys(items[0]), ['hook_results'])
        assert.deepEqual(Object.keys(items[0].hook_results), ['before_request_hooks'])
        assert.deepEqual(items[0].hook_results.before_request_hooks.map(({ id, verdict, deny }) => [id, verdict, deny]), [['in', false, false]])
      }
      assert.equal(stream.getGateway().hooks.before_request_hooks[0].verdict, false)
    }
  })

  test("that fails says so in a config's words too, and in those of one call", async (t) => {
    const { client } = await setUp(t, [{ sse: saying('fine') }], { ...failing, strict_open_ai_compliance: false })
    assert.ok('hook_results' in (await read(open(client))).items[0])
    const { client: other } = await setUp(t, [{ sse: saying('fine') }], failing)
    assert.ok('hook_results' in (await read(open(other, {}, { strictOpenAiCompliance: false }))).items[0])
  })

  test('that passes adds no event', async (t) => {
    const { client } = await setUp(t, [{ sse: saying('fine') }], { input_guardrails: [any('test')], options: { strictOpenAiCompliance: false } })
    const { data: stream, response } = await open(client).withResponse()
    assert.deepEqual((await collect(stream)).items, saying('fine'))
    assert.equal(response.status, 200)
  })

  test('is told of before a stream of the cache as well, and is no part of what is kept', async (t) => {
    const { host, client } = await setUp(t, [{ sse: saying('fine') }], { ...failing, cache: 'simple', options: { strictOpenAiCompliance: false } })
    for (const status of ['MISS', 'HIT']) {
      const stream = await open(client)
      const { items } = await read(stream)
      assert.equal(stream.getHeaders()['cache-status'], status)
      assert.ok('hook_results' in items[0])
      assert.deepEqual(items.slice(1), saying('fine'))
    }
    const strict = await open(client.withOptions({ strictOpenAiCompliance: true }))
    assert.deepEqual((await read(strict)).items, saying('fine'))
    assert.equal(host.requests.length, 1)
  })
})

describe('a stream whose text is rewritten', () => {
  const hide = { output_guardrails: [{ regexReplace: { rule: '/[0-9]+/g', redactText: '[N]' }, id: 'r' }] }

  test('has it in one piece, and everything else as it came', async (t) => {
    const tools = chunk({ tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: 'f', arguments: '{"n":123}' } }] })
    const sent = [
      chunk({ role: 'assistant', content: '' }), chunk({ reasoning_content: 'hm' }),
      ...['call 1', '2', '3 or', ' 4'].map((content) => chunk({ content })), tools, chunk({}, 'stop'), usageChunk(),
    ]
    const { client } = await setUp(t, [{ sse: sent }], hide)
    const { items, report } = await read(open(client))
    assert.deepEqual(items, [sent[0], sent[1], chunk({ content: 'call [N] or [N]' }), ...sent.slice(6)])
    assert.equal(report.hooks.after_request_hooks[0].transformed, true)
    assert.deepEqual(report.usage, usageChunk().usage)
  })

  test('loses the tokens that spell it', async (t) => {
    const spelt = (content) => ({
      ...chunk(), choices: [{ index: 0, delta: { content }, logprobs: { content: [{ token: content }] }, finish_reason: null }],
    })
    const { client } = await setUp(t, [{ sse: [spelt('call '), spelt('123'), chunk({}, 'stop')] }], hide)
    const { items } = await read(open(client))
    assert.equal(textOf(items), 'call [N]')
    assert.ok(!JSON.stringify(items).includes('123'))
  })

  test('is as it came where there is nothing to rewrite', async (t) => {
    const { client } = await setUp(t, [{ sse: saying('no', ' number') }], hide)
    assert.deepEqual((await read(open(client))).items, saying('no', ' number'))
  })

  test('is kept by the cache as it was rewritten', async (t) => {
    const { host, client } = await setUp(t, [{ sse: saying('call ', '123') }], { ...hide, cache: 'simple' })
    const first = await read(open(client))
    const second = await read(open(client))
    assert.equal(textOf(first.items), 'call [N]')
    assert.deepEqual(second.items, first.items)
    assert.equal(host.requests.length, 1)
    const bare = await read(open(client, {}, { config: { ...client.config, output_guardrails: null } }))
    assert.equal(textOf(bare.items), 'call 123', 'who has no such hook has an entry of its own')
    const guarded = await collect(open(client, {}, { config: { ...client.config, output_guardrails: [{ ...none('call'), deny: true }] } }))
    assertDenied(guarded.error)
  })

  test('falls back before anything of it was handed out', async (t) => {
    const [A, B] = [await hostFor(t, [{ sse: [...saying('call ', '123').slice(0, 3), 'reset'] }]), await hostFor(t, [{ sse: saying('call ', '456') }])]
    const client = new Portkey({ config: { strategy: { mode: 'fallback' }, targets: [{ custom_host: A.url }, { custom_host: B.url }], ...hide } })
    const { items } = await read(open(client))
    assert.equal(textOf(items), 'call [N]')
  })
})

describe('a stream that ends too early while something of it is held back', () => {
  const ENDINGS = {
    'breaks off': ['reset', StreamTruncatedError],
    'ends without a finish reason': ['end', StreamTruncatedError],
    'brings an error': [{ error: { message: 'out of memory', code: 500 } }, InternalServerError],
    'stalls': ['hang', APIConnectionTimeoutError],
  }
  const HOLDING = {
    'what may become a word': [{ ...none('secret'), deny: true }, 'a fine '],
    'what may become a match': [{ ...no('secret|fin$'), deny: true }, undefined],
    'all of it': [{ wordCount: { maxWords: 100 }, deny: true }, ''],
    'all of it, to rewrite it': [{ regexReplace: { rule: 'sec', redactText: '#' } }, ''],
  }
  for (const [holding, [guard, told]] of Object.entries(HOLDING)) {
    for (const [ending, [step, Type]] of Object.entries(ENDINGS)) {
      test(`${holding}: it ${ending}`, async (t) => {
        const tool = chunk({ tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: 'zebra', arguments: '{"zebra":' } }] })
        const sent = [chunk({ role: 'assistant', content: '' }), chunk({ content: 'a fine ' }), chunk({ content: 'sec' }), tool, step]
        const { client } = await setUp(t, [{ sse: sent, done: false }], { output_guardrails: [guard], timeouts: { idle: 60 } })
        const { items, error } = await collect(open(client))
        assert.ok(error instanceof Type, error?.stack)
        const text = textOf(items)
        if (told !== undefined) assert.equal(text, told)
        assert.ok(!text.includes('sec'))
        if (error.partial) {
          assert.equal(error.partial.text, text)
          assert.deepEqual(error.partial.toolCalls, [], 'the tool call is held as well')
        }
        assert.ok(!shown(error).includes('zebra') && !shown(error.partial ?? null).includes('sec'))
      })
    }
  }

  test('tells what was let through of its tool calls', async (t) => {
    const call = (more) => chunk({ tool_calls: [{ index: 0, ...more }] })
    const sent = [
      call({ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a"' } }), chunk({ content: 's' }),
      call({ function: { arguments: ':1}' } }), 'reset',
    ]
    const { client } = await setUp(t, [{ sse: sent }], NO_SECRET)
    const { items, error } = await collect(open(client))
    assert.equal(items.length, 1)
    assert.deepEqual(error.partial, { text: '', toolCalls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a"' } }], usage: null })
  })

  test('can be left by its reader at any time', async (t) => {
    const { host, client } = await setUp(t, [{ sse: [...saying('a fine', ' sec').slice(0, 3), 'hang'] }], NO_SECRET)
    for await (const event of await open(client)) if (textOf([event])) break
    await host.closed()
    assert.equal(client.targets()[0].inFlight, 0)
  })

  test('is refused as it is where the host refuses it', async (t) => {
    const { client } = await setUp(t, [{ status: 500, json: envelope('busy') }], NO_SECRET)
    const error = await failure(open(client))
    assert.ok(error instanceof InternalServerError)
    assert.equal(error.gateway.hooks, null)
  })
})
