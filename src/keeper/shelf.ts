import { idBytes, type CollId, type EpochId, type FeedId, type RecId } from '../lib/core/ids.ts'
import { smallChainsOf } from '../lib/feed/joining.ts'
import { encodeRun, parseRun, type Run } from '../lib/feed/run.ts'
import { encodeFeedSeal } from '../lib/feed/seal.ts'
import type { SealedRecord, Segment } from '../lib/feed/types.ts'
import type { Write } from '../lib/sync/ports.ts'
import type { Head } from '../lib/wire/sync.ts'
import { FeedShelf, spanOf, type Extent, type Gone, type Shelved } from './feed-shelf.ts'
import type { LogStorage } from './log-storage.ts'
import { encodeGone, GONE_KEY, parseGone } from './rows.ts'

/** One message of records holds about this many bytes. */
const SEGMENT_BYTES = 96 * 1024

export type Message = {
  readonly records: readonly Uint8Array[]
  readonly seal: Uint8Array
  readonly last: number
}

/**
 * Sealed records of one collective on a keeper’s disk, by feed, each run with the seal at its end. Memory holds where runs
 * begin and the ids of their records; bytes stay on the disk. It opens nothing. What it is given was checked before.
 */
export class Shelf {
  readonly #storage: LogStorage
  readonly #coll: CollId
  readonly #feeds = new Map<FeedId, FeedShelf>()

  private constructor(storage: LogStorage, coll: CollId) {
    this.#storage = storage
    this.#coll = coll
  }

  /** Reads back what lies there. A damaged run leaves a hole, and what was in it comes again. */
  static async open(storage: LogStorage, coll: CollId): Promise<Shelf> {
    const shelf = new Shelf(storage, coll)
    const lost: Write[] = []
    const gone = await storage.get('meta', GONE_KEY)
    for (const [feed, upTo] of gone.ok && gone.value ? parseGone(gone.value) : [])
      shelf.#feed(feed).letGo(upTo, [])
    // In order of key, and so of place within each feed.
    for (const key of storage.keys('records', `${coll}/`)) {
      const run = await shelf.#runAt(key)
      if (run) shelf.#feed(run.seal.feed).add(shelvedFrom(key, run))
      else lost.push({ table: 'records', key, value: null })
    }
    if (lost.length > 0) await storage.commit(lost)
    await shelf.#joinSmall()
    return shelf
  }

