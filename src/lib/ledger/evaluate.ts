import type { DeviceId, EntryId, EpochId, FeedId, MemberId } from '../core/ids.ts'
import type { Ledger } from './graph.ts'
import { isCausallyValid } from './causal.ts'
import { yClientOf } from './feed-id.ts'
import { stateHash } from './state-hash.ts'
import { proposalOf, targetMemberOf, thresholdOf, votersOf } from './votes.ts'
import type {
  Act,
  DeviceState,
  DeviceStanding,
  EpochState,
  FeedState,
  LedgerState,
  MemberState,
  Position,
  ProposalState,
  SignedEntry,
  SuspensionState,
} from './types.ts'

/**
 * The state of a downward-closed set of entries, in strata, so that no race decides who stays (protocol §3.3): protective
 * majority decisions first (T1), what they cut (T2), lifts (T3), suspensions (T4), additive decisions (T5), the rest
 * (T6). Pure: equal sets give equal states, in whatever order they arrived. `order`: parents first, ties by id.
 */
export const evaluate = (ledger: Ledger, order: readonly SignedEntry[]): LedgerState => {
  const valid = order.filter((entry) => isCausallyValid(ledger, entry))
  const isValid = new Set(valid.map(({ id }) => id))
  const protective = valid.filter((entry) => isProtective(ledger, entry))
  const holders = holdersIn(ledger, valid)
  const cut = cutBy(ledger, order, protective, holders)
  const lifts = liftsIn(ledger, valid, cut)
  const suspensions = suspensionsIn(ledger, valid, { cut, protective, lifts, holders })
  const suspendedMeanwhile = (entry: SignedEntry) =>
    suspensions.some((act) => act.device === entry.entry.author && !isAtOrBelow(ledger, entry.id, act.id))

  // T5 and T6, in topological order: whoever was brought in by something void has said nothing.
  const grants = new Map<DeviceId, Grant>()
  const policy = { admit: 0 }
  const feeds: { readonly entry: EntryId; readonly feed: FeedId; readonly device: DeviceId }[] = []
  const epochs = new Map<EpochId, EpochState>()
  const given: LedgerState['grants'][number][] = []
  const complaints: LedgerState['complaints'][number][] = []
  const invites = new Map<EntryId, { author: DeviceId; invitePk: Uint8Array; used: boolean }>()
  const rekeys = new Map<DeviceId, Extract<Act, { type: 'rekey' }>['kemPk']>()
  const retired = new Map<DeviceId, readonly Position[]>()
  const enacted = new Set<EntryId>()
  const voided = new Set<EntryId>()
  let founders: readonly MemberId[] = []

  for (const entry of order) {
    const { act, id } = entry
    const { author } = entry.entry
    if (!act || !isValid.has(id)) {
      voided.add(id)
      continue
    }
    if (act.type === 'genesis') {
      founders = act.founders.map(({ member }) => member)
      for (const { member, device, deviceId } of act.founders)
        grants.set(deviceId, { member, device, by: id, kind: 'member', proposer: null })
      Object.assign(policy, act.policy)
      continue
    }
    if (protective.includes(entry) || lifts.includes(entry)) {
      if (act.type === 'enact') enacted.add(act.proposal)
      continue
    }
    const late = suspendedMeanwhile(entry)
    const standsAside = act.type === 'enact' || act.type === 'rotate' || SILENT_WHEN_SUSPENDED.has(act.type)
    if (cut.has(id) || !grants.has(author) || (late && standsAside && act.type !== 'rotate')) {
      voided.add(id)
      continue
    }
    switch (act.type) {
      case 'enact': {
        const proposal = proposalOf(ledger, act.proposal)
        const votes = votersOf(ledger, entry, {
          valid: (vote) => isCausallyValid(ledger, vote),
          counts: (vote) => !cut.has(vote.id) && !suspendedMeanwhile(vote) && grants.has(vote.entry.author),
        })
        const counted = proposal && votes.size >= thresholdOf(ledger.stateAt(id), proposal.proposal)
        if (!proposal || !counted || !addsTo(grants, policy, proposal, act.proposal)) voided.add(id)
        else enacted.add(act.proposal)
        break
      }
      case 'feed':
        feeds.push({ entry: id, feed: act.feed, device: author })
        break
      case 'rotate': {
        const recipients = activeMemberDevices(ledger.stateAt(id))
        const depth = 1 + Math.max(0, ...act.prev.map((prev) => epochs.get(prev)?.depth ?? 0))
        const epoch = id as EpochId
        epochs.set(epoch, {
          id: epoch,
          author,
          prev: act.prev,
          commit: act.commit,
          boxRoot: act.boxRoot,
          recipients,
          depth,
          void: late,
        })
        if (late) voided.add(id)
        break
      }
      case 'grant':
        given.push({ id, author, device: act.device, epochs: act.epochs, box: act.box })
        break
      case 'complain':
        complaints.push({ id, author, epoch: act.epoch, reason: act.reason })
        break
      case 'rekey':
        rekeys.set(author, act.kemPk)
        break
      case 'invite':
        invites.set(id, { author, invitePk: act.invitePk, used: false })
        break
      case 'retire':
        retired.set(author, act.frontier)
        break
      default:
        break
    }
  }

  const standing = (device: DeviceId, grant: Grant): DeviceStanding =>
    protective.some((act) => strikes(ledger, act, device, grant.member))
      ? 'revoked'
      : retired.has(device)
        ? 'retired'
        : suspensions.some((act) => act.device === device)
          ? 'suspended'
          : 'active'

  const devices = new Map<DeviceId, DeviceState>()
  for (const [id, grant] of [...grants].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const on = suspensions.filter((act) => act.device === id)
    devices.set(id, {
      id,
      member: grant.member,
      kind: grant.kind,
      device: grant.device,
      kemPk: rekeys.get(id) ?? grant.device.kemPk,
      standing: standing(id, grant),
      suspensions: on.map((act) => act.id).sort(),
      revokedBy: protective.filter((act) => strikes(ledger, act, id, grant.member)).map((act) => act.id),
      grantedBy: grant.by,
      frontier: frontierOf(ledger, id, grant, on, protective, retired.get(id) ?? []),
    })
  }

  const members = membersOf(devices, founders)
  for (const invite of invites.values()) invite.used = false
  for (const id of enacted) {
    const proposal = proposalOf(ledger, id)?.proposal
    const invite =
      proposal && 'proof' in proposal && proposal.proof ? invites.get(proposal.proof.invite) : undefined
    if (invite) invite.used = true
  }
  const state: Omit<LedgerState, 'hash' | 'proposals'> = {
    coll: ledger.coll,
    kind: founders.length === 1 ? 'notebook' : founders.length === 2 ? 'pair' : 'collective',
    policy: { admit: policy.admit },
    members,
    devices,
    feeds: feedsOf(feeds),
    epochs,
    suspensions: suspensionStates(suspensions, devices),
    invites,
    grants: given,
    complaints,
    void: voided,
  }
  const proposals = proposalStates(
    valid,
    { ...state, proposals: new Map(), hash: new Uint8Array() },
    { cut, enacted },
  )
  return { ...state, proposals, hash: stateHash({ ...state, proposals }) }
}

