// chat.completions.runTools(): asking, running what is called, and asking again, whole and streamed.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'

import OpenAI from 'openai'
import { zodFunction } from 'openai/helpers/zod'
import { ChatCompletionStreamingRunner as TheirRunner } from 'openai/lib/ChatCompletionStreamingRunner'
import * as z from 'zod'
import Portkey, {
  APIUserAbortError, ChatCompletionRunner, ChatCompletionStream, ChatCompletionStreamingRunner, ConfigError, InternalServerError,
  LengthFinishReasonError, jsonSchemaFormat, jsonSchemaTool,
} from '../index.mjs'
import { MESSAGES, chunk, completion } from './support/answers.mjs'
import { failure } from './support/failures.mjs'
import { hostFor } from './support/host.mjs'
import { collect } from './support/recorded.mjs'

const USAGE = { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 }

/** The answer of a step: a text, or calls as [name, arguments]; whole or in chunks, as the request asks. */
function answered(request, said, at) {
  const calls = Array.isArray(said) ? said.map(([name, text], index) => ({ id: `call_${at}_${index}`, type: 'function', function: { name, arguments: text } })) : undefined
  const reason = calls ? 'tool_calls' : 'stop'
  if (!request.json().stream) {
    const whole = completion(calls ? null : said)
    Object.assign(whole.choices[0], { finish_reason: reason, message: { role: 'assistant', content: calls ? null : said, ...(calls && { tool_calls: calls }) } })
    return { json: whole }
  }
  const pieces = calls ? calls.map((call, index) => chunk({ tool_calls: [{ index, ...call }] })) : [chunk({ content: said })]
  const last = { ...chunk({}, reason), usage: USAGE }
  return { sse: [chunk({ role: 'assistant' }), ...pieces, last].map((event) => ({ ...event, id: `chatcmpl-${at}` })) }
}

async function setUp(t, steps) {
  const host = await hostFor(t, (request) => {
    const at = host.requests.length - 1
    const step = steps[Math.min(at, steps.length - 1)]
    return step.status || step.sse || step.json || typeof step === 'string' && step === 'hang' ? step : answered(request, step, at)
  })
  const client = new Portkey({ customHost: host.url, maxRetries: 0 })
  return { host, client, run: (body, ...more) => client.chat.completions.runTools({ messages: MESSAGES, ...body }, ...more) }
}

/** A tool that remembers what it was called with. */
function remembering(name, give = (args) => `${name} of ${JSON.stringify(args)}`, more = {}) {
  const calls = []
  return { calls, type: 'function', function: { name, description: `Tells ${name}.`, parameters: { type: 'object' }, parse: JSON.parse, ...more, function: (...given) => (calls.push(given), give(...given)) } }
}

const said = (runner) => runner.messages.map(({ role, content, tool_calls }) => [role, content ?? tool_calls.map((call) => call.function.name)])

