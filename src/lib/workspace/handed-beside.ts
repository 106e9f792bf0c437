import { mergeUpdates } from 'yjs'
import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import { equalBytes } from '../core/bytes.ts'
import { CLOSED_DOC, MAIN_DOC, type DocId } from '../core/ids.ts'
import type { Ledger } from '../ledger/graph.ts'
import type { Handed } from './handed-too-much.ts'
import type { Welcome } from './welcome.ts'

/** This many welcomes are kept beside each other, at most. */
const MOST = 4

/** Welcomes, one or several put together. */
export type Together = Welcome & Pick<Handed, 'under'>

/**
 * Two welcomes of which neither holds all that the other does, as one: whoever gave the one could not read what the other
 * holds. `null`: they contradict each other, or the second brings nothing. Both must be such that they may be built upon.
 * Where one reaches further in a feed it is not known whether both speak of one branch: what is lower is kept beside, so that
 * it shows as soon as anybody can tell. Spec: feed.md §8.
 */
export const handedBeside = (
  first: Pick<Together, 'base' | 'docs' | 'parents' | 'under'>,
  second: Welcome,
  ledger: Pick<Ledger, 'has' | 'isBelow'>,
): Together | null => {
  const base = new Map(first.base)
  const under = [...(first.under ?? [])]
  let isNews = false
  for (const [feed, there] of second.base) {
    const here = base.get(feed)
    if (here?.seq === there.seq && here.rec !== there.rec) return null
    const lower = here && (here.seq > there.seq ? there : here)
    if (lower && here.seq !== there.seq) under.push({ feed, seq: lower.seq, rec: lower.rec })
    if (here && here.seq >= there.seq) continue
    base.set(feed, there)
    isNews = true
  }
  const docs = isNews ? docsOf(first.docs, second.docs) : null
  if (!docs) return null
  const heads = [...new Set([...first.parents, ...second.parents])]
  const parents = heads.filter(
    (head) => !heads.some((other) => other !== head && ledger.has(other) && ledger.isBelow(head, other)),
  )
  return { by: second.by, epoch: second.epoch, parents: parents.sort(), base, under, docs }
}

/** What is closed hangs on who wrote it down: two that differ cannot be made one. */
const docsOf = (
  first: ReadonlyMap<DocId, Uint8Array>,
  second: ReadonlyMap<DocId, Uint8Array>,
): ReadonlyMap<DocId, Uint8Array> | null => {
  const [before, after] = [first.get(CLOSED_DOC), second.get(CLOSED_DOC)]
  if (before && after && !equalBytes(before, after)) return null
  const states = [first, second].flatMap((docs) => docs.get(MAIN_DOC) ?? [])
  const closed = before ?? after
  return new Map([[MAIN_DOC, mergeUpdates(states)], ...(closed ? ([[CLOSED_DOC, closed]] as const) : [])])
}

/** The row of what lies beside the newest welcome, oldest first; `null`: too many. */
export const encodeBeside = (wires: readonly Uint8Array[]): Uint8Array | null =>
  wires.length < MOST ? encodeCbor([...wires]) : null

/** A damaged row holds nothing: the device then begins from the newest alone, and asks again. */
export const parseBeside = (row: Uint8Array): readonly Uint8Array[] => {
  const decoded = decodeCbor(row)
  const wires: readonly unknown[] = decoded.ok && Array.isArray(decoded.value) ? decoded.value : []
  return wires.every((wire) => wire instanceof Uint8Array) ? wires : []
}
