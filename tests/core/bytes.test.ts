import { fc } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import {
  base64urlFromBytes,
  bytesFromBase64url,
  bytesFromHex,
  compareBytes,
  concatBytes,
  equalBytes,
  hexFromBytes,
  textFromUtf8,
  utf8FromText,
} from '../../src/lib/core/bytes.ts'

const bytes = fc.uint8Array({ maxLength: 5000, size: 'max' })
const short = fc.uint8Array({ maxLength: 4, max: 2 })

test('hex and base64url give back the bytes, and agree with Node’s own', () => {
  fc.assert(
    fc.property(bytes, (any) => {
      expect(hexFromBytes(any)).toBe(Buffer.from(any).toString('hex'))
      expect(equalBytes(bytesFromHex(hexFromBytes(any)), any)).toBe(true)
      expect(base64urlFromBytes(any)).toBe(Buffer.from(any).toString('base64url'))
      expect(equalBytes(bytesFromBase64url(base64urlFromBytes(any))!, any)).toBe(true)
    }),
    { numRuns: 50 },
  )
})

test('hex of twenty megabytes is only long', () => {
  const large = new Uint8Array(20_000_000).fill(0xab)
  const hex = hexFromBytes(large)
  expect(hex.length).toBe(40_000_000)
  expect(hex.slice(0, 4) + hex.slice(-4)).toBe('abababab')
})

test('base64url has one spelling: padding, other letters and loose bits are refused, never thrown at', () => {
  for (const text of ['A', 'AB==', 'AB=', 'A+/B', 'AA A', 'AB', 'AAB', 'ñAAA', '\u0000'])
    expect(bytesFromBase64url(text), text).toBe(null)
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = bytesFromBase64url(text)
      if (read) expect(base64urlFromBytes(read)).toBe(text)
    }),
  )
})

test('text that is not UTF-8 is null, and a byte order mark is kept', () => {
  for (const not of [[0xff], [0xc0, 0x81], [0xed, 0xa0, 0x80], [0xf0, 0x9f]])
    expect(textFromUtf8(Uint8Array.from(not))).toBe(null)
  expect(textFromUtf8(utf8FromText('\ufeffAna 🌊'))).toBe('\ufeffAna 🌊')
})

test('the order of bytes is one order, and equal is equal in it', () => {
  fc.assert(
    fc.property(short, short, short, (a, b, c) => {
      expect(Math.sign(compareBytes(a, b)) + Math.sign(compareBytes(b, a))).toBe(0)
      expect(compareBytes(a, b) === 0).toBe(equalBytes(a, b))
      if (compareBytes(a, b) <= 0 && compareBytes(b, c) <= 0)
        expect(compareBytes(a, c)).toBeLessThanOrEqual(0)
      expect(Math.sign(compareBytes(a, b))).toBe(Math.sign(Buffer.compare(a, b)))
      expect(equalBytes(concatBytes(a, b, c), Uint8Array.from([...a, ...b, ...c]))).toBe(true)
    }),
    { numRuns: 500 },
  )
})
