// Strategies that share calls among targets: in turn, by load, by weight, sticky. Who answers is told by the report, and by the
// hosts, which hold their requests where load is what matters.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey from '../index.mjs'
import { MESSAGES, chatChunks, completion } from './support/answers.mjs'
import { gatedHost } from './support/gated.mjs'
import { answerer, answerers, benches, count, replicas } from './support/replicas.mjs'
import { OK, assertProblem, problemsOf, refusal } from './support/targets.mjs'

describe('round_robin', { concurrency: true, timeout: 30_000 }, () => {
  const turns = { mode: 'round_robin' }

  for (const [weights, cycle] of [[{}, 3], [{ a: 2 }, 4], [{ a: 5 }, 7], [{ a: 3, b: 2 }, 6]]) {
    const shares = { a: 1, b: 1, c: 1, ...weights }
    test(`gives each its weight's turns in every ${cycle} calls, ${JSON.stringify(shares)}`, async (t) => {
      const { client, hosts } = await replicas(t, turns, ['a', 'b', 'c'], { weights })
      const order = await answerers(client, 3 * cycle)
      for (let at = 0; at + cycle <= order.length; at++) assert.deepEqual(count(order.slice(at, at + cycle)), shares, order.join(' '))
      for (const [name, host] of Object.entries(hosts)) assert.equal(host.requests.length, 3 * shares[name])
    })
  }

  test('spreads the turns of a heavy target', async (t) => {
    const { client } = await replicas(t, turns, ['a', 'b', 'c'], { weights: { a: 5 } })
    const order = (await answerers(client, 14)).join('')
    assert.doesNotMatch(order, /aaaaa|bc|cb/, 'of weights 5, 1, 1 the turns are a a b a c a a')
  })

  test('keeps the shares of calls that are made at once, and of fractions', async (t) => {
    const { client } = await replicas(t, turns, ['a', 'b', 'c', 'none'], { weights: { a: 0.5, b: 0.25, c: 0.25, none: 0 } })
    const names = await Promise.all(Array.from({ length: 100 }, () => answerer(client)))
    assert.deepEqual(count(names), { a: 50, b: 25, c: 25 })
  })

  test('is one order for a client, for those made from it, and for calls that bring options', async (t) => {
    const { client } = await replicas(t, turns, ['a', 'b'])
    const other = client.withOptions({ traceID: 'other', maxRetries: 0 })
    const order = []
    for (let round = 0; round < 3; round++) {
      order.push(await answerer(client), await answerer(other), await answerer(client, { params: { traceID: 'own' } }))
    }
    assert.match(order.join(''), /^(ab)+a?$|^(ba)+b?$/)
  })

  test('has an order of its own for each client', async (t) => {
    const { client, targets } = await replicas(t, turns, ['a', 'b'])
    const other = new Portkey({ config: { strategy: turns, targets } })
    const order = []
    for (let round = 0; round < 3; round++) order.push([await answerer(client), await answerer(other)])
    for (const own of [0, 1]) assert.match(order.map((pair) => pair[own]).join(''), /^(aba|bab)$/)
  })

  test('passes over a target that is out of use; the others keep their shares', async (t) => {
    const { client, hosts } = await replicas(t, turns, ['a', 'b', 'c'], { weights: { c: 3 } })
    await benches(client, hosts.b)
    await answerers(client, 4) // what is left of a round that began with all three
    assert.deepEqual(count(await answerers(client, 8)), { a: 2, c: 6 })
  })

  test('takes turns among groups, and within them', async (t) => {
    const { targets } = await replicas(t, turns, ['a', 'b', 'c'])
    const inner = { strategy: turns, targets: targets.slice(0, 2) }
    const client = new Portkey({ config: { strategy: { mode: 'roundRobin' }, targets: [inner, targets[2]] } })
    const order = await answerers(client, 8)
    for (let at = 0; at + 4 <= order.length; at++) assert.deepEqual(count(order.slice(at, at + 4)), { a: 1, b: 1, c: 2 }, order.join(' '))
    assert.doesNotMatch(order.join(''), /cc/)
  })

  test('has a fallback for each turn, where its targets are fallbacks', async (t) => {
    const { hosts, targets } = await replicas(t, turns, ['a', 'b', 'spare'])
    hosts.a.answer([refusal(500)])
    const followed = (target) => ({ strategy: { mode: 'fallback' }, targets: [target, targets[2]] })
    const client = new Portkey({ config: { strategy: turns, targets: [followed(targets[0]), followed(targets[1])] } })
    assert.match((await answerers(client, 2)).join(' '), /^(b spare|spare b)$/)
  })
})

