'use strict'
// One WebSocket of the engine: messages in and out, with the methods and events of the `ws` package that clients use.
// Its listeners run outside the border's callback, one message after the other, and none while it is paused.

const { EventEmitter } = require('node:events')

const border = require('../border.js')
const { unwatch, watch } = require('../abort.js')
const { Facts } = require('../answer.js')
const { APIConnectionError, APIUserAbortError, RealtimeError, errorFrom } = require('../errors.js')

const CONNECTING = 0
const OPEN = 1
const CLOSING = 2
const CLOSED = 3

/** The connection was cut, or never there (RFC 6455 §7.4.1). */
const CUT = 1006

/** What `ws` lets a client say, and what the protocol has room for. */
const isCode = (code) => code === 1000 || (Number.isInteger(code) && code >= 3000 && code <= 4999)
const LONGEST_REASON = 123

/** So many bytes may wait to be sent before the sender is told to wait, as the engine has it too. */
const MUCH = 1 << 20

class RealtimeSocket extends EventEmitter {
  binaryType = 'nodebuffer'
  extensions = ''
  /** Of the answer that opened it; undefined until then. */
  facts
  #id
  #signal
  #state = CONNECTING
  #paused = false
  /** Functions that hand over what has come, in its order. */
  #queue = []
  #handing = false
  #more = false
  #listeners = new Map()

  /** `body` and `extras` are the texts that the engine takes. */
  constructor(handle, body, extras, signal) {
    super()
    this.#signal = signal
    if (signal?.aborted) {
      this.#state = CLOSING
      return void this.#fail(new APIUserAbortError())
    }
    this.#id = border.connect(this, handle, body, extras)
    if (signal) watch(signal, this)
  }

  get readyState() {
    return this.#state
  }

  get url() {
    return this.facts?.response().url.replace(/^http/, 'ws')
  }

  get protocol() {
    return this.facts?.response().headers['sec-websocket-protocol'] ?? ''
  }

  /** How many bytes wait to be sent. */
  get bufferedAmount() {
    return this.#isOver ? 0 : border.unsent(this.#id)
  }

  get isPaused() {
    return this.#paused
  }

