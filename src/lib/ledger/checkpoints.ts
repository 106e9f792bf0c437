import type { EntryId, MemberId } from '../core/ids.ts'
import type { Node } from './dag.ts'
import type { Finality } from './finality.ts'
import type { CheckpointState, LedgerState } from './types.ts'

/** Every checkpoint among what `knows` of, who co-signed it, and what that makes it. */
export const checkpointsIn = (of: {
  readonly finality: Finality
  readonly knows: (node: Node) => boolean
  /** Those that are final where this is asked. */
  readonly finals: readonly EntryId[]
}): LedgerState['checkpoints'] =>
  new Map(
    of.finality
      .checkpoints()
      .filter(of.knows)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .flatMap((node): readonly [EntryId, CheckpointState][] => {
        const { id, author, act } = node
        if (act?.type !== 'checkpoint') return []
        const { cosigners, needed } = of.finality.tally(node, of.knows)
        const hasEnough = cosigners.length >= needed
        const isPassed = of.finals.some((final) => of.finality.isBelow(id, final))
        const status = of.finals.includes(id) ? 'final' : hasEnough && !isPassed ? 'conflicting' : 'open'
        return [[id, { id, author, attachment: act.attachment, cosigners, needed, status }]]
      }),
  )

/** Members who co-signed two checkpoints of which neither lies above the other. Honest apps never do. Sorted. */
export const doubleSignersAmong = (
  checkpoints: readonly CheckpointState[],
  areInLine: (a: EntryId, b: EntryId) => boolean,
): readonly MemberId[] => {
  const found = new Set<MemberId>()
  for (const [i, one] of checkpoints.entries())
    for (const other of checkpoints.slice(i + 1)) {
      if (areInLine(one.id, other.id)) continue
      for (const member of one.cosigners) if (other.cosigners.includes(member)) found.add(member)
    }
  return [...found].sort()
}
