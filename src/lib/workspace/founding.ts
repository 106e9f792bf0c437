import { equalBytes } from '../core/bytes.ts'
import { encodeCbor } from '../core/cbor.ts'
import type { Clock, Random } from '../core/clock.ts'
import { idBytes, memberIdFrom, type CollId, type DeviceId, type MemberId } from '../core/ids.ts'
import { Cell } from '../core/watched.ts'
import { createDevice, type OwnDevice } from '../crypto/device.ts'
import { deriveKey, hash, type SecretKey } from '../crypto/hash.ts'
import { oneLine } from '../domain/text.ts'
import {
  assembleGenesis,
  checkGenesis,
  createGenesis,
  parseGenesisDraft,
  signGenesis,
  type GenesisDraft,
} from '../ledger/genesis.ts'
import { hostMeeting, joinMeeting } from '../net/meet.ts'
import type { Hub, MetLink, Rtc } from '../net/types.ts'
import { commitToNonce, opensCommitment, wordsOfId, type WordLanguage } from '../net/words.ts'
import type { FlowMessage } from '../wire/flow.ts'
import { INVITATION_KINDS, linkFromInvitation, type Invitation } from '../wire/invitation.ts'
import type { FlowEnd, GuestFlow, GuestState, HostFlow, HostGuest, HostState, Space } from './types.ts'
import { guestWords, hostWords, talk, type Exchanged } from './words-exchange.ts'

/** What a flow needs of the world, and what it hands over when it succeeds. */
export type FlowWorld = {
  readonly hub: Hub
  readonly rtc: Rtc
  readonly clock: Clock
  readonly random: Random
  readonly language: WordLanguage
  readonly myName: string
}

/** A founded collective, as this founder keeps it. */
export type Founded = {
  readonly coll: CollId
  readonly own: OwnDevice
  readonly member: MemberId
  readonly entries: readonly Uint8Array[]
  readonly title: string
  /** What the other founders are called: they write themselves down. */
  readonly others: readonly string[]
  /** Devices of everybody with whom words were read aloud: all founders read those of the genesis. */
  readonly met: readonly DeviceId[]
}

/** What a link says of the host: `H("qr", [kind, device])`. */
export const hostCommitment = (kind: Invitation['kind'], host: DeviceId): Uint8Array =>
  hash('qr', [INVITATION_KINDS.indexOf(kind), idBytes(host)])

/**
 * `H("found", [commitment, KDF(seed, "found")])`: stands for the collective in the handshakes of a meeting, where there
 * is none yet or the guest does not know it (wire.md §6). Only who holds the link and talks to this host arrives at it.
 */
export const meetingContext = (commitment: Uint8Array, seed: Uint8Array): Uint8Array =>
  hash('found', [commitment, deriveKey(stretch(seed), 'found', null)])

/** What the other side is told of an end. */
export const spokenEnd = (why: FlowEnd): 'cancelled' | 'words differ' | 'turned away' | 'link used up' =>
  why === 'words differ' || why === 'turned away' || why === 'link used up' ? why : 'cancelled'

/** Seeds are 16 to 32 bytes; keys are derived from a hash of them. */
const stretch = (seed: Uint8Array): SecretKey => hash('founding', seed) as SecretKey

type Guest = {
  readonly link: MetLink
  readonly say: (message: FlowMessage) => void
  exchanged: Exchanged | null
  hostSame: boolean
  guestSame: boolean
  pledge: Uint8Array | null
  nonce: Uint8Array | null
  sig: Uint8Array | null
}

