'use strict'
// A streamed response with events: each of the host's under its own name, texts with what they come to so far, and the
// whole at the end.

const { APIUserAbortError, StreamTruncatedError } = require('../errors.js')
const { isObject } = require('../options.js')
const { bytesOf } = require('../stream.js')
const { EventStream, emit, run } = require('./event-stream.js')
const { valuesOf } = require('./json-lines.js')
const { Readers } = require('./readers.js')
const { ResponseSnapshot, readResponse } = require('./response.js')
const { Shape } = require('./schema.js')

let beginResponseStream

class ResponseStream extends EventStream {
  #shape = new Shape()
  #snapshot = new ResponseSnapshot()
  #readers = new Readers(this)
  #source
  #final

  /** The response as far as it has come. */
  get currentResponseSnapshot() {
    return this.#final ? undefined : this.#snapshot.value
  }

  /** The events of a stream that another process has sent on through `toReadableStream()`. */
  static fromReadableStream(readable) {
    const stream = new this()
    run(stream, async (listening) => {
      await listening
      emit(stream, 'connect')
      await stream.#follow(valuesOf(readable, stream.controller.signal))
    })
    return stream
  }

  /** The events. A reader that falls behind holds the host back, unless someone waits for the end. Leaving the loop aborts. */
  [Symbol.asyncIterator]() {
    return this.#readers.open('event')
  }

  /** The events as lines of JSON, for `fromReadableStream`. */
  toReadableStream() {
    return bytesOf(this, (event) => `${JSON.stringify(event)}\n`, '')
  }

  done() {
    this.#readers.endIsAwaited()
    return super.done()
  }

  async finalResponse() {
    await this.done()
    return this.#final
  }

  /** The `x-portkey-*` facts of the answer, without their prefix; undefined before there is one. */
  getHeaders() {
    return this.#source?.getHeaders()
  }

  /** What happened to the call; undefined before it was answered. */
  getGateway() {
    return this.#source?.getGateway()
  }

  async #follow(events, after) {
    for await (const event of events) {
      this.#add(event, after)
      if (this.#readers.areBehind) await this.#readers.wait()
    }
    if (this.controller.signal.aborted) throw new APIUserAbortError()
    const { value } = this.#snapshot
    if (!value) throw truncated('The stream has ended before its first event.')
    if (value.status === 'in_progress' || value.status === 'queued') throw truncated('The stream has ended before the response has.', value)
    if (this.#source) {
      for (const name of ['getHeaders', 'getGateway']) Object.defineProperty(value, name, { value: () => this[name](), configurable: true, writable: true })
    }
    this.#final = readResponse(value, this.#shape, false)
  }

  /** `after` is the number of the last event that the caller has seen already. */
  #add(event, after) {
    if (!isObject(event)) return
    const snapshot = this.#snapshot.add(event)
    if (after != null && !(event.sequence_number > after)) return
    emit(this, 'event', event)
    // The host's names hold a dot, ours hold none.
    if (event.type?.includes?.('.')) emit(this, event.type, snapshot === undefined ? event : { ...event, snapshot })
  }

  static {
    beginResponseStream = (client, body, params, opts) => {
      const stream = new ResponseStream()
      run(stream, async (listening) => {
        stream.#shape = new Shape(body)
        const [source] = await Promise.all([ask(client, body, params, { ...opts, signal: stream.controller.signal }), listening])
        stream.#source = source
        emit(stream, 'connect')
        await stream.#follow(source, body?.response_id === undefined ? undefined : body.starting_after)
      }, opts?.signal)
      return stream
    }
  }
}

/** A new response, or with `response_id` one that is under way: it is told from its beginning, of which nothing is left out here. */
function ask(client, body, params, opts) {
  if (!isObject(body)) return client.responses.create(body, params, opts)
  if (typeof body.response_id === 'string') return client.responses.retrieve(body.response_id, { stream: true }, params, opts)
  return client.responses.create({ ...body, stream: true }, params, opts)
}

function truncated(message, response) {
  const partial = { text: response?.output_text ?? '', toolCalls: [], usage: null }
  return new StreamTruncatedError(message, { code: 'stream_truncated', partial })
}

module.exports = { ResponseStream, beginResponseStream }
