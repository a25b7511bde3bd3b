// One call: what it was, a waterfall of its attempts, what was asked and answered, and how to make it again.

import { element, money, time } from './page.js'

const PHASES = { limit: 'waiting for a limit', queue: 'in line', connect: 'connecting', headers: 'until headers', body: 'body' }

export function drawCall(aside, record, close) {
  const { usage, ms, content, attempts, changes, metadata, feedback } = record
  const facts = {
    outcome: element('span', { class: record.outcome }, [record.outcome, record.status, record.code].filter((part) => part !== null).join(' · ')),
    method: record.endpoint + (record.stream ? ' (stream)' : ''),
    model: [record.model, record.answeredBy !== record.model && record.answeredBy].filter(Boolean).join(' → ') || '–',
    target: `${record.target} (${record.provider}), ${record.path}`,
    began: new Date(record.began).toISOString(),
    time: time(ms.total) + (ms.firstToken === null ? '' : `, first token after ${time(ms.firstToken)}`) + (record.tokensPerSecond === null ? '' : `, ${record.tokensPerSecond.toFixed(1)} tokens/s`),
    tokens: usage === null ? '–' : `${usage.input} in (${usage.cached} cached${usage.written > 0 ? `, ${usage.written} written to the cache` : ''}), ${usage.output} out (${usage.reasoning} reasoning)${usage.estimated ? ', estimated' : ''}`,
    cost: record.cost === null ? 'unknown' : money(record.cost),
    cache: record.cache ?? '–',
    trace: [record.traceId, record.spanId, record.spanName].filter(Boolean).join(' / '),
    request: record.requestId ?? '–',
    ...Object.fromEntries(Object.entries(metadata).map(([key, value]) => [`metadata.${key}`, value])),
    ...(record.failedHooks.length > 0 && { 'failed hooks': record.failedHooks.join(', ') }),
    ...(feedback.length > 0 && { feedback: feedback.map(({ value, weight, metadata: said }) => `${value}${weight === null ? '' : ` (weight ${weight})`}${said === null ? '' : ` ${JSON.stringify(said)}`}`).join(', ') }),
  }
  aside.replaceChildren(...[
    element('div', { class: 'head' }, element('h2', {}, 'Call'),
      element('div', { class: 'actions' }, copies(record, 'Copy as curl', curlOf), copies(record, 'Copy as JS', scriptOf), button('Close', close))),
    element('dl', {}, ...Object.entries(facts).flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])),
    element('h3', {}, 'Attempts'),
    waterfall(attempts),
    ...(changes.length > 0 ? [element('h3', {}, 'Changed on the way'), element('ul', {}, ...changes.map((change) => element('li', {}, change)))] : []),
    ...(content === null
      ? [element('h3', {}, 'Contents'), element('p', { class: 'quiet' }, 'Not captured: captureContent is off.')]
      : [element('h3', {}, 'Request'), json(content.request), element('h3', {}, 'Answer'), json(content.answer)]),
  ])
}

const json = (value) => element('pre', {}, JSON.stringify(value, null, 2))

/** Where each phase of an attempt ends, in milliseconds after its beginning. Its own clock runs from when it need not wait any more. */
function endsOf({ phase, ms }) {
  const limit = ms.limit ?? 0
  const queue = limit + (ms.queue ?? 0)
  const own = phase === 'limit' || phase === 'queue' ? 0 : (ms.total ?? ms.headers ?? ms.connect ?? 0)
  const connect = queue + Math.min(ms.connect ?? 0, own)
  return { limit, queue, connect, headers: queue + (ms.headers ?? own), body: queue + own, first: ms.firstToken === null ? null : queue + ms.firstToken }
}

