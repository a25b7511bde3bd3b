// Runs recorded cases of Portkey's gateway as tests of an embedded client. `format` in the fixtures tells how a case is read.
// What happens in a case at a time happens here at its cause where it has one, so that a busy machine changes nothing.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import Portkey, { APIUserAbortError, ConfigError } from '../../index.mjs'
import { failure } from './failures.mjs'
import { withHosts } from './gateway-cases.mjs'
import { closedPort, hostFor } from './host.mjs'

/** What a busy machine may add to a recorded time. */
const SLACK = 400

/**
 * One test for each case of `fixtures/gateway/NAME.json`. By id: `refused` has the message of the ConfigError that answers a
 * case's config, `mended` what is expected in the place of parts of `expect` and why (`refusable`: or such a ConfigError),
 * `leftOut` why a case says nothing here.
 */
export function holdCases(name, { refused = {}, mended = {}, leftOut = {} } = {}) {
  const { cases } = JSON.parse(readFileSync(new URL(`../../fixtures/gateway/${name}.json`, import.meta.url), 'utf8'))
  const stale = Object.keys({ ...refused, ...mended, ...leftOut }).filter((id) => !cases.some((recorded) => recorded.id === id))
  assert.deepEqual(stale, [], `${name}.json has no such case`)
  describe(`the gateway's cases of ${name}`, { concurrency: true }, () => {
    for (const { id, title, given, expect } of cases.filter((recorded) => !(recorded.id in leftOut))) {
      if (id in refused) test(`${id}: ${title}: refused, ${refused[id].source}`, (t) => holdRefusal(t, given, refused[id]))
      else test(`${id}: ${title}${id in mended ? `; but ${mended[id].why}` : ''}`, { timeout: 15_000 }, (t) => hold(t, given, { ...expect, ...mended[id]?.expect }, mended[id]?.refusable))
    }
    test('every other case is left out for a reason', () => {
      for (const [id, why] of Object.entries(leftOut)) assert.ok(why, id)
    })
  })
}

async function setUp(t, given) {
  const hosts = { A: await hostFor(t), B: await hostFor(t), closed: await closedPort() }
  /** Resolves when the caller has read its first event. */
  const read = {}
  read.first = new Promise((resolve) => (read.tell = resolve))
  for (const [name, steps] of Object.entries(given.upstream)) {
    let made = 0
    hosts[name].answer(() => stepOf(steps[Math.min(made++, steps.length - 1)], read))
  }
  return { hosts, read, given: withHosts(given, hosts) }
}

/** A recorded step as our hosts play it. */
function stepOf({ delay_ms, sse, then_drop, raw_sse, raw_chunks, then_sleep_ms, more, headers, ...step }, read) {
  const inTwoSeconds = () => new Date(Date.now() + 2000).toUTCString()
  const made = { ...step, headers: headers && Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('<now+2s as IMF-fixdate>', inTwoSeconds)])) }
  if (delay_ms !== undefined) made.before = delay_ms
  if (sse) {
    const events = sse.map((event) => (event.sleep_ms === undefined ? event : { wait: event.sleep_ms }))
    return { ...made, sse: then_drop ? [...events, 'cut'] : events, done: false }
  }
  const chunks = raw_chunks ?? (raw_sse && [raw_sse])
  if (!chunks) return made
  // What the recording sends after a while, this host sends when what it has sent was read.
  const rest = then_sleep_ms === undefined ? [] : [{ pause: read.first }, more]
  return { ...made, headers: { 'content-type': 'text/event-stream' }, chunks: [...chunks, ...rest] }
}

async function holdRefusal(t, recorded, message) {
  const { hosts, given } = await setUp(t, recorded)
  assert.throws(() => clientOf(given), (error) => error instanceof ConfigError && message.test(error.message))
  assert.equal(hosts.A.accepted.length, 0)
}

/** The gateway makes no retries unless a config says so. */
const clientOf = ({ options, config }) => new Portkey({ maxRetries: 0, ...options, ...(config && { config }) })

async function hold(t, recorded, expect, refusable) {
  const { hosts, read, given } = await setUp(t, recorded)
  let client
  try {
    client = clientOf(given)
  } catch (error) {
    if (error instanceof ConfigError && refusable?.test(error.message)) return
    throw error
  }
  if (given.warm) await call(client, given, withoutGuardrails(given.config), read)
  const began = performance.now()
  const outcomes = []
  for (const params of callsOf(given)) {
    if (outcomes.length > 0 && given.gap_ms) await sleep(given.gap_ms)
    outcomes.push(await call(client, given, params, read))
  }
  const elapsed = performance.now() - began
  assertOutcome(outcomes.at(-1), given, expect)
  expect.sequence?.forEach((wanted, at) => assertOutcome(outcomes[at], given, wanted))
  const { elapsed_ms: { min = 0, max = Infinity } = {} } = expect
  assert.ok(elapsed >= min - 2 && elapsed <= max + SLACK, `${elapsed} ms of ${min} to ${max}`)
  assertCalls(hosts, expect)
  // A connection that its client closes has ended its answer; after a whole one it is kept.
  for (const name of expect.upstream_aborted ?? []) await hosts[name].closed()
}

