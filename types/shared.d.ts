/** What several endpoints have in common. */

/** A JSON schema, not checked here. */
export type JSONSchema = { [key: string]: unknown }

export type Metadata = { [key: string]: string }

export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max' | null

export type ServiceTier = 'auto' | 'default' | 'flex' | 'scale' | 'priority'

export interface StreamOptions {
  /** End with one more chunk that has no choices and counts the tokens of the whole request. */
  include_usage?: boolean
  /** Pad the chunks at random, so that their sizes tell a listener less. */
  include_obfuscation?: boolean
}
