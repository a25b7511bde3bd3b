'use strict'
// `portkey.fetch`: the signature of fetch over the engine, for clients that are not ours. Of a request's URL only the end
// of its path counts, which says the endpoint; where the call goes, and with what credential, is the Portkey client's to say.

const border = require('./border.js')
const { watch } = require('./abort.js')
const { APIConnectionError, APIError, ConfigError, StreamTruncatedError } = require('./errors.js')
const { callWithForm, formOf } = require('./fetch-forms.js')
const { fold, isObject } = require('./options.js')
const { APIPromise } = require('./promise.js')
const { sentForm } = require('./stream.js')
const { traceOf } = require('./telemetry.js')

/** What belongs to the other client's own connection and identity. */
const OWN_HEADERS = new Set([
  'accept', 'accept-encoding', 'accept-language', 'connection', 'content-encoding', 'content-length', 'content-type', 'cookie',
  'expect', 'host', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'user-agent',
])
const OWN_PREFIXES = /^(x-stainless-|sec-|proxy-)/
const CREDENTIALS = new Set(['authorization', 'api-key', 'x-api-key'])
/** Headers of an answer that tell of bytes which are no longer there. */
const OUTDATED = ['connection', 'content-encoding', 'content-length', 'keep-alive', 'transfer-encoding']

const HOLE = /\{[^}]+\}/g

/** The endpoints that `fetch` knows, those that say more of a path first. */
function routesOf(endpoints) {
  const routes = endpoints.map((row, index) => ({ row, index, path: new RegExp(`${row.path.replace(HOLE, '([^/]+)')}/?$`) }))
  const depth = ({ row }) => row.path.split('/').length
  const literal = ({ row }) => row.path.replace(HOLE, '').length
  const known = routes.filter(({ row }) => !row.path.startsWith('/{'))
  return known.sort((a, b) => depth(b) - depth(a) || literal(b) - literal(a) || a.index - b.index)
}

/** A `fetch` for one client, with its engine's handle, the routes, and how to read its options. */
function fetchOver(client, handle, routes, optionOf) {
  return async function fetch(input, init) {
    const { method, url, headers, text, form, signal } = await requested(input, init)
    try {
      signal?.throwIfAborted()
      const route = routes.find(({ row, path }) => row.method === method && path.test(url.pathname))
      if (!route) return unknownPath(method, url, routes)
      const extras = extrasFor(route, url, headers, optionOf)
      const takesForm = form && /Form/.test(route.row.sends)
      const { call, isStreamed } = takesForm ? callWithForm(client, route, form, extras, signal) : begin(handle, route, text, extras, signal)
      return isStreamed ? streamed(await call.withResponse(), route.row.namesEvents, signal) : whole(await call.asResponse())
    } catch (error) {
      return failed(error, signal)
    }
  }
}

/** The parts of a request, however it is given. */
async function requested(input, init) {
  init ??= {}
  const isRequest = input instanceof Request
  const url = new URL(isRequest ? input.url : input, 'http://localhost')
  const method = (init.method ?? (isRequest ? input.method : 'GET')).toUpperCase()
  const headers = new Headers(init.headers ?? (isRequest ? input.headers : undefined))
  const signal = init.signal ?? (isRequest ? input.signal : undefined) ?? undefined
  const body = init.body ?? (isRequest ? input.body : undefined)
  const form = await formOf(body, headers)
  const text = form || body == null || typeof body === 'string' ? body : await new Response(body).text()
  return { method, url, headers, signal, text, form }
}

/** The body to send, `{ text, isStreamed }`. The text goes on as it is. */
function bodyFor(row, text) {
  const sends = row.sends ?? (row.takesBody ? 'Json' : 'Nothing')
  if (sends === 'Nothing' || sends === 'Query') return { isStreamed: false }
  if (sends === 'EmptyJson') return { text: text ?? '{}', isStreamed: false }
  if (sends === 'Form') throw new ConfigError(`${row.call}: expected a body that is a form`)
  if (text == null && row.optional) return { isStreamed: false }
  const body = parsed(text)
  if (!isObject(body)) throw new ConfigError(`${row.call}: expected a body that is a JSON object`)
  return { text, isStreamed: row.streams && body.stream === true, model: body.model }
}

const isOwn = (name) => OWN_HEADERS.has(name) || OWN_PREFIXES.test(name)

function extrasFor({ path }, url, headers, optionOf) {
  const params = {}
  const sent = []
  const forwarded = new Set((optionOf('forwardHeaders') ?? []).map(fold))
  for (const [name, value] of headers) {
    if (name.startsWith('x-portkey-')) Object.assign(params, optionFrom(name.slice('x-portkey-'.length), value))
    else if (CREDENTIALS.has(name) ? forwarded.has(fold(name)) : !isOwn(name)) sent.push([name, value])
  }
  const theirs = headers.get('authorization')
  if (theirs && hasNoCredential(optionOf, params)) params.Authorization = theirs
  const extras = {}
  const given = path.exec(url.pathname).slice(1).map(decoded)
  if (sent.length > 0) extras.headers = sent
  if (url.search.length > 1) extras.query = url.search.slice(1)
  if (given.length > 0) extras.arguments = given
  if (Object.keys(params).length > 0) extras.params = params
  return extras
}

