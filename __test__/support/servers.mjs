// Debian's own servers for tests: nginx, haproxy, squid and microsocks, each in a folder and on ports of the test's own, gone
// when the test is. A test that needs one is skipped where it is not installed: `test(title, needs('nginx'), …)`.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync, chmodSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'

import { folderFor } from './certificates.mjs'
import { closedPort } from './host.mjs'

const FOLDERS = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/bin']
const PACKAGES = { nginx: 'nginx-light', haproxy: 'haproxy', squid: 'squid', microsocks: 'microsocks' }

function programOf(name) {
  return FOLDERS.map((folder) => path.join(folder, name)).find(existsSync)
}

/** A test's options: skipped, with the reason, where one of the servers is missing. */
export function needs(...names) {
  const missing = names.filter((name) => !programOf(name))
  return missing.length > 0 ? { skip: `${missing.join(', ')} is not installed: apt-get install ${missing.map((name) => PACKAGES[name]).join(' ')}` } : {}
}

/** Resolves when someone listens on the port, or says why the server ended. */
async function listening(port, child, log) {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}:\n${log()}`)
    const socket = net.connect(port, '127.0.0.1')
    const connected = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false)
    socket.destroy()
    if (connected) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function start(t, name, args, port, signal = 'SIGKILL') {
  const child = spawn(programOf(name), args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (log += bytes))
  const ended = once(child, 'close')
  t.after(async () => {
    child.kill(signal)
    await ended
  })
  await listening(port, child, () => log)
  return child
}

/** nginx with these `http { … }` lines; `PORT` stands for its port and `FOLDER` for its folder. Gives `{ port, reload() }`. */
export async function startNginx(t, http) {
  const folder = folderFor(t)
  const port = await closedPort()
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`)
  const file = path.join(folder, 'nginx.conf')
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  writeFileSync(file, `${user} daemon off; master_process on; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log warn;
    events { worker_connections 1024; }
    http { access_log off; default_type application/json; ${paths.join(' ')} ${http.replaceAll('PORT', port).replaceAll('FOLDER', folder)} }`)
  const child = await start(t, 'nginx', ['-p', folder, '-e', `${folder}/error.log`, '-c', file], port, 'SIGTERM') // SIGKILL would leave its workers behind
  return { port, reload: () => child.kill('SIGHUP'), log: () => readFileSync(path.join(folder, 'error.log'), 'utf8') }
}

/** haproxy with these sections; `PORT` stands for its port. */
export async function startHaproxy(t, sections) {
  const folder = folderFor(t)
  const port = await closedPort()
  const file = path.join(folder, 'haproxy.cfg')
  const defaults = 'defaults\n mode http\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n'
  writeFileSync(file, `global\n maxconn 1000\n${defaults}${sections.replaceAll('PORT', port)}\n`)
  await start(t, 'haproxy', ['-db', '-f', file], port)
  return { port }
}

/** squid, which asks for `user` and `password` where they are given. Gives `{ port, requests() }`, the lines of its access log. */
export async function startSquid(t, { user, password } = {}) {
  const folder = folderFor(t)
  // squid is nobody's user but its own.
  chmodSync(folder, 0o777)
  mkdirSync(path.join(folder, 'core'))
  chmodSync(path.join(folder, 'core'), 0o777)
  const port = await closedPort()
  const log = path.join(folder, 'access.log')
  writeFileSync(log, '')
  chmodSync(log, 0o666)
  const users = path.join(folder, 'users')
  const asks = user === undefined ? 'http_access allow all' : `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${users}
    acl known proxy_auth REQUIRED
    http_access allow known
    http_access deny all`
  if (user !== undefined) writeFileSync(users, `${user}:${spawnSync('openssl', ['passwd', '-apr1', password], { encoding: 'utf8' }).stdout}`)
  const file = path.join(folder, 'squid.conf')
  writeFileSync(file, `http_port 127.0.0.1:${port}
    ${asks.replace(/^\s+/gm, '')}
    cache deny all
    access_log stdio:${log} squid
    cache_log ${folder}/cache.log
    coredump_dir ${folder}/core
    pid_filename none
    shutdown_lifetime 0 seconds
    logfile_rotate 0
    netdb_filename none
    pinger_enable off\n`.replace(/^\s+/gm, ''))
  const child = await start(t, 'squid', ['-N', '-f', file], port)
  return { port, child, requests: () => readFileSync(log, 'utf8').split('\n').filter(Boolean).map((line) => line.trim().split(/\s+/).slice(3, 7).join(' ')) }
}

/** A SOCKS 5 proxy. */
export async function startSocks(t, { user, password } = {}) {
  const port = await closedPort()
  const login = user === undefined ? [] : ['-u', user, '-P', password]
  await start(t, 'microsocks', ['-i', '127.0.0.1', '-p', String(port), ...login], port)
  return { port }
}
