// What happens when a host misbehaves: every fault of support/faults.mjs, whole and streamed, ends in the right error or answer,
// within its clocks, in bounded memory, with one request and no connection left over. docs/faults.md has other clients beside it.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, describe, test } from 'node:test'

import { CLOCK, FAULTS } from './support/faults.mjs'
import { FaultClient } from './support/fault-run.mjs'

/** What a call to a hostile host may hold at most: an event's limit, what is unpacked of it, and what waits to be read. */
const MOST_MB = 160

const { native } = createRequire(import.meta.url)('../js/native.js')
const hasLimit = JSON.parse(native().tables()).options.includes('maxAnswerBytes')
/** Why a fault is not tried: whole bodies without end need a limit that can be set, else they take what memory there is. */
const reasonToSkip = (name, expected) => !hasLimit && (/too_large/.test(expected) || /^refuses with a body without end/.test(name)) && 'whole bodies have no limit of size'

const client = new FaultClient('native')
after(() => client.close())

for (const kind of ['whole', 'stream']) {
  describe(`${kind === 'stream' ? 'a stream' : 'a whole call'} to a host that`, () => {
    for (const [name, fault] of Object.entries(FAULTS).flatMap(([name, kinds]) => (kinds[kind] ? [[name, kinds[kind]]] : []))) {
      const [, expected, patient] = fault
      test(`${name}: ${expected}`, { timeout: 60_000, skip: reasonToSkip(name, expected) }, async () => {
        const { outcome, told, ms, grown, left, requests } = await client.meet(fault, kind === 'stream')
        assert.equal(outcome, expected, told)
        assert.equal(requests, 1, 'sent once')
        assert.ok(grown < MOST_MB, `it held ${grown} MB more`)
        if (!patient) assert.ok(ms < CLOCK * 3 + 1000, `it took ${ms} ms`)
        if (/timeout|too_large/.test(expected)) assert.equal(left, 0, 'a connection is left')
        if (/Error/.test(expected)) assert.ok(told.split('\n').length <= 3, told)
      })
    }
  })
}
