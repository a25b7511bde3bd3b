'use strict'
// Finds and loads the native addon: the file that `npm run build` makes, else this platform's package.
// It is loaded by the first client, so that importing the package for its types, errors or createHeaders needs none.

let loaded

/** The part of the addon's file name that names the platform: `linux-x64-gnu`, `darwin-arm64`, … */
function platformName() {
  const { platform, arch } = process
  if (platform === 'linux') return `linux-${arch}-${isMusl() ? 'musl' : 'gnu'}`
  if (platform === 'win32') return `win32-${arch}-msvc`
  return `${platform}-${arch}`
}

function isMusl() {
  const { header } = process.report.getReport()
  return !header.glibcVersionRuntime
}

function load() {
  const name = platformName()
  const failures = []
  for (const request of [`./portkey-native.${name}.node`, `portkey-native-${name}`]) {
    try {
      return require(request)
    } catch (error) {
      const missing = error.code === 'MODULE_NOT_FOUND'
      failures.push(`  ${request}: ${missing ? 'not there' : error.message}`)
    }
  }
  throw new Error(
    [
      `portkey-native has no native addon for ${name} (Node.js ${process.version}). Tried:`,
      ...failures,
      'In a checkout, run `npm run build`. In an app, check that the lock file and the installer keep optional dependencies.',
    ].join('\n'),
  )
}

/** The addon. */
function native() {
  return (loaded ??= load())
}

module.exports = { native, platformName }
