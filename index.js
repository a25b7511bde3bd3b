'use strict'
// The package for `require`: the class itself, with every public name on it. index.mjs gives the same names to `import`.

const { AssistantStream } = require('./js/helpers/assistant-stream.js')
const { ChatCompletionStream } = require('./js/helpers/chat-stream.js')
const { ResponseStream } = require('./js/helpers/response-stream.js')
const { jsonSchemaFormat, jsonSchemaTextFormat, jsonSchemaTool } = require('./js/helpers/schema.js')
const { ChatCompletionRunner, ChatCompletionStreamingRunner } = require('./js/helpers/tool-loop.js')
const errors = require('./js/errors.js')
const { toFile } = require('./js/files.js')
const { PORTKEY_GATEWAY_URL, createHeaders } = require('./js/options.js')
const { Portkey } = require('./js/portkey.js')
const { PortkeyAIRealtimeWS, PortkeyRealtimeWebSocket } = require('./js/realtime/session.js')
const { APIPromise } = require('./js/promise.js')
const { Stream } = require('./js/stream.js')

const { errorFrom, headersOf, ...errorClasses } = errors

Object.assign(Portkey, errorClasses, {
  APIPromise,
  AssistantStream,
  ChatCompletionRunner,
  ChatCompletionStream,
  ChatCompletionStreamingRunner,
  Portkey,
  PORTKEY_GATEWAY_URL,
  PorkteyRealtimeWebSocket: PortkeyRealtimeWebSocket,
  PortkeyAIRealtimeWS,
  PortkeyRealtimeWebSocket,
  ResponseStream,
  Stream,
  createHeaders,
  default: Portkey,
  jsonSchemaFormat,
  jsonSchemaTextFormat,
  jsonSchemaTool,
  toFile,
})
Object.defineProperty(Portkey, '__esModule', { value: true })

module.exports = Portkey