/** Each attempt as a bar, one after the other: its waits, connecting, until the headers, the body. */
function waterfall(attempts) {
  const ends = attempts.map(endsOf)
  const lengths = ends.map(({ body }) => body)
  const whole = Math.max(1, lengths.reduce((sum, length) => sum + length, 0))
  let from = 0
  const rows = attempts.flatMap((attempt, at) => {
    const { firstToken, limit } = attempt.ms
    const track = element('div', { class: 'track', title: `${attempt.url}` })
    let begun = 0
    for (const phase of Object.keys(PHASES)) {
      const end = Math.max(begun, ends[at][phase])
      track.append(piece(phase, from + begun, end - begun, whole))
      begun = end
    }
    if (firstToken !== null) track.append(piece('first', from + ends[at].first, 0, whole))
    from += lengths[at]
    const told = [attempt.status ?? attempt.code ?? attempt.phase, time(lengths[at]), firstToken !== null && `first token ${time(firstToken)}`, attempt.limit && `${attempt.phase === 'limit' ? 'stopped by' : `waited ${time(limit)} for`} ${attempt.limit}`, attempt.retryReason && `because of ${attempt.retryReason}`]
    return [element('span', {}, attempt.target), track, element('span', { class: attempt.status >= 400 || attempt.code ? 'error' : 'quiet' }, told.filter(Boolean).join(' · '))]
  })
  const legend = element('p', { class: 'legend quiet' }, ...Object.entries(PHASES).flatMap(([phase, words]) => [element('i', { class: phase }), words]), element('i', { class: 'first' }), 'first token')
  return element('div', {}, element('div', { class: 'waterfall' }, ...rows), attempts.length > 0 ? legend : element('p', { class: 'quiet' }, 'None: it was answered from the cache, or denied.'))
}

function piece(phase, from, length, whole) {
  const bar = element('i', { class: phase })
  bar.style.left = `${(from / whole) * 100}%`
  bar.style.width = `${(length / whole) * 100}%`
  if (phase === 'first') bar.title = 'first token'
  else if (length === 0) bar.hidden = true
  return bar
}

function button(text, act) {
  const made = element('button', { type: 'button' }, text)
  made.addEventListener('click', act)
  return made
}

function copies(record, text, make) {
  const made = button(text, async () => {
    await navigator.clipboard.writeText(make(record))
    made.textContent = 'Copied'
    setTimeout(() => (made.textContent = text), 1200)
  })
  made.disabled = record.content === null || record.attempts.length === 0
  if (made.disabled) made.title = 'The request was not captured'
  return made
}

const SECRET = 'MODEL_API_KEY'
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`

/** The paths that a chat or the like has where it goes out as it was written. */
const AS_WRITTEN = { 'chat.completions.create': '/chat/completions', 'completions.create': '/completions', 'embeddings.create': '/embeddings', 'responses.create': '/responses', 'messages.create': '/messages' }

function curlOf({ attempts, content, endpoint, provider }) {
  const { url } = attempts.at(-1)
  const [, socket, place] = /^unix:(.*?):(\/.*)$/.exec(url) ?? []
  const where = socket ? `--unix-socket ${quoted(socket)} ${quoted(`http://localhost${place}`)}` : quoted(url)
  const isTranslated = !url.endsWith(AS_WRITTEN[endpoint] ?? '')
  const note = isTranslated ? `# ${provider} takes this in a form of its own, which portkey-native made of it\n` : ''
  return `${note}curl ${where} \\\n  -H 'content-type: application/json' \\\n  -H "authorization: Bearer $${SECRET}" \\\n  -d ${quoted(JSON.stringify(content.request))}`
}

function scriptOf({ attempts, content, endpoint, provider }) {
  const host = attempts.at(-1).url.replace(/\/(chat\/completions|completions|embeddings|responses|messages)$/, '')
  return `import Portkey from 'portkey-native'

const portkey = new Portkey({ provider: ${JSON.stringify(provider)}, customHost: ${JSON.stringify(host)}, Authorization: process.env.${SECRET} })
const answer = await portkey.${endpoint}(${JSON.stringify(content.request, null, 2)})
console.log(answer)
`
}