describe('least_inflight', { concurrency: true, timeout: 30_000 }, () => {
  const least = { mode: 'least_inflight' }
  const held = (t) => ({ start: () => gatedHost(t) })
  const all = (hosts, condition) => Promise.race(Object.values(hosts).map((host) => host.until(condition)))

  /** Starts so many calls, the next one when the one before is at its host, which does not answer it yet. */
  async function hold(client, hosts, calls, call) {
    const under = []
    const arrived = () => Object.values(hosts).reduce((sum, host) => sum + host.requests.length, 0)
    for (let made = 0; made < calls; made++) {
      const before = arrived()
      under.push(answerer(client, call))
      await all(hosts, () => arrived() > before)
    }
    return under
  }
  const heldAt = (hosts) => Object.fromEntries(Object.entries(hosts).map(([name, host]) => [name, host.held.length]))
  const finish = async (hosts, under) => {
    for (const host of Object.values(hosts)) host.open()
    return Promise.all(under)
  }

  test('leaves a slow host alone while another one is idle', async (t) => {
    const { client, hosts } = await replicas(t, least, ['a', 'b'], held(t))
    const under = await hold(client, hosts, 1)
    const [slow, fast] = hosts.a.held.length === 1 ? ['a', 'b'] : ['b', 'a']
    hosts[fast].open()
    assert.deepEqual(await answerers(client, 20), Array(20).fill(fast))
    assert.deepEqual(await finish(hosts, under), [slow])
  })

  test('fills targets by their weights, and one without weight never', async (t) => {
    const weights = { a: 3, b: 1, none: 0 }
    const { client, hosts } = await replicas(t, { mode: 'leastInflight' }, ['a', 'b', 'none'], { weights, ...held(t) })
    const under = await hold(client, hosts, 4)
    assert.deepEqual(heldAt(hosts), { a: 3, b: 1, none: 0 })
    under.push(...(await hold(client, hosts, 4)))
    assert.deepEqual(heldAt(hosts), { a: 6, b: 2, none: 0 })
    await finish(hosts, under)
  })

  test('sees all that is under way: of calls with options, of other clients made from this one, and streams', async (t) => {
    const answer = (request) => (request.json().stream ? { sse: [...chatChunks(['word']).slice(0, 2), 'hang'] } : { json: completion() })
    const { client, hosts } = await replicas(t, least, ['a', 'b'], { start: () => gatedHost(t, answer) })
    const other = client.withOptions({ traceID: 'other' })
    const opening = client.chat.completions.create({ messages: MESSAGES, stream: true })
    await all(hosts, ({ requests }) => requests.length === 1)
    const [home, away] = hosts.a.held.length === 1 ? ['a', 'b'] : ['b', 'a']
    hosts[home].letGo()
    const stream = await opening
    hosts[away].open()
    for (const [asker, params] of [[client], [other], [client, { traceID: 'own' }]]) {
      assert.equal(await answerer(asker, { params }), away, 'the stream is not read, and not over')
    }
    stream.controller.abort()
    await hosts[home].closed()
    hosts[away].isOpen = false
    const under = await hold(other, hosts, 2, { params: { traceID: 'own' } })
    assert.deepEqual(heldAt(hosts), { a: 1, b: 1 }, 'the stream is over: both are idle')
    await finish(hosts, under)
  })

  test('counts what a group has under way in all of its targets', async (t) => {
    const { hosts, targets } = await replicas(t, least, ['a', 'b', 'c'], held(t))
    const inner = { strategy: least, targets: targets.slice(0, 2) }
    const client = new Portkey({ config: { strategy: least, targets: [inner, targets[2]] } })
    const under = await hold(client, hosts, 4)
    assert.deepEqual(heldAt(hosts), { a: 1, b: 1, c: 2 })
    await finish(hosts, under)
  })

  test('of more than eight targets never takes the busier of two', async (t) => {
    const names = [...'abcdefghij']
    const { client, hosts } = await replicas(t, least, names, held(t))
    const under = await hold(client, hosts, 1)
    const busy = names.find((name) => hosts[name].held.length === 1)
    for (const name of names.filter((name) => name !== busy)) hosts[name].open()
    const chosen = await answerers(client, 50)
    assert.ok(!chosen.includes(busy), `${busy} in ${chosen}`)
    assert.ok(new Set(chosen).size > 2, 'they are not all sent to the same one')
    await finish(hosts, under)
  })

  test('passes over a target that is out of use, however little it has to do', async (t) => {
    const { client, hosts } = await replicas(t, least, ['a', 'b'], held(t))
    for (const host of Object.values(hosts)) host.open()
    await benches(client, hosts.a)
    hosts.b.isOpen = false
    const under = await hold(client, { b: hosts.b }, 3)
    assert.equal(hosts.b.held.length, 3)
    await finish(hosts, under)
  })
})

