import { decodeCbor, encodeCbor, type Cbor } from '../core/cbor.ts'
import { blobIdFrom, idBytes, type BlobId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'

/** What two devices in good standing say on the `files` stream of a link, each `enc([kind, …])`. Spec: files.md §4, circle.md §5. */
export type FilesMessage =
  /** Send me these. */
  | { readonly type: 'want'; readonly ids: readonly BlobId[] }
  /** One of those asked for: its name is its hash. */
  | { readonly type: 'blob'; readonly blob: Uint8Array }
  /** I do not hold these. */
  | { readonly type: 'lack'; readonly ids: readonly BlobId[] }
  /** I carry these for somebody. */
  | { readonly type: 'carry'; readonly ids: readonly BlobId[] }
  /** For this very device alone: what two devices of one circle say to each other. */
  | { readonly type: 'whisper'; readonly what: Uint8Array }

export type BadFilesMessage = { readonly type: 'BadFilesMessage' }

/** As many as one device keeps for another. */
export const MAX_CARRIED_IDS = 4096
export const MAX_WANTED_IDS = 256

export const encodeFilesMessage = (message: FilesMessage): Uint8Array => encodeCbor(cborFrom(message))

/** Never throws. Unknown kinds are `BadFilesMessage`: the reader skips them and goes on. */
export const parseFilesMessage = (bytes: Uint8Array): Result<FilesMessage, BadFilesMessage> => {
  const decoded = decodeCbor(bytes)
  const parts = decoded.ok && Array.isArray(decoded.value) ? (decoded.value as readonly Cbor[]) : []
  const message = parts.length === 2 ? messageFrom(parts) : null
  return message ? ok(message) : err({ type: 'BadFilesMessage' })
}

const cborFrom = (message: FilesMessage): Cbor => {
  switch (message.type) {
    case 'want':
      return [0, message.ids.map(idBytes)]
    case 'blob':
      return [1, message.blob]
    case 'lack':
      return [2, message.ids.map(idBytes)]
    case 'carry':
      return [3, message.ids.map(idBytes)]
    case 'whisper':
      return [4, message.what]
  }
}

const messageFrom = ([kind, what]: readonly Cbor[]): FilesMessage | null => {
  if (kind === 1) return what instanceof Uint8Array ? { type: 'blob', blob: what } : null
  if (kind === 4) return what instanceof Uint8Array ? { type: 'whisper', what } : null
  const type = kind === 0 ? 'want' : kind === 2 ? 'lack' : kind === 3 ? 'carry' : null
  const ids = type && idsFrom(what, type === 'carry' ? MAX_CARRIED_IDS : MAX_WANTED_IDS)
  return type && ids ? { type, ids } : null
}

const idsFrom = (value: unknown, most: number): readonly BlobId[] | null => {
  if (!Array.isArray(value) || value.length > most) return null
  const ids = value.map(blobIdFrom).filter((id) => id !== null)
  return ids.length === value.length ? ids : null
}
