// The page: filters, a live list, the keyboard. What is drawn is text, never markup.

import { drawCall } from './call.js'
import { drawCharts, drawTargets } from './charts.js'

/** An element with attributes and children. */
export function element(name, attributes, ...children) {
  const made = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  made.append(...children.filter((child) => child !== '' && child != null && child !== false))
  return made
}

export const time = (ms) => (ms === null || ms === undefined ? '–' : ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`)
export const money = (dollars) => `$${dollars === 0 ? '0' : dollars.toPrecision(3)}`

const [form, body, aside, main, problem] = ['#filters', '#calls', '#call', 'main', '#problem'].map((selector) => document.querySelector(selector))
const PAUSE = 1000
const POINTS = 60
let calls = []
let chosen
let opened

async function ask(place, parameters) {
  const response = await fetch(`${place}?${new URLSearchParams(parameters)}`)
  const answer = await response.json().catch(() => ({ error: 'The console has ended.' }))
  if (!response.ok) throw new Error(answer.error ?? 'The console refused; open the address that it printed.')
  return answer
}

/** The form as parameters of a question. */
function filter() {
  const { span, model, target, outcome, status, metadata, trace } = form.elements
  const until = Date.now()
  const asked = { from: until - Number(span.value), until: until + 1 }
  for (const [name, { value, validity }] of Object.entries({ model, target, outcome, status, trace })) if (value && validity.valid) asked[name] = value
  if (metadata.value) {
    const [key, value] = JSON.parse(metadata.value)
    asked[`metadata.${key}`] = value
  }
  return asked
}

async function refresh() {
  try {
    const asked = filter()
    const step = Math.ceil((asked.until - asked.from) / POINTS)
    const [list, points, processes] = await Promise.all([ask('/api/calls', { ...asked, limit: 200 }), ask('/api/figures', { ...asked, step }), ask('/api/targets', {})])
    calls = list
    drawList()
    drawTargets(document.querySelector('#targets'), calls, processes)
    drawCharts(document.querySelector('#charts'), points, { ...asked, step })
    problem.hidden = true
  } catch (error) {
    problem.textContent = error.message
    problem.hidden = false
  }
}

async function live() {
  if (form.elements.live.checked && !document.hidden) await refresh()
  setTimeout(live, PAUSE)
}

function drawList() {
  body.replaceChildren(...calls.map((call) => {
    const cells = [
      [new Date(call.began).toLocaleTimeString()],
      [call.outcome === 'ok' ? `${call.status}` : [call.outcome, call.status, call.code].filter(Boolean).join(' '), call.outcome],
      [call.model ?? '–'],
      [call.target === 'config' ? call.provider : `${call.target} · ${call.provider}`],
      [time(call.total), 'number'],
      [call.stream ? time(call.firstToken) : '', 'number'],
      [call.input === null ? '–' : `${call.input} → ${call.output}`, 'number'],
      [call.cost === null ? '–' : money(call.cost), 'number'],
      [`${call.attempts.length}`, 'number'],
      [call.feedback === null ? '' : `${Number(call.feedback.toPrecision(3))}`, 'number'],
      [call.traceId, 'quiet'],
    ]
    const row = element('tr', { 'aria-selected': call.id === chosen }, ...cells.map(([text, kind = '']) => element('td', { class: kind, title: text }, text)))
    row.addEventListener('click', () => open(call.id))
    return row
  }))
  document.querySelector('#empty').hidden = calls.length > 0
}

async function open(id) {
  chosen = opened = id
  history.replaceState(null, '', `#${id}`)
  drawList()
  try {
    const record = await ask('/api/call', { id })
    if (opened !== id || record === null) return
    drawCall(aside, record, close)
    aside.hidden = false
    main.classList.add('open')
  } catch (error) {
    problem.textContent = error.message
    problem.hidden = false
  }
}

function close() {
  opened = undefined
  history.replaceState(null, '', '/')
  aside.hidden = true
  main.classList.remove('open')
  body.focus()
}

function move(by) {
  const at = calls.findIndex(({ id }) => id === chosen)
  const next = calls[Math.min(calls.length - 1, Math.max(0, at < 0 ? 0 : at + by))]
  if (!next) return
  chosen = next.id
  drawList()
  body.querySelector('[aria-selected="true"]').scrollIntoView({ block: 'nearest' })
  if (opened) open(chosen)
}

const KEYS = { j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1), Enter: () => chosen && open(chosen), Escape: close, '/': () => form.elements.trace.focus() }

document.addEventListener('keydown', (event) => {
  const writes = ['INPUT', 'SELECT', 'BUTTON'].includes(event.target.tagName)
  if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key] || (writes && event.key !== 'Escape')) return
  if (writes) return event.target.blur()
  event.preventDefault()
  KEYS[event.key]()
})

form.addEventListener('input', refresh)
form.addEventListener('submit', (event) => event.preventDefault())

async function fillChoices() {
  const { models, targets, metadata } = await ask('/api/choices', {})
  const options = (values) => values.map((value) => element('option', { value }, value))
  form.elements.model.append(...options(models))
  form.elements.target.append(...options(targets))
  const pairs = Object.entries(metadata).flatMap(([key, values]) => values.map((value) => [key, value]))
  form.elements.metadata.append(...pairs.map(([key, value]) => element('option', { value: JSON.stringify([key, value]) }, `${key} = ${value}`)))
}

fillChoices().catch(() => {})
await refresh()
if (location.hash.length > 1) open(location.hash.slice(1))
live()
