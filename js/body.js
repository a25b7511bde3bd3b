'use strict'
// A body as it crosses: its JSON, made by V8, but for long texts in it, which cross as they are. The engine makes the same
// JSON of those on its own thread, in a part of the time.

const { isObject, jsonText } = require('./options.js')

/** A shorter text costs more to hand over apart than it saves. In UTF-16 code units. */
const LONG = 2048

/** So many values are looked at for long texts, and so deep: further ones are left to V8. */
const MOST = 2000
const DEEPEST = 6

/** Stands for a long text in the JSON of what is around it. */
const MARK = '\0a long text\0'
const MARK_JSON = JSON.stringify(MARK)

/** The JSON of `value`: one text or, where it has long texts, pieces, by turns JSON and a text that has yet to become JSON. */
function bodyOf(value, what) {
  if (!hasLongText(value)) return jsonText(value, what)
  const texts = []
  const json = jsonText(new Search(texts).without(value, 0), what)
  if (texts.length === 0) return json
  const between = json.split(MARK_JSON)
  // Someone has written the mark himself.
  if (between.length !== texts.length + 1) return jsonText(value, what)
  return between.flatMap((json, at) => (at < texts.length ? [json, texts[at]] : [json]))
}

/** Looks only where long texts stand, as a rule: most bodies have none, and are not to pay for it. */
function hasLongText(body) {
  if (!isObject(body)) return false
  for (const name in body) {
    const value = body[name]
    if (isLong(value) || (Array.isArray(value) && name !== 'tools' && value.some((item) => isLongItem(item, 0)))) return true
  }
  return false
}

const isLong = (value) => typeof value === 'string' && value.length > LONG

/** A text, a message, or a part of its content. */
function isLongItem(item, depth) {
  if (typeof item === 'string') return isLong(item)
  if (typeof item !== 'object' || item === null || depth > DEEPEST) return false
  const { content } = item
  if (typeof content === 'string') return isLong(content)
  const parts = Array.isArray(content) ? content : item.parts
  if (Array.isArray(parts)) return parts.some((part) => isLongItem(part, depth + 1))
  return isLong(item.text) || isLong(item.image_url?.url) || isLong(item.output) || isLong(item.arguments)
}

class Search {
  #texts
  #left = MOST

  constructor(texts) {
    this.#texts = texts
  }

  /** `value` with marks for its long texts, or itself where it has none. What says itself what its JSON is, is left alone. */
  without(value, depth) {
    if (typeof value === 'string') return isLong(value) ? this.#marked(value) : value
    if (depth > DEEPEST || value?.toJSON !== undefined) return value
    if (Array.isArray(value)) return Object.getPrototypeOf(value) === Array.prototype ? this.#changed(value, value.keys(), depth) : value
    return isObject(value) && Object.getPrototypeOf(value) === Object.prototype ? this.#changed(value, Object.keys(value), depth) : value
  }

  #marked(text) {
    this.#texts.push(text)
    return MARK
  }

  #changed(value, keys, depth) {
    let copy = value
    for (const key of keys) {
      // What tools there are is told in many small texts.
      if ((depth === 0 && key === 'tools') || key === '__proto__') continue
      if (this.#left-- <= 0) break
      const item = value[key]
      if (typeof item !== 'string' && typeof item !== 'object') continue
      const kept = this.without(item, depth + 1)
      if (kept === item) continue
      if (copy === value) copy = Array.isArray(value) ? [...value] : { ...value }
      copy[key] = kept
    }
    return copy
  }
}

module.exports = { bodyOf }
