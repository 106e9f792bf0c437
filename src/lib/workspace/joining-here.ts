import type { Clock, Random } from '../core/clock.ts'
import type { CollId, EntryId, MemberId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { Cell } from '../core/watched.ts'
import { createDevice, signBinding, verifyBinding, type OwnDevice } from '../crypto/device.ts'
import { createCodeMeeting } from '../net/code-meeting.ts'
import type { MetLink, Rtc } from '../net/types.ts'
import { oneLine } from '../domain/text.ts'
import type { FlowMessage } from '../wire/flow.ts'
import { memberFrom } from './founding.ts'
import type { Arriving } from './joining.ts'
import type { Replica } from './replica.ts'
import { acceptScanned, encounterOf } from './scanned-door.ts'
import type { FlowEnd, GuestFlow, GuestState, HostFlow, HostState, NoAddress, Space } from './types.ts'
import { followVouching, takeBack } from './vouching.ts'
import { talk } from './words-exchange.ts'

/** What letting somebody in face to face needs of the world: no hub, no words. */
export type HereWorld = {
  readonly rtc: Rtc
  readonly clock: Clock
  readonly random: Random
  readonly myName: string
}

export type HereKind = 'join' | 'device'

/** The last words must reach the other side before the link goes. ms. */
const GOODBYE_MS = 3000

/**
 * A member lets in whoever is beside them: both scan, which is the verification; the host says where, the guest binds itself
 * to it, the host looks at the name and proposes; others vouch; the ledger goes over when it is enacted. Spec: wire.md §8.
 */
export const hostHere = async (
  world: HereWorld,
  of: {
    readonly kind: HereKind
    readonly replica: Replica
    readonly space: Space
    /** Writes down who is proposed, so that those who vouch see a name. */
    readonly introduce: (
      name: string,
      as: { readonly member: MemberId; readonly device: OwnDevice['id'] },
    ) => void
  },
): Promise<Result<HostFlow, NoAddress>> => {
  const { kind, replica, space, introduce } = of
  const made = await createCodeMeeting({
    ...world,
    own: replica.own,
    kind,
    coll: null,
    judge: acceptScanned,
  })
  if (!made.ok) return err({ type: 'NoAddress' })
  const meeting = made.value
  const state = new Cell<HostState>({ step: 'here', guest: null })
  let link: MetLink | null = null
  let say: (message: FlowMessage) => void = () => {}
  let bound: Extract<FlowMessage, { type: 'bind' }> | null = null
  let proposal: EntryId | null = null
  let unfollow = () => {}
  let over = false

  const greet = (met: MetLink) => {
    link = met
    say = talk(met, hear).say
    // The keys of whoever went are with them: nobody should vouch for a phone that will not come back.
    met.closed(() => end('no contact'))
    say({
      type: 'here',
      name: world.myName,
      coll: replica.coll,
      pin: replica.ledger.pin,
      member: kind === 'device' ? replica.row.member : null,
    })
  }

  const hear = (message: FlowMessage) => {
    if (over || !link) return
    if (message.type === 'bye') return end('turned away')
    if (message.type !== 'bind' || bound) return
    const { device } = link.introduction
    const isMine = message.member === replica.row.member
    const fits = kind === 'device' ? isMine : !replica.state.members.has(message.member)
    if (!fits || !verifyBinding(device, replica.coll, message.member, message.binding))
      return end('turned away')
    bound = message
    const name = oneLine(message.name)
    state.set({ step: 'here', guest: { id: link.id, name, words: null, state: 'verified' } })
  }

  const propose = () => {
    if (!link || !bound || proposal || over) return
    if (!replica.mayAct()) return end('turned away')
    const { member, binding } = bound
    const { device } = link.introduction
    introduce(oneLine(bound.name), { member, device: link.peer })
    const entrant = { member, device, deviceId: link.peer, binding, proof: null, verified: 'scan' } as const
    const proposed = replica.act({
      type: 'propose',
      proposal: { action: kind === 'device' ? 'addDevice' : 'admit', ...entrant },
    })
    proposal = proposed
    const name = oneLine(bound.name)
    unfollow = followVouching(replica, proposed, {
      waits: (progress) => {
        state.set({ step: 'vouching', name, ...progress, proposal: proposed })
        say({ type: 'vouched', ...progress })
      },
      enacted: () => {
        over = true
        say({ type: 'ledger', entries: replica.ledger.since([]).map(({ wire }) => wire) })
        state.set({ step: 'done', space })
        leave()
      },
      lost: () => end('turned away'),
    })
  }

  const end = (why: FlowEnd) => {
    if (over) return
    over = true
    if (why === 'cancelled' || why === 'turned away') say({ type: 'bye', why })
    takeBack(replica, proposal)
    state.set({ step: 'ended', why })
    leave()
  }
  const leave = () => {
    unwatch()
    unfollow()
    meeting.stop()
    const going = link
    if (going) void going.drained().then(() => world.clock.after(GOODBYE_MS, () => going.close()))
  }
  const unwatch = meeting.state.watch(() => {
    const now = meeting.state.read()
    if (now.step === 'met' && !link) greet(now.link.link)
    if (now.step === 'failed') end('no contact')
  })

  return ok({
    role: 'host',
    kind,
    state,
    encounter: encounterOf(meeting),
    confirmWords: (_, same) => (same ? propose() : end('turned away')),
    notYet: (until) => {
      if (over) return
      say({ type: 'later', until })
      end('not yet')
    },
    proposeGenesis: () => {},
    signGenesis: () => {},
    cancel: () => end('cancelled'),
  })
}

/** The newcomer’s side, or the further device’s. `name`: of the person; of a device, what it is called. */
export const guestHere = async (
  world: HereWorld,
  kind: HereKind,
  { isHere, finish }: Arriving<{ readonly host: string }>,
): Promise<Result<GuestFlow, NoAddress>> => {
  const own = createDevice(world.random)
  const made = await createCodeMeeting({ ...world, own, kind, coll: null, judge: acceptScanned })
  if (!made.ok) return err({ type: 'NoAddress' })
  const meeting = made.value
  const state = new Cell<GuestState>({ step: 'meeting' })
  let link: MetLink | null = null
  let say: (message: FlowMessage) => void = () => {}
  let into: { coll: CollId; pin: EntryId | null; member: MemberId; host: string } | null = null
  let over = false

  const greet = (met: MetLink) => {
    link = met
    say = talk(met, hear).say
    met.closed(() => end('no contact'))
  }

  const hear = (message: FlowMessage) => {
    if (over) return
    if (message.type === 'here' && !into) {
      // A code for one thing must not end as another: the host’s own word has to fit what this phone asked for.
      if ((message.member !== null) !== (kind === 'device')) return end('turned away')
      const member = message.member ?? memberFrom(world.random)
      const { coll, pin } = message
      if (isHere(coll)) {
        say({ type: 'bye', why: 'cancelled' })
        return end('already here')
      }
      into = { coll, pin, member, host: oneLine(message.name) }
      say({ type: 'bind', name: world.myName, member, binding: signBinding(own, coll, member) })
      state.set({ step: 'waiting', host: into.host })
    } else if (message.type === 'vouched' && into)
      state.set({ step: 'vouching', have: message.have, needed: message.needed })
    else if (message.type === 'ledger') void arrive(message.entries)
    else if (message.type === 'later') end('not yet', message.until)
    else if (message.type === 'bye') end(message.why === 'cancelled' ? 'cancelled' : 'turned away')
  }

  const arrive = async (entries: readonly Uint8Array[]) => {
    if (!into) return end('turned away')
    over = true
    const space = await finish({ ...into, own, entries, met: link ? [link.peer] : [] })
    state.set(typeof space === 'string' ? { step: 'ended', why: space } : { step: 'done', space })
    leave()
  }

  const end = (why: FlowEnd, until?: number) => {
    if (over) return
    over = true
    state.set({ step: 'ended', why, ...(until !== undefined && { until }) })
    leave()
  }
  const leave = () => {
    unwatch()
    meeting.stop()
    const going = link
    if (going) world.clock.after(GOODBYE_MS, () => going.close())
  }
  const unwatch = meeting.state.watch(() => {
    const now = meeting.state.read()
    if (now.step === 'met' && !link) greet(now.link.link)
    if (now.step === 'failed') end('no contact')
  })

  return ok({
    role: 'guest',
    kind,
    state,
    encounter: encounterOf(meeting),
    confirmWords: () => {},
    signGenesis: () => {},
    cancel: () => {
      say({ type: 'bye', why: 'cancelled' })
      end('cancelled')
    },
  })
}
