'use strict'
// Chat completions as the helpers hand them out: read in the shape that was asked for, and put together from chunks.

const { ContentFilterFinishReasonError, LengthFinishReasonError, SchemaMismatchError, StreamTruncatedError } = require('../errors.js')
const { partialJson } = require('./partial-json.js')

/** The facts around an answer, for an error about it. */
function factsOf(completion) {
  const gateway = completion.getGateway?.()
  return { completion, gateway, requestID: gateway?.requestId ?? undefined }
}

/** Throws where an answer was cut off, so that nobody takes a part for the whole. */
function refuseCut(completion) {
  for (const { finish_reason } of completion.choices) {
    if (finish_reason === 'length') throw new LengthFinishReasonError(undefined, factsOf(completion))
    if (finish_reason === 'content_filter') throw new ContentFilterFinishReasonError(undefined, factsOf(completion))
  }
}

/** Reads a whole answer in the shape that was asked for: `message.parsed` and `function.parsed_arguments`. */
function readCompletion(completion, shape, strictly = true) {
  try {
    for (const { message } of completion.choices) {
      for (const call of message.tool_calls ?? []) {
        if (call.function) call.function.parsed_arguments = shape.arguments(call.function, call)
      }
      message.parsed = shape.content(message, strictly)
    }
  } catch (error) {
    const facts = error instanceof SchemaMismatchError ? factsOf(completion) : {}
    for (const name in facts) Object.defineProperty(error, name, { value: facts[name], configurable: true })
    throw error
  }
  return completion
}

/** Most choices of an answer and calls of a message: what says that it is one beyond is no place to keep things at. */
const MOST = 1024
/** A list, also where a host says something else. */
const listOf = (value) => (Array.isArray(value) ? value : [])
const isPlace = (index) => Number.isInteger(index) && index >= 0 && index < MOST

const MESSAGE_TEXTS = ['content', 'refusal', 'reasoning', 'reasoning_content']
const CALL_TEXTS = ['arguments', 'input']
const AUDIO_TEXTS = ['data', 'transcript']
const BLOCK_TEXTS = ['text', 'thinking']

/** Lays a piece over what is there: `texts` come in pieces and grow, everything else is replaced. Nothing reaches a prototype. */
function lay(target, piece, texts = []) {
  for (const name of Object.keys(piece)) {
    if (name === '__proto__') continue
    const value = piece[name]
    if (texts.includes(name) && typeof value === 'string') target[name] = (target[name] ?? '') + value
    else if (value != null || target[name] === undefined) target[name] = value
  }
}

/** `name` on `target` is what `text()` comes to so far, read when someone looks, and each text once. */
function readLazily(target, name, text) {
  let read
  let value = null
  Object.defineProperty(target, name, {
    get() {
      const now = text()
      if (read !== now?.length) [read, value] = [now?.length, now ? partialJson(now) : null]
      return value
    },
    set: (final) => Object.defineProperty(target, name, { value: final, writable: true }),
    enumerable: true,
    configurable: true,
  })
  return target
}

/** A completion in the making: `value` is what the chunks so far come to. */
class Snapshot {
  value
  #shape

  constructor(shape) {
    this.#shape = shape
  }

  add(chunk) {
    const { choices, ...rest } = chunk
    lay((this.value ??= {}), rest)
    this.value.choices ??= []
    for (const piece of listOf(choices)) if (piece && isPlace(piece.index ?? 0)) this.#addChoice(piece)
  }

  #addChoice({ index = 0, delta, logprobs, ...rest }) {
    const choice = (this.value.choices[index] ??= { index, message: this.#message(), finish_reason: null, logprobs: null })
    lay(choice, rest)
    if (logprobs) {
      choice.logprobs ??= { content: null, refusal: null }
      for (const name of ['content', 'refusal']) if (logprobs[name]) (choice.logprobs[name] ??= []).push(...listOf(logprobs[name]))
    }
    if (delta) this.#addDelta(choice.message, delta)
  }

  #message() {
    const message = {}
    return this.#shape.readsContent ? readLazily(message, 'parsed', () => (message.refusal ? null : message.content)) : message
  }

