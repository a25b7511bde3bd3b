/** Methods that are made of other methods: streams with events, answers in a shape, tools that are run. */
import type {
  APIPromise, APIUserAbortError, Answer, CallOptions, CallParams, ChatCompletionRunner, ChatCompletionStream,
  ChatCompletionStreamingRunner, GatewayReport,
} from '../index'
import type {
  ChatCompletion, ChatCompletionChoice, ChatCompletionChunk, ChatCompletionCreateParamsBase, ChatCompletionFinishReason,
  ChatCompletionLogprobs, ChatCompletionTokenLogprob,
} from './chat'
import type { CompletionUsage } from './completions'
import type { ParseableTool, ParsedOf } from './formats'
import type {
  ChatCompletionCustomTool, ChatCompletionMessage, ChatCompletionMessageCustomToolCall, ChatCompletionMessageFunctionToolCall,
  ChatCompletionMessageParam, FunctionCall, ReasoningText,
} from './messages'
import type { Body } from './method'
import type { JSONSchema } from './shared'

/** An answer that was read in the shape that was asked for. */
export interface ParsedChatCompletion<Parsed> extends ChatCompletion {
  choices: ParsedChoice<Parsed>[]
}

export interface ParsedChoice<Parsed> extends ChatCompletionChoice {
  message: ParsedChatCompletionMessage<Parsed>
}

export interface ParsedChatCompletionMessage<Parsed> extends ChatCompletionMessage {
  /** What the content says; `null` where it is a refusal, a call, or no shape was asked for. */
  parsed: Parsed | null
  tool_calls?: (ParsedFunctionToolCall | ChatCompletionMessageCustomToolCall)[]
}

export interface ParsedFunctionToolCall extends ChatCompletionMessageFunctionToolCall {
  function: ParsedFunction
}

export interface ParsedFunction extends FunctionCall {
  /** What the arguments say, for a tool that is strict or has a schema; else `null`. */
  parsed_arguments?: unknown
}

/** A completion as far as it has come. */
export interface ChatCompletionSnapshot {
  id?: string
  created?: number
  model?: string
  usage?: CompletionUsage | null
  choices: ChatCompletionSnapshotChoice[]
}

export interface ChatCompletionSnapshotChoice {
  index: number
  finish_reason: ChatCompletionFinishReason | null
  logprobs: ChatCompletionLogprobs | null
  message: ReasoningText & {
    role?: string
    content?: string | null
    refusal?: string | null
    parsed?: unknown
    tool_calls?: { id: string; type: 'function' | 'custom'; function?: ParsedFunction; custom?: { name: string; input: string } }[]
  }
}

export interface ChatRunEvents<Parsed> {
  /** An answer has begun. */
  connect: () => void
  /** An answer is whole. */
  chatCompletion: (completion: Answer<ParsedChatCompletion<Parsed>>) => void
  /** A message has come, or a tool has given back something. */
  message: (message: ChatCompletionMessageParam) => void
  functionToolCall: (call: ParsedFunction) => void
  functionToolCallResult: (content: string) => void
  finalChatCompletion: (completion: Answer<ParsedChatCompletion<Parsed>>) => void
  finalMessage: (message: ParsedChatCompletionMessage<Parsed>) => void
  finalContent: (content: string) => void
  finalFunctionToolCall: (call: ParsedFunction) => void
  finalFunctionToolCallResult: (content: string) => void
  totalUsage: (usage: CompletionUsage) => void
  error: (error: Error) => void
  abort: (error: APIUserAbortError) => void
  /** The last event, whatever came of it. */
  end: () => void
}

export interface ChatRunnerEvents<Parsed> extends ChatRunEvents<Parsed> {
  content: (content: string) => void
}

/** Values named `parsed` and `parsed_arguments` are read when someone looks at them. */
export interface ChatStreamEvents<Parsed> extends ChatRunEvents<Parsed> {
  chunk: (chunk: ChatCompletionChunk, snapshot: ChatCompletionSnapshot) => void
  content: (delta: string, snapshot: string) => void
  'content.delta': (event: { delta: string; snapshot: string; parsed: unknown }) => void
  'content.done': (event: { content: string; parsed: Parsed | null }) => void
  'refusal.delta': (event: { delta: string; snapshot: string }) => void
  'refusal.done': (event: { refusal: string }) => void
  'tool_calls.function.arguments.delta': (event: {
    name: string; index: number; arguments: string; arguments_delta: string; parsed_arguments: unknown
  }) => void
  'tool_calls.function.arguments.done': (event: { name: string; index: number; arguments: string; parsed_arguments: unknown }) => void
  'logprobs.content.delta': (event: { content: ChatCompletionTokenLogprob[]; snapshot: ChatCompletionTokenLogprob[] }) => void
  'logprobs.content.done': (event: { content: ChatCompletionTokenLogprob[] }) => void
  'logprobs.refusal.delta': (event: { refusal: ChatCompletionTokenLogprob[]; snapshot: ChatCompletionTokenLogprob[] }) => void
  'logprobs.refusal.done': (event: { refusal: ChatCompletionTokenLogprob[] }) => void
}

