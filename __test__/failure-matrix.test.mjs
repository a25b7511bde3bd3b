// The failure matrix: every way in which a target may fail, for whole answers and for streams, alone, in a fallback and behind a load balancer,
// over real sockets. Each cell is a test.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { InternalServerError } from '../index.mjs'
import { MESSAGES, chatChunks, chunk, completion } from './support/answers.mjs'
import { failing } from './support/failing-hosts.mjs'
import { shown } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { collect } from './support/recorded.mjs'

// A fails in each row; support/failing-hosts.mjs has what it sends. A cell has the attempts in their order, `A A` being a retry and `A→B` the next
// target, and what the caller gets: B's answer, or the error (its code is that of the attempt), with what was handed out of A's stream before it.
//   single        A alone, with the default retries: their waits are drawn at random, but those of all cells pass side by side
//   fallback      A, then B, which answers
//   none left     A, then B, which fails in the same way: the error is B's
//   load balance  A has all the weight, B none
// The rules are those of docs/configs.md. A refusal is repeated by its status, a failure to connect always, what the host may have acted on never.
// Any failure moves a fallback on, until content was handed out. A role is held back as long as another attempt is planned.
const MATRIX = `
failure                  | answer | attempt: phase status code   | error: class status           | single         | fallback       | none left        | load balance
refused                  | both   | connect - ECONNREFUSED       | APIConnectionError -          | A A A: error   | A→B: B answers | A→B: error       | A: error
DNS                      | both   | connect - ENOTFOUND          | APIConnectionError -          | A A A: error   | A→B: B answers | A→B: error       | A: error
TLS                      | both   | connect - ETLS               | APIConnectionError -          | A: error       | A→B: B answers | A→B: error       | A: error
reset before bytes       | both   | headers - ECONNRESET         | APIConnectionError -          | A: error       | A→B: B answers | A→B: error       | A: error
reset after bytes        | whole  | body 200 ECONNRESET          | APIConnectionError -          | A: error       | A→B: B answers | A→B: error       | A: error
reset after bytes        | stream | body 200 stream_truncated    | StreamTruncatedError -        | A: role, error | A→B: B answers | A→B: role, error | A: role, error
reset after content      | whole  | - a whole answer is handed out at its end only
reset after content      | stream | body 200 stream_truncated    | StreamTruncatedError -        | A: text, error | A: text, error | A: text, error   | A: text, error
400                      | both   | body 400 busy                | BadRequestError 400           | A: error       | A→B: B answers | A→B: error       | A: error
401                      | both   | body 401 busy                | AuthenticationError 401       | A: error       | A→B: B answers | A→B: error       | A: error
404                      | both   | body 404 busy                | NotFoundError 404             | A: error       | A→B: B answers | A→B: error       | A: error
408                      | both   | body 408 busy                | APIError 408                  | A A A: error   | A→B: B answers | A→B: error       | A: error
429                      | both   | body 429 busy                | RateLimitError 429            | A A A: error   | A→B: B answers | A→B: error       | A: error
500                      | both   | body 500 busy                | InternalServerError 500       | A A A: error   | A→B: B answers | A→B: error       | A: error
503                      | both   | body 503 busy                | InternalServerError 503       | A A A: error   | A→B: B answers | A→B: error       | A: error
garbled JSON             | whole  | body 200 garbled_answer      | APIError 200                  | A: error       | A→B: B answers | A→B: error       | A: error
garbled JSON             | stream | body 200 stream_truncated    | StreamTruncatedError -        | A: role, error | A→B: B answers | A→B: role, error | A: role, error
garbled after content    | whole  | - a whole answer is handed out at its end only
garbled after content    | stream | body 200 stream_truncated    | StreamTruncatedError -        | A: text, error | A: text, error | A: text, error   | A: text, error
JSON cut short           | whole  | body 200 garbled_answer      | APIError 200                  | A: error       | A→B: B answers | A→B: error       | A: error
JSON cut short           | stream | - an event that is cut off is a truncation
in-stream error at once  | whole  | - a whole answer has no events
in-stream error at once  | stream | body 200 busy                | InternalServerError 500       | A A A: error   | A→B: B answers | A→B: error       | A: error
in-stream error          | whole  | - a whole answer has no events
in-stream error          | stream | body 200 busy                | InternalServerError 500       | A: role, error | A→B: B answers | A→B: role, error | A: role, error
error after content      | whole  | - a whole answer has no events
error after content      | stream | body 200 busy                | InternalServerError 500       | A: text, error | A: text, error | A: text, error   | A: text, error
stall before headers     | both   | headers - headers_timeout    | APIConnectionTimeoutError 408 | A: error       | A→B: B answers | A→B: error       | A: error
stall before first token | whole  | - a whole answer has no first token: it stalls before its headers, or after them
stall before first token | stream | body 200 first_token_timeout | APIConnectionTimeoutError 408 | A: role, error | A→B: B answers | A→B: role, error | A: role, error
stall after              | whole  | body 200 idle_timeout        | APIConnectionTimeoutError 408 | A: error       | A→B: B answers | A→B: error       | A: error
stall after              | stream | body 200 idle_timeout        | APIConnectionTimeoutError 408 | A: text, error | A: text, error | A: text, error   | A: text, error
truncation               | whole  | body 200 ECONNRESET          | APIConnectionError -          | A: error       | A→B: B answers | A→B: error       | A: error
truncation               | stream | body 200 stream_truncated    | StreamTruncatedError -        | A: role, error | A→B: B answers | A→B: role, error | A: role, error
truncation after content | whole  | - a whole answer is handed out at its end only
truncation after content | stream | body 200 stream_truncated    | StreamTruncatedError -        | A: text, error | A: text, error | A: text, error   | A: text, error
clean end                | whole  | - a whole answer that ends too early is JSON cut short
clean end                | stream | body 200 stream_truncated    | StreamTruncatedError -        | A: role, error | A→B: B answers | A→B: role, error | A: role, error
clean end after content  | whole  | - a whole answer that ends too early is JSON cut short
clean end after content  | stream | body 200 stream_truncated    | StreamTruncatedError -        | A: text, error | A: text, error | A: text, error   | A: text, error
`

