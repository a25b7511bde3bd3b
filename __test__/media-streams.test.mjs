// Events of images, speech and transcripts: handed out as they come, whole with their last event, cut without.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import Portkey, { StreamTruncatedError } from '../index.mjs'
import { formOf } from './support/forms.mjs'
import { hostFor } from './support/host.mjs'

const clientOf = (host, more) => new Portkey({ customHost: host.url, maxRetries: 0, ...more })

async function eventsOf(stream) {
  const events = []
  for await (const event of stream) events.push(event)
  return events
}

const FILE = new File(['RIFF'], 'a.wav', { type: 'audio/wav' })

const KINDS = [
  {
    name: 'images.generate',
    ask: (client) => client.images.generate({ prompt: 'a cat', model: 'gpt-image-1', stream: true, partial_images: 1 }),
    events: [
      { type: 'image_generation.partial_image', b64_json: 'cA==', partial_image_index: 0 },
      { type: 'image_generation.completed', b64_json: 'Yw==', usage: { total_tokens: 100, input_tokens: 50, output_tokens: 50 } },
    ],
    check: (request) => assert.deepEqual([request.path, request.json().stream], ['/v1/images/generations', true]),
  },
  {
    name: 'images.edit',
    ask: (client) => client.images.edit({ image: FILE, prompt: 'a hat' }, undefined, { stream: true }),
    events: [{ type: 'image_edit.partial_image', b64_json: 'cA==' }, { type: 'image_edit.completed', b64_json: 'Yw==' }],
    check: async (request) => assert.deepEqual([request.path, (await formOf(request)).get('stream')], ['/v1/images/edits', 'true']),
  },
  {
    name: 'audio.transcriptions',
    ask: (client) => client.audio.transcriptions.create({ file: FILE, model: 'gpt-4o-transcribe', stream: true }),
    events: [{ type: 'transcript.text.delta', delta: 'I' }, { type: 'transcript.text.done', text: 'I see' }],
    check: async (request) => assert.deepEqual([request.path, (await formOf(request)).get('stream')], ['/v1/audio/transcriptions', 'true']),
  },
  {
    name: 'audio.speech',
    ask: (client) => client.audio.speech.create({ model: 'gpt-4o-mini-tts', input: 'hi', voice: 'alloy', stream_format: 'sse' }),
    events: [{ type: 'speech.audio.delta', audio: 'cA==' }, { type: 'speech.audio.done', usage: { total_tokens: 3 } }],
    check: (request) => assert.deepEqual(request.json(), { model: 'gpt-4o-mini-tts', input: 'hi', voice: 'alloy', stream_format: 'sse' }),
  },
]

for (const { name, ask, events, check } of KINDS) {
  test(`${name} streams, and is whole with its last event`, async (t) => {
    const named = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    const host = await hostFor(t, [{ headers: { 'content-type': 'text/event-stream' }, chunks: named }])
    const stream = await ask(clientOf(host))
    assert.deepEqual(await eventsOf(stream), events)
    assert.equal(host.last.headers.accept, 'text/event-stream')
    await check(host.last)
    const { attempts, changes } = stream.getGateway()
    assert.equal(attempts[0].phase, 'done')
    assert.deepEqual(changes, [])
    host.answer([{ sse: events }])
    assert.equal((await eventsOf(await ask(clientOf(host)))).length, events.length)
  })

  test(`${name} without its last event was cut`, async (t) => {
    const host = await hostFor(t, [{ sse: events.slice(0, 1), done: false }])
    await assert.rejects(ask(clientOf(host)).then(eventsOf), StreamTruncatedError)
  })
}

test('more than one last event may come', async (t) => {
  const two = [0, 1].map((at) => ({ type: 'image_generation.completed', b64_json: String(at) }))
  const host = await hostFor(t, [{ sse: [two[0], { wait: 50 }, two[1]], done: false }])
  const stream = await clientOf(host).images.generate({ prompt: 'cats', n: 2, stream: true })
  assert.deepEqual(await eventsOf(stream), two)
})

test('an error among the events is thrown', async (t) => {
  const error = { type: 'error', error: { type: 'image_generation_user_error', code: 'moderation_blocked', message: 'no' } }
  const host = await hostFor(t, [{ headers: { 'content-type': 'text/event-stream' }, chunks: [`event: error\ndata: ${JSON.stringify(error)}\n\n`] }])
  await assert.rejects(clientOf(host).images.generate({ prompt: 'a', stream: true }), /The host reported an error inside the stream: no/)
})

test('an option of the call streams speech too, and a stream\'s bytes are there as they came', async (t) => {
  const events = KINDS[3].events
  const host = await hostFor(t, [{ sse: events }])
  const speech = { model: 'tts', input: 'hi', voice: 'alloy' }
  assert.deepEqual(await eventsOf(await clientOf(host).audio.speech.create(speech, undefined, { stream: true })), events)
  assert.equal(host.last.json().stream_format, 'sse')
  const { body } = await clientOf(host).audio.speech.create({ ...speech, stream_format: 'sse' }).asResponse()
  assert.match(await new Response(body).text(), /^data: \{"type":"speech.audio.delta"/)
})
