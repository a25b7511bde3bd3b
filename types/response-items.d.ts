/** What a response is made of, going in and coming out: messages, calls of tools, what they gave back, reasoning. */
import type { ResponseEnvironment, ResponseTool } from './response-tools'
import type { FileAttributes } from './vector-stores'

export type ResponseItemStatus = 'in_progress' | 'completed' | 'incomplete'

/** An item as its host keeps it. */
type Kept<Item, Status = ResponseItemStatus> = Omit<Item, 'id' | 'status'> & { id: string; status: Status; created_by?: string }

/** Who has called a tool: the model itself, or a program that it wrote. */
export type ResponseCaller = { type: 'direct' } | { type: 'program'; caller_id: string }

export type ResponseInputContent = ResponseInputText | ResponseInputImage | ResponseInputFile

interface CacheBreakpoint {
  mode: 'explicit'
}

export interface ResponseInputText {
  type: 'input_text'
  text: string
  prompt_cache_breakpoint?: CacheBreakpoint | null
}

export interface ResponseInputImage {
  type: 'input_image'
  detail?: 'low' | 'high' | 'auto' | 'original' | null
  file_id?: string | null
  /** An address, or the data as a `data:` URL. */
  image_url?: string | null
  prompt_cache_breakpoint?: CacheBreakpoint | null
}

export interface ResponseInputFile {
  type: 'input_file'
  detail?: 'auto' | 'low' | 'high'
  file_data?: string | null
  file_id?: string | null
  file_url?: string | null
  filename?: string | null
  prompt_cache_breakpoint?: CacheBreakpoint | null
}

/** The same as a host gives it back. */
export type ResponseKeptContent =
  | { type: 'input_text'; text: string; prompt_cache_breakpoint?: CacheBreakpoint }
  | {
    type: 'input_image'
    detail: 'low' | 'high' | 'auto' | 'original'
    file_id?: string | null
    image_url?: string | null
    prompt_cache_breakpoint?: CacheBreakpoint
  }
  | {
    type: 'input_file'
    detail?: 'auto' | 'low' | 'high'
    file_data?: string
    file_id?: string | null
    file_url?: string
    filename?: string
    prompt_cache_breakpoint?: CacheBreakpoint
  }

/** A turn, with its content as a text or in parts. */
export interface EasyInputMessage {
  role: 'user' | 'assistant' | 'system' | 'developer'
  content: string | ResponseInputContent[]
  phase?: 'commentary' | 'final_answer' | null
  type?: 'message'
}

export interface ResponseInputMessage {
  role: 'user' | 'system' | 'developer'
  content: ResponseInputContent[]
  status?: ResponseItemStatus
  type?: 'message'
}

export interface ResponseOutputMessage {
  type: 'message'
  id: string
  role: 'assistant'
  content: (ResponseOutputText | ResponseOutputRefusal)[]
  status: ResponseItemStatus
  phase?: 'commentary' | 'final_answer' | null
}

export interface ResponseOutputText {
  type: 'output_text'
  text: string
  annotations: ResponseAnnotation[]
  logprobs?: ResponseLogprob[]
}

/** Where a text comes from. */
export type ResponseAnnotation =
  | { type: 'file_citation'; file_id: string; filename: string; index: number }
  | { type: 'url_citation'; url: string; title: string; start_index: number; end_index: number }
  | { type: 'container_file_citation'; container_id: string; file_id: string; filename: string; start_index: number; end_index: number }
  | { type: 'file_path'; file_id: string; index: number }

export interface ResponseLogprob {
  token: string
  bytes: number[]
  logprob: number
  top_logprobs: { token: string; bytes: number[]; logprob: number }[]
}

export interface ResponseOutputRefusal {
  type: 'refusal'
  refusal: string
}

export interface ResponseReasoningItem {
  type: 'reasoning'
  id: string
  summary: { type: 'summary_text'; text: string }[]
  content?: { type: 'reasoning_text'; text: string }[]
  /** What a provider wants back with the next turn. Nobody's to read. */
  encrypted_content?: string | null
  status?: ResponseItemStatus
}

export interface ResponseFunctionToolCall {
  type: 'function_call'
  call_id: string
  name: string
  /** JSON text. */
  arguments: string
  id?: string
  caller?: ResponseCaller | null
  namespace?: string
  status?: ResponseItemStatus
}

export interface ResponseFunctionCallOutput {
  type: 'function_call_output'
  call_id: string
  output: string | ResponseInputContent[]
  id?: string | null
  caller?: ResponseCaller | null
  status?: ResponseItemStatus | null
}

export interface ResponseCustomToolCall {
  type: 'custom_tool_call'
  call_id: string
  name: string
  input: string
  id?: string
  caller?: ResponseCaller | null
  namespace?: string
}

export interface ResponseCustomToolCallOutput {
  type: 'custom_tool_call_output'
  call_id: string
  output: string | ResponseKeptContent[]
  id?: string
  caller?: ResponseCaller | null
}

