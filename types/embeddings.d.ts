/** Embeddings: texts to vectors. */

export interface EmbeddingCreateParams {
  /** One text or several, or one list of token ids or several. */
  input: string | string[] | number[] | number[][]
  /** The model's name at the host. */
  model: string
  /** Length of the vectors, for models that can shorten them. */
  dimensions?: number
  /**
   * What the answer holds: lists of numbers (when left out), or with `base64` their little-endian 32-bit floats in
   * base64, which `Embedding.embedding` does not describe: it is then a string.
   */
  encoding_format?: 'float' | 'base64'
  /** A stable, anonymous name for the end user. */
  user?: string
}

export interface CreateEmbeddingResponse {
  object: 'list'
  /** One entry an input, in the order of the inputs. */
  data: Embedding[]
  model: string
  usage: EmbeddingUsage
}

export interface EmbeddingUsage {
  prompt_tokens: number
  total_tokens: number
}

export interface Embedding {
  object: 'embedding'
  /** Which input it belongs to. */
  index: number
  embedding: number[]
}
