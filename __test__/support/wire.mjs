// What a request looked like on the wire, compared to the byte.

import assert from 'node:assert/strict'

/** Headers that every request has: made by the connection, or the same for all calls of an endpoint. */
const STANDING = ['host', 'content-length', 'user-agent', 'accept', 'accept-encoding', 'content-type']

/** The headers that the caller's options made, as [name, value] in the order of their names; repeated ones stay repeated. */
export function callersHeaders(request) {
  return request.rawHeaders.filter(([name]) => !STANDING.includes(name)).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Exactly these headers, each in one line, and every standing header at most once. */
export function assertHeaders(request, wanted, message) {
  assert.deepEqual(callersHeaders(request), Object.entries(wanted).sort(([a], [b]) => (a < b ? -1 : 1)), message)
  for (const name of STANDING) assert.ok(request.values(name).length <= 1, `${name} is there twice`)
}

/** The body is `JSON.stringify` of what was given, byte for byte. */
export function assertBody(request, given) {
  assert.equal(request.text, JSON.stringify(given))
  assert.deepEqual(request.body, Buffer.from(JSON.stringify(given)))
  assert.deepEqual(request.values('content-type'), ['application/json'])
  assert.deepEqual(request.values('content-length'), [String(request.body.length)])
}

/** The text is nowhere in the request: not in the path, not in a header, not in the body. */
export function assertNowhere(request, text) {
  const wire = `${request.path}\n${request.rawHeaders.flat().join('\n')}\n${request.text}`
  assert.ok(!wire.toLowerCase().includes(text.toLowerCase()), `${text} is on the wire`)
}
