// TLS: whom a target trusts, what it shows of itself, and what is said of a certificate that is not taken.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'

import Portkey, { ConfigError } from '../index.mjs'
import { MESSAGES, completion } from './support/answers.mjs'
import { folderFor, newAuthority, selfSigned } from './support/certificates.mjs'
import { startChild } from './support/child.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'

const OK = [{ json: completion() }]
const ask = (host, options) => new Portkey({ customHost: host.url, maxRetries: 0, ...options }).chat.completions.create({ messages: MESSAGES })

/** The warnings that the process emits while the test runs. */
function warnings(t) {
  const seen = []
  const see = (warning) => seen.push(warning)
  process.on('warning', see)
  t.after(() => process.off('warning', see))
  return { async all() {
    await new Promise(setImmediate)
    return seen
  } }
}

describe('a host whose authority nobody knows', () => {
  test('is reached with the authority as tls.ca or tls.caFile, of the client or of the target', async (t) => {
    const authority = newAuthority(t)
    const host = await hostFor(t, OK, { tls: authority.issue('localhost').tls, name: 'localhost' })
    for (const options of [
      { tls: { ca: authority.pem } },
      { tls: { caFile: authority.file } },
      { tls: { ca_file: authority.file } },
      { config: { tls: { ca_file: authority.file } } },
      { config: { tls: JSON.parse(JSON.stringify({ ca: authority.pem })) } },
      { config: { strategy: { mode: 'fallback' }, tls: { caFile: authority.file }, targets: [{ custom_host: host.url }] }, customHost: null },
    ]) assert.deepEqual((await ask(host, options)).choices, completion().choices, Object.keys(options)[0])
  })

  test('is reached once its authority is in the file, by a client that was there before', async (t) => {
    const [old, renewed] = [newAuthority(t, 'Old'), newAuthority(t, 'New')]
    const caFile = path.join(folderFor(t), 'ca.pem')
    copyFileSync(old.file, caFile)
    const host = await hostFor(t, OK, { tls: renewed.issue('localhost').tls })
    const client = new Portkey({ customHost: host.url, maxRetries: 0, tls: { caFile } })
    assert.equal((await failure(client.chat.completions.create({ messages: MESSAGES }))).code, 'ETLS')
    writeFileSync(caFile, old.pem + renewed.pem)
    await client.chat.completions.create({ messages: MESSAGES })
  })

  test('is reached by one of several authorities in a file', async (t) => {
    const [other, authority] = [newAuthority(t), newAuthority(t)]
    const host = await hostFor(t, OK, { tls: authority.issue('localhost').tls })
    await ask(host, { tls: { ca: `${other.pem}\n${authority.pem}` } })
  })

  test('is reached with a call whose own tls names it, which is not kept for the next', async (t) => {
    const authority = newAuthority(t)
    const host = await hostFor(t, OK, { tls: authority.issue('localhost').tls })
    const client = new Portkey({ customHost: host.url, maxRetries: 0 })
    await client.chat.completions.create({ messages: MESSAGES }, { tls: { ca: authority.pem } })
    assert.equal((await failure(client.chat.completions.create({ messages: MESSAGES }))).code, 'ETLS')
  })

  test('is refused by a target whose own tls takes the place of the option', async (t) => {
    const [other, authority] = [newAuthority(t), newAuthority(t)]
    const host = await hostFor(t, OK, { tls: authority.issue('localhost').tls })
    const error = await failure(ask(host, { tls: { ca: authority.pem }, config: { tls: { ca: other.pem } } }))
    assert.equal(error.code, 'ETLS')
  })

  test('that signed its own certificate is reached with that, though it is marked as an authority', async (t) => {
    const own = selfSigned(t, 'localhost')
    const host = await hostFor(t, OK, { tls: own.tls, name: 'localhost' })
    await ask(host, { tls: { caFile: own.file } })
    const error = await failure(ask(host, { tls: { caFile: own.file, serverName: 'other.example' } }))
    assert.match(error.message, /is for another name: "localhost, 127\.0\.0\.1/)
  })

  for (const variable of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_DIR']) {
    test(`is reached where ${variable} names it`, async (t) => {
      const authority = newAuthority(t)
      const folder = folderFor(t)
      writeFileSync(path.join(folder, 'authority.pem'), authority.pem)
      const host = await hostFor(t, OK, { tls: authority.issue('localhost').tls, name: 'localhost' })
      const env = { SSL_CERT_FILE: '', SSL_CERT_DIR: '', NODE_EXTRA_CA_CERTS: '', [variable]: variable === 'SSL_CERT_DIR' ? folder : authority.file }
      for (const name in env) if (env[name] === '') delete env[name]
      const child = startChild(t, 'await ask(); say("answered")', { host, env })
      const { errors, lines } = await child.ended
      assert.deepEqual(lines, ['answered'], errors)
    })
  }
})

describe('a certificate that is not taken is told', () => {
  const explain = async (t, certificate, options) => {
    const host = await hostFor(t, OK, { tls: certificate.tls, name: 'localhost' })
    const error = await failure(ask(host, options))
    assert.equal(error.name, 'APIConnectionError')
    assert.equal(error.code, 'ETLS')
    assert.equal(host.requests.length, 0)
    assert.equal(error.message.split('\n').length, 3)
    return error.message
  }

  test('with its issuer, where that is unknown', async (t) => {
    const message = await explain(t, newAuthority(t, 'Our own authority').issue('localhost'))
    assert.match(message, /^The host is not trusted: the certificate of localhost \(subject "CN=localhost"\) is signed by an unknown authority \(issuer "CN=Our own authority"\)\.\n/)
    assert.match(message, /tls\.caFile/)
  })

  test('with its issuer, where the one that is trusted has the same name only', async (t) => {
    const message = await explain(t, newAuthority(t).issue('localhost'), { tls: { ca: newAuthority(t).pem } })
    assert.match(message, /is not signed by the trusted authority of that name, but by another \(issuer "CN=Test authority"\)/)
    assert.match(message, /tls\.caFile/)
  })

  test('as its own, where nobody else signed it', async (t) => {
    const message = await explain(t, selfSigned(t, 'localhost'))
    assert.match(message, /is signed by itself, and it is not among the trusted ones/)
    assert.match(message, /tls\.caFile/)
  })

  test('with the day on which it expired', async (t) => {
    const authority = newAuthority(t)
    const message = await explain(t, authority.issueOld('localhost'), { tls: { ca: authority.pem } })
    assert.match(message, /\(subject "CN=localhost"\) expired on 20\d\d-\d\d-\d\dT/)
    assert.match(message, /new certificate/)
  })

  test('with its names, where the host has another', async (t) => {
    const authority = newAuthority(t)
    const certificate = authority.issue('other', { names: 'DNS:api.example.com,DNS:*.example.net' })
    const message = await explain(t, certificate, { tls: { ca: authority.pem } })
    assert.match(message, /of localhost \(subject "CN=other"\) is for another name: "api\.example\.com, \*\.example\.net"/)
    assert.match(message, /tls\.serverName/)
    const host = await hostFor(t, OK, { tls: certificate.tls, name: 'localhost' })
    await ask(host, { tls: { ca: authority.pem, serverName: 'api.example.com' } })
  })

  test('without the control characters of its names', async (t) => {
    const message = await explain(t, selfSigned(t, 'evil\u001b[31m'))
    assert.ok(!message.includes('\u001b'))
  })
})

describe('a client certificate', () => {
  const demanding = (authority, host) => ({ ...host.tls, ca: authority.pem, requestCert: true, rejectUnauthorized: true })

  test('is shown as PEM text or from files', async (t) => {
    const authority = newAuthority(t)
    const own = authority.issue('the client')
    const host = await hostFor(t, OK, { tls: demanding(authority, authority.issue('localhost')) })
    for (const [cert, key] of [[own.pem, own.key], [own.file, own.keyFile]]) await ask(host, { tls: { ca: authority.pem, cert, key } })
    assert.equal(host.accepted.at(-1).socket.getPeerCertificate().subject.CN, 'the client')
  })

  /** The key, locked by openssl. */
  const locked = (t, own, ...how) => {
    const file = path.join(folderFor(t), 'locked.pem')
    execFileSync('openssl', [...how, '-in', own.keyFile, '-out', file, '-passout', 'pass:s3cret'], { stdio: 'pipe' })
    return file
  }
  const LOCKS = { 'AES-256': ['-v2', 'aes-256-cbc'], 'AES-128 and SHA-1': ['-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA1'], 'AES-192 and SHA-512': ['-v2', 'aes-192-cbc', '-v2prf', 'hmacWithSHA512'] }

  for (const [what, how] of Object.entries(LOCKS)) {
    test(`is shown with a key that is locked by ${what}`, async (t) => {
      const authority = newAuthority(t)
      const own = authority.issue('the client')
      const host = await hostFor(t, OK, { tls: demanding(authority, authority.issue('localhost')) })
      const key = locked(t, own, 'pkcs8', '-topk8', ...how)
      await ask(host, { tls: { ca: authority.pem, cert: own.file, key, passphrase: 's3cret' } })
      assert.equal(host.accepted.at(-1).socket.getPeerCertificate().subject.CN, 'the client')
    })
  }

  test('with a locked key that cannot be unlocked is refused with the way out', (t) => {
    const own = newAuthority(t).issue('the client')
    const [key, scrypt, old] = [locked(t, own, 'pkcs8', '-topk8'), locked(t, own, 'pkcs8', '-topk8', '-scrypt'), locked(t, own, 'ec', '-aes256')]
    const cases = [
      [{ key }, /^tls\.key: is locked by a passphrase: name it as passphrase, or unlock the key: openssl pkey/],
      [{ key, passphrase: 's3cret2' }, /^tls\.passphrase: does not unlock the key$/],
      [{ key: scrypt, passphrase: 's3cret' }, /^tls\.key: is locked in a way that is not read here; lock it in another: openssl pkcs8 -topk8/],
      [{ key: old, passphrase: 's3cret' }, /^tls\.key: is locked in a way that is not read here/],
      [{ key: own.keyFile, passphrase: 's3cret' }, /^tls\.passphrase: unlocks nothing: the key is not locked$/],
      [{ key, passphrase: 5 }, /^tls\.passphrase: expected a string/],
    ]
    for (const [tls, wanted] of cases) {
      assert.throws(() => new Portkey({ customHost: 'https://x.example', tls: { cert: own.file, ...tls } }), (error) => {
        assert.match(error.message, wanted)
        assert.doesNotMatch(error.message, /s3cret/)
        return true
      })
    }
    assert.throws(() => new Portkey({ customHost: 'https://x.example', tls: { passphrase: 's3cret' } }), /^ConfigError: tls\.passphrase: unlocks a key, and there is none$/)
  })

  test('that was renewed in its files is shown by the next connection', async (t) => {
    const authority = newAuthority(t)
    const [before, after] = [authority.issue('before'), authority.issue('after')]
    const folder = folderFor(t)
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => path.join(folder, name))
    const put = (from, ...names) => names.forEach((name) => copyFileSync(name === cert ? from.file : from.keyFile, name))
    put(before, cert, key)
    const host = await hostFor(t, (_, { socket }) => ({ headers: { connection: 'close' }, json: { who: socket.getPeerCertificate().subject.CN } }), { tls: demanding(authority, authority.issue('localhost')) })
    const client = new Portkey({ customHost: host.url, maxRetries: 0, tls: { ca: authority.pem, cert, key } })
    const who = async () => (await client.chat.completions.create({ messages: MESSAGES })).who
    assert.equal(await who(), 'before')
    // Between the two files they do not fit: what was read goes on.
    put(after, cert)
    assert.equal(await who(), 'before')
    put(after, key)
    assert.equal(await who(), 'after')
    writeFileSync(cert, 'half of a fi')
    assert.equal(await who(), 'after')
  })

  test('that a host asks for in vain is told', async (t) => {
    const authority = newAuthority(t)
    const host = await hostFor(t, OK, { tls: demanding(authority, authority.issue('localhost')) })
    const error = await failure(ask(host, { tls: { ca: authority.pem } }))
    assert.match(error.message, /^The host asks for a client certificate\.\n.*\nName the PEM files of your certificate and its key as tls\.cert and tls\.key\.$/)
    assert.equal(error.code, 'ETLS')
  })

  test('makes connections of its own: another client does not use them', async (t) => {
    const authority = newAuthority(t)
    const [ours, theirs] = [authority.issue('ours'), authority.issue('theirs')]
    const host = await hostFor(t, (_, { socket }) => ({ json: { who: socket.getPeerCertificate().subject.CN } }), { tls: demanding(authority, authority.issue('localhost')) })
    for (const [who, { pem, key }] of [['ours', ours], ['theirs', theirs], ['ours', ours], ['theirs', theirs]]) {
      assert.equal((await ask(host, { tls: { ca: authority.pem, cert: pem, key } })).who, who)
    }
    assert.equal(host.accepted.length, 2)
  })
})

