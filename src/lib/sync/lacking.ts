import type { FeedId } from '../core/ids.ts'
import type { Standing } from './ports.ts'

/** How many records this device lacks of those a peer said it holds. Of a suspended peer only its own feeds are taken. */
export const lackingFrom = (
  peer: { readonly standing: Standing; readonly said: ReadonlyMap<FeedId, number> },
  here: { readonly nextSeq: (feed: FeedId) => number; readonly isPeers: (feed: FeedId) => boolean },
): number => {
  let lacking = 0
  for (const [feed, seq] of peer.said)
    if (peer.standing !== 'narrow' || here.isPeers(feed)) lacking += Math.max(0, seq + 1 - here.nextSeq(feed))
  return lacking
}
