/** What lists, files and answers in bytes have in common. */

import type { APIPromise } from '../index'
import type { Answer } from './method'

/** A list, and the ways to what follows it. */
export interface Page<Item> extends AsyncIterable<Item> {
  object?: 'list' | (string & {})
  data: Item[]
  /** Whether the host says of more. */
  has_more?: boolean
  first_id?: string | null
  last_id?: string | null
  hasNextPage(): boolean
  getNextPage(): Promise<this>
  getPaginatedItems(): Item[]
  iterPages(): AsyncGenerator<this>
}

/** A list on its way, which can be iterated over before it is there. */
export interface PagePromise<List extends Page<any>> extends APIPromise<Answer<List>>, AsyncIterable<List['data'][number]> {}

/** Where a list begins, and how long it is. */
export interface ListParams {
  /** The identifier of the last item that is known. */
  after?: string
  before?: string
  limit?: number
  order?: 'asc' | 'desc'
  [parameter: string]: any
}

/** What is left of a thing that was deleted. */
export interface Deleted {
  id: string
  deleted: boolean
  object: string
}

/** The platform's own `Response`. */
export type BinaryResponse = globalThis.Response

/** A file: a `File`, a `Blob`, bytes, a stream (`fs.createReadStream`, any async iterable), a `Response`, or a `file:` URL. */
export type Uploadable = Blob | ArrayBuffer | ArrayBufferView | AsyncIterable<any> | globalThis.ReadableStream<any> | globalThis.Response | URL | FileLike

/** What `toFile` makes a file of; a string is the file's text. */
export type FileContent = Uploadable | string

/** A stream with the name that it is sent under. It is read while it is sent, once. */
export interface FileStream extends AsyncIterable<Uint8Array> {
  readonly name: string
  readonly type: string
  readonly lastModified: number
  /** In bytes, where it is known. */
  readonly size?: number
}

export interface FileOptions {
  /** `audio/wav`, … */
  type?: string
  lastModified?: number
  /** Of a stream, in bytes: its body is then announced with its length. */
  size?: number
}

export interface FileLike {
  readonly name?: string
  readonly size: number
  readonly type: string
  arrayBuffer(): Promise<ArrayBuffer>
}