type ValuesOf<Listener> = Listener extends (...values: infer Values) => void ? Values : never

/** Something with events. It begins when it is made; an error that nobody listens to or waits for is an unhandled rejection. */
export interface Listening<Events> {
  /** Aborting it stops the work. */
  readonly controller: AbortController
  readonly ended: boolean
  /** Whether it failed or was aborted. */
  readonly errored: boolean
  readonly aborted: boolean
  abort(): void
  on<Name extends keyof Events>(event: Name, listener: Events[Name]): this
  once<Name extends keyof Events>(event: Name, listener: Events[Name]): this
  off<Name extends keyof Events>(event: Name, listener: Events[Name]): this
  /** The next such event's first value; rejects when the work fails, or ends before. */
  emitted<Name extends keyof Events>(event: Name): Promise<ValuesOf<Events[Name]>[0]>
  /** The values of each such event from now on. */
  events<Name extends keyof Events>(event: Name): AsyncIterableIterator<ValuesOf<Events[Name]>>
  /** Resolves at the end; rejects when the work fails or is aborted, as all other promises of it do. */
  done(): Promise<void>
}

/** A conversation as it goes on. */
export interface ChatRun<Events, Parsed> extends Listening<Events> {
  /** What was sent and what came, in order. What is added is sent with the next request. */
  readonly messages: ChatCompletionMessageParam[]
  finalChatCompletion(): Promise<Answer<ParsedChatCompletion<Parsed>>>
  finalMessage(): Promise<ParsedChatCompletionMessage<Parsed>>
  finalContent(): Promise<string | null>
  finalFunctionToolCall(): Promise<ParsedFunction | undefined>
  finalFunctionToolCallResult(): Promise<string | undefined>
  totalUsage(): Promise<CompletionUsage>
  allChatCompletions(): Answer<ParsedChatCompletion<Parsed>>[]
  /** Of the answer that came last; `undefined` before there is one. */
  getHeaders(): Record<string, string> | undefined
  getGateway(): GatewayReport | undefined
}

/** A tool that can be run: without `parse`, its function gets the arguments as the model wrote them. */
export interface RunnableTool<Arguments = any, Context = any> {
  type: 'function'
  function: {
    /** The function's own name when left out. */
    name?: string
    description?: string
    /** A JSON schema of the arguments. */
    parameters?: JSONSchema
    strict?: boolean | null
    /** What it throws is told to the model, which can try again. */
    parse?: (text: string) => Arguments | Promise<Arguments>
    /** What it gives back is told to the model, as text or as JSON. */
    function: (args: Arguments, runner: ChatCompletionRunner | ChatCompletionStreamingRunner, context: Context) => unknown
  }
}

export interface RunToolsOptions<Runner = ChatCompletionRunner | ChatCompletionStreamingRunner> extends CallOptions {
  /** How many requests to make at most; 10 when left out. */
  maxChatCompletions?: number
  /** Awaited after each answer and the tools that it called. */
  afterCompletion?: (completion: ChatCompletion, runner: Runner) => void | Promise<void>
  /** What to tell the model of a function that failed. Left out, or giving `undefined`, the failure ends the run. */
  onToolError?: (error: unknown, call: FunctionCall) => unknown
}

export type RunToolsBody<Context = any> = Body<Omit<ChatCompletionCreateParamsBase, 'tools'>> & {
  tools: readonly (RunnableTool<any, Context> | ParseableTool<any> | ChatCompletionCustomTool)[]
  /** Handed to each function; not sent. */
  toolContext?: Context
}

type ChatBody = Body<ChatCompletionCreateParamsBase>

export interface ChatStreamMethod {
  <Params extends ChatBody>(body: Params & { stream?: true | null }, params?: CallParams | null, opts?: Omit<CallOptions, 'stream'> | null): ChatCompletionStream<ParsedOf<Params>>
}

export interface ChatParseMethod {
  <Params extends ChatBody>(body: Params & { stream?: false | null }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<ParsedChatCompletion<ParsedOf<Params>>>>
}

export interface ChatRunToolsMethod {
  <Params extends RunToolsBody>(body: Params & { stream: true }, params?: CallParams | null, opts?: RunToolsOptions<ChatCompletionStreamingRunner> | null): ChatCompletionStreamingRunner<ParsedOf<Params>>
  <Params extends RunToolsBody>(body: Params & { stream?: false | null }, params?: CallParams | null, opts?: RunToolsOptions<ChatCompletionRunner> | null): ChatCompletionRunner<ParsedOf<Params>>
}
