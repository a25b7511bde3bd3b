/** The messages of a chat, sent and received: roles, parts of content, tools and calls of tools. */
import type { JSONSchema } from './shared'

/** What the model thought before its answer. Servers disagree on the name; a server sends one of the two, or neither. */
export interface ReasoningText {
  /** Sent by Ollama, OpenRouter and newer vLLM. */
  reasoning?: string | null
  /** Sent by DeepSeek, llama.cpp, SGLang and older vLLM. */
  reasoning_content?: string | null
}

export type ChatCompletionRole = 'developer' | 'system' | 'user' | 'assistant' | 'tool' | 'function'

export type ChatCompletionMessageParam =
  | ChatCompletionDeveloperMessageParam
  | ChatCompletionSystemMessageParam
  | ChatCompletionUserMessageParam
  | ChatCompletionAssistantMessageParam
  | ChatCompletionToolMessageParam
  | ChatCompletionFunctionMessageParam

/** Instructions that stand above the user's; `system` under its newer name. */
export interface ChatCompletionDeveloperMessageParam {
  role: 'developer'
  content: string | ChatCompletionContentPartText[]
  /** Tells speakers of one role apart. */
  name?: string
}

/** Instructions that stand above the user's. */
export interface ChatCompletionSystemMessageParam {
  role: 'system'
  content: string | ChatCompletionContentPartText[]
  /** Tells speakers of one role apart. */
  name?: string
}

export interface ChatCompletionUserMessageParam {
  role: 'user'
  content: string | ChatCompletionContentPart[]
  /** Tells speakers of one role apart. */
  name?: string
}

/** An earlier answer. The `message` of a completion can be sent back as it came. */
export interface ChatCompletionAssistantMessageParam extends ReasoningText {
  role: 'assistant'
  /** An earlier spoken answer, by its id. */
  audio?: { id: string } | null
  /** May be left out only where there are tool calls. */
  content?: string | Array<ChatCompletionContentPartText | ChatCompletionContentPartRefusal> | null
  /** Older form of `tool_calls`. */
  function_call?: FunctionCall | null
  /** Tells speakers of one role apart. */
  name?: string
  refusal?: string | null
  tool_calls?: ChatCompletionMessageToolCall[]
}

/** What a tool gave back. */
export interface ChatCompletionToolMessageParam {
  role: 'tool'
  content: string | ChatCompletionContentPartText[]
  /** The `id` of the call that this answers. */
  tool_call_id: string
}

/** Older form of a tool's message. */
export interface ChatCompletionFunctionMessageParam {
  role: 'function'
  content: string | null
  name: string
}

export type ChatCompletionContentPart =
  | ChatCompletionContentPartText
  | ChatCompletionContentPartImage
  | ChatCompletionContentPartInputAudio
  | ChatCompletionContentPartFile

/** Marks the end of what may be cached. */
export interface PromptCacheBreakpoint {
  mode: 'explicit'
}

export interface ChatCompletionContentPartText {
  type: 'text'
  text: string
  prompt_cache_breakpoint?: PromptCacheBreakpoint
}

export interface ChatCompletionContentPartImage {
  type: 'image_url'
  /** `url` is an address or a `data:` URL; `detail` is how closely to look. */
  image_url: { url: string; detail?: 'auto' | 'low' | 'high' }
  prompt_cache_breakpoint?: PromptCacheBreakpoint
}

export interface ChatCompletionContentPartInputAudio {
  type: 'input_audio'
  /** `data` is base64. */
  input_audio: { data: string; format: 'wav' | 'mp3' }
  prompt_cache_breakpoint?: PromptCacheBreakpoint
}

export interface ChatCompletionContentPartFile {
  type: 'file'
  /** An uploaded file's id, or its bytes in base64 and a name. */
  file: { file_id?: string; file_data?: string; filename?: string }
  prompt_cache_breakpoint?: PromptCacheBreakpoint
}

export interface ChatCompletionContentPartRefusal {
  type: 'refusal'
  refusal: string
}

export interface ChatCompletionMessage extends ReasoningText {
  role: 'assistant'
  /** `null` where the answer is tool calls alone. */
  content: string | null
  refusal: string | null
  /** Sources from the web. */
  annotations?: ChatCompletionAnnotation[]
  audio?: ChatCompletionAudio | null
  /** Older form of `tool_calls`. */
  function_call?: FunctionCall | null
  tool_calls?: ChatCompletionMessageToolCall[]
}

export interface ChatCompletionAnnotation {
  type: 'url_citation'
  /** The indexes are character positions in `content`. */
  url_citation: { start_index: number; end_index: number; title: string; url: string }
}

export interface ChatCompletionAudio {
  id: string
  /** Base64, in the format asked for. */
  data: string
  /** Unix time in seconds until which `id` can be sent back. */
  expires_at: number
  transcript: string
}

export interface FunctionDefinitionParam {
  /** Letters, digits, `_` and `-`; up to 64. */
  name: string
  /** When and how to use it; the model reads this. */
  description?: string
  /** A JSON schema of the arguments. Left out, there are none. */
  parameters?: JSONSchema
}

export interface FunctionDefinition extends FunctionDefinitionParam {
  /** Hold the arguments to the schema exactly. */
  strict?: boolean | null
}

export type ChatCompletionTool = ChatCompletionFunctionTool | ChatCompletionCustomTool

export interface ChatCompletionFunctionTool {
  type: 'function'
  function: FunctionDefinition
}

/** A tool whose input is free text, or text of a grammar. */
export interface ChatCompletionCustomTool {
  type: 'custom'
  custom: {
    name: string
    description?: string
    format?: { type: 'text' } | { type: 'grammar'; grammar: { definition: string; syntax: 'lark' | 'regex' } }
  }
}

/** `auto` lets the model choose, `none` forbids tools, `required` asks for at least one; an object names which. */
export type ChatCompletionToolChoiceOption =
  | 'none'
  | 'auto'
  | 'required'
  | ChatCompletionAllowedToolChoice
  | ChatCompletionNamedToolChoice
  | ChatCompletionNamedToolChoiceCustom

export interface ChatCompletionAllowedToolChoice {
  type: 'allowed_tools'
  allowed_tools: { mode: 'auto' | 'required'; tools: Array<{ [key: string]: unknown }> }
}

export interface ChatCompletionNamedToolChoice {
  type: 'function'
  function: { name: string }
}

export interface ChatCompletionNamedToolChoiceCustom {
  type: 'custom'
  custom: { name: string }
}

export interface ChatCompletionFunctionCallOption {
  name: string
}

export type ChatCompletionMessageToolCall = ChatCompletionMessageFunctionToolCall | ChatCompletionMessageCustomToolCall

export interface ChatCompletionMessageFunctionToolCall {
  /** Goes back as `tool_call_id` with the tool's result. */
  id: string
  type: 'function'
  function: FunctionCall
}

export interface ChatCompletionMessageCustomToolCall {
  id: string
  type: 'custom'
  custom: { name: string; input: string }
}

export interface FunctionCall {
  name: string
  /** JSON as the model wrote it: it need not be valid, nor fit the schema. */
  arguments: string
}
