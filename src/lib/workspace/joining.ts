import { equalBytes } from '../core/bytes.ts'
import { idBytes, type CollId, type DeviceId, type EntryId, type MemberId } from '../core/ids.ts'
import { Cell } from '../core/watched.ts'
import { createDevice, signBinding, verifyBinding, type OwnDevice } from '../crypto/device.ts'
import { deriveKey, hash, type SecretKey } from '../crypto/hash.ts'
import { createSignPair, sign } from '../crypto/sign.ts'
import { hostMeeting, joinMeeting } from '../net/meet.ts'
import type { MetLink } from '../net/types.ts'
import type { FlowMessage } from '../wire/flow.ts'
import { linkFromInvitation, type Invitation } from '../wire/invitation.ts'
import { hostCommitment, meetingContext, memberFrom, spokenEnd, type FlowWorld } from './founding.ts'
import { hostNotStarted } from './not-started.ts'
import type { Replica } from './replica.ts'
import type { FlowEnd, GuestFlow, GuestState, HostFlow, HostGuest, HostState, Space } from './types.ts'
import { takeBack } from './vouching.ts'
import { guestWords, hostWords, talk, type Exchanged } from './words-exchange.ts'

/** A collective someone was admitted to, as their device keeps it. */
export type Joined = {
  readonly coll: CollId
  readonly own: OwnDevice
  readonly member: MemberId
  readonly entries: readonly Uint8Array[]
  /** The final checkpoint the words were made of: in a ledger where it is not final this device takes no part. */
  readonly pin: EntryId | null
  /** The device of whoever let this one in: its code was read, or words were compared with it. */
  readonly met: readonly DeviceId[]
}

/** The invitation key comes from the seed in the link: who holds the link can prove it, and nobody else (wire.md §6). */
const inviteKeys = (seed: Uint8Array) =>
  createSignPair(deriveKey(hash('founding', seed) as SecretKey, 'invite', null))

const proofPayload = (coll: CollId, invite: EntryId, device: OwnDevice['id'], th: Uint8Array) => [
  idBytes(coll),
  idBytes(invite),
  idBytes(device),
  th,
]

/** A member invites one person: link, words, proposal; others vouch; the ledger goes over when it is enacted. */
export const hostJoining = (
  world: FlowWorld,
  replica: Replica,
  space: Space,
  /** Writes the newcomer's Person into the document, so that those who vouch see a name. */
  introduce: (name: string, as: { readonly member: MemberId; readonly device: DeviceId }) => void,
): HostFlow => {
  const seed = world.random.bytes(16)
  // The screens offer no invitation to a device that may sign nothing: this is the last word, not the first.
  if (replica.outdated || replica.awaitsOthers) return hostNotStarted('join', 'turned away')
  const invite = replica.act({ type: 'invite', invitePk: inviteKeys(seed).publicKey, uses: 1 })
  const committed = hostCommitment('join', replica.own.id)
  const link = linkFromInvitation({ kind: 'join', host: committed, seed })
  const state = new Cell<HostState>({ step: 'inviting', link, guests: [] })
  const meeting = hostMeeting({ ...world, own: replica.own, seed, context: meetingContext(committed, seed) })
  let guest: { met: MetLink; say: (message: FlowMessage) => void; exchanged: Exchanged | null } | null = null
  let hostSame = false
  let guestSame = false
  let proposal: EntryId | null = null
  let over = false

  const view = (): readonly HostGuest[] =>
    guest
      ? [
          {
            id: guest.met.id,
            name: guest.exchanged?.name ?? '',
            words: guest.exchanged?.words ?? null,
            state: hostSame && guestSame ? 'verified' : guest.exchanged ? 'words' : 'meeting',
          },
        ]
      : []
  const show = () => {
    if (!over && !proposal) state.set({ step: 'inviting', link, guests: view() })
  }

  /** One guest at a time: whoever came first through this link. A second holder of the same link is not let in. */
  const greet = (met: MetLink) => {
    if (guest || over) return
    const talking = talk(met, (message) => hear(message))
    guest = { met, say: talking.say, exchanged: null }
    const words = hostWords({
      ...world,
      link: met,
      own: replica.own.id,
      kind: 'join',
      say: talking.say,
      into: { coll: replica.coll, invite, pin: replica.ledger.pin },
    })
    hearWords = words.hear
    met.closed(() => {
      if (guest?.met !== met || over || proposal) return
      guest = null
      hostSame = guestSame = false
      show()
    })
    show()
  }
  let hearWords: (message: FlowMessage) => Exchanged | null = () => null
  const unwatch = meeting.guests.watch(() => meeting.guests.read().forEach(greet))

  const hear = (message: FlowMessage) => {
    if (!guest || over) return
    if (message.type === 'answer') guest.exchanged ??= hearWords(message)
    else if (message.type === 'same') {
      guestSame = message.same
      if (!message.same) return end('words differ')
    } else if (message.type === 'proof') propose(message)
    else if (message.type === 'bye') return end('turned away')
    show()
  }

  const propose = (proof: Extract<FlowMessage, { type: 'proof' }>) => {
    if (!guest?.exchanged || !hostSame || !guestSame || proposal || proof.coll !== replica.coll) return
    const { device, th } = guest.met.introduction
    const { member, name } = guest.exchanged
    if (replica.outdated || !verifyBinding(device, replica.coll, member, proof.binding))
      return end('turned away')
    introduce(name, { member, device: guest.met.peer })
    proposal = replica.act({
      type: 'propose',
      proposal: {
        action: 'admit',
        member,
        device,
        deviceId: guest.met.peer,
        binding: proof.binding,
        proof: { invite, th, sig: proof.sig },
        verified: 'words',
      },
    })
    follow()
  }

  const follow = () => {
    if (!proposal || !guest || over) return
    const known = replica.state.proposals.get(proposal)
    if (!known || known.status === 'void' || known.status === 'withdrawn') return end('turned away')
    const progress = { have: known.approvals.length, needed: known.needed, proposal }
    if (known.status !== 'enacted') {
      state.set({ step: 'vouching', name: guest.exchanged?.name ?? '', ...progress })
      guest.say({ type: 'vouched', have: progress.have, needed: progress.needed })
      return
    }
    over = true
    guest.say({ type: 'ledger', entries: replica.ledger.since([]).map(({ wire }) => wire) })
    state.set({ step: 'done', space })
    leave()
  }
  const unfollow = replica.changed.watch(follow)

  const end = (why: FlowEnd) => {
    if (over) return
    over = true
    if (why !== 'not yet') guest?.say({ type: 'bye', why: spokenEnd(why) })
    takeBack(replica, proposal)
    state.set({ step: 'ended', why })
    leave()
  }
  const leave = () => {
    unwatch()
    unfollow()
    void (guest?.met.drained() ?? Promise.resolve()).then(() => world.clock.after(3000, () => meeting.stop()))
  }

  return {
    role: 'host',
    kind: 'join',
    state,
    confirmWords: (_, same) => {
      if (!guest?.exchanged) return
      if (!same) return end('words differ')
      hostSame = true
      guest.say({ type: 'same', same: true })
      show()
    },
    notYet: (until) => {
      if (over) return
      guest?.say({ type: 'later', until })
      end('not yet')
    },
    proposeGenesis: () => {},
    signGenesis: () => {},
    cancel: () => end('cancelled'),
  }
}

