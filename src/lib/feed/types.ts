import type { DocId, EntryId, EpochId, FeedId, RecId, DeviceId } from '../core/ids.ts'
import type { SecretKey } from '../crypto/hash.ts'
import type { Position } from '../ledger/types.ts'

/** The public part of a record: `[1, feed, seq, prev, epoch, nonce]`. `prev` is 32 zero bytes at seq 0. Spec: feed.md §2. */
export type RecordPublic = {
  readonly feed: FeedId
  /** Counts from 0, without gaps. */
  readonly seq: number
  readonly prev: RecId | null
  readonly epoch: EpochId
  readonly nonce: Uint8Array
}

/** A record as everybody carries it: public part and ciphertext. `id = H("rec", [public, H("ct", ct)])`. */
export type SealedRecord = {
  readonly id: RecId
  readonly pub: RecordPublic
  readonly ct: Uint8Array
  /** `enc([public, ct])`: what travels and is stored. */
  readonly wire: Uint8Array
}

/** What a record says, once opened. */
export type RecordBody = {
  /** The ledger heads its author knew; `null`: the same as in the record before. */
  readonly lheads: readonly EntryId[] | null
  /** Heads of other feeds its author had merged, where they changed since the record before. */
  readonly deps: readonly Position[]
  readonly docs: readonly { readonly doc: DocId; readonly update: Uint8Array }[]
}

/** A signed head: vouches for every record at or below it. `sig = SIG("seal", [feed, seq, rec])` by the feed's device. */
export type FeedSeal = {
  readonly feed: FeedId
  readonly seq: number
  readonly rec: RecId
  readonly sig: Uint8Array
}

/** Where a newcomer (or a checkpoint) starts: positions that count as sound, with each document's clock there. */
export type Base = ReadonlyMap<FeedId, BasePosition>

export type BasePosition = {
  readonly seq: number
  readonly rec: RecId
  readonly clocks: ReadonlyMap<DocId, number>
  /** The ledger heads in force at this record. Absent: not known, and records that repeat them are taken on trust. */
  readonly lheads?: readonly EntryId[]
}

/** Keys this device holds. */
export interface EpochKeys {
  /** The key of an epoch, or `null` when this device was not given it. */
  key(epoch: EpochId): SecretKey | null
}

/** A run of records of one feed, contiguous from `records[0].pub.seq`, and a seal at its last one. */
export type Segment = {
  readonly feed: FeedId
  readonly records: readonly SealedRecord[]
  readonly seal: FeedSeal
}

/** Why a segment, or a record in it, is refused: wrong for ever. */
export type BadRecord =
  | { readonly type: 'BadEncoding' }
  | { readonly type: 'BadChain' }
  | { readonly type: 'BadSeal' }
  | { readonly type: 'UnknownFeed' }
  | { readonly type: 'UnknownEpoch' }
  | { readonly type: 'TooLarge' }
  | { readonly type: 'OpenFailed' }
  | { readonly type: 'BadPayload'; readonly rule: PayloadRule }
  /** Ledger heads missing at the start or not above the earlier ones; or a position named that is not where it says. */
  | { readonly type: 'BadHeads' }
  /** Builds on a record that was itself refused. */
  | { readonly type: 'BadDeps' }
  | { readonly type: 'BehindSuspension' }

/** The rule a Yjs update breaks. Spec: feed.md §6. */
export type PayloadRule =
  | 'undecodable'
  | 'foreign client'
  | 'clock gap'
  | 'clock reuse'
  | 'skip'
  | 'empty struct'
  | 'too long'
  | 'too many structs'
  | 'too deep'
  | 'subdocument'
  | 'clock too high'
  | 'delete beyond deps'
  | 'too many deletes'
  | 'origin beyond deps'
  | 'too large'

/** One accepted change, to be merged into `doc`. */
export type Accepted = {
  readonly position: Position
  readonly device: DeviceId
  readonly docs: readonly { readonly doc: DocId; readonly update: Uint8Array }[]
}

/** Work of a suspended device beyond its frontier, or of a closed branch: kept, shown, can be brought back by hand. */
export type SetAside = Accepted & { readonly why: 'suspended' | 'revoked' | 'fork' }

/** Two different records signed at one place of one feed. */
export type ForkEvidence = {
  readonly feed: FeedId
  readonly seq: number
  readonly records: readonly [RecId, RecId]
}

/** What taking a segment in brought. */
export type Offered = {
  /** Records to store now, in order, one feed: also those that had waited for this segment. Empty: nothing new, or a gap below. */
  readonly fresh: readonly SealedRecord[]
  /** The seal at the last of `fresh`, or the one offered. */
  readonly seal: FeedSeal
  /** This feed is forked at or below `fresh`: store apart from the other branch, under a name that holds the record id too. */
  readonly fork: ForkEvidence | null
  /** It showed where another branch leaves the one the base stands upon: what was read before may have meant the other. */
  readonly partsBelow: boolean
}

/** How far this device carries a feed: what it can hand to others, and the seal that vouches for it (`null` only at a base). */
export type CarriedHead = Position & { readonly seal: FeedSeal | null }

/** What lies here and cannot be merged yet, in numbers of records; `gaps` counts feeds with a hole. */
export type Waiting = {
  readonly keys: number
  readonly deps: number
  readonly heads: number
  readonly gaps: number
}

/** Why this device cannot append to its own feed now. */
export type CannotAppend =
  /** No feed of this device is registered. */
  | { readonly type: 'NoFeed' }
  /** No epoch to write under: rotate first, or wait for a key. */
  | { readonly type: 'NoEpoch' }
  /** The own feed is forked, or builds on a branch that was closed: register a new one. */
  | { readonly type: 'FeedClosed' }
  /** Earlier records of the own feed are not readable yet. */
  | { readonly type: 'NotReady' }
  | { readonly type: 'TooLarge' }
  | { readonly type: 'TooManyHeads' }
  /** What the others would refuse is not written. */
  | { readonly type: 'BadPayload'; readonly rule: PayloadRule }

/** What changed in the accepted set. */
export type AcceptedChange =
  | { readonly type: 'more'; readonly records: readonly Accepted[] }
  /** Something accepted before is not any more: documents must be built anew from base and `accepted()`. */
  | { readonly type: 'rebuild' }
