/** Uploads: large files in parts. */
import type { ExpiresAfter, FileObject, FilePurpose } from './files'
import type { Uploadable } from './pages'

export interface UploadCreateParams {
  bytes: number
  filename: string
  mime_type: string
  purpose: FilePurpose
  expires_after?: ExpiresAfter
}

export interface UploadCompleteParams {
  /** In the order of the file. */
  part_ids: string[]
  md5?: string
}

export interface UploadPartCreateParams {
  data: Uploadable
}

export interface Upload {
  id: string
  bytes: number
  created_at: number
  expires_at: number
  filename: string
  object: 'upload'
  purpose: string
  status: 'pending' | 'completed' | 'cancelled' | 'expired'
  file?: FileObject | null
}

export interface UploadPart {
  id: string
  created_at: number
  object: 'upload.part'
  upload_id: string
}
