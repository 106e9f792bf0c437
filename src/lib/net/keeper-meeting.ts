import { equalBytes } from '../core/bytes.ts'
import { idBytes, type CollId, type DeviceId, type EntryId } from '../core/ids.ts'
import { Cell, type Watched } from '../core/watched.ts'
import { signBinding, verifyBinding, type Device, type OwnDevice } from '../crypto/device.ts'
import { hash } from '../crypto/hash.ts'
import {
  encodeKeeperMessage,
  parseKeeperMessage,
  textFromKeeperInvitation,
  type KeeperInvitation,
  type KeeperMessage,
} from '../wire/keeper.ts'
import { hostMeeting, joinMeeting } from './meet.ts'
import type { MeetingOptions, MetLink } from './types.ts'

/** `H("keeper", [0, device])`: what a keeper's text says of it. */
export const commitmentToKeeper = (device: DeviceId): Uint8Array => hash('keeper', [0, idBytes(device)])

/** `H("keeper", [1, commitment])`: what stands for the collective in the handshake of a first meeting. */
const contextOf = (commitment: Uint8Array): Uint8Array => hash('keeper', [1, commitment])

type World = Pick<MeetingOptions, 'hub' | 'rtc' | 'clock' | 'random'>

/** Somebody who held the text asks a keeper to keep for their collective. */
export type Asked = { readonly coll: CollId; readonly pin: EntryId | null; readonly by: Device }

/** What a keeper answers: it keeps for them, for others already, or its disk takes nothing now. */
export type Answer = 'kept' | 'keeps for others' | 'disk failed'

/**
 * The keeper's side: waits for members who hold its text. `accept` decides whether it keeps for a collective, and
 * resolves when that is on its disk. Only then does it bind itself.
 */
export const awaitMembers = (
  options: World & {
    readonly own: OwnDevice
    readonly seed: Uint8Array
    readonly accept: (asked: Asked) => Promise<Answer>
  },
): { readonly text: string; stop(): void } => {
  const { own, seed, accept } = options
  const commitment = commitmentToKeeper(own.id)
  const meeting = hostMeeting({ ...options, context: contextOf(commitment) })
  const greeted = new WeakSet<MetLink>()
  const greet = (link: MetLink) => {
    if (greeted.has(link)) return
    greeted.add(link)
    const say = (message: KeeperMessage) => link.send('control', encodeKeeperMessage(message))
    link.receive('control', (bytes) => {
      const message = parseKeeperMessage(bytes)
      if (!message.ok || message.value.type !== 'ask') return link.close()
      const { coll, pin } = message.value
      void accept({ coll, pin, by: link.introduction.device }).then((answer) => {
        if (answer === 'kept') say({ type: 'bound', binding: signBinding(own, coll, null) })
        else say({ type: answer === 'disk failed' ? 'unable' : 'taken' })
      })
    })
  }
  const unwatch = meeting.guests.watch(() => meeting.guests.read().forEach(greet))
  return {
    text: textFromKeeperInvitation({ commitment, seed }),
    stop: () => {
      unwatch()
      meeting.stop()
    },
  }
}

export type AskingState =
  | { readonly step: 'meeting' }
  /** It will keep for this collective, once it is let in: what a proposal of it needs. */
  | {
      readonly step: 'bound'
      readonly device: Device
      readonly deviceId: DeviceId
      readonly binding: Uint8Array
    }
  | { readonly step: 'ended'; readonly why: 'taken' | 'unable' | 'no contact' }

/** Nobody answers under this text by then. ms. */
const PATIENCE_MS = 90_000
/** What was said last may take so long to arrive. ms. */
const LINGER_MS = 1000

/** The member's side: meets exactly the device the text commits to, and asks it. */
export const askKeeper = (
  options: World & {
    readonly own: OwnDevice
    readonly invitation: KeeperInvitation
    readonly coll: CollId
    readonly pin: EntryId | null
  },
): { readonly state: Watched<AskingState>; stop(): void } => {
  const { own, invitation, coll, pin, clock } = options
  const { commitment, seed } = invitation
  const state = new Cell<AskingState>({ step: 'meeting' })
  const meeting = joinMeeting({
    ...options,
    own,
    seed,
    context: contextOf(commitment),
    isHost: (device) => equalBytes(commitmentToKeeper(device), commitment),
  })
  const end = (last: AskingState) => {
    if (state.read().step !== 'meeting') return
    callOff()
    unwatch()
    state.set(last)
    clock.after(LINGER_MS, () => meeting.stop())
  }
  const callOff = clock.after(PATIENCE_MS, () => end({ step: 'ended', why: 'no contact' }))
  const unwatch = meeting.link.watch(() => {
    const link = meeting.link.read()
    if (!link) return
    link.receive('control', (bytes) => {
      const message = parseKeeperMessage(bytes)
      if (!message.ok || message.value.type === 'ask') return link.close()
      if (message.value.type !== 'bound') return end({ step: 'ended', why: message.value.type })
      const { device } = link.introduction
      const { binding } = message.value
      if (!verifyBinding(device, coll, null, binding)) return link.close()
      end({ step: 'bound', device, deviceId: link.peer, binding })
    })
    link.send('control', encodeKeeperMessage({ type: 'ask', coll, pin }))
  })
  return { state, stop: () => end({ step: 'ended', why: 'no contact' }) }
}
