// How what a call costs grows with what is asked of it; a straight line is what is wanted.
//   npm run build && node bench/growth.mjs                    print the figures
//   node bench/growth.mjs --out docs/growth                   and write docs/growth.csv and docs/growth.svg
//   node bench/growth.mjs --series chunks,targets --rounds 5
// Each point is a median over the rounds of CPU time of this process, all threads, which holds nothing but portkey-native.
import fs from 'node:fs'
import { parseArgs } from 'node:util'
import { Portkey } from '../index.mjs'
import { line, panels } from './chart.mjs'
import { loadAverage, machine, median, residentMegabytes, stopwatch } from './measure.mjs'
import { Child } from './processes.mjs'

const steps = (most, count) => [1, ...Array.from({ length: count }, (_, at) => Math.round((most * (at + 1)) / count))]
const prompt = (size) => ({ model: 'm', messages: [{ role: 'user', content: 'words of a prompt '.repeat(Math.ceil(size / 18)).slice(0, size) }] })
const at = (scenario) => `http://127.0.0.1:${upstream.ready.port}/${scenario}/v1`
const client = (scenario) => new Portkey({ provider: 'openai', customHost: at(scenario), Authorization: 'x' })

/** CPU milliseconds of `work`, done `times` times one after the other, for one of them. */
async function cpu(times, work) {
  const stop = stopwatch()
  for (let done = 0; done < times; done++) await work()
  return stop().cpu / times
}

async function read(portkey) {
  for await (const chunk of await portkey.chat.completions.create({ ...prompt(100), stream: true })) if (!chunk.choices) throw new Error('a chunk without choices')
}

const wave = (count, call) => Promise.all(Array.from({ length: count }, call))

/** Each series: what stands at the axes, where it is measured, and one measurement. */
const known = {
  prompt: {
    title: 'A longer prompt',
    x: 'KB of prompt',
    y: 'CPU, ms a call',
    places: steps(1024, 8),
    measure(size) {
      const portkey = client('short')
      const body = prompt(size * 1024)
      return cpu(Math.ceil(200 / (1 + size / 64)), () => portkey.chat.completions.create(body))
    },
  },
  flight: {
    title: 'More calls at once',
    x: 'calls in flight',
    y: 'CPU, ms for all of them',
    places: steps(4096, 8),
    measure(count) {
      const portkey = client('short')
      const body = prompt(100)
      return cpu(Math.ceil(2048 / count), () => wave(count, () => portkey.chat.completions.create(body)))
    },
  },
  streams: {
    title: 'More streams open at once',
    x: 'streams of 20 chunks',
    y: 'CPU, ms for all of them',
    places: steps(2000, 8),
    measure(count) {
      const portkey = client('stream-open-fast')
      return cpu(Math.ceil(8 / count), () => wave(count, () => read(portkey)))
    },
  },
  memory: {
    title: 'Memory of open streams',
    x: 'streams open',
    y: 'MB of the process',
    places: steps(2000, 8),
    async measure(count) {
      const portkey = client('stream-open')
      let open = 0
      let most = 0
      await wave(count, async () => {
        for await (const chunk of await portkey.chat.completions.create({ ...prompt(100), stream: true })) {
          if (chunk.choices[0].delta.role && ++open === count) most = residentMegabytes()
        }
      })
      return most
    },
  },
  targets: {
    title: 'A config of more targets',
    x: 'targets to choose from',
    y: 'CPU, ms a call',
    places: steps(100, 5),
    measure(count) {
      const targets = Array.from({ length: count }, () => ({ provider: 'openai', custom_host: at('short'), api_key: 'x' }))
      const portkey = new Portkey({ config: { strategy: { mode: 'loadbalance' }, targets } })
      return cpu(400, () => portkey.chat.completions.create(prompt(100)))
    },
  },
  chunks: {
    title: 'A longer stream',
    x: 'chunks',
    y: 'CPU, ms a stream',
    places: [10, ...steps(10_000, 8).slice(1)],
    measure(count) {
      const portkey = client(`stream-${count}`)
      return cpu(Math.ceil(4000 / count), () => read(portkey))
    },
  },
}

const { values } = parseArgs({ options: { series: { type: 'string', default: Object.keys(known).join() }, rounds: { type: 'string', default: '3' }, out: { type: 'string' } } })
const upstream = await Child.start('upstream.mjs')
try {
  const series = values.series.split(',').map((name) => ({ name, ...known[name] }))
  const loadBefore = loadAverage()
  for (const one of series) {
    const results = one.places.map(() => [])
    await one.measure(one.places[Math.min(2, one.places.length - 1)])
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [index, place] of one.places.entries()) results[index].push(await one.measure(place))
    }
    one.points = one.places.map((x, index) => ({ x, y: median(results[index]) }))
    const { slope, constant, fit } = line(one.points)
    console.log(`${one.title}: ${one.y} = ${constant.toPrecision(3)} + ${slope.toPrecision(3)} x ${one.x}; R² ${fit.toFixed(3)}`)
    for (const { x, y } of one.points) console.log(`  ${String(x).padStart(7)}  ${y.toFixed(3).padStart(10)}`)
  }
  const { cpu: processor, cores, node, system } = machine()
  const note = [`${processor}, ${cores} cores; Node ${node}; ${system}; medians of ${values.rounds} rounds; load ${loadBefore.toFixed(1)} to ${loadAverage().toFixed(1)}`, 'Made by: node bench/growth.mjs --out docs/growth']
  console.log(note[0])
  if (values.out) {
    const rows = series.flatMap(({ name, points }) => points.map(({ x, y }) => `${name},${x},${y.toFixed(4)}`))
    fs.writeFileSync(`${values.out}.csv`, `${['series,x,y', ...rows].join('\n')}\n`)
    fs.writeFileSync(`${values.out}.svg`, panels({ title: 'How cost grows', series, note }))
  }
} finally {
  await Child.endAll()
}
