// Certificates for tests, made by openssl in a folder that is gone when the test is.
//
//   const authority = newAuthority(t, 'Test authority')
//   const host = authority.issue('localhost')                { names: 'DNS:other' } for other names; issueOld for one that expired
//   hostFor(t, script, { tls: host.tls, name: 'localhost' })
//   authority.pem, authority.file, host.pem, host.file, host.key, host.keyFile
//   selfSigned(t, 'localhost')

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const NAMES = 'DNS:localhost,IP:127.0.0.1,IP:::1'

/** A folder of the test's own. */
export function folderFor(t) {
  const folder = mkdtempSync(path.join(tmpdir(), 'portkey-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function made(folder, name) {
  const file = path.join(folder, `${name}.pem`)
  const keyFile = path.join(folder, `${name}.key`)
  const pem = readFileSync(file, 'utf8')
  const key = readFileSync(keyFile, 'utf8')
  return { file, keyFile, pem, key, tls: { cert: pem, key } }
}

function request(folder, name, subject, ...more) {
  const files = ['-keyout', path.join(folder, `${name}.key`), '-out', path.join(folder, `${name}.pem`)]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  execFileSync('openssl', ['req', '-x509', ...key, ...files, '-subj', `/CN=${subject}`, ...more], { stdio: 'pipe' })
  return made(folder, name)
}

export function newAuthority(t, subject = 'Test authority') {
  const folder = folderFor(t)
  const authority = request(folder, 'authority', subject, '-days', '2', '-addext', 'keyUsage=critical,keyCertSign,cRLSign')
  let count = 0
  return {
    ...authority,
    issue(name, { names = NAMES } = {}) {
      const by = ['-CA', authority.file, '-CAkey', authority.keyFile]
      const facts = ['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', `subjectAltName=${names}`]
      return request(folder, `${count++}`, name, ...by, ...facts, '-days', '2')
    },
    /** One that was valid for a day in 2020. */
    issueOld(name) {
      const old = request(folder, `${count++}`, name)
      const signing = path.join(folder, 'ca.conf')
      const database = path.join(folder, 'index')
      writeFileSync(database, '')
      writeFileSync(`${database}.attr`, '')
      writeFileSync(signing, [
        '[ca]', 'default_ca = it', '[it]', `database = ${database}`, `new_certs_dir = ${folder}`, 'rand_serial = yes', 'default_md = sha256',
        'policy = any', 'x509_extensions = facts', '[any]', 'commonName = supplied', '[facts]', `subjectAltName = ${NAMES}`,
      ].join('\n'))
      const asked = path.join(folder, 'asked.pem')
      execFileSync('openssl', ['req', '-new', '-key', old.keyFile, '-subj', `/CN=${name}`, '-out', asked], { stdio: 'pipe' })
      const dates = ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z']
      const by = ['-cert', authority.file, '-keyfile', authority.keyFile]
      execFileSync('openssl', ['ca', '-batch', '-notext', '-config', signing, ...by, ...dates, '-in', asked, '-out', old.file], { stdio: 'pipe' })
      return made(folder, path.basename(old.file, '.pem'))
    },
  }
}

/** As `openssl req -x509` makes one when nobody asks for more: an authority of its own. */
export function selfSigned(t, name) {
  return request(folderFor(t), 'own', name, '-days', '2', '-addext', `subjectAltName=${NAMES}`)
}
