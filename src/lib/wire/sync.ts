import { decodeCbor, encodeCbor, isBytes, isUint, type Cbor } from '../core/cbor.ts'
import {
  entryIdFrom,
  epochIdFrom,
  feedIdFrom,
  HASH_BYTES,
  idBytes,
  recIdFrom,
  type EntryId,
  type EpochId,
  type FeedId,
  type RecId,
} from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'

/** How far a device holds a feed. */
export type Head = { readonly feed: FeedId; readonly seq: number; readonly rec: RecId }

/**
 * What two devices say on the `records` stream of a link, ledger first, content after `ready` from both sides.
 * Each is `enc([kind, …])`. Sealed things travel as the bytes they are: this folder cannot read them. Spec: wire.md §7.
 */
export type SyncMessage =
  /** My ledger heads: at the start, and whenever they change. */
  | { readonly type: 'heads'; readonly heads: readonly EntryId[] }
  /** Send me what lies at or below `want` and not at or below `have`. */
  | { readonly type: 'want'; readonly want: readonly EntryId[]; readonly have: readonly EntryId[] }
  /** Signed entries, ancestors first, and the sender's heads with them. */
  | { readonly type: 'entries'; readonly entries: readonly Uint8Array[]; readonly heads: readonly EntryId[] }
  /** I hold everything below the heads you named and have judged you by it: content may follow. */
  | { readonly type: 'ready' }
  /** How far I hold each feed; answers come as segments. */
  | { readonly type: 'have'; readonly heads: readonly Head[] }
  /** Records of one feed in a row, and the seal at the last: `[[record, …], seal]`, each as bytes. */
  | { readonly type: 'segment'; readonly records: readonly Uint8Array[]; readonly seal: Uint8Array }
  /** I should have a box in these epochs and hold none. */
  | { readonly type: 'wantBoxes'; readonly epochs: readonly EpochId[] }
  /** All boxes of one epoch. */
  | { readonly type: 'boxes'; readonly epoch: EpochId; readonly boxes: Uint8Array }
  /** The receiver's own box of an epoch that has many, and the hashes that lead from it to the root, each as bytes. */
  | {
      readonly type: 'box'
      readonly epoch: EpochId
      readonly box: Uint8Array
      readonly path: readonly Uint8Array[]
    }
  /** I am new here (or behind keys I may not have): give me the documents as they stand. */
  | { readonly type: 'wantWelcome' }
  /** The documents as they stand, sealed, with the positions they stand for. */
  | { readonly type: 'welcome'; readonly welcome: Uint8Array }
  /** Parts of checkpoints I lack, by hash. */
  | { readonly type: 'wantParts'; readonly parts: readonly Uint8Array[] }
  /** One such part: a manifest or a sealed snapshot. Its hash says which. */
  | { readonly type: 'part'; readonly part: Uint8Array }
  /** Let us begin anew, with my ledger heads: I let go of what came while you were not to be heard. */
  | { readonly type: 'again'; readonly heads: readonly EntryId[] }
  /** A keeper: my room is used up, what you send now I do not keep. */
  | { readonly type: 'full' }

export type BadMessage = { readonly type: 'BadMessage' }

const MAX_IDS = 4096
const MAX_ENTRIES = 4096
const MAX_RECORDS = 65_536
const MAX_PARTS = 1024
/** Two to the power of this many boxes are more than there are devices. */
const MAX_PATH = 32

export const encodeSyncMessage = (message: SyncMessage): Uint8Array => encodeCbor(cborFrom(message))

/** Never throws. Unknown kinds are `BadMessage`: the reader skips them and goes on. */
export const parseSyncMessage = (bytes: Uint8Array): Result<SyncMessage, BadMessage> => {
  const decoded = decodeCbor(bytes)
  const message =
    decoded.ok && Array.isArray(decoded.value) ? messageFrom(decoded.value as readonly Cbor[]) : null
  return message ? ok(message) : err({ type: 'BadMessage' })
}

/** As many as are read. Who has more heads than that has joined most of them by the next act. */
const ids = (list: readonly EntryId[]): Cbor => list.slice(0, MAX_IDS).map((id) => idBytes(id))

