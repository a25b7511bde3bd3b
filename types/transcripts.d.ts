/** Text from speech is an object, a string or events, as the body asks for it. */
import type { APIPromise, CallOptions, CallParams, Stream, StreamCallOptions } from '../index'
import type {
  TranscriptionCreateParams, TranscriptionCreateResponse, TranscriptionStreamEvent, TranslationCreateParams, TranslationCreateResponse,
} from './audio'
import type { Answer, Body } from './method'

/** With these formats, the answer is the text itself. */
type Transcribed<Params, Value> = Params extends { response_format: 'text' | 'srt' | 'vtt' } ? string : Answer<Value>

export interface TranscriptionMethod {
  (body: Body<TranscriptionCreateParams> & { stream: true }, params?: CallParams | null, opts?: CallOptions | StreamCallOptions | null): APIPromise<Stream<TranscriptionStreamEvent>>
  (body: Body<TranscriptionCreateParams>, params: CallParams | null | undefined, opts: StreamCallOptions): APIPromise<Stream<TranscriptionStreamEvent>>
  <const Params extends Body<TranscriptionCreateParams> & { stream?: false | null }>(body: Params, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Transcribed<Params, TranscriptionCreateResponse>>
}

export interface TranslationMethod {
  <const Params extends Body<TranslationCreateParams>>(body: Params, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Transcribed<Params, TranslationCreateResponse>>
}
