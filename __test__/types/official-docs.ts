/**
 * The forms that the official SDK's documentation shows, on the page that each is named after, with the import changed. They
 * compile here, and official-examples.test.mjs runs them. None has a `baseURL`: PORTKEY_BASE_URL is their gateway.
 */
import Portkey, { createHeaders, PORTKEY_GATEWAY_URL } from 'portkey-native'
import OpenAI from 'openai'

const messages = [{ role: 'user' as const, content: 'Say this is a test' }]
const chat = (portkey: Portkey) => portkey.chat.completions.create({ model: 'gpt-4o', messages })

export const forms = {
  'byollm: catalog': () => chat(new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: '@YOUR_PRIVATE_LLM_PROVIDER' })),
  'byollm: host': () =>
    chat(new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: 'openai', customHost: 'https://your-llm-server.com/v1/', Authorization: 'Bearer AUTH_TOKEN', forwardHeaders: ['Authorization'] })),
  'byollm: sensitive headers': () =>
    chat(new Portkey({
      apiKey: 'PORTKEY_API_KEY', provider: 'openai', customHost: 'https://your-llm-server.com/v1/', Authorization: 'Bearer AUTH_TOKEN',
      xApiKey: 'key', xOrgId: 'org', forwardHeaders: ['Authorization', 'xApiKey', 'xOrgId'],
    })),
  'byollm: config': () =>
    chat(new Portkey({
      apiKey: 'PORTKEY_API_KEY',
      config: {
        strategy: { mode: 'fallback' },
        targets: [{ provider: 'openai', custom_host: 'http://PRIVATE_LLM/v1', forward_headers: ['Authorization'] }, { provider: '@openai-key' }],
      },
    })),
  'headers: forward': () => chat(new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: '@openai', CustomHeader: 'a', AnotherHeader: 'b', forwardHeaders: ['CustomHeader', 'AnotherHeader'] })),
  'headers: mask': () => chat(new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: '@openai', sensitiveHeaders: ['X-Internal-Token'] })),
  'gateway for other APIs': () =>
    new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: 'cohere', customHost: 'https://182.145.24.5:8080/v1', Authorization: 'Bearer KEY' })
      .post('/rerank', { return_documents: false, max_chunks_per_doc: 10, model: 'rerank-english-v2.0', query: 'q', documents: [] }),
  ollama: () => chat(new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: 'ollama', customHost: 'https://your-ollama.ngrok-free.app' })),
  vllm: () => chat(new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: 'openai', customHost: 'https://x.ngrok-free.app', Authorization: 'AUTH_KEY' })),
  triton: () => chat(new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: 'triton', customHost: 'http://localhost:8000/v2/models/mymodel', Authorization: 'AUTH_KEY' })),
  codestral: () => chat(new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: '@mistral-ai', customHost: 'https://codestral.mistral.ai/v1' })),
  deepgram: () => new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: 'openai', customHost: 'https://api.deepgram.com/v1', Authorization: 'Token KEY' }).post('/listen', { url: 'https://x.example/a.wav' }),
  'vertex: video': () =>
    new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: '@vertex-json', customHost: 'https://us-central1-aiplatform.googleapis.com/v1' })
      .post('/projects/p/locations/l/publishers/google/models/veo:fetchPredictOperation', { operationName: 'o' }),
  'bedrock: knowledge base': () =>
    new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: '@bedrock', customHost: 'https://bedrock-agent-runtime.us-east-1.amazonaws.com' }).post('/knowledgebases/kb/retrieve', { retrievalQuery: { text: 'q' } }),
  milvus: () => new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: '@milvus', customHost: 'https://milvus.example' }).post('v2/vectordb/collections/list', {}),
  'tracing and metadata': () =>
    new Portkey({ apiKey: 'PORTKEY_API_KEY', virtualKey: 'vk', traceID: 'trace', metadata: { _user: 'u', environment: 'production' } })
      .chat.completions.create({ model: 'gpt-4o', messages }, { traceID: 'other', metadata: { _user: 'v' } }),
  'prompt library': () => new Portkey({ apiKey: 'PORTKEY_API_KEY' }).prompts.completions.create({ promptID: 'pp-1', variables: { user: 'u' } }),
  feedback: () => new Portkey({ apiKey: 'PORTKEY_API_KEY' }).feedback.create({ traceID: 'trace', value: 1 }),
  streaming: async () => {
    const stream = await new Portkey({ apiKey: 'PORTKEY_API_KEY', virtualKey: 'vk' }).chat.completions.create({ model: 'gpt-4o', messages, stream: true })
    for await (const chunk of stream) void (chunk.choices[0]?.delta?.content || '')
  },
  'OpenAI SDK': () =>
    new OpenAI({ apiKey: 'KEY', baseURL: process.env.PORTKEY_BASE_URL ?? PORTKEY_GATEWAY_URL, defaultHeaders: createHeaders({ apiKey: 'PORTKEY_API_KEY', virtualKey: 'vk' }) })
      .chat.completions.create({ model: 'gpt-4o', messages }),
}

/** A misspelling that the documentation shows, and that the official SDK sends on as a header that nobody knows. */
export const misspelt = () =>
  // @ts-expect-error: it is azureDeploymentId
  new Portkey({ apiKey: 'PORTKEY_API_KEY', provider: 'azure-openai', azureResourceName: 'r', azureDeploymendId: 'd', azureApiVersion: 'v', Authorization: 'Bearer JWT', forwardHeaders: ['Authorization'] })
