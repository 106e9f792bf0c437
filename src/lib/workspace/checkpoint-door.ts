import * as Y from 'yjs'
import { idBytes, MAIN_DOC, type EntryId, type MemberId } from '../core/ids.ts'
import { err, type Result } from '../core/result.ts'
import { derived, type Watched } from '../core/watched.ts'
import { returnTo } from '../domain/return-to.ts'
import { mayCosign } from '../ledger/conduct.ts'
import type { LedgerState } from '../ledger/types.ts'
import { wordsOfId, type WordLanguage } from '../net/words.ts'
import type { Replica } from './replica.ts'
import type { Agreed, AgreedState, CannotCosign, NotAllowed } from './types.ts'

/** What screens may see and do about checkpoints. */
export const createAgreed = (of: {
  readonly replica: Replica
  readonly language: () => WordLanguage
  /** Why nothing may be done from this phone now, if so. */
  readonly mayAct: () => NotAllowed | null
  readonly kept: () => Promise<Result<void, NotAllowed>>
}): Agreed => {
  const { replica } = of
  const { checkpoints } = replica
  const state: Watched<AgreedState> = derived([replica.changed, checkpoints.changed], () =>
    stateOf(replica, of.language()),
  )
  return {
    state,
    propose: async () => {
      const refused = of.mayAct()
      if (refused) return err(refused)
      await replica.flush()
      const proposed = checkpoints.propose()
      return proposed.ok ? of.kept() : proposed
    },
    cosign: async (id) => {
      const refused = of.mayAct()
      if (refused) return err(refused)
      const signed = checkpoints.cosign(id)
      return signed.ok ? of.kept() : err(whyNot(signed.error))
    },
    returnTo: async (id) => {
      const refused = of.mayAct()
      if (refused) return err(refused)
      const past = checkpoints.docsOf(id)?.get(MAIN_DOC)
      if (!past) return err({ type: 'NotFound' })
      const was = new Y.Doc()
      Y.applyUpdate(was, past)
      returnTo(replica.documents.doc.read(), was)
      was.destroy()
      await replica.flush()
      return of.kept()
    },
  }
}

type Refusal = Extract<ReturnType<Replica['checkpoints']['cosign']>, { readonly ok: false }>['error']

const whyNot = (error: Refusal): CannotCosign => {
  switch (error.type) {
    case 'CheckpointDiffers':
    case 'CheckpointIncomplete':
    case 'OtherPhoneSigns':
      return { type: error.type }
    case 'UnknownCheckpoint':
      return { type: 'CheckpointIncomplete' }
    default:
      return { type: 'SignedOtherwise' }
  }
}

const mayNot = ({ ledger, own }: Replica, checkpoint: EntryId): CannotCosign | null => {
  const may = mayCosign(ledger, own.id, checkpoint)
  return may.ok || may.error.type === 'AlreadySigned' ? null : whyNot(may.error)
}

const stateOf = (replica: Replica, language: WordLanguage): AgreedState => {
  const { ledger, checkpoints } = replica
  const now = ledger.state()
  const all = [...now.checkpoints.values()]
  const pinned = ledger.pin ? now.checkpoints.get(ledger.pin) : undefined
  const final = pinned?.status === 'final' ? pinned : undefined
  const open = all
    .filter(({ id, status }) => status === 'open' && (!final || ledger.isBelow(final.id, id)))
    .map((one) => {
      const then = ledger.checkpointState([one.id])
      return { ...one, newVoices: newVoicesAt(now, then), gone: goneSince(now, then, one.cosigners) }
    })
  const me = now.devices.get(replica.own.id)
  return {
    final: final
      ? {
          id: final.id,
          signedBy: final.cosigners,
          words: wordsOfId(idBytes(final.id), language),
          mayReturn: checkpoints.docsOf(final.id) !== null,
        }
      : null,
    open: open.map(({ id, author, cosigners, needed, newVoices, gone }) => ({
      id,
      by: now.devices.get(author)?.member ?? null,
      signedBy: cosigners,
      needed,
      check: checkpoints.checkOf(id),
      mayNot: mayNot(replica, id),
      newVoices,
      gone,
    })),
    handed: replica.handedOver,
    conflicts: all
      .filter(({ status }) => status === 'conflicting')
      .map(({ id }) => ({ id, signedBoth: now.doubleSigners })),
    mayPropose:
      now.kind !== 'notebook' &&
      // One that waits for somebody who is gone, or lacks what was decided here, must not keep the others from settling anything.
      open.every(({ id, gone }) => gone.length > 0 || mayNot(replica, id)?.type === 'SignedOtherwise') &&
      me?.standing === 'active' &&
      hasNews(replica, final?.id),
  }
}

/** Whose admission lies under the checkpoint, and whose voice does not count yet. */
const newVoicesAt = (now: LedgerState, then: LedgerState): readonly MemberId[] =>
  [...now.members.values()].filter(({ id, votes }) => !votes && then.members.has(id)).map(({ id }) => id)

/**
 * Who is counted by a checkpoint, has not signed it, and is no part of the collective any more. How many it takes is read off its own past
 * and never changes: only one that is proposed anew counts without them.
 */
const goneSince = (
  now: LedgerState,
  then: LedgerState,
  cosigners: readonly MemberId[],
): readonly MemberId[] =>
  [...then.members.values()]
    .filter(({ id, votes }) => votes && !cosigners.includes(id) && !now.members.get(id)?.votes)
    .map(({ id }) => id)

/** Whether anything was said or written since, signing apart. */
const hasNews = ({ ledger, feeds, checkpoints }: Replica, final: EntryId | undefined): boolean => {
  if (!final) return true
  const settled = checkpoints.positionsOf(final)
  return (
    feeds.positionsMerged().some(({ feed, seq }) => seq > (settled?.get(feed)?.seq ?? -1)) ||
    ledger.since([final]).some(({ id, act }) => id !== final && !SIGNING.has(act?.type ?? ''))
  )
}

const SIGNING = new Set<string>(['cosign', 'merge'])
