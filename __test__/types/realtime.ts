/** Realtime sessions: what the `openai` package's are asked and say is what ours are, and code for either takes both. */
import { expectTypeOf } from 'expect-type'
import type { OpenAIRealtimeEmitter } from 'openai/realtime/internal-base'
import type { RealtimeClientEvent as TheirClientEvent, RealtimeServerEvent as TheirServerEvent } from 'openai/resources/realtime/realtime'
import type { RealtimeServerEvent as TheirBetaEvent } from 'openai/resources/beta/realtime/realtime'

import Portkey, { type APIError, type RealtimeClientEvent, RealtimeError, type RealtimeServerEvent, PorkteyRealtimeWebSocket, PortkeyAIRealtimeWS, PortkeyRealtimeWebSocket } from 'portkey-native'

/** One value of a type. */
declare function a<Type>(): Type
declare const client: Portkey
declare const theirs: OpenAIRealtimeEmitter

const session = new PortkeyAIRealtimeWS({ model: 'gpt-realtime', options: { headers: { 'x-mine': '1' }, timeout: 1000 }, params: { traceID: 't' } }, client)

// Every event of theirs is one of ours, and every one of ours that they know is theirs.
session.send(a<TheirClientEvent>())
theirs.send(a<Exclude<RealtimeClientEvent, { type: 'transcription_session.update' }>>())
expectTypeOf<TheirServerEvent>().toExtend<RealtimeServerEvent>()
expectTypeOf<Extract<RealtimeServerEvent, { type: TheirServerEvent['type'] }>>().toExtend<TheirServerEvent>()
expectTypeOf<TheirServerEvent['type'] | TheirBetaEvent['type']>().toEqualTypeOf<RealtimeServerEvent['type']>()
expectTypeOf<TheirClientEvent['type'] | 'transcription_session.update'>().toEqualTypeOf<RealtimeClientEvent['type']>()

// Listeners by name.
session
  .on('response.output_audio.delta', (event) => expectTypeOf(event.delta).toEqualTypeOf<string>())
  .once('session.created', ({ session: config }) => expectTypeOf(config.type).toEqualTypeOf<'realtime' | 'transcription'>())
  .on('response.done', ({ response }) => expectTypeOf(response.usage?.input_tokens).toEqualTypeOf<number | undefined>())
  .on('event', (event) => expectTypeOf(event).toEqualTypeOf<RealtimeServerEvent>())
  .on('close', ({ code, reason, wasClean }) => expectTypeOf([code, reason, wasClean]).toEqualTypeOf<(number | string | boolean)[]>())
  .on('error', (error) => {
    expectTypeOf(error).toEqualTypeOf<RealtimeError>()
    expectTypeOf(error).toExtend<APIError>()
    expectTypeOf(error.error?.message).toEqualTypeOf<string | undefined>()
  })
  .on('binary', (bytes) => expectTypeOf(bytes).toExtend<Uint8Array>())
  .off('open', () => {})
// @ts-expect-error there is no such event
session.on('response.nothing', () => {})
// @ts-expect-error an event of the host is none of the client's
session.send({ type: 'session.created' })
// @ts-expect-error it lacks the sound
session.send({ type: 'input_audio_buffer.append' })
session.send({ type: 'session.update', session: { type: 'realtime', tools: [{ type: 'function', name: 'f', parameters: {} }], audio: { output: { voice: 'marin' } } } })
session.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] } })

async function use() {
  const open = await PortkeyAIRealtimeWS.create(client, { model: 'm' })
  expectTypeOf(open).toEqualTypeOf<PortkeyAIRealtimeWS>()
  expectTypeOf(await open.emitted('open')).toEqualTypeOf<void>()
  expectTypeOf((await open.emitted('rate_limits.updated')).type).toEqualTypeOf<'rate_limits.updated'>()
  for await (const event of open) if (event.type === 'response.output_text.delta') expectTypeOf(event.delta).toEqualTypeOf<string>()
  expectTypeOf(open.send({ type: 'response.create' })).toEqualTypeOf<boolean>()
  open.close({ code: 1000, reason: 'OK' })
  open.socket.addEventListener('message', ({ data }) => void data)
  expectTypeOf(open.url).toEqualTypeOf<URL | undefined>()
}
void use
expectTypeOf(new PorkteyRealtimeWebSocket({ model: 'm' }, client)).toEqualTypeOf<PortkeyRealtimeWebSocket>()
// @ts-expect-error TLS is the client's
new PortkeyAIRealtimeWS({ model: 'm', options: { agent: {} } }, client)
