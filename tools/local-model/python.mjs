// Finds a Python that can make the local model's environment: 3.10 or newer, with `venv` and `ensurepip` (Debian has these two in a
// package of their own). Says what was found and what to do when there is none.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

const LEAST_MINOR = 10
const NAMES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python']

// Written so that Python 2 can run it too: an old `python` must be able to tell its version.
const QUESTION = `
import sys
print("%d.%d" % sys.version_info[:2])
try:
    import venv, ensurepip
    print("venv")
except ImportError:
    pass
`

/** The local model cannot be had; `details` are the last lines of a log, where there is one. */
export class LocalModelError extends Error {
  constructor(message, details = []) {
    super(message)
    this.name = 'LocalModelError'
    this.details = details
  }
}

/** The environment for every Python that is started here: nothing of the caller's Python setup may leak into it. */
export function pythonEnvironment() {
  const { PYTHONHOME, PYTHONPATH, ...rest } = process.env
  return { ...rest, PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' }
}

/** @returns {Promise<string>} a command or path that fits; PORTKEY_PYTHON, where it is set, is the only candidate */
export async function findPython() {
  const named = process.env.PORTKEY_PYTHON
  const flaws = []
  for (const name of named ? [named] : NAMES) {
    const flaw = await flawOf(name)
    if (!flaw) return name
    flaws.push(flaw)
  }
  throw new LocalModelError(
    `the local model needs Python 3.${LEAST_MINOR} or newer with venv: ${worthSaying(flaws, named)}\n` +
      'install it (Debian, Ubuntu: apt-get install python3 python3-venv), or name one with PORTKEY_PYTHON=/path/to/python3,\n' +
      'or point PORTKEY_CUSTOM_HOST to a server of yours (for example http://127.0.0.1:11434/v1)',
  )
}

async function flawOf(name) {
  const answer = await run(name, ['-c', QUESTION], { env: pythonEnvironment(), timeout: 20_000 }).catch(() => null)
  if (!answer) return { rank: 0, text: `${name} is not there or does not run` }
  const [version, venv] = answer.stdout.trim().split(/\s+/)
  const [major, minor] = version.split('.').map(Number)
  if (major < 3 || (major === 3 && minor < LEAST_MINOR)) return { rank: 1, text: `${name} is ${version}` }
  if (!venv) return { rank: 2, text: `${name} is ${version}, but its venv module is missing` }
  return null
}

/** Of all candidates' flaws the one that is nearest to being mended. */
function worthSaying(flaws, named) {
  const nearest = flaws.reduce((best, flaw) => (flaw.rank > best.rank ? flaw : best))
  if (named) return `PORTKEY_PYTHON: ${nearest.text}`
  return nearest.rank === 0 ? 'no Python was found' : nearest.text
}
