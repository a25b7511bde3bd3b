// The packages as tools/package.mjs makes them, packed, behind a registry of our own on a socket: what an installer then
// does is what it does with published packages, down to which platform's addon it takes.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

import { makePackages, platformManifest } from '../package.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const require = createRequire(import.meta.url)
const { PLATFORMS, packageOf } = require('../../js/platforms.js')
const { platformName } = require('../../js/native.js')

/** What the machine's installers are told otherwise must not reach ours. */
export const environment = (more = {}) => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|pnpm_|bun_|(https?|all|no)_proxy$|node_options|node_test_context)/i.test(name))),
  ...more,
})

/** Runs a command; gives what it said. Throws where it failed. */
export async function run(command, args, { cwd, env, input } = {}) {
  const child = spawn(command, args, { cwd, env: environment(env), stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr']) child[name].on('data', (bytes) => (said[name] += bytes))
  child.stdin?.end(input)
  const [code, signal] = await once(child, 'close')
  if (code !== 0) throw Object.assign(new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}\n${said.stdout}${said.stderr}`), { ...said, code })
  return said
}

/** A fresh folder below the machine's temporary one, gone when `close()` is called. */
export function temporary(name) {
  const folder = mkdtempSync(path.join(os.tmpdir(), `portkey-native-${name}-`))
  return { folder, close: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Packs a folder with npm; gives its manifest and the tarball with its file names. */
async function pack(folder, place) {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', place], { cwd: folder })
  const told = JSON.parse(stdout)
  const [{ filename, files }] = Array.isArray(told) ? told : Object.values(told)
  const tarball = readFileSync(path.join(place, filename))
  return { manifest: JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')), file: path.join(place, filename), tarball, files: files.map((file) => file.path) }
}

/**
 * Packs the main package and this machine's platform package, and serves them: `{ url, packed, asked, close }`. The other
 * platforms' packages have manifests only; whoever downloads one gets an error, and is found in `asked`.
 */
export async function startRegistry() {
  const { folder, close } = temporary('registry')
  const name = platformName()
  const folders = makePackages({ out: path.join(folder, 'npm'), addons: path.join(root, 'js'), names: [name] })
  mkdirSync(path.join(folder, 'packed'))
  const packed = {
    main: await pack(folders['portkey-native'], path.join(folder, 'packed')),
    platform: await pack(folders[name], path.join(folder, 'packed')),
    folders,
  }
  const packages = new Map([packed.main, packed.platform].map((one) => [one.manifest.name, one]))
  for (const other of Object.keys(PLATFORMS)) {
    if (other !== name) packages.set(packageOf(other), { manifest: platformManifest(other), tarball: undefined })
  }
  const asked = []
  const server = http.createServer((request, response) => {
    asked.push(request.url)
    const [, wanted, tarball] = request.url.split('/')
    const one = packages.get(decodeURIComponent(wanted))
    if (!one || (tarball && !one.tarball)) return response.writeHead(404, { 'content-type': 'application/json' }).end('{}')
    if (tarball) return response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(one.tarball)
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(packument(one, url)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${server.address().port}/`
  return {
    url, packed, asked,
    close() {
      server.close()
      server.closeAllConnections()
      close()
    },
  }
}

/** What a registry tells of a package. */
function packument({ manifest, tarball }, url) {
  const { name, version } = manifest
  const integrity = `sha512-${createHash('sha512').update(tarball ?? name).digest('base64')}`
  const dist = { tarball: `${url}${name}/${name}-${version}.tgz`, integrity }
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } }, time: { [version]: '2020-01-01T00:00:00.000Z' } }
}

/** An app's folder that takes its packages from the registry: with a manifest, and nothing installed. */
export function emptyApp(folder, { url }, more = {}) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'app', version: '1.0.0', private: true, ...more }))
  writeFileSync(path.join(folder, '.npmrc'), `registry=${url}\ncache=${path.join(folder, '.npm-cache')}\naudit=false\nfund=false\nupdate-notifier=false\n`)
  return folder
}

/** The packages in a node_modules, hidden folders aside. */
export const installedIn = (folder) => readdirSync(path.join(folder, 'node_modules')).filter((name) => !name.startsWith('.')).sort()
