// The bill of materials of a release: CycloneDX 1.6, for the npm package and every crate in its addon.
//   node tools/sbom.mjs > sbom.cdx.json
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { cratesOfAddon } from './crates.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

const purl = (name) => `pkg:cargo/${name}`

function component({ name, version, licence, repository, checksum }) {
  return {
    type: 'library',
    'bom-ref': purl(`${name}@${version}`),
    name,
    version,
    purl: purl(`${name}@${version}`),
    licenses: [{ expression: licence.replaceAll('/', ' OR ') }],
    ...(checksum && { hashes: [{ alg: 'SHA-256', content: checksum }] }),
    ...(repository && { externalReferences: [{ type: 'vcs', url: repository }] }),
  }
}

/** The document. `timestamp` and `serialNumber` aside it follows from Cargo.lock alone. */
export function billOfMaterials(crates, { timestamp = new Date().toISOString(), serialNumber = `urn:uuid:${randomUUID()}` } = {}) {
  const { name, version, description, license } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  const self = `pkg:npm/${name}@${version}`
  const direct = crates.filter(({ isDirect }) => isDirect)
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber,
    version: 1,
    metadata: {
      timestamp,
      component: { type: 'library', 'bom-ref': self, name, version, description, purl: self, licenses: [{ expression: license }] },
    },
    components: crates.map(component),
    dependencies: [
      { ref: self, dependsOn: direct.map((one) => purl(`${one.name}@${one.version}`)) },
      ...crates.map((one) => ({ ref: purl(`${one.name}@${one.version}`), dependsOn: one.needs.map(purl) })),
    ],
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(JSON.stringify(billOfMaterials(cratesOfAddon()), null, 2))
}
