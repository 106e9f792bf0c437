import * as Y from 'yjs'
import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import { feedIdFrom, idBytes, MAIN_DOC, type CollId, type FeedId } from '../core/ids.ts'
import { bringBack, rescuable } from '../domain/rescue.ts'
import type { BasePosition } from '../feed/types.ts'
import { yClientOf } from '../ledger/feed-id.ts'

/**
 * What this device wrote in `feed` that no record on its disk holds any more, and that its page still shows: an update of
 * that feed’s own changes alone. Spec: checkpoint.md §9.
 */
export type LostWork = { readonly feed: FeedId; readonly update: Uint8Array }

export const lostKey = (coll: CollId): string => `${coll}/lost`

export const encodeLost = ({ feed, update }: LostWork): Uint8Array => encodeCbor([idBytes(feed), update])

export const parseLost = (bytes: Uint8Array): LostWork | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 2) return null
  const feed = feedIdFrom(decoded.value[0])
  const update: unknown = decoded.value[1]
  return feed && update instanceof Uint8Array && isUpdate(update) ? { feed, update } : null
}

const isUpdate = (bytes: Uint8Array): boolean => {
  try {
    return Y.decodeUpdate(bytes).structs.length >= 0
  } catch {
    return false
  }
}

/** The changes of `feed` in the document a page shows, above what the records still here hold of them. */
export const lostIn = (shown: Y.Doc, feed: FeedId, held: BasePosition | undefined): LostWork => ({
  feed,
  update: ofOneAbove(Y.encodeStateAsUpdate(shown), yClientOf(feed), held?.clocks.get(MAIN_DOC) ?? 0),
})

/** Writes it again as new edits of this device, without what came back by itself meanwhile. */
export const writeAgain = (doc: Y.Doc, { feed, update }: LostWork): void => {
  const client = yClientOf(feed)
  const rest = ofOneAbove(update, client, Y.getState(doc.store, client))
  bringBack(doc, rescuable(doc, [rest]))
}

/** Above every clock a feed may reach. Spec: feed.md §6. */
const ALL = 2 ** 41

const ofOneAbove = (update: Uint8Array, client: number, clock: number): Uint8Array => {
  const others = [...Y.decodeStateVector(Y.encodeStateVectorFromUpdate(update)).keys()]
  const vector = new Map(others.map((one) => [one, ALL])).set(client, clock)
  return Y.diffUpdate(update, Y.encodeStateVector(vector))
}
