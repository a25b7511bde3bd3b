/** Models: what the host can run. */

import type { Page } from './pages'

export interface ModelList extends Page<Model> {
  object: 'list'
}

export interface Model {
  /** What to give as `model`. */
  id: string
  object: 'model'
  /** Unix time in seconds. */
  created: number
  owned_by: string
}
