// Runs one kind of client: a job (JSON) a line on standard input, its result a line on standard output, so that run.mjs
// can give several live clients their turns. Started with --expose-gc. By hand:
//
//   echo '{"task":"run","kind":"chat","url":"http://127.0.0.1:PORT/short/v1","body":{…},"calls":500,"seconds":2,
//     "concurrency":1}' | node --expose-gc bench/driver.mjs undici
import readline from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { forgetPeak, peakMegabytes, percentile, residentMegabytes, stopwatch } from './measure.mjs'
import { verify } from './verify.mjs'

/** One call; resolves to the size of its answer: characters, embedded numbers or chunks. */
async function callOnce(client, { kind, body }, onFirstChunk) {
  if (kind === 'chat') return (await client.chat(body)).choices[0].message.content.length
  if (kind === 'embed') return (await client.embed(body)).data.reduce((size, { embedding }) => size + embedding.length, 0)
  let chunks = 0
  await client.stream(body, () => {
    if (chunks++ === 0) onFirstChunk()
  })
  return chunks
}

/** Makes a call and notes how it went; a call that fails or has an answer of another size is told, not timed. */
async function observedCall(client, job, seen) {
  const begun = performance.now()
  try {
    const size = await callOnce(client, job, () => seen.first.push(performance.now() - begun))
    if (job.size && size !== job.size) throw new Error(`an answer of size ${size}, not ${job.size}`)
    seen.latency.push(performance.now() - begun)
  } catch (error) {
    seen.failures++
    seen.reason ??= String(error?.message ?? error)
  }
}

async function run(client, job) {
  const { concurrency, interval = 0 } = job
  const seen = { latency: [], first: [], failures: 0, reason: undefined }
  let left = job.calls
  globalThis.gc()
  const elapsed = stopwatch()
  const begun = performance.now()

  async function caller(number) {
    // Callers with an interval begin spread over it, as users do who know nothing of each other.
    let due = begun + (interval * number) / concurrency
    while (left > 0 && performance.now() - begun < job.seconds * 1000) {
      if (interval) await sleep(Math.max(0, due - performance.now()))
      due += interval
      if (left-- > 0) await observedCall(client, job, seen)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, (_, number) => caller(number)))

  const { cpu, main, wall } = elapsed()
  const units = seen.latency.length * (job.unit === 'chunk' ? job.size : 1)
  return {
    calls: seen.latency.length,
    failures: seen.failures,
    reason: seen.reason,
    units,
    wall,
    cpu: (cpu * 1000) / units,
    main: main === undefined ? undefined : (main * 1000) / units,
    p50: percentile(seen.latency, 0.5),
    first: seen.first.length ? percentile(seen.first, 0.5) : undefined,
  }
}

/** Opens `concurrency` streams at once and looks at memory; how many had their first chunk and were not yet done is told. */
async function hold(client, job) {
  const seen = { latency: [], first: [], failures: 0, reason: undefined }
  let open = 0
  let mostOpen = 0
  const counted = {
    async stream(body, onChunk) {
      let heard = false
      try {
        await client.stream(body, (chunk) => {
          if (!heard) mostOpen = Math.max(mostOpen, ++open)
          heard = true
          onChunk(chunk)
        })
      } finally {
        if (heard) open--
      }
    },
  }
  globalThis.gc()
  await sleep(50)
  const before = residentMegabytes()
  forgetPeak()
  await Promise.all(Array.from({ length: job.concurrency }, () => observedCall(counted, job, seen)))
  const peak = peakMegabytes()
  const perStream = ((peak - before) * 1024) / job.concurrency
  return { calls: seen.latency.length, failures: seen.failures, reason: seen.reason, mostOpen, peak, perStream }
}

const { create } = await import(`./clients/${process.argv[2]}.mjs`)
const tasks = { run, hold, verify: async (client, job) => ({ size: await verify(client, job) }) }
const clients = new Map()

process.stdout.write('{"ready":true}\n')
for await (const line of readline.createInterface({ input: process.stdin })) {
  const job = JSON.parse(line)
  let result
  try {
    if (!clients.has(job.url)) clients.set(job.url, create(job))
    result = await tasks[job.task](clients.get(job.url), job)
  } catch (error) {
    result = { error: String(error?.message ?? error) }
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
process.exit()
