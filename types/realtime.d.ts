/** What a realtime session begins with, and the calls of one. */

import type { RealtimeSessionConfig, RealtimeTranscriptionConfig } from './realtime-events'

export interface ClientSecretCreateParams {
  expires_after?: { anchor?: 'created_at'; seconds?: number }
  session?: RealtimeSessionConfig | RealtimeTranscriptionConfig
}

export interface ClientSecret {
  expires_at: number
  session: (RealtimeSessionConfig | RealtimeTranscriptionConfig) & { id: string; object: string; expires_at?: number }
  value: string
}

export interface RealtimeCallAcceptParams extends RealtimeSessionConfig {}

export interface RealtimeCallReferParams {
  target_uri: string
}

export interface RealtimeCallRejectParams {
  status_code?: number
}

/** The older form of a session; a `client_secret` in its answer opens a socket from a browser. */
export interface RealtimeSessionCreateParams {
  [field: string]: any
}

export interface RealtimeSession {
  client_secret: { expires_at: number; value: string }
  [field: string]: any
}

export interface TranscriptionSessionCreateParams {
  [field: string]: any
}

export interface TranscriptionSession {
  client_secret: { expires_at: number; value: string }
  [field: string]: any
}
