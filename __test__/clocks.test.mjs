// The clocks of a call: each ends what it watches over, says which it was, and nothing else ends a call.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'

import Portkey, { APIConnectionError, APIConnectionTimeoutError, ConfigError } from '../index.mjs'
import { MESSAGES, chatChunks, chunk, completion, envelope } from './support/answers.mjs'
import { fullBacklog } from './support/blackhole.mjs'
import { hostFor } from './support/host.mjs'
import { collect } from './support/recorded.mjs'

const LIMIT = 80
/** What a busy machine may add. */
const SLACK = 400

const WHOLE = { messages: MESSAGES }
const STREAM = { messages: MESSAGES, stream: true }
const ask = (client, body = WHOLE, ...more) => client.chat.completions.create(body, ...more)
const ping = ': ping\n\n'

/** Pieces, one every few milliseconds, for ever. */
async function* forever(piece, every = 10) {
  for (;;) {
    yield piece
    yield { wait: every }
  }
}

/** Runs `work`, which must fail by `code` after the limit. */
async function runsOut(code, work, limit = LIMIT) {
  const began = performance.now()
  const error = await work().then(
    (value) => assert.fail(`no error: ${JSON.stringify(value)}`),
    (error) => error,
  )
  const took = performance.now() - began
  assert.equal(error.constructor, APIConnectionTimeoutError, error.stack)
  assert.ok(error instanceof APIConnectionError)
  assert.equal(error.status, 408)
  assert.equal(error.code, code)
  assert.ok(error.message.split('\n').length <= 3, error.message)
  assert.match(error.message, new RegExp(`\\b${limit} ?ms`))
  assert.ok(took >= limit - 2, `${took} ms of ${limit}`)
  assert.ok(took < limit + SLACK, `${took} ms of ${limit}`)
  assert.equal(error.gateway.attempts.at(-1).code, code)
  return error
}

/** Reads a stream to its end, or to the error that it throws. */
async function readAll(promise) {
  const { items, error } = await collect(promise)
  if (error) throw error
  return items
}

const client = (host, options) => new Portkey({ customHost: host.url ?? host, maxRetries: 0, ...options })

describe('the connect clock', () => {
  test('ends a connection that does not come about', async (t) => {
    const port = await fullBacklog(t)
    const error = await runsOut('connect_timeout', () => ask(client(`http://127.0.0.1:${port}/v1`, { timeouts: { connect: LIMIT } })))
    assert.equal(error.gateway.attempts[0].phase, 'connect')
  })

  test('covers the TLS handshake', async (t) => {
    const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    await runsOut('connect_timeout', () => ask(client(`https://127.0.0.1:${server.address().port}/v1`, { timeouts: { connect: LIMIT } })))
  })

  test('stops when the connection stands', async (t) => {
    const host = await hostFor(t, [{ before: 3 * LIMIT, json: completion() }])
    assert.deepEqual((await ask(client(host, { timeouts: { connect: LIMIT } }))).choices, completion().choices)
  })

  test('lets a failed connection be tried again, since nothing was sent', async (t) => {
    const port = await fullBacklog(t)
    const call = ask(client(`http://127.0.0.1:${port}/v1`, { maxRetries: 1, timeouts: { connect: 30 } }))
    await assert.rejects(call, (error) => error.code === 'connect_timeout' && error.gateway.attempts.length === 2)
  })
})

describe('the headers clock', () => {
  for (const [what, body] of [['whole answer', WHOLE], ['stream', STREAM]]) {
    test(`ends a ${what} whose headers do not come, and its connection`, async (t) => {
      const host = await hostFor(t, ['hang'])
      const error = await runsOut('headers_timeout', () => ask(client(host, { timeouts: { headers: LIMIT } }), body))
      assert.equal(error.gateway.attempts[0].phase, 'headers')
      assert.equal(error.gateway.attempts[0].status, null)
      await host.closed()
      assert.equal(host.requests.length, 1)
    })
  }

  test('stops at the headers', async (t) => {
    const json = JSON.stringify(completion())
    const host = await hostFor(t, [{ headers: { 'content-type': 'application/json' }, chunks: [json.slice(0, 10), { wait: 3 * LIMIT }, json.slice(10)] }])
    assert.deepEqual((await ask(client(host, { timeouts: { headers: LIMIT } }))).choices, completion().choices)
  })
})

