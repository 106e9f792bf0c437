import type { DeviceId, EpochId, MemberId } from '../core/ids.ts'
import type { Book } from './book.ts'
import { isBelowNode } from './dag.ts'
import type { Given } from './given.ts'
import { isSettled, standingOf, type Grant, type View } from './view.ts'

/**
 * Whether keys may be handed to a device here: only while it is in good standing, and only those of epochs made for it or
 * not older than its admission. Older ones, which is to say the history, wait until that admission is final: until then it
 * may yet turn out that few let in a ghost.
 */
export const mayBeGiven = (
  { book, view, node }: Given,
  device: DeviceId,
  epochs: readonly EpochId[],
): boolean => {
  const grant = view.grants.get(device)
  if (!grant || grant.kind !== 'member' || standingOf(view, device) !== 'active') return false
  const mayHaveHistory = isSettled(view, grant.by) && !isContested(book, view, grant.member)
  return epochs.every((id) => {
    const epoch = view.epochs.get(id)
    if (!epoch || !book.dag.isBelow(id, node.id)) return false
    return mayHaveHistory || epoch.recipients.includes(device) || !book.dag.isBelow(id, grant.by.id)
  })
}

/**
 * Whether a member came in by an invitation that brought in somebody else too: one of the two is not who was invited. So it
 * stays until a majority, knowing of both, carries out that member’s admission once more.
 */
export const isContested = (book: Book, view: View, member: MemberId | null): boolean => {
  const admissions = [...view.grants.values()].filter(({ admits }) => admits)
  return admissions.some((grant) => {
    const invite = grant.member === member ? inviteOf(book, grant) : null
    if (invite === null) return false
    const rivals = admissions.filter((other) => other.member !== member && inviteOf(book, other) === invite)
    const confirmed = view.confirmed.get(grant.proposal!) ?? []
    return rivals.some(({ by }) => !confirmed.some((enactment) => isBelowNode(by, enactment)))
  })
}

const inviteOf = (book: Book, { proposal }: Grant) => {
  const act = proposal === null ? null : book.dag.get(proposal)?.act
  return act?.type === 'propose' && act.proposal.action === 'admit'
    ? (act.proposal.proof?.invite ?? null)
    : null
}
