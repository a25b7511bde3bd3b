'use strict'
// A streamed run of an assistant with events: the host's, and what each says of a message, a step, a tool's call.

const { deferred } = require('../deferred.js')
const { APIUserAbortError, StreamTruncatedError } = require('../errors.js')
const { isObject } = require('../options.js')
const { bytesOf } = require('../stream.js')
const { Snapshots, isPlace, listOf } = require('./assistant-snapshot.js')
const { EventStream, emit, run } = require('./event-stream.js')
const { valuesOf } = require('./json-lines.js')
const { Readers } = require('./readers.js')

/** States of a run after which its stream says no more of it. */
const FINAL = ['requires_action', 'cancelled', 'failed', 'completed', 'expired', 'incomplete'].map((state) => `thread.run.${state}`)
const STEP_ENDS = ['completed', 'failed', 'cancelled', 'expired'].map((state) => `thread.run.step.${state}`)

/**
 * `beginAssistantStream(ask, signal)` makes a request at once, by a method that gives such a stream, and gives one without waiting for it.
 * `assistantStreamOf(source)` tells of a stream that is there.
 */
let assistantStreamOf, beginAssistantStream

class AssistantStream extends EventStream {
  #messages = new Snapshots()
  #steps = new Snapshots()
  #readers = new Readers(this)
  #source
  #event
  #run
  #finalRun
  /** The message and the step that are under way. */
  #message
  #step
  /** The part of the message that came last, and its place. */
  #part
  #partAt
  /** The call of the step that came last, and its place. */
  #call
  #callAt
  #listened = deferred()

