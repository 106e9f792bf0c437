import { equalBytes } from '../core/bytes.ts'
import type { CollId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { Cell } from '../core/watched.ts'
import { createDevice, type OwnDevice } from '../crypto/device.ts'
import { oneLine } from '../domain/text.ts'
import { checkGenesis, parseGenesisDraft, signGenesis, type GenesisDraft } from '../ledger/genesis.ts'
import { createCodeMeeting } from '../net/code-meeting.ts'
import { joinMeeting } from '../net/meet.ts'
import type { GuestMeeting, MetLink } from '../net/types.ts'
import { commitToNonce, opensCommitment } from '../net/words.ts'
import type { FlowMessage } from '../wire/flow.ts'
import type { Invitation } from '../wire/invitation.ts'
import {
  continuing,
  genesisWords,
  hostCommitment,
  meetingContext,
  memberFrom,
  type Before,
  type Founded,
  type FlowWorld,
} from './founding.ts'
import { acceptScanned, encounterOf } from './scanned-door.ts'
import type { Encounter, FlowEnd, GuestFlow, GuestState, NoAddress, Space } from './types.ts'
import { guestWords, talk, type Exchanged } from './words-exchange.ts'

/** `before`: what this person was in that the new one takes the place of. */
type Finish = (founded: Founded, before: CollId | null) => Promise<Space | null>

/** `mine`: what this person is in already. */
type GuestWorld = FlowWorld & { readonly mine: () => readonly Before[] }

/** A founder who opened the proposer's link. */
export const guestFounding = (world: GuestWorld, invitation: Invitation, finish: Finish): GuestFlow => {
  const own = createDevice(world.random)
  const { host, seed } = invitation
  const meeting = joinMeeting({
    ...world,
    own,
    seed,
    context: meetingContext(host, seed),
    isHost: (id) => equalBytes(hostCommitment('found', id), host),
  })
  return follow(world, { own, meeting, finish }).flow
}

/** A founder who is beside the proposer: both scan, and no words are read before those of the genesis. */
export const guestFoundingHere = async (
  world: Omit<GuestWorld, 'hub'>,
  finish: Finish,
): Promise<Result<GuestFlow, NoAddress>> => {
  const own = createDevice(world.random)
  const made = await createCodeMeeting({ ...world, own, kind: 'found', coll: null, judge: acceptScanned })
  if (!made.ok) return err({ type: 'NoAddress' })
  const code = made.value
  const link = new Cell<MetLink | null>(null)
  const stop = () => {
    code.stop()
    link.read()?.close()
  }
  const { flow, lost } = follow(world, { own, meeting: { link, stop }, finish, encounter: encounterOf(code) })
  code.state.watch(() => {
    const now = code.state.read()
    if (now.step === 'met') link.set(now.link.link)
    if (now.step === 'failed' && !link.read()) lost()
  })
  return ok(flow)
}

const follow = (
  world: Omit<GuestWorld, 'hub'>,
  of: {
    readonly own: OwnDevice
    readonly meeting: GuestMeeting
    readonly finish: Finish
    /** Face to face: whoever was scanned is who is heard. */
    readonly encounter?: Encounter
  },
): { readonly flow: GuestFlow; readonly lost: () => void } => {
  const { own, meeting, finish, encounter } = of
  const member = memberFrom(world.random)
  const state = new Cell<GuestState>({ step: 'meeting' })
  let exchanged: Exchanged | null = null
  let hostSame = false
  let mySame = false
  const nonce = world.random.bytes(32)
  let draft: GenesisDraft | null = null
  let title = ''
  let before: Before | null = null
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
        if (encounter) confirm(true)
        else state.set({ step: 'words', words: result.words, host: result.name })
      }
    } else if (message.type === 'same') hostSame = message.same
    else if (message.type === 'genesis') holdGenesis(message)
    else if (message.type === 'continues') recogniseBefore(message.before)
    else if (message.type === 'nonces') showGenesis(message.nonces)
    else if (message.type === 'ledger') void complete(message.entries)
    else if (message.type === 'bye') end(message.why === 'cancelled' ? 'cancelled' : 'turned away')
  }

  const confirm = (same: boolean) => {
    say({ type: 'same', same })
    if (!same) return end('words differ')
    mySame = true
    say({ type: 'pledge', commit: commitToNonce(nonce) })
    state.set({ step: 'waiting', host: exchanged?.name ?? '' })
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

  /** Before the words of the genesis are shown, so that nobody signs without having read it. */
  const recogniseBefore = (told: Uint8Array) => {
    if (!draft || state.read().step === 'genesis') return
    const { id } = draft
    before = world.mine().find(({ coll }) => equalBytes(continuing(coll, id), told)) ?? null
  }

  const showGenesis = (nonces: readonly Uint8Array[]) => {
    if (!draft || state.read().step === 'genesis') return
    const kept =
      nonces.length === pledges.length && nonces.every((one, i) => opensCommitment(pledges[i]!, one))
    if (!kept) return end('words differ')
    const words = genesisWords(draft, nonces, exchanged?.language ?? world.language)
    state.set({ step: 'genesis', words, title, names, before: before?.title ?? null, signed: false })
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
    const space = await finish(
      { coll, own, member, entries: [wire], title, others: names, met },
      before?.coll ?? null,
    )
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

  const flow: GuestFlow = {
    role: 'guest',
    kind: 'found',
    state,
    ...(encounter && { encounter }),
    confirmWords: confirm,
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
  return { flow, lost: () => end('no contact') }
}
