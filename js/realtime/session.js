'use strict'
// Realtime sessions as the official package has them: events by name, `send`, `close`. What is not heard of here is the
// socket's to do.

const { ConfigError, RealtimeError } = require('../errors.js')
const { callOptions, checked, isObject, jsonText, kindOf } = require('../options.js')
const { handleOf, optionOf } = require('../portkey.js')
const { RealtimeSocket, faultOf } = require('./socket.js')

const HINT = "\n\nBind an 'error' listener to handle this: session.on('error', (error) => …)"

/** Options of `ws` that may say what is so anyway. */
const NEVER = ['perMessageDeflate', 'followRedirects']
const OPTIONS = ['headers', 'query', 'signal', 'timeout', 'handshakeTimeout', 'maxPayload', 'maxRetries']

/** Listeners by the event's name. */
class Emitter {
  #listeners = new Map()

  on(event, listener) {
    return this.#add(event, { listener, once: false })
  }

  once(event, listener) {
    return this.#add(event, { listener, once: true })
  }

  off(event, listener) {
    const known = this.#listeners.get(event) ?? []
    const at = known.findIndex((entry) => entry.listener === listener)
    if (at >= 0) this.#listeners.set(event, known.toSpliced(at, 1))
    return this
  }

  #add(event, entry) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), entry])
    return this
  }

  _hasListener(event) {
    return (this.#listeners.get(event)?.length ?? 0) > 0
  }

  _emit(event, ...given) {
    const known = this.#listeners.get(event)
    if (!known) return
    this.#listeners.set(event, known.filter(({ once }) => !once))
    for (const { listener } of known) listener(...given)
  }
}

class PortkeyAIRealtimeWS extends Emitter {
  #socket
  #base
  /** Events that nobody has iterated over yet; undefined while nobody iterates. */
  #events
  #readers = []
  #end
  /** What 'close' tells. */
  #goodbye