const cborFrom = (message: SyncMessage): Cbor => {
  switch (message.type) {
    case 'heads':
      return [0, ids(message.heads)]
    case 'want':
      return [1, ids(message.want), ids(message.have)]
    case 'entries':
      return [2, message.entries, ids(message.heads)]
    case 'ready':
      return [3]
    case 'have':
      return [4, message.heads.map(({ feed, seq, rec }) => [idBytes(feed), seq, idBytes(rec)])]
    case 'segment':
      return [5, message.records, message.seal]
    case 'wantBoxes':
      return [6, ids(message.epochs)]
    case 'boxes':
      return [7, idBytes(message.epoch), message.boxes]
    case 'wantWelcome':
      return [8]
    case 'welcome':
      return [9, message.welcome]
    case 'wantParts':
      return [10, message.parts]
    case 'part':
      return [11, message.part]
    case 'again':
      return [12, ids(message.heads)]
    case 'box':
      return [13, idBytes(message.epoch), message.box, message.path]
    case 'full':
      return [14]
  }
}

const messageFrom = (parts: readonly Cbor[]): SyncMessage | null => {
  const [kind, a, b, c] = parts
  const arity = [2, 3, 3, 1, 2, 3, 2, 3, 1, 2, 2, 2, 2, 4, 1][typeof kind === 'number' ? kind : -1]
  if (parts.length !== arity) return null
  switch (kind) {
    case 0: {
      const heads = listOf(a, entryIdFrom, MAX_IDS)
      return heads && { type: 'heads', heads }
    }
    case 1: {
      const want = listOf(a, entryIdFrom, MAX_IDS)
      const have = listOf(b, entryIdFrom, MAX_IDS)
      return want && have && { type: 'want', want, have }
    }
    case 2: {
      const entries = listOf(a, bytesFrom, MAX_ENTRIES)
      const heads = listOf(b, entryIdFrom, MAX_IDS)
      return entries && heads && { type: 'entries', entries, heads }
    }
    case 3:
      return { type: 'ready' }
    case 4: {
      const heads = listOf(a, headFrom, MAX_IDS)
      return heads && { type: 'have', heads }
    }
    case 5: {
      const records = listOf(a, bytesFrom, MAX_RECORDS)
      const seal = bytesFrom(b)
      return records && records.length > 0 && seal ? { type: 'segment', records, seal } : null
    }
    case 6: {
      const epochs = listOf(a, epochIdFrom, MAX_IDS)
      return epochs && { type: 'wantBoxes', epochs }
    }
    case 7: {
      const epoch = epochIdFrom(a)
      const boxes = bytesFrom(b)
      return epoch && boxes && { type: 'boxes', epoch, boxes }
    }
    case 8:
      return { type: 'wantWelcome' }
    case 9: {
      const welcome = bytesFrom(a)
      return welcome && { type: 'welcome', welcome }
    }
    case 10: {
      const parts = listOf(a, hashFrom, MAX_PARTS)
      return parts && { type: 'wantParts', parts }
    }
    case 11: {
      const part = bytesFrom(a)
      return part && { type: 'part', part }
    }
    case 12: {
      const heads = listOf(a, entryIdFrom, MAX_IDS)
      return heads && { type: 'again', heads }
    }
    case 13: {
      const epoch = epochIdFrom(a)
      const box = bytesFrom(b)
      const path = listOf(c, hashFrom, MAX_PATH)
      return epoch && box && path && { type: 'box', epoch, box, path }
    }
    case 14:
      return { type: 'full' }
    default:
      return null
  }
}

const hashFrom = (value: unknown): Uint8Array | null => (isBytes(value, HASH_BYTES) ? value : null)

const bytesFrom = (value: unknown): Uint8Array | null => (value instanceof Uint8Array ? value : null)

const headFrom = (value: unknown): Head | null => {
  if (!Array.isArray(value) || value.length !== 3) return null
  const [feed, seq, rec] = [feedIdFrom(value[0]), value[1] as unknown, recIdFrom(value[2])]
  return feed && isUint(seq) && rec ? { feed, seq, rec } : null
}

const listOf = <T>(value: unknown, read: (item: unknown) => T | null, most: number): readonly T[] | null => {
  if (!Array.isArray(value) || value.length > most) return null
  const items: T[] = []
  for (const item of value) {
    const read1 = read(item)
    if (read1 === null) return null
    items.push(read1)
  }
  return items
}
