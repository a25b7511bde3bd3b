'use strict'
// Runs of assistants that are streamed: `stream: true` gives events too, and the methods with it in their names need no `await`.

const { isObject } = require('../options.js')
const { APIPromise } = require('../promise.js')
const { Stream } = require('../stream.js')
const { assistantStreamOf, beginAssistantStream } = require('./assistant-stream.js')

/** A row whose stream, where one was asked for, has events. */
const withEvents = (_, row) => (...given) => APIPromise.changed(row(...given), (value) => (value instanceof Stream ? assistantStreamOf(value) : value))

const streamed = (body) => (isObject(body) ? { ...body, stream: true } : body)

function begin(ask, opts) {
  return beginAssistantStream((signal) => ask({ ...opts, signal }), opts?.signal)
}

const streamRun = (client) => (threadID, body, params, opts) =>
  begin((told) => client.beta.threads.runs.create(threadID, streamed(body), params, told), opts)

module.exports = {
  'beta.threads.createAndRun': withEvents,
  'beta.threads.createAndRunStream': (client) => (body, params, opts) =>
    begin((told) => client.beta.threads.createAndRun(streamed(body), params, told), opts),
  'beta.threads.runs.create': withEvents,
  'beta.threads.runs.createAndStream': streamRun,
  'beta.threads.runs.stream': streamRun,
  'beta.threads.runs.submitToolOutputs': withEvents,
  'beta.threads.runs.submitToolOutputsStream': (client) => (runID, body, params, opts) =>
    begin((told) => client.beta.threads.runs.submitToolOutputs(runID, streamed(body), params, told), opts),
}
