import type { EntryId, MemberId } from '../../../src/lib/core/ids.ts'
import type { Reading } from './oracle.ts'
import type { Sum } from './strata.ts'

/** The invitation that a proposal shows, if any. */
export const inviteOf = (reading: Reading, proposal: EntryId | null): EntryId | null => {
  const said = proposal === null ? undefined : reading.act(proposal, 'propose')?.proposal
  return said && 'proof' in said ? (said.proof?.invite ?? null) : null
}

/** Whether somebody else came in by the same invitation, and no majority that knew of it said which of the two it meant. */
export const isContested = (
  reading: Reading,
  { places, confirmed }: Pick<Sum, 'places' | 'confirmed'>,
  member: MemberId | null,
): boolean => {
  const admitted = [...places.values()].filter(({ admits, proposal }) => admits && proposal !== null)
  return admitted.some((place) => {
    const invite = place.member === member ? inviteOf(reading, place.proposal) : null
    if (invite === null) return false
    const words = confirmed.filter(({ proposal }) => proposal === place.proposal)
    return admitted.some(
      (other) =>
        other.member !== member &&
        inviteOf(reading, other.proposal) === invite &&
        !words.some(({ by }) => reading.below(other.by, by)),
    )
  })
}
