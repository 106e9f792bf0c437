import { concatBytes, equalBytes } from '../core/bytes.ts'
import { decodeCbor, encodeCbor, isBytes, isUint, type Cbor } from '../core/cbor.ts'
import { docIdFrom, entryIdFrom, idBytes, type CollId, type DocId, type EntryId } from '../core/ids.ts'
import { NONCE_BYTES, type SealKey } from '../crypto/seal.ts'
import { hexFromBytes } from '../core/bytes.ts'
import { snapshotAgain } from '../feed/checkpoint.ts'
import type { Base } from '../feed/types.ts'
import type { Storage, Write } from '../sync/ports.ts'
import { baseFromRow, cborFromBase, docsFromRow } from './base-row.ts'
import { isForm, KeptDocs, pieceOf, type Piece } from './kept-docs.ts'
import { blobKey, settledDocKey, settledKey } from './rows.ts'

/** A part of the checkpoint held to: by what others ask for it, and what it takes to open it or to seal it again. */
export type SettledPart = {
  readonly doc: DocId
  readonly digest: Uint8Array
  /** Of this snapshot alone: it opens no record, and outlives the epoch's. */
  readonly key: SealKey
  /** `null`: sealed again it would not be the same bytes, so it is kept as it came, too. */
  readonly nonce: Uint8Array | null
  readonly form: Piece['form']
}

/** Where this device starts from: a final checkpoint and the positions it stands for. */
export type SettledRow = {
  readonly checkpoint: EntryId
  /** When this device held to it first. ms since 1970. */
  readonly at: number
  readonly base: Base
  /** Each document lies in a row of its own; rows of before hold them themselves. */
  readonly holds:
    | { readonly type: 'parts'; readonly parts: readonly SettledPart[] }
    | { readonly type: 'docs'; readonly docs: ReadonlyMap<DocId, Uint8Array> }
}

/** `enc([2, checkpoint, at, positions, [[doc, digest, key, nonce or null, form], …]])`. The store seals it. Spec: checkpoint.md §9. */
export const encodeSettledRow = (
  { checkpoint, at, base }: Pick<SettledRow, 'checkpoint' | 'at' | 'base'>,
  parts: readonly SettledPart[],
): Uint8Array =>
  encodeCbor([
    2,
    idBytes(checkpoint),
    at,
    cborFromBase(base),
    parts.map(({ doc, digest, key, nonce, form }) => [doc, digest, key, nonce, form]),
  ])

/** `null`: a damaged row. */
export const parseSettledRow = (bytes: Uint8Array): SettledRow | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 5) return null
  const [version, id, at, positions, rest] = decoded.value as readonly Cbor[]
  const [checkpoint, base] = [entryIdFrom(id), baseFromRow(positions)]
  const holds = version === 1 ? docsHeld(rest) : version === 2 ? partsHeld(rest) : null
  return checkpoint && isUint(at) && base && holds ? { checkpoint, at, base, holds } : null
}

const docsHeld = (value: unknown): SettledRow['holds'] | null => {
  const docs = docsFromRow(value)
  return docs && { type: 'docs', docs }
}

const partsHeld = (value: unknown): SettledRow['holds'] | null => {
  const parts = Array.isArray(value) ? value.map(partFrom) : [null]
  return parts.every((part) => part !== null) ? { type: 'parts', parts } : null
}

const partFrom = (value: unknown): SettledPart | null => {
  if (!Array.isArray(value) || value.length !== 5) return null
  const [name, digest, key, nonce, form] = value as readonly unknown[]
  const doc = docIdFrom(name)
  const isWhole = isBytes(digest, 32) && isBytes(key, 32) && (nonce === null || isBytes(nonce, NONCE_BYTES))
  return doc && isWhole && isForm(form) ? { doc, digest, key: key as SealKey, nonce, form } : null
}

// ── the documents beside it ────────────────────────────────────────────────────────────────────────────────────────

/** What this device holds to, as its disk has it. */
export type Held = {
  readonly row: SettledRow
  /** `null`: one is missing. */
  readonly docs: ReadonlyMap<DocId, Uint8Array> | null
  /** The same, as they lie there; empty where the row holds them itself. */
  readonly pieces: ReadonlyMap<DocId, Piece>
}

export const readHeld = async (storage: Storage, coll: CollId): Promise<Held | null> => {
  const read = await storage.get('snapshots', settledKey(coll))
  const row = read.ok && read.value ? parseSettledRow(read.value) : null
  if (!row) return null
  if (row.holds.type === 'docs') return { row, docs: row.holds.docs, pieces: new Map() }
  const pieces = new Map<DocId, Piece>()
  for (const { doc, digest, form } of row.holds.parts) {
    const beside = await storage.get('snapshots', settledDocKey(coll, doc))
    const bytes = beside.ok && beside.value ? behind(digest, beside.value) : null
    if (bytes) pieces.set(doc, { form, bytes })
  }
  const isWhole = pieces.size === row.holds.parts.length
  const docs = isWhole ? new KeptDocs(new Map([...pieces].map(([doc, piece]) => [doc, [piece]]))) : null
  return { row, docs, pieces }
}

/** A row that belongs to another begins with what that one says. `null`: it belongs to none, or to another. */
export const behind = (mark: Uint8Array, row: Uint8Array): Uint8Array | null =>
  row.length >= mark.length && equalBytes(row.subarray(0, mark.length), mark)
    ? row.subarray(mark.length)
    : null

/** A checkpoint’s snapshot that is opened, before it is written down. */
export type OpenedPart = Pick<SettledPart, 'doc' | 'digest' | 'key'> & {
  readonly nonce: Uint8Array
  readonly state: Uint8Array
}

/**
 * What to write, all at once, to hold to a checkpoint: each document once, in the shorter form, in the place of the part that
 * came. That part is sealed again when somebody asks for it. `before`: documents held until now.
 */
export const writeHeld = (of: {
  readonly coll: CollId
  readonly settled: Pick<SettledRow, 'checkpoint' | 'at' | 'base'>
  readonly opened: readonly OpenedPart[]
  readonly before: readonly DocId[]
}): { readonly parts: readonly SettledPart[]; readonly writes: readonly Write[] } => {
  const { coll, opened } = of
  const table = 'snapshots'
  const [parts, writes]: [SettledPart[], Write[]] = [[], []]
  for (const { doc, digest, key, nonce, state } of opened) {
    const { form, bytes } = pieceOf(state)
    const isSame = snapshotAgain({ coll, doc, key, nonce, digest }, state) !== null
    parts.push({ doc, digest, key, nonce: isSame ? nonce : null, form })
    writes.push({ table, key: settledDocKey(coll, doc), value: concatBytes(digest, bytes) })
    if (isSame) writes.push({ table, key: blobKey(coll, hexFromBytes(digest)), value: null })
  }
  const gone = of.before.filter((doc) => opened.every((one) => one.doc !== doc))
  writes.push(...gone.map((doc) => ({ table, key: settledDocKey(coll, doc), value: null }) as const), {
    table,
    key: settledKey(coll),
    value: encodeSettledRow(of.settled, parts),
  })
  return { parts, writes }
}
