// Proxies: named by an option, a target or the environment; for plain HTTP, TLS and SOCKS; and what is said when one fails.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import Portkey, { ConfigError } from '../index.mjs'
import { MESSAGES, completion } from './support/answers.mjs'
import { newAuthority } from './support/certificates.mjs'
import { startChild } from './support/child.mjs'
import { failure } from './support/failures.mjs'
import { closedPort, hostFor } from './support/host.mjs'
import { needs, startHaproxy, startSocks, startSquid } from './support/servers.mjs'

const OK = [{ json: completion() }]
const chat = (options) => new Portkey({ maxRetries: 0, ...options }).chat.completions.create({ messages: MESSAGES })
const via = ({ port }, login = '', scheme = 'http') => `${scheme}://${login && `${login}@`}127.0.0.1:${port}`
const LOGIN = { user: 'user', password: 'pa:ss/w@rd' }
const WRITTEN = `user:${encodeURIComponent(LOGIN.password)}`

/** A host with TLS, and the client's options for it. */
async function secureHost(t) {
  const authority = newAuthority(t)
  const host = await hostFor(t, OK, { tls: authority.issue('localhost').tls, name: 'localhost' })
  return { host, options: { customHost: host.url, tls: { ca: authority.pem } } }
}

describe('squid', () => {
  test('takes whole requests for plain HTTP, and opens tunnels for TLS', needs('squid'), async (t) => {
    const squid = await startSquid(t)
    const plain = await hostFor(t, OK)
    await chat({ customHost: plain.url, proxy: via(squid) })
    assert.match(plain.last.headers.via, /squid/)
    const { host, options } = await secureHost(t)
    await chat({ ...options, proxy: via(squid) })
    await chat({ ...options, proxy: via(squid) })
    assert.equal(host.accepted.length, 1)
    assert.equal(host.last.headers.via, undefined)
  })

  test('is told the user and the password, which the host never sees', needs('squid'), async (t) => {
    const squid = await startSquid(t, LOGIN)
    const plain = await hostFor(t, OK)
    const { host, options } = await secureHost(t)
    await chat({ customHost: plain.url, proxy: via(squid, WRITTEN) })
    await chat({ ...options, proxy: via(squid, WRITTEN) })
    for (const { last } of [plain, host]) assert.equal(last.headers['proxy-authorization'], undefined)
    for (const to of [{ customHost: plain.url }, options]) {
      for (const [login, wanted] of [['', /asks for credentials \(407\)/], ['user:wr0ng', /does not take the credentials \(407\)/]]) {
        const error = await failure(chat({ ...to, proxy: via(squid, login) }))
        assert.equal(error.code, 'EPROXY')
        assert.match(error.message, wanted)
        assert.ok(error.message.startsWith(`The proxy http://127.0.0.1:${squid.port} `), error.message)
        assert.doesNotMatch(error.message, /wr0ng/)
      }
    }
    assert.equal(plain.requests.length + host.requests.length, 2)
  })

  test('that cannot reach the host, or is told not to, is told apart from a dead one', needs('squid'), async (t) => {
    const squid = await startSquid(t)
    const nobody = await closedPort()
    const error = await failure(chat({ customHost: `https://localhost:${nobody}/v1`, proxy: via(squid) }))
    assert.match(error.message, /could not reach the host \(it answered 503\)/)
    const dead = await failure(chat({ customHost: 'https://localhost/v1', proxy: `http://user:s3cret@127.0.0.1:${nobody}` }))
    assert.equal(dead.code, 'EPROXY')
    assert.match(dead.message, new RegExp(`^The proxy http://127\\.0\\.0\\.1:${nobody} refuses connections`))
    assert.doesNotMatch(JSON.stringify([dead.message, dead.stack, dead.gateway, dead.cause]), /s3cret/)
  })

  test('behind TLS of its own is reached where its authority is known', needs('squid', 'haproxy'), async (t) => {
    const squid = await startSquid(t, LOGIN)
    const { host, options } = await secureHost(t)
    const authority = newAuthority(t, 'The authority of proxies')
    const certificate = authority.issue('localhost')
    writeFileSync(certificate.file, certificate.pem + certificate.key)
    const front = await startHaproxy(t, `listen l\n mode tcp\n bind 127.0.0.1:PORT ssl crt ${certificate.file}\n server s 127.0.0.1:${squid.port}\n`)
    const tls = { ca: options.tls.ca + authority.pem }
    const proxy = `https://${WRITTEN}@localhost:${front.port}`
    await chat({ ...options, tls, proxy })
    const plain = await hostFor(t, OK)
    await chat({ customHost: plain.url, tls, proxy })
    assert.match(plain.last.headers.via, /squid/)
    assert.equal(host.requests.length, 1)
    const error = await failure(chat({ ...options, proxy }))
    assert.match(error.message, /the proxy https:\/\/localhost:\d+ is not trusted: .*unknown authority/)
    // Who is not checked is the host; the proxy is.
    const insecure = await failure(chat({ customHost: host.url, tls: { insecure: true }, proxy }))
    assert.equal(insecure.code, 'ETLS')
  })
})

