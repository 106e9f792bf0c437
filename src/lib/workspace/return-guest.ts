import { equalBytes } from '../core/bytes.ts'
import { err, ok, type Result } from '../core/result.ts'
import { Cell } from '../core/watched.ts'
import { createDevice, signBinding, type OwnDevice } from '../crypto/device.ts'
import { forget } from '../crypto/hash.ts'
import { oneLine } from '../domain/text.ts'
import { createCodeMeeting } from '../net/code-meeting.ts'
import { joinMeeting } from '../net/meet.ts'
import type { GuestMeeting, MetLink } from '../net/types.ts'
import type { FlowMessage } from '../wire/flow.ts'
import type { Invitation } from '../wire/invitation.ts'
import { hostCommitment, meetingContext, memberFrom, type FlowWorld } from './founding.ts'
import { acceptScanned, encounterOf } from './scanned-door.ts'
import type { Joined } from './joining.ts'
import type { ReturnRow } from './return-row.ts'
import type { FlowEnd, GuestFlow, GuestState, NoAddress, Space } from './types.ts'
import { guestWords, talk, type Exchanged } from './words-exchange.ts'

const GOODBYE_MS = 3000

/** What the phone of whoever comes back needs beside the meeting. */
export type Returning = {
  /** Whether this phone has that collective already: it would be in it twice. */
  readonly isHere: (coll: ReturnRow['as']['coll']) => boolean
  /** The wait is written down before anything is signed, and forgotten when it is over. */
  readonly keep: (row: ReturnRow) => Promise<boolean>
  readonly forget: () => void
  readonly wordsOf: (row: ReturnRow) => Promise<readonly string[]>
  readonly finish: (joined: Joined, person: string) => Promise<Space | 'not kept' | 'turned away'>
}

/** Beside a member: both scan. */
export const guestReturnHere = async (
  world: FlowWorld,
  of: Returning,
): Promise<Result<GuestFlow, NoAddress>> => {
  const own = createDevice(world.random)
  const made = await createCodeMeeting({ ...world, own, kind: 'recover', coll: null, judge: acceptScanned })
  if (!made.ok) return err({ type: 'NoAddress' })
  const meeting = made.value
  const flow = createReturn(world, { ...of, own, stop: () => meeting.stop() })
  let isMet = false
  const unwatch = meeting.state.watch(() => {
    const now = meeting.state.read()
    if (now.step === 'met' && !isMet) {
      isMet = true
      const { link } = now.link
      const { say } = talk(link, flow.hear)
      flow.met(link, say)
    }
    if (now.step === 'met' || now.step === 'failed') unwatch()
    if (now.step === 'failed') flow.end('no contact')
  })
  return ok({ ...flow.flow, encounter: encounterOf(meeting) })
}

/** From afar: by a member’s link, and four words read aloud. */
export const guestReturnFar = (world: FlowWorld, invitation: Invitation, of: Returning): GuestFlow => {
  const own = createDevice(world.random)
  const { host, seed } = invitation
  const meeting = joinMeeting({
    ...world,
    own,
    seed,
    context: meetingContext(host, seed),
    isHost: (id) => equalBytes(hostCommitment('recover', id), host),
  })
  let met: MetLink | null = null
  let words: ReturnType<typeof guestWords> | null = null
  let exchanged: Exchanged | null = null
  const same = { host: false, mine: false }
  let say: (message: FlowMessage) => void = () => {}
  const flow = createReturn(world, { ...of, own, stop: () => meeting.stop() })

  const hear = (message: FlowMessage) => {
    if (message.type === 'commit' || message.type === 'reveal') {
      const result = words?.hear(message) ?? null
      if (result === 'broken') return flow.end('words differ')
      if (result && !exchanged) {
        exchanged = result
        flow.show({ step: 'words', words: result.words, host: result.name })
      }
    } else if (message.type === 'same') same.host = message.same
    // Until both said that the words are the same nobody knows who speaks.
    else if (message.type !== 'back' || (same.host && same.mine)) flow.hear(message)
  }
  const unwatch = meeting.link.watch(() => {
    const link = meeting.link.read()
    if (!link || met) return
    met = link
    unwatch()
    say = talk(link, hear).say
    // Who they are there they learn after the words: until then any id will do.
    const member = memberFrom(world.random)
    words = guestWords({ ...world, link, own: own.id, kind: 'recover', say, member })
    flow.met(link, say)
  })
  return {
    ...flow.flow,
    confirmWords: (isSame) => {
      say({ type: 'same', same: isSame })
      if (!isSame) return flow.end('words differ')
      same.mine = true
      flow.show({ step: 'waiting', host: exchanged?.name ?? '' })
    },
  }
}

/** Goes on waiting for what was begun before this phone was locked. */
export const goOnReturning = (world: FlowWorld, row: ReturnRow, of: Returning): GuestFlow => {
  const flow = createReturn(world, { ...of, own: row.as.own, stop: () => {} })
  flow.goOn(row)
  return flow.flow
}

