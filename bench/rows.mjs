// What the other tables don't show: the price of features, of TLS, of translation, of a start, and of disk, each with the
// bound that it is held to. In one process, the compared take turns; medians over the rounds.
//   npm run build && node bench/rows.mjs [--rounds 9] [--rows config,tls]        ends with 1 when a bound is missed
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Pool } from 'undici'
import { Portkey } from '../index.mjs'
import { loadAverage, machine, median, percentile, stopwatch } from './measure.mjs'
import { Child, coldStart } from './processes.mjs'
import { workloads } from './workloads.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const require = createRequire(import.meta.url)
const { platformName } = require('../js/native.js')
const { addonOf } = require('../js/platforms.js')
const { body } = workloads['1kb-at-64']
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-rows-'))
const rounds = () => Number(values.rounds)
const at = (server, scenario) => `${server.ready.scheme}://127.0.0.1:${server.ready.port}/${scenario}/v1`
const target = (scenario, more = {}) => ({ provider: 'openai', custom_host: at(upstream, scenario), api_key: 'x', ...more })

/** CPU, of the process and of this thread, in microseconds a call. */
async function cost(call, calls, inFlight) {
  let left = calls
  const stop = stopwatch()
  await Promise.all(Array.from({ length: inFlight }, async () => { while (left-- > 0) await call() }))
  const { cpu, main } = stop()
  return { cpu: (cpu * 1e3) / calls, main: (main * 1e3) / calls }
}

async function p50(call, calls) {
  const times = []
  for (let made = 0; made < calls; made++) {
    const began = performance.now()
    await call()
    times.push((performance.now() - began) * 1e3)
  }
  return percentile(times, 0.5)
}

/** Measures each in turn, in another order each round; gives each one's medians. */
async function inTurns(measures) {
  const results = measures.map(() => [])
  for (const measure of measures) await measure()
  for (let round = 0; round < rounds(); round++) {
    for (let turn = 0; turn < measures.length; turn++) {
      const index = (turn + round) % measures.length
      results[index].push(await measures[index]())
    }
  }
  return results
}

const over = (results, figure) => median(results[1].map((result, round) => result[figure] - results[0][round][figure]))
const ratio = (results, figure) => median(results[1].map((result) => result[figure])) / median(results[0].map((result) => result[figure]))

const chat = (options) => {
  const portkey = new Portkey(options)
  return (given = body) => portkey.chat.completions.create(given)
}

function undici(server, scenario, options = {}) {
  const { origin, pathname } = new URL(at(server, scenario))
  const pool = new Pool(origin, { headersTimeout: 0, bodyTimeout: 0, ...options })
  const headers = { 'content-type': 'application/json', authorization: 'Bearer x' }
  return async () => {
    const { body: answer } = await pool.request({ method: 'POST', path: `${pathname}/chat/completions`, headers, body: JSON.stringify(body) })
    return answer.json()
  }
}

/** About 50 KB of messages. */
const longChat = {
  model: 'm',
  max_tokens: 100,
  messages: Array.from({ length: 101 }, (_, turn) => ({ role: turn % 2 ? 'assistant' : 'user', content: 'Words of a "chat"\nthat is long. '.repeat(15) })),
}

/** The `files` of package.json, the addon among them, in MB of 2^20 bytes, as bench/README.md has them of other packages. */
function installedMegabytes() {
  const { files } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
  const size = (file) => {
    const stat = fs.statSync(file)
    return stat.isDirectory() ? fs.readdirSync(file).reduce((sum, name) => sum + size(path.join(file, name)), 0) : stat.size
  }
  const names = files.map((name) => name.replace('*.node', addonOf(platformName())))
  return names.reduce((sum, name) => sum + size(path.join(root, name)), 0) / 2 ** 20
}