type Grant = {
  readonly member: MemberId | null
  readonly device: DeviceState['device']
  readonly by: EntryId
  readonly kind: 'member' | 'keeper'
  /** The device of the same member that proposed it, for the cascade of suspensions. */
  readonly proposer: DeviceId | null
}

/** A suspension in force on `device`: by its own entry, by a proposal to revoke, or following from another of the same author. */
export type Suspension = {
  readonly id: EntryId
  readonly author: DeviceId
  readonly device: DeviceId
  readonly frontier: readonly Position[]
  readonly reason: SuspensionState['reason']
}

const SILENT_WHEN_SUSPENDED = new Set(['feed', 'grant', 'complain', 'rekey', 'invite'])
const PROTECTIVE = new Set(['removeMember', 'revokeDevice', 'recover'])

export const isAtOrBelow = (ledger: Ledger, id: EntryId, above: EntryId): boolean =>
  id === above || ledger.isBelow(id, above)

/** T1: a majority's removal or revocation stands by its own past alone; nothing concurrent undoes it. */
const isProtective = (ledger: Ledger, { act }: SignedEntry): boolean =>
  act?.type === 'enact' && PROTECTIVE.has(proposalOf(ledger, act.proposal)?.proposal.action ?? '')

/** Whose each device is, by every grant in the set, void ones too: a removal must reach a device whose admission it voids. */
const holdersIn = (ledger: Ledger, valid: readonly SignedEntry[]): ReadonlyMap<DeviceId, MemberId> => {
  const holders = new Map<DeviceId, MemberId>()
  for (const { act } of valid) {
    if (act?.type === 'genesis')
      for (const { deviceId, member } of act.founders) holders.set(deviceId, member)
    const proposal = act?.type === 'enact' ? proposalOf(ledger, act.proposal)?.proposal : null
    if (proposal && 'deviceId' in proposal && 'member' in proposal)
      holders.set(proposal.deviceId, proposal.member)
  }
  return holders
}

