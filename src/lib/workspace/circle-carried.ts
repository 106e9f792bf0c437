import { hexFromBytes } from '../core/bytes.ts'
import { decodeCbor, encodeCbor, isBytes, isUint } from '../core/cbor.ts'
import {
  epochIdFrom,
  feedIdFrom,
  HASH_BYTES,
  idBytes,
  type CollId,
  type EntryId,
  type EpochId,
  type FeedId,
} from '../core/ids.ts'
import type { Storage } from '../sync/ports.ts'

const rowKey = (coll: CollId) => `${coll}/carried`
const partsKey = (coll: CollId) => `${coll}/carried/parts`

/** More parts of checkpoints than these are not remembered. */
const PARTS_MOST = 1024

/** What of a circle is known to lie in blobs already, so that no two devices give the same to carry for long. */
export class Carried {
  readonly #storage: Storage
  readonly #coll: CollId
  readonly #next = new Map<FeedId, number>()
  /** Runs that lie above a gap. */
  readonly #ahead = new Map<FeedId, (readonly [number, number])[]>()
  readonly #epochs = new Set<EpochId>()
  readonly #under = new Map<EpochId, Set<EntryId>>()
  /** By hash, until when a part of a checkpoint lies in a blob. ms since 1970. */
  readonly #parts = new Map<string, { readonly digest: Uint8Array; readonly until: number }>()

  constructor(storage: Storage, coll: CollId) {
    this.#storage = storage
    this.#coll = coll
  }

  /** The first record of a feed that lies in no blob. */
  next(feed: FeedId): number {
    return this.#next.get(feed) ?? 0
  }

  records(feed: FeedId, first: number, last: number): void {
    const ahead = [...(this.#ahead.get(feed) ?? []), [first, last] as const].sort(([a], [b]) => a - b)
    let next = this.next(feed)
    for (const [from, to] of ahead) if (from <= next) next = Math.max(next, to + 1)
    this.#next.set(feed, next)
    this.#ahead.set(
      feed,
      ahead.filter(([, to]) => to >= next),
    )
  }

  hasEpoch(epoch: EpochId): boolean {
    return this.#epochs.has(epoch)
  }

  epoch(epoch: EpochId): void {
    this.#epochs.add(epoch)
  }

  /** Entries whoever holds the key of `epoch` can find in blobs. */
  under(epoch: EpochId): Set<EntryId> {
    return this.#under.get(epoch) ?? this.#under.set(epoch, new Set()).get(epoch)!
  }

  hasPart(digest: Uint8Array, now: number): boolean {
    return (this.#parts.get(hexFromBytes(digest))?.until ?? 0) > now
  }

  /** A part lies in a blob that everybody drops at `until`, and may then be given again. */
  part(digest: Uint8Array, until: number): void {
    const name = hexFromBytes(digest)
    const later = Math.max(until, this.#parts.get(name)?.until ?? 0)
    this.#parts.delete(name)
    if (this.#parts.size >= PARTS_MOST) this.#parts.delete(this.#parts.keys().next().value!)
    this.#parts.set(name, { digest, until: later })
  }

  /** Blobs are dropped in time; that they were given to carry is kept. */
  async keep(): Promise<void> {
    const value = encodeCbor([
      [...this.#next].map(([feed, next]) => [idBytes(feed), next]),
      [...this.#epochs].map(idBytes),
    ])
    const parts = encodeCbor([...this.#parts.values()].map(({ digest, until }) => [digest, until]))
    await this.#storage.commit([
      { table: 'heads', key: rowKey(this.#coll), value },
      { table: 'heads', key: partsKey(this.#coll), value: parts },
    ])
  }

  async restore(): Promise<void> {
    await this.#restoreParts()
    const row = await this.#storage.get('heads', rowKey(this.#coll))
    const decoded = row.ok && row.value ? decodeCbor(row.value) : null
    if (!decoded?.ok || !Array.isArray(decoded.value) || decoded.value.length !== 2) return
    const [feeds, epochs] = decoded.value as readonly unknown[]
    for (const pair of Array.isArray(feeds) ? (feeds as readonly unknown[]) : []) {
      const [id, next] = Array.isArray(pair) ? (pair as readonly unknown[]) : []
      const feed = feedIdFrom(id)
      if (feed && isUint(next)) this.#next.set(feed, next)
    }
    for (const bytes of Array.isArray(epochs) ? (epochs as readonly unknown[]) : []) {
      const epoch = epochIdFrom(bytes)
      if (epoch) this.#epochs.add(epoch)
    }
  }
  async #restoreParts(): Promise<void> {
    const row = await this.#storage.get('heads', partsKey(this.#coll))
    const decoded = row.ok && row.value ? decodeCbor(row.value) : null
    for (const pair of decoded?.ok && Array.isArray(decoded.value)
      ? (decoded.value as readonly unknown[])
      : []) {
      const [digest, until] = Array.isArray(pair) ? (pair as readonly unknown[]) : []
      if (isBytes(digest, HASH_BYTES) && isUint(until)) this.part(digest, until)
    }
  }
}
