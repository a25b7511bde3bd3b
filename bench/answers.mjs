// What the upstream of the benchmark answers: a table of scenarios, each rendered once to the bytes that go on the wire.
// The shapes are those of an OpenAI-compatible provider (a full set of usage counts, fifteen response headers), since
// clients pay for reading and keeping them.

const headers = [
  'access-control-expose-headers: X-Request-ID',
  'openai-organization: example',
  'openai-processing-ms: 312',
  'openai-version: 2020-10-01',
  'strict-transport-security: max-age=31536000; includeSubDomains; preload',
  'x-content-type-options: nosniff',
  'x-envoy-upstream-service-time: 330',
  'x-ratelimit-limit-requests: 10000',
  'x-ratelimit-limit-tokens: 200000',
  'x-ratelimit-remaining-requests: 9999',
  'x-ratelimit-remaining-tokens: 199980',
  'x-ratelimit-reset-requests: 8.64s',
  'x-ratelimit-reset-tokens: 6ms',
  'x-request-id: req_0123456789abcdef0123456789abcdef',
].join('\r\n')

const words = 'the model answers in ordinary words of varying length, as an assistant would; "quotes" among them'.split(' ')
const cjk = '模型 回答 用普通的 词语 モデルは 普通の言葉で 答えます。 모델은 평범한 말로 답합니다. 🙂'.split(' ')

/** Running text of at least `size` bytes, with a line break now and then so that JSON parsers meet escapes. */
function prose(size, vocabulary) {
  let text = ''
  for (let count = 0, bytes = 0; bytes < size; count++) {
    const word = vocabulary[(count * 7 + Math.trunc(count / 24)) % vocabulary.length] + (count % 40 === 39 ? '\n' : ' ')
    bytes += Buffer.byteLength(word)
    text += word
  }
  return text
}

const identity = {
  id: 'chatcmpl-0123456789abcdef01234567',
  created: 1750000000,
  model: 'gpt-4o-mini-2024-07-18',
  service_tier: 'default',
  system_fingerprint: 'fp_0123456789',
}
const usage = {
  prompt_tokens: 19,
  completion_tokens: 210,
  total_tokens: 229,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
}

function whole(body) {
  const bytes = Buffer.from(JSON.stringify(body))
  const head = `HTTP/1.1 200 OK\r\n${headers}\r\ncontent-type: application/json\r\ncontent-length: ${bytes.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), bytes])
}

function completion(content, logprobs = null) {
  const message = { role: 'assistant', content, refusal: null, annotations: [] }
  const choices = [{ index: 0, message, logprobs, finish_reason: 'stop' }]
  return whole({ object: 'chat.completion', ...identity, choices, usage })
}

/** Thousands of small objects: one a token, with three alternatives in each. */
function logprobs(tokens) {
  const probability = (index, rank) => ({
    token: ` ${words[(index + rank) % words.length]}`,
    logprob: Number((-0.0001 - (index % 97) * 0.013 - rank).toFixed(8)),
    bytes: [32, 97 + (index % 26), 98 + rank],
  })
  const content = Array.from({ length: tokens }, (_, index) => ({
    ...probability(index, 0),
    top_logprobs: [0, 1, 2].map((rank) => probability(index, rank)),
  }))
  return { content, refusal: null }
}

/** A stream as its writes: the head, then an HTTP chunk an event, `[DONE]` and the end of the body in the last. */
function stream(count) {
  const framed = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
  const event = (delta, finish_reason) => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason }]
    return framed(`data: ${JSON.stringify({ object: 'chat.completion.chunk', ...identity, choices })}\n\n`)
  }
  const word = (index) => ({ content: ` ${words[(index * 7) % words.length]}` })
  const kind = 'content-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked'
  const writes = [
    `HTTP/1.1 200 OK\r\n${headers}\r\n${kind}\r\n\r\n` + event({ role: 'assistant', content: '', refusal: null }, null),
    ...Array.from({ length: count - 2 }, (_, index) => event(word(index), null)),
    event({}, 'stop') + framed('data: [DONE]\n\n') + framed(''),
  ]
  return writes.map((text) => Buffer.from(text))
}

/** Embeddings as base64 of 32-bit floats, and as the numbers that a service prints for them. */
function embeddings(inputs, dimensions) {
  let state = 12345 // a linear congruential generator: the same floats in every run
  const vectors = Array.from({ length: inputs }, () =>
    Float32Array.from({ length: dimensions }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return (state / 2 ** 32 - 0.5) / 10
    }),
  )
  const list = (encode) => {
    const data = vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encode(vector) }))
    const usage = { prompt_tokens: 128, total_tokens: 128 }
    return whole({ object: 'list', data, model: 'text-embedding-3-small', usage })
  }
  return {
    base64: list((vector) => Buffer.from(vector.buffer).toString('base64')),
    floats: list((vector) => Array.from(vector, (value) => Number(value.toPrecision(9)))),
  }
}

/**
 * Every scenario by the path segment that names it: what is answered, the milliseconds before it, and for streams the
 * milliseconds between two events (none: as fast as they can be written).
 */
export const scenarios = {
  short: { answer: completion(prose(700, words)) },
  anthropic: {
    answer: whole({
      id: 'msg_0123456789', type: 'message', role: 'assistant', model: 'm', stop_reason: 'end_turn',
      content: [{ type: 'text', text: prose(700, words) }], usage: { input_tokens: 19, output_tokens: 210 },
    }),
  },
  google: {
    answer: whole({
      candidates: [{ index: 0, finishReason: 'STOP', content: { role: 'model', parts: [{ text: prose(700, words) }] } }],
      usageMetadata: { promptTokenCount: 19, candidatesTokenCount: 210, totalTokenCount: 229 }, modelVersion: 'm',
    }),
  },
  slow: { answer: completion(prose(700, words)), delay: 20 },
  ascii: { answer: completion(prose(100 * 1024, words)) },
  cjk: { answer: completion(prose(100 * 1024, cjk)) },
  logprobs: { answer: completion('short', logprobs(410)) },
  embeddings: embeddings(16, 1536),
  'stream-200': { writes: stream(200) },
  'stream-2000': { writes: stream(2000) },
  'stream-paced': { writes: stream(40), gap: 15 },
  'stream-open': { writes: stream(20), gap: 200 },
  'stream-open-fast': { writes: stream(20), gap: 20 },
}

/** The scenario of a name; `stream-N` is a stream of N chunks, whatever N. */
export function scenarioOf(name) {
  const count = /^stream-(\d+)$/.exec(name)?.[1]
  if (count) scenarios[name] ??= { writes: stream(Number(count)) }
  return scenarios[name]
}
