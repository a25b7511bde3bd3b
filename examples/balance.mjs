// Conversations over replicas of one model: every turn of a conversation goes where its beginning is cached, a replica takes two
// requests at once, and one that fails is left alone. Here both replicas are the same server; give yours in their place.
//
//   node examples/balance.mjs
import Portkey from '../index.mjs'
import { chooseModel, openTarget } from './target.mjs'

const own = await openTarget()
const model = await chooseModel(new Portkey({ customHost: own.customHost, Authorization: own.authorization }))

const portkey = new Portkey({
  config: {
    strategy: { mode: 'affinity', hash_fields: ['prompt'] },
    max_concurrent: 2,
    override_params: { model },
    targets: ['replica-1', 'replica-2'].map((name) => ({ name, custom_host: own.customHost, api_key: own.authorization })),
  },
})

async function converse(topic) {
  const messages = []
  for (const content of [`Tell me one thing about ${topic}.`, 'And another one?']) {
    messages.push({ role: 'user', content })
    const answer = await portkey.chat.completions.create({ messages, max_tokens: 24 })
    messages.push(answer.choices[0].message)
    console.log(`${answer.getGateway().target}  ${topic}, turn ${messages.length / 2}`)
  }
}

await Promise.all(['rivers', 'owls', 'bread', 'glass', 'tides', 'moss'].map(converse))

for (const { target, health, answered, failed, latency } of portkey.targets()) {
  console.log(`${target}  ${health}, ${answered} answered, ${failed} failed, ${Math.round(latency ?? 0)} ms`)
}
await own.stop()
