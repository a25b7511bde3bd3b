// A Redis that clients and processes share, on real sockets: answers, who sticks where, whose circuit is open. And what a Redis that is dead,
// dies or does not answer costs a call: next to nothing.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { ConfigError, InternalServerError } from '../index.mjs'
import { MESSAGES, chatChunks, completion, envelope } from './support/answers.mjs'
import { startChild } from './support/child.mjs'
import { failure, shown, thrown } from './support/failures.mjs'
import { closedPort, hostFor } from './support/host.mjs'
import { collect } from './support/recorded.mjs'
import { deafRedis, startRedis } from './support/redis.mjs'

/** What one question to a Redis may take (docs/configs.md), and what a busy machine may add. */
const PATIENCE = 250 + 1_500

/** Answers that tell how many came before. */
function counting() {
  let made = 0
  return () => ({ json: completion(`answer ${++made}`) })
}

const clientOf = (host, redis, { config, cacheStore, ...more } = {}) =>
  new Portkey({ maxRetries: 0, config: { custom_host: host.url, cache: 'simple', ...config }, cacheStore: { redis, ...cacheStore }, ...more })

const ask = (client, body, params, opts) => client.chat.completions.create({ messages: MESSAGES, ...body }, params, opts)
const statusOf = (answer) => answer.getHeaders()['cache-status']
const contentOf = (answer) => answer.choices[0].message.content

async function timed(promise) {
  const began = performance.now()
  return { value: await promise, ms: performance.now() - began }
}

describe('clients with one Redis share', { timeout: 20_000 }, () => {
  for (const port of [false, true]) {
    test(`their answers, over ${port ? 'a port' : 'a unix socket'}`, async (t) => {
      const [host, redis] = [await hostFor(t, counting()), await startRedis(t, { port })]
      const [one, other] = [clientOf(host, redis.url), clientOf(host, redis.url)]
      const first = await ask(one)
      await redis.stored('portkey:cache:')
      const second = await ask(other)
      assert.deepEqual([statusOf(first), statusOf(second)], ['MISS', 'HIT'])
      assert.deepEqual(second, first)
      assert.equal(host.requests.length, 1)
      assert.equal(other.cacheState().redis.state, 'connected')
      assert.equal(other.cacheState().entries, 1, 'it has a copy of its own')
      assert.equal(statusOf(await ask(other)), 'HIT')
    })
  }

  test('streams, with every event', async (t) => {
    const [host, redis] = [await hostFor(t, [{ sse: chatChunks() }]), await startRedis(t)]
    const [one, other] = [clientOf(host, redis.url), clientOf(host, redis.url)]
    const { items } = await collect(ask(one, { stream: true }))
    await redis.stored('portkey:cache:')
    const stream = await ask(other, { stream: true })
    assert.deepEqual((await collect(stream)).items, items)
    assert.equal(statusOf(stream), 'HIT')
    assert.equal(host.requests.length, 1)
  })

  test('embeddings, with equal numbers', async (t) => {
    const json = { object: 'list', model: 'e', data: [{ object: 'embedding', index: 0, embedding: [0.1, -1.5e-8, 3] }] }
    const [host, redis] = [await hostFor(t, [{ json }]), await startRedis(t)]
    const embed = (client) => client.embeddings.create({ model: 'e', input: 'x', encoding_format: 'float' })
    await embed(clientOf(host, redis.url))
    await redis.stored('portkey:cache:')
    const hit = await embed(clientOf(host, redis.url))
    assert.deepEqual(hit, json)
    assert.equal(statusOf(hit), 'HIT')
  })

  test('with another process, in both directions', async (t) => {
    const [host, redis] = [await hostFor(t, counting()), await startRedis(t)]
    const client = clientOf(host, redis.url)
    const child = startChild(t, `
      const shared = new Portkey({ maxRetries: 0, config: { custom_host: url, cache: 'simple' }, cacheStore: { redis: process.env.TEST_REDIS } })
      for (const content of ['Say this is a test', 'from the child']) {
        const answer = await shared.chat.completions.create({ messages: [{ role: 'user', content }] })
        say(answer.getHeaders()['cache-status'] + ' ' + answer.choices[0].message.content)
      }
      await told()
    `, { host, env: { TEST_REDIS: redis.url } })
    await ask(client)
    await redis.stored('portkey:cache:')
    // It may have begun before the answer was there; its second call is one that only it has made.
    assert.match(await child.line(), /^(HIT answer 1|MISS answer \d)$/)
    assert.match(await child.line(), /^MISS answer \d$/)
    await redis.stored('portkey:cache:', 2)
    const made = host.requests.length
    assert.equal(statusOf(await ask(client, { messages: [{ role: 'user', content: 'from the child' }] })), 'HIT')
    assert.equal(host.requests.length, made)
    child.tell()
    assert.equal((await child.ended).code, 0)
  })

  test('a newer answer, once their own copy is gone', async (t) => {
    const [host, redis] = [await hostFor(t, counting()), await startRedis(t)]
    await ask(clientOf(host, redis.url))
    const [name] = await redis.stored('portkey:cache:')
    await ask(clientOf(host, redis.url), {}, { cacheForceRefresh: true })
    await redis.stored(name, 2)
    const third = await ask(clientOf(host, redis.url))
    assert.deepEqual([statusOf(third), contentOf(third)], ['HIT', 'answer 2'])
  })

  test('nothing across tenants, and what a namespace shares', async (t) => {
    const [host, redis] = [await hostFor(t, counting()), await startRedis(t)]
    const as = (Authorization, more) => clientOf(host, redis.url, { Authorization, ...more })
    await ask(as('a'))
    await redis.stored('portkey:cache:')
    assert.equal(statusOf(await ask(as('b'))), 'MISS')
    await ask(as('a', { cacheNamespace: 'n' }))
    await redis.stored('portkey:cache:', 3)
    assert.equal(statusOf(await ask(as('b', { cacheNamespace: 'n' }))), 'HIT')
    assert.equal(statusOf(await ask(as('a'))), 'HIT')
  })

  test('what none of them holds in memory', async (t) => {
    const [host, redis] = [await hostFor(t, counting()), await startRedis(t)]
    const client = clientOf(host, redis.url, { cacheStore: { maxBytes: 0 } })
    await ask(client)
    await redis.stored('portkey:cache:')
    assert.equal(client.cacheState().entries, 0)
    assert.equal(statusOf(await ask(client)), 'HIT')
    assert.equal(statusOf(await ask(clientOf(host, redis.url, { cacheStore: { maxBytes: 0 } }))), 'HIT')
    assert.equal(host.requests.length, 1)
  })
})

