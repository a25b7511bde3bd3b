'use strict'
// Options on their way to the engine, and the headers that Portkey's gateway takes for them.

const { ConfigError } = require('./errors.js')
const { isListener, numberOf } = require('./records.js')

const PORTKEY_GATEWAY_URL = 'https://api.portkey.ai/v1'

/** The constructor's options with the environment's defaults, as JSON. `null` keeps a default away. */
function optionsText(options) {
  const given = { ...checked(options, 'options') }
  for (const [name, variable] of [['apiKey', 'PORTKEY_API_KEY'], ['baseURL', 'PORTKEY_BASE_URL']]) {
    const written = Object.keys(given).filter((other) => fold(other) === fold(name) && given[other] !== undefined)
    if (written.length === 0 && process.env[variable]) given[name] = process.env[variable]
    for (const other of written) if (given[other] === '') delete given[other]
  }
  if (typeof given.onRecord === 'function') given.onRecord = numberOf(given.onRecord)
  else if (given.onRecord != null && !isListener(given.onRecord)) throw new ConfigError('onRecord: expected a function')
  if (given.captureContent?.redact != null) given.captureContent = { ...given.captureContent, redact: redaction(given.captureContent.redact) }
  keepFromBrowsers(given)
  return jsonText(given, 'options')
}

/** `captureContent.redact` in the engine's form: a function by its number, regular expressions by their parts. */
function redaction(redact) {
  if (typeof redact === 'function') return numberOf(redact)
  const list = isRegExp(redact) || typeof redact === 'string' ? [redact] : redact
  if (typeof list === 'number' && isListener(list)) return list
  if (!Array.isArray(list)) throw new ConfigError('captureContent.redact: expected a function, or a list of regular expressions and texts')
  return list.map((one) => (isRegExp(one) ? { regex: one.source, flags: one.flags } : one))
}

/** Where a page runs, anyone can read what its clients hold. */
function keepFromBrowsers({ dangerouslyAllowBrowser }) {
  if (dangerouslyAllowBrowser === true) return
  const isBrowser = typeof window !== 'undefined' && typeof window.document !== 'undefined' && typeof navigator !== 'undefined'
  if (!isBrowser) return
  const message = 'this looks like a browser, where every visitor could read the keys of a client; true says that you know, and take the risk'
  throw new ConfigError(`dangerouslyAllowBrowser: ${message}`, [{ path: 'dangerouslyAllowBrowser', message }])
}

/** `JSON.stringify`, whose complaint is a `ConfigError` that shows no value. */
function jsonText(value, what) {
  try {
    return JSON.stringify(value)
  } catch (error) {
    throw new ConfigError(`${what}: no JSON form (${error.message.split('\n', 1)[0]})`)
  }
}

/** One text for all spellings of a name: `traceID`, `traceId`, `trace_id`. */
const fold = (name) => name.replace(/[-_]/g, '').toLowerCase()

/** `base` with what `changes` says in its place, in whatever spelling; `undefined` says nothing. */
function changedOptions(base, changes) {
  const said = Object.entries(checked(changes, 'options')).filter(([, value]) => value !== undefined)
  const names = new Set(said.map(([name]) => fold(name)))
  const kept = Object.entries(base).filter(([name]) => !names.has(fold(name)))
  return Object.fromEntries([...kept, ...said])
}

/** Options are an object whose values have a JSON form. */
function checked(options, what) {
  if (!isObject(options)) throw new ConfigError(`${what}: expected an object, got ${kindOf(options)}`)
  for (const name in options) {
    const type = typeof options[name]
    if (name === 'onRecord' && type === 'function' && what === 'options') continue
    if (type === 'function' || type === 'symbol' || type === 'bigint') {
      throw new ConfigError(`${name}: expected a value that has a JSON form, got a ${type}`, [{ path: name, message: `got a ${type}` }])
    }
  }
  return options
}

const isRegExp = (value) => Object.prototype.toString.call(value) === '[object RegExp]'
const isObject = (value) => Object.prototype.toString.call(value) === '[object Object]'
const kindOf = (value) => (value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value)

const CALL_OPTIONS = ['headers', 'extraHeaders', 'query', 'signal', 'timeout', 'maxRetries', 'stream']

/** A call's third argument in the engine's form; undefined when it says nothing. */
function callOptions(opts) {
  if (opts == null) return undefined
  checked({ ...opts, signal: undefined }, 'opts')
  for (const name in opts) {
    if (!CALL_OPTIONS.includes(name)) throw new ConfigError(`opts.${name}: is no option of a call; expected one of ${CALL_OPTIONS.join(', ')}`)
  }
  const { headers, extraHeaders, query, timeout, maxRetries } = opts
  const extras = {}
  const pairs = headerPairs(headers, extraHeaders)
  if (pairs.length > 0) extras.headers = pairs
  if (query != null) extras.query = queryText(query)
  if (timeout != null) extras.timeout = number(timeout, 'timeout', 'milliseconds, a number ≥ 0 (0 = off)')
  if (maxRetries != null) extras.maxRetries = number(maxRetries, 'maxRetries', 'a whole number ≥ 0', true)
  return extras
}

