/** Assistants, threads and runs, and ChatKit. */
import type { ResponseFormatJSONObject, ResponseFormatJSONSchema, ResponseFormatText } from './chat'
import type { ListParams } from './pages'
import type { FunctionDefinition } from './messages'
import type { Metadata, ReasoningEffort } from './shared'
import type { ChunkingStrategyParam } from './vector-stores'

export type AssistantTool =
  | { type: 'code_interpreter' }
  | { type: 'file_search'; file_search?: { max_num_results?: number; ranking_options?: { score_threshold: number; ranker?: 'auto' | 'default_2024_08_21' } } }
  | { type: 'function'; function: FunctionDefinition }

export type AssistantResponseFormat = 'auto' | ResponseFormatText | ResponseFormatJSONObject | ResponseFormatJSONSchema

export type AssistantToolChoice =
  | 'none' | 'auto' | 'required'
  | { type: 'function' | 'code_interpreter' | 'file_search'; function?: { name: string } }

/** What the tools of an assistant or a thread may use. */
export interface ToolResources {
  code_interpreter?: { file_ids?: string[] }
  file_search?: { vector_store_ids?: string[] }
}

export interface ToolResourcesParam extends ToolResources {
  file_search?: {
    vector_store_ids?: string[]
    /** Vector stores that are made with it. */
    vector_stores?: { chunking_strategy?: ChunkingStrategyParam; file_ids?: string[]; metadata?: Metadata | null }[]
  }
}

interface AssistantParams {
  description?: string | null
  instructions?: string | null
  metadata?: Metadata | null
  name?: string | null
  reasoning_effort?: ReasoningEffort
  response_format?: AssistantResponseFormat | null
  temperature?: number | null
  tool_resources?: ToolResourcesParam | null
  tools?: AssistantTool[]
  top_p?: number | null
}

export interface AssistantCreateParams extends AssistantParams {
  model: string
}

export interface AssistantUpdateParams extends AssistantParams {
  model?: string
}

export interface Assistant {
  id: string
  created_at: number
  description: string | null
  instructions: string | null
  metadata: Metadata | null
  model: string
  name: string | null
  object: 'assistant'
  tools: AssistantTool[]
  response_format?: AssistantResponseFormat | null
  temperature?: number | null
  tool_resources?: ToolResources | null
  top_p?: number | null
}

export interface ThreadMessageCreateParams {
  content: string | ThreadContentPart[]
  role: 'user' | 'assistant'
  attachments?: ThreadAttachment[] | null
  metadata?: Metadata | null
}

export interface ThreadAttachment {
  file_id?: string
  tools?: { type: 'code_interpreter' | 'file_search' }[]
}

export interface ThreadImageFile {
  file_id: string
  detail?: 'auto' | 'low' | 'high'
}

export interface ThreadImageURL {
  url: string
  detail?: 'auto' | 'low' | 'high'
}

export interface ThreadText {
  annotations: ThreadAnnotation[]
  value: string
}

export type ThreadContentPart =
  | { type: 'text'; text: string }
  | { type: 'image_file'; image_file: ThreadImageFile }
  | { type: 'image_url'; image_url: ThreadImageURL }

export interface ThreadCreateParams {
  messages?: ThreadMessageCreateParams[]
  metadata?: Metadata | null
  tool_resources?: ToolResourcesParam | null
}

export interface ThreadUpdateParams {
  metadata?: Metadata | null
  tool_resources?: ToolResources | null
}

export interface Thread {
  id: string
  created_at: number
  metadata: Metadata | null
  object: 'thread'
  tool_resources: ToolResources | null
}

export interface MetadataParams {
  metadata?: Metadata | null
}

export interface ThreadMessageListParams extends ListParams {
  run_id?: string
}

export type ThreadAnnotation =
  | { type: 'file_citation'; end_index: number; file_citation: { file_id: string }; start_index: number; text: string }
  | { type: 'file_path'; end_index: number; file_path: { file_id: string }; start_index: number; text: string }

