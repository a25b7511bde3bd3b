'use strict'
// Answers and tool arguments in a shape: `jsonSchemaFormat` and `jsonSchemaTool` make what a request asks for and what
// reads the answer back. The reader hangs on it as `$parseRaw`, under the brand that the `openai` package reads too.

const { ConfigError, SchemaMismatchError } = require('../errors.js')
const { isObject, kindOf } = require('../options.js')

const FORMAT = 'auto-parseable-response-format'
const TOOL = 'auto-parseable-tool'

/** A `response_format` of this name; `schema` is a JSON Schema, or a Standard Schema that answers are checked with. */
function jsonSchemaFormat(name, schema, options = {}) {
  const { json, strict, read } = shapeOf(`jsonSchemaFormat(${quoted(name)})`, name, schema, options)
  const asked = { name, description: options.description, schema: json, strict }
  return branded({ type: 'json_schema', json_schema: asked }, FORMAT, read)
}

/** The same as the `text.format` of a response's body. */
function jsonSchemaTextFormat(name, schema, options = {}) {
  const { json, strict, read } = shapeOf(`jsonSchemaTextFormat(${quoted(name)})`, name, schema, options)
  return branded({ type: 'json_schema', name, description: options.description, schema: json, strict }, FORMAT, read)
}

/** A tool whose arguments have this schema; `function` is what `runTools` calls with them. */
function jsonSchemaTool(tool) {
  if (!isObject(tool)) throw new ConfigError(`jsonSchemaTool: expected an object, got ${kindOf(tool)}`)
  const { name, description, parameters } = tool
  const { json, strict, read } = shapeOf(`jsonSchemaTool(${quoted(name)})`, name, parameters, tool)
  return branded({ type: 'function', function: { name, description, parameters: json, strict } }, TOOL, read, tool.function)
}

const quoted = (name) => (typeof name === 'string' ? `'${name}'` : kindOf(name))

function branded(value, $brand, $parseRaw, $callback) {
  const hidden = { $brand, $parseRaw, ...($brand === TOOL && { $callback }) }
  for (const name in hidden) Object.defineProperty(value, name, { value: hidden[name] })
  return value
}

/** The JSON Schema to send, whether it can be held to exactly, and what reads a text of that shape. */
function shapeOf(call, name, schema, options) {
  if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) {
    throw new ConfigError(`${call}: expected a name of up to 64 letters, digits, _ and -`)
  }
  const standard = schema?.['~standard']
  if (standard === undefined) {
    if (!isObject(schema)) throw new ConfigError(`${call}: expected a JSON Schema or a Standard Schema, got ${kindOf(schema)}`)
    return { json: schema, strict: options.strict ?? (isStrict(schema) || undefined), read: (text) => parsed(name, text) }
  }
  const json = options.schema ?? closed(jsonOf(call, standard))
  const strict = options.strict ?? (isStrict(json) || undefined)
  return { json, strict, read: (text) => validated(name, standard, parsed(name, text), text) }
}

/** What the library itself makes of its schema: the shape of what is written, before defaults and transformations. */
function jsonOf(call, { vendor, jsonSchema }) {
  if (typeof jsonSchema?.input !== 'function') {
    throw new ConfigError(`${call}: this schema of ${vendor} cannot tell its JSON Schema; give that too, as { schema: { … } }`)
  }
  try {
    const { $schema, ...json } = jsonSchema.input({ target: 'draft-07' })
    return json
  } catch (error) {
    throw new ConfigError(`${call}: ${vendor} has no JSON Schema for it (${error.message.split('\n', 1)[0]})`)
  }
}

function parsed(name, text) {
  try {
    return JSON.parse(text)
  } catch {
    throw new SchemaMismatchError(`The answer is no JSON, as "${name}" would be.`, { code: 'not_json', issues: [], text })
  }
}

function validated(name, standard, value, text) {
  const result = standard.validate(value)
  if (typeof result?.then === 'function') {
    result.then(undefined, () => {})
    throw new ConfigError(`"${name}": its schema checks asynchronously, which is not waited for here; parse the content yourself`)
  }
  if (!result.issues) return result.value
  const issues = result.issues.map(({ message, path = [] }) => ({ message, path: path.map((step) => step?.key ?? step) }))
  const places = [...new Set(issues.map(({ path }) => path.map(String).join('.') || 'the whole'))]
  const more = places.length > 5 ? ` and ${places.length - 5} more` : ''
  const message = `The answer does not fit "${name}": ${places.slice(0, 5).join(', ')}${more}`
  throw new SchemaMismatchError(message, { code: 'schema_mismatch', issues, text })
}