/** The proposer: meets everybody over one link each, reads words with each, then all sign one genesis. */
export const hostFounding = (
  world: FlowWorld & { readonly title: string },
  finish: (founded: Founded) => Promise<Space | null>,
): HostFlow => {
  const own = createDevice(world.random)
  const member = memberFrom(world.random)
  const seed = world.random.bytes(16)
  const committed = hostCommitment('found', own.id)
  const link = linkFromInvitation({ kind: 'found', host: committed, seed })
  const state = new Cell<HostState>({ step: 'inviting', link, guests: [] })
  const guests = new Map<string, Guest>()
  const nonce = world.random.bytes(32)
  let draft: GenesisDraft | null = null
  /** Everybody's nonces in founder order, once all are in. */
  let nonces: readonly Uint8Array[] | null = null
  let mine: Uint8Array | null = null
  let over = false

  const meeting = hostMeeting({ ...world, own, seed, context: meetingContext(committed, seed) })
  const unwatch = meeting.guests.watch(() => meeting.guests.read().forEach(greet))

  const views = (): readonly HostGuest[] =>
    [...guests].map(([id, guest]) => ({
      id,
      name: guest.exchanged?.name ?? '',
      words: guest.exchanged?.words ?? null,
      state: guest.sig
        ? 'signed'
        : guest.hostSame && guest.guestSame && guest.pledge
          ? 'verified'
          : guest.exchanged
            ? 'words'
            : 'meeting',
    }))

  const show = () => {
    if (over) return
    state.set(
      draft && nonces
        ? {
            step: 'genesis',
            words: genesisWords(draft, nonces, world.language),
            guests: views(),
            signed: mine !== null,
          }
        : { step: 'inviting', link, guests: views() },
    )
  }

  const greet = (met: MetLink) => {
    if (guests.has(met.id) || draft) return
    const { say } = talk(met, (message) => hear(met.id, message))
    const guest: Guest = {
      link: met,
      say,
      exchanged: null,
      hostSame: false,
      guestSame: false,
      pledge: null,
      nonce: null,
      sig: null,
    }
    guests.set(met.id, guest)
    const words = hostWords({ ...world, link: met, own: own.id, kind: 'found', say, into: null })
    hearWords.set(met.id, (message) => words.hear(message))
    met.closed(() => {
      if (draft || over) return
      guests.delete(met.id)
      show()
    })
    show()
  }
  const hearWords = new Map<string, (message: FlowMessage) => Exchanged | null>()

  const hear = (id: string, message: FlowMessage) => {
    const guest = guests.get(id)
    if (!guest || over) return
    if (message.type === 'answer') guest.exchanged ??= hearWords.get(id)?.(message) ?? null
    if (message.type === 'same') {
      if (!message.same) return turnAway(id)
      guest.guestSame = true
    }
    if (message.type === 'pledge') guest.pledge ??= message.commit
    if (message.type === 'nonce' && draft) {
      if (!guest.pledge || !opensCommitment(guest.pledge, message.nonce)) return turnAway(id)
      guest.nonce = message.nonce
      gatherNonces()
    }
    if (message.type === 'signed' && nonces) guest.sig = message.sig
    if (message.type === 'bye') return turnAway(id)
    show()
    void complete()
  }

  /** All nonces are in: everybody can now make the words, and nobody could choose theirs by another's. */
  const gatherNonces = () => {
    const theirs = [...guests.values()].map((guest) => guest.nonce)
    if (nonces || theirs.some((one) => one === null)) return
    nonces = [nonce, ...theirs.filter((one) => one !== null)]
    for (const { say } of guests.values()) say({ type: 'nonces', nonces })
  }

  const turnAway = (id: string) => {
    guests.get(id)?.say({ type: 'bye', why: 'words differ' })
    guests.get(id)?.link.close()
    guests.delete(id)
    if (draft) return end('turned away')
    show()
  }

  const complete = async () => {
    if (!draft || !mine || over || [...guests.values()].some(({ sig }) => !sig)) return
    const sigs = [mine, ...[...guests.values()].map(({ sig }) => sig!)]
    const genesis = assembleGenesis(draft, sigs)
    if (!genesis.ok) return end('turned away')
    over = true
    for (const { say } of guests.values()) say({ type: 'ledger', entries: [genesis.value.wire] })
    const coll = genesis.value.id as CollId
    const others = [...guests.values()].map(({ exchanged }) => exchanged!.name)
    const entries = [genesis.value.wire]
    const met = draft.founders.map(({ deviceId }) => deviceId)
    const space = await finish({ coll, own, member, entries, title: world.title, others, met })
    if (!space) return fail()
    state.set({ step: 'done', space })
    leave()
  }

  const end = (why: FlowEnd) => {
    if (over) return
    over = true
    const spoken = spokenEnd(why)
    for (const { say } of guests.values()) say({ type: 'bye', why: spoken })
    state.set({ step: 'ended', why })
    leave()
  }

  const fail = () => {
    state.set({ step: 'ended', why: 'not kept' })
    leave()
  }

  const leave = () => {
    unwatch()
    // The last words must reach the guests before the links go.
    void Promise.all([...guests.values()].map((guest) => guest.link.drained())).then(() =>
      world.clock.after(3000, () => meeting.stop()),
    )
  }

  return {
    role: 'host',
    kind: 'found',
    state,
    confirmWords: (id, same) => {
      const guest = guests.get(id)
      if (!guest?.exchanged) return
      if (!same) return turnAway(id)
      guest.hostSame = true
      guest.say({ type: 'same', same: true })
      show()
    },
    proposeGenesis: () => {
      const verified = [...guests].filter(([, guest]) => guest.hostSame && guest.guestSame && guest.pledge)
      if (draft || verified.length < 2) return
      for (const [id, guest] of [...guests])
        if (!verified.some(([other]) => other === id)) {
          guest.link.close()
          guests.delete(id)
        }
      const founders = [
        { member, device: own.device },
        ...verified.map(([, { link: met, exchanged }]) => ({
          member: exchanged!.member,
          device: met.introduction.device,
        })),
      ]
      draft = createGenesis({ author: own.id, founders, nonce: world.random.bytes(16), policy: { admit: 2 } })
      const names = [world.myName, ...verified.map(([, { exchanged }]) => exchanged!.name)]
      const pledges = [commitToNonce(nonce), ...verified.map(([, { pledge }]) => pledge!)]
      for (const { say } of guests.values())
        say({ type: 'genesis', entry: draft.bytes, title: world.title, names, pledges })
      show()
    },
    signGenesis: () => {
      if (!draft || !nonces) return
      mine = signGenesis(own, draft)
      show()
      void complete()
    },
    cancel: () => end('cancelled'),
  }
}

