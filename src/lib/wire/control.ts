import { decodeCbor, encodeCbor, isBytes, isUint, type Cbor } from '../core/cbor.ts'
import { deviceIdFrom, idBytes, type DeviceId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { encodeCard, parseCard, type Card } from './cards.ts'
import { BLOB_BYTES, MAILBOX_BYTES } from './rendezvous.ts'
import type { BadMessage } from './sync.ts'

/** Somebody who was awake, and how long ago that was known first-hand. Seconds. */
export type HeardOf = { readonly device: DeviceId; readonly age: number }

/** A sealed note on its way to a device that its writer has no link to. Spec: wire.md §13. */
export type PassedNote = {
  readonly from: DeviceId
  readonly to: DeviceId
  /** How many more devices may pass it on. */
  readonly hops: number
  readonly mailbox: Uint8Array
  readonly blob: Uint8Array
}

/** The signed presence of the device with a Yjs client id, passed on as it is: payload and signature. */
export type PassedPresence = {
  readonly client: number
  readonly payload: Uint8Array
  readonly sig: Uint8Array
}

/**
 * What devices of one collective, both in full standing, say on the stream `control` of a link. The numbers begin where
 * those of host and guest (§8) will never come. Spec: wire.md §13.
 */
export type ControlMessage =
  /** With whom I have full links now, and of whom else I heard lately. */
  | {
      readonly type: 'roster'
      readonly linked: readonly DeviceId[]
      readonly heard: readonly HeardOf[]
    }
  | { readonly type: 'note'; readonly note: PassedNote }
  | { readonly type: 'presence'; readonly presences: readonly PassedPresence[] }
  /** Where I can be reached should this link die. */
  | { readonly type: 'spare'; readonly card: Card }

/** Anything longer is not of this stream. Bytes. */
export const MAX_CONTROL_BYTES = 64 * 1024
export const MAX_ROSTER = 64
export const MAX_HOPS = 3
export const MAX_PRESENCES = 32
/** Of one signed state. Bytes. */
export const MAX_PRESENCE_BYTES = 1536

const ROSTER = 32
const NOTE = 33
const PRESENCE = 34
const SPARE = 35
/** Older than a day is not lately. */
const MAX_AGE = 86_400
const SIG_BYTES = 64

export const encodeControlMessage = (message: ControlMessage): Uint8Array => encodeCbor(cborFrom(message))

/** Never throws. Unknown kinds are `BadMessage` too: the reader skips them and goes on, for a newer device may say them. */
export const parseControlMessage = (bytes: Uint8Array): Result<ControlMessage, BadMessage> => {
  const decoded = bytes.length <= MAX_CONTROL_BYTES ? decodeCbor(bytes) : null
  const message =
    decoded?.ok && Array.isArray(decoded.value) ? messageFrom(decoded.value as readonly Cbor[]) : null
  return message ? ok(message) : err({ type: 'BadMessage' })
}

const cborFrom = (message: ControlMessage): Cbor => {
  switch (message.type) {
    case 'roster':
      return [
        ROSTER,
        message.linked.map(idBytes),
        message.heard.map(({ device, age }) => [idBytes(device), age]),
      ]
    case 'note': {
      const { from, to, hops, mailbox, blob } = message.note
      return [NOTE, idBytes(from), idBytes(to), hops, mailbox, blob]
    }
    case 'presence':
      return [PRESENCE, message.presences.map(({ client, payload, sig }) => [client, payload, sig])]
    case 'spare':
      return [SPARE, encodeCard(message.card)]
  }
}

const messageFrom = (parts: readonly Cbor[]): ControlMessage | null => {
  const [kind, ...rest] = parts
  if (kind === ROSTER && rest.length === 2) {
    const linked = listFrom(rest[0], MAX_ROSTER, deviceIdFrom)
    const heard = listFrom(rest[1], MAX_ROSTER, heardFrom)
    return linked && heard && { type: 'roster', linked, heard }
  }
  if (kind === NOTE && rest.length === 5) {
    const note = noteFrom(rest)
    return note && { type: 'note', note }
  }
  if (kind === PRESENCE && rest.length === 1) {
    const presences = listFrom(rest[0], MAX_PRESENCES, presenceFrom)
    return presences && { type: 'presence', presences }
  }
  if (kind === SPARE && rest.length === 1 && rest[0] instanceof Uint8Array) {
    const card = parseCard(rest[0])
    return card.ok ? { type: 'spare', card: card.value } : null
  }
  return null
}

const noteFrom = ([a, b, hops, mailbox, blob]: readonly Cbor[]): PassedNote | null => {
  const [from, to] = [deviceIdFrom(a), deviceIdFrom(b)]
  if (!from || !to || !isUint(hops) || hops > MAX_HOPS) return null
  return isBytes(mailbox, MAILBOX_BYTES) && isBytes(blob, BLOB_BYTES)
    ? { from, to, hops, mailbox, blob }
    : null
}

const heardFrom = (value: unknown): HeardOf | null => {
  if (!Array.isArray(value) || value.length !== 2) return null
  const [device, age] = [deviceIdFrom(value[0]), value[1] as unknown]
  return device && isUint(age) && age <= MAX_AGE ? { device, age } : null
}

const presenceFrom = (value: unknown): PassedPresence | null => {
  if (!Array.isArray(value) || value.length !== 3) return null
  const [client, payload, sig] = value as readonly unknown[]
  return isUint(client) &&
    payload instanceof Uint8Array &&
    payload.length <= MAX_PRESENCE_BYTES &&
    isBytes(sig, SIG_BYTES)
    ? { client, payload, sig }
    : null
}

const listFrom = <T>(
  value: unknown,
  most: number,
  parse: (item: unknown) => T | null,
): readonly T[] | null => {
  if (!Array.isArray(value) || value.length > most) return null
  const items = value.map(parse).filter((item) => item !== null)
  return items.length === value.length ? items : null
}
