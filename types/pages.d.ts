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
export type Uploadable = Blob | ArrayBuffer | ArrayBufferView | AsyncIterable<any> | globalThis.Response | URL | FileLike

export interface FileLike {
  readonly name?: string
  readonly size: number
  readonly type: string
  arrayBuffer(): Promise<ArrayBuffer>
}
