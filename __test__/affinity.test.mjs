// Load balancing by affinity: calls that belong together go to one target, whoever makes them, unless it is far busier than its
// share.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey from '../index.mjs'
import { chatChunks, completion } from './support/answers.mjs'
import { startChild } from './support/child.mjs'
import { gatedHost } from './support/gated.mjs'
import { hostFor } from './support/host.mjs'
import { answerer, answerers, benches, count, replicas } from './support/replicas.mjs'

describe('affinity', { concurrency: true, timeout: 30_000 }, () => {
  const KEYS = Array.from({ length: 24 }, (_, at) => `key ${at}`)
  const NAMES = ['a', 'b', 'c']
  const conversation = (first) => [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: first }]
  const laterTurns = (first) => [...conversation(first), { role: 'assistant', content: 'Yes.' }, { role: 'user', content: 'And then?' }]

  /** How a call shows its key, by field. */
  const CALLS = {
    'metadata.session': (key) => ({ params: { metadata: { session: key } } }),
    'headers.x-session': (key) => ({ opts: { headers: { 'X-Session': key } } }),
    'params.user': (key) => ({ body: { user: key } }),
    'params.metadata.thread': (key) => ({ body: { metadata: { thread: key } } }),
    prompt: (key) => ({ body: { messages: conversation(key) } }),
  }

  /** Where each key goes. */
  async function places(client, call) {
    const chosen = {}
    for (const key of KEYS) chosen[key] = await answerer(client, call(key))
    return chosen
  }

  for (const [field, call] of Object.entries(CALLS)) {
    test(`by ${field} sends what belongs together to one target, whoever sends it`, async (t) => {
      const { client, targets } = await replicas(t, { mode: 'affinity', hash_fields: [field] }, NAMES)
      const first = await places(client, call)
      assert.deepEqual(Object.keys(count(Object.values(first))).sort(), NAMES, 'each target has some of the keys')
      const other = new Portkey({ config: { strategy: { mode: 'affinity', hashFields: [field] }, targets: targets.toReversed() } })
      assert.deepEqual(await places(other, call), first)
    })
  }

  test('is the same in another process', async (t) => {
    const { client, targets } = await replicas(t, { mode: 'affinity', hash_fields: ['prompt'] }, NAMES)
    const own = await places(client, CALLS.prompt)
    const child = startChild(t, `
      const { targets, keys, system } = JSON.parse(process.env.TEST_GIVEN)
      const portkey = new Portkey({ config: { strategy: { mode: 'affinity', hash_fields: ['prompt'] }, targets } })
      const chosen = {}
      for (const key of keys) {
        const answer = await portkey.chat.completions.create({ messages: [system, { role: 'user', content: key }] })
        chosen[key] = answer.getGateway().target
      }
      say(JSON.stringify(chosen))
    `, { env: { TEST_GIVEN: JSON.stringify({ targets, keys: KEYS, system: conversation('')[0] }) } })
    assert.deepEqual(JSON.parse(await child.line()), own)
  })

  test('keeps the turns of a conversation together, streamed and whole', async (t) => {
    const answer = (request) => (request.json().stream ? { sse: chatChunks() } : { json: completion() })
    const { client } = await replicas(t, { mode: 'affinity', hash_fields: ['prompt'] }, NAMES, { start: () => hostFor(t, answer) })
    const homes = await places(client, CALLS.prompt)
    for (const key of KEYS) {
      assert.equal(await answerer(client, { body: { messages: laterTurns(key), temperature: 0 } }), homes[key], key)
      const stream = await client.chat.completions.create({ messages: laterTurns(key), stream: true })
      for await (const _ of stream);
      assert.equal(stream.getGateway().target, homes[key], key)
    }
  })

  test('looks at prefix_chars of a conversation and no more', async (t) => {
    const { client } = await replicas(t, { mode: 'affinity', hash_fields: ['prompt'], prefixChars: 12 }, NAMES)
    const call = (key) => ({ body: { messages: [{ role: 'user', content: `The same 12. ${key}` }] } })
    assert.equal(Object.keys(count(Object.values(await places(client, call)))).length, 1)
  })

  test('takes several fields together, and those that a call has', async (t) => {
    const { client } = await replicas(t, { mode: 'affinity', hash_fields: ['metadata.tenant', 'params.user'] }, NAMES)
    const call = (tenant) => (user) => ({ params: { metadata: { tenant } }, body: { user } })
    const [one, other] = [await places(client, call('one')), await places(client, call('other'))]
    assert.notDeepEqual(one, other)
    const alone = await places(client, (user) => ({ body: { user } }))
    assert.deepEqual(await places(client, (user) => ({ body: { user }, params: { metadata: { more: '1' } } })), alone)
  })

  test('draws the target of a call that has none of the fields, by weight', async (t) => {
    const strategy = { mode: 'affinity', hash_fields: ['metadata.session', 'headers.x-session'] }
    const { client } = await replicas(t, strategy, NAMES, { weights: { a: 0, c: 0 } })
    assert.deepEqual(count(await answerers(client, 12)), { b: 12 })
    const even = await replicas(t, { mode: 'affinity', hash_fields: ['metadata.session'] }, NAMES)
    assert.ok(Object.keys(count(await answerers(even.client, 60))).length > 1, 'they are not taken to belong together')
  })

  test('never sends a key to a target without weight, and a target that leaves moves only its own', async (t) => {
    const strategy = { mode: 'affinity', hash_fields: ['params.user'] }
    const { client, targets } = await replicas(t, strategy, NAMES)
    const before = await places(client, CALLS['params.user'])
    for (const left of [targets.slice(0, 2), [...targets.slice(0, 2), { ...targets[2], weight: 0 }]]) {
      const after = await places(new Portkey({ config: { strategy, targets: left } }), CALLS['params.user'])
      for (const key of KEYS) {
        if (before[key] === 'c') assert.notEqual(after[key], 'c')
        else assert.equal(after[key], before[key])
      }
    }
  })

  test('sends the keys of a target that is out of use to the next in rank, and no others', async (t) => {
    const strategy = { mode: 'affinity', hash_fields: ['params.user'] }
    const { client, hosts, targets } = await replicas(t, strategy, NAMES)
    const call = CALLS['params.user']
    const before = await places(client, call)
    const without = await places(new Portkey({ config: { strategy, targets: targets.slice(1) } }), call)
    await benches(client, hosts.a, call(KEYS.find((key) => before[key] === 'a')))
    const after = await places(client, call)
    for (const key of KEYS) assert.equal(after[key], before[key] === 'a' ? without[key] : before[key])
  })

  /** Starts calls of one key, each when the one before is at its host. */
  async function crowd(client, hosts, calls) {
    const under = []
    for (let made = 0; made < calls; made++) {
      under.push(answerer(client, CALLS['params.user']('one')))
      await Promise.race(Object.values(hosts).map((host) => host.until(() => arrived(hosts) > made)))
    }
    return under
  }
  const arrived = (hosts) => Object.values(hosts).reduce((sum, host) => sum + host.requests.length, 0)

  test('spills over where its target has far more under way than its share, and comes home', async (t) => {
    const { client, hosts } = await replicas(t, { mode: 'affinity', hash_fields: ['params.user'] }, NAMES, { start: () => gatedHost(t) })
    const under = await crowd(client, hosts, 12)
    const loads = Object.values(hosts).map((host) => host.held.length).sort((one, other) => other - one)
    // Of 12 the share is 4, and half as much again is 6: what the home does not take goes to the next in rank.
    assert.deepEqual(loads, [6, 6, 0])
    for (const host of Object.values(hosts)) host.open()
    const [home, ...others] = await Promise.all(under)
    assert.equal(others.filter((name) => name === home).length, 5)
    assert.deepEqual(await answerers(client, 6, CALLS['params.user']('one')), Array(6).fill(home))
  })

  test('spills later where spill is greater', async (t) => {
    const { client, hosts } = await replicas(t, { mode: 'affinity', hash_fields: ['params.user'], spill: 100 }, NAMES, { start: () => gatedHost(t) })
    const under = await crowd(client, hosts, 12)
    assert.deepEqual(Object.values(hosts).map((host) => host.held.length).sort(), [0, 0, 12])
    for (const host of Object.values(hosts)) host.open()
    await Promise.all(under)
  })

  test('shares evenly where spill is 0', async (t) => {
    const { client, hosts } = await replicas(t, { mode: 'affinity', hash_fields: ['params.user'], spill: 0 }, NAMES, { start: () => gatedHost(t) })
    const under = await crowd(client, hosts, 12)
    for (const host of Object.values(hosts)) assert.ok(host.held.length <= 6, 'its share of 4, and a call or two')
    for (const host of Object.values(hosts)) host.open()
    await Promise.all(under)
  })
})
