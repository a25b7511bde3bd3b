/** Streams with events, answers in a shape, tools that are run, and `fetch` for other clients. */
import OpenAI from 'openai'
import Portkey, {
  APIPromise, AssistantStream, ChatCompletionRunner, ChatCompletionStream, ChatCompletionStreamingRunner, ResponseStream, SchemaMismatchError, jsonSchemaFormat,
  jsonSchemaTextFormat, jsonSchemaTool,
} from 'portkey-native'
import type {
  Answer, ChatCompletionChunk, ChatCompletionMessageParam, ChatCompletionSnapshot, CompletionUsage, GatewayReport, ParsedChatCompletion, ParsedFunction,
  ResponseStreamEvent, Run, RunnableTool, StandardSchema, ThreadMessage,
} from 'portkey-native'
import { expectTypeOf } from 'expect-type'

declare const client: Portkey
const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: 'hi' }]
interface Person { name: string; age?: number | undefined }

// A schema's own type is what an answer is read as. libraries/ has those of zod and valibot.
declare const person: StandardSchema<{ name: string }, Person>
declare const city: StandardSchema<{ city: string }>
const formats = {
  plain: jsonSchemaFormat('person', { type: 'object', properties: {} }),
  person: jsonSchemaFormat('person', person, { description: 'Someone.', schema: { type: 'object' }, strict: false }),
}
async function parsed() {
  const answer = await client.chat.completions.parse({ messages, response_format: formats.person })
  expectTypeOf(answer).toEqualTypeOf<Answer<ParsedChatCompletion<Person>>>()
  expectTypeOf(answer.choices[0]!.message.parsed).toEqualTypeOf<Person | null>()
  expectTypeOf(answer.getGateway()).toEqualTypeOf<GatewayReport>()
  const read = async <Parsed>(call: APIPromise<Answer<ParsedChatCompletion<Parsed>>>) => (await call).choices[0]!.message.parsed
  expectTypeOf(await read(client.chat.completions.parse({ messages, response_format: formats.plain }))).toEqualTypeOf<unknown>()
  expectTypeOf(await read(client.chat.completions.parse({ messages, response_format: { type: 'json_schema', json_schema: { name: 'a' } } }))).toEqualTypeOf<unknown>()
  expectTypeOf(await read(client.chat.completions.parse({ messages }))).toEqualTypeOf<null>()
  const { data } = await client.chat.completions.parse({ messages, top_k: 3 }, { traceID: 't' }, { timeout: 1 }).withResponse()
  const [call] = data.choices[0]!.message.tool_calls ?? []
  if (call?.type === 'function') expectTypeOf(call.function).toEqualTypeOf<ParsedFunction>()
  // @ts-expect-error: whole answers only
  client.chat.completions.parse({ messages, stream: true })
  // @ts-expect-error: no messages
  client.chat.completions.parse({ response_format: formats.person })
  // @ts-expect-error: a number
  client.chat.completions.parse({ messages, temperature: 'hot' })
  // @ts-expect-error: the name comes first
  jsonSchemaFormat(person, 'person')
}

async function streams() {
  const stream = client.chat.completions.stream({ messages, response_format: formats.person })
  expectTypeOf(stream).toEqualTypeOf<ChatCompletionStream<Person>>()
  expectTypeOf(await client.chat.completions.stream({ messages }, {}, { signal: null })).toEqualTypeOf<ChatCompletionStream<null>>()
  const chained = stream
    .on('content', (delta, snapshot) => [expectTypeOf(delta).toEqualTypeOf<string>(), expectTypeOf(snapshot).toEqualTypeOf<string>()])
    .on('chunk', (chunk, snapshot) => [expectTypeOf(chunk).toEqualTypeOf<ChatCompletionChunk>(), expectTypeOf(snapshot).toEqualTypeOf<ChatCompletionSnapshot>()])
    .once('content.done', ({ parsed }) => expectTypeOf(parsed).toEqualTypeOf<Person | null>())
    .on('tool_calls.function.arguments.delta', ({ index }) => expectTypeOf(index).toEqualTypeOf<number>())
    .on('totalUsage', (usage) => expectTypeOf(usage).toEqualTypeOf<CompletionUsage>())
  expectTypeOf(chained).toEqualTypeOf(stream)
  for await (const chunk of stream) expectTypeOf(chunk).toEqualTypeOf<ChatCompletionChunk>()
  for await (const [delta] of stream.events('content')) expectTypeOf(delta).toEqualTypeOf<string>()
  expectTypeOf(await stream.emitted('finalContent')).toEqualTypeOf<string>()
  expectTypeOf((await stream.finalMessage()).parsed).toEqualTypeOf<Person | null>()
  expectTypeOf(await stream.finalContent()).toEqualTypeOf<string | null>()
  expectTypeOf(stream.getHeaders()).toEqualTypeOf<Record<string, string> | undefined>()
  expectTypeOf(stream.currentChatCompletionSnapshot?.choices[0]?.message.content).toEqualTypeOf<string | null | undefined>()
  ChatCompletionStream.fromReadableStream(stream.toReadableStream()).controller.abort()
  // @ts-expect-error: there is no such event
  stream.on('contents', () => {})
  // @ts-expect-error: it comes from a call
  new ChatCompletionStream()
}

