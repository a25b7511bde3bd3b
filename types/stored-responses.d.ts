/** Responses that a host keeps, and how many tokens one would take. */
import type { ListParams } from './pages'
import type { ResponseInputItem } from './response-items'
import type { ResponseTool, ResponseToolChoice } from './response-tools'
import type { ResponseIncludable, ResponseReasoningConfig, ResponseTextConfig } from './responses'

export interface ResponseRetrieveParams {
  include?: ResponseIncludable[]
  include_obfuscation?: boolean
  /** The number of the event behind which a stream goes on. */
  starting_after?: number
  stream?: boolean
}

export interface ResponseInputItemListParams extends ListParams {
  include?: ResponseIncludable[]
}

export interface ResponseInputTokensParams {
  input?: string | ResponseInputItem[] | null
  instructions?: string | null
  model?: string | null
  parallel_tool_calls?: boolean | null
  previous_response_id?: string | null
  reasoning?: ResponseReasoningConfig | null
  text?: ResponseTextConfig | null
  tool_choice?: ResponseToolChoice | null
  tools?: ResponseTool[] | null
  truncation?: 'auto' | 'disabled'
}

export interface ResponseInputTokens {
  input_tokens: number
  object: 'response.input_tokens'
}
