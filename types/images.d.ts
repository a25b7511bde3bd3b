/** Images: made, edited and varied. */
import type { Uploadable } from './pages'

type ImageFormat = 'png' | 'jpeg' | 'webp'
type ImageBackground = 'transparent' | 'opaque' | 'auto'
type ImageModel = string & {}

export interface ImageGenerateParams {
  prompt: string
  background?: ImageBackground | null
  model?: ImageModel | null
  moderation?: 'low' | 'auto' | null
  n?: number | null
  output_compression?: number | null
  output_format?: ImageFormat | null
  partial_images?: number | null
  quality?: 'standard' | 'hd' | 'low' | 'medium' | 'high' | 'auto' | null
  response_format?: 'url' | 'b64_json' | null
  size?: (string & {}) | 'auto' | '1024x1024' | '1536x1024' | '1024x1536' | '256x256' | '512x512' | '1792x1024' | '1024x1792' | null
  stream?: boolean | null
  style?: 'vivid' | 'natural' | null
  user?: string
}

export interface ImageEditParams {
  image: Uploadable | Uploadable[]
  prompt: string
  background?: ImageBackground | null
  input_fidelity?: 'high' | 'low' | null
  /** Where it is transparent, the image is edited. */
  mask?: Uploadable
  model?: ImageModel | null
  n?: number | null
  output_compression?: number | null
  output_format?: ImageFormat | null
  partial_images?: number | null
  quality?: 'standard' | 'low' | 'medium' | 'high' | 'auto' | null
  response_format?: 'url' | 'b64_json' | null
  size?: (string & {}) | '256x256' | '512x512' | '1024x1024' | '1536x1024' | '1024x1536' | 'auto' | null
  stream?: boolean | null
  user?: string
}

export interface ImageCreateVariationParams {
  image: Uploadable
  model?: ImageModel | null
  n?: number | null
  response_format?: 'url' | 'b64_json' | null
  size?: '256x256' | '512x512' | '1024x1024' | null
  user?: string
}

export interface ImagesResponse {
  created: number
  background?: 'transparent' | 'opaque'
  data?: Image[]
  output_format?: ImageFormat
  quality?: 'low' | 'medium' | 'high'
  size?: '1024x1024' | '1024x1536' | '1536x1024'
  usage?: ImageUsage
}

/** One of the two, `url` or `b64_json`. */
export interface Image {
  b64_json?: string
  revised_prompt?: string
  url?: string
}

export interface ImageUsage {
  input_tokens: number
  input_tokens_details: { image_tokens: number; text_tokens: number }
  output_tokens: number
  total_tokens: number
  output_tokens_details?: { image_tokens: number; text_tokens: number }
}

interface ImageEvent<Type> {
  type: Type
  b64_json: string
  background: ImageBackground
  created_at: number
  output_format: ImageFormat
  quality: 'low' | 'medium' | 'high' | 'auto'
  size: '1024x1024' | '1024x1536' | '1536x1024' | 'auto'
}

export interface ImagePartialEvent extends ImageEvent<'image_generation.partial_image' | 'image_edit.partial_image'> {
  partial_image_index: number
}

export interface ImageCompletedEvent extends ImageEvent<'image_generation.completed' | 'image_edit.completed'> {
  usage: ImageUsage
}

export type ImageStreamEvent = ImagePartialEvent | ImageCompletedEvent
