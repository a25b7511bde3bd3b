// What went wrong, for tests that want it to.

import assert from 'node:assert/strict'
import { inspect } from 'node:util'

/** The error that a promise rejects with. */
export async function failure(promise) {
  let value
  try {
    value = await promise
  } catch (error) {
    return error
  }
  assert.fail(`expected an error, got ${inspect(value)}`)
}

/** The error that a function throws. */
export function thrown(act) {
  let value
  try {
    value = act()
  } catch (error) {
    return error
  }
  assert.fail(`expected an error, got ${inspect(value)}`)
}

/** Every text in which a value may show itself. */
export function shown(value) {
  const texts = [inspect(value, { depth: 10, showHidden: true }), inspect(value), String(value)]
  try {
    texts.push(JSON.stringify(value) ?? '')
  } catch {
    // What has no JSON form shows nothing in it.
  }
  if (value instanceof Error) texts.push(value.stack, JSON.stringify(value.gateway ?? null), shown(value.cause ?? ''))
  return texts.join('\n')
}
