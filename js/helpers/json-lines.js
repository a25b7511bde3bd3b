'use strict'
// A chat stream as lines of JSON, on its way to another process and back. A tool's message between two completions
// travels as a chunk without choices, in the form that the `openai` package has for it.

const { APIUserAbortError } = require('../errors.js')

const MESSAGE = 'chat.completion.chunk.message:'

/** The line for a tool's message; `ids` are those of the calls before it, which a host may have left out of its chunks. */
function lineOfMessage({ id, created, model }, message, ids) {
  return { id, choices: [], created, model, object: MESSAGE + JSON.stringify({ type: 'message', message, tool_call_ids: ids }) }
}

/** What such a line holds, `{ message, tool_call_ids }`; undefined for a chunk. */
function messageIn(item) {
  if (item?.type === 'message' && item.message) return item
  if (typeof item?.object !== 'string' || !item.object.startsWith(MESSAGE)) return undefined
  return JSON.parse(item.object.slice(MESSAGE.length))
}

/** The values of a stream of lines, in bytes or in text. */
async function* valuesOf(readable, signal) {
  const reader = (readable.getReader ? readable : ReadableStream.from(readable)).getReader()
  const stop = () => reader.cancel().catch(() => {})
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  const decoder = new TextDecoder()
  let pieces = []
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (signal.aborted) throw new APIUserAbortError()
      const lines = (typeof value === 'string' ? value : decoder.decode(value, { stream: !done })).split('\n')
      pieces.push(lines[0])
      for (let at = 1; at < lines.length; at++) {
        yield* valueOf(pieces.join(''))
        pieces = [lines[at]]
      }
      if (done) break
    }
    yield* valueOf(pieces.join(''))
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

function* valueOf(line) {
  if (line.trim() !== '') yield JSON.parse(line)
}

module.exports = { lineOfMessage, messageIn, valuesOf }
