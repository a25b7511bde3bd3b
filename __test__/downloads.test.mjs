// Answers in bytes and in text: a Response that is read as fast as its reader reads.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { test } from 'node:test'

import Portkey, { APIConnectionError, APIUserAbortError, NotFoundError, RateLimitError } from '../index.mjs'
import { startChild } from './support/child.mjs'
import { hostFor } from './support/host.mjs'

const clientOf = (host, more) => new Portkey({ customHost: host.url, maxRetries: 0, ...more })
const SPEECH = { model: 'tts-1', input: 'hello', voice: 'alloy' }
const BYTES = Buffer.from([0, 255, 128, 10, 13, 0, 226, 130])

test('speech comes as a Response with every way to read it', async (t) => {
  const host = await hostFor(t, [{ body: BYTES, headers: { 'content-type': 'audio/mpeg', 'x-request-id': 'req-1' } }])
  const client = clientOf(host)
  const speak = () => client.audio.speech.create(SPEECH)
  const response = await speak()
  assert.ok(response instanceof Response)
  assert.deepEqual([response.status, response.ok, response.url], [200, true, `${host.url}/audio/speech`])
  assert.equal(response.headers.get('content-type'), 'audio/mpeg')
  assert.equal(response.headers.get('x-portkey-provider'), 'openai')
  assert.equal(response.getHeaders().provider, 'openai')
  assert.ok(Buffer.from(await response.arrayBuffer()).equals(BYTES))
  assert.equal(response.getGateway().attempts[0].phase, 'done')
  assert.deepEqual(host.last.json(), SPEECH)
  assert.equal(host.last.headers.accept, '*/*')

  assert.ok(Buffer.from(await (await speak()).bytes()).equals(BYTES))
  assert.equal((await (await speak()).blob()).type, 'audio/mpeg')
  const pieces = []
  for await (const piece of (await speak()).body) pieces.push(piece)
  assert.ok(Buffer.concat(pieces).equals(BYTES))
  assert.ok(Buffer.concat(await Readable.fromWeb((await speak()).body).toArray()).equals(BYTES))
  const { data, response: around } = await speak().withResponse()
  assert.equal(around.headers['x-request-id'], 'req-1')
  assert.equal((await data.arrayBuffer()).byteLength, BYTES.length)
  const unread = await speak().asResponse()
  assert.ok(Buffer.from(await new Response(unread.body).arrayBuffer()).equals(BYTES))
})

test('contents of files and videos are bytes, and of a container\'s file text', async (t) => {
  const host = await hostFor(t, [{ text: '{"a":1}\n{"a":2}\n' }])
  const client = clientOf(host)
  for (const [path, ask] of [
    ['/v1/files/file-1/content', () => client.files.content('file-1')],
    ['/v1/files/file-1/content', () => client.files.retrieveContent('file-1')],
    ['/v1/videos/v-1/content?variant=thumbnail', () => client.videos.downloadContent('v-1', { variant: 'thumbnail' })],
  ]) {
    assert.equal(await (await ask()).text(), '{"a":1}\n{"a":2}\n')
    assert.equal(host.last.path, path)
  }
  assert.equal(await client.containers.files.content.retrieve('f', { container_id: 'c' }), '{"a":1}\n{"a":2}\n')
  assert.equal(host.last.path, '/v1/containers/c/files/f/content')
})

test('an empty body is an empty Response', async (t) => {
  const host = await hostFor(t, [{ body: '' }, { raw: ['HTTP/1.1 204 No Content\r\n\r\n'] }])
  assert.equal((await (await clientOf(host).files.content('f')).arrayBuffer()).byteLength, 0)
  const response = await clientOf(host).files.content('f')
  assert.deepEqual([response.status, await response.text()], [204, ''])
})

test('an error status is read as the JSON that it is, and retried as any other', async (t) => {
  const error = { error: { message: 'No such File object: f', type: 'invalid_request_error' } }
  const host = await hostFor(t, [{ status: 429, json: {}, headers: { 'retry-after-ms': '1' } }, { status: 404, json: error }, { status: 429, json: {} }])
  const client = clientOf(host)
  await assert.rejects(clientOf(host, { maxRetries: 1 }).files.content('f'), (thrown) => {
    assert.ok(thrown instanceof NotFoundError)
    assert.deepEqual(thrown.error, error)
    return true
  })
  await assert.rejects(client.files.content('f'), RateLimitError)
})

