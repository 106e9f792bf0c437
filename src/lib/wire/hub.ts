import { decodeCbor, encodeCbor, isBytes, isUint, type Cbor } from '../core/cbor.ts'
import { err, ok, type Result } from '../core/result.ts'
import { MAILBOX_BYTES } from './rendezvous.ts'
import type { BadMessage } from './sync.ts'

/** What a device asks of a hub: one binary WebSocket message each. Spec: wire.md §3. */
export type HubRequest =
  | { readonly type: 'subscribe'; readonly mailbox: Uint8Array }
  | { readonly type: 'unsubscribe'; readonly mailbox: Uint8Array }
  | { readonly type: 'put'; readonly mailbox: Uint8Array; readonly blob: Uint8Array }

/** What a hub tells a device. */
export type HubAnswer =
  | { readonly type: 'blob'; readonly mailbox: Uint8Array; readonly blob: Uint8Array }
  /** Did not do what was asked. 0: not understood, 1: too often, 2: too many mailboxes. */
  | { readonly type: 'refused'; readonly code: number }

export const MAX_BLOB_BYTES = 4096
/** The longest message in either direction. */
export const MAX_HUB_MESSAGE_BYTES = MAX_BLOB_BYTES + 64

export const encodeHubRequest = (request: HubRequest): Uint8Array => {
  switch (request.type) {
    case 'subscribe':
      return encodeCbor([0, request.mailbox])
    case 'unsubscribe':
      return encodeCbor([1, request.mailbox])
    case 'put':
      return encodeCbor([2, request.mailbox, request.blob])
  }
}

/** Never throws. */
export const parseHubRequest = (bytes: Uint8Array): Result<HubRequest, BadMessage> => {
  const parts = partsOf(bytes)
  const [kind, mailbox, blob] = parts
  if (isBytes(mailbox, MAILBOX_BYTES)) {
    if (kind === 0 && parts.length === 2) return ok({ type: 'subscribe', mailbox })
    if (kind === 1 && parts.length === 2) return ok({ type: 'unsubscribe', mailbox })
    if (kind === 2 && parts.length === 3 && isBlob(blob)) return ok({ type: 'put', mailbox, blob })
  }
  return err({ type: 'BadMessage' })
}

export const encodeHubAnswer = (answer: HubAnswer): Uint8Array =>
  encodeCbor(answer.type === 'blob' ? [3, answer.mailbox, answer.blob] : [4, answer.code])

/** Never throws. */
export const parseHubAnswer = (bytes: Uint8Array): Result<HubAnswer, BadMessage> => {
  const parts = partsOf(bytes)
  const [kind, a, b] = parts
  if (kind === 3 && parts.length === 3 && isBytes(a, MAILBOX_BYTES) && isBlob(b))
    return ok({ type: 'blob', mailbox: a, blob: b })
  if (kind === 4 && parts.length === 2 && isUint(a)) return ok({ type: 'refused', code: a })
  return err({ type: 'BadMessage' })
}

const isBlob = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.length <= MAX_BLOB_BYTES

const partsOf = (bytes: Uint8Array): readonly Cbor[] => {
  if (bytes.length > MAX_HUB_MESSAGE_BYTES) return []
  const decoded = decodeCbor(bytes)
  return decoded.ok && Array.isArray(decoded.value) ? (decoded.value as readonly Cbor[]) : []
}
