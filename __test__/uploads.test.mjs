// Forms: what each kind of file becomes on the wire, how names are put, and that nothing is read ahead of its sending.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'

import Portkey, { APIConnectionTimeoutError, APIUserAbortError, ConfigError, toFile } from '../index.mjs'
import { startChild } from './support/child.mjs'
import { failure } from './support/failures.mjs'
import { formOf, partsOf } from './support/forms.mjs'
import { hostFor } from './support/host.mjs'
import { CERTIFICATE } from './support/tls.mjs'

const clientOf = (host, more) => new Portkey({ customHost: host.url, maxRetries: 0, ...more })

/** A file of the test's own. */
function fileOf(t, content, name = 'speech.wav') {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'portkey-native-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, name)
  fs.writeFileSync(file, content)
  return file
}

async function* words() {
  yield 'in '
  yield Buffer.from('three ')
  yield new TextEncoder().encode('pieces')
}

test('every kind of file is sent with its name, its type and its bytes', async (t) => {
  const host = await hostFor(t, [{ json: { id: 'file-1' } }])
  const client = clientOf(host)
  const file = fileOf(t, 'from disk')
  const plain = 'application/octet-stream'
  const kinds = [
    [new File(['a file'], 'a.txt', { type: 'text/plain' }), { name: 'a.txt', type: 'text/plain', text: 'a file' }],
    [new Blob(['a blob'], { type: 'text/csv' }), { name: 'unknown_file', type: 'text/csv', text: 'a blob' }],
    [Buffer.from('a buffer'), { name: 'unknown_file', type: plain, text: 'a buffer' }],
    [new Uint8Array([104, 105]).subarray(1), { name: 'unknown_file', type: plain, text: 'i' }],
    [new Uint8Array([104, 105]).buffer, { name: 'unknown_file', type: plain, text: 'hi' }],
    [fs.createReadStream(file), { name: 'speech.wav', type: plain, text: 'from disk' }],
    [fs.createReadStream(file, { start: 2, end: 5 }), { name: 'speech.wav', type: plain, text: 'om d' }],
    [pathToFileURL(file), { name: 'speech.wav', type: plain, text: 'from disk' }],
    [await fs.openAsBlob(file, { type: 'audio/wav' }), { name: 'unknown_file', type: 'audio/wav', text: 'from disk' }],
    [words(), { name: 'unknown_file', type: plain, text: 'in three pieces' }],
    [Readable.toWeb(Readable.from(words())), { name: 'unknown_file', type: plain, text: 'in three pieces' }],
    [new Response('a response', { headers: { 'content-type': 'text/html' } }), { name: 'unknown_file', type: 'text/html', text: 'a response' }],
    [await toFile('a text', 'b.txt'), { name: 'b.txt', type: plain, text: 'a text' }],
    [await toFile(Buffer.from('bytes'), 'c.mp3', { type: 'audio/mpeg' }), { name: 'c.mp3', type: 'audio/mpeg', text: 'bytes' }],
    [await toFile(words(), 'd.jsonl', { type: 'application/jsonl' }), { name: 'd.jsonl', type: 'application/jsonl', text: 'in three pieces' }],
    [await toFile(fs.createReadStream(file), 'e.wav', { type: 'audio/wav' }), { name: 'e.wav', type: 'audio/wav', text: 'from disk' }],
    [await toFile(fs.createReadStream(file)), { name: 'speech.wav', type: plain, text: 'from disk' }],
  ]
  for (const [given, wanted] of kinds) {
    const answer = await client.files.create({ purpose: 'batch', file: given })
    assert.deepEqual(answer, { id: 'file-1' })
    assert.deepEqual(await partsOf(host.last), [['purpose', 'batch'], ['file', wanted]])
    assert.equal(host.last.method, 'POST')
    assert.equal(host.last.path, '/v1/files')
  }
})

