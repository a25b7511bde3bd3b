/** Portkey's own endpoints: prompts, logs, feedback, and its control plane. */

/** Parameters in snake_case or camelCase; the gateway knows which. */
export interface PortkeyParams {
  [parameter: string]: any
}

/** What Portkey answers. */
export interface PortkeyAnswer {
  [field: string]: any
}
