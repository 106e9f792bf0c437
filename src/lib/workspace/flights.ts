import type { Clock } from '../core/clock.ts'
import type { DeviceId, FeedId } from '../core/ids.ts'

/** A peer that sends nothing of what it said for so long is not waited for. ms. */
export const STALLED_MS = 6000
/** One that never comes to the end of what it said is not waited for longer than this. ms. */
export const LONGEST_MS = 30_000
/** So many bring something at once: the sooner each is done, the sooner it can be had from here. */
const PARALLEL = 3

type Way = { readonly id: string; readonly peer: DeviceId }
type Bringing = {
  readonly peer: DeviceId
  /** Up to where it said it holds a feed, where that is more than is here. */
  readonly upTo: ReadonlyMap<FeedId, number>
  movedAt: number
  stalled: boolean
}

/**
 * What is on its way here, and over which link: whoever meets many at once asks one of them for each thing, not all. A peer
 * that does not deliver holds nothing up for long, and then nothing at all until it does.
 */
export class Flights {
  readonly #clock: Clock
  /** The first place of a feed that is not held here. */
  readonly #nextSeq: (feed: FeedId) => number
  readonly #links = new Map<string, Bringing>()
  /** Since when a device owes something it said. Over another link too: else it would begin anew with each. */
  readonly #owedSince = new Map<DeviceId, number>()

  constructor(clock: Clock, nextSeq: (feed: FeedId) => number) {
    this.#clock = clock
    this.#nextSeq = nextSeq
  }

  /** A peer that said it holds so much was told what is held here, and sends the rest. */
  begin({ id, peer }: Way, said: ReadonlyMap<FeedId, number>): void {
    const upTo = new Map([...said].filter(([feed, seq]) => this.#isLacking(feed, seq)))
    const now = this.#clock.now()
    if (upTo.size === 0) this.#owedSince.delete(peer)
    else this.#owedSince.set(peer, this.#owedSince.get(peer) ?? now)
    this.#links.set(id, { peer, upTo, movedAt: now, stalled: this.#links.get(id)?.stalled ?? false })
  }

  /** Something of it came. */
  moved({ id }: Way): void {
    const bringing = this.#links.get(id)
    if (!bringing) return
    bringing.movedAt = this.#clock.now()
    bringing.stalled = false
    if (this.#lackingFrom(bringing).length === 0) this.#owedSince.delete(bringing.peer)
  }

  end({ id }: Way): void {
    this.#links.delete(id)
  }

  /**
   * Whether a peer is to be told later what is held here: some of what it said it holds comes over another link already. While
   * it said nothing that is lacking here it may hold anything by now: whether anything at all comes.
   */
  comesOtherwise({ id }: Way, said: ReadonlyMap<FeedId, number> | null): boolean {
    const lacking = new Set(
      [...(said ?? [])].flatMap(([feed, seq]) => (this.#isLacking(feed, seq) ? [feed] : [])),
    )
    let links = 0
    for (const [other, bringing] of this.#links) {
      if (other === id) continue
      const coming = this.#lackingFrom(bringing)
      if (coming.length === 0 || this.#isGivenUp(bringing)) continue
      links += 1
      if (links >= PARALLEL || lacking.size === 0 || coming.some((feed) => lacking.has(feed))) return true
    }
    return false
  }

  #lackingFrom({ upTo }: Bringing): readonly FeedId[] {
    return [...upTo].flatMap(([feed, seq]) => (this.#isLacking(feed, seq) ? [feed] : []))
  }

  #isLacking(feed: FeedId, seq: number): boolean {
    return seq >= this.#nextSeq(feed)
  }

  #isGivenUp(bringing: Bringing): boolean {
    const now = this.#clock.now()
    if (now - bringing.movedAt > STALLED_MS) bringing.stalled = true
    return bringing.stalled || now - (this.#owedSince.get(bringing.peer) ?? now) > LONGEST_MS
  }
}