export interface ResponseFileSearchCall {
  type: 'file_search_call'
  id: string
  queries: string[]
  status: ResponseItemStatus | 'searching' | 'failed'
  results?: { attributes?: FileAttributes | null; file_id?: string; filename?: string; score?: number; text?: string }[] | null
}

export interface ResponseWebSearchCall {
  type: 'web_search_call'
  id: string
  action:
    | { type: 'search'; queries?: string[]; query?: string; sources?: { type: 'url'; url: string }[] }
    | { type: 'open_page'; url?: string | null }
    | { type: 'find_in_page'; pattern: string; url: string }
  status: 'in_progress' | 'searching' | 'completed' | 'failed'
}

export interface ResponseImageGenerationCall {
  type: 'image_generation_call'
  id: string
  /** The image in base64. */
  result: string | null
  status: 'in_progress' | 'completed' | 'generating' | 'failed'
}

export interface ResponseCodeInterpreterCall {
  type: 'code_interpreter_call'
  id: string
  code: string | null
  container_id: string
  outputs: ({ type: 'logs'; logs: string } | { type: 'image'; url: string })[] | null
  status: ResponseItemStatus | 'interpreting' | 'failed'
}

interface Point {
  x: number
  y: number
}

/** Keys that are held meanwhile. */
interface Held {
  keys?: string[] | null
}

export type ResponseComputerAction =
  | Point & Held & { type: 'click'; button: 'left' | 'right' | 'wheel' | 'back' | 'forward' }
  | Point & { type: 'double_click'; keys: string[] | null }
  | Held & { type: 'drag'; path: Point[] }
  | { type: 'keypress'; keys: string[] }
  | Point & Held & { type: 'move' }
  | { type: 'screenshot' }
  | Point & Held & { type: 'scroll'; scroll_x: number; scroll_y: number }
  | { type: 'type'; text: string }
  | { type: 'wait' }

interface SafetyCheck {
  id: string
  code?: string | null
  message?: string | null
}

export interface ResponseComputerCall {
  type: 'computer_call'
  id: string
  call_id: string
  pending_safety_checks: SafetyCheck[]
  status: ResponseItemStatus
  action?: ResponseComputerAction
  actions?: ResponseComputerAction[]
}

export interface ResponseComputerCallOutput {
  type: 'computer_call_output'
  call_id: string
  output: { type: 'computer_screenshot'; file_id?: string; image_url?: string }
  id?: string | null
  acknowledged_safety_checks?: SafetyCheck[] | null
  status?: ResponseItemStatus | null
}

export interface ResponseLocalShellCall {
  type: 'local_shell_call'
  id: string
  action: {
    type: 'exec'
    command: string[]
    env: Record<string, string>
    timeout_ms?: number | null
    user?: string | null
    working_directory?: string | null
  }
  call_id: string
  status: ResponseItemStatus
}

export interface ResponseLocalShellCallOutput {
  type: 'local_shell_call_output'
  id: string
  output: string
  status?: ResponseItemStatus | null
}

export interface ResponseShellCall {
  type: 'shell_call'
  call_id: string
  action: { commands: string[]; max_output_length?: number | null; timeout_ms?: number | null }
  id?: string | null
  caller?: ResponseCaller | null
  environment?: ResponseEnvironment | null
  status?: ResponseItemStatus | null
}

export interface ResponseShellCallOutput {
  type: 'shell_call_output'
  call_id: string
  output: ShellOutput[]
  id?: string | null
  caller?: ResponseCaller | null
  max_output_length?: number | null
  status?: ResponseItemStatus | null
}

interface ShellOutput {
  outcome: { type: 'timeout' } | { type: 'exit'; exit_code: number }
  stderr: string
  stdout: string
}

export interface ResponseApplyPatchCall {
  type: 'apply_patch_call'
  call_id: string
  operation: { type: 'create_file' | 'update_file'; diff: string; path: string } | { type: 'delete_file'; path: string }
  status: 'in_progress' | 'completed'
  id?: string | null
  caller?: ResponseCaller | null
}

export interface ResponseApplyPatchCallOutput {
  type: 'apply_patch_call_output'
  call_id: string
  status: 'completed' | 'failed'
  id?: string | null
  caller?: ResponseCaller | null
  output?: string | null
}

export interface ResponseMcpListTools {
  type: 'mcp_list_tools'
  id: string
  server_label: string
  tools: { name: string; input_schema: unknown; annotations?: unknown; description?: string | null }[]
  error?: string | null
}

export interface ResponseMcpApprovalRequest {
  type: 'mcp_approval_request'
  id: string
  /** JSON text. */
  arguments: string
  name: string
  server_label: string
}

export interface ResponseMcpApprovalResponse {
  type: 'mcp_approval_response'
  approval_request_id: string
  approve: boolean
  id?: string | null
  reason?: string | null
}

