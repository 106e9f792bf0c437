import { decodeCbor, encodeCbor, isBytes, isUint, type Cbor } from '../core/cbor.ts'
import {
  deviceIdFrom,
  docIdFrom,
  entryIdFrom,
  idBytes,
  type DeviceId,
  type DocId,
  type EntryId,
} from '../core/ids.ts'
import type { Base } from '../feed/types.ts'
import { baseFromRow, cborFromBase } from './base-row.ts'

/**
 * Everything that counted when the documents were last written down, so that the next start can show them before it has
 * read every record again. It saves time and decides nothing: the records do. Spec: feed.md §9.
 */
export type StartRow = {
  /** By whom what this device joined with was handed over, while that still matters. */
  readonly by: DeviceId | null
  /** The final checkpoint held to, and since when (ms since 1970). */
  readonly settled: { readonly checkpoint: EntryId; readonly at: number } | null
  /** How the ledger judged these feeds: if it judges otherwise now, this row is void. 32 bytes. */
  readonly judged: Uint8Array
  readonly base: Base
  /** Each of them lies in a row of its own, as bare Yjs state: it may be large, and is not copied more than it must. */
  readonly docs: readonly DocId[]
}

/** `enc([1, by or null, [checkpoint, at] or null, judged, positions, [doc, …]])`. The store seals it. */
export const encodeStartRow = ({ by, settled, judged, base, docs }: StartRow): Uint8Array =>
  encodeCbor([
    1,
    by && idBytes(by),
    settled && [idBytes(settled.checkpoint), settled.at],
    judged,
    cborFromBase(base),
    docs,
  ])

/** `null`: a damaged row. */
export const parseStartRow = (bytes: Uint8Array): StartRow | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 6) return null
  const [version, who, pin, judged, positions, names] = decoded.value as readonly Cbor[]
  const by = who === null ? null : deviceIdFrom(who)
  const settled = pin === null ? null : settledFrom(pin)
  const base = baseFromRow(positions)
  const docs = Array.isArray(names) ? names.map(docIdFrom) : [null]
  const isWhole = version === 1 && (who === null || by) && settled !== undefined && isBytes(judged, 32)
  return isWhole && base && docs.every((doc) => doc !== null) ? { by, settled, judged, base, docs } : null
}

const settledFrom = (value: unknown): NonNullable<StartRow['settled']> | undefined => {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [checkpoint, at] = [entryIdFrom(value[0]), value[1] as unknown]
  return checkpoint && isUint(at) ? { checkpoint, at } : undefined
}
