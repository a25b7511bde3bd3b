/** What is said in a realtime session: the events of both sides, by their `type`, and what is in them. */

export interface RealtimeClientEvents {
  'session.update': { session: RealtimeSessionConfig | RealtimeTranscriptionConfig }
  'input_audio_buffer.append': { /** Base64. */ audio: string }
  'input_audio_buffer.commit': {}
  'input_audio_buffer.clear': {}
  'output_audio_buffer.clear': {}
  'conversation.item.create': { item: RealtimeItem; previous_item_id?: string }
  'conversation.item.retrieve': { item_id: string }
  'conversation.item.truncate': { item_id: string; content_index: number; audio_end_ms: number }
  'conversation.item.delete': { item_id: string }
  'response.create': { response?: RealtimeResponseParams }
  'response.cancel': { response_id?: string }
  /** Of the API before its general availability. */
  'transcription_session.update': { session: { [field: string]: any } }
}

export interface RealtimeServerEvents {
  error: { error: RealtimeErrorDetails }
  'session.created': { session: RealtimeSessionConfig | RealtimeTranscriptionConfig }
  'session.updated': { session: RealtimeSessionConfig | RealtimeTranscriptionConfig }
  'conversation.created': { conversation: { id?: string; object?: 'realtime.conversation' } }
  'conversation.item.added': RealtimeItemPlaced
  'conversation.item.done': RealtimeItemPlaced
  'conversation.item.retrieved': { item: RealtimeItem }
  'conversation.item.deleted': { item_id: string }
  'conversation.item.truncated': { item_id: string; content_index: number; audio_end_ms: number }
  'conversation.item.input_audio_transcription.delta': {
    item_id: string
    content_index?: number
    delta?: string
    logprobs?: RealtimeLogprob[] | null
  }
  'conversation.item.input_audio_transcription.completed': {
    item_id: string
    content_index: number
    transcript: string
    usage: RealtimeTranscriptUsage
    logprobs?: RealtimeLogprob[] | null
  }
  'conversation.item.input_audio_transcription.segment': {
    id: string
    item_id: string
    content_index: number
    speaker: string
    start: number
    end: number
    text: string
  }
  'conversation.item.input_audio_transcription.failed': {
    item_id: string
    content_index: number
    error: { code?: string; message?: string; param?: string; type?: string }
  }
  'input_audio_buffer.committed': { item_id: string; previous_item_id?: string | null }
  'input_audio_buffer.cleared': {}
  'input_audio_buffer.speech_started': { item_id: string; audio_start_ms: number }
  'input_audio_buffer.speech_stopped': { item_id: string; audio_end_ms: number }
  'input_audio_buffer.timeout_triggered': { item_id: string; audio_start_ms: number; audio_end_ms: number }
  'input_audio_buffer.dtmf_event_received': { event: string; received_at: number }
  'output_audio_buffer.started': { response_id: string }
  'output_audio_buffer.stopped': { response_id: string }
  'output_audio_buffer.cleared': { response_id: string }
  'response.created': { response: RealtimeResponse }
  'response.done': { response: RealtimeResponse }
  'response.output_item.added': RealtimeItemGiven
  'response.output_item.done': RealtimeItemGiven
  'response.content_part.added': RealtimePartPlace & { part: RealtimePart }
  'response.content_part.done': RealtimePartPlace & { part: RealtimePart }
  'response.output_text.delta': RealtimePartPlace & { delta: string }
  'response.output_text.done': RealtimePartPlace & { text: string }
  'response.output_audio.delta': RealtimePartPlace & { /** Base64. */ delta: string }
  'response.output_audio.done': RealtimePartPlace
  'response.output_audio_transcript.delta': RealtimePartPlace & { delta: string }
  'response.output_audio_transcript.done': RealtimePartPlace & { transcript: string }
  'response.function_call_arguments.delta': RealtimeItemPlace & { call_id: string; delta: string }
  'response.function_call_arguments.done': RealtimeItemPlace & { call_id: string; name: string; arguments: string }
  'response.mcp_call_arguments.delta': RealtimeItemPlace & { delta: string; obfuscation?: string | null }
  'response.mcp_call_arguments.done': RealtimeItemPlace & { arguments: string }
  'response.mcp_call.in_progress': { item_id: string; output_index: number }
  'response.mcp_call.completed': { item_id: string; output_index: number }
  'response.mcp_call.failed': { item_id: string; output_index: number }
  'mcp_list_tools.in_progress': { item_id: string }
  'mcp_list_tools.completed': { item_id: string }
  'mcp_list_tools.failed': { item_id: string }
  'rate_limits.updated': {
    rate_limits: { name?: 'requests' | 'tokens'; limit?: number; remaining?: number; reset_seconds?: number }[]
  }
  // Of the API before its general availability; servers of one's own may have them.
  'conversation.item.created': RealtimeItemPlaced
  'response.text.delta': RealtimePartPlace & { delta: string }
  'response.text.done': RealtimePartPlace & { text: string }
  'response.audio.delta': RealtimePartPlace & { delta: string }
  'response.audio.done': RealtimePartPlace
  'response.audio_transcript.delta': RealtimePartPlace & { delta: string }
  'response.audio_transcript.done': RealtimePartPlace & { transcript: string }
  'transcription_session.updated': { session: { [field: string]: any } }
}