test('fields are named as the official SDK names them, and a size that is known is announced', async (t) => {
  const host = await hostFor(t, [{ json: { text: 'hi' } }])
  const client = clientOf(host)
  await client.audio.transcriptions.create({
    file: await toFile(Buffer.from('RIFF'), 'a.wav'),
    model: 'whisper-1',
    timestamp_granularities: ['word', 'segment'],
    chunking_strategy: { type: 'server_vad', threshold: 0.5 },
    temperature: 0,
    language: undefined,
    responseFormat: 'verbose_json',
  })
  assert.deepEqual((await partsOf(host.last)).filter(([name]) => name !== 'file'), [
    ['model', 'whisper-1'], ['timestamp_granularities[]', 'word'], ['timestamp_granularities[]', 'segment'],
    ['chunking_strategy[type]', 'server_vad'], ['chunking_strategy[threshold]', '0.5'], ['temperature', '0'], ['response_format', 'verbose_json'],
  ])
  assert.equal(host.last.headers['content-length'], String(host.last.body.length))
  assert.equal(host.last.headers['transfer-encoding'], undefined)

  const image = (text) => new File([text], `${text}.png`, { type: 'image/png' })
  await client.images.edit({ image: [image('one'), image('two')], mask: image('three'), prompt: 'a hat', n: 2 })
  const form = await formOf(host.last)
  assert.deepEqual(form.getAll('image[]').map((file) => file.name), ['one.png', 'two.png'])
  assert.equal(form.get('mask').name, 'three.png')
  assert.deepEqual([form.get('prompt'), form.get('n')], ['a hat', '2'])

  await client.files.create({ purpose: 'batch', file: words() })
  assert.equal(host.last.headers['transfer-encoding'], 'chunked')
  await client.files.create({ purpose: 'batch', file: await toFile(words(), 'a', { size: 15 }) })
  assert.equal(host.last.headers['content-length'], String(host.last.body.length))
})

test('a body that may be a form is one only with a file in it', async (t) => {
  const host = await hostFor(t, [{ json: { id: 'video_1' } }])
  const client = clientOf(host)
  await client.videos.create({ prompt: 'a cat', model: 'sora-2' })
  assert.deepEqual(host.last.json(), { prompt: 'a cat', model: 'sora-2' })
  await client.videos.create({ prompt: 'a cat', input_reference: new File(['png'], 'cat.png') })
  assert.equal((await formOf(host.last)).get('input_reference').name, 'cat.png')
})

test('a config\'s parameters go into a form too', async (t) => {
  const host = await hostFor(t, [{ json: { text: 'hi' } }])
  const client = new Portkey({ config: { custom_host: host.url, override_params: { model: 'whisper-2' } } })
  await client.audio.transcriptions.create({ file: Buffer.from('a'), model: 'whisper-1' })
  assert.equal((await formOf(host.last)).get('model'), 'whisper-2')
})

