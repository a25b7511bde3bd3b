// Makes the packages as they are published, each in a folder that `npm publish` takes: npm/portkey-native and, for each
// addon that is there, npm/<platform> (the conventions of napi-rs). The repository's own package.json stays free of them,
// so that `npm ci` in a checkout needs no published version.
//   node tools/package.mjs                    this machine's platform, from the addon in js/
//   node tools/package.mjs --addons FOLDER    from the addons in FOLDER; every platform must be there
//   node tools/package.mjs --out FOLDER       elsewhere than in npm/
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { bundle } from './bundle.mjs'
import { cratesOfAddon } from './crates.mjs'
import { licenceTexts } from './licenses.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const { PLATFORMS, addonOf, packageOf } = createRequire(import.meta.url)('../js/platforms.js')
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
// npm attests where a package was built only if the package names the same repository.
const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env
if (GITHUB_REPOSITORY) manifest.repository = { type: 'git', url: `git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git` }

/** What both kinds of package say of themselves. Packages of platforms are as wide in `engines` as the root: npm skips one that is not. */
const shared = ({ version, license, repository, engines }) => ({ version, license, repository, engines })

/** What a checkout packs and the main package does not: the addon, which is in its platform's package. */
const ADDONS = 'js/*.node'

/** The main package's manifest: every platform's package as an optional dependency of the very same version. */
export function mainManifest() {
  const { devDependencies, scripts, ...published } = manifest
  const files = manifest.files.filter((name) => name !== ADDONS)
  const optionalDependencies = Object.fromEntries(Object.keys(PLATFORMS).map((name) => [packageOf(name), manifest.version]))
  return { ...published, files, optionalDependencies }
}

/** The manifest of a platform's package: what keeps installers from taking another's. */
export function platformManifest(name) {
  const { os, cpu, libc } = PLATFORMS[name]
  return {
    name: packageOf(name),
    description: `The native addon of portkey-native for ${name}`,
    ...shared(manifest),
    main: addonOf(name),
    files: [addonOf(name), 'THIRD-PARTY-LICENSES'],
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
  }
}

function write(folder, name, text) {
  writeFileSync(path.join(folder, name), typeof text === 'string' ? text : `${JSON.stringify(text, null, 2)}\n`)
}

/** Writes the packages below `out`; gives their folders by name. */
export function makePackages({ out, addons, names }) {
  const folders = {}
  const folder = (name) => {
    const place = path.join(out, name)
    rmSync(place, { recursive: true, force: true })
    mkdirSync(place, { recursive: true })
    return (folders[name] = place)
  }
  const main = folder(manifest.name)
  const published = mainManifest()
  bundle()
  for (const name of published.files) cpSync(path.join(root, name), path.join(main, name), { recursive: true })
  write(main, 'package.json', published)
  const licences = licenceTexts(cratesOfAddon())
  for (const name of names) {
    const place = folder(name)
    write(place, 'package.json', platformManifest(name))
    write(place, 'README.md', `# ${packageOf(name)}\n\nThe native addon of portkey-native for ${name}. It is installed with that package, and is of no use without it.\n`)
    write(place, 'THIRD-PARTY-LICENSES', licences)
    cpSync(path.join(root, 'LICENSE'), path.join(place, 'LICENSE'))
    cpSync(path.join(addons, addonOf(name)), path.join(place, addonOf(name)))
  }
  return folders
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const option = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined)
  const addons = option('--addons') ?? path.join(root, 'js')
  const names = Object.keys(PLATFORMS).filter((name) => existsSync(path.join(addons, addonOf(name))))
  const missing = Object.keys(PLATFORMS).filter((name) => !names.includes(name))
  if (names.length === 0 || (option('--addons') && missing.length > 0)) {
    console.error(`package: ${addons} has no addon of ${missing.join(', ')}`)
    process.exit(1)
  }
  const folders = makePackages({ out: option('--out') ?? path.join(root, 'npm'), addons, names })
  for (const place of Object.values(folders)) console.log(path.relative(root, place))
}
