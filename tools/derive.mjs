// Writes what follows from the engine's tables: the tree of methods in types/resources.d.ts, the options of
// providers in types/providers.d.ts, the names of all types in index.d.ts and index.d.mts, and the tables of README.md,
// docs/methods.md, docs/providers.md and docs/prices.md.
//   node tools/derive.mjs           writes
//   node tools/derive.mjs --check   fails when something is out of date
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
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

/** Methods that are made of others (js/helpers/): what they are for, and their type. */
const HELPERS = [
  { call: 'batches.output', what: "A batch's results, a line of JSON for each request.", type: method('batchID: string', 'Promise<string>', '') },
  { call: 'beta.threads.createAndRunPoll', what: 'Begins a run in a thread of its own and waits for its end.', type: polled('body: Body<ThreadCreateAndRunParams>', 'Run') },
  { call: 'beta.threads.createAndRunStream', what: 'Begins a run in a thread of its own and streams it.', type: method('body: Body<ThreadCreateAndRunParams>', 'AssistantStream') },
  { call: 'beta.threads.runs.createAndPoll', what: 'Begins a run and waits for its end.', type: polled('threadID: string, body: Body<RunCreateParams>', 'Run') },
  { call: 'beta.threads.runs.createAndStream', what: 'Begins a run and streams it.', type: method('threadID: string, body: Body<RunCreateParams>', 'AssistantStream') },
  { call: 'beta.threads.runs.poll', what: 'Waits for the end of a run, or for what it requires.', type: polled('runID: string, path: { thread_id: string }', 'Run') },
  { call: 'beta.threads.runs.stream', what: 'Begins a run and streams it.', type: method('threadID: string, body: Body<RunCreateParams>', 'AssistantStream') },
  { call: 'beta.threads.runs.submitToolOutputsAndPoll', what: "Hands in what tools gave back and waits for the run's end.", type: polled('runID: string, body: Body<RunSubmitToolOutputsParams> & { thread_id: string }', 'Run') },
  { call: 'beta.threads.runs.submitToolOutputsStream', what: 'Hands in what tools gave back and streams the rest of the run.', type: method('runID: string, body: Body<RunSubmitToolOutputsParams> & { thread_id: string }', 'AssistantStream') },
  { call: 'chat.completions.parse', what: 'A whole answer, read in the shape that `response_format` and `tools` ask for.', type: 'ChatParseMethod' },
  { call: 'chat.completions.runTools', what: 'Asks, runs the tools that are called, and asks again, until none is.', type: 'ChatRunToolsMethod' },
  { call: 'chat.completions.stream', what: 'A streamed answer with events.', type: 'ChatStreamMethod' },
  { call: 'files.waitForProcessing', what: 'Waits until a file is processed.', type: method('fileID: string, wait?: WaitForProcessingParams | null', 'Promise<FileObject>') },
  { call: 'fineTuning.alpha.graders.run', what: 'The same as `fineTuning.alpha.grader.run`.', type: "Resources['fineTuning']['alpha']['grader']['run']" },
  { call: 'fineTuning.alpha.graders.validate', what: 'The same as `fineTuning.alpha.grader.validate`.', type: "Resources['fineTuning']['alpha']['grader']['validate']" },
  { call: 'generations.create', what: 'Answers with a saved prompt, in the old way.', type: method('body: PortkeyParams & { promptID: string }', 'APIPromise<Answer<PortkeyAnswer>>') },
  { call: 'responses.parse', what: 'A whole response, read in the shape that `text.format` and `tools` ask for.', type: 'ResponseParseMethod' },
  { call: 'responses.stream', what: 'A streamed response with events.', type: 'ResponseStreamMethod' },
  { call: 'vectorStores.files.createAndPoll', what: 'Adds a file and waits until it is processed.', type: polled('vectorStoreID: string, body: Body<VectorStoreFileCreateParams>', 'VectorStoreFile') },
  { call: 'vectorStores.files.poll', what: 'Waits until a file is processed.', type: polled('vectorStoreID: string, fileID: string', 'VectorStoreFile') },
  { call: 'vectorStores.files.upload', what: 'Uploads a file and adds it.', type: method('vectorStoreID: string, file: Uploadable', 'Promise<Answer<VectorStoreFile>>') },
  { call: 'vectorStores.files.uploadAndPoll', what: 'Uploads a file, adds it and waits until it is processed.', type: polled('vectorStoreID: string, file: Uploadable', 'VectorStoreFile') },
  { call: 'vectorStores.fileBatches.createAndPoll', what: 'Adds files and waits until they are processed.', type: polled('vectorStoreID: string, body: Body<VectorStoreFileBatchCreateParams>', 'VectorStoreFileBatch') },
  { call: 'vectorStores.fileBatches.poll', what: 'Waits until files are processed.', type: polled('vectorStoreID: string, batchID: string', 'VectorStoreFileBatch') },
  { call: 'vectorStores.fileBatches.uploadAndPoll', what: 'Uploads files, adds them and waits until they are processed.', type: polled('vectorStoreID: string, upload: VectorStoreUploadParams', 'VectorStoreFileBatch') },
  { call: 'webhooks.unwarp', what: 'The same as `unwrap`, as the official SDK spells it.', type: "Resources['webhooks']['unwrap']" },
  { call: 'webhooks.unwrap', what: 'The event that a webhook brings, once its signature is verified.', type: '(payload: string, headers: WebhookHeaders, secret?: string | null, tolerance?: number) => Promise<WebhookEvent>' },
  { call: 'webhooks.verifySignature', what: 'Rejects where a webhook was not signed with the secret within the last `tolerance` seconds (300).', type: '(payload: string, headers: WebhookHeaders, secret?: string | null, tolerance?: number) => Promise<void>' },
]

