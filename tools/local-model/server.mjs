// Starts the local model: llama.cpp's own HTTP server with a small real model, on a free port of 127.0.0.1, and stops it. Installs it
// first where it is missing. The server never outlives this process: it ends when its standard input closes, however that happens;
// and it does not keep this process alive.
//
//   node tools/local-model/server.mjs [--api-key KEY] [--slots N] [--threads N] [--context N] [--embeddings] [--tool-calls] [--quiet]
//
// prints the server's URL on standard output and runs until Ctrl-C or SIGTERM.
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { LocalModelError, fail, here, installLocalModel, isMain, lastLines, newLog } from './install.mjs'
import { withProgress } from './progress.mjs'
import { pythonEnvironment } from './python.mjs'

export { LocalModelError } from './install.mjs'

/** The id under which the local model is listed. */
export const MODEL_NAME = 'smollm2-135m'

/** A chat template with which the server forces a tool call where `tool_choice` is "required". The model's own knows no tools. */
export const TOOL_CALL_TEMPLATE = path.join(here, 'tool-calls.jinja')

const START_TIMEOUT_MS = 120_000
const STOP_TIMEOUT_MS = 3_000

/**
 * Resolves once the server answers. `threads` stays at 1 unless the machine is idle: its threads spin and starve each other.
 *
 * @param {object} [options]
 * @param {string} [options.apiKey] taken as `Authorization: Bearer` and as `x-api-key`; without it the server asks for none
 * @param {number} [options.slots] requests served at once, the others wait (2)
 * @param {number} [options.context] tokens of context over all slots (4096)
 * @param {number} [options.threads] (1)
 * @param {boolean} [options.embeddings] serve `/v1/embeddings` too
 * @param {number} [options.repeatPenalty] above 1 keeps free talk from going in circles, and spoils tool calls and JSON (1)
 * @param {string} [options.chatTemplateFile] in place of the model's own, for example TOOL_CALL_TEMPLATE
 * @param {(event: { step: string, text: string }) => void} [options.onProgress] silent without it
 * @param {AbortSignal} [options.signal] gives up installing and starting; does not stop a server that is up
 * @returns {Promise<{ url: string, model: string, log: string, pid: number, stop(): Promise<void> }>}
 */
export async function startLocalModel(options = {}) {
  const { onProgress = () => {}, signal } = options
  const installed = await installLocalModel({ onProgress, signal })
  onProgress({ step: 'start', text: 'starting the local model' })
  const log = newLog(installed.logs, 'server')
  const child = launch(installed, log, settingsOf(options, installed.model))
  const stop = () => stopServer(child)
  try {
    const url = await readyUrl(child, log, signal)
    return { url, model: MODEL_NAME, log, pid: child.pid, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function settingsOf(options, model) {
  return {
    model,
    name: MODEL_NAME,
    apiKey: options.apiKey ?? null,
    slots: options.slots ?? 2,
    context: options.context ?? 4096,
    threads: options.threads ?? 1,
    embeddings: options.embeddings ?? false,
    repeatPenalty: options.repeatPenalty ?? 1,
    chatTemplate: options.chatTemplateFile ? readFileSync(options.chatTemplateFile, 'utf8') : null,
  }
}

function launch(installed, log, settings) {
  const logHandle = openSync(log, 'a')
  const child = spawn(installed.python, [path.join(here, 'serve.py')], {
    stdio: ['pipe', 'pipe', logHandle],
    env: pythonEnvironment(),
  })
  closeSync(logHandle)
  child.on('error', () => {}) // seen by readyUrl as a server that ended
  child.stdin.on('error', () => {}) // likewise, when it ends before it has read its settings
  child.stdin.write(`${JSON.stringify(settings)}\n`)
  return child
}

async function readyUrl(child, log, signal) {
  const line = await firstLine(child, signal)
  if (!line) throw startError(child, log)
  child.unref()
  child.stdin.unref()
  child.stdout.unref()
  return JSON.parse(line).url
}

/** The first line of its output; null when it ended without one or took too long. */
function firstLine(child, signal) {
  const { promise, resolve, reject } = deferred()
  const timer = setTimeout(resolve, START_TIMEOUT_MS, null)
  const giveUp = () => reject(signal.reason)
  signal?.addEventListener('abort', giveUp)
  if (signal?.aborted) giveUp()
  createInterface({ input: child.stdout }).once('line', resolve)
  child.once('close', () => resolve(null)).once('error', () => resolve(null))
  return promise.finally(() => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', giveUp)
  })
}

function deferred() {
  const parts = {}
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }))
  return parts
}

function startError(child, log) {
  const how = hasEnded(child) ? `it ended with ${child.signalCode ?? `exit code ${child.exitCode}`}` : 'it gave no sign of life'
  return new LocalModelError(
    `the local model's server did not start: ${how}\nthe whole log: ${log}\n` +
      'or point PORTKEY_CUSTOM_HOST to a server of yours (for example http://127.0.0.1:11434/v1)',
    lastLines(log),
  )
}

function hasEnded(child) {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null
}

async function stopServer(child) {
  if (hasEnded(child)) return
  child.ref()
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  child.kill('SIGTERM')
  await ended
  clearTimeout(timer)
}

async function main() {
  const { values } = parseArgs({
    options: {
      'api-key': { type: 'string' },
      slots: { type: 'string' },
      threads: { type: 'string' },
      context: { type: 'string' },
      embeddings: { type: 'boolean' },
      'tool-calls': { type: 'boolean' },
      quiet: { type: 'boolean' },
    },
  })
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stopping.abort(new LocalModelError(`stopped by ${name}`)))
  const start = (onProgress) =>
    startLocalModel({
      apiKey: values['api-key'],
      slots: numberOf(values.slots),
      threads: numberOf(values.threads),
      context: numberOf(values.context),
      embeddings: values.embeddings,
      chatTemplateFile: values['tool-calls'] ? TOOL_CALL_TEMPLATE : undefined,
      onProgress,
      signal: stopping.signal,
    })
  const server = await (values.quiet ? start() : withProgress(start))
  console.log(server.url)
  const alive = setInterval(() => {}, 1 << 30) // the server itself does not keep us alive
  stopping.signal.addEventListener('abort', () => {
    clearInterval(alive)
    server.stop()
  })
}

function numberOf(text) {
  if (text === undefined) return undefined
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new LocalModelError(`--slots, --threads and --context take a whole number, not "${text}"`)
}

if (isMain(import.meta.url)) await main().catch(fail)
