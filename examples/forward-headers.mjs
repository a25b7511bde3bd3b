// Bring your own LLM: secret headers go to your host exactly as given, and nowhere else. Without a server of yours, the local model is
// started with a key that nobody else knows, so that an answer proves that the header arrived.
//
//   node examples/forward-headers.mjs
import { randomUUID } from 'node:crypto'
import Portkey from '../index.mjs'
import { chooseModel, openTarget } from './target.mjs'

const target = await openTarget({ apiKey: randomUUID() })

const portkey = new Portkey({
  customHost: target.customHost,
  Authorization: target.authorization ?? 'Bearer none',
  xOrgId: 'organisation-7',
  'X-Custom-ID': 'request-42',
  forwardHeaders: ['Authorization', 'xOrgId', 'X-Custom-ID'],
})

const answer = await portkey.chat.completions.create({
  model: await chooseModel(portkey),
  messages: [{ role: 'user', content: 'Say this is a test' }],
  max_tokens: 64,
  temperature: 0,
})
console.log(answer.choices[0].message.content)

if (target.local) {
  const stranger = new Portkey({
    customHost: target.customHost,
    Authorization: 'Bearer wrong',
    forwardHeaders: ['Authorization'],
  })
  const refusal = await stranger.chat.completions
    .create({ messages: [{ role: 'user', content: 'And me?' }] })
    .catch((error) => error)
  console.log(`\nwith another key: ${refusal.constructor.name}\n${refusal.message}`)
}
