// Groups of targets, for tests of what a client makes of them over many calls: who is tried, and how they fare.

import assert from 'node:assert/strict'

import Portkey, { ConfigError } from '../../index.mjs'
import { MESSAGES, completion, envelope } from './answers.mjs'
import { thrown } from './failures.mjs'
import { until } from './gated.mjs'
import { hostFor } from './host.mjs'

/** Steps of a host. */
export const OK = { json: completion() }
export const refusal = (status, headers) => ({ status, headers, json: envelope('the words of the host', { code: 'busy' }) })
export const LOADING = { status: 503, json: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } } }

export const FALLBACK = { mode: 'fallback' }

/**
 * Targets a, b, c … each at a host with a script of its own, in a group with `strategy`: `{ hosts, targets, client }`. `more` goes
 * into the config, `own` into the first target, `options` beside the config.
 */
export async function group(t, strategy, scripts, { more, own, options } = {}) {
  const hosts = []
  for (const script of scripts) hosts.push(await hostFor(t, script))
  const targets = hosts.map((host, at) => ({ name: 'abcdef'[at], custom_host: host.url, ...(at === 0 ? own : {}) }))
  return { hosts, targets, client: new Portkey({ ...options, config: { strategy, targets, ...more } }) }
}

export const ask = (client, body, params, opts) => client.chat.completions.create({ messages: MESSAGES, ...body }, params, opts)

/** The targets of a call's attempts, in order, whether it was answered or not. */
export async function tried(client, body, params, opts) {
  const outcome = await ask(client, body, params, opts).catch((error) => error)
  const report = outcome instanceof Error ? outcome.gateway : outcome.getGateway()
  return report.attempts.map(({ target }) => target).join(' ')
}

export const state = (client, at = 0) => client.targets()[at]
export const health = (client) => client.targets().map((target) => target.health).join(' ')

/** Resolves when no target is passed over any more. */
export const rested = (client) => until(() => client.targets().every(({ backIn }) => backIn === null))

/** What a ConfigError says of options that cannot be acted on. */
export function problemsOf(options) {
  const error = thrown(() => new Portkey(options))
  assert.ok(error instanceof ConfigError, error)
  return error.problems
}

/** Options have one problem, at `path`. */
export function assertProblem(options, path, message) {
  const problems = problemsOf(options)
  assert.deepEqual(problems.map((problem) => problem.path), [path])
  assert.match(problems[0].message, message)
}
