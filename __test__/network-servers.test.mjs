// The network against servers that people run: nginx and haproxy before a host, with HTTP/2, TLS and connections that they close.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

import Portkey from '../index.mjs'
import { MESSAGES, chatChunks, completion } from './support/answers.mjs'
import { newAuthority } from './support/certificates.mjs'
import { failure } from './support/failures.mjs'
import { gatedHost } from './support/gated.mjs'
import { hostFor } from './support/host.mjs'
import { needs, startHaproxy, startNginx } from './support/servers.mjs'

const chat = (client, more) => client.chat.completions.create({ messages: MESSAGES, ...more })
const STATE = '{"protocol":"$server_protocol","connection":$connection,"reused":"$ssl_session_reused","client":"$ssl_client_s_dn"}'

/** nginx with a certificate, which tells of the connection; `more` are lines of its server. */
async function secureNginx(t, more = '', before = `location / { return 200 '${STATE}'; }`) {
  const authority = newAuthority(t)
  const { file, keyFile } = authority.issue('localhost')
  const nginx = await startNginx(t, `server { listen 127.0.0.1:PORT ssl ${more.includes('keepalive_timeout 0') ? '' : 'http2'};
    ssl_certificate ${file}; ssl_certificate_key ${keyFile}; ssl_session_cache shared:s:1m; ${more} ${before} }`)
  const options = { customHost: `https://localhost:${nginx.port}/v1`, tls: { ca: authority.pem }, maxRetries: 0 }
  return { ...nginx, authority, options, client: new Portkey(options) }
}

/** Passes everything on to a host of the test, with the number of nginx's connection. */
const before = (host) => `location / { proxy_pass ${host.origin}; proxy_http_version 1.1; proxy_set_header connection ""; proxy_set_header x-protocol $server_protocol; proxy_set_header x-connection $connection; proxy_buffering off; }`
const connections = (host) => new Set(host.requests.map(({ headers }) => headers['x-connection'])).size

