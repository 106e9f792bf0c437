import type { EntryId, FeedId } from '../core/ids.ts'
import type { Base } from '../feed/types.ts'
import type { LedgerState, LedgerView, Position } from '../ledger/types.ts'

/** What a device was handed to begin from. */
export type Handed = {
  readonly base: Base
  /** Heads of the ledger by which its maker found that this counts; `null`: it counts whatever is said later. */
  readonly parents: readonly EntryId[] | null
  /** Lower positions that its documents hold too, where they were put together from several welcomes. */
  readonly under?: readonly Position[]
}

/**
 * Feeds of which a base holds more than counts by what is known now; none: it may be built upon. Beyond where its device was
 * cut, a record counts only because honest ones stand upon it. Whoever is handed them cannot read them, so this takes its
 * maker’s word for it, as long as the maker judged every feed as it is judged now. Spec: feed.md §8.
 */
export const handedTooMuch = ({ base, parents }: Handed, ledger: LedgerView): readonly FeedId[] => {
  if (!parents) return []
  const now = ledger.state()
  const beyond = [...base].flatMap(([feed, { seq }]) => (isBeyondCut(now, feed, seq) ? [feed] : []))
  if (beyond.length === 0) return []
  if (!parents.every((head) => ledger.has(head))) return beyond
  const then = ledger.stateOf(parents)
  const isJudgedAlike = [...base.keys()].every((feed) => judgedAs(now, feed) === judgedAs(then, feed))
  return isJudgedAlike ? [] : beyond
}

const deviceOf = ({ feeds, devices }: LedgerState, feed: FeedId) => {
  const known = feeds.get(feed)
  return known && devices.get(known.device)
}

const isBeyondCut = (state: LedgerState, feed: FeedId, seq: number): boolean => {
  const device = deviceOf(state, feed)
  if (!device || device.standing === 'active') return false
  return seq > (device.frontier.find(({ feed: id }) => id === feed)?.seq ?? -1)
}

const judgedAs = (state: LedgerState, feed: FeedId): string => {
  const device = deviceOf(state, feed)
  if (!device) return ''
  const { standing, suspensions, revokedBy, frontier } = device
  return JSON.stringify([standing, suspensions, revokedBy, standing === 'active' ? [] : frontier])
}
