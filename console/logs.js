'use strict'
// Recorded calls as lines in a terminal, the latest last; `--follow` waits for more.

const { setTimeout: sleep } = require('node:timers/promises')

const { ask } = require('./records.js')

/** How often a database is looked at for more. */
const PAUSE = 500

/** Calls are listed when they end, and not in the order in which they began: so far back a late one is looked for. */
const LONGEST_CALL = 10 * 60 * 1000

async function print({ database, follow, json, filter }) {
  const shown = new Map()
  const write = (calls) => {
    for (const call of calls.reverse()) {
      if (shown.has(call.id)) continue
      shown.set(call.id, call.began)
      process.stdout.write(`${json ? JSON.stringify(call) : lineOf(call)}\n`)
    }
  }
  write(ask(database, { list: filter }))
  const began = Date.now()
  while (follow) {
    await sleep(PAUSE)
    const from = Math.max(began - LONGEST_CALL, Date.now() - LONGEST_CALL)
    write(ask(database, { list: { ...filter, from, limit: 1000 } }).filter((call) => shown.has(call.id) || call.began + call.total >= began))
    for (const [id, at] of shown) if (at < from) shown.delete(id)
  }
}

function lineOf({ began, outcome, status, provider, target, model, stream, total, firstToken, input, output, cost, attempts, code }) {
  const tokens = input === null ? '' : `${input}→${output} tokens`
  const times = `${ms(total)}${stream && firstToken !== null ? ` (first ${ms(firstToken)})` : ''}`
  const parts = [
    new Date(began).toISOString(),
    outcome === 'aborted' ? 'aborted' : `${status ?? outcome}`,
    times.padStart(8),
    model ?? '-',
    target.startsWith('config') ? provider : `${provider} ${target}`,
    tokens,
    cost === null ? '' : `$${cost.toPrecision(3)}`,
    attempts.length > 1 ? `${attempts.length} attempts` : '',
    code ?? '',
  ]
  return parts.filter(Boolean).join('  ')
}

const ms = (time) => (time < 1000 ? `${time.toFixed(0)} ms` : `${(time / 1000).toFixed(2)} s`)

module.exports = { print }
