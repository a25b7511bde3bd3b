// Chats of servers for local models, repaired: who gets repairs, how they are told and turned off, and that a stream's are
// told at its end. What is repaired, and how, the engine's own tests and the cases of `fixtures/` say.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { ConfigError } from '../index.mjs'
import { MESSAGES, chunk, completion } from './support/answers.mjs'
import { hostFor } from './support/host.mjs'
import { collect } from './support/recorded.mjs'

const SELF_HOSTED = ['vllm', 'llamacpp', 'ollama', 'lmstudio', 'sglang', 'tgi']

/** What such a server may answer: everything that is repaired at once. */
const WRONG = completion(null, {
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: null, reasoning: 'Hm.', tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }, { id: 'x', function: { name: 'g', arguments: '{}' } }] },
      finish_reason: 'stop',
    },
  ],
})
const WRONG_CHUNKS = [
  chunk({ role: 'assistant', content: '' }),
  chunk({ reasoning_content: 'Hm.' }),
  chunk({ tool_calls: [{ index: 0, function: { name: 'f', arguments: { a: 1 } } }] }),
  chunk({ tool_calls: [{ index: 0, function: { name: 'f', arguments: '{"a"' } }] }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: ':2}' } }] }),
  chunk({}, 'stop'),
]
const LINES = {
  ids: 'tool calls were given ids of their own: the server left them out or gave one twice',
  types: 'tool calls were given the type function: the server left it out',
  args: 'arguments of tool calls were made texts: the server gave JSON values, or none',
  places: "tool calls of the stream were numbered anew: the server's index left them mixed up",
  reason: 'finish_reason stop was read as tool_calls: tools were called',
  content: 'reasoning is given as reasoning_content too',
  reasoning: 'reasoning_content is given as reasoning too',
}
const sorted = (lines) => [...lines].sort()
const ID = /^call_[0-9a-f]{24}_\d$/

const ask = (client, more, params) => client.chat.completions.create({ model: 'm', messages: MESSAGES, ...more }, params)

function assertRepaired(answer) {
  const [{ message, finish_reason: reason }] = answer.choices
  assert.equal(reason, 'tool_calls')
  assert.equal(message.reasoning_content, 'Hm.')
  const [first, second] = message.tool_calls
  assert.match(first.id, ID)
  assert.deepEqual({ ...first, id: '' }, { id: '', type: 'function', function: { name: 'f', arguments: '{"a":1}' } })
  assert.deepEqual(second, { id: 'x', type: 'function', function: { name: 'g', arguments: '{}' } })
  assert.deepEqual(sorted(answer.getGateway().changes), sorted([LINES.ids, LINES.types, LINES.args, LINES.reason, LINES.content]))
}

function assertAsItCame(answer) {
  assert.deepEqual(JSON.parse(JSON.stringify(answer)), WRONG)
  assert.deepEqual(answer.getGateway().changes, [])
}

describe('whose chats are repaired', () => {
  for (const provider of SELF_HOSTED) {
    test(provider, async (t) => {
      const host = await hostFor(t, [{ json: WRONG }])
      assertRepaired(await ask(new Portkey({ provider, customHost: host.url })))
    })
  }

  for (const provider of ['openai', 'groq']) {
    test(`not those of ${provider}, unless it is asked for`, async (t) => {
      const host = await hostFor(t, [{ json: WRONG }, { json: WRONG }])
      const client = new Portkey({ provider, customHost: host.url })
      assertAsItCame(await ask(client))
      assertRepaired(await ask(client, {}, { repairs: true }))
    })
  }
})

