/** Speech from text, and text from speech. */
import type { Uploadable } from './pages'

export type AudioResponseFormat = 'json' | 'text' | 'srt' | 'verbose_json' | 'vtt' | 'diarized_json'

export interface SpeechCreateParams {
  input: string
  model?: string
  voice: string | { id: string }
  instructions?: string
  response_format?: 'mp3' | 'opus' | 'aac' | 'flac' | 'wav' | 'pcm'
  speed?: number
  stream_format?: 'sse' | 'audio'
}

export interface TranscriptionCreateParams {
  file: Uploadable
  model?: string
  chunking_strategy?: 'auto' | VoiceDetection | null
  include?: 'logprobs'[]
  known_speaker_names?: string[]
  /** `data:` URLs of samples. */
  known_speaker_references?: string[]
  language?: string
  prompt?: string
  response_format?: AudioResponseFormat
  stream?: boolean | null
  temperature?: number
  timestamp_granularities?: ('word' | 'segment')[]
}

export interface VoiceDetection {
  type: 'server_vad'
  prefix_padding_ms?: number
  silence_duration_ms?: number
  threshold?: number
}

export interface TranslationCreateParams {
  file: Uploadable
  model?: string
  prompt?: string
  response_format?: 'json' | 'text' | 'srt' | 'verbose_json' | 'vtt'
  temperature?: number
}

/** What of it there is depends on `response_format`; with `text`, `srt` and `vtt` the answer is a string. */
export interface TranscriptionCreateResponse {
  text: string
  duration?: number
  language?: string
  logprobs?: TranscriptionLogprob[]
  segments?: (TranscriptionSegment | TranscriptionSpeakerSegment)[]
  task?: 'transcribe'
  usage?: TranscriptionUsage
  words?: TranscriptionWord[]
}

/** Tokens, or how long the recording plays. */
export type TranscriptionUsage =
  | { type: 'tokens'; input_tokens: number; output_tokens: number; total_tokens: number; input_token_details?: { audio_tokens?: number; text_tokens?: number } }
  | { type: 'duration'; seconds: number }

export interface TranslationCreateResponse {
  text: string
  duration?: number
  language?: string
  segments?: TranscriptionSegment[]
}

export interface TranscriptionLogprob {
  bytes?: number[]
  logprob?: number
  token?: string
}

export interface TranscriptionWord {
  /** Seconds. */
  end: number
  start: number
  word: string
}

export interface TranscriptionSegment {
  id: number
  avg_logprob: number
  compression_ratio: number
  end: number
  no_speech_prob: number
  seek: number
  start: number
  temperature: number
  text: string
  tokens: number[]
}

export interface TranscriptionSpeakerSegment {
  id: string
  end: number
  speaker: string
  start: number
  text: string
  type: 'transcript.text.segment'
}

export interface TranscriptionDeltaEvent {
  delta: string
  type: 'transcript.text.delta'
  logprobs?: TranscriptionLogprob[]
  segment_id?: string
}

export interface TranscriptionDoneEvent {
  text: string
  type: 'transcript.text.done'
  logprobs?: TranscriptionLogprob[]
  usage?: Extract<TranscriptionUsage, { type: 'tokens' }>
}

export type TranscriptionStreamEvent = TranscriptionDeltaEvent | TranscriptionDoneEvent | TranscriptionSpeakerSegment

export interface SpeechDeltaEvent {
  type: 'speech.audio.delta'
  /** Base64. */
  audio: string
}

export interface SpeechDoneEvent {
  type: 'speech.audio.done'
  usage?: { input_tokens: number; output_tokens: number; total_tokens: number }
}

export type SpeechStreamEvent = SpeechDeltaEvent | SpeechDoneEvent
