import type { Clock } from '../core/clock.ts'
import type { FeedId, MemberId } from '../core/ids.ts'
import { Cell, type Watched } from '../core/watched.ts'
import type { Replica } from './replica.ts'

/** What is on its way is no news: so long something has to be missing at one place before anybody is told. ms. */
const STILL_MISSING_MS = 60_000

/**
 * Of whom something written is missing though what stands upon it is here: somebody holds it back, or lost it on the way.
 * Members, in no order; nobody who is out. Spec: feed.md §5.
 */
export const followMissing = (of: {
  readonly replica: Replica
  readonly clock: Clock
}): { readonly members: Watched<readonly MemberId[]>; readonly stop: () => void } => {
  const { replica, clock } = of
  const members = new Cell<readonly MemberId[]>([])
  /** Since when each feed has not come further than it has, ms since 1970. */
  const since = new Map<FeedId, { readonly at: number; readonly next: number }>()
  let waiting: (() => void) | null = null
  const memberOf = (feed: FeedId): MemberId | null => {
    const { devices, feeds } = replica.state
    const device = devices.get(feeds.get(feed)?.device ?? replica.own.id)
    const isHere = device?.standing === 'active' || device?.standing === 'retired'
    return isHere && device.id !== replica.own.id ? device.member : null
  }
  const look = () => {
    const now = clock.now()
    const missing = replica.feeds.missingFrom().filter((feed) => memberOf(feed) !== null)
    for (const feed of since.keys()) if (!missing.includes(feed)) since.delete(feed)
    for (const feed of missing) {
      const next = replica.feeds.nextSeq(feed)
      if (since.get(feed)?.next !== next) since.set(feed, { at: now, next })
    }
    const still = missing.filter((feed) => now - since.get(feed)!.at >= STILL_MISSING_MS)
    const found = [...new Set(still.flatMap((feed) => memberOf(feed) ?? []))]
    if (found.join() !== members.read().join()) members.set(found)
    if (still.length === missing.length) return
    waiting ??= clock.after(STILL_MISSING_MS, () => {
      waiting = null
      look()
    })
  }
  const unwatch = replica.changed.watch(look)
  look()
  return {
    members,
    stop: () => {
      unwatch()
      waiting?.()
    },
  }
}
