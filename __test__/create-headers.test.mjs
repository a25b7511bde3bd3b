// createHeaders: the headers that say to a Portkey gateway what the options say here.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { createHeaders, PORTKEY_GATEWAY_URL } from '../index.mjs'
import { createHeadersCases, MENDED_HEADERS } from './support/official-cases.mjs'

describe('the recorded headers of the official SDK', () => {
  for (const { input, output } of createHeadersCases()) {
    const title = JSON.stringify(input)
    const mended = MENDED_HEADERS.find((each) => JSON.stringify(each.input) === title)
    test(mended ? `${title}: mended, ${mended.why}` : title, () => {
      assert.deepEqual(createHeaders(input), mended?.output ?? output)
    })
  }
})

test('every mended case is a recorded one', () => {
  const recorded = createHeadersCases().map(({ input }) => JSON.stringify(input))
  for (const { input, why } of MENDED_HEADERS) assert.ok(recorded.includes(JSON.stringify(input)) && why, JSON.stringify(input))
})

test('each spelling of a forwarded header is listed under the name that it is sent under', () => {
  const names = {
    'X-Custom-ID': 'x-custom-id', 'x-custom-id': 'x-custom-id', xCustomId: 'x-custom-id', xCustomID: 'x-custom-id', XCustomId: 'x-custom-id', x_custom_id: 'x-custom-id',
    CustomHeader: 'custom-header', key_id: 'key_id', xRequestID: 'x-request-id',
  }
  for (const [listed, wanted] of Object.entries(names)) {
    for (const [name] of Object.entries(names).filter(([, wire]) => wire === wanted)) {
      assert.deepEqual(createHeaders({ forwardHeaders: [listed], [name]: 'v' }), { 'x-portkey-forward-headers': wanted, [wanted]: 'v' })
    }
  }
})

test('the gateway has the address of the official SDK', () => {
  assert.equal(PORTKEY_GATEWAY_URL, 'https://api.portkey.ai/v1')
  assert.equal(Portkey.createHeaders, createHeaders)
})

test('the options are not changed, and no addon is needed', () => {
  const options = Object.freeze({ forwardHeaders: Object.freeze(['xApiKey']), xApiKey: 'v', metadata: Object.freeze({ a: '1' }) })
  assert.deepEqual(createHeaders(options), { 'x-portkey-forward-headers': 'x-api-key', 'x-api-key': 'v', 'x-portkey-metadata': '{"a":"1"}' })
})
