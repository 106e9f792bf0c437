import { concatBytes } from '../core/bytes.ts'
import { encodeCbor } from '../core/cbor.ts'
import { idBytes, type CollId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { deriveKey, type SecretKey } from '../crypto/hash.ts'
import { unpad } from '../crypto/pad.ts'
import { NONCE_BYTES, open, seal, TAG_BYTES, type OpenFailed, type SealKey } from '../crypto/seal.ts'

/**
 * What a circle hands to others to carry: `day (4) • nonce (24) • ciphertext and tag`, of one of a few sizes. To whoever
 * has no key of the circle it is a day and noise. Spec: circle.md §4.
 */
export const CARRIED_SIZES = [4, 16, 64, 256, 1024, 6144].map((kib) => kib * 1024)

const DAY_BYTES = 4
const OVERHEAD = DAY_BYTES + NONCE_BYTES + TAG_BYTES
/** The most one blob holds, before the padding mark. Bytes. */
export const MAX_CARRIED = CARRIED_SIZES.at(-1)! - OVERHEAD - 1

/** How large a blob with `length` bytes of content is; `null`: no blob is as large. */
export const carriedSizeOf = (length: number): number | null =>
  CARRIED_SIZES.find((one) => one >= length + 1 + OVERHEAD) ?? null

/** Seals `content` under an epoch’s key. `day`: days since 1970, told to everybody so that all drop it alike. */
export const sealCarried = (
  content: Uint8Array,
  of: { readonly key: SecretKey; readonly coll: CollId; readonly day: number },
): Result<Uint8Array, { readonly type: 'TooLarge' }> => {
  const size = carriedSizeOf(content.length)
  if (!size) return err({ type: 'TooLarge' })
  const padded = new Uint8Array(size - OVERHEAD)
  padded.set(content)
  padded[content.length] = 0x80
  const head = new Uint8Array(DAY_BYTES)
  new DataView(head.buffer).setUint32(0, of.day)
  return ok(concatBytes(head, seal(carryKey(of.key, of.coll), context(of.coll, of.day), padded)))
}

/** Never throws. `OpenFailed`: not this circle’s, not this epoch’s, or altered. */
export const openCarried = (
  blob: Uint8Array,
  of: { readonly key: SecretKey; readonly coll: CollId },
): Result<Uint8Array, OpenFailed> => {
  const day = dayOfCarried(blob)
  if (day === null) return err({ type: 'OpenFailed' })
  const opened = open(carryKey(of.key, of.coll), context(of.coll, day), blob.subarray(DAY_BYTES))
  return opened.ok ? unpad(opened.value) : opened
}

/** The day a blob says it was made; `null` when it cannot be one of ours: no circle makes blobs of that size. */
export const dayOfCarried = (blob: Uint8Array): number | null =>
  CARRIED_SIZES.includes(blob.length) ? new DataView(blob.buffer, blob.byteOffset).getUint32(0) : null

const carryKey = (key: SecretKey, coll: CollId): SealKey => deriveKey<SealKey>(key, 'carry', [idBytes(coll)])

const context = (coll: CollId, day: number) => encodeCbor(['carried', idBytes(coll), day])
