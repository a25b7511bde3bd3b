// Makes js/portkey-native.js, the file that index.js loads, of js/index.js and all that it needs: finding, reading and compiling
// some forty files takes a third of the time of loading the package (docs/performance.md). Each is in it as it is written but
// for letters outside ASCII, in a function of its own. A bundler does less here: esbuild renames classes, or else sets the name
// of every function where it is made, which calls would pay for.
//   node tools/bundle.mjs     done by `npm ci`, `npm run build`, tests and packaging; by hand after a change in js/
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const folder = fileURLToPath(new URL('../js/', import.meta.url))
const ENTRY = 'index.js'
const OUT = path.join(folder, 'portkey-native.js')

const START = `'use strict'
// Made of the files of js/ by tools/bundle.mjs.

const loaded = new Map()

/** What a file exports; it runs when it is first asked for. */
function requireHere(file) {
  if (!loaded.has(file)) {
    const module = { exports: {} }
    loaded.set(file, module)
    files[file](module, module.exports)
  }
  return loaded.get(file).exports
}

const files = {
`

const nameOf = (place) => path.relative(folder, place).split(path.sep).join('/')

/** A string of ASCII alone is read in less time, and takes half the memory. */
const escaped = (letter) => `\\u${letter.charCodeAt().toString(16).padStart(4, '0')}`

/** A file's source, with what it needs of js/ asked of `requireHere`, and the names of those files. */
function read(file) {
  const place = path.join(folder, file)
  const needs = []
  const source = readFileSync(place, 'utf8').replace(/\brequire\('(\.[^']*)'\)/g, (_, asked) => {
    const found = nameOf(createRequire(place).resolve(asked))
    if (found.startsWith('../')) return `require('${found}')`
    needs.push(found)
    return `requireHere('${found}')`
  })
  return { source: source.replace(/[^\x00-\x7f]/g, escaped), needs }
}

export function bundle() {
  const sources = new Map()
  const add = (file) => {
    if (sources.has(file)) return
    const { source, needs } = read(file)
    sources.set(file, source)
    needs.forEach(add)
  }
  add(ENTRY)
  // V8 compiles a function in parentheses at once, and reads others twice where they run at once.
  const parts = [...sources].map(([file, source]) => `'${file}': (function (module, exports) {\n${source}}),\n\n`)
  // Renamed into place, since another process may be reading it.
  writeFileSync(`${OUT}.new`, `${START}${parts.join('')}}\n\nmodule.exports = requireHere('${ENTRY}')\n`)
  renameSync(`${OUT}.new`, OUT)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) bundle()
