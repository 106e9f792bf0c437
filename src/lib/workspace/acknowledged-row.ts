import { decodeCbor, encodeCbor, hasExactly, isUint, type Cbor } from '../core/cbor.ts'
import { deviceIdFrom, feedIdFrom, idBytes, type CollId, type DeviceId, type FeedId } from '../core/ids.ts'

/** From `seq` on, records of this device's own feed were written from the hour `at` on. Milliseconds since 1970. */
export type Mark = { readonly feed: FeedId; readonly seq: number; readonly at: number }

/** How far another device is known to hold a feed of this device's own. */
export type Held = { readonly device: DeviceId; readonly feed: FeedId; readonly seq: number }

/** What this device remembers of who has what it wrote. Sealed like every row, and it never leaves this device. */
export type AcknowledgedRow = { readonly marks: readonly Mark[]; readonly held: readonly Held[] }

export const acknowledgedKey = (coll: CollId): string => `acknowledged/${coll}`

export const encodeAcknowledged = ({ marks, held }: AcknowledgedRow): Uint8Array =>
  encodeCbor({
    marks: marks.map(({ feed, seq, at }) => [idBytes(feed), seq, at]),
    held: held.map(({ device, feed, seq }) => [idBytes(device), idBytes(feed), seq]),
  })

/** Rows that make no sense are left out: nothing hangs on them but words on a screen. */
export const parseAcknowledged = (bytes: Uint8Array): AcknowledgedRow => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !hasExactly(decoded.value, ['marks', 'held'])) return { marks: [], held: [] }
  return {
    marks: triplesIn(decoded.value.marks).flatMap(([first, seq, at]) => {
      const feed = feedIdFrom(first)
      return feed && isUint(seq) && isUint(at) ? [{ feed, seq, at }] : []
    }),
    held: triplesIn(decoded.value.held).flatMap(([first, second, seq]) => {
      const [device, feed] = [deviceIdFrom(first), feedIdFrom(second)]
      return device && feed && isUint(seq) ? [{ device, feed, seq }] : []
    }),
  }
}

const triplesIn = (value: Cbor | undefined): readonly (readonly Cbor[])[] =>
  Array.isArray(value) ? (value as readonly Cbor[]).filter(isTriple) : []

const isTriple = (value: Cbor): value is readonly Cbor[] => Array.isArray(value) && value.length === 3