/** A founder who opened the proposer's link. */
export const guestFounding = (
  world: FlowWorld,
  invitation: Invitation,
  finish: (founded: Founded) => Promise<Space | null>,
): GuestFlow => {
  const own = createDevice(world.random)
  const member = memberFrom(world.random)
  const state = new Cell<GuestState>({ step: 'meeting' })
  const { host, seed } = invitation
  const meeting = joinMeeting({
    ...world,
    own,
    seed,
    context: meetingContext(host, seed),
    isHost: (id) => equalBytes(hostCommitment('found', id), host),
  })
  let exchanged: Exchanged | null = null
  let hostSame = false
  let mySame = false
  const nonce = world.random.bytes(32)
  let draft: GenesisDraft | null = null
  let title = ''
  let names: readonly string[] = []
  let pledges: readonly Uint8Array[] = []
  let over = false
  let say: (message: FlowMessage) => void = () => {}
  let words: ReturnType<typeof guestWords> | null = null

  const arrived = (link: MetLink) => {
    const talking = talk(link, hear)
    say = talking.say
    words = guestWords({ ...world, link, own: own.id, kind: 'found', say, member })
    link.closed(() => {
      if (!over) end('no contact')
    })
  }
  const unwatch = meeting.link.watch(() => {
    const link = meeting.link.read()
    if (link && !words) arrived(link)
  })

  const hear = (message: FlowMessage) => {
    if (over) return
    if (message.type === 'commit' || message.type === 'reveal') {
      const result = words?.hear(message) ?? null
      if (result === 'broken') return end('words differ')
      if (result) {
        exchanged = result
        state.set({ step: 'words', words: result.words, host: result.name })
      }
    } else if (message.type === 'same') hostSame = message.same
    else if (message.type === 'genesis') holdGenesis(message)
    else if (message.type === 'nonces') showGenesis(message.nonces)
    else if (message.type === 'ledger') void complete(message.entries)
    else if (message.type === 'bye') end(message.why === 'cancelled' ? 'cancelled' : 'turned away')
  }

  /** The genesis and everybody's pledge are fixed: only now does my nonce leave. */
  const holdGenesis = (message: Extract<FlowMessage, { type: 'genesis' }>) => {
    const parsed = parseGenesisDraft(message.entry)
    const founders = parsed.ok ? parsed.value.founders : []
    // What I sign must name me, and be the proposer's. Anything else is not what we agreed.
    const place = founders.findIndex((founder) => founder.member === member && founder.deviceId === own.id)
    const pledged = place >= 0 && message.pledges.length === founders.length && message.pledges[place]
    if (!parsed.ok || !pledged || !opensCommitment(pledged, nonce)) return end('turned away')
    if (draft || parsed.value.author !== meeting.link.read()?.peer || !mySame || !hostSame)
      return end('turned away')
    draft = parsed.value
    title = oneLine(message.title)
    names = message.names.map(oneLine)
    pledges = message.pledges
    say({ type: 'nonce', nonce })
  }

  const showGenesis = (nonces: readonly Uint8Array[]) => {
    if (!draft || state.read().step === 'genesis') return
    const kept =
      nonces.length === pledges.length && nonces.every((one, i) => opensCommitment(pledges[i]!, one))
    if (!kept) return end('words differ')
    const words = genesisWords(draft, nonces, exchanged?.language ?? world.language)
    state.set({ step: 'genesis', words, title, names, signed: false })
  }

  const complete = async (entries: readonly Uint8Array[]) => {
    const [wire] = entries
    if (!draft || !wire || over) return
    const genesis = checkGenesis(wire)
    // All have signed, and it is the very one whose words were read aloud.
    if (!genesis.ok || genesis.value.id !== draft.id) return end('turned away')
    over = true
    const coll = genesis.value.id as CollId
    const met = draft.founders.map(({ deviceId }) => deviceId)
    const space = await finish({ coll, own, member, entries: [wire], title, others: names, met })
    if (!space) return fail()
    state.set({ step: 'done', space })
    leave()
  }

  const end = (why: FlowEnd) => {
    if (over) return
    over = true
    state.set({ step: 'ended', why })
    leave()
  }
  const fail = () => {
    state.set({ step: 'ended', why: 'not kept' })
    leave()
  }

  const leave = () => {
    unwatch()
    world.clock.after(1000, () => meeting.stop())
  }

  return {
    role: 'guest',
    kind: 'found',
    state,
    confirmWords: (same) => {
      say({ type: 'same', same })
      if (!same) return end('words differ')
      mySame = true
      say({ type: 'pledge', commit: commitToNonce(nonce) })
      state.set({ step: 'waiting', host: exchanged?.name ?? '' })
    },
    signGenesis: () => {
      const now = state.read()
      if (!draft || now.step !== 'genesis' || now.signed) return
      say({ type: 'signed', sig: signGenesis(own, draft) })
      state.set({ ...now, signed: true })
    },
    cancel: () => {
      say({ type: 'bye', why: 'cancelled' })
      end('cancelled')
    },
    breakOff: () => {
      if (draft) say({ type: 'bye', why: 'cancelled' })
      else meeting.link.read()?.close()
      end('cancelled')
    },
  }
}

/**
 * Four words of the genesis and of a nonce of every founder, all pledged before any was seen. Words of the genesis id
 * alone could be searched for: two geneses with the same four words are found in some 2^22 tries (docs/adr/0008).
 */
const genesisWords = (draft: GenesisDraft, nonces: readonly Uint8Array[], language: WordLanguage) =>
  wordsOfId(encodeCbor([idBytes(draft.id), nonces]), language)

export const memberFrom = (random: Random): MemberId => memberIdFrom(random.bytes(16))!
