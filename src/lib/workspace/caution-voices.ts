import type * as Y from 'yjs'
import type { Voice } from '../domain/caution-rounds.ts'
import { saidIn } from '../domain/cautions.ts'
import type { LedgerState } from '../ledger/types.ts'
import { writersIn } from './writers.ts'

/**
 * Who asks that a person rests for some days, by phones of their own. A paused phone’s voice goes on counting, as far as it wrote
 * before its pause: else one person alone could end everything by pausing one phone (ADR 0056). One that is out counts no more.
 */
export const cautionVoices = (state: LedgerState, doc: Y.Doc): readonly Voice[] => {
  const writerOf = writersIn(state)
  return saidIn(doc).flatMap(({ about, member, at, reason, care, back, client }) => {
    const wrote = writerOf(client)
    if (wrote?.member !== member || !state.members.has(about)) return []
    const counts = wrote.standing === 'active' || wrote.standing === 'suspended'
    return [{ about, member, at, reason, care, back, counts }]
  })
}
