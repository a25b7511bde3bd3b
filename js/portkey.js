'use strict'
// The class: options are read once and never change. Calls work on a handle of the engine's client.

const { version } = require('../package.json')
const { latestHeaders } = require('./answer.js')
const border = require('./border.js')
const { native } = require('./native.js')
const errors = require('./errors.js')
const { changedOptions, createHeaders, fold, optionsText } = require('./options.js')
const { heldBy } = require('./records.js')
const { defineResources } = require('./resources.js')
const telemetry = require('./telemetry.js')

/** Options that can be read back from a client. They are accessors of the class, so that printing a client shows none. */
const READABLE = [
  'apiKey',
  'baseURL',
  'virtualKey',
  'provider',
  'customHost',
  'config',
  'metadata',
  'traceID',
  'forwardHeaders',
  'cacheForceRefresh',
  'cacheNamespace',
  'requestTimeout',
  'timeout',
  'maxRetries',
  'strictOpenAiCompliance',
  'openaiOrganization',
  'openaiProject',
  'debug',
  'dangerouslyAllowBrowser',
  'calculateAudioDuration',
  'anthropicBeta',
  'anthropicVersion',
  'awsAccessKeyId',
  'awsBedrockModel',
  'awsRegion',
  'awsS3Bucket',
  'awsS3ObjectKey',
  'awsSecretAccessKey',
  'awsSessionToken',
  'azureApiVersion',
  'azureDeploymentId',
  'azureEndpointName',
  'azureResourceName',
  'fireworksAccountId',
  'huggingfaceBaseUrl',
  'mistralFimCompletion',
  'providerFileName',
  'providerModel',
  'vertexProjectId',
  'vertexRegion',
  'vertexStorageBucketName',
  'workersAiAccountId',
]

let grown = false

/** What `fetch` knows of the endpoints, once someone has asked for it. */
let routes

/** The client that `withOptions` is making another from: both remember the same of their targets. */
let derivedFrom

/** Every provider: its name, base URL, endpoints, and what it needs beside a key. */
const listProviders = () => JSON.parse(native().tables()).providers

/** The first client loads the addon, whose endpoint table the resources grow from when they are first asked for. */
function growOnce() {
  if (grown) return
  const rowsOf = (resource) => JSON.parse(native().endpointsOf(resource))
  defineResources(Portkey.prototype, JSON.parse(native().resources()), rowsOf, handleOf, { providers: listProviders })
  grown = true
}

/** One warning for a client whose targets' certificates are not checked, unless the client that it is made from gave it. */
function warnOfInsecure(handle, known) {
  const hosts = handle.insecure()
  if (hosts === '[]' || hosts === known?.insecure()) return
  process.emitWarning(`The certificates of ${JSON.parse(hosts).join(', ')} are not checked (tls.insecure): whoever answers there gets the credentials.`, {
    type: 'PortkeyWarning',
    code: 'PORTKEY_INSECURE_TLS',
    detail: 'To trust a certificate of your own, name its PEM file as tls.caFile.',
  })
}

let writesAtExit = false

/** What was recorded when the process ends is written first, for a while; `flush` says whether all of it was. */
function writeAtExit() {
  if (writesAtExit) return
  writesAtExit = true
  process.once('exit', () => {
    // Loading it takes a tenth of the time that importing this package does, and only this needs it.
    const { isMainThread } = require('node:worker_threads')
    native().flushAll(500, isMainThread)
  })
}

class Portkey {
  #handle
  #options
  #fetch

  constructor(options = {}) {
    const text = optionsText(options)
    growOnce()
    const opened = native().Client.open(text, derivedFrom)
    if (typeof opened === 'string') throw errors.errorFrom(opened)
    warnOfInsecure(opened, derivedFrom)
    this.#handle = opened
    this.#options = JSON.parse(text, (_, value) => Object.freeze(value))
    const exports = this.#options.otel && this.#options.otel.tracer == null
    if (exports || text.includes('"logs"')) writeAtExit()
    for (const number of [this.#options.onRecord, this.#options.captureContent?.redact, this.#options.otel?.tracer]) if (typeof number === 'number') heldBy(this, number)
    telemetry.attach(opened, this.#options.otel)
  }

  /** A client with some options changed; `null` takes one away. Connections are shared. */
  withOptions(options) {
    const changed = changedOptions(this.#options, options)
    derivedFrom = this.#handle
    try {
      return new this.constructor(changed)
    } finally {
      derivedFrom = undefined
    }
  }

  /** How each target fares: health, load, breaker, last error, latency. */
  targets() {
    return JSON.parse(this.#handle.targets())
  }

  /** How full each count of its limits is. */
  limits() {
    return JSON.parse(this.#handle.limits())
  }

  /** What the cache holds, and how its Redis fares. */
  cacheState() {
    return JSON.parse(this.#handle.cacheState())
  }

  /** What public services list as the prices of their models, with the date and the source of each list. */
  prices() {
    return JSON.parse(native().prices())
  }

  /** `fetch` over the engine, for other people's clients: `new OpenAI({ fetch: portkey.fetch })`. */
  get fetch() {
    const { fetchOver, routesOf } = require('./fetch.js') // not at every start
    routes ??= routesOf(JSON.parse(native().tables()).endpoints)
    return (this.#fetch ??= fetchOver(this, this.#handle, routes, (name) => optionOf(this, name)))
  }

  /** The client's options as the headers that a gateway is told, secrets in clear; for other people's clients of one. */
  get customHeaders() {
    const { baseURL, baseUrl, ...told } = this.#options
    return Object.freeze(createHeaders({ strictOpenAiCompliance: false, ...told }))
  }

  /** What tells a gateway of this package. */
  get portkeyHeaders() {
    return Object.freeze({ 'Content-Type': 'application/json', 'x-portkey-package-version': `portkey-native-${version}` })
  }

  /** The headers of whichever answer came last; `answer.withResponse()` has those of one call. */
  get responseHeaders() {
    return Object.freeze({ ...latestHeaders(this.#handle) })
  }

  /** Waits, at most `limit` milliseconds, until what was recorded has reached its place: `{ whole, dropped }`. */
  flush(limit = 5000) {
    if (typeof limit !== 'number' || !(limit >= 0)) throw new errors.ConfigError('flush: expected milliseconds, a number ≥ 0')
    return border.flush(this.#handle, limit)
  }

  /** Printing a client shows no option, whatever the printer is asked to show. */
  [Symbol.for('nodejs.util.inspect.custom')]() {
    return 'Portkey {}'
  }

  static handleOf(client) {
    return client.#handle
  }

  static optionOf(client, name) {
    const options = client.#options
    return name in options ? options[name] : options[Object.keys(options).find((other) => fold(other) === fold(name))]
  }
}

const { handleOf, optionOf } = Portkey
delete Portkey.handleOf
delete Portkey.optionOf

for (const name of READABLE) {
  Object.defineProperty(Portkey.prototype, name, {
    configurable: true,
    get() {
      return optionOf(this, name)
    },
    set() {
      throw new TypeError(`${name}: the options of a client do not change; client.withOptions({ ${name}: … }) makes a client with another`)
    },
  })
}

module.exports = { Portkey, handleOf, optionOf }
