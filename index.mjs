// The package for `import`: the names of index.js, of which there is one copy only.
import Portkey from './index.js'

export { Portkey, Portkey as default }
export const {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIPromise,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  ChatCompletionRunner,
  ChatCompletionStream,
  ChatCompletionStreamingRunner,
  ConfigError,
  ConflictError,
  ContentFilterFinishReasonError,
  InternalServerError,
  LengthFinishReasonError,
  NotFoundError,
  PORTKEY_GATEWAY_URL,
  PermissionDeniedError,
  RateLimitError,
  SchemaMismatchError,
  Stream,
  StreamTruncatedError,
  UnprocessableEntityError,
  createHeaders,
  jsonSchemaFormat,
  jsonSchemaTool,
} = Portkey
