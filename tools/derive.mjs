// Writes what follows from the engine's tables: the tree of methods in types/resources.d.ts, the options of
// providers in types/providers.d.ts, and the tables of README.md and docs/providers.md.
//   node tools/derive.mjs           writes
//   node tools/derive.mjs --check   fails when something is out of date
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const { native } = createRequire(import.meta.url)('../js/native.js')
const { endpoints, providers } = JSON.parse(native().tables())

/** The resource tree as nested objects whose leaves are rows. */
function treeOf(rows) {
  const tree = {}
  for (const row of rows) {
    const names = row.call.split('.')
    const method = names.pop()
    let node = tree
    for (const name of names) node = node[name] ??= {}
    node[method] = row
  }
  return tree
}

/** The form of a row's method, as types/method.d.ts names it. */
function formOf({ path: url, takesBody, streams, types: [params, value, piece] }) {
  if (streams) return ['StreamMethod', params, value, piece]
  if (takesBody) return ['BodyMethod', params, value]
  return [url.includes('{') ? 'RetrieveMethod' : 'ListMethod', value]
}

function members(node, indent) {
  return Object.entries(node).map(([name, child]) => {
    if (!child.call) return `${indent}readonly ${name}: {\n${members(child, `${indent}  `)}${indent}}\n`
    const [form, ...types] = formOf(child)
    return `${indent}/** \`${child.method} ${child.path}\` */\n${indent}${name}: ${form}<${types.join(', ')}>\n`
  }).join('')
}

/** The module of types of a group of calls, where it isn't the group's own name. */
const MODULES = { messages: 'messages-api' }

function imports(rows) {
  const modules = new Map([['method', new Set(rows.map((row) => formOf(row)[0]))]])
  for (const row of rows) {
    const [group] = row.call.split('.', 1)
    const module = MODULES[group] ?? group
    if (!modules.has(module)) modules.set(module, new Set())
    row.types.filter(Boolean).forEach((type) => modules.get(module).add(type))
  }
  const lines = [...modules].sort(([a], [b]) => (a < b ? -1 : 1))
  return lines.map(([module, names]) => `import type { ${[...names].sort().join(', ')} } from './${module}'\n`).join('')
}

const resources = `/** The tree of methods, one line each. Written by tools/derive.mjs from the engine's endpoint table. */
${imports(endpoints)}
export interface Resources {
${members(treeOf(endpoints), '  ')}}
`

const endpointTable = [
  '| method | endpoint | streams |',
  '| --- | --- | --- |',
  ...endpoints.map((row) => `| \`${row.call}\` | \`${row.method} ${row.path}\` | ${row.streams ? 'yes' : ''} |`),
].join('\n')

/** Options of providers, each once, with what it is. */
const settings = new Map(providers.flatMap((provider) => provider.settings.map((setting) => [setting.key, setting])))
const settingLines = (nameOf) => [...settings.values()].map((setting) => `  /** ${setting.what}. */\n  ${nameOf(setting)}?: Value\n`).join('')

const providerTypes = `/** Options of single providers. Written by tools/derive.mjs from the engine's provider table. */
type Value = string | null | undefined

/** As options of a client or of a call. */
export interface ProviderOptions {
${settingLines(({ option }) => option)}}

/** As keys of a config's target, in both spellings. */
export interface ProviderConfig extends ProviderOptions {
${settingLines(({ key }) => key)}}
`

const hostOf = ({ baseURL, usualHost, settings }) => {
  if (baseURL) return `\`${baseURL}\``
  if (usualHost) return `your own, such as \`${usualHost}\``
  return settings.length > 0 ? 'made of its options' : 'your own'
}
const neededBy = ({ settings }) => settings.filter(({ required }) => required).map(({ option }) => `\`${option}\``).join(', ')

const providerTable = [
  '| `provider` | base URL without `customHost` | needs |',
  '| --- | --- | --- |',
  ...providers.map((provider) => `| \`${provider.name}\` | ${hostOf(provider)} | ${neededBy(provider)} |`),
].join('\n')

const ENDPOINTS = { chat: 'chat.completions.create', completions: 'completions.create', embeddings: 'embeddings.create', models: 'models.list', moderations: 'moderations.create' }
const endpointsByProvider = [
  `| \`provider\` | ${Object.keys(ENDPOINTS).join(' | ')} | options |`,
  `| --- |${' --- |'.repeat(Object.keys(ENDPOINTS).length + 1)}`,
  ...providers.map(({ name, endpoints, settings }) => {
    const cells = Object.values(ENDPOINTS).map((call) => (endpoints.includes(call) ? 'yes' : ''))
    return `| \`${name}\` | ${cells.join(' | ')} | ${settings.map(({ option }) => `\`${option}\``).join(', ')} |`
  }),
].join('\n')

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. */
function between(text, name, content) {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const from = text.indexOf(open)
  const to = text.indexOf(close)
  if (from < 0 || to < from) throw new Error(`there is no place for ${name}`)
  return `${text.slice(0, from + open.length)}\n${content}\n${text.slice(to)}`
}

const read = (file) => readFileSync(path.join(root, file), 'utf8')
const written = {
  'types/resources.d.ts': resources,
  'types/providers.d.ts': providerTypes,
  'README.md': between(between(read('README.md'), 'endpoints', endpointTable), 'providers', providerTable),
  'docs/providers.md': between(read('docs/providers.md'), 'providers', endpointsByProvider),
}

let stale = false
for (const [file, text] of Object.entries(written)) {
  if (existsSync(path.join(root, file)) && read(file) === text) continue
  stale = true
  if (process.argv.includes('--check')) console.error(`${file} is out of date: run npm run derive`)
  else writeFileSync(path.join(root, file), text)
}
process.exitCode = stale && process.argv.includes('--check') ? 1 : 0
