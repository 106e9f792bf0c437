import { decodeCbor, encodeCbor, isBytes, type Cbor } from '../core/cbor.ts'
import { equalBytes } from '../core/bytes.ts'
import { deviceIdFrom, idBytes, type CollId, type DeviceId, type EntryId, type EpochId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { OwnDevice } from '../crypto/device.ts'
import { deriveKey, equalSecrets, hash, secretKeyFrom, type SecretKey } from '../crypto/hash.ts'
import { decapsulate, encapsulate, KEM_CIPHERTEXT_BYTES, type KemPublic } from '../crypto/kem.ts'
import { open, seal, type SealKey } from '../crypto/seal.ts'
import type { Ledger } from './graph.ts'
import type { EpochState } from './types.ts'

/** An epoch key sealed for one device: X-Wing ciphertext (1120 bytes) and the sealed key (72 bytes). Spec: keys.md §5. */
export type Box = { readonly device: DeviceId; readonly kemCt: Uint8Array; readonly sealed: Uint8Array }

/** The boxes of one epoch, sorted by device. */
export type BoxSet = readonly Box[]

/** Where a rotation stands in the ledger: what its commitment and boxes are bound to. */
export type EpochPlace = {
  readonly coll: CollId
  readonly author: DeviceId
  readonly own: EntryId | null
  readonly parents: readonly EntryId[]
}

export type BoxProblem =
  /** No box for this device in the set. */
  | { readonly type: 'NotForMe' }
  /** It does not open with this device's key. */
  | { readonly type: 'BadBox' }
  /** It opens to a key other than the one the rotation committed to. */
  | { readonly type: 'BadCommit' }

/** `epochCtx = H("epctx", [coll, author, own, parents])`. */
export const epochContext = ({ coll, author, own, parents }: EpochPlace): Uint8Array =>
  hash('epctx', [idBytes(coll), idBytes(author), own && idBytes(own), parents.map(idBytes)])

/** `commit = KDF(K, "commit", epochCtx)`: one epoch id means one key, for everybody. */
export const commitTo = (key: SecretKey, context: Uint8Array): Uint8Array => deriveKey(key, 'commit', context)

/** Boxes `key` for each recipient, in the order given. A recipient with an unusable key gets a box it will complain of. */
export const createBoxes = (
  key: SecretKey,
  place: EpochPlace,
  recipients: readonly { readonly id: DeviceId; readonly kemPk: KemPublic }[],
): BoxSet => {
  const context = epochContext(place)
  return recipients.map(({ id, kemPk }) => {
    const sealedTo = encapsulate(kemPk)
    if (!sealedTo.ok)
      return { device: id, kemCt: new Uint8Array(KEM_CIPHERTEXT_BYTES), sealed: new Uint8Array(72) }
    const { ciphertext, secret } = sealedTo.value
    const boxKey = boxKeyOf({ secret, context, coll: place.coll, device: id, kemPk, kemCt: ciphertext })
    return { device: id, kemCt: ciphertext, sealed: seal(boxKey, boxContext(id), key) }
  })
}

/** Opens this device's box of an epoch and checks the key against the rotation's commitment. Never throws. */
export const openBox = (of: {
  readonly ledger: Ledger
  readonly own: OwnDevice
  readonly epoch: EpochId
  /** All of them, or this device's alone. */
  readonly boxes: BoxSet
}): Result<SecretKey, BoxProblem> => {
  const box = of.boxes.find(({ device }) => device === of.own.id)
  const entry = of.ledger.entry(of.epoch)
  if (!box || entry?.act?.type !== 'rotate') return err({ type: 'NotForMe' })
  const { author, own, parents } = entry.entry
  const place = { coll: of.ledger.coll, author, own, parents }
  const secret = decapsulate(of.own.kemSk, box.kemCt)
  if (!secret.ok) return err({ type: 'BadBox' })
  const context = epochContext(place)
  const boxKey = boxKeyOf({
    secret: secret.value,
    context,
    coll: place.coll,
    device: of.own.id,
    kemPk: of.own.device.kemPk,
    kemCt: box.kemCt,
  })
  const opened = open(boxKey, boxContext(of.own.id), box.sealed)
  const key = opened.ok ? secretKeyFrom(opened.value) : null
  if (!key) return err({ type: 'BadBox' })
  return equalSecrets(commitTo(key, context), entry.act.commit) ? ok(key) : err({ type: 'BadCommit' })
}

/** Whether these are all the boxes of the epoch, for its recipients and nobody else. */
export const verifyBoxSet = (epoch: EpochState, boxes: BoxSet): boolean =>
  boxes.length === epoch.recipients.length &&
  boxes.every(({ device }, i) => device === epoch.recipients[i]) &&
  equalBytes(boxRoot(boxes), epoch.boxRoot)

/** Whether `box` is the one of its device in this epoch: one hash beside each step to the root. */
export const verifyBox = (epoch: EpochState, box: Box, path: readonly Uint8Array[]): boolean => {
  const index = epoch.recipients.indexOf(box.device)
  return verifyBoxPath({ box, index, size: epoch.recipients.length, path, root: epoch.boxRoot })
}

/** Merkle root over the boxes, in the shape of RFC 6962 §2.1 with our own labels for leaves and nodes. */
export const boxRoot = (boxes: BoxSet): Uint8Array => rootOf(boxes.map(leafOf))

/** The hashes beside the way from one box to the root, leaf first (RFC 6962 §2.1.1). */
export const boxPath = (boxes: BoxSet, index: number): readonly Uint8Array[] =>
  pathOf(boxes.map(leafOf), index)

/** Whether `box` is the `index`-th of `size` under `root`: lets a single box travel with its path. */
export const verifyBoxPath = (of: {
  readonly box: Box
  readonly index: number
  readonly size: number
  readonly path: readonly Uint8Array[]
  readonly root: Uint8Array
}): boolean => {
  if (of.index >= of.size || of.index < 0) return false
  const root = climb(leafOf(of.box), of.index, of.size, [...of.path])
  return root !== null && equalBytes(root, of.root)
}

/** `[[device, kemCt, sealed], …]`. */
export const encodeBoxSet = (boxes: BoxSet): Uint8Array => encodeCbor(boxes.map(cborFromBox))

export const parseBoxSet = (bytes: Uint8Array): Result<BoxSet, { readonly type: 'BadBox' }> => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value)) return err({ type: 'BadBox' })
  const boxes = (decoded.value as readonly Cbor[]).map(boxFrom)
  return boxes.every((box) => box !== null) ? ok(boxes) : err({ type: 'BadBox' })
}

