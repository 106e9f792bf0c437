import type { DeviceId, EntryId, EpochId, MemberId } from '../core/ids.ts'
import type { Device } from '../crypto/device.ts'
import { isAtOrBelow, type Node } from './dag.ts'
import type {
  DeviceStanding,
  EpochState,
  FeedState,
  LedgerState,
  Policy,
  Position,
  SpaceKind,
  SuspensionState,
} from './types.ts'

/** A device's place among us, and the entry that gave it. */
export type Grant = {
  readonly member: MemberId | null
  readonly device: Device
  readonly by: Node
  /** Whether it made its member one, rather than giving a member a device. */
  readonly admits: boolean
  /** What was proposed and carried out; `null` for founders. */
  readonly proposal: EntryId | null
  readonly kind: 'member' | 'keeper'
  /** Void only because of these suspensions: the device counts as suspended, and stands again when they end. */
  readonly pausedBy: readonly Node[]
}

/** A majority's removal, revocation or recovery, and whom it strikes (T1). */
export type Strike = {
  readonly node: Node
  readonly devices: readonly DeviceId[]
  readonly member: MemberId | null
  /** The member whose old devices a recovery ends. */
  readonly recovers: MemberId | null
  readonly annul: readonly EntryId[]
  /** What its voters hold of the feeds of whoever is struck. */
  readonly frontier: readonly Position[]
}

/** A suspension as said: by an entry of its own, or by a proposal to revoke. */
export type Said = {
  readonly node: Node
  readonly device: DeviceId
  readonly frontier: readonly Position[]
  readonly reason: SuspensionState['reason']
  /** How many other members its author may silence alone, by the electorate it knew. */
  readonly cap: number
  /** Said by the collective around this circle: only what it says itself undoes it. */
  readonly fromAbove: boolean
}

/** A suspension in force. `device` differs from `said.device` where it follows from suspending the device that proposed it. */
export type Biting = {
  readonly said: Said
  readonly device: DeviceId
  readonly frontier: readonly Position[]
}

/** A lift in force: of all that suspends `device`, or, mirrored, of one act of the collective above. */
export type Lift =
  | { readonly node: Node; readonly device: DeviceId; readonly ends: null }
  | { readonly node: Node; readonly device: null; readonly ends: EntryId }

/** A further device, the device that proposed it, and the enactment that brought it in. */
export type Offspring = { readonly device: DeviceId; readonly proposer: DeviceId; readonly at: Node }

/** All that was said against devices, taken back and lifted; and the same found by what it is about. */
export type Words = {
  readonly said: readonly Said[]
  readonly withdrawals: readonly Node[]
  readonly lifts: readonly Lift[]
  readonly saidOf: ReadonlyMap<DeviceId, readonly Said[]>
  readonly saidBy: ReadonlyMap<MemberId | null, readonly Said[]>
  readonly withdrawalsOf: ReadonlyMap<EntryId | null, readonly Node[]>
  readonly liftsOf: ReadonlyMap<DeviceId | null, readonly Lift[]>
}

/** A suspension that has a place within its author’s cap, and whom it is to silence. */
export type Placed = { readonly one: Said; readonly target: MemberId }

/** Of one member’s words against devices, those that have a place within that member’s share of the others, and those that need none. */
export type Places = { readonly placed: readonly Placed[]; readonly free: ReadonlySet<Said> }

export type Suspensions = Words & {
  readonly places: ReadonlyMap<MemberId | null, Places>
  readonly biting: readonly Biting[]
  readonly on: ReadonlyMap<DeviceId, readonly Biting[]>
}

export type People = {
  readonly members: LedgerState['members']
  /** How many voices decisions are counted against. */
  readonly electorate: number
}

/**
 * What a downward-closed set of entries says, in the shape evaluation works with. Immutable: the next one shares what did
 * not change. `state.ts` turns it into what others read.
 */
