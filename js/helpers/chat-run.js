'use strict'
// A conversation as it goes on: its messages, the completions it had, and what came of them in the end.

const { EventStream, emit } = require('./event-stream.js')

let addCompletion, addMessage, tellFinals, answeredBy

const isAssistant = (message) => message?.role === 'assistant'
const isFunctionCall = (call) => call.type === 'function' && call.function

class ChatRun extends EventStream {
  /** What was sent and what came, in order. What is added here is sent with the next request. */
  messages = []
  #completions = []
  /** The answer or the stream that came last. */
  #source

  /** The completions so far. */
  allChatCompletions() {
    return [...this.#completions]
  }

  async finalChatCompletion() {
    await this.done()
    const completion = this.#completions.at(-1)
    if (!completion) throw new Error('The run has ended without a chat completion.')
    return completion
  }

  async finalMessage() {
    await this.done()
    const message = this.messages.findLast(isAssistant)
    if (!message) throw new Error('The run has ended without a message of the assistant.')
    return message
  }

  /** The text of the last answer. */
  async finalContent() {
    return (await this.finalMessage()).content ?? null
  }

  /** The function that the last message with calls calls last. */
  async finalFunctionToolCall() {
    await this.done()
    return this.#finalCall()
  }

  /** What the last tool gave back. */
  async finalFunctionToolCallResult() {
    await this.done()
    return this.#finalResult()
  }

  /** The tokens of all completions. */
  async totalUsage() {
    await this.done()
    return this.#usage()
  }

  /** The `x-portkey-*` facts of the answer that came last, without their prefix; undefined before there is one. */
  getHeaders() {
    return this.#source?.getHeaders()
  }

  /** What happened to the call that was answered last; undefined before. */
  getGateway() {
    return this.#source?.getGateway()
  }

  #finalCall() {
    const message = this.messages.findLast((one) => isAssistant(one) && one.tool_calls?.some(isFunctionCall))
    return message?.tool_calls.findLast(isFunctionCall).function
  }

  #finalResult() {
    const called = new Set(this.messages.filter(isAssistant).flatMap(({ tool_calls }) => (tool_calls ?? []).map(({ id }) => id)))
    const isResult = ({ role, content, tool_call_id }) => role === 'tool' && typeof content === 'string' && called.has(tool_call_id)
    return this.messages.findLast(isResult)?.content
  }

  #usage() {
    const total = { completion_tokens: 0, prompt_tokens: 0, total_tokens: 0 }
    for (const { usage } of this.#completions) for (const name in total) total[name] += usage?.[name] ?? 0
    return total
  }

  #addCompletion(completion) {
    this.#completions.push(completion)
    emit(this, 'chatCompletion', completion)
    const message = completion.choices[0]?.message
    if (message) this.#addMessage(message)
    return completion
  }

  #addMessage(message) {
    this.messages.push(message)
    emit(this, 'message', message)
    if (message.role === 'tool' && message.content) emit(this, 'functionToolCallResult', message.content)
    const calls = isAssistant(message) ? (message.tool_calls ?? []).filter(isFunctionCall) : []
    for (const call of calls) emit(this, 'functionToolCall', call.function)
  }

  #tellFinals() {
    const message = this.messages.findLast(isAssistant)
    const finals = {
      finalChatCompletion: this.#completions.at(-1),
      finalMessage: message,
      finalContent: message?.content || undefined,
      finalFunctionToolCall: this.#finalCall(),
      finalFunctionToolCallResult: this.#finalResult(),
      totalUsage: this.#completions.some(({ usage }) => usage) ? this.#usage() : undefined,
    }
    for (const event in finals) if (finals[event] !== undefined) emit(this, event, finals[event])
  }

  static {
    addCompletion = (run, completion) => run.#addCompletion(completion)
    addMessage = (run, message) => run.#addMessage(message)
    tellFinals = (run) => run.#tellFinals()
    answeredBy = (run, source) => {
      run.#source = source
    }
  }
}

module.exports = { ChatRun, addCompletion, addMessage, answeredBy, tellFinals }
