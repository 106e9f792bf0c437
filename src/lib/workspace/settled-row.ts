import { decodeCbor, encodeCbor, isUint, type Cbor } from '../core/cbor.ts'
import { entryIdFrom, idBytes, type DocId, type EntryId } from '../core/ids.ts'
import type { Base } from '../feed/types.ts'
import { baseFromRow, cborFromBase, cborFromDocs, docsFromRow } from './base-row.ts'

/** Where this device starts from: the documents at a final checkpoint and the positions they stand for. */
export type SettledRow = {
  readonly checkpoint: EntryId
  /** When this device held to it first. ms since 1970. */
  readonly at: number
  readonly base: Base
  readonly docs: ReadonlyMap<DocId, Uint8Array>
}

/** `enc([1, checkpoint, at, positions, docs])`. The store seals it. */
export const encodeSettledRow = ({ checkpoint, at, base, docs }: SettledRow): Uint8Array =>
  encodeCbor([1, idBytes(checkpoint), at, cborFromBase(base), cborFromDocs(docs)])

/** `null`: a damaged row. */
export const parseSettledRow = (bytes: Uint8Array): SettledRow | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 5) return null
  const [version, id, at, positions, states] = decoded.value as readonly Cbor[]
  const checkpoint = entryIdFrom(id)
  const [base, docs] = [baseFromRow(positions), docsFromRow(states)]
  return version === 1 && checkpoint && isUint(at) && base && docs ? { checkpoint, at, base, docs } : null
}
