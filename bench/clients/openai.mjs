// The official OpenAI SDK, straight to the upstream.
import OpenAI from 'openai'
import { sdkCalls } from './sdk.mjs'

export const create = ({ url }) => sdkCalls(new OpenAI({ apiKey: 'x', baseURL: url, maxRetries: 0 }))
