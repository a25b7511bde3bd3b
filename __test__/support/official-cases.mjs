// Recorded cases of the official SDK, and what becomes of each in an embedded client: the host itself is called, so no
// `x-portkey-*` header is sent, and what the contract mends is expected mended. No case is passed over in silence.

import { readFileSync } from 'node:fs'

const read = (name) => JSON.parse(readFileSync(new URL(`../../fixtures/official-sdk/${name}.json`, import.meta.url), 'utf8'))

const A_CREDENTIAL = 'Authorization without forwardHeaders is the credential, and its header is made anew'
const WIRE_NAMES = 'listed and sent names are the same header, once'
const VERBATIM = 'bodies of generic calls go as they are'
const NO_INVENTION = 'no credential is made of keys that are not for the host'

/** By name: what differs from the recording. `headers` are all that the options make on the wire. */
const EMBEDDED = {
  'minimal-chat': {},
  'local-gateway-no-key': { root: true },
  'byollm-basic-docs': { headers: { authorization: 'Bearer YOUR_AUTH_TOKEN' } },
  'byollm-camel-forward-docs': { headers: { authorization: 'Bearer sk_live_xxxxx', 'x-api-key': 'sensitive-key-value', 'x-org-id': 'org-12345' }, why: WIRE_NAMES },
  'forward-headers-reference-docs-CustomHeader': { options: { provider: null }, headers: { 'custom-header': 'c', 'another-header': 'd' }, why: `${WIRE_NAMES}; an @ provider is hosted` },
  'forward-pascal-kebab-both': { headers: { 'x-custom-id': 'v' }, why: WIRE_NAMES },
  'forward-snake-both': { headers: { 'x-custom-id': 'v' }, why: WIRE_NAMES },
  'authorization-no-bearer-chat': { headers: { authorization: 'Bearer sk-raw' }, why: A_CREDENTIAL },
  'authorization-key-any-case': { headers: { authorization: 'Bearer tok' }, why: A_CREDENTIAL },
  'observability-and-scalars': { options: { metadata: { _user: 'u1' } }, why: 'metadata values are strings' },
  'trace-aliases-and-spans': {},
  'zero-timeout-becomes-empty': { why: '0 turns a clock off' },
  'request-params-leak-into-next-call': { calls: [{ headers: { authorization: 'Bearer alice' } }, { headers: {} }], why: 'params of one call never stick' },
  'opts-extraHeaders': { headers: { 'x-extra': '1' } },
  'opts-headers-query-ignored-on-native-path': { path: '/v1/chat/completions?a=1', headers: { 'x-h': '1' }, why: 'headers and query work on every method' },
  'chat-body-top-level-snake-case': {
    body: { model: 'm', messages: [], max_tokens: 5, response_format: { type: 'json_schema', jsonSchema: { camelKept: 1 } }, userID: 'u' }, why: 'only known parameters are renamed',
  },
  embeddings: {},
  'base-url-trailing-slash-native': { slash: true, path: '/v1/chat/completions', why: 'paths are joined with one slash' },
  'base-url-trailing-slash-openai-path': { slash: true, why: NO_INVENTION },
  'models-list-openai-env': { why: NO_INVENTION },
  'authorization-no-bearer-openai-path': { headers: { authorization: 'Bearer sk-raw' } },
  'path-param-encoded-openai-path': { why: NO_INVENTION },
  'docs-vllm-auth-without-bearer': { headers: { authorization: 'Bearer AUTH_KEY' }, why: A_CREDENTIAL },
  'generic-post': { body: { model: 'r', topN: 3, nested: { camelKept: 1 } }, why: VERBATIM },
  'generic-post-array-body': { body: [1, 2], why: VERBATIM },
  'generic-put': { body: { metaData: { description: 'd' } }, why: VERBATIM },
  'docs-bedrock-kb-put': { options: { provider: null }, body: { name: 'MyKB', roleArn: 'arn:x', knowledgeBaseConfiguration: { type: 'VECTOR', vectorKnowledgeBaseConfiguration: { embeddingModelArn: 'arn:y' } } }, why: VERBATIM },
  'docs-bedrock-kb-retrieve': { options: { provider: null }, body: { retrievalQuery: { text: 'q' } }, why: VERBATIM },
  'docs-vertex-fetch-operation': { options: { provider: null }, body: { operationName: 'op' }, why: VERBATIM },
  'generic-get': {},
  'docs-milvus-relative-url': { options: { provider: null }, path: '/v1/v2/vectordb/collections/list', why: 'paths are joined with one slash' },
  'audio-speech': { why: NO_INVENTION },
  'files-list': { why: NO_INVENTION },
  'assistants-create': { headers: { 'openai-beta': 'assistants=v2' }, why: NO_INVENTION },
  'chat-list-query-dropped': { path: '/v1/chat/completions?model=m&limit=3', why: 'a list has its query' },
  'docs-deepgram-token-auth': { headers: { authorization: 'Token DEEPGRAM_API_KEY' } },
}

/** Options that this client refuses at construction, naming them. */
const REFUSED = {
    'empty-values-dropped': /provider: is an empty string; leave it out/,
  'cloud-aws': /awsS3Bucket: acts at a Portkey gateway alone/,
  'cloud-vertex': /vertexStorageBucketName: acts at a Portkey gateway alone/,
  'other-named-options': /fireworksAccountId: acts at a Portkey gateway alone/,
  'unknown-options': /^baseURL: does not start with/,
  'docs-passthrough-default-headers': /provider: expected one of/,
  'docs-azure-jwt': /azureDeploymendId: is no option; did you mean azureDeploymentId\?/,
}

