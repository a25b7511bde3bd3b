// Makes sure that the native engine is built, and of the sources as they are: a fresh clone has no other. Uses the package's own build script.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createInterface } from 'node:readline'
import { isBuilt } from '../tools/built.mjs'
import { bundle } from '../tools/bundle.mjs'
import { withProgress } from '../tools/local-model/progress.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LAST_LINES = 15

/** Windows has no process groups. */
const GROUPS = process.platform !== 'win32'

/** Rejects with an error whose `details` are the last lines that the build printed. */
export async function ensureAddon({ signal } = {}) {
  bundle()
  if (isBuilt()) return
  await withProgress((onProgress) => build({ signal, onProgress }))
}

async function build({ signal, onProgress }) {
  const tell = (line) => onProgress({ step: 'build', text: `building the engine (only once, takes minutes): ${line}` })
  tell('npm run build:quick')
  const child = npmRun('build:quick')
  const stop = () => endGroup(child)
  signal?.addEventListener('abort', stop)
  const details = []
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on('line', (line) => {
      details.push(line)
      if (details.length > LAST_LINES) details.shift()
      if (line.trim()) tell(line.trim())
    })
  }
  try {
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
    signal?.throwIfAborted()
    if (code !== 0) throw Object.assign(new Error('the engine could not be built: npm run build failed'), { details })
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

/** npm hands a signal on to the script, but not to the compilers below it. */
function endGroup(child) {
  if (child.exitCode !== null) return
  if (GROUPS) process.kill(-child.pid, 'SIGTERM')
  else child.kill()
}

/** The npm that runs this demo, where there is one: no shell is needed to find it. */
function npmRun(script) {
  const npm = process.env.npm_execpath
  const options = { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], detached: GROUPS }
  if (npm) return spawn(process.execPath, [npm, 'run', script], options)
  return spawn('npm', ['run', script], { ...options, shell: !GROUPS })
}
