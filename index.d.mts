/** The names of `index.d.ts`, for ES modules. */
import Portkey from './index.js'

export default Portkey
export { Portkey }
export {
  PORTKEY_GATEWAY_URL, createHeaders, APIPromise, Stream, APIError, APIConnectionError, APIConnectionTimeoutError,
  APIUserAbortError, BadRequestError, AuthenticationError, PermissionDeniedError, NotFoundError, ConflictError,
  UnprocessableEntityError, RateLimitError, InternalServerError, StreamTruncatedError, ConfigError,
} from './index.js'
export type {
  NamedOptions, PortkeyOptions, HeaderValue, CallParams, CallOptions, StreamCallOptions, Strategy, Condition, Timeouts, Config,
  ConfigRetry, RetryBudget, Logs, Pricing, CallRecord, RecordedUsage, CacheStore, CacheState, ProviderFacts, TargetState, Sticky, Affinity, CircuitBreaker, HealthCheck,
  ConfigCache, Guardrail, Hook, HookSettings, HookResults, HookRecord, Extras, GatewayReport, CacheStatus, AttemptReport, ResponseFacts, UnreadResponse, PartialAnswer,
  ChatCompletion, ChatCompletionChunk, ChatCompletionCreateParams, ChatCompletionCreateParamsNonStreaming,
  ChatCompletionCreateParamsStreaming, Completion, CompletionCreateParams, CompletionUsage, CreateEmbeddingResponse,
  Embedding, EmbeddingCreateParams, ChatCompletionAssistantMessageParam, ChatCompletionContentPart,
  ChatCompletionMessage, ChatCompletionMessageFunctionToolCall, ChatCompletionMessageParam,
  ChatCompletionMessageToolCall, ChatCompletionSystemMessageParam, ChatCompletionTool,
  ChatCompletionToolChoiceOption, ChatCompletionToolMessageParam, ChatCompletionUserMessageParam, Answer, Body,
  Model, ModelList, Moderation, ModerationCreateParams, ModerationCreateResponse, Resources,
} from './index.js'