const AT_A_GATEWAY = 'it goes to a gateway: remote-recorded.test.mjs'
const LEFT_OUT = {
  'docs-ollama-virtual-key-plus-custom-host': 'it goes to the hosted platform: remote.test.mjs',
  'docs-triton-custom-host-path': "Triton's ensembles complete texts and hold no chats; its OpenAI frontend is provider openai",
  'docs-qdrant-absolute-url': 'a URL of another host is refused: methods.test.mjs',
  'base-url-from-env': AT_A_GATEWAY, 'prompts-completions': AT_A_GATEWAY, 'feedback-create': AT_A_GATEWAY, 'feedback-update': AT_A_GATEWAY,
  'admin-users-update': AT_A_GATEWAY, 'admin-workspace-users-list': AT_A_GATEWAY, 'logs-exports-list': AT_A_GATEWAY, 'api-keys-create': AT_A_GATEWAY,
  'integrations-models-delete': AT_A_GATEWAY, 'path-param-not-encoded-native': AT_A_GATEWAY,
}

/** `{ run: [{ name, env, options, calls: [{ method, args, wire }], root, slash }], refused, leftOut }` */
export function requestCases() {
  const sorted = { run: [], refused: [], leftOut: [] }
  for (const { name, js, expected } of read('requests')) {
    const { baseURL, ...given } = js.options
    const calls = js.calls ?? [js.call]
    if (name in EMBEDDED) {
      const { root, slash, options, calls: differing, ...differs } = EMBEDDED[name]
      const wanted = [expected].flat().map(({ method, path, body }, at) => ({ method, path, body, headers: {}, ...differs, ...differing?.[at] }))
      sorted.run.push({ name, env: js.env ?? {}, root, slash, options: { ...given, ...options }, calls: calls.map((call, at) => ({ ...call, wire: wanted[at] })) })
    } else if (name in REFUSED) {
      sorted.refused.push({ name, env: js.env ?? {}, options: given, message: REFUSED[name] })
    } else if (name in LEFT_OUT) {
      sorted.leftOut.push({ name, why: LEFT_OUT[name] })
    } else {
      throw new Error(`requests.json: nobody has said what becomes of ${name}`)
    }
  }
  const recorded = new Set(read('requests').map(({ name }) => name))
  const stale = Object.keys({ ...EMBEDDED, ...REFUSED, ...LEFT_OUT }).filter((name) => !recorded.has(name))
  if (stale.length > 0) throw new Error(`requests.json has no case called ${stale.join(', ')}`)
  return sorted
}

const DEFAULT_BODY = JSON.stringify({ error: { message: 'boom', type: 't', code: 'c', param: 'p' } })

const TIMING = 'abort.test.mjs and clocks.test.mjs hold signals and clocks, which the recording shows ignored'
const RETRYING = 'retries.test.mjs holds retries, which the recording shows immediate, doubled or ignored'
const LEFT_OUT_BEHAVIOURS = [
  [({ kind }) => kind === 'timing', TIMING],
  [({ opts }) => opts?.maxRetries > 0, RETRYING],
  [({ name }) => /maxRetries|then 200/.test(name), RETRYING],
  [({ name }) => name.includes('socket closed'), 'errors.test.mjs: the POST is not sent a second time'],
]

/** `{ run: [{ name, step, refused, result }], leftOut }`: one answer, never retried. */
export function behaviourCases() {
  const sorted = { run: [], leftOut: [] }
  for (const recorded of read('behaviours')) {
    const { name, server, result } = recorded
    const reason = LEFT_OUT_BEHAVIOURS.find(([applies]) => applies(recorded))?.[1]
    if (reason) {
      sorted.leftOut.push({ name, why: reason })
      continue
    }
    if (!server) {
      sorted.run.push({ name, refused: true, result })
      continue
    }
    const [{ status, headers, body = DEFAULT_BODY }] = server
    sorted.run.push({ name, step: { status, headers: { 'content-type': 'application/json', ...headers }, body }, result })
  }
  return sorted
}

/** Where `createHeaders` does not give the recorded headers, and why. */
export const MENDED_HEADERS = [
  { input: { requestTimeout: 0 }, output: { 'x-portkey-request-timeout': '0' }, why: 'an empty header says nothing, and 0 is a value' },
  { input: { requestTimeout: 10 }, output: { 'x-portkey-request-timeout': '10' }, why: 'a header is a string' },
  {
    input: { forwardHeaders: ['Authorization', 'xApiKey'], xApiKey: 'v', Authorization: 'z' },
    output: { 'x-portkey-forward-headers': 'authorization,x-api-key', 'x-api-key': 'v', authorization: 'z' },
    why: 'a gateway looks for the listed name, so that the list has the names that are sent',
  },
  {
    input: { forwardHeaders: ['customHost'], customHost: 'h' },
    output: { 'x-portkey-forward-headers': 'custom-host', 'custom-host': 'h' },
    why: 'the list has the names that are sent',
  },
  { input: { 'x-portkey-api-key': 'q' }, output: { 'x-portkey-api-key': 'q' }, why: 'a name that has the prefix gets no second one' },
]

export function createHeadersCases() {
  return read('create-headers')
}
