// The licences of the crates in the addon.
//   node tools/licenses.mjs            prints a line for each crate
//   node tools/licenses.mjs --check    fails when one has a licence that deny.toml does not allow, or none
//   node tools/licenses.mjs --texts    prints what a platform's package has as THIRD-PARTY-LICENSES
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { cratesOfAddon } from './crates.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

/** The list of deny.toml. */
export function allowedLicences() {
  const [, list] = /^allow = \[([^\]]*)\]/m.exec(readFileSync(path.join(root, 'deny.toml'), 'utf8'))
  return [...list.matchAll(/"([^"]+)"/g)].map(([, name]) => name)
}

/** Whether an SPDX expression can be met by licences of the list: one of an OR, all of an AND. */
export function isAllowed(expression, allowed) {
  const words = expression.replaceAll('/', ' OR ').match(/\(|\)|[^\s()]+/g) ?? []
  const factor = () => {
    const word = words.shift()
    if (word === '(') {
      const inner = either()
      words.shift()
      return inner
    }
    // An exception (`Apache-2.0 WITH LLVM-exception`) only gives more than the licence.
    if (words[0] === 'WITH') words.splice(0, 2)
    return allowed.includes(word)
  }
  const chain = (part, joint, meet) => {
    let met = part()
    while (words[0] === joint) {
      words.shift()
      met = meet(met, part())
    }
    return met
  }
  const all = () => chain(factor, 'AND', (a, b) => a && b)
  const either = () => chain(all, 'OR', (a, b) => a || b)
  return either() && words.length === 0
}

/** The crates that may not be in the addon, each with why. */
export function refusedCrates(crates, allowed) {
  return crates
    .filter(({ licence }) => !licence || !isAllowed(licence, allowed))
    .map(({ name, version, licence }) => `${name} ${version}: ${licence ?? 'no licence is named'}`)
}

const LICENCE_FILE = /^(un)?licen[cs]e|^copying|^notice|^copyright/i

/** The texts, each once, with the crates that it stands for. A crate that ships none is named with its licence and where its source is. */
export function licenceTexts(crates) {
  const texts = new Map()
  const bare = []
  for (const { name, version, licence, repository, folder } of crates) {
    const files = readdirSync(folder, { withFileTypes: true }).filter((file) => file.isFile() && LICENCE_FILE.test(file.name))
    if (files.length === 0) bare.push(`${name} ${version}: ${licence}, ${repository ?? 'crates.io'}`)
    for (const file of files) {
      const text = readFileSync(path.join(folder, file.name), 'utf8').replaceAll('\r\n', '\n').trim()
      // The same words in other lines are the same text.
      const words = text.split(/\s+/).join(' ')
      const known = texts.get(words) ?? { text, names: [] }
      texts.set(words, known)
      if (!known.names.includes(`${name} ${version}`)) known.names.push(`${name} ${version}`)
    }
  }
  const line = '-'.repeat(80)
  const parts = [...texts.values()].map(({ text, names }) => `${line}\nOf ${names.join(', ')}:\n\n${text}\n`)
  return [
    'The addon of portkey-native contains these crates, under these licences:\n',
    ...crates.map(({ name, version, licence }) => `  ${name} ${version}: ${licence}`),
    ...(bare.length > 0 ? ['\nThey ship no text of their own; the texts below, by the same names, hold for them:\n', ...bare.map((one) => `  ${one}`)] : []),
    '',
    ...parts,
  ].join('\n')
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const crates = cratesOfAddon()
  if (process.argv.includes('--texts')) process.stdout.write(licenceTexts(crates))
  else if (!process.argv.includes('--check')) crates.forEach(({ name, version, licence }) => console.log(`${name} ${version}: ${licence}`))
  const refused = refusedCrates(crates, allowedLicences())
  if (refused.length > 0) {
    console.error(`licenses: deny.toml does not allow\n${refused.map((one) => `  ${one}`).join('\n')}`)
    process.exitCode = 1
  } else if (process.argv.includes('--check')) console.log(`licences: all of ${crates.length} crates are allowed`)
}
