/** The forms that an endpoint's method can take. A tree of methods is made of these alone. */
import type { APIPromise, CallOptions, CallParams, Extras, Stream, StreamCallOptions } from '../index'

/**
 * A request body: known parameters are checked, and a host's own (`top_k`, `guided_json`, …) may stand beside them.
 * `model` may be left out where the config or the host has one. Known parameters are sent in snake_case however they
 * are written; those in camelCase are not checked.
 */
export type Body<Params> = Omit<Params, 'model' | 'stream'> & ModelOf<Params> & { [parameter: string]: any }

type ModelOf<Params> = Params extends { model?: infer Model } ? { model?: Model } : unknown

/** What an awaited call gives. */
export type Answer<Value> = Value & Extras

/** Takes a body, gives an answer. */
export interface BodyMethod<Params, Value> {
  (body: Body<Params>, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<Value>>
}

/** Takes a body, gives an answer or, where `stream` is `true`, the pieces of one. */
export interface StreamMethod<Params, Value, Piece> {
  (body: Body<Params> & { stream: true }, params?: CallParams | null, opts?: CallOptions | StreamCallOptions | null): APIPromise<Stream<Piece>>
  (body: Body<Params> & { stream?: true | null }, params: CallParams | null | undefined, opts: StreamCallOptions): APIPromise<Stream<Piece>>
  (body: Body<Params> & { stream?: false | null }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<Value>>
  (body: Body<Params> & { stream?: boolean | null }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<Value> | Stream<Piece>>
}

/** Takes no body, gives a list. */
export interface ListMethod<Value> {
  (params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<Value>>
}

/** Takes the name of a thing, gives the thing. */
export interface RetrieveMethod<Value> {
  (name: string, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<Value>>
}
