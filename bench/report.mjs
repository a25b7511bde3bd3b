// What a run has shown, as text: ratios first, since they hold where milliseconds do not. Figures are medians over the
// rounds; a ratio is of two medians of one run.
import fs from 'node:fs'
import { bars } from './chart.mjs'
import { median } from './measure.mjs'
import { metrics, workloads } from './workloads.mjs'

const SUBJECT = 'portkey-native'

const resultsOf = ({ results }, workload, client) =>
  results.filter((result) => result.workload === workload && result.client === client)
const figureOf = (run, workload, metric, client) => median(resultsOf(run, workload, client).map((result) => result[metric]))
const ratioOf = (run, workload, metric, peer) => figureOf(run, workload, metric, SUBJECT) / figureOf(run, workload, metric, peer)

const shownRatio = (ratio) => (Number.isFinite(ratio) ? `${ratio.toFixed(2)}x` : '')
const shownFigure = (figure) => (Number.isFinite(figure) ? figure.toFixed(figure < 10 ? 2 : figure < 100 ? 1 : 0) : '')
const distinct = (values) => [...new Set(values)]
const workloadsOf = ({ results }) => distinct(results.map(({ workload }) => workload))
const clientsOf = ({ results }) => distinct(results.map(({ client }) => client)).sort((a, b) => (b === SUBJECT) - (a === SUBJECT))

