import type { EntryId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { belowAfter, reaches } from './below.ts'
import { MAX_HEADS } from './body.ts'
import { isRecord, positionOf, type FeedLine, type Node } from './line.ts'
import type { LedgerRights } from './rights.ts'
import type { CannotAppend, RecordBody } from './types.ts'

/**
 * The body of a record after `tip`: the ledger heads if they moved, and the fewest positions that, with what lies below
 * them, make up everything merged here. A position its author knows to be shut out is never named: it counts only
 * because somebody built on it, whose record is named, and it lies below that. Spec: feed.md §4.
 */
export const draftRecord = (of: {
  readonly tip: Node
  readonly lines: readonly FeedLine[]
  readonly heads: readonly EntryId[]
  readonly rights: LedgerRights
  readonly docs: RecordBody['docs']
}): Result<RecordBody, CannotAppend> => {
  const { tip, lines, heads, rights } = of
  if (heads.length > MAX_HEADS) return err({ type: 'TooManyHeads' })
  const merged = lines
    .filter((line) => line !== tip.line)
    .map(({ accepted }) => accepted)
    .filter((node) => isRecord(node) && !reaches(tip.below, node) && !rights.isShutOutAt(heads, node))
  const deps = merged
    .filter((node) => !merged.some((other) => other !== node && reaches(other.below, node)))
    .sort((a, b) => (a.line.id < b.line.id ? -1 : 1))
  if (!belowAfter(tip.line, tip, deps)) return err({ type: 'FeedClosed' })
  const same = tip.heads !== null && tip.heads.join() === heads.join()
  return ok({ lheads: same ? null : heads, deps: deps.map(positionOf), docs: of.docs })
}
