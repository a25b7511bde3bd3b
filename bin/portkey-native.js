#!/usr/bin/env node
'use strict'
// The command line: a local page over recorded calls, and the same as lines in a terminal.

const path = require('node:path')
const { parseArgs } = require('node:util')

const USAGE = `portkey-native console [DATABASE] [--port N]     a page over recorded calls, on this machine only
portkey-native logs [DATABASE] [--follow] [--limit N] [--json] [--model M] [--status S] [--trace T] [--metadata KEY=VALUE]

DATABASE is what the option logs of a client names; .portkey/calls.sqlite when left out, as with logs: true.`

const OPTIONS = {
  port: { type: 'string' },
  follow: { type: 'boolean', short: 'f' },
  limit: { type: 'string' },
  json: { type: 'boolean' },
  model: { type: 'string' },
  status: { type: 'string' },
  trace: { type: 'string' },
  metadata: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
}

async function main() {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
  const [command, database = path.join('.portkey', 'calls.sqlite'), ...rest] = positionals
  if (values.help) return console.log(USAGE)
  if (rest.length > 0) throw new Error(`one database at a time; ${rest[0]} is too much`)
  if (command === 'console') return require('../console/server.js').start({ database, port: whole(values.port ?? '0', '--port', 65_535) })
  if (command === 'logs') return require('../console/logs.js').print({ database, follow: values.follow, json: values.json, filter: filterOf(values) })
  throw new Error(command === undefined ? USAGE : `${command} is no command\n${USAGE}`)
}

function filterOf({ limit, model, status, trace, metadata = [] }) {
  const filter = { limit: whole(limit ?? '50', '--limit', 1000) }
  if (model !== undefined) filter.model = model
  if (trace !== undefined) filter.trace = trace
  if (status !== undefined) filter.status = whole(status, '--status', 599)
  if (metadata.length > 0) filter.metadata = Object.fromEntries(metadata.map(pair))
  return filter
}

function pair(text) {
  const at = text.indexOf('=')
  if (at < 1) throw new Error(`--metadata: expected KEY=VALUE, got ${text}`)
  return [text.slice(0, at), text.slice(at + 1)]
}

function whole(text, name, most) {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0 || number > most) throw new Error(`${name}: expected a whole number up to ${most}, got ${text}`)
  return number
}

main().catch((error) => {
  console.error(`portkey-native: ${error.message}`)
  process.exitCode = 1
})