const COLUMNS = {
  single: (A) => ({ config: A }),
  fallback: (A, B) => ({ config: { strategy: { mode: 'fallback' }, targets: [A, B] } }),
  'none left': (A, B) => ({ config: { strategy: { mode: 'fallback' }, targets: [A, B] } }),
  'load balance': (A, B) => ({ config: { strategy: { mode: 'loadbalance' }, targets: [{ ...A, weight: 1 }, { ...B, weight: 0 }] } }),
}

const [[, , , , ...columns], ...rows] = MATRIX.trim().split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
assert.deepEqual(columns, Object.keys(COLUMNS))

/** B where it answers. */
async function answering(t, streams) {
  const host = await hostFor(t, [streams ? { sse: chatChunks() } : { json: completion() }])
  return { host, target: { name: 'B', custom_host: host.url }, words: completion().choices[0].message.content, id: completion().id, isComplete: true }
}

/** Makes the call; gives what its caller has of it. */
async function outcomeOf(client, streams) {
  const read = []
  try {
    const { data, response } = await client.chat.completions.create({ messages: MESSAGES, stream: streams }).withResponse()
    if (!streams) return { read: data, report: data.getGateway(), facts: data.getHeaders(), response }
    for await (const event of data) read.push(event)
    return { read, report: data.getGateway(), facts: data.getHeaders(), response }
  } catch (error) {
    return { read, error, report: error.gateway }
  }
}

/** Attempts as the table writes them: `A A`, `A→B`. */
const written = (attempts) => attempts.map(({ target }, at) => (at === 0 ? '' : attempts[at - 1].target === target ? ' ' : '→') + target).join('')

/** An outcome as the table writes it. */
function told({ read, error, report }, streams) {
  if (!error) {
    assert.deepEqual(read, streams ? chatChunks() : completion())
    return `${written(report.attempts)}: B answers`
  }
  const handedOut = ['', 'role, ', 'text, '][read.length]
  return `${written(report.attempts)}: ${handedOut}error`
}

for (const answer of ['whole', 'stream']) {
  describe(`${answer === 'stream' ? 'a stream' : 'a whole answer'} and`, { concurrency: 16 }, () => {
    for (const [failure, which, attempt, thrown, ...cells] of rows) {
      if (which !== 'both' && which !== answer) continue
      cells.forEach((cell, at) => {
        const column = columns[at]
        test(`${failure}, ${column}: ${cell}`, { timeout: 10_000 }, (t) =>
          hold(t, { failure, streams: answer === 'stream', column, cell, attempt, thrown, code: attempt.split(' ')[2] }))
      })
    }
  })
}

async function hold(t, { failure, streams, column, cell, attempt, thrown, code }) {
  const A = await failing(t, failure, 'A', streams)
  const B = await (column === 'none left' ? failing(t, failure, 'B', streams) : answering(t, streams))
  const outcome = await outcomeOf(new Portkey(COLUMNS[column](A.target, B.target)), streams)
  assert.equal(told(outcome, streams), cell, outcome.error?.stack)
  const { attempts } = outcome.report
  assertAttempts(attempts, { A, B }, { attempt, answered: !outcome.error, reason: thrown.endsWith('-') ? code : `status ${thrown.split(' ')[1]}` })
  const [last, other] = attempts.at(-1).target === 'B' ? [B, A] : [A, B]
  const path = column === 'single' ? 'config' : `config.targets[${last === A ? 0 : 1}]`
  if (outcome.error) assertError(outcome, { thrown, code, last, other, path, retried: cell.startsWith('A A') })
  else assertAnswer(outcome, A)
  for (const one of [A, B]) {
    if (one.host) await assertRequests(one, attempts.filter(({ target }) => target === one.target.name).length)
  }
}

