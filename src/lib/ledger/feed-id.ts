import { feedIdFrom, idBytes, type CollId, type DeviceId, type FeedId } from '../core/ids.ts'
import { hash } from '../crypto/hash.ts'

/** `feedId = H("feed", [coll, device, incarnation])`. */
export const feedIdOf = (coll: CollId, device: DeviceId, incarnation: Uint8Array): FeedId =>
  feedIdFrom(hash('feed', [idBytes(coll), idBytes(device), incarnation]))!

/** The Yjs client id of a feed: the first 53 bits of `H("yc", feedId)`, a whole number. */
export const yClientOf = (feed: FeedId): number => {
  const view = new DataView(hash('yc', idBytes(feed)).buffer)
  return Number(view.getBigUint64(0) >> 11n)
}
