'use strict'
// The console: a page over a database of records, served to this machine alone. Whoever opens it has the token of its
// address; nothing else is answered, and nothing is fetched from elsewhere.

const { createHash, randomBytes, timingSafeEqual } = require('node:crypto')
const { readFileSync } = require('node:fs')
const http = require('node:http')
const path = require('node:path')

const { ask } = require('./records.js')

const FILES = {
  '/': ['page.html', 'text/html; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/charts.js': ['charts.js', 'text/javascript; charset=utf-8'],
  '/call.js': ['call.js', 'text/javascript; charset=utf-8'],
}

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

const COOKIE = 'portkey-console'

/** Starts the console and prints its address; resolves to the server. */
async function start({ database, port }) {
  // Tells at once when there is nothing to show.
  ask(database, { list: { limit: 1 } })
  const token = randomBytes(24).toString('base64url')
  const server = http.createServer((request, response) => answer({ database, token, port: server.address().port }, request, response))
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  console.log(`The console of ${database} is at http://127.0.0.1:${server.address().port}/?token=${token}\nIt is open to this machine alone. Ctrl-C ends it.`)
  return server
}

function answer({ database, token, port }, request, response) {
  const send = (status, type, body, more = {}) => response.writeHead(status, { ...HEADERS, 'content-type': type, ...more }).end(body)
  const refuse = (status, why) => send(status, 'text/plain; charset=utf-8', `${why}\n`)
  // A page elsewhere whose name leads here has another Host.
  if (![`127.0.0.1:${port}`, `localhost:${port}`].includes(request.headers.host)) return refuse(403, 'This is open to this machine alone.')
  if (request.method !== 'GET') return refuse(405, 'Only GET is answered.')
  const url = new URL(request.url, 'http://console')
  if (equal(url.searchParams.get('token'), token)) {
    // The token leaves the address bar, and so the browser's history.
    return send(303, 'text/plain', '', { location: '/', 'set-cookie': `${COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/` })
  }
  if (!equal(cookieOf(request), token)) return refuse(401, 'Open the address that portkey-native console printed.')
  if (FILES[url.pathname]) {
    const [file, type] = FILES[url.pathname]
    return send(200, type, readFileSync(path.join(__dirname, 'page', file)))
  }
  const question = questionOf(url)
  if (!question) return refuse(404, 'There is nothing here.')
  try {
    send(200, 'application/json', JSON.stringify(ask(database, question)))
  } catch (error) {
    send(400, 'application/json', JSON.stringify({ error: error.message }))
  }
}

function questionOf({ pathname, searchParams }) {
  if (pathname === '/api/calls') return { list: filterOf(searchParams) }
  if (pathname === '/api/call') return { one: searchParams.get('id') ?? '' }
  if (pathname === '/api/figures') return { figures: { filter: filterOf(searchParams), step: Number(searchParams.get('step')) } }
  if (pathname === '/api/targets') return 'targets'
  if (pathname === '/api/choices') return 'choices'
  return undefined
}

/** `?model=m&status=500&metadata.team=blue` as the engine's filter. */
function filterOf(parameters) {
  const filter = {}
  for (const [name, value] of parameters) {
    if (value === '' || name === 'step') continue
    if (name.startsWith('metadata.')) (filter.metadata ??= {})[name.slice('metadata.'.length)] = value
    else filter[name] = ['from', 'until', 'status', 'limit'].includes(name) ? Number(value) : value
  }
  return filter
}

function cookieOf({ headers }) {
  const cookies = (headers.cookie ?? '').split(';').map((cookie) => cookie.trim().split('='))
  return cookies.find(([name]) => name === COOKIE)?.[1]
}

/** Compares in the same time whatever is alike. */
function equal(given, wanted) {
  const hash = (text) => createHash('sha256').update(text).digest()
  return typeof given === 'string' && timingSafeEqual(hash(given), hash(wanted))
}

module.exports = { start }
