import type { MemberId } from '../core/ids.ts'
import { isAtOrBelow, type Node } from './dag.ts'
import type { View } from './view.ts'

/** A decision that some members are away for long. */
export type Away = { readonly node: Node; readonly members: readonly MemberId[] }

/**
 * Who is dormant: members said to be away by a decision that knew everything they ever did. Whoever does anything, later or
 * meanwhile, is here again, at once and without asking; so nobody is talked out of the count while they speak.
 */
export const stillDormant = (
  below: View['dormant'],
  away: readonly Away[],
  since: {
    /** Everything said since `below`, on top of it all. */
    readonly acts: readonly Node[]
    readonly memberOf: (node: Node) => MemberId | null
  },
): View['dormant'] => {
  if (below.size === 0 && away.length === 0) return below
  const dormant = new Map(below)
  for (const { node, members } of away)
    for (const member of members) dormant.set(member, [...(dormant.get(member) ?? []), node])
  for (const act of since.acts) {
    const member = since.memberOf(act)
    const decisions = member === null ? undefined : dormant.get(member)
    if (member === null || !decisions) continue
    const left = decisions.filter((decision) => isAtOrBelow(act, decision))
    if (left.length > 0) dormant.set(member, left)
    else dormant.delete(member)
  }
  return dormant
}