/** What whoever comes in needs of the vault they come in with. */
export type Arriving<More = unknown> = {
  /** Whether this phone has that collective already, with keys that are out or in use: it would be in it twice, on the same rows. */
  readonly isHere: (coll: CollId) => boolean
  readonly finish: (joined: Joined & More) => Promise<Space | 'not kept' | 'turned away'>
}

/** The newcomer's side of a link into an existing collective. */
export const guestJoining = (
  world: FlowWorld,
  invitation: Invitation,
  { isHere, finish }: Arriving,
): GuestFlow => {
  const own = createDevice(world.random)
  const member = memberFrom(world.random)
  const { host, seed } = invitation
  const state = new Cell<GuestState>({ step: 'meeting' })
  const meeting = joinMeeting({
    ...world,
    own,
    seed,
    context: meetingContext(host, seed),
    isHost: (id) => equalBytes(hostCommitment('join', id), host),
  })
  let met: MetLink | null = null
  let say: (message: FlowMessage) => void = () => {}
  let words: ReturnType<typeof guestWords> | null = null
  let exchanged: Exchanged | null = null
  let hostSame = false
  let mySame = false
  let over = false

  const unwatch = meeting.link.watch(() => {
    const link = meeting.link.read()
    if (!link || met) return
    met = link
    const talking = talk(link, hear)
    say = talking.say
    words = guestWords({ ...world, link, own: own.id, kind: 'join', say, member })
    link.closed(() => {
      if (!over) end('no contact')
    })
  })

  const hear = (message: FlowMessage) => {
    if (over) return
    if (message.type === 'commit' || message.type === 'reveal') {
      const result = words?.hear(message) ?? null
      if (result === 'broken') return end('words differ')
      if (result?.into && isHere(result.into.coll)) {
        say({ type: 'bye', why: 'cancelled' })
        return end('already here')
      }
      if (result) {
        exchanged = result
        state.set({ step: 'words', words: result.words, host: result.name })
      }
    } else if (message.type === 'same') {
      hostSame = message.same
      prove()
    } else if (message.type === 'vouched')
      state.set({ step: 'vouching', have: message.have, needed: message.needed })
    else if (message.type === 'ledger') void arrive(message.entries)
    else if (message.type === 'later') end('not yet', message.until)
    else if (message.type === 'bye')
      end(message.why === 'cancelled' || message.why === 'link used up' ? message.why : 'turned away')
  }

  const prove = () => {
    if (!hostSame || !mySame || !met || !exchanged?.into) return
    const { coll, invite } = exchanged.into
    const payload = proofPayload(coll, invite, own.id, met.introduction.th)
    say({
      type: 'proof',
      coll,
      binding: signBinding(own, coll, member),
      sig: sign(inviteKeys(seed).secretKey, 'invite', payload),
    })
  }

  const arrive = async (entries: readonly Uint8Array[]) => {
    if (!exchanged?.into) return end('turned away')
    over = true
    const { coll, pin } = exchanged.into
    const space = await finish({ coll, own, member, entries, pin, met: met ? [met.peer] : [] })
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
    world.clock.after(1000, () => meeting.stop())
  }

  return {
    role: 'guest',
    kind: 'join',
    state,
    confirmWords: (same) => {
      say({ type: 'same', same })
      if (!same) return end('words differ')
      mySame = true
      state.set({ step: 'waiting', host: exchanged?.name ?? '' })
      prove()
    },
    signGenesis: () => {},
    cancel: () => {
      say({ type: 'bye', why: 'cancelled' })
      end('cancelled')
    },
    breakOff: () => {
      // Once others vouch for these very keys, they must be told that the keys are gone.
      if (hostSame && mySame) say({ type: 'bye', why: 'cancelled' })
      else met?.close()
      end('cancelled')
    },
  }
}
