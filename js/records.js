'use strict'
// Functions that records meet, by the number that the engine knows them under: those who listen to them (`onRecord`) or make spans of them (`otel.tracer`), and
// those who redact what they capture (`captureContent.redact`).

/** number → the listener, and how many clients have it. */
const listeners = new Map()
let lastNumber = 0

const gone = new FinalizationRegistry((number) => {
  const entry = listeners.get(number)
  if (--entry.clients === 0) listeners.delete(number)
})

/** The number of a listener that has none yet. */
function numberOf(listener) {
  listeners.set(++lastNumber, { listener, clients: 0 })
  return lastNumber
}

/** Whether a number is that of a listener: a client made from another brings it along. */
const isListener = (number) => listeners.has(number)

/** The listener of a number; undefined where it is none's. */
const listenerOf = (number) => listeners.get(number)?.listener

/** A client has the listener of this number. */
function heldBy(client, number) {
  listeners.get(number).clients++
  gone.register(client, number)
}

/** Hands a record over. What its listener throws is nobody's to catch, as with any event. */
function record(number, text) {
  const entry = listeners.get(number)
  if (!entry) return
  try {
    entry.listener(JSON.parse(text))
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

let warned = false

/** One warning for a process: what a function got, threw or gave is content, and not to be shown. */
function warnOfRedaction(what) {
  if (warned) return
  warned = true
  process.emitWarning(`captureContent.redact ${what}: the records hold no content`, { type: 'PortkeyWarning', code: 'PORTKEY_REDACT' })
}

/** What a function leaves of captured content, as JSON; null where that is not to be kept. */
function redact(number, text) {
  const entry = listeners.get(number)
  if (!entry) return null
  try {
    const left = entry.listener(JSON.parse(text))
    if (left == null) return null
    if (typeof left.then === 'function') {
      // Nobody waits for it.
      left.then(undefined, () => {})
      warnOfRedaction('gave a promise')
      return null
    }
    return JSON.stringify({ request: left.request, answer: left.answer })
  } catch {
    warnOfRedaction('threw an error')
    return null
  }
}

module.exports = { heldBy, isListener, listenerOf, numberOf, record, redact }
