import { encodeCbor, type Cbor } from '../core/cbor.ts'
import type { HashLabel, KdfLabel } from './labels.ts'
import sodium from './sodium.ts'

/** 32 secret bytes from which other keys are derived: an epoch key, a handshake secret, a vault key. */
export type SecretKey = Uint8Array & { readonly __brand: 'SecretKey' }

/** `H(l, x) = BLAKE2b-256(enc(["lumbre1 " + l, x]))`, RFC 7693. 32 bytes. Spec: keys.md §2. */
export const hash = (label: HashLabel, value: Cbor): Uint8Array =>
  sodium.crypto_generichash(32, encodeCbor([`lumbre1 ${label}`, value]), null)

/** {@link hash} of a value that is already encoded: `parts`, joined, are `enc(x)`, exactly. Spares records a second encoding. */
export const hashEncoded = (label: HashLabel, ...parts: readonly Uint8Array[]): Uint8Array => {
  let length = labelled(label).length
  for (const part of parts) length += part.length
  const bytes = length <= scratch.length ? scratch.subarray(0, length) : new Uint8Array(length)
  bytes.set(labelled(label))
  let at = labelled(label).length
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return sodium.crypto_generichash(32, bytes, null)
}

/** What is hashed is public and copied out at once: one buffer serves all but the largest. */
const scratch = new Uint8Array(4096)
const prefixes = new Map<HashLabel, Uint8Array>()

/** What stands before `enc(x)` in `enc(["lumbre1 " + l, x])`: the head of an array of two, and the label. */
const labelled = (label: HashLabel): Uint8Array => {
  const known = prefixes.get(label)
  if (known) return known
  const whole = encodeCbor([`lumbre1 ${label}`, null])
  const prefix = whole.slice(0, -1)
  prefixes.set(label, prefix)
  return prefix
}

/** `KDF(k, l, x) = BLAKE2b-256(key = k, enc(["lumbre1 " + l, x]))`. 32 bytes, a key for one purpose only. Spec: keys.md §2. */
export const deriveKey = <K extends Uint8Array = SecretKey>(
  key: SecretKey,
  label: KdfLabel,
  value: Cbor,
): K => sodium.crypto_generichash(32, encodeCbor([`lumbre1 ${label}`, value]), key) as K

/** 32 fresh secret bytes. */
export const generateSecretKey = (): SecretKey => sodium.randombytes_buf(32) as SecretKey

/** Reads 32 secret bytes, else `null`. */
export const secretKeyFrom = (bytes: unknown): SecretKey | null =>
  bytes instanceof Uint8Array && bytes.length === 32 ? (bytes as SecretKey) : null

/** Overwrites `keys` with zeros. The garbage collector does not: freed WASM and heap memory keeps what it held. */
export const forget = (...keys: readonly Uint8Array[]): void => keys.forEach((key) => key.fill(0))

/** Equality in constant time, for secrets. */
export const equalSecrets = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && sodium.memcmp(a, b)
