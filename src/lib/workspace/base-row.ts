import { isUint, type Cbor } from '../core/cbor.ts'
import {
  docIdFrom,
  entryIdFrom,
  feedIdFrom,
  idBytes,
  recIdFrom,
  type DocId,
  type FeedId,
} from '../core/ids.ts'
import type { Base, BasePosition } from '../feed/types.ts'

/** Positions as rows keep them: `[[feed, seq, rec, [[doc, clock], …], [head, …]], …]`. */
export const cborFromBase = (base: Base): Cbor =>
  [...base].map(([feed, { seq, rec, clocks, lheads }]) => [
    idBytes(feed),
    seq,
    idBytes(rec),
    [...clocks].map(([doc, clock]) => [doc, clock]),
    (lheads ?? []).map(idBytes),
  ])

/** `null`: a damaged row. */
export const baseFromRow = (value: unknown): Base | null => mapOf(value, positionFrom)

/** Documents as rows of before kept them: `[[doc, state], …]`. `null`: a damaged row. */
export const docsFromRow = (value: unknown): ReadonlyMap<DocId, Uint8Array> | null =>
  mapOf(value, ([doc, state]): readonly [DocId, Uint8Array] | null => {
    const name = docIdFrom(doc)
    return name && state instanceof Uint8Array ? [name, state] : null
  })

const mapOf = <K, V>(
  value: unknown,
  read: (row: readonly unknown[]) => readonly [K, V] | null,
): ReadonlyMap<K, V> | null => {
  if (!Array.isArray(value)) return null
  const pairs = value.map((row: unknown) => (Array.isArray(row) ? read(row as readonly unknown[]) : null))
  return pairs.every((pair) => pair !== null) ? new Map(pairs) : null
}

const positionFrom = ([feed, seq, rec, list, heads]: readonly unknown[]):
  readonly [FeedId, BasePosition] | null => {
  const [id, record] = [feedIdFrom(feed), recIdFrom(rec)]
  const clocks = mapOf(list, ([doc, clock]): readonly [DocId, number] | null => {
    const name = docIdFrom(doc)
    return name && isUint(clock) ? [name, clock] : null
  })
  const lheads = Array.isArray(heads) ? heads.map(entryIdFrom) : [null]
  if (!id || !record || !isUint(seq) || !clocks || !lheads.every((head) => head !== null)) return null
  return [id, { seq, rec: record, clocks, ...(lheads.length > 0 && { lheads }) }]
}
