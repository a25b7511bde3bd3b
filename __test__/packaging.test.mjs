// The packages as a user gets them: packed, installed in an empty folder by npm from a registry of our own, and used there.
// tools/packaging/try.mjs goes on from here with bundlers, test runners and other installers.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { elfProblems, glibcOf, readElf } from '../tools/check-addon.mjs'
import { cratesOfAddon } from '../tools/crates.mjs'
import { allowedLicences, isAllowed, licenceTexts, refusedCrates } from '../tools/licenses.mjs'
import { mainManifest, platformManifest } from '../tools/package.mjs'
import { emptyApp, installedIn, run, startRegistry, temporary } from '../tools/packaging/registry.mjs'
import { billOfMaterials } from '../tools/sbom.mjs'
import { chatChunks, completion } from './support/answers.mjs'
import { hostFor } from './support/host.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { PLATFORMS, addonOf, packageOf } = createRequire(import.meta.url)('../js/platforms.js')
const { platformName } = createRequire(import.meta.url)('../js/native.js')
const here = platformName()
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const { version } = manifest

/** Asks a host whole and streamed; `Portkey` is there already. */
const ASKS = `
  const client = new Portkey({ customHost: process.env.TEST_HOST })
  const messages = [{ role: 'user', content: 'hi' }]
  const main = async () => {
    const whole = await client.chat.completions.create({ messages })
    let streamed = ''
    for await (const chunk of await client.chat.completions.create({ messages, stream: true })) streamed += chunk.choices[0]?.delta?.content ?? ''
    console.log(JSON.stringify([whole.choices[0].message.content, streamed]))
  }
  main()
`
const SAID = '["This is a test.","This is a test."]\n'
const answers = (request) => (request.json().stream ? { sse: chatChunks() } : { json: completion() })

describe('the manifests', () => {
  test('name no run-time dependency but the addons, each of the very same version', () => {
    const published = mainManifest()
    assert.equal(published.dependencies, undefined)
    assert.equal(published.peerDependencies, undefined)
    assert.deepEqual(published.optionalDependencies, Object.fromEntries(Object.keys(PLATFORMS).map((name) => [packageOf(name), version])))
    assert.equal(manifest.optionalDependencies, undefined, 'a checkout installs without a published version')
    assert.match(readFileSync(path.join(root, 'Cargo.toml'), 'utf8'), new RegExp(`^version = "${version}"$`, 'm'))
  })

  test('run nothing at install', () => {
    for (const one of [mainManifest(), ...Object.keys(PLATFORMS).map(platformManifest)]) {
      assert.equal(one.scripts, undefined, one.name)
      assert.equal(one.gypfile, undefined, one.name)
    }
    assert.ok(!existsSync(path.join(root, 'binding.gyp')), 'npm would build it')
  })

  test('of a platform keep other platforms from taking it, and are as wide in Node.js versions as the main one', () => {
    for (const [name, { os, cpu, libc }] of Object.entries(PLATFORMS)) {
      const one = platformManifest(name)
      assert.deepEqual([one.os, one.cpu, one.libc, one.engines, one.version], [[os], [cpu], libc && [libc], manifest.engines, version])
      assert.equal(name, [os, cpu, { glibc: 'gnu', musl: 'musl' }[libc] ?? (os === 'win32' ? 'msvc' : undefined)].filter(Boolean).join('-'))
    }
  })
})

