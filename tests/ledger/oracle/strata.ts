import type { DeviceId, EntryId, FeedId, MemberId } from '../../../src/lib/core/ids.ts'
import type { DeviceStanding, Position, ProposalState } from '../../../src/lib/ledger/types.ts'
import { neededFor, votesFor, type Allowed } from './allowed.ts'
import { inviteOf } from './inviting.ts'
import type { Reading } from './oracle.ts'
import { frontierFrom, leftBy, type Frontiers } from './positions.ts'
import { bitingOf, type Bite, type Decided } from './suspending.ts'

export type Place = {
  readonly member: MemberId | null
  readonly by: EntryId
  readonly admits: boolean
  readonly proposal: EntryId | null
  /** Here but silent, because of these. */
  readonly pausedBy: readonly EntryId[]
}

export type Epoch = {
  readonly recipients: readonly DeviceId[]
  readonly void: boolean
  readonly prev: readonly EntryId[]
  readonly depth: number
}

/** What a set of entries comes to. */
export type Sum = {
  readonly founders: readonly MemberId[]
  readonly places: ReadonlyMap<DeviceId, Place>
  /** Whose each device was ever said to be. */
  readonly held: ReadonlyMap<DeviceId, readonly MemberId[]>
  readonly struck: ReadonlySet<DeviceId>
  /** Entries said by whoever was ended, which those who ended them did not know. */
  readonly cut: ReadonlySet<EntryId>
  readonly retired: ReadonlySet<DeviceId>
  readonly biting: readonly Bite[]
  /** What there was to decide about suspensions. */
  readonly noted: ReadonlySet<Decided>
  readonly members: ReadonlySet<MemberId>
  readonly voters: ReadonlySet<MemberId>
  readonly dormant: ReadonlySet<MemberId>
  /** The device each member co-signs with. */
  readonly hands: ReadonlyMap<MemberId, DeviceId>
  readonly policy: number
  readonly minRules: number
  /** Epochs, who gets their keys, and whether anybody may write under them. */
  readonly epochs: ReadonlyMap<EntryId, Epoch>
  /** The key each device is boxed for. */
  readonly keys: ReadonlyMap<DeviceId, Uint8Array>
  readonly enacted: ReadonlySet<EntryId>
  readonly finals: readonly EntryId[]
  readonly void: ReadonlySet<EntryId>
  /** Which registration of each feed stands, and whose it is. */
  readonly feeds: ReadonlyMap<FeedId, { readonly entry: EntryId; readonly device: DeviceId }>
  readonly frontiers: Frontiers
  /** Proposals, and what has become of each. */
  readonly proposals: readonly {
    readonly id: EntryId
    readonly status: ProposalState['status']
    readonly approvals: readonly MemberId[]
    readonly needed: number
  }[]
  /** Invitations that stand, and those of them that brought somebody in. */
  readonly invites: readonly EntryId[]
  readonly used: ReadonlySet<EntryId>
  /** Admissions for which more than half of all stood. */
  readonly confirmed: readonly { readonly proposal: EntryId; readonly by: EntryId }[]
  readonly granted: readonly EntryId[]
  readonly complained: readonly EntryId[]
}

export const standing = (
  sum: Pick<Sum, 'places' | 'struck' | 'retired' | 'biting'>,
  device: DeviceId,
): DeviceStanding | null => {
  const place = sum.places.get(device)
  if (!place) return null
  if (sum.struck.has(device)) return 'revoked'
  if (sum.retired.has(device)) return 'retired'
  return place.pausedBy.length > 0 || sum.biting.some((bite) => bite.device === device)
    ? 'suspended'
    : 'active'
}

const PROTECTIVE = ['removeMember', 'revokeDevice', 'recover']

