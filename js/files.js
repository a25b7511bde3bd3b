'use strict'
// Files on their way out: what of a body is one, and the pump that hands it to the engine as fast as that can send it.
// Bytes, blobs and files on disk can be sent again; a stream can be read only once.

const fs = require('node:fs')
const { fileURLToPath } = require('node:url')
const border = require('./border.js')
const { ConfigError } = require('./errors.js')

/** Bytes up to this size are handed over at once; more are read while they are sent. */
const SMALL = 1 << 20
/** The longest piece that is handed over at a time. */
const PIECE = 1 << 18

const PLAIN = 'application/octet-stream'

/** A stream with the name that it is sent under: what `toFile` makes of one, since it is not read before it is sent. */
class FileStream {
  #source

  constructor(source, name, { type = '', lastModified = Date.now(), size } = {}) {
    this.#source = source
    this.name = name
    this.type = type
    this.lastModified = lastModified
    this.size = size
  }

  [Symbol.asyncIterator]() {
    return piecesOf(this.#source)
  }

  static sourceOf(file) {
    return file.#source
  }
}

const isBlob = (value) => typeof value?.arrayBuffer === 'function' && typeof value.stream === 'function' && typeof value.size === 'number'
const isResponse = (value) => typeof value?.blob === 'function' && typeof value.url === 'string'
const isStream = (value) => typeof value?.[Symbol.asyncIterator] === 'function' || typeof value?.getReader === 'function'
const isBytes = (value) => ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer
const isFileURL = (value) => value instanceof URL && value.protocol === 'file:'

/** Whether a value of a body is sent as a file. */
function isFile(value) {
  return typeof value === 'object' && value !== null && (isBlob(value) || isBytes(value) || isFileURL(value) || isResponse(value) || isStream(value))
}

/** Whether a file stands somewhere in a body. */
function hasFile(value) {
  if (typeof value !== 'object' || value === null) return false
  return isFile(value) || Object.values(value).some(hasFile)
}

/** A body as fields that have a JSON form, and its files, each with the name of its part: `image[]`, `outer[inner]`. */
function split(body) {
  const files = []
  const walk = (value, field) => {
    if (isFile(value)) {
      files.push({ field, value })
      return undefined
    }
    if (Array.isArray(value)) return value.map((item) => walk(item, `${field}[]`)).filter((item) => item !== undefined)
    if (typeof value !== 'object' || value === null || typeof value.toJSON === 'function') return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, field === '' ? key : `${field}[${key}]`)]))
  }
  return { fields: walk(body, ''), files }
}

/** What the engine is told of each file, the bytes that it gets at once, and how to read the others. */
function describe(files) {
  const bytes = []
  const told = files.map(({ field, value }) => {
    const { name, type, source } = known(value)
    const file = { field, name, type: type || PLAIN }
    const data = isBytes(source) ? viewOf(source) : undefined
    if (data && data.byteLength <= SMALL) return { ...file, bytes: bytes.push(data) - 1 }
    const place = onDisk(source)
    if (place) return { ...file, ...place }
    const { size, repeatable, open } = data ? ofBytes(data) : isBlob(source) ? ofBlob(source) : ofStream(source, value)
    return { ...file, feed: true, size, repeatable, open }
  })
  const opens = told.map((file) => file.open)
  return { text: JSON.stringify(told.map(({ open, ...file }) => file)), bytes, opens }
}

/** A file's name, its type, and what its bytes are read from. */
function known(value) {
  if (isBlob(value)) return { name: nameOf(value), type: value.type, source: value }
  if (value instanceof FileStream) return { name: nameOf(value), type: value.type, source: FileStream.sourceOf(value) }
  if (isResponse(value)) return { name: nameOf(value), type: value.headers?.get('content-type'), source: value }
  return { name: nameOf(value), source: value }
}

/** The last part of what names it, as OpenAI's SDK finds it. */
function nameOf(value) {
  const { name, url, filename, path } = value
  const named = isFileURL(value) ? value.pathname : [name, url, filename, path].find((given) => given != null && String(given) !== '')
  const last = String(named ?? '').split(/[\\/]/).pop()
  return (isFileURL(value) ? decodeURIComponent(last) : last) || 'unknown_file'
}

const viewOf = (data) => (ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data))

