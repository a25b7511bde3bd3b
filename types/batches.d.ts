/** Batches: many requests in a file, answered within a day. */
import type { ExpiresAfter } from './files'
import type { Metadata } from './shared'

export interface BatchCreateParams {
  completion_window: '24h'
  endpoint:
    | '/v1/responses' | '/v1/chat/completions' | '/v1/embeddings' | '/v1/completions' | '/v1/moderations'
    | '/v1/images/generations' | '/v1/images/edits' | '/v1/videos'
  /** A file of lines, each a request. */
  input_file_id: string
  metadata?: Metadata | null
  output_expires_after?: ExpiresAfter
}

export interface Batch {
  id: string
  completion_window: string
  created_at: number
  endpoint: string
  input_file_id: string
  object: 'batch'
  status: 'validating' | 'failed' | 'in_progress' | 'finalizing' | 'completed' | 'expired' | 'cancelling' | 'cancelled'
  cancelled_at?: number
  cancelling_at?: number
  completed_at?: number
  error_file_id?: string
  errors?: { data?: BatchError[]; object?: string }
  expired_at?: number
  expires_at?: number
  failed_at?: number
  finalizing_at?: number
  in_progress_at?: number
  metadata?: Metadata | null
  model?: string
  output_file_id?: string
  request_counts?: BatchRequestCounts
  usage?: BatchUsage
}

export interface BatchError {
  code?: string
  line?: number | null
  message?: string
  param?: string | null
}

export interface BatchRequestCounts {
  completed: number
  failed: number
  total: number
}

export interface BatchUsage {
  input_tokens: number
  input_tokens_details: { cached_tokens: number }
  output_tokens: number
  output_tokens_details: { reasoning_tokens: number }
  total_tokens: number
}