describe('nginx with TLS', () => {
  test('is spoken to in HTTP/2, over one connection', needs('nginx'), async (t) => {
    const { client } = await secureNginx(t)
    const answers = []
    for (let round = 0; round < 5; round++) answers.push(await chat(client))
    assert.deepEqual([...new Set(answers.map(({ protocol }) => protocol))], ['HTTP/2.0'])
    assert.equal(new Set(answers.map(({ connection }) => connection)).size, 1)
    assert.equal(answers[0].getGateway().attempts[0].ms.connect > 0, true)
    assert.equal(answers[1].getGateway().attempts[0].ms.connect, null)
  })

  test('gets a burst of first calls over one connection', needs('nginx'), async (t) => {
    const { client } = await secureNginx(t)
    const answers = await Promise.all(Array.from({ length: 50 }, () => chat(client)))
    assert.equal(new Set(answers.map(({ connection }) => connection)).size, 1)
  })

  test('gets a further connection above a hundred calls at once', needs('nginx'), async (t) => {
    const host = await gatedHost(t)
    const { client } = await secureNginx(t, '', before(host))
    const calls = Array.from({ length: 150 }, () => chat(client))
    await host.received(150)
    assert.equal(connections(host), 2)
    host.open()
    await Promise.all(calls)
    await chat(client)
    assert.equal(connections(host), 2)
  })

  test('gets no more streams than it says it takes', needs('nginx'), async (t) => {
    const host = await gatedHost(t)
    const { client } = await secureNginx(t, 'http2_max_concurrent_streams 10;', before(host))
    // The first answer says it.
    host.isOpen = true
    await chat(client)
    host.isOpen = false
    const calls = Array.from({ length: 30 }, () => chat(client))
    await host.received(31)
    assert.equal(connections(host), 3)
    host.open()
    await Promise.all(calls)
  })

  test('streams over HTTP/2, and a stream that is left is reset while others go on', needs('nginx'), async (t) => {
    const host = await hostFor(t, [{ sse: [...chatChunks(), 'hang'] }, { sse: chatChunks() }])
    const { client } = await secureNginx(t, '', before(host))
    for await (const event of await chat(client, { stream: true })) {
      assert.ok(event)
      break
    }
    await host.closed()
    const text = []
    for await (const { choices } of await chat(client, { stream: true })) text.push(choices[0]?.delta.content ?? '')
    assert.equal(text.join(''), 'This is a test.')
    assert.equal(connections(host), 1)
  })

  test('resumes TLS sessions on new connections', needs('nginx'), async (t) => {
    const { client } = await secureNginx(t, 'keepalive_timeout 0;')
    const answers = []
    for (let round = 0; round < 3; round++) answers.push(await chat(client))
    assert.deepEqual(answers.map(({ protocol, reused }) => [protocol, reused]), [['HTTP/1.1', '.'], ['HTTP/1.1', 'r'], ['HTTP/1.1', 'r']])
  })

  test('is shown the client certificate of the target, and of no other', needs('nginx'), async (t) => {
    const { authority, options } = await secureNginx(t, 'ssl_verify_client optional_no_ca;')
    const { pem, key } = authority.issue('our client')
    const ours = new Portkey({ ...options, tls: { ca: authority.pem, cert: pem, key } })
    assert.equal((await chat(ours)).client, 'CN=our client')
    assert.equal((await chat(new Portkey(options))).client, '')
  })

  test('loses no call when it is reloaded, or closes connections after some requests', needs('nginx'), async (t) => {
    const nginx = await secureNginx(t, 'keepalive_requests 7;')
    let done = 0
    const worker = async () => {
      for (let round = 0; round < 40; round++) {
        await chat(nginx.client)
        if (++done % 60 === 0) nginx.reload()
      }
    }
    await Promise.all(Array.from({ length: 6 }, worker))
    assert.equal(done, 240)
  })

  test('on a port without TLS, and plain HTTP on its own port, are told apart', needs('nginx'), async (t) => {
    const { port } = await secureNginx(t)
    const plain = await failure(chat(new Portkey({ customHost: `http://localhost:${port}/v1`, maxRetries: 0 })))
    assert.match(plain.message, /write the custom host with https:\/\//)
  })
})

describe('haproxy', () => {
  test('that closes idle connections early costs no call', needs('haproxy'), async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const haproxy = await startHaproxy(t, `frontend f\n bind 127.0.0.1:PORT\n timeout http-keep-alive 15\n default_backend b\nbackend b\n server s 127.0.0.1:${host.port}\n`)
    const client = new Portkey({ customHost: `http://127.0.0.1:${haproxy.port}/v1`, maxRetries: 0 })
    // Waits on both sides of the server's, so that some requests meet its closing.
    for (let round = 0; round < 60; round++) {
      const answer = await chat(client)
      assert.equal(answer.getGateway().attempts.length, 1)
      await pause(12 + (round % 7))
    }
    assert.equal(host.requests.length, 60)
  })

  test('with TLS and HTTP/2 before several hosts passes calls to all of them', needs('haproxy'), async (t) => {
    const authority = newAuthority(t)
    const { writeFileSync } = await import('node:fs')
    const certificate = authority.issue('localhost')
    writeFileSync(certificate.file, certificate.pem + certificate.key)
    const hosts = await Promise.all([1, 2, 3].map(() => hostFor(t, [{ json: completion() }])))
    const servers = hosts.map(({ port }, at) => ` server s${at} 127.0.0.1:${port}\n`).join('')
    const haproxy = await startHaproxy(t, `frontend f\n bind 127.0.0.1:PORT ssl crt ${certificate.file} alpn h2,http/1.1\n default_backend b\nbackend b\n balance roundrobin\n${servers}`)
    const client = new Portkey({ customHost: `https://localhost:${haproxy.port}/v1`, tls: { ca: authority.pem }, maxRetries: 0 })
    await Promise.all(Array.from({ length: 30 }, () => chat(client)))
    assert.deepEqual(hosts.map(({ requests }) => requests.length), [10, 10, 10])
  })
})
