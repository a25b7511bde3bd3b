'use strict'
// Chat completions with something added: events, answers in a shape, tools that are run.

const { APIPromise } = require('../promise.js')
const { ConfigError } = require('../errors.js')
const { beginStream } = require('./chat-stream.js')
const { readCompletion, refuseCut } = require('./completion.js')
const { Shape } = require('./schema.js')
const { runTools } = require('./tool-loop.js')

/** A whole answer, read in the shape that the body asks for. */
function parse(client, body, params, opts) {
  const isStreamed = body?.stream === true || opts?.stream === true
  const call = isStreamed
    ? APIPromise.begin(() => {
      throw new ConfigError('stream: parse() gives whole answers; chat.completions.stream() reads them while they come')
    })
    : client.chat.completions.create(body, params, opts)
  return APIPromise.changed(call, (answer) => {
    refuseCut(answer)
    return readCompletion(answer, new Shape(body))
  })
}

module.exports = {
  'chat.completions.parse': (client) => (...given) => parse(client, ...given),
  'chat.completions.runTools': (client) => (...given) => runTools(client, ...given),
  'chat.completions.stream': (client) => (...given) => beginStream(client, ...given),
}