describe('installed by npm in an empty folder', () => {
  let registry, place, app
  before(async () => {
    registry = await startRegistry()
    place = temporary('app')
    app = emptyApp(path.join(place.folder, 'app'), registry)
    await run('npm', ['install', 'portkey-native'], { cwd: app })
  })
  after(() => {
    registry?.close()
    place?.close()
  })

  test("there are two packages, and no other platform's addon was fetched", () => {
    assert.deepEqual(installedIn(app), ['portkey-native', packageOf(here)].sort())
    const fetched = registry.asked.filter((url) => url.endsWith('.tgz'))
    assert.deepEqual(fetched.sort(), ['portkey-native', packageOf(here)].map((name) => `/${name}/${name}-${version}.tgz`).sort())
  })

  test('the main package holds what is used and nothing else', () => {
    const { files } = registry.packed.main
    const folders = new Set(files.map((file) => (file.includes('/') ? `${file.split('/')[0]}/` : file)))
    const wanted = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'bin/', 'console/', 'docs/', 'index.d.mts', 'index.d.ts', 'index.js', 'index.mjs', 'js/', 'package.json', 'types/']
    const scripts = files.filter((file) => file.startsWith('js/'))
    assert.deepEqual(scripts.sort(), ['js/native.js', 'js/platforms.js', 'js/portkey-native.js'])
    assert.deepEqual([...folders].sort(), wanted)
    assert.ok(!files.some((file) => file.endsWith('.node')), 'the addon is in the platform package')
    assert.deepEqual([...registry.packed.platform.files].sort(), ['LICENSE', 'README.md', 'THIRD-PARTY-LICENSES', 'package.json', addonOf(here)])
  })

  const WAYS = {
    'an ES module': ['app.mjs', `import Portkey, { APIError } from 'portkey-native'\nif (!(new Portkey.APIError('') instanceof APIError)) throw 1\n${ASKS}`],
    'a CommonJS module': ['app.cjs', `const Portkey = require('portkey-native')\nif (Portkey.default !== Portkey) throw 1\n${ASKS}`],
    'a worker thread': ['worker.cjs', `
      const { Worker, isMainThread } = require('node:worker_threads')
      if (isMainThread) new Worker(__filename)
      else { const Portkey = require('portkey-native'); ${ASKS} }`],
  }
  for (const [what, [file, source]] of Object.entries(WAYS)) {
    test(`it asks whole and streamed from ${what}, and the process ends`, async (t) => {
      const host = await hostFor(t, answers)
      writeFileSync(path.join(app, file), source)
      const { stdout, stderr } = await run(process.execPath, [file], { cwd: app, env: { TEST_HOST: host.url } })
      assert.deepEqual([stdout, stderr], [SAID, ''])
    })
  }

  for (const [module, resolution] of [['node16', 'node16'], ['esnext', 'bundler']]) {
    test(`TypeScript finds its types with moduleResolution ${resolution}`, async () => {
      const source = `import Portkey, { APIError } from 'portkey-native'\nconst answer = await new Portkey({ customHost: 'http://127.0.0.1/v1' }).chat.completions.create({ messages: [] })\n`
      writeFileSync(path.join(app, 'typed.mts'), `${source}const text: string | null = answer.choices[0]!.message.content\nexport { APIError, text }\n`)
      const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', module, '--moduleResolution', resolution]
      await run(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), ...options, 'typed.mts'], { cwd: app })
      writeFileSync(path.join(app, 'wrong.mts'), `${source}const text: number = answer.choices[0]!.message.content\n`)
      await assert.rejects(run(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), ...options, 'wrong.mts'], { cwd: app }), /TS2322/)
    })
  }

  test('without optional dependencies the error says what is missing, and how to install it', async () => {
    const bare = emptyApp(path.join(place.folder, 'bare'), registry)
    await run('npm', ['install', '--omit=optional', 'portkey-native'], { cwd: bare })
    const told = await refusal(bare)
    assert.equal(told.code, 'ADDON_MISSING')
    assert.match(told.message, new RegExp(`^portkey-native has no native addon that loads here \\(${process.platform} ${process.arch}`))
    assert.match(told.message, new RegExp(`  ${packageOf(here)}: not installed\n`))
    assert.match(told.message, new RegExp(`npm install ${packageOf(here)}@${version}`.replaceAll('.', '\\.')))
    assert.match(told.message, /--omit=optional/)
  })
})

/** Where a child that makes a client fails: its error's code, message and cause. */
async function refusal(app, prelude = '') {
  const source = `${prelude}
    const Portkey = require('portkey-native')
    if (typeof Portkey.createHeaders !== 'function' || !new Portkey.APIError('x').message) throw new Error('not even importing works')
    try { new Portkey({ customHost: 'http://127.0.0.1:9/v1' }); console.log('{}') }
    catch (error) { console.log(JSON.stringify({ code: error.code, message: error.message, cause: error.cause?.message })) }`
  return JSON.parse((await run(process.execPath, ['-e', source], { cwd: app })).stdout)
}

