import type { FeedId } from '../core/ids.ts'
import type { DeviceState } from '../ledger/types.ts'
import type { Standing } from '../sync/ports.ts'

/**
 * How a device of the collective is linked with; `null`: not at all. A paused member keeps its vote, and so the ledger; a
 * paused keeper has none, and gets nothing more. Who retired is heard for its own feeds until what it said it leaves is here:
 * `nextSeq` says how far that is. Spec: wire.md §7.
 */
export const standingOf = (
  { kind, standing, frontier }: Pick<DeviceState, 'kind' | 'standing' | 'frontier'>,
  nextSeq: (feed: FeedId) => number,
): Standing | null => {
  if (kind === 'keeper') return standing === 'active' ? 'sealed' : null
  if (standing === 'active') return 'full'
  const leaves = standing === 'retired' && frontier.some(({ feed, seq }) => nextSeq(feed) <= seq)
  return standing === 'suspended' || leaves ? 'narrow' : null
}
