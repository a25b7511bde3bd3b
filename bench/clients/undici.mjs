// The least that Node can do: undici on a pool of kept connections, JSON.parse, and nothing of what a client is for
// (no retries, no errors, no types).
import { Pool } from 'undici'

async function* events(body) {
  const decoder = new TextDecoder()
  let pending = ''
  for await (const bytes of body) {
    pending += decoder.decode(bytes, { stream: true })
    let start = 0
    for (let end; (end = pending.indexOf('\n\n', start)) !== -1; start = end + 2) {
      const data = pending.slice(start + 'data: '.length, end)
      if (data !== '[DONE]') yield JSON.parse(data) // read on to the end, or the connection is lost for the next call
    }
    pending = pending.slice(start)
  }
}

export function create({ url }) {
  const { origin, pathname } = new URL(url)
  const pool = new Pool(origin, { headersTimeout: 0, bodyTimeout: 0 })
  const headers = { 'content-type': 'application/json', authorization: 'Bearer x' }
  const post = async (path, body) => {
    const request = { method: 'POST', path: pathname + path, headers, body: JSON.stringify(body) }
    const { statusCode, body: answer } = await pool.request(request)
    if (statusCode !== 200) throw new Error(`status ${statusCode}: ${await answer.text()}`)
    return answer
  }
  return {
    chat: async (body) => (await post('/chat/completions', body)).json(),
    embed: async (body) => (await post('/embeddings', body)).json(),
    async stream(body, onChunk) {
      for await (const chunk of events(await post('/chat/completions', { ...body, stream: true }))) onChunk(chunk)
    },
  }
}
