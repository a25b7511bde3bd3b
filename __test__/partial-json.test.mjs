// JSON that is still being written, read at every length.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'

import { randomFrom } from './support/recorded.mjs'

const { partialJson } = createRequire(import.meta.url)('../js/helpers/partial-json.js')

test('a text that breaks off is what can be closed of it', () => {
  const cases = {
    '{': {}, '{"a': {}, '{"a"': {}, '{"a":': {}, '{"a":"b': { a: 'b' }, '{"a":"b"': { a: 'b' }, '{"a":"b",': { a: 'b' }, '{"a":"b","c': { a: 'b' },
    '[': [], '[1': [1], '[1,': [1], '[1, [2, {"x": 3': [1, [2, { x: 3 }]], '[-': [], '[1,-': [1], '[1.': [1], '[1.5e': [1.5], '[1.5e+3': [1500],
    '{"a":tr': { a: true }, '[n': [null], '[fals': [false], '"te': 'te', '"a\\': 'a', '"a\\u00': 'a', '"a\\u00e9': 'aé', ' {"a" : [ ': { a: [] },
  }
  for (const [text, value] of Object.entries(cases)) assert.deepEqual(partialJson(text), value, text)
})

test('a text that is none, or not yet, is null', () => {
  for (const text of ['', ' ', '-', 'x', 'Sure! {', '```json\n{', '{]', '[1 2', '{"a" 1', '}', '"a" "b"']) assert.equal(partialJson(text), null, text)
})

/** Whether a value is what has come so far of another. */
function isWithin(part, whole) {
  if (typeof part !== typeof whole || Array.isArray(part) !== Array.isArray(whole)) return false
  if (typeof part === 'string') return whole.startsWith(part)
  if (typeof part !== 'object' || part === null) return typeof part === 'number' || part === whole
  return Object.keys(part).every((key) => key in whole && isWithin(part[key], whole[key]))
}

test('every text is read at every length', () => {
  const random = randomFrom(7)
  const pick = (list) => list[Math.floor(random() * list.length)]
  const value = (depth) => {
    const kind = pick(depth > 3 ? ['atom'] : ['atom', 'list', 'object'])
    if (kind === 'atom') return pick([0, -1, 1.5e-7, 123456, true, false, null, '', 'é"\\\n\u2028', '😀 {[:,]}', 'true'])
    const length = Math.floor(random() * 4)
    if (kind === 'list') return Array.from({ length }, () => value(depth + 1))
    return Object.fromEntries(Array.from({ length }, (_, at) => [`${pick(['a', 'b"', '{'])}${at}`, value(depth + 1)]))
  }
  for (let round = 0; round < 200; round++) {
    const whole = [value(0)]
    const text = JSON.stringify(whole, null, pick([0, 2]))
    for (let length = 1; length <= text.length; length++) assert.ok(isWithin(partialJson(text.slice(0, length)), whole), text.slice(0, length))
    assert.deepEqual(partialJson(text), whole)
  }
})

test('a long text is read in time', () => {
  const text = `[${'{"a":"bc","d":[1,2]},'.repeat(50_000)}`
  assert.equal(partialJson(text).length, 50_000)
})
