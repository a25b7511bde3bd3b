/** Files to send, and answers that are no JSON. */
import fs from 'node:fs'

import Portkey, { APIPromise, Stream, toFile } from 'portkey-native'
import { expectTypeOf } from 'expect-type'

declare const client: Portkey

// Whatever holds bytes can be sent.
declare const pieces: AsyncIterable<Uint8Array>
for (const file of [new File([''], 'a'), new Blob(['']), Buffer.from(''), new Uint8Array(1), new ArrayBuffer(1), fs.createReadStream('a'), pieces, new URL('file:///a'), new Response('')]) {
  client.files.create({ file, purpose: 'batch' })
}
client.images.edit({ image: [Buffer.from(''), new Blob([''])], prompt: 'a' })
client.files.create({ file: new ReadableStream<Uint8Array>(), purpose: 'batch' })
// @ts-expect-error a text is no file
client.files.create({ file: 'a', purpose: 'batch' })

expectTypeOf(toFile(Buffer.from('a'), 'a.txt', { type: 'text/plain' })).resolves.toEqualTypeOf<File>()
expectTypeOf(toFile('text', 'a.txt')).resolves.toEqualTypeOf<File>()
toFile(fs.createReadStream('a'), null, { size: 5 }).then((file) => client.files.create({ file, purpose: 'batch' }))
toFile(fetch('http://localhost'), 'a').then((file) => client.audio.transcriptions.create({ file }))

// A transcription is what its format says.
const file = Buffer.from('')
expectTypeOf(client.audio.transcriptions.create({ file, model: 'w', response_format: 'srt' })).resolves.toBeString()
expectTypeOf(client.audio.translations.create({ file, model: 'w', response_format: 'text' })).resolves.toBeString()
expectTypeOf(client.audio.transcriptions.create({ file, model: 'w' })).resolves.toHaveProperty('text')
expectTypeOf(client.audio.transcriptions.create({ file, model: 'w', response_format: 'verbose_json' })).resolves.toHaveProperty('words')
expectTypeOf(client.audio.transcriptions.create({ file, model: 'w', stream: true })).resolves.toMatchTypeOf<Stream<{ type: string }>>()

// Bytes are a Response with the two methods of every answer.
client.audio.speech.create({ input: 'a', voice: 'alloy' }).then(async (speech) => {
  expectTypeOf(await speech.arrayBuffer()).toEqualTypeOf<ArrayBuffer>()
  expectTypeOf(speech.getHeaders()).toEqualTypeOf<Record<string, string>>()
})
expectTypeOf(client.audio.speech.create({ input: 'a', voice: 'alloy', stream_format: 'sse' })).toMatchTypeOf<APIPromise<Stream<{ type: string }>>>()

// Lists go on.
async function ids(): Promise<string[]> {
  const found: string[] = []
  for await (const { id } of client.files.list({ purpose: 'batch' })) found.push(id)
  const page = await client.files.list()
  if (page.hasNextPage()) found.push((await page.getNextPage()).data[0].id)
  return found
}
void ids
