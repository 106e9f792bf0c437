import type { DeviceId, FeedId } from '../core/ids.ts'
import type { Ballot } from './book.ts'
import type { Position } from './types.ts'
import { sharedBy, strikesOn, type View } from './view.ts'

/**
 * How far a device that no longer stands counts. A majority that ended it decides alone, by what its voters held; else
 * the suspensions in force, the highest position in each feed; else its own word when it retired, and where it
 * contradicts itself the lowest. A majority may raise any of them. Only the device's own feeds count.
 */
export const frontierOf = (view: View, device: DeviceId): readonly Position[] => {
  const strikes = strikesOn(view, device)
  const biting = view.suspensions.on.get(device) ?? []
  const retired = view.retired.get(device) ?? []
  if (strikes.length + biting.length + retired.length === 0) return []
  const raised = view.raised.get(device) ?? []
  const named =
    strikes.length > 0
      ? highest([...strikes.flatMap(({ frontier }) => frontier), ...raised])
      : biting.length > 0
        ? highest([...biting.flatMap(({ frontier }) => frontier), ...raised])
        : highest([...lowest(retired), ...raised])
  if (named.length === 0) return named
  const own = feedsOf(view).get(device)
  return named.filter(({ feed }) => own?.has(feed))
}

/** The feeds of each device. */
const feedsOf = sharedBy<ReadonlyMap<DeviceId, ReadonlySet<FeedId>>>(['feeds'], ({ feeds }) => {
  const own = new Map<DeviceId, Set<FeedId>>()
  for (const { device, id } of feeds.values()) own.set(device, (own.get(device) ?? new Set()).add(id))
  return own
})

/** What two voters held of each feed, so that no one voice decides what a revoked device wrote; of three members one suffices. */
export const acknowledgedBy = (ballots: readonly Ballot[], electorate: number): readonly Position[] => {
  const enough = electorate <= 3 ? 1 : 2
  const byMember = new Map<string, readonly Position[]>()
  for (const { vote, member } of ballots)
    byMember.set(member, highest([...(byMember.get(member) ?? []), ...seenBy(vote.act)]))
  const byFeed = new Map<FeedId, Position[]>()
  for (const at of [...byMember.values()].flat()) byFeed.set(at.feed, [...(byFeed.get(at.feed) ?? []), at])
  return inOrder([...byFeed.values()].flatMap((held) => held.sort(descending)[enough - 1] ?? []))
}

const seenBy = (act: Ballot['vote']['act']): readonly Position[] => {
  if (act?.type === 'approve') return act.seen
  return act?.type === 'propose' && act.proposal.action === 'revokeDevice' ? act.proposal.frontier : []
}

/** The highest of each feed; at one height, the smaller record id. Sorted by feed. */
export const highest = (positions: readonly Position[]): readonly Position[] => {
  const best = new Map<FeedId, Position>()
  for (const at of positions) {
    const known = best.get(at.feed)
    if (!known || descending(at, known) < 0) best.set(at.feed, at)
  }
  return inOrder([...best.values()])
}

/** The lowest that all of several lists grant: a feed one of them leaves out is granted nothing. */
const lowest = (lists: readonly (readonly Position[])[]): readonly Position[] => {
  const [first = [], ...others] = lists
  return others.reduce<readonly Position[]>(
    (held, list) =>
      held.flatMap((at) => {
        const other = list.find(({ feed }) => feed === at.feed)
        return other ? [descending(at, other) > 0 ? at : other] : []
      }),
    first,
  )
}

const descending = (a: Position, b: Position): number =>
  b.seq - a.seq || (a.rec < b.rec ? -1 : a.rec > b.rec ? 1 : 0)

const inOrder = (positions: readonly Position[]): readonly Position[] =>
  [...positions].sort((a, b) => (a.feed < b.feed ? -1 : 1))