/** Whether a protective decision strikes this device. */
const strikes = (
  ledger: Ledger,
  { act }: SignedEntry,
  device: DeviceId,
  member: MemberId | null,
): boolean => {
  const proposal = act?.type === 'enact' ? proposalOf(ledger, act.proposal)?.proposal : null
  if (proposal?.action === 'revokeDevice') return proposal.device === device
  if (proposal?.action === 'removeMember') return proposal.member === member
  return proposal?.action === 'recover' && proposal.member === member && proposal.deviceId !== device
}

/** T2: what a removed or revoked device said that the decision did not know of is void. */
const cutBy = (
  ledger: Ledger,
  order: readonly SignedEntry[],
  protective: readonly SignedEntry[],
  holders: ReadonlyMap<DeviceId, MemberId>,
): ReadonlySet<EntryId> => {
  const cut = new Set<EntryId>()
  if (protective.length === 0) return cut
  for (const entry of order) {
    if (protective.includes(entry)) continue
    const { author } = entry.entry
    const struck = protective.some(
      (act) =>
        strikes(ledger, act, author, holders.get(author) ?? null) && !isAtOrBelow(ledger, entry.id, act.id),
    )
    if (struck) cut.add(entry.id)
  }
  return cut
}

/** T3: lifts whose votes still suffice without those that were cut. Votes of suspended devices count. */
const liftsIn = (
  ledger: Ledger,
  valid: readonly SignedEntry[],
  cut: ReadonlySet<EntryId>,
): readonly SignedEntry[] =>
  valid.filter((entry) => {
    const proposal = entry.act?.type === 'enact' ? proposalOf(ledger, entry.act.proposal) : null
    if (proposal?.proposal.action !== 'lift' || cut.has(entry.id)) return false
    return (
      votersOf(ledger, entry, {
        valid: (vote) => isCausallyValid(ledger, vote),
        counts: (vote) => !cut.has(vote.id),
      }).size >= thresholdOf(ledger.stateAt(entry.id), proposal.proposal)
    )
  })

/** T4: suspensions in force. One member's bite on a bounded number of others unless a second member suspends the same device. */
const suspensionsIn = (
  ledger: Ledger,
  valid: readonly SignedEntry[],
  known: {
    readonly cut: ReadonlySet<EntryId>
    readonly protective: readonly SignedEntry[]
    readonly lifts: readonly SignedEntry[]
    readonly holders: ReadonlyMap<DeviceId, MemberId>
  },
): readonly Suspension[] => {
  const { cut, protective, lifts, holders } = known
  const withdrawn = new Set(
    valid.flatMap(({ act, id }) => (act?.type === 'withdraw' && !cut.has(id) ? [act.target] : [])),
  )
  const annulled = (suspension: Suspension) =>
    protective.some((entry) => {
      const proposal = entry.act?.type === 'enact' ? proposalOf(ledger, entry.act.proposal)?.proposal : null
      const names = proposal && 'annul' in proposal && proposal.annul.includes(suspension.id)
      return names && strikes(ledger, entry, suspension.author, holders.get(suspension.author) ?? null)
    })
  const lifted = (suspension: Suspension) =>
    lifts.some((entry) => {
      const proposal = entry.act?.type === 'enact' ? proposalOf(ledger, entry.act.proposal)?.proposal : null
      return (
        proposal?.action === 'lift' &&
        proposal.device === suspension.device &&
        ledger.isBelow(suspension.id, entry.id)
      )
    })
  const said = valid
    .flatMap((entry) => suspensionFrom(entry))
    .filter((act) => !cut.has(act.id) && !withdrawn.has(act.id) && !annulled(act))
  const biting = underCap(ledger, said, holders).filter((act) => !lifted(act))
  return [...biting, ...cascade(ledger, valid, biting, cut)]
}

const suspensionFrom = ({ id, entry, act }: SignedEntry): readonly Suspension[] => {
  if (act?.type === 'suspend')
    return [{ id, author: entry.author, device: act.device, frontier: act.frontier, reason: act.reason }]
  if (act?.type === 'propose' && act.proposal.action === 'revokeDevice')
    return [
      {
        id,
        author: entry.author,
        device: act.proposal.device,
        frontier: act.proposal.frontier,
        reason: 'proposed',
      },
    ]
  return []
}

