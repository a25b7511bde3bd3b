'use strict'
// What a method returns: a promise of the value, with ways to the response around it.

const { PendingCall } = require('./answer.js')
const { deferred } = require('./deferred.js')
const { ConfigError } = require('./errors.js')
const { keep } = require('./shapes.js')

class APIPromise extends Promise {
  #call

  constructor(executor, call) {
    super(executor)
    this.#call = call
  }

  /** What `then` gives is a plain promise. */
  static get [Symbol.species]() {
    return Promise
  }

  /** Begins a call: `begin` gets the pending call, and what else is given; what it throws rejects the promise. */
  static begin(begin, ...given) {
    const call = new PendingCall()
    const { promise, resolve, reject } = deferred(this, call)
    call.resolve = resolve
    call.reject = reject
    try {
      begin(call, ...given)
    } catch (error) {
      call.reject(error)
    }
    return promise
  }

  /** The same call with `change` made to its value; a body that stays unread is left alone. */
  static changed(promise, change) {
    const call = promise.#call
    return new APIPromise((resolve, reject) => {
      promise.then((value) => resolve(call.unread ? value : change(value))).catch(reject)
    }, call)
  }

  async withResponse() {
    const data = await this
    return { data, response: this.#call.facts.response() }
  }

  /** Must be called before the answer is there, as in `create(…).asResponse()`. */
  asResponse() {
    if (this.#call.facts) return Promise.reject(new ConfigError('asResponse() comes too late: call it on what the method returns, before awaiting it'))
    this.#call.unread = true
    return this.then()
  }
}

keep(APIPromise.begin(keep))

module.exports = { APIPromise }
