// Counts the instructions of fixed work (bench/engine) under valgrind and holds them to bench/instructions.json: a count
// that has grown by more than 5 % fails. Unlike times, counts are the same on a busy machine.
//   npm run bench:check                  compare
//   npm run bench:check -- --bless       keep what was counted as the new baseline, with the toolchain's name
//   npm run bench:check -- --only a,b    of the work named in bench/engine/src/lib.rs
//   npm run bench:check -- --where-possible   passes on a machine that has no valgrind
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ALLOWED = 0.05
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const baselineFile = new URL('instructions.json', import.meta.url)

/** How often each piece of work is done: the counts of the two runs are subtracted, so that what comes once falls out. */
const TIMES = [10, 30]

/** What takes more than is allowed is counted again, and the least counts: a reply that came in two pieces once takes two looks. */
const TRIES = 2

const output = (command, ...words) => execFileSync(command, words, { cwd: root, encoding: 'utf8' }).trim()

function build() {
  const words = ['build', '--profile', 'quick', '--locked', '--package', 'engine-bench', '--bin', 'counted']
  const cargo = spawnSync('cargo', words, { cwd: root, stdio: 'inherit' })
  if (cargo.status !== 0) throw new Error('the engine was not built')
  return path.join(process.env.CARGO_TARGET_DIR ?? path.join(root, 'target'), 'quick', 'counted')
}

/** Instructions of `times` times one piece of work, by valgrind's own count. */
function counted(program, name, times) {
  const words = ['--tool=callgrind', '--callgrind-out-file=/dev/null', program, name, String(times)]
  const { status, stderr, error } = spawnSync('valgrind', words, { encoding: 'utf8' })
  if (error?.code === 'ENOENT') throw new Error('valgrind was not found; install it (on Debian: apt-get install valgrind) and run this again')
  const count = /Collected : (\d+)/.exec(stderr)?.[1]
  if (status !== 0 || !count) throw new Error(`${name} failed under valgrind:\n${stderr.trim()}`)
  return Number(count)
}

/** Instructions of one piece of work, once what comes once has fallen out. */
function count(program, name) {
  const [few, many] = TIMES.map((times) => counted(program, name, times))
  return Math.round((many - few) / (TIMES[1] - TIMES[0]))
}

const grouped = (count) => Math.round(count).toLocaleString('en-GB').replaceAll(',', ' ')
const share = (part) => `${part >= 0 ? '+' : ''}${(part * 100).toFixed(1)} %`

function main() {
  const { values } = parseArgs({ options: { bless: { type: 'boolean' }, only: { type: 'string' }, 'where-possible': { type: 'boolean' } } })
  if (values['where-possible'] && spawnSync('valgrind', ['--version']).error?.code === 'ENOENT') {
    console.log('left out: valgrind was not found (on Debian: apt-get install valgrind)')
    return
  }
  const program = build()
  const toolchain = { rustc: output('rustc', '--version'), valgrind: output('valgrind', '--version'), machine: `${process.platform}-${process.arch}` }
  const baseline = fs.existsSync(baselineFile) ? JSON.parse(fs.readFileSync(baselineFile, 'utf8')) : { counts: {} }
  const strange = Object.keys(toolchain).filter((part) => baseline.toolchain && baseline.toolchain[part] !== toolchain[part])
  const names = values.only?.split(',') ?? /NAMES: [^=]*= &\[([^\]]*)\]/.exec(fs.readFileSync(path.join(root, 'bench/engine/src/lib.rs'), 'utf8'))[1].match(/[\w-]+/g)
  const counts = {}
  const grown = []
  console.log(`${'instructions each time'.padEnd(24)}${'baseline'.padStart(14)}${'now'.padStart(14)}`)
  for (const name of names) {
    const before = baseline.counts[name]
    const changeOf = (count) => (before ? count / before - 1 : 0)
    counts[name] = count(program, name)
    for (let again = 0; again < TRIES && changeOf(counts[name]) > ALLOWED; again++) counts[name] = Math.min(counts[name], count(program, name))
    const change = changeOf(counts[name])
    if (change > ALLOWED || (!before && !values.bless)) grown.push(name)
    const shown = [before ? grouped(before) : '-', grouped(counts[name]), before ? share(change) : 'new']
    console.log(`${name.padEnd(24)}${shown.map((text, at) => text.padStart(at < 2 ? 14 : 10)).join('')}${change > ALLOWED ? '  too much' : ''}`)
  }
  if (values.bless) {
    fs.writeFileSync(baselineFile, `${JSON.stringify({ toolchain, counts: { ...baseline.counts, ...counts } }, null, 2)}\n`)
    console.log('\nkept as bench/instructions.json')
  } else if (strange.length > 0) {
    // Another compiler's code can't be held to these counts.
    console.log(`\nnot held to the baseline, which is of ${strange.map((part) => baseline.toolchain[part]).join(', ')}; here is ${strange.map((part) => toolchain[part]).join(', ')}`)
  } else if (grown.length > 0) {
    console.log(`\n${grown.join(', ')}: more than ${ALLOWED * 100} % over the baseline. If that is meant, say why in the commit and run: npm run bench:check -- --bless`)
    process.exitCode = 1
  }
}

try {
  main()
} catch (error) {
  console.error(`bench:check: ${error.message}`)
  process.exitCode = 2
}
