// The benchmark: portkey-native beside what else a Node program can call a model with. README.md tells how to run it and
// what the figures mean.
import fs from 'node:fs'
import { parseArgs } from 'node:util'
import { machine } from './measure.mjs'
import { Child } from './processes.mjs'
import { chart, check, markdown, report } from './report.mjs'
import { Rounds } from './rounds.mjs'
import { workloads } from './workloads.mjs'

const known = { clients: ['portkey-native', 'undici', 'openai', 'portkey-gateway'], workloads: Object.keys(workloads) }
const usage = `npm run bench -- [options]
  --workloads a,b   of ${known.workloads.join(' ')}
  --clients a,b     of ${known.clients.join(' ')}
  --rounds N        3 unless told; 9 are steady
  --check           hold portkey-native to bench/targets.json; ends with 1 when a target is missed
  --json FILE       keep every single result
  --markdown        print the README's table instead of the report
  --svg FILE        draw its chart`

function readOptions() {
  const { values } = parseArgs({
    options: {
      workloads: { type: 'string', default: known.workloads.join() },
      clients: { type: 'string', default: known.clients.join() },
      rounds: { type: 'string', default: '3' },
      check: { type: 'boolean' },
      json: { type: 'string' },
      markdown: { type: 'boolean' },
      svg: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  for (const list of ['workloads', 'clients']) {
    values[list] = values[list].split(',').filter(Boolean)
    const stranger = values[list].find((name) => !known[list].includes(name))
    if (stranger) throw new Error(`--${list}: no ${stranger} among ${known[list].join(', ')}`)
  }
  values.rounds = Number(values.rounds)
  if (!Number.isInteger(values.rounds) || values.rounds < 1) throw new Error('--rounds: expected a whole number from 1')
  return values
}

async function main() {
  const options = readOptions()
  if (options.help) {
    console.log(usage)
    return
  }
  const rounds = new Rounds((line) => process.stderr.write(`${line}\n`))
  const begun = Date.now()
  try {
    await rounds.run(options)
  } finally {
    await Child.endAll()
  }
  const { results, leftOut, states } = rounds
  const run = { machine: machine(), seconds: (Date.now() - begun) / 1000, states, leftOut, results }
  if (options.json) fs.writeFileSync(options.json, `${JSON.stringify(run, null, 1)}\n`)
  if (options.svg) fs.writeFileSync(options.svg, chart(run))
  console.log(options.markdown ? markdown(run) : report(run))
  if (options.check) {
    const { text, missed } = check(run, options.workloads)
    console.log(text)
    if (missed) process.exitCode = 1
  }
}

await main().catch((error) => {
  console.error(error.message)
  process.exitCode = 2
})
