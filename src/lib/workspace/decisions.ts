import type * as Y from 'yjs'
import type { DeviceId, MemberId } from '../core/ids.ts'
import { peopleOf } from '../domain/people.ts'
import { isAboutWhoStays, majorityOf } from '../ledger/proposals.ts'
import { RULES } from '../ledger/rules.ts'
import type { LedgerState, Proposal, ProposalState } from '../ledger/types.ts'
import { admissionFloor } from '../ledger/votes.ts'
import type { Seen } from './membership.ts'
import { pausesAmong } from './pauses-said.ts'
import { CHECKS_NEEDED, validChecks } from './return-checks.ts'
import type { Change, Membership } from './types.ts'

type Decision = Membership['decisions'][number]
type Me = { readonly member: MemberId; readonly device: DeviceId }

/** What waits for a decision, each with what it would change. */
export const decisionsFrom = (
  state: LedgerState,
  me: Me,
  doc: Y.Doc,
  known: {
    readonly named: ReadonlyMap<MemberId, string | null>
    readonly seen: Pick<Seen, 'aside' | 'isHere'>
  },
): readonly Decision[] => {
  const memberOf = (device: DeviceId) => state.devices.get(device)?.member ?? null
  return [...state.proposals.values()].filter(isAsked(state)).map((proposal) => {
    const { action } = proposal.proposal
    const subject = 'member' in proposal.proposal ? proposal.proposal.member : null
    const subjectDevice =
      'deviceId' in proposal.proposal
        ? proposal.proposal.deviceId
        : 'device' in proposal.proposal && typeof proposal.proposal.device === 'string'
          ? proposal.proposal.device
          : null
    const about = subject ?? (subjectDevice && memberOf(subjectDevice))
    const change = changeOf(state, proposal.proposal, known.seen)
    const checks = validChecks(state, doc, proposal.id).map(({ member, how }) => ({ member, how }))
    return {
      id: proposal.id,
      action: ACTIONS.has(action) ? action : 'other',
      subject,
      subjectDevice,
      name: about ? (known.named.get(about) ?? nameOfNewcomer(doc, about)) : null,
      approvals: proposal.approvals,
      needed: proposal.needed,
      mine: memberOf(proposal.author) === me.member,
      mayApprove:
        about !== me.member &&
        !proposal.approvals.includes(me.member) &&
        mayVote(state, me, action) &&
        mayBeAsked(me, action, change),
      checks,
      mayTrust: action !== 'recover' || checks.length >= CHECKS_NEEDED,
      change,
    }
  })
}

/** For an admission: vouchers it needs now; the least and the most that a decision may set and people could give. */
export const vouchersIn = (state: LedgerState): Membership['vouchers'] => {
  const { voices } = majorityOf(state)
  const least = admissionFloor(voices)
  return { needed: Math.max(state.policy.admit, least), least, most: Math.max(voices, least) }
}

/** What a phone proposed that was out by then, and nobody stands behind, is no question to anybody; nor what the rules refuse now. */
const isAsked =
  (state: LedgerState) =>
  ({ status, approvals, author, proposal }: ProposalState): boolean =>
    status === 'open' &&
    (approvals.length > 0 || state.devices.get(author)?.standing !== 'revoked') &&
    (proposal.action !== 'policy' || proposal.policy.admit >= vouchersIn(state).least)

const changeOf = (
  state: LedgerState,
  proposal: Proposal,
  seen: Pick<Seen, 'aside' | 'isHere'>,
): Change | null => {
  switch (proposal.action) {
    case 'removeMember': {
      const devices = state.members.get(proposal.member)?.devices ?? []
      return { action: proposal.action, annul: pausesAmong(state, devices, proposal.annul) }
    }
    case 'revokeDevice':
      return { action: proposal.action, annul: pausesAmong(state, [proposal.device], proposal.annul) }
    case 'policy': {
      const from = vouchersIn(state).needed
      return { action: proposal.action, from, to: proposal.policy.admit, voices: majorityOf(state).voices }
    }
    case 'dormant':
      return { action: proposal.action, members: [...new Set(proposal.members)] }
    case 'amendFrontier':
      return {
        action: proposal.action,
        changes: seen.aside(proposal.device, proposal.frontier),
        isHere: proposal.frontier.every(seen.isHere),
      }
    case 'minRules':
      return { action: proposal.action, rules: proposal.rules, isKnown: proposal.rules <= RULES }
    default:
      return null
  }
}

const ACTIONS: ReadonlySet<Proposal['action']> = new Set<Proposal['action']>([
  'admit',
  'addDevice',
  'removeMember',
  'revokeDevice',
  'recover',
  'lift',
  'policy',
  'keeper',
  'dormant',
  'amendFrontier',
  'minRules',
])

/** Nobody says yes to what their app cannot tell them; and who is said to be away is here, whatever they say. */
const mayBeAsked = (me: Me, action: Proposal['action'], change: Change | null): boolean => {
  if (!ACTIONS.has(action)) return false
  if (change?.action === 'minRules') return change.isKnown
  if (change?.action === 'amendFrontier') return change.isHere
  return change?.action !== 'dormant' || !change.members.includes(me.member)
}

/** For a further device any member may vouch; everything else counts the electorate. */
const mayVote = (state: LedgerState, me: Me, action: Proposal['action']): boolean => {
  const member = state.members.get(me.member)
  const standing = state.devices.get(me.device)?.standing
  const isHeard = standing === 'active' || (standing === 'suspended' && isAboutWhoStays(action))
  return member !== undefined && isHeard && (action === 'addDevice' || member.votes)
}

/** Somebody proposed but not yet in the ledger: the inviter has written their Person already. */
const nameOfNewcomer = (doc: Y.Doc, member: MemberId): string | null =>
  peopleOf(doc, [member]).find((person) => person.member === member)?.name ?? null
