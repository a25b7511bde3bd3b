'use strict'
// The resource tree, grown from the engine's endpoint table: `chat.completions.create(body, params?, opts?)`.

const border = require('./border.js')
const { watch } = require('./abort.js')
const { APIUserAbortError, ConfigError } = require('./errors.js')
const { callOptions, checked, isObject, jsonText, kindOf } = require('./options.js')
const { APIPromise } = require('./promise.js')

/** Defines the tree's first level on `prototype`; each client grows its own when it is first used. */
function defineResources(prototype, endpoints, handleOf) {
  const tree = {}
  endpoints.forEach((row, index) => {
    const path = row.call.split('.')
    const method = path.pop()
    let node = tree
    for (const name of path) node = node[name] ??= {}
    node[method] = describe(row, index)
  })
  for (const name in tree) {
    Object.defineProperty(prototype, name, {
      configurable: true,
      get() {
        const value = grow(tree[name], handleOf(this))
        Object.defineProperty(this, name, { value, configurable: true })
        return value
      },
    })
  }
}

/** A row with what its method needs to know worked out. */
function describe(row, index) {
  const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
  return {
    row,
    index,
    argumentNames: [...row.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
    renamed: new Map(row.parameters.map((name) => [camel(name), name])),
  }
}

function grow(node, handle) {
  if (node.row) return method(node, handle)
  const grown = {}
  for (const name in node) grown[name] = grow(node[name], handle)
  return grown
}

function method(endpoint, handle) {
  const leading = endpoint.argumentNames.length
  if (!endpoint.row.takesBody) {
    return (...given) => begin(endpoint, handle, given.slice(0, leading), undefined, given[leading], given[leading + 1])
  }
  if (leading === 0) return (body, params, opts) => begin(endpoint, handle, undefined, body, params, opts)
  return (...given) => begin(endpoint, handle, given.slice(0, leading), given[leading], given[leading + 1], given[leading + 2])
}

function begin(endpoint, handle, pathArguments, body, params, opts) {
  return APIPromise.begin((call) => {
    const stream = endpoint.row.streams && (body?.stream === true || opts?.stream === true)
    const text = endpoint.row.takesBody ? bodyText(endpoint, body, stream) : undefined
    const extras = extrasText(endpoint, pathArguments, params, opts)
    const signal = opts?.signal ?? undefined
    if (signal?.aborted) throw new APIUserAbortError()
    call.namesEvents = endpoint.row.namesEvents
    const id = border.send(call, handle, endpoint.index, text, stream, extras)
    call.started(id, signal)
    if (signal) watch(signal, call)
  })
}

/** The body as the caller's `JSON.stringify` makes it; only known parameters in camelCase are renamed. */
function bodyText({ row, renamed }, body, stream) {
  if (!isObject(body)) throw new ConfigError(`${row.call}: expected the body, an object, as its first argument, got ${kindOf(body)}`)
  let sent = body
  for (const key in body) {
    if (renamed.has(key)) {
      sent = renameKnown(body, renamed)
      break
    }
  }
  if (stream && body.stream !== true) sent = { ...sent, stream }
  return jsonText(sent, `${row.call}: the body`)
}

function renameKnown(body, renamed) {
  const sent = {}
  for (const key of Object.keys(body)) {
    const name = renamed.get(key) ?? key
    if (name in sent || (name !== key && Object.hasOwn(body, name))) {
      throw new ConfigError(`${key}: is given twice, as ${name} too`, [{ path: key, message: `is given twice, as ${name} too` }])
    }
    sent[name] = body[key]
  }
  return sent
}

function extrasText({ row, argumentNames }, pathArguments, params, opts) {
  if (params == null && opts == null && !pathArguments?.length) return undefined
  const extras = callOptions(opts) ?? {}
  if (params != null) extras.params = checked(params, 'params')
  if (pathArguments?.length) {
    extras.arguments = pathArguments.map((value, at) => {
      if (typeof value === 'string' && value !== '') return value
      throw new ConfigError(`${row.call}: expected ${argumentNames[at]}, a string, got ${value === '' ? 'an empty one' : kindOf(value)}`)
    })
  }
  return jsonText(extras, 'params')
}

module.exports = { defineResources }
