'use strict'
// Waiting for what a host does in its own time: runs, files, batches of files. Each method is made of methods of the
// tree, so that a call's `params` and `opts` hold for every request of it.

const { setTimeout: pause } = require('node:timers/promises')

const { APIConnectionTimeoutError, APIUserAbortError, ConfigError } = require('../errors.js')
const { kindOf } = require('../options.js')

/** Milliseconds between two looks, where neither the caller nor the host says more. */
const INTERVAL = 5_000
const LONGEST = 30 * 60_000
/** How many files are uploaded at once. */
const UPLOADS = 5

/** The helpers' own options apart from those of the calls that they make. */
function apart(opts) {
  const { pollIntervalMs, maxConcurrency, ...rest } = opts ?? {}
  for (const [name, value, least] of [['pollIntervalMs', pollIntervalMs, 0], ['maxConcurrency', maxConcurrency, 1]]) {
    if (value != null && !(typeof value === 'number' && value >= least)) {
      throw new ConfigError(`opts.${name}: expected a number ≥ ${least}, got ${typeof value === 'number' ? value : kindOf(value)}`)
    }
  }
  return { pollIntervalMs, maxConcurrency, rest }
}

/** Waits; an abort ends it with the error that a call would end with. */
async function wait(ms, signal) {
  try {
    await pause(ms, undefined, { signal })
  } catch {
    throw new APIUserAbortError()
  }
}

/** Asks until the answer's status is none of `underWay`. The host may say when to ask again. */
async function until(ask, underWay, opts) {
  const { pollIntervalMs, rest } = apart(opts)
  for (;;) {
    const { data, response } = await ask(rest).withResponse()
    if (!underWay.includes(data.status)) return data
    const told = Number.parseInt(response.headers['openai-poll-after-ms'], 10)
    await wait(pollIntervalMs ?? (told >= 0 ? told : INTERVAL), rest.signal ?? undefined)
  }
}

const RUN = ['queued', 'in_progress', 'cancelling']
const FILE = ['in_progress']

function pollRun(client, runId, object, params, opts) {
  return until((rest) => client.beta.threads.runs.retrieve(runId, object, params, rest), RUN, opts)
}

function pollFile(client, storeId, fileId, params, opts) {
  return until((rest) => client.vectorStores.files.retrieve(fileId, { vector_store_id: storeId }, params, rest), FILE, opts)
}

function pollFileBatch(client, storeId, batchId, params, opts) {
  return until((rest) => client.vectorStores.fileBatches.retrieve(batchId, { vector_store_id: storeId }, params, rest), FILE, opts)
}

async function upload(client, storeId, file, params, opts) {
  const { rest } = apart(opts)
  const { id } = await client.files.create({ file, purpose: 'assistants' }, params, rest)
  return client.vectorStores.files.create(storeId, { file_id: id }, params, rest)
}

async function createFileBatch(client, storeId, body, params, opts) {
  const { id } = await client.vectorStores.fileBatches.create(storeId, body, params, apart(opts).rest)
  return pollFileBatch(client, storeId, id, params, opts)
}

async function uploadFileBatch(client, storeId, { files, fileIds = [] } = {}, params, opts) {
  if (!(files?.length > 0)) throw new ConfigError('files: expected at least one; createAndPoll() takes files that the host has already')
  const { maxConcurrency = UPLOADS, rest } = apart(opts)
  const uploaded = new Array(files.length)
  const next = files.entries()
  const worker = async () => {
    for (const [at, file] of next) uploaded[at] = (await client.files.create({ file, purpose: 'assistants' }, params, rest)).id
  }
  await Promise.all(Array.from({ length: Math.min(maxConcurrency, files.length) }, worker))
  return createFileBatch(client, storeId, { file_ids: [...fileIds, ...uploaded] }, params, opts)
}

async function waitForProcessing(client, id, { pollInterval = INTERVAL, maxWait = LONGEST } = {}, params, opts) {
  const { rest } = apart({ ...opts, pollIntervalMs: pollInterval })
  const began = Date.now()
  for (;;) {
    const file = await client.files.retrieve(id, params, rest)
    if (['processed', 'error', 'deleted'].includes(file.status)) return file
    if (Date.now() - began + pollInterval > maxWait) {
      throw new APIConnectionTimeoutError(`The file was not processed within ${maxWait} ms; its status is ${file.status}.`, { status: 408 })
    }
    await wait(pollInterval, rest.signal ?? undefined)
  }
}

module.exports = {
  'beta.threads.createAndRunPoll': (client) => async (body, params, opts) => {
    const { id, thread_id } = await client.beta.threads.createAndRun(body, params, apart(opts).rest)
    return pollRun(client, id, { thread_id }, params, opts)
  },
  'beta.threads.runs.createAndPoll': (client) => async (threadId, body, params, opts) => {
    const { id } = await client.beta.threads.runs.create(threadId, body, params, apart(opts).rest)
    return pollRun(client, id, { thread_id: threadId }, params, opts)
  },
  'beta.threads.runs.poll': (client) => (runId, object, params, opts) => pollRun(client, runId, object, params, opts),
  'beta.threads.runs.submitToolOutputsAndPoll': (client) => async (runId, body, params, opts) => {
    const { id, thread_id } = await client.beta.threads.runs.submitToolOutputs(runId, body, params, apart(opts).rest)
    return pollRun(client, id, { thread_id: thread_id ?? body.thread_id }, params, opts)
  },
  'files.waitForProcessing': (client) => (id, object, params, opts) => waitForProcessing(client, id, object, params, opts),
  'vectorStores.files.createAndPoll': (client) => async (storeId, body, params, opts) => {
    const { id } = await client.vectorStores.files.create(storeId, body, params, apart(opts).rest)
    return pollFile(client, storeId, id, params, opts)
  },
  'vectorStores.files.poll': (client) => (storeId, fileId, params, opts) => pollFile(client, storeId, fileId, params, opts),
  'vectorStores.files.upload': (client) => (storeId, file, params, opts) => upload(client, storeId, file, params, opts),
  'vectorStores.files.uploadAndPoll': (client) => async (storeId, file, params, opts) => {
    const { id } = await upload(client, storeId, file, params, opts)
    return pollFile(client, storeId, id, params, opts)
  },
  'vectorStores.fileBatches.createAndPoll': (client) => (storeId, body, params, opts) => createFileBatch(client, storeId, body, params, opts),
  'vectorStores.fileBatches.poll': (client) => (storeId, batchId, params, opts) => pollFileBatch(client, storeId, batchId, params, opts),
  'vectorStores.fileBatches.uploadAndPoll': (client) => (storeId, object, params, opts) => uploadFileBatch(client, storeId, object, params, opts),
}
