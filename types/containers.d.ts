/** Containers: where code that a model writes is run. */
import type { Uploadable } from './pages'
import type { ContainerSkill } from './response-tools'

export interface ContainerCreateParams {
  name: string
  expires_after?: { anchor: 'last_active_at'; minutes: number }
  file_ids?: string[]
  memory_limit?: '1g' | '4g' | '16g' | '64g'
  network_policy?: ContainerNetworkPolicyParam
  skills?: ContainerSkill[]
}

export type ContainerNetworkPolicyParam =
  | { type: 'disabled' }
  | { type: 'allowlist'; allowed_domains: string[]; domain_secrets?: { domain: string; name: string; value: string }[] }

export interface Container {
  id: string
  created_at: number
  name: string
  object: string
  status: string
  expires_after?: { anchor?: 'last_active_at'; minutes?: number }
  last_active_at?: number
  memory_limit?: '1g' | '4g' | '16g' | '64g'
  network_policy?: { type: 'allowlist' | 'disabled'; allowed_domains?: string[] }
}

/** A file, or the identifier of one that the host has already. */
export interface ContainerFileCreateParams {
  file?: Uploadable
  file_id?: string
}

export interface ContainerFile {
  id: string
  bytes: number
  container_id: string
  created_at: number
  object: 'container.file'
  path: string
  source: string
}
