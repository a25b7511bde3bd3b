/** Responses that a host keeps, and how many tokens one would take. */
import type { ListParams } from './pages'

export interface ResponseRetrieveParams {
  include?: string[]
  include_obfuscation?: boolean
  /** The number of the event behind which a stream goes on. */
  starting_after?: number
  stream?: boolean
}

export interface ResponseInputItemListParams extends ListParams {
  include?: string[]
}

/** A message, a call, what a call gave back, …: `type` tells. */
export interface ResponseItem {
  type: string
  id: string
  [field: string]: any
}

export interface ResponseInputTokensParams {
  input?: string | any[] | null
  instructions?: string | null
  model?: string | null
  parallel_tool_calls?: boolean | null
  previous_response_id?: string | null
  reasoning?: any
  text?: any
  tool_choice?: any
  tools?: any[] | null
  truncation?: 'auto' | 'disabled'
}

export interface ResponseInputTokens {
  input_tokens: number
  object: 'response.input_tokens'
}
