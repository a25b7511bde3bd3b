/** Responses with events, and in a shape. */
import type { APIPromise, APIUserAbortError, Answer, CallOptions, CallParams, ResponseStream } from '../index'
import type { TextParsedOf } from './formats'
import type { Body } from './method'
import type {
  Response, ResponseCreateParamsBase, ResponseFunctionCallArgumentsDeltaEvent, ResponseStreamEvent, ResponseTextDeltaEvent,
} from './responses'

/** A response that was read in the shape that was asked for. Its texts have `parsed`, its calls `parsed_arguments`. */
export interface ParsedResponse<Parsed> extends Response {
  /** What its text says; `null` where there is none, or the response is not complete. */
  output_parsed: Parsed | null
}

/** Each event of the host under its own name; deltas of texts and arguments with what they come to so far. */
export type ResponseEvents = {
  [Name in Exclude<ResponseStreamEvent['type'], keyof ResponseDeltas>]: (event: Extract<ResponseStreamEvent, { type: Name }>) => void
} & ResponseDeltas & {
  connect: () => void
  event: (event: ResponseStreamEvent) => void
  error: (error: Error) => void
  abort: (error: APIUserAbortError) => void
  end: () => void
}

interface ResponseDeltas {
  'response.output_text.delta': (event: ResponseTextDeltaEvent & { snapshot: string }) => void
  'response.function_call_arguments.delta': (event: ResponseFunctionCallArgumentsDeltaEvent & { snapshot: string }) => void
}

type ResponseBody = Body<ResponseCreateParamsBase>

export interface ResponseParseMethod {
  <Params extends ResponseBody>(body: Params & { stream?: false | null }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<ParsedResponse<TextParsedOf<Params>>>>
}

export interface ResponseStreamMethod {
  <Params extends ResponseBody>(body: Params & { stream?: true | null }, params?: CallParams | null, opts?: Omit<CallOptions, 'stream'> | null): ResponseStream<TextParsedOf<Params>>
  /** Goes on with a response that is under way, after the event with the number `starting_after`. */
  (body: { response_id: string; starting_after?: number | null }, params?: CallParams | null, opts?: Omit<CallOptions, 'stream'> | null): ResponseStream
}
