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
import { hash } from '../crypto/hash.ts'
import type { Base } from '../feed/types.ts'
import { baseFromRow, cborFromBase } from './base-row.ts'
import { isForm, type Piece } from './kept-docs.ts'

/** How a document was written down: upon what is settled or by itself, and in which form the rest is; `null`: nothing more. */
export type StartDoc = {
  readonly doc: DocId
  readonly isUponSettled: boolean
  readonly form: Piece['form'] | null
}

/**
 * Everything that counted when the documents were last written down, so that the next start can show them before it has
 * read every record again. It saves time and decides nothing: the records do. Spec: checkpoint.md §9.
 */
export type StartRow = {
  /** By whom what this device joined with was handed over, while that still matters. */
  readonly by: DeviceId | null
  /** The final checkpoint held to, and since when (ms since 1970). */
  readonly settled: { readonly checkpoint: EntryId; readonly at: number } | null
  /** How the ledger judged these feeds: if it judges otherwise now, this row is void. 32 bytes. */
  readonly judged: Uint8Array
  readonly base: Base
  /** Each of them lies in a row of its own: it may be large, and is not copied more than it must. */
  readonly docs: readonly StartDoc[]
}

/** `enc([2, by or null, [checkpoint, at] or null, judged, positions, [[doc, upon, form or null], …]])`. The store seals it. */
export const encodeStartRow = ({ by, settled, judged, base, docs }: StartRow): Uint8Array =>
  encodeCbor([
    2,
    by && idBytes(by),
    settled && [idBytes(settled.checkpoint), settled.at],
    judged,
    cborFromBase(base),
    docs.map(({ doc, isUponSettled, form }) => [doc, isUponSettled, form]),
  ])

/** What the documents’ rows begin with, so that none of another day is taken for one of this. Rows of before have nothing. */
export const startMark = ({
  judged,
  settled,
  base,
}: Pick<StartRow, 'judged' | 'settled' | 'base'>): Uint8Array =>
  hash('start', [judged, settled && idBytes(settled.checkpoint), cborFromBase(base)])

/** `null`: a damaged row. `mark`: what rows of documents begin with. */
export const parseStartRow = (bytes: Uint8Array): (StartRow & { readonly mark: Uint8Array }) | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 6) return null
  const [version, who, pin, judged, positions, list] = decoded.value as readonly Cbor[]
  const by = who === null ? null : deviceIdFrom(who)
  const settled = pin === null ? null : settledFrom(pin)
  const base = baseFromRow(positions)
  const read = version === 1 ? wholeFrom : version === 2 ? startDocFrom : null
  const docs = read && Array.isArray(list) ? list.map(read) : [null]
  if ((who !== null && !by) || settled === undefined || !isBytes(judged, 32) || !base) return null
  if (!docs.every((doc) => doc !== null)) return null
  const row = { by, settled, judged, base, docs }
  return { ...row, mark: version === 1 ? new Uint8Array() : startMark(row) }
}

/** Rows of before were whole, and in form 1. */
const wholeFrom = (name: unknown): StartDoc | null => {
  const doc = docIdFrom(name)
  return doc && { doc, isUponSettled: false, form: 1 }
}

const startDocFrom = (value: unknown): StartDoc | null => {
  if (!Array.isArray(value) || value.length !== 3) return null
  const [name, isUponSettled, form] = value as readonly unknown[]
  const doc = docIdFrom(name)
  return doc && typeof isUponSettled === 'boolean' && (isForm(form) || (form === null && isUponSettled))
    ? { doc, isUponSettled, form }
    : null
}

const settledFrom = (value: unknown): NonNullable<StartRow['settled']> | undefined => {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [checkpoint, at] = [entryIdFrom(value[0]), value[1] as unknown]
  return checkpoint && isUint(at) ? { checkpoint, at } : undefined
}
