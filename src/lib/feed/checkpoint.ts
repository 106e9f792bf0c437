import { concatBytes, equalBytes, hexFromBytes, utf8FromText } from '../core/bytes.ts'
import { decodeCbor, encodeCbor, hasExactly, isBytes, isCborMap, isUint, type Cbor } from '../core/cbor.ts'
import {
  CLOSED_DOC,
  docIdFrom,
  entryIdFrom,
  epochIdFrom,
  feedIdFrom,
  idBytes,
  recIdFrom,
  type CollId,
  type DocId,
  type EntryId,
  type EpochId,
  type FeedId,
} from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { deriveKey, hash, type SecretKey } from '../crypto/hash.ts'
import { pad, unpad } from '../crypto/pad.ts'
import { NONCE_BYTES, open, seal, sealWith, type OpenFailed, type SealKey } from '../crypto/seal.ts'
import { MAX_HEADS } from './body.ts'
import type { Base, BasePosition } from './types.ts'

/** What lies beside a checkpoint entry, which names it by hash, at most this long. Bytes. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024
const MAX_FEEDS = 16_384
const MAX_DOCS = 4096
const SNAPSHOT_PAD = 256

/** What a checkpoint says: how far every feed counts, what the documents then are, and who we then are. Spec: checkpoint.md §2. */
export type Manifest = {
  /** Under which the snapshots are sealed. */
  readonly epoch: EpochId
  readonly base: Base
  /** Each document’s sealed snapshot, by the hash of its ciphertext. */
  readonly snapshots: ReadonlyMap<DocId, Uint8Array>
  /** Hash of the ledger’s state at the checkpoint’s parents. */
  readonly stateHash: Uint8Array
}

export type BadManifest =
  | { readonly type: 'BadManifest' }
  /** Of a later version: what it says cannot be told here. */
  | { readonly type: 'NewerManifest' }

/** `enc({epoch, snaps, state, v: 1, vv})`, feeds, documents and heads in order, so that one checkpoint has one spelling. */
export const encodeManifest = ({ epoch, base, snapshots, stateHash }: Manifest): Uint8Array =>
  encodeCbor({
    v: 1,
    epoch: idBytes(epoch),
    state: stateHash,
    snaps: [...snapshots].sort(byKey).map(([doc, digest]) => [doc, digest]),
    vv: [...base]
      .sort(byKey)
      .map(([feed, at]) => [
        idBytes(feed),
        at.seq,
        idBytes(at.rec),
        [...at.clocks].sort(byKey).map(([doc, clock]) => [doc, clock]),
        (at.lheads ?? []).map(idBytes),
      ]),
  })

/** Reads what a member’s device wrote; whether it is true is decided by working it out. Never throws. */
export const parseManifest = (bytes: Uint8Array): Result<Manifest, BadManifest> => {
  const bad = err({ type: 'BadManifest' } as const)
  if (bytes.length > MAX_MANIFEST_BYTES) return bad
  const decoded = decodeCbor(bytes)
  if (decoded.ok && isOfLaterVersion(decoded.value)) return err({ type: 'NewerManifest' })
  if (!decoded.ok || !hasExactly(decoded.value, ['v', 'epoch', 'state', 'snaps', 'vv'])) return bad
  const { v, epoch, state, snaps, vv } = decoded.value
  const id = epochIdFrom(epoch)
  const snapshots = inOrder(snaps, snapshotFrom, MAX_DOCS)
  const base = inOrder(vv, positionFrom, MAX_FEEDS)
  return v === 1 && id && isBytes(state, 32) && snapshots && base
    ? ok({ epoch: id, base, snapshots, stateHash: state })
    : bad
}

const isOfLaterVersion = (value: Cbor): boolean => isCborMap(value) && isUint(value['v']) && value['v'] > 1

/** `H("att", bytes)`: the name of a manifest in its checkpoint entry. */
export const manifestHash = (bytes: Uint8Array): Uint8Array => hash('att', bytes)
/** `H("snap", sealed)`: the name of a snapshot in a manifest. */
export const snapshotHash = (sealed: Uint8Array): Uint8Array => hash('snap', sealed)

/** The client id of what is closed: the first 53 bits of `H("ycs", [coll, doc, parents])`, a whole number. */
export const closedClient = (coll: CollId, parents: readonly EntryId[]): number => {
  const digest = hash('ycs', [idBytes(coll), CLOSED_DOC, parents.map(idBytes)])
  return Number(new DataView(digest.buffer, digest.byteOffset).getBigUint64(0) >> 11n)
}

/** The name of the n-th closed item that says this: the first 8 bytes of `H("closed", [coll, content, n])`, in hex. */
export const closedName = (coll: CollId, content: string, n: number): string =>
  hexFromBytes(hash('closed', [idBytes(coll), content, n]).subarray(0, 8))

