import type { DeviceId, EntryId, MemberId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Ledger } from './graph.ts'
import type { SignedEntry } from './types.ts'

/** Why an honest app does not put its name under a checkpoint, whatever it says. */
export type MayNotCosign =
  /** It is not here, or is none. */
  | { readonly type: 'UnknownCheckpoint' }
  /** The member has no voice there, or signs with another phone. */
  | { readonly type: 'OtherPhoneSigns'; readonly device: DeviceId | null }
  | { readonly type: 'AlreadySigned' }
  /** This phone voted to end somebody, and the checkpoint would be settled without that. */
  | { readonly type: 'MissesVote'; readonly vote: EntryId }
  /** The member signed another one, and neither lies above the other. */
  | { readonly type: 'SignedAnother'; readonly checkpoint: EntryId }
  /** It neither lies above nor below what is final here, or does not know that it is. */
  | { readonly type: 'PassesFinal'; readonly final: EntryId }

/**
 * The conduct of honest apps. Nothing here is enforced on others (a co-signature counts whoever it serves), but as long as
 * more than a third of the voices keep to it, no two checkpoints that contradict each other become final, and none comes to
 * be final over the heads of people a final one gave a voice. What a checkpoint *says* is compared elsewhere. Spec: ledger.md §9.
 */
export const mayCosign = (
  ledger: Ledger,
  device: DeviceId,
  checkpoint: EntryId,
): Result<void, MayNotCosign> => {
  const proposed = ledger.entry(checkpoint)
  if (proposed?.act?.type !== 'checkpoint') return err({ type: 'UnknownCheckpoint' })
  const { members, devices, finals } = ledger.checkpointState(proposed.entry.parents)
  const member = devices.get(device)?.member ?? null
  if (!member || !devices.get(device)!.cosigns || !members.get(member)!.votes) {
    const signer = [...devices.values()].find((one) => one.member === member && one.cosigns)
    return err({ type: 'OtherPhoneSigns', device: (member && signer?.id) ?? null })
  }
  const signed = signedBy(ledger, member)
  if (signed.includes(checkpoint)) return err({ type: 'AlreadySigned' })
  const other = signed.find((one) => !areInLine(ledger, one, checkpoint))
  if (other) return err({ type: 'SignedAnother', checkpoint: other })
  const vote = ledger
    .entriesOf(device)
    .find((entry) => isProtectiveVote(ledger, entry) && !ledger.isBelow(entry.id, checkpoint))
  if (vote) return err({ type: 'MissesVote', vote: vote.id })
  const passed = inForce(ledger).find(
    (final) => final !== checkpoint && !ledger.isBelow(checkpoint, final) && !finals.includes(final),
  )
  return passed ? err({ type: 'PassesFinal', final: passed }) : ok(undefined)
}

/** What is final here, and the pin, also while its co-signatures have not arrived. */
const inForce = (ledger: Ledger): readonly EntryId[] => [
  ...ledger.state().finals,
  ...(ledger.pin && ledger.has(ledger.pin) ? [ledger.pin] : []),
]

/** The checkpoints a member co-signed, with whichever device. */
const signedBy = (ledger: Ledger, member: MemberId): readonly EntryId[] =>
  [...ledger.state().devices.values()]
    .filter((device) => device.member === member)
    .flatMap(({ id }) => ledger.entriesOf(id))
    .flatMap(({ act }) => (act?.type === 'cosign' && ledger.has(act.checkpoint) ? [act.checkpoint] : []))

const PROTECTIVE = ['removeMember', 'revokeDevice', 'recover']

/** A proposal, an approval or an enactment that ends a device: taken back or not, it was said. */
const isProtectiveVote = (ledger: Ledger, { act }: SignedEntry): boolean => {
  const about =
    act?.type === 'propose'
      ? act
      : act?.type === 'approve' || act?.type === 'enact'
        ? ledger.entry(act.proposal)?.act
        : null
  return about?.type === 'propose' && PROTECTIVE.includes(about.proposal.action)
}

const areInLine = (ledger: Ledger, a: EntryId, b: EntryId): boolean =>
  a === b || ledger.isBelow(a, b) || ledger.isBelow(b, a)