/** One row a workload and metric, one column a client. */
function table(run, clients, cell) {
  const rows = [['', '', ...clients]]
  for (const name of workloadsOf(run)) {
    workloads[name].metrics.forEach((metric, index) => {
      const { label, unit } = metrics[metric]
      rows.push([index ? '' : name, `${label}, ${unit}`, ...clients.map((client) => cell(run, name, metric, client))])
    })
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const padded = (text, column) => (column < 2 ? text.padEnd(widths[column]) : text.padStart(widths[column]))
  return rows.map((row) => row.map(padded).join('  ').trimEnd()).join('\n')
}

/** The machine and how quiet it was, so that a reader sees a run that is not to be believed. */
function circumstances({ machine, seconds, states }) {
  const calibrations = states.map(({ calibration }) => calibration)
  const listed = (values, digits) => values.map((value) => value.toFixed(digits)).join(', ')
  const lines = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memory}; Node ${machine.node}; ${machine.system}`,
    `Rounds: ${states.length - 1}, in ${seconds.toFixed(0)} s. Before the first and after each: load ` +
      `${listed(
        states.map(({ load }) => load),
        1,
      )}; calibration ${listed(calibrations, 0)} ms`,
  ]
  if (states[0].load > machine.cores / 2) lines.push('NOISY: the machine was already busy when the run began.')
  if (Math.max(...calibrations) > 1.5 * Math.min(...calibrations)) {
    lines.push('NOISY: the calibration loop varied by more than half. Run it again on a quieter machine.')
  }
  return lines.join('\n')
}

function mishaps({ leftOut, results }) {
  const lines = leftOut.map(({ client, workload, reason }) => `left out: ${client}, ${workload}: ${reason}`)
  for (const { client, workload, failures, calls, reason, mostOpen } of results) {
    if (failures) lines.push(`${client}, ${workload}: ${failures} of ${failures + calls} calls failed: ${reason}`)
    if (mostOpen < workloads[workload].concurrency) {
      lines.push(`${client}, ${workload}: only ${mostOpen} streams were open at once`)
    }
  }
  return lines.join('\n')
}

export function report(run) {
  const clients = clientsOf(run)
  const sections = [circumstances(run)]
  if (clients[0] === SUBJECT) {
    const ratios = table(run, clients.slice(1), (...place) => shownRatio(ratioOf(...place)))
    sections.push(`${SUBJECT} as a part of each (below 1 is less):\n${ratios}`)
  }
  const figures = table(run, clients, (...place) => shownFigure(figureOf(...place)))
  sections.push(`Medians; µs are a request each, or a chunk of a stream; portkey-gateway holds both processes:\n${figures}`)
  return [...sections, mishaps(run)].filter(Boolean).join('\n\n')
}

/** The README's table: the first metric of each workload. */
export function markdown(run) {
  const clients = clientsOf(run)
  const lines = [`| | | ${clients.join(' | ')} |`, `| --- | --- |${' ---: |'.repeat(clients.length)}`]
  for (const name of workloadsOf(run)) {
    const {
      about,
      unit,
      metrics: [metric],
    } = workloads[name]
    const label = metrics[metric].unit === 'µs' ? `${metrics[metric].label} a ${unit}` : metrics[metric].label
    const cells = clients.map((client) => {
      const figure = shownFigure(figureOf(run, name, metric, client))
      const ratio = client === SUBJECT ? '' : shownRatio(ratioOf(run, name, metric, client))
      return figure && `${ratio && `**${ratio}** of `}${figure} ${metrics[metric].unit}`
    })
    lines.push(`| ${about} | ${label} | ${cells.join(' | ')} |`)
  }
  return `${lines.join('\n')}\n\n${circumstances(run)}`
}

/** The first metric of each workload as bars, each workload on a scale of its own. */
export function chart(run) {
  const clients = clientsOf(run)
  const groups = workloadsOf(run).map((workload) => {
    const {
      unit,
      metrics: [metric],
    } = workloads[workload]
    const each = metrics[metric].unit === 'µs' ? ` a ${unit}` : ''
    const all = clients.map((name) => ({ name, figure: figureOf(run, workload, metric, name) })).filter(({ figure }) => Number.isFinite(figure))
    return { label: workload, bars: all.map(({ name, figure }) => ({ name, figure, shown: `${shownFigure(figure)} ${metrics[metric].unit}${each}` })) }
  })
  return bars({ title: 'CPU time: less is better', groups, note: circumstances(run).split('\n') })
}

/** Why a client's figures for a workload count as missed whatever they are; undefined when they can be believed. */
function flaw(run, workload, client) {
  const results = resultsOf(run, workload, client)
  if (!results.length) return `${client} was not measured`
  if (results.some(({ failures }) => failures)) return `calls of ${client} failed`
  if (results.some(({ mostOpen }) => mostOpen < workloads[workload].concurrency)) return `${client} had fewer streams open`
  return undefined
}

/** Holds portkey-native to targets.json: its figure as a part of a peer's, at most. What was not measured is missed. */
export function check(run, asked) {
  const targets = JSON.parse(fs.readFileSync(new URL('targets.json', import.meta.url)))
  const lines = []
  const missed = []
  const judge = (name, metric, peer, most) => {
    const ratio = ratioOf(run, name, metric, peer)
    const why = flaw(run, name, SUBJECT) ?? flaw(run, name, peer) ?? (ratio <= most ? '' : 'too much')
    if (why) missed.push(name)
    const what = `${name.padEnd(17)}  ${metrics[metric].label.padEnd(15)} of ${peer.padEnd(15)}`
    const bound = `${shownRatio(ratio).padStart(6)}  at most ${most.toFixed(2)}x`
    lines.push(`  ${why ? 'MISS' : 'ok  '} ${what} ${bound}  ${why}`.trimEnd())
  }
  for (const name of asked) {
    for (const [metric, peers] of Object.entries(targets[name] ?? {})) {
      for (const [peer, most] of Object.entries(peers)) judge(name, metric, peer, most)
    }
  }
  const again = `npm run bench -- --check --rounds 9 --workloads ${distinct(missed).join()}`
  const verdict = missed.length
    ? `${missed.length} of ${lines.length} targets missed. A miss counts when it repeats: ${again}`
    : `all ${lines.length} targets kept`
  return { missed: missed.length, text: `\nTargets for ${SUBJECT}:\n${lines.join('\n')}\n${verdict}` }
}
