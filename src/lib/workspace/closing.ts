import { equalBytes } from '../core/bytes.ts'
import { CLOSED_DOC, MAIN_DOC, type CollId, type DocId, type EntryId } from '../core/ids.ts'
import { holdsNothingOf, partClosed, type Gone } from '../domain/closing.ts'
import { isSameState } from '../domain/same-document.ts'
import { closedClient, closedName } from '../feed/checkpoint.ts'

type Docs = ReadonlyMap<DocId, Uint8Array>

/** The documents of a checkpoint, and where in them something was closed by it. */
export type ClosedDocs = { readonly docs: Docs; readonly gone: readonly Gone[] }

/** Documents as a checkpoint upon `parents` says them: with what is closed apart, and nobody’s. Spec: checkpoint.md §6a. */
export const closeDocs = (coll: CollId, parents: readonly EntryId[], docs: Docs): ClosedDocs => {
  const { open, closed, gone } = partClosed({
    main: docs.get(MAIN_DOC)!,
    before: docs.get(CLOSED_DOC) ?? null,
    client: closedClient(coll, parents),
    nameOf: (content, n) => closedName(coll, content, n),
  })
  const parted = [[MAIN_DOC, open] as const, ...(closed ? [[CLOSED_DOC, closed] as const] : [])]
  return { docs: new Map(parted), gone }
}

/**
 * Whether the documents somebody put into a checkpoint are these: what is open part by part, what is closed byte for byte,
 * and nothing left in the one of what went into the other.
 */
export const areClosedDocs = ({ docs, gone }: ClosedDocs, claimed: Docs): boolean => {
  const [main, closed, theirs] = [docs.get(MAIN_DOC)!, docs.get(CLOSED_DOC), claimed.get(CLOSED_DOC)]
  const isSameClosed = closed && theirs ? equalBytes(closed, theirs) : closed === theirs
  return (
    docs.size === claimed.size &&
    isSameClosed &&
    isSameState(main, claimed.get(MAIN_DOC)) &&
    (gone.length === 0 || holdsNothingOf(claimed.get(MAIN_DOC)!, gone))
  )
}