  #addDelta(message, { tool_calls, function_call, audio, content_blocks, parsed, ...rest }) {
    lay(message, rest, MESSAGE_TEXTS)
    if (audio) lay((message.audio ??= {}), audio, AUDIO_TEXTS)
    if (function_call) lay((message.function_call ??= { name: '', arguments: '' }), function_call, CALL_TEXTS)
    for (const block of listOf(content_blocks)) {
      if (isPlace(block?.index) && block.delta) addBlock((message.content_blocks ??= []), block.index, block.delta)
    }
    for (const piece of listOf(tool_calls)) if (piece) this.#addCall((message.tool_calls ??= []), piece)
  }

  #addCall(calls, { index, ...piece }) {
    const at = index ?? placeOf(calls, piece)
    if (!isPlace(at)) return
    const { function: called, custom, type, ...rest } = piece
    const call = (calls[at] ??= { id: '', type: type ?? (custom ? 'custom' : 'function') })
    lay(call, rest)
    if (custom) lay((call.custom ??= { name: '', input: '' }), custom, CALL_TEXTS)
    if (!called) return
    call.function ??= { name: '', arguments: '' }
    lay(call.function, called, CALL_TEXTS)
    const isRead = Object.hasOwn(call.function, 'parsed_arguments')
    if (isRead || !this.#shape.readsArguments(call.function.name)) return
    readLazily(call.function, 'parsed_arguments', () => call.function.arguments)
  }

  /** The whole completion. `isWhole` when the engine has vouched for its end; else a choice without one is cut off. */
  finish(isWhole) {
    const completion = this.value
    completion.object = 'chat.completion'
    completion.choices = completion.choices.filter(Boolean)
    const isCut = ({ finish_reason, message }) => !finish_reason && !isSpoken(message)
    if (!isWhole && completion.choices.some(isCut)) throw cutOff(completion)
    for (const choice of completion.choices) finishChoice(choice)
    return completion
  }
}

/** Some hosts name no place for a call: a new id begins the next one. */
function placeOf(calls, { id }) {
  const last = calls.length - 1
  return last < 0 || (id && id !== calls[last]?.id) ? last + 1 : last
}

/** A block of the host's own: its texts come in pieces, and its kind is known by them. */
function addBlock(blocks, index, delta) {
  const kind = delta.text !== undefined ? 'text' : delta.thinking !== undefined ? 'thinking' : undefined
  lay((blocks[index] ??= kind ? { type: kind } : {}), delta, BLOCK_TEXTS)
}

/** A spoken answer may end without a finish reason: it is whole when it says how long it can be asked for. */
const isSpoken = ({ audio }) => audio?.id != null && audio.data != null && audio.expires_at != null

/** Loading node:crypto takes a tenth of a start, and few answers leave an id out. */
const newId = () => require('node:crypto').randomUUID()

function finishChoice(choice) {
  const { message } = choice
  message.role ??= 'assistant'
  message.content ??= null
  message.refusal ??= null
  for (const name of ['tool_calls', 'content_blocks']) if (message[name]) message[name] = message[name].filter(Boolean)
  for (const call of message.tool_calls ?? []) call.id ||= `call_${newId()}`
  choice.finish_reason ??= message.tool_calls?.length > 0 ? 'tool_calls' : 'stop'
}

function cutOff({ choices: [choice], usage }) {
  const { content, tool_calls } = choice?.message ?? {}
  const partial = { text: content ?? '', toolCalls: (tool_calls ?? []).filter(Boolean), usage: usage ?? null }
  return new StreamTruncatedError('The stream has ended without a finish reason.', { code: 'stream_truncated', partial })
}

module.exports = { Snapshot, listOf, readCompletion, refuseCut }
