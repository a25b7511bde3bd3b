// A typed call: the body is checked, and `stream: true` decides what comes back.
//
//   node examples/typescript.ts                                            runs it (Node 22.18 and newer)
//   npx tsc --noEmit --strict --module nodenext examples/typescript.ts     checks it (any Node)
import Portkey, { type ChatCompletion, type ChatCompletionMessageParam, type GatewayReport } from '../index.mjs'
import { chooseModel, openTarget } from './target.mjs'

const target = await openTarget()
const portkey = new Portkey({ customHost: target.customHost, Authorization: target.authorization })
const model: string = await chooseModel(portkey)
const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: 'Name three colours.' }]

const whole: ChatCompletion = await portkey.chat.completions.create({ model, messages, max_tokens: 64 })
console.log(whole.choices[0]?.message.content)

const stream = await portkey.chat.completions.create({ model, messages, max_tokens: 64, stream: true })
let text = ''
for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
console.log(text)

const report: GatewayReport = stream.getGateway()
for (const { status, ms } of report.attempts) console.log(`status ${status}, first token after ${ms.firstToken?.toFixed(0)} ms`)
