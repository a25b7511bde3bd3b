// Replicas, for tests of how calls are shared among them.

import assert from 'node:assert/strict'

import Portkey from '../../index.mjs'
import { hostFor } from './host.mjs'
import { OK, ask, refusal } from './targets.mjs'

/** The target that answers a call: `{ body, params, opts }`. */
export async function answerer(client, { body, params, opts } = {}) {
  return (await ask(client, body, params, opts)).getGateway().target
}

/** The targets that answer so many calls, one after the other. */
export async function answerers(client, count, call) {
  const names = []
  for (let made = 0; made < count; made++) names.push(await answerer(client, call))
  return names
}

/**
 * Targets by name, each at a host of its own that `start()` makes, with the weights that are given: `{ hosts: { a, b }, targets,
 * client }`, the client's config being a group with `strategy`.
 */
export async function replicas(t, strategy, names, { weights = {}, start = () => hostFor(t, [OK]) } = {}) {
  const hosts = {}
  for (const name of names) hosts[name] = await start()
  const targets = names.map((name) => ({ name, custom_host: hosts[name].url, weight: weights[name] }))
  return { hosts, targets, client: new Portkey({ config: { strategy, targets } }) }
}

/** How often each name is there. */
export function count(names) {
  const counts = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** Makes calls until `host` has refused one and asked to be left alone for a minute. */
export async function benches(client, host, call) {
  host.answer([refusal(503, { 'retry-after': '60' })])
  const isBenched = () => client.targets().some(({ url, health }) => url === host.url && health === 'benched')
  while (!isBenched()) await answerer(client, call).catch((error) => assert.equal(error.status, 503))
  host.answer([OK])
}