const rows = {
  config: {
    about: 'a config with retry and fallback whose first try succeeds, CPU over none',
    most: 10,
    unit: 'µs',
    async measure() {
      const none = chat({ provider: 'openai', customHost: at(upstream, 'short'), Authorization: 'x' })
      const config = { strategy: { mode: 'fallback' }, retry: { attempts: 3 }, targets: [target('short'), target('slow')] }
      const some = chat({ config })
      return over(await inTurns([none, some].map((call) => () => cost(call, 2000, 64))), 'cpu')
    },
  },
  cache: {
    about: 'a cache hit, p50 as a part of a whole call of undici',
    most: 0.2,
    unit: 'x',
    async measure() {
      const hit = chat({ config: target('short', { cache: 'simple' }) })
      const calls = [undici(upstream, 'short'), hit]
      return ratio(await inTurns(calls.map((call) => async () => ({ p50: await p50(call, 500) }))), 'p50')
    },
  },
  idle: {
    about: 'connections opened by a call that comes after 6 s without one',
    most: 0,
    unit: '',
    async measure() {
      let connections = 0
      const answer = JSON.stringify({ object: 'chat.completion', choices: [] })
      const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => request.resume().on('end', () => response.setHeader('content-type', 'application/json').end(answer)))
      server.on('connection', () => connections++).listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      const call = chat({ provider: 'openai', customHost: `http://127.0.0.1:${server.address().port}/v1`, Authorization: 'x' })
      await call()
      await sleep(6_000)
      await call()
      server.closeAllConnections()
      server.close()
      return connections - 1
    },
  },
  tls: {
    about: 'over TLS, CPU of the main thread as a part of undici\'s',
    most: 0.3,
    unit: 'x',
    async measure() {
      const [key, certificate] = ['key.pem', 'certificate.pem'].map((name) => path.join(scratch, name))
      const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate]
      execFileSync('openssl', words, { stdio: 'ignore' })
      const secure = await Child.start('upstream.mjs', key, certificate)
      const ours = chat({ config: target('short', { custom_host: at(secure, 'short'), tls: { caFile: certificate } }) })
      const calls = [undici(secure, 'short', { connect: { ca: fs.readFileSync(certificate) } }), ours]
      return ratio(await inTurns(calls.map((call) => () => cost(call, 1500, 16))), 'main')
    },
  },
  anthropic: { about: 'a 50 KB chat in Anthropic\'s dialect, CPU as a part of passing it through', most: 2, unit: 'x', measure: () => translated('anthropic') },
  google: { about: 'the same in Google\'s', most: 2, unit: 'x', measure: () => translated('google') },
  load: {
    about: 'importing the package and constructing a client',
    most: 25,
    unit: 'ms',
    async measure() {
      const script = `const began = performance.now(); const { Portkey } = await import(${JSON.stringify(path.join(root, 'index.mjs'))}); new Portkey({ provider: 'openai', Authorization: 'x' }); console.log(performance.now() - began)`
      return median(Array.from({ length: rounds() }, () => Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }))))
    },
  },
  first: {
    about: 'a process that loads, constructs and calls once, over one that does nothing',
    most: 40,
    unit: 'ms',
    async measure() {
      const more = []
      for (let round = 0; round < rounds(); round++) {
        const bare = await coldStart()
        more.push((await coldStart('portkey-native', { url: at(upstream, 'short'), body })).wall - bare.wall)
      }
      return median(more)
    },
  },
  size: { about: 'the package and the addon of this platform, unpacked', most: 10, unit: 'MB', measure: () => installedMegabytes() },
}

async function translated(provider) {
  const [plain, other] = [target('short'), target(provider, { provider })].map((config) => chat({ config }))
  return ratio(await inTurns([plain, other].map((call) => () => cost(() => call(longChat), 400, 16))), 'cpu')
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' }, rows: { type: 'string', default: Object.keys(rows).join() } } })
const upstream = await Child.start('upstream.mjs')
try {
  const { cpu, cores, node, system } = machine()
  console.log(`${cpu}, ${cores} cores; Node ${node}; ${system}; ${values.rounds} rounds; load ${loadAverage().toFixed(1)}\n`)
  for (const name of values.rows.split(',')) {
    const { about, most, unit, measure } = rows[name]
    const figure = await measure()
    const missed = !(figure <= most)
    if (missed) process.exitCode = 1
    const shown = `${figure.toFixed(unit === 'x' || unit === 'MB' ? 2 : unit ? 1 : 0)} ${unit}`
    console.log(`${missed ? 'MISS' : 'ok  '} ${name.padEnd(10)} ${shown.padStart(9)}  at most ${`${most} ${unit}`.padEnd(6)}  ${about}`)
  }
} finally {
  await Child.endAll()
  fs.rmSync(scratch, { recursive: true })
}
process.exit()
