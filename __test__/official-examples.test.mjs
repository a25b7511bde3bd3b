// The official SDK's README, and the forms that its documentation shows, run with the import changed and nothing else.
// That they compile is a type test's (types/run.mjs, types/official-docs.ts).

import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import typescript from 'typescript'
import { ConfigError } from '../index.mjs'
import { chatChunks, completion } from './support/answers.mjs'
import { startChild } from './support/child.mjs'
import { hostFor } from './support/host.mjs'
import { officialExamples } from './support/official-examples.mjs'

for (const [at, example] of officialExamples().entries()) {
  test(`example ${at + 1} of the README runs`, async (t) => {
    const host = await hostFor(t, [{ json: completion() }])
    const child = startChild(t, example, { prelude: '', env: { PORTKEY_BASE_URL: host.url, PORTKEY_API_KEY: 'portkey-key' } })
    const { code, errors } = await child.ended
    assert.equal(code, 0, errors)
    assert.equal(`${host.last.method} ${host.last.path}`, 'POST /v1/chat/completions')
    assert.deepEqual(host.last.json(), { messages: [{ role: 'user', content: 'Say this is a test' }], model: 'gpt-4' })
    const { headers } = host.last
    assert.deepEqual([headers['x-portkey-api-key'], headers['x-portkey-virtual-key']], ['portkey-key', 'VIRTUAL_KEY'])
  })
}

/** The forms as a module that can be run: it stands here while it is loaded, so that it finds the packages. */
async function formsOf() {
  const text = readFileSync(new URL('types/official-docs.ts', import.meta.url), 'utf8')
  const { outputText } = typescript.transpileModule(text, { compilerOptions: { module: 'esnext', target: 'esnext' } })
  const place = new URL(`official-docs-${process.pid}.mjs`, import.meta.url)
  writeFileSync(place, outputText)
  try {
    return await import(place)
  } finally {
    rmSync(place)
  }
}

/** What each sends beside the key: its path, and what of the options a gateway has to know. */
const SENT = {
  'byollm: catalog': { provider: '@YOUR_PRIVATE_LLM_PROVIDER' },
  'byollm: host': { provider: 'openai', 'custom-host': 'https://your-llm-server.com/v1/', 'forward-headers': 'authorization', authorization: 'Bearer AUTH_TOKEN' },
  'byollm: sensitive headers': { 'forward-headers': 'authorization,x-api-key,x-org-id', 'x-api-key': 'key', 'x-org-id': 'org' },
  'byollm: config': { config: '"provider":"@openai-key"' },
  'headers: forward': { 'forward-headers': 'custom-header,another-header', 'custom-header': 'a', 'another-header': 'b' },
  'headers: mask': { 'sensitive-headers': 'X-Internal-Token' },
  'gateway for other APIs': { path: '/v1/rerank', body: { max_chunks_per_doc: 10 }, provider: 'cohere' },
  ollama: { provider: 'ollama', 'custom-host': 'https://your-ollama.ngrok-free.app' },
  vllm: { authorization: 'AUTH_KEY' },
  triton: { provider: 'triton', 'custom-host': 'http://localhost:8000/v2/models/mymodel' },
  codestral: { provider: '@mistral-ai', 'custom-host': 'https://codestral.mistral.ai/v1' },
  deepgram: { path: '/v1/listen', authorization: 'Token KEY' },
  'vertex: video': { path: '/v1/projects/p/locations/l/publishers/google/models/veo:fetchPredictOperation', body: { operationName: 'o' } },
  'bedrock: knowledge base': { path: '/v1/knowledgebases/kb/retrieve', body: { retrievalQuery: { text: 'q' } } },
  milvus: { path: '/v1/v2/vectordb/collections/list' },
  'tracing and metadata': { 'trace-id': 'other', metadata: '{"_user":"v"}', 'virtual-key': 'vk' },
  'prompt library': { path: '/v1/prompts/pp-1/completions', body: { variables: { user: 'u' } } },
  feedback: { path: '/v1/feedback', body: { trace_id: 'trace', value: 1 } },
  streaming: { body: { stream: true } },
  'OpenAI SDK': { 'virtual-key': 'vk', authorization: 'Bearer KEY' },
}

describe('a form that the documentation shows is sent as it means', async () => {
  const { forms, misspelt } = await formsOf()

  test('each', async (t) => {
    const host = await hostFor(t, ({ text }) => (text.includes('"stream":true') ? { sse: chatChunks() } : { json: completion() }))
    process.env.PORTKEY_BASE_URL = host.url
    t.after(() => delete process.env.PORTKEY_BASE_URL)
    assert.deepEqual(Object.keys(forms), Object.keys(SENT))
    for (const name in forms) {
      await forms[name]()
      const { path = '/v1/chat/completions', body, ...headers } = SENT[name]
      const request = host.last
      assert.equal(request.path, path, name)
      assert.equal(request.headers['x-portkey-api-key'], 'PORTKEY_API_KEY', name)
      for (const [key, value] of Object.entries(body ?? {})) assert.deepEqual(request.json()[key], value, name)
      for (const [header, value] of Object.entries(headers)) {
        const sent = request.headers[`x-portkey-${header}`] ?? request.headers[header]
        assert.ok(header === 'config' ? sent.includes(value) : sent === value, `${name}: ${header} is ${sent}`)
      }
    }
    assert.throws(misspelt, (error) => error instanceof ConfigError && /did you mean azureDeploymentId/.test(error.message))
  })
})
