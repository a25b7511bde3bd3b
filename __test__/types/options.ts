/** Options, configs and per-call parameters: what must compile, and what must not. */
import Portkey, { createHeaders } from 'portkey-native'
import type { CallOptions, CallParams, Config, PortkeyOptions } from 'portkey-native'
import { expectTypeOf } from 'expect-type'

declare const process: { env: Record<string, string | undefined> }

new Portkey()
new Portkey({})
new Portkey({ apiKey: process.env['PORTKEY_API_KEY'], provider: null })
new Portkey({ apiKey: 'k', provider: 'openai', customHost: 'http://HOST/v1/', Authorization: 'AUTH_KEY' })
new Portkey({ authorization: 'AUTH_KEY', traceId: 't', spanId: 's', spanName: 'n', parentSpanId: 'p' })
new Portkey({
  baseURL: null, timeout: 60_000, requestTimeout: 10_000, maxRetries: 0, idempotent: true,
  timeouts: { connect: 1_000, headers: 0, firstToken: 5_000, idle: 5_000, total: null },
  metadata: { user: 'u' }, traceID: 't', strictOpenAiCompliance: false, openaiOrganization: 'o', openaiProject: 'p',
  debug: false, sensitiveHeaders: ['X-Internal-Token'], dangerouslyAllowBrowser: true, calculateAudioDuration: false,
})

new Portkey({ captureContent: true, streamUsage: false })
new Portkey({ captureContent: { redact: [/secret/g, 'text'] as const } })
new Portkey({ captureContent: { redact: ({ request, answer }) => ({ request: request.model, answer }) } })
// @ts-expect-error: nobody waits for a promise
new Portkey({ captureContent: { redact: async (content) => content } })

// Headers, in every spelling that no option could be misspelt as.
new Portkey({ xApiKey: 'k', xOrgId: 1, forwardHeaders: ['Authorization', 'xApiKey', 'xOrgId'] })
new Portkey({ 'X-Custom-ID': 'v', forwardHeaders: ['X-Custom-ID'] })
new Portkey({ 'x-custom-id': 'v', x_custom_id: 'v', X_Custom_ID: 'v', CustomHeader: 'v', my_header: null })
new Portkey({ xApiKey: process.env['KEY'], forwardHeaders: ['xApiKey'] as const })
createHeaders({ provider: 'openai', 'x-custom-id': 'v' })

// An object of the caller's own interface has no index signature, and is welcome all the same.
interface Settings { apiKey: string; customHost?: string }
declare const settings: Settings
new Portkey(settings)
new Portkey().withOptions(settings)
const options: PortkeyOptions = { provider: 'openai', xApiKey: 'k' }
new Portkey(options)
new Portkey({ ...options, xApiKey: undefined })

// @ts-expect-error: customHost, misspelt
new Portkey({ custmHost: 'http://HOST/v1' })
// @ts-expect-error: baseURL, misspelt
new Portkey({ baseUrl: 'http://HOST/v1' })
// @ts-expect-error: forwardHeaders, misspelt
new Portkey({ forwardheaders: ['Authorization'] })
// @ts-expect-error: misspelt beside a header
new Portkey({ custmHost: 'http://HOST/v1', xApiKey: 'k' })
// @ts-expect-error: misspelt, on a copy
new Portkey().withOptions({ maxRetry: 1 })
// @ts-expect-error: a list, not a text
new Portkey({ forwardHeaders: 'Authorization' })
// @ts-expect-error: metadata holds text alone
new Portkey({ metadata: { user: 1 } })
// @ts-expect-error: a number of milliseconds
new Portkey({ timeout: '60s' })
// @ts-expect-error: not one of the clocks
new Portkey({ timeouts: { first_token: 1 } })
// @ts-expect-error: a header's value is no object
new Portkey({ xApiKey: { value: 'k' } })

