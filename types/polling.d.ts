/** Waiting for what a host does in its own time, and what it tells in a webhook. */
import type { CallOptions } from '../index'

export interface PollOptions extends CallOptions {
  /** Milliseconds between two looks. Left out, the host may say; else 5,000. */
  pollIntervalMs?: number
  /** How many files are uploaded at once; 5 when left out. */
  maxConcurrency?: number
}

/** The headers of a webhook, as a `Headers`, an object or pairs. */
export type WebhookHeaders = Iterable<[string, string]> | { [name: string]: string | string[] | null | undefined }

export interface WebhookEvent {
  id: string
  created_at: number
  object?: 'event'
  type: string
  data: any
}
