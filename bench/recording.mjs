// What recording costs a call: CPU over that of a client that records nothing, every thread and the writing counted,
// interleaved in one run. `npm run build && node bench/recording.mjs [--rounds N] [--check]`.
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Portkey } from '../index.mjs'
import { loadAverage, machine, median, stopwatch } from './measure.mjs'
import { Child } from './processes.mjs'
import { workloads } from './workloads.mjs'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' }, check: { type: 'boolean' } } })

/** What `logs: true` may add to a call, in per cent. */
const MOST = 10

const folder = mkdtempSync(path.join(os.tmpdir(), 'recording-'))
const file = (name) => path.join(folder, name)
const upstream = await Child.start('upstream.mjs')
const customHost = (scenario) => `http://127.0.0.1:${upstream.ready.port}/${scenario}/v1`

/** What is compared; each as the options of a client. */
const RECORDING = {
  nothing: {},
  onRecord: { onRecord() {} },
  'logs: { file }': { logs: { file: file('calls.ndjson') } },
  'logs: true (SQLite)': { logs: { database: file('calls.sqlite') } },
  otel: { otel: { endpoint: `http://127.0.0.1:${upstream.ready.port}` } },
  'with captureContent': { logs: { database: file('contents.sqlite') }, captureContent: true },
  'with redact: [/…/]': { logs: { database: file('redacted.sqlite') }, captureContent: { redact: [/sk-[a-z0-9]{20,}/] } },
}

const WORK = {
  '1 KB answer, one after the other': { workload: workloads['1kb-at-64'], calls: 1_000, inFlight: 1 },
  '1 KB answer, 64 in flight': { workload: workloads['1kb-at-64'], calls: 2_000, inFlight: 64 },
  'a stream of 200 chunks, 64 open': { workload: workloads['stream-200'], calls: 256, inFlight: 64, stream: true },
}

/** CPU microseconds a call, until what it left has been written. */
async function measure(client, { calls, inFlight, workload: { body }, stream }) {
  const stop = stopwatch()
  const caller = async () => {
    for (let made = 0; made < calls / inFlight; made++) {
      const answer = await client.chat.completions.create(stream ? { ...body, stream: true } : body)
      if (stream) for await (const _ of answer);
    }
  }
  await Promise.all(Array.from({ length: inFlight }, caller))
  const { whole, dropped } = await client.flush(60_000)
  if (!whole || dropped > 0) throw new Error(`${dropped} records were dropped`)
  return (stop().cpu * 1e3) / calls
}

async function compare(about, work) {
  const options = { provider: 'openai', customHost: customHost(work.workload.scenario), Authorization: 'Bearer x' }
  const clients = Object.entries(RECORDING).map(([name, more]) => ({ name, client: new Portkey({ ...options, ...more }), results: [] }))
  for (const { client } of clients) await measure(client, work)
  for (let round = 0; round < Number(values.rounds); round++) {
    for (let turn = 0; turn < clients.length; turn++) {
      const { client, results } = clients[(turn + round) % clients.length]
      results.push(await measure(client, work))
    }
  }
  const [plain] = clients
  console.log(`\n${about.padEnd(34)}${'CPU, µs'.padStart(10)}${'over nothing'.padStart(15)}`)
  const shares = new Map()
  for (const { name, results } of clients) {
    // Paired by round: what disturbs the machine disturbs both.
    const share = 100 * median(results.map((result, round) => result / plain.results[round] - 1))
    shares.set(name, share)
    console.log(`${name.padEnd(34)}${median(results).toFixed(1).padStart(10)}${name === plain.name ? '' : `${share >= 0 ? '+' : ''}${share.toFixed(1)} %`.padStart(15)}`)
  }
  return shares.get('logs: true (SQLite)')
}

try {
  const { cpu, system } = machine()
  console.log(`${cpu}; ${system}; load ${loadAverage().toFixed(1)}; ${values.rounds} rounds; medians`)
  const shares = []
  for (const [about, work] of Object.entries(WORK)) {
    const share = await compare(about, work)
    // On a shared machine a median of 15 moves by a tenth either way: what is too much counts when it is so again.
    shares.push(values.check && share > MOST ? Math.min(share, await compare(`${about}, again`, work)) : share)
  }
  if (values.check && shares.some((share) => share > MOST)) {
    console.error(`\nlogs: true adds more than ${MOST} % to a call`)
    process.exitCode = 1
  }
} finally {
  await Child.endAll()
  rmSync(folder, { recursive: true })
}
