// Recorded cases of Portkey's gateway about configs, hosts, headers and errors, for an embedded client. The contract wins where it differs, and
// no case is passed over in silence.

import { readFileSync } from 'node:fs'

const { cases } = JSON.parse(readFileSync(new URL('../../fixtures/gateway/custom-host.json', import.meta.url), 'utf8'))

/** Refused before anything is sent, with a message that says where and why. */
const REFUSED = {
  'CFG-01': /nowhere to send a call to/,
  'CFG-04': /^config\.strategy\.mode: expected one of/,
  'CFG-06': /^config\.retry\.attempts: is missing/,
  'CFG-08': /^config\.request_timeout: expected milliseconds/,
  'CFG-09': /^config\.options: is no key of a config/,
  'CFG-10': /^config\.totally_unknown: is no key of a config/,
  'FH-11': /^forwardHeaders\[0\]: forward_headers must not contain the 'x-portkey-forward-headers' header/,
  'HD-06': /^provider: expected one of/,
  'SSRF-http_u:p@127.0.0.1:9101': /^customHost: holds user information/,
  'SSRF-ftp_127.0.0.1': /^customHost: does not start with http/,
  'SSRF-localhost:9101_v1': /^customHost: does not start with http/,
}

const OWN_HOSTS = 'a library calls the hosts that its caller names, and models live at private addresses'
const LEFT_OUT = {
  'CFG-02': 'without a host it would call the provider itself; a credential is never demanded',
  'CFG-07': 'a target may call its provider itself; a credential is never demanded',
  'URL-google': "Gemini's key goes in a header here, and its URL is held by the cases of its provider",
  'FH-01': "a header in a call's opts.headers is meant for the host: there are no inbound headers here",
  'PR-01': 'bodies go out byte for byte: nothing is clamped',
  'PR-04': 'create() without stream: true gives no stream',
  'ER-09': 'a body is an object here; requests.test.mjs holds what is none',
  'ER-10': 'maxRetries is 2 by contract; retries.test.mjs holds the policy',
  'SSRF-http_10.0.0.1_v1': OWN_HOSTS, 'SSRF-http_169.254.169.254': OWN_HOSTS, 'SSRF-http_100.64.0.1': OWN_HOSTS,
}

/** Errors keep the host's own body, where the gateway rewrites it. */
const OWN_BODY = new Set(['ER-01', 'ER-05', 'ER-06'])

/** Without the gateway's prefix and its `provider`; OpenAI's codes are texts. */
const OWN_WORDS = { 'ER-03': { error: { message: 'nope', type: 'invalid', param: null, code: '7' } } }

/** `{ run: [{ id, title, given, expect, ownBody }], refused: [{ …, message }], leftOut: [{ id, why }] }` */
export function gatewayCases() {
  const sorted = { run: [], refused: [], leftOut: [] }
  for (const recorded of cases) {
    const { id, level } = recorded
    if (id in REFUSED) sorted.refused.push({ ...recorded, message: REFUSED[id] })
    else if (id in LEFT_OUT) sorted.leftOut.push({ id, why: LEFT_OUT[id] })
    else if (level !== 'hosted') {
      const expect = id in OWN_WORDS ? { ...recorded.expect, body: OWN_WORDS[id] } : recorded.expect
      sorted.run.push({ ...recorded, expect, ownBody: OWN_BODY.has(id) })
    }
    else sorted.leftOut.push({ id, why: 'the hosted platform alone' })
  }
  const stale = Object.keys({ ...REFUSED, ...LEFT_OUT }).filter((name) => !cases.some(({ id }) => id === name))
  if (stale.length > 0) throw new Error(`custom-host.json has no case called ${stale.join(', ')}`)
  return sorted
}

/** `value` with the hosts' addresses in the place of `{A}`, `{A-root}`, `{B}` and `{CLOSED}`. */
export function withHosts(value, { A, B, closed }) {
  const text = JSON.stringify(value ?? {})
  return JSON.parse(text.replaceAll('{A-root}', A.origin).replaceAll('{A}', A.url).replaceAll('{B}', B.url).replaceAll('{CLOSED}', `http://127.0.0.1:${closed}/v1`))
}
