// The long runs of tools/soak.mjs in their short form: that they work, and that nothing grows within them.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

for (const [what, words] of Object.entries({
  'mixed calls for half a minute, with workers that come and go': ['--minutes', '0.5'],
  '200 worker threads, started and ended with calls in flight': ['--workers', '200'],
})) {
  test(`${what} leave memory, handles and connections as they were`, { timeout: 180_000 }, async (t) => {
    const child = spawn(process.execPath, ['tools/soak.mjs', ...words], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_TEST_CONTEXT: '' } })
    t.after(() => child.kill())
    let said = ''
    for (const name of ['stdout', 'stderr']) child[name].on('data', (bytes) => (said += bytes))
    const [code] = await once(child, 'close')
    t.diagnostic(said.trim().split('\n').at(-1))
    assert.equal(code, 0, said)
  })
}