export interface ResponseMcpCall {
  type: 'mcp_call'
  id: string
  /** JSON text. */
  arguments: string
  name: string
  server_label: string
  approval_request_id?: string | null
  error?: string | null
  output?: string | null
  status?: ResponseItemStatus | 'calling' | 'failed'
}

export interface ResponseToolSearchCall {
  type: 'tool_search_call'
  arguments: unknown
  id?: string | null
  call_id?: string | null
  execution?: 'server' | 'client'
  status?: ResponseItemStatus | null
}

export interface ResponseToolSearchOutput {
  type: 'tool_search_output'
  tools: ResponseTool[]
  id?: string | null
  call_id?: string | null
  execution?: 'server' | 'client'
  status?: ResponseItemStatus | null
}

/** What stands for all that was before it. Nobody's to read. */
export interface ResponseCompaction {
  type: 'compaction'
  encrypted_content: string
  id?: string | null
}

/** A program that the model wrote to call tools with. */
export interface ResponseProgram {
  type: 'program'
  id: string
  call_id: string
  code: string
  fingerprint: string
}

export interface ResponseProgramOutput {
  type: 'program_output'
  id: string
  call_id: string
  result: string
  status: 'completed' | 'incomplete'
}

/** Items that are the same going in and coming out. */
type ResponseCommonItem =
  | ResponseOutputMessage
  | ResponseReasoningItem
  | ResponseFileSearchCall
  | ResponseWebSearchCall
  | ResponseImageGenerationCall
  | ResponseCodeInterpreterCall
  | ResponseComputerCall
  | ResponseLocalShellCall
  | ResponseLocalShellCallOutput
  | ResponseMcpListTools
  | ResponseMcpApprovalRequest
  | ResponseMcpCall
  | ResponseProgram
  | ResponseProgramOutput

export type ResponseInputItem =
  | ResponseCommonItem
  | EasyInputMessage
  | ResponseInputMessage
  | ResponseFunctionToolCall
  | ResponseFunctionCallOutput
  | ResponseCustomToolCall
  | ResponseCustomToolCallOutput
  | ResponseComputerCallOutput
  | ResponseShellCall
  | ResponseShellCallOutput
  | ResponseApplyPatchCall
  | ResponseApplyPatchCallOutput
  | ResponseMcpApprovalResponse
  | ResponseToolSearchCall
  | ResponseToolSearchOutput
  | ResponseCompaction
  | { type: 'additional_tools'; role: 'developer'; tools: ResponseTool[]; id?: string | null }
  | { type: 'compaction_trigger' }
  | { type?: 'item_reference' | null; id: string }

/** What a host adds to items of the caller's when it keeps them. */
type ResponseKeptItem =
  | Kept<Omit<ResponseFunctionCallOutput, 'output'>> & { output: string | ResponseKeptContent[] }
  | Kept<ResponseCustomToolCallOutput>
  | Omit<Kept<ResponseComputerCallOutput, ResponseItemStatus | 'failed'>, 'acknowledged_safety_checks'> & { acknowledged_safety_checks?: SafetyCheck[] }
  | Kept<Omit<ResponseShellCall, 'action' | 'environment'>> & {
    action: { commands: string[]; max_output_length: number | null; timeout_ms: number | null }
    environment: { type: 'local' } | { type: 'container_reference'; container_id: string } | null
  }
  | Kept<Omit<ResponseShellCallOutput, 'output' | 'max_output_length'>> & { output: (ShellOutput & { created_by?: string })[]; max_output_length: number | null }
  | Kept<ResponseApplyPatchCall, ResponseApplyPatchCall['status']>
  | Kept<ResponseApplyPatchCallOutput, ResponseApplyPatchCallOutput['status']>
  | Omit<ResponseMcpApprovalResponse, 'id'> & { id: string }
  | Kept<Omit<ResponseToolSearchCall, 'call_id' | 'execution'>> & { call_id: string | null; execution: 'server' | 'client' }
  | Kept<Omit<ResponseToolSearchOutput, 'call_id' | 'execution'>> & { call_id: string | null; execution: 'server' | 'client' }
  | Omit<ResponseCompaction, 'id'> & { id: string; created_by?: string }
  | { type: 'additional_tools'; id: string; role: ResponseRole; tools: ResponseTool[] }

export type ResponseRole = 'unknown' | 'user' | 'assistant' | 'system' | 'critic' | 'discriminator' | 'developer' | 'tool'

export type ResponseOutputItem = ResponseCommonItem | ResponseKeptItem | ResponseFunctionToolCall | ResponseCustomToolCall

/** An item of a response that its host keeps. */
export type ResponseItem =
  | ResponseCommonItem
  | ResponseKeptItem
  | Kept<ResponseFunctionToolCall>
  | Kept<ResponseCustomToolCall>
  | Omit<ResponseInputMessage, 'content' | 'type'> & { type: 'message'; id: string; content: ResponseKeptContent[] }
