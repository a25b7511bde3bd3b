// The jobs that every client is given, and the figures that are taken of them.
//
// `scenario` is the upstream's; `calls` and `seconds` bound a job, whichever comes first; `interval` (ms) spaces the
// calls of each of the `concurrency` callers, which otherwise call back to back; `warm` calls go before the first timed
// ones; `fresh` jobs run in a process of their own, since what ran before would show; `task` is what is done (see
// rounds.mjs); the first of `metrics` is the one in the README's table.

const model = 'gpt-4o-mini'
const instruction = 'Summarise this passage for a reader in a hurry.\n'
const prompt = (content) => ({ model, messages: [{ role: 'user', content }] })
const texts = { model: 'text-embedding-3-small', input: Array(16).fill('a short sentence to embed') }

const answers = {
  task: 'run',
  kind: 'chat',
  body: prompt(instruction),
  scenario: 'short',
  seconds: 0.8,
  unit: 'request',
  metrics: ['cpu', 'main', 'p50'],
}
const largeAnswers = { ...answers, calls: 200, concurrency: 4, warm: 50 }
const embeddings = { ...answers, kind: 'embed', body: texts, scenario: 'embeddings', calls: 60, concurrency: 2, warm: 15 }
const streams = { ...answers, kind: 'stream', unit: 'chunk', metrics: ['cpu', 'main', 'first'] }

export const workloads = {
  '1kb-at-1': { ...answers, about: '1 KB answer, 1 in flight', calls: 500, concurrency: 1, warm: 50 },
  '1kb-at-64': { ...answers, about: '1 KB answer, 64 in flight', calls: 2000, concurrency: 64, warm: 200 },
  '1kb-at-256': { ...answers, about: '1 KB answer, 256 in flight', calls: 2000, concurrency: 256, warm: 500 },
  paced: {
    ...answers,
    about: '1 KB answer after 20 ms, 200 a second',
    scenario: 'slow',
    calls: 200,
    seconds: 1,
    concurrency: 20,
    interval: 100,
    warm: 40,
  },
  '100kb-ascii': { ...largeAnswers, about: '100 KB answer, one ASCII string', scenario: 'ascii' },
  '100kb-cjk': { ...largeAnswers, about: '100 KB answer, one string of Chinese, Japanese and Korean', scenario: 'cjk' },
  '100kb-logprobs': { ...largeAnswers, about: '100 KB answer, thousands of small objects', scenario: 'logprobs' },
  'prompt-100kb': { ...largeAnswers, about: '100 KB prompt, 1 KB answer', body: prompt(instruction.repeat(2134)) },
  embeddings: { ...embeddings, about: '16 embeddings of 1,536, encoded as each client chooses' },
  'embeddings-floats': {
    ...embeddings,
    about: '16 embeddings of 1,536, asked for as numbers',
    body: { ...texts, encoding_format: 'float' },
  },
  'stream-200': {
    ...streams,
    about: 'streams of 200 chunks, 8 open',
    scenario: 'stream-200',
    calls: 60,
    concurrency: 8,
    warm: 16,
  },
  'stream-2000': {
    ...streams,
    about: 'streams of 2,000 chunks, 1 open',
    scenario: 'stream-2000',
    calls: 6,
    concurrency: 1,
    warm: 1,
  },
  'stream-paced': {
    ...streams,
    about: 'streams with a chunk every 15 ms, 32 open',
    scenario: 'stream-paced',
    calls: 64,
    seconds: 1.4,
    concurrency: 32,
    interval: 640,
    warm: 32,
  },
  'first-500': {
    ...answers,
    about: 'the first 500 requests of a process, 8 in flight',
    fresh: true,
    calls: 500,
    seconds: 4,
    concurrency: 8,
  },
  'open-1000': {
    ...streams,
    about: '1,000 streams open at once',
    task: 'hold',
    scenario: 'stream-open',
    concurrency: 1000,
    metrics: ['perStream', 'peak'],
  },
  'cold-start': {
    ...answers,
    about: 'a process that imports, constructs, calls once and ends, over one that does nothing',
    task: 'coldStart',
    metrics: ['start', 'startCpu'],
  },
}

/** What every client does before its rounds, so that most of its code is compiled, as in a process that has been up a while. */
export const burnIn = [
  { ...answers, calls: 4000, seconds: 2, concurrency: 16 },
  { ...streams, scenario: 'stream-200', calls: 80, seconds: 1, concurrency: 8 },
]

/** What a figure is, and its unit; those in µs are a request each, or a chunk in the stream workloads. */
export const metrics = {
  cpu: { label: 'CPU', unit: 'µs' },
  main: { label: 'main thread', unit: 'µs' },
  p50: { label: 'p50', unit: 'ms' },
  first: { label: 'first chunk', unit: 'ms' },
  perStream: { label: 'memory a stream', unit: 'KB' },
  peak: { label: 'peak memory', unit: 'MB' },
  start: { label: 'time', unit: 'ms' },
  startCpu: { label: 'CPU', unit: 'ms' },
}
