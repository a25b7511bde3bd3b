/** Answers and tool arguments in a shape: what asks for it, and what it is read as. */
import type { ResponseFormatJSONSchema } from './chat'
import type { ChatCompletionFunctionTool } from './messages'
import type { JSONSchema } from './shared'

/** A schema of zod, valibot, ArkType or any other library that keeps to Standard Schema, version 1. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type StandardResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] }

export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

export interface JSONSchemaOptions {
  /** What the shape is for; the model reads this. */
  description?: string
  /** The JSON Schema to send, where the library makes none or not the right one. */
  schema?: JSONSchema
  /** Whether the host shall hold the answer to the schema exactly. Left out, it is asked to where the schema allows it: closed objects, all properties required. */
  strict?: boolean
}

/** A `response_format` with what reads the answer. The `openai` package's `zodResponseFormat` makes such ones too. */
export interface ParseableFormat<Parsed> extends ResponseFormatJSONSchema {
  __output: Parsed
  $brand: 'auto-parseable-response-format'
  $parseRaw(content: string): Parsed
}

/** The same for the `text.format` of a response's body. */
export interface ParseableTextFormat<Parsed> {
  type: 'json_schema'
  name: string
  schema: JSONSchema
  description?: string
  strict?: boolean | null
  __output: Parsed
  $brand: 'auto-parseable-response-format'
  $parseRaw(content: string): Parsed
}

/** A tool with what reads its arguments. The `openai` package's `zodFunction` makes such ones too. */
export interface ParseableTool<Arguments, Name extends string = string, IsRunnable extends boolean = boolean> extends ChatCompletionFunctionTool {
  __arguments: Arguments
  __name: Name
  __hasFunction: IsRunnable
  $brand: 'auto-parseable-tool'
  $callback: ((args: Arguments) => any) | undefined
  $parseRaw(args: string): Arguments
}

export interface JSONSchemaToolOptions<Schema, Name extends string> extends JSONSchemaOptions {
  name: Name
  /** Of the arguments: a JSON Schema or a Standard Schema. */
  parameters: Schema
  /** What `runTools` calls with the arguments as they were read. */
  function?: (args: OutputOf<Schema>, runner: any, context: any) => unknown
}

/** What a text of this schema is read as. */
export type OutputOf<Schema> = Schema extends StandardSchema<any, infer Output> ? Output : unknown

/** What `text.format` of a body says that a response is read as. */
export type TextParsedOf<Params> = Params extends { text: { format: infer Format } }
  ? Format extends { __output: infer Parsed } ? Parsed : Format extends { type: 'json_schema' } ? unknown : null
  : null

/** What `response_format` of a body says that an answer is read as. */
export type ParsedOf<Params> = Params extends { response_format: infer Format }
  ? Format extends { __output: infer Parsed } ? Parsed : Format extends { type: 'json_schema' } ? unknown : null
  : null
