import type { DeviceId, EntryId } from '../core/ids.ts'
import type { Facts } from './book.ts'
import type { Given } from './given.ts'
import { isBelowNode, type Node } from './dag.ts'
import { acknowledgedBy } from './frontier.ts'
import { policyIsNotBelowTheFloor } from './proposing.ts'
import type { Proposal } from './types.ts'
import { peopleOf } from './view.ts'
import { ballotsFor, thresholdOf, votersAmong } from './votes.ts'

/** Facts of an enactment with enough votes in its own past, else `null`. */
export const mayEnactAt = (given: Given, id: EntryId): Facts | null => {
  const { book, view, node } = given
  const proposed = book.proposalBelow(id, node)
  if (!proposed) return null
  const { proposal } = proposed
  if (proposal.action === 'policy' && !policyIsNotBelowTheFloor(given, proposal)) return null
  const ballots = ballotsFor({ book, view }, proposed, (vote: Node) => isBelowNode(vote, node))
  const needed = thresholdOf(view, proposal)
  if (votersAmong(ballots).size < needed) return null
  return {
    valid: true,
    kind: 'enact',
    proposal: proposed.node,
    action: proposal,
    ballots,
    needed,
    majority: Math.floor(peopleOf(view).electorate / 2) + 1,
    strikes: struckBy(given, proposal),
    frontier: acknowledgedBy(ballots, peopleOf(view).electorate),
  }
}

/** A removal reaches whatever is, was or will be of its member; a recovery only what its voters knew. */
const struckBy = ({ view }: Given, proposal: Proposal): readonly DeviceId[] => {
  if (proposal.action === 'revokeDevice') return [proposal.device]
  if (proposal.action !== 'recover') return []
  return [...view.grants].flatMap(([id, { member }]) =>
    member === proposal.member && id !== proposal.deviceId ? [id] : [],
  )
}
