import { base64urlFromBytes } from '../core/bytes.ts'
import { collIdFrom, idBytes, memberIdFrom, type CollId, type MemberId } from '../core/ids.ts'
import { Cell, type Watched } from '../core/watched.ts'
import {
  cborFromDevice,
  deviceFromCbor,
  deviceIdOf,
  signBinding,
  type Device,
  type OwnDevice,
} from '../crypto/device.ts'
import {
  assembleGenesis,
  checkGenesis,
  createGenesis,
  parseGenesisDraft,
  signGenesis,
  type GenesisDraft,
} from '../ledger/genesis.ts'
import type { Link } from '../sync/ports.ts'
import type { Whisper } from '../wire/circle.ts'
import { bindingFrom, cborFromBinding, createBoundDevice, isBound, type Binding } from './circle-binding.ts'
import { memberAbove } from './circle-gate.ts'
import type { Around, Circle } from './circle.ts'

/** What a founding or joining of a circle comes to on this device. */
export type Entering = {
  readonly coll: CollId
  readonly own: OwnDevice
  readonly member: MemberId
  readonly entries: readonly Uint8Array[]
  readonly bindings: readonly Binding[]
  readonly newcomer: boolean
}

export type CircleEnd =
  | 'declined'
  /** Fewer than three agreed. */
  | 'too few'
  | 'no contact'
  /** What came is not what was agreed. */
  | 'broken'
  | 'not kept'

export type FlowState =
  | { readonly step: 'asking'; readonly agreed: number; readonly waiting: number }
  | { readonly step: 'done'; readonly circle: Circle }
  | { readonly step: 'ended'; readonly why: CircleEnd }

/** Somebody asks this device into a circle. Nothing is said about the circle but the name they give it. */
export type CircleInvitation = {
  readonly id: string
  /** Who asks: a member of the collective. */
  readonly from: MemberId | null
  readonly title: string
  readonly how: 'found' | 'join'
  readonly state: Watched<FlowState>
  accept(): void
  decline(): void
}

type FlowWhisper = Extract<Whisper, { readonly flow: Uint8Array }>

/** A founding or joining under way, as whoever hands out whispers knows it. */
export interface Flow {
  readonly flow: Uint8Array
  hear(link: Link, whisper: FlowWhisper): void
}

/** Somebody who agreed: their device for the circle, shown to belong to the device at the end of the link. */
export type Agreed = {
  readonly link: Link
  readonly member: MemberId
  readonly device: Device
  readonly binding: Binding
}

/** Reads a consent: the binding must be by the very device that is linked. */
export const agreedFrom = (
  link: Link,
  whisper: Extract<Whisper, { type: 'consent' }>,
  { parent }: Pick<Around, 'parent'>,
): Agreed | null => {
  const [device, binding] = [deviceFromCbor(whisper.device), bindingFrom(whisper.binding)]
  const member = memberIdFrom(whisper.member)
  const above = parent.state.devices.get(link.peer)
  if (!device || !binding || !member || above?.standing !== 'active') return null
  const its = binding.above === link.peer && binding.device === deviceIdOf(device)
  return its && isBound(device, binding, { coll: parent.coll, above: above.device })
    ? { link, member, device, binding }
    : null
}

