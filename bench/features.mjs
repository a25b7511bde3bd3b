// What a config's features cost a call whose first try succeeds: CPU over that of a client without a config, interleaved
// in one run. `npm run build && node bench/features.mjs [--rounds N] [--only NAME]`.
import { parseArgs } from 'node:util'
import { Portkey } from '../index.mjs'
import { machine, median, percentile, stopwatch } from './measure.mjs'
import { Child } from './processes.mjs'
import { workloads } from './workloads.mjs'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' }, only: { type: 'string' } } })
const CALLS = 2_000
const IN_FLIGHT = 64
const { body, scenario } = workloads['1kb-at-64']

const upstream = await Child.start('upstream.mjs')
const customHost = `http://127.0.0.1:${upstream.ready.port}/${scenario}/v1`
const target = (name) => ({ name, provider: 'openai', custom_host: customHost, api_key: 'x' })
const group = (strategy, more = {}) => ({ config: { strategy, targets: ['a', 'b', 'c'].map(target), ...more } })

/** What is compared; each as the options of a client. */
const features = {
  'no config': { provider: 'openai', customHost, Authorization: 'Bearer x' },
  'one target, retry': { config: { ...target('a'), retry: { attempts: 3 } } },
  fallback: group({ mode: 'fallback', on_status_codes: [429, 500, 503] }, { retry: { attempts: 2 }, request_timeout: 30_000 }),
  loadbalance: group({ mode: 'loadbalance' }),
  'loadbalance, sticky': { metadata: { user: 'u' }, ...group({ mode: 'loadbalance', sticky: { hash_fields: ['metadata.user'] } }) },
  least_inflight: group({ mode: 'least_inflight' }),
  'affinity by prompt': group({ mode: 'affinity', hash_fields: ['prompt'] }),
  conditional: group({ mode: 'conditional', conditions: [{ query: { 'params.model': 'gpt-4o-mini' }, then: 'b' }], default: 'a' }),
  'breaker, queue': { config: { ...target('a'), max_concurrent: 1_000, cb_config: { failure_threshold: 5, cooldown_interval: 30_000 } } },
  'three limits': {
    metadata: { user: 'u' }, pricing: { input: 1, output: 2 }, config: target('a'),
    limits: [{ requests: 1e9, per: '1m' }, { tokens: 1e12, per: '1h', by: 'metadata.user' }, { cost: 1e6, per: '1d', by: 'target' }],
  },
  'two guardrails': {
    config: {
      ...target('a'),
      input_guardrails: [{ 'default.contains': { words: ['nothing of the kind'], operator: 'none' } }],
      output_guardrails: [{ 'default.contains': { words: ['nothing of the kind'], operator: 'none' }, deny: true }],
    },
  },
  'cache, hit': { config: { ...target('a'), cache: 'simple' } },
}

/** CPU microseconds a call, and the median time of one call after the other. */
async function measure(client) {
  const stop = stopwatch()
  const caller = async () => {
    for (let made = 0; made < CALLS / IN_FLIGHT; made++) await client.chat.completions.create(body)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller))
  const cpu = (stop().cpu * 1e3) / (Math.floor(CALLS / IN_FLIGHT) * IN_FLIGHT)
  const times = []
  for (let made = 0; made < 200; made++) {
    const began = performance.now()
    await client.chat.completions.create(body)
    times.push((performance.now() - began) * 1e3)
  }
  return { cpu, p50: percentile(times, 0.5) }
}

try {
  const isAsked = ([name]) => !values.only || name === values.only || name === 'no config'
  const clients = Object.entries(features).filter(isAsked).map(([name, options]) => ({ name, client: new Portkey(options), results: [] }))
  for (const { client } of clients) await measure(client)
  for (let round = 0; round < Number(values.rounds); round++) {
    for (let turn = 0; turn < clients.length; turn++) {
      const { client, results } = clients[(turn + round) % clients.length]
      results.push(await measure(client))
    }
  }
  const { cpu: cores, system } = machine()
  console.log(`${cores}; ${system}; ${values.rounds} rounds of ${CALLS} calls, ${IN_FLIGHT} in flight; medians\n`)
  const [plain] = clients
  const of = ({ results }, figure) => median(results.map((result) => result[figure]))
  // Paired by round: what disturbs the machine disturbs both.
  const over = ({ results }) => median(results.map((result, round) => result.cpu - plain.results[round].cpu))
  console.log(`${''.padEnd(22)}${'CPU, µs'.padStart(10)}${'over none'.padStart(12)}${'p50 at 1, µs'.padStart(14)}`)
  for (const one of clients) {
    const more = one === plain ? '' : `${over(one) >= 0 ? '+' : ''}${over(one).toFixed(1)}`
    console.log(`${one.name.padEnd(22)}${of(one, 'cpu').toFixed(1).padStart(10)}${more.padStart(12)}${of(one, 'p50').toFixed(0).padStart(14)}`)
  }
} finally {
  await Child.endAll()
}