const withoutGuardrails = ({ input_guardrails: _, ...config }) => ({ config })

/** The parameters of each call that a case makes. */
function callsOf({ repeat = 1, sequence_options, sequence_config }) {
  return sequence_config?.map((config) => ({ config })) ?? sequence_options ?? Array(repeat).fill(undefined)
}

/** Makes one call; gives what its caller has of it. */
async function call(client, { endpoint, request, request_patch, headers, abort_after_ms }, params, read) {
  const body = request ?? { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...request_patch }
  const create = endpoint === 'embeddings' ? client.embeddings : client.chat.completions
  const abort = new AbortController()
  const events = []
  let response
  try {
    const answered = await create.create(body, params, { headers, signal: abort.signal }).withResponse()
    response = answered.response
    if (!body.stream) return { response, status: response.status, headers: response.headers, body: answered.data, gateway: answered.data.getGateway() }
    for await (const event of answered.data) {
      events.push(event)
      read.tell()
      // Recorded as a time between the second event and the third.
      if (abort_after_ms !== undefined && events.length === 2) abort.abort()
    }
    return { status: response.status, headers: response.headers, events, gateway: answered.data.getGateway() }
  } catch (error) {
    const { status, headers: own } = response ?? error
    return { error, status, headers: own, body: error.error, events, gateway: error.gateway }
  }
}

function assertOutcome({ error, status, headers, body, events, gateway }, { options, abort_after_ms }, expect) {
  if (abort_after_ms !== undefined) return assert.ok(error instanceof APIUserAbortError, String(error))
  if (expect.stream_error) assert.ok(error && events.length > 0, 'a stream that breaks off throws')
  else if (expect.status === undefined && !expect.status_in) assert.equal(error, undefined)
  if (expect.status !== undefined) assert.equal(status, expect.status, error?.stack)
  if (expect.status_in) assert.ok(expect.status_in.includes(status), `${status}`)
  if (expect.body) assertSubset(body, expect.body, 'body')
  for (const name of expect.body_absent ?? []) assert.ok(!(name in body), name)
  for (const [name, value] of Object.entries(expect.headers ?? {})) assert.equal(headers[name], value, name)
  if (expect.content_type) assert.ok(headers['content-type'].startsWith(expect.content_type), headers['content-type'])
  if (expect.text) assert.deepEqual(events, expect.text.match(/(?<=^data: )[^[].*$/gm).map((data) => JSON.parse(data)))
  if (expect.first_event_has) assert.notEqual(expect.first_event_has.split('.').reduce((value, name) => value?.[name], events[0]), undefined)
  if (expect.log_entries) {
    const told = gateway.attempts.map(({ target, status: own }) => ({ lastUsedOptionIndex: target, response_status: own }))
    assert.deepEqual(told, expect.log_entries)
  }
  if (expect.same_trace) assert.equal(gateway.traceId, options.traceID)
}

/** Everything that `wanted` has, `value` has too. */
function assertSubset(value, wanted, path) {
  if (typeof wanted !== 'object' || wanted === null) return assert.equal(value, wanted, path)
  assert.ok(typeof value === 'object' && value !== null, `${path} is ${value}`)
  if (Array.isArray(wanted)) assert.equal(value.length, wanted.length, path)
  for (const key in wanted) assertSubset(value[key], wanted[key], `${path}.${key}`)
}

/** The hosts' requests, in the order in which they came. */
function assertCalls({ A, B }, { calls, call_count = {} }) {
  for (const [name, count] of Object.entries(call_count)) assert.equal({ A, B }[name].requests.length, count, `calls of ${name}`)
  if (!calls) return
  const made = [A, B].flatMap((host, at) => host.requests.map((request) => ({ to: 'AB'[at], request })))
  made.sort((one, other) => one.request.headAt - other.request.headAt)
  assert.deepEqual(made.map(({ to }) => to), calls.map(({ to }) => to))
  calls.forEach(({ headers = {}, body = {} }, at) => {
    const { request } = made[at]
    for (const [name, value] of Object.entries(headers)) assert.deepEqual(request.values(name), [value], name)
    assertSubset(request.json(), body, 'body')
  })
}
