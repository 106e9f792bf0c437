import type { EntryId } from '../core/ids.ts'
import type { LedgerState } from './types.ts'

/** Whether a proposal has the votes it needs and nobody carried it out yet. */
export const mayEnact = (state: LedgerState, proposal: EntryId): boolean => {
  const known = state.proposals.get(proposal)
  return known?.status === 'open' && known.approvals.length >= known.needed
}
