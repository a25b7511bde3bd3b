'use strict'
// The family of errors, and the one place that makes them from what the engine reports.

class APIError extends Error {
  constructor(message, facts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.status = facts.status
    this.headers = facts.headers
    this.error = facts.error
    this.code = facts.code
    this.type = facts.type
    this.param = facts.param
    this.requestID = facts.requestID
    // Not enumerable: printing an error shows what failed, not the whole report.
    Object.defineProperty(this, 'gateway', { value: facts.gateway, configurable: true })
  }
}

class APIConnectionError extends APIError {}
class APIConnectionTimeoutError extends APIConnectionError {}
class APIUserAbortError extends APIError {
  constructor(message = 'Request was aborted.', facts) {
    super(message, facts)
  }
}
class BadRequestError extends APIError {}
class AuthenticationError extends APIError {}
class PermissionDeniedError extends APIError {}
class NotFoundError extends APIError {}
class ConflictError extends APIError {}
class UnprocessableEntityError extends APIError {}
class RateLimitError extends APIError {}
class InternalServerError extends APIError {}
class StreamTruncatedError extends APIError {
  constructor(message, facts = {}) {
    super(message, facts)
    Object.defineProperty(this, 'partial', { value: facts.partial, configurable: true })
  }
}

class LengthFinishReasonError extends APIError {
  constructor(message = 'The answer is cut off: it has reached the limit of its tokens.', facts) {
    super(message, { code: 'length', ...facts })
    Object.defineProperty(this, 'completion', { value: facts?.completion, configurable: true })
  }
}
class ContentFilterFinishReasonError extends APIError {
  constructor(message = "The answer is cut off by the provider's content filter.", facts) {
    super(message, { code: 'content_filter', ...facts })
    Object.defineProperty(this, 'completion', { value: facts?.completion, configurable: true })
  }
}
class SchemaMismatchError extends APIError {
  constructor(message, facts = {}) {
    super(message, facts)
    // Not enumerable: they quote the answer.
    Object.defineProperty(this, 'issues', { value: facts.issues, configurable: true })
    Object.defineProperty(this, 'text', { value: facts.text, configurable: true })
  }
}

/** What a realtime session reports: an `error` event of the host (`error`, `event_id`), or what happened to the session (`cause`). */
class RealtimeError extends APIError {
  constructor(message, facts = {}) {
    super(message, facts)
    this.event_id = facts.event_id
  }
}

/** Options, a config or arguments that can't be used. Nothing was sent. */
class ConfigError extends Error {
  constructor(message, problems = []) {
    super(message)
    this.problems = problems
  }
}

/** A webhook that was not signed with the secret, or not lately. */
class InvalidWebhookSignatureError extends Error {}

const classes = {
  APIError,
  APIConnectionError,
  APIConnectionTimeoutError,
  APIUserAbortError,
  BadRequestError,
  AuthenticationError,
  PermissionDeniedError,
  NotFoundError,
  ConflictError,
  UnprocessableEntityError,
  RateLimitError,
  InternalServerError,
  StreamTruncatedError,
  LengthFinishReasonError,
  ContentFilterFinishReasonError,
  SchemaMismatchError,
  RealtimeError,
  ConfigError,
  InvalidWebhookSignatureError,
}
for (const [name, type] of Object.entries(classes)) {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
}

const BY_STATUS = {
  400: BadRequestError,
  401: AuthenticationError,
  403: PermissionDeniedError,
  404: NotFoundError,
  409: ConflictError,
  422: UnprocessableEntityError,
  429: RateLimitError,
}

const BY_KIND = {
  connect: APIConnectionError,
  broken: APIConnectionError,
  timeout: APIConnectionTimeoutError,
  truncated: StreamTruncatedError,
  busy: RateLimitError,
  limited: RateLimitError,
}

function classOf(kind, status) {
  if (BY_KIND[kind]) return BY_KIND[kind]
  if (kind !== 'refused') return APIError
  return BY_STATUS[status] ?? (status >= 500 ? InternalServerError : APIError)
}

/** The error that the engine reports as `json`; `response` is what an open stream had begun with. */
function errorFrom(json, response) {
  const told = JSON.parse(json)
  if (told.kind === 'config') return new ConfigError(told.message, told.problems)
  const Type = classOf(told.kind, told.status)
  const headers = { ...response?.headers, ...headersOf(told.headers ?? [], told.facts ?? {}) }
  const body = parsed(told.body)
  const inner = isObject(body?.error) ? body.error : isObject(body) ? body : {}
  const isOwn = told.kind !== 'refused'
  return new Type(told.message, {
    status: told.status ?? undefined,
    headers,
    error: body,
    code: isOwn ? (told.code ?? undefined) : (inner.code ?? undefined),
    type: inner.type ?? undefined,
    param: inner.param ?? undefined,
    requestID: headers['x-request-id'],
    gateway: told.gateway ?? undefined,
    partial: told.partial ?? undefined,
    cause: causeOf(told),
  })
}

/** What the operating system or the connection said, for kinds that have such a cause. */
function causeOf({ kind, code, message }) {
  if (kind !== 'connect' && kind !== 'broken') return undefined
  return Object.assign(new Error(message.split('\n', 1)[0]), { code: code ?? undefined })
}

function parsed(text) {
  if (text == null) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isObject = (value) => typeof value === 'object' && value !== null

/** `[name, value]` pairs as an object of lower-case names; a repeated name's values are joined by a comma. */
function headersOf(pairs, facts) {
  const headers = {}
  for (const [name, value] of pairs) headers[name] = name in headers ? `${headers[name]}, ${value}` : value
  for (const name in facts) headers[`x-portkey-${name}`] = facts[name]
  return headers
}

module.exports = { ...classes, errorFrom, headersOf }