for (const stream of [false, true]) {
  describe(`a ${stream ? 'streaming' : 'whole'} runner`, () => {
    test('asks, runs what is called, and asks again until nothing is', async (t) => {
      const { host, run } = await setUp(t, [[['weather', '{"city":"Paris"}']], [['time', '{}']], 'Sunny at noon.'])
      const [weather, time] = [remembering('weather', () => ({ sky: 'blue' })), remembering('time', () => undefined)]
      const runner = run({ stream, tools: [weather, time] }, { traceID: 'trace-1' })
      assert.ok(runner instanceof (stream ? ChatCompletionStreamingRunner : ChatCompletionRunner))
      assert.equal(await runner.finalContent(), 'Sunny at noon.')
      assert.deepEqual(weather.calls[0].slice(0, 2), [{ city: 'Paris' }, runner])
      assert.deepEqual(said(runner), [
        ['user', MESSAGES[0].content], ['assistant', ['weather']], ['tool', '{"sky":"blue"}'], ['assistant', ['time']], ['tool', 'undefined'], ['assistant', 'Sunny at noon.'],
      ])
      assert.deepEqual(host.requests.map((request) => request.json().messages.length), [1, 3, 5])
      const sent = host.last.json()
      assert.deepEqual(sent.tools, ['weather', 'time'].map((name) => ({ type: 'function', function: { name, parameters: { type: 'object' }, description: `Tells ${name}.` } })))
      assert.deepEqual(sent.messages.slice(1, 3), [
        { role: 'assistant', content: null, tool_calls: [{ id: 'call_0_0', type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } }] },
        { role: 'tool', tool_call_id: 'call_0_0', content: '{"sky":"blue"}' },
      ])
      assert.equal(runner.allChatCompletions().length, 3)
      assert.equal((await runner.finalFunctionToolCall()).name, 'time')
      assert.equal(await runner.finalFunctionToolCallResult(), 'undefined')
      assert.deepEqual(await runner.totalUsage(), { prompt_tokens: 27, completion_tokens: 15, total_tokens: 42 })
      assert.equal(runner.getHeaders()['trace-id'], 'trace-1')
      assert.equal(runner.getGateway().attempts.length, 1)
    })

    test('tells of every step', async (t) => {
      const { run } = await setUp(t, [[['weather', '{}']], 'Sunny.'])
      const runner = run({ stream, tools: [remembering('weather', () => 'blue')] })
      const events = []
      for (const name of ['connect', 'functionToolCall', 'functionToolCallResult', 'chatCompletion', 'finalContent', 'finalFunctionToolCall', 'finalFunctionToolCallResult', 'content', 'end']) {
        runner.on(name, () => events.push(name))
      }
      await runner.done()
      const last = stream ? ['content', 'chatCompletion'] : ['chatCompletion', 'content']
      assert.deepEqual(events, [
        'connect', 'chatCompletion', 'functionToolCall', 'functionToolCallResult', 'connect', ...last,
        'finalContent', 'finalFunctionToolCall', 'finalFunctionToolCallResult', 'end',
      ])
    })

    test('runs calls side by side, and gives their results in the order of the calls', async (t) => {
      const { host, run } = await setUp(t, [[['slow', '{}'], ['quick', '{}']], 'Done.'])
      let release
      const slow = remembering('slow', () => new Promise((resolve) => (release = resolve)))
      const quick = remembering('quick', () => (release('slow'), 'quick'))
      await run({ stream, tools: [slow, quick] }).done()
      assert.deepEqual(host.last.json().messages.slice(2).map(({ content }) => content), ['slow', 'quick'])
    })

    test('runs them one after the other where parallel_tool_calls is false', async (t) => {
      const { run } = await setUp(t, [[['a', '{}'], ['a', '{}']], 'Done.'])
      let running = 0
      const tool = remembering('a', async () => {
        assert.equal(++running, 1)
        await new Promise((resolve) => setImmediate(resolve))
        running -= 1
      })
      await run({ stream, tools: [tool], parallel_tool_calls: false }).done()
      assert.equal(tool.calls.length, 2)
    })

    test('hands on the text of the arguments where a tool has no parse, and the context', async (t) => {
      const { host, run } = await setUp(t, [[['weather', '{"x']], 'Done.'])
      const tool = remembering('weather', undefined, { parse: undefined })
      await run({ stream, tools: [tool], toolContext: { user: 'u' } }).done()
      assert.equal(tool.calls[0][0], '{"x')
      assert.deepEqual(tool.calls[0][2], { user: 'u' })
      assert.ok(!host.last.body.toString().includes('toolContext'))
    })

    test('runs tools with a schema, whoever made them', async (t) => {
      const { host, run } = await setUp(t, [[['ours', '{"n":1}'], ['theirs', '{"n":2}']], 'Done.'])
      const parameters = z.object({ n: z.number() })
      const calls = []
      const tools = [jsonSchemaTool, zodFunction].map((make, at) => make({ name: ['ours', 'theirs'][at], parameters, function: ({ n }) => calls.push(n) }))
      await run({ stream, tools }).done()
      assert.deepEqual(calls, [1, 2])
      assert.equal(host.last.json().tools[0].function.strict, true)
    })

    test('tells the model what is wrong with its calls', async (t) => {
      const { host, run } = await setUp(t, [[['weather', '{"city":7}'], ['weather', '{'], ['wether', '{}'], ['time', '{']], 'Done.'])
      const weather = jsonSchemaTool({ name: 'weather', parameters: z.object({ city: z.string() }), function: () => assert.fail() })
      const time = remembering('time', undefined, { parse: () => { throw new Error('no time') } })
      await run({ stream, tools: [weather, time] }).done()
      const [wrong, garbled, unknown, thrown] = host.last.json().messages.slice(2).map(({ content }) => content)
      assert.match(wrong, /^The arguments do not fit\. city: .*string/)
      assert.equal(garbled, 'The arguments are no JSON.')
      assert.equal(unknown, 'Invalid tool_call: "wether". Available options are: "weather", "time". Please try again')
      assert.equal(thrown, 'no time')
      assert.equal(time.calls.length, 0)
    })

    test('ends with the error of a function, when the others beside it have ended', async (t) => {
      const { host, run } = await setUp(t, [[['bad', '{}'], ['slow', '{}']], 'Done.'])
      let isOver = false
      const bad = remembering('bad', () => { throw new RangeError('mine') })
      const slow = remembering('slow', async () => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        isOver = true
      })
      assert.ok((await failure(run({ stream, tools: [bad, slow] }).done())) instanceof RangeError)
      assert.ok(isOver)
      assert.equal(host.requests.length, 1)
    })

    test('tells the model of a function that failed, where onToolError says what', async (t) => {
      const { host, run } = await setUp(t, [[['bad', '{"a":1}']], 'Done.'])
      const bad = remembering('bad', () => { throw new RangeError('mine') })
      const seen = []
      await run({ stream, tools: [bad] }, undefined, { onToolError: (error, call) => (seen.push(call), `It failed: ${error.message}`) }).done()
      assert.equal(host.last.json().messages[2].content, 'It failed: mine')
      assert.deepEqual(seen, [{ name: 'bad', arguments: '{"a":1}' }])
      const silent = await setUp(t, [[['bad', '{}']], 'Done.'])
      assert.ok((await failure(silent.run({ stream, tools: [bad] }, undefined, { onToolError: () => undefined }).done())) instanceof RangeError)
    })

    test('sends the messages that it was given as they are, and leaves no listener on a signal', async (t) => {
      const { host, client } = await setUp(t, [[['a', '{}']], 'Done.'])
      const messages = [...MESSAGES, { role: 'assistant', content: 'b', refusal: null, annotations: [] }, { role: 'user', content: 'c' }]
      const { signal } = new AbortController()
      await client.chat.completions.runTools({ stream, messages, tools: [remembering('a')] }, undefined, { signal }).done()
      assert.deepEqual(host.last.json().messages.slice(0, 3), messages)
      assert.equal(messages.length, 3)
      assert.equal(getEventListeners(signal, 'abort').length, 0)
    })

    test('stops after maxChatCompletions, 10 when left out', async (t) => {
      for (const [opts, most] of [[undefined, 10], [{ maxChatCompletions: 2 }, 2]]) {
        const { host, run } = await setUp(t, [[['again', '{}']]])
        const runner = run({ stream, tools: [remembering('again')] }, undefined, opts)
        await runner.done()
        assert.equal(host.requests.length, most)
        assert.equal(runner.messages.at(-1).role, 'tool')
      }
    })

    test('waits for afterCompletion, which may add messages', async (t) => {
      const { host, run } = await setUp(t, [[['again', '{}']], 'Done.'])
      const seen = []
      const afterCompletion = async (answer, runner) => {
        seen.push([answer.choices[0].finish_reason, runner.messages.length])
        if (seen.length === 1) runner.messages.push({ role: 'user', content: 'and?' })
      }
      await run({ stream, tools: [remembering('again')] }, undefined, { afterCompletion }).done()
      assert.deepEqual(seen, [['tool_calls', 3], ['stop', 5]])
      assert.equal(host.last.json().messages.at(-1).content, 'and?')
    })

    test('ends after the function that tool_choice names', async (t) => {
      const { host, run } = await setUp(t, [[['other', '{}']], [['wanted', '{}']], 'never'])
      const [wanted, other] = [remembering('wanted', () => 'it'), remembering('other')]
      const runner = run({ stream, tools: [wanted, other], tool_choice: { type: 'function', function: { name: 'wanted' } } })
      assert.equal(await runner.finalFunctionToolCallResult(), 'it')
      assert.equal(other.calls.length, 0)
      assert.match(host.last.json().messages[2].content, /"wanted" requested/)
      assert.equal(host.requests.length, 2)
    })

    test('sends a message again with what the host needs of it, and without what only answers have', async (t) => {
      const message = { role: 'assistant', content: null, reasoning_content: 'Hm', refusal: null, annotations: [], extra_content: { x: 1 }, tool_calls: [{ id: 'c', type: 'function', function: { name: 'a', arguments: '{}' } }] }
      const whole = completion()
      Object.assign(whole.choices[0], { message, finish_reason: 'tool_calls' })
      const { tool_calls, ...delta } = message
      const first = stream ? { sse: [chunk({ ...delta, tool_calls: [{ index: 0, ...tool_calls[0] }] }), chunk({}, 'tool_calls')] } : { json: whole }
      const { host, run } = await setUp(t, [first, 'Done.'])
      await run({ stream, tools: [remembering('a')] }).done()
      const { refusal, annotations, ...again } = message
      assert.deepEqual(host.last.json().messages[1], again)
    })

    test('reads the last answer in the shape that was asked for, and nothing into what is said before', async (t) => {
      const talk = completion('I will look.')
      const calls = [{ id: 'c', type: 'function', function: { name: 'a', arguments: '{}' } }]
      Object.assign(talk.choices[0], { finish_reason: 'tool_calls', message: { role: 'assistant', content: 'I will look.', tool_calls: calls } })
      const first = stream ? { sse: [chunk({ content: 'I will look.' }), chunk({ tool_calls: [{ index: 0, ...calls[0] }] }), chunk({}, 'tool_calls')] } : { json: talk }
      const { run } = await setUp(t, [first, '{"n":1}'])
      const response_format = jsonSchemaFormat('n', z.object({ n: z.number() }))
      const runner = run({ stream, tools: [remembering('a')], response_format })
      assert.deepEqual((await runner.finalMessage()).parsed, { n: 1 })
      assert.equal(runner.messages[1].parsed, null)
    })

    test('does not run what an answer calls that was cut off', async (t) => {
      const cut = completion()
      const calls = [{ id: 'c', type: 'function', function: { name: 'a', arguments: '{"rm":"/' } }]
      Object.assign(cut.choices[0], { finish_reason: 'length', message: { role: 'assistant', content: null, tool_calls: calls } })
      const { run } = await setUp(t, [stream ? { sse: [chunk({ tool_calls: [{ index: 0, ...calls[0] }] }), chunk({}, 'length')] } : { json: cut }])
      const tool = remembering('a', undefined, { parse: undefined })
      assert.ok((await failure(run({ stream, tools: [tool] }).done())) instanceof LengthFinishReasonError)
      assert.equal(tool.calls.length, 0)
    })

    test('ends with the error of a later request', async (t) => {
      const { run } = await setUp(t, [[['a', '{}']], { status: 500, json: {} }])
      const runner = run({ stream, tools: [remembering('a')] })
      assert.ok((await failure(runner.done())) instanceof InternalServerError)
      assert.equal(runner.allChatCompletions().length, 1)
    })

    test('stops when it is aborted: while it asks, while a tool runs, and before it begins', async (t) => {
      const { host, run } = await setUp(t, [[['a', '{}']], 'hang'])
      const asking = run({ stream, tools: [remembering('a')] })
      await host.received(2)
      asking.abort()
      assert.ok((await failure(asking.done())) instanceof APIUserAbortError)
      await host.closed()

      const second = await setUp(t, [[['a', '{}']], 'Done.'])
      const given = new AbortController()
      const never = remembering('a', () => (given.abort(), new Promise(() => {})))
      const running = second.run({ stream, tools: [never] }, undefined, { signal: given.signal })
      assert.ok((await failure(running.done())) instanceof APIUserAbortError)
      assert.ok(never.calls[0][1].controller.signal.aborted)
      assert.equal(second.host.requests.length, 1)
      assert.ok((await failure(second.run({ stream, tools: [never] }, undefined, { signal: given.signal }).done())) instanceof APIUserAbortError)
      assert.equal(second.host.requests.length, 1)
    })

    test('sends nothing where it cannot run', async (t) => {
      const { host, run, client } = await setUp(t, ['Done.'])
      const nameless = { type: 'function', function: { function: (() => () => 1)() } }
      const bodies = [{}, { tools: 1 }, { tools: [nameless] }, { tools: [{ type: 'function', function: { name: 'a' } }] }, { tools: [jsonSchemaTool({ name: 'a', parameters: {} })] }, { tools: [], n: 2 }]
      for (const body of bodies) assert.ok((await failure(run({ stream, ...body }).done())) instanceof ConfigError, JSON.stringify(body))
      for (const maxChatCompletions of [0, 1.5, '3']) assert.ok((await failure(run({ stream, tools: [] }, undefined, { maxChatCompletions }).done())) instanceof ConfigError)
      assert.ok((await failure(client.chat.completions.runTools().done())) instanceof ConfigError)
      assert.equal(host.requests.length, 0)
    })

    test('comes to the same as the one of the openai package', async (t) => {
      const steps = [[['weather', '{"city":"Paris"}'], ['time', '{}']], [['weather', '{"city":"Rome"}']], 'Sunny.']
      const runs = await Promise.all([Portkey, OpenAI].map(async (Client) => {
        const { host } = await setUp(t, steps)
        const client = new Client({ apiKey: 'k', [Client === Portkey ? 'customHost' : 'baseURL']: host.url })
        const runner = client.chat.completions.runTools({ model: 'm', messages: MESSAGES, stream, tools: [remembering('weather'), remembering('time')] })
        const events = []
        for (const name of ['connect', 'message', 'functionToolCall', 'functionToolCallResult', 'content', 'finalContent', 'finalFunctionToolCallResult', 'end']) runner.on(name, () => events.push(name))
        await runner.done()
        return { events, said: said(runner), requests: host.requests.length, result: await runner.finalFunctionToolCallResult() }
      }))
      assert.deepEqual(runs[0], runs[1])
    })
  })
}

test('the chunks of a streaming runner are those of all its answers', async (t) => {
  const { run } = await setUp(t, [[['weather', '{}']], 'Sunny.'])
  const { items } = await collect(run({ stream: true, tools: [remembering('weather')] }))
  assert.deepEqual([...new Set(items.map(({ id }) => id))], ['chatcmpl-0', 'chatcmpl-1'])
})

describe('a streaming runner that is sent on', () => {
  test('brings its tools\' results along, to our end and to that of the openai package', async (t) => {
    for (const Far of [ChatCompletionStream, TheirRunner]) {
      const { run } = await setUp(t, [[['weather', '{}']], 'Sunny.'])
      const near = run({ stream: true, tools: [remembering('weather', () => 'blue')] })
      const far = Far.fromReadableStream(near.toReadableStream())
      assert.equal(await far.finalContent(), 'Sunny.')
      assert.equal(await far.finalFunctionToolCallResult(), 'blue')
      assert.deepEqual(said(far), said(near).slice(1))
    }
  })
})
