/** Vector stores: files that can be searched by meaning. */
import type { ListParams, Uploadable } from './pages'
import type { Metadata } from './shared'

export type FileAttributes = { [name: string]: string | number | boolean }

export interface ChunkSizes {
  chunk_overlap_tokens: number
  max_chunk_size_tokens: number
}

export type ChunkingStrategyParam = { type: 'auto' } | { type: 'static'; static: ChunkSizes }
export type ChunkingStrategy = { type: 'other' } | { type: 'static'; static: ChunkSizes }

export interface IdleExpiry {
  anchor: 'last_active_at'
  days: number
}

export interface VectorStoreCreateParams {
  chunking_strategy?: ChunkingStrategyParam
  description?: string
  expires_after?: IdleExpiry
  file_ids?: string[]
  metadata?: Metadata | null
  name?: string
}

export interface VectorStoreUpdateParams {
  expires_after?: IdleExpiry | null
  metadata?: Metadata | null
  name?: string | null
}

export interface VectorStore {
  id: string
  created_at: number
  file_counts: FileCounts
  last_active_at: number | null
  metadata: Metadata | null
  name: string
  object: 'vector_store'
  status: 'expired' | 'in_progress' | 'completed'
  usage_bytes: number
  expires_after?: IdleExpiry
  expires_at?: number | null
}

export interface FileCounts {
  cancelled: number
  completed: number
  failed: number
  in_progress: number
  total: number
}

export interface ComparisonFilter {
  key: string
  type: 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'in' | 'nin'
  value: string | number | boolean | (string | number)[]
}

export interface CompoundFilter {
  filters: (ComparisonFilter | unknown)[]
  type: 'and' | 'or'
}

export interface VectorStoreSearchParams {
  query: string | string[]
  filters?: ComparisonFilter | CompoundFilter
  max_num_results?: number
  ranking_options?: { ranker?: 'none' | 'auto' | 'default-2024-11-15'; score_threshold?: number }
  rewrite_query?: boolean
}

export interface VectorStoreSearchResult {
  attributes: FileAttributes | null
  content: { text: string; type: 'text' }[]
  file_id: string
  filename: string
  score: number
}

export interface VectorStoreFileCreateParams {
  file_id: string
  attributes?: FileAttributes | null
  chunking_strategy?: ChunkingStrategyParam
}

export interface VectorStoreFileUpdateParams {
  attributes: FileAttributes | null
}

export interface VectorStoreFileListParams extends ListParams {
  filter?: 'in_progress' | 'completed' | 'failed' | 'cancelled'
}

export interface VectorStoreFile {
  id: string
  created_at: number
  last_error: { code: 'server_error' | 'unsupported_file' | 'invalid_file'; message: string } | null
  object: 'vector_store.file'
  status: 'in_progress' | 'completed' | 'cancelled' | 'failed'
  usage_bytes: number
  vector_store_id: string
  attributes?: FileAttributes | null
  chunking_strategy?: ChunkingStrategy
}

export interface VectorStoreFileContent {
  text?: string
  type?: string
}

export interface VectorStoreFileBatchCreateParams {
  attributes?: FileAttributes | null
  chunking_strategy?: ChunkingStrategyParam
  file_ids?: string[]
  files?: VectorStoreFileCreateParams[]
}

export interface VectorStoreFileBatch {
  id: string
  created_at: number
  file_counts: FileCounts
  object: 'vector_store.files_batch'
  status: 'in_progress' | 'completed' | 'cancelled' | 'failed'
  vector_store_id: string
}

export interface VectorStoreUploadParams {
  files: Uploadable[]
  /** Files that the host has already. */
  fileIds?: string[]
}
