/** Calls: bodies, the answer's type by `stream`, what hangs on answers, streams and errors. */
import Portkey, {
  APIConnectionError, APIConnectionTimeoutError, APIError, APIPromise, APIUserAbortError, ConfigError, RateLimitError, Stream,
  StreamTruncatedError,
} from 'portkey-native'
import type {
  Answer, ChatCompletion, ChatCompletionChunk, ChatCompletionMessageParam, Completion, CreateEmbeddingResponse, GatewayReport,
  Model, ModelList, ModerationCreateResponse, PagePromise, ResponseFacts, UnreadResponse,
} from 'portkey-native'
import { expectTypeOf } from 'expect-type'

declare const client: Portkey
const messages: ChatCompletionMessageParam[] = [
  { role: 'developer', content: 'Be brief.' },
  { role: 'system', content: [{ type: 'text', text: 'Be brief.' }], name: 'house' },
  { role: 'user', content: [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url: 'data:image/png;base64,', detail: 'low' } },
    { type: 'input_audio', input_audio: { data: '', format: 'wav' } },
    { type: 'file', file: { file_id: 'f' } },
  ] },
  { role: 'assistant', content: null, reasoning_content: 'hm', tool_calls: [{ id: 'c', type: 'function', function: { name: 'look', arguments: '{}' } }] },
  { role: 'tool', tool_call_id: 'c', content: 'a cat' },
]

// Whole, streamed, and not known until run time.
expectTypeOf(client.chat.completions.create({ messages })).toEqualTypeOf<APIPromise<Answer<ChatCompletion>>>()
expectTypeOf(client.chat.completions.create({ messages, stream: false })).toEqualTypeOf<APIPromise<Answer<ChatCompletion>>>()
expectTypeOf(client.chat.completions.create({ messages, stream: null })).toEqualTypeOf<APIPromise<Answer<ChatCompletion>>>()
expectTypeOf(client.chat.completions.create({ messages, stream: true })).toEqualTypeOf<APIPromise<Stream<ChatCompletionChunk>>>()
expectTypeOf(client.chat.completions.create({ messages, stream: true }, { provider: 'openai' }, { timeout: 1 })).toEqualTypeOf<APIPromise<Stream<ChatCompletionChunk>>>()
expectTypeOf(client.chat.completions.create({ messages }, {}, { stream: true })).toEqualTypeOf<APIPromise<Stream<ChatCompletionChunk>>>()
declare const stream: boolean
expectTypeOf(client.chat.completions.create({ messages, stream })).toEqualTypeOf<APIPromise<Answer<ChatCompletion> | Stream<ChatCompletionChunk>>>()
expectTypeOf(client.completions.create({ prompt: 'a' })).toEqualTypeOf<APIPromise<Answer<Completion>>>()
expectTypeOf(client.completions.create({ prompt: 'a', stream: true })).toEqualTypeOf<APIPromise<Stream<Completion>>>()
expectTypeOf(client.embeddings.create({ model: 'm', input: ['a'] })).resolves.toEqualTypeOf<Answer<CreateEmbeddingResponse>>()
expectTypeOf(client.moderations.create({ input: 'a' })).resolves.toEqualTypeOf<Answer<ModerationCreateResponse>>()
expectTypeOf(client.models.list()).toEqualTypeOf<PagePromise<ModelList>>()
expectTypeOf(client.models.retrieve('m')).resolves.toEqualTypeOf<Answer<Model>>()

// The documented call: texts in a literal keep their literal types, and no model is needed.
client.chat.completions.create({ messages: [{ role: 'user', content: 'Say this is a test' }] })
client.chat.completions.create({
  model: 'm', messages: [{ role: 'user', content: 'Weather?' }], temperature: 0, max_tokens: 16, stop: ['\n'],
  stream_options: { include_usage: true }, logprobs: true, top_logprobs: 2, reasoning_effort: 'low', seed: 1,
  tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' }, strict: true } }],
  tool_choice: { type: 'function', function: { name: 'weather' } },
  response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: {} } },
  modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' }, prediction: { type: 'content', content: 'Sunny' },
  web_search_options: { user_location: { type: 'approximate', approximate: { country: 'FR' } } },
  metadata: { user: 'u' }, service_tier: 'flex',
})
// A host's own parameters, and known ones in camelCase.
client.chat.completions.create({ messages, top_k: 20, guided_json: { type: 'object' }, maxTokens: 16 })
client.embeddings.create({ input: 'a', truncate_prompt_tokens: 512 })
interface Request { messages: ChatCompletionMessageParam[]; min_p: number }
declare const request: Request
expectTypeOf(client.chat.completions.create(request)).toEqualTypeOf<APIPromise<Answer<ChatCompletion>>>()

