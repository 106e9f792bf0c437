import type { Clock } from '../core/clock.ts'
import type { DeviceId, FeedId } from '../core/ids.ts'

/** What was sent so long before the peer said something has come. ms. */
const ARRIVED_MS = 30_000
/** So often somebody is told at once of what changed about one feed; after that they wait this long, each time twice as long, up to a most. ms. */
const AT_ONCE = 3
const WAIT_MS = 60_000
const MOST_WAIT_MS = 32 * WAIT_MS

type Way = { readonly id: string; readonly peer: DeviceId }

/** What is known of the forks of one feed, in one word; of whom the feed is itself, on each link anew: it may be two. */
type Known = { readonly fork: string; readonly isPeers: boolean }

/** What somebody was sent last of the forks of a feed. */
type Told = { readonly fork: string; readonly times: number; readonly at: number; readonly came: boolean }

/**
 * Whom all branches of a forked feed were sent, so that nobody is sent them with each link; and again where another fork of it
 * has shown since, but the less often the more there are. What was sent on a link that died soon after may never have come, and
 * goes again over the next. Spec: wire.md §7.
 */
export class ForksTold {
  readonly #clock: Clock
  /** `device feed`, or `link feed` where it is the device’s own. */
  readonly #told = new Map<string, Told>()
  /** By link: what may still be under way on it, and since when; `null`: not all of it is sent. */
  readonly #underWay = new Map<string, Map<FeedId, Known & { readonly at: number | null }>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** All of the feed is being sent. */
  begins(way: Way, feed: FeedId, known: Known): void {
    const name = nameOf(way, feed, known)
    const before = this.#told.get(name)
    const isAgain = before?.fork === known.fork
    this.#told.set(name, {
      fork: known.fork,
      times: (before?.times ?? 0) + (isAgain ? 0 : 1),
      at: isAgain ? before.at : this.#clock.now(),
      came: false,
    })
    const underWay = this.#underWay.get(way.id) ?? new Map<FeedId, Known & { readonly at: number | null }>()
    this.#underWay.set(way.id, underWay.set(feed, { ...known, at: null }))
  }

  /** All of it was. */
  sent({ id }: Way, feed: FeedId): void {
    const known = this.#underWay.get(id)?.get(feed)
    if (known) this.#underWay.get(id)!.set(feed, { ...known, at: this.#clock.now() })
  }

  /** Some of it was not. */
  brokeOff({ id }: Way, feed: FeedId): void {
    this.#underWay.get(id)?.delete(feed)
  }

  /** The peer said something. */
  heard(way: Way): void {
    for (const [feed, known] of this.#underWay.get(way.id) ?? []) {
      if (known.at === null || this.#clock.now() - known.at < ARRIVED_MS) continue
      const name = nameOf(way, feed, known)
      const told = this.#told.get(name)
      if (told?.fork === known.fork) this.#told.set(name, { ...told, came: true })
      if (!known.isPeers) this.#underWay.get(way.id)!.delete(feed)
    }
  }

  /** The peer let go of what it was sent. */
  letGo({ id, peer }: Way): void {
    this.#underWay.delete(id)
    for (const [name, told] of this.#told)
      if (name.startsWith(`${peer} `) || name.startsWith(`${id} `))
        this.#told.set(name, { ...told, fork: '', came: false })
  }

  ended({ id }: Way): void {
    this.#underWay.delete(id)
    for (const name of this.#told.keys()) if (name.startsWith(`${id} `)) this.#told.delete(name)
  }

  /** Whether the peer is to be sent all of a feed now, because it may not know this of its forks. */
  mayTell(way: Way, feed: FeedId, known: Known): boolean {
    if (this.#underWay.get(way.id)?.get(feed)?.fork === known.fork) return false
    const told = this.#told.get(nameOf(way, feed, known))
    if (!told) return true
    // The link died under it.
    if (told.fork === known.fork) return !told.came
    if (told.times < AT_ONCE) return true
    const wait = Math.min(WAIT_MS * 2 ** (told.times - AT_ONCE), MOST_WAIT_MS)
    const passed = this.#clock.now() - told.at
    // A clock set back would have them wait for long.
    return passed >= wait || passed < 0
  }
}

const nameOf = ({ id, peer }: Way, feed: FeedId, { isPeers }: Known): string =>
  `${isPeers ? id : peer} ${feed}`