  get #isOver() {
    return this.#state === CLOSED || this.#id === undefined
  }

  /** Sends a text or bytes; false when so much waits that it is better to wait for 'drain'. What is said before 'open' is sent then. */
  send(data, options, done) {
    const callback = typeof options === 'function' ? options : done
    if (this.#state > OPEN) throw closed(this.#state)
    const message = typeof data === 'string' ? data : bytesOf(data)
    const room = border.say(this.#id, message)
    if (room === null) throw new RealtimeError('The message was not sent: too much waits to be sent already.', { code: 'send_queue_full' })
    if (callback) process.nextTick(callback)
    return room
  }

  close(code = 1000, reason = '') {
    const text = typeof reason === 'string' ? reason : Buffer.from(reason).toString()
    if (!isCode(code)) throw new RealtimeError('code: expected 1000, or a number from 3000 to 4999', { code: 'invalid_close_code' })
    if (Buffer.byteLength(text) > LONGEST_REASON) throw new RealtimeError(`reason: expected at most ${LONGEST_REASON} bytes`, { code: 'invalid_close_reason' })
    if (this.#state > OPEN) return
    if (this.#state === CONNECTING) return this.terminate()
    this.#state = CLOSING
    border.part(this.#id, code, text)
  }

  /** Closes the connection now, without a goodbye. */
  terminate() {
    if (this.#state === CLOSED) return
    this.#leave()
    this.#queue = []
    this.#hand(() => this.#close(CUT, '', undefined))
  }

  /** No messages are handed out, and the host is not listened to once some wait. */
  pause() {
    this.#paused = true
  }

  resume() {
    this.#paused = false
    this.#begin()
  }

  addEventListener(type, listener, options) {
    const call = typeof listener === 'function' ? listener : (event) => listener.handleEvent(event)
    const wrapped = (...given) => call(eventOf(type, given, this))
    this.#listeners.set(listener, [...(this.#listeners.get(listener) ?? []), { type, wrapped }])
    if (options?.once) this.once(type, wrapped)
    else this.on(type, wrapped)
  }

  removeEventListener(type, listener) {
    const known = this.#listeners.get(listener) ?? []
    for (const entry of known) if (entry.type === type) this.off(type, entry.wrapped)
    this.#listeners.set(listener, known.filter((entry) => entry.type !== type))
  }

  /** An outcome has come over the border. */
  settle(kind, content, factsText) {
    if (kind === border.SESSION) {
      this.facts = new Facts(factsText)
      this.#hand(() => this.#open())
    } else if (kind === border.MORE) {
      this.#more = true
      this.#begin()
    } else if (kind === border.DRAINED) {
      this.#hand(() => this.#drained())
    } else {
      this.#ended(kind, content, factsText)
    }
  }

  /** The caller's signal has aborted. */
  abort() {
    if (this.#state === CLOSED) return
    this.#leave()
    this.#queue = []
    this.#fail(new APIUserAbortError())
  }

  /** It may have ended by the time that this is told. */
  #open() {
    if (this.#id !== undefined) {
      this.#state = OPEN
      this.#more = true
    }
    this.emit('open')
  }

  /** More may have been said since it was told. */
  #drained() {
    if (!this.#isOver && border.unsent(this.#id) <= MUCH) this.emit('drain')
  }

  #ended(kind, content, factsText) {
    if (factsText != null) this.facts?.ended(factsText)
    border.forget(this.#id)
    this.#over()
    if (kind === border.ERROR) return this.#fail(errorFrom(content, this.facts?.response()))
    const { code, reason } = JSON.parse(content)
    this.#hand(() => this.#close(code, reason, undefined))
  }

  #fail(error) {
    this.#hand(() => this.#close(CUT, '', error))
  }

  /** The last that is heard of it: the error, where there is one, and the end. */
  #close(code, reason, error) {
    this.#state = CLOSED
    if (error) this.emit('fault', error)
    if (error && this.listenerCount('error') > 0) this.emit('error', error)
    this.emit('close', code, Buffer.from(reason))
  }

  /** Nothing more comes, and nobody waits for it: the connection closes. */
  #leave() {
    if (this.#id === undefined) return
    border.cancel(this.#id)
    border.forget(this.#id)
    this.#over()
  }

  #over() {
    this.#id = undefined
    this.#more = false
    if (this.#state !== CLOSED) this.#state = CLOSING
    if (this.#signal) unwatch(this.#signal, this)
    border.release()
  }

  #hand(work) {
    this.#queue.push(work)
    this.#begin()
  }

  #begin() {
    if (this.#handing) return
    this.#handing = true
    process.nextTick(() => this.#work())
  }

  /** Hands over what is there. A listener that throws keeps nothing from the others. */
  #work() {
    let more = false
    try {
      more = this.#step()
    } catch (error) {
      more = true
      throw error
    } finally {
      this.#handing = more
      if (more) setImmediate(() => this.#work())
    }
  }

  /** True when there may be more to hand over in another turn. */
  #step() {
    while (this.#queue.length > 0) {
      if (this.#paused && this.#queue[0].message) return false
      this.#queue.shift()()
    }
    if (this.#paused || !this.#more) return false
    const messages = border.listen(this.#id)
    if (messages === undefined) {
      this.#more = false
      return false
    }
    for (const message of messages) this.#queue.push(Object.assign(() => this.#heard(message), { message: true }))
    return true
  }

  #heard(message) {
    const isBinary = typeof message !== 'string'
    this.emit('heard', message, isBinary)
    if (this.listenerCount('message') > 0) this.emit('message', Buffer.from(message), isBinary)
  }
}

for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
  Object.defineProperty(RealtimeSocket, name, { value, enumerable: true })
  Object.defineProperty(RealtimeSocket.prototype, name, { value, enumerable: true })
}

function closed(state) {
  return new RealtimeError(`The message was not sent: the session is ${state === CLOSING ? 'closing' : 'closed'}.`, { code: 'session_closed' })
}

function bytesOf(data) {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  throw new RealtimeError('The message was not sent: expected a text or bytes.', { code: 'invalid_message' })
}

/** What a listener of `addEventListener` gets. */
function eventOf(type, [first, second], target) {
  if (type === 'message') return { type, data: second ? first : first.toString(), target }
  if (type === 'close') return { type, code: first, reason: first === CUT ? '' : second.toString(), wasClean: first !== CUT, target }
  if (type === 'error') return { type, error: first, message: first.message, target }
  return { type, target }
}

/** What an error of the connection is to who listens to a session. */
function faultOf(error) {
  const { message, status, headers, code, type, param, requestID, gateway } = error
  const fault = new RealtimeError(message, { status, headers, code: code ?? (error instanceof APIConnectionError ? error.cause?.code : undefined), type, param, requestID, gateway, cause: error })
  fault.error = error.error?.error ?? error.error
  return fault
}

module.exports = { RealtimeSocket, faultOf }
