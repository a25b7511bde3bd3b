// Lists that go on: the provider's own object, its next pages, and iterating over all of them.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import Portkey, { ConfigError, NotFoundError } from '../index.mjs'
import { hostFor } from './support/host.mjs'

const clientOf = (host) => new Portkey({ customHost: host.url, maxRetries: 0 })
const page = (ids, more) => ({ json: { object: 'list', data: ids.map((id) => ({ id })), ...more } })

async function idsOf(list) {
  const ids = []
  for await (const { id } of list) ids.push(id)
  return ids
}

test('a list is the provider\'s own object, and its methods are seen by nobody', async (t) => {
  const host = await hostFor(t, [page(['a'], { has_more: false, first_id: 'a', last_id: 'a' })])
  const list = await clientOf(host).files.list()
  assert.deepEqual({ ...list }, { object: 'list', data: [{ id: 'a' }], has_more: false, first_id: 'a', last_id: 'a' })
  assert.deepEqual(Object.keys(list), ['object', 'data', 'has_more', 'first_id', 'last_id'])
  assert.equal(list.hasNextPage(), false)
  assert.deepEqual(list.getPaginatedItems(), [{ id: 'a' }])
  assert.equal(list.getHeaders().provider, 'openai')
  await assert.rejects(list.getNextPage(), ConfigError)
})

test('iterating asks for page after page with the same query, options and headers', async (t) => {
  const host = await hostFor(t, [page(['a', 'b'], { has_more: true }), page(['c'], { has_more: true, last_id: 'see' }), page(['d'], { has_more: false })])
  const client = clientOf(host)
  const opts = { headers: { 'x-team': 'blue' } }
  const params = { Authorization: 'Bearer key' }
  assert.deepEqual(await idsOf(client.files.list({ limit: 2, purpose: 'batch' }, params, opts)), ['a', 'b', 'c', 'd'])
  assert.deepEqual(host.requests.map((request) => request.path), [
    '/v1/files?limit=2&purpose=batch', '/v1/files?limit=2&purpose=batch&after=b', '/v1/files?limit=2&purpose=batch&after=see',
  ])
  for (const { headers } of host.requests) assert.deepEqual([headers['x-team'], headers.authorization], ['blue', 'Bearer key'])
})

test('pages can be walked one by one, and below a path', async (t) => {
  const host = await hostFor(t, [page(['a'], { has_more: true }), page(['b'], { has_more: false })])
  const client = clientOf(host)
  const first = await client.vectorStores.files.list('vs-1', { filter: 'failed' })
  assert.equal(first.hasNextPage(), true)
  const second = await first.getNextPage()
  assert.deepEqual([second.data, second.hasNextPage()], [[{ id: 'b' }], false])
  assert.equal(host.last.path, '/v1/vector_stores/vs-1/files?filter=failed&after=a')
  host.answer([page(['a'], { has_more: true }), page(['b'], { has_more: false })])
  const sizes = []
  for await (const one of (await client.batches.list()).iterPages()) sizes.push(one.data.length)
  assert.deepEqual(sizes, [1, 1])
})

test('a host that says of no next page is not asked for one', async (t) => {
  const host = await hostFor(t, [page(['a', 'b'])])
  const client = clientOf(host)
  assert.deepEqual(await idsOf(client.models.list()), ['a', 'b'])
  host.answer([page([], { has_more: true })])
  assert.deepEqual(await idsOf(client.files.list()), [])
  host.answer([{ json: { object: 'list', has_more: true } }])
  assert.deepEqual(await idsOf(client.files.list()), [])
  assert.equal(host.requests.length, 3)
})

test('an error of a later page is thrown from the loop', async (t) => {
  const host = await hostFor(t, [page(['a'], { has_more: true }), { status: 404, json: { error: { message: 'gone' } } }])
  const seen = []
  await assert.rejects(async () => {
    for await (const { id } of clientOf(host).files.list()) seen.push(id)
  }, NotFoundError)
  assert.deepEqual(seen, ['a'])
})

test('what a method returns is still a promise with its ways to the response', async (t) => {
  const host = await hostFor(t, [page(['a'], { has_more: false })])
  const { data, response } = await clientOf(host).files.list().withResponse()
  assert.equal(response.status, 200)
  assert.deepEqual(await idsOf(data), ['a'])
  const promise = clientOf(host).files.list()
  assert.ok(promise instanceof Portkey.APIPromise)
  await promise
})
