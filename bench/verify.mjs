// Whether a client's answers are the upstream's, value by value. The timed calls are only counted and measured for size,
// so every client passes here once a workload before it is timed: being fast with a wrong answer must not count.
import http from 'node:http'
import { isDeepStrictEqual } from 'node:util'

/** What the upstream itself answers, by the plainest means there is. */
function plainAnswer(url, body) {
  return new Promise((resolve, reject) => {
    const bytes = JSON.stringify(body)
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(bytes) }
    const request = http.request(url, { method: 'POST', agent: false, headers }, async (answer) => {
      answer.setEncoding('utf8')
      let text = ''
      for await (const part of answer) text += part
      resolve(text)
    })
    request.on('error', reject).end(bytes)
  })
}

/** Every field of `wanted` is in `got` with the same value; SDKs may put something of their own beside them. */
function sameFields(what, got, wanted) {
  const seen = JSON.parse(JSON.stringify(got)) // what a caller sees, through classes and getters
  for (const [field, value] of Object.entries(wanted)) {
    if (isDeepStrictEqual(seen[field], value)) continue
    throw new Error(`wrong answer: ${what}${field} is not what the upstream sent`)
  }
}

async function verifyChat(client, { url, body }) {
  const got = await client.chat(body)
  sameFields('', got, JSON.parse(await plainAnswer(`${url}/chat/completions`, body)))
  return got.choices[0].message.content.length
}

async function verifyStream(client, { url, body }) {
  const text = await plainAnswer(`${url}/chat/completions`, { ...body, stream: true })
  const events = text.split('\n\n').filter((event) => event.startsWith('data: {'))
  const wanted = events.map((event) => JSON.parse(event.slice('data: '.length)))
  const got = []
  await client.stream(body, (chunk) => got.push(chunk))
  if (got.length !== wanted.length) throw new Error(`wrong answer: ${got.length} chunks of ${wanted.length}`)
  wanted.forEach((chunk, index) => sameFields(`chunk ${index} `, got[index], chunk))
  return got.length
}

async function verifyEmbeddings(client, { url, body }) {
  const { data, ...rest } = JSON.parse(await plainAnswer(`${url}/embeddings`, { ...body, encoding_format: 'float' }))
  const got = await client.embed(body)
  sameFields('', got, rest)
  if (got.data.length !== data.length) throw new Error(`wrong answer: ${got.data.length} embeddings`)
  // Numbers that were asked for are the text's to the last bit; whoever takes base64 instead has 32-bit floats.
  const exact = body.encoding_format === 'float' ? (value) => value : Math.fround
  data.forEach(({ embedding, ...fields }, index) => {
    const values = got.data[index].embedding
    sameFields(`embedding ${index} `, got.data[index], fields)
    if (!Array.isArray(values) || !isDeepStrictEqual(values.map(exact), embedding.map(exact))) {
      throw new Error(`wrong answer: embedding ${index} is not the upstream's numbers`)
    }
  })
  return got.data.length * got.data[0].embedding.length
}

const verifiers = { chat: verifyChat, stream: verifyStream, embed: verifyEmbeddings }

/** Throws when an answer is wrong; else resolves to the size that each answer of this job must have (see driver.mjs). */
export const verify = (client, job) => verifiers[job.kind](client, job)
