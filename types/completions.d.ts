/** Text completions: a prompt is continued. */
import type { StreamOptions } from './shared'

export interface CompletionCreateParamsBase {
  /** The model's name at the host. */
  model: string
  /** One text or several, or one list of token ids or several. Each prompt gets choices of its own. */
  prompt: string | string[] | number[] | number[][] | null
  /** Generate this many on the server and return the likeliest `n`. Not with `stream`. */
  best_of?: number | null
  /** Return the prompt before the completion. */
  echo?: boolean | null
  /** -2 to 2. Above 0, a token is less likely the more often it has already come. */
  frequency_penalty?: number | null
  /** Added to a token's score before sampling: token id to a number from -100 (never) to 100 (always). */
  logit_bias?: Record<string, number> | null
  /** 0 to 5: how many alternatives to report at each position. */
  logprobs?: number | null
  /** Most tokens to generate for each choice; 16 at OpenAI when left out. */
  max_tokens?: number | null
  /** How many choices for each prompt. */
  n?: number | null
  /** -2 to 2. Above 0, a token that has come at all is less likely to come again. */
  presence_penalty?: number | null
  /** The same seed and parameters give the same answer, as far as the server can. */
  seed?: number | null
  /** Up to four texts that end the completion where they would begin. They are not part of it. */
  stop?: string | string[] | null
  /** `true` for pieces as they are generated. */
  stream?: boolean | null
  stream_options?: StreamOptions | null
  /** What comes after the completion, for models that fill in the middle. */
  suffix?: string | null
  /** 0 to 2. Higher is more random; 0 takes the likeliest token. */
  temperature?: number | null
  /** 0 to 1: sample only from the likeliest tokens that make up this share of probability. */
  top_p?: number | null
  /** A stable, anonymous name for the end user. */
  user?: string
}

export interface CompletionCreateParamsNonStreaming extends CompletionCreateParamsBase {
  stream?: false | null
}

export interface CompletionCreateParamsStreaming extends CompletionCreateParamsBase {
  stream: true
}

export type CompletionCreateParams = CompletionCreateParamsNonStreaming | CompletionCreateParamsStreaming

/** A whole completion, and also the shape of each piece of a streamed one. */
export interface Completion {
  id: string
  object: 'text_completion'
  /** Unix time in seconds. */
  created: number
  model: string
  choices: CompletionChoice[]
  /** Changes when the server's set-up does. */
  system_fingerprint?: string
  usage?: CompletionUsage
}

export interface CompletionChoice {
  index: number
  text: string
  /** Why it ended: its natural end or a stop text, the token limit, a filter. */
  finish_reason: 'stop' | 'length' | 'content_filter'
  logprobs: CompletionLogprobs | null
}

/** Lists of equal length, one entry a token. */
export interface CompletionLogprobs {
  tokens?: string[]
  token_logprobs?: number[]
  /** Alternatives by token. */
  top_logprobs?: Array<{ [token: string]: number }>
  /** Character position of each token in the text. */
  text_offset?: number[]
}

/** Token counts. */
export interface CompletionUsage {
  /** Generated tokens, hidden reasoning included. */
  completion_tokens: number
  prompt_tokens: number
  total_tokens: number
  completion_tokens_details?: {
    /** Of a prediction: taken over. */
    accepted_prediction_tokens?: number
    audio_tokens?: number
    /** Thought, and not part of the answer. */
    reasoning_tokens?: number
    /** Of a prediction: not taken over, but paid for. */
    rejected_prediction_tokens?: number
  }
  prompt_tokens_details?: {
    audio_tokens?: number
    /** Read from the prompt cache. */
    cached_tokens?: number
    /** Written to the prompt cache. */
    cache_write_tokens?: number
  }
}
