import type { EntryId } from '../../../src/lib/core/ids.ts'
import { standing, type Sum } from './strata.ts'

/** Epochs that count and that no other such epoch names below itself. */
const headsOf = ({ epochs }: Sum) => {
  const counting = [...epochs].filter(([, epoch]) => !epoch.void)
  return counting.filter(([id]) => counting.every(([, { prev }]) => !prev.includes(id)))
}

/** The epoch that is written under by whoever holds these keys: most recipients, then deepest, then the smallest id. */
export const writtenUnder = (sum: Sum, holds: (epoch: EntryId) => boolean): EntryId | null => {
  let best: EntryId | null = null
  for (const [id, { recipients, depth }] of headsOf(sum)) {
    if (!holds(id) || recipients.some((device) => standing(sum, device) !== 'active')) continue
    const other = best === null ? null : sum.epochs.get(best)!
    const [wider, deeper] = [
      recipients.length - (other?.recipients.length ?? -1),
      depth - (other?.depth ?? -1),
    ]
    if (wider > 0 || (wider === 0 && (deeper > 0 || (deeper === 0 && id < best!)))) best = id
  }
  return best
}

/** Whether a rotation is owed: no head is for exactly those who are here. */
export const isOwed = (sum: Sum): boolean => {
  const here = [...sum.places].flatMap(([device, { member }]) =>
    member !== null && standing(sum, device) === 'active' ? [device] : [],
  )
  return headsOf(sum).every(([, { recipients }]) => recipients.join() !== here.sort().join())
}
