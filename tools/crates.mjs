// The crates that are linked into the addon, on any of its platforms: what the licences and the bill of materials list.
// Build scripts, macros and what only tests need are not in it.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const { PLATFORMS } = createRequire(import.meta.url)('../js/platforms.js')

function metadata() {
  const platforms = Object.values(PLATFORMS).flatMap(({ target }) => ['--filter-platform', target])
  const { status, stdout, stderr, error } = spawnSync('cargo', ['metadata', '--format-version', '1', '--locked', ...platforms], {
    cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(`cargo metadata: ${error?.message ?? stderr}`)
  return JSON.parse(stdout)
}

/** SHA-256 of the crates as their registry has them, by `name version`. */
function checksums() {
  const entries = readFileSync(path.join(root, 'Cargo.lock'), 'utf8').split('[[package]]').slice(1)
  const field = (entry, name) => new RegExp(`^${name} = "(.*)"$`, 'm').exec(entry)?.[1]
  return new Map(entries.map((entry) => [`${field(entry, 'name')} ${field(entry, 'version')}`, field(entry, 'checksum')]))
}

/**
 * `{ name, version, licence, repository, folder, checksum, needs, isDirect }` of each, in the order of their names; ours are
 * not among them, but `isDirect` says that they need it.
 */
export function cratesOfAddon() {
  const { packages, resolve } = metadata()
  const byId = new Map(packages.map((one) => [one.id, one]))
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]))
  const isMacro = ({ targets }) => targets.some(({ kind }) => kind.includes('proc-macro'))
  const linked = (id) => nodes.get(id).deps
    .filter(({ dep_kinds, pkg }) => dep_kinds.some(({ kind }) => kind === null) && !isMacro(byId.get(pkg)))
    .map(({ pkg }) => pkg)
  const face = packages.find(({ name, source }) => name === 'portkey-native' && !source).id
  const reached = new Set([face])
  for (const id of reached) linked(id).forEach((other) => reached.add(other))
  const sums = checksums()
  const direct = new Set([...reached].filter((id) => !byId.get(id).source).flatMap(linked))
  return [...reached].map((id) => byId.get(id)).filter(({ source }) => source)
    .map((one) => ({
      name: one.name,
      version: one.version,
      licence: one.license,
      repository: one.repository,
      folder: path.dirname(one.manifest_path),
      checksum: sums.get(`${one.name} ${one.version}`),
      needs: linked(one.id).map((other) => `${byId.get(other).name}@${byId.get(other).version}`),
      isDirect: direct.has(one.id),
    }))
    .sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1))
}