/** The schemas right below a schema. */
function* partsOf(schema) {
  for (const key of ['properties', '$defs', 'definitions', 'patternProperties']) yield* Object.values(schema[key] ?? {})
  for (const key of ['anyOf', 'oneOf', 'allOf', 'prefixItems']) yield* schema[key] ?? []
  for (const key of ['items', 'additionalProperties', 'not']) yield* [schema[key] ?? []].flat()
}

/** Whether a host can hold an answer to it exactly, as OpenAI has it: objects are closed, and all their properties required. */
function isStrict(schema) {
  if (!isObject(schema)) return true
  if (schema.properties || schema.type === 'object') {
    const required = new Set(schema.required)
    if (schema.additionalProperties !== false) return false
    if (!Object.keys(schema.properties ?? {}).every((name) => required.has(name))) return false
  }
  return [...partsOf(schema)].every(isStrict)
}

/** A copy whose objects take no properties but their own, where nothing else is said; parts of an `allOf` must stay open. */
function closed(schema) {
  const copy = structuredClone(schema)
  const close = (part, mayClose) => {
    if (!isObject(part)) return
    if (part.properties && part.additionalProperties === undefined && mayClose) part.additionalProperties = false
    const shared = new Set(part.allOf)
    for (const inner of partsOf(part)) close(inner, !shared.has(inner))
  }
  close(copy, true)
  return copy
}

/** A request's parameter in whichever spelling it is written. */
const parameter = (body, name) => body?.[name] ?? body?.[name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())]

/** What a request says of its answer's shape, and what reads the answer accordingly, each message and call once. */
class Shape {
  /** Whether a part of an answer would be of no use. */
  isExact = false
  #format
  /** name → reader of arguments */
  #tools = new Map()
  #read = new WeakMap()
  #runsTools

  /** With `runsTools`, who runs a tool tells the model of arguments that do not fit; here they have no value. */
  constructor(body, runsTools = false) {
    this.#runsTools = runsTools
    // The one stands in a chat's body, the other in that of a response.
    const format = parameter(body, 'response_format') ?? body?.text?.format
    const name = format?.json_schema?.name ?? format?.name
    if (format?.$brand === FORMAT) {
      this.#format = { name, read: (text) => format.$parseRaw(text) }
      this.isExact = true
    } else if (format?.type === 'json_schema') {
      this.#format = { name }
    }
    const tools = parameter(body, 'tools')
    if (Array.isArray(tools)) for (const tool of tools) this.#addTool(tool)
  }

  #addTool(tool) {
    const { name, strict } = tool?.function ?? tool ?? {}
    if (tool?.$brand === TOOL) this.#tools.set(name, (text) => tool.$parseRaw(text))
    else if (strict === true) this.#tools.set(name, (text) => parsed(name, text))
    else return
    this.isExact = true
  }

  get readsContent() {
    return this.#format !== undefined
  }

  readsArguments(name) {
    return this.#tools.has(name)
  }

  /** The value that a message's content stands for; null where it stands for none. With `strictly`, text that is no JSON throws. */
  content(message, strictly) {
    if (!this.#format || !message.content || message.refusal) return null
    // What is said beside calls need not be the answer yet.
    if (message.tool_calls?.length > 0) return orNull(() => (this.#format.read ?? JSON.parse)(message.content))
    return this.text(message, message.content, strictly)
  }

  /** The value of a text, which is that of `key`. */
  text(key, text, strictly) {
    if (!this.#format) return null
    const { name, read } = this.#format
    return this.#once(key, () => {
      if (read) return read(text)
      return strictly ? parsed(name, text) : orNull(() => JSON.parse(text))
    })
  }

  /** The value of a call's arguments; null where the request says nothing of their shape. */
  arguments({ name, arguments: text }, call) {
    const read = this.#tools.get(name)
    if (!read) return null
    return this.#once(call, () => (this.#runsTools ? orNull(() => read(text)) : read(text)))
  }

  #once(key, read) {
    if (!this.#read.has(key)) this.#read.set(key, read())
    return this.#read.get(key)
  }
}

function orNull(read) {
  try {
    return read()
  } catch {
    return null
  }
}

const isBrandedTool = (tool) => tool?.$brand === TOOL

module.exports = { Shape, isBrandedTool, jsonSchemaFormat, jsonSchemaTextFormat, jsonSchemaTool, parameter }
