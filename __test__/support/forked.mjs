// A process that was forked: makes one call, tells its parent, and ends by itself.

import Portkey from '../../index.mjs'

const client = new Portkey({ customHost: process.env.TEST_HOST })
const { id } = await client.chat.completions.create({ messages: [] })
process.send(`${process.argv[2]}: ${id}`, () => process.disconnect())
