import type { DeviceId, EntryId, MemberId } from '../core/ids.ts'
import type { Ledger } from './graph.ts'
import type { LedgerState, Proposal, SignedEntry } from './types.ts'

/** From this many voting members on, an admission needs three vouchers. */
const LARGE = 8

/** What a `propose` entry proposes and by whom, or `null` when `id` is no proposal. */
export const proposalOf = (
  ledger: Ledger,
  id: EntryId,
): { readonly proposal: Proposal; readonly author: DeviceId; readonly id: EntryId } | null => {
  const entry = ledger.entry(id)
  return entry?.act?.type === 'propose'
    ? { proposal: entry.act.proposal, author: entry.entry.author, id }
    : null
}

export const electorateSize = (state: LedgerState): number =>
  [...state.members.values()].filter(({ votes }) => votes).length

/**
 * Votes a decision needs in `state`: two vouchers for an admission (three from eight voting members on, more if the
 * collective says so), one other member for a further device, else a strict majority of the whole electorate, so that
 * two halves that cannot hear each other cannot both decide.
 */
export const thresholdOf = (state: LedgerState, proposal: Proposal): number => {
  const n = electorateSize(state)
  if (proposal.action === 'addDevice') return 1
  if (proposal.action === 'admit') return Math.max(state.policy.admit, admitFloor(n))
  return Math.floor(n / 2) + 1
}

export const admitFloor = (electorate: number): number => (electorate >= LARGE ? 3 : 2)

/** The member a decision is about, who has no vote in it but stays in the denominator. */
export const targetMemberOf = (state: LedgerState, proposal: Proposal): MemberId | null => {
  switch (proposal.action) {
    case 'removeMember':
    case 'recover':
      return proposal.member
    case 'revokeDevice':
    case 'lift':
    case 'amendFrontier':
      return state.devices.get(proposal.device)?.member ?? null
    default:
      return null
  }
}

/** Members whose approval lies in an enactment's own past, is `valid` where it stands, and `counts` now. */
export const votersOf = (
  ledger: Ledger,
  enact: SignedEntry,
  { valid, counts }: { readonly valid: Judge; readonly counts: Judge },
): ReadonlySet<MemberId> => {
  const proposal = enact.act?.type === 'enact' ? proposalOf(ledger, enact.act.proposal) : null
  const voters = new Set<MemberId>()
  if (!proposal) return voters
  const state = ledger.stateAt(enact.id)
  const target = targetMemberOf(state, proposal.proposal)
  const proposer = state.devices.get(proposal.author)?.member
  const past = ledger.topological(enact.entry.parents)
  const withdrawn = new Set(
    past.flatMap((entry) => (entry.act?.type === 'withdraw' && valid(entry) ? [entry.act.target] : [])),
  )
  if (withdrawn.has(proposal.id)) return voters
  for (const vote of past) {
    const approves =
      vote.id === proposal.id || (vote.act?.type === 'approve' && vote.act.proposal === proposal.id)
    if (!approves || withdrawn.has(vote.id) || !valid(vote) || !counts(vote)) continue
    const device = state.devices.get(vote.entry.author)
    const member = device?.member
    if (!member || device.standing === 'revoked' || member === target) continue
    if (proposal.proposal.action === 'addDevice') {
      if (state.members.has(member) && member !== proposer) voters.add(member)
    } else if (state.members.get(member)?.votes) voters.add(member)
  }
  return voters
}

type Judge = (entry: SignedEntry) => boolean
