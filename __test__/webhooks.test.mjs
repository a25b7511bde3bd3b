// Webhooks after the Standard Webhooks specification, as the `openai` package checks them.

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'

import OpenAI from 'openai'
import Portkey, { ConfigError, InvalidWebhookSignatureError } from 'portkey-native'
import { failure } from './support/failures.mjs'

const SECRET = `whsec_${Buffer.from('a secret of thirty-two letters..').toString('base64')}`
const PAYLOAD = JSON.stringify({ id: 'evt_1', type: 'response.completed', created_at: 1, data: { id: 'resp_é' } })
const { webhooks } = new Portkey({ customHost: 'http://127.0.0.1:9/v1' })

function signed({ payload = PAYLOAD, secret = SECRET, id = 'wh_1', ago = 0 } = {}) {
  const timestamp = String(Math.floor(Date.now() / 1000) - ago)
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${payload}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}

describe('a webhook', () => {
  test('that was signed with the secret is unwrapped, whatever its headers are held in', async () => {
    const headers = signed()
    const forms = [headers, new Headers(headers), Object.entries(headers), new Map(Object.entries(headers)), { 'Webhook-Id': headers['webhook-id'], 'WEBHOOK-TIMESTAMP': headers['webhook-timestamp'], 'Webhook-Signature': headers['webhook-signature'] }]
    for (const form of forms) assert.deepEqual(await webhooks.unwrap(PAYLOAD, form, SECRET), JSON.parse(PAYLOAD))
    assert.deepEqual(await webhooks.unwarp(PAYLOAD, headers, SECRET), JSON.parse(PAYLOAD))
    assert.equal(await webhooks.verifySignature(PAYLOAD, signed({ secret: 'plain' }), 'plain'), undefined)
    await new OpenAI({ apiKey: 'k' }).webhooks.verifySignature(PAYLOAD, headers, SECRET)
  })

  test('passes when one of several signatures is right', async () => {
    const headers = signed()
    headers['webhook-signature'] = `v1,AAAA v2,what ${headers['webhook-signature']}`
    await webhooks.verifySignature(PAYLOAD, headers, SECRET)
  })

  test('takes its secret from the environment where none is given', async () => {
    process.env.OPENAI_WEBHOOK_SECRET = SECRET
    try {
      await webhooks.verifySignature(PAYLOAD, signed())
      await webhooks.verifySignature(PAYLOAD, signed(), null)
    } finally {
      delete process.env.OPENAI_WEBHOOK_SECRET
    }
    assert.ok((await failure(webhooks.verifySignature(PAYLOAD, signed()))) instanceof ConfigError)
  })

  for (const [what, payload, headers, message] of [
    ['with another body', `${PAYLOAD} `, signed(), /not signed with this secret/],
    ['of another secret', PAYLOAD, signed({ secret: 'other' }), /not signed with this secret/],
    ['with another id', PAYLOAD, { ...signed(), 'webhook-id': 'wh_2' }, /not signed with this secret/],
    ['that is too old', PAYLOAD, signed({ ago: 301 }), /older than 300 seconds/],
    ['from the future', PAYLOAD, signed({ ago: -400 }), /ahead/],
    ['without a signature', PAYLOAD, { ...signed(), 'webhook-signature': undefined }, /webhook-signature is missing/],
    ['without a time', PAYLOAD, { ...signed(), 'webhook-timestamp': 'noon' }, /no time/],
    ['with no base64', PAYLOAD, { ...signed(), 'webhook-signature': 'v1,%%%' }, /not signed with this secret/],
  ]) {
    test(`${what} is refused`, async () => {
      const error = await failure(webhooks.unwrap(payload, headers, SECRET))
      assert.ok(error instanceof InvalidWebhookSignatureError, error.stack)
      assert.match(error.message, message)
      assert.ok(!error.message.includes(SECRET))
    })
  }

  test('may be older where the caller allows it', async () => {
    await webhooks.verifySignature(PAYLOAD, signed({ ago: 301 }), SECRET, 400)
  })
})