describe('a SOCKS proxy', () => {
  for (const scheme of ['socks5', 'socks5h']) {
    test(`is asked for the way (${scheme}), with user and password`, needs('microsocks'), async (t) => {
      const socks = await startSocks(t, { user: 'user', password: 'pass' })
      const plain = await hostFor(t, OK)
      const { host, options } = await secureHost(t)
      await chat({ customHost: plain.url, proxy: via(socks, 'user:pass', scheme) })
      await chat({ ...options, proxy: via(socks, 'user:pass', scheme) })
      assert.deepEqual([plain.requests.length, host.requests.length], [1, 1])
      for (const login of ['', 'user:wr0ng']) {
        const error = await failure(chat({ ...options, proxy: via(socks, login, scheme) }))
        assert.equal(error.code, 'EPROXY')
        assert.ok(error.message.startsWith(`The proxy ${scheme}://127.0.0.1:${socks.port} `), error.message)
        assert.doesNotMatch(error.message, /wr0ng/)
      }
    })
  }
})

describe('the option proxy', () => {
  test('asks with the host in the URL, and for each target its own', async (t) => {
    const [one, other] = [await hostFor(t, OK), await hostFor(t, OK)]
    const custom_host = 'http://model.test:8000/v1'
    const targets = [{ custom_host }, { custom_host, proxy: via(other) }, { custom_host: one.url, proxy: false }]
    const config = { strategy: { mode: 'round_robin' }, targets }
    const client = new Portkey({ config, proxy: via(one), maxRetries: 0 })
    for (let round = 0; round < 3; round++) await client.chat.completions.create({ messages: MESSAGES })
    assert.deepEqual(one.requests.map(({ path }) => path).sort(), ['/v1/chat/completions', 'http://model.test:8000/v1/chat/completions'])
    assert.deepEqual(other.requests.map(({ path, headers }) => [path, headers.host]), [['http://model.test:8000/v1/chat/completions', 'model.test:8000']])
  })

  test('is for loopback hosts too, since it was asked for', async (t) => {
    const proxy = await hostFor(t, OK)
    await chat({ customHost: 'http://localhost:9/v1', proxy: via(proxy) })
    assert.equal(proxy.last.path, 'http://localhost:9/v1/chat/completions')
  })

  test('is for one call alone where that brings it', async (t) => {
    const [proxy, host] = [await hostFor(t, OK), await hostFor(t, OK)]
    const client = new Portkey({ customHost: host.url, maxRetries: 0 })
    await client.chat.completions.create({ messages: MESSAGES }, { proxy: via(proxy) })
    await client.chat.completions.create({ messages: MESSAGES })
    assert.deepEqual([proxy.requests.length, host.requests.length], [1, 1])
  })

  test('that is no proxy is refused at construction, without being repeated', () => {
    for (const proxy of ['', 'proxy:3128', 'ftp://proxy', 'http://user:s3cret@', true, 7, {}]) {
      assert.throws(() => new Portkey({ customHost: 'http://x.test', proxy }), (error) => {
        assert.ok(error instanceof ConfigError)
        assert.match(error.message, /^proxy: expected http:\/\/.*or false$/)
        assert.doesNotMatch(error.message, /s3cret/)
        return true
      })
    }
  })

  test('leaves unix sockets alone', { skip: process.platform === 'win32' }, async (t) => {
    const { folderFor } = await import('./support/certificates.mjs')
    const host = await hostFor(t, OK, { socket: `${folderFor(t)}/llm.sock` })
    await chat({ customHost: host.url, proxy: `http://127.0.0.1:${await closedPort()}` })
    assert.equal(host.requests.length, 1)
  })

  test('that answers with an error of its own in place of the host is told by its status', async (t) => {
    const proxy = await hostFor(t, [{ raw: ['HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n', 'end'] }])
    const error = await failure(chat({ customHost: 'https://model.test/v1', proxy: via(proxy) }))
    assert.equal(error.code, 'EPROXY')
    assert.match(error.message, /refuses to connect there \(it answered 403\)/)
    assert.equal(proxy.last.path, 'model.test:443')
  })

  for (const [what, step] of Object.entries({
    'closes the connection': 'end',
    'speaks no HTTP': { raw: ['SSH-2.0-OpenSSH\r\n\r\n', 'end'] },
    'never ends its headers': { raw: [`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}`, 'hang'] },
  })) {
    test(`that ${what} is told`, async (t) => {
      const proxy = await hostFor(t, [step])
      const error = await failure(chat({ customHost: 'https://model.test/v1', proxy: via(proxy) }))
      assert.equal(error.code, 'EPROXY')
      assert.match(error.message, /^The proxy http:\/\/127\.0\.0\.1:\d+ (closed|answered)/)
    })
  }
})

