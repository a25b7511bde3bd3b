'use strict'
// Streams: an iterator over batches of events. The reader takes whatever is there at once; when nothing is, it waits
// to be told. Leaving the loop, `return()`, an abort and garbage collection all close the connection.

const border = require('./border.js')
const { watch, unwatch } = require('./abort.js')
const { deferred } = require('./deferred.js')
const { APIUserAbortError, errorFrom } = require('./errors.js')
const { Examples, keep } = require('./shapes.js')

/** The events of one open stream, by the engine's id. Holds no `Stream`, so that an unread one can be collected. */
class EventSource {
  facts
  #id
  #signal
  #upload
  #events = []
  #at = 0
  #waiting = []
  /** The chunk that others are made after; nobody else has it. */
  #mould
  #error
  #ended = false

  constructor(id, signal, facts, upload) {
    this.#id = id
    this.#signal = signal
    this.#upload = upload
    this.facts = facts
  }

  watch() {
    watch(this.#signal, this)
  }

  /** Adds a batch: the text of a JSON array, of whose elements src/stream.rs tells. */
  add(text) {
    if (text == null) return
    const events = JSON.parse(text)
    if (this.#at >= this.#events.length) {
      this.#events = events
      this.#at = 0
    } else {
      this.#events = this.#events.slice(this.#at).concat(events)
      this.#at = 0
    }
  }

  next() {
    if (this.#at < this.#events.length) return Promise.resolve({ value: this.#take(), done: false })
    if (!this.#ended) {
      this.add(border.pull(this.#id))
      if (this.#at < this.#events.length) return Promise.resolve({ value: this.#take(), done: false })
      border.hold()
      const waiting = deferred()
      this.#waiting.push(waiting)
      return waiting.promise
    }
    if (this.#error === undefined) return Promise.resolve({ value: undefined, done: true })
    const error = this.#error
    this.#error = undefined
    return raise(error)
  }

  /** The next event of those that are there. */
  #take() {
    const event = this.#events[this.#at++]
    if (typeof event === 'string') return madeAfter(this.#mould, event)
    if (!Array.isArray(event)) return event
    const [first, second] = event
    if (first === 1) return second
    if (first !== 0) return madeAfter(this.#mould, first, second)
    this.#mould = second
    if (moulds.wants()) moulds.keep(JSON.stringify(second), (mould) => [mould, madeAfter(mould, '')])
    return madeAfter(second, second.choices[0].delta.content)
  }

  settle(kind, content, factsText) {
    if (kind === border.CHUNKS) {
      this.add(content)
    } else {
      if (factsText != null) this.facts.ended(factsText)
      this.#end(kind === border.ERROR ? () => errorFrom(content, this.facts.response()) : undefined)
    }
    this.#serve()
  }

  /** Hands what is there to those who wait. */
  #serve() {
    while (this.#waiting.length > 0) {
      if (this.#at >= this.#events.length && !this.#ended) {
        this.add(border.pull(this.#id))
        if (this.#at >= this.#events.length) return
      }
      border.release()
      const { resolve } = this.#waiting.shift()
      if (this.#at < this.#events.length) resolve({ value: this.#take(), done: false })
      else resolve(this.next())
    }
  }

  #end(error) {
    this.#ended = true
    this.#error = error
    this.#upload?.stop()
    if (this.#signal) unwatch(this.#signal, this)
    border.forget(this.#id)
  }

  /** Closes the connection; readers see the end. */
  cancel() {
    this.#stop(undefined)
  }

  /** The caller's signal has aborted: the connection closes and readers get the error. */
  abort() {
    this.#stop(() => new APIUserAbortError())
  }

  #stop(error) {
    this.#events = []
    if (this.#ended) return
    border.cancel(this.#id)
    this.#upload?.stop()
    this.#ended = true
    this.#error = error
    if (this.#signal) unwatch(this.#signal, this)
    this.#serve()
  }
}

/** A chunk of its own that is like `mould` but for its text, and for what it is padded with. */
function madeAfter(mould, content, padding) {
  const [choice] = mould.choices
  const chunk = { ...mould, choices: [{ ...choice, delta: { ...choice.delta, content } }] }
  if (padding !== undefined) chunk.obfuscation = padding
  return chunk
}

/** Made inside an async function, an error has its reader's stack. */
async function raise(error) {
  await undefined
  throw error()
}

/** Two readers of one stream, each at its own pace. */
function split(source) {
  const queues = [[], []]
  const left = new Set([0, 1])
  return queues.map((queue, own) => ({
    get facts() {
      return source.facts
    },
    next() {
      if (queue.length === 0) {
        const result = source.next()
        for (const reader of left) queues[reader].push(result)
      }
      return queue.shift() ?? Promise.resolve({ value: undefined, done: true })
    },
    cancel() {
      left.delete(own)
      if (left.size === 0) source.cancel()
    },
  }))
}

const moulds = new Examples()

/** By then another call may have an id that it had: only the source knows whether it is still open. */
const unread = new FinalizationRegistry((source) => source.cancel())

class StreamIterator {
  #source

  constructor(stream, source) {
    /** Kept from being collected while it is read. */
    this.stream = stream
    this.#source = source
  }

  next() {
    return this.#source.next()
  }

  return(value) {
    this.#source.cancel()
    return Promise.resolve({ value, done: true })
  }

  throw(error) {
    this.#source.cancel()
    return Promise.reject(error)
  }

  [Symbol.asyncIterator]() {
    return this
  }
}

class Stream {
  #source
  #controller
  #iterated = false

  constructor(source) {
    this.#source = source
    if (source instanceof EventSource) unread.register(this, source)
  }

  /** Aborting it closes the connection and ends the iteration. */
  get controller() {
    if (!this.#controller) {
      this.#controller = new AbortController()
      this.#controller.signal.addEventListener('abort', () => this.#source.cancel(), { once: true })
    }
    return this.#controller
  }

  [Symbol.asyncIterator]() {
    if (this.#iterated) throw new Error('A stream can be read only once; use tee() to read it twice.')
    this.#iterated = true
    return new StreamIterator(this, this.#source)
  }

  tee() {
    const source = this.#source
    const iterator = this[Symbol.asyncIterator]()
    const kept = { get facts() { return source.facts }, next: () => iterator.next(), cancel: () => iterator.return() }
    return split(kept).map((source) => new Stream(source))
  }

  /** The events as lines of JSON, in UTF-8. */
  toReadableStream() {
    return bytesOf(this, (event) => `${JSON.stringify(event)}\n`, '')
  }

  getHeaders() {
    return this.#source.facts.portkeyHeaders()
  }

  getGateway() {
    return this.#source.facts.gateway()
  }
}

/** A stream as UTF-8, each event put into words by `tell`, with `last` behind them. */
function bytesOf(stream, tell, last) {
  const iterator = stream[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await iterator.next()
      if (!done) return controller.enqueue(encoder.encode(tell(value)))
      if (last) controller.enqueue(encoder.encode(last))
      controller.close()
    },
    cancel: () => iterator.return(),
  })
}

/** A stream as the server-sent events that it came as. Events that have a name say it as their type, and end by themselves. */
function eventStreamOf(stream, isNamed) {
  return bytesOf(stream, (event) => sentForm(event, isNamed), isNamed ? '' : 'data: [DONE]\n\n')
}

/** An event as a host sends it. Those of a thread have their name beside what they hold, all others in it. */
function sentForm(event, isNamed) {
  const isOfThread = typeof event?.event === 'string' && event.event.startsWith('thread.')
  const name = isOfThread ? event.event : isNamed ? event.type : undefined
  const data = `data: ${JSON.stringify(isOfThread ? event.data : event)}\n\n`
  return name ? `event: ${name}\n${data}` : data
}

keep(new Stream(keep(new EventSource()))[Symbol.asyncIterator]())

module.exports = { EventSource, Stream, bytesOf, eventStreamOf, sentForm }
