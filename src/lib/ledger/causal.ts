import type { EntryId } from '../core/ids.ts'
import type { Book, Facts } from './book.ts'
import { isBelowNode, type Node } from './dag.ts'
import { mayEnactAt } from './enacting.ts'
import { feedIdOf } from './feed-id.ts'
import type { Given } from './given.ts'
import { mayBeGiven } from './giving.ts'
import { mayPropose } from './proposing.ts'
import { activeMemberDevices, kindOf, peopleOf, standingOf, type Grant, type View } from './view.ts'
import type { Act, Proposal } from './types.ts'

const NO: Facts = { valid: false }
const YES: Facts = { valid: true, kind: 'plain' }

/**
 * T0: whether an entry was allowed where it was made, judged by the state of its own past and nothing else; so the
 * verdict never changes. Spec: ledger.md §7.
 */
export const judge = (book: Book, view: View, node: Node): Facts => {
  const { act } = node
  if (!act) return NO
  if (act.type === 'genesis') return node.index === 0 ? YES : NO
  // Judged elsewhere, by the state below the checkpoint alone: a later suspension cannot undo what is final.
  if (act.type === 'checkpoint' || act.type === 'cosign')
    return { valid: true, kind: 'signature', stood: hasNotEnded(view, node.author) }
  const author = view.grants.get(node.author)
  if (!author || !authorStands(book, view, node, author)) return NO
  return (rules[act.type] as (given: Given, act: Act) => Facts)({ book, view, author, node }, act)
}

const hasNotEnded = (view: View, device: Node['author']): boolean =>
  view.grants.has(device) && !['revoked', 'retired'].includes(standingOf(view, device))

/** Granted, neither revoked nor retired, its member still here; and suspended devices speak only of who stays. */
const authorStands = (book: Book, view: View, node: Node, { kind, member }: Grant): boolean => {
  const standing = standingOf(view, node.author)
  if (standing === 'revoked' || standing === 'retired') return false
  if (kind === 'keeper') return node.act?.type === 'merge'
  if (member === null || !peopleOf(view).members.has(member)) return false
  return standing === 'active' || isGovernanceSpeech(book, node)
}

const GOVERNANCE: readonly Proposal['action'][] = ['removeMember', 'revokeDevice', 'lift']

const isGovernanceSpeech = (book: Book, { act }: Node): boolean => {
  if (act?.type === 'merge') return true
  if (act?.type === 'propose') return GOVERNANCE.includes(act.proposal.action)
  if (act?.type !== 'approve' && act?.type !== 'enact') return false
  const about = book.dag.get(act.proposal)?.act
  return about?.type === 'propose' && GOVERNANCE.includes(about.proposal.action)
}

type Rules = {
  readonly [T in Exclude<Act['type'], 'genesis' | 'checkpoint' | 'cosign'>]: (
    given: Given,
    act: Extract<Act, { type: T }>,
  ) => Facts
}

const when = (allowed: boolean): Facts => (allowed ? YES : NO)

const rules: Rules = {
  merge: () => YES,
  propose: (given, { proposal }) => {
    if (!mayPropose(given, proposal)) return NO
    return proposal.action === 'revokeDevice' && isActive(given) ? silencing(given) : YES
  },
  approve: (given, { proposal }) => when(given.book.proposalBelow(proposal, given.node) !== null),
  withdraw: (given, { target }) => when(withdrawsItsOwn(given, target)),
  enact: (given, { proposal }) => mayEnactAt(given, proposal) ?? NO,
  suspend: (given, { device }) =>
    kindOf(given.view) !== 'notebook' && given.view.grants.has(device) ? silencing(given) : NO,
  retire: () => YES,
  feed: ({ book, node }, { feed, incarnation }) =>
    when(feed === feedIdOf(book.coll, node.author, incarnation)),
  rotate: ({ view }, { prev }) => {
    const epochs = prev.map((id) => view.epochs.get(id))
    if (epochs.includes(undefined)) return NO
    const depth = 1 + Math.max(0, ...epochs.map((epoch) => epoch!.depth))
    return { valid: true, kind: 'rotate', recipients: activeMemberDevices(view), depth }
  },
  grant: (given, { device, epochs }) => when(mayBeGiven(given, device, epochs)),
  complain: ({ view }, { epoch }) => when(view.epochs.has(epoch)),
  rekey: () => YES,
  invite: ({ view }) => when(kindOf(view) === 'collective'),
  mirror: () => YES,
}

const isActive = ({ view, node }: Given): boolean => standingOf(view, node.author) === 'active'

/** One stolen phone cannot silence the rest: alone, nobody silences more than max(1, ⌊(n−1)/2⌋) others. */
const silencing = ({ view }: Given): Facts => ({
  valid: true,
  kind: 'suspension',
  cap: Math.max(1, Math.floor((peopleOf(view).electorate - 1) / 2)),
})

/** One takes back what one said oneself, from whichever device: an approval, a proposal, a suspension. */
const withdrawsItsOwn = ({ book, view, author, node }: Given, target: EntryId): boolean => {
  const said = book.dag.get(target)
  if (!said || !isBelowNode(said, node)) return false
  const type = said.act?.type
  return (
    (type === 'approve' || type === 'propose' || type === 'suspend') &&
    view.grants.get(said.author)?.member === author.member
  )
}
