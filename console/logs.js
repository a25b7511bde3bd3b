'use strict'
// Recorded calls as lines in a terminal, the latest last; `--follow` waits for more.

const { setTimeout: sleep } = require('node:timers/promises')

const { ask } = require('./records.js')

/** How often a database is looked at for more. */
const PAUSE = 500

/** Calls are listed when they end, and not in the order in which they began: so far back a late one is looked for. */
const LONGEST_CALL = 10 * 60 * 1000

async function print({ database, follow, json, filter }) {
  const seen = new Map()
  const isNew = ({ id, began }) => !seen.has(id) && seen.set(id, began)
  const recent = (from) => ask(database, { list: { ...filter, from, limit: 1000 } })
  const write = (calls) => {
    for (const call of calls.reverse()) process.stdout.write(`${json ? JSON.stringify(call) : lineOf(call)}\n`)
  }
  if (follow) recent(Date.now() - LONGEST_CALL).forEach(isNew)
  // What came since is here too, and marked as seen with it.
  const first = ask(database, { list: filter })
  first.forEach(isNew)
  write(first)
  while (follow) {
    await sleep(PAUSE)
    const from = Date.now() - LONGEST_CALL
    write(recent(from).filter(isNew))
    for (const [id, at] of seen) if (at < from) seen.delete(id)
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