/** One stolen phone cannot silence the rest: beyond max(1, ⌊(n−1)/2⌋) other members, each suspension needs a second member. */
const underCap = (
  ledger: Ledger,
  said: readonly Suspension[],
  holders: ReadonlyMap<DeviceId, MemberId>,
): readonly Suspension[] => {
  const byMember = new Map<MemberId | undefined, Suspension[]>()
  for (const act of said) {
    const member = holders.get(act.author)
    byMember.set(member, [...(byMember.get(member) ?? []), act])
  }
  const capped = new Set<EntryId>()
  for (const [member, acts] of byMember) {
    const struck = new Set<MemberId>()
    const sizes = new Map(acts.map((act) => [act.id, ledger.pastSize(act.id)]))
    for (const act of [...acts].sort(
      (a, b) => sizes.get(a.id)! - sizes.get(b.id)! || (a.id < b.id ? -1 : 1),
    )) {
      const target = holders.get(act.device)
      if (target === undefined || target === member) continue
      const n = [...ledger.stateAt(act.id).members.values()].filter(({ votes }) => votes).length
      const cap = Math.max(1, Math.floor((n - 1) / 2))
      if (struck.has(target) || struck.size < cap) struck.add(target)
      else if (!said.some((other) => other.device === act.device && holders.get(other.author) !== member))
        capped.add(act.id)
    }
  }
  return said.filter(({ id }) => !capped.has(id))
}

/** Suspending a device also suspends what it proposed for its own member: a thief's second phone. */
const cascade = (
  ledger: Ledger,
  valid: readonly SignedEntry[],
  biting: readonly Suspension[],
  cut: ReadonlySet<EntryId>,
): readonly Suspension[] => {
  const further: Suspension[] = []
  const queue = [...biting]
  const seen = new Set(biting.map(({ id, device }) => `${id} ${device}`))
  for (let act = queue.shift(); act; act = queue.shift())
    for (const { act: said, id } of valid) {
      if (said?.type !== 'enact' || cut.has(id)) continue
      const proposal = proposalOf(ledger, said.proposal)
      if (proposal?.proposal.action !== 'addDevice' || proposal.author !== act.device) continue
      const next: Suspension = { ...act, device: proposal.proposal.deviceId, frontier: [] }
      if (seen.has(`${next.id} ${next.device}`)) continue
      seen.add(`${next.id} ${next.device}`)
      further.push(next)
      queue.push(next)
    }
  return further
}

/** Carries an additive decision out. False: it cannot be (an id that exists or never returns). */
const addsTo = (
  grants: Map<DeviceId, Grant>,
  policy: { admit: number },
  { proposal, author }: NonNullable<ReturnType<typeof proposalOf>>,
  by: EntryId,
): boolean => {
  switch (proposal.action) {
    case 'admit':
    case 'addDevice':
    case 'recover':
      if (grants.has(proposal.deviceId)) return grants.get(proposal.deviceId)?.by === by
      grants.set(proposal.deviceId, {
        member: proposal.member,
        device: proposal.device,
        by,
        kind: 'member',
        proposer: proposal.action === 'addDevice' ? author : null,
      })
      return true
    case 'keeper':
      if (!grants.has(proposal.deviceId))
        grants.set(proposal.deviceId, {
          member: null,
          device: proposal.device,
          by,
          kind: 'keeper',
          proposer: null,
        })
      return true
    case 'policy':
      policy.admit = proposal.policy.admit
      return true
    default:
      return true
  }
}

export const activeMemberDevices = (state: LedgerState): readonly DeviceId[] =>
  [...state.devices.values()]
    .filter(({ standing, kind }) => standing === 'active' && kind === 'member')
    .map(({ id }) => id)
    .sort()