describe('the environment', () => {
  const NONE = { HTTP_PROXY: '', http_proxy: '', HTTPS_PROXY: '', https_proxy: '', ALL_PROXY: '', all_proxy: '', NO_PROXY: '', no_proxy: '' }
  const run = async (t, env, host, source = 'await ask(); say("answered")') => {
    const all = { ...NONE, ...env }
    const child = startChild(t, `for (const name of ${JSON.stringify(Object.keys(NONE))}) if (process.env[name] === '') delete process.env[name]\n${source}`, { host, env: all })
    const { lines, errors } = await child.ended
    return lines[0] ?? errors
  }

  for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy']) {
    test(`names a proxy for plain HTTP in ${name}`, async (t) => {
      const proxy = await hostFor(t, OK)
      assert.equal(await run(t, { [name]: via(proxy, 'user:pass') }, { url: 'http://model.test/v1' }), 'answered')
      assert.equal(proxy.last.path, 'http://model.test/v1/chat/completions')
      assert.equal(proxy.last.headers['proxy-authorization'], `Basic ${Buffer.from('user:pass').toString('base64')}`)
    })
  }

  for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY']) {
    test(`names a proxy for TLS in ${name}, and it is told as such when it fails`, async (t) => {
      const proxy = await hostFor(t, [{ raw: ['HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n', 'end'] }])
      const told = await run(t, { [name]: via(proxy, 'user:s3cret') }, { url: 'https://model.test/v1' }, 'await ask().catch((error) => say(error.message.split("\\n")[0]))')
      assert.equal(told, `The proxy http://127.0.0.1:${proxy.port} of the environment does not take the credentials (407).`)
      assert.equal(proxy.last.method, 'CONNECT')
    })
  }

  for (const [name, list] of [['NO_PROXY', 'other.test,model.test'], ['no_proxy', '.test'], ['NO_PROXY', '*'], ['NO_PROXY', '10.0.0.0/8, 192.0.2.0/24'], ['NO_PROXY', 'other.test:81 model.test:80'], ['no_proxy', '*.test']]) {
    test(`leaves out hosts of ${name}=${list}`, async (t) => {
      const proxy = await hostFor(t, OK)
      const host = list.includes('/') ? 'http://192.0.2.9' : 'http://model.test'
      const told = await run(t, { HTTP_PROXY: via(proxy), [name]: list }, { url: host }, `
        const once = new Portkey({ customHost: url, maxRetries: 0, timeouts: { connect: 50 } })
        await once.models.list().catch((error) => say(error.code))`)
      assert.match(told, /^(ENOTFOUND|connect_timeout|ECONNECT|EAI_AGAIN|ECONNREFUSED)$/)
      assert.equal(proxy.accepted.length, 0)
    })
  }

  test('has no say over loopback hosts, nor over targets with proxy: false', async (t) => {
    const [proxy, host] = [await hostFor(t, OK), await hostFor(t, OK)]
    const env = { HTTP_PROXY: via(proxy), ALL_PROXY: via(proxy) }
    for (const name of ['localhost', '127.0.0.1']) assert.equal(await run(t, env, { url: `http://${name}:${host.port}/v1` }), 'answered')
    const told = await run(t, env, { url: 'http://192.0.2.9/v1' }, `
      const direct = new Portkey({ customHost: url, proxy: false, maxRetries: 0, timeouts: { connect: 50 } })
      await direct.models.list().catch((error) => say(error.code))`)
    assert.match(told, /^(connect_timeout|ECONNECT|ECONNREFUSED)$/)
    assert.deepEqual([proxy.accepted.length, host.requests.length], [0, 2])
  })
})