function method(given, gives, options = '') {
  return `(${[given, `params?: CallParams | null`, `opts?: CallOptions${options} | null`].filter(Boolean).join(', ')}) => ${gives}`
}

function polled(given, value) {
  return `(${given}, params?: CallParams | null, opts?: PollOptions | null) => Promise<Answer<${value}>>`
}

/** The path's arguments as they are given: those of the call, and those that an object holds. */
function holesOf(url) {
  const holes = [...url.matchAll(/\{([.+*]?)([^}|]+)[^}]*\}/g)].map(([, mark, name]) => ({ mark, name }))
  return { given: holes.filter(({ mark }) => !'.+'.includes(mark) || mark === ''), named: holes.filter(({ mark }) => mark !== '' && '.+'.includes(mark)) }
}

/** Methods whose answer hangs on more of the body than `stream`. */
const OWN_FORMS = { 'audio.transcriptions.create': 'TranscriptionMethod', 'audio.translations.create': 'TranslationMethod' }

/** The type of a row's method. Those without path arguments have the forms of types/method.d.ts. */
function typeOf({ call, path: url, sends, optional, gives, streams, types: [params, value, piece] }) {
  if (OWN_FORMS[call]) return OWN_FORMS[call]
  const { given, named } = holesOf(url)
  const takesObject = !['Nothing', 'EmptyJson'].includes(sends)
  const isPlain = given.length === 0 && named.length === 0 && !optional
  const isSpeech = streams && gives === 'Bytes'
  // Streamed runs have events beside the host's.
  const isRun = piece === 'AssistantStreamEvent'
  const stream = isRun ? 'AssistantStream' : `Stream<${piece}>`
  if (isPlain && streams && !isSpeech && !isRun) return `StreamMethod<${params}, ${value}, ${piece}>`
  if (isPlain && takesObject && !isSpeech && !isRun && sends !== 'Query') return `BodyMethod<${params}, ${value}>`
  const object = []
  if (takesObject && params !== 'any') object.push(sends === 'Query' ? params : `Body<${params}>`)
  if (params === 'any') object.push('any')
  if (named.length > 0) object.push(`{ ${named.map(({ name }) => `${/\W/.test(name) ? `'${name}'` : name}: string`).join('; ')} }`)
  const leading = given.map(({ name }) => `${name}: string`)
  const name = sends === 'Query' ? 'query' : takesObject ? 'body' : 'path'
  const answer = { any: 'any', void: 'void', string: 'string' }[value] ?? `Answer<${value}>`
  const promise = gives === 'Page' ? `PagePromise<${value}>` : `APIPromise<${answer}>`
  const signature = (type, gives, required = !optional) => method([...leading, ...(type ? [`${name}${required ? '' : '?'}: ${type}${required || type === 'any' ? '' : ' | null'}`] : [])].join(', '), gives)
  const type = object.join(' & ')
  if (!streams || piece === 'any') return signature(type, promise)
  // Speech has a parameter of its own for what is `stream` elsewhere.
  const whole = `APIPromise<${answer}>`
  const overloads = isSpeech ? [[`${type} & { stream_format: 'sse' }`, `APIPromise<${stream}>`], [`${type} & { stream_format?: 'audio' }`, whole], [type, `APIPromise<${answer} | ${stream}>`]] : [[`${type} & { stream: true }`, `APIPromise<${stream}>`, true], [`${type} & { stream?: false | null }`, promise], [type, `APIPromise<${answer} | ${stream}>`]]
  return `{\n${overloads.map((overload) => `    ${signature(...overload).replace(/ => (?!.* => )/, ': ')}\n`).join('')}  }`
}