/** Where a file is that the engine can read by itself: one that is named, or that nobody has begun to read. */
function onDisk(source) {
  if (isFileURL(source)) return { path: fileURLToPath(source) }
  if (!(source instanceof fs.ReadStream) || !isUntouched(source)) return undefined
  const path = source.path instanceof URL ? fileURLToPath(source.path) : String(source.path)
  if (!fs.statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined
  // The engine opens it anew.
  source.on('error', () => {}).destroy()
  return { path, start: source.start ?? 0, end: Number.isFinite(source.end) ? source.end + 1 : undefined }
}

function isUntouched(stream) {
  const own = Object.getOwnPropertySymbols(stream).find((symbol) => symbol.description === 'kFs')
  return stream.path != null && typeof stream.path !== 'number' && !Buffer.isBuffer(stream.path) && stream.flags === 'r' && stream.bytesRead === 0
    && !stream.readableDidRead && stream.readableFlowing === null && !stream.readableEncoding && !stream.destroyed && (!own || stream[own] === fs)
}

const ofBytes = (data) => ({ size: data.byteLength, repeatable: true, open: () => [data] })

const ofBlob = (blob) => ({ size: blob.size, repeatable: true, open: () => blob.stream() })

/** A stream of whatever kind; its size is known where it says so. */
function ofStream(source, value) {
  // One that fails before it is read throws when it is read.
  // Loaded here and not at every start: who has a stream has it already.
  if (source instanceof require('node:stream').Readable) source.on('error', () => {})
  const size = Number.isSafeInteger(value.size) ? value.size : isResponse(source) ? lengthOf(source) : undefined
  return { size, repeatable: false, open: () => (isResponse(source) ? (source.body ?? []) : source) }
}

function lengthOf({ headers }) {
  const length = Number(headers?.get('content-length') ?? NaN)
  return Number.isSafeInteger(length) && !headers.get('content-encoding') ? length : undefined
}

/** The bytes of a source in pieces of a handy size. */
async function* piecesOf(source) {
  for await (const chunk of typeof source.getReader === 'function' && !source[Symbol.asyncIterator] ? readerOf(source) : source) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : isBlob(chunk) ? new Uint8Array(await chunk.arrayBuffer()) : isBytes(chunk) ? viewOf(chunk) : undefined
    if (!bytes) throw new ConfigError(`a file's stream gave ${chunk === null ? 'null' : typeof chunk}: expected bytes or strings`)
    for (let at = 0; at < bytes.byteLength; at += PIECE) yield bytes.subarray(at, at + PIECE)
  }
}

async function* readerOf(stream) {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel()
  }
}

/** The files of one call that are handed over while they are sent. */
class Upload {
  #opens
  #call
  #id
  /** For each file, its reading under way. */
  #readings = []

  constructor(opens, call) {
    this.#opens = opens
    this.#call = call
  }

  /** The engine wants pieces of a file: of this round, from the file's beginning where the round is a new one. */
  async ask(id, file, round) {
    this.#id = id
    let reading = this.#readings[file]
    if (reading?.round !== round) {
      reading?.pieces.return().catch(() => {})
      reading = this.#readings[file] = { round, pieces: piecesOf(this.#opens[file]()) }
    }
    try {
      for (;;) {
        const { value, done } = await reading.pieces.next()
        if (this.#readings[file] !== reading) return
        if (!border.feed(id, file, round, done ? undefined : value)) return
      }
    } catch (error) {
      if (this.#readings[file] === reading) this.#call.fail(() => error)
    }
  }

  /** Nothing more is wanted: streams are closed. */
  stop() {
    border.endUpload(this.#id)
    for (const reading of this.#readings) reading?.pieces.return().catch(() => {})
    this.#readings = []
  }
}

/**
 * A file to send, of whatever holds its contents. Bytes, strings and blobs become a `File`; a stream stays one and gets
 * a name, since it is read while it is sent.
 */
async function toFile(value, name, options = {}) {
  const source = await value
  if (source instanceof FileStream || (isBlob(source) && typeof source.name === 'string' && name == null && options.type === undefined)) return source
  if (source == null || typeof source === 'number' || typeof source === 'boolean') throw new ConfigError(`toFile: expected bytes, a string, a blob or a stream, got ${source === null ? 'null' : typeof source}`)
  const called = name ?? (typeof source === 'object' ? nameOf(source) : 'unknown_file')
  if (typeof source === 'string' || isBytes(source)) return new File([source], called, options)
  if (isBlob(source)) return new File([source], called, { type: source.type, ...options })
  if (isResponse(source)) return new FileStream(source, called, { type: source.headers?.get('content-type') ?? '', size: lengthOf(source), ...options })
  if (isStream(source) || isFileURL(source)) return new FileStream(source, called, options)
  throw new ConfigError('toFile: expected bytes, a string, a blob or a stream, got an object')
}

module.exports = { Upload, describe, hasFile, split, toFile }
