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
  ConfigError,
  ConflictError,
  InternalServerError,
  InvalidWebhookSignatureError,
  NotFoundError,
  PORTKEY_GATEWAY_URL,
  PermissionDeniedError,
  RateLimitError,
  Stream,
  StreamTruncatedError,
  UnprocessableEntityError,
  createHeaders,
} = Portkey
