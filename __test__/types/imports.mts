/** Every way in from an ES module, and that all of them lead to one class. */
import Default, { Portkey, APIError, PORTKEY_GATEWAY_URL, createHeaders } from 'portkey-native'
import type { ChatCompletion, PortkeyOptions } from 'portkey-native'
import * as everything from 'portkey-native'
import { expectTypeOf } from 'expect-type'

expectTypeOf(Default).toEqualTypeOf(Portkey)
expectTypeOf(everything.default).toEqualTypeOf(Portkey)
expectTypeOf(everything.Portkey).toEqualTypeOf(Portkey)
expectTypeOf(Default.Portkey).toEqualTypeOf(Portkey)
expectTypeOf(Default.APIError).toEqualTypeOf(APIError)
expectTypeOf(everything.APIError).toEqualTypeOf(APIError)
expectTypeOf<ChatCompletion>().toEqualTypeOf<Default.ChatCompletion>()
expectTypeOf<PortkeyOptions>().toEqualTypeOf<Portkey.PortkeyOptions>()
expectTypeOf(PORTKEY_GATEWAY_URL).toEqualTypeOf<'https://api.portkey.ai/v1'>()
expectTypeOf(createHeaders({ provider: 'openai', xApiKey: 'k' })).toEqualTypeOf<Record<string, string>>()

const client: Portkey = new Default()
expectTypeOf(client).toEqualTypeOf<Default>()

class Recorded extends Portkey {}
expectTypeOf(new Recorded({ provider: 'openai' }).chat).toEqualTypeOf(client.chat)

// @ts-expect-error: there is no such name
import { Portkeys } from 'portkey-native'
