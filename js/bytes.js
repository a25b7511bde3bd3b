'use strict'
// Answers in bytes: a `Response` of the platform's own, whose body is read from the engine as its reader asks for it.
// Cancelling it, an abort and garbage collection all close the connection.

const border = require('./border.js')
const { watch, unwatch } = require('./abort.js')
const { deferred } = require('./deferred.js')
const { APIUserAbortError, errorFrom } = require('./errors.js')

/** The bytes of one open answer, by the engine's id. Holds no `Response`, so that an unread one can be collected. */
class ByteSource {
  facts
  #id
  #signal
  #upload
  #waiting
  #error
  #ended = false

  constructor(id, signal, facts, upload) {
    this.#id = id
    this.#signal = signal
    this.#upload = upload
    this.facts = facts
    if (signal) watch(signal, this)
  }

  /** The next piece; undefined at the end. */
  next() {
    const piece = this.#ended ? undefined : border.pullBytes(this.#id)
    if (piece) return Promise.resolve(piece)
    if (this.#error) return Promise.reject(this.#error())
    if (this.#ended) return Promise.resolve()
    border.hold()
    this.#waiting = deferred()
    return this.#waiting.promise
  }

  settle(kind, content, factsText) {
    if (kind !== border.MORE) {
      if (factsText != null) this.facts.ended(factsText)
      this.#end(kind === border.ERROR ? () => errorFrom(content, this.facts.response()) : undefined)
      border.forget(this.#id)
    }
    this.#serve()
  }

  #serve() {
    const waiting = this.#waiting
    if (!waiting) return
    border.release()
    this.#waiting = undefined
    this.next().then(waiting.resolve, waiting.reject)
  }

  #end(error) {
    this.#ended = true
    this.#error = error
    this.#upload?.stop()
    if (this.#signal) unwatch(this.#signal, this)
  }

  /** Closes the connection; readers see the end. */
  cancel() {
    this.#stop()
  }

  /** The caller's signal has aborted: the connection closes and readers get the error. */
  abort() {
    this.#stop(() => new APIUserAbortError())
  }

  #stop(error) {
    if (this.#ended) return
    border.cancel(this.#id)
    this.#end(error)
    this.#serve()
  }
}

/** By then another call may have an id that it had: only the source knows whether it is still open. */
const unread = new FinalizationRegistry((source) => source.cancel())

/** The bytes as a stream that reads no further than it is read. */
function streamOf(source) {
  const stream = new ReadableStream(
    {
      type: 'bytes',
      async pull(controller) {
        const piece = await source.next()
        if (piece) return controller.enqueue(piece)
        controller.close()
        // Whoever waits with a buffer of its own is told that nothing comes.
        controller.byobRequest?.respond(0)
      },
      cancel: () => source.cancel(),
    },
    { highWaterMark: 0 },
  )
  unread.register(stream, source)
  return stream
}

/** What `fetch` would give: `arrayBuffer()`, `blob()`, `bytes()`, `text()`, `json()`, `body`. */
function responseOf(source) {
  const { status, url, headers } = source.facts.response()
  // These have no body by definition.
  const isEmpty = [204, 205, 304].includes(status)
  if (isEmpty) source.cancel()
  const response = new Response(isEmpty ? null : streamOf(source), { status, headers })
  Object.defineProperty(response, 'url', { value: url, configurable: true })
  if (!response.bytes) {
    Object.defineProperty(response, 'bytes', { value: async () => new Uint8Array(await response.arrayBuffer()), configurable: true })
  }
  return response
}

module.exports = { ByteSource, responseOf, streamOf }