describe('loadbalance', { concurrency: true, timeout: 30_000 }, () => {
  const session = (id) => ({ params: { metadata: { session: id } } })
  const sticky = (more) => ({ mode: 'loadbalance', sticky: { enabled: true, hash_fields: ['metadata.session'], ...more } })
  const NAMES = ['a', 'b', 'c', 'd']

  test('never draws weight 0, whatever is out of use', async (t) => {
    const { client, hosts } = await replicas(t, { mode: 'loadbalance' }, ['a', 'none'], { weights: { none: 0 } })
    assert.deepEqual(count(await answerers(client, 10)), { a: 10 })
    await benches(client, hosts.a)
    assert.deepEqual(count(await answerers(client, 10)), { a: 10 }, 'the last resort is not the target that was switched off')
  })

  test('passes over a target that is out of use', async (t) => {
    const { client, hosts } = await replicas(t, { mode: 'loadbalance' }, NAMES)
    await benches(client, hosts.c)
    assert.ok(!(await answerers(client, 40)).includes('c'))
  })

  test('with sticky keeps to the target that was drawn first', async (t) => {
    const { client } = await replicas(t, sticky(), NAMES)
    const other = client.withOptions({ traceID: 'other' })
    const homes = new Set()
    for (let at = 0; at < 12; at++) {
      const [home, ...later] = [...await answerers(client, 4, session(`${at}`)), await answerer(other, session(`${at}`))]
      assert.deepEqual(later, Array(4).fill(home))
      homes.add(home)
    }
    assert.ok(homes.size > 1, 'sessions are shared among the targets')
  })

  test('with sticky draws for each call that has none of the fields', async (t) => {
    const { client } = await replicas(t, sticky(), NAMES)
    assert.ok(new Set(await answerers(client, 60)).size > 1)
  })

  test('with sticky switched off draws for each call', async (t) => {
    const { client } = await replicas(t, sticky({ enabled: false }), NAMES)
    assert.ok(new Set(await answerers(client, 60, session('one'))).size > 1)
  })

  test('with sticky draws anew when its time is over', async (t) => {
    const { client } = await replicas(t, { mode: 'loadbalance', sticky: { hashFields: ['metadata.session'], ttl: 0.000_001 } }, NAMES)
    assert.ok(new Set(await answerers(client, 60, session('one'))).size > 1)
  })

  test('with sticky gives a session another target where its own is out of use, and leaves it there', async (t) => {
    const { client, hosts } = await replicas(t, sticky(), NAMES)
    const home = await answerer(client, session('one'))
    await benches(client, hosts[home], session('one'))
    const [next, ...later] = await answerers(client, 6, session('one'))
    assert.notEqual(next, home)
    assert.deepEqual(later, Array(5).fill(next))
  })

  test('with sticky in a group of a fallback falls back, and the session stays where it was drawn', async (t) => {
    const { hosts, targets } = await replicas(t, sticky(), ['a', 'b', 'spare'])
    const config = { strategy: { mode: 'fallback' }, targets: [{ strategy: sticky(), targets: targets.slice(0, 2) }, targets[2]] }
    const client = new Portkey({ config })
    const home = await answerer(client, session('one'))
    hosts[home].answer([refusal(500), OK])
    assert.deepEqual(await answerers(client, 3, session('one')), ['spare', home, home])
  })
})

