'use strict'
// A streamed chat completion with events: what each piece adds, what is done, and the whole at the end.

const { APIUserAbortError, StreamTruncatedError } = require('../errors.js')
const { isObject } = require('../options.js')
const { bytesOf } = require('../stream.js')
const { ChatRun, addCompletion, addMessage, answeredBy, tellFinals } = require('./chat-run.js')
const { Snapshot, listOf, readCompletion, refuseCut } = require('./completion.js')
const { emit, run } = require('./event-stream.js')
const { lineOfMessage, messageIn, valuesOf } = require('./json-lines.js')
const { partialJson } = require('./partial-json.js')
const { Readers } = require('./readers.js')
const { Shape } = require('./schema.js')

/** What `toReadableStream()` sends on: the chunks, and between completions what tools gave back. */
const LINE = Symbol('line')

let askStreaming, beginStream

class ChatCompletionStream extends ChatRun {
  #shape = new Shape()
  #snapshot
  #choices
  #readers = new Readers(this)
  #lastChunk
  #runsTools

  constructor(runsTools = false) {
    super()
    this.#runsTools = runsTools
    let ids
    this.on('message', (message) => {
      if (message.role === 'assistant') ids = message.tool_calls?.map(({ id }) => id)
      if (message.role === 'tool' && this.#lastChunk) emit(this, LINE, lineOfMessage(this.#lastChunk, message, ids))
    })
  }

  /** The completion as far as it has come; undefined when none is under way. */
  get currentChatCompletionSnapshot() {
    return this.#snapshot?.value
  }

  /** The events of a stream that another process has sent on through `toReadableStream()`. */
  static fromReadableStream(readable) {
    const stream = new this()
    run(stream, (listening) => stream.#receive(readable, listening))
    return stream
  }

  /** The chunks. A reader that falls behind holds the host back, unless someone waits for the end. Leaving the loop aborts. */
  [Symbol.asyncIterator]() {
    return this.#readers.open('chunk')
  }

  /** The chunks as lines of JSON, for `fromReadableStream`. */
  toReadableStream() {
    return bytesOf(this.#readers.open(LINE), (line) => `${JSON.stringify(line)}\n`, '')
  }

  done() {
    this.#readers.endIsAwaited()
    return super.done()
  }

  /** Makes a request and follows its answer to the end; gives the completion. */
  async #ask(client, body, params, opts, listening) {
    this.#shape = new Shape(body, this.#runsTools)
    const sent = isObject(body) ? { ...body, stream: true } : body
    const call = client.chat.completions.create(sent, params, { ...opts, signal: this.controller.signal })
    const [chunks] = await Promise.all([call, listening])
    answeredBy(this, chunks)
    emit(this, 'connect')
    for await (const chunk of chunks) {
      this.#add(chunk)
      if (this.#readers.areBehind) await this.#readers.wait()
    }
    if (this.controller.signal.aborted) throw new APIUserAbortError()
    return this.#finish(chunks)
  }

  /** Follows lines that hold one completion after the other, and what tools gave back between them. */
  async #receive(readable, listening) {
    await listening
    emit(this, 'connect')
    let id
    for await (const item of valuesOf(readable, this.controller.signal)) {
      const message = messageIn(item)
      if (this.#snapshot && (message ? true : id && item.id && id !== item.id)) this.#finish(undefined, message?.tool_call_ids)
      if (message) {
        addMessage(this, message.message)
        continue
      }
      this.#add(item)
      id = item.id || id
      if (this.#readers.areBehind) await this.#readers.wait()
    }
    if (this.#snapshot) this.#finish()
    if (this.allChatCompletions().length === 0) throw truncated('The stream has ended before its first chunk.')
    tellFinals(this)
  }

  #add(chunk) {
    if (typeof chunk !== 'object' || chunk === null || Array.isArray(chunk)) return
    this.#snapshot ??= new Snapshot(this.#shape)
    this.#choices ??= new Map()
    this.#snapshot.add(chunk)
    this.#lastChunk = chunk
    emit(this, 'chunk', chunk, this.#snapshot.value)
    emit(this, LINE, chunk)
    for (const piece of listOf(chunk.choices)) {
      const choice = this.#snapshot.value.choices[piece?.index ?? 0]
      if (piece && choice) this.#tell(piece, choice)
    }
  }

  /** What a chunk's piece of a choice says, and what is done with it. */
  #tell({ delta, logprobs }, choice) {
    const { message } = choice
    if (delta?.content != null && message.content) {
      emit(this, 'content', delta.content, message.content)
      const parsed = this.#shape.readsContent && !message.refusal ? message.content : undefined
      emit(this, 'content.delta', withParsed({ delta: delta.content, snapshot: message.content }, 'parsed', parsed))
    }
    if (delta?.refusal != null && message.refusal) emit(this, 'refusal.delta', { delta: delta.refusal, snapshot: message.refusal })
    for (const name of ['content', 'refusal']) {
      if (!logprobs?.[name]) continue
      emit(this, `logprobs.${name}.delta`, { [name]: logprobs[name], snapshot: choice.logprobs?.[name] ?? [] })
    }
    for (const piece of listOf(delta?.tool_calls)) if (piece) this.#tellCall(piece, choice)
    if (!choice.finish_reason) return
    if (this.#shape.isExact) refuseCut({ ...this.#snapshot.value, choices: [choice], getGateway: () => this.getGateway() })
    this.#tellDone(choice)
    message.tool_calls?.forEach((_, at) => this.#tellCallDone(choice, at))
  }

  #tellCall(piece, choice) {
    const { tool_calls } = choice.message
    const at = piece.index ?? tool_calls.length - 1
    const state = this.#stateOf(choice)
    if (state.call !== at) {
      // What comes after the content, or after another call, ends it.
      this.#tellDone(choice)
      if (state.call !== undefined) this.#tellCallDone(choice, state.call)
      state.call = at
    }
    const called = tool_calls[at]?.function
    if (!called) return
    const event = { name: called.name, index: at, arguments: called.arguments, arguments_delta: piece.function?.arguments ?? '' }
    const parsed = this.#shape.readsArguments(called.name) ? called.arguments : undefined
    emit(this, 'tool_calls.function.arguments.delta', withParsed(event, 'parsed_arguments', parsed))
  }

  #tellCallDone(choice, at) {
    const call = choice.message.tool_calls[at]
    if (!call?.function || !this.#isFirst(choice, `call ${at}`)) return
    const { name, arguments: text } = call.function
    const parsed_arguments = this.#shape.arguments(call.function, call)
    emit(this, 'tool_calls.function.arguments.done', { name, index: at, arguments: text, parsed_arguments })
  }

  #tellDone(choice) {
    const { message, logprobs } = choice
    if (message.content && this.#isFirst(choice, 'content')) {
      emit(this, 'content.done', { content: message.content, parsed: this.#shape.content(message) })
    }
    if (message.refusal && this.#isFirst(choice, 'refusal')) emit(this, 'refusal.done', { refusal: message.refusal })
    for (const name of ['content', 'refusal']) {
      const event = `logprobs.${name}`
      if (logprobs?.[name] && this.#isFirst(choice, event)) emit(this, `${event}.done`, { [name]: logprobs[name] })
    }
  }

  #stateOf(choice) {
    if (!this.#choices.has(choice)) this.#choices.set(choice, { done: new Set(), call: undefined })
    return this.#choices.get(choice)
  }

  #isFirst(choice, what) {
    const { done } = this.#stateOf(choice)
    if (done.has(what)) return false
    done.add(what)
    return true
  }

  #finish(chunks, ids) {
    const snapshot = this.#snapshot
    if (!snapshot) throw truncated('The stream has ended before its first chunk.')
    ids?.forEach((id, at) => {
      const call = snapshot.value.choices[0]?.message.tool_calls?.[at]
      if (call) call.id = id
    })
    const completion = snapshot.finish(chunks !== undefined)
    if (chunks) {
      for (const name of ['getHeaders', 'getGateway']) {
        Object.defineProperty(completion, name, { value: () => chunks[name](), configurable: true, writable: true })
      }
    }
    readCompletion(completion, this.#shape, false)
    this.#snapshot = undefined
    this.#choices = undefined
    return addCompletion(this, completion)
  }

  static {
    askStreaming = (stream, ...more) => stream.#ask(...more)
    beginStream = (client, body, params, opts) => {
      const stream = new ChatCompletionStream()
      run(stream, async (listening) => {
        stream.messages.push(...(body?.messages ?? []))
        await stream.#ask(client, body, params, opts, listening)
        tellFinals(stream)
      }, opts?.signal)
      return stream
    }
  }
}

/** An event with what `text` stands for so far, read when someone looks: a long answer is not read anew at each of its pieces. */
function withParsed(event, name, text) {
  const keep = (value) => Object.defineProperty(event, name, { value, writable: true })
  return Object.defineProperty(event, name, {
    get: () => keep(text ? partialJson(text) : null)[name],
    set: keep,
    enumerable: true,
    configurable: true,
  })
}

function truncated(message) {
  return new StreamTruncatedError(message, { code: 'stream_truncated', partial: { text: '', toolCalls: [], usage: null } })
}

module.exports = { ChatCompletionStream, askStreaming, beginStream }
