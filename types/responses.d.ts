/**
 * Responses, as OpenAI shapes them: what is sent, what comes back whole, what comes back as events. Names are OpenAI's,
 * and what the `openai` package's types describe fits these. Items are in response-items.d.ts, tools in response-tools.d.ts.
 */
import type { ResponseInputItem, ResponseKeptContent, ResponseOutputItem, ResponseOutputRefusal, ResponseOutputText } from './response-items'
import type { ResponseTool, ResponseToolChoice } from './response-tools'
import type { JSONSchema, Metadata, ReasoningEffort, ServiceTier } from './shared'

/** A stored prompt, and what is put into it. */
export interface ResponsePrompt {
  id: string
  variables?: { [name: string]: string | ResponseKeptContent } | null
  version?: string | null
}

/** What a provider's moderation thought of the input or the output. */
export type ResponseModerationResult =
  | {
    type: 'moderation_result'
    categories: Record<string, boolean>
    category_applied_input_types: Record<string, ('text' | 'image')[]>
    category_scores: Record<string, number>
    flagged: boolean
    model: string
  }
  | { type: 'error'; code: string; message: string }

export interface ResponseCreateParamsBase {
  /** Go on after the call has been answered. */
  background?: boolean | null
  context_management?: { type: string; compact_threshold?: number | null }[] | null
  /** A stored conversation that the response belongs to. */
  conversation?: string | { id: string } | null
  /** What is to be told beside the answer. */
  include?: ResponseIncludable[] | null
  /** A text, or the items so far, oldest first. */
  input?: string | ResponseInputItem[]
  /** What the model is told before the input. */
  instructions?: string | null
  /** Most tokens that may be generated, reasoning included. */
  max_output_tokens?: number | null
  /** How often built-in tools may be called. */
  max_tool_calls?: number | null
  metadata?: Metadata | null
  /** The model's name at the host. */
  model?: string
  moderation?: { model: string; policy?: { input?: { mode: 'score' | 'block' } | null; output?: { mode: 'score' | 'block' } | null } | null } | null
  parallel_tool_calls?: boolean | null
  /** The stored response that this one goes on from. */
  previous_response_id?: string | null
  prompt?: ResponsePrompt | null
  prompt_cache_key?: string | null
  prompt_cache_options?: { mode?: 'implicit' | 'explicit'; ttl?: '30m' }
  prompt_cache_retention?: 'in_memory' | '24h' | null
  reasoning?: ResponseReasoningConfig | null
  safety_identifier?: string | null
  service_tier?: ServiceTier | null
  /** Keep the response at the provider. */
  store?: boolean | null
  /** `true` for events as they come. */
  stream?: boolean | null
  stream_options?: { include_obfuscation?: boolean } | null
  /** 0 to 2. Higher is more random. */
  temperature?: number | null
  text?: ResponseTextConfig
  tool_choice?: ResponseToolChoice
  tools?: ResponseTool[]
  /** 0 to 20: how many alternatives to report for each token. */
  top_logprobs?: number | null
  /** 0 to 1: sample only from the likeliest tokens that make up this share of probability. */
  top_p?: number | null
  /** What to do with an input that is too long: fail, or leave out its beginning. */
  truncation?: 'auto' | 'disabled' | null
  user?: string
}

export interface ResponseCreateParamsNonStreaming extends ResponseCreateParamsBase {
  stream?: false | null
}

export interface ResponseCreateParamsStreaming extends ResponseCreateParamsBase {
  stream: true
}

export type ResponseCreateParams = ResponseCreateParamsNonStreaming | ResponseCreateParamsStreaming

export type ResponseIncludable =
  | 'file_search_call.results'
  | 'web_search_call.results'
  | 'web_search_call.action.sources'
  | 'message.input_image.image_url'
  | 'computer_call_output.output.image_url'
  | 'code_interpreter_call.outputs'
  | 'reasoning.encrypted_content'
  | 'message.output_text.logprobs'

export interface ResponseReasoningConfig {
  effort?: ReasoningEffort
  summary?: 'auto' | 'concise' | 'detailed' | null
  generate_summary?: 'auto' | 'concise' | 'detailed' | null
  context?: 'auto' | 'current_turn' | 'all_turns' | null
  mode?: string
}

export interface ResponseTextConfig {
  format?: ResponseTextFormat
  verbosity?: 'low' | 'medium' | 'high' | null
}

export type ResponseTextFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | { type: 'json_schema'; name: string; schema: JSONSchema; description?: string; strict?: boolean | null }

