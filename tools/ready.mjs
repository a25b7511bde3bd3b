// Everything that must be green before a change lands; CI runs the same.
// Stops at the first step that fails and says which.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

const STEPS = [
  ['the addon builds', 'node', 'tools/build.mjs', '--quick'],
  ['Rust is formatted', 'cargo', 'fmt', '--all', '--check'],
  ['clippy has nothing to say', 'cargo', 'clippy', '--workspace', '--all-targets', '--locked', '--', '-D', 'warnings'],
  ['derived files are up to date', 'node', 'tools/derive.mjs', '--check'],
  ['the licences of what is in the addon are allowed', 'node', 'tools/licenses.mjs', '--check'],
  ['hot paths take no more instructions than before', 'node', 'bench/check.mjs', '--where-possible'],
  ['nothing that a stranger sends is misread', 'node', 'tools/fuzz.mjs', '--seconds', '10'],
  ['the packages work with what apps are built, tested and installed with', 'node', 'tools/packaging/try.mjs'],
  ['all tests pass', 'node', 'tools/test.mjs'],
]

for (const [what, command, ...words] of STEPS) {
  console.log(`\n== ${what}: ${command} ${words.join(' ')}`)
  const began = performance.now()
  const { status, error } = spawnSync(command, words, { cwd: root, stdio: 'inherit' })
  if (error) console.error(`${command}: ${error.code === 'ENOENT' ? 'not found' : error.message}`)
  if (status !== 0) {
    console.error(`\nready: failed at «${what}»`)
    process.exit(1)
  }
  console.log(`== ${((performance.now() - began) / 1e3).toFixed(0)} s`)
}
console.log('\nready')
