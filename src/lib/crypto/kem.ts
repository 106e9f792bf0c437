import { err, ok, type Result } from '../core/result.ts'
import { secretKeyFrom, type SecretKey } from './hash.ts'
import type { OpenFailed } from './seal.ts'
import sodium from './sodium.ts'

/** X-Wing public key (X25519 + ML-KEM-768, draft-connolly-cfrg-xwing-kem), 1216 bytes. */
export type KemPublic = Uint8Array & { readonly __brand: 'KemPublic' }
/** X-Wing secret key: its 32-byte seed. */
export type KemSecret = Uint8Array & { readonly __brand: 'KemSecret' }
export type KemPair = { readonly publicKey: KemPublic; readonly secretKey: KemSecret }

export const KEM_PUBLIC_BYTES = 1216
export const KEM_CIPHERTEXT_BYTES = 1120

/** A pair from a 32-byte seed, or a fresh one. */
export const createKemPair = (seed?: Uint8Array): KemPair => {
  const pair = seed ? sodium.crypto_kem_xwing_seed_keypair(seed) : sodium.crypto_kem_xwing_keypair()
  return { publicKey: pair.publicKey as KemPublic, secretKey: pair.privateKey as KemSecret }
}

export const kemPublicFrom = (bytes: unknown): KemPublic | null =>
  bytes instanceof Uint8Array && bytes.length === KEM_PUBLIC_BYTES ? (bytes as KemPublic) : null

/** A fresh shared secret (32 bytes) and the ciphertext (1120 bytes) that carries it. `OpenFailed`: not a usable public key. */
export const encapsulate = (
  publicKey: KemPublic,
): Result<{ readonly ciphertext: Uint8Array; readonly secret: SecretKey }, OpenFailed> => {
  try {
    const { ciphertext, sharedSecret } = sodium.crypto_kem_xwing_enc(publicKey)
    return ok({ ciphertext, secret: sharedSecret as SecretKey })
  } catch {
    return err({ type: 'OpenFailed' })
  }
}

/** The secret a ciphertext carries. A forged ciphertext gives some other secret (implicit rejection), never an error of its own. */
export const decapsulate = (secretKey: KemSecret, ciphertext: Uint8Array): Result<SecretKey, OpenFailed> => {
  if (ciphertext.length !== KEM_CIPHERTEXT_BYTES) return err({ type: 'OpenFailed' })
  try {
    const secret = secretKeyFrom(sodium.crypto_kem_xwing_dec(ciphertext, secretKey))
    return secret ? ok(secret) : err({ type: 'OpenFailed' })
  } catch {
    return err({ type: 'OpenFailed' })
  }
}
