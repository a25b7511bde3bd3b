// Bodies of the front formats, short: a message and a response, each whole and in its events.

export const MESSAGE_REQUEST = { model: 'claude', max_tokens: 16, messages: [{ role: 'user', content: 'Say this is a test' }] }
export const RESPONSE_REQUEST = { model: 'gpt', max_output_tokens: 16, input: 'Say this is a test' }

export const MESSAGE = {
  id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-1', content: [{ type: 'text', text: 'This is a test.' }],
  stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 9, cache_read_input_tokens: 2, output_tokens: 5 },
}

const say = (text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })

export const MESSAGE_EVENTS = [
  { type: 'message_start', message: { ...MESSAGE, content: [], stop_reason: null, usage: { input_tokens: 9, cache_read_input_tokens: 2, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  say('This is'),
  say(' a test.'),
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 5 } },
  { type: 'message_stop' },
]

const item = (status, text) => ({
  id: 'msg_1', type: 'message', status, role: 'assistant',
  content: text === undefined ? [] : [{ type: 'output_text', annotations: [], logprobs: [], text }],
})

export const RESPONSE = {
  id: 'resp_1', object: 'response', created_at: 1700000000, status: 'completed', error: null, incomplete_details: null,
  model: 'gpt-1', output: [item('completed', 'This is a test.')],
  usage: { input_tokens: 9, input_tokens_details: { cached_tokens: 0 }, output_tokens: 5, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 14 },
}

const open = { ...RESPONSE, status: 'in_progress', output: [], usage: null }
const place = { item_id: 'msg_1', output_index: 0, content_index: 0 }
const part = (text) => ({ type: 'output_text', annotations: [], logprobs: [], text })

export const RESPONSE_EVENTS = [
  { type: 'response.created', response: open },
  { type: 'response.in_progress', response: open },
  { type: 'response.output_item.added', output_index: 0, item: item('in_progress') },
  { type: 'response.content_part.added', ...place, part: part('') },
  { type: 'response.output_text.delta', ...place, delta: 'This is', logprobs: [] },
  { type: 'response.output_text.delta', ...place, delta: ' a test.', logprobs: [] },
  { type: 'response.output_text.done', ...place, text: 'This is a test.', logprobs: [] },
  { type: 'response.content_part.done', ...place, part: part('This is a test.') },
  { type: 'response.output_item.done', output_index: 0, item: item('completed', 'This is a test.') },
  { type: 'response.completed', response: RESPONSE },
].map((event, at) => ({ ...event, sequence_number: at }))

/** Events as the hosts of these formats send them. */
export const named = (events) => events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)

/** What a message says. */
export const messageText = ({ content }) => content.map(({ text }) => text ?? '').join('')

/** What a response says. */
export const responseText = ({ output }) => output.flatMap(({ content }) => content ?? []).map(({ text }) => text ?? '').join('')
