/**
 * Chat completions, as OpenAI shapes them: what is sent, what comes back whole, what comes back in chunks.
 * Names are OpenAI's, and values can be exchanged with the `openai` package's types both ways.
 */
import type { CompletionUsage } from './completions'
import type {
  ChatCompletionContentPartImage, ChatCompletionContentPartText, ChatCompletionFunctionCallOption, ChatCompletionMessage, ChatCompletionMessageParam,
  ChatCompletionTool, ChatCompletionToolChoiceOption, FunctionCall, FunctionDefinitionParam, ReasoningText,
} from './messages'
import type { ListParams } from './pages'
import type { JSONSchema, Metadata, ReasoningEffort, ServiceTier, StreamOptions } from './shared'

export interface ChatCompletionCreateParamsBase {
  /** The conversation so far, oldest message first. */
  messages: ChatCompletionMessageParam[]
  /** The model's name at the host. */
  model: string
  /** How spoken answers sound; needed when `modalities` has `audio`. */
  audio?: ChatCompletionAudioParam | null
  /** -2 to 2. Above 0, a token is less likely the more often it has already come. */
  frequency_penalty?: number | null
  /** Older form of `tool_choice`. */
  function_call?: 'none' | 'auto' | ChatCompletionFunctionCallOption
  /** Older form of `tools`. */
  functions?: FunctionDefinitionParam[]
  /** Added to a token's score before sampling: token id to a number from -100 (never) to 100 (always). */
  logit_bias?: Record<string, number> | null
  /** Report the log probability of every token of the answer. */
  logprobs?: boolean | null
  /** Most tokens that may be generated for each choice, hidden reasoning included. */
  max_completion_tokens?: number | null
  /** Older form of `max_completion_tokens`, and the one that most self-hosted servers know. */
  max_tokens?: number | null
  /** Up to 16 pairs kept with a stored completion; keys up to 64 characters, values up to 512. */
  metadata?: Metadata | null
  modalities?: ChatCompletionModality[] | null
  /** Have the request and the answer checked by a moderation model on the way. */
  moderation?: ChatCompletionModerationParam | null
  /** How many choices to generate; each one is paid for. */
  n?: number | null
  /** Whether one answer may hold several tool calls. */
  parallel_tool_calls?: boolean
  /** Text that the answer is expected to repeat for the most part, which makes it come faster. */
  prediction?: ChatCompletionPredictionContent | null
  /** -2 to 2. Above 0, a token that has come at all is less likely to come again. */
  presence_penalty?: number | null
  /** Requests with the same key are led to the same prompt cache. */
  prompt_cache_key?: string | null
  prompt_cache_options?: { mode?: 'implicit' | 'explicit'; ttl?: '30m' }
  prompt_cache_retention?: 'in_memory' | '24h' | null
  /** How much a reasoning model thinks before it answers. */
  reasoning_effort?: ReasoningEffort
  /** Hold the answer to JSON, or to one JSON schema. */
  response_format?: ResponseFormatText | ResponseFormatJSONSchema | ResponseFormatJSONObject
  /** A stable, anonymous name for the end user, for abuse detection. */
  safety_identifier?: string | null
  /** The same seed and parameters give the same answer, as far as the server can. */
  seed?: number | null
  service_tier?: ServiceTier | null
  /** Up to four texts that end the answer where they would begin. They are not part of it. */
  stop?: string | string[] | null
  /** Keep the completion at the provider. */
  store?: boolean | null
  /** `true` for chunks as they are generated. */
  stream?: boolean | null
  stream_options?: StreamOptions | null
  /** 0 to 2. Higher is more random; 0 takes the likeliest token. Change this or `top_p`, not both. */
  temperature?: number | null
  tool_choice?: ChatCompletionToolChoiceOption
  /** What the model may ask the caller to run. */
  tools?: ChatCompletionTool[]
  /** 0 to 20: how many alternatives to report at each position. Needs `logprobs`. */
  top_logprobs?: number | null
  /** 0 to 1: sample only from the likeliest tokens that make up this share of probability. */
  top_p?: number | null
  /** Older form of `safety_identifier` and `prompt_cache_key`. */
  user?: string
  /** How long the answer should be. */
  verbosity?: 'low' | 'medium' | 'high' | null
  /** Let the model search the web before it answers. */
  web_search_options?: ChatCompletionWebSearchOptions
}

export interface ChatCompletionCreateParamsNonStreaming extends ChatCompletionCreateParamsBase {
  stream?: false | null
}

export interface ChatCompletionCreateParamsStreaming extends ChatCompletionCreateParamsBase {
  stream: true
}

export type ChatCompletionCreateParams = ChatCompletionCreateParamsNonStreaming | ChatCompletionCreateParamsStreaming

export type ChatCompletionModality = 'text' | 'audio'

export interface ChatCompletionAudioParam {
  format: 'wav' | 'aac' | 'mp3' | 'flac' | 'opus' | 'pcm16'
  /** A voice's name, or a voice of one's own by its id. */
  voice: string | { id: string }
}