  /** The events of a stream that another process has sent on through `toReadableStream()`. */
  static fromReadableStream(readable) {
    const stream = new this()
    run(stream, () => stream.#follow(valuesOf(readable, stream.controller.signal)))
    return stream
  }

  /** The host's events. A reader that falls behind holds the host back, unless someone waits for the end. Leaving the loop aborts. */
  [Symbol.asyncIterator]() {
    return this.#readers.open('event')
  }

  /** The events as lines of JSON, for `fromReadableStream`. */
  toReadableStream() {
    return bytesOf(this, (event) => `${JSON.stringify(event)}\n`, '')
  }

  on(event, listener) {
    this.#listened.resolve()
    return super.on(event, listener)
  }

  once(event, listener) {
    this.#listened.resolve()
    return super.once(event, listener)
  }

  done() {
    this.#listened.resolve()
    this.#readers.endIsAwaited()
    return super.done()
  }

  currentEvent() {
    return this.#event
  }

  currentRun() {
    return this.#run
  }

  /** The message under way, as far as it has come. */
  currentMessageSnapshot() {
    return this.#message
  }

  /** The step under way, as far as it has come. */
  currentRunStepSnapshot() {
    return this.#step
  }

  async finalMessages() {
    await this.done()
    return this.#messages.all()
  }

  async finalRun() {
    await this.done()
    return this.#finalRun
  }

  async finalRunSteps() {
    await this.done()
    return this.#steps.all()
  }

  /** The `x-portkey-*` facts of the answer, without their prefix; undefined before there is one. */
  getHeaders() {
    return this.#source?.getHeaders()
  }

  /** What happened to the call; undefined before it was answered. */
  getGateway() {
    return this.#source?.getGateway()
  }

  /** Nothing is told before someone listens, and then not in the same turn, in which others may begin to. */
  async #follow(events) {
    await this.#listened.promise
    await new Promise((resolve) => setImmediate(resolve))
    emit(this, 'connect')
    for await (const event of events) {
      this.#add(event)
      if (this.#readers.areBehind) await this.#readers.wait()
    }
    if (this.controller.signal.aborted) throw new APIUserAbortError()
    if (this.#finalRun) return
    const partial = { text: textOf(this.#messages.all()), toolCalls: [], usage: null }
    throw new StreamTruncatedError('The stream has ended before the run has.', { code: 'stream_truncated', partial })
  }

  #add(event) {
    if (!isObject(event)) return
    this.#event = event
    emit(this, 'event', event)
    const { event: name, data } = event
    if (typeof name !== 'string' || !isObject(data)) return
    if (name.startsWith('thread.message.')) this.#addToMessage(name, data)
    else if (name.startsWith('thread.run.step.')) this.#addToStep(name, data)
    else if (name.startsWith('thread.run.')) this.#addToRun(name, data)
  }

  #addToMessage(name, data) {
    if (name === 'thread.message.delta') return this.#addDelta(data)
    this.#message = this.#messages.set(data)
    if (name === 'thread.message.created') return emit(this, 'messageCreated', data)
    if (name !== 'thread.message.completed' && name !== 'thread.message.incomplete') return
    this.#tellPartDone(listOf(data.content)[this.#partAt])
    emit(this, 'messageDone', data)
    this.#message = undefined
    this.#part = undefined
    this.#partAt = undefined
  }

  #addDelta(data) {
    const parts = listOf(data.delta?.content).filter((part) => isPlace(part?.index))
    const known = listOf(this.#messages.get(data.id)?.content)
    const begun = parts.filter(({ index }) => !known[index])
    const message = (this.#message = this.#messages.add(data))
    const textAt = (index) => (message.content[index].type === 'text' ? message.content[index].text : undefined)
    for (const { index } of begun) if (textAt(index)) emit(this, 'textCreated', textAt(index))
    emit(this, 'messageDelta', data.delta, message)
    for (const { index, text } of parts) {
      if (text && textAt(index)) emit(this, 'textDelta', text, textAt(index))
      // What comes after a part ends it.
      if (index !== this.#partAt) this.#tellPartDone(this.#part)
      this.#part = message.content[index]
      this.#partAt = index
    }
  }

  #tellPartDone(part) {
    if (part?.type === 'text') emit(this, 'textDone', part.text, this.#message)
    else if (part?.type === 'image_file') emit(this, 'imageFileDone', part.image_file, this.#message)
  }

  #addToStep(name, data) {
    if (name === 'thread.run.step.delta') return this.#addStepDelta(data)
    const step = (this.#step = this.#steps.set(data))
    if (name === 'thread.run.step.created') emit(this, 'runStepCreated', data)
    if (!STEP_ENDS.includes(name)) return
    this.#step = undefined
    if (data.step_details?.type === 'tool_calls') this.#tellCallDone()
    emit(this, 'runStepDone', data, step)
  }

  #addStepDelta(data) {
    const step = (this.#step = this.#steps.add(data))
    for (const piece of listOf(data.delta?.step_details?.tool_calls)) {
      if (!isPlace(piece?.index)) continue
      const call = step.step_details.tool_calls[piece.index]
      if (piece.index === this.#callAt) {
        emit(this, 'toolCallDelta', piece, call)
        continue
      }
      this.#tellCallDone()
      this.#call = call
      this.#callAt = piece.index
      emit(this, 'toolCallCreated', call)
    }
    emit(this, 'runStepDelta', data.delta, step)
  }

  #tellCallDone() {
    if (this.#call) emit(this, 'toolCallDone', this.#call)
    this.#call = undefined
    this.#callAt = undefined
  }

  #addToRun(name, data) {
    this.#run = data
    emit(this, 'run', data)
    if (!FINAL.includes(name)) return
    this.#finalRun = data
    this.#tellCallDone()
  }

  static {
    beginAssistantStream = (ask, signal) => {
      const stream = new AssistantStream()
      run(stream, async () => {
        stream.#source = (await ask(stream.controller.signal)).#source
        await stream.#follow(stream.#source)
      }, signal)
      return stream
    }
    assistantStreamOf = (source) => {
      const stream = new AssistantStream()
      stream.#source = source
      stream.controller.signal.addEventListener('abort', () => source.controller.abort(), { once: true })
      run(stream, () => stream.#follow(source))
      return stream
    }
  }
}

/** All texts of messages. */
function textOf(messages) {
  const parts = messages.flatMap(({ content }) => listOf(content))
  return parts.map((part) => (part?.type === 'text' ? (part.text?.value ?? '') : '')).join('')
}

module.exports = { AssistantStream, assistantStreamOf, beginAssistantStream }
