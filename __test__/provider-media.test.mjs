// Pictures, speech and transcripts of every provider that has them, over a real socket: where the call goes, who it says that
// it is, what it brings, and what the caller gets of an answer and of an error. `portkey.providers()` says who has what, so that
// no provider can gain such an endpoint without a row here.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { RateLimitError } from '../index.mjs'
import { partsOf } from './support/forms.mjs'
import { hostFor } from './support/host.mjs'

const KEY = 'sk-test-of-media'
const BEARER = ['authorization', `Bearer ${KEY}`]
const WAV = Buffer.from('RIFF\0\0\0\0WAVE\xff\xfe', 'latin1')

const PICTURE = { model: 'm', prompt: 'a cat', n: 1, size: '1024x1024' }
const SPEECH = { model: 'tts', input: 'hello', voice: 'alloy', response_format: 'wav', speed: 1.5 }
const made = { created: 1, data: [{ b64_json: 'QUJD' }] }

/** What each call asks, how a service that speaks OpenAI's dialect answers it, and what the caller gets. */
const CALLS = {
  'images.generate': {
    path: '/images/generations',
    ask: (client, more) => client.images.generate({ ...PICTURE, ...more }),
    reply: { json: made },
    checkWire: (request, row) => assert.deepEqual(request.json(), row.body ?? { ...PICTURE, ...row.sends }),
    check(answer, row) {
      if (row.reply === undefined) return assert.deepEqual(answer, made)
      assert.deepEqual(answer.data.map(({ b64_json, url }) => b64_json ?? url), row.pictures ?? ['QUJD'])
      assert.ok(Number.isInteger(answer.created))
    },
  },
  'audio.speech.create': {
    path: '/audio/speech',
    ask: (client, more) => client.audio.speech.create({ ...SPEECH, ...more }),
    reply: { body: WAV, headers: { 'content-type': 'audio/wav' } },
    checkWire: (request, row) => assert.deepEqual(request.json(), { ...SPEECH, ...row.sends }),
    async check(answer) {
      assert.equal(answer.headers.get('content-type'), 'audio/wav')
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), WAV)
    },
  },
  'audio.transcriptions.create': heard('/audio/transcriptions', (client, form) => client.audio.transcriptions.create(form)),
  'audio.translations.create': heard('/audio/translations', (client, form) => client.audio.translations.create(form)),
}

/** A call that sends sound as a form. */
function heard(path, create) {
  return {
    path,
    ask: (client, more) => create(client, { file: new File([WAV], 'talk.wav', { type: 'audio/wav' }), model: 'whisper', temperature: 0.5, ...more }),
    reply: { json: { text: 'hello', language: 'en' } },
    async checkWire(request, row) {
      assert.match(request.headers['content-type'], /^multipart\/form-data; boundary=/)
      const parts = await partsOf(request)
      const [, file] = parts.find(([name]) => name === 'file')
      assert.deepEqual([file.name, file.type], ['talk.wav', 'audio/wav'])
      assert.ok(request.body.includes(WAV))
      assert.deepEqual(Object.fromEntries(parts.filter(([name]) => name !== 'file')), { model: 'whisper', temperature: '0.5', ...row.sends })
    },
    check: (answer) => assert.deepEqual(answer, { text: 'hello', language: 'en' }),
  }
}

const [PICTURES, SPEAKS, HEARS, TRANSLATES] = Object.keys(CALLS)

/** Services that take all of it as OpenAI does: the path of their base URL, and what they have. */
const ALIKE = {
  deepbricks: ['/v1', PICTURES],
  deepinfra: ['/v1/openai', SPEAKS, HEARS, TRANSLATES],
  groq: ['/openai/v1', SPEAKS, HEARS, TRANSLATES],
  'lemonfox-ai': ['/v1', PICTURES, SPEAKS, HEARS],
  'mistral-ai': ['/v1', HEARS],
  nebius: ['/v1', PICTURES],
  nscale: ['/v1', PICTURES],
  openai: ['/v1', PICTURES, SPEAKS, HEARS, TRANSLATES],
  'recraft-ai': ['/v1', PICTURES],
  sambanova: ['/v1', HEARS, TRANSLATES],
  siliconflow: ['/v1', SPEAKS, HEARS],
  'together-ai': ['/v1', PICTURES, SPEAKS, HEARS, TRANSLATES],
  vllm: ['/v1', HEARS, TRANSLATES],
  'x-ai': ['/v1', PICTURES],
}

