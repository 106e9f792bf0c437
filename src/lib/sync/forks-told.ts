import type { Clock } from '../core/clock.ts'
import type { DeviceId, FeedId } from '../core/ids.ts'

/** What was sent so long before the peer said something has come. ms. */
const ARRIVED_MS = 30_000

type Way = { readonly id: string; readonly peer: DeviceId }

/**
 * Whom both branches of a forked feed were sent, so that nobody is sent them with each link. What was sent on a link that died
 * soon after may never have come, and goes again over the next. Spec: wire.md §7.
 */
export class ForksTold {
  readonly #clock: Clock
  /** `device feed`. */
  readonly #told = new Set<string>()
  /** By link: what may still be under way on it, and since when. */
  readonly #underWay = new Map<string, Map<FeedId, number>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  sent({ id }: Way, feed: FeedId): void {
    const underWay = this.#underWay.get(id) ?? new Map<FeedId, number>()
    this.#underWay.set(id, underWay.set(feed, this.#clock.now()))
  }

  /** The peer said something. */
  heard({ id, peer }: Way): void {
    for (const [feed, at] of this.#underWay.get(id) ?? [])
      if (this.#clock.now() - at >= ARRIVED_MS) {
        this.#told.add(`${peer} ${feed}`)
        this.#underWay.get(id)?.delete(feed)
      }
  }

  ended({ id }: Way): void {
    this.#underWay.delete(id)
  }

  has({ id, peer }: Way, feed: FeedId): boolean {
    return this.#told.has(`${peer} ${feed}`) || this.#underWay.get(id)?.has(feed) === true
  }
}
