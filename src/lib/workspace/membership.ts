import type * as Y from 'yjs'
import type { DeviceId, EntryId, EpochId, MemberId } from '../core/ids.ts'
import { idBytes } from '../core/ids.ts'
import { hash } from '../crypto/hash.ts'
import { peopleOf } from '../domain/people.ts'
import { suspendedWith } from '../ledger/suspended-with.ts'
import { cautionVoices } from './caution-voices.ts'
import { decisionsFrom, vouchersIn } from './decisions.ts'
import { pausesSaidBy } from './pauses-said.ts'
import type { LedgerState, MemberState, Position } from '../ledger/types.ts'
import type { Membership } from './types.ts'

/** What is known of a device beyond the ledger, on this device only. */
export type Seen = {
  readonly linked: ReadonlySet<DeviceId>
  readonly heard: ReadonlyMap<DeviceId, number>
  /** Devices whose codes were read by this one, or with which words were compared. */
  readonly met: ReadonlySet<DeviceId>
  /** Whether a linked device is known to know an act. */
  readonly knows: (device: DeviceId, act: Membership['decisions'][number]['id']) => boolean
  /** Whether something final lies above an act. */
  readonly isSettled: (act: EntryId) => boolean
  /** Whether one act lies below another: whoever said the other knew of it. */
  readonly isBelow: (act: EntryId, other: EntryId) => boolean
  /** Whether the key of an epoch is held here. */
  readonly holds: (epoch: EpochId) => boolean
  /** Devices that signed two records for one place. */
  readonly forked: ReadonlySet<DeviceId>
  /** Changes of an ended device that are here and do not count: all, or up to some positions. */
  readonly aside: (device: DeviceId, upTo?: readonly Position[]) => number
  /** Whether a place in a feed has arrived here. */
  readonly isHere: (position: Position) => boolean
  /** Keepers, linked now, that have no more room. */
  readonly full: (device: DeviceId) => boolean
}

