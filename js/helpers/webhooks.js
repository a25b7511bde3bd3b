'use strict'
// Webhooks: whether what came was sent by who has the secret, after the Standard Webhooks specification.

const { createHmac, timingSafeEqual } = require('node:crypto')

const { ConfigError, InvalidWebhookSignatureError } = require('../errors.js')

/** One header of a `Headers`, an object, or a list of pairs, whatever its case. */
function header(headers, name) {
  const entries = typeof headers?.entries === 'function' ? [...headers.entries()] : Object.entries(headers ?? {})
  const pairs = Array.isArray(headers) ? headers : entries
  const value = pairs.find(([key]) => String(key).toLowerCase() === name)?.[1]
  if (value == null || value === '') throw new InvalidWebhookSignatureError(`The header ${name} is missing.`)
  return String(value)
}

/** Resolves when `payload`, the body as it came, was signed with the secret within the last `tolerance` seconds; else rejects. */
async function verifySignature(payload, headers, secret = process.env.OPENAI_WEBHOOK_SECRET, tolerance = 300) {
  if (typeof secret !== 'string' || secret === '') {
    throw new ConfigError('secret: expected the webhook secret, as the third argument or in OPENAI_WEBHOOK_SECRET')
  }
  if (typeof payload !== 'string') throw new ConfigError('payload: expected the body as it came, a string')
  const [signatures, timestamp, id] = ['webhook-signature', 'webhook-timestamp', 'webhook-id'].map((name) => header(headers, name))
  const age = Date.now() / 1000 - Number(timestamp)
  if (!/^\d+$/.test(timestamp)) throw new InvalidWebhookSignatureError('The header webhook-timestamp is no time in seconds.')
  if (age > tolerance) throw new InvalidWebhookSignatureError(`The webhook is older than ${tolerance} seconds.`)
  if (age < -tolerance) throw new InvalidWebhookSignatureError(`The webhook is from more than ${tolerance} seconds ahead.`)
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : secret
  const wanted = createHmac('sha256', key).update(`${id}.${timestamp}.${payload}`).digest()
  const isOurs = (text) => {
    const given = Buffer.from(text.replace(/^v1,/, ''), 'base64')
    return given.length === wanted.length && timingSafeEqual(given, wanted)
  }
  if (!signatures.split(' ').some(isOurs)) throw new InvalidWebhookSignatureError('The webhook was not signed with this secret.')
}

/** The event that a webhook brings, once its signature is verified. */
async function unwrap(payload, headers, secret, tolerance) {
  await verifySignature(payload, headers, secret ?? undefined, tolerance)
  return JSON.parse(payload)
}

module.exports = {
  'webhooks.unwrap': () => unwrap,
  // As the official SDK spells it.
  'webhooks.unwarp': () => unwrap,
  'webhooks.verifySignature': () => (payload, headers, secret, tolerance) => verifySignature(payload, headers, secret ?? undefined, tolerance),
}
