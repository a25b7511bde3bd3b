/** Models: what the host can run. */

export interface ModelList {
  object: 'list'
  data: Model[]
}

export interface Model {
  /** What to give as `model`. */
  id: string
  object: 'model'
  /** Unix time in seconds. */
  created: number
  owned_by: string
}
