'use strict'
// JSON that is still being written, read as far as it goes.

const WORDS = ['true', 'false', 'null']
const TOKEN = /[-+.\w]+/y
const NUMBER = /^(-?\d+(\.\d+)?([eE][-+]?\d+)?)?/

/** The value of a JSON text that may break off anywhere: what is open is closed, what has no value yet is left out; else null. */
function partialJson(text) {
  try {
    return JSON.parse(completed(text))
  } catch {
    return null
  }
}

/** The longest part of `text` that can be closed, closed. */
function completed(text) {
  let closers = ''
  let kept = 0
  let tail = ''
  let isKey = false
  const keep = (upTo, rest = '') => {
    kept = upTo
    tail = rest
  }
  for (let at = 0; at < text.length; ) {
    const letter = text[at]
    if (letter === '"') {
      const end = endOfString(text, at)
      if (!isKey) keep(end.cut, end.isOpen ? '"' : '')
      if (end.isOpen) break
      at = end.cut
      continue
    }
    if (letter === '{' || letter === '[') {
      closers = (letter === '{' ? '}' : ']') + closers
      isKey = letter === '{'
      keep(at + 1)
    } else if (letter === '}' || letter === ']') {
      closers = closers.slice(1)
      keep(at + 1)
    } else if (letter === ':') {
      isKey = false
    } else if (letter === ',') {
      isKey = closers[0] === '}'
    } else if (/[-\w]/.test(letter)) {
      TOKEN.lastIndex = at
      const [token] = TOKEN.exec(text)
      // Of a number nothing may be there yet but its sign.
      const [number] = NUMBER.exec(token)
      if (number) keep(at + number.length)
      else if (letter !== '-') keep(at + token.length, WORDS.find((word) => word.startsWith(token))?.slice(token.length) ?? '')
      at += token.length
      continue
    }
    at += 1
  }
  return text.slice(0, kept) + tail + closers
}

/** Where the string that begins at `from` ends, or where it can be cut when it doesn't. */
function endOfString(text, from) {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '"') return { cut: at + 1, isOpen: false }
    if (text[at] !== '\\') continue
    const length = text[at + 1] === 'u' ? 6 : 2
    if (at + length > text.length) return { cut: at, isOpen: true }
    at += length - 1
  }
  return { cut: text.length, isOpen: true }
}

module.exports = { partialJson }