test('a connection that breaks before the first byte is an attempt that failed; later, the reader gets the error', async (t) => {
  const cut = { headers: { 'content-length': '100' }, chunks: ['cut'] }
  const host = await hostFor(t, [cut, { body: 'whole' }])
  const response = await clientOf(host, { maxRetries: 1 }).files.content('f')
  assert.equal(await response.text(), 'whole')
  assert.equal(response.getGateway().attempts.length, 2)

  host.answer([{ headers: { 'content-length': '100' }, chunks: ['some', 'cut'] }])
  const broken = await clientOf(host).files.content('f')
  await assert.rejects(broken.text(), (error) => {
    assert.ok(error instanceof APIConnectionError)
    assert.equal(error.gateway.attempts[0].phase, 'body')
    return true
  })
})

test('the idle clock runs while a piece is waited for', async (t) => {
  const host = await hostFor(t, [{ chunks: ['some', 'hang'] }])
  const response = await clientOf(host, { timeouts: { idle: 50 } }).files.content('f')
  await assert.rejects(response.arrayBuffer(), /The idle clock ran out: 50 ms allowed/)
})

/** Pieces without end, counted as they are written. */
function endless() {
  const counter = { pieces: 0 }
  counter.chunks = (async function* () {
    for (;;) {
      counter.pieces++
      yield Buffer.alloc(65536)
    }
  })()
  return counter
}

test('who reads slowly holds the host back, and who stops closes the connection', async (t) => {
  const counter = endless()
  const host = await hostFor(t, [{ chunks: counter.chunks }])
  const response = await clientOf(host).files.content('f')
  let before = -1
  while (before !== counter.pieces) {
    before = counter.pieces
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.ok(counter.pieces < 1000, `${counter.pieces} pieces were written`)
  await response.body.cancel()
  await host.closed()
})

test('leaving the loop and an abort close the connection', async (t) => {
  const host = await hostFor(t, () => ({ chunks: endless().chunks }))
  const response = await clientOf(host).files.content('f')
  for await (const piece of response.body) {
    assert.ok(piece.length > 0)
    break
  }
  await host.closed()

  const controller = new AbortController()
  const aborted = await clientOf(host).files.content('f', undefined, { signal: controller.signal })
  const reading = aborted.arrayBuffer()
  controller.abort()
  await assert.rejects(reading, APIUserAbortError)
  await host.closed()
})

test('a reader with a buffer of its own gets bytes into it', async (t) => {
  const host = await hostFor(t, [{ body: BYTES }])
  const reader = (await clientOf(host).files.content('f')).body.getReader({ mode: 'byob' })
  const first = await reader.read(new Uint8Array(3))
  assert.deepEqual([...first.value], [...BYTES.subarray(0, 3)])
  const rest = await reader.read(new Uint8Array(100))
  assert.deepEqual([...rest.value], [...BYTES.subarray(3)])
  assert.equal((await reader.read(new Uint8Array(100))).done, true)
})

test('an answer that nobody reads is collected, and its connection closed', { timeout: 60_000 }, async (t) => {
  const host = await hostFor(t, () => ({ chunks: endless().chunks }))
  const child = startChild(t, `
    await client.files.content('f')
    const again = setInterval(() => gc(), 20)
    await told()
    clearInterval(again)
  `, { host, flags: ['--expose-gc'] })
  await host.closed()
  child.tell()
  assert.equal((await child.ended).code, 0)
})

test('a transcription is JSON or a string, as its host says', async (t) => {
  const host = await hostFor(t, [
    { json: { text: 'hi' } },
    { text: 'hi\n' },
    { text: '1\n00:00:00,000 --> 00:00:01,000\nhi\n', headers: { 'content-type': 'application/x-subrip' } },
    { text: '{"text":"hi"}' },
    { text: '' },
  ])
  const client = clientOf(host)
  const transcribe = (response_format) => client.audio.transcriptions.create({ file: Buffer.from('RIFF'), model: 'w', response_format })
  const whole = await transcribe('json')
  assert.deepEqual(whole, { text: 'hi' })
  assert.equal(whole.getHeaders().provider, 'openai')
  assert.equal(await transcribe('text'), 'hi\n')
  assert.equal(await transcribe('srt'), '1\n00:00:00,000 --> 00:00:01,000\nhi\n')
  assert.deepEqual(await transcribe('json'), { text: 'hi' })
  assert.equal(await transcribe('text'), '')
})

test('a large answer comes whole', async (t) => {
  const size = 20 << 20
  const host = await hostFor(t, [{ body: Buffer.alloc(size, 'y') }])
  const bytes = await (await clientOf(host).files.content('f')).arrayBuffer()
  assert.equal(bytes.byteLength, size)
  assert.ok(Buffer.from(bytes).every((byte) => byte === 121))
})
