// An OTLP receiver for tests: a real socket that reads spans and metrics in protobuf and in JSON, by a decoder of its own.
//
//   const receiver = await startReceiver(t)
//   new Portkey({ otel: { endpoint: receiver.url } })
//   receiver.spans[0].attributes['gen_ai.operation.name']

import { gunzipSync } from 'node:zlib'

import { startHost } from './host.mjs'

/** Field number → name, kind, whether it is a list. A kind that is a function gives another message's fields. */
const KEY_VALUE = { 1: ['key', 'string'], 2: ['value', () => ANY_VALUE] }
const ANY_VALUE = {
  1: ['stringValue', 'string'], 2: ['boolValue', 'bool'], 3: ['intValue', 'int'], 4: ['doubleValue', 'double'], 5: ['arrayValue', () => ({ 1: ['values', () => ANY_VALUE, true] })],
}
const SCOPE = { 1: ['name', 'string'], 2: ['version', 'string'] }
const RESOURCE = { 1: ['attributes', () => KEY_VALUE, true] }
const LINK = { 1: ['traceId', 'hex'], 2: ['spanId', 'hex'], 3: ['traceState', 'string'], 6: ['flags', 'fixed32'] }
const STATUS = { 2: ['message', 'string'], 3: ['code', 'int'] }
const SPAN = {
  1: ['traceId', 'hex'], 2: ['spanId', 'hex'], 3: ['traceState', 'string'], 4: ['parentSpanId', 'hex'], 5: ['name', 'string'], 6: ['kind', 'int'],
  7: ['startTimeUnixNano', 'fixed64'], 8: ['endTimeUnixNano', 'fixed64'], 9: ['attributes', () => KEY_VALUE, true], 13: ['links', () => LINK, true],
  15: ['status', () => STATUS], 16: ['flags', 'fixed32'],
}
const POINT = {
  2: ['startTimeUnixNano', 'fixed64'], 3: ['timeUnixNano', 'fixed64'], 4: ['count', 'fixed64'], 5: ['sum', 'double'], 6: ['bucketCounts', 'fixed64s'],
  7: ['explicitBounds', 'doubles'], 9: ['attributes', () => KEY_VALUE, true], 11: ['min', 'double'], 12: ['max', 'double'],
}
const NUMBER = { 2: ['startTimeUnixNano', 'fixed64'], 3: ['timeUnixNano', 'fixed64'], 6: ['asInt', 'fixed64'], 7: ['attributes', () => KEY_VALUE, true] }
const METRIC = {
  1: ['name', 'string'], 2: ['description', 'string'], 3: ['unit', 'string'],
  7: ['sum', () => ({ 1: ['dataPoints', () => NUMBER, true], 2: ['aggregationTemporality', 'int'], 3: ['isMonotonic', 'bool'] })],
  9: ['histogram', () => ({ 1: ['dataPoints', () => POINT, true], 2: ['aggregationTemporality', 'int'] })],
}
const scoped = (name, fields) => ({ 1: ['scope', () => SCOPE], 2: [name, () => fields, true], 3: ['schemaUrl', 'string'] })
const REQUESTS = {
  '/v1/traces': { 1: ['resourceSpans', () => ({ 1: ['resource', () => RESOURCE], 2: ['scopeSpans', () => scoped('spans', SPAN), true], 3: ['schemaUrl', 'string'] }), true] },
  '/v1/metrics': { 1: ['resourceMetrics', () => ({ 1: ['resource', () => RESOURCE], 2: ['scopeMetrics', () => scoped('metrics', METRIC), true], 3: ['schemaUrl', 'string'] }), true] },
}

/** A protobuf message as an object; 64-bit numbers are texts, as in OTLP's JSON. */
function decode(bytes, fields) {
  const message = {}
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(64, value)
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const [name, kind, isList] = fields[tag >> 3] ?? []
    let value
    if ((tag & 7) === 0) value = varint()
    else if ((tag & 7) === 1) value = bytes.subarray(at, (at += 8))
    else if ((tag & 7) === 5) value = bytes.subarray(at, (at += 4))
    else if ((tag & 7) === 2) {
      const length = Number(varint())
      value = bytes.subarray(at, (at += length))
    } else throw new Error(`wire type ${tag & 7}`)
    if (name === undefined) throw new Error(`an unknown field ${tag >> 3}`)
    if (isList) (message[name] ??= []).push(read(value, kind))
    else message[name] = read(value, kind)
  }
  return message
}

