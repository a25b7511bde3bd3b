'use strict'
// What the deltas of a thread's messages and of a run's steps come to. Events themselves are never changed.

const { isObject } = require('../options.js')

/** Most parts of a message and calls of a step: what says that it is one beyond is no place to keep things at. */
const MOST = 1024
const isPlace = (index) => Number.isInteger(index) && index >= 0 && index < MOST

const listOf = (value) => (Array.isArray(value) ? value : [])

/** Texts that are said once, also where a host says them with each delta; all others come in pieces and grow. */
const SAID = new Set(['id', 'type', 'object', 'name', 'role', 'status', 'file_id'])

/** Lays a delta over what is there. Of lists, each item says its place. */
function add(target, delta) {
  for (const name of Object.keys(delta)) {
    const value = delta[name]
    if (name === '__proto__' || value == null && target[name] !== undefined) continue
    if (Array.isArray(value)) target[name] = addList(listOf(target[name]), value)
    else if (isObject(value)) target[name] = add(isObject(target[name]) ? target[name] : {}, value)
    else if (typeof value === 'string' && typeof target[name] === 'string' && !SAID.has(name)) target[name] += value
    else target[name] = value
  }
  return target
}

function addList(list, items) {
  for (const item of items) {
    if (!isObject(item)) list.push(item)
    else if (isPlace(item.index ?? list.length)) {
      const at = item.index ?? list.length
      list[at] = add(isObject(list[at]) ? list[at] : {}, item)
    }
  }
  return list
}

/** Things with an id, each as far as it has come. */
class Snapshots {
  #values = new Map()

  /** As the host says that it is. */
  set(value) {
    const copy = structuredClone(value)
    this.#values.set(value.id, copy)
    return copy
  }

  /** With a delta; what was never said to be there begins with it. */
  add({ id, delta }) {
    if (!this.#values.has(id)) this.#values.set(id, { id })
    return add(this.#values.get(id), isObject(delta) ? delta : {})
  }

  get(id) {
    return this.#values.get(id)
  }

  all() {
    return [...this.#values.values()]
  }
}

module.exports = { Snapshots, isPlace, listOf }