describe('what is in the Redis', { timeout: 20_000 }, () => {
  test('lives as long as max_age says', async (t) => {
    const [host, redis] = [await hostFor(t, counting()), await startRedis(t)]
    await ask(clientOf(host, redis.url, { config: { cache: { mode: 'simple', max_age: 60 } } }))
    const [name] = await redis.stored('portkey:cache:')
    const left = await redis.ask('PTTL', name)
    assert.ok(left > 50_000 && left <= 60_000, `${left} ms`)
  })

  test('is under names that tell nothing', async (t) => {
    const [host, redis] = [await hostFor(t, counting()), await startRedis(t)]
    await ask(clientOf(host, redis.url, { Authorization: 'zebra', cacheNamespace: 'zebra' }), { messages: [{ role: 'user', content: 'zebra' }] })
    const [name] = await redis.stored('portkey:cache:')
    assert.match(name, /^portkey:cache:[0-9a-f]{64}$/)
    assert.deepEqual(await redis.ask('KEYS', '*'), [name])
  })

  test('is not taken for an answer when it is none, or another one', async (t) => {
    const [host, redis] = [await hostFor(t, counting()), await startRedis(t)]
    await ask(clientOf(host, redis.url))
    const [name] = await redis.stored('portkey:cache:')
    let written = 1
    for (const value of ['nonsense', '', '{"choices": []}', '\u0001'.repeat(64)]) {
      await redis.ask('SET', name, value, 'PX', '60000')
      const client = clientOf(host, redis.url)
      assert.equal(statusOf(await ask(client)), 'MISS')
      assert.equal(client.cacheState().unreadable, 1)
      // It puts its own answer there, beside the call: that is to be done before the next round.
      await redis.stored(name, (written += 2))
    }
    await redis.ask('DEL', name)
    await redis.ask('LPUSH', name, 'a list')
    assert.equal(statusOf(await ask(clientOf(host, redis.url))), 'MISS')
  })

  test('is no failure: neither errors nor broken streams', async (t) => {
    const script = [{ status: 500, json: envelope('busy') }, { sse: [...chatChunks().slice(0, 2), 'reset'] }, { json: completion('good') }]
    const [host, redis] = [await hostFor(t, script), await startRedis(t)]
    const client = clientOf(host, redis.url)
    await failure(ask(client))
    assert.ok((await collect(ask(client, { stream: true }))).error)
    await ask(client)
    await redis.stored('portkey:cache:')
    assert.equal((await redis.ask('KEYS', '*')).length, 1)
  })
})

