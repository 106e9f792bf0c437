import type { EntryId } from '../core/ids.ts'
import type { LedgerState, Proposal } from './types.ts'

/** What suspended devices speak of, too: who stays. Spec: ledger.md §7. */
export const isAboutWhoStays = (action: Proposal['action']): boolean =>
  action === 'removeMember' || action === 'revokeDevice' || action === 'lift'

/** Whether a proposal has the votes it needs and nobody carried it out yet. */
export const mayEnact = (state: LedgerState, proposal: EntryId): boolean => {
  const known = state.proposals.get(proposal)
  return known?.status === 'open' && known.approvals.length >= known.needed
}

/** Votes that a decision of all needs, and of how many: more than half of everybody who votes. */
export const majorityOf = (state: LedgerState): { readonly needed: number; readonly voices: number } => {
  const voices = [...state.members.values()].filter(({ votes }) => votes).length
  return { needed: Math.floor(voices / 2) + 1, voices }
}