/** One line of the report for each attempt, with what it came to and why it was made. */
function assertAttempts(attempts, targets, { attempt, answered, reason }) {
  attempts.forEach(({ target, provider, url, status, phase, code, retryReason, ms }, at) => {
    const isAnswer = answered && at === attempts.length - 1
    assert.equal(`${phase} ${status ?? '-'} ${code ?? '-'}`, isAnswer ? 'done 200 -' : attempt)
    assert.equal(retryReason, attempts[at - 1]?.target === target ? reason : null)
    assert.deepEqual([provider, url], ['openai', `${targets[target].target.custom_host}/chat/completions`])
    assert.equal(typeof ms.total, 'number')
  })
}

/** The error is of the last target, and names it; nothing of another one is in it. */
function assertError({ read, error }, { thrown, code, last, other, path, retried }) {
  assert.equal(`${error.name} ${error.status ?? '-'}`, thrown)
  assert.equal(error.code, code)
  const [, where, ...more] = error.message.split('\n')
  assert.ok(more.length <= 1, error.message)
  assert.ok(where.includes(`${last.target.custom_host}/chat/completions`), where)
  assert.ok([path, last.target.name].some((name) => where.includes(`(${name}, provider openai)`)), where)
  assert.ok(code !== 'busy' || error.message.includes(last.words), error.message)
  assert.equal(error.gateway.target, last.target.name)
  assert.equal(error.headers['x-portkey-last-used-option-index'], path)
  assert.equal(error.headers['x-portkey-retry-attempt-count'], retried ? '-1' : '0')
  assert.deepEqual(read, last.events?.slice(0, read.length) ?? [])
  if (error.name === 'StreamTruncatedError') assert.equal(error.partial.text, read.length === 2 ? last.words : '')
  assertNothingOf(other, `${shown(error)}${JSON.stringify(read)}`)
}

function assertAnswer({ read, report, facts, response }, failed) {
  assert.deepEqual([report.target, report.changes, response.status], ['B', [], 200])
  assert.deepEqual([facts['last-used-option-index'], facts['retry-attempt-count']], ['config.targets[1]', '0'])
  assertNothingOf(failed, JSON.stringify([read, report, facts, response]))
}

function assertNothingOf({ words, id }, text) {
  for (const own of [words, id]) assert.ok(!text.includes(own), `${own} in ${text}`)
}

/** Each attempt was one request, and no connection is left open that nobody can use again. */
async function assertRequests({ host, greets, isComplete }, attempts) {
  if (greets) await host.until(({ faults }) => faults.length >= attempts)
  assert.equal(host.faults.length, greets ? attempts : 0)
  assert.equal(host.requests.length, greets ? 0 : attempts)
  if (attempts === 0) assert.equal(host.accepted.length, 0)
  await host.until(({ connections }) => connections.length <= (isComplete ? 1 : 0))
}

describe('what came in one piece with the failure', () => {
  const piece = (events) => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')
  const role = chunk({ role: 'assistant', content: '', note: 'words of A' })
  const error = { error: { message: 'words of A', type: 'server_error' } }

  async function fallback(t, events) {
    const A = await hostFor(t, [{ headers: { 'content-type': 'text/event-stream' }, chunks: [piece(events), 'hang'] }])
    const { host: B, target } = await answering(t, true)
    const client = new Portkey({ config: { strategy: { mode: 'fallback' }, targets: [{ name: 'A', custom_host: A.url }, target] } })
    return { A, B, call: client.chat.completions.create({ messages: MESSAGES, stream: true }) }
  }

  const VIEWS = {
    'its events': async (call) => (await collect(call)).items,
    'both readers of a tee': async (call) => Promise.all((await call).tee().map(async (reader) => (await collect(reader)).items)),
    'its lines of JSON': async (call) => new Response((await call).toReadableStream()).text(),
    'its unread body': async (call) => new Response((await call.asResponse()).body).text(),
  }
  for (const [view, read] of Object.entries(VIEWS)) {
    test(`is in none of the views of B's stream: ${view}`, async (t) => {
      const { A, B, call } = await fallback(t, [role, role, { note: 'words of A' }, error])
      const seen = JSON.stringify(await read(call))
      assert.ok(!seen.includes('words of A'), seen)
      assert.ok(seen.includes(' a'), seen)
      assert.deepEqual([A.requests.length, B.requests.length], [1, 1])
      await A.until(({ connections }) => connections.length === 0)
    })
  }

  test('is handed out where content was in it, and B is not asked', async (t) => {
    const { A, B, call } = await fallback(t, [role, chunk({ content: 'words of A' }), error])
    const { items, error: thrown } = await collect(call)
    assert.deepEqual(items, [role, chunk({ content: 'words of A' })])
    assert.equal(thrown.constructor, InternalServerError)
    assert.equal(B.accepted.length, 0)
    await A.until(({ connections }) => connections.length === 0)
  })
})
