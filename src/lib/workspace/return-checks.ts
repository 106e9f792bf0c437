import type * as Y from 'yjs'
import type { EntryId } from '../core/ids.ts'
import { checksOf, type ReturnCheck } from '../domain/returns.ts'
import { mayEnact } from '../ledger/proposals.ts'
import type { LedgerState } from '../ledger/types.ts'
import { writersIn } from './writers.ts'

/** So many have to make sure of whoever comes back, by themselves: one could be mistaken, or lie. */
export const CHECKS_NEEDED = 2

/**
 * Who made sure of somebody who comes back: of those who agreed, by an active phone of their own, and not the person it is
 * about. The ledger does not ask for it: honest apps do, before they agree and before they carry it out (ADR 0058).
 */
export const validChecks = (state: LedgerState, doc: Y.Doc, proposal: EntryId): readonly ReturnCheck[] => {
  const known = state.proposals.get(proposal)
  if (known?.proposal.action !== 'recover') return []
  const about = known.proposal.member
  const writerOf = writersIn(state)
  return checksOf(doc, proposal).filter(({ member, client }) => {
    const wrote = writerOf(client)
    return (
      wrote?.member === member &&
      wrote.standing === 'active' &&
      member !== about &&
      known.approvals.includes(member)
    )
  })
}

/** Whether a decision has its votes, and where somebody comes back also those who made sure. */
export const mayCarryOut = (state: LedgerState, doc: Y.Doc, proposal: EntryId): boolean =>
  mayEnact(state, proposal) &&
  (state.proposals.get(proposal)?.proposal.action !== 'recover' ||
    validChecks(state, doc, proposal).length >= CHECKS_NEEDED)