function members(node, indent) {
  return Object.entries(node).map(([name, child]) => {
    if (!child.call) return `${indent}readonly ${name}: {\n${members(child, `${indent}  `)}${indent}}\n`
    const what = child.what ?? `\`${child.method} ${plainPath(child.path)}\``
    return `${indent}/** ${what} */\n${indent}${name}: ${(child.type ?? typeOf(child)).replaceAll('\n', `\n${indent.slice(2)}`)}\n`
  }).join('')
}

/** A path as people read it. */
const plainPath = (url) => url.replace(/\{[.+*]?([^}|]+)[^}]*\}/g, '{$1}')

const rows = [...endpoints.filter(({ call }) => !HELPERS.some((helper) => helper.call === call)), ...HELPERS]
const tree = members(treeOf(rows), '  ')

/** Where each exported type of types/ is declared. */
const declaredIn = new Map(readdirSync(path.join(root, 'types')).filter((file) => file !== 'resources.d.ts').flatMap((file) => {
  const text = readFileSync(path.join(root, 'types', file), 'utf8')
  return [...text.matchAll(/^export (?:interface|type|class|declare class) (\w+)/gm)].map(([, name]) => [name, file.replace('.d.ts', '')])
}))
for (const name of ['APIPromise', 'AssistantStream', 'CallOptions', 'CallParams', 'Stream']) declaredIn.set(name, '../index')

function imports(text) {
  const code = text.replace(/\/\*\*.*?\*\//gs, '').replace(/'[^']*'/g, '')
  const modules = new Map()
  for (const [name] of code.matchAll(/\b[A-Z]\w*/g)) {
    if (name === 'Resources' || name === 'Promise') continue
    if (!declaredIn.has(name)) throw new Error(`types/ has no ${name}`)
    const module = declaredIn.get(name)
    modules.set(module, (modules.get(module) ?? new Set()).add(name))
  }
  const lines = [...modules].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([module, names]) => {
    const line = `import type { ${[...names].sort().join(', ')} } from '${module.startsWith('.') ? module : `./${module}`}'\n`
    return line.length <= 130 ? line : `import type {\n${wrapped([...names].sort(), '  ')}\n} from './${module}'\n`
  })
  return lines.join('')
}

/** Names with commas, in lines of at most 120 letters. */
function wrapped(names, indent) {
  const lines = ['']
  for (const name of names) {
    if (lines.at(-1).length + name.length > 115) lines.push('')
    lines[lines.length - 1] += `${lines.at(-1) ? ' ' : ''}${name},`
  }
  return lines.map((line) => `${indent}${line}`).join('\n')
}

const resources = `/** The tree of methods, one line each. Written by tools/derive.mjs from the engine's endpoint table. */
${imports(tree)}
export interface Resources {
${tree}}
`

/** Types of whole files, which everybody can name. */
const PUBLIC = ['assistant-stream', 'audio', 'batches', 'beta', 'containers', 'conversations', 'evals', 'files', 'fine-tuning', 'images', 'pages', 'polling', 'portkey', 'realtime', 'realtime-events', 'response-items', 'response-tools', 'stored-responses', 'uploads', 'vector-stores', 'videos']
const publicTypes = PUBLIC.map((file) => [file, [...declaredIn].filter(([, where]) => where === file).map(([name]) => name).sort()])
const typeImports = publicTypes.map(([file, names]) => `import type {\n${wrapped(names, '  ')}\n} from './types/${file}'`).join('\n')
const typeNames = publicTypes.flatMap(([, names]) => names).sort()

/** What a method is given: the path's arguments, the object, and what the object says of the path. */
function argumentsOf({ path: url, sends }) {
  const { given, named } = holesOf(url)
  const object = named.map(({ name }) => name)
  const body = { Query: '…query', Json: '…body', Form: '…form', FormOrJson: '…body' }[sends]
  if (body) object.push(object.length > 0 ? body : body.slice(1))
  const last = object.length > 1 || (object.length === 1 && named.length > 0) ? [`{ ${object.join(', ')} }`] : object
  return [...given.map(({ name }) => name), ...last].join(', ')
}

const methodTable = (plane) => [
  '| method | request | streams |',
  '| --- | --- | --- |',
  ...endpoints.filter((row) => row.plane === plane).map((row) => `| \`${row.call}(${argumentsOf(row)})\` | \`${row.method} ${plainPath(row.path)}\` | ${row.streams ? 'yes' : ''} |`),
].join('\n')

const helperTable = ['| method | |', '| --- | --- |', ...HELPERS.map(({ call, what }) => `| \`${call}\` | ${what} |`)].join('\n')

