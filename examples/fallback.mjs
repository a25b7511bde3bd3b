// A fallback from OpenAI to a model of your own, streamed: when the first target can't answer, the second one does, in the
// same call. Without OPENAI_API_KEY the first target is a port on which nobody listens, which shows the same.
//
//   node examples/fallback.mjs
import Portkey from '../index.mjs'
import { chooseModel, openTarget } from './target.mjs'

const own = await openTarget()
const model = await chooseModel(new Portkey({ customHost: own.customHost, Authorization: own.authorization }))

const key = process.env.OPENAI_API_KEY
const cloud = key ? { provider: 'openai', api_key: key } : { custom_host: 'http://127.0.0.1:9/v1' }

const portkey = new Portkey({
  config: {
    strategy: { mode: 'fallback' },
    targets: [
      { name: 'cloud', ...cloud, override_params: { model: 'gpt-4o-mini' } },
      { name: 'own', custom_host: own.customHost, api_key: own.authorization, override_params: { model } },
    ],
  },
})

const stream = await portkey.chat.completions.create({
  messages: [{ role: 'user', content: 'Say hello in five words.' }],
  max_tokens: 64,
  stream: true,
})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta?.content ?? '')

console.log()
for (const { target, url, status, code } of stream.getGateway().attempts) console.log(`${target}: ${url} ${status ?? code}`)
