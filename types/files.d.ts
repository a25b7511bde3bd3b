/** Files, and uploads of large ones in parts. */
import type { ListParams, Uploadable } from './pages'

export type FilePurpose = 'assistants' | 'batch' | 'fine-tune' | 'vision' | 'user_data' | 'evals'

export interface ExpiresAfter {
  /** What the time counts from. */
  anchor: 'created_at'
  seconds: number
}

export interface FileCreateParams {
  file: Uploadable
  purpose: FilePurpose | (string & {})
  expires_after?: ExpiresAfter
}

export interface FileListParams extends ListParams {
  purpose?: string
}

export interface FileObject {
  id: string
  bytes: number
  /** Unix time in seconds. */
  created_at: number
  filename: string
  object: 'file'
  purpose: 'assistants' | 'assistants_output' | 'batch' | 'batch_output' | 'fine-tune' | 'fine-tune-results' | 'vision' | 'user_data'
  status: 'uploaded' | 'processed' | 'error'
  expires_at?: number
  status_details?: string
}

export interface WaitForProcessingParams {
  /** Milliseconds between two looks; 5,000 when left out. */
  pollInterval?: number
  /** Milliseconds; half an hour when left out. */
  maxWait?: number
}