test('what can\'t be sent as a form is refused before anything is sent', async (t) => {
  const host = await hostFor(t, [{ json: {} }])
  const client = clientOf(host)
  await assert.rejects(client.files.create({ file: Buffer.from('a'), purpose: null }), (error) => {
    assert.ok(error instanceof ConfigError)
    assert.equal(error.message, 'body.purpose: a form has no null: leave it out')
    return true
  })
  await assert.rejects(client.files.create({ file: pathToFileURL('/nowhere/at/all.wav'), purpose: 'x' }), /body\.file: all\.wav can't be read: No such file/)
  await assert.rejects(client.files.create({ file: fs.createReadStream('/nowhere/at/all.wav'), purpose: 'x' }), { code: 'ENOENT' })
  await assert.rejects(toFile(5), ConfigError)
})

test('the error of a caller\'s own stream is the call\'s, and the connection is closed', async (t) => {
  const host = await hostFor(t, [{ json: {} }])
  const mine = new Error('mine')
  async function* broken() {
    yield 'some'
    throw mine
  }
  await assert.rejects(clientOf(host).files.create({ file: broken(), purpose: 'x' }), mine)
  await host.closed()
  assert.equal(host.requests.length, 0)
})

test('bytes, blobs and files on disk are sent again where a policy says so', async (t) => {
  const file = fileOf(t, 'from disk')
  const large = Buffer.alloc(3 << 20, 'x')
  for (const given of [Buffer.from('small'), large, new Blob([large]), fs.createReadStream(file), pathToFileURL(file)]) {
    const host = await hostFor(t, [{ status: 500, json: {}, headers: { 'retry-after-ms': '1' } }, { json: { id: 'f' } }])
    const answer = await clientOf(host, { maxRetries: 1 }).files.create({ file: given, purpose: 'x' })
    assert.equal(answer.getGateway().attempts.length, 2)
    const [first, second] = await Promise.all(host.requests.map(async (request) => Buffer.from(await (await formOf(request)).get('file').arrayBuffer())))
    assert.ok(first.length > 0 && first.equals(second))
  }
})

test('a stream is sent once: neither retried nor handed to another target, which the report tells', async (t) => {
  const host = await hostFor(t, [{ status: 500, json: {} }])
  const other = await hostFor(t, [{ json: {} }])
  const config = { strategy: { mode: 'fallback' }, targets: [{ custom_host: host.url, retry: { attempts: 2 } }, { custom_host: other.url }] }
  await assert.rejects(new Portkey({ config }).files.create({ file: words(), purpose: 'x' }), (error) => {
    assert.equal(error.status, 500)
    assert.match(error.message, /not sent again: it came from a stream/)
    assert.deepEqual(error.gateway.changes, ['the body was not sent again: it came from a stream that can be read only once'])
    return true
  })
  assert.deepEqual([host.requests.length, other.requests.length], [1, 0])
})

test('a form goes over TLS as it goes without, and its answer in bytes too', async (t) => {
  const host = await hostFor(t, [{ json: { id: 'f' } }, { body: 'bytes' }], { tls: CERTIFICATE, name: 'localhost' })
  const client = clientOf(host, { tls: { insecure: true } })
  await client.files.create({ file: words(), purpose: 'x' })
  assert.equal(await (await formOf(host.last)).get('file').text(), 'in three pieces')
  assert.equal(await (await client.files.content('f')).text(), 'bytes')
})

test('a stream that nobody has read yet may still go to another target', async (t) => {
  const other = await hostFor(t, [{ json: { id: 'f' } }])
  const config = { strategy: { mode: 'fallback' }, targets: [{ custom_host: 'http://127.0.0.1:1/v1' }, { custom_host: other.url }] }
  await new Portkey({ config }).files.create({ file: words(), purpose: 'x' })
  assert.equal(await (await formOf(other.last)).get('file').text(), 'in three pieces')
})

/** A stream without end that counts what was taken of it. */
function endless() {
  const stream = {
    taken: 0,
    closed: false,
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          stream.taken += 65536
          yield new Uint8Array(65536)
        }
      } finally {
        stream.closed = true
      }
    },
  }
  return stream
}

test('an abort in the middle of an upload closes the connection and the source', async (t) => {
  const host = await hostFor(t, [{ json: {} }])
  const stream = endless()
  const controller = new AbortController()
  const sent = clientOf(host).files.create({ file: stream, purpose: 'x' }, undefined, { signal: controller.signal })
  await host.until(() => host.heads.length === 1)
  controller.abort()
  await assert.rejects(sent, APIUserAbortError)
  await host.closed()
  assert.ok(stream.closed)
})

