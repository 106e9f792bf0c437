import type { Clock } from '../core/clock.ts'
import type { DeviceId, FeedId } from '../core/ids.ts'
import type { Storage } from '../sync/ports.ts'
import type { Head } from '../wire/sync.ts'
import {
  acknowledgedKey,
  encodeAcknowledged,
  parseAcknowledged,
  type Held,
  type Mark,
} from './acknowledged-row.ts'
import type { Replica } from './replica.ts'
import type { Syncing } from './syncing.ts'
import type { Latest } from './types.ts'

const HOUR_MS = 3_600_000
/** Hours remembered; of more, every second of the older ones goes. */
const MOST_MARKS = 256
/** How long what was heard waits for more before it is written down. Milliseconds. */
const WRITE_AFTER_MS = 5000

/** A feed of this device's own with something in it, and its last record. */
type Written = { readonly feed: FeedId; readonly last: number }

/**
 * Who has what this device wrote: by what each device says on a link, and by what it signed. A record names all its author
 * had merged, so one that builds on mine tells me, whichever way and through however many hands it came.
 */
export class Acknowledged {
  readonly #replica: Replica
  readonly #storage: Storage
  readonly #clock: Clock
  readonly #moved: () => void
  readonly #held = new Map<DeviceId, Map<FeedId, number>>()
  #marks: Mark[] = []
  #writing: (() => void) | null = null
  readonly #stops: (() => void)[]

  constructor(of: {
    readonly replica: Replica
    readonly syncing: Syncing
    readonly storage: Storage
    readonly clock: Clock
    readonly moved: () => void
  }) {
    this.#replica = of.replica
    this.#storage = of.storage
    this.#clock = of.clock
    this.#moved = of.moved
    this.#stops = [
      of.syncing.onHave((device, heads) => this.#hear(device, heads)),
      of.replica.on({ wrote: ({ pub }) => this.#wrote(pub.feed, pub.seq) }),
    ]
    void this.#recall()
  }

  /** Every other device in good standing, and how far it has what was written here. Empty while nothing was. */
  latest(): readonly Latest[] {
    const mine = this.#written()
    if (mine.length === 0) return []
    this.#lookAtRecords()
    const { devices } = this.#replica.state
    return [...devices.values()]
      .filter(({ id, standing }) => id !== this.#replica.own.id && standing === 'active')
      .map(({ id, member }) => ({ device: id, member, upTo: this.#upTo(id, mine) }))
  }

  /** Changes written here that no other device is known to have. */
  waiting(): number {
    this.#lookAtRecords()
    const { devices } = this.#replica.state
    const others = [...this.#held].filter(([id]) => devices.get(id)?.standing === 'active')
    return this.#written().reduce((sum, { feed, last }) => {
      const most = Math.max(-1, ...others.map(([, held]) => held.get(feed) ?? -1))
      return sum + Math.max(0, last - most)
    }, 0)
  }

  close(): Promise<void> {
    for (const stop of this.#stops) stop()
    return this.#writing ? this.#write() : Promise.resolve()
  }

  /** This device's own feeds with something in them, oldest first, and the last record of each. */
  #written(): readonly Written[] {
    const { state, feeds, own, ledger } = this.#replica
    return [...state.feeds.values()]
      .filter(({ device }) => device === own.id)
      .sort((a, b) => (ledger.inClosure([b.entry], a.entry) ? -1 : 1))
      .map(({ id }) => ({ feed: id, last: feeds.nextSeq(id) - 1 }))
      .filter(({ last }) => last >= 0)
  }

  #upTo(device: DeviceId, mine: readonly Written[]): Latest['upTo'] {
    let known: number | null = null
    for (const { feed, last } of mine) {
      const seq = this.#held.get(device)?.get(feed) ?? -1
      known = this.#writtenAt(feed, seq) ?? known
      if (seq < last) return known
    }
    return 'all'
  }

  #writtenAt(feed: FeedId, seq: number): number | null {
    return this.#marks.findLast((mark) => mark.feed === feed && mark.seq <= seq)?.at ?? null
  }

  #hear(device: DeviceId, heads: readonly Head[]): void {
    for (const { feed, seq, rec } of heads) {
      if (this.#replica.state.feeds.get(feed)?.device !== this.#replica.own.id) continue
      const ours = this.#replica.feeds.recIdAt(feed, seq)
      // Of another branch, or beyond what was ever written here: a copy of this phone wrote that.
      if (seq >= this.#replica.feeds.nextSeq(feed) || (ours !== null && ours !== rec)) continue
      this.#note(device, feed, seq)
    }
  }

  #lookAtRecords(): void {
    for (const { feed } of this.#written())
      for (const [device, seq] of this.#replica.feeds.buildersOn(feed)) this.#note(device, feed, seq)
  }

  #note(device: DeviceId, feed: FeedId, seq: number): void {
    if (device === this.#replica.own.id) return
    const held = this.#held.get(device) ?? new Map<FeedId, number>()
    if ((held.get(feed) ?? -1) >= seq) return
    this.#held.set(device, held.set(feed, seq))
    this.#writeSoon()
  }

  #wrote(feed: FeedId, seq: number): void {
    const now = this.#clock.now()
    const at = now - (now % HOUR_MS)
    const last = this.#marks.findLast((mark) => mark.feed === feed)
    if (last && last.at >= at) return
    if (this.#marks.length >= MOST_MARKS)
      this.#marks = this.#marks.filter((_, i) => i % 2 === 0 || i >= MOST_MARKS / 2)
    this.#marks.push({ feed, seq, at })
    this.#writeSoon()
  }

  #writeSoon(): void {
    this.#writing ??= this.#clock.after(WRITE_AFTER_MS, () => void this.#write())
  }

  async #write(): Promise<void> {
    this.#writing?.()
    this.#writing = null
    const held = [...this.#held].flatMap(([device, feeds]) =>
      [...feeds].map(([feed, seq]): Held => ({ device, feed, seq })),
    )
    const value = encodeAcknowledged({ marks: this.#marks, held })
    await this.#storage.commit([{ table: 'meta', key: acknowledgedKey(this.#replica.coll), value }])
  }

  async #recall(): Promise<void> {
    const row = await this.#storage.get('meta', acknowledgedKey(this.#replica.coll))
    if (!row.ok || !row.value) return
    const { marks, held } = parseAcknowledged(row.value)
    this.#marks = [...marks, ...this.#marks]
    for (const { device, feed, seq } of held)
      // A disk set back to an older state: what is not here any more was not written, as far as this device knows.
      if (seq < this.#replica.feeds.nextSeq(feed)) this.#note(device, feed, seq)
    this.#moved()
  }
}