const membersOf = (
  devices: ReadonlyMap<DeviceId, DeviceState>,
  founders: readonly MemberId[],
): ReadonlyMap<MemberId, MemberState> => {
  const members = new Map<MemberId, MemberState>()
  for (const { member, id } of devices.values()) {
    if (!member) continue
    const known = members.get(member)
    members.set(member, {
      id: member,
      founder: founders.includes(member),
      // Votes of the admitted begin under a final checkpoint; while there is none, founders decide.
      votes: founders.includes(member),
      devices: [...(known?.devices ?? []), id],
    })
  }
  for (const [id, { devices: ids }] of members) {
    const standings = ids.map((device) => devices.get(device)?.standing)
    if (standings.every((standing) => standing === 'revoked')) members.delete(id)
    else if (standings.every((standing) => standing === 'revoked' || standing === 'retired'))
      members.set(id, { ...members.get(id)!, votes: false })
  }
  return new Map([...members].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Of several acts on one device, the highest position in each feed. */
const frontierOf = (
  ledger: Ledger,
  device: DeviceId,
  grant: Grant,
  on: readonly Suspension[],
  protective: readonly SignedEntry[],
  retired: readonly Position[],
): readonly Position[] => {
  const named: Position[] = [...on.flatMap(({ frontier }) => frontier), ...retired]
  for (const entry of protective) {
    if (!strikes(ledger, entry, device, grant.member) || entry.act?.type !== 'enact') continue
    const proposal = proposalOf(ledger, entry.act.proposal)?.proposal
    if (proposal?.action === 'revokeDevice') named.push(...proposal.frontier)
  }
  const highest = new Map<FeedId, Position>()
  for (const at of named) if (at.seq > (highest.get(at.feed)?.seq ?? -1)) highest.set(at.feed, at)
  return [...highest.values()].sort((a, b) => (a.feed < b.feed ? -1 : 1))
}

/** Of two feeds with one client id the one with the smaller entry id stands: never both, never neither. */
const feedsOf = (
  registered: readonly { readonly entry: EntryId; readonly feed: FeedId; readonly device: DeviceId }[],
): ReadonlyMap<FeedId, FeedState> => {
  const byClient = new Map<number, FeedState>()
  for (const { entry, feed, device } of registered) {
    const yClient = yClientOf(feed)
    const other = byClient.get(yClient)
    if (!other || entry < other.entry) byClient.set(yClient, { id: feed, device, entry, yClient })
  }
  return new Map([...byClient.values()].map((feed) => [feed.id, feed]))
}

const suspensionStates = (
  suspensions: readonly Suspension[],
  devices: ReadonlyMap<DeviceId, DeviceState>,
): ReadonlyMap<EntryId, SuspensionState> => {
  const memberOf = (device: DeviceId) => devices.get(device)?.member
  return new Map(
    suspensions.map(({ id, author, device, reason, frontier }) => [
      id,
      {
        id,
        author,
        device: suspensions.find((act) => act.id === id)?.device ?? device,
        reason,
        frontier,
        seconded: suspensions.some(
          (other) => other.device === device && memberOf(other.author) !== memberOf(author),
        ),
      },
    ]),
  )
}

const proposalStates = (
  valid: readonly SignedEntry[],
  state: LedgerState,
  known: { readonly cut: ReadonlySet<EntryId>; readonly enacted: ReadonlySet<EntryId> },
): ReadonlyMap<EntryId, ProposalState> => {
  const withdrawn = new Set(valid.flatMap(({ act }) => (act?.type === 'withdraw' ? [act.target] : [])))
  const proposals = new Map<EntryId, ProposalState>()
  for (const entry of valid) {
    if (entry.act?.type !== 'propose') continue
    const { proposal } = entry.act
    const votes = valid.filter(
      ({ act, id }) =>
        (id === entry.id || (act?.type === 'approve' && act.proposal === entry.id)) &&
        !withdrawn.has(id) &&
        !known.cut.has(id),
    )
    const approvals = new Set<MemberId>()
    for (const vote of votes) {
      const member = state.devices.get(vote.entry.author)?.member
      if (member && mayCount(state, proposal, member, entry.entry.author)) approvals.add(member)
    }
    proposals.set(entry.id, {
      id: entry.id,
      proposal,
      author: entry.entry.author,
      approvals: [...approvals].sort(),
      needed: thresholdOf(state, proposal),
      status: known.cut.has(entry.id)
        ? 'void'
        : known.enacted.has(entry.id)
          ? 'enacted'
          : withdrawn.has(entry.id)
            ? 'withdrawn'
            : 'open',
    })
  }
  return proposals
}

/** Whose vote counts for a proposal: the electorate, for a further device any member, never the one it is about. */
const mayCount = (
  state: LedgerState,
  proposal: ProposalState['proposal'],
  member: MemberId,
  proposer: DeviceId,
): boolean => {
  if (proposal.action === 'addDevice')
    return state.members.has(member) && member !== state.devices.get(proposer)?.member
  return (state.members.get(member)?.votes ?? false) && member !== targetMemberOf(state, proposal)
}