type SnapshotPlace = {
  /** Of the epoch. */
  readonly key: SecretKey
  readonly coll: CollId
  readonly doc: DocId
  /** The parents of the checkpoint entry. */
  readonly parents: readonly EntryId[]
}

/** `AEAD(KDF(K, "snap", [coll, doc, parents]), enc(["checkpoint", coll, doc as bytes]), padded Yjs update V1)`. */
export const sealSnapshot = (place: SnapshotPlace, update: Uint8Array): Uint8Array =>
  seal(snapshotKey(place), contextOf(place), pad(update, SNAPSHOT_PAD))

/** One snapshot, by the key that opens it and nothing else. */
type OneSnapshot = { readonly key: SealKey; readonly coll: CollId; readonly doc: DocId }

export const openSnapshotWith = (one: OneSnapshot, sealed: Uint8Array): Result<Uint8Array, OpenFailed> => {
  const opened = open(one.key, contextOf(one), sealed)
  return opened.ok ? unpad(opened.value) : opened
}

/** The nonce a snapshot was sealed with. */
export const snapshotNonce = (sealed: Uint8Array): Uint8Array => sealed.slice(0, NONCE_BYTES)

/**
 * The sealed snapshot called `digest` once more, from what was in it; `null` where other bytes come out, which nobody gets to
 * see: one nonce must not seal two texts. Spec: checkpoint.md §9, ADR 0052.
 */
export const snapshotAgain = (
  one: OneSnapshot & { readonly nonce: Uint8Array; readonly digest: Uint8Array },
  update: Uint8Array,
): Uint8Array | null => {
  const { key, nonce, digest } = one
  const sealed = concatBytes(nonce, sealWith(key, nonce, contextOf(one), pad(update, SNAPSHOT_PAD)))
  return equalBytes(snapshotHash(sealed), digest) ? sealed : null
}

/** Whether two bases are the same in everything a checkpoint says of them. */
export const isSameBase = (a: Base, b: Base): boolean =>
  a.size === b.size && [...a].every(([feed, at]) => isSamePosition(at, b.get(feed)))

const isSamePosition = (a: BasePosition, b: BasePosition | undefined): boolean =>
  b !== undefined &&
  a.seq === b.seq &&
  a.rec === b.rec &&
  a.clocks.size === b.clocks.size &&
  [...a.clocks].every(([doc, clock]) => b.clocks.get(doc) === clock) &&
  (a.lheads ?? []).join() === (b.lheads ?? []).join()

/** `KDF(K, "snap", [coll, doc, parents])`: opens this snapshot, and no record. */
export const snapshotKey = ({ key, coll, doc, parents }: SnapshotPlace): SealKey =>
  deriveKey<SealKey>(key, 'snap', [idBytes(coll), doc, parents.map(idBytes)])

const contextOf = ({ coll, doc }: Pick<SnapshotPlace, 'coll' | 'doc'>): Uint8Array =>
  encodeCbor(['checkpoint', idBytes(coll), utf8FromText(doc)])

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0

/** A list of pairs whose keys strictly rise, as a map. */
const inOrder = <K extends string, V>(
  value: unknown,
  read: (item: readonly Cbor[]) => readonly [K, V] | null,
  most: number,
): ReadonlyMap<K, V> | null => {
  if (!Array.isArray(value) || value.length > most) return null
  const map = new Map<K, V>()
  let last: K | null = null
  for (const item of value) {
    const pair = Array.isArray(item) ? read(item as readonly Cbor[]) : null
    if (!pair || (last !== null && pair[0] <= last)) return null
    map.set(...(pair as [K, V]))
    last = pair[0]
  }
  return map
}

const snapshotFrom = (item: readonly Cbor[]): readonly [DocId, Uint8Array] | null => {
  const [doc, digest, ...more] = item
  const id = docIdFrom(doc)
  return id && isBytes(digest, 32) && more.length === 0 ? [id, digest] : null
}

const positionFrom = (item: readonly Cbor[]): readonly [FeedId, BasePosition] | null => {
  const [feed, seq, rec, list, heads, ...more] = item
  const [id, record] = [feedIdFrom(feed), recIdFrom(rec)]
  const clocks = inOrder(list, clockFrom, MAX_DOCS)
  const lheads = headsFrom(heads)
  if (!id || !record || !isUint(seq) || !clocks || !lheads || more.length > 0) return null
  return [id, { seq, rec: record, clocks, ...(lheads.length > 0 && { lheads }) }]
}

const clockFrom = (item: readonly Cbor[]): readonly [DocId, number] | null => {
  const [doc, clock, ...more] = item
  const id = docIdFrom(doc)
  return id && isUint(clock) && more.length === 0 ? [id, clock] : null
}

const headsFrom = (value: unknown): readonly EntryId[] | null => {
  if (!Array.isArray(value) || value.length > MAX_HEADS) return null
  const heads = value.map(entryIdFrom)
  return heads.every((head, i): head is EntryId => head !== null && (i === 0 || heads[i - 1]! < head))
    ? heads
    : null
}
