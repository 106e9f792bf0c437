import { encodeCbor, type Cbor } from '../core/cbor.ts'
import type { SignLabel } from './labels.ts'
import sodium from './sodium.ts'

/** Ed25519 public key, 32 bytes. */
export type SignPublic = Uint8Array & { readonly __brand: 'SignPublic' }
/** Ed25519 secret key as libsodium keeps it: seed and public key, 64 bytes. */
export type SignSecret = Uint8Array & { readonly __brand: 'SignSecret' }
export type SignPair = { readonly publicKey: SignPublic; readonly secretKey: SignSecret }

export const SIGNATURE_BYTES = 64
export const SIGN_PUBLIC_BYTES = 32

/** A pair from a 32-byte seed (RFC 8032 §5.1.5), or a fresh one. */
export const createSignPair = (seed?: Uint8Array): SignPair => {
  const pair = seed ? sodium.crypto_sign_seed_keypair(seed) : sodium.crypto_sign_keypair()
  return { publicKey: pair.publicKey as SignPublic, secretKey: pair.privateKey as SignSecret }
}

/** `SIG(l, x) = Ed25519(enc(["lumbre1 sig " + l, x]))`. 64 bytes. Spec: keys.md §2. */
export const sign = (secretKey: SignSecret, label: SignLabel, value: Cbor): Uint8Array =>
  sodium.crypto_sign_detached(encodeCbor([`lumbre1 sig ${label}`, value]), secretKey)

/** Whether `signature` is `SIG(label, value)` by `publicKey`. Never throws. Cofactorless, as libsodium 1.0.22 has it. */
export const verify = (
  publicKey: SignPublic,
  label: SignLabel,
  value: Cbor,
  signature: Uint8Array,
): boolean => {
  if (signature.length !== SIGNATURE_BYTES || publicKey.length !== SIGN_PUBLIC_BYTES) return false
  try {
    return sodium.crypto_sign_verify_detached(
      signature,
      encodeCbor([`lumbre1 sig ${label}`, value]),
      publicKey,
    )
  } catch {
    return false
  }
}
