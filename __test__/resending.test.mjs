// A connection that breaks: what the host may have acted on is sent again only where the caller allows it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'

import Portkey, { APIConnectionError } from '../index.mjs'
import { MESSAGES, chunk, completion } from './support/answers.mjs'
import { hostFor } from './support/host.mjs'

const OK = { json: completion() }
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
const ask = (client, ...more) => client.chat.completions.create({ messages: MESSAGES }, ...more)
const caught = (promise) => promise.then(() => assert.fail('no error'), (error) => error)

const BREAKS = {
  'is reset before an answer': 'reset',
  'ends before an answer': 'end',
  'is reset in the middle of the head': { raw: [HEAD.slice(0, 20), 'reset'] },
  'ends in the middle of the head': { raw: [HEAD, 'cut'] },
  'ends in the middle of the body': { raw: [`${HEAD}content-length: 100\r\n\r\n{"id":`, 'cut'] },
  'is reset in the middle of a chunked body': { raw: [`${HEAD}transfer-encoding: chunked\r\n\r\n6\r\n{"id":\r\n`, { wait: 5 }, 'reset'] },
}

for (const [what, step] of Object.entries(BREAKS)) {
  describe(`a connection that ${what}`, () => {
    test('fails a POST, which is not sent again', async (t) => {
      const host = await hostFor(t, [step, OK])
      const error = await caught(ask(new Portkey({ customHost: host.url })))
      assert.equal(error.constructor, APIConnectionError)
      assert.equal(error.code, 'ECONNRESET')
      assert.equal(error.status, undefined)
      assert.ok(error.message.split('\n').length <= 3)
      assert.ok(error.cause instanceof Error)
      assert.equal(host.requests.length, 1)
      assert.equal(error.headers['x-portkey-retry-attempt-count'], '0')
    })

    for (const [where, options, more] of [
      ['the client', { idempotent: true }, []],
      ['the config', { config: { idempotent: true } }, []],
      ['the call', {}, [{ idempotent: true }]],
    ]) {
      test(`has a POST sent again that ${where} calls idempotent`, async (t) => {
        const host = await hostFor(t, [step, OK])
        const answer = await ask(new Portkey({ customHost: host.url, ...options }), ...more)
        assert.deepEqual(answer.choices, completion().choices)
        assert.equal(answer.getHeaders()['retry-attempt-count'], '1')
        assert.equal(host.requests.length, 2)
        assert.deepEqual(answer.getGateway().attempts.map(({ code, retryReason }) => [code, retryReason]), [['ECONNRESET', null], [null, 'ECONNRESET']])
      })
    }

    test('has a GET sent again', async (t) => {
      const host = await hostFor(t, [step, { json: { object: 'list', data: [] } }])
      const answer = await new Portkey({ customHost: host.url }).models.list()
      assert.deepEqual(answer.data, [])
      assert.equal(host.requests.length, 2)
    })

    test('has an idempotent POST sent again as often as maxRetries says', async (t) => {
      const host = await hostFor(t, [step])
      const error = await caught(ask(new Portkey({ customHost: host.url, idempotent: true, maxRetries: 1 })))
      assert.equal(error.constructor, APIConnectionError)
      assert.equal(host.requests.length, 2)
      assert.equal(error.headers['x-portkey-retry-attempt-count'], '-1')
    })
  })
}

