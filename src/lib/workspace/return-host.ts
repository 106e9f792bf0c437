import type { EntryId, MemberId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { Cell } from '../core/watched.ts'
import { verifyBinding } from '../crypto/device.ts'
import type { CheckedHow } from '../domain/returns.ts'
import { oneLine } from '../domain/text.ts'
import { createCodeMeeting } from '../net/code-meeting.ts'
import { hostMeeting } from '../net/meet.ts'
import type { MetLink } from '../net/types.ts'
import type { FlowMessage } from '../wire/flow.ts'
import { linkFromInvitation } from '../wire/invitation.ts'
import { hostCommitment, meetingContext, spokenEnd, type FlowWorld } from './founding.ts'
import { acceptScanned, encounterOf } from './scanned-door.ts'
import type { Replica } from './replica.ts'
import type { ReturnDesk } from './return-desk.ts'
import type { FlowEnd, HostFlow, HostState, NoAddress, Space } from './types.ts'
import { followVouching, takeBack } from './vouching.ts'
import { hostWords, talk, type Exchanged } from './words-exchange.ts'

const GOODBYE_MS = 3000

export type HostReturn = {
  readonly replica: Replica
  readonly space: Space
  readonly desk: ReturnDesk
  /** Who comes back, and what they are called here. */
  readonly member: MemberId
  readonly person: string
  /** Writes down how this member made sure, and that the two phones know each other. */
  readonly checked: (
    proposal: EntryId,
    by: { readonly how: CheckedHow; readonly device: MetLink['peer'] },
  ) => void
  /** Carries out what has its votes. */
  readonly enact: (proposal: EntryId) => void
}

/** What both roads share from the moment on at which it is clear whose phone this is: the binding, the proposal, the wait. */
const createTalk = (world: FlowWorld, of: HostReturn, about: { readonly how: CheckedHow }) => {
  const { replica, space, desk, member, person } = of
  const seed = world.random.bytes(16)
  let link: MetLink | null = null
  let say: (message: FlowMessage) => void = () => {}
  let bound: Extract<FlowMessage, { type: 'bind' }> | null = null
  let proposal: EntryId | null = null
  let unfollow = () => {}
  return {
    get proposal() {
      return proposal
    },
    say: (message: FlowMessage) => say(message),
    /** Says where and as whom; nothing is signed by it. */
    offer: (met: MetLink, speak: (message: FlowMessage) => void) => {
      link = met
      say = speak
      const { coll, ledger } = replica
      const named = { name: world.myName, person, coll, pin: ledger.pin, member }
      say({ type: 'back', ...named, seed, language: world.language })
    },
    /** Takes the other phone’s side of the binding; false: it does not fit. */
    bind: (message: Extract<FlowMessage, { type: 'bind' }>): boolean => {
      if (!link || bound) return true
      const { device } = link.introduction
      if (message.member !== member || !verifyBinding(device, replica.coll, member, message.binding))
        return false
      bound = message
      return true
    },
    /** What they said they are called; `null` until they bound their phone. */
    get name() {
      return bound ? oneLine(bound.name) : null
    },
    propose: (tell: {
      readonly show: (state: HostState) => void
      readonly lost: () => void
    }): 'proposed' | 'not allowed' => {
      if (!link || !bound || proposal) return 'proposed'
      if (!replica.mayAct()) return 'not allowed'
      const { device } = link.introduction
      const deviceId = link.peer
      const made = replica.act({
        type: 'propose',
        proposal: { action: 'recover', member, device, deviceId, binding: bound.binding },
      })
      proposal = made
      of.checked(made, { how: about.how, device: deviceId })
      // Its own act names nothing of what it holds of the old phones: an approval does, so that what others built on stays.
      replica.approve(made)
      void desk.begin(made, seed, link)
      unfollow = followVouching(replica, made, {
        waits: (progress) => tell.show({ step: 'vouching', name: person, ...progress, proposal: made }),
        // The old phones end even where the new one does not come in.
        enacted: () =>
          replica.state.devices.get(deviceId)?.standing === 'active'
            ? tell.show({ step: 'done', space })
            : tell.lost(),
        lost: tell.lost,
      })
      of.enact(made)
      return 'proposed'
    },
    stop: () => unfollow(),
  }
}

/** A member faces somebody who lost their phones: both scan, which is this member’s way to make sure. */
export const hostReturnHere = async (
  world: FlowWorld,
  of: HostReturn,
): Promise<Result<HostFlow, NoAddress>> => {
  const made = await createCodeMeeting({
    ...world,
    own: of.replica.own,
    kind: 'recover',
    coll: null,
    judge: acceptScanned,
  })
  if (!made.ok) return err({ type: 'NoAddress' })
  const meeting = made.value
  const state = new Cell<HostState>({ step: 'here', guest: null })
  const talking = createTalk(world, of, { how: 'beside' })
  let link: MetLink | null = null
  let over = false

  const greet = (met: MetLink) => {
    link = met
    const { say } = talk(met, hear)
    met.closed(() => {
      // Once it is proposed the desk waits, also for another link.
      if (!talking.proposal) end('no contact')
    })
    talking.offer(met, say)
  }
  const hear = (message: FlowMessage) => {
    if (over || !link || talking.proposal) return
    if (message.type === 'bye') return end('turned away')
    if (message.type !== 'bind') return
    if (!talking.bind(message)) return end('turned away')
    const guest = { id: link.id, name: talking.name ?? '', words: null, state: 'verified' } as const
    state.set({ step: 'here', guest })
  }
  const show = (now: HostState) => {
    if (over) return
    state.set(now)
    if (now.step === 'done') leave()
  }
  const end = (why: FlowEnd, say: FlowMessage = { type: 'bye', why: spokenEnd(why) }) => {
    if (over) return
    over = true
    closeTalk(of, { proposal: talking.proposal, say, else: talking.say })
    state.set({ step: 'ended', why })
    leave()
  }
  const leave = () => {
    over = true
    unwatch()
    talking.stop()
    meeting.stop()
    const going = talking.proposal ? null : link
    if (going) void going.drained().then(() => world.clock.after(GOODBYE_MS, () => going.close()))
  }
  const unwatch = meeting.state.watch(() => {
    const now = meeting.state.read()
    if (now.step === 'met' && !link) greet(now.link.link)
    if (now.step === 'failed') end('no contact')
  })

  return ok({
    ...flowOf(state),
    encounter: encounterOf(meeting),
    confirmWords: (_, same) => {
      if (!same) return end('turned away')
      if (talking.propose({ show, lost: () => end('turned away') }) === 'not allowed') end('turned away')
    },
    notYet: (until) => end('not yet', { type: 'later', until }),
    cancel: () => end('cancelled'),
  })
}

/** A member lets somebody back from afar: by a link and four words read aloud, as one joins. */
export const hostReturnFar = (world: FlowWorld, of: HostReturn): HostFlow => {
  const { replica } = of
  const seed = world.random.bytes(16)
  const committed = hostCommitment('recover', replica.own.id)
  const address = linkFromInvitation({ kind: 'recover', host: committed, seed })
  const state = new Cell<HostState>({ step: 'inviting', link: address, guests: [] })
  const meeting = hostMeeting({ ...world, own: replica.own, seed, context: meetingContext(committed, seed) })
  const talking = createTalk(world, of, { how: 'voice' })
  let guest: {
    readonly met: MetLink
    readonly say: (message: FlowMessage) => void
    readonly words: ReturnType<typeof hostWords>
    exchanged: Exchanged | null
    hostSame: boolean
    guestSame: boolean
  } | null = null
  let over = false

  const view = (): HostState => ({
    step: 'inviting',
    link: address,
    guests: guest
      ? [
          {
            id: guest.met.id,
            name: guest.exchanged?.name ?? '',
            words: guest.exchanged?.words ?? null,
            state: guest.hostSame && guest.guestSame ? 'verified' : guest.exchanged ? 'words' : 'meeting',
          },
        ]
      : [],
  })
  const show = (now: HostState) => {
    if (over) return
    state.set(now)
    if (now.step === 'done') leave()
  }
  const showGuest = () => {
    if (!talking.proposal) show(view())
  }

  /** Whoever came first through this link; a second holder of it is not heard. */
  const greet = (met: MetLink) => {
    if (guest || over) return
    const { say } = talk(met, hear)
    const words = hostWords({ ...world, link: met, own: replica.own.id, kind: 'recover', say, into: null })
    guest = { met, say, words, exchanged: null, hostSame: false, guestSame: false }
    met.closed(() => {
      if (guest?.met !== met || over || talking.proposal) return
      guest = null
      showGuest()
    })
    showGuest()
  }
  const hear = (message: FlowMessage) => {
    if (!guest || over || talking.proposal) return
    if (message.type === 'bye') return end('turned away')
    if (message.type === 'answer') guest.exchanged ??= guest.words.hear(message)
    if (message.type === 'same') {
      if (!message.same) return end('words differ')
      guest.guestSame = true
      offer()
    }
    if (message.type === 'bind') {
      if (!guest.hostSame || !guest.guestSame || !talking.bind(message)) return end('turned away')
      if (talking.propose({ show, lost: () => end('turned away') }) === 'not allowed') end('turned away')
    }
    showGuest()
  }
  const offer = () => {
    if (guest?.hostSame && guest.guestSame) talking.offer(guest.met, guest.say)
  }
  const end = (why: FlowEnd, say: FlowMessage = { type: 'bye', why: spokenEnd(why) }) => {
    if (over) return
    over = true
    closeTalk(of, { proposal: talking.proposal, say, else: (message) => guest?.say(message) })
    state.set({ step: 'ended', why })
    leave()
  }
  const leave = () => {
    over = true
    unwatch()
    talking.stop()
    // Stopping closes its links; what was proposed waits at the desk, where the other phone comes again.
    void (guest?.met.drained() ?? Promise.resolve()).then(() =>
      world.clock.after(GOODBYE_MS, () => meeting.stop()),
    )
  }
  const unwatch = meeting.guests.watch(() => meeting.guests.read().forEach(greet))

  return {
    ...flowOf(state),
    confirmWords: (_, same) => {
      if (!guest?.exchanged || guest.hostSame) return
      if (!same) return end('words differ')
      guest.hostSame = true
      guest.say({ type: 'same', same: true })
      offer()
      showGuest()
    },
    notYet: (until) => end('not yet', { type: 'later', until }),
    cancel: () => end('cancelled'),
  }
}

const flowOf = (state: Cell<HostState>) => ({
  role: 'host' as const,
  kind: 'recover' as const,
  state,
  proposeGenesis: () => {},
  signGenesis: () => {},
})

/** An end that the person at this phone wanted: taken back, and said. Before anything was proposed it is only said. */
const closeTalk = (
  { replica, desk }: HostReturn,
  of: {
    readonly proposal: EntryId | null
    readonly say: FlowMessage
    readonly else: (message: FlowMessage) => void
  },
): void => {
  if (!of.proposal) return of.else(of.say)
  desk.end(of.proposal, of.say)
  takeBack(replica, of.proposal)
}
