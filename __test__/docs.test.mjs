// Prose about the code is held to the code: the paths, commands and names that the documents mention exist, and the
// README's JavaScript runs.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import Portkey from 'portkey-native'
import { chatChunks, completion } from './support/answers.mjs'
import { hostFor } from './support/host.mjs'

const { native } = createRequire(import.meta.url)('../js/native.js')
const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
const DOCUMENTS = readdirSync(root).filter((name) => name.endsWith('.md')).concat('bench/README.md', readdirSync(`${root}docs`).map((name) => `docs/${name}`))
const { scripts } = JSON.parse(read('package.json'))

/** Words in backticks or links that look like paths of this repository. */
function pathsIn(text) {
  const quoted = [...text.matchAll(/`([^`\n]+)`/g)].map(([, word]) => word)
  const linked = [...text.matchAll(/\]\(([^)#\s]+)\)/g)].map(([, word]) => word)
  const known = /^(\.?[\w-]+\/)*[\w.-]+\.(rs|js|mjs|mts|ts|json|toml|md|py)$|^(js|src|engine|types|fixtures|bench|examples|tools|__test__)\/[\w./-]*$/
  return [...new Set([...quoted, ...linked])].filter((word) => known.test(word))
}

describe('every path that a document names exists:', () => {
  for (const document of DOCUMENTS) {
    const folder = document.includes('/') ? `${document.split('/')[0]}/` : ''
    test(document, () => {
      for (const path of pathsIn(read(document))) {
        const places = [path, `${folder}${path}`, `__test__/${path}`, `engine/src/${path}`]
        assert.ok(places.some((place) => existsSync(`${root}${place}`)), `${document} names ${path}`)
      }
    })
  }

  test("ARCHITECTURE.md's map", () => {
    const [, map] = /```text\n([\s\S]*?)```/.exec(read('ARCHITECTURE.md'))
    const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
    const files = stdout.split('\n').flatMap((file) => [file, ...file.split('/').slice(0, -1)])
    const named = [...map.matchAll(/(?<![\w.])(_*[\w-]+_*\/|[\w-]+(\.d)?\.(rs|js|mjs|mts|ts))/g)].map(([word]) => word.replace(/\/$/, ''))
    assert.ok(named.length > 20)
    for (const name of named) assert.ok(files.some((file) => file === name || file.endsWith(`/${name}`)), `the map names ${name}`)
  })
})

test('every npm command that a document names is a script', () => {
  for (const document of DOCUMENTS) {
    for (const [, name] of read(document).matchAll(/npm run ([\w:]+)/g)) assert.ok(scripts[name], `${document}: npm run ${name}`)
  }
})

test('the README names every option, error class and field of a report', () => {
  const readme = read('README.md')
  const errors = Object.keys(Portkey).filter((name) => name.endsWith('Error'))
  for (const name of errors) assert.ok(readme.includes(`\`${name}\``), name)
})

test('docs/remote.md says of every option where it acts', () => {
  const { options } = JSON.parse(native().tables())
  const text = read('docs/remote.md')
  for (const name of options) assert.ok(text.includes(`\`${name}\``), name)
})

/** Answers what the documents ask: in words, in the shape that is asked for, or with the call of a tool. */
function answered(request) {
  const { stream, response_format, tools, messages, input, assistant_id } = request.json()
  if (assistant_id) return { chunks: ['event: thread.run.completed\ndata: {"id":"run_1","status":"completed"}\n\nevent: done\ndata: [DONE]\n\n'], headers: { 'content-type': 'text/event-stream' } }
  if (input) {
    const output = [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: '{"name":"Ada","age":36}', annotations: [] }] }]
    return { sse: [{ type: 'response.completed', response: { id: 'resp_1', object: 'response', status: 'completed', output } }], done: false }
  }
  if (stream) return { sse: chatChunks() }
  if (response_format) return { json: completion('{"name":"Ada","age":36}') }
  if (!tools || messages.at(-1).role === 'tool') return { json: completion() }
  const call = { id: 'call_1', type: 'function', function: { name: tools[0].function.name, arguments: '{"city":"Paris"}' } }
  return { json: completion(null, { choices: [{ index: 0, message: { role: 'assistant', content: null, tool_calls: [call] }, finish_reason: 'tool_calls' }] }) }
}

for (const [document, least] of [['README.md', 3], ['docs/helpers.md', 10]]) {
  test(`the JavaScript of ${document} runs against a host`, async (t) => {
    const host = await hostFor(t, answered)
    const blocks = [...read(document).matchAll(/```js\n([\s\S]*?)```/g)].map(([, block]) => block)
    assert.ok(blocks.length >= least)
    const head = `import Portkey from 'portkey-native'
      const messages = [{ role: 'user', content: 'hi' }]
      let portkey = new Portkey({ customHost: ${JSON.stringify(host.url)} })\n`
    for (const block of blocks) {
      const own = block
        .replace(/import Portkey from 'portkey-native'\n/, '')
        .replace('const portkey =', 'portkey =')
        .replaceAll('…', 'x')
        .replace(/'https?:\/\/[^']+\/v1'/, JSON.stringify(host.url))
      // Not in this thread, where the host has to answer.
      const child = spawn(process.execPath, ['--input-type=module', '-e', head + own], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
      let wrong = ''
      child.stderr.on('data', (text) => (wrong += text))
      const [status] = await once(child, 'close')
      assert.equal(status, 0, `${block}\n${wrong}`)
    }
  })
}
