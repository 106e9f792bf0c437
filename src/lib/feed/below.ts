import type { DocId, FeedId } from '../core/ids.ts'
import { onOneBranch, type FeedLine, type Node } from './line.ts'

/** What lies below a record: the highest record of each other feed, by index of line. */
export type Below = readonly (Node | undefined)[]

/**
 * What lies below a record that follows `prev` and names `deps`: everything below each of them, and they themselves.
 * Naming a position that lies below already changes nothing. `null`: two branches of one feed lie below it, which no
 * honest author ever merged.
 */
export const belowAfter = (line: FeedLine, prev: Node, deps: readonly Node[]): Below | null => {
  if (deps.length === 0) return prev.below
  const below = [...prev.below]
  for (const dep of deps) {
    if (!raise(below, dep)) return null
    for (const node of dep.below) if (node && !raise(below, node)) return null
  }
  const own = below[line.index]
  return own && !onOneBranch(own, prev) ? null : below
}

const raise = (below: (Node | undefined)[], node: Node): boolean => {
  const known = below[node.line.index]
  if (known === node) return true
  if (known && !onOneBranch(known, node)) return false
  if (!known || known.seq < node.seq) below[node.line.index] = node
  return true
}

/** Whether `node` lies at or below what `below` reaches in its feed. */
export const reaches = (below: Below, node: Node): boolean => (below[node.line.index]?.seq ?? -1) >= node.seq

/**
 * How far what lies below reaches into `doc`, for a Yjs client: the clock of that client's feed there. Where a base lies
 * below, everything in the base counts, because it does not say how far each of its records reached; but for feeds of which
 * it holds what others do not count.
 */
export const clockBelow = (
  at: { readonly below: Below; readonly basal: boolean; readonly tooMuch?: readonly FeedId[] | undefined },
  lines: readonly FeedLine[],
  doc: DocId,
): number => {
  let clock = 0
  for (const line of lines) {
    const { root } = line
    const highest = at.below[line.index]
    const counts = at.tooMuch?.includes(line.id) !== true
    if (highest && (counts || highest !== root)) clock = Math.max(clock, highest.clocks.get(doc) ?? 0)
    if (at.basal && counts) clock = Math.max(clock, root.clocks.get(doc) ?? 0)
  }
  return clock
}
