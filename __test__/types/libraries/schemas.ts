/** Schemas of other libraries: an answer is read as what they say, and what is made here is understood by the openai package. */
import OpenAI from 'openai'
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod'
import Portkey, { jsonSchemaFormat, jsonSchemaTool } from 'portkey-native'
import type { APIPromise, Answer, ChatCompletionMessageParam, ParsedChatCompletion, StandardSchema } from 'portkey-native'
import * as v from 'valibot'
import * as z from 'zod'
import { z as z3 } from 'zod3'
import { expectTypeOf } from 'expect-type'

declare const client: Portkey
declare const theirs: OpenAI
declare const messages: ChatCompletionMessageParam[]
interface Person { name: string; age?: number | undefined }

const formats = {
  zod4: jsonSchemaFormat('person', z.object({ name: z.string(), age: z.optional(z.number()) })),
  zod3: jsonSchemaFormat('person', z3.object({ name: z3.string(), age: z3.number().optional() }), { schema: { type: 'object' }, strict: false }),
  valibot: jsonSchemaFormat('person', v.object({ name: v.string(), age: v.optional(v.number()) }), { description: 'Someone.' }),
  transformed: jsonSchemaFormat('when', z.string().transform((text) => new Date(text))),
  theirs: zodResponseFormat(z.object({ name: z.string() }), 'person'),
}

async function parsed() {
  const read = async <Parsed>(call: APIPromise<Answer<ParsedChatCompletion<Parsed>>>) => (await call).choices[0]!.message.parsed
  const { parse } = client.chat.completions
  expectTypeOf(await read(parse({ messages, response_format: formats.zod4 }))).toEqualTypeOf<Person | null>()
  expectTypeOf(await read(parse({ messages, response_format: formats.zod3 }))).toEqualTypeOf<Person | null>()
  expectTypeOf(await read(parse({ messages, response_format: formats.valibot }))).toEqualTypeOf<Person | null>()
  expectTypeOf(await read(parse({ messages, response_format: formats.transformed }))).toEqualTypeOf<Date | null>()
  expectTypeOf(await read(parse({ messages, response_format: formats.theirs }))).toEqualTypeOf<{ name: string } | null>()
  const answer = await theirs.chat.completions.parse({ model: 'm', messages: [], response_format: formats.valibot })
  expectTypeOf(answer.choices[0]!.message.parsed).toEqualTypeOf<Person | null>()
}

const weather = jsonSchemaTool({ name: 'weather', parameters: z.object({ city: z.string() }), function: ({ city }) => city.length })
const others = zodFunction({ name: 'theirs', parameters: z.object({}), function: () => 1 })
client.chat.completions.runTools({ messages, tools: [weather, others] })
client.chat.completions.parse({ messages, tools: [weather, others] })
theirs.chat.completions.parse({ model: 'm', messages: [], tools: [weather] })
const schema: StandardSchema<string, Date> = z.string().transform((text) => new Date(text))
void [parsed, schema]
