// Builds the native addon and puts it where js/native.js looks for it; makes one file of js/ too (tools/bundle.mjs).
//   node tools/build.mjs            as it is published: slow to build, fast to run
//   node tools/build.mjs --quick    optimised but not linked as a whole: for tests and daily work
//   node tools/build.mjs --debug    unoptimised
//   node tools/build.mjs --platform linux-arm64-musl   for another of js/platforms.js; --zig links with zig (`cargo zigbuild`),
//                                   which needs no other machine for another processor or libc, and keeps to the oldest glibc
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, renameSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

import { bundle } from './bundle.mjs'
import { GLIBC_FLOOR } from './check-addon.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const { platformName } = createRequire(import.meta.url)('../js/native.js')
const { PLATFORMS, addonOf } = createRequire(import.meta.url)('../js/platforms.js')

const words = process.argv.slice(2)
const profile = words.includes('--debug') ? 'dev' : words.includes('--quick') ? 'quick' : 'release'
const folder = { dev: 'debug', quick: 'quick', release: 'release' }[profile]
const zig = words.includes('--zig')
const named = words.includes('--platform') ? words[words.indexOf('--platform') + 1] : undefined
const platform = named ?? platformName()
if (!(platform in PLATFORMS) && (named || zig)) {
  console.error(`build: there is no platform ${platform}, only ${Object.keys(PLATFORMS).join(', ')}`)
  process.exit(1)
}
const { target, libc } = PLATFORMS[platform] ?? {}
// Without a name the build is the machine's own, and shares its folder with `cargo test`.
const forTarget = zig || named ? ['--target', zig && libc === 'glibc' ? `${target}.${GLIBC_FLOOR}` : target] : []

/** What is published names no folder of the machine that built it, and on musl is a library that can be loaded. */
function flags() {
  const home = process.env.CARGO_HOME ?? path.join(os.homedir(), '.cargo')
  const own = profile === 'release' ? [`--remap-path-prefix=${home}=/cargo`, `--remap-path-prefix=${root}=/portkey-native`] : []
  if (libc === 'musl') own.push('-Ctarget-feature=-crt-static')
  const given = process.env.CARGO_ENCODED_RUSTFLAGS?.split('\u001f') ?? process.env.RUSTFLAGS?.split(' ') ?? []
  return own.length > 0 ? { CARGO_ENCODED_RUSTFLAGS: [...given, ...own].filter(Boolean).join('\u001f') } : {}
}

/** C code that nothing unwinds through needs no tables to unwind it, which are 1 % of the addon; other systems' are another kind. */
function forC() {
  const isLinux = platform.startsWith('linux-') && profile === 'release'
  return isLinux ? { CFLAGS: [process.env.CFLAGS, '-fno-asynchronous-unwind-tables'].filter(Boolean).join(' ') } : {}
}

const build = [zig ? 'zigbuild' : 'build', '--package', 'portkey-native', '--profile', profile, '--locked', ...forTarget]
const cargo = spawnSync('cargo', build, { cwd: root, stdio: 'inherit', env: { ...process.env, ...flags(), ...forC() } })
if (cargo.error?.code === 'ENOENT') {
  console.error('build: cargo was not found. Install the Rust toolchain (1.88 or newer, see https://rustup.rs) and run this again.')
  process.exit(1)
}
if (cargo.status !== 0) process.exit(cargo.status ?? 1)

const library = { darwin: 'libportkey_native.dylib', win32: 'portkey_native.dll' }[platform.split('-', 1)[0]] ?? 'libportkey_native.so'
const built = path.join(process.env.CARGO_TARGET_DIR ?? path.join(root, 'target'), forTarget.length > 0 ? target : '', folder, library)
const addon = path.join(root, 'js', addonOf(platform))
mkdirSync(path.dirname(addon), { recursive: true })
// Renamed into place, since a process may have the old file mapped.
copyFileSync(built, `${addon}.new`)
renameSync(`${addon}.new`, addon)
bundle()
console.log(`built ${path.relative(root, addon)} (${profile})`)
