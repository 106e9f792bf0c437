import { decodeCbor, encodeCbor, hasExactly, isUint, type Cbor } from '../core/cbor.ts'
import { blobIdFrom, entryIdFrom, feedIdFrom, idBytes, type CollId } from '../core/ids.ts'
import type { Given } from './bundles.ts'

/** What this device put into its last file, and on which day (milliseconds since 1970). Never leaves this device. */
export type LastBundle = { readonly given: Given; readonly at: number }

export const lastBundleKey = (coll: CollId): string => `bundle/${coll}`

export const encodeLastBundle = ({ given, at }: LastBundle): Uint8Array =>
  encodeCbor({
    at,
    carried: given.carried.map((id) => idBytes(id)),
    heads: given.heads.map((id) => idBytes(id)),
    next: [...given.next].map(([feed, seq]) => [idBytes(feed), seq]),
  })

/** `null`: there was none, or it makes no sense; the next file then holds everything. */
export const parseLastBundle = (bytes: Uint8Array): LastBundle | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok) return null
  const row = decoded.value
  // Of before, nothing carried was in any file.
  const isOld = hasExactly(row, ['at', 'heads', 'next'])
  if (!isOld && !hasExactly(row, ['at', 'carried', 'heads', 'next'])) return null
  const { at, heads, next } = row
  const carried = isOld ? [] : row['carried']
  const blobs = Array.isArray(carried) ? (carried as readonly Cbor[]).map(blobIdFrom) : [null]
  if (blobs.includes(null) || !isUint(at) || !Array.isArray(heads) || !Array.isArray(next)) return null
  const known = (heads as readonly Cbor[]).map(entryIdFrom)
  const places = (next as readonly Cbor[]).map((pair) => {
    const [first, seq] = Array.isArray(pair) ? (pair as readonly Cbor[]) : []
    const feed = feedIdFrom(first)
    return feed && isUint(seq) ? ([feed, seq] as const) : null
  })
  if (known.some((id) => id === null) || places.some((place) => place === null)) return null
  return {
    at,
    given: {
      carried: blobs.flatMap((id) => id ?? []),
      heads: known.flatMap((id) => id ?? []),
      next: new Map(places.flatMap((place) => (place ? [place] : []))),
    },
  }
}
