'use strict'
// The package: the class itself, with every public name on it.

const { AssistantStream } = require('./helpers/assistant-stream.js')
const { ChatCompletionStream } = require('./helpers/chat-stream.js')
const { ResponseStream } = require('./helpers/response-stream.js')
const { jsonSchemaFormat, jsonSchemaTextFormat, jsonSchemaTool } = require('./helpers/schema.js')
const { ChatCompletionRunner, ChatCompletionStreamingRunner } = require('./helpers/tool-loop.js')
const errors = require('./errors.js')
const { toFile } = require('./files.js')
const { PORTKEY_GATEWAY_URL, createHeaders } = require('./options.js')
const { Portkey } = require('./portkey.js')
const { PortkeyAIRealtimeWS, PortkeyRealtimeWebSocket } = require('./realtime/session.js')
const { APIPromise } = require('./promise.js')
const { Stream } = require('./stream.js')

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
