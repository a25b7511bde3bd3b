// Builds the native addon and puts it where js/native.js looks for it.
//   node tools/build.mjs            as it is published: slow to build, fast to run
//   node tools/build.mjs --quick    optimised but not linked as a whole: for tests and daily work
//   node tools/build.mjs --debug    unoptimised
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, renameSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const { platformName } = createRequire(import.meta.url)('../js/native.js')

const profile = process.argv.includes('--debug') ? 'dev' : process.argv.includes('--quick') ? 'quick' : 'release'
const folder = { dev: 'debug', quick: 'quick', release: 'release' }[profile]

const cargo = spawnSync('cargo', ['build', '--package', 'portkey-native', '--profile', profile, '--locked'], { cwd: root, stdio: 'inherit' })
if (cargo.error?.code === 'ENOENT') {
  console.error('build: cargo was not found. Install the Rust toolchain (1.88 or newer, see https://rustup.rs) and run this again.')
  process.exit(1)
}
if (cargo.status !== 0) process.exit(cargo.status ?? 1)

const library = { darwin: 'libportkey_native.dylib', win32: 'portkey_native.dll' }[process.platform] ?? 'libportkey_native.so'
const target = process.env.CARGO_TARGET_DIR ?? path.join(root, 'target')
const addon = path.join(root, 'js', `portkey-native.${platformName()}.node`)
mkdirSync(path.dirname(addon), { recursive: true })
// Renamed into place, since a process may have the old file mapped.
copyFileSync(path.join(target, folder, library), `${addon}.new`)
renameSync(`${addon}.new`, addon)
console.log(`built ${path.relative(root, addon)} (${profile})`)