export type View = {
  readonly founders: readonly MemberId[]
  readonly policy: Policy
  /** The least version of the rules a client must know to write. */
  readonly minRules: number
  /** The newest final checkpoint in the set. What lies below it is settled. */
  readonly final: Node | null
  /** Decisions that a member is away which nothing that member did has ended. */
  readonly dormant: ReadonlyMap<MemberId, readonly Node[]>
  readonly grants: ReadonlyMap<DeviceId, Grant>
  /** Whose each device is, by every grant that was allowed where it was made, void ones too; nobody’s, of a keeper. */
  readonly holders: ReadonlyMap<DeviceId, readonly MemberId[]>
  readonly offspring: readonly Offspring[]
  readonly strikes: readonly Strike[]
  readonly suspensions: Suspensions
  /** What each retired device said of its own end; more than one only if it contradicts itself. */
  readonly retired: ReadonlyMap<DeviceId, readonly (readonly Position[])[]>
  /** Positions a majority raised a frontier to. */
  readonly raised: ReadonlyMap<DeviceId, readonly Position[]>
  /** By client id. Those of suspended devices too, so that what they hold can be shown and rescued. */
  readonly feeds: ReadonlyMap<number, FeedState & { readonly silenced: boolean }>
  readonly epochs: ReadonlyMap<EpochId, EpochState>
  readonly invites: ReadonlyMap<EntryId, { readonly author: DeviceId; readonly invitePk: Uint8Array }>
  readonly rekeys: ReadonlyMap<DeviceId, Device['kemPk']>
  /** Every rekey that was allowed and is not cut, by device: two that did not know of each other tell of a copied phone. */
  readonly rekeyed: ReadonlyMap<DeviceId, readonly Node[]>
  readonly given: LedgerState['grants']
  readonly complaints: LedgerState['complaints']
  readonly proposals: ReadonlyMap<EntryId, Node>
  /** Admissions by invitation that a majority carried out, by proposal. */
  readonly confirmed: ReadonlyMap<EntryId, readonly Node[]>
  readonly enacted: ReadonlyMap<EntryId, true>
  readonly voided: ReadonlyMap<EntryId, true>
  /** The suspensions because of which something is without effect, or has less, that would come back without them. */
  readonly fragile: ReadonlyMap<EntryId, true>
}

export const NOTHING: View = {
  founders: [],
  policy: { admit: 0 },
  minRules: 1,
  final: null,
  dormant: new Map(),
  grants: new Map(),
  holders: new Map(),
  offspring: [],
  strikes: [],
  suspensions: {
    said: [],
    withdrawals: [],
    lifts: [],
    saidOf: new Map(),
    saidBy: new Map(),
    withdrawalsOf: new Map(),
    liftsOf: new Map(),
    places: new Map(),
    biting: [],
    on: new Map(),
  },
  retired: new Map(),
  raised: new Map(),
  feeds: new Map(),
  epochs: new Map(),
  invites: new Map(),
  rekeys: new Map(),
  rekeyed: new Map(),
  given: [],
  complaints: [],
  proposals: new Map(),
  confirmed: new Map(),
  enacted: new Map(),
  voided: new Map(),
  fragile: new Map(),
}

export const kindOf = ({ founders }: View): SpaceKind =>
  founders.length === 1 ? 'notebook' : founders.length === 2 ? 'pair' : 'collective'

/** The decisions that end a device. */
export const strikesOn = (
  { strikes, holders }: Pick<View, 'strikes' | 'holders'>,
  device: DeviceId,
): readonly Strike[] =>
  strikes.length === 0
    ? strikes
    : strikes.filter(
        ({ devices, member }) =>
          devices.includes(device) || (member !== null && (holders.get(device) ?? []).includes(member)),
      )

/** T2: whether an entry is void because its author was ended by a decision that did not know of it. */
export const isCut = (view: Pick<View, 'strikes' | 'holders'>, node: Node): boolean =>
  strikesOn(view, node.author).some((strike) => !isAtOrBelow(node, strike.node))

/** The suspensions that silence an entry: in force on its author, and not known to have built on it. */
export const silencing = ({ suspensions }: Pick<View, 'suspensions'>, node: Node): readonly Biting[] => {
  const on = suspensions.on.get(node.author)
  return on ? on.filter(({ said }) => !isAtOrBelow(node, said.node)) : []
}

export const standingOf = (view: View, device: DeviceId): DeviceStanding =>
  strikesOn(view, device).length > 0
    ? 'revoked'
    : view.retired.has(device)
      ? 'retired'
      : view.suspensions.on.has(device) || (view.grants.get(device)?.pausedBy.length ?? 0) > 0
        ? 'suspended'
        : 'active'

/**
 * Something worked out of a view, kept for all views that share what it hangs on. The first of `parts` finds it again.
 */
