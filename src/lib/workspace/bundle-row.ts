import { decodeCbor, encodeCbor, hasExactly, isUint, type Cbor } from '../core/cbor.ts'
import { entryIdFrom, feedIdFrom, idBytes, type CollId } from '../core/ids.ts'
import type { Given } from './bundles.ts'

/** What this device put into its last file, and on which day (milliseconds since 1970). Never leaves this device. */
export type LastBundle = { readonly given: Given; readonly at: number }

export const lastBundleKey = (coll: CollId): string => `bundle/${coll}`

export const encodeLastBundle = ({ given, at }: LastBundle): Uint8Array =>
  encodeCbor({
    at,
    heads: given.heads.map((id) => idBytes(id)),
    next: [...given.next].map(([feed, seq]) => [idBytes(feed), seq]),
  })

/** `null`: there was none, or it makes no sense; the next file then holds everything. */
export const parseLastBundle = (bytes: Uint8Array): LastBundle | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !hasExactly(decoded.value, ['at', 'heads', 'next'])) return null
  const { at, heads, next } = decoded.value
  if (!isUint(at) || !Array.isArray(heads) || !Array.isArray(next)) return null
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
      heads: known.flatMap((id) => id ?? []),
      next: new Map(places.flatMap((place) => (place ? [place] : []))),
    },
  }
}
