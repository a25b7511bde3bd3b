/** The front formats: bodies, the answer's type by `stream`, and what narrows by `type`. */
import type Portkey from 'portkey-native'
import type { APIPromise, Answer, Message, MessageStreamEvent, MessageTool, Response, ResponseStreamEvent, Stream } from 'portkey-native'
import { expectTypeOf } from 'expect-type'

declare const client: Portkey
const weather: MessageTool = { name: 'weather', description: 'Now', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }

async function messages() {
  const body = { max_tokens: 64, messages: [{ role: 'user' as const, content: 'Hi' }] }
  expectTypeOf(client.messages.create(body)).toEqualTypeOf<APIPromise<Answer<Message>>>()
  expectTypeOf(client.messages.create({ ...body, stream: true })).toEqualTypeOf<APIPromise<Stream<MessageStreamEvent>>>()
  const message = await client.messages.create({
    max_tokens: 64, system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }], tools: [weather],
    tool_choice: { type: 'tool', name: 'weather' }, thinking: { type: 'enabled', budget_tokens: 1024 },
    messages: [
      { role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } }, { type: 'text', text: 'Where?' }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'weather', input: { city: 'Oslo' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: '4C' }] },
    ],
  })
  for (const block of message.content) {
    if (block.type === 'text') expectTypeOf(block.text).toEqualTypeOf<string>()
    if (block.type === 'tool_use') expectTypeOf(block.input).toEqualTypeOf<unknown>()
  }
  expectTypeOf(message.getGateway().usage?.output_tokens).toEqualTypeOf<number | undefined>()
  for await (const event of await client.messages.create({ ...body, stream: true })) {
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') expectTypeOf(event.delta.text).toEqualTypeOf<string>()
    if (event.type === 'message_start') expectTypeOf(event.message).toEqualTypeOf<Message>()
  }
  // @ts-expect-error: a message needs a limit
  client.messages.create({ messages: [] })
  // @ts-expect-error: no such role
  client.messages.create({ max_tokens: 1, messages: [{ role: 'tool', content: 'x' }] })
}

async function responses() {
  expectTypeOf(client.responses.create({ input: 'Hi' })).toEqualTypeOf<APIPromise<Answer<Response>>>()
  expectTypeOf(client.responses.create({ input: 'Hi', stream: true })).toEqualTypeOf<APIPromise<Stream<ResponseStreamEvent>>>()
  const response = await client.responses.create({
    model: 'm', instructions: 'Be brief.', max_output_tokens: 64, reasoning: { effort: 'low' },
    input: [
      { role: 'user', content: [{ type: 'input_text', text: 'Where?' }] },
      { type: 'function_call', call_id: 'c', name: 'weather', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: '4C' },
    ],
    tools: [{ type: 'function', name: 'weather', parameters: { type: 'object' }, strict: true }],
  })
  expectTypeOf(response.output_text).toEqualTypeOf<string>()
  for (const item of response.output) {
    if (item.type === 'function_call') expectTypeOf(item.arguments).toEqualTypeOf<string>()
  }
  for await (const event of await client.responses.create({ input: 'Hi', stream: true })) {
    if (event.type === 'response.output_text.delta') expectTypeOf(event.delta).toEqualTypeOf<string>()
    if (event.type === 'response.completed') expectTypeOf(event.response).toEqualTypeOf<Response>()
  }
  // @ts-expect-error: a response takes no such input
  client.responses.create({ input: 5 })
}

void [messages, responses]
