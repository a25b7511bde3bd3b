'use strict'
// Responses with something added: events, and answers in a shape.

const { APIPromise } = require('../promise.js')
const { ConfigError } = require('../errors.js')
const { readResponse } = require('./response.js')
const { beginResponseStream } = require('./response-stream.js')
const { Shape } = require('./schema.js')

/** A whole response, read in the shape that the body asks for. */
function parse(client, body, params, opts) {
  const isStreamed = body?.stream === true || opts?.stream === true
  const call = isStreamed
    ? APIPromise.begin(() => {
      throw new ConfigError('stream: parse() gives whole answers; responses.stream() reads them while they come')
    })
    : client.responses.create(body, params, opts)
  return APIPromise.changed(call, (response) => readResponse(response, new Shape(body)))
}

module.exports = {
  'responses.parse': (client) => (...given) => parse(client, ...given),
  'responses.stream': (client) => (...given) => beginResponseStream(client, ...given),
}
