import { err, ok, type Result } from '../core/result.ts'
import type { SecretKey } from './hash.ts'
import type { OpenFailed } from './seal.ts'
import sodium from './sodium.ts'

/** X25519 public key a device is found by, 32 bytes. For rendezvous only, never for content. */
export type RvPublic = Uint8Array & { readonly __brand: 'RvPublic' }
export type RvSecret = Uint8Array & { readonly __brand: 'RvSecret' }
export type RvPair = { readonly publicKey: RvPublic; readonly secretKey: RvSecret }

export const createRvPair = (seed?: Uint8Array): RvPair => {
  const secretKey = (seed ?? sodium.randombytes_buf(32)) as RvSecret
  return { publicKey: sodium.crypto_scalarmult_base(secretKey) as RvPublic, secretKey }
}

/** X25519 (RFC 7748 §5). Both sides get the same 32 bytes. `OpenFailed`: a point of small order. */
export const agree = (mine: RvSecret, theirs: RvPublic): Result<SecretKey, OpenFailed> => {
  try {
    return ok(sodium.crypto_scalarmult(mine, theirs) as SecretKey)
  } catch {
    return err({ type: 'OpenFailed' })
  }
}
