import { encodeCbor } from '../core/cbor.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Clock, Random } from '../core/clock.ts'
import {
  idBytes,
  memberIdFrom,
  type CollId,
  type DeviceId,
  type EntryId,
  type MemberId,
} from '../core/ids.ts'
import { Cell } from '../core/watched.ts'
import { createDevice, type OwnDevice } from '../crypto/device.ts'
import { deriveKey, hash, type SecretKey } from '../crypto/hash.ts'
import { assembleGenesis, createGenesis, signGenesis, type GenesisDraft } from '../ledger/genesis.ts'
import { createCodeMeeting, type CodeMeeting } from '../net/code-meeting.ts'
import { hostMeeting } from '../net/meet.ts'
import type { Hub, MetLink, Rtc } from '../net/types.ts'
import { commitToNonce, opensCommitment, wordsOfId, type WordLanguage } from '../net/words.ts'
import type { FlowMessage } from '../wire/flow.ts'
import { INVITATION_KINDS, linkFromInvitation, type Invitation } from '../wire/invitation.ts'
import { acceptScanned, encounterOf } from './scanned-door.ts'
import type { Encounter, FlowEnd, HostFlow, HostGuest, HostState, NoAddress, Space } from './types.ts'
import { hostWords, talk, type Exchanged } from './words-exchange.ts'

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

/** What founders are told of the collective they come from: who is not in it learns nothing. Spec: wire.md §8. */
export const continuing = (before: CollId, genesis: EntryId): Uint8Array =>
  hash('refound', [idBytes(before), idBytes(genesis)])

/** Seeds are 16 to 32 bytes; keys are derived from a hash of them. */
const stretch = (seed: Uint8Array): SecretKey => hash('founding', seed) as SecretKey

type Guest = {
  readonly link: MetLink
  /** Both scanned each other: that is the verification, and no words are read. */
  readonly isScanned: boolean
  readonly say: (message: FlowMessage) => void
  exchanged: Exchanged | null
  hostSame: boolean
  guestSame: boolean
  pledge: Uint8Array | null
  nonce: Uint8Array | null
  sig: Uint8Array | null
}

/** The proposer: meets everybody over one link each, scans them or reads words with each, then all sign one genesis. */
export const hostFounding = (
  world: FlowWorld & { readonly title: string; readonly before: CollId | null },
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
  const unwatch = meeting.guests.watch(() =>
    meeting.guests.read().forEach((met) => greet(met, { isScanned: false })),
  )

  /** A code for one more founder who is beside this phone. */
  const codes: CodeMeeting[] = []
  const showCode = async (): Promise<Result<Encounter, NoAddress>> => {
    const made = await createCodeMeeting({ ...world, own, kind: 'found', coll: null, judge: acceptScanned })
    if (!made.ok) return err({ type: 'NoAddress' })
    const shown = made.value
    codes.push(shown)
    const stop = shown.state.watch(() => {
      const now = shown.state.read()
      if (now.step !== 'met') return
      stop()
      if (draft || over) now.link.link.close()
      else greet(now.link.link, { isScanned: true })
    })
    return ok(encounterOf(shown))
  }

  const views = (): readonly HostGuest[] =>
    [...guests].map(([id, guest]) => ({
      id,
      name: guest.exchanged?.name ?? '',
      words: guest.isScanned ? null : (guest.exchanged?.words ?? null),
      state: guest.sig
        ? 'signed'
        : guest.hostSame && guest.guestSame && guest.pledge
          ? 'verified'
          : guest.exchanged && !guest.isScanned
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

  const greet = (met: MetLink, { isScanned }: Pick<Guest, 'isScanned'>) => {
    if (guests.has(met.id) || draft) return
    const { say } = talk(met, (message) => hear(met.id, message))
    const guest: Guest = {
      link: met,
      isScanned,
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
    if (message.type === 'answer' && !guest.exchanged) {
      guest.exchanged = hearWords.get(id)?.(message) ?? null
      if (guest.isScanned && guest.exchanged) {
        guest.hostSame = true
        guest.say({ type: 'same', same: true })
      }
    }
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
    for (const code of codes) code.stop()
    // The last words must reach the guests before the links go.
    void Promise.all([...guests.values()].map((guest) => guest.link.drained())).then(() =>
      world.clock.after(3000, () => {
        meeting.stop()
        for (const { isScanned, link: scanned } of guests.values()) if (isScanned) scanned.close()
      }),
    )
  }

  return {
    role: 'host',
    kind: 'found',
    state,
    showCode,
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
      for (const { say } of guests.values()) {
        say({ type: 'genesis', entry: draft.bytes, title: world.title, names, pledges })
        if (world.before) say({ type: 'continues', before: continuing(world.before, draft.id) })
      }
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

/** A collective or pair that is founded anew: who was in it keeps it to read. */
export type Before = { readonly coll: CollId; readonly title: string }

/**
 * Four words of the genesis and of a nonce of every founder, all pledged before any was seen. Words of the genesis id
 * alone could be searched for: two geneses with the same four words are found in some 2^22 tries (docs/adr/0008).
 */
export const genesisWords = (draft: GenesisDraft, nonces: readonly Uint8Array[], language: WordLanguage) =>
  wordsOfId(encodeCbor([idBytes(draft.id), nonces]), language)

export const memberFrom = (random: Random): MemberId => memberIdFrom(random.bytes(16))!
