'use strict'
// Asks a model, runs the tools that it calls, tells it what they gave back, and asks again, until it calls none.

const { APIUserAbortError, ConfigError, SchemaMismatchError } = require('../errors.js')
const { isObject, kindOf } = require('../options.js')
const { ChatRun, addCompletion, addMessage, answeredBy, tellFinals } = require('./chat-run.js')
const { ChatCompletionStream, askStreaming } = require('./chat-stream.js')
const { readCompletion, refuseCut } = require('./completion.js')
const { emit, run } = require('./event-stream.js')
const { Shape, isBrandedTool, parameter } = require('./schema.js')

const MOST_COMPLETIONS = 10

/** Whole answers, one after the other. */
class ChatCompletionRunner extends ChatRun {}

/** Streamed answers, one after the other. */
class ChatCompletionStreamingRunner extends ChatCompletionStream {
  constructor() {
    super(true)
  }
}

/** `chat.completions.runTools`: `body.stream` says which of the two. */
function runTools(client, body, params, opts) {
  const isStreamed = body?.stream === true
  const runner = isStreamed ? new ChatCompletionStreamingRunner() : new ChatCompletionRunner()
  run(runner, (listening) => {
    const { maxChatCompletions = MOST_COMPLETIONS, afterCompletion, onToolError, ...callOptions } = opts ?? {}
    const ask = isStreamed ? askStreaming : askWhole
    const loop = new ToolLoop(runner, body, { maxChatCompletions, afterCompletion, onToolError })
    return loop.run((sent) => ask(runner, client, sent, params, callOptions, listening))
  }, opts?.signal)
  return runner
}

async function askWhole(runner, client, body, params, opts, listening) {
  const call = client.chat.completions.create(body, params, { ...opts, signal: runner.controller.signal })
  const [answer] = await Promise.all([call, listening])
  answeredBy(runner, answer)
  emit(runner, 'connect')
  addCompletion(runner, readCompletion(answer, new Shape(body, true)))
  const content = answer.choices[0]?.message?.content
  if (content) emit(runner, 'content', content)
  return answer
}

class ToolLoop {
  #runner
  #body
  #context
  #tools
  #options
  /** The one function that the request names. */
  #only
  #aborted