describe('tls.insecure', () => {
  test('takes any certificate, and is warned of once by each client, without its secrets', async (t) => {
    const seen = warnings(t)
    const host = await hostFor(t, OK, { tls: selfSigned(t, 'somebody').tls, name: 'localhost' })
    const client = new Portkey({ customHost: host.url, tls: { insecure: true }, Authorization: 's3cret' })
    for (let round = 0; round < 3; round++) await client.chat.completions.create({ messages: MESSAGES })
    await client.withOptions({ metadata: { a: 'b' } }).chat.completions.create({ messages: MESSAGES }, { traceID: 'x' })
    const all = await seen.all()
    assert.deepEqual(all.map(({ code, name }) => [code, name]), [['PORTKEY_INSECURE_TLS', 'PortkeyWarning']])
    assert.ok(all[0].message.includes(host.url))
    assert.ok(!`${all[0].message}${all[0].detail}`.includes('s3cret'))
  })

  test('is warned of with the targets that have it', async (t) => {
    const seen = warnings(t)
    const targets = [{ provider: 'openai', api_key: 'k' }, { custom_host: 'https://gpu.example/v1', tls: { insecure: true } }]
    new Portkey({ config: { strategy: { mode: 'fallback' }, targets } })
    const [{ message }, ...more] = await seen.all()
    assert.match(message, /https:\/\/gpu\.example\/v1/)
    assert.doesNotMatch(message, /openai/)
    assert.equal(more.length, 0)
  })

  test('of a single call is refused', async (t) => {
    const host = await hostFor(t, OK, { tls: selfSigned(t, 'somebody').tls })
    const client = new Portkey({ customHost: host.url })
    for (const params of [{ tls: { insecure: true } }, { config: { tls: { insecure: true } } }]) {
      const error = await failure(client.chat.completions.create({ messages: MESSAGES }, params))
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, /^tls\.insecure: /)
    }
    assert.equal(host.accepted.length, 0)
  })
})

