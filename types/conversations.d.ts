/** Conversations that a host keeps, for the Responses API. Their items are those of its answers. */
import type { ListParams } from './pages'
import type { Metadata } from './shared'

export interface ConversationCreateParams {
  items?: any[] | null
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
  items: any[]
  /** Goes into the body, as everything else that is handed in. */
  include?: string[]
}

export interface ConversationItemRetrieveParams {
  include?: string[]
}

export interface ConversationItemListParams extends ListParams {
  include?: string[]
}

/** A message, a call, what a call gave back, reasoning, …: `type` tells. */
export interface ConversationItem {
  type: string
  id?: string | null
  [field: string]: any
}

export interface ConversationItemList {
  data: ConversationItem[]
  first_id: string
  has_more: boolean
  last_id: string
  object: 'list'
}
