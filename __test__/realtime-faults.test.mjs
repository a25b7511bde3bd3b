// Realtime sessions with hosts that misbehave: bytes of the test's own after the handshake, or in its place.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { APIConnectionError, APIConnectionTimeoutError, PortkeyAIRealtimeWS } from '../index.mjs'
import { failure, shown } from './support/failures.mjs'
import { BINARY, CLOSE, CONTINUED, PING, PONG, TEXT, frameOf, goodbye, scriptedHost } from './support/websockets.mjs'

/** A session with a host that agrees and then does as `script` says, and what came of it. */
async function talk(t, script, { options, sent } = {}) {
  const host = await scriptedHost(t, async (wire) => {
    await wire.agree()
    await script(wire)
  })
  const session = new PortkeyAIRealtimeWS({ model: 'm' }, new Portkey({ customHost: host.url, maxRetries: 0, ...options }))
  const seen = { events: [], binary: [], errors: [], session, host }
  session.on('event', (event) => seen.events.push(event))
  session.on('binary', (bytes) => seen.binary.push(bytes))
  session.on('error', (error) => seen.errors.push(error))
  sent?.(session)
  seen.close = await new Promise((resolve) => session.on('close', resolve))
  return seen
}

const opening = (t, script, options) => scriptedHost(t, script).then((host) => failure(PortkeyAIRealtimeWS.create(new Portkey({ customHost: host.url, maxRetries: 0, ...options }), { model: 'm' })))

describe('a handshake', () => {
  test('with a wrong key, another protocol, an extension or a subprotocol is none', async (t) => {
    const cases = [
      [{ 'sec-websocket-accept': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }, /Sec-WebSocket-Accept does not fit/],
      [{ upgrade: 'h2c' }, /changes to another protocol/],
      [{ 'sec-websocket-extensions': 'permessage-deflate' }, /an extension that it was not asked for/],
      [{ 'sec-websocket-protocol': 'realtime' }, /a subprotocol that it was not asked for/],
    ]
    for (const [headers, wanted] of cases) {
      const error = await opening(t, (wire) => wire.agree(headers))
      assert.ok(error instanceof APIConnectionError)
      assert.equal(error.code, 'EPROTO')
      assert.match(error.message, wanted)
    }
  })

  test('that is cut off, or that nobody answers, is an error in time', async (t) => {
    assert.equal((await opening(t, (wire) => wire.write('HTTP/1.1 101 Switching Prot').then(() => wire.end()))).code, 'ECONNRESET')
    assert.equal((await opening(t, (wire) => wire.reset())).code, 'ECONNRESET')
    const silent = await opening(t, () => {}, { timeout: 150 })
    assert.ok(silent instanceof APIConnectionTimeoutError)
    assert.equal(silent.code, 'total_timeout')
    assert.equal((await opening(t, () => {}, { timeouts: { headers: 150 } })).code, 'headers_timeout')
  })

  test('that is refused in pieces, without a length, gives the words', async (t) => {
    const error = await opening(t, async (wire) => {
      for (const piece of ['HTTP/1.1 40', '1 No\r\ncontent-type: application/json\r\n\r\n{"error":{"mess', 'age":"no such key"}}']) await wire.write(piece)
      wire.end()
    })
    assert.equal(error.status, 401)
    assert.match(error.message, /no such key/)
  })

  test('is tried again where the connection breaks before an answer', async (t) => {
    let tries = 0
    const host = await scriptedHost(t, (wire) => (++tries === 1 ? wire.reset() : wire.agree()))
    const session = await PortkeyAIRealtimeWS.create(new Portkey({ customHost: host.url }), { model: 'm' })
    assert.equal(session.getGateway().attempts.length, 2)
    session.socket.terminate()
  })
})

