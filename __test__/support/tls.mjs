// The test certificate, as `startHost(script, { tls: CERTIFICATE })` takes it.

import { readFileSync } from 'node:fs'

const read = (name) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url))

export const CERTIFICATE = { key: read('host.key'), cert: read('host.pem') }
