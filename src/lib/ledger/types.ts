import type { Cbor } from '../core/cbor.ts'
import type { CollId, DeviceId, EntryId, EpochId, FeedId, MemberId, RecId } from '../core/ids.ts'
import type { Device } from '../crypto/device.ts'

/** A place in a feed: the record at `seq` and its id, so that a position pins the whole prefix below it. */
export type Position = { readonly feed: FeedId; readonly seq: number; readonly rec: RecId }

/**
 * A ledger entry as signed: `{v, coll, type, author, own, parents, body}`. `coll` is null in a genesis, whose id *is* the
 * collective; `own` is the author's previous entry; `parents` are all heads the author knew, sorted. Spec: ledger.md §4.
 */
export type Entry = {
  readonly v: number
  readonly coll: CollId | null
  readonly type: string
  readonly author: DeviceId
  readonly own: EntryId | null
  readonly parents: readonly EntryId[]
  readonly body: Cbor
}

/** An entry that passed the structural checks, with its id, its own canonical bytes, and what its body says. */
export type SignedEntry = {
  readonly id: EntryId
  readonly entry: Entry
  /** What travels and is stored: `enc([entry, [sig, …]])`, one signature, in a genesis one per founder in order. */
  readonly wire: Uint8Array
  /** The body read by type; `null` for an unknown type or a later version: kept, forwarded, without effect. */
  readonly act: Act | null
}

/** Why a device is suspended, in content-free words. */
export type SuspendReason = 'lost' | 'seized' | 'doubtful' | 'leaving' | 'evidence'

/** How the two sides of an admission made sure of each other. */
export type Verified = 'scan' | 'words'

export type InviteProof = {
  readonly invite: EntryId
  /** Transcript hash of the handshake the newcomer signed in. */
  readonly th: Uint8Array
  /** `SIG("invite", [coll, invite, device, th])` by the invitation key. */
  readonly sig: Uint8Array
}

export type Proposal =
  | {
      readonly action: 'admit' | 'addDevice'
      readonly member: MemberId
      readonly device: Device
      readonly deviceId: DeviceId
      /** The new device's own side of the binding: `SIG("dev", …)`. */
      readonly binding: Uint8Array
      readonly proof: InviteProof | null
      readonly verified: Verified
    }
  | {
      readonly action: 'keeper'
      readonly device: Device
      readonly deviceId: DeviceId
      readonly binding: Uint8Array
    }
  | { readonly action: 'removeMember'; readonly member: MemberId; readonly annul: readonly EntryId[] }
  | {
      readonly action: 'revokeDevice'
      readonly device: DeviceId
      readonly frontier: readonly Position[]
      readonly annul: readonly EntryId[]
    }
  | {
      readonly action: 'recover'
      readonly member: MemberId
      readonly device: Device
      readonly deviceId: DeviceId
      readonly binding: Uint8Array
    }
  | { readonly action: 'lift'; readonly device: DeviceId }
  | { readonly action: 'amendFrontier'; readonly device: DeviceId; readonly frontier: readonly Position[] }
  | { readonly action: 'policy'; readonly policy: Policy }
  | { readonly action: 'dormant'; readonly members: readonly MemberId[] }
  | { readonly action: 'minRules'; readonly rules: number }

/** What a collective may set. `admit`: vouchers for an admission, never below the floor (2; 3 from 8 members on). */
export type Policy = { readonly admit: number }

export type Founder = { readonly member: MemberId; readonly device: Device; readonly deviceId: DeviceId }

