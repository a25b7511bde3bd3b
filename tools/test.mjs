// Runs the tests: of the engine, of the types, of the package.
//   node tools/test.mjs                 everything; the addon is built first where it is missing or older than its sources
//   node tools/test.mjs rust types js   some of the parts
//   node tools/test.mjs errors headers  only these files of __test__/ (their names without .test.mjs)
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

import { isBuilt } from './built.mjs'
import { bundle } from './bundle.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

const PARTS = ['rust', 'types', 'js']
const asked = process.argv.slice(2)
const files = readdirSync(path.join(root, '__test__')).filter((name) => name.endsWith('.test.mjs')).sort()
const chosen = files.filter((name) => asked.includes(name.replace('.test.mjs', '')))
const unknown = asked.filter((name) => !PARTS.includes(name) && !files.includes(`${name}.test.mjs`))
if (unknown.length > 0) {
  console.error(`test: nothing is called ${unknown.join(', ')}; there are ${PARTS.join(', ')} and the files ${files.map((name) => name.replace('.test.mjs', '')).join(', ')}`)
  process.exit(2)
}
const wants = (part) => asked.length === 0 || asked.includes(part) || (part === 'js' && chosen.length > 0)

/** What a developer's shell says must not reach the tests: proxies, a gateway's address, keys. */
function environment() {
  const clean = Object.entries(process.env).filter(([name]) => !/^(PORTKEY_|OPENAI_|(https?|all|no)_proxy$)/i.test(name))
  return Object.fromEntries(clean)
}

/** Runs a command to its end; gives whether it succeeded. */
function run(title, command, args) {
  console.log(`\n# ${title}`)
  const { status, error, signal } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: environment() })
  if (error?.code === 'ENOENT') console.error(`test: ${command} was not found. Install the Rust toolchain (1.88 or newer, see https://rustup.rs), or run \`npm test types\`.`)
  else if (error) console.error(`test: ${command}: ${error.message}`)
  else if (signal) console.error(`test: ${command} was ended by ${signal}`)
  return status === 0
}

/** Runs test files; the summary stands in the last lines, also after a list of failures. */
async function runFiles(tests) {
  console.log('\n# the package')
  const colour = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}
  const child = spawn(process.execPath, ['--test', '--test-reporter=spec', ...tests], {
    cwd: root, stdio: ['inherit', 'pipe', 'inherit'], env: { ...environment(), ...colour },
  })
  let summary = []
  let rest = ''
  child.stdout.on('data', (bytes) => {
    process.stdout.write(bytes)
    const lines = (rest + bytes).split('\n')
    rest = lines.pop()
    summary = [...summary, ...lines.filter((line) => line.includes('ℹ '))].slice(-8)
  })
  const [status] = await once(child, 'close')
  if (status !== 0) console.log(`\n${summary.join('\n')}`)
  return status === 0
}

const failed = []
if (wants('rust') && !run('the engine', 'cargo', ['test', '--workspace', '--locked', '--quiet'])) failed.push('rust')
if (wants('types') && !run('the types', process.execPath, ['__test__/types/run.mjs'])) failed.push('types')
if (wants('js')) {
  const tests = (chosen.length > 0 ? chosen : files).map((name) => path.join('__test__', name))
  bundle()
  const built = isBuilt() || run('the addon', process.execPath, ['tools/build.mjs', '--quick'])
  if (!built) failed.push('the addon')
  else if (!(await runFiles(tests))) failed.push('js')
}
if (failed.length > 0) {
  console.error(`\ntest: failed: ${failed.join(', ')}`)
  process.exitCode = 1
}
