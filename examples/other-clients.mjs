// The `openai` package over our engine: the first target fails, and its caller never knows.
//
//   node examples/other-clients.mjs
import OpenAI from 'openai'
import Portkey from '../index.mjs'
import { chooseModel, openTarget } from './target.mjs'

const own = await openTarget()
const model = await chooseModel(new Portkey({ customHost: own.customHost, Authorization: own.authorization }))

const portkey = new Portkey({
  config: {
    strategy: { mode: 'fallback' },
    targets: [
      // Nobody listens on this port.
      { custom_host: 'http://127.0.0.1:9/v1' },
      { custom_host: own.customHost, api_key: own.authorization },
    ],
  },
})
const openai = new OpenAI({ apiKey: 'unused', maxRetries: 0, fetch: portkey.fetch })

const { data, response } = await openai.chat.completions
  .create({ model, messages: [{ role: 'user', content: 'Say hello in five words.' }], max_tokens: 32, stream: true })
  .withResponse()
for await (const chunk of data) process.stdout.write(chunk.choices[0]?.delta?.content ?? '')
console.log(`\nanswered by target ${response.headers.get('x-portkey-last-used-option-index')}`)
