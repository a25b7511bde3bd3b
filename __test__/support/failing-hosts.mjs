// Targets that fail, each in one way. What such a host says names it, so that a test sees whose words came through.

import { chunk, completion, envelope } from './answers.mjs'
import { closedPort, hostFor } from './host.mjs'
import { CERTIFICATE } from './tls.mjs'

/** For the clocks that are the failure under test. */
const LIMIT = 300

const JSON_TYPE = { 'content-type': 'application/json' }

/** Everything that the host called `name` may say. */
function speech(name) {
  const words = `words of ${name}`
  const own = { id: `id of ${name}` }
  return {
    words,
    json: JSON.stringify(completion(words, own)),
    // Words beside the role, in a field that is no content.
    role: chunk({ role: 'assistant', content: '', note: words }, null, own),
    text: chunk({ content: words }, null, own),
    error: { error: { message: words, type: 'server_error', code: 'busy' } },
    garbled: `{"id":"id of ${name}","choices":[,,]}`,
  }
}

const refusal = (status) => ({ words }) => ({ status, json: envelope(words, { code: 'busy' }) })
/** A body that stops short of the length that its head names. */
const short = (ending) => ({ json }) => ({ headers: { ...JSON_TYPE, 'content-length': String(json.length) }, chunks: [json.slice(0, 60), ending] })
const events = (pick) => (says) => ({ sse: pick(says), done: false })

/**
 * By name: the step that answers a whole call and the one that answers a stream; one that is not here can't happen.
 * `timeouts`: the clock that ends it.
 */
const FAILURES = {
  'reset before bytes': { whole: () => 'reset', stream: () => 'reset' },
  'reset after bytes': { whole: short('reset'), stream: events(({ role }) => [role, 'reset']) },
  'reset after content': { stream: events(({ role, text }) => [role, text, 'reset']) },
  ...Object.fromEntries([400, 401, 404, 408, 429, 500, 503].map((code) => [code, { whole: refusal(code), stream: refusal(code) }])),
  'JSON cut short': { whole: ({ json }) => ({ headers: JSON_TYPE, body: json.slice(0, -1) }) },
  'garbled JSON': { whole: ({ garbled }) => ({ headers: JSON_TYPE, body: garbled }), stream: events(({ role, garbled }) => [role, garbled, 'hang']) },
  'garbled after content': { stream: events(({ role, text, garbled }) => [role, text, garbled, 'hang']) },
  'in-stream error at once': { stream: events(({ error }) => [error, 'hang']) },
  'in-stream error': { stream: events(({ role, error }) => [role, error, 'hang']) },
  'error after content': { stream: events(({ role, text, error }) => [role, text, error, 'hang']) },
  'stall before headers': { whole: () => 'hang', stream: () => 'hang', timeouts: { headers: LIMIT } },
  'stall before first token': { stream: events(({ role }) => [role, 'hang']), timeouts: { first_token: LIMIT } },
  'stall after': { whole: short('hang'), stream: events(({ role, text }) => [role, text, 'hang']), timeouts: { idle: LIMIT } },
  truncation: { whole: short('cut'), stream: events(({ role }) => [role, 'cut']) },
  'truncation after content': { stream: events(({ role, text }) => [role, text, 'cut']) },
  'clean end': { stream: events(({ role }) => [role, 'end']) },
  'clean end after content': { stream: events(({ role, text }) => [role, text, 'end']) },
}

/**
 * A target of a config that fails as `failure` says: `{ target, words, id, events, host }`. Where nobody can be reached
 * there is no host. `greets`: a handshake is all that it sees. `isComplete`: its reply is, and the connection may be kept.
 */
export async function failing(t, failure, name, streams) {
  const says = speech(name)
  const at = (custom_host, facts) => ({ target: { name, custom_host }, words: says.words, id: says.role.id, events: [says.role, says.text], ...facts })
  if (failure === 'refused') return at(`http://127.0.0.1:${await closedPort()}/v1`)
  if (failure === 'DNS') return at(`http://no-such-host-${name.toLowerCase()}.invalid/v1`)
  if (failure === 'TLS') {
    const host = await hostFor(t, [], { tls: CERTIFICATE })
    return at(host.url, { host, greets: true })
  }
  const { timeouts, ...steps } = FAILURES[failure]
  const step = steps[streams ? 'stream' : 'whole'](says)
  const host = await hostFor(t, [step])
  const failed = at(host.url, { host, isComplete: !/"(hang|reset|cut)"/.test(JSON.stringify(step)) })
  if (timeouts) failed.target.timeouts = timeouts
  return failed
}