describe('the firstToken clock', () => {
  const timeouts = { firstToken: LIMIT }

  test('ends a stream whose headers do not come', async (t) => {
    const host = await hostFor(t, ['hang'])
    await runsOut('first_token_timeout', () => readAll(ask(client(host, { timeouts }), STREAM)))
    await host.closed()
  })

  test('ends a stream that sends comments and pings only', async (t) => {
    for (const piece of [ping, 'event: ping\ndata: {"type":"ping"}\n\n']) {
      const host = await hostFor(t, [{ headers: { 'content-type': 'text/event-stream' }, chunks: forever(piece) }])
      await runsOut('first_token_timeout', () => readAll(ask(client(host, { timeouts }), STREAM)))
      await host.closed()
    }
  })

  test('ends a stream that sends roles and empty deltas only', async (t) => {
    const host = await hostFor(t, [{ sse: forever(chunk({ role: 'assistant', content: '' })) }])
    await runsOut('first_token_timeout', () => readAll(ask(client(host, { timeouts }), STREAM)))
    await host.closed()
  })

  for (const [what, delta] of [
    ['content', { content: 'a' }],
    ['reasoning', { reasoning_content: 'hm' }],
    ['reasoning by its other name', { reasoning: 'hm' }],
    ['a piece of a tool call', { tool_calls: [{ index: 0, function: { name: 'f' } }] }],
  ]) {
    test(`stops at ${what}`, async (t) => {
      const host = await hostFor(t, [{ sse: [chunk({ role: 'assistant' }), chunk(delta), { wait: 2 * LIMIT }, chunk({}, 'stop')] }])
      assert.equal((await readAll(ask(client(host, { timeouts }), STREAM))).length, 3)
    })
  }

  test('does not run for a whole answer', async (t) => {
    const host = await hostFor(t, [{ before: 2 * LIMIT, json: completion() }])
    assert.deepEqual((await ask(client(host, { timeouts }))).choices, completion().choices)
  })
})

describe('the idle clock', () => {
  const timeouts = { idle: LIMIT }

  test('ends a stream that falls silent, with what came until then', async (t) => {
    const host = await hostFor(t, [{ sse: [chunk({ content: 'ab' }), chunk({ content: 'c' }), 'hang'] }])
    const error = await runsOut('idle_timeout', () => readAll(ask(client(host, { timeouts }), STREAM)))
    assert.equal(error.gateway.attempts[0].status, 200)
    await host.closed()
  })

  for (const [what, piece] of [
    ['comments', ping],
    ['pings', 'event: ping\ndata: {}\n\n'],
    ['roles', `data: ${JSON.stringify(chunk({ role: 'assistant' }))}\n\n`],
    ['empty deltas', `data: ${JSON.stringify(chunk({ content: '' }))}\n\n`],
  ]) {
    test(`is not set back by ${what}`, async (t) => {
      async function* pieces() {
        yield `data: ${JSON.stringify(chunk({ content: 'a' }))}\n\n`
        yield* forever(piece)
      }
      const host = await hostFor(t, [{ headers: { 'content-type': 'text/event-stream' }, chunks: pieces() }])
      await runsOut('idle_timeout', () => readAll(ask(client(host, { timeouts }), STREAM)))
      await host.closed()
    })
  }

  test('is set back by every token', async (t) => {
    const words = Array.from({ length: 12 }, (_, at) => String(at))
    const host = await hostFor(t, [{ sse: chatChunks(words).flatMap((event) => [event, { wait: LIMIT / 4 }]) }])
    assert.equal((await readAll(ask(client(host, { timeouts }), STREAM))).length, 14)
  })

  test('does not run before the first token', async (t) => {
    const host = await hostFor(t, [{ sse: [chunk({ role: 'assistant' }), { wait: 2 * LIMIT }, ...chatChunks().slice(1)] }])
    assert.deepEqual(await readAll(ask(client(host, { timeouts }), STREAM)), [chunk({ role: 'assistant' }), ...chatChunks().slice(1)])
  })

  test('ends a whole answer that stops in the middle of its body', async (t) => {
    const host = await hostFor(t, [{ headers: { 'content-type': 'application/json' }, chunks: ['{"id":', 'hang'] }])
    await runsOut('idle_timeout', () => ask(client(host, { timeouts })))
    await host.closed()
  })

  test('does not count the time in which nobody reads', async (t) => {
    const content = 'x'.repeat(300_000)
    const events = Array.from({ length: 60 }, () => chunk({ content }))
    const host = await hostFor(t, [{ sse: [...events, chunk({}, 'stop')] }])
    let count = 0
    for await (const _ of await ask(client(host, { timeouts }), STREAM)) {
      // The host is stuck in writing meanwhile.
      if (++count === 2) await new Promise((resolve) => setTimeout(resolve, 4 * LIMIT))
    }
    assert.equal(count, 61)
  })

  test('does not fail a stream whose finish reason has come', async (t) => {
    const host = await hostFor(t, [{ sse: [...chatChunks(), 'hang'] }])
    assert.deepEqual(await readAll(ask(client(host, { timeouts }), STREAM)), chatChunks())
    await host.closed()
  })
})

