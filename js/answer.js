'use strict'
// Answers: the provider's own object with two methods on it that nobody sees, the response around it, and the calls
// that wait for them. The only place that throws what the engine reports.

const border = require('./border.js')
const { unwatch } = require('./abort.js')
const { APIError, APIUserAbortError, errorFrom, headersOf } = require('./errors.js')
const { ByteSource, responseOf, streamOf } = require('./bytes.js')
const { Examples, keep } = require('./shapes.js')
const { EventSource, Stream, eventStreamOf } = require('./stream.js')

/** By an engine's handle: the facts of the answer that came last to its client, or an error's headers. Never what holds the answer itself. */
const latest = new WeakMap()

/** The headers of the answer that came last to the client of `handle`; none before the first. */
function latestHeaders(handle) {
  const last = latest.get(handle)
  return last instanceof Facts ? last.response().headers : (last ?? {})
}

/** The facts of an answer, parsed when someone asks. */
class Facts {
  #text
  #parsed

  constructor(text) {
    this.#text = text
  }

  get #facts() {
    return (this.#parsed ??= JSON.parse(this.#text))
  }

  /** What became known at a stream's end. */
  ended(text) {
    this.#parsed = { ...this.#facts, ...JSON.parse(text) }
  }

  /** The `x-portkey-*` facts without their prefix. */
  portkeyHeaders() {
    return { ...this.#facts.facts }
  }

  gateway(usage) {
    const { gateway } = this.#facts
    return { ...gateway, usage: gateway.usage ?? usage ?? null }
  }

  response() {
    const { status, url, headers, facts } = this.#facts
    return { status, url, headers: headersOf(headers, facts) }
  }
}

/** The text of a response, put together as the official clients do; what the provider sent stays as it is to who prints or copies it. */
function withOutputText(value) {
  if (value.object !== 'response' || !Array.isArray(value.output) || value.output_text !== undefined) return value
  const parts = value.output.flatMap((item) => (item.type === 'message' ? (item.content ?? []) : []))
  const text = parts.map((part) => (part.type === 'output_text' ? part.text : '')).join('')
  return Object.defineProperty(value, 'output_text', { value: text, configurable: true, writable: true })
}

/** Hangs `getHeaders` and `getGateway` on an answer, so that printing, copying and comparing see the answer alone. */
function attach(value, facts) {
  if (typeof value !== 'object' || value === null) return value
  return Object.defineProperties(withOutputText(value), {
    getHeaders: { value: () => facts.portkeyHeaders(), configurable: true, writable: true },
    getGateway: { value: () => facts.gateway(value.usage), configurable: true, writable: true },
  })
}

/** Puts the numbers back into an embeddings answer: each `embedding` is the count of its numbers. */
const withVectors = ([json, numbers]) => filled(JSON.parse(json), numbers)

function filled(answer, numbers) {
  let from = 0
  for (const item of answer.data) {
    const count = item.embedding
    item.embedding = listOf(numbers, from, count)
    from += count
  }
  return answer
}

/** `count` numbers from `from` on, as a plain list. Four at a time take two thirds of the time, as V8 does not do so by itself. */
function listOf(numbers, from, count) {
  const list = new Array(count)
  let at = 0
  for (; at + 3 < count; at += 4) {
    list[at] = numbers[from + at]
    list[at + 1] = numbers[from + at + 1]
    list[at + 2] = numbers[from + at + 2]
    list[at + 3] = numbers[from + at + 3]
  }
  for (; at < count; at++) list[at] = numbers[from + at]
  return list
}

/** A call that waits for its outcome. */
class PendingCall {
  /** Set by `asResponse()`: the body is wanted as it came. */
  unread = false
  /** Hands over the call's files while they are sent. */
  upload
  /** What is made of a JSON answer before it is handed out. */
  finish = attach
  /** Whether a stream's events have names. */
  namesEvents = false
  facts
  resolve
  reject
  #handle
  #id
  #signal
  #place

  /** The call's place in a trace, as the engine takes it. */
  traced(place) {
    this.#place = place
    return place?.trace
  }