/** An event that a client sends. */
export type RealtimeClientEvent = {
  [Type in keyof RealtimeClientEvents]: { type: Type; event_id?: string } & RealtimeClientEvents[Type]
}[keyof RealtimeClientEvents]

/** An event of the host. */
export type RealtimeServerEvent = {
  [Type in keyof RealtimeServerEvents]: { type: Type } & RealtimeEventId<Type> & RealtimeServerEvents[Type]
}[keyof RealtimeServerEvents]

/** One kind of event has no name of its own. */
type RealtimeEventId<Type> = Type extends 'input_audio_buffer.dtmf_event_received' ? { event_id?: string } : { event_id: string }

export interface RealtimeErrorDetails {
  message: string
  type: string
  code?: string | null
  event_id?: string | null
  param?: string | null
}

interface RealtimeItemPlaced {
  item: RealtimeItem
  previous_item_id?: string | null
}

interface RealtimeItemGiven {
  item: RealtimeItem
  output_index: number
  response_id: string
}

interface RealtimeItemPlace {
  item_id: string
  output_index: number
  response_id: string
}

interface RealtimePartPlace extends RealtimeItemPlace {
  content_index: number
}

interface RealtimePart {
  audio?: string
  text?: string
  transcript?: string
  type?: 'text' | 'audio'
}

export interface RealtimeLogprob {
  token: string
  bytes: number[]
  logprob: number
}

export type RealtimeTranscriptUsage =
  | {
      type: 'tokens'
      input_tokens: number
      output_tokens: number
      total_tokens: number
      input_token_details?: { audio_tokens?: number; text_tokens?: number }
    }
  | { type: 'duration'; seconds: number }

interface RealtimeItemBase {
  id?: string
  object?: 'realtime.item'
  status?: 'completed' | 'incomplete' | 'in_progress'
}

/** One item of a conversation. */
export type RealtimeItem =
  | (RealtimeItemBase & { type: 'message'; role: 'system'; content: { type?: 'input_text'; text?: string }[] })
  | (RealtimeItemBase & { type: 'message'; role: 'user'; content: RealtimeUserPart[] })
  | (RealtimeItemBase & { type: 'message'; role: 'assistant'; content: RealtimeAssistantPart[] })
  | (RealtimeItemBase & { type: 'function_call'; name: string; arguments: string; call_id?: string })
  | (RealtimeItemBase & { type: 'function_call_output'; call_id: string; output: string })
  | { type: 'mcp_approval_request'; id: string; name: string; arguments: string; server_label: string }
  | { type: 'mcp_approval_response'; id: string; approval_request_id: string; approve: boolean; reason?: string | null }
  | { type: 'mcp_list_tools'; id?: string; server_label: string; tools: RealtimeMcpListedTool[] }
  | RealtimeMcpCall

interface RealtimeUserPart {
  type?: 'input_text' | 'input_audio' | 'input_image'
  text?: string
  audio?: string
  transcript?: string
  image_url?: string
  detail?: 'auto' | 'low' | 'high'
}

interface RealtimeAssistantPart {
  type?: 'output_text' | 'output_audio'
  text?: string
  audio?: string
  transcript?: string
}

interface RealtimeMcpListedTool {
  name: string
  input_schema: unknown
  annotations?: unknown | null
  description?: string | null
}

interface RealtimeMcpCall {
  type: 'mcp_call'
  id: string
  name: string
  arguments: string
  server_label: string
  approval_request_id?: string | null
  error?: { type: 'protocol_error' | 'http_error'; code: number; message: string } | { type: 'tool_execution_error'; message: string } | null
  output?: string | null
}

export type RealtimeVoice =
  | 'alloy' | 'ash' | 'ballad' | 'cedar' | 'coral' | 'echo' | 'marin' | 'sage' | 'shimmer' | 'verse'
  | (string & {})

export type RealtimeAudioFormat = { type?: 'audio/pcm'; rate?: 24000 } | { type?: 'audio/pcmu' } | { type?: 'audio/pcma' }

export type RealtimeTurnDetection =
  | {
      type: 'server_vad'
      create_response?: boolean
      idle_timeout_ms?: number | null
      interrupt_response?: boolean
      prefix_padding_ms?: number
      silence_duration_ms?: number
      threshold?: number
    }
  | {
      type: 'semantic_vad'
      create_response?: boolean
      eagerness?: 'low' | 'medium' | 'high' | 'auto'
      interrupt_response?: boolean
    }

