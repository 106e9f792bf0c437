import type { MemberId } from '../core/ids.ts'
import type { Ballot, Book } from './book.ts'
import type { Node } from './dag.ts'
import type { Proposal } from './types.ts'
import { isCut, peopleOf, strikesOn, type View } from './view.ts'

/** What is judged, and by what view. */
type Read = { readonly book: Book; readonly view: View }

/** From this many voting members on, an admission needs three vouchers. */
const LARGE = 8

export const admissionFloor = (electorate: number): number => (electorate >= LARGE ? 3 : 2)

/**
 * Votes a decision needs: two vouchers for an admission (three from eight voting members on, more if the collective says
 * so), one other member for a further device, else a strict majority of the whole electorate, so that two halves that
 * cannot hear each other cannot both decide.
 */
export const thresholdOf = (view: View, proposal: Proposal): number => {
  const n = peopleOf(view).electorate
  if (proposal.action === 'addDevice') return 1
  if (proposal.action === 'admit') return Math.max(view.policy.admit, admissionFloor(n))
  return Math.floor(n / 2) + 1
}

/**
 * The votes for a proposal among the entries `knows` of, counted by `view`: one a member, none by whom it is about, none
 * that was taken back. A proposal is its author's vote; for a further device it is not, for nobody vouches for themselves.
 */
export const ballotsFor = (
  { book, view }: Read,
  { node, proposal }: { readonly node: Node; readonly proposal: Proposal },
  knows: (node: Node) => boolean,
): readonly Ballot[] => {
  if (isTakenBack({ book, view }, node, knows)) return []
  const { members } = peopleOf(view)
  const target = targetOf(view, proposal)
  const hasVoice = (member: MemberId): boolean =>
    member !== target &&
    (proposal.action === 'addDevice' ? members.has(member) : (members.get(member)?.votes ?? false))
  const votes = [
    ...(proposal.action === 'addDevice' ? [] : [node]),
    ...book.dag.answersTo(node.id).approvals.filter((vote) => knows(vote) && book.isValid(vote)),
  ]
  return votes.flatMap((vote) => {
    const member = view.grants.get(vote.author)?.member
    if (!member || !hasVoice(member) || strikesOn(view, vote.author).length > 0) return []
    return isTakenBack({ book, view }, vote, knows) ? [] : [{ vote, member }]
  })
}

/**
 * Whether a proposal or an approval was taken back, among the entries `knows` of: by a withdrawal that is not cut. Whoever was
 * ended takes nothing back any more that those who ended them had counted on.
 */
export const isTakenBack = ({ book, view }: Read, node: Node, knows: (node: Node) => boolean): boolean =>
  book.withdrawalsOf(node, knows).some((by) => !isCut(view, by))

/** One member, one vote, however many devices. */
export const votersAmong = (ballots: readonly Ballot[]): ReadonlySet<MemberId> =>
  new Set(ballots.map(({ member }) => member))

/** Whom a decision is about, who has no vote in it but stays in the denominator. */
const targetOf = (view: View, proposal: Proposal): MemberId | null => {
  switch (proposal.action) {
    case 'admit':
    case 'addDevice':
    case 'removeMember':
    case 'recover':
      return proposal.member
    case 'revokeDevice':
    case 'lift':
    case 'amendFrontier':
      return view.grants.get(proposal.device)?.member ?? null
    default:
      return null
  }
}
