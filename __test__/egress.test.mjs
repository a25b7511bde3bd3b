// Strict egress: what an app's tenants write as a host goes nowhere that the app's own list does not name.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { ConfigError } from '../index.mjs'
import { MESSAGES, completion } from './support/answers.mjs'
import { folderFor } from './support/certificates.mjs'
import { failure } from './support/failures.mjs'
import { closedPort, hostFor } from './support/host.mjs'

const OK = [{ json: completion() }]
const chat = (client, params) => client.chat.completions.create({ messages: MESSAGES }, params)

describe('egress.allow', () => {
  test('lets calls go to the hosts and networks that it names', async (t) => {
    const host = await hostFor(t, OK)
    for (const [customHost, allow] of [
      [host.url, ['127.0.0.1']],
      [host.url, ['127.0.0.0/8']],
      [`http://localhost:${host.port}/v1`, ['localhost', '127.0.0.0/8', '::1']],
      [`http://localhost:${host.port}/v1`, ['*', '127.0.0.0/8', '::1']],
      [`http://2130706433:${host.port}/v1`, ['127.0.0.1']],
    ]) await chat(new Portkey({ customHost, egress: { allow }, maxRetries: 0 }))
    assert.equal(host.requests.length, 5)
  })

  test('refuses other hosts at construction, in whatever form they are written', async (t) => {
    const host = await hostFor(t, OK)
    const allow = ['api.example.com', '*.internal.example']
    for (const name of ['127.0.0.1', '2130706433', '0x7f.1', '0177.0.0.1', '[::1]', '[::ffff:127.0.0.1]', 'localhost', 'evil.example', '169.254.169.254', '[fd00:ec2::254]', 'internal.example', 'api.example.com.evil.net']) {
      const customHost = `http://${name}:${host.port}/v1`
      assert.throws(() => new Portkey({ customHost, egress: { allow } }), /^ConfigError: customHost: .* not on the egress list: egress\.allow names what may be reached$/, name)
      assert.throws(() => new Portkey({ config: { custom_host: customHost }, egress: { allow } }), /^ConfigError: config\.custom_host: /, name)
      const error = await failure(chat(new Portkey({ customHost: 'https://api.example.com', egress: { allow } }), { customHost }))
      assert.ok(error instanceof ConfigError, name)
    }
    assert.throws(() => new Portkey({ provider: 'openai', egress: { allow } }), /provider: the host is not on the egress list/)
    assert.equal(host.accepted.length, 0)
  })

  test('refuses a listed name that leads to a private address, before anything is sent', async (t) => {
    const host = await hostFor(t, OK)
    const client = new Portkey({ customHost: `http://localhost:${host.port}/v1`, egress: { allow: ['localhost'] } })
    const error = await failure(chat(client))
    assert.equal(error.name, 'APIConnectionError')
    assert.equal(error.code, 'egress_refused')
    assert.match(error.message, /^The host may not be reached: its address (127\.0\.0\.1|::1) is no public one, and is not on the egress list itself\.\n/)
    assert.equal(error.gateway.attempts.length, 1)
    assert.equal(host.accepted.length, 0)
  })

  test('does not use a connection that was made without a list', async (t) => {
    const host = await hostFor(t, OK)
    const customHost = `http://localhost:${host.port}/v1`
    await chat(new Portkey({ customHost }))
    const error = await failure(chat(new Portkey({ customHost, egress: { allow: ['localhost'] } })))
    assert.equal(error.code, 'egress_refused')
    assert.equal(host.requests.length, 1)
  })

  test('is a client\'s: neither a call nor a config loosens it', async (t) => {
    const host = await hostFor(t, OK)
    const client = new Portkey({ customHost: 'https://api.example.com', egress: { allow: ['api.example.com'] } })
    for (const params of [{ egress: { allow: ['*'] } }, { egress: null }, { customHost: host.url, egress: { allow: ['127.0.0.1'] } }]) {
      assert.match((await failure(chat(client, params))).message, /^(egress: belongs to a client|x-portkey-egress: is no option)/)
    }
    const byHeader = client.chat.completions.create({ messages: MESSAGES }, undefined, { headers: { 'x-portkey-egress': '{"allow":["*"]}' } })
    assert.match((await failure(byHeader)).message, /^(egress: belongs to a client|x-portkey-egress: is no option)/)
    assert.match((await failure(chat(client, { config: { custom_host: 'https://api.example.com', egress: { allow: ['*'] } } }))).message, /config\.egress: is no key of a config/)
    assert.equal(host.accepted.length, 0)
  })

  test('names sockets by their path', { skip: process.platform === 'win32' }, async (t) => {
    const socket = `${folderFor(t)}/llm.sock`
    const host = await hostFor(t, OK, { socket })
    await chat(new Portkey({ customHost: host.url, egress: { allow: [`unix:${socket}`] } }))
    assert.throws(() => new Portkey({ customHost: 'unix:/run/docker.sock:/v1', egress: { allow: ['*', `unix:${socket}`] } }), /customHost: the socket is not on the egress list/)
  })

  test('holds for a proxy that a tenant could name, which is given the address that was checked', async (t) => {
    const proxy = await hostFor(t, OK)
    const by = `http://127.0.0.1:${proxy.port}`
    const refused = await failure(chat(new Portkey({ customHost: 'http://93.184.216.34/v1', egress: { allow: ['93.184.216.34'] }, proxy: by })))
    assert.equal(refused.code, 'egress_refused')
    assert.equal(proxy.accepted.length, 0)
    const target = await hostFor(t, OK)
    const tunnel = await hostFor(t, [{ raw: ['HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n', 'end'] }])
    const client = new Portkey({ customHost: `http://localhost:${target.port}/v1`, egress: { allow: ['localhost', '127.0.0.0/8', '::1'] }, proxy: `http://127.0.0.1:${tunnel.port}`, maxRetries: 0 })
    assert.equal((await failure(chat(client))).code, 'EPROXY')
    assert.equal(tunnel.last.method, 'CONNECT')
    assert.match(tunnel.last.path, new RegExp(`^(127\\.0\\.0\\.1|\\[::1\\]):${target.port}$`))
  })

  test('that is none is told at construction', async () => {
    const port = await closedPort()
    const cases = [
      ['*', /^ConfigError: egress: expected an object/],
      [{}, /^ConfigError: egress\.allow: expected a list/],
      [{ allow: 'x' }, /^ConfigError: egress\.allow: expected a list/],
      [{ allow: [7] }, /^ConfigError: egress\.allow\[0\]: expected a string/],
      [{ allow: ['api.example.com', 'https://x.example'] }, /^ConfigError: egress\.allow\[1\]: expected a host/],
      [{ allow: ['x.example'], deny: [] }, /^ConfigError: egress\.deny: expected allow/],
    ]
    for (const [egress, wanted] of cases) assert.throws(() => new Portkey({ customHost: `http://127.0.0.1:${port}`, egress }), wanted)
  })
})