function read(value, kind) {
  if (typeof kind === 'function') return decode(value, kind())
  switch (kind) {
    case 'string': return new TextDecoder('utf-8', { fatal: true }).decode(value)
    case 'hex': return Buffer.from(value).toString('hex')
    case 'bool': return value === 1n
    case 'int': return String(value)
    case 'double': return Buffer.from(value).readDoubleLE()
    case 'fixed32': return Buffer.from(value).readUInt32LE()
    case 'fixed64': return String(Buffer.from(value).readBigUInt64LE())
    case 'doubles': return eights(value).map((bytes) => bytes.readDoubleLE())
    case 'fixed64s': return eights(value).map((bytes) => String(bytes.readBigUInt64LE()))
    default: throw new Error(kind)
  }
}

const eights = (bytes) => Array.from({ length: bytes.length / 8 }, (_, at) => Buffer.from(bytes.subarray(at * 8, at * 8 + 8)))

/** Attributes as a plain object. */
const plain = (list = []) => Object.fromEntries(list.map(({ key, value }) => [key, valueOf(value)]))

function valueOf(value) {
  if ('intValue' in value) return Number(value.intValue)
  if ('arrayValue' in value) return (value.arrayValue.values ?? []).map(valueOf)
  return value.stringValue ?? value.boolValue ?? value.doubleValue
}

export class Receiver {
  /** Every request: `{ path, headers, resource, scope, spans | metrics }`. */
  exports = []
  #waiting = []

  constructor(host) {
    this.host = host
    this.url = new URL(host.url).origin
  }

  take({ path, headers, body }) {
    const bytes = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
    const request = headers['content-type'] === 'application/json' ? JSON.parse(bytes) : decode(bytes, REQUESTS[path])
    for (const { resource, scopeSpans, scopeMetrics, schemaUrl } of request.resourceSpans ?? request.resourceMetrics) {
      for (const { scope, spans = [], metrics = [] } of scopeSpans ?? scopeMetrics) {
        const told = (item) => ({ ...item, attributes: plain(item.attributes) })
        const points = (data) => data && { ...data, dataPoints: data.dataPoints.map(told) }
        this.exports.push({
          path, headers, schemaUrl, scope,
          resource: plain(resource.attributes),
          spans: spans.map(told),
          metrics: metrics.map((metric) => ({ ...metric, histogram: points(metric.histogram), sum: points(metric.sum) })),
        })
      }
    }
    this.#waiting = this.#waiting.filter((look) => !look())
  }

  get spans() {
    return this.exports.flatMap(({ spans }) => spans)
  }

  /** The spans of calls, and those of attempts. */
  get calls() {
    return this.spans.filter(({ attributes }) => 'gen_ai.operation.name' in attributes)
  }

  get attempts() {
    return this.spans.filter(({ attributes }) => !('gen_ai.operation.name' in attributes))
  }

  /** The latest export's metric of a name. */
  metric(name) {
    return this.exports.flatMap(({ metrics }) => metrics).filter((metric) => metric.name === name).at(-1)
  }

  /** Waits until `condition` gives something, and gives it. */
  until(condition) {
    return new Promise((resolve) => {
      const look = () => {
        const found = condition(this)
        if (found) resolve(found)
        return Boolean(found)
      }
      if (!look()) this.#waiting.push(look)
    })
  }
}

/** Starts one; `script` are the answers of the first exports, where they are others than "taken". */
export async function startReceiver(t, script = []) {
  const steps = [...script]
  const taken = { status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: '' }
  let receiver
  const host = await startHost(async (request) => {
    const step = steps.shift() ?? taken
    if (step === taken || step.takes) receiver.take({ path: request.path, headers: request.headers, body: request.body })
    return step
  })
  receiver = new Receiver(host)
  t.after(() => host.close())
  return receiver
}
