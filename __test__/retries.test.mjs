// What is sent again, how often, after which wait, and what the call tells of it.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, {
  APIConnectionError, APIError, BadRequestError, ConfigError, ConflictError, InternalServerError, RateLimitError, StreamTruncatedError,
} from '../index.mjs'
import { MESSAGES, chatChunks, chunk, completion, envelope } from './support/answers.mjs'
import { hostFor } from './support/host.mjs'
import { collect } from './support/recorded.mjs'

const OK = { json: completion() }
/** An answer that asks for no wait, so that tests need none. */
const fail = (status, headers = { 'retry-after-ms': '0' }) => ({ status, headers, json: envelope(`status ${status}`) })
const ask = (client, ...more) => client.chat.completions.create({ messages: MESSAGES }, ...more)
const count = (answerOrError) => (answerOrError.getHeaders?.() ?? { 'retry-attempt-count': answerOrError.headers['x-portkey-retry-attempt-count'] })['retry-attempt-count']

async function setUp(t, script, options) {
  const host = await hostFor(t, script)
  return { host, client: new Portkey({ customHost: host.url, ...options }) }
}

const caught = (promise) => promise.then(() => assert.fail('no error'), (error) => error)

/** The waits between the requests of a host, in milliseconds: from an answer to the next request's head. */
const waits = ({ requests }) => requests.slice(1).map(({ headAt }, at) => headAt - requests[at].answeredAt)

describe('by default', () => {
  for (const status of [408, 409, 429, 500, 502, 503, 504, 529]) {
    test(`${status} is tried again, twice at most`, async (t) => {
      const { host, client } = await setUp(t, [fail(status)])
      const error = await caught(ask(client))
      assert.equal(error.status, status)
      assert.equal(host.requests.length, 3)
      assert.equal(count(error), '-1')
      assert.deepEqual(error.gateway.attempts.map((attempt) => attempt.status), [status, status, status])
    })
  }

  for (const status of [400, 401, 403, 404, 405, 413, 422, 446, 451]) {
    test(`${status} is final`, async (t) => {
      const { host, client } = await setUp(t, [fail(status)])
      const error = await caught(ask(client))
      assert.equal(error.status, status)
      assert.equal(host.requests.length, 1)
      assert.equal(count(error), '0')
    })
  }

  test('the answer of a later attempt is the answer of the call, which says how many it took', async (t) => {
    const { host, client } = await setUp(t, [fail(500), fail(429), OK])
    const answer = await ask(client)
    assert.deepEqual(answer.choices, completion().choices)
    assert.equal(count(answer), '2')
    const { attempts } = answer.getGateway()
    assert.deepEqual(attempts.map(({ status }) => status), [500, 429, 200])
    assert.deepEqual(attempts.map(({ retryReason }) => retryReason), [null, 'status 500', 'status 429'])
    assert.deepEqual(attempts.map(({ phase }) => phase), ['body', 'body', 'done'])
    for (const { url, ms } of attempts) {
      assert.equal(url, `${host.url}/chat/completions`)
      assert.equal(typeof ms.total, 'number')
    }
    const [first] = host.requests
    for (const { text, rawHeaders } of host.requests) {
      assert.equal(text, first.text)
      assert.deepEqual(rawHeaders, first.rawHeaders)
    }
  })

  test('an error that ends the retries is told as it is, with the count of those made', async (t) => {
    const { host, client } = await setUp(t, [fail(500), fail(400)])
    const error = await caught(ask(client))
    assert.equal(error.constructor, BadRequestError)
    assert.equal(host.requests.length, 2)
    assert.equal(count(error), '1')
  })

  test('the last error is told when all fail', async (t) => {
    const { client } = await setUp(t, [fail(500), fail(429), fail(409)])
    assert.equal((await caught(ask(client))).constructor, ConflictError)
  })

  test('a stream is tried again like any call', async (t) => {
    const { host, client } = await setUp(t, [fail(503), { sse: chatChunks() }])
    const stream = await client.chat.completions.create({ messages: MESSAGES, stream: true })
    assert.equal(count(stream), '1')
    assert.deepEqual((await collect(stream)).items, chatChunks())
    assert.equal(count(stream), '1')
    assert.equal(host.requests.length, 2)
  })

  test('a stream that breaks is not tried again', async (t) => {
    const { host, client } = await setUp(t, [{ sse: [chunk({ content: 'a' }), 'cut'] }, { sse: chatChunks() }])
    const { error } = await collect(client.chat.completions.create({ messages: MESSAGES, stream: true }))
    assert.equal(error.constructor, StreamTruncatedError)
    assert.equal(host.requests.length, 1)
  })

  test('an answer that cannot be read is not tried again', async (t) => {
    const { host, client } = await setUp(t, [{ headers: { 'content-type': 'application/json' }, body: '{"a":' }])
    await assert.rejects(ask(client), APIError)
    assert.equal(host.requests.length, 1)
  })

  test('a host that cannot be connected to is tried again', async (t) => {
    const host = await hostFor(t, [OK])
    await host.close()
    const error = await caught(ask(new Portkey({ customHost: host.url, maxRetries: 1 })))
    assert.equal(error.constructor, APIConnectionError)
    assert.deepEqual(error.gateway.attempts.map(({ code, phase }) => [code, phase]), [['ECONNREFUSED', 'connect'], ['ECONNREFUSED', 'connect']])
    assert.deepEqual(error.gateway.attempts.map(({ retryReason }) => retryReason), [null, 'ECONNREFUSED'])
    assert.equal(count(error), '-1')
  })
})

