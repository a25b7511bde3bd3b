/** Videos: made in the host's own time, and fetched when they are done. */
import type { Uploadable } from './pages'

export interface VideoCreateParams {
  prompt: string
  /** The first frame, as a file or as one that the host can get. */
  input_reference?: Uploadable | { file_id?: string; image_url?: string }
  model?: string
  seconds?: '4' | '8' | '12'
  size?: '720x1280' | '1280x720' | '1024x1792' | '1792x1024'
}

export interface VideoRemixParams {
  prompt: string
}

export interface VideoDownloadParams {
  variant?: 'video' | 'thumbnail' | 'spritesheet'
}

export interface Video {
  id: string
  completed_at: number | null
  created_at: number
  error: { code: string; message: string } | null
  expires_at: number | null
  model: string
  object: 'video'
  /** Percent. */
  progress: number
  prompt: string | null
  remixed_from_video_id: string | null
  seconds: string
  size: '720x1280' | '1280x720' | '1024x1792' | '1792x1024'
  status: 'queued' | 'in_progress' | 'completed' | 'failed'
}