describe('the total clock', () => {
  const ways = [
    ['timeout of the client', { timeout: LIMIT }, []],
    ['timeouts.total of the client', { timeouts: { total: LIMIT } }, []],
    ['timeouts.total of a config', { config: { timeouts: { total: LIMIT } } }, []],
    ['timeout of one call', { timeout: 60_000 }, [undefined, { timeout: LIMIT }]],
    ['timeout in the parameters of one call', { timeout: 60_000 }, [{ timeout: LIMIT }]],
  ]
  for (const [what, options, more] of ways) {
    test(`ends a call without an answer: ${what}`, async (t) => {
      const host = await hostFor(t, ['hang'])
      await runsOut('total_timeout', () => ask(client(host, options), WHOLE, ...more))
      await host.closed()
      assert.equal(host.requests.length, 1)
    })
  }

  test('covers a stream, however much it sends', async (t) => {
    const host = await hostFor(t, [{ sse: forever(chunk({ content: 'a' })) }])
    const seen = []
    await runsOut('total_timeout', async () => {
      for await (const { choices } of await ask(client(host, { timeout: LIMIT }), STREAM)) seen.push(choices[0].delta.content)
    })
    assert.ok(seen.length > 0)
    await host.closed()
  })

  test('covers connecting, a body, and the waits between attempts', async (t) => {
    const port = await fullBacklog(t)
    await runsOut('total_timeout', () => ask(client(`http://127.0.0.1:${port}/v1`, { timeout: LIMIT })))
    const stuck = await hostFor(t, [{ headers: { 'content-type': 'application/json' }, chunks: ['{', 'hang'] }])
    await runsOut('total_timeout', () => ask(client(stuck, { timeout: LIMIT })))
    const busy = await hostFor(t, [{ status: 429, headers: { 'retry-after': '30' }, json: envelope('slow down') }])
    const began = performance.now()
    await assert.rejects(ask(client(busy, { timeout: LIMIT, maxRetries: 3 })), (error) => error.code === 'total_timeout' && error.gateway.attempts.length === 1)
    assert.ok(performance.now() - began < LIMIT + SLACK)
    assert.equal(busy.requests.length, 1)
  })

  test('of one call is not kept for the next', async (t) => {
    const host = await hostFor(t, [{ before: 2 * LIMIT, json: completion() }])
    const one = client(host)
    await runsOut('total_timeout', () => ask(one, WHOLE, undefined, { timeout: LIMIT }))
    assert.deepEqual((await ask(one)).choices, completion().choices)
  })

  test('is not a host\'s to extend: a stream that was opened late has what is left', async (t) => {
    const host = await hostFor(t, [{ before: LIMIT, sse: [chunk({ content: 'a' }), 'hang'] }])
    await runsOut('total_timeout', () => readAll(ask(client(host, { timeout: 2 * LIMIT }), STREAM)), 2 * LIMIT)
  })
})