/** T1 to T6, over a set in topological order. */
export const sumUp = (reading: Reading, order: readonly EntryId[]): Sum => {
  const valid = order.filter((id) => reading.allowed(id))
  const verdict = (id: EntryId): Allowed => reading.allowed(id)!
  const authorOf = (id: EntryId): DeviceId => reading.word(id)!.author
  const enacts = valid.filter((id) => verdict(id).does)
  const genesis = reading.act(order[0]!, 'genesis')

  // T1: whose devices were ever whose, and what a majority ends.
  const held = new Map<DeviceId, MemberId[]>(
    genesis?.founders.map(({ deviceId, member }) => [deviceId, [member]]),
  )
  for (const id of enacts) {
    const does = verdict(id).does!
    if (!('deviceId' in does)) continue
    // A keeper is nobody's, and named all the same.
    const whose = held.get(does.deviceId) ?? []
    const isAnother = 'member' in does && !whose.includes(does.member)
    held.set(does.deviceId, isAnother ? [...whose, does.member] : whose)
  }
  const strikes = enacts.filter((id) => PROTECTIVE.includes(verdict(id).does!.action))
  const strikesOn = (device: DeviceId) =>
    strikes.filter((id) => {
      const { does, ends } = verdict(id)
      return does!.action === 'removeMember'
        ? held.get(device)?.includes(does.member)
        : ends!.includes(device)
    })

  // T2
  const cut = new Set(
    order.filter((id) => strikesOn(authorOf(id)).some((strike) => !reading.atOrBelow(id, strike))),
  )
  const uncut = valid.filter((id) => !cut.has(id))
  const votersOf = (votes: Allowed['votes']) => new Set(votes!.map(({ member }) => member)).size

  // T3
  const lifts = enacts.filter((id) => {
    const { does, proposal, votes, needed } = verdict(id)
    if (does!.action !== 'lift' || cut.has(id) || cut.has(proposal!)) return false
    return votersOf(votes!.filter(({ by }) => !cut.has(by))) >= needed!
  })

  // T4
  const noted = new Set<Decided>()
  const biting = bitingOf(reading, { uncut, enacts, cut, lifts, held, strikesOn }, (what) => noted.add(what))
  const silencersOf = (id: EntryId) =>
    biting
      .filter(({ device, said }) => device === authorOf(id) && !reading.atOrBelow(id, said))
      .map(({ said }) => said)

  // T5 and T6
  const places = new Map<DeviceId, Place>()
  for (const { deviceId, member } of genesis?.founders ?? [])
    places.set(deviceId, { member, by: order[0]!, admits: true, proposal: null, pausedBy: [] })
  const retired = new Set<DeviceId>()
  const epochs = new Map<EntryId, Epoch>()
  const keys = new Map(genesis?.founders.map(({ deviceId, device }) => [deviceId, device.kemPk]))
  const enacted = new Set<EntryId>()
  const voided = new Set<EntryId>()
  const registered: { readonly id: EntryId; readonly isHushed: boolean }[] = []
  const away: { readonly by: EntryId; readonly members: readonly MemberId[] }[] = []
  const retirements: { readonly device: DeviceId; readonly frontier: readonly Position[] }[] = []
  const raised: { readonly device: DeviceId; readonly frontier: readonly Position[] }[] = []
  const confirmed: { readonly proposal: EntryId; readonly by: EntryId }[] = []
  let policy = genesis?.policy.admit ?? 0
  let minRules = 1

  const belongs = (id: EntryId) => !cut.has(id) && places.has(authorOf(id))
  const hushed = (id: EntryId) => [...silencersOf(id), ...(places.get(authorOf(id))?.pausedBy ?? [])]

  /** Whether a device comes in by an enactment. */
  const comesIn = (id: EntryId, pausedBy: readonly EntryId[]): boolean => {
    const { does, proposal } = verdict(id)
    if (!does || !('deviceId' in does)) return true
    const known = places.get(does.deviceId)
    if (known && known.proposal !== proposal) return false
    if (known && known.pausedBy.length === 0) return true
    const member = does.action === 'keeper' ? null : does.member
    if (does.action === 'admit' && !known && [...places.values()].some((place) => place.member === member))
      return false
    const by = known && pausedBy.length > 0 ? known.by : id
    places.set(does.deviceId, { member, by, admits: does.action === 'admit', proposal: proposal!, pausedBy })
    if (!keys.has(does.deviceId)) keys.set(does.deviceId, does.device.kemPk)
    return true
  }

  /** T5. */
  const hasEffect = (id: EntryId): boolean => {
    const { does, proposal, votes, needed } = verdict(id)
    const action = does!.action
    if (action === 'removeMember' || action === 'revokeDevice') return true
    if (action === 'lift') return lifts.includes(id)
    const protects = action === 'recover'
    const there = votes!.filter(({ by }) => belongs(by))
    if (!belongs(id) || !belongs(proposal!) || votersOf(there) < needed!) return protects
    const isOutrun = (strike: EntryId) => {
      const freshStart = verdict(strike).does!
      if (action !== 'addDevice' || freshStart.action !== 'recover' || freshStart.member !== does!.member)
        return false
      return !reading.atOrBelow(id, strike) && !reading.below(strike, id)
    }
    if (strikes.some(isOutrun)) return protects
    const carriers = action === 'addDevice' ? [id, proposal!] : [id]
    const hushedCarriers = carriers.filter((one) => hushed(one).length > 0)
    const heard = there.filter(({ by }) => hushed(by).length === 0)
    if (hushedCarriers.length > 0 || votersOf(heard) < needed!) {
      const silent = [...carriers, ...there.map(({ by }) => by)]
      comesIn(id, [...new Set(silent.flatMap(hushed))])
      return protects
    }
    if (does!.action === 'policy') policy = does!.policy.admit
    if (does!.action === 'minRules') minRules = Math.max(minRules, does!.rules)
    if (does!.action === 'amendFrontier') raised.push({ device: does!.device, frontier: does!.frontier })
    if (does!.action === 'admit' && votersOf(heard) >= verdict(id).majority!)
      confirmed.push({ proposal: proposal!, by: id })
    if (does!.action === 'dormant') away.push({ by: id, members: does!.members })
    return comesIn(id, []) || protects
  }

  for (const id of order) {
    if (!reading.allowed(id)) {
      voided.add(id)
      continue
    }
    const { act, author } = reading.word(id)!
    const speaks = belongs(id) && hushed(id).length === 0
    let effect = belongs(id)
    switch (act!.type) {
      case 'genesis':
      case 'checkpoint':
      case 'cosign':
        effect = true
        break
      case 'retire':
        retired.add(author)
        retirements.push({ device: author, frontier: act.frontier })
        effect = true
        break
      case 'enact':
        effect = hasEffect(id)
        if (effect) enacted.add(verdict(id).proposal!)
        break
      case 'rotate':
        effect = speaks
        epochs.set(id, {
          ...{ recipients: verdict(id).recipients!, void: !speaks, prev: act.prev },
          depth: 1 + Math.max(0, ...act.prev.map((one) => epochs.get(one)!.depth)),
        })
        break
      case 'rekey':
        effect = speaks && !isCloned(reading, id, uncut)
        if (effect) keys.set(author, act.kemPk)
        break
      case 'feed':
        effect = speaks
        if (belongs(id)) registered.push({ id, isHushed: !speaks })
        break
      case 'mirror':
        // There is no collective around this one.
        effect = false
        break
      case 'grant':
      case 'complain':
      case 'invite':
        effect = speaks
    }
    if (!effect) voided.add(id)
  }

  // Of two that register one feed, what was settled before the other was said stands; else who is not hushed; else the smaller id.
  const feeds = new Map<FeedId, EntryId>()
  for (const { id, isHushed } of registered) {
    const { feed } = reading.act(id, 'feed')!
    const other = feeds.get(feed)
    const settledBefore = reading.newestFinal(reading.past(id))
    const otherIsHushed = registered.some((one) => one.id === other && one.isHushed)
    const gives = (loser: EntryId, winner: EntryId) => {
      voided.add(loser)
      feeds.set(feed, winner)
    }
    if (other === undefined) feeds.set(feed, id)
    else if (settledBefore !== null && reading.atOrBelow(other, settledBefore)) gives(id, other)
    else if (isHushed !== otherIsHushed)
      gives(...(isHushed ? ([id, other] as const) : ([other, id] as const)))
    else gives(...(id < other ? ([other, id] as const) : ([id, other] as const)))
  }
  const heardOf = (type: 'grant' | 'complain') =>
    order.filter((id) => reading.word(id)!.act?.type === type && !voided.has(id))

  // Who is here, and whose voice counts.
  const removed = strikes.flatMap((id) => {
    const does = verdict(id).does!
    return does.action === 'removeMember' ? [does.member] : []
  })
  const all = [...places].filter(([, { member }]) => member !== null && !removed.includes(member))
  const members = new Set(all.map(([, { member }]) => member!))
  const struck = new Set([...places.keys()].filter((device) => strikesOn(device).length > 0))
  const isEnded = (device: DeviceId) => struck.has(device) || retired.has(device)
  const final = reading.newestFinal(new Set(order))
  const isSettled = ({ by, admits, pausedBy }: Place) =>
    admits && pausedBy.length === 0 && final !== null && reading.atOrBelow(by, final)
  const founders = genesis?.founders.map(({ member }) => member) ?? []
  const voters = new Set(
    [...members].filter((member) => {
      const theirs = all.filter(([, place]) => place.member === member)
      const isOne = founders.includes(member) || theirs.some(([, place]) => isSettled(place))
      return isOne && theirs.some(([device]) => !isEnded(device))
    }),
  )
  const hands = new Map<MemberId, DeviceId>()
  for (const [device, { member, pausedBy }] of all)
    if (!hands.has(member!) && pausedBy.length === 0 && !isEnded(device)) hands.set(member!, device)
  const signsOfLife = uncut.filter((id) => verdict(id).stood !== false)
  const dormant = new Set(
    away.flatMap(({ by, members: named }) =>
      named.filter(
        (member) =>
          !signsOfLife.some(
            (id) => places.get(authorOf(id))?.member === member && !reading.atOrBelow(id, by),
          ),
      ),
    ),
  )
  const finals = reading.finals.filter((id) => order.includes(id))
  const ownFeeds = (device: DeviceId) =>
    new Set([...feeds].flatMap(([feed, entry]) => (authorOf(entry) === device ? [feed] : [])))
  const frontiers = new Map(
    [...places.keys()].map((device) => {
      const about = <T extends { readonly device: DeviceId }>(words: readonly T[]) =>
        words.filter((word) => word.device === device)
      const frontier = frontierFrom({
        strikes: strikesOn(device).map((id) => verdict(id).held!),
        suspensions: about(biting).map(({ said }) => leftBy(reading, said)),
        retirements: about(retirements).map((word) => word.frontier),
        raised: about(raised).flatMap((word) => word.frontier),
        own: ownFeeds(device),
      })
      return [device, frontier] as const
    }),
  )
  const heardNow = { cut, places, struck, retired, biting, members, voters, policy }
  const proposals = valid.flatMap((id) => {
    const does = reading.act(id, 'propose')?.proposal
    if (!does) return []
    const protects = PROTECTIVE.includes(does.action)
    const votes = votesFor(reading, { proposal: id, does, at: heardNow, seen: new Set(order) }).filter(
      ({ by }) => protects || (!cut.has(by) && (does.action === 'lift' || silencersOf(by).length === 0)),
    )
    const isTakenBack = uncut.some((one) => reading.act(one, 'withdraw')?.target === id)
    const status = enacted.has(id)
      ? 'enacted'
      : !protects && cut.has(id)
        ? 'void'
        : isTakenBack
          ? 'withdrawn'
          : 'open'
    const approvals = [...new Set(votes.map(({ member }) => member))].sort()
    return [{ id, status, approvals, needed: neededFor(heardNow, does) } as const]
  })
  const invites = valid.filter((id) => reading.act(id, 'invite') && !voided.has(id))
  const used = new Set([...enacted].flatMap((id) => inviteOf(reading, id) ?? []))
  return {
    ...{ founders, places, held, cut, struck, retired, biting, noted, members, voters, dormant, hands },
    ...{ policy, minRules, epochs, keys, enacted, finals, void: voided },
    ...{ frontiers, proposals, invites, used, confirmed },
    feeds: new Map([...feeds].map(([feed, entry]) => [feed, { entry, device: authorOf(entry) }])),
    ...{ granted: heardOf('grant'), complained: heardOf('complain') },
  }
}

/** Two new keys of one device of which neither knew of the other: which is the copy, nobody can tell. */
export const isCloned = (reading: Reading, id: EntryId, uncut: readonly EntryId[]): boolean =>
  uncut.some(
    (other) =>
      reading.act(other, 'rekey') !== null &&
      reading.word(other)!.author === reading.word(id)!.author &&
      !reading.oracle.inLine(other, id) &&
      !reading.below(id, other),
  )