export interface RealtimeAudioInput {
  format?: RealtimeAudioFormat
  noise_reduction?: { type?: 'near_field' | 'far_field' }
  transcription?: {
    model?: string
    language?: string
    prompt?: string
    delay?: 'minimal' | 'low' | 'medium' | 'high' | 'xhigh'
  }
  turn_detection?: RealtimeTurnDetection | null
}

export interface RealtimeAudioOutput {
  format?: RealtimeAudioFormat
  speed?: number
  voice?: RealtimeVoice | { id: string }
}

/** What a conversation is to be like. */
export interface RealtimeSessionConfig {
  type: 'realtime'
  audio?: { input?: RealtimeAudioInput; output?: RealtimeAudioOutput }
  include?: 'item.input_audio_transcription.logprobs'[]
  instructions?: string
  max_output_tokens?: number | 'inf'
  model?: string
  output_modalities?: ('text' | 'audio')[]
  parallel_tool_calls?: boolean
  prompt?: RealtimePrompt | null
  reasoning?: { effort?: 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' }
  tool_choice?: RealtimeToolChoice
  tools?: RealtimeTool[]
  tracing?: 'auto' | { group_id?: string; metadata?: unknown; workflow_name?: string } | null
  truncation?: 'auto' | 'disabled' | { type: 'retention_ratio'; retention_ratio: number; token_limits?: { post_instructions?: number } }
}

/** A session that writes down what it hears, and does not answer. */
export interface RealtimeTranscriptionConfig {
  type: 'transcription'
  audio?: { input?: RealtimeAudioInput }
  include?: 'item.input_audio_transcription.logprobs'[]
}

export interface RealtimePrompt {
  id: string
  variables?: { [name: string]: any } | null
  version?: string | null
}

export type RealtimeToolChoice =
  | 'none' | 'auto' | 'required'
  | { type: 'function'; name: string }
  | { type: 'mcp'; server_label: string; name?: string | null }

export type RealtimeTool = RealtimeFunctionTool | RealtimeMcpTool

export interface RealtimeFunctionTool {
  type?: 'function'
  name?: string
  description?: string
  /** A JSON Schema. */
  parameters?: unknown
}

export interface RealtimeMcpTool {
  type: 'mcp'
  server_label: string
  allowed_callers?: ('direct' | 'programmatic')[] | null
  allowed_tools?: string[] | RealtimeMcpFilter | null
  authorization?: string
  connector_id?: RealtimeConnector
  defer_loading?: boolean
  headers?: { [name: string]: string } | null
  require_approval?: 'always' | 'never' | { always?: RealtimeMcpFilter; never?: RealtimeMcpFilter } | null
  server_description?: string
  server_url?: string
  tunnel_id?: string
}

type RealtimeConnector =
  | 'connector_dropbox' | 'connector_gmail' | 'connector_googlecalendar' | 'connector_googledrive'
  | 'connector_microsoftteams' | 'connector_outlookcalendar' | 'connector_outlookemail' | 'connector_sharepoint'

interface RealtimeMcpFilter {
  read_only?: boolean
  tool_names?: string[]
}

/** What one response is to be like, in the place of what the session says. */
export interface RealtimeResponseParams {
  audio?: { output?: { format?: RealtimeAudioFormat; voice?: RealtimeVoice | { id: string } } }
  conversation?: 'auto' | 'none' | (string & {})
  input?: RealtimeItem[]
  instructions?: string
  max_output_tokens?: number | 'inf'
  metadata?: { [name: string]: string } | null
  output_modalities?: ('text' | 'audio')[]
  parallel_tool_calls?: boolean
  prompt?: RealtimePrompt | null
  reasoning?: { effort?: 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' }
  tool_choice?: RealtimeToolChoice
  tools?: RealtimeTool[]
}

export interface RealtimeResponse {
  id?: string
  object?: 'realtime.response'
  audio?: { output?: { format?: RealtimeAudioFormat; voice?: RealtimeVoice } }
  conversation_id?: string
  max_output_tokens?: number | 'inf'
  metadata?: { [name: string]: string } | null
  output?: RealtimeItem[]
  output_modalities?: ('text' | 'audio')[]
  status?: 'completed' | 'cancelled' | 'failed' | 'incomplete' | 'in_progress'
  status_details?: {
    type?: 'completed' | 'cancelled' | 'incomplete' | 'failed'
    reason?: 'turn_detected' | 'client_cancelled' | 'max_output_tokens' | 'content_filter'
    error?: { code?: string; type?: string }
  }
  usage?: RealtimeUsage
}

export interface RealtimeUsage {
  input_tokens?: number
  output_tokens?: number
  total_tokens?: number
  input_token_details?: {
    audio_tokens?: number
    cached_tokens?: number
    cached_tokens_details?: { audio_tokens?: number; image_tokens?: number; text_tokens?: number }
    image_tokens?: number
    text_tokens?: number
  }
  output_token_details?: { audio_tokens?: number; text_tokens?: number }
}
