// Checks a built addon before it is published: that it loads where its package says, and holds no more than it should.
//   node tools/check-addon.mjs FILE…                          as published: libc, size, no symbols, no build paths
//   node tools/check-addon.mjs --floor 2.17 --size 10 FILE…   other limits than these: the newest glibc it may ask for, and MB
//   node tools/check-addon.mjs --libc FILE…                   only which libc it needs
// The platform is read from the file's name. An ELF file is read here, so that any machine can check any platform's.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const { PLATFORMS } = createRequire(import.meta.url)('../js/platforms.js')

/** The oldest glibc that the linux-*-gnu packages run on: that of RHEL 7 and Amazon Linux 2. */
export const GLIBC_FLOOR = '2.17'
/** The most that a platform's addon may weigh, in MB. */
export const SIZE_BUDGET = 10

const MACHINES = { 0x3e: 'x64', 0xb7: 'arm64' }
const DT_NEEDED = 1
const SHT_SYMTAB = 2
const SHT_DYNAMIC = 6
const SHT_DYNSYM = 11
const SHT_GNU_VERNEED = 0x6ffffffe

/** What an ELF file asks of its machine: `{ cpu, needed, versions, exported, hasSymbols }`. Only 64-bit little-endian files are read. */
export function readElf(bytes) {
  if (bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) throw new Error('it is no 64-bit little-endian ELF file')
  const long = (at) => Number(bytes.readBigUInt64LE(at))
  const [table, size, count] = [long(0x28), bytes.readUInt16LE(0x3a), bytes.readUInt16LE(0x3c)]
  const sections = Array.from({ length: count }, (_, index) => {
    const at = table + index * size
    return { type: bytes.readUInt32LE(at + 4), offset: long(at + 24), length: long(at + 32), link: bytes.readUInt32LE(at + 40), entry: long(at + 56) }
  })
  const text = (section, at) => {
    const from = sections[section.link].offset + at
    return bytes.toString('latin1', from, bytes.indexOf(0, from))
  }
  const entries = (type, read) => sections.filter((section) => section.type === type)
    .flatMap((section) => Array.from({ length: section.length / section.entry }, (_, at) => read(section, section.offset + at * section.entry)))
  const isExported = (at) => bytes[at + 4] >> 4 !== 0 && bytes.readUInt16LE(at + 6) !== 0
  return {
    cpu: MACHINES[bytes.readUInt16LE(18)],
    needed: entries(SHT_DYNAMIC, (section, at) => (long(at) === DT_NEEDED ? text(section, long(at + 8)) : undefined)).filter(Boolean),
    versions: sections.filter(({ type }) => type === SHT_GNU_VERNEED).flatMap((section) => neededVersions(bytes, section, text)),
    exported: entries(SHT_DYNSYM, (section, at) => (isExported(at) ? text(section, bytes.readUInt32LE(at)) : undefined)).filter(Boolean),
    hasSymbols: sections.some(({ type }) => type === SHT_SYMTAB),
  }
}

/** The versions of libraries that symbols ask for, as `GLIBC_2.17`: a list of lists, each linked by offsets. */
function neededVersions(bytes, section, text) {
  const versions = []
  let need = section.offset
  for (let next = 1; next !== 0; need += next) {
    next = bytes.readUInt32LE(need + 12)
    let one = need + bytes.readUInt32LE(need + 8)
    for (let left = bytes.readUInt16LE(need + 2); left > 0; left--) {
      versions.push(text(section, bytes.readUInt32LE(one + 8)))
      one += bytes.readUInt32LE(one + 12)
    }
  }
  return [...new Set(versions)]
}

const isNewer = (a, b) => {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  const at = left.findIndex((part, index) => part !== (right[index] ?? 0))
  return at >= 0 && left[at] > (right[at] ?? 0)
}

/** The newest glibc that the file asks for; undefined where it asks for none. */
export function glibcOf({ versions }) {
  const wanted = versions.filter((name) => /^GLIBC_\d/.test(name)).map((name) => name.slice(6))
  return wanted.reduce((newest, one) => (newest === undefined || isNewer(one, newest) ? one : newest), undefined)
}

/** What is wrong with the libc, processor and exports of a platform's ELF file. */
export function elfProblems(elf, { cpu, libc }, floor = GLIBC_FLOOR) {
  const problems = []
  if (elf.cpu !== cpu) problems.push(`it is built for ${elf.cpu ?? 'another processor'}, not ${cpu}`)
  const glibc = glibcOf(elf)
  const ofGlibc = elf.needed.filter((name) => /^(ld-linux.*|libc\.so\.6)$/.test(name))
  const ofMusl = elf.needed.filter((name) => /musl/.test(name))
  if (libc === 'musl' && (glibc || ofGlibc.length > 0)) problems.push(`it needs glibc (${ofGlibc.join(', ') || glibc}), and is for musl`)
  if (libc === 'glibc' && ofMusl.length > 0) problems.push(`it needs ${ofMusl.join(', ')}, and is for glibc`)
  if (libc === 'glibc' && glibc && isNewer(glibc, floor)) problems.push(`it needs glibc ${glibc}, and the floor is ${floor}`)
  const strange = elf.needed.filter((name) => !/^(ld-linux.*|lib(c|m|dl|pthread|rt|gcc_s)\.so\.\d|libc\.so|libc\.musl-.*)$/.test(name))
  if (strange.length > 0) problems.push(`it needs ${strange.join(', ')}, which not every machine has`)
  return problems
}

/** What is wrong with how the file was made. */
function makingProblems(bytes, elf, size) {
  const problems = []
  if (bytes.length > size * 1e6) problems.push(`it has ${(bytes.length / 1e6).toFixed(1)} MB, and the budget is ${size} MB`)
  if (elf?.hasSymbols) problems.push('its symbols are not stripped')
  const more = elf?.exported.filter((name) => !name.startsWith('napi_register_module')) ?? []
  if (more.length > 0) problems.push(`it exports ${more.slice(0, 5).join(', ')}, which may clash with others`)
  for (const place of [os.homedir(), process.cwd()]) {
    if (place.length > 1 && bytes.includes(`${place}${path.sep}`)) problems.push('it names folders of the machine that built it')
  }
  return [...new Set(problems)]
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const words = process.argv.slice(2)
  const option = (name, usual) => (words.includes(name) ? words.splice(words.indexOf(name), 2)[1] : usual)
  const [floor, size] = [option('--floor', GLIBC_FLOOR), Number(option('--size', SIZE_BUDGET))]
  const onlyLibc = words[0] === '--libc' && words.shift()
  if (words.length === 0) throw new Error('check-addon: name the files')
  for (const file of words) {
    const name = /^portkey-native\.(.+)\.node$/.exec(path.basename(file))?.[1]
    if (!(name in PLATFORMS)) throw new Error(`check-addon: ${file} has not the name of a platform's addon`)
    const bytes = readFileSync(file)
    const elf = PLATFORMS[name].os === 'linux' ? readElf(bytes) : undefined
    const problems = [...(elf ? elfProblems(elf, PLATFORMS[name], floor) : []), ...(onlyLibc ? [] : makingProblems(bytes, elf, size))]
    const facts = [`${(bytes.length / 1e6).toFixed(1)} MB`, ...(elf ? [elf.cpu, `glibc ${glibcOf(elf) ?? 'none'}`, `needs ${elf.needed.join(' ')}`] : [])]
    console.log(`${path.basename(file)}: ${facts.join(', ')}`)
    for (const problem of problems) console.error(`  ${problem}`)
    if (problems.length > 0) process.exitCode = 1
  }
}
