// How long a recording plays, as a gateway is told it: like the official SDK, for the same files, and of one call alone.

import assert from 'node:assert/strict'
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'

import { Portkey as Official } from 'portkey-ai'
import Portkey from '../index.mjs'
import { hostFor } from './support/host.mjs'

const HEADER = 'x-portkey-audio-file-duration'
const folder = mkdtempSync(path.join(tmpdir(), 'portkey-native-'))
after(() => rmSync(folder, { recursive: true }))

const u32 = (...numbers) => Buffer.concat(numbers.map((number) => Buffer.from(Uint32Array.of(number).buffer)))
const be = (...numbers) => Buffer.concat(numbers.map((number) => u32(number).swap32()))
const bytes = (...parts) => Buffer.concat(parts.map((part) => (Array.isArray(part) ? Buffer.from(part) : Buffer.from(part))))

const wav = (ms) => bytes('RIFF', u32(36 + ms * 16), 'WAVEfmt ', u32(16), [1, 0, 1, 0], u32(8000, 16_000), [2, 0, 16, 0], 'data', u32(ms * 16), Buffer.alloc(ms * 16))
const flac = bytes('fLaC', [0x80, 0, 0, 34], Buffer.alloc(10), be((44_100 << 12) | (1 << 9) | (15 << 4), 44_100 * 3), Buffer.alloc(16))
const page = (granule, payload) => bytes('OggS', [0, 2], u32(granule, 0), Buffer.alloc(12), [1, payload.length], payload)
const ogg = bytes(page(0, bytes([1], 'vorbis', Buffer.alloc(5), u32(48_000), Buffer.alloc(10))), page(72_000, Buffer.from('x')))
const atom = (kind, ...content) => bytes(be(8 + bytes(...content).length), kind, ...content)
const m4a = bytes(atom('ftyp', 'M4A ', be(0)), atom('mdat', Buffer.alloc(99)), atom('moov', atom('mvhd', Buffer.alloc(12), be(1000, 2500), Buffer.alloc(80))))
const mp3 = bytes(...Array.from({ length: 20 }, () => bytes([0xff, 0xfb, 0x90, 0], Buffer.alloc(413))))

function file(name, content) {
  const at = path.join(folder, name)
  writeFileSync(at, content)
  return at
}

const FILES = { 'a.wav': [wav(1000), '1000'], 'a.flac': [flac, '3000'], 'a.ogg': [ogg, '1500'], 'a.m4a': [m4a, '2500'], 'a.mp3': [mp3, '521'], 'a.mpga': [mp3, '521'], 'a.webm': [Buffer.from('\x1aE\xdf\xa3'), undefined] }
const ask = (client, at, ...more) => client.audio.transcriptions.create({ model: 'whisper-1', file: createReadStream(at) }, ...more)

describe('a gateway is told how long a recording plays', () => {
  for (const [name, [content, duration]] of Object.entries(FILES)) {
    test(`${name}, as the official SDK tells it`, async (t) => {
      const host = await hostFor(t, [{ json: { text: 'hi' } }])
      const at = file(name, content)
      for (const Client of [Portkey, Official]) {
        const client = new Client({ baseURL: host.url, provider: 'openai' })
        await ask(client, at)
        assert.equal(host.last.headers[HEADER], duration)
        await client.audio.translations.create({ model: 'whisper-1', file: createReadStream(at) })
        assert.equal(host.last.headers[HEADER], duration)
      }
    })
  }

  test('of the call with the file alone, and of a file: URL too', async (t) => {
    const host = await hostFor(t, [{ json: { data: [], text: 'hi' } }])
    const client = new Portkey({ baseURL: host.url })
    const at = file('b.wav', wav(20))
    await client.audio.transcriptions.create({ model: 'm', file: pathToFileURL(at) })
    assert.equal(host.last.headers[HEADER], '20')
    await ask(client, at, undefined, { headers: { [HEADER]: '7' } })
    assert.equal(host.last.headers[HEADER], '7')
    await client.audio.transcriptions.create({ model: 'm', file: new File([readFileSync(at)], 'b.wav') })
    assert.ok(!(HEADER in host.last.headers))
    await client.files.create({ purpose: 'batch', file: createReadStream(at) })
    await client.models.list()
    assert.ok(host.requests.slice(2).every(({ headers }) => !(HEADER in headers)))
  })

  test('unless calculateAudioDuration is false; and no host is, that this process calls', async (t) => {
    const host = await hostFor(t, [{ json: { text: 'hi' } }])
    const at = file('c.wav', wav(20))
    await ask(new Portkey({ baseURL: host.url, calculateAudioDuration: false }), at)
    await ask(new Portkey({ baseURL: host.url }), at, { calculateAudioDuration: false })
    await ask(new Portkey({ customHost: host.url }), at)
    assert.ok(host.requests.length === 3 && host.requests.every(({ headers }) => !(HEADER in headers)))
    await ask(new Portkey({ baseURL: host.url, calculateAudioDuration: false }), at, { calculateAudioDuration: true })
    assert.equal(host.last.headers[HEADER], '20')
  })
})
