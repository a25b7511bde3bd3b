// Writes docs/faults.md: what happens when a host misbehaves, with this package and with others, each fault for real.
//   node tools/faults-table.mjs                    all clients: some minutes, since some of them hang
//   node tools/faults-table.mjs --print native     prints the table of some clients, and writes nothing
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

import { CLOCK, FAULTS, TEXT } from '../__test__/support/faults.mjs'
import { FaultClient } from '../__test__/support/fault-run.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const require = createRequire(import.meta.url)
const NAMES = { native: 'portkey-native', openai: 'openai', 'portkey-ai': 'portkey-ai' }
/** Memory beyond this is worth a word. */
const MUCH_MB = 100

const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const clients = (asked.length > 0 ? asked : Object.keys(NAMES)).map((name) => new FaultClient(name))

/** An outcome in a cell's words. */
function cell({ outcome, told, grown, requests }, streams) {
  return [words(outcome, told, streams), requests > 1 && `after ${requests} requests`, grown > MUCH_MB && `held ${Math.round(grown / 50) * 50} MB`].filter(Boolean).join(', ')
}

function words(outcome, told, streams) {
  if (outcome === 'answers' || outcome === 'hangs') return outcome
  if (outcome === 'other answer') {
    const isPart = streams && typeof told === 'string' && TEXT.startsWith(told)
    return isPart ? 'a part, as if it were whole' : 'something else, as an answer'
  }
  if (/^(uncaught|dies)/.test(outcome)) return `the process ends: ${outcome.replace(/^uncaught /, '')}`
  return `\`${outcome.replace(/ -$/, '').replace(' ', '` ')}${outcome.endsWith(' -') ? '`' : ''}`
}

const rows = []
for (const [name, kinds] of Object.entries(FAULTS)) {
  for (const [kind, fault] of Object.entries(kinds)) {
    const cells = []
    for (const client of clients) cells.push(cell(await client.meet(fault, kind === 'stream'), kind === 'stream'))
    rows.push(`| ${name} | ${kind} | ${cells.join(' | ')} |`)
    console.error(rows.at(-1))
  }
}
clients.forEach((client) => client.close())

const table = [`| a host that… | call | ${clients.map(({ name }) => NAMES[name]).join(' | ')} |`, `| --- | --- |${' --- |'.repeat(clients.length)}`, ...rows].join('\n')
const version = (name) => JSON.parse(readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8')).version

const page = `# What happens when…

Each line is a host that misbehaves, byte by byte on a real socket, and what a caller has of it. The table is the output of
\`node tools/faults-table.mjs\`; the faults are in \`__test__/support/faults.mjs\`, and \`__test__/faults.test.mjs\` holds this package
to its column, to one request, to its clocks and to its memory. Whole bodies are bounded by \`maxAnswerBytes\` (\`docs/network.md\`).

- \`portkey-native\` ${require('../package.json').version}: clocks of ${CLOCK} ms for headers, first token and silence, ${CLOCK * 3} ms for the call, no retries.
- \`openai\` ${version('openai')}: its \`timeout\` at ${CLOCK * 3} ms, no retries. It ends where the head is there.
- \`portkey-ai\` ${version('portkey-ai')}: straight to the host, without its gateway; its options have neither a clock nor a number of retries.

"Hangs" is a call that still waits three seconds after every clock. "A part, as if it were whole" is a loop over a stream that ends
without an error before the answer was there. An answer that fills the memory is cut off by the host at 256 MB, for the others' sake.
A garbled answer that is JSON all the same is the caller's to judge: \`portkey-native\` hands it over as it came.

${table}
`
if (process.argv.includes('--print')) console.log(table)
else writeFileSync(path.join(root, 'docs/faults.md'), page)
