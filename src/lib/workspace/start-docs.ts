import * as Y from 'yjs'
import { concatBytes, equalBytes } from '../core/bytes.ts'
import { MAIN_DOC, type CollId, type DocId } from '../core/ids.ts'
import type { Storage, Write } from '../sync/ports.ts'
import { KeptDocs, pieceOf, type Piece } from './kept-docs.ts'
import { startDocKey } from './rows.ts'
import { behind, readHeld } from './settled-row.ts'
import { parseStartRow, startMark, type StartDoc, type StartRow } from './start-row.ts'

/**
 * How documents are written down for the next start. `settled`: those this device began from, where they lie on this disk:
 * then only what came since is written.
 */
export const writeStartDocs = (of: {
  readonly coll: CollId
  readonly row: Omit<StartRow, 'docs'>
  readonly docs: ReadonlyMap<DocId, Uint8Array>
  /** The document that is written in, whose state is among `docs`. */
  readonly main: Y.Doc
  readonly settled: ReadonlyMap<DocId, Uint8Array> | null
}): { readonly docs: readonly StartDoc[]; readonly writes: readonly Write[] } => {
  const mark = startMark(of.row)
  const [docs, writes]: [StartDoc[], Write[]] = [[], []]
  for (const [doc, state] of of.docs) {
    const { isUponSettled, piece } = writtenUpon(of.settled?.get(doc), { doc, state, main: of.main })
    docs.push({ doc, isUponSettled, form: piece?.form ?? null })
    const value = piece && concatBytes(mark, piece.bytes)
    writes.push({ table: 'snapshots', key: startDocKey(of.coll, doc), value })
  }
  return { docs, writes }
}

const writtenUpon = (
  settled: Uint8Array | undefined,
  { doc, state, main }: { readonly doc: DocId; readonly state: Uint8Array; readonly main: Y.Doc },
): { readonly isUponSettled: boolean; readonly piece: Piece | null } => {
  if (settled && equalBytes(settled, state)) return { isUponSettled: true, piece: null }
  // Whatever else there is changes with a checkpoint or not at all, and its bytes count.
  if (doc !== MAIN_DOC) return { isUponSettled: false, piece: pieceOf(state) }
  const since = settled && Y.encodeStateVectorFromUpdate(settled)
  return {
    isUponSettled: since !== undefined,
    piece: { form: 2, bytes: Y.encodeStateAsUpdateV2(main, since) },
  }
}

/** The row and the documents the next start begins with; `null`: none, or a piece is missing. */
export const readStart = async (
  storage: Storage,
  coll: CollId,
  bytes: Uint8Array,
): Promise<{ readonly row: StartRow; readonly docs: KeptDocs } | null> => {
  const row = parseStartRow(bytes)
  if (!row) return null
  const held = row.docs.some(({ isUponSettled }) => isUponSettled) ? await readHeld(storage, coll) : null
  // Written upon another than the one held to now.
  if (held && held.row.checkpoint !== row.settled?.checkpoint) return null
  const all = new Map<DocId, readonly Piece[]>()
  for (const { doc, isUponSettled, form } of row.docs) {
    const below = isUponSettled ? held?.pieces.get(doc) : undefined
    const above = form && (await pieceAt({ storage, key: startDocKey(coll, doc), mark: row.mark, form }))
    if ((isUponSettled && !below) || (form && !above)) return null
    all.set(doc, [...(below ? [below] : []), ...(above ? [above] : [])])
  }
  return { row, docs: new KeptDocs(all) }
}

const pieceAt = async (of: {
  readonly storage: Storage
  readonly key: string
  readonly mark: Uint8Array
  readonly form: Piece['form']
}): Promise<Piece | null> => {
  const row = await of.storage.get('snapshots', of.key)
  const bytes = row.ok && row.value ? behind(of.mark, row.value) : null
  return bytes && { form: of.form, bytes }
}