/** The README names the methods that are called most. */
const MAIN = ['chat.completions.create', 'completions.create', 'messages.create', 'responses.create', 'embeddings.create', 'images.generate', 'audio.transcriptions.create', 'audio.speech.create', 'moderations.create', 'models.list', 'files.create', 'batches.create', 'post']
const endpointTable = [
  '| method | endpoint | streams |',
  '| --- | --- | --- |',
  ...MAIN.map((call) => endpoints.find((row) => row.call === call)).filter(Boolean).map((row) => `| \`${row.call}\` | \`${row.method} ${plainPath(row.path)}\` | ${row.streams ? 'yes' : ''} |`),
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

const ENDPOINTS = {
  chat: 'chat.completions.create', completions: 'completions.create', embeddings: 'embeddings.create', images: 'images.generate', speech: 'audio.speech.create',
  transcriptions: 'audio.transcriptions.create', files: 'files.create', batches: 'batches.create', 'fine-tuning': 'fineTuning.jobs.create', models: 'models.list',
  moderations: 'moderations.create',
}
const endpointsByProvider = [
  `| \`provider\` | ${Object.keys(ENDPOINTS).join(' | ')} | options |`,
  `| --- |${' --- |'.repeat(Object.keys(ENDPOINTS).length + 1)}`,
  ...providers.map(({ name, endpoints, settings }) => {
    const cells = Object.values(ENDPOINTS).map((call) => (endpoints.includes(call) ? 'yes' : ''))
    return `| \`${name}\` | ${cells.join(' | ')} | ${settings.map(({ option }) => `\`${option}\``).join(', ')} |`
  }),
].join('\n')

/** A custom host of each provider, and where a call goes there; other calls than chats are named. */
const hostTable = [
  '| `provider` | `customHost`, for example | a chat goes to |',
  '| --- | --- | --- |',
  ...providers.filter(({ example }) => example).map(({ name, example: { customHost, call, url } }) => {
    const which = call === 'chat.completions.create' ? '' : ` (\`${call}\`)`
    return `| \`${name}\` | \`${customHost}\` | \`${url}\`${which} |`
  }),
].join('\n')

/** A model's prices, and below them those for longer prompts. */
const priceLines = ([model, { upTo, beyond, until, ...price }]) => {
  const line = (name, { input, cached = '', written = '', output = '' }, size) => `| ${name} | ${input} | ${cached} | ${written} | ${output} | ${size} |`
  const tokens = upTo?.toLocaleString('en')
  const name = `\`${model}\`${until ? `, until ${until}` : ''}`
  return [line(name, price, tokens ? `≤ ${tokens}` : ''), ...(beyond ? [line('', beyond, `> ${tokens}`)] : [])]
}

const priceTable = Object.entries(JSON.parse(native().prices()).providers).flatMap(([name, { asOf, source, models }]) => [
  `### ${name}`,
  '',
  `As of ${asOf}, from <${source}>.`,
  '',
  '| model | input | cached | written | output | where the input has so many tokens |',
  '| --- | --- | --- | --- | --- | --- |',
  ...Object.entries(models).flatMap(priceLines),
  '',
]).slice(0, -1).join('\n')

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`, or the same in comments of code. */
function between(text, name, content, comment = '<!--') {
  const [open, close] = comment === '/*' ? [`/* ${name} */`, `/* end of ${name} */`] : [`<!-- ${name} -->`, `<!-- /${name} -->`]
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
  'index.d.ts': between(between(read('index.d.ts'), 'imports', typeImports, '/*'), 'types', `  export type {\n${wrapped(typeNames, '    ')}\n  }`, '/*'),
  'index.d.mts': between(read('index.d.mts'), 'types', `export type {\n${wrapped(typeNames, '  ')}\n} from './index.js'`, '/*'),
  'docs/methods.md': ['Data', 'Hosted', 'Control'].reduce((text, plane) => between(text, plane.toLowerCase(), methodTable(plane)), between(read('docs/methods.md'), 'helpers', helperTable)),
  'docs/prices.md': between(read('docs/prices.md'), 'prices', priceTable),
  'docs/providers.md': between(between(read('docs/providers.md'), 'providers', endpointsByProvider), 'hosts', hostTable),
}

let stale = false
for (const [file, text] of Object.entries(written)) {
  if (existsSync(path.join(root, file)) && read(file) === text) continue
  stale = true
  if (process.argv.includes('--check')) console.error(`${file} is out of date: run npm run derive`)
  else writeFileSync(path.join(root, file), text)
}
process.exitCode = stale && process.argv.includes('--check') ? 1 : 0
