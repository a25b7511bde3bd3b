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

/** What each event is about: a thing that is done, or a call that comes in. */
export type WebhookEvent = WebhookEventOf<
  | `batch.${'cancelled' | 'completed' | 'expired' | 'failed'}`
  | `eval.run.${'canceled' | 'failed' | 'succeeded'}`
  | `fine_tuning.job.${'cancelled' | 'failed' | 'succeeded'}`
  | `response.${'cancelled' | 'completed' | 'failed' | 'incomplete'}`, { id: string }
> | WebhookEventOf<'realtime.call.incoming', { call_id: string; sip_headers: { name: string; value: string }[] }>

type WebhookEventOf<Type, Data> = Type extends string ? { id: string; created_at: number; object?: 'event'; type: Type; data: Data } : never