function number(value, path, expected, whole = false) {
  if (typeof value !== 'number' || !(value >= 0) || (whole && !Number.isInteger(value))) {
    throw new ConfigError(`${path}: expected ${expected}, got ${typeof value === 'number' ? value : kindOf(value)}`)
  }
  return value
}

/** `extraHeaders` over `headers`; null takes a header away. */
function headerPairs(...sets) {
  const merged = new Map()
  for (const set of sets) {
    for (const [name, value] of Object.entries(set ?? {})) {
      merged.delete(name.toLowerCase())
      merged.set(name.toLowerCase(), [name, value == null ? null : String(value)])
    }
  }
  return [...merged.values()]
}

/** `{ a: 1, b: [1, 2], c: { d: 3 } }` → `a=1&b[]=1&b[]=2&c[d]=3`, percent-encoded; without brackets a list is `b=1,2`. */
function queryText(query, brackets = true) {
  const parts = []
  const add = (name, value) => {
    if (value == null) return
    if (Array.isArray(value) && brackets) value.forEach((item) => add(`${name}[]`, item))
    else if (isObject(value)) for (const key in value) add(`${name}[${key}]`, value[key])
    else parts.push(`${encodeURIComponent(name)}=${encodeURIComponent(value instanceof Date ? value.toJSON() : String(value))}`)
  }
  for (const name in query) add(name, query[name])
  return parts.join('&')
}

/** `traceID` → `trace-id`: the first `ID` counts as one word, each capital begins another. */
function headerName(option) {
  if (option.toLowerCase().startsWith('x-portkey-')) return option.toLowerCase()
  const canonical = option === 'strictOpenAICompliance' ? 'strictOpenAiCompliance' : option
  return `x-portkey-${canonical.replace('ID', 'Id').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** Options that act in this process alone: no gateway is told of them. */
const UNTOLD = new Set([
  'cacheStore', 'calculateAudioDuration', 'captureContent', 'defaultHeaders', 'egress', 'idempotent', 'limits', 'logs', 'maxAnswerBytes', 'maxConcurrent', 'maxQueue', 'maxRetries', 'onRecord', 'pricing', 'proxy', 'repairs', 'retryBudget',
  'streamUsage', 'strictParams', 'timeout', 'timeouts', 'tls',
])

/** An option's value as a header says it. Beyond ASCII, JSON is escaped. */
function headerText(option, value) {
  if (option === 'sensitiveHeaders' && Array.isArray(value)) return value.join(',')
  if (typeof value === 'object') return ascii(JSON.stringify(value))
  return option === 'config' || option === 'metadata' ? ascii(String(value)) : String(value)
}

const ascii = (json) => json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Whether an option says nothing. */
function isEmpty(value) {
  if (value == null) return true
  if (typeof value === 'string') return value.trim() === ''
  if (typeof value === 'object') return Object.keys(value).length === 0
  return false
}

/** A listed name as it is on the wire: camelCase and `x_…` become kebab-case, all others stay as they are listed. */
function wireName(listed) {
  const lower = listed.toLowerCase()
  if (/[-_]/.test(listed)) return lower.startsWith('x_') ? lower.replaceAll('_', '-') : lower
  return listed.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '-').toLowerCase()
}

/**
 * The headers that stand for Portkey options, for other clients that talk to a Portkey gateway:
 * `new OpenAI({ baseURL: PORTKEY_GATEWAY_URL, defaultHeaders: createHeaders({ … }) })`.
 */
function createHeaders(options) {
  const headers = {}
  const list = options?.forwardHeaders ?? []
  if (!Array.isArray(list)) throw new ConfigError(`forwardHeaders: expected an array of header names, got ${kindOf(list)}`)
  const listed = new Map(list.map((name) => [fold(name), wireName(name)]))
  for (const option in options) {
    const value = options[option]
    if (isEmpty(value) || UNTOLD.has(option)) continue
    if (option.toLowerCase() === 'authorization') headers.authorization = value
    else if (option === 'forwardHeaders') headers['x-portkey-forward-headers'] = [...new Set(listed.values())].join(',')
    else headers[(option !== 'apiKey' && listed.get(fold(option))) || headerName(option)] = headerText(option, value)
  }
  return headers
}

module.exports = { PORTKEY_GATEWAY_URL, callOptions, changedOptions, checked, createHeaders, fold, isObject, jsonText, kindOf, optionsText, queryText }
