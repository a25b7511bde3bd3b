'use strict'
// This environment's side of the border: gives calls their ids, hands outcomes to whoever waits for them, and keeps
// the process alive as long as someone does.

const { native } = require('./native.js')
const { record, redact } = require('./records.js')
const { warn } = require('./telemetry.js')

/** The kinds of outcome, as src/border.rs knows them. */
const ANSWER = 0
const VECTORS = 1
const STREAM = 2
const CHUNKS = 3
const END = 4
const ERROR = 5
const RECORD = 6
const TEXT = 7
const BYTES = 8
const MORE = 9
const ASK = 10
const SESSION = 11
const DRAINED = 12
const REDACT = 13
const TROUBLE = 14

/** An id's lower bits are the place of its receiver in `open`, the others count who had that place before. V8 needs no object for 31 bits. */
const PLACES = 20
const PLACE = (1 << PLACES) - 1
const LAST = 2 ** 31 - 1

let border
let holding = 0
/**
 * The receivers of calls, { settle(kind, content, facts) }, by their place, and the ids that they have there. No map: the
 * tables that V8's maps leave behind when they grow hold each other, and all that was in them, through every minor collection.
 */
const open = []
const ids = []
const free = []
/** id → { ask(id, file, round) } */
const uploads = new Map()

/** One callback takes all outcomes that are there: four slots each. */
function deliver(outcomes) {
  for (let at = 0; at < outcomes.length; at += 4) {
    const kind = outcomes[at + 1]
    if (kind === RECORD) record(outcomes[at], outcomes[at + 2])
    else if (kind === REDACT) border.redacted(outcomes[at + 3], redact(outcomes[at], outcomes[at + 2]))
    else if (kind === TROUBLE) warn(outcomes[at + 2])
    else if (kind === ASK) uploads.get(outcomes[at])?.ask(outcomes[at], outcomes[at + 2], outcomes[at + 3])
    else receiverOf(outcomes[at])?.settle(kind, outcomes[at + 2], outcomes[at + 3])
  }
}

/** Sends a call; `receiver` gets its outcomes. The body is a text, or the pieces of a long one. Returns the call's id. */
function send(receiver, client, endpoint, body, stream, extras) {
  const id = enter(receiver)
  const outcomes = Array.isArray(body) ? border.sendLong(id, client, endpoint, body, stream, extras) : border.send(id, client, endpoint, body, stream, extras)
  // Whoever makes the call has yet to know its id.
  if (outcomes) queueMicrotask(() => deliver(outcomes))
  return id
}

/** The same of a body that is a form: its fields, and what its files are. `upload` hands over those that are read while they are sent. */
function sendForm(receiver, client, endpoint, body, stream, extras, files, bytes, upload) {
  const id = enter(receiver)
  uploads.set(id, upload)
  border.sendForm(id, client, endpoint, body, stream, extras, files, bytes)
  return id
}

/** Waits until what a client has recorded is written; gives what came of it. */
function flush(client, limit) {
  return new Promise((resolve) => {
    const settle = (_, text) => {
      close(id)
      release()
      resolve(JSON.parse(text))
    }
    const id = enter({ settle })
    border.flush(id, client, limit)
  })
}

/** Opens a realtime session; `receiver` gets its outcomes. Returns the session's id. */
function connect(receiver, client, body, extras) {
  const id = enter(receiver)
  border.connect(id, client, body, extras)
  return id
}

/** Says something in a session; whether there is room for more, or null when it was not taken. */
function say(id, message) {
  return border.say(id, message)
}

/** How many bytes of a session wait to be sent. */
function unsent(id) {
  return border.unsent(id)
}

/** Ends a session once what was said is sent. */
function part(id, code, reason) {
  border.part(id, code, reason)
}

/** Takes the messages that a session has; undefined when it has none and will tell. */
function listen(id) {
  return border.listen(id) ?? undefined
}

/** `receiver` gets what comes under the new id that is returned. */
function enter(receiver) {
  border ??= new (native().Border)(deliver)
  const place = free.pop() ?? open.length
  if (place > PLACE) throw new RangeError(`no more than ${PLACE + 1} calls can be open at once`)
  const id = place < ids.length ? (ids[place] + PLACE + 1) & LAST : place
  ids[place] = id
  open[place] = receiver
  hold()
  return id
}

/** Who gets what comes under `id`; undefined when that is closed, and its place maybe another's. */
const receiverOf = (id) => (ids[id & PLACE] === id ? open[id & PLACE] : undefined)

/** Hands over a piece of a file, or its end; false when its source is to wait until it is asked again. */
function feed(id, file, round, piece) {
  return uploads.has(id) && border.feed(id, file, round, piece)
}

/** No more is handed over for a call. */
function endUpload(id) {
  uploads.delete(id)
}

/** From now on another receiver gets what comes under `id`. */
function replace(id, receiver) {
  if (receiverOf(id)) open[id & PLACE] = receiver
}

/** Nothing more comes under `id`; false when that was so already. */
function close(id) {
  if (!receiverOf(id)) return false
  open[id & PLACE] = undefined
  free.push(id & PLACE)
  return true
}

/** Takes what a stream has; undefined when it has nothing yet and will tell. */
function pull(id) {
  return border.pull(id)
}

/** Takes bytes that an answer has; undefined when it has none yet and will tell. */
function pullBytes(id) {
  return border.pullBytes(id) ?? undefined
}

/** Closes the connection of a call or a stream; nothing more is told of it. */
function cancel(id) {
  if (close(id)) border.cancel(id)
}

/** The engine lets go of a stream whose end was told. */
function forget(id) {
  close(id)
  border.forget(id)
}

/** Someone waits: the process stays alive until as many `release`s. */
function hold() {
  if (holding++ === 0) border.keepAlive(true)
}

function release() {
  if (--holding === 0) border.keepAlive(false)
}

module.exports = {
  ANSWER, VECTORS, STREAM, CHUNKS, END, ERROR, TEXT, BYTES, MORE, SESSION, DRAINED,
  send, sendForm, flush, feed, endUpload, replace, close, pull, pullBytes, cancel, forget, hold, release,
  connect, say, unsent, part, listen,
}