/** The ledger's state as people see it: members with their devices, and what waits for a decision. */
export const membershipFrom = (
  state: LedgerState,
  me: { readonly member: MemberId; readonly device: DeviceId },
  doc: Y.Doc,
  seen: Seen,
): Membership => {
  const named = new Map(
    peopleOf(doc, [...state.members.keys()]).flatMap(({ member, name }) => (member ? [[member, name]] : [])),
  )
  const memberOf = (device: DeviceId) => state.devices.get(device)?.member ?? null

  const knownBy = (device: DeviceId, acts: readonly Membership['decisions'][number]['id'][]): number => {
    const others = [...state.members.values()].filter(({ id }) => id !== memberOf(device))
    return others.filter(
      ({ id, devices }) =>
        id === me.member ||
        devices.some((other) => seen.linked.has(other) && acts.some((act) => seen.knows(other, act))),
    ).length
  }

  const removed = removedFrom(state)
  return {
    removed,
    asked: askedFrom(state, removed),
    members: [...state.members.values()]
      .map((member) => ({
        id: member.id,
        founder: member.founder,
        votes: member.votes,
        dormant: member.dormant,
        me: member.id === me.member,
        trust: trustIn(member, { state, me: me.member, met: seen.met }),
        devices: member.devices.flatMap((id) => {
          const device = state.devices.get(id)
          if (!device) return []
          return [
            {
              id,
              mark: hash('weave', idBytes(id)),
              standing: device.standing,
              thisOne: id === me.device,
              linked: seen.linked.has(id),
              heard: seen.heard.get(id) ?? null,
              suspensions: device.suspensions.flatMap((act) => {
                const suspension = state.suspensions.get(act)
                const by = suspension ? memberOf(suspension.author) : null
                return suspension
                  ? [
                      {
                        id: act,
                        mine: by === me.member,
                        seconded: suspension.seconded,
                        by,
                        through: suspension.device !== id,
                        reason: suspension.reason,
                      },
                    ]
                  : []
              }),
              brought: suspendedWith(state, id).filter((other) => {
                const brought = state.devices.get(other)
                return other !== id && brought?.standing === 'active' && !seen.isSettled(brought.grantedBy)
              }),
              // A suspension that a device signed against itself is the evidence of two keys said beside each other.
              copied:
                seen.forked.has(id) ||
                device.suspensions.some((act) => {
                  const suspension = state.suspensions.get(act)
                  return suspension?.author === id && suspension.device === id
                }),
              knownBy: device.standing === 'active' ? 0 : knownBy(id, device.suspensions),
              said: pausesSaidBy(state, [id]).filter(({ seconded }) => !seconded),
              aside: device.standing === 'revoked' ? seen.aside(id) : 0,
            },
          ]
        }),
      }))
      .sort((a, b) => Number(b.me) - Number(a.me) || (a.id < b.id ? -1 : 1)),
    keepers: [...state.devices.values()]
      .filter(({ kind }) => kind === 'keeper')
      .map(({ id, standing, suspensions }) => ({
        id,
        mark: hash('weave', idBytes(id)),
        standing,
        linked: seen.linked.has(id),
        heard: seen.heard.get(id) ?? null,
        isFull: seen.full(id),
        pauses: suspensions.flatMap((act) => {
          const suspension = state.suspensions.get(act)
          const by = suspension ? memberOf(suspension.author) : null
          return suspension ? [{ id: act, mine: by === me.member, by }] : []
        }),
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    decisions: decisionsFrom(state, me, doc, { named, seen }),
    vouchers: vouchersIn(state),
    complaints: complaintsOf(state, me.device, seen).map(({ id, epoch, author, maker, reason }) => ({
      id,
      epoch,
      isMissing: reason === 'noBox',
      by: memberOf(author),
      maker: memberOf(maker),
      mine: author === me.device,
    })),
    cautions: cautionVoices(state, doc),
    me: state.devices.get(me.device)?.standing ?? 'revoked',
  }
}

/** Their devices are known still, and of nobody who is a member. */
const removedFrom = ({ devices, members }: LedgerState): readonly MemberId[] => [
  ...new Set(
    [...devices.values()].flatMap(({ member, standing }) =>
      member && standing === 'revoked' && !members.has(member) ? [member] : [],
    ),
  ),
]

const askedFrom = (state: LedgerState, removed: readonly MemberId[]): readonly MemberId[] => {
  const asked = [...state.proposals.values()].flatMap(({ proposal }) =>
    proposal.action === 'admit' ? [proposal.member] : [],
  )
  return [...new Set(asked)].filter((id) => !state.members.has(id) && !removed.includes(id))
}

/**
 * What this device knows of a person by itself. A pause changes nothing of it: it is about a phone, and whoever holds that
 * phone again is who they were.
 */
const trustIn = (
  { id, devices }: MemberState,
  known: { readonly state: LedgerState; readonly me: MemberId; readonly met: Seen['met'] },
): Membership['members'][number]['trust'] => {
  if (id === known.me) return 'me'
  const standing = devices.filter((device) =>
    ['active', 'suspended'].includes(known.state.devices.get(device)?.standing ?? ''),
  )
  if (standing.length === 0) return 'out'
  return standing.some((device) => known.met.has(device)) ? 'verified' : 'unverified'
}

/**
 * The newest complaint of each phone about keys of each other phone, while both stand. That a key never came is over once somebody
 * handed it over; that one does not open stays to be read until something final lies above it.
 */
const complaintsOf = (state: LedgerState, me: DeviceId, seen: Seen) => {
  const newest = new Map<string, LedgerState['complaints'][number] & { readonly maker: DeviceId }>()
  const stands = (device: DeviceId) => state.devices.get(device)?.standing === 'active'
  const isAnswered = ({ id, epoch, author }: LedgerState['complaints'][number]) =>
    author === me
      ? seen.holds(epoch)
      : state.grants.some(
          (grant) =>
            // One it knew of when it asked was not for the keys it has now.
            grant.device === author && grant.epochs.includes(epoch) && !seen.isBelow(grant.id, id),
        )
  for (const complaint of state.complaints) {
    const maker = state.epochs.get(complaint.epoch)?.author
    if (!maker || !stands(maker) || !stands(complaint.author) || seen.isSettled(complaint.id)) continue
    if (complaint.reason === 'noBox' && isAnswered(complaint)) continue
    newest.set(`${complaint.author} ${maker}`, { ...complaint, maker })
  }
  return [...newest.values()]
}
