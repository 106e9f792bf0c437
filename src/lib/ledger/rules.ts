import { parseEntry } from './entry.ts'
import type { Ledger } from './graph.ts'
import type { LedgerState } from './types.ts'

/**
 * The version of the rules this program knows. A collective that decides for a later one with `minRules` is only read
 * here from then on: to act by rules one does not know is to speak of another collective. Spec: ledger.md §12.
 */
export const RULES = 1

/** Whether the collective has gone on to rules that this program does not know. */
export const rulesAreAhead = ({ minRules }: LedgerState): boolean => minRules > RULES

/**
 * Whether `wires` might make {@link rulesAreAhead} true. May say yes too often, never too seldom: then what was written
 * before they came is signed before they are taken in.
 */
export const mayRaiseRules = (ledger: Ledger, wires: readonly Uint8Array[]): boolean =>
  ledger.missing().length > 0 ||
  wires.some((wire) => {
    const entry = parseEntry(wire)
    if (!entry.ok || entry.value.act?.type !== 'enact') return false
    const act = ledger.entry(entry.value.act.proposal)?.act
    return act?.type !== 'propose' || (act.proposal.action === 'minRules' && act.proposal.rules > RULES)
  })
