import { derived } from '../core/watched.ts'
import type { CodeMeeting, CodeMeetingOptions } from '../net/code-meeting.ts'
import type { Encounter, EncounterState } from './types.ts'

/** Who was scanned is who is heard: their code says so, and the ledger has nothing to say of a newcomer yet. */
export const acceptScanned: CodeMeetingOptions['judge'] = (_, presented) =>
  presented && { device: presented, standing: 'stranger' }

/** What a screen may see of two phones that scan each other. */
export const encounterOf = (meeting: CodeMeeting): Encounter => ({
  code: meeting.code,
  holds: meeting.holds,
  spoken: meeting.spoken,
  state: derived([meeting.state], (): EncounterState => {
    const now = meeting.state.read()
    return now.step === 'met' ? { step: 'met', member: null } : now
  }),
  take: meeting.take,
  stop: meeting.stop,
})
