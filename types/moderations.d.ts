/** Moderations: whether texts and images may do harm. */

export interface ModerationCreateParams {
  input: string | string[] | ModerationMultiModalInput[]
  /** Left out, the host chooses. */
  model?: string
}

export type ModerationMultiModalInput = ModerationTextInput | ModerationImageURLInput

export interface ModerationTextInput {
  type: 'text'
  text: string
}

export interface ModerationImageURLInput {
  type: 'image_url'
  /** An address or a `data:` URL. */
  image_url: { url: string }
}

export interface ModerationCreateResponse {
  id: string
  model: string
  /** One entry an input; a list of parts is one input. */
  results: Moderation[]
}

export interface Moderation {
  /** Whether any category is. */
  flagged: boolean
  categories: ModerationCategories
  category_scores: ModerationCategoryScores
  category_applied_input_types: ModerationCategoryAppliedInputTypes
}

export interface ModerationCategories {
  harassment: boolean
  'harassment/threatening': boolean
  hate: boolean
  'hate/threatening': boolean
  illicit: boolean | null
  'illicit/violent': boolean | null
  'self-harm': boolean
  'self-harm/instructions': boolean
  'self-harm/intent': boolean
  sexual: boolean
  'sexual/minors': boolean
  violence: boolean
  'violence/graphic': boolean
}

/** 0 to 1 for each category. */
export type ModerationCategoryScores = { [Category in keyof ModerationCategories]: number }

/** Which parts of the input each category's score comes from. */
export interface ModerationCategoryAppliedInputTypes {
  harassment: Array<'text'>
  'harassment/threatening': Array<'text'>
  hate: Array<'text'>
  'hate/threatening': Array<'text'>
  illicit: Array<'text'>
  'illicit/violent': Array<'text'>
  'self-harm': Array<'text' | 'image'>
  'self-harm/instructions': Array<'text' | 'image'>
  'self-harm/intent': Array<'text' | 'image'>
  sexual: Array<'text' | 'image'>
  'sexual/minors': Array<'text'>
  violence: Array<'text' | 'image'>
  'violence/graphic': Array<'text' | 'image'>
}
