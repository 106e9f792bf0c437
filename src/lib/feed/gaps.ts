import type { FeedId } from '../core/ids.ts'
import type { FeedSeal, Segment } from './types.ts'

const MAX_SEGMENTS_PER_FEED = 64
const MAX_BYTES = 16 * 2 ** 20

/**
 * Segments with a hole below them: vouched for by their seal, waiting for what comes before. Bounded for each feed and
 * in all; what does not fit is dropped and comes again, because a device only ever claims what it holds without a hole.
 */
export class Gaps {
  readonly #kept = new Map<FeedId, Segment[]>()
  #bytes = 0

  /** The feeds that have a hole. */
  get feeds(): readonly FeedId[] {
    return [...this.#kept.keys()]
  }

  /** Everything that waits, feed by feed. */
  all(): readonly Segment[] {
    return [...this.#kept.values()].flat()
  }

  keep(segment: Segment): void {
    const kept = this.#kept.get(segment.feed) ?? []
    const bytes = bytesOf(segment)
    if (kept.some(({ seal }) => seal.rec === segment.seal.rec)) return
    if (kept.length >= MAX_SEGMENTS_PER_FEED || this.#bytes + bytes > MAX_BYTES) return
    this.#bytes += bytes
    this.#kept.set(segment.feed, [...kept, segment])
  }

  /** Takes out the segment that goes on where `seal` ends, if one waits for it. */
  after(seal: FeedSeal): Segment | null {
    const kept = this.#kept.get(seal.feed)
    if (!kept) return null
    const next = kept.find(
      (segment) =>
        segment.seal.seq > seal.seq &&
        segment.records.some(({ pub }) => pub.seq === seal.seq + 1 && pub.prev === seal.rec),
    )
    const left = kept.filter((segment) => segment !== next && segment.seal.seq > seal.seq)
    for (const segment of kept) if (!left.includes(segment)) this.#bytes -= bytesOf(segment)
    if (left.length > 0) this.#kept.set(seal.feed, left)
    else this.#kept.delete(seal.feed)
    return next ?? null
  }
}

const bytesOf = ({ records }: Segment): number => records.reduce((total, { wire }) => total + wire.length, 0)