  /** `props`: `{ model, options, params }`. The session opens at once; 'open' tells. */
  constructor(props, client) {
    super()
    const { body, extras, signal } = input(props)
    const handle = handleIn(client)
    this.#base = optionOf(client, 'baseURL')
    const socket = new RealtimeSocket(handle, body, extras, signal)
    this.#socket = socket
    socket.on('open', () => this._emit('open'))
    socket.on('heard', (message, isBinary) => this.#heard(message, isBinary))
    socket.on('drain', () => this._emit('drain'))
    socket.on('fault', (error) => this.#fail(faultOf(error)))
    socket.on('close', (code, reason) => this.#closed(code, reason.toString()))
  }

  /** Resolves with the session once it is open. */
  static async create(client, props) {
    const session = new this(props, client)
    try {
      await session.emitted('open')
    } catch (error) {
      throw error.cause ?? error
    }
    return session
  }

  /** The connection below, with what the `ws` package's has. */
  get socket() {
    return this.#socket
  }

  /** Where the session is, without its query. Behind a config it is known from 'open' on. */
  get url() {
    const url = this.#socket.url ?? (typeof this.#base === 'string' ? `${this.#base.replace(/^http/, 'ws').replace(/\/$/, '')}/realtime` : undefined)
    return url === undefined ? undefined : new URL(url)
  }

  /** Sends an event; false when so much waits to be sent that it is better to wait for 'drain'. */
  send(event) {
    try {
      return this.#socket.send(JSON.stringify(event))
    } catch (error) {
      this.#fail(failed('could not send data', error))
      return false
    }
  }

  /** Ends the session once what was sent has gone out. */
  close(props) {
    try {
      this.#socket.close(props?.code ?? 1000, props?.reason ?? 'OK')
    } catch (error) {
      this.#fail(failed('could not close the connection', error))
    }
  }

  /** Resolves with the next event of this name; rejects when an error comes first, or the end. Of one that has ended, 'close' is known. */
  emitted(event) {
    const over = ({ code }) => new RealtimeError(`The session was closed (${code}) before '${event}'.`, { code: 'session_closed' })
    if (this.#goodbye) return event === 'close' ? Promise.resolve(this.#goodbye) : Promise.reject(over(this.#goodbye))
    return new Promise((resolve, reject) => {
      const done = (settle) => (given) => {
        this.off(event, onEvent).off('error', onError).off('close', onClose)
        settle(given)
      }
      const onEvent = done(resolve)
      const onError = done(reject)
      const onClose = done((goodbye) => reject(over(goodbye)))
      this.on(event, onEvent)
      if (event !== 'error') this.on('error', onError)
      if (event !== 'close') this.on('close', onClose)
    })
  }

  /** The `x-portkey-*` facts of the answer that opened it. */
  getHeaders() {
    return this.#socket.facts?.portkeyHeaders() ?? {}
  }

  getGateway() {
    return this.#socket.facts?.gateway()
  }

  /** The host's events, which are then read no faster than they are asked for. Ends with the session; throws when it is cut off. */
  [Symbol.asyncIterator]() {
    if (this.#events) throw new Error('A session can be iterated over only once.')
    this.#events = []
    if (!this.#end) this.#socket.pause()
    return {
      session: this,
      next: () => this.#next(),
      return: (value) => {
        this.#leave()
        return Promise.resolve({ value, done: true })
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  #next() {
    if (this.#events.length > 0) return Promise.resolve({ value: this.#events.shift(), done: false })
    if (this.#end) {
      const { error } = this.#end
      this.#end = {}
      return error ? Promise.reject(error) : Promise.resolve({ value: undefined, done: true })
    }
    return new Promise((resolve) => {
      this.#readers.push(resolve)
      this.#socket.resume()
    })
  }

  /** Hands what is there to those who wait; listens on only while someone does. */
  #serve() {
    if (!this.#events) return
    while (this.#readers.length > 0 && (this.#events.length > 0 || this.#end)) this.#readers.shift()(this.#next())
    if (this.#readers.length === 0) this.#socket.pause()
  }

  #leave() {
    if (this.#end) return
    this.close()
    this.#end = {}
    this.#events = []
    this.#serve()
    this.#socket.resume()
  }

  #heard(message, isBinary) {
    if (isBinary) return this._emit('binary', Buffer.from(message.buffer, message.byteOffset, message.byteLength))
    let event
    try {
      event = JSON.parse(message)
    } catch {
      return this.#fail(new RealtimeError('could not parse websocket event', { code: 'garbled_event' }))
    }
    if (!isObject(event)) return this.#fail(new RealtimeError('could not parse websocket event', { code: 'garbled_event' }))
    if (this.#events && !this.#end) this.#events.push(event)
    try {
      this._emit('event', event)
      if (event.type === 'error') this.#fail(reported(event), true)
      else if (!OURS.has(event.type)) this._emit(event.type, event)
    } finally {
      this.#serve()
    }
  }

  /** Tells an error; one that nobody listens for is an unhandled rejection. */
  #fail(error, isEvent = false) {
    if (this.#events && !isEvent && !this.#end) {
      this.#end = { error: error.cause ?? error }
      this.#socket.terminate()
    }
    if (this._hasListener('error')) return this._emit('error', error)
    // Who iterates sees what the host reports as an event, and is thrown the rest.
    if (this.#events) return
    error.message += HINT
    Promise.reject(error)
  }

  #closed(code, reason) {
    this.#end ??= {}
    this.#goodbye = { code, reason, wasClean: code !== 1006 }
    try {
      this._emit('close', this.#goodbye)
    } finally {
      this.#serve()
    }
  }
}

/** Names of our own events: no event of a host passes for one. */
const OURS = new Set(['open', 'close', 'event', 'error', 'drain', 'binary'])

/** The variant of the official package for browsers. Here both are the same. */
class PortkeyRealtimeWebSocket extends PortkeyAIRealtimeWS {}

/** What the host reports in an `error` event. */
function reported(event) {
  const { message, code, param, type } = isObject(event.error) ? event.error : {}
  const facts = { error: event.error, event_id: event.event_id, code: code ?? undefined, param: param ?? undefined, type: type ?? undefined }
  const told = `${message} code=${code} param=${param} type=${type} event_id=${isObject(event.error) ? event.error.event_id : undefined}`
  return new RealtimeError(isObject(event.error) ? told : 'unknown error', facts)
}

function failed(what, cause) {
  const isOwn = cause instanceof RealtimeError
  return new RealtimeError(isOwn ? `${what}: ${cause.message}` : what, { code: cause.code, cause })
}

function handleIn(client) {
  try {
    return handleOf(client)
  } catch {
    throw new ConfigError(`client: expected a client of this package, new Portkey(…), got ${kindOf(client)}`)
  }
}

/** What the caller hands in, as the engine takes it. */
function input(props) {
  const { model, options, params, ...others } = isObject(props) ? props : {}
  const [unknown] = Object.keys(others)
  if (!isObject(props)) throw new ConfigError(`expected { model }, got ${kindOf(props)}`)
  if (unknown) throw new ConfigError(`${unknown}: is nothing that a session knows; expected model, options or params`)
  if (model != null && typeof model !== 'string') throw new ConfigError(`model: expected a string, got ${kindOf(model)}`)
  const { maxPayload, ...opts } = socketOptions(options ?? {})
  const extras = callOptions(opts) ?? {}
  if (params != null) extras.params = checked(params, 'params')
  if (maxPayload != null) extras.params = { ...extras.params, maxAnswerBytes: maxPayload }
  return { body: JSON.stringify({ model: model ?? undefined }), extras: jsonText(extras, 'params'), signal: opts.signal }
}

/** The options of `ws` that mean something here, as a call's own. */
function socketOptions(options) {
  if (!isObject(options)) throw new ConfigError(`options: expected an object, got ${kindOf(options)}`)
  const { handshakeTimeout, ...rest } = options
  for (const name in rest) {
    if (NEVER.includes(name) && rest[name] === false) delete rest[name]
    else if (!OPTIONS.includes(name)) throw new ConfigError(`options.${name}: is no option of a session; expected one of ${OPTIONS.join(', ')}. TLS and proxies are options of the client.`)
  }
  return handshakeTimeout == null ? rest : { timeout: handshakeTimeout, ...rest }
}

module.exports = { PortkeyAIRealtimeWS, PortkeyRealtimeWebSocket }