/** The part that is the same whichever way they met: bind, wait, come in. */
const createReturn = (
  world: FlowWorld,
  of: Returning & { readonly own: OwnDevice; readonly stop: () => void },
) => {
  const { own } = of
  const state = new Cell<GuestState>({ step: 'meeting' })
  let row: ReturnRow | null = null
  let link: MetLink | null = null
  let say: (message: FlowMessage) => void = () => {}
  let again: GuestMeeting | null = null
  let words: readonly string[] | null = null
  let isOffered = false
  let over = false

  const show = (now: GuestState) => {
    if (!over) state.set(now)
  }
  const met = (now: MetLink, speak: (message: FlowMessage) => void) => {
    link = now
    say = speak
    now.closed(() => {
      if (link !== now || over) return
      link = null
      if (row) seek(row)
      else end('no contact')
    })
  }

  /** The link is gone, the wait is not: the two phones find each other again by what they agreed on. */
  const seek = (kept: ReturnRow) => {
    if (again || over) return
    const context = meetingContext(hostCommitment('recover', kept.host), kept.seed)
    const meeting = joinMeeting({ ...world, own, seed: kept.seed, context, isHost: (id) => id === kept.host })
    again = meeting
    meeting.link.watch(() => {
      const found = meeting.link.read()
      if (!found || over) return
      link = found
      say = talk(found, hear).say
    })
  }

  const hear = (message: FlowMessage) => {
    if (over) return
    if (message.type === 'back') void bind(message)
    else if (message.type === 'agreeing' && row)
      show({ ...waitingOf(row), words, ...message, step: 'agreeing' })
    else if (message.type === 'ledger') void arrive(message.entries)
    else if (message.type === 'later') end('not yet', message.until)
    else if (message.type === 'bye')
      end(message.why === 'cancelled' || message.why === 'words differ' ? message.why : 'turned away')
  }

  const bind = async (message: Extract<FlowMessage, { type: 'back' }>) => {
    if (isOffered || !link) return
    isOffered = true
    const { coll, pin, member, seed, language } = message
    if (of.isHere(coll)) return end('already here')
    const myName = oneLine(message.person)
    const as = { coll, own, member, myName, movedTo: null, newcomer: true, pin }
    const kept = { as, host: link.peer, hostName: oneLine(message.name), seed, language }
    if (!(await of.keep(kept))) return end('not kept')
    if (over) return of.forget()
    row = kept
    say({ type: 'bind', name: world.myName, member, binding: signBinding(own, coll, member) })
    show({ step: 'waiting', host: kept.hostName })
    makeWords(kept)
  }

  const makeWords = (kept: ReturnRow) =>
    void of.wordsOf(kept).then((made) => {
      words = made
      const now = state.read()
      if (now.step === 'agreeing') show({ ...now, words })
    })

  const arrive = async (entries: readonly Uint8Array[]) => {
    if (!row) return end('turned away')
    over = true
    const { as, host } = row
    const joined = { coll: as.coll, own, member: as.member, entries, pin: as.pin ?? null, met: [host] }
    const space = await of.finish(joined, as.myName)
    state.set(typeof space === 'string' ? { step: 'ended', why: space } : { step: 'done', space })
    // Where the disk took nothing the wait stays: another try may do.
    if (space !== 'not kept') of.forget()
    leave()
  }

  const end = (why: FlowEnd, until?: number) => {
    if (over) return
    over = true
    if (row) of.forget()
    state.set({ step: 'ended', why, ...(until !== undefined && { until }) })
    leave()
  }
  const leave = () => {
    of.stop()
    const [going, meeting] = [link, again]
    void (going?.drained() ?? Promise.resolve()).then(() =>
      world.clock.after(GOODBYE_MS, () => {
        going?.close()
        meeting?.stop()
      }),
    )
  }

  const flow: GuestFlow = {
    role: 'guest',
    kind: 'recover',
    state,
    confirmWords: () => {},
    signGenesis: () => {},
    cancel: () => {
      if (over) return
      say({ type: 'bye', why: 'cancelled' })
      end('cancelled')
    },
    rest: () => {
      if (!row) return flow.cancel()
      over = true
      leave()
      // What was written down is sealed; what is in memory goes with the lock.
      forget(own.signSk, own.kemSk, own.rvSk)
    },
  }

  return {
    flow,
    show,
    met,
    hear,
    end,
    goOn: (kept: ReturnRow) => {
      row = kept
      isOffered = true
      show({ ...waitingOf(kept), words: null, have: 0, needed: 0, checked: 0, missing: [], step: 'agreeing' })
      makeWords(kept)
      seek(kept)
    },
  }
}

const waitingOf = ({ as, hostName }: ReturnRow) => ({ host: hostName, person: as.myName })
