// Figures over time as small charts, and how each target fared. No library: a chart is a few SVG shapes.

import { element, money, time } from './page.js'

const [WIDTH, HEIGHT] = [300, 72]

const total = (points, name) => points.reduce((sum, point) => sum + (point[name] ?? 0), 0)
const known = (points, name) => points.some((point) => point[name] !== null)

export function drawCharts(section, points, { from, until, step }) {
  const slots = Math.max(1, Math.ceil((until - from) / step))
  const place = (point) => Math.floor((point.at - Math.floor(from / step) * step) / step)
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
    chart('Calls', `${calls}`, `${total(points, 'errors')} errors`, bars(['calls', 'errors'])),
    chart('Time p50, p95, p99', last ? `${time(last.p50)} · ${time(last.p95)} · ${time(last.p99)}` : '', 'latest', lines(['p50', 'p95', 'p99'])),
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

/** How the targets fared in every attempt of the listed calls, the latest of which come first. */
export function drawTargets(section, calls) {
  const targets = new Map()
  for (const attempt of calls.flatMap((call) => call.attempts.toReversed())) {
    const failed = attempt.code !== null || attempt.status >= 400
    const seen = targets.get(attempt.target) ?? { made: 0, failed: 0, times: [], provider: attempt.provider, lastFailed: failed }
    seen.made++
    if (failed) seen.failed++
    else if (attempt.ms.total !== null) seen.times.push(attempt.ms.total)
    targets.set(attempt.target, seen)
  }
  section.replaceChildren(...[...targets].map(([name, { made, failed, times, provider, lastFailed }]) => {
    const middle = times.sort((a, b) => a - b)[Math.floor(times.length / 2)]
    const health = lastFailed ? 'error' : failed > 0 ? 'aborted' : 'ok'
    const told = [`${provider}`, `${made} attempts`, `${failed} failed`, middle !== undefined && `p50 ${time(middle)}`]
    return element('span', { class: 'target' }, element('b', { class: health, title: lastFailed ? 'the last attempt failed' : '' }, '● '), element('b', {}, name), ` ${told.filter(Boolean).join(' · ')}`)
  }))
}
