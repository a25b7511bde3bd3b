'use strict'
// The resource tree, grown from the engine's endpoint table: `chat.completions.create(body, params?, opts?)`.
// A method takes the path's arguments, an object where its endpoint has one, and then `params` and `opts`.

const border = require('./border.js')
const { watch } = require('./abort.js')
const { bodyOf } = require('./body.js')
const { APIUserAbortError, ConfigError } = require('./errors.js')
const helpers = require('./helpers')
const { callOptions, checked, fold, isObject, jsonText, kindOf, queryText } = require('./options.js')
const { attach } = require('./answer.js')
const { Upload, describe: describeFiles, hasFile, split } = require('./files.js')
const { PagePromise, withPages } = require('./pages.js')
const { APIPromise } = require('./promise.js')
const { traceOf } = require('./telemetry.js')

/**
 * Defines the tree's first level on `prototype`: the resources of these names, whose rows `rowsOf` gives, and the helpers'.
 * Each client grows a resource when it first asks for it. A resource that `callable` names is that function, with the
 * methods on it.
 */
function defineResources(prototype, names, rowsOf, handleOf, callable) {
  for (const name of new Set([...names, ...Object.keys(helpers).map(resourceOf)])) {
    let node
    Object.defineProperty(prototype, name, {
      configurable: true,
      get() {
        node ??= nodeOf(name, rowsOf(name))
        const resource = grow(node, handleOf(this), this)
        const value = callable[name] ? Object.assign(() => callable[name](), resource) : resource
        Object.defineProperty(this, name, { value, configurable: true })
        return value
      },
    })
  }
}

/** `chat` of `chat.completions.create`. */
const resourceOf = (call) => call.split('.', 1)[0]

/** A resource's part of the tree, of its rows and its helpers. */
function nodeOf(name, rows) {
  const tree = {}
  for (const row of rows) place(tree, row.call, new Leaf(row))
  for (const call in helpers) if (resourceOf(call) === name) place(tree, call, { helper: helpers[call] })
  return tree[name]
}

function place(tree, call, leaf) {
  const path = call.split('.')
  const method = path.pop()
  let node = tree
  for (const name of path) node = node[name] ??= {}
  // A row comes first: a helper of the same name is told what it stands for.
  node[method] = node[method] ? { ...leaf, row: node[method] } : leaf
}

/** A row, and what its method needs to know, worked out when the first client asks for it. */
class Leaf {
  #endpoint

  constructor(row) {
    this.row = row
  }

  get endpoint() {
    return (this.#endpoint ??= describe(this.row))
  }
}

function describe(row) {
  const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
  const holes = [...row.path.matchAll(/\{([.+*]?)([^}]+)\}/g)].map(([, mark, names]) => ({ mark, names: names.split('|') }))
  const named = holes.filter(({ mark }) => mark === '.' || mark === '+')
  return {
    ...row,
    holes,
    leading: holes.length - named.length,
    takesObject: named.length > 0 || !['Nothing', 'EmptyJson'].includes(row.sends),
    isGeneric: row.path.startsWith('/{*'),
    renamed: new Map(row.parameters.map((name) => [camel(name), name])),
  }
}

function grow(node, handle, client) {
  if (node instanceof Leaf) return method(node.endpoint, handle)
  if (node.helper) return node.helper(client, node.row && method(node.row.endpoint, handle))
  const grown = {}
  for (const name in node) grown[name] = grow(node[name], handle, client)
  return grown
}

function method(endpoint, handle) {
  const { leading, takesObject } = endpoint
  if (leading === 0 && takesObject) return (object, params, opts) => begin(endpoint, handle, [], object, params, opts)
  const rest = leading + (takesObject ? 1 : 0)
  return (...given) => begin(endpoint, handle, given.slice(0, leading), takesObject ? given[leading] : undefined, given[rest], given[rest + 1])
}

function begin(endpoint, ...given) {
  return (endpoint.gives === 'Page' ? PagePromise : APIPromise).begin(start, endpoint, ...given)
}

function start(call, endpoint, handle, leading, object, params, opts) {
  const stream = endpoint.streams && asksForStream(endpoint, object, opts)
  const { body, query, pathArguments, files } = input(endpoint, leading, object, stream)
  const given = extrasOf(pathArguments, query, params, opts)
  const signal = opts?.signal ?? undefined
  if (signal?.aborted) throw new APIUserAbortError()
  const extras = extrasText(given, call.traced(traceOf(handle, endpoint.call, object?.model)))
  call.namesEvents = endpoint.namesEvents
  if (endpoint.gives === 'Page') {
    const follow = (after) => begin(endpoint, handle, leading, { ...object, after }, params, opts)
    call.finish = (list, facts) => withPages(attach(list, facts), follow)
  }
  const id = files ? sendForm(call, handle, endpoint.index, body, stream, extras, files) : border.send(call, handle, endpoint.index, body, stream, extras)
  call.started(handle, id, signal)
  if (signal) watch(signal, call)
}

/** Speech has a parameter of its own for what is `stream` elsewhere. */
const isSpeech = ({ gives, streams }) => streams && gives === 'Bytes'

function asksForStream(endpoint, object, opts) {
  return object?.stream === true || opts?.stream === true || (isSpeech(endpoint) && object?.stream_format === 'sse')
}

function sendForm(call, handle, index, body, stream, extras, files) {
  const { text: told, bytes, opens } = describeFiles(files)
  call.upload = new Upload(opens, call)
  return border.sendForm(call, handle, index, body, stream, extras, told, bytes, call.upload)
}

