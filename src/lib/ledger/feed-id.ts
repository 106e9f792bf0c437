import { feedIdFrom, idBytes, type CollId, type DeviceId, type EntryId, type FeedId } from '../core/ids.ts'
import { hash } from '../crypto/hash.ts'
import type { FeedState } from './types.ts'

/** `feedId = H("feed", [coll, device, incarnation])`. */
export const feedIdOf = (coll: CollId, device: DeviceId, incarnation: Uint8Array): FeedId =>
  feedIdFrom(hash('feed', [idBytes(coll), idBytes(device), incarnation]))!

/** The Yjs client id of a feed: the first 53 bits of `H("yc", feedId)`, a whole number. */
export const yClientOf = (feed: FeedId): number => {
  const view = new DataView(hash('yc', idBytes(feed)).buffer)
  return Number(view.getBigUint64(0) >> 11n)
}

export type RegisteredFeed = {
  readonly entry: EntryId
  readonly feed: FeedId
  readonly device: DeviceId
  /** Its device was suspended meanwhile. */
  readonly silenced: boolean
}
type Feeds = ReadonlyMap<number, FeedState & { readonly silenced: boolean }>

/**
 * Of two feeds with one client id the one with the smaller entry id stands, a suspended device’s only against others of
 * its kind: never both, never neither. By client id.
 */
export const standingFeeds = (
  below: Feeds,
  registered: readonly RegisteredFeed[],
  clientOf: (feed: FeedId) => number = yClientOf,
): Feeds => {
  const feeds = new Map(below)
  for (const { entry, feed, device, silenced } of registered) {
    const yClient = clientOf(feed)
    const other = feeds.get(yClient)
    const first = !other || (other.silenced === silenced ? entry < other.entry : other.silenced)
    if (first) feeds.set(yClient, { id: feed, device, entry, yClient, silenced })
  }
  return feeds
}
