'use strict'
// Responses as the helpers hand them out: read in the shape that was asked for, and put together from events.

const { SchemaMismatchError } = require('../errors.js')
const { isObject } = require('../options.js')

/** Most items of a response and parts of an item: what says that it is one beyond is no place to keep things at. */
const MOST = 1024
const isPlace = (index) => Number.isInteger(index) && index >= 0 && index < MOST

const listOf = (value) => (Array.isArray(value) ? value : [])

/** All texts of a response. */
function textOf(response) {
  const parts = listOf(response.output).flatMap((item) => (item?.type === 'message' ? listOf(item.content) : []))
  return parts.map((part) => (part?.type === 'output_text' ? part.text : '')).join('')
}

/** Reads a whole response in the shape that was asked for: `output_parsed`, `parsed` of texts, `parsed_arguments` of calls. */
function readResponse(response, shape, strictly = true) {
  const isWhole = response.status === undefined || response.status === null || response.status === 'completed'
  response.output_text ??= textOf(response)
  response.output_parsed = null
  try {
    for (const item of listOf(response.output)) {
      if (item.type === 'function_call') item.parsed_arguments = isWhole ? shape.arguments(item, item) : null
      if (item.type !== 'message') continue
      for (const part of listOf(item.content)) {
        if (part.type !== 'output_text') continue
        part.parsed = isWhole ? shape.text(part, part.text, strictly) : null
        response.output_parsed ??= part.parsed
      }
    }
  } catch (error) {
    if (error instanceof SchemaMismatchError) Object.defineProperty(error, 'gateway', { value: response.getGateway?.(), configurable: true })
    throw error
  }
  return response
}

/** Deltas: where their text is kept, below the item. */
const DELTAS = {
  'response.output_text.delta': ['content', 'content_index', 'text', 'output_text'],
  'response.refusal.delta': ['content', 'content_index', 'refusal', 'refusal'],
  'response.reasoning_text.delta': ['content', 'content_index', 'text', 'reasoning_text'],
  'response.reasoning_summary_text.delta': ['summary', 'summary_index', 'text', 'summary_text'],
  'response.function_call_arguments.delta': [undefined, undefined, 'arguments'],
  'response.custom_tool_call_input.delta': [undefined, undefined, 'input'],
}
const PARTS = {
  'response.content_part.added': ['content', 'content_index'],
  'response.content_part.done': ['content', 'content_index'],
  'response.reasoning_summary_part.added': ['summary', 'summary_index'],
  'response.reasoning_summary_part.done': ['summary', 'summary_index'],
}

/** A response in the making: `value` is what the events so far come to. Events themselves are never changed. */
class ResponseSnapshot {
  value

  /** Adds an event; gives the whole text so far of what it adds to, where it adds to one. */
  add(event) {
    if (isObject(event.response)) {
      this.value = { ...structuredClone(event.response) }
      this.value.output = listOf(this.value.output)
      this.value.output_text ??= textOf(this.value)
      return undefined
    }
    if (!this.value || !isPlace(event.output_index)) return undefined
    const { output } = this.value
    if (event.type === 'response.output_item.added' || event.type === 'response.output_item.done') {
      output[event.output_index] = structuredClone(event.item)
      if (event.item?.type === 'message') this.value.output_text = textOf(this.value)
      return undefined
    }
    const item = (output[event.output_index] ??= {})
    if (PARTS[event.type]) return this.#part(item, event, PARTS[event.type])
    return DELTAS[event.type] ? this.#delta(item, event, DELTAS[event.type]) : undefined
  }

  #part(item, event, [list, index]) {
    if (!isPlace(event[index])) return
    ;(item[list] ??= [])[event[index]] = structuredClone(event.part)
    if (event.part?.type === 'output_text') this.value.output_text = textOf(this.value)
  }

  #delta(item, event, [list, index, field, type]) {
    if (list && !isPlace(event[index])) return undefined
    const target = list ? ((item[list] ??= [])[event[index]] ??= { type }) : item
    target[field] = (target[field] ?? '') + event.delta
    if (type === 'output_text') this.value.output_text += event.delta
    return target[field]
  }
}

module.exports = { ResponseSnapshot, readResponse }
