// Installs the local model: a real llama.cpp server and a small real model, from two pinned Python packages, into a cache folder.
// Does nothing when they are there. The work is done by install.py, which holds a lock meanwhile and dies with this process; this
// side finds a Python, tells the progress and keeps the log.
//
//   node tools/local-model/install.mjs [--quiet]
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream, existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { withProgress } from './progress.mjs'
import { LocalModelError, findPython, pythonEnvironment } from './python.mjs'

export { LocalModelError } from './python.mjs'

export const here = path.dirname(fileURLToPath(import.meta.url))

const MEGABYTE = 1e6
const DOWNLOAD_MEGABYTES = 127
const LAST_LINES = 12
const KEPT_LOGS = 10
const ARCHITECTURES = ['x64', 'arm64']

/** Where the local model lives: PORTKEY_MODEL_CACHE, else a folder of the project that git ignores. */
export function cacheFolder() {
  const named = process.env.PORTKEY_MODEL_CACHE
  return named ? path.resolve(named) : path.resolve(here, '../../.cache/local-model')
}

/**
 * @param {{ onProgress?: (event: { step: string, text: string }) => void, signal?: AbortSignal }} [options]
 * @returns {Promise<{ python: string, model: string, logs: string }>} paths: the environment's Python, the weights, the folder for logs
 */
export async function installLocalModel({ onProgress = () => {}, signal } = {}) {
  signal?.throwIfAborted()
  const cache = cacheFolder()
  const name = folderName()
  const folder = path.join(cache, name)
  const installed = {
    python: path.join(folder, 'venv/bin/python'),
    model: path.join(folder, 'model.gguf'),
    logs: path.join(cache, 'logs'),
  }
  mkdirSync(installed.logs, { recursive: true })
  if (await isWhole(installed.python, folder)) return installed
  refuseOtherPlatforms()
  const python = await findPython()
  await build({ python, cache, name, log: newLog(installed.logs, 'install'), onProgress, signal })
  return installed
}

/** Named after what is pinned: other pins make another folder, and an old one is never taken for the new. */
function folderName() {
  const pins = ['requirements.txt', 'check.py'].map((file) => readFileSync(path.join(here, file)))
  return createHash('sha256').update(Buffer.concat(pins)).digest('hex').slice(0, 16)
}

async function isWhole(python, folder) {
  if (!existsSync(python)) return false
  const check = promisify(execFile)(python, [path.join(here, 'check.py'), folder], { env: pythonEnvironment() })
  return check.then(
    () => true,
    () => false,
  )
}

function refuseOtherPlatforms() {
  if (process.platform === 'linux' && ARCHITECTURES.includes(process.arch)) return
  throw new LocalModelError(
    `the local model is pinned for Linux on x64 and arm64, this is ${process.platform} on ${process.arch}\n` +
      'point PORTKEY_CUSTOM_HOST to a server of yours (for example http://127.0.0.1:11434/v1)',
  )
}

async function build({ python, cache, name, log, onProgress, signal }) {
  const logFile = createWriteStream(log)
  const child = spawn(python, [path.join(here, 'install.py'), cache, name], { env: pythonEnvironment() })
  child.stdin.on('error', () => {}) // it may be gone already when we let go of it
  child.stderr.pipe(logFile)
  const letGo = () => child.stdin.end()
  signal?.addEventListener('abort', letGo)
  createInterface({ input: child.stdout }).on('line', (line) => onProgress(eventOf(JSON.parse(line))))
  try {
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
    signal?.throwIfAborted()
    if (code !== 0) throw installError(log)
  } finally {
    signal?.removeEventListener('abort', letGo)
  }
}

const TEXTS = {
  wait: () => 'waiting for another process that is installing the local model',
  environment: () => 'making a Python environment for the local model (only once)',
  download: (done) =>
    `downloading a llama.cpp server and a small model (only once): ${megabytes(done)} of ${DOWNLOAD_MEGABYTES} MB`,
  check: () => "checking the model's checksum",
}

function eventOf({ step, done }) {
  return { step, text: TEXTS[step](done) }
}

/** The total is that of one platform: what is left of it when all is there is not worth a second number. */
function megabytes(bytes) {
  return Math.min(Math.round(bytes / MEGABYTE), DOWNLOAD_MEGABYTES)
}

function installError(log) {
  return new LocalModelError(
    'the local model could not be installed (it needs PyPI; pip takes a mirror or proxy from its usual settings)\n' +
      `the whole log: ${log}\n` +
      'or point PORTKEY_CUSTOM_HOST to a server of yours (for example http://127.0.0.1:11434/v1)',
    lastLines(log),
  )
}

let logs = 0

/** A name for a new log of its own; of each kind the youngest few are kept. Names sort by age. */
export function newLog(folder, kind) {
  const old = readdirSync(folder)
    .filter((name) => name.startsWith(`${kind}-`))
    .sort()
  for (const name of old.slice(0, Math.max(0, old.length - KEPT_LOGS + 1))) rmSync(path.join(folder, name), { force: true })
  logs += 1
  return path.join(folder, `${kind}-${Date.now()}-${process.pid}-${logs}.log`)
}

/** @returns {string[]} the end of a log, for a message */
export function lastLines(log) {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-LAST_LINES)
}

/** True for the module that Node was started with. */
export function isMain(moduleUrl) {
  return Boolean(process.argv[1]) && realpathSync(process.argv[1]) === fileURLToPath(moduleUrl)
}

/** Ends a command line with what went wrong, and no stack: the reader is a user. */
export function fail(error) {
  for (const line of error.details ?? []) console.error(`  ${line}`)
  const isTheUsers = error instanceof LocalModelError || error.code?.startsWith('ERR_PARSE_ARGS')
  console.error(isTheUsers ? error.message : error)
  process.exitCode = 1
}

async function main() {
  if (process.argv.includes('--quiet')) return installLocalModel()
  const installed = await withProgress((onProgress) => installLocalModel({ onProgress }))
  console.error(`the local model is installed: ${installed.model}`)
}

if (isMain(import.meta.url)) await main().catch(fail)
