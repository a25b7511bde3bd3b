// Many tenants on one client: a call's credential, headers, metadata, trace and prompt are its own, whoever calls at the same time.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { AuthenticationError } from '../index.mjs'
import { chatChunks, completion, envelope } from './support/answers.mjs'
import { shown } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'

const TENANTS = 1000

/** Every value of a tenant holds its number in this form, which is in no other text. */
const mark = (at) => `<${at}>`
const numbers = (text) => new Set([...text.matchAll(/<(\d+)>/g)].map(([, number]) => Number(number)))

const argumentsOf = (at, stream) => [
  { messages: [{ role: 'user', content: `prompt ${mark(at)}` }], stream, user: mark(at) },
  {
    Authorization: `Bearer key-${mark(at)}`, 'x-tenant': `tenant ${mark(at)}`, forwardHeaders: ['x-tenant', 'x-call'], traceID: `trace-${mark(at)}`, metadata: { tenant: mark(at) },
    // Some bring a config of their own as well.
    ...(at % 3 === 0 && { config: { override_params: { seed: at, safety_identifier: mark(at) }, retry: { attempts: 1 } } }),
  },
  { headers: { 'x-call': `call ${mark(at)}` }, query: { tenant: mark(at) } },
]

/** What a call came to: everything that is shown of it. */
async function outcomeOf(client, at) {
  const stream = at % 2 === 1
  try {
    const answer = await client.chat.completions.create(...argumentsOf(at, stream))
    const pieces = []
    if (stream) for await (const piece of answer) pieces.push(piece)
    return { at, text: `${JSON.stringify(stream ? pieces : answer)} ${shown(answer.getGateway())} ${shown(answer.getHeaders())}`, report: answer.getGateway() }
  } catch (error) {
    return { at, error, text: `${shown(error)} ${JSON.stringify(error.error)}`, report: error.gateway }
  }
}

describe(`${TENANTS} tenants at once on one client`, () => {
  test('have nothing of each other, on the wire, in answers, reports, errors and records', async (t) => {
    // Every seventh is refused at once, every fifth waits a little, so that later calls overtake it.
    const host = await hostFor(t, async (request) => {
      const [at] = numbers(request.text)
      const content = request.json().messages[0].content
      const before = at % 5 === 0 ? 20 : 0
      if (at % 7 === 0) return { before, status: 401, json: envelope(`no such key: ${content}`) }
      return { before, ...(request.json().stream ? { sse: chatChunks(['to ', content]) } : { json: completion(content) }) }
    })
    const records = []
    const client = new Portkey({ customHost: host.url, maxRetries: 0, onRecord: (record) => records.push(record), captureContent: true })
    const config = { custom_host: host.url }
    const outcomes = await Promise.all(Array.from({ length: TENANTS }, (_, at) => outcomeOf(at % 3 === 0 ? client.withOptions({ config }) : client, at)))
    assert.equal(host.requests.length, TENANTS)

    const seen = new Set()
    for (const request of host.requests) {
      const wire = `${request.path} ${decodeURIComponent(request.path)} ${request.rawHeaders.flat().join(' ')} ${request.text}`
      const [at, ...others] = numbers(wire)
      assert.deepEqual(others, [], wire)
      seen.add(at)
      assert.equal(request.headers.authorization, `Bearer key-${mark(at)}`)
      assert.equal(request.headers['x-tenant'], `tenant ${mark(at)}`)
      assert.equal(request.headers['x-call'], `call ${mark(at)}`)
      assert.equal(new URL(request.path, host.origin).searchParams.get('tenant'), mark(at))
      assert.equal(request.json().user, mark(at))
    }
    assert.equal(seen.size, TENANTS)

    for (const { at, error, text, report } of outcomes) {
      assert.deepEqual([...numbers(text)], [at], text)
      assert.equal(error instanceof AuthenticationError, at % 7 === 0, text)
      assert.equal(report.traceId, `trace-${mark(at)}`)
    }

    await client.flush(5000)
    for (const record of records) {
      assert.equal(numbers(JSON.stringify(record)).size, 1, JSON.stringify(record))
      assert.ok(!JSON.stringify(record).includes('key-'), 'a credential is in a record')
    }
    assert.ok(records.length > TENANTS / 2, `${records.length} records`)
  })

  test('leave nothing behind: a call without options sends none', async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const client = new Portkey({ customHost: host.url })
    await Promise.all(Array.from({ length: 50 }, (_, at) => client.chat.completions.create(...argumentsOf(at * 6 + 1, false))))
    const answer = await client.chat.completions.create({ messages: [] })
    const { path, rawHeaders, text } = host.last
    assert.equal(numbers(`${path} ${rawHeaders.flat().join(' ')} ${text} ${JSON.stringify(answer.getGateway())} ${JSON.stringify(client.targets())}`).size, 0)
    assert.equal(host.last.headers.authorization, undefined)
  })
})
