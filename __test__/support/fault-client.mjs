// A process that makes one call after the other against hosts that fail, with a client that its parent names, and tells what
// came of each: `{ outcome, told, ms, grown }`, with the most memory that it took beyond what there was.

import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

import { MESSAGES } from './answers.mjs'
import { CLOCK, TEXT } from './faults.mjs'

/** How long a call may take beyond every clock that was set for it; what then still waits hangs. */
const PATIENCE = 3000
const MB = 2 ** 20

/** How long a whole answer may be, where a client can be told. */
const MOST_BYTES = 32 * MB

const knows = (option) => JSON.parse(createRequire(import.meta.url)('../../js/native.js').native().tables()).options.includes(option)

/** Each client with the strictest clocks that its options have. */
const CLIENTS = {
  async native(url, limit) {
    const { default: Portkey } = await import('../../index.mjs')
    const clocks = { connect: limit, headers: limit, firstToken: limit, idle: limit }
    const sizes = knows('maxAnswerBytes') ? { maxAnswerBytes: MOST_BYTES } : {}
    return new Portkey({ customHost: url, maxRetries: 0, timeouts: clocks, timeout: limit * 3, ...sizes })
  },
  async openai(url, limit) {
    const { default: OpenAI } = await import('openai')
    return new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0, timeout: limit * 3 })
  },
  async 'portkey-ai'(url) {
    // Neither a clock nor the number of retries can be set.
    const { Portkey } = createRequire(import.meta.url)('portkey-ai')
    return new Portkey({ baseURL: url, apiKey: 'none' })
  },
}

/** The most memory that the process has held since `forgetPeak`; without Linux' help, what it holds. */
function peak() {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
  } catch {
    return process.memoryUsage.rss()
  }
}

function forgetPeak() {
  globalThis.gc?.()
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Then the highest ever stands, which is no less.
  }
}

async function ask(client, streams) {
  const answer = await client.chat.completions.create({ model: 'local-model', messages: MESSAGES, stream: streams })
  if (!streams) return answer?.choices?.[0]?.message?.content
  let text = ''
  for await (const piece of answer) text += piece.choices?.[0]?.delta?.content ?? ''
  return text
}

async function outcomeOf(client, streams, limit) {
  let timer
  const hang = new Promise((resolve) => (timer = setTimeout(resolve, limit * 3 + PATIENCE, { outcome: 'hangs' })))
  const call = ask(client, streams).then(
    (text) => ({ outcome: text === TEXT ? 'answers' : 'other answer', told: text }),
    (error) => ({ outcome: `${error?.constructor?.name ?? typeof error} ${error?.code ?? '-'}`, told: String(error?.message).slice(0, 500), status: error?.status }),
  )
  const ended = await Promise.race([call, hang])
  clearTimeout(timer)
  return ended
}

process.on('message', async ({ name, url, streams, patient }) => {
  const limit = patient ? CLOCK * 10 : CLOCK
  const client = await CLIENTS[name](url, limit)
  forgetPeak()
  const [before, began] = [process.memoryUsage.rss(), performance.now()]
  const ended = await outcomeOf(client, streams, limit)
  process.send({ ...ended, ms: Math.round(performance.now() - began), grown: Math.round((peak() - before) / MB) })
})
process.on('disconnect', () => process.exit())
process.on('uncaughtException', (error) => process.send({ outcome: `uncaught ${error.code ?? error.name}`, told: String(error.message).slice(0, 500), ms: 0, grown: 0 }))