describe('a connection that was kept', () => {
  test('and that the host has closed meanwhile costs no call', async (t) => {
    const host = await hostFor(t, [{ raw: [`${HEAD}content-length: 2\r\n\r\n{}`, { wait: 5 }, 'cut'] }])
    const client = new Portkey({ customHost: host.url, maxRetries: 0 })
    for (let round = 1; round <= 30; round++) {
      await ask(client)
      const { socket } = host.accepted.at(-1)
      if (!socket.writableFinished) await once(socket, 'finish')
      assert.equal(host.requests.length, round)
    }
    assert.equal(host.accepted.length, 30)
  })

  for (const [how, step] of Object.entries({ ends: 'end', 'is reset': 'reset' })) {
    test(`and that ${how} upon the next request has it sent once more over a new one, at no attempt`, async (t) => {
      const host = await hostFor(t, (_, { requests }) => (requests.length > 1 ? step : OK))
      const client = new Portkey({ customHost: host.url, maxRetries: 0 })
      assert.equal((await ask(client)).getGateway().attempts[0].resent, 0)
      for (let round = 1; round <= 5; round++) {
        const answer = await ask(client)
        assert.deepEqual(answer.getGateway().attempts.map(({ resent }) => resent), [1])
        assert.equal(host.requests.length, 1 + 2 * round)
        assert.deepEqual(host.requests.at(-1).body, host.requests.at(-2).body)
        assert.deepEqual(host.requests.at(-1).rawHeaders, host.requests.at(-2).rawHeaders)
      }
      assert.equal(host.accepted.length, 6)
    })

    test(`and that ${how} upon the next request costs no stream either`, async (t) => {
      const host = await hostFor(t, (request, { requests }) => {
        if (requests.length > 1) return step
        return request.json().stream ? { sse: [chunk({ content: 'hi' }), chunk({}, 'stop')] } : OK
      })
      const client = new Portkey({ customHost: host.url, maxRetries: 0 })
      await ask(client)
      const stream = await client.chat.completions.create({ messages: MESSAGES, stream: true })
      const text = []
      for await (const { choices } of stream) text.push(choices[0].delta.content)
      assert.equal(text[0], 'hi')
      assert.equal(host.requests.length, 3)
    })

    test(`and that ${how}, as the new one does, fails a POST after two requests`, async (t) => {
      let asked = 0
      const host = await hostFor(t, () => (asked++ === 0 ? OK : step))
      const client = new Portkey({ customHost: host.url })
      await ask(client)
      const error = await caught(ask(client))
      assert.equal(error.code, 'ECONNRESET')
      assert.equal(host.requests.length, 3)
      assert.equal(error.gateway.attempts.length, 1)
    })

    test(`and that ${how} in the middle of the head fails a POST`, async (t) => {
      const host = await hostFor(t, [OK, { raw: [HEAD.slice(0, 9), step === 'end' ? 'cut' : 'reset'] }, OK])
      const client = new Portkey({ customHost: host.url })
      await ask(client)
      assert.equal((await caught(ask(client))).code, 'ECONNRESET')
      assert.equal(host.requests.length, 2)
    })
  }

  test('and that ends after the host has had the request for long fails a POST', async (t) => {
    const host = await hostFor(t, [OK, { raw: [{ wait: 2500 }, 'cut'] }, OK])
    const client = new Portkey({ customHost: host.url })
    await ask(client)
    assert.equal((await caught(ask(client))).code, 'ECONNRESET')
    assert.equal(host.requests.length, 2)
  })

  test('is used again for the next call, whatever the status of the last', async (t) => {
    const host = await hostFor(t, (_, { requests }) => (requests.length % 2 ? OK : { status: 400, json: { error: { message: 'no' } } }))
    const client = new Portkey({ customHost: host.url, maxRetries: 0 })
    for (let round = 0; round < 10; round++) await ask(client).catch(() => {})
    assert.equal(host.accepted.length, 1)
  })

  test('is shared by all clients of the process', async (t) => {
    const host = await hostFor(t, [OK])
    for (let round = 0; round < 5; round++) await ask(new Portkey({ customHost: host.url }))
    await ask(new Portkey({ customHost: host.url }).withOptions({ provider: 'ollama' }))
    assert.equal(host.accepted.length, 1)
  })

  test('is not used again when the host says so', async (t) => {
    const host = await hostFor(t, [{ ...OK, headers: { connection: 'close' } }])
    const client = new Portkey({ customHost: host.url, maxRetries: 0 })
    await ask(client)
    await ask(client)
    assert.equal(host.accepted.length, 2)
  })
})
