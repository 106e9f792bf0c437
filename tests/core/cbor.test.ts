import { fc } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { equalBytes } from '../../src/lib/core/bytes.ts'
import { decodeCbor, encodeCbor, hasExactly, isBytes, isUint, type Cbor } from '../../src/lib/core/cbor.ts'
import { expectOk } from '../../src/lib/core/result.ts'

const numRuns = process.env['SLOW'] ? 20_000 : 500

const text = fc.string({ unit: 'binary' }).map((any) => any.replace(/^\ufeff+/, ''))
const key = text.filter((any) => any !== '__proto__')
const { value } = fc.letrec<{ value: Cbor }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.integer({ min: -30, max: 70_000 }),
    text,
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
}))

test('decoding gives back what was encoded', () => {
  fc.assert(
    fc.property(value, (any) => {
      expect(expectOk(decodeCbor(encodeCbor(any)))).toEqual(any)
    }),
    { numRuns },
  )
})

test('one value has one encoding, in whatever order a map was written', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(key, value), { maxLength: 6, selector: ([name]) => name }),
      (entries) => {
        const there = encodeCbor(Object.fromEntries(entries))
        expect(equalBytes(encodeCbor(Object.fromEntries([...entries].reverse())), there)).toBe(true)
      },
    ),
    { numRuns: 200 },
  )
})

test('whatever bytes come, reading never throws, and what it reads it would have written so', () => {
  const near = fc
    .tuple(value, fc.nat(), fc.nat(255), fc.constantFrom('set', 'cut', 'add'))
    .map(([any, where, byte, how]) => {
      const bytes = encodeCbor(any).slice()
      const at = where % bytes.length
      if (how === 'cut') return bytes.slice(0, at)
      if (how === 'add') return Uint8Array.from([...bytes.slice(0, at), byte, ...bytes.slice(at)])
      bytes[at] = byte
      return bytes
    })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), near), (bytes) => {
      const read = decodeCbor(bytes)
      if (read.ok) expect(equalBytes(encodeCbor(read.value), bytes)).toBe(true)
      else expect(read).toEqual({ ok: false, error: { type: 'NotCanonical' } })
    }),
    { numRuns },
  )
})

test('a pasted name can be read again: a byte order mark in front is left out, half a character is marked', () => {
  expect(expectOk(decodeCbor(encodeCbor(['\ufeffAna', '\ufeff\ufeff', 'A\ufeffna'])))).toEqual([
    'Ana',
    '',
    'A\ufeffna',
  ])
  for (const length of [1, 30, 300]) {
    const half = `${'ñ'.repeat(length)}\ud83d`
    expect(expectOk(decodeCbor(encodeCbor(half)))).toBe(`${'ñ'.repeat(length)}\ufffd`)
    expect(expectOk(decodeCbor(encodeCbor({ [half]: 1 })))).toEqual({ [`${'ñ'.repeat(length)}\ufffd`]: 1 })
  }
})

test('nesting ends at 24, however it is made, and a deep bomb costs nothing', () => {
  const nested = (head: number[], depth: number) =>
    Uint8Array.from([...Array.from({ length: depth }, () => head).flat(), 0])
  expect(decodeCbor(nested([0x81], 24)).ok).toBe(true)
  expect(decodeCbor(nested([0x81], 25)).ok).toBe(false)
  expect(decodeCbor(nested([0xa1, 0x61, 0x61], 24)).ok).toBe(true)
  expect(decodeCbor(nested([0xa1, 0x61, 0x61], 25)).ok).toBe(false)
  expect(decodeCbor(nested([0x82, 0x00], 25)).ok).toBe(false)
  const bomb = new Uint8Array(5_000_000).fill(0x81)
  expect(decodeCbor(bomb).ok).toBe(false)
  // Wide is not deep.
  expect(expectOk(decodeCbor(encodeCbor(Array.from({ length: 5000 }, () => [[]]))))).toHaveLength(5000)
})

test('lengths that are claimed and not there are refused before memory is taken', () => {
  for (const major of [0x40, 0x60, 0x80, 0xa0])
    for (const length of [2 ** 20, 2 ** 32 - 1]) {
      const claim = new Uint8Array(9)
      claim[0] = major | 26
      new DataView(claim.buffer).setUint32(1, length)
      expect(decodeCbor(claim).ok).toBe(false)
    }
})

test('small questions about values answer for everything', () => {
  for (const not of [-1, 0.5, -0, Number.NaN, Infinity, 2 ** 53, '1', null, undefined, 1n])
    expect(isUint(not)).toBe(false)
  for (const is of [0, 1, 2 ** 53 - 1]) expect(isUint(is)).toBe(true)
  expect(isBytes(new Uint8Array(2), 2)).toBe(true)
  expect(isBytes([0, 0], 2)).toBe(false)
  expect(hasExactly({ a: 1, b: 2 }, ['b', 'a'])).toBe(true)
  for (const not of [{ a: 1 }, { a: 1, b: 2, c: 3 }, { a: 1, c: 2 }, [1, 2], null, 'ab', new Uint8Array(2)])
    expect(hasExactly(not, ['a', 'b'])).toBe(false)
  expect(hasExactly({ a: 1 }, ['toString'])).toBe(false)
})
