import type { DeviceId, MemberId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { derived } from '../core/watched.ts'
import { createCodeMeeting, type CodeMeetingOptions } from '../net/code-meeting.ts'
import type { Judge, OwnedLink } from '../net/types.ts'
import type { Encounter, EncounterState, NoAddress } from './types.ts'

/** Meets another phone of this collective by codes, and hands the link on as soon as both have shown who they are. */
export const createEncounter = async (
  of: Omit<CodeMeetingOptions, 'kind' | 'judge'> & {
    readonly judge: Judge
    readonly memberOf: (device: DeviceId) => MemberId | null
    readonly met: (link: OwnedLink) => void
  },
): Promise<Result<Encounter, NoAddress>> => {
  const made = await createCodeMeeting({ ...of, kind: 'meet', judge: (peer) => of.judge(peer) })
  if (!made.ok) return err({ type: 'NoAddress' })
  const meeting = made.value
  const unwatch = meeting.state.watch(() => {
    const state = meeting.state.read()
    if (state.step === 'met') of.met(state.link)
    if (state.step === 'met' || state.step === 'failed') unwatch()
  })
  const state = derived([meeting.state], (): EncounterState => {
    const now = meeting.state.read()
    return now.step === 'met' ? { step: 'met', member: of.memberOf(now.link.link.peer) } : now
  })
  const { code, holds, spoken, take, stop } = meeting
  return ok({ code, holds, spoken, state, take, stop })
}