// The documented configs, in both spellings and as JSON.
new Portkey({
  config: {
    provider: 'mistral-ai', custom_host: 'http://HOST/v1', access_token: 'a', key_id: 'k', pod_id: 'p',
    forward_headers: ['key_id', 'pod_id', 'access_token'],
  },
})
new Portkey({
  config: {
    provider: 'mistral-ai', customHost: 'http://HOST/v1', accessToken: 'a', keyId: 'k', podId: 'p',
    forwardHeaders: ['keyId', 'podId', 'accessToken'],
  },
})
new Portkey({ config: JSON.stringify({ provider: 'openai', custom_host: 'http://HOST/v1' }) })
const config: Config = {
  name: 'mine', api_key: 'k', request_timeout: 10_000, override_params: { model: 'm', top_k: 20 },
  retry: { attempts: 3, on_status_codes: [429, 503], use_retry_after_header: true },
  timeouts: { connect: 1_000, first_token: 5_000 }, strict_open_ai_compliance: true,
}
new Portkey({ config })
new Portkey({
  config: {
    apiKey: 'k', requestTimeout: 1, overrideParams: {}, strictOpenAiCompliance: false,
    retry: { attempts: 0, onStatusCodes: [], useRetryAfterHeaders: false },
  },
})
interface Route { provider: string; custom_host: string }
declare const route: Route
new Portkey({ config: route })

// @ts-expect-error: a list, not a text
new Portkey({ config: { forward_headers: 'key_id' } })
// @ts-expect-error: a number
new Portkey({ config: { retry: { attempts: '3' } } })
// @ts-expect-error: `attempts` is what a retry is
new Portkey({ config: { retry: { on_status_codes: [429] } } })
// @ts-expect-error: on_status_codes, misspelt
new Portkey({ config: { retry: { attempts: 3, on_status_code: [429] } } })
// @ts-expect-error: a number of milliseconds
new Portkey({ config: { request_timeout: '10s' } })
// @ts-expect-error: not one of the clocks
new Portkey({ config: { timeouts: { read: 1 } } })

// Fields of a client are its options, to be read.
const client = new Portkey({ provider: 'openai' })
expectTypeOf(client.apiKey).toEqualTypeOf<string | null | undefined>()
expectTypeOf(client.config).toEqualTypeOf<Config | string | null | undefined>()
expectTypeOf(client.metadata).toEqualTypeOf<Record<string, string> | null | undefined>()
expectTypeOf(client.forwardHeaders).toEqualTypeOf<readonly string[] | null | undefined>()
expectTypeOf(client.withOptions({ provider: null })).toEqualTypeOf<Portkey>()
// @ts-expect-error: a client never changes
client.baseURL = 'http://HOST/v1'
// @ts-expect-error: a credential is no field
client.Authorization

// One call's own.
const params: CallParams = { config, metadata: { user: 'u' }, traceID: null, xApiKey: 'k', forwardHeaders: ['xApiKey'] }
const opts: CallOptions = {
  headers: { 'x-a': 'b', 'x-c': null }, extraHeaders: {}, query: { 'api-version': '1', list: ['a'] },
  signal: new AbortController().signal, timeout: 1_000, maxRetries: 0,
}
const body = { messages: [{ role: 'user' as const, content: 'Say this is a test' }] }
client.chat.completions.create(body, params, opts)
client.chat.completions.create(body, settings)
client.chat.completions.create(body, null, null)
client.models.list(params, opts)
client.models.list({ customHost: 'http://HOST/v1' })
client.models.retrieve('m', params, opts)
// @ts-expect-error: customHost, misspelt
client.chat.completions.create(body, { custmHost: 'http://HOST/v1' })
// @ts-expect-error: customHost, misspelt
client.models.list({ custmHost: 'http://HOST/v1' })
// @ts-expect-error: maxRetries, misspelt
client.embeddings.create({ input: 'a' }, {}, { maxRetry: 1 })
// @ts-expect-error: a signal, not its controller
client.models.list({}, { signal: new AbortController() })
// @ts-expect-error: which model?
client.models.retrieve()