  constructor(runner, body, options) {
    check(body, options)
    this.#runner = runner
    this.#options = options
    const { toolContext, ...rest } = body
    this.#context = toolContext
    this.#tools = new Map(body.tools.filter((tool) => tool?.type === 'function').map((tool) => described(tool)))
    const choice = parameter(body, 'tool_choice')
    this.#only = choice?.type === 'function' ? choice.function?.name : undefined
    this.#body = { ...rest, tools: body.tools.map((tool) => (tool?.type === 'function' ? sentForm(tool) : tool)) }
    runner.messages.push(...(body.messages ?? []))
    const { signal } = runner.controller
    this.#aborted = new Promise((_, reject) => {
      if (signal.aborted) reject(new APIUserAbortError())
      signal.addEventListener('abort', () => reject(new APIUserAbortError()), { once: true })
    })
    this.#aborted.catch(() => {})
  }

  async run(ask) {
    const { maxChatCompletions, afterCompletion } = this.#options
    for (let asked = 0; asked < maxChatCompletions; asked++) {
      const completion = await ask({ ...this.#body, messages: this.#runner.messages.map(sendable) })
      refuseCut(completion)
      const isOver = await this.#answer(completion.choices[0]?.message?.tool_calls ?? [])
      await afterCompletion?.(completion, this.#runner)
      if (isOver) break
    }
    tellFinals(this.#runner)
  }

  /** Runs the functions that were called and adds what they gave back; gives whether that was all. */
  async #answer(calls) {
    const wanted = calls.filter(({ type }) => type === 'function')
    if (wanted.length === 0) return true
    if (this.#only || parameter(this.#body, 'parallel_tool_calls') === false) {
      for (const call of wanted) {
        const { content, isCalled } = await this.#unlessAborted(this.#runTool(call))
        this.#tell(call, content)
        if (this.#only && isCalled) return true
      }
      return false
    }
    // All have ended before one that failed ends the run, so that none goes on behind it.
    const results = await this.#unlessAborted(Promise.allSettled(wanted.map((call) => this.#runTool(call))))
    const failed = results.find(({ status }) => status === 'rejected')
    if (failed) throw failed.reason
    wanted.forEach((call, at) => this.#tell(call, results[at].value.content))
    return false
  }

  #unlessAborted(work) {
    return Promise.race([work, this.#aborted])
  }

  #tell({ id }, content) {
    addMessage(this.#runner, { role: 'tool', tool_call_id: id, content })
  }

  async #runTool({ function: { name, arguments: text } }) {
    const tool = this.#tools.get(name)
    const invalid = (why) => ({ content: `Invalid tool_call: ${JSON.stringify(name)}. ${why}. Please try again` })
    if (!tool) return invalid(`Available options are: ${this.#names()}`)
    if (this.#only && this.#only !== name) return invalid(`${JSON.stringify(this.#only)} requested`)
    let given = text
    try {
      if (tool.parse) given = await tool.parse(text)
    } catch (error) {
      return { content: complaint(error) }
    }
    try {
      return { content: textOf(await tool.function(given, this.#runner, this.#context)), isCalled: true }
    } catch (error) {
      const answer = await this.#options.onToolError?.(error, { name, arguments: text })
      if (answer === undefined) throw error
      return { content: textOf(answer) }
    }
  }

  #names() {
    return [...this.#tools.keys()].map((name) => JSON.stringify(name)).join(', ')
  }
}

/** Throws where nothing could be run. */
function check(body, { maxChatCompletions: most }) {
  const call = 'chat.completions.runTools'
  if (!isObject(body)) throw new ConfigError(`${call}: expected the body, an object, as its first argument, got ${kindOf(body)}`)
  if (!Array.isArray(body.tools)) throw new ConfigError(`tools: expected a list of tools, got ${kindOf(body.tools)}`)
  if (body.n > 1) throw new ConfigError(`n: ${call} follows one choice; ask for several with chat.completions.create`)
  if (Number.isInteger(most) && most >= 1) return
  const got = typeof most === 'number' ? most : kindOf(most)
  throw new ConfigError(`opts.maxChatCompletions: expected a whole number ≥ 1, got ${got}`)
}

/** `[name, { function, parse }]` of a tool in either form. */
function described(tool) {
  const { function: called, name = called?.name, parse } = tool.function ?? {}
  if (isBrandedTool(tool)) {
    if (typeof tool.$callback !== 'function') throw new ConfigError(`tools: ${tool.function.name} has no function to run`)
    return [tool.function.name, { function: tool.$callback, parse: tool.$parseRaw }]
  }
  if (!name) throw new ConfigError('tools: a tool has no name')
  if (typeof called !== 'function') throw new ConfigError(`tools: ${name} has no function to run`)
  return [name, { function: called, parse }]
}

/** A tool as the model is told of it. */
function sentForm(tool) {
  if (isBrandedTool(tool)) return tool
  const { name = tool.function.function?.name, parameters, description, strict } = tool.function
  return { type: 'function', function: { name, parameters, description, strict } }
}

/** A message as it is sent again: an answer without what only answers have, all others as they are. */
function sendable(message) {
  if (message?.role !== 'assistant' || !('parsed' in message)) return message
  const { parsed, annotations, audio, tool_calls, ...rest } = message
  for (const name of ['refusal', 'function_call']) if (rest[name] == null) delete rest[name]
  if (audio) rest.audio = { id: audio.id }
  if (tool_calls) rest.tool_calls = tool_calls.map(sendableCall)
  return rest
}

function sendableCall(call) {
  if (!call.function) return call
  const { parsed_arguments, ...called } = call.function
  return { ...call, function: called }
}

/** What is told to the model whose arguments could not be read. */
function complaint(error) {
  if (!(error instanceof SchemaMismatchError)) return error instanceof Error ? error.message : String(error)
  const issues = error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'arguments'}: ${message}`)
  return issues.length > 0 ? `The arguments do not fit. ${issues.join('; ')}` : 'The arguments are no JSON.'
}

const textOf = (value) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined'))

module.exports = { ChatCompletionRunner, ChatCompletionStreamingRunner, runTools }
