import type * as Y from 'yjs'
import type { MemberId } from '../core/ids.ts'
import type { Voice } from '../domain/caution-rounds.ts'
import { saidIn } from '../domain/cautions.ts'
import type { LedgerState } from '../ledger/types.ts'
import { writersIn } from './writers.ts'

/**
 * Who asks that a person rests for some days, by phones of their own. The voice is the person’s and not the phone’s: it goes on
 * counting where the phone was paused or retired since, as far as it wrote before, or one person alone could end everything by
 * pausing one phone (ADR 0056). Of whom no phone belongs any more it counts no more.
 */
export const cautionVoices = (state: LedgerState, doc: Y.Doc): readonly Voice[] => {
  const writerOf = writersIn(state)
  const belongs = (member: MemberId) =>
    state.members.get(member)?.devices.some((device) => {
      const standing = state.devices.get(device)?.standing
      return standing === 'active' || standing === 'suspended'
    }) ?? false
  return saidIn(doc).flatMap(({ about, member, at, reason, care, back, client }) => {
    const wrote = writerOf(client)
    if (wrote?.member !== member || !state.members.has(about)) return []
    return [{ about, member, at, reason, care, back, counts: belongs(member) }]
  })
}
