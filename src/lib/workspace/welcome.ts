import { decodeCbor, encodeCbor, hasExactly, isBytes, isUint, type Cbor } from '../core/cbor.ts'
import {
  collIdFrom,
  deviceIdFrom,
  docIdFrom,
  entryIdFrom,
  epochIdFrom,
  feedIdFrom,
  idBytes,
  recIdFrom,
  type CollId,
  type DeviceId,
  type DocId,
  type EntryId,
  type EpochId,
} from '../core/ids.ts'
import { utf8FromText } from '../core/bytes.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { OwnDevice } from '../crypto/device.ts'
import { deriveKey, hash, type SecretKey } from '../crypto/hash.ts'
import { pad, unpad } from '../crypto/pad.ts'
import { open, seal, type SealKey } from '../crypto/seal.ts'
import { sign, verify } from '../crypto/sign.ts'
import type { Base } from '../feed/types.ts'
import type { LedgerView } from '../ledger/types.ts'

/**
 * What a newcomer starts from: the current state of every document, sealed under an epoch the newcomer has a key of, and
 * the positions in every feed it stands for. Signed by the member's device that hands it over; shown as received from
 * that member until a checkpoint covers it. Same shape as a checkpoint, so that later one code reads both. Spec: feed.md §8.
 */
export type Welcome = {
  readonly by: DeviceId
  readonly epoch: EpochId
  readonly parents: readonly EntryId[]
  readonly base: Base
  readonly docs: ReadonlyMap<DocId, Uint8Array>
}

export type BadWelcome = { readonly type: 'BadWelcome' } | { readonly type: 'NoKey'; readonly epoch: EpochId }

export const createWelcome = (of: {
  readonly coll: CollId
  readonly own: OwnDevice
  readonly epoch: EpochId
  readonly key: SecretKey
  readonly parents: readonly EntryId[]
  readonly base: Base
  readonly docs: ReadonlyMap<DocId, Uint8Array>
}): Uint8Array => {
  const sealed = [...of.docs].map(
    ([doc, state]) =>
      [doc, seal(snapKey(of.key, of.coll, doc, of.parents), context(of.coll, doc), pad(state, 256))] as const,
  )
  const manifest: Cbor = {
    v: 1,
    coll: idBytes(of.coll),
    by: idBytes(of.own.id),
    epoch: idBytes(of.epoch),
    parents: of.parents.map(idBytes),
    vv: [...of.base].map(([feed, at]) => [idBytes(feed), at.seq, idBytes(at.rec), [...at.clocks]]),
    snaps: sealed.map(([doc, ct]) => [doc, hash('snap', ct)]),
  }
  const sig = sign(of.own.signSk, 'welcome', hash('welcome', manifest))
  return encodeCbor([manifest, sig, sealed.map(([, ct]) => ct)])
}

type Keys = (epoch: EpochId) => SecretKey | null

/** Reads and opens a welcome of `ledger`'s collective by one of its active devices. Never throws. */
export const openWelcome = (wire: Uint8Array, ledger: LedgerView, key: Keys): Result<Welcome, BadWelcome> => {
  const parsed = parse(wire)
  const isActive = parsed && ledger.state().devices.get(parsed.by)?.standing === 'active'
  return isActive ? openParsed(parsed, ledger, key) : err({ type: 'BadWelcome' })
}

/** The same of one this device took when it came: it stays, whatever has become of whoever handed it over. */
export const openKeptWelcome = (
  wire: Uint8Array,
  ledger: LedgerView,
  key: Keys,
): Result<Welcome, BadWelcome> => {
  const parsed = parse(wire)
  return parsed ? openParsed(parsed, ledger, key) : err({ type: 'BadWelcome' })
}

