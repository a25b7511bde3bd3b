// One question, one whole answer.
//
//   node examples/whole-answer.mjs
import Portkey from '../index.mjs'
import { chooseModel, openTarget } from './target.mjs'

const target = await openTarget()
const portkey = new Portkey({ customHost: target.customHost, Authorization: target.authorization })

const answer = await portkey.chat.completions.create({
  model: await chooseModel(portkey),
  messages: [{ role: 'user', content: 'Say hello in five words.' }],
  max_tokens: 64,
  temperature: 0,
})

console.log(answer.choices[0].message.content)
console.log(answer.usage)
console.log(answer.getGateway().attempts)
