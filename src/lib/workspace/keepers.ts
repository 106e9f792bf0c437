import { idBytes, type EntryId } from '../core/ids.ts'
import { Cell } from '../core/watched.ts'
import { askKeeper } from '../net/keeper-meeting.ts'
import type { MeetingOptions } from '../net/types.ts'
import { wordsOfId, type WordLanguage } from '../net/words.ts'
import type { KeeperInvitation } from '../wire/keeper.ts'
import type { Replica } from './replica.ts'
import type { KeeperEnding, KeeperFlow, KeeperFlowState } from './types.ts'

const ENDINGS = {
  taken: 'keeps for others',
  unable: 'disk failed',
  'no contact': 'no contact',
} as const satisfies Record<string, KeeperEnding>

/**
 * Meets the keeper that showed this text and asks it to keep for this collective; when it has bound itself, proposes it,
 * unless somebody has. From the decision on it is met like any device. Spec: keeper.md §3.
 */
export const proposeKeeper = (
  of: Pick<MeetingOptions, 'hub' | 'rtc' | 'clock' | 'random'> & {
    readonly replica: Replica
    readonly invitation: KeeperInvitation
    readonly language: WordLanguage
    /** Asked again when the keeper answers: this device may have been paused meanwhile. */
    readonly mayAct: () => boolean
    /** Carries out what has its votes already. */
    readonly enact: (proposal: EntryId) => void
  },
): KeeperFlow => {
  const { replica, language } = of
  const { coll, own, ledger } = replica
  const state = new Cell<KeeperFlowState>({ step: 'meeting' })
  const asking = askKeeper({ ...of, own, coll, pin: ledger.pin })
  const unwatch = asking.state.watch(() => {
    const now = asking.state.read()
    if (now.step === 'meeting') return
    unwatch()
    if (now.step === 'ended') return state.set({ step: 'ended', why: ENDINGS[now.why] })
    if (!of.mayAct()) return state.set({ step: 'ended', why: 'not allowed' })
    const { device, deviceId, binding } = now
    const isKnown =
      replica.state.devices.has(deviceId) ||
      [...replica.state.proposals.values()].some(
        ({ status, proposal }) =>
          status === 'open' && proposal.action === 'keeper' && proposal.deviceId === deviceId,
      )
    if (!isKnown)
      of.enact(replica.act({ type: 'propose', proposal: { action: 'keeper', device, deviceId, binding } }))
    state.set({ step: 'proposed', words: wordsOfId(idBytes(coll), language) })
  })
  return {
    state,
    cancel: () => asking.stop(),
  }
}