export type ThreadMessageContent =
  | { type: 'text'; text: ThreadText }
  | { type: 'refusal'; refusal: string }
  | { type: 'image_file'; image_file: ThreadImageFile }
  | { type: 'image_url'; image_url: ThreadImageURL }

export interface ThreadMessage {
  id: string
  assistant_id: string | null
  attachments: ThreadAttachment[] | null
  completed_at: number | null
  content: ThreadMessageContent[]
  created_at: number
  incomplete_at: number | null
  incomplete_details: { reason: 'content_filter' | 'max_tokens' | 'run_cancelled' | 'run_expired' | 'run_failed' } | null
  metadata: Metadata | null
  object: 'thread.message'
  role: 'user' | 'assistant'
  run_id: string | null
  status: 'in_progress' | 'incomplete' | 'completed'
  thread_id: string
}

interface RunParams {
  assistant_id: string
  instructions?: string | null
  max_completion_tokens?: number | null
  max_prompt_tokens?: number | null
  metadata?: Metadata | null
  model?: string | null
  parallel_tool_calls?: boolean
  response_format?: AssistantResponseFormat | null
  stream?: boolean | null
  temperature?: number | null
  tool_choice?: AssistantToolChoice | null
  tools?: AssistantTool[] | null
  top_p?: number | null
  truncation_strategy?: TruncationStrategy | null
}

export interface TruncationStrategy {
  type: 'auto' | 'last_messages'
  last_messages?: number | null
}

export interface RunCreateParams extends RunParams {
  include?: RunStepInclude[]
  additional_instructions?: string | null
  additional_messages?: ThreadMessageCreateParams[] | null
  reasoning_effort?: ReasoningEffort
}

export interface ThreadCreateAndRunParams extends RunParams {
  thread?: ThreadCreateParams
  tool_resources?: ToolResources | null
}

export interface RunSubmitToolOutputsParams {
  tool_outputs: { output?: string; tool_call_id?: string }[]
  stream?: boolean | null
}

export type RunStatus =
  | 'queued' | 'in_progress' | 'requires_action' | 'cancelling' | 'cancelled' | 'failed' | 'completed' | 'incomplete' | 'expired'

export interface Run {
  id: string
  assistant_id: string
  cancelled_at: number | null
  completed_at: number | null
  created_at: number
  expires_at: number | null
  failed_at: number | null
  incomplete_details: { reason?: 'max_completion_tokens' | 'max_prompt_tokens' } | null
  instructions: string
  last_error: { code: 'server_error' | 'rate_limit_exceeded' | 'invalid_prompt'; message: string } | null
  max_completion_tokens: number | null
  max_prompt_tokens: number | null
  metadata: Metadata | null
  model: string
  object: 'thread.run'
  parallel_tool_calls: boolean
  required_action: { type: 'submit_tool_outputs'; submit_tool_outputs: { tool_calls: RunToolCall[] } } | null
  response_format: AssistantResponseFormat | null
  started_at: number | null
  status: RunStatus
  thread_id: string
  tool_choice: AssistantToolChoice | null
  tools: AssistantTool[]
  truncation_strategy: TruncationStrategy | null
  usage: RunUsage | null
  temperature?: number | null
  top_p?: number | null
}

export interface RunToolCall {
  id: string
  function: { arguments: string; name: string }
  type: 'function'
}

export interface RunUsage {
  completion_tokens: number
  prompt_tokens: number
  total_tokens: number
}

/** What is answered beside what always is. */
export type RunStepInclude = 'step_details.tool_calls[*].file_search.results[*].content' | (string & {})

export interface RunStepListParams extends ListParams {
  include?: RunStepInclude[]
}

export interface RunStepRetrieveParams {
  include?: RunStepInclude[]
}

export type RunStepToolCall =
  | {
    id: string
    type: 'code_interpreter'
    code_interpreter: {
      input: string
      outputs: ({ type: 'logs'; logs: string } | { type: 'image'; image: { file_id: string } })[]
    }
  }
  | {
    id: string
    type: 'file_search'
    file_search: {
      ranking_options?: { ranker: 'auto' | 'default_2024_08_21'; score_threshold: number }
      results?: { file_id: string; file_name: string; score: number; content?: { text?: string; type?: 'text' }[] }[]
    }
  }
  | {
    id: string
    type: 'function'
    /** `output` is `null` until it was handed in. */
    function: { arguments: string; name: string; output: string | null }
  }

