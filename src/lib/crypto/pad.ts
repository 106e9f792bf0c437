import { err, ok, type Result } from '../core/result.ts'
import type { OpenFailed } from './seal.ts'

/**
 * Pads to a size that says little: steps of `block` bytes up to 16 blocks, beyond that Padmé (Nikitin et al., PoPETs
 * 2019, §4): at most 12 % longer, leaking O(log log n) bits of the length. The end is marked as ISO/IEC 7816-4 does: 0x80 then zeros.
 */
export const pad = (bytes: Uint8Array, block: number): Uint8Array => {
  const padded = new Uint8Array(paddedLength(bytes.length + 1, block))
  padded.set(bytes)
  padded[bytes.length] = 0x80
  return padded
}

/** Inverse of {@link pad}. `OpenFailed`: no padding mark. Call only on bytes that were authenticated. */
export const unpad = (padded: Uint8Array): Result<Uint8Array, OpenFailed> => {
  let end = padded.length - 1
  while (end >= 0 && padded[end] === 0) end--
  return end >= 0 && padded[end] === 0x80 ? ok(padded.subarray(0, end)) : err({ type: 'OpenFailed' })
}

const paddedLength = (length: number, block: number): number => {
  if (length <= 16 * block) return Math.ceil(length / block) * block
  const exponent = Math.floor(Math.log2(length))
  const bits = Math.floor(Math.log2(exponent)) + 1
  const step = 2 ** (exponent - bits)
  return Math.ceil(length / step) * step
}
