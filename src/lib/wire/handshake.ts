import { decodeCbor, encodeCbor, hasExactly, isBytes, isUint, type Cbor } from '../core/cbor.ts'
import { deviceIdFrom, idBytes, type DeviceId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { BadMessage } from './sync.ts'

/**
 * The four messages by which two devices prove to each other who they are, before anything else is said on a link.
 * I opens, R answers. What is sealed is opaque here. Spec: wire.md §4.
 */
export type Hello = {
  readonly suites: readonly number[]
  readonly nonce: Uint8Array
  /** Ephemeral X-Wing public key, 1216 bytes. */
  readonly kemPk: Uint8Array
}
export type Reply = {
  readonly suite: number
  readonly nonce: Uint8Array
  /** X-Wing ciphertext, 1120 bytes. */
  readonly kemCt: Uint8Array
}

/** Who a side says it is, inside the seal of M2 and M3. */
export type Identity = {
  readonly id: DeviceId
  readonly sig: Uint8Array
  /** Where the other side cannot know the device yet: its public keys, encoded. Their hash must be `id`. */
  readonly device: Cbor | null
}

export const HANDSHAKE_VERSION = 1
/** X-Wing, Ed25519, BLAKE2b-256, XChaCha20-Poly1305. The only suite there is. */
export const SUITE = 1
/** Longer messages are not a handshake. */
export const MAX_HANDSHAKE_BYTES = 8192

const NONCE = 32
const KEM_PK = 1216
const KEM_CT = 1120
const SIG = 64
const MAX_SUITES = 8

/** M1, I → R. */
export const encodeHello = ({ suites, nonce, kemPk }: Hello): Uint8Array =>
  encodeCbor([HANDSHAKE_VERSION, suites, nonce, kemPk])

export const parseHello = (bytes: Uint8Array): Result<Hello, BadMessage> => {
  const parts = partsOf(bytes, 4)
  if (!parts) return bad
  const [version, suites, nonce, kemPk] = parts
  return version === HANDSHAKE_VERSION &&
    Array.isArray(suites) &&
    suites.length <= MAX_SUITES &&
    suites.every(isUint) &&
    isBytes(nonce, NONCE) &&
    isBytes(kemPk, KEM_PK)
    ? ok({ suites, nonce, kemPk })
    : bad
}

/** The public part of M2: what the keys are derived from. */
export const encodeReply = ({ suite, nonce, kemCt }: Reply): Uint8Array =>
  encodeCbor([HANDSHAKE_VERSION, suite, nonce, kemCt])

/** M2, R → I: the public part as it was hashed, and R’s sealed identity. */
export const encodeReplyMessage = (reply: Uint8Array, sealed: Uint8Array): Uint8Array =>
  encodeCbor([reply, sealed])

export const parseReplyMessage = (
  bytes: Uint8Array,
): Result<
  { readonly reply: Reply; readonly replyBytes: Uint8Array; readonly sealed: Uint8Array },
  BadMessage
> => {
  const parts = partsOf(bytes, 2)
  if (!parts) return bad
  const [replyBytes, sealed] = parts
  if (!(replyBytes instanceof Uint8Array) || !(sealed instanceof Uint8Array)) return bad
  const inner = partsOf(replyBytes, 4)
  if (!inner) return bad
  const [version, suite, nonce, kemCt] = inner
  return version === HANDSHAKE_VERSION && suite === SUITE && isBytes(nonce, NONCE) && isBytes(kemCt, KEM_CT)
    ? ok({ reply: { suite, nonce, kemCt }, replyBytes, sealed })
    : bad
}

/** M3, I → R, and M4, R → I: one sealed thing each, told apart by their number. */
export const encodeSealedMessage = (number: 3 | 4, sealed: Uint8Array): Uint8Array =>
  encodeCbor([number, sealed])

export const parseSealedMessage = (number: 3 | 4, bytes: Uint8Array): Result<Uint8Array, BadMessage> => {
  const parts = partsOf(bytes, 2)
  return parts && parts[0] === number && parts[1] instanceof Uint8Array ? ok(parts[1]) : bad
}

/** The plaintext of M2’s and M3’s seal. */
export const encodeIdentity = ({ id, sig, device }: Identity): Uint8Array =>
  encodeCbor({ id: idBytes(id), sig, device })

export const parseIdentity = (bytes: Uint8Array): Result<Identity, BadMessage> => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !hasExactly(decoded.value, ['id', 'sig', 'device'])) return bad
  const { sig, device } = decoded.value
  const id = deviceIdFrom(decoded.value.id)
  return id && isBytes(sig, SIG) && device !== undefined ? ok({ id, sig, device }) : bad
}

const bad = err({ type: 'BadMessage' })

const partsOf = (bytes: Uint8Array, count: number): readonly Cbor[] | null => {
  if (bytes.length > MAX_HANDSHAKE_BYTES) return null
  const decoded = decodeCbor(bytes)
  return decoded.ok && Array.isArray(decoded.value) && decoded.value.length === count
    ? (decoded.value as readonly Cbor[])
    : null
}
