import { fc } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { dayOf, randomBelow } from '../../src/lib/core/clock.ts'
import {
  collIdFrom,
  deviceIdFrom,
  docIdFrom,
  entryIdFrom,
  epochIdFrom,
  feedIdFrom,
  idBytes,
  MAIN_DOC,
  memberIdFrom,
  recIdFrom,
} from '../../src/lib/core/ids.ts'
import { err, expectOk, ok } from '../../src/lib/core/result.ts'

const of32 = { collIdFrom, entryIdFrom, epochIdFrom, deviceIdFrom, feedIdFrom, recIdFrom }
const of16 = { memberIdFrom }

test('an id is made of bytes of one length, and gives them back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      for (const [length, parsers] of [
        [32, of32],
        [16, of16],
      ] as const)
        for (const parse of Object.values(parsers)) {
          const id = parse(bytes)
          expect(id === null).toBe(bytes.length !== length)
          if (id) expect(idBytes(id)).toEqual(bytes)
        }
    }),
  )
  for (const parse of Object.values(of32)) expect(parse(new Uint8Array(32).fill(0xab))).toBe('ab'.repeat(32))
})

test('what is not bytes is no id: not hex, not a list of numbers, nothing', () => {
  const others = [
    'ab'.repeat(32),
    'x'.repeat(32),
    Array.from({ length: 32 }, () => 1),
    { length: 32 },
    null,
    32,
  ]
  for (const parse of Object.values({ ...of32, ...of16 }))
    for (const other of others) expect(parse(other)).toBe(null)
  expect(deviceIdFrom(new Uint16Array(32))).toBe(null)
})

test('a document is called by up to 32 small letters, digits and dashes', () => {
  for (const is of [MAIN_DOC, 'a', '0', '-', 'a'.repeat(32)]) expect(docIdFrom(is)).toBe(is)
  for (const not of [
    '',
    'a'.repeat(33),
    'Main',
    'ñ',
    'a b',
    'a/b',
    'a\n',
    '\na',
    'main\u0000',
    null,
    7,
    ['a'],
  ])
    expect(docIdFrom(not)).toBe(null)
})

test('days end at midnight UTC, before 1970 too', () => {
  const midnight = Date.UTC(2026, 5, 2)
  expect(dayOf(midnight) - dayOf(midnight - 1)).toBe(1)
  expect(dayOf(midnight + 86_399_999)).toBe(dayOf(midnight))
  expect(dayOf(0)).toBe(0)
  expect(dayOf(-1)).toBe(-1)
})

test('a number below is below, and takes four bytes wherever they lie', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.integer({ min: 1, max: 2 ** 31 }),
      (bytes, below) => {
        const got = randomBelow({ bytes: () => bytes.slice() }, below)
        expect(got).toBe(new DataView(bytes.slice().buffer).getUint32(0) % below)
      },
    ),
  )
})

test('random bytes that are part of a larger buffer are read where they lie', () => {
  const pool = Uint8Array.of(9, 9, 9, 9, 0, 0, 0, 5)
  expect(randomBelow({ bytes: () => pool.subarray(4) }, 100)).toBe(5)
})

test('what was expected to succeed says which failure it met', () => {
  expect(expectOk(ok(7))).toBe(7)
  expect(() => expectOk(err({ type: 'OpenFailed' }))).toThrow('unexpected OpenFailed')
})