export interface Response {
  id: string
  object: 'response'
  /** Unix time in seconds. */
  created_at: number
  /** All text of the output, put together here. */
  output_text: string
  error: ResponseError | null
  incomplete_details: { reason?: 'max_output_tokens' | 'content_filter' } | null
  instructions: string | ResponseInputItem[] | null
  metadata: Metadata | null
  model: string
  output: ResponseOutputItem[]
  parallel_tool_calls: boolean
  temperature: number | null
  tool_choice: ResponseToolChoice
  tools: ResponseTool[]
  top_p: number | null
  background?: boolean | null
  completed_at?: number | null
  conversation?: { id: string } | null
  max_output_tokens?: number | null
  max_tool_calls?: number | null
  moderation?: { input: ResponseModerationResult; output: ResponseModerationResult } | null
  previous_response_id?: string | null
  prompt?: ResponsePrompt | null
  prompt_cache_key?: string | null
  prompt_cache_options?: { mode: 'implicit' | 'explicit'; ttl: '30m' }
  prompt_cache_retention?: 'in_memory' | '24h' | null
  reasoning?: ResponseReasoningConfig | null
  safety_identifier?: string | null
  service_tier?: ServiceTier | null
  status?: ResponseStatus
  text?: ResponseTextConfig
  top_logprobs?: number | null
  truncation?: 'auto' | 'disabled' | null
  usage?: ResponseUsage
  user?: string
}

export type ResponseStatus = 'completed' | 'failed' | 'in_progress' | 'cancelled' | 'queued' | 'incomplete'

export interface ResponseError {
  code: string
  message: string
}

export interface ResponseUsage {
  input_tokens: number
  input_tokens_details: { cached_tokens: number; cache_write_tokens: number }
  output_tokens: number
  output_tokens_details: { reasoning_tokens: number }
  total_tokens: number
}

/** What every event has. */
interface Numbered {
  sequence_number: number
}

/** What an event about an item has. */
interface OfItem extends Numbered {
  item_id: string
  output_index: number
}

/** What an event about a part of an item has. */
interface OfPart extends OfItem {
  content_index: number
}

/** An event of a streamed response; its `type` is its name. One of type `error` is thrown, not handed out. */
export type ResponseStreamEvent =
  | ResponseLifecycleEvent
  | ResponseOutputItemEvent
  | ResponseContentPartEvent
  | ResponseTextDeltaEvent
  | ResponseTextDoneEvent
  | ResponseRefusalDeltaEvent
  | ResponseRefusalDoneEvent
  | ResponseReasoningTextDeltaEvent
  | ResponseReasoningTextDoneEvent
  | ResponseFunctionCallArgumentsDeltaEvent
  | ResponseFunctionCallArgumentsDoneEvent
  | ResponseCustomToolCallInputDeltaEvent
  | ResponseCustomToolCallInputDoneEvent
  | ResponseOutputTextAnnotationAddedEvent
  | ResponseOtherEvent

/** The response as it begins, and as it ends. */
export interface ResponseLifecycleEvent extends Numbered {
  type:
    | 'response.created' | 'response.queued' | 'response.in_progress' | 'response.completed' | 'response.incomplete' | 'response.failed'
  response: Response
}

export interface ResponseOutputItemEvent extends Numbered {
  type: 'response.output_item.added' | 'response.output_item.done'
  output_index: number
  item: ResponseOutputItem
}

export interface ResponseContentPartEvent extends OfPart {
  type: 'response.content_part.added' | 'response.content_part.done'
  part: ResponseOutputText | ResponseOutputRefusal | { type: 'reasoning_text'; text: string }
}

export interface ResponseEventLogprob {
  token: string
  logprob: number
  top_logprobs?: Array<{ token?: string; logprob?: number }>
}

export interface ResponseTextDeltaEvent extends OfPart {
  type: 'response.output_text.delta'
  delta: string
  logprobs: ResponseEventLogprob[]
}

export interface ResponseTextDoneEvent extends OfPart {
  type: 'response.output_text.done'
  text: string
  logprobs: ResponseEventLogprob[]
}

export interface ResponseRefusalDeltaEvent extends OfPart {
  type: 'response.refusal.delta'
  delta: string
}

export interface ResponseRefusalDoneEvent extends OfPart {
  type: 'response.refusal.done'
  refusal: string
}

export interface ResponseReasoningTextDeltaEvent extends OfPart {
  type: 'response.reasoning_text.delta'
  delta: string
}

export interface ResponseReasoningTextDoneEvent extends OfPart {
  type: 'response.reasoning_text.done'
  text: string
}

export interface ResponseFunctionCallArgumentsDeltaEvent extends OfItem {
  type: 'response.function_call_arguments.delta'
  delta: string
}

export interface ResponseFunctionCallArgumentsDoneEvent extends OfItem {
  type: 'response.function_call_arguments.done'
  arguments: string
  name: string
}

export interface ResponseCustomToolCallInputDeltaEvent extends OfItem {
  type: 'response.custom_tool_call_input.delta'
  delta: string
}

export interface ResponseCustomToolCallInputDoneEvent extends OfItem {
  type: 'response.custom_tool_call_input.done'
  input: string
}

export interface ResponseOutputTextAnnotationAddedEvent extends OfPart {
  type: 'response.output_text.annotation.added'
  annotation: unknown
  annotation_index: number
}

/** What built-in tools, spoken answers and summaries of reasoning tell. */
export interface ResponseOtherEvent {
  type:
    | `response.audio.${string}` | `response.code_interpreter_call${'.' | '_code.'}${string}` | `response.file_search_call.${string}`
    | `response.web_search_call.${string}` | `response.image_generation_call.${string}` | `response.mcp_call${'.' | '_arguments.'}${string}`
    | `response.mcp_list_tools.${string}` | `response.reasoning_summary_${string}` | 'error'
  [field: string]: any
}
