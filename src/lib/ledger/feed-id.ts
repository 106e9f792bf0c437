import { feedIdFrom, idBytes, type CollId, type DeviceId, type EntryId, type FeedId } from '../core/ids.ts'
import { hash } from '../crypto/hash.ts'
import { Overlay } from './overlay.ts'
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
  /** Whether an entry was settled by a final checkpoint before this one was said. */
  readonly comesAfter: (entry: EntryId) => boolean
}
type Feeds = ReadonlyMap<number, FeedState & { readonly silenced: boolean }>

/**
 * Of two feeds with one client id the one a final checkpoint settled stands; else that with the smaller entry id, a
 * suspended device’s only against others of its kind: never both, never neither. By client id.
 */
export const standingFeeds = (
  below: Feeds,
  registered: readonly RegisteredFeed[],
  clientOf: (feed: FeedId) => number = yClientOf,
): Feeds => {
  const feeds = new Overlay(below)
  for (const one of registered) {
    const { entry, feed, device, silenced } = one
    const yClient = clientOf(feed)
    const other = feeds.get(yClient)
    if (!other || goesBefore(one, other)) feeds.set(yClient, { id: feed, device, entry, yClient, silenced })
  }
  return feeds.done()
}

/** The registrations that came to nothing, of what was registered now and of what stood before. */
export const fallenFeeds = (
  below: Feeds,
  registered: readonly RegisteredFeed[],
  standing: Feeds,
  clientOf: (feed: FeedId) => number = yClientOf,
): readonly EntryId[] =>
  registered.flatMap(({ entry, feed }) => {
    const client = clientOf(feed)
    const stands = standing.get(client)?.entry
    return [entry, ...(below.has(client) ? [below.get(client)!.entry] : [])].filter((one) => one !== stands)
  })

const goesBefore = (one: RegisteredFeed, other: { readonly entry: EntryId; readonly silenced: boolean }) => {
  if (one.comesAfter(other.entry)) return false
  return other.silenced === one.silenced ? one.entry < other.entry : other.silenced
}