describe('a call succeeds within the deadline of a question', { timeout: 20_000 }, () => {
  test('when the Redis was never there', async (t) => {
    const host = await hostFor(t, counting())
    const client = clientOf(host, `redis://127.0.0.1:${await closedPort()}`)
    const { value, ms } = await timed(ask(client))
    assert.equal(statusOf(value), 'MISS')
    assert.ok(ms < PATIENCE, `${ms} ms`)
    assert.equal(statusOf(await ask(client)), 'HIT', 'the memory is there all the same')
    assert.ok(client.cacheState().redis.failures > 0)
    assert.equal(typeof client.cacheState().redis.lastFailure, 'string')
  })

  test('when there is no such socket', async (t) => {
    const host = await hostFor(t, counting())
    const { value, ms } = await timed(ask(clientOf(host, 'unix:///nonexistent/redis.sock')))
    assert.equal(statusOf(value), 'MISS')
    assert.ok(ms < PATIENCE, `${ms} ms`)
  })

  test('when it takes connections and answers nobody, which it is then not asked any more', async (t) => {
    const [host, redis] = [await hostFor(t, counting()), await deafRedis(t)]
    const client = clientOf(host, redis.url)
    const all = await timed(Promise.all(Array.from({ length: 10 }, (_, seed) => ask(client, { seed }))))
    assert.ok(all.ms < PATIENCE, `${all.ms} ms`)
    assert.ok(all.value.every((answer) => statusOf(answer) === 'MISS'))
    while (client.cacheState().redis.state !== 'resting') await ask(client, { seed: Math.random() })
    const { failures } = client.cacheState().redis
    await ask(client, { seed: 'rested' })
    assert.equal(client.cacheState().redis.failures, failures)
    assert.ok(client.cacheState().redis.skipped > 0)
    assert.ok(host.requests.length > 10)
  })

  test('when it is killed on the way', async (t) => {
    const [host, redis] = [await hostFor(t, counting()), await startRedis(t, { port: true })]
    const client = clientOf(host, redis.url)
    await ask(client)
    await redis.stored('portkey:cache:')
    await redis.kill()
    for (let seed = 0; seed < 5; seed++) {
      const { value, ms } = await timed(ask(client, { seed }))
      assert.equal(statusOf(value), 'MISS')
      assert.ok(ms < PATIENCE, `${ms} ms`)
    }
    assert.equal(statusOf(await ask(client)), 'HIT', 'memory is left')
    assert.ok(client.cacheState().redis.failures > 0)
  })

  test('when it is started again, and then they share as before', async (t) => {
    const [host, redis] = [await hostFor(t, counting()), await startRedis(t)]
    const client = clientOf(host, redis.url)
    await ask(client)
    await redis.stored('portkey:cache:')
    await redis.kill()
    await redis.start()
    assert.equal(statusOf(await ask(client, { seed: 2 })), 'MISS')
    await redis.stored('portkey:cache:', 2)
    assert.equal(statusOf(await ask(clientOf(host, redis.url), { seed: 2 })), 'HIT')
  })

  test('when it stops answering while it is asked', async (t) => {
    const [host, redis] = [await hostFor(t, counting()), await startRedis(t)]
    const client = clientOf(host, redis.url)
    await ask(client)
    await redis.stored('portkey:cache:')
    redis.signal('SIGSTOP')
    const { value, ms } = await timed(ask(client, { seed: 1 }))
    assert.equal(statusOf(value), 'MISS')
    assert.ok(ms < PATIENCE, `${ms} ms`)
    redis.signal('SIGCONT')
    // The next question is answered: one failure is not taken for the end.
    assert.equal(statusOf(await ask(clientOf(host, redis.url))), 'HIT')
  })

  test('when it wants another password', async (t) => {
    const [host, redis] = [await hostFor(t, counting()), await startRedis(t, { port: true, password: 'right' })]
    const wrong = redis.url.replace('right', 'wrong-zebra')
    const client = clientOf(host, wrong)
    const { value, ms } = await timed(ask(client))
    assert.equal(statusOf(value), 'MISS')
    assert.ok(ms < PATIENCE, `${ms} ms`)
    assert.ok(!JSON.stringify(client.cacheState()).includes('zebra'))
  })

  test('a call that may take less time than a question is given no more', async (t) => {
    const [host, redis] = [await hostFor(t, counting()), await deafRedis(t)]
    const { value, ms } = await timed(failure(ask(clientOf(host, redis.url), {}, undefined, { timeout: 60 })))
    assert.equal(value.status, 408)
    assert.ok(ms < 60 + 1_500, `${ms} ms`)
  })
})

