/**
 * Messages, as Anthropic shapes them: what is sent, what comes back whole, what comes back as events. Names are
 * Anthropic's. What a provider's own tools bring is told by its type alone, with whatever fields it has.
 */
import type { JSONSchema } from './shared'

export interface MessageCreateParamsBase {
  /** Most tokens that may be generated, thinking included. */
  max_tokens: number
  /** The turns so far, oldest first. */
  messages: MessageParam[]
  /** The model's name at the host. */
  model: string
  /** Where the prompt's cached beginning ends, when no block says so itself. */
  cache_control?: CacheControlEphemeral | null
  /** A container of the provider's to go on in, or one to begin. */
  container?: { [field: string]: any } | string | null
  /** What is taken out of a conversation that grows too long. */
  context_management?: { [field: string]: any } | null
  /** What the provider is to tell of how the answer came about. */
  diagnostics?: { [field: string]: any } | null
  /** Where the request may be worked on. */
  inference_geo?: string | null
  /** Servers of tools that the provider asks by itself. */
  mcp_servers?: Array<{ [field: string]: any }>
  metadata?: MessageMetadata
  /** The answer's format, and how much effort it is worth. */
  output_config?: OutputConfig
  service_tier?: 'auto' | 'standard_only'
  /** Faster answers, for more. */
  speed?: 'standard' | 'fast' | null
  /** Texts that end the answer where they would begin. */
  stop_sequences?: string[]
  /** `true` for events as they come. */
  stream?: boolean
  /** What the model is told before the first turn. */
  system?: string | TextBlockParam[]
  /** 0 to 1. Higher is more random. */
  temperature?: number
  thinking?: ThinkingConfigParam
  tool_choice?: MessageToolChoice
  tools?: MessageToolUnion[]
  /** Sample only from this many of the likeliest tokens. */
  top_k?: number
  /** 0 to 1: sample only from the likeliest tokens that make up this share of probability. */
  top_p?: number
  user_profile_id?: string
  workspace_id?: string
}

/** What is to be counted: a message's request, but for how it is to be answered. */
export interface MessageCountTokensParams
  extends Pick<MessageCreateParamsBase, 'messages' | 'model' | 'cache_control' | 'context_management' | 'mcp_servers' | 'output_config' | 'system' | 'thinking' | 'tool_choice' | 'tools'> {}

export interface MessageTokensCount {
  /** Tokens of messages, system prompt and tools together. */
  input_tokens: number
  /** What would be left out of a conversation that grew too long. */
  context_management?: { [field: string]: any } | null
}

export interface MessageCreateParamsNonStreaming extends MessageCreateParamsBase {
  stream?: false
}

export interface MessageCreateParamsStreaming extends MessageCreateParamsBase {
  stream: true
}

export type MessageCreateParams = MessageCreateParamsNonStreaming | MessageCreateParamsStreaming

export interface MessageMetadata {
  /** A stable, anonymous name for the end user. */
  user_id?: string | null
}

export interface OutputConfig {
  effort?: 'low' | 'medium' | 'high' | 'xhigh' | 'max' | null
  format?: { type: 'json_schema'; schema: JSONSchema } | null
}

export type ThinkingConfigParam =
  | { type: 'enabled'; budget_tokens: number; display?: 'summarized' | 'omitted' | null }
  | { type: 'adaptive'; display?: 'summarized' | 'omitted' | null }
  | { type: 'between_tools' }
  | { type: 'disabled' }

export interface CacheControlEphemeral {
  type: 'ephemeral'
  ttl?: '5m' | '1h'
}

export interface MessageParam {
  role: 'user' | 'assistant' | 'system'
  content: string | ContentBlockParam[]
}

export type ContentBlockParam =
  | TextBlockParam
  | ImageBlockParam
  | DocumentBlockParam
  | SearchResultBlockParam
  | ThinkingBlockParam
  | RedactedThinkingBlockParam
  | ToolUseBlockParam
  | ToolResultBlockParam
  | OtherBlock

/** What every block that is sent may carry. */
interface Cached {
  cache_control?: CacheControlEphemeral | null
}

export interface TextBlockParam extends Cached {
  type: 'text'
  text: string
  citations?: Array<{ [field: string]: any }> | null
}

export interface ImageBlockParam extends Cached {
  type: 'image'
  source: Base64Source | URLSource | FileSource
}

export interface DocumentBlockParam extends Cached {
  type: 'document'
  source: Base64Source | URLSource | FileSource | PlainTextSource | { type: 'content'; content: string | ContentBlockParam[] }
  title?: string | null
  context?: string | null
  citations?: { enabled?: boolean } | null
}

export interface SearchResultBlockParam extends Cached {
  type: 'search_result'
  source: string
  title: string
  content: TextBlockParam[]
  citations?: { enabled?: boolean }
}

export interface Base64Source {
  type: 'base64'
  media_type: string
  data: string
}

export interface URLSource {
  type: 'url'
  url: string
}

export interface FileSource {
  type: 'file'
  file_id: string
}

export interface PlainTextSource {
  type: 'text'
  media_type: 'text/plain'
  data: string
}

/** Thoughts as they came; the signature proves that they were not changed. */
export interface ThinkingBlockParam {
  type: 'thinking'
  thinking: string
  signature: string
}

export interface RedactedThinkingBlockParam {
  type: 'redacted_thinking'
  data: string
}

export interface ToolUseBlockParam extends Cached {
  type: 'tool_use'
  id: string
  name: string
  input: unknown
  caller?: { [field: string]: any }
}