export interface RunStep {
  id: string
  assistant_id: string
  cancelled_at: number | null
  completed_at: number | null
  created_at: number
  expired_at: number | null
  failed_at: number | null
  last_error: { code: 'server_error' | 'rate_limit_exceeded'; message: string } | null
  metadata: Metadata | null
  object: 'thread.run.step'
  run_id: string
  status: 'in_progress' | 'cancelled' | 'failed' | 'completed' | 'expired'
  step_details:
    | { type: 'message_creation'; message_creation: { message_id: string } }
    | { type: 'tool_calls'; tool_calls: RunStepToolCall[] }
  thread_id: string
  type: 'message_creation' | 'tool_calls'
  usage: RunUsage | null
}

export interface ChatSessionCreateParams {
  user: string
  workflow: {
    id: string
    state_variables?: { [name: string]: string | boolean | number }
    tracing?: { enabled?: boolean }
    version?: string
  }
  chatkit_configuration?: {
    automatic_thread_titling?: { enabled?: boolean }
    file_upload?: { enabled?: boolean; max_file_size?: number; max_files?: number }
    history?: { enabled?: boolean; recent_threads?: number }
  }
  expires_after?: { anchor: 'created_at'; seconds: number }
  rate_limits?: { max_requests_per_1_minute?: number }
}

export interface ChatSession {
  id: string
  chatkit_configuration: {
    automatic_thread_titling: { enabled: boolean }
    file_upload: { enabled: boolean; max_file_size: number | null; max_files: number | null }
    history: { enabled: boolean; recent_threads: number | null }
  }
  client_secret: string
  expires_at: number
  max_requests_per_1_minute: number
  object: 'chatkit.session'
  rate_limits: { max_requests_per_1_minute: number }
  status: 'active' | 'expired' | 'cancelled'
  user: string
  workflow: { id: string; state_variables: { [name: string]: string | boolean | number } | null; tracing: { enabled: boolean }; version: string | null }
}

export interface ChatKitThreadListParams extends ListParams {
  user?: string
}

export interface ChatKitThread {
  id: string
  created_at: number
  object: 'chatkit.thread'
  status: { type: 'active' } | { type: 'locked' | 'closed'; reason: string | null }
  title: string | null
  user: string
}

interface OfChatKitThread<Type extends string> {
  id: string
  created_at: number
  object: 'chatkit.thread_item'
  thread_id: string
  type: Type
}

export interface ChatKitAttachment {
  id: string
  mime_type: string
  name: string
  preview_url: string | null
  type: 'image' | 'file'
}

export interface ChatKitText {
  type: 'output_text'
  text: string
  annotations: ({ type: 'file'; source: { type: 'file'; filename: string } } | { type: 'url'; source: { type: 'url'; url: string } })[]
}

interface ChatKitTask {
  heading: string | null
  summary: string | null
}

export type ChatKitItem =
  | OfChatKitThread<'chatkit.user_message'> & {
    attachments: ChatKitAttachment[]
    content: ({ type: 'input_text'; text: string } | { type: 'quoted_text'; text: string })[]
    inference_options: { model: string | null; tool_choice: { id: string } | null } | null
  }
  | OfChatKitThread<'chatkit.assistant_message'> & { content: ChatKitText[] }
  | OfChatKitThread<'chatkit.widget'> & { widget: string }
  | OfChatKitThread<'chatkit.client_tool_call'> & { arguments: string; call_id: string; name: string; output: string | null; status: 'in_progress' | 'completed' }
  | OfChatKitThread<'chatkit.task'> & ChatKitTask & { task_type: 'custom' | 'thought' }
  | OfChatKitThread<'chatkit.task_group'> & { tasks: (ChatKitTask & { type: 'custom' | 'thought' })[] }
