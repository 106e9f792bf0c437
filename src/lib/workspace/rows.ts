import { decodeCbor, encodeCbor, hasExactly, isBytes, isUint, type Cbor } from '../core/cbor.ts'
import {
  collIdFrom,
  deviceIdFrom,
  entryIdFrom,
  feedIdFrom,
  idBytes,
  memberIdFrom,
  type CollId,
  type DeviceId,
  type DocId,
  type EntryId,
  type FeedId,
  type MemberId,
  type RecId,
} from '../core/ids.ts'
import { cborFromDevice, deviceFromCbor, deviceIdOf, type OwnDevice } from '../crypto/device.ts'
import type { KemSecret } from '../crypto/kem.ts'
import type { RvSecret } from '../crypto/rendezvous.ts'
import type { SignSecret } from '../crypto/sign.ts'

/**
 * What this device writes into the rows of its vault, and under which keys. Everything here is sealed by the store
 * before it touches a disk; a row that does not parse is a damaged vault, never a reason to throw.
 */

/** A notebook, pair or collective on this device: who I am in it. */
export type SpaceRow = {
  readonly coll: CollId
  readonly own: OwnDevice
  readonly member: MemberId
  /** The name my Person gets (it lives in the document; here only until it can be written there). */
  readonly myName: string
  /** Content has moved on into this collective: what is here is read-only. */
  readonly movedTo: CollId | null
  /** Where I came in through an admission: content waits for a welcome. */
  readonly newcomer: boolean
  /** The final checkpoint given with the invitation, held to until this device has verified one of its own. */
  readonly pin?: EntryId | null
}

const digits = (n: number): string => n.toString().padStart(10, '0')

export const spaceKey = (coll: CollId): string => `space/${coll}`
export const SPACE_PREFIX = 'space/'
export const ledgerKey = (coll: CollId, n: number): string => `${coll}/${digits(n)}`
/** Two branches of a forked feed may begin at one place: the first record's id tells them apart. */
export const recordsKey = (coll: CollId, feed: FeedId, seq: number, rec: RecId): string =>
  `${coll}/${feed}/${digits(seq)}/${rec.slice(0, 16)}`
export const headKey = (coll: CollId): string => `${coll}/own`
export const epochKeyKey = (coll: CollId, epoch: string): string => `${coll}/${epoch}`
export const boxesKey = (coll: CollId, epoch: string): string => `${coll}/${epoch}`
export const baseKey = (coll: CollId): string => `${coll}/base`
/** Welcomes that hold what the one at `baseKey` does not: handed-beside.ts. */
export const besideKey = (coll: CollId): string => `${coll}/base/beside`
/** KEM pairs made after the first. No epoch is called so. */
export const kemKey = (coll: CollId): string => `${coll}/kem`
export const calendarKey = (coll: CollId): string => `calendar/${coll}`
/** Final checkpoints held to, until the keys below them are let go of: past.ts. */
export const pastKey = (coll: CollId): string => `past/${coll}`
/** Whose records come faster than they are taken in. */
export const intakeKey = (coll: CollId): string => `intake/${coll}`
/** A part of a checkpoint, by the hash it is named by. */
export const blobKey = (coll: CollId, digest: string): string => `${coll}/blob/${digest}`
/** Where the next start begins: start-row.ts. */
export const startKey = (coll: CollId): string => `${coll}/start`
export const startDocKey = (coll: CollId, doc: DocId): string => `${coll}/start/${doc}`
export const settledKey = (coll: CollId): string => `${coll}/settled`
export const settledDocKey = (coll: CollId, doc: DocId): string => `${coll}/settled/${doc}`
/** Devices this one met face to face, or compared words with. */
export const metKey = (coll: CollId): string => `met/${coll}`
export const heardKey = (coll: CollId): string => `heard/${coll}`

export const encodeSpaceRow = (row: SpaceRow): Uint8Array =>
  encodeCbor({
    coll: idBytes(row.coll),
    device: cborFromDevice(row.own.device),
    signSk: row.own.signSk,
    kemSk: row.own.kemSk,
    rvSk: row.own.rvSk,
    member: idBytes(row.member),
    myName: row.myName,
    movedTo: row.movedTo && idBytes(row.movedTo),
    newcomer: row.newcomer,
    ...(row.pin && { pin: idBytes(row.pin) }),
  })

export const parseSpaceRow = (bytes: Uint8Array): SpaceRow | null => {
  const decoded = decodeCbor(bytes)
  const keys = ['coll', 'device', 'signSk', 'kemSk', 'rvSk', 'member', 'myName', 'movedTo', 'newcomer']
  if (!decoded.ok) return null
  const isPinned = hasExactly(decoded.value, [...keys, 'pin'])
  if (!isPinned && !hasExactly(decoded.value, keys)) return null
  const row = decoded.value as Readonly<Record<string, Cbor>>
  const pin = isPinned ? entryIdFrom(row.pin) : null
  if (isPinned && !pin) return null
  const [coll, device, member] = [collIdFrom(row.coll), deviceFromCbor(row.device), memberIdFrom(row.member)]
  const secrets = isBytes(row.signSk, 64) && isBytes(row.kemSk, 32) && isBytes(row.rvSk, 32)
  if (!coll || !device || !member || !secrets) return null
  if (typeof row.myName !== 'string' || typeof row.newcomer !== 'boolean') return null
  const own: OwnDevice = {
    id: deviceIdOf(device),
    device,
    signSk: row.signSk as SignSecret,
    kemSk: row.kemSk as KemSecret,
    rvSk: row.rvSk as RvSecret,
  }
  const { myName, newcomer } = row
  return { coll, own, member, myName, movedTo: collIdFrom(row.movedTo), newcomer, pin }
}

/** How far this device has written its own feed: compared with the records at every start, so that a place is never used twice. */
export type OwnHead = { readonly feed: FeedId; readonly next: number }

export const encodeOwnHead = (head: OwnHead): Uint8Array => encodeCbor([idBytes(head.feed), head.next])

export const parseOwnHead = (bytes: Uint8Array): OwnHead | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 2) return null
  const feed = feedIdFrom(decoded.value[0])
  const next: unknown = decoded.value[1]
  return feed && isUint(next) ? { feed, next } : null
}

export const encodeMet = (met: ReadonlySet<DeviceId>): Uint8Array => encodeCbor([...met].sort().map(idBytes))

export const parseMet = (bytes: Uint8Array): readonly DeviceId[] => {
  const decoded = decodeCbor(bytes)
  return decoded.ok && Array.isArray(decoded.value)
    ? decoded.value.flatMap((id: unknown) => deviceIdFrom(id) ?? [])
    : []
}

/** When each device was last heard, milliseconds since 1970, rounded down to the minute. Never leaves this device. */
export const encodeHeard = (heard: ReadonlyMap<string, number>): Uint8Array =>
  encodeCbor(Object.fromEntries(heard))

export const parseHeard = (bytes: Uint8Array): ReadonlyMap<string, number> => {
  const decoded = decodeCbor(bytes)
  const entries =
    decoded.ok && decoded.value && typeof decoded.value === 'object' ? Object.entries(decoded.value) : []
  return new Map(entries.filter((entry): entry is [string, number] => isUint(entry[1])))
}
