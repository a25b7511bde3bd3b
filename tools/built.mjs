// Whether this machine's addon is there, and of the sources as they are.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const require = createRequire(import.meta.url)
const { platformName } = require('../js/native.js')
const { addonOf } = require('../js/platforms.js')
const SOURCES = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'src', 'engine/Cargo.toml', 'engine/src']

/** The newest change below a file or folder. */
function changed(place) {
  if (!existsSync(place)) return 0
  const { mtimeMs } = statSync(place)
  if (!statSync(place).isDirectory()) return mtimeMs
  return Math.max(mtimeMs, ...readdirSync(place).map((name) => changed(path.join(place, name))))
}

export function isBuilt() {
  const addon = path.join(root, 'js', addonOf(platformName()))
  const newest = Math.max(...SOURCES.map((name) => changed(path.join(root, name))))
  return existsSync(addon) && statSync(addon).mtimeMs >= newest
}
