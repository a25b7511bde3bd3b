// Recorded streams and what they hold, read by the shortest code that can: the recordings use LF and one `data` line an event.

import { readFileSync, readdirSync } from 'node:fs'

const folder = new URL('../../fixtures/streams/', import.meta.url)

/** The bytes of a recording: `recorded('vllm/chat-stream-usage.sse')`. */
export function recorded(name) {
  return readFileSync(new URL(`recorded/${name}`, folder))
}

/** Names of all recorded bodies. */
export function recordings() {
  const root = new URL('recorded/', folder)
  const names = readdirSync(root, { recursive: true }).map((name) => name.replaceAll('\\', '/'))
  return names.filter((name) => name.endsWith('.sse')).sort()
}

/** Inputs with what the official SDK makes of them. */
export function officialVectors() {
  return JSON.parse(readFileSync(new URL('official-sdk.json', folder), 'utf8'))
}

/** The data of each event that a body holds whole, `[DONE]` and what follows it left out. */
export function eventsOf(body) {
  const events = body.toString('utf8').split('\n\n').slice(0, -1).map((event) => event.replace(/^data: /, ''))
  const done = events.indexOf('[DONE]')
  return events.slice(0, done < 0 ? undefined : done).map((data) => JSON.parse(data))
}

/** What came of reading a stream: its items, and the error that ended it. */
export async function collect(stream) {
  const items = []
  try {
    for await (const item of await stream) items.push(item)
  } catch (error) {
    return { items, error }
  }
  return { items, error: undefined }
}

/** The text of the first choice in a list of chunks. */
export function textOf(chunks) {
  return chunks.map(({ choices }) => choices?.find(({ index }) => index === 0)).map((choice) => choice?.delta?.content ?? choice?.text ?? '').join('')
}

/** A repeatable source of numbers in [0, 1). */
export function randomFrom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Runs `work(item)` for every item, `width` at a time. */
export async function eachOf(items, width, work) {
  const left = items[Symbol.iterator]()
  const lane = async () => {
    for (let next = left.next(); !next.done; next = left.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: width }, lane))
}
