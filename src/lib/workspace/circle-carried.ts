import { decodeCbor, encodeCbor, isUint } from '../core/cbor.ts'
import {
  epochIdFrom,
  feedIdFrom,
  idBytes,
  type CollId,
  type EntryId,
  type EpochId,
  type FeedId,
} from '../core/ids.ts'
import type { Storage } from '../sync/ports.ts'

const rowKey = (coll: CollId) => `${coll}/carried`

/** What of a circle is known to lie in blobs already, so that no two devices give the same to carry for long. */
export class Carried {
  readonly #storage: Storage
  readonly #coll: CollId
  readonly #next = new Map<FeedId, number>()
  /** Runs that lie above a gap. */
  readonly #ahead = new Map<FeedId, (readonly [number, number])[]>()
  readonly #epochs = new Set<EpochId>()
  readonly #under = new Map<EpochId, Set<EntryId>>()

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

  /** Blobs are dropped in time; that they were given to carry is kept. */
  async keep(): Promise<void> {
    const value = encodeCbor([
      [...this.#next].map(([feed, next]) => [idBytes(feed), next]),
      [...this.#epochs].map(idBytes),
    ])
    await this.#storage.commit([{ table: 'heads', key: rowKey(this.#coll), value }])
  }

  async restore(): Promise<void> {
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
}
