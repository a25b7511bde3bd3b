// The cases of `fixtures/<provider>/<endpoint>/<case>/` as a caller of the package meets them: the one place that knows how
// their files are laid out. `fixtures/README.md` says what the files hold.

import { existsSync, readFileSync, readdirSync } from 'node:fs'

const root = new URL('../../fixtures/', import.meta.url)

/** The endpoints' folders, and the methods that call them. */
const METHODS = {
  chat: ['chat', 'completions', 'create'],
  'chat.completions.create': ['chat', 'completions', 'create'],
  completions: ['completions', 'create'],
  'completions.create': ['completions', 'create'],
  embeddings: ['embeddings', 'create'],
  'embeddings.create': ['embeddings', 'create'],
  moderations: ['moderations', 'create'],
  models: ['models', 'list'],
  'count-tokens': ['messages', 'countTokens'],
  messages: ['messages', 'create'],
  images: ['images', 'generate'],
  responses: ['responses', 'create'],
}

/** The identifier that stands in the files for a fresh one, and the fresh ones themselves. */
const ID = '0123456789abcdef0123456789abcdef'
const FRESH = /[0-9a-f]{32}/

const isFolder = (entry) => entry.isDirectory()
const folders = (path) => readdirSync(new URL(path, root), { withFileTypes: true }).filter(isFolder).map(({ name }) => name).sort()

/** The cases of a provider, or of each that is among `names`. */
export function providerCases(names) {
  return names.flatMap((provider) =>
    folders(`${provider}/`)
      .filter((endpoint) => endpoint in METHODS)
      .flatMap((endpoint) => folders(`${provider}/${endpoint}/`).map((name) => readCase(provider, endpoint, name))))
}

/** Every folder that holds cases of a provider. */
export function providersWithCases() {
  return folders('').filter((name) => folders(`${name}/`).some((endpoint) => endpoint in METHODS))
}

function readCase(provider, endpoint, name) {
  const folder = new URL(`${provider}/${endpoint}/${name}/`, root)
  const text = (file) => (existsSync(new URL(file, folder)) ? readFileSync(new URL(file, folder)) : undefined)
  const json = (file) => {
    const bytes = text(file)
    return bytes && JSON.parse(bytes.toString('utf8'))
  }
  const request = json('request.json')
  // Some hold the caller's options beside the body.
  const isWrapped = provider === 'anthropic' && request !== undefined && !('model' in request) && !('messages' in request)
  const told = { ...json('context.json'), ...json('options.json'), ...(isWrapped && request) }
  const { strict = true, credential, custom_host: host, settings, arguments: given = [], body: _, ...flat } = told
  const wire = json('wire-request.json')
  const call = METHODS[endpoint]
  return {
    title: `${provider}/${endpoint}/${name}`,
    provider,
    name,
    call: endpoint === 'models' && given.length > 0 ? ['models', 'retrieve'] : call,
    arguments: given,
    body: isWrapped ? request.body : request,
    strict,
    credential,
    customHost: typeof host === 'string' ? host : undefined,
    /** The provider's own options, by their config keys. */
    settings: withKey({ ...settings, ...flat }),
    wire: wire?.error ? undefined : wire,
    changes: json('changes.json') ?? wire?.changes ?? [],
    /** What is told beside `changes` once the answer is read. */
    repairs: json('repairs.json') ?? [],
    problems: problemsOf(json('problems.json') ?? json('error.json') ?? wire?.error),
    reply: json('wire-response.json'),
    ...answered(json('response.json')),
    ...streamed(text, json),
  }
}

/** `{key}` stands for the key file of the tests of signatures. */
function withKey(settings) {
  const key = () => readFileSync(new URL('oracle/key.pem', root), 'utf8')
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, value === '{key}' ? key() : value]))
}

/** As a list of `{ path, message }`, the message missing where only the path is told. */
function problemsOf(told) {
  if (told === undefined) return undefined
  return [told].flat().map((problem) => (typeof problem === 'string' ? { path: problem } : problem))
}

/** What the caller gets of a whole reply; where that is a `fault`, the error inside it. */
function answered(response) {
  if (response?.garbled !== undefined) return { fault: response }
  return response?.fault === undefined ? { response } : { fault: response.fault }
}

/** A streamed reply: its bytes and headers, the chunks that it gives, and what ends it early. */
function streamed(text, json) {
  const chunks = json('chunks.json')
  if (chunks === undefined) return {}
  const last = chunks.at(-1)
  const fault = json('stream-error.json') ?? last?.fault ?? (last?.garbled || last?.status ? last : undefined)
  if (fault !== undefined && (last.fault ?? last) === fault) chunks.pop()
  const recorded = json('wire-stream.json')
  if (recorded) {
    const { base64, chunks: pieces = base64, encoding = 'base64', headers = { 'content-type': 'application/vnd.amazon.eventstream' } } = recorded
    const stream = Buffer.concat(pieces.map((piece) => Buffer.from(piece, encoding)))
    return { chunks, fault, stream, streamHeaders: headers }
  }
  const stream = text('wire-stream.txt')
  const type = { '[': 'application/json', '{': 'application/x-ndjson' }[stream.subarray(0, 1).toString()] ?? 'text/event-stream'
  return { chunks, fault, stream, streamHeaders: { 'content-type': type } }
}

/** A step of a host's script that answers as the case does; `cut` makes pieces of a stream's bytes. */
export function replyOf(found, cut = (bytes) => [bytes]) {
  if (found.stream) return { headers: found.streamHeaders, chunks: cut(found.stream) }
  const { status = 200, headers, body, text } = found.reply
  return text === undefined ? { status, headers, json: body } : { status, headers, body: text }
}

/** As the files write it: without what is fresh in each answer, the id and the time that the provider did not give. */
export function settled(value, created = 0) {
  let text = JSON.stringify(value)
  const fresh = FRESH.exec(text.match(/"(?:chatcmpl-|cmpl-|call_)([0-9a-f]{32})/)?.[0] ?? '')?.[0]
  if (fresh) text = text.replaceAll(fresh, ID)
  const now = Date.now() / 1000
  return JSON.parse(text, (key, held) => (key === 'created' && Math.abs(held - now) < 120 ? created : held))
}

/** The time that the case's files have for a fresh one. */
export function createdIn({ response, chunks }) {
  return JSON.stringify([response, chunks]).includes('"created":1700000000') ? 1_700_000_000 : 0
}
