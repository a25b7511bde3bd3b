// Loads the addon that was built, and asks a host of this process whole and streamed: that a build works where it is to run.
// For a container without a network and with nothing installed but Node.js.
import assert from 'node:assert/strict'

import Portkey from '../../index.mjs'
import { chatChunks, completion, MESSAGES } from '../../__test__/support/answers.mjs'
import { startHost } from '../../__test__/support/host.mjs'

const host = await startHost((request) => (request.json().stream ? { sse: chatChunks() } : { json: completion() }))
const client = new Portkey({ customHost: host.url })
const whole = await client.chat.completions.create({ messages: MESSAGES })
assert.equal(whole.choices[0].message.content, 'This is a test.')
let streamed = ''
for await (const piece of await client.chat.completions.create({ messages: MESSAGES, stream: true })) streamed += piece.choices[0].delta.content ?? ''
assert.equal(streamed, 'This is a test.')
await host.close()
console.log(`the addon answers on ${process.platform} ${process.arch}, Node.js ${process.version}`)