/** `[device, kemCt, sealed]`. */
export const encodeBox = (box: Box): Uint8Array => encodeCbor(cborFromBox(box))

export const parseBox = (bytes: Uint8Array): Result<Box, { readonly type: 'BadBox' }> => {
  const decoded = decodeCbor(bytes)
  const box = decoded.ok ? boxFrom(decoded.value) : null
  return box ? ok(box) : err({ type: 'BadBox' })
}

const boxFrom = (item: Cbor): Box | null => {
  if (!Array.isArray(item) || item.length !== 3) return null
  const [device, kemCt, sealed] = [deviceIdFrom(item[0]), item[1] as unknown, item[2] as unknown]
  return device && isBytes(kemCt, KEM_CIPHERTEXT_BYTES) && isBytes(sealed, 72)
    ? { device, kemCt, sealed }
    : null
}

/** `KDF(ss, "box", [coll, epochCtx, device, H("kempk", kemPk), H("kemct", kemCt)])`: bound to epoch, device, key and ciphertext. */
const boxKeyOf = (of: {
  readonly secret: SecretKey
  /** {@link epochContext} */
  readonly context: Uint8Array
  readonly coll: CollId
  readonly device: DeviceId
  readonly kemPk: KemPublic
  readonly kemCt: Uint8Array
}): SealKey =>
  deriveKey<SealKey>(of.secret, 'box', [
    idBytes(of.coll),
    of.context,
    idBytes(of.device),
    hash('kempk', of.kemPk),
    hash('kemct', of.kemCt),
  ])

const boxContext = (device: DeviceId): Uint8Array => encodeCbor(['box', idBytes(device)])

const cborFromBox = ({ device, kemCt, sealed }: Box): Cbor => [idBytes(device), kemCt, sealed]

const leafOf = (box: Box): Uint8Array => hash('boxleaf', cborFromBox(box))
const nodeOf = (left: Uint8Array, right: Uint8Array): Uint8Array => hash('boxnode', [left, right])

/** Largest power of two smaller than `n`. */
const split = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1)

const rootOf = (leaves: readonly Uint8Array[]): Uint8Array => {
  if (leaves.length === 0) return hash('boxnode', null)
  if (leaves.length === 1) return leaves[0]!
  const k = split(leaves.length)
  return nodeOf(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)))
}

const pathOf = (leaves: readonly Uint8Array[], index: number): readonly Uint8Array[] => {
  if (leaves.length <= 1) return []
  const k = split(leaves.length)
  return index < k
    ? [...pathOf(leaves.slice(0, k), index), rootOf(leaves.slice(k))]
    : [...pathOf(leaves.slice(k), index - k), rootOf(leaves.slice(0, k))]
}

const climb = (leaf: Uint8Array, index: number, size: number, path: Uint8Array[]): Uint8Array | null => {
  if (size === 1) return path.length === 0 ? leaf : null
  const beside = path.pop()
  if (!beside) return null
  const k = split(size)
  const below = index < k ? climb(leaf, index, k, path) : climb(leaf, index - k, size - k, path)
  return below && (index < k ? nodeOf(below, beside) : nodeOf(beside, below))
}