  /** How far each feed is held, and from where on without a hole. */
  extents(): readonly (Head & Extent)[] {
    return [...this.#feeds].flatMap(([feed, { extent }]) => (extent ? [{ feed, ...extent }] : []))
  }

  recordAt(feed: FeedId, seq: number): RecId | null {
    const shelf = this.#feeds.get(feed)
    return shelf?.idsAt(seq)[0] ?? (shelf?.gone?.seq === seq ? shelf.gone.rec : null)
  }

  /** What is here of places of a feed for which two records were signed, in one word that changes with it; `null`: none. */
  forkOf(feed: FeedId): string | null {
    return this.#feeds.get(feed)?.fork ?? null
  }

  /** Bytes on the disk of one feed. */
  bytesOf(feed: FeedId): number {
    return this.#feeds.get(feed)?.bytes ?? 0
  }

  /** What of a segment is new, and what to write for it; `null`: nothing is, or there is a hole before it. */
  plan({ feed, records, seal }: Segment): { readonly write: Write; readonly done: () => void } | null {
    const shelf = this.#feed(feed)
    const goneTo = shelf.gone?.seq ?? -1
    const first = records.findIndex(({ id, pub }) => pub.seq > goneTo && !shelf.idsAt(pub.seq).includes(id))
    const fresh = first < 0 ? [] : records.slice(first)
    if (!fresh[0] || !shelf.takes(fresh[0])) return null
    const run: Run = { records: fresh, seal }
    const key = this.#keyOf(fresh)
    const value = encodeRun(run)
    return {
      write: { table: 'records', key, value },
      done: () => shelf.add({ ...shelvedFrom(key, run), bytes: value.length }),
    }
  }

  /** Everything of `feed` from `from` on, all branches, joined into messages of about a hundred kilobytes. */
  async *read(feed: FeedId, from: number): AsyncGenerator<Message> {
    let joined: { records: Uint8Array[]; bytes: number; run: Run } | null = null
    for (const { key } of this.#feeds.get(feed)?.from(from) ?? []) {
      const run = await this.#runAt(key)
      if (!run) break
      const wanted = run.records.filter(({ pub }) => pub.seq >= from)
      if (joined && wanted[0]!.pub.prev !== joined.run.seal.rec) {
        yield messageOf(joined)
        joined = null
      }
      joined ??= { records: [], bytes: 0, run }
      joined.records.push(...wanted.map(({ wire }) => wire))
      joined.bytes += wanted.reduce((total, { wire }) => total + wire.length, 0)
      joined.run = run
      if (joined.bytes < SEGMENT_BYTES) continue
      yield messageOf(joined)
      joined = null
    }
    if (joined) yield messageOf(joined)
  }

  /**
   * Lets go of the records that lie at or below these places and, as all before them in their feed, under epochs that are past.
   * Resolves to whether anything went. What went is not taken again.
   */
  async letGo(upTo: ReadonlyMap<FeedId, number>, isPast: (epoch: EpochId) => boolean): Promise<boolean> {
    const going = []
    for (const [feed, seq] of upTo) {
      const shelf = this.#feeds.get(feed)
      const one = shelf && (await this.#goingFrom(shelf, seq, isPast))
      if (one) going.push({ feed, shelf, ...one })
    }
    if (going.length === 0) return false
    const gone = new Map<FeedId, Gone>(going.map((one) => [one.feed, one.gone]))
    for (const [feed, shelf] of this.#feeds) if (shelf.gone && !gone.has(feed)) gone.set(feed, shelf.gone)
    const row: Write = { table: 'meta', key: GONE_KEY, value: encodeGone(gone) }
    if (!(await this.#storage.commit([...going.flatMap(({ writes }) => writes), row])).ok) return false
    for (const one of going) one.shelf.letGo(one.gone, one.rests)
    return true
  }

  async #goingFrom(shelf: FeedShelf, upTo: number, isPast: (epoch: EpochId) => boolean) {
    let seq = upTo
    for (const { key, seq: first } of shelf.from(0)) {
      if (first > seq) break
      const run = await this.#runAt(key)
      const stays = run ? run.records.find(({ pub }) => !isPast(pub.epoch))?.pub.seq : first
      seq = Math.min(seq, (stays ?? Infinity) - 1)
    }
    seq = shelf.highestUpTo(seq)
    const rec = seq < 0 ? undefined : shelf.idsAt(seq)[0]
    if (!rec) return null
    const all = shelf.from(0)
    const going = all.filter((run) => run.seq <= seq)
    const writes = going.map(({ key }): Write => ({ table: 'records', key, value: null }))
    const rests: Shelved[] = []
    for (const { key } of going.filter((run) => run.seq + run.count - 1 > seq)) {
      const run = await this.#runAt(key)
      if (!run) continue
      const rest: Run = { records: run.records.filter(({ pub }) => pub.seq > seq), seal: run.seal }
      const restKey = this.#keyOf(rest.records)
      // Runs may overlap: the longer of two that begin alike holds the other.
      if ([...all, ...rests].some((one) => one.key === restKey && one.count >= rest.records.length)) continue
      const value = encodeRun(rest)
      writes.push({ table: 'records', key: restKey, value })
      rests.push({ ...shelvedFrom(restKey, rest), bytes: value.length })
    }
    return { gone: { seq, rec }, writes, rests }
  }

  async #runAt(key: string): Promise<Run | null> {
    const row = await this.#storage.get('records', key)
    return row.ok && row.value ? parseRun(row.value) : null
  }

  #keyOf([first]: readonly SealedRecord[]): string {
    const { id, pub } = first!
    return `${this.#coll}/${pub.feed}/${pub.seq.toString().padStart(16, '0')}/${id.slice(0, 16)}`
  }

  #feed(feed: FeedId): FeedShelf {
    const known = this.#feeds.get(feed)
    if (known) return known
    const fresh = new FeedShelf()
    this.#feeds.set(feed, fresh)
    return fresh
  }

  /** Single records pile up while people write: at the next start runs of them become one row each. */
  async #joinSmall(): Promise<void> {
    for (const feed of this.#feeds.values())
      for (const chain of smallChainsOf(feed.from(0), spanOf)) {
        const runs: Run[] = []
        for (const { key } of chain) {
          const run = await this.#runAt(key)
          if (run) runs.push(run)
        }
        if (runs.length < chain.length) continue
        const whole: Run = { records: runs.flatMap(({ records }) => records), seal: runs.at(-1)!.seal }
        const [{ key }, ...rest] = chain
        const value = encodeRun(whole)
        const gone = rest.map(({ key }): Write => ({ table: 'records', key, value: null }))
        const kept = await this.#storage.commit([...gone, { table: 'records', key, value }])
        if (kept.ok) feed.replace(chain, { ...shelvedFrom(key, whole), bytes: value.length })
      }
  }
}

const shelvedFrom = (key: string, run: Run): Shelved => {
  const ids = new Uint8Array(32 * run.records.length)
  run.records.forEach(({ id }, i) => ids.set(idBytes(id), 32 * i))
  const [first] = run.records
  const bytes = run.records.reduce((total, { wire }) => total + wire.length, 0)
  return { key, seq: first!.pub.seq, prev: first!.pub.prev, count: run.records.length, ids, bytes }
}

const messageOf = ({ records, run }: { records: readonly Uint8Array[]; run: Run }): Message => ({
  records,
  seal: encodeFeedSeal(run.seal),
  last: run.seal.seq,
})