function decoded(part) {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new ConfigError(`portkey.fetch: the path holds a percent sign that encodes nothing, in ${part}`)
  }
}

/**
 * Whether another client's key is the only one there can be: a provider is named, and nothing that might hold a key of
 * its own. A server of one's own may need none, and gets none.
 */
function hasNoCredential(optionOf, params) {
  const said = (name) => optionOf(name) != null || Object.keys(params).some((other) => fold(other) === fold(name))
  return said('provider') && !['Authorization', 'config', 'customHost', 'forwardHeaders', 'baseURL'].some(said)
}

/** The option that a header of `createHeaders` stands for. */
function optionFrom(name, value) {
  const option = name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase())
  if (option === 'forwardHeaders' || option === 'sensitiveHeaders') return { [option]: value.split(',').map((item) => item.trim()) }
  const isText = option !== 'metadata' && option !== 'requestTimeout' && value !== 'true' && value !== 'false'
  return { [option]: isText ? value : parsed(value) }
}

/** What is no JSON stays text, which the engine refuses in its own words. */
function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function begin(handle, { row, index }, given, extras, signal) {
  const { text, isStreamed, model } = bodyFor(row, given)
  const call = APIPromise.begin((pending) => {
    const trace = pending.traced(traceOf(handle, row.call, model))
    if (trace) extras.trace = trace
    const id = border.send(pending, handle, index, text, isStreamed, Object.keys(extras).length > 0 ? JSON.stringify(extras) : undefined)
    pending.started(handle, id, signal)
    if (signal) watch(signal, pending)
  })
  return { call, isStreamed }
}

function whole({ status, headers, body }) {
  return new Response([204, 205, 304].includes(status) ? null : body, { status, headers: current(headers) })
}

function streamed({ data: stream, response: { status, headers } }, namesEvents, signal) {
  const told = current({ ...headers, 'content-type': 'text/event-stream; charset=utf-8' })
  return new Response(eventsOf(stream, namesEvents, signal), { status, headers: told })
}

/** The headers that still hold, their values as fetch has them: a letter for each byte. */
function current(headers) {
  const kept = Object.entries(headers).filter(([name]) => !OUTDATED.includes(name))
  return kept.map(([name, value]) => [name, Buffer.from(value).toString('latin1')])
}

/** The stream as server-sent events. An error in its middle is an event too, which clients throw as their own. */
function eventsOf(stream, namesEvents, signal) {
  const iterator = stream[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const tell = (text) => controller.enqueue(encoder.encode(text))
      try {
        const { value, done } = await iterator.next()
        if (!done) return tell(sentForm(value, namesEvents))
        // Events that have names end by themselves.
        if (!namesEvents) tell('data: [DONE]\n\n')
      } catch (error) {
        if (signal?.aborted) return controller.error(signal.reason)
        tell(sentForm(bodyOf(error), namesEvents))
      }
      controller.close()
    },
    cancel: () => iterator.return(),
  })
}

/** What fetch does where there is no answer, and an answer with the error where there is one. */
function failed(error, signal) {
  if (signal?.aborted) throw signal.reason
  if (error instanceof ConfigError) {
    const param = error.problems[0]?.path ?? null
    return refusal(400, { error: { message: error.message, type: 'config_error', param, code: null } })
  }
  if (!(error instanceof APIError)) throw error
  const isUnanswered = error instanceof APIConnectionError || error instanceof StreamTruncatedError
  if (isUnanswered) throw new TypeError('fetch failed', { cause: error })
  return refusal(error.status >= 400 ? error.status : 502, bodyOf(error), error.headers)
}

/** The host's own words, or ours in OpenAI's envelope. */
function bodyOf(error) {
  if (typeof error.error === 'object' && error.error !== null) return error.error
  const { message, type = 'portkey_error', param = null, code = null } = error
  return { error: { message, type, param, code } }
}

/** The engine has tried as often as it may: clients that ask are told not to try again. */
function refusal(status, body, headers = {}) {
  const told = current({ ...headers, 'content-type': 'application/json', 'x-should-retry': 'false' })
  return Response.json(body, { status, headers: told })
}

function unknownPath(method, { pathname }, routes) {
  const known = routes.toSorted((a, b) => a.index - b.index).map(({ row }) => `${row.method} …${row.path}`)
  const more = known.length > 8 ? ` and ${known.length - 8} more` : ''
  const paths = `${known.slice(0, 8).join(', ')}${more}`
  const message = `portkey.fetch knows no endpoint for ${method} ${pathname}; it goes by the end of the path: ${paths}`
  return refusal(404, { error: { message, type: 'invalid_request_error', param: null, code: 'unknown_endpoint' } })
}

module.exports = { fetchOver, routesOf }
