// Figures over time as small charts, and how each target fared. No library: a chart is a few SVG shapes.

import { element, money, time } from './page.js'

const [WIDTH, HEIGHT] = [300, 72]

const total = (points, name) => points.reduce((sum, point) => sum + (point[name] ?? 0), 0)
const count = (number, word) => `${number} ${word}${number === 1 ? '' : word.endsWith('s') ? 'es' : 's'}`
const known = (points, name) => points.some((point) => point[name] !== null)

export function drawCharts(section, points, { from, until, step }) {
  // The first and the last of the slots lie in the time asked for in part.
  const [first, end] = [Math.floor(from / step), Math.floor(until / step)]
  const slots = end - first + 1
  const place = (point) => Math.round(point.at / step) - first
  const bars = (names) => {
    const most = Math.max(...points.map((point) => point[names[0]] ?? 0)) || 1
    return points.flatMap((point) => names.map((name, at) => {
      const height = ((point[name] ?? 0) / most) * HEIGHT
      const width = Math.max(1, (WIDTH / slots) * 0.85)
      return shape('rect', { class: at === 0 ? 'bar' : 'bad', x: (place(point) * WIDTH) / slots, y: HEIGHT - height, width, height })
    }))
  }
  const lines = (names) => {
    const most = Math.max(...points.flatMap((point) => names.map((name) => point[name] ?? 0))) || 1
    return names.map((name, at) => {
      // Each point is as wide as its time, so that one alone is seen.
      const steps = points.filter((point) => point[name] !== null).map((point) => {
        const [left, right, y] = [(place(point) * WIDTH) / slots, ((place(point) + 1) * WIDTH) / slots, HEIGHT - 2 - (point[name] / most) * (HEIGHT - 4)]
        return `${left},${y} ${right},${y}`
      })
      return shape('polyline', { class: at === 0 ? 'line' : 'line faint', points: steps.join(' ') })
    })
  }
  const calls = total(points, 'calls')
  const last = points.at(-1)
  section.replaceChildren(
    chart('Calls', `${calls}`, count(total(points, 'errors'), 'error'), bars(['calls', 'errors'])),
    chart('p50 · p95 · p99', last ? `${time(last.p50)} · ${time(last.p95)} · ${time(last.p99)}` : '', '', lines(['p50', 'p95', 'p99'])),
    chart('Tokens in and out', `${total(points, 'input')} → ${total(points, 'output')}`, '', lines(['input', 'output'])),
    chart('Cost', known(points, 'cost') ? money(total(points, 'cost')) : 'unknown', '', bars(['cost'])),
  )
}

function chart(title, figure, note, shapes) {
  const svg = shape('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${title}: ${figure} ${note}` })
  svg.append(...shapes)
  return element('figure', {}, element('figcaption', {}, element('span', {}, title), element('span', {}, element('strong', {}, figure), note && ` ${note}`)), svg)
}

function shape(name, attributes) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  return made
}

/** The worst comes first. */
const HEALTH = ['open', 'benched', 'half-open', 'loading', 'healthy']
const CLASSES = { open: 'error', benched: 'error', 'half-open': 'aborted', loading: 'aborted', healthy: 'ok' }

/** What processes wrote of their targets, by name: the worst health of all, and what they have under way together. */
function liveTargets(processes) {
  const targets = new Map()
  for (const { at, state } of processes) {
    for (const { target, provider, health, inFlight, queued, maxConcurrent, lastError } of state) {
      const seen = targets.get(target) ?? { provider, health, inFlight: 0, queued: 0, maxConcurrent, at, processes: 0 }
      const worst = HEALTH.indexOf(health) < HEALTH.indexOf(seen.health) ? health : seen.health
      targets.set(target, {
        ...seen, health: worst, inFlight: seen.inFlight + inFlight, queued: seen.queued + queued, at: Math.max(at, seen.at), processes: seen.processes + 1,
        lastError: seen.lastError ?? lastError,
      })
    }
  }
  return targets
}

/** How the targets fared in every attempt of the listed calls, the latest of which come first. */
function attempted(calls) {
  const targets = new Map()
  for (const attempt of calls.flatMap((call) => call.attempts.toReversed())) {
    const failed = attempt.code !== null || attempt.status >= 400
    const seen = targets.get(attempt.target) ?? { made: 0, failed: 0, times: [], provider: attempt.provider, lastFailed: failed }
    seen.made++
    if (failed) seen.failed++
    else if (attempt.ms.total !== null) seen.times.push(attempt.ms.total)
    targets.set(attempt.target, seen)
  }
  return targets
}

/** The health of targets, as their processes wrote it last, and how they fared in the listed calls. */
export function drawTargets(section, calls, processes) {
  const [now, past] = [liveTargets(processes), attempted(calls)]
  section.replaceChildren(...[...new Set([...now.keys(), ...past.keys()])].map((name) => {
    const live = now.get(name)
    const { made, failed, times, lastFailed } = past.get(name) ?? { made: 0, failed: 0, times: [], lastFailed: false }
    const middle = times.sort((a, b) => a - b)[Math.floor(times.length / 2)]
    const health = live && !(lastFailed && live.health === 'healthy') ? CLASSES[live.health] : live ? 'aborted' : lastFailed ? 'error' : failed > 0 ? 'aborted' : 'ok'
    const told = [
      live?.provider ?? past.get(name).provider,
      live && `${live.health}, ${ago(live.at)}`,
      live?.processes > 1 && count(live.processes, 'process'),
      live && (live.inFlight > 0 || live.maxConcurrent) && `${live.inFlight}${live.maxConcurrent ? ` of ${live.maxConcurrent}` : ''} in flight`,
      live?.queued > 0 && `${live.queued} in line`,
      `${count(made, 'attempt')}, ${failed} failed`,
      middle !== undefined && `p50 ${time(middle)}`,
    ]
    const title = live?.lastError ? `last error: ${[live.lastError.status, live.lastError.code].filter(Boolean).join(' ')}` : lastFailed ? 'the last attempt failed' : ''
    return element('span', { class: 'target', title }, element('b', { class: health }, '● '), element('b', {}, name), ` ${told.filter(Boolean).join(' · ')}`)
  }))
}

/** How old what a process wrote is. */
function ago(at) {
  const seconds = Math.max(0, Math.round((Date.now() - at) / 1000))
  return seconds < 90 ? `${seconds} s ago` : seconds < 5400 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`
}
