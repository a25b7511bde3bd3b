// Recorded requests of the official SDK, and what a client with a `baseURL` sends for each: the same, but for what is
// mended. No case is passed over in silence.

import { readFileSync } from 'node:fs'

const read = (name) => JSON.parse(readFileSync(new URL(`../../fixtures/official-sdk/${name}.json`, import.meta.url), 'utf8'))
const recorded = read('requests')

const WIRE_NAMES = 'the list has the names that are sent'
const VERBATIM = 'bodies of generic calls go as they are'
const ENCODED = 'what stands in a path or a query is percent-encoded'

/** By name: what differs from the recording, and why. A header of `null` is not sent. */
const MENDED = {
  'byollm-basic-docs': { headers: { 'x-portkey-forward-headers': 'authorization' }, why: WIRE_NAMES },
  'byollm-camel-forward-docs': { headers: { 'x-portkey-forward-headers': 'authorization,x-api-key,x-org-id' }, why: WIRE_NAMES },
  'forward-headers-reference-docs-CustomHeader': {
    headers: { 'x-portkey-forward-headers': 'custom-header,another-header', '-custom-header': null, '-another-header': null, 'custom-header': 'c', 'another-header': 'd' }, why: WIRE_NAMES,
  },
  'forward-pascal-kebab-both': { headers: { 'x-portkey-forward-headers': 'x-custom-id', '-x--custom--id': null, 'x-custom-id': 'v' }, why: WIRE_NAMES },
  'forward-snake-both': { headers: { 'x-portkey-forward-headers': 'x-custom-id', x_custom_id: null, 'x-custom-id': 'v' }, why: `${WIRE_NAMES}, which proxies leave alone` },
  'zero-timeout-becomes-empty': { headers: { 'x-portkey-request-timeout': '0' }, why: '0 is a value' },
  'unknown-options': {
    headers: {
      'x-portkey-max-retries': null, 'x-portkey-timeout': null, 'x-portkey-default-headers': null, 'my-custom-header': 'abc', 'x-portkey-x-portkey-foo': null, 'x-portkey-foo': '1',
      'x-portkey-sensitive-headers': 'X-Internal-Token', 'x-portkey-base-url': null, 'x-portkey-strict-open-a-i-compliance': null, 'x-portkey-strict-open-ai-compliance': 'true',
    },
    why: 'options that are known act; a prefix is not doubled; names are listed with commas',
  },
  'request-params-leak-into-next-call': { calls: [{}, { headers: { 'x-portkey-trace-id': null, authorization: null } }], why: 'params of one call never stick' },
  'opts-headers-query-ignored-on-native-path': { path: '/v1/chat/completions?a=1', headers: { 'x-h': '1' }, why: 'headers and query work on every method' },
  'chat-body-top-level-snake-case': {
    body: { model: 'm', messages: [], max_tokens: 5, response_format: { type: 'json_schema', jsonSchema: { camelKept: 1 } }, userID: 'u' }, why: 'only known parameters are renamed',
  },
  'prompts-completions': { body: { variables: { name: 'x' }, max_tokens: 5 }, why: 'nothing is added to a body' },
  'generic-post': { body: { model: 'r', topN: 3, nested: { camelKept: 1 } }, why: VERBATIM },
  'generic-post-array-body': { body: [1, 2], why: VERBATIM },
  'generic-put': { body: { metaData: { description: 'd' } }, why: VERBATIM },
  'docs-bedrock-kb-put': { body: { name: 'MyKB', roleArn: 'arn:x', knowledgeBaseConfiguration: { type: 'VECTOR', vectorKnowledgeBaseConfiguration: { embeddingModelArn: 'arn:y' } } }, why: VERBATIM },
  'docs-bedrock-kb-retrieve': { body: { retrievalQuery: { text: 'q' } }, why: VERBATIM },
  'docs-vertex-fetch-operation': { body: { operationName: 'op' }, why: VERBATIM },
  'docs-milvus-relative-url': { path: '/v1/v2/vectordb/collections/list', why: 'paths are joined with one slash' },
  'base-url-trailing-slash-native': { path: '/v1/chat/completions', why: 'paths are joined with one slash' },
  'path-param-not-encoded-native': { path: '/v1/prompts/a%2F..%2Fb%3Fx%3D1', why: ENCODED },
  'integrations-models-delete': { path: '/v1/integrations/s/models?slugs=a%2Cb', why: ENCODED },
  'chat-list-query-dropped': { path: '/v1/chat/completions?model=m&limit=3', why: 'a list has its query' },
  'docs-passthrough-default-headers': { headers: { 'x-portkey-default-headers': null, 'my-custom-header': 'abc' }, why: 'defaultHeaders are headers' },
}

