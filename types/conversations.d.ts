/** Conversations that a host keeps, for the Responses API. Their items are those of its answers. */
import type { ListParams } from './pages'
import type {
  ResponseCustomToolCall, ResponseCustomToolCallOutput, ResponseInputItem, ResponseItem, ResponseItemStatus, ResponseKeptContent, ResponseOutputRefusal, ResponseOutputText, ResponseRole,
} from './response-items'
import type { ResponseIncludable } from './responses'
import type { Metadata } from './shared'

export interface ConversationCreateParams {
  items?: ResponseInputItem[] | null
  metadata?: Metadata | null
}

export interface ConversationUpdateParams {
  metadata: Metadata | null
}

export interface Conversation {
  id: string
  created_at: number
  metadata: unknown
  object: 'conversation'
}

export interface ConversationItemCreateParams {
  items: ResponseInputItem[]
  /** Goes into the body, as everything else that is handed in. */
  include?: ResponseIncludable[]
}

export interface ConversationItemRetrieveParams {
  include?: ResponseIncludable[]
}

export interface ConversationItemListParams extends ListParams {
  include?: ResponseIncludable[]
}

/** A turn, whoever's it is. */
export interface ConversationMessage {
  type: 'message'
  id: string
  role: ResponseRole
  content: (
    | ResponseKeptContent
    | ResponseOutputText
    | ResponseOutputRefusal
    | { type: 'text' | 'summary_text' | 'reasoning_text'; text: string }
    | { type: 'computer_screenshot'; detail: 'low' | 'high' | 'auto' | 'original'; file_id: string | null; image_url: string | null; prompt_cache_breakpoint?: { mode: 'explicit' } }
  )[]
  status: ResponseItemStatus
  phase?: 'commentary' | 'final_answer' | null
}

/** A message, a call, what a call gave back, reasoning, …: `type` tells. */
export type ConversationItem =
  | ConversationMessage
  | Exclude<ResponseItem, { type: 'message' | 'custom_tool_call' | 'custom_tool_call_output' }>
  | ResponseCustomToolCall
  | ResponseCustomToolCallOutput

export interface ConversationItemList {
  data: ConversationItem[]
  first_id: string
  has_more: boolean
  last_id: string
  object: 'list'
}