describe('what is said', () => {
  test('comes whole, however it is cut into frames and pieces', async (t) => {
    const event = { type: 'response.output_text.delta', delta: 'é日本語🎈 "quoted" \u0000' }
    const text = Buffer.from(JSON.stringify(event))
    for (const size of [1, 2, 3, 7, 64]) {
      const { events, close } = await talk(t, async (wire) => {
        for (let at = 0; at < text.length; at += size) {
          const last = at + size >= text.length
          await wire.frame(at === 0 ? TEXT : CONTINUED, text.subarray(at, at + size), { fin: last })
          // Control frames may come in between.
          if (!last) await wire.frame(PING, 'x')
        }
        // And bytes in whatever pieces.
        for (const byte of frameOf(TEXT, text)) await wire.write(Buffer.of(byte))
        await wire.frame(CLOSE, goodbye(1000, 'bye'))
        wire.end()
      })
      assert.deepEqual(events, [event, event], `in frames of ${size}`)
      assert.deepEqual(close, { code: 1000, reason: 'bye', wasClean: true })
    }
  })

  test('may come with the answer to the handshake', async (t) => {
    const host = await scriptedHost(t, async (wire) => {
      wire.socket.cork()
      wire.agree()
      wire.frame(TEXT, '{"type":"session.created"}')
      wire.frame(BINARY, 'bytes')
      wire.socket.uncork()
    })
    const session = new PortkeyAIRealtimeWS({ model: 'm' }, new Portkey({ customHost: host.url }))
    const binary = session.emitted('binary')
    assert.equal((await session.emitted('session.created')).type, 'session.created')
    assert.equal(String(await binary), 'bytes')
    session.socket.terminate()
  })

  test('goes out masked, in whole frames', async (t) => {
    let heard
    await talk(t, async (wire) => {
      heard = [await wire.heard(), await wire.heard()]
      await wire.frame(CLOSE, goodbye(1000))
      wire.end()
    }, { sent: (session) => [{ type: 'ä' }, { type: 'b' }].forEach((event) => session.send(event)) })
    assert.deepEqual(heard.map(({ opcode, fin, masked, payload }) => [opcode, fin, masked, String(payload)]), [[TEXT, true, true, '{"type":"ä"}'], [TEXT, true, true, '{"type":"b"}']])
  })
})