export interface ChatCompletionModerationParam {
  model: string
  /** What to do with a hit: report its score, or block. */
  policy?: { input?: { mode: 'score' | 'block' } | null; output?: { mode: 'score' | 'block' } | null } | null
}

export interface ChatCompletionPredictionContent {
  type: 'content'
  content: string | ChatCompletionContentPartText[]
}

export interface ChatCompletionWebSearchOptions {
  /** How much of what was found the model may read. */
  search_context_size?: 'low' | 'medium' | 'high'
  /** Where to search from. `country` is two letters, `timezone` an IANA name. */
  user_location?: {
    type: 'approximate'
    approximate: { city?: string; country?: string; region?: string; timezone?: string }
  } | null
}

export interface ResponseFormatText {
  type: 'text'
}

/** Any JSON object. The messages must ask for JSON too. */
export interface ResponseFormatJSONObject {
  type: 'json_object'
}

export interface ResponseFormatJSONSchema {
  type: 'json_schema'
  json_schema: {
    /** Letters, digits, `_` and `-`; up to 64. */
    name: string
    description?: string
    schema?: JSONSchema
    /** Hold the answer to the schema exactly. */
    strict?: boolean | null
  }
}

export type ChatCompletionFinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'

/** A whole answer. */
export interface ChatCompletion {
  id: string
  object: 'chat.completion'
  /** Unix time in seconds. */
  created: number
  /** The model that answered; the host may name it more exactly than the request did. */
  model: string
  choices: ChatCompletionChoice[]
  moderation?: ChatCompletionModeration | null
  /** The tier that served the request, which may differ from the one asked for. */
  service_tier?: ServiceTier | null
  /** Changes when the server's set-up does. */
  system_fingerprint?: string
  usage?: CompletionUsage
}

export interface ChatCompletionChoice {
  index: number
  message: ChatCompletionMessage
  /** Why it ended: its natural end or a stop text, the token limit, a tool call, a filter. */
  finish_reason: ChatCompletionFinishReason
  logprobs: ChatCompletionLogprobs | null
}

export interface ChatCompletionLogprobs {
  content: ChatCompletionTokenLogprob[] | null
  refusal: ChatCompletionTokenLogprob[] | null
}

export interface ChatCompletionTokenAlternative {
  token: string
  /** UTF-8 of the token: a character may be spread over several tokens. */
  bytes: number[] | null
  /** Natural logarithm of the probability; -9999 for "very unlikely". */
  logprob: number
}

export interface ChatCompletionTokenLogprob extends ChatCompletionTokenAlternative {
  top_logprobs: ChatCompletionTokenAlternative[]
}

export interface ChatCompletionModeration {
  input: ChatCompletionModerationResults | ChatCompletionModerationError
  output: ChatCompletionModerationResults | ChatCompletionModerationError
}

export interface ChatCompletionModerationResults {
  type: 'moderation_results'
  model: string
  results: Array<{
    type: 'moderation_result'
    model: string
    flagged: boolean
    categories: { [category: string]: boolean }
    /** 0 to 1. */
    category_scores: { [category: string]: number }
    category_applied_input_types: { [category: string]: Array<'text' | 'image'> }
  }>
}

export interface ChatCompletionModerationError {
  type: 'error'
  code: string
  message: string
}

/** A piece of a streamed answer. All chunks of one answer have the same `id`. */
export interface ChatCompletionChunk {
  id: string
  object: 'chat.completion.chunk'
  /** Unix time in seconds; the same for all chunks. */
  created: number
  model: string
  /** Empty in the last chunk when `stream_options.include_usage` is set. */
  choices: ChatCompletionChunkChoice[]
  moderation?: ChatCompletionModeration | null
  service_tier?: ServiceTier | null
  system_fingerprint?: string
  /** With `stream_options.include_usage`: `null` but for the last chunk, which counts the whole request. */
  usage?: CompletionUsage | null
}

export interface ChatCompletionChunkChoice {
  index: number
  delta: ChatCompletionChunkDelta
  /** `null` until the choice has ended. */
  finish_reason: ChatCompletionFinishReason | null
  logprobs?: ChatCompletionLogprobs | null
}

/** What to append to the message so far. */
export interface ChatCompletionChunkDelta extends ReasoningText {
  role?: 'developer' | 'system' | 'user' | 'assistant' | 'tool'
  content?: string | null
  refusal?: string | null
  /** Older form of `tool_calls`. */
  function_call?: Partial<FunctionCall>
  tool_calls?: ChatCompletionChunkToolCall[]
}

/** Pieces with the same `index` are one call: `id` and `name` come in the first, `arguments` is appended. */
export interface ChatCompletionChunkToolCall {
  index: number
  id?: string
  type?: 'function'
  function?: Partial<FunctionCall>
}

export interface ChatCompletionUpdateParams {
  metadata: Metadata | null
}

export interface ChatCompletionListParams extends ListParams {
  metadata?: Metadata | null
  model?: string
}

/** A message of a stored completion. */
export interface ChatCompletionStoreMessage extends ChatCompletionMessage {
  id: string
  content_parts?: (ChatCompletionContentPartText | ChatCompletionContentPartImage)[] | null
}
