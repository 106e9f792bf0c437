import type { DeviceId, EntryId, MemberId } from '../../../src/lib/core/ids.ts'
import type { Position, Proposal } from '../../../src/lib/ledger/types.ts'
import { feedIdOf } from '../../../src/lib/ledger/feed-id.ts'
import { isContested } from './inviting.ts'
import { COLL } from './made-up.ts'
import type { Reading, Word } from './oracle.ts'
import { heldBy } from './positions.ts'
import { standing, type Sum } from './strata.ts'

/** What an entry may say where it stands, and what later strata want to know of that place. */
export type Allowed = {
  readonly proposal?: EntryId
  readonly does?: Proposal
  readonly votes?: readonly Vote[]
  readonly needed?: number
  /** More than half of those who had a voice there. */
  readonly majority?: number
  /** How far those who voted hold what they voted about. */
  readonly held?: readonly Position[]
  /** Devices that a recovery or revocation ends. */
  readonly ends?: readonly DeviceId[]
  readonly cap?: number
  readonly recipients?: readonly DeviceId[]
  /** Whether whoever signed a checkpoint still stood. */
  readonly stood?: boolean
}
export type Vote = { readonly by: EntryId; readonly member: MemberId }

const SPEECH = ['removeMember', 'revokeDevice', 'lift']

/** T0. `null`: not allowed. */
export const allowed = (reading: Reading, word: Word): Allowed | null => {
  const { act, author, id, parents } = word
  if (act === null) return null
  if (act.type === 'genesis') return parents.length === 0 ? {} : null
  const at = reading.at(id)
  const place = at.places.get(author)
  const stands = standing(at, author)
  if (act.type === 'checkpoint' || act.type === 'cosign')
    return { stood: stands === 'active' || stands === 'suspended' }
  if (!place || stands === 'revoked' || stands === 'retired') return null
  if (place.member === null) return act.type === 'merge' ? {} : null
  if (!at.members.has(place.member)) return null
  if (stands === 'suspended' && !isSpeech(reading, word)) return null
  const isNotebook = at.founders.length === 1
  const isCollective = at.founders.length > 2
  const cap = { cap: Math.max(1, Math.floor((at.voters.size - 1) / 2)) }
  switch (act.type) {
    case 'propose':
      if (!isCollective && (isNotebook || act.proposal.action !== 'addDevice')) return null
      if (!mayPropose(at, act.proposal, place.member)) return null
      return act.proposal.action === 'revokeDevice' && stands === 'active' ? cap : {}
    case 'approve':
      return proposed(reading, act.proposal, id) ? {} : null
    case 'enact':
      return mayEnact(reading, word, act.proposal)
    case 'withdraw': {
      const target = reading.below(act.target, id) ? reading.word(act.target) : undefined
      const takes = ['approve', 'propose', 'suspend'].includes(target?.act?.type ?? '')
      return takes && at.places.get(target!.author)?.member === place.member ? {} : null
    }
    case 'suspend':
      return !isNotebook && at.places.has(act.device) ? cap : null
    case 'rotate': {
      const active = [...at.places].filter(
        ([device, { member }]) => member !== null && standing(at, device) === 'active',
      )
      return act.prev.every((epoch) => at.epochs.has(epoch))
        ? { recipients: active.map(([device]) => device).sort() }
        : null
    }
    case 'grant': {
      const given = at.places.get(act.device)
      if (!given || given.member === null || standing(at, act.device) !== 'active') return null
      const final = reading.newestFinal(reading.past(id))
      const isFinal = final !== null && reading.atOrBelow(given.by, final)
      const isSettled = isFinal && !isContested(reading, at, given.member)
      const may = (epoch: EntryId) =>
        isSettled || at.epochs.get(epoch)!.recipients.includes(act.device) || !reading.below(epoch, given.by)
      return act.epochs.every((epoch) => at.epochs.has(epoch) && may(epoch)) ? {} : null
    }
    case 'feed':
      return act.feed === feedIdOf(COLL, author, act.incarnation) ? {} : null
    case 'invite':
      return isCollective ? {} : null
    case 'complain':
      return at.epochs.has(act.epoch) ? {} : null
    default:
      return {}
  }
}

