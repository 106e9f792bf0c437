/** Byte arrays: compare, join, hex, text. Nothing here knows what the bytes mean. */

const DIGITS = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))
/** Bytes written in one call: more would strain the stack. */
const RUN = 2048

/** Lower-case hex. */
export const hexFromBytes = (bytes: Uint8Array): string => {
  if (bytes.length > RUN) {
    let hex = ''
    for (let at = 0; at < bytes.length; at += RUN) hex += hexFromBytes(bytes.subarray(at, at + RUN))
    return hex
  }
  // In one piece: ids are compared and looked up all the time, and text joined from pieces has to be flattened first.
  const codes = new Array<number>(2 * bytes.length)
  for (let i = 0; i < bytes.length; i++) {
    codes[2 * i] = DIGITS[bytes[i]! >> 4]!
    codes[2 * i + 1] = DIGITS[bytes[i]! & 15]!
  }
  return String.fromCharCode.apply(null, codes)
}

/** What each character stands for, −1 where it is no digit. */
const VALUES = new Int8Array(256).fill(-1)
for (const [value, code] of DIGITS.entries()) VALUES[code] = value

/** Bytes of lower-case hex of even length. Throws on anything else: callers hold a parsed id. */
export const bytesFromHex = (hex: string): Uint8Array => {
  const bytes = new Uint8Array(hex.length >> 1)
  let isHex = hex.length % 2 === 0
  for (let i = 0; i < bytes.length; i++) {
    const [high, low] = [valueAt(hex, 2 * i), valueAt(hex, 2 * i + 1)]
    isHex &&= high >= 0 && low >= 0
    bytes[i] = (high << 4) | low
  }
  if (!isHex) throw new Error('not lower-case hex')
  return bytes
}

const valueAt = (hex: string, at: number): number => VALUES[hex.charCodeAt(at)] ?? -1

/** Equal length and content. Not constant time: never for secrets (crypto/compare.ts). */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Lexicographic order, shorter first on a common prefix: negative, zero or positive. */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** One array holding all of `parts`, in order. */
export const concatBytes = (...parts: readonly Uint8Array[]): Uint8Array => {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

export const utf8FromText = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The text of well-formed UTF-8, else `null`. */
export const textFromUtf8 = (bytes: Uint8Array): string | null => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** URL-safe base64 without padding (RFC 4648 §5), for invitation links. */
export const base64urlFromBytes = (bytes: Uint8Array): string => {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Bytes of URL-safe base64 without padding, else `null`. Accepts only the spelling `base64urlFromBytes` writes. */
export const bytesFromBase64url = (text: string): Uint8Array | null => {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
    return base64urlFromBytes(bytes) === text ? bytes : null
  } catch {
    return null
  }
}