export interface ToolResultBlockParam extends Cached {
  type: 'tool_result'
  tool_use_id: string
  content?: string | ContentBlockParam[]
  is_error?: boolean
}

/** A function of the caller's own. */
export interface MessageTool extends Cached {
  name: string
  input_schema: { type: 'object'; properties?: unknown | null; required?: string[] | null; [keyword: string]: unknown }
  description?: string
  type?: 'custom' | null
  /** Hold the input to the schema. */
  strict?: boolean
  allowed_callers?: string[]
  defer_loading?: boolean
  eager_input_streaming?: boolean | null
  input_examples?: Array<{ [key: string]: unknown }>
}

/** A function, or a tool that the provider has, by its type: `web_search_20250305`, `bash_20250124`, … */
export type MessageToolUnion = MessageTool | { type: string; name?: string; [field: string]: any }

export type MessageToolChoice =
  | { type: 'auto'; disable_parallel_tool_use?: boolean }
  | { type: 'any'; disable_parallel_tool_use?: boolean }
  | { type: 'tool'; name: string; disable_parallel_tool_use?: boolean }
  | { type: 'none' }

export interface Message {
  id: string
  type: 'message'
  role: 'assistant'
  model: string
  content: ContentBlock[]
  /** Why it ended. */
  stop_reason: StopReason | null
  /** The text that ended it, where one of `stop_sequences` did. */
  stop_sequence: string | null
  usage: MessageUsage
  container?: { [field: string]: any } | null
  context_management?: { [field: string]: any } | null
  diagnostics?: { [field: string]: any } | null
  stop_details?: { [field: string]: any } | null
}

export type StopReason =
  | 'end_turn'
  | 'max_tokens'
  | 'stop_sequence'
  | 'tool_use'
  | 'pause_turn'
  | 'refusal'
  | 'model_context_window_exceeded'

export type ContentBlock = TextBlock | ThinkingBlock | RedactedThinkingBlock | ToolUseBlock | OtherBlock

export interface TextBlock {
  type: 'text'
  text: string
  citations?: Array<{ [field: string]: any }> | null
}

export interface ThinkingBlock {
  type: 'thinking'
  thinking: string
  /** Goes back with the very words that it was given for; empty where the provider has none. */
  signature: string
}

export interface RedactedThinkingBlock {
  type: 'redacted_thinking'
  data: string
}

export interface ToolUseBlock {
  type: 'tool_use'
  id: string
  name: string
  /** The arguments. Of a call that was cut off: `{ INVALID_JSON: 'what came' }`. */
  input: unknown
  caller?: { [field: string]: any }
}

/** A block of one of the provider's own tools. */
export interface OtherBlock {
  type:
    | 'server_tool_use' | 'web_search_tool_result' | 'web_fetch_tool_result' | 'code_execution_tool_result'
    | 'bash_code_execution_tool_result' | 'text_editor_code_execution_tool_result' | 'tool_search_tool_result'
    | 'container_upload' | 'mcp_tool_use' | 'mcp_tool_result' | 'tool_reference' | 'compaction' | 'fallback' | 'mid_conv_system'
    | 'browser_state'
  [field: string]: any
}

/** Tokens. The cache's are counted beside the input, not in it. */
export interface MessageUsage {
  input_tokens: number
  output_tokens: number
  cache_creation_input_tokens: number | null
  cache_read_input_tokens: number | null
  cache_creation?: { ephemeral_1h_input_tokens: number; ephemeral_5m_input_tokens: number } | null
  inference_geo?: string | null
  output_tokens_details?: { thinking_tokens: number } | null
  server_tool_use?: { [field: string]: any } | null
  service_tier?: 'standard' | 'priority' | 'batch' | null
}

/** An event of a streamed message; its `type` is its name. Pings are not handed out. */
export type MessageStreamEvent =
  | MessageStartEvent
  | ContentBlockStartEvent
  | ContentBlockDeltaEvent
  | ContentBlockStopEvent
  | MessageDeltaEvent
  | MessageStopEvent

export interface MessageStartEvent {
  type: 'message_start'
  message: Message
}

export interface ContentBlockStartEvent {
  type: 'content_block_start'
  index: number
  content_block: ContentBlock
}

export interface ContentBlockDeltaEvent {
  type: 'content_block_delta'
  index: number
  delta: ContentBlockDelta
}

export type ContentBlockDelta =
  | { type: 'text_delta'; text: string }
  | { type: 'input_json_delta'; partial_json: string }
  | { type: 'thinking_delta'; thinking: string; estimated_tokens?: number | null }
  | { type: 'signature_delta'; signature: string }
  | { type: 'citations_delta'; citation: { [field: string]: any } }
  | { type: 'compaction_delta'; [field: string]: any }

export interface ContentBlockStopEvent {
  type: 'content_block_stop'
  index: number
}

export interface MessageDeltaEvent {
  type: 'message_delta'
  delta: {
    stop_reason: StopReason | null
    stop_sequence: string | null
    container?: { [field: string]: any } | null
    stop_details?: { [field: string]: any } | null
  }
  /** The tokens of the whole message so far. */
  usage: MessageDeltaUsage
}

export interface MessageDeltaUsage {
  output_tokens: number
  input_tokens: number | null
  cache_creation_input_tokens: number | null
  cache_read_input_tokens: number | null
  output_tokens_details?: { thinking_tokens: number } | null
  server_tool_use?: { [field: string]: any } | null
}

export interface MessageStopEvent {
  type: 'message_stop'
}
