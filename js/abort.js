'use strict'
// Abort signals: one listener per signal, however many calls share it, and none left behind.

/** signal → { calls, listener } */
const watched = new WeakMap()

/** Calls `call.abort(reason)` when `signal` aborts. */
function watch(signal, call) {
  let entry = watched.get(signal)
  if (!entry) {
    const calls = new Set()
    const listener = () => {
      watched.delete(signal)
      for (const waiting of [...calls]) waiting.abort(signal.reason)
    }
    entry = { calls, listener }
    watched.set(signal, entry)
    signal.addEventListener('abort', listener, { once: true })
  }
  entry.calls.add(call)
}

function unwatch(signal, call) {
  const entry = watched.get(signal)
  if (!entry || !entry.calls.delete(call) || entry.calls.size > 0) return
  watched.delete(signal)
  signal.removeEventListener('abort', entry.listener)
}

module.exports = { watch, unwatch }