describe('tls settings that cannot be used are told at construction', () => {
  test('with their paths', (t) => {
    const authority = newAuthority(t)
    const [one, other] = [authority.issue('one'), authority.issue('other')]
    const folder = folderFor(t)
    writeFileSync(path.join(folder, 'no.pem'), 'no certificate')
    const cases = [
      [{ caFile: '/nowhere/ca.pem' }, /^tls\.caFile: \/nowhere\/ca\.pem: the file could not be read \(No such file/],
      [{ caFile: path.join(folder, 'no.pem') }, /^tls\.caFile: .*holds no certificate/],
      [{ ca: 'hello' }, /^tls\.ca: holds no certificate/],
      [{ ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }, /^tls\.ca: holds a certificate that cannot be used/],
      [{ cert: one.pem }, /^tls\.key: is missing/],
      [{ key: one.key }, /^tls\.cert: is missing/],
      [{ cert: one.pem, key: other.key }, /^tls\.key: does not belong to the certificate of cert$/],
      [{ cert: one.key, key: one.key }, /^tls\.cert: holds no certificate/],
      [{ cert: one.pem, key: one.pem }, /^tls\.key: holds no private key/],
      [{ cert: one.pem, key: 's3cret' }, /^tls\.key: the file could not be read/],
      [{ cert: one.pem, key: one.key.replace('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY').replace('END PRIVATE', 'END ENCRYPTED PRIVATE') }, /^tls\.key: is locked by a passphrase/],
      [{ serverName: 'not a name' }, /^tls\.serverName: expected a host's name/],
      [{ insecure: 'yes' }, /^tls\.insecure: expected true or false/],
      [{ caPath: '/x' }, /^tls\.caPath: expected one of ca, caFile/],
      [{ caFile: authority.file, ca_file: authority.file }, /^tls\.ca_file: is given twice, as caFile too/],
      ['ca.pem', /^tls: expected an object/],
    ]
    for (const [tls, wanted] of cases) {
      assert.throws(() => new Portkey({ customHost: 'https://x.example', tls }), (error) => {
        assert.ok(error instanceof ConfigError)
        assert.match(error.message, wanted)
        assert.doesNotMatch(error.message, /s3cret|PRIVATE KEY-----\n/)
        return true
      })
    }
    assert.throws(() => new Portkey({ config: { custom_host: 'https://x.example', tls: { ca_file: '/nowhere' } } }), /^ConfigError: config\.tls\.ca_file: /)
  })
})
