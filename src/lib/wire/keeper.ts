import { base64urlFromBytes, bytesFromBase64url } from '../core/bytes.ts'
import { decodeCbor, encodeCbor, isBytes, type Cbor } from '../core/cbor.ts'
import { collIdFrom, entryIdFrom, idBytes, type CollId, type EntryId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { BadMessage } from './sync.ts'

/**
 * What a keeper shows so that a collective may let it in: which device it is, as a commitment, and the seed of a place to
 * meet. It names no collective, for it knows none. Spec: keeper.md §2.
 */
export type KeeperInvitation = {
  /** `H("keeper", [0, device])`, 32 bytes. */
  readonly commitment: Uint8Array
  readonly seed: Uint8Array
}

export const KEEPER_SEED_BYTES = 16

/** `enc([1, "keeper", commitment, seed])` as base64url: 80 characters. */
export const textFromKeeperInvitation = ({ commitment, seed }: KeeperInvitation): string =>
  base64urlFromBytes(encodeCbor([1, 'keeper', commitment, seed]))

/** Reads what was pasted, white space and line breaks and all. `null`: not one of ours, or damaged in copying. Never throws. */
export const keeperInvitationFromText = (text: string): KeeperInvitation | null => {
  if (text.length > MAX_TEXT) return null
  const bytes = bytesFromBase64url(text.replace(/\s+/g, ''))
  const decoded = bytes ? decodeCbor(bytes) : null
  if (!decoded?.ok || !Array.isArray(decoded.value) || decoded.value.length !== 4) return null
  const [version, kind, commitment, seed] = decoded.value as readonly Cbor[]
  if (version !== 1 || kind !== 'keeper' || !isBytes(commitment, 32)) return null
  return isBytes(seed, KEEPER_SEED_BYTES) ? { commitment, seed } : null
}

const MAX_TEXT = 400

/** What a member's device and a keeper say on the stream `control` when they first meet. Spec: keeper.md §3. */
export type KeeperMessage =
  /** Member: keep for this collective; and its newest final checkpoint that I hold to, if there is one. */
  | { readonly type: 'ask'; readonly coll: CollId; readonly pin: EntryId | null }
  /** Keeper: I will. Its side of the binding: `SIG("dev", [coll, null, device])`. */
  | { readonly type: 'bound'; readonly binding: Uint8Array }
  /** Keeper: I keep for another collective already. */
  | { readonly type: 'taken' }
  /** Keeper: what you ask cannot be written to my disk now. */
  | { readonly type: 'unable' }

export const encodeKeeperMessage = (message: KeeperMessage): Uint8Array => {
  switch (message.type) {
    case 'ask':
      return encodeCbor([0, idBytes(message.coll), message.pin && idBytes(message.pin)])
    case 'bound':
      return encodeCbor([1, message.binding])
    case 'taken':
      return encodeCbor([2])
    case 'unable':
      return encodeCbor([3])
  }
}

/** Never throws. */
export const parseKeeperMessage = (bytes: Uint8Array): Result<KeeperMessage, BadMessage> => {
  const decoded = decodeCbor(bytes)
  const message =
    decoded.ok && Array.isArray(decoded.value) ? messageFrom(decoded.value as readonly Cbor[]) : null
  return message ? ok(message) : err({ type: 'BadMessage' })
}

const SIGNATURE_BYTES = 64

const messageFrom = (parts: readonly Cbor[]): KeeperMessage | null => {
  const [kind, a, b] = parts
  if (kind === 0 && parts.length === 3) {
    const [coll, pin] = [collIdFrom(a), b === null ? null : entryIdFrom(b)]
    return coll && (b === null || pin) ? { type: 'ask', coll, pin } : null
  }
  if (kind === 1 && parts.length === 2 && isBytes(a, SIGNATURE_BYTES)) return { type: 'bound', binding: a }
  if (parts.length !== 1) return null
  return kind === 2 ? { type: 'taken' } : kind === 3 ? { type: 'unable' } : null
}
