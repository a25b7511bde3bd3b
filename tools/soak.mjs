// A long run of mixed work against hosts on this machine: calls and streams that succeed, fail, are aborted, break off and are
// forgotten, on several clients, with worker threads that come and go. Prints what the process holds as it goes, and fails where
// memory, handles, files or connections grow.
//   node tools/soak.mjs                      30 minutes
//   node tools/soak.mjs --minutes 0.5        as CI runs it
//   node tools/soak.mjs --workers 1000       only worker threads, started and ended so many times
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'

import { chatChunks, chunk, completion, envelope } from '../__test__/support/answers.mjs'
import { startHost } from '../__test__/support/host.mjs'

const program = fileURLToPath(import.meta.url)
const MB = 2 ** 20
const WIDTH = 16

/** What hosts do, in turn, for the calls of each kind. */
const ENDINGS = {
  whole: [{ json: completion() }, { json: completion('x'.repeat(20_000)) }, { status: 429, headers: { 'retry-after-ms': '1' }, json: envelope('slow down') }, { status: 500, json: envelope('oops') }, 'reset', { body: '{"a":' }, 'hang', { before: 5, json: completion() }],
  stream: [{ sse: chatChunks() }, { sse: chatChunks(Array(200).fill('word ')) }, { sse: [chunk({ content: 'a' }), 'cut'] }, { sse: [chunk({ content: 'a' }), envelope('oops')], done: false }, { sse: [chunk({ content: 'a' }), 'hang'] }, { status: 503, json: envelope('loading') }, 'reset'],
}

/** One of the mixed calls; whatever comes of it is fine, as long as it ends. */
async function work(client, at) {
  const controller = new AbortController()
  const stream = at % 2 === 0
  const timer = at % 5 === 0 ? setTimeout(() => controller.abort(), at % 30) : undefined
  try {
    const answer = await client.chat.completions.create({ messages: [{ role: 'user', content: `call ${at}` }], stream }, undefined, { signal: controller.signal, timeout: 200 })
    if (!stream) return answer.getGateway()
    if (at % 7 === 0) return undefined // forgotten: the collector closes it
    let read = 0
    for await (const _ of answer) if (++read === 3 && at % 11 === 0) break
  } catch (error) {
    if (!(error instanceof client.constructor.APIError)) throw error
  } finally {
    clearTimeout(timer)
  }
}

async function load(url, until) {
  const { default: Portkey } = await import('../index.mjs')
  const clients = Array.from({ length: 4 }, (_, at) => new Portkey({ customHost: url, maxRetries: at % 2, timeouts: { idle: 150, firstToken: 150 }, ...(at === 3 && { config: { cache: 'simple', custom_host: url } }) }))
  let at = 0
  await Promise.all(Array.from({ length: WIDTH }, async () => {
    while (performance.now() < until) await work(clients[at % clients.length], at++)
  }))
  return at
}

/** A worker that has calls in flight when it is ended, one way or another. */
async function ended(url, at) {
  const worker = new Worker(program, { workerData: { url }, execArgv: [] })
  await once(worker, 'message')
  if (at % 3 === 0) await worker.terminate()
  else {
    worker.postMessage(at % 3)
    await once(worker, 'exit')
  }
}

async function workers(url, count) {
  let at = 0
  await Promise.all(Array.from({ length: 4 }, async () => {
    while (at < count) await ended(url, at++)
  }))
}

async function inWorker() {
  const { default: Portkey } = await import('../index.mjs')
  const client = new Portkey({ customHost: workerData.url, maxRetries: 0, timeout: 1000 })
  const settled = [true, false, true].map((stream) => client.chat.completions.create({ messages: [], stream }).then(async (answer) => {
    if (stream) for await (const _ of answer);
  }, () => {}).catch(() => {}))
  parentPort.once('message', (way) => (way === 1 ? process.exit() : Promise.all(settled).then(() => parentPort.close())))
  parentPort.postMessage('ready')
}

/** What the process holds once the collector was there. */
async function held() {
  for (let at = 0; at < 4; at++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  const files = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
  return { rss, heapUsed, external, files, handles: process._getActiveHandles().length }
}

/** The process under test: runs parts of the time, and tells what it holds after each. */
async function underTest({ url, minutes, parts, count }) {
  for (let part = 0; part < parts; part++) {
    let calls = 0
    if (count) await workers(url, count / parts)
    else {
      calls = await load(url, performance.now() + (minutes * 60_000) / parts)
      await workers(url, 8)
    }
    process.send({ part, calls, ...(await held()) })
  }
  process.disconnect()
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]

/** What grew from the second quarter of the run to the last one; the first is for warming up. */
function growth(measured) {
  const quarter = Math.max(1, Math.floor(measured.length / 4))
  const [early, late] = [measured.slice(quarter, 2 * quarter), measured.slice(-quarter)]
  const of = (name) => median(late.map((one) => one[name])) - median(early.map((one) => one[name]))
  return { rss: of('rss') / MB, heapUsed: of('heapUsed') / MB, external: of('external') / MB, files: of('files'), handles: of('handles') }
}
/** The most that each may grow: allocators keep what they had, and connections wait for their next call. */
const MOST = { rss: 12, heapUsed: 2, external: 2, files: 4 * WIDTH, handles: 0 }

async function main() {
  const option = (name, usual) => Number(process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : usual)
  const [minutes, count] = [option('--minutes', 30), option('--workers', 0)]
  const parts = count ? 8 : Math.min(60, Math.max(8, Math.round(minutes)))
  const turns = { whole: 0, stream: 0 }
  const host = await startHost((request) => {
    const kind = request.headers.accept?.includes('event-stream') ? 'stream' : 'whole'
    return ENDINGS[kind][turns[kind]++ % ENDINGS[kind].length]
  })
  // The host's own books are no part of what is measured, but they should not fill this process either.
  const tidy = setInterval(() => {
    host.requests.length = host.heads.length = 0
    host.accepted = host.accepted.filter(({ closedAt }) => closedAt === undefined)
  }, 1000)
  const child = fork(program, ['--child', JSON.stringify({ url: host.url, minutes, parts, count })], { execArgv: ['--expose-gc'] })
  const measured = []
  child.on('message', (told) => {
    measured.push(told)
    const { part, calls, rss, heapUsed, files, handles } = told
    const what = count ? `${((part + 1) * count) / parts} workers` : `${calls} calls`
    console.log(`${part + 1}/${parts}: ${what}, RSS ${(rss / MB).toFixed(1)} MB, heap ${(heapUsed / MB).toFixed(2)} MB, ${files} files, ${handles} handles, ${host.connections.length} connections`)
  })
  const [code, signal] = await once(child, 'exit')
  clearInterval(tidy)
  const left = host.connections.length
  await host.close()
  const grown = growth(measured)
  const bad = Object.entries(MOST).filter(([name, most]) => grown[name] > most).map(([name, most]) => `${name} grew by ${grown[name].toFixed(1)}, and ${most} is the most`)
  if (code !== 0 || measured.length < parts) bad.push(`the process ended with ${signal ?? code} after ${measured.length} of ${parts} parts`)
  if (left > 0) bad.push(`${left} connections were left open`)
  for (const one of bad) console.error(`soak: ${one}`)
  console.log(`soak: RSS grew by ${grown.rss.toFixed(1)} MB, the heap by ${grown.heapUsed.toFixed(2)} MB${bad.length > 0 ? '' : ': flat'}`)
  process.exitCode = bad.length > 0 ? 1 : 0
}

if (!isMainThread) await inWorker()
else if (process.argv[2] === '--child') await underTest(JSON.parse(process.argv[3]))
else await main()
