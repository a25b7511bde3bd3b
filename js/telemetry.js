'use strict'
// OpenTelemetry on this side of the border: what the environment says of it, the span that is active when a call is made, and
// spans by the app's own tracer. The app's API is found where it registers itself; nothing is required.

const { ConfigError } = require('./errors.js')
const { isListener, listenerOf, numberOf } = require('./records.js')
const { version } = require('../package.json')

/** Where `@opentelemetry/api` registers what an app uses, whichever copy of it the app has. */
const API = Symbol.for('opentelemetry.js.api.1')
/** Under what a context has its span. */
const SPAN = Symbol.for('OpenTelemetry Context Key SPAN')
const SCOPE = 'portkey-native'
const SCHEMA = 'https://opentelemetry.io/schemas/1.41.0'
const CLIENT = 2
const ERROR = 2

const api = () => globalThis[API]
const isObject = (value) => Object.prototype.toString.call(value) === '[object Object]'
const fold = (name) => name.replace(/[-_]/g, '').toLowerCase()

/** Handles of clients that make spans → `{ tracer }`. */
const clients = new WeakMap()
let anyone = false

/** The option in the form that the engine takes, with what the environment says where it says nothing itself. */
function otelOption(otel, environment = process.env) {
  if (otel == null || otel === false) return otel
  if (environment.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return false
  if (otel !== true && !isObject(otel)) return otel
  const given = Object.fromEntries(Object.entries(otel === true ? {} : otel).filter(([, value]) => value !== undefined))
  if (given.propagate == null && environment.OTEL_PROPAGATORS) {
    given.propagate = list(environment.OTEL_PROPAGATORS).includes('tracecontext')
  }
  if (given.tracer != null) return { ...given, tracer: tracerNumber(given.tracer) }
  return { ...given, ...fromEnvironment(given, environment) }
}

function tracerNumber(tracer) {
  if (isListener(tracer)) return tracer
  if (tracer !== 'app' && typeof tracer?.startSpan !== 'function') {
    throw new ConfigError("otel.tracer: expected 'app' or a tracer", [{ path: 'otel.tracer', message: "expected 'app' or a tracer" }])
  }
  const own = new AppTracer(tracer === 'app' ? undefined : tracer)
  return numberOf(Object.assign((told) => own.told(told), { tracer: own }))
}

/** What is no number stays text, which the engine refuses in its own words. */
const number = (text) => (Number.isFinite(Number(text)) ? Number(text) : text)

/** What both signals take, by the end of their variables' names. */
const OF_SIGNALS = [
  ['endpoint', 'ENDPOINT'],
  ['headers', 'HEADERS', pairs],
  ['protocol', 'PROTOCOL'],
  ['compression', 'COMPRESSION'],
  ['timeout', 'TIMEOUT', number],
]

/** What the standard's variables say of what `given` leaves open. */
function fromEnvironment(given, environment) {
  const said = {}
  const names = new Set(Object.keys(given).map(fold))
  const read = (into, key, variable, as = (text) => text) => {
    const text = environment[variable]?.trim()
    if (text && !names.has(fold(key))) into[key] = as(text)
  }
  for (const [key, end, as] of OF_SIGNALS) read(said, key, `OTEL_EXPORTER_OTLP_${end}`, as)
  if (given.resource?.['service.name'] === undefined) read(said, 'serviceName', 'OTEL_SERVICE_NAME')
  read(said, 'sampler', 'OTEL_TRACES_SAMPLER')
  read(said, 'ratio', 'OTEL_TRACES_SAMPLER_ARG', number)
  read(said, 'delta', 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', (text) => text.toLowerCase() !== 'cumulative')
  const resource = pairs(environment.OTEL_RESOURCE_ATTRIBUTES ?? '')
  if (Object.keys(resource).length > 0 && (given.resource == null || isObject(given.resource))) said.resource = { ...resource, ...given.resource }
  for (const [signal, word, every] of [['spans', 'TRACES', 'OTEL_BSP_SCHEDULE_DELAY'], ['metrics', 'METRICS', 'OTEL_METRIC_EXPORT_INTERVAL']]) {
    const own = given[signal]
    if (own === false || (own != null && own !== true && !isObject(own))) continue
    if (own == null && environment[`OTEL_${word}_EXPORTER`]?.trim() === 'none') {
      said[signal] = false
      continue
    }
    const filled = {}
    for (const [key, end, as] of OF_SIGNALS) read(filled, key, `OTEL_EXPORTER_OTLP_${word}_${end}`, as)
    read(filled, 'interval', every, number)
    said[signal] = { ...filled, ...(isObject(own) ? own : {}) }
  }
  return said
}

const list = (text) => text.split(',').map((item) => item.trim()).filter(Boolean)

/** `a=1,b=%20` as an object. */
function pairs(text) {
  return Object.fromEntries(list(text).filter((item) => item.includes('=')).map((item) => {
    const at = item.indexOf('=')
    return [item.slice(0, at).trim(), decoded(item.slice(at + 1).trim())]
  }))
}

function decoded(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A client makes spans. */
function attach(handle, otel) {
  if (!otel) return
  anyone = true
  clients.set(handle, { tracer: listenerOf(otel.tracer)?.tracer, spans: otel.spans !== false })
}

/**
 * What a call's tracer says of it: `trace` for the engine, and `failed`, which gets what makes the error of a call that is
 * rejected. Undefined where there is nothing to say.
 */
function traceOf(handle, operation, model) {
  if (!anyone) return undefined
  const client = clients.get(handle)
  if (!client) return undefined
  const context = api()?.context?.active()
  if (client.tracer && client.spans) return client.tracer.begin(context, operation, model)
  const parent = context?.getValue(SPAN)?.spanContext()
  return parent && { trace: told(parent, false) }
}

function told({ traceId, spanId, traceFlags, traceState }, own) {
  const flags = (traceFlags & 0xff).toString(16).padStart(2, '0')
  return { own, parent: `00-${traceId}-${spanId}-${flags}`, state: traceState?.serialize() ?? '' }
}

/** What the conventions call the methods that they know. */
const OPERATIONS = {
  'chat.completions.create': 'chat',
  'messages.create': 'chat',
  'responses.create': 'chat',
  'completions.create': 'text_completion',
  'embeddings.create': 'embeddings',
}

/** A context that has its span and nothing else, for where the app has no context manager. */
class Context {
  constructor(values) {
    this.values = values
  }

  getValue(key) {
    return this.values.get(key)
  }

  setValue(key, value) {
    return new Context(new Map(this.values).set(key, value))
  }

  deleteValue(key) {
    const values = new Map(this.values)
    values.delete(key)
    return new Context(values)
  }
}

/** Spans and metrics by the app's own means. A call's span is open from its beginning, so that hosts are told of it. */
class AppTracer {
  #tracer
  #warned = false
  /** span id → `{ span, context }` of calls under way */
  #open = new Map()
  /** Histograms by name, of one meter. */
  #meter
  #histograms = new Map()

  /** `tracer`: undefined for whichever the app has registered when a call is made. */
  constructor(tracer) {
    this.#tracer = tracer
  }

  get #current() {
    return this.#tracer ?? api()?.trace?.getTracer(SCOPE, version, { schemaUrl: SCHEMA })
  }

  begin(context, call, model) {
    const tracer = this.#current
    if (!tracer) return this.#warn()
    const operation = OPERATIONS[call] ?? call
    const attributes = { 'gen_ai.operation.name': operation, ...(typeof model === 'string' && { 'gen_ai.request.model': model }) }
    const name = typeof model === 'string' ? `${operation} ${model}` : operation
    const parent = context ?? new Context(new Map())
    const span = tracer.startSpan(name, { kind: CLIENT, attributes, startTime: Date.now() }, parent)
    const own = span.spanContext()
    if (/^0*$/.test(own.spanId)) return undefined
    this.#open.set(own.spanId, { span, context: parent, tracer })
    return { trace: told(own, true), failed: (error) => this.#failed(own.spanId, error) }
  }

  #warn() {
    if (this.#warned) return
    this.#warned = true
    process.emitWarning("otel.tracer is 'app', and the app has registered no tracer provider: there are no spans.", { type: 'PortkeyWarning', code: 'PORTKEY_OTEL' })
  }

  /** A call that never left has no record, and its span ends here. */
  #failed(id, error) {
    const open = this.#open.get(id)
    if (!open) return
    this.#open.delete(id)
    const { code, name } = error()
    open.span.setAttribute('error.type', code ?? name)
    open.span.setStatus({ code: ERROR, message: code ?? name })
    open.span.end()
  }

  /** The engine has told of a call: `{ spans: [the call's, its attempts'…], measures }`. */
  told({ spans: [call, ...attempts], measures }) {
    const open = this.#open.get(call.spanId)
    this.#open.delete(call.spanId)
    if (open) this.#finish(open, call, attempts)
    const meter = api()?.metrics?.getMeter(SCOPE, version, { schemaUrl: SCHEMA })
    if (meter) for (const measure of measures) this.#record(meter, measure)
  }

  #finish({ span, context, tracer }, call, attempts) {
    span.updateName(call.name)
    span.setAttributes(attributesOf(call.attributes))
    if (call.status?.code === ERROR) span.setStatus({ code: ERROR, message: call.status.message })
    const within = context.setValue(SPAN, span)
    for (const attempt of attempts) {
      const made = tracer.startSpan(
        attempt.name,
        { kind: CLIENT, attributes: attributesOf(attempt.attributes), startTime: timeOf(attempt.startTimeUnixNano) },
        within,
      )
      if (attempt.status?.code === ERROR) made.setStatus({ code: ERROR, message: attempt.status.message })
      made.end(timeOf(attempt.endTimeUnixNano))
    }
    span.end(timeOf(call.endTimeUnixNano))
  }

  #record(meter, { name, unit, description, bounds, values, attributes }) {
    if (this.#meter !== meter) {
      this.#meter = meter
      this.#histograms.clear()
    }
    if (!this.#histograms.has(name)) {
      this.#histograms.set(name, meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries: bounds } }))
    }
    const [histogram, own] = [this.#histograms.get(name), attributesOf(attributes)]
    for (const value of values) histogram.record(value, own)
  }
}

/** Seconds and nanoseconds. */
function timeOf(nanoseconds) {
  const all = BigInt(nanoseconds)
  return [Number(all / 1_000_000_000n), Number(all % 1_000_000_000n)]
}

const attributesOf = (list) => Object.fromEntries(list.map(({ key, value }) => [key, valueOf(value)]))

function valueOf(value) {
  if ('intValue' in value) return Number(value.intValue)
  if ('arrayValue' in value) return value.arrayValue.values.map(valueOf)
  return value.stringValue ?? value.boolValue ?? value.doubleValue
}

/** A receiver can't be reached, or does not take what it gets: the user is told once. */
function warn(words) {
  process.emitWarning(`OpenTelemetry: ${words}. What is lost is counted in flush().`, { type: 'PortkeyWarning', code: 'PORTKEY_OTEL' })
}

module.exports = { attach, otelOption, traceOf, warn }