async function responses() {
  const format = jsonSchemaTextFormat('person', person)
  const stream = client.responses.stream({ model: 'm', input: 'hi', text: { format } })
  expectTypeOf(stream).toEqualTypeOf<ResponseStream<Person>>()
  stream.on('response.output_text.delta', ({ delta, snapshot }) => expectTypeOf(delta + snapshot).toEqualTypeOf<string>())
  for await (const event of stream) expectTypeOf(event).toEqualTypeOf<ResponseStreamEvent>()
  expectTypeOf((await stream.finalResponse()).output_parsed).toEqualTypeOf<Person | null>()
  expectTypeOf((await client.responses.parse({ model: 'm', input: 'hi', text: { format } })).output_parsed).toEqualTypeOf<Person | null>()
  expectTypeOf((await client.responses.parse({ model: 'm', input: 'hi' })).output_parsed).toEqualTypeOf<null>()
  expectTypeOf(client.responses.stream({ response_id: 'r', starting_after: 3 })).toEqualTypeOf<ResponseStream>()
  // @ts-expect-error: whole responses only
  client.responses.parse({ model: 'm', input: 'hi', stream: true })
}

async function runs() {
  const stream = client.beta.threads.runs.stream('t', { assistant_id: 'a' })
  expectTypeOf(stream).toEqualTypeOf<AssistantStream>()
  stream.on('textDelta', ({ value }, whole) => expectTypeOf([value, whole.value]).toEqualTypeOf<(string | undefined)[]>())
    .once('toolCallDone', (call) => {
      if (call.type === 'function') expectTypeOf(call.function.output).toEqualTypeOf<string | null>()
    })
    .on('imageFileDone', ({ file_id }, message) => expectTypeOf([file_id, message.id]).toEqualTypeOf<string[]>())
  for await (const event of stream) if (event.event === 'thread.run.step.delta') expectTypeOf(event.data.delta.step_details?.type).toEqualTypeOf<'message_creation' | 'tool_calls' | undefined>()
  expectTypeOf(await stream.finalMessages()).toEqualTypeOf<ThreadMessage[]>()
  expectTypeOf((await stream.finalRun()).required_action?.submit_tool_outputs.tool_calls[0]?.function.arguments).toEqualTypeOf<string | undefined>()
  expectTypeOf(client.beta.threads.createAndRun({ assistant_id: 'a', stream: true })).resolves.toEqualTypeOf<AssistantStream>()
  expectTypeOf(client.beta.threads.createAndRun({ assistant_id: 'a' })).resolves.toEqualTypeOf<Answer<Run>>()
  expectTypeOf(AssistantStream.fromReadableStream(stream.toReadableStream())).toEqualTypeOf<AssistantStream>()
  // @ts-expect-error: no such event
  stream.on('textSung', () => {})
}

async function tools() {
  const weather = jsonSchemaTool({ name: 'weather', parameters: city, function: ({ city }) => city.length })
  const own: RunnableTool<{ city: string }, { user: string }> = {
    type: 'function',
    function: { name: 'own', parse: JSON.parse, parameters: {}, function: ({ city }, runner, { user }) => [city, runner.messages, user] },
  }
  const runner = client.chat.completions.runTools({ messages, tools: [weather, own], toolContext: { user: 'u' } }, {}, {
    maxChatCompletions: 3,
    afterCompletion: (completion, run) => {
      expectTypeOf(completion.id).toEqualTypeOf<string>()
      expectTypeOf(run).toEqualTypeOf<ChatCompletionRunner>()
    },
    onToolError: (error, call) => (error instanceof Error ? error.message : call.name),
  })
  expectTypeOf(runner).toEqualTypeOf<ChatCompletionRunner<null>>()
  runner.on('content', (content) => expectTypeOf(content).toEqualTypeOf<string>())
  expectTypeOf(await runner.finalFunctionToolCallResult()).toEqualTypeOf<string | undefined>()
  const streaming = client.chat.completions.runTools({ messages, tools: [weather], stream: true, response_format: formats.person })
  expectTypeOf(streaming).toEqualTypeOf<ChatCompletionStreamingRunner<Person>>()
  for await (const chunk of streaming) expectTypeOf(chunk).toEqualTypeOf<ChatCompletionChunk>()
  client.chat.completions.parse({ messages, tools: [weather] })
  // @ts-expect-error: no messages
  client.chat.completions.runTools({ tools: [weather] })
  // @ts-expect-error: a number
  client.chat.completions.runTools({ messages, tools: [weather], temperature: 'hot' })
  // @ts-expect-error: nothing to run
  client.chat.completions.runTools({ messages })
  // @ts-expect-error: no function to run
  client.chat.completions.runTools({ messages, tools: [{ type: 'function', function: { name: 'a' } }] })
}

new OpenAI({ apiKey: 'unused', fetch: client.fetch })
expectTypeOf(client.fetch).toEqualTypeOf<typeof globalThis.fetch>()

function errors(error: unknown) {
  if (error instanceof SchemaMismatchError) expectTypeOf(error.issues[0]!.path).toEqualTypeOf<PropertyKey[]>()
}
void [parsed, streams, responses, runs, tools, errors]