/** The body of an entry, read. One variant for each type. Spec: ledger.md §5. */
export type Act =
  | {
      readonly type: 'genesis'
      readonly founders: readonly Founder[]
      readonly nonce: Uint8Array
      readonly policy: Policy
    }
  | { readonly type: 'merge' }
  | { readonly type: 'propose'; readonly proposal: Proposal }
  /** `seen`: how far the voter holds the target's feeds; decides a revocation's frontier. */
  | { readonly type: 'approve'; readonly proposal: EntryId; readonly seen: readonly Position[] }
  /** Takes back one's own approval or proposal, or one's own suspension. */
  | { readonly type: 'withdraw'; readonly target: EntryId }
  | { readonly type: 'enact'; readonly proposal: EntryId }
  | {
      readonly type: 'suspend'
      readonly device: DeviceId
      readonly frontier: readonly Position[]
      readonly reason: SuspendReason
      readonly evidence: Uint8Array | null
    }
  | { readonly type: 'retire'; readonly frontier: readonly Position[] }
  | { readonly type: 'feed'; readonly feed: FeedId; readonly incarnation: Uint8Array }
  | {
      readonly type: 'rotate'
      readonly prev: readonly EpochId[]
      readonly commit: Uint8Array
      readonly boxRoot: Uint8Array
    }
  | {
      readonly type: 'grant'
      readonly epochs: readonly EpochId[]
      readonly device: DeviceId
      readonly box: Uint8Array
    }
  | { readonly type: 'complain'; readonly epoch: EpochId; readonly reason: 'noBox' | 'badBox' | 'badCommit' }
  | { readonly type: 'rekey'; readonly kemPk: Device['kemPk'] }
  | { readonly type: 'invite'; readonly invitePk: Uint8Array; readonly uses: 1 }
  | { readonly type: 'mirror'; readonly act: EntryId }
  | { readonly type: 'checkpoint'; readonly attachment: { readonly hash: Uint8Array; readonly size: number } }
  | { readonly type: 'cosign'; readonly checkpoint: EntryId }

export type EntryType = Act['type']

export type DeviceStanding = 'active' | 'suspended' | 'revoked' | 'retired'

export type DeviceState = {
  readonly id: DeviceId
  /** `null` for a keeper, which is nobody's. */
  readonly member: MemberId | null
  readonly kind: 'member' | 'keeper'
  readonly device: Device
  /** The KEM key in use: the device's first, or the one of its latest valid rekey. */
  readonly kemPk: Device['kemPk']
  readonly standing: DeviceStanding
  /** Suspensions in force on it. */
  readonly suspensions: readonly EntryId[]
  /** Enactments in force that revoke it or remove its member. */
  readonly revokedBy: readonly EntryId[]
  /** The entry that brought it in: genesis or enact. */
  readonly grantedBy: EntryId
  /** Whether it is the one device its member co-signs checkpoints with: the earliest granted that stands unrevoked. */
  readonly cosigns: boolean
  /** For a suspended, revoked or retired device: the highest position others hold it to, one per feed. Feeds not named: nothing. */
  readonly frontier: readonly Position[]
}

export type MemberState = {
  readonly id: MemberId
  readonly founder: boolean
  /** Whether this member's voice counts in thresholds yet. */
  readonly votes: boolean
  /** Away for long, by a decision of the others: not counted where more than two thirds must co-sign. */
  readonly dormant: boolean
  readonly devices: readonly DeviceId[]
}

export type FeedState = {
  readonly id: FeedId
  readonly device: DeviceId
  readonly entry: EntryId
  /** The Yjs client id every struct of this feed must carry: first 53 bits of H("yc", feed). */
  readonly yClient: number
}

export type EpochState = {
  readonly id: EpochId
  readonly author: DeviceId
  readonly prev: readonly EpochId[]
  readonly commit: Uint8Array
  readonly boxRoot: Uint8Array
  /** By rule the member devices active in at(rotate), sorted by id. */
  readonly recipients: readonly DeviceId[]
  /** Longest chain of rotations below it. */
  readonly depth: number
  /** A void rotation is never chosen for writing; records already accepted under it stay readable. */
  readonly void: boolean
}

