// Long texts in a body cross the border apart from the JSON around them: what is sent is still what JSON.stringify makes of the whole.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import Portkey, { ConfigError } from '../index.mjs'
import { completion } from './support/answers.mjs'
import { hostFor } from './support/host.mjs'

const ANSWERS = [{ json: completion() }]
const LONG = 'Words of a "long" text,\nwith \\ and \t and \u0001. '.repeat(100)
const said = (content) => ({ model: 'm', messages: [{ role: 'user', content }] })
const MARK = '\0a long text\0'

class Said {
  role = 'user'
  content = LONG
}

const BODIES = {
  'one long text': said(LONG),
  'several, and short ones between': { ...said(LONG), messages: [{ role: 'system', content: 'short' }, ...said(LONG).messages, ...said(`${LONG}!`).messages], user: LONG },
  'in a list of parts': said([{ type: 'text', text: LONG }, { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(9000)}` } }]),
  'Latin-1': said(`é${LONG}`),
  'every plane': said(`${LONG}Ελλάδα 日本語 😀`.repeat(9)),
  'halves of surrogate pairs': said(`\ud83d${LONG}\ude00\ud83d"`),
  'all ASCII, again and again': said(Array.from({ length: 128 * 40 }, (_, at) => String.fromCharCode(at % 128)).join('')),
  'pairs at each place': said(Array.from({ length: 4100 }, (_, at) => 'x'.repeat(at % 7) + '😀').join('')),
  'the mark within a long text': said(`${MARK}${LONG}`),
  'the mark itself beside a long text': { ...said(LONG), user: MARK },
  'the mark itself as a key': { ...said(LONG), metadata: { [MARK]: 'x' } },
  'many short texts': { model: 'm', messages: Array.from({ length: 900 }, (_, at) => ({ role: 'user', content: `text ${at} é` })) },
  'more values than are looked at': { model: 'm', messages: Array.from({ length: 3000 }, (_, at) => ({ role: 'user', content: at === 2999 ? LONG : 'x' })) },
  'in a tool': { ...said('x'), tools: [{ type: 'function', function: { name: 'f', description: LONG } }] },
  'deep down': { ...said(LONG), metadata: { a: { b: { c: { d: { e: { f: { g: { h: LONG } } } } } } } } },
  'objects of a class': { model: 'm', messages: [new Said(), Object.assign(Object.create(null), { role: 'user', content: LONG })] },
  'what says its own JSON': { ...said(LONG), metadata: { when: new Date(0), own: { toJSON: () => ({ text: LONG }), hidden: LONG } } },
  'what JSON leaves out': { ...said(LONG), seed: undefined, stop: [undefined, () => {}, Symbol('s'), NaN, null], user: Object('boxed') },
  'an own __proto__': { ...said(LONG), metadata: JSON.parse(`{"__proto__": ${JSON.stringify(LONG)}}`) },
  'a list with holes': { ...said(LONG), stop: Object.assign(new Array(3), { 1: LONG }) },
}

describe('a long body', () => {
  for (const [what, body] of Object.entries(BODIES)) {
    test(`is sent as it is written: ${what}`, async (t) => {
      const host = await hostFor(t, ANSWERS)
      const portkey = new Portkey({ customHost: host.url })
      await portkey.chat.completions.create(body)
      assert.equal(host.last.body.toString(), JSON.stringify(body))
    })
  }

  test('is left as it is', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const freeze = (value) => {
      Object.values(value).forEach((item) => typeof item === 'object' && item !== null && freeze(item))
      return Object.freeze(value)
    }
    const body = freeze(structuredClone(BODIES['in a list of parts']))
    await new Portkey({ customHost: host.url }).chat.completions.create(body)
    assert.equal(host.last.body.toString(), JSON.stringify(body))
  })

  test('that has no JSON is refused', async () => {
    const body = said(LONG)
    body.messages.push(body)
    await assert.rejects(new Portkey({ customHost: 'http://127.0.0.1:9/v1' }).chat.completions.create(body), ConfigError)
    const message = { role: 'user' }
    message.content = [message]
    await assert.rejects(new Portkey({ customHost: 'http://127.0.0.1:9/v1' }).chat.completions.create({ messages: [message] }), ConfigError)
    const wide = { ...said(LONG), metadata: { list: Array.from({ length: 1000 }, () => body) } }
    await assert.rejects(new Portkey({ customHost: 'http://127.0.0.1:9/v1' }).chat.completions.create(wide), /the body: no JSON form/)
  })

  test('is changed by a config as any other', async (t) => {
    const host = await hostFor(t, ANSWERS)
    const portkey = new Portkey({ customHost: host.url, config: { override_params: { temperature: 0.5 } } })
    await portkey.chat.completions.create(said(LONG))
    assert.deepEqual(JSON.parse(host.last.body), { ...said(LONG), temperature: 0.5 })
  })
})
