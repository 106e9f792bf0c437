import { decodeCbor, encodeCbor, isUint, type Cbor } from '../core/cbor.ts'
import {
  docIdFrom,
  entryIdFrom,
  feedIdFrom,
  idBytes,
  recIdFrom,
  type DocId,
  type EntryId,
  type FeedId,
} from '../core/ids.ts'
import type { Base, BasePosition } from '../feed/types.ts'

/** Where this device starts from: the documents at a final checkpoint and the positions they stand for. */
export type SettledRow = {
  readonly checkpoint: EntryId
  /** When this device held to it first. ms since 1970. */
  readonly at: number
  readonly base: Base
  readonly docs: ReadonlyMap<DocId, Uint8Array>
}

/** `enc([1, checkpoint, at, [[feed, seq, rec, [[doc, clock], …], [head, …]], …], [[doc, state], …]])`. The store seals it. */
export const encodeSettledRow = ({ checkpoint, at, base, docs }: SettledRow): Uint8Array =>
  encodeCbor([
    1,
    idBytes(checkpoint),
    at,
    [...base].map(([feed, { seq, rec, clocks, lheads }]) => [
      idBytes(feed),
      seq,
      idBytes(rec),
      [...clocks].map(([doc, clock]) => [doc, clock]),
      (lheads ?? []).map(idBytes),
    ]),
    [...docs].map(([doc, state]) => [doc, state]),
  ])

/** `null`: a damaged row. */
export const parseSettledRow = (bytes: Uint8Array): SettledRow | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 5) return null
  const [version, id, at, positions, states] = decoded.value as readonly Cbor[]
  const checkpoint = entryIdFrom(id)
  if (version !== 1 || !checkpoint || !isUint(at)) return null
  const base = mapOf(positions, positionFrom)
  const docs = mapOf(states, ([doc, state]): readonly [DocId, Uint8Array] | null => {
    const name = docIdFrom(doc)
    return name && state instanceof Uint8Array ? [name, state] : null
  })
  return base && docs ? { checkpoint, at, base, docs } : null
}

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