test('a host that answers before it has all of the body is heard', async (t) => {
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.pause()
      const body = JSON.stringify({ error: { message: 'too large', type: 'invalid_request_error' } })
      socket.end(`HTTP/1.1 413 Payload Too Large\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const stream = endless()
  const client = new Portkey({ customHost: `http://127.0.0.1:${server.address().port}/v1`, maxRetries: 2 })
  await assert.rejects(client.files.create({ file: stream, purpose: 'x' }), (error) => {
    assert.equal(error.status, 413)
    assert.equal(error.error.error.message, 'too large')
    return true
  })
  assert.ok(stream.closed)
})

test('a slow host holds the source back', async (t) => {
  let go
  const server = net.createServer((socket) => {
    socket.pause()
    socket.on('error', () => {})
    go = () => socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const stream = endless()
  const client = new Portkey({ customHost: `http://127.0.0.1:${server.address().port}/v1`, maxRetries: 0 })
  const sent = client.files.create({ file: stream, purpose: 'x' })
  sent.catch(() => {})
  // Until nothing more is taken: the sockets' buffers are full.
  let before = -1
  while (before !== stream.taken || before === 0) {
    before = stream.taken
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.ok(stream.taken < 64 << 20, `${stream.taken} bytes were taken`)
  go()
  await assert.rejects(sent)
  assert.ok(stream.closed)
})

test('the headers clock begins when the body is sent', async (t) => {
  const host = await hostFor(t, ['hang'])
  const began = performance.now()
  async function* slow() {
    for (let at = 0; at < 4; at++) {
      await new Promise((resolve) => setTimeout(resolve, 60))
      yield 'piece'
    }
  }
  const client = clientOf(host, { timeouts: { headers: 100 } })
  await assert.rejects(client.files.create({ file: slow(), purpose: 'x' }), /The headers clock ran out: 100 ms allowed/)
  assert.equal(host.requests.length, 1)
  assert.ok(performance.now() - began > 300)
})

test('a source that stalls is given up by the idle clock, however often it gave something before', async (t) => {
  const host = await hostFor(t, [{ json: { id: 'file-1' } }])
  async function* stalling(pieces, pause) {
    for (let at = 0; at < pieces; at++) {
      await new Promise((resolve) => setTimeout(resolve, pause))
      yield 'piece'
    }
    await new Promise(() => {})
  }
  const client = clientOf(host, { timeouts: { idle: 150 } })
  for (const pieces of [0, 4]) {
    const began = performance.now()
    const error = await failure(client.files.create({ file: await toFile(stalling(pieces, 60), 'talk.wav'), purpose: 'x' }))
    assert.ok(error instanceof APIConnectionTimeoutError, error.stack)
    assert.deepEqual([error.code, error.status, error.message.split('\n')[0]], ['stalled_upload', 408, 'talk.wav gave nothing to send for 150 ms.'])
    assert.ok(performance.now() - began >= 150 + 60 * pieces - 5)
  }
  const call = client.files.create({ file: stalling(0), purpose: 'x' }, null, { timeout: 50 })
  assert.equal((await failure(call)).code, 'total_timeout')
  for (const { closed } of host.accepted) await closed
  assert.equal(host.requests.length, 0)
})

/** A host that counts what comes, and the memory that a process of its own takes to send it. */
async function growth(t, source) {
  let bytes = 0
  const server = http.createServer((request, response) => {
    request.on('data', (piece) => (bytes += piece.length))
    request.on('end', () => response.setHeader('content-type', 'application/json').end('{"id":"f"}'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const host = { url: `http://127.0.0.1:${server.address().port}/v1` }
  const child = startChild(t, `
    import fs from 'node:fs'
    const MIB = 1 << 20
    await client.files.create({ file: Buffer.alloc(2 * MIB), purpose: 'warm' })
    gc()
    const before = process.memoryUsage.rss()
    let most = before
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5)
    await client.files.create({ file: ${source}, purpose: 'x' })
    clearInterval(watch)
    say(String(most - before))
  `, { host, flags: ['--expose-gc'] })
  const line = await child.line()
  if (line === undefined) assert.fail((await child.ended).errors)
  return { bytes, grown: Number(line) }
}

const LARGE = 200 << 20

test('memory stays flat while a large stream is sent', { timeout: 120_000 }, async (t) => {
  const { bytes, grown } = await growth(t, `(async function* () { const piece = Buffer.alloc(MIB); for (let at = 0; at < 200; at++) yield piece })()`)
  assert.ok(bytes > LARGE)
  assert.ok(grown < 64 << 20, `${grown >> 20} MiB more`)
})

test('memory stays flat while a large file on disk is sent', { timeout: 120_000 }, async (t) => {
  const file = fileOf(t, '')
  fs.truncateSync(file, LARGE)
  const { bytes, grown } = await growth(t, `fs.createReadStream(${JSON.stringify(file)})`)
  assert.ok(bytes > LARGE)
  assert.ok(grown < 64 << 20, `${grown >> 20} MiB more`)
})