/** What the caller hands in, as body, query and the path's arguments. */
function input(endpoint, leading, object, stream) {
  const { sends, holes } = endpoint
  const { rest, pathArguments } = holes.length > 0 ? taken(endpoint, leading, object) : { rest: checkedObject(endpoint, object) }
  if (sends === 'EmptyJson') return { body: '{}', pathArguments }
  if (sends === 'Query') return { query: rest && queryText(withKnownNames(rest, endpoint), endpoint.plane === 'Data'), pathArguments }
  if (sends === 'Form' || (sends === 'FormOrJson' && hasFile(rest))) {
    const { fields, files } = split(rest)
    return { body: jsonText(sentBody(endpoint, fields, stream), bodyName(endpoint)), pathArguments, files }
  }
  if (sends === 'Json' || sends === 'FormOrJson') {
    const [body, query] = parted(rest, endpoint)
    return { body: bodyOf(sentBody(endpoint, body, stream), bodyName(endpoint)), query, pathArguments }
  }
  return { pathArguments }
}

/** The body, and the query of what the endpoint takes there. */
function parted(object, { queried }) {
  if (!queried.some((name) => object?.[name] !== undefined)) return [object]
  const body = { ...object }
  const query = {}
  for (const name of queried) {
    query[name] = body[name]
    delete body[name]
  }
  return [body, queryText(query)]
}

/** The path's arguments in its order, and the object without those that are taken out of it. */
function taken(endpoint, leading, object) {
  const { call, holes } = endpoint
  const given = leading[Symbol.iterator]()
  let rest = checkedObject(endpoint, object)
  const pathArguments = holes.map(({ mark, names }) => {
    if (mark === '' || mark === '*') return pathArgument(call, names[0], given.next().value)
    const key = names.map((name) => keyOf(rest, name)).find((found) => found !== undefined) ?? names[0]
    const value = pathArgument(call, names[0], rest[key])
    if (mark === '.') {
      const { [key]: _, ...others } = rest
      rest = others
    }
    return value
  })
  return { rest, pathArguments }
}

/** The key of `object` that spells `name`, in whatever case. */
const keyOf = (object, name) => (name in object ? name : Object.keys(object).find((key) => fold(key) === fold(name)))

function pathArgument(call, name, value) {
  if (typeof value === 'string' && value !== '') return value
  throw new ConfigError(`${call}: expected ${name}, a string, got ${value === '' ? 'an empty one' : kindOf(value)}`)
}

/** The object that a method takes after the path's arguments; Portkey's own endpoints and the generic ones take any JSON as a body. */
function checkedObject({ call, sends, optional, takesObject, plane, isGeneric, holes }, object) {
  if (!takesObject) return undefined
  if (object == null && optional) return isGeneric || sends === 'Query' ? undefined : {}
  if (isObject(object)) return object
  const named = holes.some(({ mark }) => mark === '.' || mark === '+')
  if (sends === 'Json' && !named && object !== undefined && (isGeneric || (plane !== 'Data' && Array.isArray(object)))) return object
  const what = sends === 'Query' || sends === 'Nothing' ? 'an object' : 'the body, an object,'
  throw new ConfigError(`${call}: expected ${what} as its ${holes.some(({ mark }) => mark === '') ? 'second' : 'first'} argument, got ${kindOf(object)}`)
}

/** The body with the names that the endpoint knows. */
function sentBody(endpoint, body, stream) {
  if (body === undefined) return undefined
  const sent = isObject(body) ? withKnownNames(body, endpoint) : body
  if (stream && isSpeech(endpoint)) return { ...sent, stream_format: 'sse' }
  return stream && sent.stream !== true ? { ...sent, stream } : sent
}

const bodyName = ({ call }) => `${call}: the body`

/** Parameters in camelCase by the names that the endpoint knows. Of Portkey's own endpoints all parameters are in snake_case. */
function withKnownNames(object, { plane, sends, renamed, isGeneric }) {
  const nameOf = plane === 'Data' || sends === 'Query' ? (key) => renamed.get(key) : snake
  if (isGeneric) return object
  for (const key in object) {
    if ((nameOf(key) ?? key) !== key) return renameKnown(object, nameOf)
  }
  return object
}

/** As Portkey's own SDK: the first `ID` counts as one word, each capital begins another. */
const snake = (key) => key.replace('ID', 'Id').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

function renameKnown(body, nameOf) {
  const sent = {}
  for (const key of Object.keys(body)) {
    const name = nameOf(key) ?? key
    if (name in sent || (name !== key && Object.hasOwn(body, name))) {
      throw new ConfigError(`${key}: is given twice, as ${name} too`, [{ path: key, message: `is given twice, as ${name} too` }])
    }
    sent[name] = body[key]
  }
  return sent
}

function extrasOf(pathArguments, query, params, opts) {
  if (params == null && opts == null && !pathArguments?.length && !query) return undefined
  const extras = callOptions(opts) ?? {}
  if (params != null) extras.params = checked(params, 'params')
  if (pathArguments?.length) extras.arguments = pathArguments
  if (query) extras.query = extras.query ? `${query}&${extras.query}` : query
  return extras
}

/** Its JSON, with a call's place in a trace. */
function extrasText(extras, trace) {
  return extras || trace ? jsonText({ ...extras, trace }, 'params') : undefined
}

module.exports = { defineResources }
