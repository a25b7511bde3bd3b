// A real OTLP receiver for tests: Rotel, installed from its pinned Python package into a folder of the project that git ignores.
// It prints what it gets, and hands it on to another receiver. It ends with `stop`, and does not keep this process alive.
//
//   node tools/rotel/server.mjs        installs it, and does nothing where it is there
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { cacheFolder, isMain } from '../local-model/install.mjs'
import { findPython, pythonEnvironment } from '../local-model/python.mjs'

const run = promisify(execFile)
const here = path.dirname(fileURLToPath(import.meta.url))
const START_TIMEOUT_MS = 30_000
const INSTALL_TIMEOUT_MS = 300_000

/** It can't be had on this machine. */
export class RotelError extends Error {}

/** The program's path; installs it first where it is missing. */
export async function installRotel() {
  const pins = path.join(here, 'requirements.txt')
  const name = createHash('sha256').update(readFileSync(pins)).digest('hex').slice(0, 16)
  const folder = path.resolve(cacheFolder(), '../rotel', name)
  const program = path.join(folder, 'rotel/rotel-agent')
  if (existsSync(program)) return program
  const building = `${folder}-${process.pid}`
  try {
    mkdirSync(building, { recursive: true })
    const venv = path.join(building, 'venv')
    const options = { env: pythonEnvironment(), timeout: INSTALL_TIMEOUT_MS }
    await run(await findPython(), ['-m', 'venv', venv], options)
    const target = path.join(building, 'made')
    await run(path.join(venv, 'bin/python'), ['-m', 'pip', 'install', '-q', '--no-deps', '--require-hashes', '--target', target, '-r', pins], options)
    // Whoever was quicker has made the same.
    if (!existsSync(folder)) renameSync(target, folder)
  } catch (error) {
    throw new RotelError(`Rotel could not be installed (it needs PyPI): ${(error.stderr || error.message).trim().split('\n').at(-1)}`)
  } finally {
    rmSync(building, { recursive: true, force: true })
  }
  return program
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/**
 * Starts it; what it gets goes on to `url`, another receiver.
 * @returns {Promise<{ url: string, output(): string, stop(): Promise<void> }>} `output`: what it has printed of spans and metrics
 */
export async function startRotel(url) {
  const program = await installRotel()
  const [http, grpc] = [await freePort(), await freePort()]
  const child = spawn(program, [
    'start', '--otlp-http-endpoint', `127.0.0.1:${http}`, '--otlp-grpc-endpoint', `127.0.0.1:${grpc}`, '--disable-batching',
    '--debug-log', 'traces', '--debug-log', 'metrics', '--debug-log-verbosity', 'detailed',
    '--exporter', 'otlp', '--otlp-exporter-endpoint', url, '--otlp-exporter-protocol', 'http',
  ], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => (output += text))
    stream.unref()
  }
  child.unref()
  const began = performance.now()
  while (!(await answers(http))) {
    if (child.exitCode !== null || performance.now() - began > START_TIMEOUT_MS) {
      child.kill()
      throw new RotelError(`Rotel did not start: ${output.trim().split('\n').at(-1)}`)
    }
    await sleep(20)
  }
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.ref()
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  return { url: `http://127.0.0.1:${http}`, output: () => output, stop }
}

async function answers(port) {
  const socket = net.connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

if (isMain(import.meta.url)) console.error(await installRotel())
