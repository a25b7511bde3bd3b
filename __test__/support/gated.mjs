// A host that holds each request until the test lets it go: who is busy, and for how long, is the test's to say, not a clock's.

import { completion } from './answers.mjs'
import { hostFor } from './host.mjs'

/**
 * A host of `support/host.mjs` that answers a request when it is let go, by what `answer(request)` gives then.
 *   held            requests that wait for their answer, the oldest first
 *   most            the most that ever waited at once
 *   letGo(count)    answers so many of them
 *   open()          answers all of them, and every later one at once
 */
export async function gatedHost(t, answer = () => ({ json: completion() })) {
  const held = []
  const host = await hostFor(t, (request) => new Promise((resolve) => {
    request.letGo = () => resolve(answer(request))
    if (host.isOpen) return request.letGo()
    held.push(request)
    host.most = Math.max(host.most, held.length)
  }))
  return Object.assign(host, {
    held,
    most: 0,
    isOpen: false,
    letGo(count = 1) {
      for (const request of held.splice(0, count)) request.letGo()
    },
    open() {
      host.isOpen = true
      host.letGo(held.length)
    },
  })
}

/** Resolves when `condition()` holds, which nothing tells of: it is looked at again and again. */
export async function until(condition) {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
