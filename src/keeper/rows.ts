import { decodeCbor, encodeCbor, hasExactly, isUint, type Cbor } from '../lib/core/cbor.ts'
import {
  collIdFrom,
  entryIdFrom,
  feedIdFrom,
  idBytes,
  recIdFrom,
  type CollId,
  type EntryId,
  type FeedId,
} from '../lib/core/ids.ts'
import { cborFromDevice, deviceFromCbor, type Device } from '../lib/crypto/device.ts'
import type { Gone } from './feed-shelf.ts'

/** What a keeper writes down beside what it keeps. A row that does not parse is a damaged folder, never a reason to throw. */

/** For whom it keeps. */
export type ServiceRow = {
  readonly coll: CollId
  /** The newest final checkpoint it was told of or saw itself: nothing that contradicts it is final here. */
  readonly pin: EntryId | null
  /** Devices of members who asked it to: whom it looks for until it has the ledger. */
  readonly askedBy: readonly Device[]
}

export const SERVICE_KEY = 'service'
/** Since when each final checkpoint is known, for boxes that are let go of a month below one. */
export const FINALS_KEY = 'finals'
/** How far feeds were held when something became final, for records that are let go of a month later. */
export const HELD_KEY = 'held'
/** Up to where records were let go of. */
export const GONE_KEY = 'gone'
/** More askers than this are not remembered. */
export const MAX_ASKERS = 8

export const ledgerKey = (coll: CollId, n: number): string => `${coll}/${n.toString().padStart(10, '0')}`
export const boxesKey = (coll: CollId, epoch: string): string => `${coll}/${epoch}`

export const encodeServiceRow = ({ coll, pin, askedBy }: ServiceRow): Uint8Array =>
  encodeCbor({ coll: idBytes(coll), pin: pin && idBytes(pin), askedBy: askedBy.map(cborFromDevice) })

export const parseServiceRow = (bytes: Uint8Array): ServiceRow | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !hasExactly(decoded.value, ['coll', 'pin', 'askedBy'])) return null
  const { coll, pin, askedBy } = decoded.value
  const [id, final] = [collIdFrom(coll), pin === null ? null : entryIdFrom(pin)]
  if (!id || (pin !== null && !final) || !Array.isArray(askedBy)) return null
  const devices = (askedBy as readonly unknown[]).map(deviceFromCbor)
  return devices.every((device) => device !== null) ? { coll: id, pin: final, askedBy: devices } : null
}

/** By final checkpoint, when it was first known to be. ms since 1970. */
export const encodeFinals = (finals: ReadonlyMap<EntryId, number>): Uint8Array =>
  encodeCbor(Object.fromEntries(finals))

export const parseFinals = (bytes: Uint8Array): ReadonlyMap<EntryId, number> => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !decoded.value || typeof decoded.value !== 'object') return new Map()
  return new Map(Object.entries(decoded.value).filter((row): row is [EntryId, number] => isUint(row[1])))
}

/** How far feeds were held, and when that was. ms since 1970. */
export type HeldThen = { readonly at: number; readonly seqs: ReadonlyMap<FeedId, number> }

export const encodeHeld = (held: readonly HeldThen[]): Uint8Array =>
  encodeCbor(held.map(({ at, seqs }) => [at, [...seqs].map(([feed, seq]) => [idBytes(feed), seq])]))

/** What does not read is not known: then the next final checkpoint decides. */
export const parseHeld = (bytes: Uint8Array): readonly HeldThen[] =>
  listIn(bytes).flatMap((row) => {
    const [at, list] = Array.isArray(row) ? (row as readonly Cbor[]) : []
    if (!isUint(at) || !Array.isArray(list)) return []
    const seqs = (list as readonly Cbor[]).flatMap((pair) => {
      const [id, seq] = Array.isArray(pair) ? (pair as readonly Cbor[]) : []
      const feed = feedIdFrom(id)
      return feed && isUint(seq) ? [[feed, seq] as const] : []
    })
    return [{ at, seqs: new Map(seqs) }]
  })

export const encodeGone = (gone: ReadonlyMap<FeedId, Gone>): Uint8Array =>
  encodeCbor([...gone].map(([feed, { seq, rec }]) => [idBytes(feed), seq, idBytes(rec)]))

export const parseGone = (bytes: Uint8Array): ReadonlyMap<FeedId, Gone> =>
  new Map(
    listIn(bytes).flatMap((row) => {
      const [id, seq, last] = Array.isArray(row) ? (row as readonly Cbor[]) : []
      const [feed, rec] = [feedIdFrom(id), recIdFrom(last)]
      return feed && rec && isUint(seq) ? [[feed, { seq, rec }] as const] : []
    }),
  )

const listIn = (bytes: Uint8Array): readonly Cbor[] => {
  const decoded = decodeCbor(bytes)
  return decoded.ok && Array.isArray(decoded.value) ? (decoded.value as readonly Cbor[]) : []
}