describe('clients with one Redis share what they know of targets', { timeout: 20_000 }, () => {
  test('who sticks to which target', async (t) => {
    const hosts = [await hostFor(t, [{ json: completion('A') }]), await hostFor(t, [{ json: completion('B') }])]
    const redis = await startRedis(t)
    const strategy = { mode: 'loadbalance', sticky: { hash_fields: ['metadata.user'], ttl: 60 } }
    const config = { strategy, targets: hosts.map(({ url }) => ({ custom_host: url })) }
    const make = () => new Portkey({ config, cacheStore: { redis: redis.url } })
    const users = Array.from({ length: 12 }, (_, at) => `user ${at}`)
    const one = make()
    const chosen = []
    for (const user of users) chosen.push(contentOf(await ask(one, {}, { metadata: { user } })))
    const names = await redis.stored('portkey:state:sticky', users.length)
    assert.ok((await redis.ask('PTTL', names[0])) <= 60_000)
    assert.ok(!names.join('').includes('user'))
    const other = make()
    for (const [at, user] of users.entries()) {
      assert.equal(contentOf(await ask(other, {}, { metadata: { user } })), chosen[at])
    }
  })

  test('whose circuit is open', async (t) => {
    const A = await hostFor(t, [{ status: 503, json: envelope('busy') }])
    const B = await hostFor(t, [{ json: completion('B') }])
    const redis = await startRedis(t)
    const config = {
      strategy: { mode: 'fallback', cb_config: { failure_threshold: 2, cooldown_interval: 30_000 } },
      targets: [{ name: 'A', custom_host: A.url }, { name: 'B', custom_host: B.url }],
    }
    const make = () => new Portkey({ config, cacheStore: { redis: redis.url }, maxRetries: 0 })
    const [one, other] = [make(), make()]
    while (one.targets()[0].health !== 'open') assert.equal(contentOf(await ask(one)), 'B')
    await redis.stored('portkey:state:circuit')
    // It learns of it beside a call, and asks once a second at most.
    const asked = A.requests.length
    assert.equal(contentOf(await ask(other)), 'B')
    while (other.targets()[0].health !== 'open') await new Promise(setImmediate)
    assert.ok(other.targets()[0].backIn <= 30_000)
    const before = A.requests.length
    assert.ok(before <= asked + 1)
    assert.equal(contentOf(await ask(other)), 'B')
    assert.equal(A.requests.length, before, 'it is not asked any more')
  })

  test('whose circuit has opened while both were at work', { timeout: 10_000 }, async (t) => {
    const A = await hostFor(t, [{ json: completion('A') }])
    const B = await hostFor(t, [{ json: completion('B') }])
    const redis = await startRedis(t)
    const config = {
      strategy: { mode: 'fallback', cb_config: { failure_threshold: 2, cooldown_interval: 30_000 } },
      targets: [{ name: 'A', custom_host: A.url }, { name: 'B', custom_host: B.url }],
    }
    const make = () => new Portkey({ config, cacheStore: { redis: redis.url }, maxRetries: 0 })
    const [one, other] = [make(), make()]
    for (const client of [one, other]) assert.equal(contentOf(await ask(client)), 'A')
    // A fails for the one and answers the other: only the Redis can tell that one.
    A.answer(({ headers }) => (headers['x-fails'] ? { status: 503, json: envelope('busy') } : { json: completion('A') }))
    while (one.targets()[0].health !== 'open') await ask(one, {}, undefined, { headers: { 'x-fails': 'yes' } })
    await redis.stored('portkey:state:circuit')
    while (contentOf(await ask(other)) !== 'B') await new Promise(setImmediate)
    assert.equal(other.targets()[0].health, 'open')
  })

  test('whose circuit streams have opened that broke on the way', async (t) => {
    const A = await hostFor(t, [{ sse: [...chatChunks().slice(0, 2), 'reset'] }])
    const B = await hostFor(t, [{ sse: chatChunks() }])
    const redis = await startRedis(t)
    const config = {
      strategy: { mode: 'loadbalance', cb_config: { failure_threshold: 2, cooldown_interval: 30_000 } },
      targets: [{ name: 'A', custom_host: A.url }, { name: 'B', custom_host: B.url, weight: 1e-9 }],
    }
    const client = new Portkey({ config, cacheStore: { redis: redis.url } })
    for (let calls = 0; calls < 2; calls++) assert.ok((await collect(ask(client, { stream: true }))).error)
    assert.equal(client.targets()[0].health, 'open')
    const [name] = await redis.stored('portkey:state:circuit')
    assert.ok((await redis.ask('PTTL', name)) > 20_000)
  })

  test('and nothing of it fails a call when the Redis does', async (t) => {
    const hosts = [await hostFor(t, [{ json: completion('A') }]), await hostFor(t, [{ json: completion('B') }])]
    const redis = await deafRedis(t)
    const strategy = { mode: 'loadbalance', sticky: { hash_fields: ['metadata.user'] }, cb_config: { failure_threshold: 2, cooldown_interval: 30_000 } }
    const client = new Portkey({ config: { strategy, targets: hosts.map(({ url }) => ({ custom_host: url })) }, cacheStore: { redis: redis.url } })
    const first = await timed(ask(client, {}, { metadata: { user: 'a' } }))
    assert.ok(first.ms < PATIENCE, `${first.ms} ms`)
    const second = await timed(ask(client, {}, { metadata: { user: 'a' } }))
    assert.equal(contentOf(second.value), contentOf(first.value), 'it sticks here')
    assert.ok(second.ms < PATIENCE)
  })
})

