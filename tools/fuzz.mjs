// Fuzzes what reads the words of strangers: the targets in fuzz/fuzz_targets/, from the inputs in fuzz/corpus/.
//   node tools/fuzz.mjs                          every target for 10 s, as CI does
//   node tools/fuzz.mjs sse body --seconds 600   some of them, for longer
//   node tools/fuzz.mjs --gather                 and puts new inputs that reach further into the corpus, where they are short
//   node tools/fuzz.mjs body fuzz/artifacts/body/crash-…   one input again
// It needs a C++ compiler, for LLVM's libFuzzer, and the Rust toolchain that builds the rest: coverage is asked of the compiler as
// `cargo fuzz` asks it, without a nightly. The engine has no `unsafe`, so there is no address sanitizer.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const folder = path.join(root, 'fuzz')
const COVERAGE = ['-Cpasses=sancov-module', ...['level=4', 'inline-8bit-counters', 'pc-table', 'trace-compares'].map((what) => `-Cllvm-args=-sanitizer-coverage-${what}`)]
/** The most that one input may be, in bytes, and take, in seconds; and what a target may hold, in MB. */
const LIMITS = ['-max_len=2048', '-timeout=10', '-rss_limit_mb=1024']
/** Inputs that are kept are no longer than this, and no more of a target. */
const KEPT = { bytes: 512, files: 60 }

const words = process.argv.slice(2)
const seconds = words.includes('--seconds') ? Number(words.splice(words.indexOf('--seconds'), 2)[1]) : 10
const gathers = words.includes('--gather')
const known = readdirSync(path.join(folder, 'fuzz_targets')).filter((name) => name.endsWith('.rs')).map((name) => path.basename(name, '.rs'))
const inputs = words.filter((word) => existsSync(word) && !known.includes(word)).map((word) => path.resolve(word))
const asked = words.filter((word) => !word.startsWith('--') && !existsSync(word) || known.includes(word))
const unknown = asked.filter((name) => !known.includes(name))
if (unknown.length > 0 || !(seconds > 0)) {
  console.error(`fuzz: ${unknown.length > 0 ? `there is no target ${unknown.join(', ')}, only ${known.join(', ')}` : '--seconds needs a number'}`)
  process.exit(2)
}
const targets = asked.length > 0 ? asked : known

/** Builds the targets, with the versions of crates that the addon has; gives the folder they are in. */
function built() {
  copyFileSync(path.join(root, 'Cargo.lock'), path.join(folder, 'Cargo.lock'))
  const host = /^host: (.+)$/m.exec(spawnSync('rustc', ['-vV'], { encoding: 'utf8' }).stdout)[1]
  const target = path.join(process.env.CARGO_TARGET_DIR ?? path.join(root, 'target'), 'fuzz')
  // Named, so that build scripts are not made to look for coverage too.
  const build = ['build', '--release', '--target', host, ...targets.flatMap((name) => ['--bin', name])]
  const env = { ...process.env, CARGO_TARGET_DIR: target, CARGO_ENCODED_RUSTFLAGS: COVERAGE.join('\u001f') }
  const { status, error } = spawnSync('cargo', build, { cwd: folder, stdio: 'inherit', env })
  if (error) console.error(`fuzz: cargo: ${error.message}`)
  if (status !== 0) process.exit(1)
  return path.join(target, host, 'release')
}

async function run(program, args) {
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said = (said + bytes).slice(-100_000)))
  const [status, signal] = await once(child, 'close')
  return { said, failed: status !== 0 && (signal ?? status) }
}

const files = (place) => (existsSync(place) ? readdirSync(place).map((name) => path.join(place, name)) : [])
/** The last number of libFuzzer's that goes by a name. */
const number = (said, name) => [...said.matchAll(new RegExp(`${name}:? +(\\d+)`, 'g'))].at(-1)?.[1] ?? '?'

/** Fuzzes one target; gives what was said where something was found. */
async function fuzz(programs, name) {
  const program = path.join(programs, name)
  const corpus = path.join(folder, 'corpus', name)
  const artifacts = path.join(folder, 'artifacts', name)
  mkdirSync(artifacts, { recursive: true })
  if (inputs.length > 0) return (await run(program, [`-artifact_prefix=${artifacts}/`, ...LIMITS, ...inputs])).said
  const found = mkdtempSync(path.join(os.tmpdir(), `fuzz-${name}-`))
  const dictionary = path.join(folder, 'dictionaries', `${name}.dict`)
  const { said, failed } = await run(program, [found, corpus, `-dict=${dictionary}`, `-artifact_prefix=${artifacts}/`, `-max_total_time=${seconds}`, ...LIMITS, '-print_final_stats=1'])
  if (gathers && !failed) await gather(program, found, corpus)
  rmSync(found, { recursive: true, force: true })
  console.log(`${name}: ${number(said, 'stat::number_of_executed_units')} inputs, coverage ${number(said, 'cov')}${failed ? `, failed (${failed})` : ''}`)
  return failed ? said : undefined
}

/** Keeps what reaches parts of the engine that nothing in the corpus does. */
async function gather(program, found, corpus) {
  const room = KEPT.files - files(corpus).length
  for (const file of files(found).filter((file) => statSync(file).size > KEPT.bytes)) rmSync(file)
  const merged = mkdtempSync(path.join(os.tmpdir(), 'fuzz-merged-'))
  for (const file of files(corpus)) copyFileSync(file, path.join(merged, path.basename(file)))
  const before = new Set(readdirSync(merged))
  await run(program, ['-merge=1', merged, found])
  const fresh = readdirSync(merged).filter((name) => !before.has(name))
  for (const name of fresh.slice(0, Math.max(0, room))) copyFileSync(path.join(merged, name), path.join(corpus, name))
  rmSync(merged, { recursive: true, force: true })
}

const programs = built()
const waiting = [...targets]
const failures = []
await Promise.all(Array.from({ length: Math.min(os.availableParallelism(), waiting.length) }, async () => {
  for (let name = waiting.shift(); name; name = waiting.shift()) {
    const said = await fuzz(programs, name)
    if (inputs.length > 0) console.log(said)
    else if (said) failures.push(`== ${name}\n${said.split('\n').slice(-60).join('\n')}`)
  }
}))
if (failures.length > 0) {
  console.error(`\n${failures.join('\n')}\nfuzz: the inputs are in fuzz/artifacts/`)
  process.exitCode = 1
}
