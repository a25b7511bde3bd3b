// Faults of a host, by name: what it sends where a model server would send an answer, byte for byte. Each is one for whole
// calls, for streamed ones, or for both. What a client should make of it stands beside it; docs/faults.md is the table of what
// clients do make of it.

import { gzipSync } from 'node:zlib'

import { chatChunks, chunk, completion, envelope } from './answers.mjs'

/** What a whole answer says, and a stream in its pieces. */
export const TEXT = 'Straße 😀 "ok"\n — fin.'
const PIECES = ['Straße', ' 😀', ' "ok"', '\n', ' — fin.']

/** The clocks of a client under test, in ms; a fault that is ended by one names it. */
export const CLOCK = 400

const JSON_TYPE = { 'content-type': 'application/json' }
const SSE_TYPE = { 'content-type': 'text/event-stream' }
const json = Buffer.from(JSON.stringify(completion(TEXT)))
const events = chatChunks(PIECES)
const data = (event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`
const sse = Buffer.from([...events, '[DONE]'].map(data).join(''))
/** The first bytes of a stream: the role and a word. */
const begun = [data(events[0]), data(events[1])]

/** A body as it is, with its length in the head or what the headers say instead. */
const whole = (body, headers = {}) => ({ headers: { ...JSON_TYPE, ...headers }, body })
/** Pieces of a body, in chunks of HTTP. */
const streamed = (...chunks) => ({ headers: SSE_TYPE, chunks })
/** The same with nothing but what is given. */
const raw = (...pieces) => ({ raw: pieces })
const head = (type, ...lines) => `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
const wholeHead = (...lines) => head('application/json', ...lines)
const streamHead = (...lines) => head('text/event-stream', ...lines)
const bytesOf = (body) => Array.from(body, (_, at) => body.subarray(at, at + 1))
function* repeated(piece, times = Infinity, pause) {
  for (let at = 0; at < times; at++) {
    yield piece
    if (pause) yield { wait: pause }
  }
}
const MB = 2 ** 20
/** As far as a client can tell without end: far above what one should hold, and less than would harm the machine. */
const ENDLESS = 256
const filler = Buffer.alloc(MB, 'x')
/** Gzip that unpacks to 1 GB: members one after the other, each of 32 MB. */
const bomb = () => repeated(gzipSync(Buffer.alloc(32 * MB, ' ')), 32)
const zipped = { 'content-encoding': 'gzip' }
const chunkOf = (body, size = body.length.toString(16)) => Buffer.concat([Buffer.from(`${size}\r\n`), Buffer.from(body), Buffer.from('\r\n')])

const ANSWERS = 'answers'
const broken = (code = 'ECONNRESET') => `APIConnectionError ${code}`
const clock = (name) => `APIConnectionTimeoutError ${name}`
const truncated = 'StreamTruncatedError stream_truncated'
const garbled = 'APIError garbled_answer'
const tooLarge = 'APIError answer_too_large'
/** The same for both kinds of call. */
const both = (step, ...expected) => ({ whole: [step, ...expected], stream: [step, ...expected] })

/**
 * By name: `{ whole, stream }`, each the host's step and what the client should make of it: `answers`, or an error's class and
 * code. `patient`: no clock is to end it, but a limit of size.
 */
export const FAULTS = {
  // Silence
  'stalls before its head': both('hang', clock('headers_timeout')),
  'stalls within its head': both(raw('HTTP/1.1 200 OK\r\ncontent-ty', 'hang'), clock('headers_timeout')),
  'stalls in the body': {
    whole: [{ headers: { ...JSON_TYPE, 'content-length': String(json.length) }, chunks: [json.subarray(0, 60), 'hang'] }, clock('idle_timeout')],
    stream: [streamed(...begun, 'hang'), clock('idle_timeout')],
  },
  'stalls within a letter': {
    whole: [{ headers: { ...JSON_TYPE, 'content-length': String(json.length) }, chunks: [json.subarray(0, json.indexOf('😀') + 2), 'hang'] }, clock('idle_timeout')],
    stream: [streamed(...begun, sse.subarray(Buffer.byteLength(begun.join('')), sse.indexOf('😀') + 2), 'hang'), clock('idle_timeout')],
  },
  'sends pings and nothing else': { stream: [streamed(repeatedly(': ping\n\n')), clock('first_token_timeout')] },
  'sends pings after the first words': { stream: [streamed(...begun, repeatedly(': ping\n\n')), clock('idle_timeout')] },
  'sends blanks before an answer that never comes': { whole: [{ headers: JSON_TYPE, chunks: [repeatedly(' ')] }, clock('total_timeout')] },
  'sends 1xx heads without end': both({ raw: lazily(() => repeated('HTTP/1.1 102 Processing\r\n\r\n', Infinity, 5)) }, clock('headers_timeout')),
  'drips a byte at a time': { whole: [{ headers: JSON_TYPE, chunks: bytesOf(json) }, ANSWERS], stream: [streamed(...bytesOf(sse)), ANSWERS] },

  // Connections that break
  'closes without an answer': both('end', broken()),
  'resets after the request': both('reset', broken()),
  'closes within its head': both(raw('HTTP/1.1 200 OK\r\ncontent-ty', 'cut'), broken()),
  'closes in the body': {
    whole: [{ headers: { ...JSON_TYPE, 'content-length': String(json.length) }, chunks: [json.subarray(0, 60), 'cut'] }, broken()],
    stream: [streamed(...begun, 'cut'), truncated],
  },
  'resets in the body': {
    whole: [{ headers: { ...JSON_TYPE, 'content-length': String(json.length) }, chunks: [json.subarray(0, 60), { wait: 20 }, 'reset'] }, broken()],
    stream: [streamed(...begun, { wait: 20 }, 'reset'), truncated],
  },
  'closes its side after a whole answer that keeps the connection': {
    whole: [raw(wholeHead(`content-length: ${json.length}`), json, 'cut'), ANSWERS],
    stream: [raw(streamHead('transfer-encoding: chunked'), chunkOf(sse), '0\r\n\r\n', 'cut'), ANSWERS],
  },
  'refuses before it has read the request, and resets': both(raw('HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}', 'cut'), 'APIError -'),

  // Framing that lies
  'sends another protocol': both(raw('SSH-2.0-OpenSSH_9.2\r\n', 'cut'), broken('EPROTO')),
  'has a status line of garbage': both(raw('HTTP/9.7 two hundred\r\n\r\n', 'cut'), broken('EPROTO')),
  'has a chunk size of garbage': {
    whole: [raw(wholeHead('transfer-encoding: chunked'), chunkOf(json, 'zz'), '0\r\n\r\n'), broken()],
    stream: [raw(streamHead('transfer-encoding: chunked'), chunkOf(begun.join('')), chunkOf(sse, 'zz'), '0\r\n\r\n'), truncated],
  },
  'has a chunk longer than it said': {
    whole: [raw(wholeHead('transfer-encoding: chunked'), chunkOf(json, '20'), '0\r\n\r\n'), broken()],
    stream: [raw(streamHead('transfer-encoding: chunked'), chunkOf(begun.join('')), chunkOf(sse, '20'), '0\r\n\r\n'), truncated],
  },
  'has a chunk size without end': both(raw(wholeHead('transfer-encoding: chunked'), 'f'.repeat(40), 'hang'), broken()),
  'names a length that is too short': {
    whole: [raw(wholeHead(`content-length: ${json.length - 10}`), json, 'cut'), garbled],
    stream: [raw(streamHead(`content-length: ${begun.join('').length}`), sse, 'cut'), truncated],
  },
  'names a length that is too long, and closes': {
    whole: [raw(wholeHead(`content-length: ${json.length + 10}`), json, 'cut'), broken()],
    stream: [raw(streamHead(`content-length: ${sse.length + 10}`), ...begun, 'cut'), truncated],
  },
  'names two lengths': both(raw(wholeHead('content-length: 10', `content-length: ${json.length}`), json, 'cut'), broken('EPROTO')),
  'names a length and chunks': {
    whole: [raw(wholeHead('content-length: 3', 'transfer-encoding: chunked'), chunkOf(json), '0\r\n\r\n'), ANSWERS],
    stream: [raw(streamHead('content-length: 3', 'transfer-encoding: chunked'), chunkOf(sse), '0\r\n\r\n'), ANSWERS],
  },
  'names no length and closes at the end': { whole: [raw(wholeHead(), json, 'cut'), ANSWERS], stream: [raw(streamHead(), sse, 'cut'), ANSWERS] },
  'names no length and closes in the middle': { whole: [raw(wholeHead(), json.subarray(0, 200), 'cut'), garbled], stream: [raw(streamHead(), ...begun, 'cut'), truncated] },
  'puts extensions and trailers into its chunks': {
    whole: [raw(wholeHead('transfer-encoding: chunked'), `${json.length.toString(16)};a=b\r\n`, json, '\r\n0\r\nx-sum: 1\r\n\r\n'), ANSWERS],
    stream: [raw(streamHead('transfer-encoding: chunked'), `${sse.length.toString(16)};a=b\r\n`, sse, '\r\n0\r\nx-sum: 1\r\n\r\n'), ANSWERS],
  },

  // Too much
  'sends a header of 4 MB': both({ raw: ['HTTP/1.1 200 OK\r\nx: ', ...repeated(filler, 4), '\r\n\r\n', 'cut'] }, broken('EPROTO')),
  'sends 100,000 headers': both({ raw: ['HTTP/1.1 200 OK\r\n', 'a: b\r\n'.repeat(100_000), '\r\n', 'cut'] }, broken('EPROTO')),
  'sends a body without end': { whole: [{ headers: JSON_TYPE, chunks: endless('{"id":"', filler) }, tooLarge, 'patient'] },
  'sends one line of 256 MB': { stream: [{ headers: SSE_TYPE, chunks: endless('data: {"id":"', filler) }, truncated, 'patient'] },
  'sends an event of many lines without end': { stream: [{ headers: SSE_TYPE, chunks: endless('', Buffer.from(`data: ${'x'.repeat(1000)}\n`.repeat(1000))) }, truncated, 'patient'] },
  'sends a comment without end': { stream: [{ headers: SSE_TYPE, chunks: endless(':', filler) }, truncated, 'patient'] },
  'sends a gzip bomb of 1 GB': {
    whole: [{ headers: { ...JSON_TYPE, ...zipped }, chunks: lazily(bomb) }, tooLarge, 'patient'],
    stream: [{ headers: { ...SSE_TYPE, ...zipped }, chunks: lazily(bomb) }, truncated, 'patient'],
  },
  'refuses with a body without end': both({ status: 500, headers: JSON_TYPE, chunks: endless('{"error":"', filler) }, 'InternalServerError -', 'patient'),
  'nests its JSON 100,000 deep': {
    whole: [whole(`{"choices":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), 'other answer'],
    stream: [streamed(...begun, data(`{"choices":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), data(events.at(-1)), data('[DONE]')), 'other answer'],
  },

  // Bytes
  'splits its letters between packets': {
    whole: [{ headers: JSON_TYPE, chunks: [json.subarray(0, json.indexOf('😀') + 1), { wait: 20 }, json.subarray(json.indexOf('😀') + 1)] }, ANSWERS],
    stream: [streamed(sse.subarray(0, sse.indexOf('😀') + 3), { wait: 20 }, sse.subarray(sse.indexOf('😀') + 3)), ANSWERS],
  },
  'begins with a byte order mark': { whole: [whole(Buffer.concat([Buffer.from('\uFEFF'), json])), ANSWERS], stream: [streamed('\uFEFF', sse), ANSWERS] },
  'mixes CR, LF and CRLF': {
    stream: [streamed(...events.map((event, at) => data(event).replaceAll('\n', ['\r', '\r\n', '\n'][at % 3])), 'data: [DONE]\r\n\r\n'), ANSWERS],
  },
  'puts NUL bytes into its JSON': {
    whole: [whole(String(json).replace('fin', 'f\0n')), garbled],
    stream: [streamed(...begun, data(JSON.stringify(events[2]).replace('😀', '\0')), data(events.at(-1))), truncated],
  },
  'sends letters that are no UTF-8': {
    whole: [whole(Buffer.from(String(json).replace('fin', 'f\u00FFn'), 'latin1')), garbled],
    stream: [streamed(...begun, Buffer.from(data(chunk({ content: '\u00FF' })), 'latin1'), data(events.at(-1))), 'other answer'],
  },
  'cuts its gzip short': {
    whole: [whole(gzipSync(json).subarray(0, -12), zipped), broken()],
    stream: [{ headers: { ...SSE_TYPE, ...zipped }, chunks: [gzipSync(sse).subarray(0, -12)] }, truncated],
  },
  'calls plain text gzip': { whole: [whole(json, zipped), broken()], stream: [{ headers: { ...SSE_TYPE, ...zipped }, chunks: [sse] }, truncated] },

  // Answers that are none
  'answers with an empty body': { whole: [whole(''), garbled], stream: [{ headers: SSE_TYPE, body: '' }, truncated] },
  'answers 200 with a web page': both({ headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>Sign in</title>' }, garbled),
  'answers 502 with a web page': both({ status: 502, headers: { 'content-type': 'text/html' }, body: '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>' }, 'InternalServerError -'),
  'answers 204': { whole: [{ status: 204, headers: { 'content-length': null, 'content-type': null } }, garbled], stream: [{ status: 204, headers: { 'content-length': null, 'content-type': null } }, truncated] },
  'redirects to itself': both({ status: 307, headers: { location: '/v1/chat/completions' }, body: '' }, 'APIError -'),
  'refuses, and wants a year of patience': both({ status: 429, headers: { 'retry-after': '31536000' }, json: envelope('slow down') }, 'RateLimitError -'),
  'answers 200 with an error': { whole: [{ json: envelope('model is gone', { code: 404 }) }, 'other answer'], stream: [{ json: envelope('model is gone', { code: 404 }) }, 'NotFoundError 404'] },
  'puts an error into its stream': { stream: [streamed(...begun, data(envelope('out of memory', { code: 500 }))), 'InternalServerError 500'] },
  'ends its stream before the answer is whole': { stream: [streamed(...begun), truncated] },
  'ends its stream with [DONE] alone': { stream: [streamed(...begun, data('[DONE]')), 'other answer'] },
  'sends garbage as an event': { stream: [streamed(...begun, data('{"id":,}'), data(events.at(-1)), data('[DONE]')), truncated] },
  'streams where no stream was asked for': { whole: [streamed(sse), garbled] },
  'answers whole where a stream was asked for': { stream: [whole(json), garbled] },
}

/** A generator for each reply, since one can be drawn once only. */
function lazily(make) {
  return { [Symbol.iterator]: () => make()[Symbol.iterator]() }
}

function repeatedly(piece) {
  return { keepSending: piece }
}

function endless(first, piece, times = ENDLESS) {
  return lazily(function* () {
    if (first) yield first
    yield* repeated(piece, times)
    yield 'hang'
  })
}

/** The step of a fault, made afresh: lists that repeat a piece for ever are drawn from the start. */
export function stepOf([step]) {
  const list = step.chunks ?? step.raw
  if (!Array.isArray(list) || !list.some((piece) => piece.keepSending)) return step
  const drawn = lazily(function* () {
    for (const piece of list) {
      if (piece.keepSending) yield* repeated(piece.keepSending, Infinity, 20)
      else yield piece
    }
  })
  return { ...step, chunks: drawn }
}