const AZURE = { azureDeploymentId: 'my dep' }
const DATED = { ...AZURE, azureApiVersion: '2024-10-21' }
const AWS = { awsRegion: 'us-east-1', awsAccessKeyId: 'AKIDEXAMPLE', awsSecretAccessKey: 'the-secret-of-aws' }
const VERTEX = { vertexRegion: 'us-central1', vertexProjectId: 'p' }
const imagen = { instances: [{ prompt: 'a cat' }], parameters: { aspectRatio: '1:1', sampleCount: 1 } }
const predicted = { predictions: [{ bytesBase64Encoded: 'QUJD', mimeType: 'image/png' }] }
const prompts = [{ text: 'a cat', weight: 1 }]
const AS_KEY = ['api-key', KEY]

/** All others, each call of theirs a row: `options` beside key and host, the `path` with its query, `auth` where it is no bearer
 * token, and what differs on the way: the `model`, the wire's `body` (or what it `sends` beside the usual), the `reply`. */
const ROWS = [
  ...Object.entries(ALIKE).flatMap(([provider, [base, ...calls]]) => calls.map((call) => ({ provider, call, base, path: `${base}${CALLS[call].path}` }))),
  ...Object.keys(CALLS).flatMap((call) => [
    { provider: 'azure-openai', call, base: '/openai', path: `/openai/v1${CALLS[call].path}`, auth: AS_KEY, what: 'of version v1' },
    { provider: 'azure-openai', call, base: '/openai', options: AZURE, path: `/openai/v1${CALLS[call].path}`, auth: AS_KEY, sends: { model: 'my dep' }, what: 'with a deployment' },
    { provider: 'azure-openai', call, base: '/openai', options: DATED, path: `/openai/deployments/my%20dep${CALLS[call].path}?api-version=2024-10-21`, auth: AS_KEY, what: 'of a date' },
    { provider: 'azure-openai', call, base: '/openai', options: { ...DATED, azureAuthMode: 'entra' }, path: `/openai/deployments/my%20dep${CALLS[call].path}?api-version=2024-10-21`, what: 'with an Entra token' },
    { provider: 'azure-ai', call, base: '/models', options: { azureApiVersion: '2024-05-01-preview' }, path: `/models${CALLS[call].path}?api-version=2024-05-01-preview`, headers: { 'extra-parameters': 'drop' } },
  ]),
  { provider: 'bedrock', model: 'amazon.nova-canvas-v1:0', base: '', options: AWS, path: '/model/amazon.nova-canvas-v1%3A0/invoke', auth: ['authorization', /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\//], body: { taskType: 'TEXT_IMAGE', textToImageParams: { text: 'a cat' }, imageGenerationConfig: { numberOfImages: 1, height: 1024, width: 1024 } }, reply: { images: ['QUJD'] } },
  { provider: 'fireworks-ai', base: '/inference/v1', path: '/inference/v1/image_generation/m', body: { model: 'm', text_prompts: prompts, height: 1024, width: 1024, samples: 1 }, reply: [{ base64: 'QUJD', seed: 1, finishReason: 'SUCCESS' }] },
  { provider: 'google', model: 'imagen-4', base: '', path: '/v1beta/models/imagen-4:predict', auth: ['x-goog-api-key', KEY], body: imagen, reply: predicted },
  { provider: 'hyperbolic', base: '', path: '/v1/image/generation', body: { model_name: 'm', prompt: 'a cat', n: 1, height: 1024, width: 1024 }, reply: { images: [{ image: 'QUJD' }] } },
  { provider: 'replicate', model: 'o/n', base: '/v1', path: '/v1/models/o/n/predictions', headers: { prefer: 'wait' }, body: { input: { prompt: 'a cat', aspect_ratio: '1:1' } }, reply: { status: 'succeeded', output: ['https://r.example/1.png'] }, pictures: ['https://r.example/1.png'] },
  { provider: 'segmind', base: '/v1', path: '/v1/m', auth: ['x-api-key', KEY], body: { prompt: 'a cat', img_height: 1024, img_width: 1024, samples: 1, num_inference_steps: 20, base64: true }, reply: { image: 'QUJD' } },
  { provider: 'siliconflow', base: '/v1', path: '/v1/images/generations', body: { model: 'm', prompt: 'a cat', image_size: '1024x1024', batch_size: 1 }, reply: { images: [{ url: 'https://s.example/1.png' }] }, pictures: ['https://s.example/1.png'] },
  { provider: 'stability-ai', model: 'stable-diffusion-xl-1024-v1-0', base: '', path: '/v1/generation/stable-diffusion-xl-1024-v1-0/text-to-image', body: { text_prompts: prompts, height: 1024, width: 1024, samples: 1 }, reply: { artifacts: [{ base64: 'QUJD' }] } },
  { provider: 'vertex-ai', model: 'imagen-4', base: '', options: VERTEX, path: '/v1/projects/p/locations/us-central1/publishers/google/models/imagen-4:predict', body: imagen, reply: predicted },
  { provider: 'workers-ai', base: '/client/v4/accounts/a/ai', path: '/client/v4/accounts/a/ai/run/m', body: { prompt: 'a cat', n: 1, height: 1024, width: 1024 }, reply: { result: { image: 'QUJD' }, success: true } },
].map((row) => ({ call: PICTURES, ...row }))

const clientOf = ({ provider, base, options }, host) => new Portkey({
  provider,
  customHost: `${host.origin}${base}`,
  ...(provider !== 'bedrock' && { Authorization: KEY }),
  maxRetries: 0,
  ...options,
})

const ask = (row, host) => CALLS[row.call].ask(clientOf(row, host), row.model === undefined ? {} : { model: row.model })

for (const row of ROWS) {
  const { provider, call, path, auth = BEARER, headers, what = '' } = row
  describe(`${provider} ${call} ${what}`.trim(), () => {
    test('goes where it should, with its credential and its body, and is answered', async (t) => {
      const host = await hostFor(t, [row.reply === undefined ? CALLS[call].reply : { json: row.reply }])
      const answer = await ask(row, host)
      assert.equal(host.requests.length, 1)
      assert.equal(`${host.last.method} ${host.last.path}`, `POST ${path}`)
      const [name, value] = auth
      if (value instanceof RegExp) assert.match(host.last.headers[name], value)
      else assert.equal(host.last.headers[name], value)
      const others = ['authorization', 'api-key', 'x-api-key', 'x-goog-api-key'].filter((other) => other !== name && other in host.last.headers)
      assert.deepEqual(others, [])
      for (const [header, wanted] of Object.entries(headers ?? {})) assert.equal(host.last.headers[header], wanted)
      await CALLS[call].checkWire(host.last, row)
      await CALLS[call].check(answer, row)
    })

    test('fails with the error that the service tells', async (t) => {
      const host = await hostFor(t, [{ status: 429, json: { error: { message: 'Too many of them.', type: 'limit', param: null, code: 'slow' } } }])
      await assert.rejects(ask(row, host), (error) => {
        assert.equal(error.constructor, RateLimitError)
        assert.match(error.message, /Too many of them\./)
        assert.equal(error.error.error?.message ?? error.error.message, 'Too many of them.')
        return true
      })
    })
  })
}

test('every provider has a row for each of these calls that it has', () => {
  const wanted = new Portkey({ customHost: 'http://127.0.0.1:9/v1' }).providers()
    .flatMap(({ name, endpoints }) => endpoints.filter((call) => call in CALLS).map((call) => `${name} ${call}`))
  assert.deepEqual([...new Set(ROWS.map(({ provider, call }) => `${provider} ${call}`))].sort(), wanted.sort())
})
