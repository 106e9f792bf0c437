import { concatBytes } from '../core/bytes.ts'
import { err, ok, type Result } from '../core/result.ts'
import sodium from './sodium.ts'

/** A 32-byte XChaCha20-Poly1305 key (draft-irtf-cfrg-xchacha-03). Branded so that raw bytes are never taken for one. */
export type SealKey = Uint8Array & { readonly __brand: 'SealKey' }

/** Could not authenticate: wrong key, wrong context, or altered bytes. We cannot tell which. */
export type OpenFailed = { readonly type: 'OpenFailed' }

export const NONCE_BYTES = 24
export const TAG_BYTES = 16

export const generateSealKey = (): SealKey => sodium.crypto_aead_xchacha20poly1305_ietf_keygen() as SealKey
export const generateNonce = (): Uint8Array => sodium.randombytes_buf(NONCE_BYTES)

/**
 * Encrypts `plaintext` and binds it to `context`, which is authenticated but not stored.
 * @returns nonce (24 bytes) • ciphertext • tag (16 bytes). Spec: keys.md §2.
 */
export const seal = (key: SealKey, context: Uint8Array, plaintext: Uint8Array): Uint8Array => {
  const nonce = generateNonce()
  return concatBytes(nonce, sealWith(key, nonce, context, plaintext))
}

/** Inverse of {@link seal}. Never throws on hostile input of any length. */
export const open = (
  key: SealKey,
  context: Uint8Array,
  sealed: Uint8Array,
): Result<Uint8Array, OpenFailed> =>
  sealed.length < NONCE_BYTES + TAG_BYTES
    ? err({ type: 'OpenFailed' })
    : openWith(key, sealed.subarray(0, NONCE_BYTES), context, sealed.subarray(NONCE_BYTES))

/** Like {@link seal} where the nonce travels elsewhere (a record's public part). The nonce must be fresh and random. */
export const sealWith = (
  key: SealKey,
  nonce: Uint8Array,
  context: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array => sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, context, null, nonce, key)

/** Inverse of {@link sealWith}. Never throws. */
export const openWith = (
  key: SealKey,
  nonce: Uint8Array,
  context: Uint8Array,
  ciphertext: Uint8Array,
): Result<Uint8Array, OpenFailed> => {
  if (nonce.length !== NONCE_BYTES || ciphertext.length < TAG_BYTES) return err({ type: 'OpenFailed' })
  try {
    return ok(sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, ciphertext, context, nonce, key))
  } catch {
    return err({ type: 'OpenFailed' }) // libsodium throws one untyped error for every cause
  }
}