const isSpeech = (reading: Reading, { act }: Word): boolean => {
  if (act?.type === 'merge') return true
  if (act?.type === 'propose') return SPEECH.includes(act.proposal.action)
  if (act?.type !== 'approve' && act?.type !== 'enact') return false
  return SPEECH.includes(reading.act(act.proposal, 'propose')?.proposal.action ?? '')
}

const floorOf = (at: Pick<Sum, 'voters'>): number => (at.voters.size >= 8 ? 3 : 2)

const mayPropose = (at: Sum, proposal: Proposal, mine: MemberId): boolean => {
  const isNew = (device: DeviceId) => !at.held.has(device)
  const isInvited = !('proof' in proposal && proposal.proof) || at.invites.includes(proposal.proof.invite)
  switch (proposal.action) {
    case 'admit':
      return isNew(proposal.deviceId) && isInvited && ![...at.held.values()].flat().includes(proposal.member)
    case 'addDevice':
      return proposal.member === mine && isInvited && isNew(proposal.deviceId)
    case 'recover':
      return at.members.has(proposal.member) && isNew(proposal.deviceId)
    case 'keeper':
      return isNew(proposal.deviceId)
    case 'removeMember':
      return at.members.has(proposal.member)
    case 'revokeDevice':
    case 'lift':
    case 'amendFrontier':
      return at.places.has(proposal.device)
    case 'policy':
      return proposal.policy.admit >= floorOf(at)
    case 'dormant':
      return proposal.members.every((member) => at.members.has(member))
    case 'minRules':
      return true
  }
}

const proposed = (reading: Reading, proposal: EntryId, from: EntryId): Proposal | null =>
  reading.below(proposal, from) && reading.allowed(proposal)
    ? (reading.act(proposal, 'propose')?.proposal ?? null)
    : null

const mayEnact = (reading: Reading, { id }: Word, proposal: EntryId): Allowed | null => {
  const does = proposed(reading, proposal, id)
  if (!does) return null
  const at = reading.at(id)
  if (does.action === 'policy' && does.policy.admit < floorOf(at)) return null
  const needed = neededFor(at, does)
  const votes = votesFor(reading, { proposal, does, at, seen: reading.past(id) })
  if (new Set(votes.map(({ member }) => member)).size < needed) return null
  const ends =
    does.action === 'revokeDevice'
      ? [does.device]
      : does.action === 'recover'
        ? [...at.places].flatMap(([device, { member }]) =>
            member === does.member && device !== does.deviceId ? [device] : [],
          )
        : []
  const majority = Math.floor(at.voters.size / 2) + 1
  const held = heldBy(reading, votes, at.voters.size)
  return { proposal, does, votes, needed, majority, held, ends }
}

export const neededFor = (at: Pick<Sum, 'voters' | 'policy'>, { action }: Proposal): number => {
  if (action === 'addDevice') return 1
  if (action === 'admit') return Math.max(at.policy, floorOf(at))
  return Math.floor(at.voters.size / 2) + 1
}

/** One vote a member, none by whom it is about, none that was taken back. */
export const votesFor = (
  reading: Reading,
  of: {
    readonly proposal: EntryId
    readonly does: Proposal
    readonly at: Parameters<typeof standing>[0] & Pick<Sum, 'members' | 'voters' | 'cut'>
    readonly seen: ReadonlySet<EntryId>
  },
): readonly Vote[] => {
  const { proposal, does, at, seen } = of
  const said = [...seen].filter((id) => reading.allowed(id))
  const takenBack = new Set(
    said.flatMap((id) => (at.cut.has(id) ? [] : (reading.act(id, 'withdraw')?.target ?? []))),
  )
  if (takenBack.has(proposal)) return []
  const target =
    'member' in does
      ? does.member
      : 'device' in does && typeof does.device === 'string'
        ? at.places.get(does.device)?.member
        : null
  const votes = said.filter(
    (id) =>
      (id === proposal && does.action !== 'addDevice') || reading.act(id, 'approve')?.proposal === proposal,
  )
  return votes.flatMap((by) => {
    const { author } = reading.word(by)!
    const member = at.places.get(author)?.member
    if (!member || member === target || takenBack.has(by) || standing(at, author) === 'revoked') return []
    return (does.action === 'addDevice' ? at.members : at.voters).has(member) ? [{ by, member }] : []
  })
}