describe('maxRetries', () => {
  for (const [what, options, more, requests] of [
    ['0 of the client', { maxRetries: 0 }, [], 1],
    ['1 of the client', { maxRetries: 1 }, [], 2],
    ['5 of the client', { maxRetries: 5 }, [], 6],
    ['0 in the options of one call', { maxRetries: 5 }, [undefined, { maxRetries: 0 }], 1],
    ['4 in the options of one call', {}, [undefined, { maxRetries: 4 }], 5],
    ['3 in the parameters of one call', {}, [{ maxRetries: 3 }], 4],
  ]) {
    test(`${what} makes ${requests} requests`, async (t) => {
      const { host, client } = await setUp(t, [fail(500)], options)
      const error = await caught(ask(client, ...more))
      assert.equal(error.constructor, InternalServerError)
      assert.equal(host.requests.length, requests)
      assert.equal(count(error), requests === 1 ? '0' : '-1')
    })
  }

  test('of one call is not kept for the next', async (t) => {
    const { host, client } = await setUp(t, [fail(500)])
    await caught(ask(client, undefined, { maxRetries: 0 }))
    await caught(ask(client, { maxRetries: 0 }))
    assert.equal(host.requests.length, 2)
    await caught(ask(client))
    assert.equal(host.requests.length, 5)
  })

  test('holds for each endpoint', async (t) => {
    const { host, client } = await setUp(t, [fail(500)], { maxRetries: 1 })
    for (const call of [
      () => client.embeddings.create({ input: 'x' }),
      () => client.completions.create({ prompt: 'x' }),
      () => client.moderations.create({ input: 'x' }),
      () => client.models.list(),
      () => client.models.retrieve('m'),
    ]) {
      const before = host.requests.length
      await caught(call())
      assert.equal(host.requests.length, before + 2)
    }
  })

  for (const bad of [-1, 1.5, '2']) {
    test(`${JSON.stringify(bad)} is refused`, async (t) => {
      const { host, client } = await setUp(t, [OK])
      assert.throws(() => new Portkey({ customHost: host.url, maxRetries: bad }), ConfigError)
      await assert.rejects(ask(client, undefined, { maxRetries: bad }), ConfigError)
      assert.equal(host.requests.length, 0)
    })
  }
})

