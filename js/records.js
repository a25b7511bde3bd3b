'use strict'
// Those who listen to records (`onRecord`) or make spans of them (`otel.tracer`), by the number that the engine knows them under.

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

module.exports = { heldBy, isListener, listenerOf, numberOf, record }
