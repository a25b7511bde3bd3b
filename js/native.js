'use strict'
// Finds and loads the native addon: the file that `npm run build` makes, else this platform's package.
// It is loaded by the first client, so that importing the package for its types, errors or createHeaders needs none.
// Where neither loads, the error says what was tried, what the operating system answered, and what to install.

const { closeSync, existsSync, openSync, readSync } = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')

const { PLATFORMS, addonOf, packageOf } = require('./platforms.js')
const { version } = require('../package.json')

// Not `require`, so that a bundler leaves what is looked up at run time alone; from the bundle, node_modules is found as from here.
const fromHere = createRequire(__filename)

let loaded

/** The part of the addon's file name that names the platform: `linux-x64-gnu`, `darwin-arm64`, … */
function platformName() {
  const { platform, arch } = process
  if (platform === 'linux') return `linux-${arch}-${namesMusl(process.execPath) ? 'musl' : 'gnu'}`
  if (platform === 'win32') return `win32-${arch}-msvc`
  return `${platform}-${arch}`
}

/** `musl`, or `glibc` with its version where Node.js tells it: for errors, since a report takes a start's half. */
function libc() {
  if (namesMusl(process.execPath)) return 'musl'
  const { report } = process
  // Without this, making a report looks up the names of all connected hosts.
  if (report) report.excludeNetwork = true
  const { glibcVersionRuntime } = report?.getReport().header ?? {}
  return glibcVersionRuntime ? `glibc ${glibcVersionRuntime}` : 'glibc'
}

/** Whether an executable asks for musl's loader: its name stands near the file's start. */
function namesMusl(executable) {
  try {
    const file = openSync(executable)
    const start = Buffer.alloc(4096)
    readSync(file, start)
    closeSync(file)
    return start.includes('/ld-musl-')
  } catch {
    return false
  }
}

function load() {
  const name = platformName()
  const failures = []
  const attempt = (what, place) => {
    try {
      return versioned(fromHere(place))
    } catch (error) {
      failures.push({ what, error })
    }
  }
  const built = path.join(__dirname, addonOf(name))
  const addon = existsSync(built) ? attempt(built, built) : undefined
  return addon ?? attempt(packageOf(name), packageOf(name)) ?? fail(name, failures)
}

/** An addon of another version than this package would misread what it is given. */
function versioned(addon) {
  const other = addon.version?.()
  if (other === version) return addon
  throw Object.assign(new Error(`it is version ${other ?? 'unknown'}, and portkey-native is version ${version}`), { code: 'ADDON_VERSION' })
}

const isMissing = ({ what, error }) => error.code === 'MODULE_NOT_FOUND' && error.message.includes(`'${what}'`)

function fail(name, failures) {
  const { platform, arch } = process
  const machine = `${platform} ${arch}${platform === 'linux' ? `, ${libc()}` : ''}, Node.js ${process.version}`
  const tried = failures.map((failure) => `  ${failure.what}: ${isMissing(failure) ? 'not installed' : failure.error.message}`)
  const broken = failures.find((failure) => !isMissing(failure))
  const code = !(name in PLATFORMS) ? 'ADDON_PLATFORM' : !broken ? 'ADDON_MISSING' : broken.error.code === 'ADDON_VERSION' ? 'ADDON_VERSION' : 'ADDON_BROKEN'
  const lines = [`portkey-native has no native addon that loads here (${machine}):`, ...tried, ...advice(code, name)]
  throw Object.assign(new Error(lines.join('\n'), { cause: (broken ?? failures[0]).error }), { code })
}

/** What to do about it. */
function advice(code, name) {
  const wanted = `${packageOf(name)}@${version}`
  if (code === 'ADDON_PLATFORM') {
    return [`There is no prebuilt addon for ${name}, only for ${Object.keys(PLATFORMS).join(', ')}.`, 'In a checkout, `npm run build` makes one with Rust 1.88 or newer.']
  }
  if (code === 'ADDON_VERSION') return [`Install the same version of both: \`npm install portkey-native@${version} ${wanted}\`; in a checkout, \`npm run build\`.`]
  if (code === 'ADDON_BROKEN') return [`Install it again: remove node_modules and run \`npm install\`, or \`npm install ${wanted}\`; in a checkout, \`npm run build\`.`]
  const others = Object.keys(PLATFORMS).filter((other) => other !== name && isInstalled(other))
  if (others.length > 0) {
    return [`There is the addon of ${others.join(', ')}: this node_modules was installed on another platform. Run \`npm install\` on this one.`]
  }
  return [
    `Install it: \`npm install ${wanted}\`; in a checkout, \`npm run build\`. It is usually missing because`,
    '  the install left optional dependencies out (--omit=optional, --no-optional),',
    '  the lock file was written on another platform and lists only that one (npm/cli#4828: remove it and node_modules, and install again), or',
    '  node_modules was copied from another machine or image.',
  ]
}

function isInstalled(name) {
  try {
    fromHere.resolve(packageOf(name))
    return true
  } catch {
    return false
  }
}

/** The addon. */
function native() {
  return (loaded ??= load())
}

module.exports = { native, platformName }