describe('repairs are turned off', () => {
  const WAYS = {
    'by the client': (customHost) => [{ provider: 'vllm', customHost, repairs: false }],
    'by one call': (customHost) => [{ provider: 'vllm', customHost }, { repairs: false }],
    'by a config': (custom_host) => [{ config: { provider: 'vllm', custom_host, repairs: false } }],
    'by a target': (custom_host) => [{ config: { strategy: { mode: 'fallback' }, repairs: true, targets: [{ provider: 'vllm', custom_host, repairs: false }] } }],
    'by the group of a target': (custom_host) => [{ config: { strategy: { mode: 'fallback' }, repairs: false, targets: [{ provider: 'vllm', custom_host }] } }],
  }
  for (const [way, options] of Object.entries(WAYS)) {
    test(way, async (t) => {
      const host = await hostFor(t, [{ json: WRONG }, { sse: WRONG_CHUNKS }])
      const [client, params] = options(host.url)
      assertAsItCame(await ask(new Portkey(client), {}, params))
      const { items } = await collect(ask(new Portkey(client), { stream: true }, params))
      assert.deepEqual(items, WRONG_CHUNKS)
    })
  }

  test('and a value that is no boolean is refused', () => {
    assert.throws(() => new Portkey({ provider: 'vllm', customHost: 'http://h', repairs: 'no' }), ConfigError)
  })
})

describe('of a stream', () => {
  test('ids stay the same from piece to piece, and calls at one place are told apart', async (t) => {
    const host = await hostFor(t, [{ sse: WRONG_CHUNKS }])
    const stream = ask(new Portkey({ provider: 'vllm', customHost: host.url }), { stream: true })
    const { items } = await collect(stream)
    const deltas = items.map(({ choices: [{ delta }] }) => delta)
    assert.deepEqual(deltas[1], { reasoning_content: 'Hm.', reasoning: 'Hm.' })
    const [[first], [second], [rest]] = deltas.flatMap(({ tool_calls: calls }) => (calls ? [calls] : []))
    assert.match(first.id, ID)
    assert.match(second.id, ID)
    assert.notEqual(first.id, second.id)
    assert.deepEqual([first.index, second.index, rest.index], [0, 1, 1])
    assert.deepEqual([first.type, second.type], ['function', 'function'])
    assert.equal(first.function.arguments, '{"a":1}')
    assert.equal(second.function.arguments + rest.function.arguments, '{"a":2}')
    assert.equal(items.at(-1).choices[0].finish_reason, 'tool_calls')
  })

  test('each kind is told once, when the stream has ended', async (t) => {
    const host = await hostFor(t, [{ sse: WRONG_CHUNKS }])
    const stream = await ask(new Portkey({ provider: 'llamacpp', customHost: host.url }), { stream: true })
    await collect(stream)
    const { ids, types, args, places, reason, reasoning } = LINES
    assert.deepEqual(sorted(stream.getGateway().changes), sorted([ids, types, args, places, reason, reasoning]))
  })

  test('what came of a stream that breaks has its ids', async (t) => {
    const host = await hostFor(t, [{ sse: [...WRONG_CHUNKS.slice(0, 4), 'cut'] }])
    const { error } = await collect(ask(new Portkey({ provider: 'vllm', customHost: host.url, maxRetries: 0 }), { stream: true }))
    assert.deepEqual(error.partial.toolCalls.map((call) => call.function), [{ name: 'f', arguments: '{"a":1}' }, { name: 'f', arguments: '{"a"' }])
    for (const call of error.partial.toolCalls) assert.match(call.id, ID)
  })

  test('each attempt is repaired for itself', async (t) => {
    const failing = await hostFor(t, [{ sse: [...WRONG_CHUNKS.slice(0, 1), { error: { message: 'busy' } }] }])
    const host = await hostFor(t, [{ sse: [chunk({ content: 'Hi' }, 'stop')] }])
    const targets = [failing, host].map(({ url }) => ({ provider: 'vllm', custom_host: url, retry: { attempts: 0 } }))
    const stream = await ask(new Portkey({ config: { strategy: { mode: 'fallback' }, targets } }), { stream: true })
    const { items } = await collect(stream)
    assert.equal(items[0].choices[0].finish_reason, 'stop')
    assert.deepEqual(stream.getGateway().changes, [])
  })
})

test('answers that the cache kept with and without repairs are kept apart', async (t) => {
  const host = await hostFor(t, [{ json: WRONG }, { json: WRONG }])
  const client = new Portkey({ provider: 'vllm', customHost: host.url, config: { cache: 'simple' } })
  assertRepaired(await ask(client))
  const raw = await ask(client, {}, { repairs: false })
  assert.equal(raw.choices[0].finish_reason, 'stop')
  const kept = await ask(client)
  assert.equal(kept.getGateway().cache, 'HIT')
  assert.equal(kept.choices[0].finish_reason, 'tool_calls')
})
