// An answer in the shape of a schema, read while it comes. The model can write nothing else; zod is a development dependency here.
//
//   node examples/structured.mjs
import * as z from 'zod'
import Portkey, { jsonSchemaFormat } from '../index.mjs'
import { chooseModel, openTarget } from './target.mjs'

const target = await openTarget()
const portkey = new Portkey({ customHost: target.customHost, Authorization: target.authorization })

const Place = z.object({ city: z.string().max(20), country: z.string().max(20), inhabitants: z.int() })
const stream = portkey.chat.completions.stream({
  model: await chooseModel(portkey),
  messages: [{ role: 'user', content: 'Name a capital in Europe.' }],
  response_format: jsonSchemaFormat('place', Place),
  max_tokens: 100,
  temperature: 0,
})
stream.on('content.delta', ({ parsed }) => console.log('so far', parsed))

const { parsed } = await stream.finalMessage()
console.log(`${parsed.city}, ${parsed.country}`)