/** What is refused, with its message. */
const REFUSED = {
  'docs-azure-jwt': /^azureDeploymendId: is no option; did you mean azureDeploymentId\?$/,
  'docs-qdrant-absolute-url': /is of another host than the target's/,
}

/** The official SDK makes a credential of the keys that it finds; here none is sent that was not given. */
function invented({ options, env = {} }, { transport, headers }) {
  const made = transport === 'openai' && !('Authorization' in options) ? ['authorization'] : []
  if (transport === 'openai' && headers.authorization === `Bearer ${options.Authorization}`) headers.authorization = options.Authorization
  return [...made, ...Object.keys(env).flatMap((name) => ({ OPENAI_ORG_ID: 'openai-organization', OPENAI_PROJECT_ID: 'openai-project' })[name] ?? [])]
}

/** `[{ name, env, options, calls: [{ method, args, wire }], refused, why }]`; `{{BASE}}` stands for the gateway. */
export function remoteCases() {
  const names = recorded.map(({ name }) => name)
  const stale = Object.keys({ ...MENDED, ...REFUSED }).filter((name) => !names.includes(name))
  if (stale.length > 0) throw new Error(`requests.json has no case called ${stale.join(', ')}`)
  return recorded.map(({ name, js, expected }) => {
    const { calls: differing, why, ...differs } = MENDED[name] ?? {}
    const wires = [expected].flat().map((wire, at) => {
      const wanted = { ...wire, ...differs, ...differing?.[at], headers: { ...wire.headers, ...differs.headers, ...differing?.[at]?.headers } }
      // What has no body has no type of one.
      const left = [...invented(js, wanted), ...(wanted.body === null ? ['content-type'] : [])]
      for (const header in wanted.headers) if (wanted.headers[header] === null || left.includes(header)) delete wanted.headers[header]
      return wanted
    })
    const calls = (js.calls ?? [js.call]).map((call, at) => ({ ...call, wire: wires[at] }))
    return { name, env: js.env ?? {}, options: js.options, calls, refused: REFUSED[name], why }
  })
}

const DEFAULT_BODY = JSON.stringify({ error: { message: 'boom', type: 't', code: 'c', param: 'p' } })

const OWN_POLICY = 'two more attempts, after waits, of 408, 409, 429 and 5xx that no gateway answered'
const ONE_COUNT = 'maxRetries counts attempts, and none is doubled'
const BEHAVIOURS_LEFT_OUT = [
  [({ kind }) => kind !== 'status', 'remote.test.mjs holds connections, clocks and signals'],
  [({ name }) => /client.maxRetries=3|maxRetries=5|then 200/.test(name), 'retries.test.mjs holds what the recording shows of immediate and ignored retries'],
]

/** `{ run: [{ name, step, opts, result, requests, why }], leftOut }`: one answer, again and again. */
export function remoteBehaviours() {
  const sorted = { run: [], leftOut: [] }
  for (const given of read('behaviours')) {
    const { name, server, opts, result, requestsSent } = given
    const why = BEHAVIOURS_LEFT_OUT.find(([applies]) => applies(given))?.[1]
    if (why) {
      sorted.leftOut.push({ name, why })
      continue
    }
    const [{ status, headers = {}, body = DEFAULT_BODY }] = server
    const isOfGateway = Object.keys(headers).some((header) => header.startsWith('x-portkey-'))
    const isTriedAgain = !isOfGateway && (status >= 500 || [408, 409, 429].includes(status))
    const requests = opts ? opts.maxRetries + 1 : isTriedAgain ? 3 : requestsSent
    const mended = requests === requestsSent ? undefined : opts ? ONE_COUNT : OWN_POLICY
    sorted.run.push({ name, step: { status, headers: { 'content-type': 'application/json', ...headers }, body }, opts, result, requests, why: mended })
  }
  return sorted
}
