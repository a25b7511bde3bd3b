// Chooses the model server that the examples talk to: yours (PORTKEY_CUSTOM_HOST), else one that runs on this machine, else a small
// real model that is installed and started on the spot. What was started here ends with this process and does not keep it alive.
//
//   PORTKEY_CUSTOM_HOST    base URL with its version, for example http://127.0.0.1:8000/v1
//   PORTKEY_AUTHORIZATION  the credential for it, if it asks for one
//   PORTKEY_MODEL          which of its models; without it the first that it lists
import { withProgress } from '../tools/local-model/progress.mjs'
import { startLocalModel } from '../tools/local-model/server.mjs'

const USUAL_PORTS = [
  { name: 'Ollama', port: 11434 },
  { name: 'LM Studio', port: 1234 },
  { name: 'llama.cpp', port: 8080 },
  { name: 'vLLM', port: 8000 },
]
const PROBE_MS = 300

/** Servers list these beside their chat models, and they cannot chat. */
const NOT_FOR_CHAT = /embed|rerank|whisper|\bbge\b|\be5\b/i

/**
 * @param {object} [needs] with a key or embeddings no running server is looked for: it cannot be asked for them
 * @param {string} [needs.apiKey] the local model shall ask for this key
 * @param {boolean} [needs.embeddings] the local model shall serve embeddings too
 * @param {AbortSignal} [needs.signal] gives up
 * @returns {Promise<{ name: string, customHost: string, authorization?: string, local: boolean, stop(): Promise<void> }>}
 */
export async function openTarget({ apiKey, embeddings, signal } = {}) {
  const named = process.env.PORTKEY_CUSTOM_HOST
  if (named) return running('PORTKEY_CUSTOM_HOST', named, process.env.PORTKEY_AUTHORIZATION)
  const found = apiKey || embeddings ? undefined : await findRunning(signal)
  if (found) return running(found.name, found.customHost)
  const server = await withProgress((onProgress) =>
    startLocalModel({ apiKey, embeddings, signal, onProgress, repeatPenalty: 1.1 }),
  )
  return {
    name: 'local llama.cpp',
    customHost: `${server.url}/v1`,
    authorization: apiKey && `Bearer ${apiKey}`,
    local: true,
    stop: server.stop,
  }
}

function running(name, customHost, authorization) {
  return { name, customHost, authorization, local: false, stop: async () => {} }
}

async function findRunning(signal) {
  const answers = await Promise.all(USUAL_PORTS.map((server) => probe(server)))
  signal?.throwIfAborted()
  return answers.find(Boolean)
}

/** Other programs use these ports too: only an answer that lists models counts. */
async function probe({ name, port }) {
  const customHost = `http://127.0.0.1:${port}/v1`
  try {
    const response = await fetch(`${customHost}/models`, { signal: AbortSignal.timeout(PROBE_MS), redirect: 'error' })
    const { data } = await response.json()
    return response.ok && data.some((model) => typeof model.id === 'string') ? { name, customHost } : undefined
  } catch {
    return undefined // nothing there, or nothing that speaks this dialect
  }
}

/** PORTKEY_MODEL, else the first listed model that fits. */
export async function chooseModel(portkey, { opts, fits = (id) => !NOT_FOR_CHAT.test(id) } = {}) {
  if (process.env.PORTKEY_MODEL) return process.env.PORTKEY_MODEL
  const { data } = await portkey.models.list({}, opts)
  const ids = (data ?? []).map((model) => model.id)
  const model = ids.find(fits) ?? ids[0]
  if (model === undefined) throw new Error('the host lists no model: load one there, or name one with PORTKEY_MODEL')
  return model
}
