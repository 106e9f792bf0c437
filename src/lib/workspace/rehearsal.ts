import { encodeCbor } from '../core/cbor.ts'
import { idBytes } from '../core/ids.ts'
import { majorityOf } from '../ledger/proposals.ts'
import type { LedgerState } from '../ledger/types.ts'
import { wordsOfId, type WordLanguage } from '../net/words.ts'
import { CHECKS_NEEDED } from './return-checks.ts'
import type { Membership, Rehearsal } from './types.ts'

const DAY_MS = 24 * 3_600_000

/** What coming back would take here and now, by the real rule. Reads, and does nothing else. */
export const rehearse = (
  { state, membership }: { readonly state: LedgerState; readonly membership: Membership },
  at: { readonly now: number; readonly language: WordLanguage },
): Rehearsal => {
  const people = membership.members
    .filter(({ me, votes, devices }) => !me && votes && devices.some(({ standing }) => standing === 'active'))
    .map(({ id, devices }) => ({
      member: id,
      linked: devices.some(({ linked }) => linked),
      heard: devices.reduce<number | null>(
        (latest, { heard }) => (heard === null ? latest : Math.max(latest ?? 0, heard)),
        null,
      ),
    }))
  const { needed, voices } = majorityOf(state)
  const day = Math.floor(at.now / DAY_MS)
  return {
    isPossible: state.kind === 'collective' && people.length >= needed,
    needed,
    voices,
    checks: CHECKS_NEEDED,
    people,
    words: wordsOfId(encodeCbor(['rehearsal', idBytes(state.coll), day]), at.language),
  }
}
