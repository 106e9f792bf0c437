import { decode, encode, rfc8949EncodeOptions, Token, Type } from 'cborg'
import { equalBytes } from './bytes.ts'
import { err, ok, type Result } from './result.ts'

/** What our formats are made of: no floats, no tags, no undefined; integers within ±(2^53 − 1). */
export type Cbor =
  null | boolean | number | string | Uint8Array | readonly Cbor[] | { readonly [key: string]: Cbor }

/** The bytes are not the one deterministic encoding of a value. Wrong for ever. */
export type NotCanonical = { readonly type: 'NotCanonical' }

/**
 * Deterministic CBOR (RFC 8949 §4.2.1): shortest integers, definite lengths, map keys in bytewise order. Text is written as
 * it can be read again: halves of surrogate pairs become U+FFFD, and a leading U+FEFF is left out.
 */
export const encodeCbor = (value: Cbor): Uint8Array => {
  const bytes = encode(value, ENCODING)
  // In Node the library gives a Buffer, whose `slice` does not copy: plain bytes behave the same everywhere.
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

const BYTE_ORDER_MARK = '\ufeff'

const ENCODING = {
  ...rfc8949EncodeOptions,
  typeEncoders: {
    // Decoders of UTF-8 swallow the mark. A pasted name that begins with one would be written and never read again.
    string: (text: string) =>
      text.startsWith(BYTE_ORDER_MARK) ? new Token(Type.string, text.replace(/^\ufeff+/, '')) : null,
  },
}

const STRICT = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
  tags: {},
} as const

/** Nesting deeper than any of our formats is refused before it is decoded: a decoder's stack is not for strangers. */
const MAX_DEPTH = 24

/**
 * Reads bytes that `encodeCbor` could have written, and no others: after decoding they are encoded again and
 * compared. Never throws, whatever the bytes.
 */
export const decodeCbor = (bytes: Uint8Array): Result<Cbor, NotCanonical> => {
  try {
    if (deeperThan(bytes, MAX_DEPTH)) return err({ type: 'NotCanonical' })
    const value = decode(bytes, STRICT) as Cbor
    return isPlain(value) && equalBytes(encodeCbor(value), bytes) ? ok(value) : err({ type: 'NotCanonical' })
  } catch {
    return err({ type: 'NotCanonical' })
  }
}

/** A map with text keys, as opposed to an array, bytes or a scalar. */
export const isCborMap = (value: unknown): value is { readonly [key: string]: Cbor } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)

/** A map with exactly the keys `keys`: nothing missing, nothing beside. */
export const hasExactly = (
  value: unknown,
  keys: readonly string[],
): value is { readonly [key: string]: Cbor } => {
  if (!isCborMap(value)) return false
  const own = Object.keys(value)
  return own.length === keys.length && keys.every((key) => Object.hasOwn(value, key))
}

/** A whole number from 0 to 2^53 − 1, never −0. */
export const isUint = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)

export const isBytes = (value: unknown, length: number): value is Uint8Array =>
  value instanceof Uint8Array && value.length === length

/** Floats decode, but we never write them. A key `__proto__` waits for the first careless copy. */
const isPlain = (value: unknown): boolean => {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0)
  if (value instanceof Uint8Array) return true
  if (Array.isArray(value)) return value.every(isPlain)
  return isCborMap(value) && !Object.hasOwn(value, '__proto__') && Object.values(value).every(isPlain)
}

/** Walks the heads only. Anything it cannot follow is left to the strict decoder to refuse. */
const deeperThan = (bytes: Uint8Array, limit: number): boolean => {
  const open: number[] = []
  let at = 0
  while (at < bytes.length) {
    const initial = bytes[at++] ?? 0
    const major = initial >> 5
    const info = initial & 31
    let argument = info
    if (info >= 24) {
      if (info > 27) return true
      const width = 1 << (info - 24)
      argument = 0
      for (let i = 0; i < width; i++) argument = argument * 256 + (bytes[at++] ?? 0)
    }
    if (major === 2 || major === 3) at += argument
    const items = major === 4 ? argument : major === 5 ? argument * 2 : 0
    while (open.length > 0 && open[open.length - 1] === 0) open.pop()
    if (open.length > 0) open[open.length - 1]! -= 1
    if (items > 0) open.push(items)
    if (open.length > limit) return true
  }
  return false
}