describe('a connection', () => {
  test('that is cut is an error, and no clean end', async (t) => {
    for (const cut of ['end', 'reset']) {
      const { events, errors: [error], close, session } = await talk(t, async (wire) => {
        await wire.frame(TEXT, '{"type":"one"}')
        wire[cut]()
      })
      assert.ok(events.length <= 1)
      assert.ok(error.cause instanceof APIConnectionError, cut)
      assert.equal(error.code, 'ECONNRESET')
      assert.match(error.message, /^The session was cut off/)
      assert.deepEqual(close, { code: 1006, reason: '', wasClean: false })
      assert.equal(session.getGateway().attempts[0].code, 'ECONNRESET')
    }
  })

  test('that opens and is cut while this process is busy is told of in that order, once', async (t) => {
    const order = []
    const { errors, close } = await talk(t, async (wire) => {
      await wire.write(frameOf(3, 'x'))
      // Both have come to the engine before JavaScript hears of either.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
    }, { sent: (session) => ['open', 'error', 'close'].forEach((name) => session.on(name, () => order.push(name))) })
    assert.deepEqual([order, errors.length, close.code], [['open', 'error', 'close'], 1, 1006])
  })

  test('that is cut in the middle of a message gives nothing of it', async (t) => {
    const { events, errors, close } = await talk(t, async (wire) => {
      await wire.write(frameOf(TEXT, '{"type":"one"}').subarray(0, 9))
      wire.end()
    })
    assert.deepEqual([events, errors.length, close.code], [[], 1, 1006])
  })

  test('throws at who iterates, after what came before', async (t) => {
    const host = await scriptedHost(t, async (wire) => {
      await wire.agree()
      await wire.frame(TEXT, '{"type":"one"}')
      wire.end()
    })
    const session = await PortkeyAIRealtimeWS.create(new Portkey({ customHost: host.url }), { model: 'm' })
    const seen = []
    const error = await failure((async () => {
      for await (const { type } of session) seen.push(type)
    })())
    assert.deepEqual(seen, ['one'])
    assert.ok(error instanceof APIConnectionError)
  })

  test('ends with the code and the words of the host, even if it is cut right behind them', async (t) => {
    const cases = [
      [goodbye(4000, 'beta_api_shape_disabled'), { code: 4000, reason: 'beta_api_shape_disabled', wasClean: true }],
      [goodbye(1001), { code: 1001, reason: '', wasClean: true }],
      ['', { code: 1005, reason: '', wasClean: true }],
    ]
    for (const [payload, wanted] of cases) {
      const { events, errors, close } = await talk(t, async (wire) => {
        await wire.frame(TEXT, '{"type":"last"}')
        await wire.frame(CLOSE, payload)
        wire.end()
      }, { sent: (session) => session.on('last', () => session.send({ type: 'too late' })) })
      assert.deepEqual([events.length, errors.length, close], [1, 0, wanted])
    }
  })

  test('of a host that does not answer a goodbye is closed all the same', async (t) => {
    const { errors, close } = await talk(t, async (wire) => {
      while (await wire.heard());
    }, { sent: (session) => session.on('open', () => session.close()) })
    assert.deepEqual([errors, close.code], [[], 1006])
  })

  test('is asked whether it is still there, and is dead if it does not say so', async (t) => {
    const began = performance.now()
    const asked = []
    const { errors: [error], close } = await talk(t, async (wire) => {
      for (let frame; (frame = await wire.heard()); ) {
        asked.push(frame.opcode)
        if (asked.length === 1) await wire.frame(PONG, frame.payload)
      }
    }, { options: { timeouts: { idle: 200 } } })
    assert.deepEqual(asked.slice(0, 2), [PING, PING])
    assert.ok(error.cause instanceof APIConnectionTimeoutError)
    assert.deepEqual([error.code, close.code], ['idle_timeout', 1006])
    assert.ok(performance.now() - began >= 290)
  })

  test('on which a long message crawls along is alive', async (t) => {
    const { events, errors } = await talk(t, async (wire) => {
      for (const byte of frameOf(TEXT, '{"type":"slow","n":1}')) {
        await wire.write(Buffer.of(byte))
        await new Promise((resolve) => setTimeout(resolve, 40))
      }
      await wire.frame(CLOSE, goodbye(1000))
      wire.end()
    }, { options: { timeouts: { idle: 600 } } })
    assert.deepEqual([events.length, errors.length], [1, 0])
  })

  test('on which pings flood in answers them, and goes on', async (t) => {
    const { events, close } = await talk(t, async (wire) => {
      const flood = Buffer.concat(Array.from({ length: 20_000 }, (_, n) => frameOf(PING, `${n}`)))
      await wire.write(flood)
      for (let frame; (frame = await wire.heard()); ) if (String(frame.payload) === '19999') break
      await wire.frame(TEXT, '{"type":"after"}')
      await wire.frame(CLOSE, goodbye(1000))
      wire.end()
    })
    assert.deepEqual([events.map(({ type }) => type), close.code], [['after'], 1000])
  })
})

describe('a breach of the protocol', () => {
  const cases = {
    'a masked frame': [frameOf(TEXT, '{"type":"secret-canary"}', { masked: true }), 1002],
    'a frame of no kind': [frameOf(3, 'x'), 1002],
    'a control frame in parts': [frameOf(PING, 'x', { fin: false }), 1002],
    'a piece of nothing': [frameOf(CONTINUED, 'x'), 1002],
    'text that is no UTF-8': [frameOf(TEXT, Buffer.from([0x7b, 0xff, 0xfe])), 1007],
    'a message beyond the limit': [frameOf(TEXT, '{"type":"', { length: 10_000 }), 1009],
    'a message beyond the limit, in parts': [Buffer.concat([frameOf(TEXT, 'x'.repeat(700), { fin: false }), frameOf(CONTINUED, 'x'.repeat(700), { fin: false })]), 1009],
  }
  for (const [what, [bytes, code]] of Object.entries(cases)) {
    test(`is an error: ${what}`, async (t) => {
      let tell
      const told = new Promise((resolve) => (tell = resolve))
      const { events, errors: [error], close } = await talk(t, async (wire) => {
        await wire.write(bytes)
        for (let frame; (frame = await wire.heard()); ) if (frame.opcode === CLOSE) tell(frame.payload.readUInt16BE(0))
        tell()
        wire.end()
      }, { options: { maxAnswerBytes: 1024 } })
      assert.deepEqual(events, [])
      assert.equal(error.code, code === 1009 ? 'message_too_large' : 'EPROTO')
      assert.equal(close.code, 1006)
      assert.equal(await told, code)
      assert.doesNotMatch(shown(error), /secret-canary/)
    })
  }
})
