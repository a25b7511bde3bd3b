// `npm run demo`: a real answer from a real model, through the engine, as it comes; then what happened on the way.
//
//   npm run demo
//   npm run demo -- "Why is the sky blue?"
//
// examples/target.mjs tells which model server is used. Nothing is sent anywhere else.
import { ensureAddon } from './addon.mjs'
import { chooseModel, openTarget } from './target.mjs'

const PROMPT = 'Why is the sky blue? Answer in three sentences.'
const MAX_TOKENS = 512
const ERROR_LINES = 3
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 }
const STOPPERS = { SIGINT: 'Ctrl-C', SIGTERM: 'SIGTERM' }

const colours = process.stdout.isTTY && !process.env.NO_COLOR
const dim = (text) => (colours ? `\u001b[2m${text}\u001b[0m` : text)
const bold = (text) => (colours ? `\u001b[1m${text}\u001b[0m` : text)

/** Terminals act on control characters; a model's text is only text. */
const plain = (text) => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')

/** Ctrl-C stops what is under way; a second one does not wait for it. */
function stopOnSignals() {
  const stopping = new AbortController()
  for (const [name, code] of Object.entries(EXIT_CODES)) {
    process.on(name, () => {
      if (stopping.signal.aborted) process.exit(code)
      stopping.abort(name)
    })
  }
  // Whoever reads our output has gone: `npm run demo | head -1`.
  process.stdout.on('error', () => process.exit(0))
  return stopping.signal
}

async function main(signal) {
  const prompt = process.argv.slice(2).join(' ') || PROMPT
  const target = await openTarget({ signal })
  try {
    await ensureAddon({ signal })
    const { default: Portkey } = await import('../index.mjs')
    // A gateway in the environment would take the call away from the target.
    const portkey = new Portkey({ customHost: target.customHost, Authorization: target.authorization, baseURL: null })
    const model = await chooseModel(portkey, { opts: { signal } })
    console.log(`${dim('model')}   ${bold(model)} ${dim(`(${target.name})`)}\n${dim('prompt')}  ${prompt}\n`)
    const stream = await portkey.chat.completions.create(
      {
        model,
        messages: [{ role: 'user', content: prompt }],
        max_tokens: MAX_TOKENS,
        stream: true,
        stream_options: { include_usage: true },
      },
      {},
      { signal },
    )
    const usage = await print(stream, signal)
    report(stream.getGateway(), usage)
  } finally {
    await target.stop()
  }
}

/** Writes the answer as it comes, a reasoning model's thoughts dimmed. */
async function print(stream, signal) {
  let usage
  let thinking = false
  try {
    for await (const chunk of stream) {
      usage = chunk.usage ?? usage
      const delta = chunk.choices[0]?.delta ?? {}
      const thought = delta.reasoning_content ?? delta.reasoning
      if (thought) process.stdout.write(dim(plain(thought)))
      if (delta.content && thinking) process.stdout.write('\n\n')
      if (delta.content) process.stdout.write(plain(delta.content))
      thinking = Boolean(thought) || (thinking && !delta.content)
    }
  } finally {
    process.stdout.write('\n\n') // what follows, a report or an error, stands apart
  }
  signal.throwIfAborted()
  return usage
}

function report(gateway, usage) {
  const last = gateway.attempts.at(-1)
  const { firstToken, total } = last.ms
  const rows = [
    ['target', last.url],
    ['attempts', `${gateway.attempts.length} (${gateway.attempts.map(outcome).join(', then ')})`],
    ['first token', milliseconds(firstToken)],
    ['total', milliseconds(total)],
    ['tokens', usage ? `${usage.prompt_tokens} in, ${usage.completion_tokens} out` : 'the host does not tell'],
    ['speed', speed(usage, total - firstToken)],
  ]
  for (const [name, value] of rows) console.log(`${dim(name.padEnd(12))} ${value}`)
}

function outcome({ status, code, phase }) {
  return String(status ?? code ?? phase)
}

function milliseconds(value) {
  return typeof value === 'number' ? `${Math.round(value)} ms` : 'unknown'
}

/** The first token is there when the clock starts. */
function speed(usage, ms) {
  if (!usage || !(ms > 0) || usage.completion_tokens < 2) return 'unknown'
  return `${(((usage.completion_tokens - 1) / ms) * 1000).toFixed(1)} tokens/s`
}

function tellError(error) {
  for (const line of error.details ?? []) console.error(`  ${line}`)
  console.error(
    String(error.message ?? error)
      .split('\n')
      .slice(0, ERROR_LINES)
      .join('\n'),
  )
}

const signal = stopOnSignals()
try {
  await main(signal)
} catch (error) {
  process.exitCode = signal.aborted ? EXIT_CODES[signal.reason] : 1
  if (signal.aborted) console.error(`stopped by ${STOPPERS[signal.reason]}: connections are closed, nothing is left running`)
  else tellError(error)
}
