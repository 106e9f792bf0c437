import { compareBytes } from '../core/bytes.ts'
import type { Cbor } from '../core/cbor.ts'
import type { Clock, Random } from '../core/clock.ts'
import { idBytes, type DeviceId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { cborFromDevice, deviceFromCbor, deviceIdOf, type Device, type OwnDevice } from '../crypto/device.ts'
import { deriveKey, equalSecrets, forget, hash, type SecretKey } from '../crypto/hash.ts'
import { createKemPair, decapsulate, encapsulate, kemPublicFrom } from '../crypto/kem.ts'
import { pad, unpad } from '../crypto/pad.ts'
import { open, seal, type SealKey } from '../crypto/seal.ts'
import { sign, verify } from '../crypto/sign.ts'
import type { Standing } from '../sync/ports.ts'
import {
  encodeHello,
  encodeIdentity,
  encodeReply,
  encodeReplyMessage,
  encodeSealedMessage,
  parseHello,
  parseIdentity,
  parseReplyMessage,
  parseSealedMessage,
  SUITE,
} from '../wire/handshake.ts'
import type { FrameChannel } from './channel.ts'
import type { Gate } from './gate.ts'

export type HandshakeOptions = {
  readonly channel: FrameChannel
  readonly own: OwnDevice
  /** The collective, or what stands for it while it is founded: bound into both signatures. */
  readonly context: Uint8Array
  /** Known to the two sides alone: without it no device id can be read out of the handshake. */
  readonly psk: SecretKey
  /** Whether this side sends only its id, or also its keys, to somebody who cannot know them. */
  readonly present: 'id' | 'device'
  /** Decides by id and, from a stranger, the keys it shows (their hash is the id). `null`: refuse, without saying why. */
  readonly judge: (
    peer: DeviceId,
    presented: Device | null,
  ) => { readonly device: Device; readonly standing: Standing } | null
  /** Shared by all handshakes of one mesh or meeting: how many of them there may be. */
  readonly gate?: Gate
  readonly clock: Clock
  readonly random: Random
}

/** What both sides know once they have met. */
export type Met = {
  readonly peer: DeviceId
  readonly device: Device
  readonly standing: Standing
  readonly initiator: boolean
  /** Hash of all four messages. */
  readonly th: Uint8Array
  readonly exported: SecretKey
  /** Traffic keys: what this side seals with, and what it opens with. */
  readonly keys: { readonly mine: SealKey; readonly theirs: SealKey }
}

/** The other side is not who it should be, speaks something else, is refused, or went away. On purpose we do not say which. */
export type HandshakeFailed = { readonly type: 'HandshakeFailed' }

type Step = Result<Step0, HandshakeFailed>
type Step0 = { readonly then: (message: Uint8Array) => Step } | { readonly met: Met }

/** Both sides must be done by then. ms. */
const HANDSHAKE_MS = 10_000
/** Identities are padded to this: whether keys are shown is nobody’s business. */
const IDENTITY_BLOCK = 2048

/**
 * Runs the handshake over a fresh channel and calls `done` once, in the same turn as the last message, so that whoever
 * receives next misses nothing. On failure the channel is closed and the other side learns nothing more. Spec: wire.md §4.
 */
export const shakeHands = (
  options: HandshakeOptions,
  done: (result: Result<Met, HandshakeFailed>) => void,
): void => {
  const { channel, clock, gate } = options
  const leave = gate ? gate.enter() : () => {}
  if (!leave) {
    channel.close()
    return done(failed)
  }
  let finished = false
  const finish = (result: Result<Met, HandshakeFailed>) => {
    if (finished) return
    finished = true
    callOff()
    leave()
    if (!result.ok) channel.close()
    done(result)
  }
  const callOff = clock.after(HANDSHAKE_MS, () => finish(failed))
  channel.closed(() => finish(failed))

  const take = (step: Step) => {
    if (!step.ok) finish(step)
    else if ('met' in step.value) finish(ok(step.value.met))
    else next = step.value.then
  }
  let next: (message: Uint8Array) => Step = () => failed
  take(isInitiator(channel) ? initiate(options) : respond(options))
  channel.receive((message) => {
    if (!finished) take(next(message))
  })
}

/** The larger fingerprint; without fingerprints, whoever opened the channel. Equal ones end in failure on both sides. */
const isInitiator = ({ fingerprints, opener }: FrameChannel): boolean =>
  fingerprints ? compareBytes(fingerprints.mine, fingerprints.theirs) > 0 : opener

const initiate = (options: HandshakeOptions): Step => {
  const { channel, own, context, psk, random } = options
  const cb = channelBinding(channel)
  const ephemeral = createKemPair()
  const m1 = encodeHello({ suites: [SUITE], nonce: random.bytes(32), kemPk: ephemeral.publicKey })
  channel.send(m1)

  return waitFor((m2) => {
    const message = parseReplyMessage(m2)
    if (!message.ok) return failed
    const secret = decapsulate(ephemeral.secretKey, message.value.reply.kemCt)
    forget(ephemeral.secretKey)
    if (!secret.ok) return failed
    const th1 = hash('th', [m1, message.value.replyBytes])
    const keys = handshakeKeys(secret.value, th1, psk)
    const peer = openIdentity(keys.r, th1, message.value.sealed, options)
    if (!peer) return failed
    if (!verify(peer.device.signPk, 'link R', [th1, cb, context, idBytes(peer.id)], peer.sig)) return failed

    const th2 = hash('th', [th1, m2])
    const sig = sign(own.signSk, 'link I', [th2, cb, context, idBytes(own.id), idBytes(peer.id)])
    const m3 = encodeSealedMessage(3, sealIdentity(keys.i, th2, sig, options))
    channel.send(m3)

    return waitFor((m4) => {
      const sealed = parseSealedMessage(4, m4)
      if (!sealed.ok) return failed
      const th3 = hash('th', [th2, m3])
      const opened = open(keys.r, th3, sealed.value)
      if (!opened.ok || !equalSecrets(opened.value, deriveKey(keys.ks, 'hs fin', [th3]))) return failed
      return meet(keys, hash('th', [th3, m4]), { ...peer, initiator: true })
    })
  })
}

const respond = (options: HandshakeOptions): Step => {
  const { channel, own, context, psk, random } = options
  const cb = channelBinding(channel)

  return waitFor((m1) => {
    const hello = parseHello(m1)
    if (!hello.ok || !hello.value.suites.includes(SUITE)) return failed
    const kemPk = kemPublicFrom(hello.value.kemPk)
    const shared = kemPk && encapsulate(kemPk)
    if (!shared?.ok) return failed
    const reply = encodeReply({ suite: SUITE, nonce: random.bytes(32), kemCt: shared.value.ciphertext })
    const th1 = hash('th', [m1, reply])
    const keys = handshakeKeys(shared.value.secret, th1, psk)
    const sig = sign(own.signSk, 'link R', [th1, cb, context, idBytes(own.id)])
    const m2 = encodeReplyMessage(reply, sealIdentity(keys.r, th1, sig, options))
    channel.send(m2)

    return waitFor((m3) => {
      const sealed = parseSealedMessage(3, m3)
      if (!sealed.ok) return failed
      const th2 = hash('th', [th1, m2])
      const peer = openIdentity(keys.i, th2, sealed.value, options)
      if (!peer) return failed
      const said = [th2, cb, context, idBytes(peer.id), idBytes(own.id)]
      if (!verify(peer.device.signPk, 'link I', said, peer.sig)) return failed

      const th3 = hash('th', [th2, m3])
      const m4 = encodeSealedMessage(4, seal(keys.r, th3, deriveKey(keys.ks, 'hs fin', [th3])))
      channel.send(m4)
      return meet(keys, hash('th', [th3, m4]), { ...peer, initiator: false })
    })
  })
}

const failed = err({ type: 'HandshakeFailed' })
const waitFor = (then: (message: Uint8Array) => Step): Step => ok({ then })

/** `cb = H("cb", [transport, fingerprints sorted])`: a man in the middle has another certificate on each side. */
const channelBinding = ({ transport, fingerprints }: FrameChannel): Uint8Array => {
  const both = fingerprints ? [fingerprints.mine, fingerprints.theirs].sort(compareBytes) : []
  return hash('cb', [transport, both])
}

type HandshakeKeys = { readonly ks: SecretKey; readonly i: SealKey; readonly r: SealKey }

/** `ks = KDF(ss, "hs", [th1, psk])`, and from it one key per direction. */
const handshakeKeys = (secret: SecretKey, th1: Uint8Array, psk: SecretKey): HandshakeKeys => {
  const ks = deriveKey(secret, 'hs', [th1, psk])
  forget(secret)
  return { ks, i: deriveKey<SealKey>(ks, 'hs I', [th1]), r: deriveKey<SealKey>(ks, 'hs R', [th1]) }
}

const sealIdentity = (
  key: SealKey,
  th: Uint8Array,
  sig: Uint8Array,
  { own, present }: HandshakeOptions,
): Uint8Array => {
  const device: Cbor = present === 'device' ? cborFromDevice(own.device) : null
  return seal(key, th, pad(encodeIdentity({ id: own.id, sig, device }), IDENTITY_BLOCK))
}

type Peer = {
  readonly id: DeviceId
  readonly device: Device
  readonly standing: Standing
  readonly sig: Uint8Array
}

/** Who says it is on the other side, if it may be: the signature is for the caller to check. */
const openIdentity = (
  key: SealKey,
  th: Uint8Array,
  sealed: Uint8Array,
  { own, judge }: HandshakeOptions,
): Peer | null => {
  const opened = open(key, th, sealed)
  const unpadded = opened.ok ? unpad(opened.value) : opened
  const identity = unpadded.ok ? parseIdentity(unpadded.value) : unpadded
  if (!identity.ok || identity.value.id === own.id) return null
  const { id, sig, device } = identity.value
  const presented = device === null ? null : deviceFromCbor(device)
  if (device !== null && (!presented || deviceIdOf(presented) !== id)) return null
  const judged = judge(id, presented)
  return judged && { id, sig, ...judged }
}

const meet = (
  { ks, i, r }: HandshakeKeys,
  th: Uint8Array,
  { id, device, standing, initiator }: Omit<Peer, 'sig'> & { readonly initiator: boolean },
): Step => {
  const fromI = deriveKey<SealKey>(ks, 'link I', [th])
  const fromR = deriveKey<SealKey>(ks, 'link R', [th])
  const exported = deriveKey(ks, 'exp', [th])
  forget(ks, i, r)
  const keys = initiator ? { mine: fromI, theirs: fromR } : { mine: fromR, theirs: fromI }
  return ok({ met: { peer: id, device, standing, initiator, th, exported, keys } })
}
