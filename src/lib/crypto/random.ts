import type { Random } from '../core/clock.ts'
import sodium from './sodium.ts'

/** The machine's randomness (libsodium `randombytes`). */
export const systemRandom: Random = { bytes: (length) => sodium.randombytes_buf(length) }
