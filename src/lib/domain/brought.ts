import type * as Y from 'yjs'
import { change } from './change.ts'
import { rootOf } from './document.ts'

/** Late work of one feed in one place: an article or threat by its id, or whatever stands in neither. */
export type LatePlace = { readonly feed: string; readonly item: string }

/**
 * Says to everybody that late work was brought back by hand, up to the record `upTo`. A key of its own for each act, so
 * that two who do it at once both stand; who it was is not said. Spec: feed.md §7.
 */
export const markBrought = (doc: Y.Doc, { feed, item }: LatePlace, upTo: number): void =>
  change(doc, () => void rootOf(doc, 'brought').set(`${feed}.${item}.${upTo}`, true))

/** Up to which record each place of a feed was brought back. A claim of whoever wrote it: it hides nothing. Never throws. */
export const broughtOf = (doc: Y.Doc, feed: string): ReadonlyMap<string, number> => {
  const upTo = new Map<string, number>()
  for (const key of rootOf(doc, 'brought').keys()) {
    const [, of, item, seq] = /^([0-9a-f]+)\.([0-9a-z]+)\.(\d{1,15})$/.exec(key) ?? []
    if (of === feed && item && seq) upTo.set(item, Math.max(upTo.get(item) ?? -1, Number(seq)))
  }
  return upTo
}