describe('a strategy that cannot be acted on', () => {
  const targets = [{ name: 'a', custom_host: 'http://127.0.0.1:9/v1' }, { name: 'b', custom_host: 'http://127.0.0.1:9/v1' }]
  const KNOWN = /^expected metadata\.…, params\.…, headers\.… or prompt$/
  for (const [strategy, path, message] of [
    [{ mode: 'round_robin', sticky: { hash_fields: ['prompt'] } }, 'sticky', /^mode round_robin takes mode, cb_config and nothing else$/],
    [{ mode: 'least_inflight', hash_fields: ['prompt'] }, 'hash_fields', /^mode least_inflight takes mode, cb_config and nothing else$/],
    [{ mode: 'loadbalance', spill: 1 }, 'spill', /^mode loadbalance takes mode, cb_config, sticky and nothing else$/],
    [{ mode: 'affinity', hash_fields: ['prompt'], ttl: 5 }, 'ttl', /^mode affinity takes mode, cb_config, hash_fields, prefix_chars, spill and/],
    [{ mode: 'fallback', conditions: [] }, 'conditions', /^mode fallback takes mode, cb_config, on_status_codes and nothing else$/],
    [{ mode: 'leastLoaded' }, 'mode', /^expected one of single, fallback, loadbalance, least_inflight, round_robin, affinity, conditional$/],
    [{ mode: 'affinity' }, 'hash_fields', /^is missing/],
    [{ mode: 'affinity', hashFields: ['user'] }, 'hashFields[0]', KNOWN],
    [{ mode: 'affinity', hash_fields: [] }, 'hash_fields', /^expected a list of fields: metadata\.…, params\.…, headers\.… or prompt$/],
    [{ mode: 'affinity', hash_fields: ['prompt'], prefixChars: 0 }, 'prefixChars', /^expected a whole number from 1/],
    [{ mode: 'affinity', hash_fields: ['prompt'], spill: -0.5 }, 'spill', /^expected a number ≥ 0/],
    [{ mode: 'loadbalance', sticky: {} }, 'sticky.hash_fields', /^is missing/],
    [{ mode: 'loadbalance', sticky: { hash_fields: ['metadata'] } }, 'sticky.hash_fields[0]', KNOWN],
    [{ mode: 'loadbalance', sticky: { hash_fields: ['prompt'], ttl: 0 } }, 'sticky.ttl', /^expected seconds/],
    [{ mode: 'loadbalance', sticky: { hash_fields: ['prompt'], time: 5 } }, 'sticky.time', /^expected one of enabled, hash_fields, ttl$/],
  ]) {
    test(`${JSON.stringify(strategy)}: ${path}`, () => {
      assertProblem({ config: { strategy, targets } }, `config.strategy.${path}`, message)
    })
  }

  for (const mode of ['loadbalance', 'least_inflight', 'round_robin', 'affinity']) {
    test(`${mode}: no target has a weight`, () => {
      const strategy = { mode, ...(mode === 'affinity' ? { hash_fields: ['prompt'] } : {}) }
      const config = { strategy, targets: targets.map((target) => ({ ...target, weight: 0 })) }
      assertProblem({ config }, 'config.targets', /^all have weight 0, so that none would ever answer$/)
    })
  }

  test('tells every problem at once', () => {
    const config = { strategy: { mode: 'affinity', sticky: {}, spill: 'much' }, targets: [{ ...targets[0], weight: -1 }, targets[1]] }
    const paths = problemsOf({ config }).map(({ path }) => path)
    assert.deepEqual(paths.sort(), ['config.strategy.hash_fields', 'config.strategy.spill', 'config.strategy.sticky', 'config.targets[0].weight'])
  })
})