/** Asks the devices at the ends of `links` to found a circle. Begins when all have answered and at least two agreed. */
export const hostCircle = (
  of: { readonly title: string; readonly links: readonly Link[] },
  around: Around,
  enter: (entering: Entering) => Promise<Circle | null>,
): Flow & { readonly state: Watched<FlowState> } => {
  const { parent, random, whisper } = around
  const flow = random.bytes(16)
  const waiting = new Map(of.links.map((link) => [link.id, link]))
  const agreed: Agreed[] = []
  const sigs = new Map<string, Uint8Array>()
  const { own, binding } = createBoundDevice(random, parent.coll, parent.own)
  const member = memberIdFrom(random.bytes(16))!
  let draft: GenesisDraft | null = null
  const state = new Cell<FlowState>({ step: 'asking', agreed: 0, waiting: waiting.size })
  const over = () => state.read().step !== 'asking'
  const end = (why: CircleEnd) => {
    if (over()) return
    for (const { link } of agreed) whisper(link, { type: 'decline', flow })
    state.set({ step: 'ended', why })
  }
  const bindings = () => [binding, ...agreed.map((one) => one.binding)]

  const answered = (link: Link) => {
    waiting.delete(link.id)
    if (over() || draft) return
    if (waiting.size > 0) return state.set({ step: 'asking', agreed: agreed.length, waiting: waiting.size })
    if (agreed.length < 2) return end('too few')
    const founders = [{ member, device: own.device }, ...agreed]
    draft = createGenesis({
      author: own.id,
      founders: founders.map((one) => ({ member: one.member, device: one.device })),
      nonce: random.bytes(16),
      policy: { admit: 2 },
    })
    for (const one of agreed)
      whisper(one.link, {
        type: 'draft',
        flow,
        draft: draft.bytes,
        bindings: bindings().map(cborFromBinding),
      })
  }

  const complete = async () => {
    if (!draft || over() || sigs.size < agreed.length) return
    const genesis = assembleGenesis(draft, [
      signGenesis(own, draft),
      ...agreed.map(({ link }) => sigs.get(link.id)!),
    ])
    if (!genesis.ok) return end('broken')
    const entries = [genesis.value.wire]
    const coll = genesis.value.id as CollId
    const circle = await enter({ coll, own, member, entries, bindings: bindings(), newcomer: false })
    if (!circle) return end('not kept')
    for (const { link } of agreed)
      whisper(link, { type: 'enter', flow, entries, bindings: bindings().map(cborFromBinding) })
    // The first key comes from whoever asked, so that nobody waits for it.
    circle.replica.rotate()
    state.set({ step: 'done', circle })
  }

  for (const link of of.links) {
    whisper(link, { type: 'invite', flow, how: 'found', title: of.title })
    link.closed(() => {
      if (agreed.some((one) => one.link === link)) end('no contact')
      else answered(link)
    })
  }
  return {
    flow,
    state,
    hear: (link, said) => {
      if (said.type === 'decline') return draft ? end('declined') : answered(link)
      if (said.type === 'consent' && waiting.has(link.id) && !draft) {
        const one = agreedFrom(link, said, around)
        const members = [parent.own.id, ...agreed.map((other) => other.link.peer)].map((device) =>
          memberAbove(parent.state, device),
        )
        // One voice each, however many phones.
        if (one && !members.includes(memberAbove(parent.state, link.peer))) agreed.push(one)
        return answered(link)
      }
      if (said.type === 'signed' && draft && agreed.some((one) => one.link.id === link.id)) {
        sigs.set(link.id, said.sig)
        void complete()
      }
    },
  }
}

/** Somebody at the other end of `link` asks this device into a circle. */
export const guestOfCircle = (
  of: { readonly link: Link; readonly invite: Extract<Whisper, { type: 'invite' }> },
  around: Around,
  enter: (entering: Entering) => Promise<Circle | null>,
): Flow & CircleInvitation => {
  const { parent, random, whisper } = around
  const { link, invite } = of
  const { flow } = invite
  const state = new Cell<FlowState>({ step: 'asking', agreed: 0, waiting: 1 })
  let mine: { readonly own: OwnDevice; readonly binding: Binding; readonly member: MemberId } | null = null
  let signed: CollId | null = null
  const over = () => state.read().step !== 'asking'
  const end = (why: CircleEnd) => {
    if (!over()) state.set({ step: 'ended', why })
  }
  link.closed(() => end('no contact'))

  const sign = (said: Extract<Whisper, { type: 'draft' }>) => {
    const draft = parseGenesisDraft(said.draft)
    const place = draft.ok && mine && draft.value.founders.find(({ deviceId }) => deviceId === mine!.own.id)
    if (!draft.ok || !mine || !place || place.member !== mine.member || signed) return end('broken')
    signed = draft.value.id as CollId
    whisper(link, { type: 'signed', flow, sig: signGenesis(mine.own, draft.value) })
  }

  const complete = async (said: Extract<Whisper, { type: 'enter' }>) => {
    const genesis = said.entries[0] ? checkGenesis(said.entries[0]) : null
    // It is the very one this device signed.
    if (!mine || !genesis?.ok || genesis.value.id !== signed) return end('broken')
    const bindings = said.bindings.map(bindingFrom).filter((one) => one !== null)
    const { own, member } = mine
    const { entries } = said
    const newcomer = invite.how === 'join'
    const circle = await enter({ coll: signed, own, member, entries, bindings, newcomer })
    if (circle) state.set({ step: 'done', circle })
    else end('not kept')
  }

  return {
    id: base64urlFromBytes(flow),
    flow,
    from: memberAbove(parent.state, link.peer),
    title: invite.title,
    how: invite.how,
    state,
    accept: () => {
      if (mine || over()) return
      const bound = createBoundDevice(random, parent.coll, parent.own)
      mine = { ...bound, member: memberIdFrom(random.bytes(16))! }
      whisper(link, {
        type: 'consent',
        flow,
        member: idBytes(mine.member),
        device: cborFromDevice(mine.own.device),
        binding: cborFromBinding(mine.binding),
      })
    },
    decline: () => {
      if (over()) return
      whisper(link, { type: 'decline', flow })
      end('declined')
    },
    hear: (from, said) => {
      if (from.id !== link.id || over()) return
      if (said.type === 'draft' && invite.how === 'found') sign(said)
      else if (said.type === 'bind' && invite.how === 'join' && mine && !signed) {
        signed = collIdFrom(said.coll)
        if (signed) whisper(link, { type: 'signed', flow, sig: signBinding(mine.own, signed, mine.member) })
      } else if (said.type === 'enter') void complete(said)
      else if (said.type === 'decline') end('declined')
    },
  }
}
