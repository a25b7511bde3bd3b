// Stops an answer while it comes. The connection closes at once, so the server stops computing too.
//
//   node examples/abort.mjs
import Portkey, { APIUserAbortError } from '../index.mjs'
import { chooseModel, openTarget } from './target.mjs'

const target = await openTarget()
const portkey = new Portkey({ customHost: target.customHost, Authorization: target.authorization })
const messages = [{ role: 'user', content: 'Tell me a long story about a lighthouse and the sea.' }]
const model = await chooseModel(portkey)

// Leaving the loop is enough.
let pieces = 0
for await (const chunk of await portkey.chat.completions.create({ model, messages, stream: true })) {
  process.stdout.write(chunk.choices[0]?.delta.content ?? '')
  pieces += 1
  if (pieces === 20) break
}
console.log('\n(left the loop)')

// A signal ends a call in any phase: here one that waits for the whole answer.
try {
  await portkey.chat.completions.create({ model, messages }, {}, { signal: AbortSignal.timeout(500) })
} catch (error) {
  if (!(error instanceof APIUserAbortError)) throw error
  console.log(`(${error.constructor.name} after 500 ms)`)
}