export type ProposalState = {
  readonly id: EntryId
  readonly proposal: Proposal
  readonly author: DeviceId
  /** Members whose approval counts now. */
  readonly approvals: readonly MemberId[]
  readonly needed: number
  /** `enacted` also while the enactment is void later on is not possible: then it is `open` again. */
  readonly status: 'open' | 'enacted' | 'withdrawn' | 'void'
}

export type SuspensionState = {
  readonly id: EntryId
  readonly author: DeviceId
  readonly device: DeviceId
  readonly reason: SuspendReason | 'proposed'
  readonly frontier: readonly Position[]
  /** Another member has suspended the same device too. */
  readonly seconded: boolean
}

/** A proposed end of the provisional: what lies below it is settled once enough members have checked and co-signed it. */
export type CheckpointState = {
  readonly id: EntryId
  readonly author: DeviceId
  /** Where its attachment (positions, snapshots, state hash) is found: by hash. */
  readonly attachment: { readonly hash: Uint8Array; readonly size: number }
  /** Members whose co-signature counts, sorted. */
  readonly cosigners: readonly MemberId[]
  /** How many make it final. */
  readonly needed: number
  /**
   * `conflicting`: co-signed by enough, but neither above nor below the pin or another one that is; it settles nothing. What
   * lies below a final one that does not know it as final stays `open`, however many sign: nobody needs it any more.
   */
  readonly status: 'open' | 'final' | 'conflicting'
}

export type SpaceKind = 'notebook' | 'pair' | 'collective'

/** Who we are: the value of the pure function (set of entries) → state. Equal for equal sets, whatever the order. */
export type LedgerState = {
  readonly coll: CollId
  readonly kind: SpaceKind
  readonly policy: Policy
  readonly members: ReadonlyMap<MemberId, MemberState>
  readonly devices: ReadonlyMap<DeviceId, DeviceState>
  readonly feeds: ReadonlyMap<FeedId, FeedState>
  readonly epochs: ReadonlyMap<EpochId, EpochState>
  readonly proposals: ReadonlyMap<EntryId, ProposalState>
  readonly suspensions: ReadonlyMap<EntryId, SuspensionState>
  readonly invites: ReadonlyMap<
    EntryId,
    { readonly author: DeviceId; readonly invitePk: Uint8Array; readonly used: boolean }
  >
  readonly grants: readonly {
    readonly id: EntryId
    readonly device: DeviceId
    readonly epochs: readonly EpochId[]
    readonly box: Uint8Array
    readonly author: DeviceId
  }[]
  readonly complaints: readonly {
    readonly id: EntryId
    readonly author: DeviceId
    readonly epoch: EpochId
    readonly reason: string
  }[]
  readonly checkpoints: ReadonlyMap<EntryId, CheckpointState>
  /** Checkpoints that are final, each above the one before. */
  readonly finals: readonly EntryId[]
  /** Members who co-signed two checkpoints of which neither lies above the other. */
  readonly doubleSigners: readonly MemberId[]
  /** The least version of the rules a client must know to write here. */
  readonly minRules: number
  /** Entries without effect in this state. */
  readonly void: ReadonlySet<EntryId>
  /** `H("state", …)` of everything above that decides rights. */
  readonly hash: Uint8Array
}

/** What the folders above may ask of a ledger. */
export interface LedgerView {
  readonly coll: CollId
  has(id: EntryId): boolean
  entry(id: EntryId): SignedEntry | undefined
  /** Entries nobody's `parents` name yet, sorted. */
  heads(): readonly EntryId[]
  /** Whether `id` is one of `heads` or below one of them. Cached per `heads`. */
  inClosure(heads: readonly EntryId[], id: EntryId): boolean
  state(): LedgerState
  /** The state of `heads` and everything below them, with what is final as far as they reach. */
  stateOf(heads: readonly EntryId[]): LedgerState
  /** The same with what is final by what lies there alone: as whoever knew that and nothing else had to see it. */
  checkpointState(heads: readonly EntryId[]): LedgerState
}