describe('an addon that does not load', () => {
  /** An app with the main package as published, and with what `lay` puts beside it. */
  function appWith(t, lay) {
    const { folder, close } = temporary('loader')
    t.after(close)
    const modules = path.join(folder, 'node_modules')
    const main = path.join(modules, 'portkey-native')
    for (const name of ['js', 'types', 'index.js']) cpSync(path.join(root, name), path.join(main, name), { recursive: true, filter: (file) => !file.endsWith('.node') })
    writeFileSync(path.join(main, 'package.json'), JSON.stringify(mainManifest()))
    lay({ main, platform: (name = here) => platformFolder(modules, name) })
    return folder
  }

  function platformFolder(modules, name) {
    const folder = path.join(modules, packageOf(name))
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify(platformManifest(name)))
    return path.join(folder, addonOf(name))
  }

  test('because its file is corrupt gives the words of the operating system', async (t) => {
    const told = await refusal(appWith(t, ({ platform }) => writeFileSync(platform(), 'no addon')))
    assert.equal(told.code, 'ADDON_BROKEN')
    assert.match(told.message, new RegExp(`  ${packageOf(here)}: .*${process.platform === 'linux' ? 'file too short|invalid ELF header' : ''}`))
    assert.ok(told.message.includes(told.cause), 'the cause is the real error')
    assert.match(told.message, /Install it again/)
  })

  test('because it is of another version says both', async (t) => {
    const app = appWith(t, ({ main, platform }) => {
      symlinkSync(path.join(root, 'js', addonOf(here)), platform())
      writeFileSync(path.join(main, 'package.json'), JSON.stringify({ ...mainManifest(), version: '9.9.9' }))
    })
    const told = await refusal(app)
    assert.equal(told.code, 'ADDON_VERSION')
    assert.ok(told.message.includes(`it is version ${version}, and portkey-native is version 9.9.9`), told.message)
    assert.ok(told.message.includes(`npm install portkey-native@9.9.9 ${packageOf(here)}@9.9.9`), told.message)
  })

  test("because node_modules came from another platform says which one's there is", async (t) => {
    const other = Object.keys(PLATFORMS).find((name) => !name.startsWith(process.platform))
    const told = await refusal(appWith(t, ({ platform }) => writeFileSync(platform(other), '')))
    assert.equal(told.code, 'ADDON_MISSING')
    assert.ok(told.message.includes(`There is the addon of ${other}`), told.message)
  })

  test('because the platform has none says which have', async (t) => {
    const told = await refusal(appWith(t, () => {}), "Object.defineProperty(process, 'platform', { value: 'aix' }); Object.defineProperty(process, 'arch', { value: 'ppc64' })")
    assert.equal(told.code, 'ADDON_PLATFORM')
    assert.match(told.message, /no prebuilt addon for aix-ppc64, only for linux-x64-gnu,/)
    assert.match(told.message, /npm run build/)
  })

  test('because a dependency of its own is missing is not called missing itself', async (t) => {
    const told = await refusal(appWith(t, ({ platform }) => {
      const file = platform()
      writeFileSync(path.join(path.dirname(file), 'package.json'), JSON.stringify({ ...platformManifest(here), main: 'index.js' }))
      writeFileSync(path.join(path.dirname(file), 'index.js'), "require('not-there-at-all')")
    }))
    assert.equal(told.code, 'ADDON_BROKEN')
    assert.match(told.message, /Cannot find module 'not-there-at-all'/)
  })
})

/** Runs in a network namespace of its own, where the loopback is all there is, and counts what was sent anywhere else. */
const ALONE = `
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import Portkey from 'portkey-native'
import { chatChunks, completion } from './__test__/support/answers.mjs'
import { startHost } from './__test__/support/host.mjs'
// The kernel counts what it had no way to send: a connection to anywhere, a look-up of any name.
const elsewhere = () => {
  const [names, values] = readFileSync('/proc/net/snmp', 'utf8').split('\\n').filter((line) => line.startsWith('Ip:')).map((line) => line.split(' '))
  return Number(values[names.indexOf('OutNoRoutes')])
}
const up = "import fcntl, socket, struct; s = socket.socket(); fcntl.ioctl(s, 0x8914, struct.pack('16sh14s', b'lo', 1, b''))"
if (spawnSync('python3', ['-c', up], { stdio: 'inherit' }).status !== 0) throw new Error('lo is not up')
const host = await startHost((request) => (request.json().stream ? { sse: chatChunks() } : { json: completion() }))
const client = new Portkey({ customHost: host.url, apiKey: 'pk', metadata: { a: 'b' }, traceID: 't', debug: true })
const messages = [{ role: 'user', content: 'hi' }]
for (let at = 0; at < 20; at++) {
  await client.chat.completions.create({ messages })
  for await (const _ of await client.chat.completions.create({ messages, stream: true }));
}
const own = elsewhere()
await new Portkey({ customHost: 'http://192.0.2.1/v1', maxRetries: 0 }).chat.completions.create({ messages }).catch(() => {})
console.log(JSON.stringify({ requests: host.requests.length, own, control: elsewhere() > own }))
process.exit()
`

