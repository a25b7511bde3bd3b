// The calls that every OpenAI-shaped SDK has alike: a client of its own only builds the object.

export function sdkCalls(sdk) {
  return {
    chat: (body) => sdk.chat.completions.create(body),
    embed: (body) => sdk.embeddings.create(body),
    async stream(body, onChunk) {
      const stream = await sdk.chat.completions.create({ ...body, stream: true })
      for await (const chunk of stream) onChunk(chunk)
    },
  }
}
