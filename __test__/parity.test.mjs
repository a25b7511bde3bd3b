// The official package, walked export by export and method by method: each is here, or it is told why not.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'

import Ours from 'portkey-native'

const require = createRequire(import.meta.url)
const official = require('portkey-ai')
const OpenAI = require('openai')
const helpers = require('../js/helpers')
const { native } = require('../js/native.js')

const { endpoints } = JSON.parse(native().tables())

/** What each method of the official package requests, by its name; none for what is worked out locally. */
const requested = JSON.parse(readFileSync(new URL('../fixtures/official-sdk/methods.json', import.meta.url), 'utf8'))

/** What the official package has and this one has not, and why. */
const EXPORTS = {
  types: 'types are exported by their own names, and there is nothing in it at run time',
}
const METHODS = {
  '_post _put _get _delete _shouldRetry apiKeyAuth buildRequest defaultHeaders generateError methodRequest request': 'they are how it makes requests, and no part of its contract',
}
const FIELDS = {
  fetch: 'theirs is the one it calls with, ours is one over the engine',
}
/** Where ours goes elsewhere: the official one doubles the version, and glues generic paths to the base URL. */
const MENDED = {
  'generations.create': 'POST /prompts/{}/generate', post: 'POST /{}', put: 'PUT /{}', get: 'GET /{}', delete: 'DELETE /{}',
}

/** What each of its resources holds to make requests with. */
const HANDLES = ['post', 'put', 'getMethod', 'deleteMethod']

const named = (reasons) => Object.keys(reasons).flatMap((names) => names.split(' '))

/** `chat.completions.create` … of an object's resources, as far as they are made by the package itself. */
function methodsOf(node, path = [], seen = new Set()) {
  if (seen.has(node)) return []
  seen.add(node)
  const own = Object.getOwnPropertyNames(node)
  const inherited = Object.getOwnPropertyNames(Object.getPrototypeOf(node) ?? {}).filter((name) => Object.getPrototypeOf(node) !== Object.prototype && name !== 'constructor')
  return [...new Set([...own, ...inherited])].flatMap((name) => {
    if (name === 'client' || (path.length > 0 && HANDLES.includes(name))) return []
    const value = node[name]
    const here = [...path, name]
    if (typeof value === 'function') return /^[A-Z]/.test(name) ? [] : [here.join('.')]
    return typeof value === 'object' && value !== null && (name === 'beta' || value.constructor?.name !== 'Object') && !Array.isArray(value) ? methodsOf(value, here, seen) : []
  })
}

const find = (client, call) => call.split('.').reduce((node, name) => node?.[name], client)
const client = new Ours({ customHost: 'http://127.0.0.1:9/v1' })

describe('the official package', () => {
  test('exports nothing that is not here or told of', () => {
    const missing = Object.keys(official).filter((name) => !(name in Ours))
    assert.deepEqual(missing.sort(), Object.keys(EXPORTS).sort())
    assert.equal(official.PORTKEY_GATEWAY_URL, Ours.PORTKEY_GATEWAY_URL)
  })

  test('has no method that is not here or told of', () => {
    const theirs = new official.Portkey({ apiKey: 'k' })
    const methods = methodsOf(theirs).filter((call) => !named(METHODS).includes(call) && !named(FIELDS).includes(call))
    const documented = Object.keys(requested)
    assert.deepEqual(methods.filter((call) => !documented.includes(call)), [])
    assert.deepEqual(documented.filter((call) => !methods.includes(call)), [])
    const missing = methods.filter((call) => typeof find(client, call) !== 'function')
    assert.deepEqual(missing, [])
  })

  test('sends each method to where it is sent here', () => {
    // The name of what stands in a path is each one's own.
    const shape = (path) => path.replace(/\{[^}]+\}/g, '{}')
    const rows = new Map(endpoints.map(({ call, method, path }) => [call, shape(`${method} ${path}`)]))
    for (const [call, requests] of Object.entries(requested)) {
      if (rows.has(call)) assert.equal(rows.get(call), MENDED[call] ?? shape(requests[0]), call)
      else assert.ok(call in helpers, call)
    }
  })

  test('and the helpers are the whole tree of a client', () => {
    const tree = new Set([...endpoints.map(({ call }) => call), ...Object.keys(helpers)])
    for (const call of tree) assert.equal(typeof find(client, call), 'function', call)
  })

  test('has no field that is not here', () => {
    const fields = Object.keys(new official.Portkey({ apiKey: 'k' }))
    assert.ok(fields.length > 40)
    assert.deepEqual(fields.filter((name) => !(name in client)), [])
  })
})

test('the openai package has resources that the official one lacks, and they are here', () => {
  for (const call of ['fineTuning.jobs.pause', 'fineTuning.jobs.resume', 'fineTuning.alpha.graders.run', 'vectorStores.search', 'vectorStores.files.update', 'vectorStores.files.content', 'webhooks.unwrap']) {
    assert.equal(typeof find(new OpenAI({ apiKey: 'k' }), call), 'function', call)
    assert.equal(typeof find(client, call), 'function', call)
  }
})

test('the table of mended defects names tests that are there', () => {
  const page = readFileSync(new URL('../docs/migration.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| (\d+) \|.*\| (.*) \|$/gm)].map(([, number, test]) => [Number(number), test])
  assert.deepEqual(rows.map(([number]) => number), Array.from({ length: 48 }, (_, at) => at + 1))
  for (const [number, test] of rows) {
    const [, file, name] = /^`([\w.-]+)`(?:: (.+))?$/.exec(test) ?? []
    assert.ok(file, `${number} names no test`)
    const [text, cases] = [file, 'support/official-cases.mjs'].map((path) => readFileSync(new URL(path, import.meta.url), 'utf8'))
    const known = name?.replace(/ reaches the host itself$/, '') ?? ''
    assert.ok(text.replaceAll("\\'", "'").includes(known) || cases.includes(known) || readFileSync(new URL('support/remote-cases.mjs', import.meta.url), 'utf8').includes(known), `${number}: ${test}`)
  }
})