export const sharedBy = <T>(
  parts: readonly ['grants' | 'feeds', ...(keyof View)[]],
  workOut: (view: View) => T,
): ((view: View) => T) => {
  const known = new WeakMap<object, { readonly view: View; readonly value: T }>()
  const [first] = parts
  return (view) => {
    const last = known.get(view[first])
    if (last && parts.every((part) => last.view[part] === view[part])) return last.value
    const value = workOut(view)
    known.set(view[first], { view, value })
    return value
  }
}

/** The devices that decisions end. */
export const struckOf = sharedBy<ReadonlySet<DeviceId>>(['grants', 'strikes', 'holders'], (view) => {
  const { strikes, holders } = view
  const struck = new Set(strikes.flatMap(({ devices }) => devices))
  const removed = new Set(strikes.flatMap(({ member }) => member ?? []))
  if (removed.size > 0)
    for (const [device, members] of holders)
      if (members.some((member) => removed.has(member))) struck.add(device)
  return struck
})

/** Members and electorate. */
export const peopleOf = sharedBy<People>(
  ['grants', 'founders', 'strikes', 'holders', 'retired', 'final', 'dormant'],
  (view) => countPeople(view),
)

const countPeople = (view: View): People => {
  const removed = new Set(view.strikes.flatMap(({ member }) => member ?? []))
  const struck = struckOf(view)
  const devices = new Map<MemberId, DeviceId[]>()
  const present = new Set<MemberId>()
  const settled = new Set<MemberId>(view.founders)
  for (const [id, grant] of view.grants) {
    const { member } = grant
    if (!member || removed.has(member)) continue
    const theirs = devices.get(member)
    if (theirs) theirs.push(id)
    else devices.set(member, [id])
    if (!view.retired.has(id) && !struck.has(id)) present.add(member)
    if (grant.admits && grant.pausedBy.length === 0 && isSettled(view, grant.by)) settled.add(member)
  }
  const founders = new Set(view.founders)
  const members: LedgerState['members'] = new Map(
    [...devices]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, theirs]) => {
        // Whoever was admitted votes once that is settled: until then it could be a ghost let in by few.
        const votes = settled.has(id) && present.has(id)
        const dormant = view.dormant.has(id)
        return [id, { id, founder: founders.has(id), votes, dormant, devices: theirs.sort() }]
      }),
  )
  return { members, electorate: [...members.values()].filter(({ votes }) => votes).length }
}

/** Whether an entry lies at or below the newest final checkpoint of a set. */
export const isSettled = ({ final }: Pick<View, 'final'>, node: Node): boolean =>
  final !== null && isAtOrBelow(node, final)

/**
 * The one device each member co-signs checkpoints with: of those that are neither revoked nor retired, and whose own place
 * stands, the first that came in. One, so that nobody signs two contradicting ones with two hands.
 */
export const cosigningDevices = sharedBy<ReadonlyMap<MemberId, DeviceId>>(
  ['grants', 'strikes', 'holders', 'retired'],
  (view) => {
    const struck = struckOf(view)
    const first = new Map<MemberId, DeviceId>()
    for (const [id, { member, pausedBy }] of view.grants) {
      if (!member || first.has(member) || pausedBy.length > 0) continue
      if (!view.retired.has(id) && !struck.has(id)) first.set(member, id)
    }
    return first
  },
)

/** The member devices that may hold keys, sorted: whom a rotation is for (protocol: active in at(rotate)). */
export const activeMemberDevices = sharedBy<readonly DeviceId[]>(
  ['grants', 'strikes', 'holders', 'retired', 'suspensions'],
  (view) => {
    const { on } = view.suspensions
    return on.size === 0 ? unlessSuspended(view) : unlessSuspended(view).filter((id) => !on.has(id))
  },
)

/** The same but for suspensions, which come and go far more often than devices do. */
const unlessSuspended = sharedBy<readonly DeviceId[]>(['grants', 'strikes', 'holders', 'retired'], (view) => {
  const struck = struckOf(view)
  const stands = (id: DeviceId) => !struck.has(id) && !view.retired.has(id)
  return [...view.grants]
    .filter(([id, { kind, pausedBy }]) => kind === 'member' && pausedBy.length === 0 && stands(id))
    .map(([id]) => id)
    .sort()
})
