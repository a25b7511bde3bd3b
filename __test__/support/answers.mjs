// Bodies that a model server sends, short.

export const MESSAGES = [{ role: 'user', content: 'Say this is a test' }]

export function completion(content = 'This is a test.', more = {}) {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1700000000,
    model: 'local-model',
    choices: [{ index: 0, message: { role: 'assistant', content }, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 },
    ...more,
  }
}

/** One chunk of a chat stream. */
export function chunk(delta = {}, finish_reason = null, more = {}) {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1700000000,
    model: 'local-model',
    choices: [{ index: 0, delta, finish_reason }],
    ...more,
  }
}

/** The chunks of a whole chat stream: the role, the words, the finish reason. */
export function chatChunks(words = ['This', ' is', ' a', ' test.']) {
  return [chunk({ role: 'assistant', content: '' }), ...words.map((content) => chunk({ content })), chunk({}, 'stop')]
}

/** The chunk that `stream_options: { include_usage: true }` asks for. */
export function usageChunk(usage = { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 }) {
  return { ...chunk(), choices: [], usage }
}

/** An error in OpenAI's envelope. */
export function envelope(message, facts = {}) {
  return { error: { message, type: 'invalid_request_error', param: null, code: null, ...facts } }
}