describe('requestTimeout', () => {
  const ways = [
    ['of the client', { requestTimeout: LIMIT }, []],
    ['of a config, in snake_case', { config: { request_timeout: LIMIT } }, []],
    ['of a config, in camelCase', { config: { requestTimeout: LIMIT } }, []],
    ['of one call', {}, [{ requestTimeout: LIMIT }]],
    ['of the client, over the one of its config', { requestTimeout: LIMIT, config: { request_timeout: 60_000 } }, []],
  ]
  for (const [what, options, more] of ways) {
    test(`${what} fails with the answer that Portkey gives`, async (t) => {
      const host = await hostFor(t, ['hang'])
      const error = await runsOut('request_timeout', () => ask(client(host, options), WHOLE, ...more))
      assert.deepEqual(error.error, {
        error: { message: `Request exceeded the timeout sent in the request: ${LIMIT}ms`, type: 'timeout_error', param: null, code: null },
      })
      assert.equal(error.type, 'timeout_error')
      assert.ok(error.message.startsWith(`Request exceeded the timeout sent in the request: ${LIMIT}ms`))
      assert.equal(error.headers['x-portkey-retry-attempt-count'], '0')
      await host.closed()
    })
  }

  test('does not run once an answer has begun', async (t) => {
    const host = await hostFor(t, [{ sse: [chunk({ content: 'a' }), { wait: 2 * LIMIT }, chunk({}, 'stop')] }])
    assert.equal((await readAll(ask(client(host, { requestTimeout: LIMIT }), STREAM))).length, 2)
  })

  test('is for each attempt, and is tried again where a config lists 408', async (t) => {
    const host = await hostFor(t, ['hang', { json: completion() }])
    const config = { request_timeout: LIMIT, retry: { attempts: 1, on_status_codes: [408] } }
    const answer = await ask(client(host, { config }))
    assert.deepEqual(answer.choices, completion().choices)
    assert.equal(host.requests.length, 2)
  })

  test('is not tried again by default: the host may be at work', async (t) => {
    const host = await hostFor(t, ['hang'])
    await runsOut('request_timeout', () => ask(client(host, { requestTimeout: LIMIT, maxRetries: 3 })))
    assert.equal(host.requests.length, 1)
  })
})

describe('0 turns a clock off', () => {
  test('of the client, in favour of none', async (t) => {
    const host = await hostFor(t, [{ before: LIMIT, json: completion() }])
    const timeouts = { connect: 0, headers: 0, firstToken: 0, idle: 0, total: 0 }
    assert.deepEqual((await ask(client(host, { timeouts, timeout: 0, requestTimeout: 0 }))).choices, completion().choices)
  })

  test('for one call', async (t) => {
    const slow = { before: 2 * LIMIT, sse: [chunk({ content: 'a' }), { wait: 2 * LIMIT }, chunk({}, 'stop')] }
    const host = await hostFor(t, [slow])
    const strict = client(host, { timeout: LIMIT, requestTimeout: LIMIT, timeouts: { headers: LIMIT, firstToken: LIMIT, idle: LIMIT } })
    const off = { requestTimeout: 0, timeouts: { headers: 0, firstToken: 0, idle: 0 } }
    assert.equal((await readAll(ask(strict, STREAM, { ...off, timeout: 0 }))).length, 2)
    assert.equal((await readAll(ask(strict, STREAM, off, { timeout: 0 }))).length, 2)
    // The others still run.
    await runsOut('total_timeout', () => readAll(ask(strict, STREAM, off)))
    await runsOut('headers_timeout', () => readAll(ask(strict, STREAM, { timeouts: { firstToken: 0 }, requestTimeout: 0 }, { timeout: 0 })))
  })

  test('and a single clock given for a call leaves the client\'s others as they are', async (t) => {
    const host = await hostFor(t, ['hang'])
    const one = client(host, { timeouts: { headers: LIMIT, idle: 5 } })
    await runsOut('headers_timeout', () => ask(one, WHOLE, { timeouts: { idle: 10_000 } }))
  })
})

describe('clocks that cannot be', () => {
  for (const options of [{ timeouts: { read: 5 } }, { timeouts: { idle: -1 } }, { timeouts: { idle: '5s' } }, { timeout: -1 }, { requestTimeout: 'x' }]) {
    test(`are refused when they are given: ${JSON.stringify(options)}`, () => {
      assert.throws(() => new Portkey({ customHost: 'http://127.0.0.1/v1', ...options }), ConfigError)
    })
  }
})

test('the clock that runs out first is the one that is named', async (t) => {
  const host = await hostFor(t, ['hang'])
  const all = { headers: 3 * LIMIT, firstToken: 2 * LIMIT, idle: 3 * LIMIT, connect: 3 * LIMIT }
  await runsOut('first_token_timeout', () => ask(client(host, { timeouts: { ...all, firstToken: LIMIT }, requestTimeout: 2 * LIMIT, timeout: 3 * LIMIT }), STREAM))
  await runsOut('request_timeout', () => ask(client(host, { timeouts: all, requestTimeout: LIMIT, timeout: 3 * LIMIT }), STREAM))
  await runsOut('total_timeout', () => ask(client(host, { timeouts: all, requestTimeout: 2 * LIMIT, timeout: LIMIT }), STREAM))
})
