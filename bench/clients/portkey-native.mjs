// This package, as built in this folder.
import { Portkey } from '../../index.mjs'
import { sdkCalls } from './sdk.mjs'

export const create = ({ url }) => sdkCalls(new Portkey({ provider: 'openai', customHost: url, Authorization: 'Bearer x' }))