test('a process that asks one host sends nothing to any other, as the kernel counts', async (t) => {
  const isolated = ['--user', '--map-root-user', '--net']
  const can = process.platform === 'linux' && spawnSync('unshare', [...isolated, 'true']).status === 0
  if (!can) return t.skip('this machine lets nobody make a network namespace')
  const { stdout } = await run('unshare', [...isolated, process.execPath, '--input-type=module', '-e', ALONE], { cwd: root })
  const { requests, own, control } = JSON.parse(stdout)
  assert.deepEqual({ requests, own, control }, { requests: 40, own: 0, control: true })
})

describe('what is in the addon', () => {
  const crates = cratesOfAddon()

  test('has a licence that deny.toml allows, and a text of it', () => {
    assert.ok(crates.length > 50)
    assert.deepEqual(refusedCrates(crates, allowedLicences()), [])
    const texts = licenceTexts(crates)
    for (const { name, version: own } of crates) assert.ok(texts.includes(`${name} ${own}`), name)
  })

  test('is judged by the whole expression', () => {
    const allowed = ['MIT', 'ISC', 'Apache-2.0']
    const good = ['MIT', 'MIT OR GPL-3.0', 'GPL-3.0/MIT', 'Apache-2.0 AND ISC', '(GPL-2.0 OR MIT) AND ISC', 'Apache-2.0 WITH LLVM-exception', 'GPL-3.0 AND ISC OR MIT']
    const bad = ['GPL-3.0', 'MIT AND GPL-3.0', '(GPL-2.0 OR LGPL-2.1) AND ISC', '']
    for (const expression of good) assert.ok(isAllowed(expression, allowed), expression)
    for (const expression of bad) assert.ok(!isAllowed(expression, allowed), expression)
    assert.deepEqual(refusedCrates([{ name: 'a', version: '1', licence: null }], allowed), ['a 1: no licence is named'])
  })

  test('is listed in a bill of materials with checksums, each of its needs in it', () => {
    const { components, dependencies, metadata } = billOfMaterials(crates)
    assert.equal(metadata.component.purl, `pkg:npm/portkey-native@${version}`)
    const refs = new Set([metadata.component['bom-ref'], ...components.map((one) => one['bom-ref'])])
    assert.equal(refs.size, crates.length + 1)
    for (const { ref, dependsOn } of dependencies) for (const one of [ref, ...dependsOn]) assert.ok(refs.has(one), one)
    for (const { hashes } of components) assert.match(hashes[0].content, /^[0-9a-f]{64}$/)
  })

  test("asks for the machine's own libc, as its ELF file says", { skip: process.platform !== 'linux' && 'it is no ELF file' }, () => {
    const elf = readElf(readFileSync(path.join(root, 'js', addonOf(here))))
    assert.deepEqual(elfProblems(elf, PLATFORMS[here], '99.0'), [])
    assert.deepEqual(elf.exported, ['napi_register_module_v1'])
    if (PLATFORMS[here].libc !== 'glibc') return
    const { stdout } = spawnSync('readelf', ['-V', path.join(root, 'js', addonOf(here))], { encoding: 'utf8' })
    if (stdout) assert.ok(stdout.includes(`GLIBC_${glibcOf(elf)}`))
    assert.match(elfProblems(elf, PLATFORMS[here], '2.1').join(), /needs glibc .*, and the floor is 2\.1/)
    assert.match(elfProblems(elf, { ...PLATFORMS[here], libc: 'musl' }).join(), /needs glibc .*, and is for musl/)
    assert.match(elfProblems(elf, { ...PLATFORMS[here], cpu: 'arm' }).join(), /it is built for .*, not arm/)
  })
})

test('the workflows use actions of one commit each, named with its version', () => {
  const folder = path.join(root, '.github/workflows')
  const used = readdirSync(folder).flatMap((name) => [...readFileSync(path.join(folder, name), 'utf8').matchAll(/uses: (.+)/g)].map(([, action]) => action))
  assert.ok(used.length > 10)
  for (const action of used) assert.match(action, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  assert.equal(new Set(used).size, new Set(used.map((action) => action.split('@')[0])).size, 'one version of each')
})

test('the release builds every platform that the loader knows', () => {
  const workflow = readFileSync(path.join(root, '.github/workflows/release.yml'), 'utf8')
  const built = [...workflow.matchAll(/^ +- \{ platform: ([\w-]+),/gm)].map(([, name]) => name)
  assert.deepEqual(built.sort(), Object.keys(PLATFORMS).sort())
  const deny = readFileSync(path.join(root, 'deny.toml'), 'utf8')
  for (const { target } of Object.values(PLATFORMS)) assert.ok(deny.includes(`"${target}"`), target)
  assert.ok(readdirSync(root).includes('SECURITY.md'))
})
