import type { DeviceId, EntryId, FeedId, MemberId } from '../../../src/lib/core/ids.ts'
import type { Position } from '../../../src/lib/ledger/types.ts'
import type { Vote } from './allowed.ts'
import type { Reading } from './oracle.ts'

/** Whether one position grants more than another in the same feed: further up, or the smaller record at one height. */
const isMore = (a: Position, b: Position): boolean => a.seq > b.seq || (a.seq === b.seq && a.rec < b.rec)

const byFeed = (positions: readonly Position[]): ReadonlyMap<FeedId, readonly Position[]> => {
  const feeds = new Map<FeedId, Position[]>()
  for (const at of positions) feeds.set(at.feed, [...(feeds.get(at.feed) ?? []), at])
  for (const list of feeds.values()) list.sort((a, b) => (isMore(a, b) ? -1 : isMore(b, a) ? 1 : 0))
  return feeds
}

const highest = (positions: readonly Position[]): readonly Position[] =>
  [...byFeed(positions).values()].map((list) => list[0]!)

/** Of several words of a device on its own end: the lower in each feed all of them name. */
const lowest = (words: readonly (readonly Position[])[]): readonly Position[] =>
  [...byFeed(words.flat()).values()].flatMap((list) => {
    const isInAll = words.every((word) => word.some(({ feed }) => feed === list[0]!.feed))
    return isInAll ? [list.at(-1)!] : []
  })

/** What a voter said they hold: with an approval, or as whoever proposed to revoke. */
const namedWith = (reading: Reading, vote: EntryId): readonly Position[] => {
  const approval = reading.act(vote, 'approve')
  if (approval) return approval.seen
  const proposal = reading.act(vote, 'propose')?.proposal
  return proposal?.action === 'revokeDevice' ? proposal.frontier : []
}

/** What enough of those who voted hold: two of them, and where no more than three vote, one. One word a member. */
export const heldBy = (reading: Reading, votes: readonly Vote[], voters: number): readonly Position[] => {
  const words = new Map<MemberId, readonly Position[]>()
  for (const { by, member } of votes)
    words.set(member, highest([...(words.get(member) ?? []), ...namedWith(reading, by)]))
  const enough = voters <= 3 ? 1 : 2
  return [...byFeed([...words.values()].flat()).values()].flatMap((list) => list[enough - 1] ?? [])
}

/** How far a suspension lets its device count. */
export const leftBy = (reading: Reading, suspension: EntryId): readonly Position[] => {
  const proposal = reading.act(suspension, 'propose')?.proposal
  if (proposal) return proposal.action === 'revokeDevice' ? proposal.frontier : []
  return reading.act(suspension, 'suspend')?.frontier ?? []
}

/** How far a device that does not stand counts. `strikes`: what each decision that ended it let it keep. */
export const frontierFrom = (of: {
  readonly strikes: readonly (readonly Position[])[]
  readonly suspensions: readonly (readonly Position[])[]
  readonly retirements: readonly (readonly Position[])[]
  readonly raised: readonly Position[]
  readonly own: ReadonlySet<FeedId>
}): readonly Position[] => {
  const { strikes, suspensions, retirements, raised, own } = of
  if (strikes.length + suspensions.length + retirements.length === 0) return []
  const named =
    strikes.length > 0 ? strikes.flat() : suspensions.length > 0 ? suspensions.flat() : lowest(retirements)
  return highest([...named, ...raised]).filter(({ feed }) => own.has(feed))
}

export const spellPositions = (positions: readonly Position[]): readonly string[] =>
  positions.map(({ feed, seq, rec }) => `${feed} ${seq} ${rec}`).sort()

export type Frontiers = ReadonlyMap<DeviceId, readonly Position[]>
