import { concatBytes } from '../core/bytes.ts'
import { decodeCbor, encodeCbor, isBytes, isUint, type Cbor } from '../core/cbor.ts'
import { epochIdFrom, feedIdFrom, idBytes, recIdFrom, type EpochId } from '../core/ids.ts'
import { NONCE_BYTES, TAG_BYTES } from '../crypto/seal.ts'
import { SIGNATURE_BYTES } from '../crypto/sign.ts'
import { assembleRecord } from './record.ts'
import type { FeedSeal, SealedRecord } from './types.ts'

/** Records of one feed, each the next of the one before, and the seal at the last of them. */
export type Run = { readonly records: readonly SealedRecord[]; readonly seal: FeedSeal }

const NO_PREV = new Uint8Array(32)

/**
 * A run as a disk keeps it: `enc([1, feed, seq, prev, [[epoch, count], …], [nonce ‖ ct, …], sig])`. What each record repeats
 * of the one before (feed, place, epoch, the other’s hash) is written once or worked out again. `run`: not empty.
 */
export const encodeRun = ({ records, seal }: Run): Uint8Array => {
  const [first] = records
  if (!first) throw new Error('a run has records')
  const epochs: [EpochId, number][] = []
  for (const { pub } of records) {
    const last = epochs.at(-1)
    if (last?.[0] === pub.epoch) last[1] += 1
    else epochs.push([pub.epoch, 1])
  }
  return encodeCbor([
    1,
    idBytes(first.pub.feed),
    first.pub.seq,
    first.pub.prev ? idBytes(first.pub.prev) : NO_PREV,
    epochs.map(([epoch, count]) => [idBytes(epoch), count]),
    records.map(({ pub, ct }) => concatBytes(pub.nonce, ct)),
    seal.sig,
  ])
}

/** The run as it came, to the byte; `null`: a damaged row. Never throws. */
export const parseRun = (bytes: Uint8Array): Run | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 7) return null
  const [version, id, from, before, list, items, sig] = decoded.value as readonly Cbor[]
  const feed = feedIdFrom(id)
  if (version !== 1 || !feed || !isUint(from) || !isBytes(before, 32) || !isBytes(sig, SIGNATURE_BYTES))
    return null
  const epochs = epochsFrom(list)
  if (!epochs || !Array.isArray(items) || items.length === 0 || items.length !== epochs.length) return null
  const records: SealedRecord[] = []
  let prev = before.some((byte) => byte !== 0) ? recIdFrom(before) : null
  for (const [i, item] of items.entries() as IterableIterator<[number, unknown]>) {
    if (!(item instanceof Uint8Array) || item.length <= NONCE_BYTES + TAG_BYTES) return null
    const [nonce, ct] = [item.subarray(0, NONCE_BYTES), item.subarray(NONCE_BYTES)]
    const record = assembleRecord({ feed, seq: from + i, prev, epoch: epochs[i]!, nonce }, ct)
    records.push(record)
    prev = record.id
  }
  const last = records.at(-1)!
  return { records, seal: { feed, seq: last.pub.seq, rec: last.id, sig } }
}

/** Counts of records a row can claim, so that a damaged one does not fill the memory. */
const MAX_RECORDS = 100_000

const epochsFrom = (value: unknown): readonly EpochId[] | null => {
  if (!Array.isArray(value)) return null
  const epochs: EpochId[] = []
  for (const pair of value as readonly unknown[]) {
    const [id, count] = Array.isArray(pair) ? (pair as readonly unknown[]) : []
    const epoch = epochIdFrom(id)
    if (!epoch || !isUint(count) || epochs.length + count > MAX_RECORDS) return null
    for (let i = 0; i < count; i++) epochs.push(epoch)
  }
  return epochs
}