  started(handle, id, signal) {
    this.#handle = handle
    this.#id = id
    this.#signal = signal
  }

  settle(kind, content, factsText) {
    border.release()
    if (kind === border.ERROR) {
      this.#end()
      this.#place?.failed?.(() => errorFrom(content))
      this.resolve(rejection(() => this.#refused(errorFrom(content))))
      return
    }
    const facts = new Facts(factsText)
    this.facts = facts
    latest.set(this.#handle, facts)
    if (kind === border.STREAM) return this.#stream(content)
    if (kind === border.BYTES) return this.#bytes()
    this.#end()
    try {
      if (this.unread) return this.resolve(unreadResponse(facts, kind, content))
      this.resolve(this.finish(parsed(kind, content), facts))
    } catch (error) {
      return this.resolve(rejection(() => garbled(error, facts)))
    }
    keepShape(kind, content)
  }

  /** An error, whose headers came last if a host sent it. */
  #refused(error) {
    if (error.status !== undefined) latest.set(this.#handle, error.headers)
    return error
  }

  #stream(content) {
    const source = new EventSource(this.#id, this.#signal, this.facts, this.upload)
    if (this.#signal) {
      unwatch(this.#signal, this)
      source.watch()
    }
    border.replace(this.#id, source)
    source.add(content)
    const stream = new Stream(source)
    this.resolve(this.unread ? { ...this.facts.response(), body: eventStreamOf(stream, this.namesEvents) } : stream)
  }

  #bytes() {
    if (this.#signal) unwatch(this.#signal, this)
    const source = new ByteSource(this.#id, this.#signal, this.facts, this.upload)
    border.replace(this.#id, source)
    this.resolve(this.unread ? { ...this.facts.response(), body: streamOf(source) } : attach(responseOf(source), this.facts))
  }

  abort() {
    this.fail(() => new APIUserAbortError())
  }

  /** The call ends with an error of this side: its connection closes. */
  fail(make) {
    border.release()
    border.cancel(this.#id)
    this.#end()
    this.resolve(rejection(make))
  }

  #end() {
    border.close(this.#id)
    this.upload?.stop()
    if (this.#signal) unwatch(this.#signal, this)
  }
}

const noFacts = keep(new Facts('{}'))
const answers = new Examples()
const vectors = new Examples()

/** Keeps the shape of some answers. */
function keepShape(kind, content) {
  if (kind === border.ANSWER && answers.wants()) answers.keep(content, (answer) => attach(answer, noFacts))
  if (kind === border.VECTORS && vectors.wants()) vectors.keep(content[0], (answer) => attach(filled(answer, []), noFacts))
}

function parsed(kind, content) {
  // No content at all is no text either.
  if (kind === border.TEXT) return content
  return kind === border.VECTORS ? withVectors(content) : JSON.parse(content)
}

/** Made inside an async function that someone awaits, an error has its caller's stack. */
async function rejection(make) {
  await undefined
  // Only after one turn does the caller's promise hang on this one, where V8 looks for who waits.
  await undefined
  throw make()
}

/** The engine has seen the two ends of the JSON; V8 has found that its middle is broken. */
function garbled(error, facts) {
  const { status, headers, url } = facts.response()
  const gateway = facts.gateway()
  const message = `The host answered ${status} with a body that is no JSON.\n${url} (${gateway.target}, provider ${gateway.provider})`
  const code = 'garbled_answer'
  Object.assign(gateway.attempts.at(-1), { code, phase: 'body' })
  return new APIError(message, { status, headers, code, gateway, requestID: headers['x-request-id'], cause: new SyntaxError(reason(error)) })
}

/** What is wrong with the JSON, without the text that V8 quotes. */
const reason = (error) => (/at position \d+/.exec(error.message)?.[0] ?? 'unexpected end of JSON')

/** Status, headers and the body as it came. */
function unreadResponse(facts, kind, content) {
  const text = kind === border.VECTORS ? JSON.stringify(withVectors(content)) : content
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text))
      controller.close()
    },
  })
  return { ...facts.response(), body }
}

module.exports = { Facts, PendingCall, attach, latestHeaders }
