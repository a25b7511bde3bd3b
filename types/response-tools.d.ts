/** Tools of a response: the caller's own, and those that OpenAI's servers have. */
import type { JSONSchema } from './shared'
import type { ComparisonFilter, CompoundFilter } from './vector-stores'

/** Who may call a tool: the model itself, a program that it writes, or both. */
type AllowedCallers = ('direct' | 'programmatic')[] | null

export type ResponseTool =
  | ResponseFunctionTool
  | ResponseCustomTool
  | ResponseNamespaceTool
  | ResponseFileSearchTool
  | ResponseWebSearchTool
  | ResponseWebSearchPreviewTool
  | ResponseMcpTool
  | ResponseCodeInterpreterTool
  | ResponseImageGenerationTool
  | ResponseShellTool
  | { type: 'apply_patch'; allowed_callers?: AllowedCallers }
  | { type: 'computer' | 'local_shell' | 'programmatic_tool_calling' }
  | { type: 'computer_use_preview'; display_height: number; display_width: number; environment: 'windows' | 'mac' | 'linux' | 'ubuntu' | 'browser' }
  | { type: 'tool_search'; description?: string | null; execution?: 'server' | 'client'; parameters?: unknown }

/** A function of the caller's own. */
export interface ResponseFunctionTool {
  type: 'function'
  name: string
  parameters: JSONSchema | null
  /** Hold the arguments to the schema. */
  strict: boolean | null
  allowed_callers?: AllowedCallers
  /** Told to the model when it searches for tools, not before. */
  defer_loading?: boolean
  description?: string | null
  output_schema?: JSONSchema | null
}

/** A tool of the caller's own that takes a text instead of arguments. */
export interface ResponseCustomTool {
  type: 'custom'
  name: string
  allowed_callers?: AllowedCallers
  defer_loading?: boolean
  description?: string
  format?: { type: 'text' } | { type: 'grammar'; definition: string; syntax: 'lark' | 'regex' }
}

/** Tools below one name. */
export interface ResponseNamespaceTool {
  type: 'namespace'
  name: string
  description: string
  tools: (ResponseCustomTool | Omit<ResponseFunctionTool, 'parameters' | 'strict'> & { parameters?: unknown; strict?: boolean | null })[]
}

export interface ResponseFileSearchTool {
  type: 'file_search'
  vector_store_ids: string[]
  filters?: ComparisonFilter | CompoundFilter | null
  max_num_results?: number
  ranking_options?: {
    hybrid_search?: { embedding_weight: number; text_weight: number }
    ranker?: 'auto' | 'default-2024-11-15'
    score_threshold?: number
  }
}

interface Place {
  city?: string | null
  /** Two letters: `FR`. */
  country?: string | null
  region?: string | null
  /** `Europe/Paris`. */
  timezone?: string | null
}

export interface ResponseWebSearchTool {
  type: 'web_search' | 'web_search_2025_08_26'
  filters?: { allowed_domains?: string[] | null } | null
  search_context_size?: 'low' | 'medium' | 'high'
  user_location?: Place & { type?: 'approximate' } | null
}

export interface ResponseWebSearchPreviewTool {
  type: 'web_search_preview' | 'web_search_preview_2025_03_11'
  search_content_types?: ('text' | 'image')[]
  search_context_size?: 'low' | 'medium' | 'high'
  user_location?: Place & { type: 'approximate' } | null
}

interface McpToolFilter {
  read_only?: boolean
  tool_names?: string[]
}

/** A server that speaks the Model Context Protocol, or a connector of the provider's. */
export interface ResponseMcpTool {
  type: 'mcp'
  server_label: string
  allowed_callers?: AllowedCallers
  allowed_tools?: string[] | McpToolFilter | null
  /** A token for the server. */
  authorization?: string
  connector_id?: `connector_${'dropbox' | 'gmail' | 'googlecalendar' | 'googledrive' | 'microsoftteams' | 'outlookcalendar' | 'outlookemail' | 'sharepoint'}`
  defer_loading?: boolean
  headers?: Record<string, string> | null
  require_approval?: { always?: McpToolFilter; never?: McpToolFilter } | 'always' | 'never' | null
  server_description?: string
  server_url?: string
  tunnel_id?: string
}

type NetworkPolicy =
  | { type: 'disabled' }
  | { type: 'allowlist'; allowed_domains: string[]; domain_secrets?: { domain: string; name: string; value: string }[] }

/** What a container that is made for a tool has. */
interface ContainerSettings {
  file_ids?: string[]
  memory_limit?: '1g' | '4g' | '16g' | '64g' | null
  network_policy?: NetworkPolicy
}

export interface ResponseCodeInterpreterTool {
  type: 'code_interpreter'
  /** The identifier of one that is there, or what one is to have. */
  container: string | ContainerSettings & { type: 'auto' }
  allowed_callers?: AllowedCallers
}

export interface ResponseImageGenerationTool {
  type: 'image_generation'
  action?: 'generate' | 'edit' | 'auto'
  background?: 'transparent' | 'opaque' | 'auto'
  input_fidelity?: 'high' | 'low' | null
  input_image_mask?: { file_id?: string; image_url?: string }
  model?: string
  moderation?: 'auto' | 'low'
  output_compression?: number
  output_format?: 'png' | 'webp' | 'jpeg'
  partial_images?: number
  quality?: 'low' | 'medium' | 'high' | 'auto'
  size?: string
}

/** A way of doing something, in files. */
export type ContainerSkill =
  | { type: 'skill_reference'; skill_id: string; version?: string }
  | { type: 'inline'; name: string; description: string; source: { type: 'base64'; data: string; media_type: 'application/zip' } }

/** Where a shell's commands are run: on the caller's machine, or in a container. */
export type ResponseEnvironment =
  | { type: 'local'; skills?: { name: string; description: string; path: string }[] }
  | { type: 'container_reference'; container_id: string }

export interface ResponseShellTool {
  type: 'shell'
  allowed_callers?: AllowedCallers
  environment?: ContainerSettings & { type: 'container_auto'; skills?: ContainerSkill[] } | ResponseEnvironment | null
}

export type ResponseToolChoice =
  | 'none'
  | 'auto'
  | 'required'
  | { type: 'function' | 'custom'; name: string }
  | { type: 'allowed_tools'; mode: 'auto' | 'required'; tools: { [key: string]: unknown }[] }
  | { type: 'mcp'; server_label: string; name?: string | null }
  | { type: 'apply_patch' }
  | { type: 'shell' }
  | { type: 'programmatic_tool_calling' }
  | ResponseToolChoiceBuiltIn

export interface ResponseToolChoiceBuiltIn {
  type:
    | 'file_search' | 'web_search_preview' | 'web_search_preview_2025_03_11' | 'computer' | 'computer_use_preview' | 'computer_use'
    | 'image_generation' | 'code_interpreter' | 'mcp'
}