describe('the address of a Redis', { timeout: 20_000 }, () => {
  test('shows its password nowhere', async (t) => {
    const host = await hostFor(t, [{ json: completion() }, { status: 500, json: envelope('busy') }])
    const redis = await startRedis(t, { port: true, password: 'zebra-stripes' })
    const client = clientOf(host, redis.url)
    const answer = await ask(client)
    await redis.stored('portkey:cache:')
    const error = await failure(ask(client, { seed: 1 }))
    assert.ok(error instanceof InternalServerError)
    await redis.kill()
    await failure(ask(client, { seed: 2 }))
    const made = client.withOptions({ traceID: 't' })
    const told = [answer.getGateway(), answer.getHeaders(), client.targets(), client.cacheState(), client.config]
    for (const value of [client, made, answer, error, ...told]) {
      assert.ok(!shown(value).includes('zebra'), shown(value).slice(0, 300))
    }
    assert.ok(!host.requests.some(({ rawHeaders, text }) => JSON.stringify(rawHeaders).includes('zebra') || text.includes('zebra')))
  })

  const ADDRESSES = [
    'http://user:zebra@host', 'redis://user:zebra@host:port', 'zebra', 'redis://:zebra@host/zebra',
    'rediss://:zebra@host/0#insecure', '',
  ]
  for (const redis of ADDRESSES) {
    test(`that is none is a ConfigError that does not show it: ${redis.replaceAll('zebra', '…')}`, () => {
      const error = thrown(() => new Portkey({ customHost: 'http://a', cacheStore: { redis } }))
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, /^cacheStore\.redis: /)
      assert.ok(!shown(error).includes('zebra'), error.message)
    })
  }

  test('is not connected to before a call needs it', async (t) => {
    const [host, redis] = [await hostFor(t, counting()), await deafRedis(t)]
    const client = clientOf(host, redis.url, { config: { cache: null } })
    await ask(client)
    assert.equal(client.cacheState().redis.state, 'unused')
    assert.equal(redis.sockets.length, 0)
  })

  test('does not keep the process alive', async (t) => {
    const [host, redis] = [await hostFor(t, counting()), await startRedis(t)]
    const child = startChild(t, `
      const shared = new Portkey({ config: { custom_host: url, cache: 'simple' }, cacheStore: { redis: process.env.TEST_REDIS } })
      say((await shared.chat.completions.create({ messages: [] })).getHeaders()['cache-status'])
    `, { host, env: { TEST_REDIS: redis.url } })
    assert.equal(await child.line(), 'MISS')
    assert.equal((await child.ended).code, 0)
  })
})
