'use strict'
// This environment's side of the border: gives calls their ids, hands outcomes to whoever waits for them, and keeps
// the process alive as long as someone does.

const { native } = require('./native.js')
const { record } = require('./records.js')

/** The kinds of outcome, as src/border.rs knows them. */
const ANSWER = 0
const VECTORS = 1
const STREAM = 2
const CHUNKS = 3
const END = 4
const ERROR = 5
const RECORD = 6

let border
let lastId = 0
let holding = 0
/** id → { settle(kind, content, facts) } */
const open = new Map()

/** One callback takes all outcomes that are there: four slots each. */
function deliver(outcomes) {
  for (let at = 0; at < outcomes.length; at += 4) {
    if (outcomes[at + 1] === RECORD) record(outcomes[at], outcomes[at + 2])
    else open.get(outcomes[at])?.settle(outcomes[at + 1], outcomes[at + 2], outcomes[at + 3])
  }
}

/** Sends a call; `receiver` gets its outcomes. Returns the call's id. */
function send(receiver, client, endpoint, body, stream, extras) {
  const id = enter(receiver)
  border.send(id, client, endpoint, body, stream, extras)
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

/** `receiver` gets what comes under the new id that is returned. */
function enter(receiver) {
  border ??= new (native().Border)(deliver)
  do lastId = (lastId + 1) >>> 0
  while (open.has(lastId))
  open.set(lastId, receiver)
  hold()
  return lastId
}

/** From now on another receiver gets what comes under `id`. */
function replace(id, receiver) {
  open.set(id, receiver)
}

/** Nothing more comes under `id`. */
function close(id) {
  open.delete(id)
}

/** Takes what a stream has; undefined when it has nothing yet and will tell. */
function pull(id) {
  return border.pull(id)
}

/** Closes the connection of a call or a stream; nothing more is told of it. */
function cancel(id) {
  if (open.delete(id)) border.cancel(id)
}

/** The engine lets go of a stream whose end was told. */
function forget(id) {
  open.delete(id)
  border.forget(id)
}

/** Someone waits: the process stays alive until as many `release`s. */
function hold() {
  if (holding++ === 0) border.keepAlive(true)
}

function release() {
  if (--holding === 0) border.keepAlive(false)
}

module.exports = { ANSWER, VECTORS, STREAM, CHUNKS, END, ERROR, send, flush, replace, close, pull, cancel, forget, hold, release }
