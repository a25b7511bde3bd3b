'use strict'
// Something that happens over time and tells its listeners: `on`, `once`, `off`, promises of single events, and an end
// that may be a failure. What only its makers may do is in the functions beside the class.

const { watch, unwatch } = require('../abort.js')
const { deferred } = require('../deferred.js')
const { APIUserAbortError } = require('../errors.js')

let emit, run

class EventStream {
  /** Aborting it stops the work. */
  controller = new AbortController()
  /** event → [{ listener, once }] */
  #listeners = new Map()
  #ended = false
  #errored = false
  #aborted = false
  /** Whether a failure reaches someone without a listener. */
  #isAwaited = false
  #end = deferred()

  constructor() {
    // Whether nobody hears of a failure is decided when it happens.
    this.#end.promise.catch(() => {})
  }

  get ended() {
    return this.#ended
  }

  get errored() {
    return this.#errored
  }

  get aborted() {
    return this.#aborted
  }

  abort() {
    this.controller.abort()
  }

  on(event, listener) {
    return this.#add(event, { listener, once: false })
  }

  once(event, listener) {
    return this.#add(event, { listener, once: true })
  }

  /** Takes away one registration of the listener. */
  off(event, listener) {
    const entries = this.#listeners.get(event) ?? []
    const at = entries.findIndex((entry) => entry.listener === listener)
    if (at >= 0) this.#listeners.set(event, entries.toSpliced(at, 1))
    return this
  }

  /** The next such event's first value; rejects when the stream fails or ends before. */
  emitted(event) {
    this.#isAwaited = true
    return new Promise((resolve, reject) => {
      const missed = () => reject(new Error(`The stream has ended without the event ${event}.`))
      if (this.#ended) return missed()
      this.once(event, resolve)
      if (event !== 'error') this.once('error', reject)
      if (event !== 'abort') this.once('abort', reject)
      if (event !== 'end') this.once('end', missed)
    })
  }

  /** The values of each such event from now on, until the end. */
  events(event) {
    return readerOf(this, event)
  }

  /** Resolves at the end; rejects when the stream fails or is aborted. */
  async done() {
    this.#isAwaited = true
    await this.#end.promise
  }

  #add(event, entry) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), entry])
    return this
  }

  #emit(event, ...values) {
    if (this.#ended) return
    const entries = this.#listeners.get(event)
    if (!entries) return
    if (entries.some((entry) => entry.once)) this.#listeners.set(event, entries.filter((entry) => !entry.once))
    for (const { listener } of entries) listener(...values)
  }

  /** Does `work` and tells how it ended. Nothing is told in the turn in which the stream was made, when nobody listens yet. */
  async #run(work, signal) {
    const listening = new Promise((resolve) => setImmediate(resolve))
    if (signal?.aborted) this.abort()
    else if (signal) watch(signal, this)
    try {
      await work(listening)
    } catch (error) {
      await listening
      return this.#fail(error)
    } finally {
      if (signal) unwatch(signal, this)
    }
    try {
      this.#emit('end')
    } finally {
      this.#ended = true
      this.#end.resolve()
    }
  }

  #fail(error) {
    const event = error instanceof APIUserAbortError ? 'abort' : 'error'
    this.#errored = true
    this.#aborted = event === 'abort'
    // Nobody listens and nobody waits: as with any promise, that is an unhandled rejection. An abort was somebody's wish.
    if (event === 'error' && !this.#isAwaited && !this.#listeners.get(event)?.length) Promise.reject(error)
    try {
      this.#emit(event, error)
      this.#emit('end')
    } finally {
      this.#ended = true
      this.#end.reject(error)
    }
  }

  static {
    emit = (stream, ...more) => stream.#emit(...more)
    run = (stream, work, signal) => void stream.#run(work, signal)
  }
}

/**
 * Reads a stream's events one after the other, those that came too early from a queue. What ends the stream ends the
 * reading, after what is queued. `onTaken` hears of the queue getting shorter, `onLeft` of a reader that has enough.
 */
function readerOf(stream, event, { pick = (...values) => values, onTaken, onLeft } = {}) {
  const queue = new Queue()
  const waiting = []
  let over = stream.ended
  let failure
  const serve = () => {
    while (waiting.length > 0 && (queue.length > 0 || over)) waiting.shift()(next())
  }
  const end = () => {
    stop()
    serve()
  }
  const fail = (error) => (failure = error)
  const take = (...values) => {
    queue.add(pick(...values))
    serve()
  }
  const listeners = new Map([['error', fail], ['abort', fail], ['end', end], [event, take]])
  const stop = () => {
    over = true
    for (const [name, listener] of listeners) stream.off(name, listener)
  }
  const next = () => {
    if (queue.length > 0) {
      const value = queue.take()
      onTaken?.(queue.length)
      return Promise.resolve({ value, done: false })
    }
    if (failure) {
      const error = failure
      failure = undefined
      return Promise.reject(error)
    }
    if (over) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve) => waiting.push(resolve))
  }
  if (!over) for (const [name, listener] of listeners) stream.on(name, listener)
  return {
    next,
    return(value) {
      queue.clear()
      failure = undefined
      stop()
      serve()
      onLeft?.()
      return Promise.resolve({ value, done: true })
    },
    [Symbol.asyncIterator]() {
      return this
    },
    /** How much is queued. */
    get behind() {
      return queue.length
    },
  }
}

/** First in, first out, without moving what is behind. */
class Queue {
  #items = []
  #at = 0

  get length() {
    return this.#items.length - this.#at
  }

  add(item) {
    this.#items.push(item)
  }

  take() {
    const item = this.#items[this.#at]
    this.#items[this.#at++] = undefined
    if (this.#at === this.#items.length) this.clear()
    return item
  }

  clear() {
    this.#items = []
    this.#at = 0
  }
}

module.exports = { EventStream, emit, readerOf, run }