// @ts-expect-error: no messages
client.chat.completions.create({ model: 'm' })
// @ts-expect-error: no body
client.chat.completions.create()
// @ts-expect-error: no such role
client.chat.completions.create({ messages: [{ role: 'robot', content: 'a' }] })
// @ts-expect-error: a user's message has content
client.chat.completions.create({ messages: [{ role: 'user' }] })
// @ts-expect-error: a number, beside a parameter of the host's own
client.chat.completions.create({ messages, temperature: 'hot', top_k: 20 })
// @ts-expect-error: a number, streamed
client.chat.completions.create({ messages, temperature: 'hot', stream: true })
// @ts-expect-error: no such effort
client.chat.completions.create({ messages, reasoning_effort: 'enormous' })
// @ts-expect-error: a switch
client.chat.completions.create({ messages, stream: 'yes' })
// @ts-expect-error: a name
client.chat.completions.create({ messages, model: 4 })
// @ts-expect-error: nothing to embed
client.embeddings.create({ model: 'm' })
// @ts-expect-error: embeddings do not come as a stream
client.embeddings.create({ input: 'a' }, {}, { stream: true })
// @ts-expect-error: not an endpoint of this milestone
client.chat.completions.generate({ messages })

async function answers() {
  const answer = await client.chat.completions.create({ messages })
  expectTypeOf(answer).toExtend<ChatCompletion>()
  expectTypeOf(answer.getHeaders()).toEqualTypeOf<Record<string, string>>()
  expectTypeOf(answer.getGateway()).toEqualTypeOf<GatewayReport>()
  expectTypeOf(answer.getGateway().attempts[0]!.ms.firstToken).toEqualTypeOf<number | null>()
  for (const choice of answer.choices) {
    expectTypeOf(choice.message.content).toEqualTypeOf<string | null>()
    expectTypeOf(choice.message.reasoning_content).toEqualTypeOf<string | null | undefined>()
    messages.push(choice.message)
    for (const call of choice.message.tool_calls ?? []) {
      if (call.type === 'function') expectTypeOf(call.function.arguments).toEqualTypeOf<string>()
      else expectTypeOf(call.custom.input).toEqualTypeOf<string>()
    }
  }
  const { data, response } = await client.models.list().withResponse()
  expectTypeOf(data).toEqualTypeOf<Answer<ModelList>>()
  expectTypeOf(response).toEqualTypeOf<ResponseFacts>()
  const unread = await client.models.list().asResponse()
  expectTypeOf(unread).toEqualTypeOf<UnreadResponse>()
  expectTypeOf(unread.body).toEqualTypeOf<ReadableStream<Uint8Array>>()
}

async function streams() {
  const chunks = await client.chat.completions.create({ messages, stream: true })
  for await (const chunk of chunks) {
    expectTypeOf(chunk).toEqualTypeOf<ChatCompletionChunk>()
    expectTypeOf(chunk.choices[0]!.delta.content).toEqualTypeOf<string | null | undefined>()
    expectTypeOf(chunk.choices[0]!.delta.reasoning).toEqualTypeOf<string | null | undefined>()
    if (chunk.usage) expectTypeOf(chunk.usage.total_tokens).toEqualTypeOf<number>()
  }
  chunks.controller.abort()
  const [left, right] = chunks.tee()
  expectTypeOf(left).toEqualTypeOf(right)
  expectTypeOf(left).toEqualTypeOf<Stream<ChatCompletionChunk>>()
  expectTypeOf(chunks.toReadableStream()).toEqualTypeOf<ReadableStream<Uint8Array>>()
  expectTypeOf(chunks.getHeaders()).toEqualTypeOf<Record<string, string>>()
  expectTypeOf(chunks.getGateway()).toEqualTypeOf<GatewayReport>()
  const either = await client.chat.completions.create({ messages, stream })
  if (either instanceof Stream) expectTypeOf(either).toEqualTypeOf<Stream<ChatCompletionChunk>>()
  else expectTypeOf(either.choices).toEqualTypeOf<ChatCompletion['choices']>()
  // @ts-expect-error: a stream comes from a call
  new Stream()
  // @ts-expect-error: a stream has no choices
  chunks.choices
}

function errors(error: unknown) {
  if (error instanceof StreamTruncatedError) {
    expectTypeOf(error).toExtend<APIError>()
    expectTypeOf(error.partial.text).toEqualTypeOf<string>()
    expectTypeOf(error.partial.toolCalls[0]!.function.arguments).toEqualTypeOf<string>()
  } else if (error instanceof RateLimitError) {
    expectTypeOf(error.status).toEqualTypeOf<429>()
  } else if (error instanceof APIError) {
    expectTypeOf(error.status).toEqualTypeOf<number | undefined>()
    expectTypeOf(error.headers).toEqualTypeOf<Record<string, string> | undefined>()
    expectTypeOf(error.error).toEqualTypeOf<unknown>()
    expectTypeOf(error.code).toEqualTypeOf<string | null | undefined>()
    expectTypeOf(error.type).toEqualTypeOf<string | null | undefined>()
    expectTypeOf(error.param).toEqualTypeOf<string | null | undefined>()
    expectTypeOf(error.requestID).toEqualTypeOf<string | null | undefined>()
    expectTypeOf(error.gateway).toEqualTypeOf<GatewayReport | undefined>()
    expectTypeOf(error.cause).toEqualTypeOf<unknown>()
  } else if (error instanceof ConfigError) {
    expectTypeOf(error.message).toEqualTypeOf<string>()
  }
}
expectTypeOf<APIConnectionTimeoutError>().toExtend<APIConnectionError>()
expectTypeOf<APIUserAbortError>().toExtend<APIError>()
expectTypeOf<ConfigError>().not.toExtend<APIError>()
expectTypeOf(Portkey.RateLimitError).toEqualTypeOf(RateLimitError)
void [answers, streams, errors]
