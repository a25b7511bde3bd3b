/** Every way in from CommonJS, and that all of them lead to one class. */
import Default, { Portkey, APIError } from 'portkey-native'
import type { ChatCompletion } from 'portkey-native'
import Required = require('portkey-native')
import { expectTypeOf } from 'expect-type'

expectTypeOf(Default).toEqualTypeOf(Portkey)
expectTypeOf(Required).toEqualTypeOf(Portkey)
expectTypeOf(Required.default).toEqualTypeOf(Portkey)
expectTypeOf(Required.Portkey).toEqualTypeOf(Portkey)
expectTypeOf(Required.APIError).toEqualTypeOf(APIError)
expectTypeOf<ChatCompletion>().toEqualTypeOf<Required.ChatCompletion>()

/** What `require` gives in JavaScript that is checked. */
declare const required: typeof Required
const { Portkey: Destructured, APIError: DestructuredError, createHeaders } = required
expectTypeOf(Destructured).toEqualTypeOf(Portkey)
expectTypeOf(DestructuredError).toEqualTypeOf(APIError)
expectTypeOf(createHeaders).parameter(0).toExtend<Required.PortkeyOptions | Required.NamedOptions>()

const client: Portkey = new Required({ customHost: 'http://localhost:8000/v1' })
expectTypeOf(client).toEqualTypeOf<Default>()
expectTypeOf(new required.default()).toEqualTypeOf<Required>()

async function dynamic() {
  const { Portkey: Imported } = await import('portkey-native')
  expectTypeOf(new Imported().models).toEqualTypeOf(client.models)
}
void dynamic

// @ts-expect-error: there is no such name
import { Portkeys } from 'portkey-native'