describe('the wait before another attempt', () => {
  test('is drawn below 0.5 s, then below 1 s', async (t) => {
    const { host, client } = await setUp(t, [fail(500, {})])
    await caught(ask(client))
    const [first, second] = waits(host)
    t.diagnostic(`waited ${first.toFixed(0)} and ${second.toFixed(0)} ms`)
    assert.ok(first < 500 + 200, `${first} ms`)
    assert.ok(second < 1000 + 200, `${second} ms`)
  })

  const cases = [
    ['retry-after in seconds', { 'retry-after': '1' }, 1000],
    ['retry-after in fractions of a second', { 'retry-after': '0.3' }, 300],
    ['retry-after-ms', { 'retry-after-ms': '250' }, 250],
    ['retry-after-ms over retry-after', { 'retry-after': '30', 'retry-after-ms': '120' }, 120],
    ['retry-after: 0', { 'retry-after': '0' }, 0],
    ['a date in the past', { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, 0],
  ]
  for (const [what, headers, wanted] of cases) {
    for (const status of [429, 503]) {
      test(`is what ${what} of a ${status} says`, async (t) => {
        const { host, client } = await setUp(t, [fail(status, headers), OK])
        await ask(client)
        const [waited] = waits(host)
        assert.ok(waited >= wanted - 2, `${waited} ms`)
        assert.ok(waited < wanted + 300, `${waited} ms`)
      })
    }
  }

  test('is until the date that retry-after names', async (t) => {
    const at = Math.ceil(Date.now() / 1000) * 1000 + 1000
    const { host, client } = await setUp(t, [fail(429, { 'retry-after': new Date(at).toUTCString() }), OK])
    await ask(client)
    const early = at - Date.now()
    assert.ok(early <= 2, `${early} ms too early`)
    assert.ok(early > -500, `${-early} ms too late`)
    assert.equal(host.requests.length, 2)
  })

  for (const headers of [{ 'retry-after': '61' }, { 'retry-after-ms': '60001' }, { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }]) {
    test(`longer than a minute is not waited: ${JSON.stringify(headers)}`, async (t) => {
      const { host, client } = await setUp(t, [fail(429, headers), OK])
      const began = performance.now()
      const error = await caught(ask(client))
      assert.equal(error.constructor, RateLimitError)
      assert.ok(performance.now() - began < 500)
      assert.equal(host.requests.length, 1)
    })
  }

  test('follows its own schedule where retry-after says nothing', async (t) => {
    const { host, client } = await setUp(t, [fail(429, { 'retry-after': 'soon' }), OK])
    await ask(client)
    assert.ok(waits(host)[0] < 700)
  })
})

describe('x-should-retry of a host', () => {
  test('false makes an error final', async (t) => {
    const { host, client } = await setUp(t, [fail(500, { 'x-should-retry': 'false' })])
    await caught(ask(client))
    assert.equal(host.requests.length, 1)
  })

  test('true has any error tried again', async (t) => {
    const { host, client } = await setUp(t, [fail(400, { 'x-should-retry': 'true', 'retry-after-ms': '0' }), OK])
    assert.equal(count(await ask(client)), '1')
    assert.equal(host.requests.length, 2)
  })
})

describe('retry of a config', () => {
  // Its waits are drawn below 1, 2, 4 … seconds; the header spares them here.
  const retry = (more) => ({ config: { retry: { use_retry_after_header: true, ...more } } })

  test('takes the place of maxRetries', async (t) => {
    const { host, client } = await setUp(t, [fail(503)], { maxRetries: 0, ...retry({ attempts: 3 }) })
    const error = await caught(ask(client))
    assert.equal(host.requests.length, 4)
    assert.equal(count(error), '-1')
  })

  test('has its own statuses: 429, 500, 502, 503, 504 and 529', async (t) => {
    const { host, client } = await setUp(t, [fail(500)], retry({ attempts: 1 }))
    for (const [status, requests] of [[429, 2], [500, 2], [502, 2], [503, 2], [504, 2], [529, 2], [408, 1], [409, 1], [501, 1], [400, 1]]) {
      const before = host.requests.length
      host.answer([fail(status)])
      await caught(ask(client))
      assert.equal(host.requests.length - before, requests, String(status))
    }
  })

  test('with on_status_codes tries those again and no other', async (t) => {
    const { host, client } = await setUp(t, [fail(400)], retry({ attempts: 2, on_status_codes: [400, 418] }))
    for (const [status, requests] of [[400, 3], [418, 3], [500, 1], [429, 1]]) {
      const before = host.requests.length
      host.answer([fail(status)])
      await caught(ask(client))
      assert.equal(host.requests.length - before, requests, String(status))
    }
  })

  for (const [what, config] of [
    ['camelCase', { retry: { attempts: 1, onStatusCodes: [418], useRetryAfterHeader: true } }],
    ['its JSON', JSON.stringify({ retry: { attempts: 1, on_status_codes: [418], use_retry_after_headers: true } })],
  ]) {
    test(`may be written in ${what}`, async (t) => {
      const { host, client } = await setUp(t, [fail(418), OK], { config })
      assert.equal(count(await ask(client)), '1')
      assert.equal(host.requests.length, 2)
    })
  }

  test('with attempts: 0 tries nothing again', async (t) => {
    const { host, client } = await setUp(t, [fail(500)], retry({ attempts: 0 }))
    await caught(ask(client))
    assert.equal(host.requests.length, 1)
  })

  test('does not heed retry-after unless it says so', async (t) => {
    const { host, client } = await setUp(t, [fail(429, { 'retry-after': '30' }), OK], { config: { retry: { attempts: 1 } } })
    await ask(client)
    assert.ok(waits(host)[0] < 1000 + 200, `${waits(host)[0]} ms`)
  })

  test('of one call is for that call', async (t) => {
    const { host, client } = await setUp(t, [fail(418)])
    await caught(ask(client, retry({ attempts: 2, on_status_codes: [418] })))
    assert.equal(host.requests.length, 3)
    await caught(ask(client))
    assert.equal(host.requests.length, 4)
  })

  test('that cannot be is refused when it is given', () => {
    for (const bad of [{ attempts: 6 }, { attempts: -1 }, {}, { attempts: 1, on_status_codes: ['x'] }, { attempts: 1, tries: 2 }]) {
      assert.throws(() => new Portkey({ customHost: 'http://127.0.0.1/v1', config: { retry: bad } }), ConfigError, JSON.stringify(bad))
    }
  })

  test('holds a stream back until its first token, so that what fails before it is not seen', async (t) => {
    const broken = { sse: [chunk({ role: 'assistant' }), { error: { message: 'overloaded', code: 503 } }] }
    const { host, client } = await setUp(t, [broken, { sse: chatChunks() }], { config: { retry: { attempts: 1 } } })
    const stream = await client.chat.completions.create({ messages: MESSAGES, stream: true })
    assert.deepEqual(await collect(stream), { items: chatChunks(), error: undefined })
    assert.equal(count(stream), '1')
    assert.equal(host.requests.length, 2)
  })
})
