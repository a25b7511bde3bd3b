// The official Portkey SDK behind a Portkey gateway on the same machine: what a Portkey user with models of their own has
// today. The gateway is a process of its own, whose CPU run.mjs adds.
import { Portkey } from 'portkey-ai'
import { sdkCalls } from './sdk.mjs'

export const create = ({ url, gateway }) =>
  sdkCalls(new Portkey({ apiKey: 'x', baseURL: gateway, provider: 'openai', customHost: url, Authorization: 'Bearer x' }))
