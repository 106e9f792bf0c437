import { base32nopad } from '@scure/base'
import { compareBytes, equalBytes } from '../core/bytes.ts'
import type { Clock, Random } from '../core/clock.ts'
import { idBytes, type CollId, type DeviceId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { Cell, type Watched } from '../core/watched.ts'
import type { OwnDevice } from '../crypto/device.ts'
import { hash, secretKeyFrom } from '../crypto/hash.ts'
import { CODE_KINDS, encodeCode, parseCode, type Code, type CodeKind } from '../wire/code.ts'
import { createCardedConnection, type CardHolds } from './connection.ts'
import { shakeHands, type HandshakeOptions } from './handshake.ts'
import { createLink } from './link.ts'
import { bytesFromBase32, recogniseScanned, type ScannedKind } from './scanned.ts'
import type { NoCard } from './session-description.ts'
import { spokenCode, type SpokenCode } from './spoken-lines.ts'
import type { OwnedLink, Rtc } from './types.ts'

/** Two phones face each other: each shows a code and scans the other’s. Needs no hub, no internet and no order. */
export interface CodeMeeting {
  /** What to show: upper-case letters and digits, which a QR code holds in its compact mode. */
  readonly code: string
  readonly holds: CardHolds
  /** The same in words, and how the other’s are read. */
  readonly spoken: SpokenCode
  readonly state: Watched<CodeState>
  /**
   * Takes what was scanned, pasted or typed: spaces and case do not matter. `OwnCode`: this phone’s own, in a mirror.
   * `AlreadyScanned`: another phone’s was taken before. `NeitherHasAddress`: neither code says where its phone is, so they would
   * wait for ever; another code, of a phone that may use its camera, can still be taken.
   */
  take(
    text: string,
  ): Result<void, NotThisCode | { readonly type: 'OwnCode' | 'AlreadyScanned' | 'NeitherHasAddress' }>
  stop(): void
}

/** Not one of ours, or damaged; or made for something else, and for what. */
export type NotThisCode =
  { readonly type: 'BadCode' } | { readonly type: 'CodeOfAnotherKind'; readonly kind: ScannedKind }

export type CodeState =
  /** The other code was not scanned yet. */
  | { readonly step: 'showing' }
  /** It was. The other phone may still have to scan this one. */
  | { readonly step: 'connecting' }
  /** Both scanned each other, and each has shown to be who its code said. That is the verification. */
  | { readonly step: 'met'; readonly link: OwnedLink }
  /** No connection came about, or the other phone is not the one that was scanned: show a new code. */
  | { readonly step: 'failed' }

export type CodeMeetingOptions = {
  readonly rtc: Rtc
  readonly clock: Clock
  readonly random: Random
  readonly own: OwnDevice
  readonly kind: CodeKind
  /** Both sides must name the same, without either showing it: `null` where one of them does not know it yet. */
  readonly coll: CollId | null
  /** Asked about whoever was scanned, and only then. `null`: refuse. */
  readonly judge: HandshakeOptions['judge']
}

/** Makes a code to show, within two seconds; it may hold no address. `NoCard`: this browser connects to nobody. */
export const createCodeMeeting = async (
  options: CodeMeetingOptions,
): Promise<Result<CodeMeeting, NoCard>> => {
  const { rtc, clock, random, own, kind, coll, judge } = options
  const made = await createCardedConnection(rtc, clock)
  if (!made.ok) return made
  const connection = made.value
  const state = new Cell<CodeState>({ step: 'showing' })
  const mine: Code = {
    kind,
    card: connection.card,
    commitment: commitmentTo(kind, own.id, connection.card.fingerprint),
  }
  let theirs: Code | null = null

  const fail = () => {
    if (state.read().step !== 'met') state.set({ step: 'failed' })
  }
  connection.closed(fail)
  connection.opened((channel) => {
    if (!theirs) return connection.close()
    const scanned = theirs
    const context = contextOf({ kind, coll, commitments: [mine.commitment, scanned.commitment] })
    shakeHands(
      {
        channel,
        clock,
        random,
        own,
        context,
        psk: secretKeyFrom(hash('meet', ['psk', context]))!,
        present: 'device',
        judge: (peer, presented) =>
          equalBytes(commitmentTo(kind, peer, scanned.card.fingerprint), scanned.commitment)
            ? judge(peer, presented)
            : null,
      },
      (met) => {
        if (!met.ok) return connection.close()
        if (state.read().step !== 'connecting') return channel.close()
        state.set({ step: 'met', link: createLink(channel, met.value, clock) })
      },
    )
  })

  return ok({
    code: base32nopad.encode(encodeCode(mine)),
    holds: connection.holds,
    spoken: spokenCode(mine),
    state,
    take: (text) => {
      const read = codeFrom(text, kind)
      if (!read.ok) return read
      if (equalBytes(read.value.commitment, mine.commitment)) return err({ type: 'OwnCode' })
      if (theirs)
        return equalBytes(theirs.commitment, read.value.commitment)
          ? ok(undefined)
          : err({ type: 'AlreadyScanned' })
      if (state.read().step !== 'showing') return err({ type: 'AlreadyScanned' })
      const [own, other] = [mine.card.candidates, read.value.card.candidates]
      if (own.length === 0 && other.length === 0) return err({ type: 'NeitherHasAddress' })
      theirs = read.value
      state.set({ step: 'connecting' })
      connection.meet(theirs.card)
      return ok(undefined)
    },
    stop: () => {
      if (state.read().step === 'met') return
      connection.close()
      fail()
    },
  })
}

const codeFrom = (text: string, kind: CodeKind): Result<Code, NotThisCode> => {
  const bytes = bytesFromBase32(text)
  const code = bytes && parseCode(bytes, kind)
  if (code?.ok) return code
  const other = recogniseScanned(text)
  return err(other ? { type: 'CodeOfAnotherKind', kind: other } : { type: 'BadCode' })
}

const commitmentTo = (kind: CodeKind, device: DeviceId, fingerprint: Uint8Array): Uint8Array =>
  hash('qr', [CODE_KINDS.indexOf(kind), idBytes(device), fingerprint])

/** The two codes, in an order both sides know, and what they are about: signed by both, so a third phone fits nowhere. */
const contextOf = (of: {
  readonly kind: CodeKind
  readonly coll: CollId | null
  readonly commitments: readonly [Uint8Array, Uint8Array]
}): Uint8Array =>
  hash('meet', [
    CODE_KINDS.indexOf(of.kind),
    of.coll && idBytes(of.coll),
    [...of.commitments].sort(compareBytes),
  ])