const openParsed = (parsed: Parsed, ledger: LedgerView, key: Keys): Result<Welcome, BadWelcome> => {
  if (parsed.coll !== ledger.coll) return err({ type: 'BadWelcome' })
  const author = ledger.state().devices.get(parsed.by)
  if (author?.kind !== 'member') return err({ type: 'BadWelcome' })
  if (!verify(author.device.signPk, 'welcome', hash('welcome', parsed.manifest), parsed.sig))
    return err({ type: 'BadWelcome' })
  const epochKey = key(parsed.epoch)
  if (!epochKey) return err({ type: 'NoKey', epoch: parsed.epoch })
  const docs = new Map<DocId, Uint8Array>()
  for (const { doc, ct } of parsed.snaps) {
    const opened = open(snapKey(epochKey, parsed.coll, doc, parsed.parents), context(parsed.coll, doc), ct)
    const state = opened.ok ? unpad(opened.value) : opened
    if (!state.ok) return err({ type: 'BadWelcome' })
    docs.set(doc, state.value)
  }
  return ok({ by: parsed.by, epoch: parsed.epoch, parents: parsed.parents, base: parsed.base, docs })
}

const snapKey = (key: SecretKey, coll: CollId, doc: DocId, parents: readonly EntryId[]): SealKey =>
  deriveKey<SealKey>(key, 'snap', [idBytes(coll), doc, parents.map(idBytes)])

const context = (coll: CollId, doc: DocId) => encodeCbor(['welcome', idBytes(coll), utf8FromText(doc)])

type Parsed = {
  readonly manifest: Cbor
  readonly sig: Uint8Array
  readonly coll: CollId
  readonly by: DeviceId
  readonly epoch: EpochId
  readonly parents: readonly EntryId[]
  readonly base: Base
  readonly snaps: readonly { readonly doc: DocId; readonly ct: Uint8Array }[]
}

const parse = (wire: Uint8Array): Parsed | null => {
  const decoded = decodeCbor(wire)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 3) return null
  const [manifest, sig, cts] = decoded.value as readonly Cbor[]
  if (!hasExactly(manifest, ['v', 'coll', 'by', 'epoch', 'parents', 'vv', 'snaps']) || manifest.v !== 1)
    return null
  const [coll, by, epoch] = [
    collIdFrom(manifest.coll),
    deviceIdFrom(manifest.by),
    epochIdFrom(manifest.epoch),
  ]
  const parents = Array.isArray(manifest.parents) ? manifest.parents.map(entryIdFrom) : [null]
  if (!coll || !by || !epoch || parents.includes(null) || !isBytes(sig, 64) || !Array.isArray(cts))
    return null
  const base = baseFrom(manifest.vv)
  const snaps = Array.isArray(manifest.snaps) ? manifest.snaps : null
  if (!base || !snaps || snaps.length !== cts.length) return null
  const read: { doc: DocId; ct: Uint8Array }[] = []
  for (const [i, snap] of snaps.entries()) {
    const [doc, digest] = Array.isArray(snap) && snap.length === 2 ? (snap as readonly Cbor[]) : []
    const [id, ct] = [docIdFrom(doc), cts[i] as unknown]
    if (!id || !isBytes(digest, 32) || !(ct instanceof Uint8Array)) return null
    if (!hash('snap', ct).every((byte, at) => byte === digest[at])) return null
    read.push({ doc: id, ct })
  }
  return { manifest, sig, coll, by, epoch, parents: parents as EntryId[], base, snaps: read }
}

/** `[[feed, seq, rec, [[doc, clock], …]], …]` as a base, else `null`. */
export const baseFrom = (value: unknown): Base | null => {
  if (!Array.isArray(value)) return null
  const base = new Map<NonNullable<ReturnType<typeof feedIdFrom>>, NonNullable<ReturnType<Base['get']>>>()
  for (const row of value) {
    if (!Array.isArray(row) || row.length !== 4) return null
    const [feed, seq, rec] = [feedIdFrom(row[0]), row[1] as unknown, recIdFrom(row[2])]
    if (!feed || !isUint(seq) || !rec || !Array.isArray(row[3]) || base.has(feed)) return null
    const clocks = new Map<DocId, number>()
    for (const pair of row[3]) {
      if (!Array.isArray(pair) || pair.length !== 2) return null
      const [doc, clock] = [docIdFrom(pair[0]), pair[1] as unknown]
      if (!doc || !isUint(clock)) return null
      clocks.set(doc, clock)
    }
    base.set(feed, { seq, rec, clocks })
  }
  return base
}
