import { expect, test } from 'vitest'
import { encodeCbor, type Cbor } from '../../src/lib/core/cbor.ts'
import { idBytes } from '../../src/lib/core/ids.ts'
import { cborFromEntry, parseEntry } from '../../src/lib/ledger/entry.ts'
import { Council } from '../ledger/council.ts'

const council = new Council(3, 37)
const alba = council.founders[0]!
council.says(alba, { type: 'merge' })
const { entry, wire } = council.signed(alba, { type: 'merge' }, council.ledger.heads())
const sig = new Uint8Array(64)
const as = (change: Record<string, Cbor>) =>
  encodeCbor([{ ...(cborFromEntry(entry) as Record<string, Cbor>), ...change }, [sig]])

test.each([
  ['parents out of order', as({ parents: [idBytes(council.ledger.coll), new Uint8Array(32)] })],
  ['a parent twice', as({ parents: [idBytes(council.ledger.coll), idBytes(council.ledger.coll)] })],
  ['a version that is not a whole number', as({ v: -1 })],
  ['an author of the wrong length', as({ author: new Uint8Array(31) })],
  ['a key beside the known ones', as({ extra: 1 })],
  ['a body key beside the known ones', as({ body: { extra: 1 } })],
  ['two signatures', encodeCbor([cborFromEntry(entry), [sig, sig]])],
  ['a short signature', encodeCbor([cborFromEntry(entry), [new Uint8Array(63)]])],
  ['no collective', as({ coll: null })],
  ['an indefinite array', Uint8Array.from([0x9f, ...wire.subarray(1), 0xff])],
  ['a float', Uint8Array.from([0xfb, 0, 0, 0, 0, 0, 0, 0, 0])],
  ['nothing', new Uint8Array()],
])('attack 37: an entry with %s is refused, the same everywhere', (_, hostile) => {
  expect(parseEntry(hostile).ok).toBe(false)
})

/** An act of a kind nobody knows yet, whose body is these very bytes: of such a body nothing else is looked at. */
const saying = (...body: readonly number[]) => {
  const mark = Uint8Array.of(0xde, 0xad, 0xbe, 0xef)
  const whole = as({ type: 'assembly', body: mark })
  const at = Buffer.from(whole).indexOf(Buffer.from(mark)) - 1
  return Uint8Array.from([...whole.subarray(0, at), ...body, ...whole.subarray(at + 5)])
}
const eight = (byte: number) => Array.from({ length: 8 }, () => byte)

test.each([
  ['one number', [0x01]],
  ['the largest number there is, 2^53 − 1', [0x1b, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ['two keys in order', [0xa2, 0x61, 0x61, 1, 0x61, 0x62, 2]],
  ['a word', [0x62, 0xc3, 0xb1]],
])('attack 37: an act whose body holds %s is read', (_, body) => {
  expect(parseEntry(saying(...body))).toMatchObject({ ok: true, value: { act: null } })
})

test.each([
  ['one key twice', [0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2]],
  ['one key twice with the same value', [0xa2, 0x61, 0x61, 1, 0x61, 0x61, 1]],
  ['keys out of order', [0xa2, 0x61, 0x62, 1, 0x61, 0x61, 2]],
  ['a key that is no word', [0xa1, 1, 1]],
  ['a number not in its shortest form', [0x18, 0x01]],
  ['a length not in its shortest form', [0x58, 0x01, 0]],
  ['2^53', [0x1b, 0, 0x20, 0, 0, 0, 0, 0, 0]],
  ['2^64 − 1', [0x1b, ...eight(0xff)]],
  ['−2^64', [0x3b, ...eight(0xff)]],
  ['a number of any size', [0xc2, 0x49, 1, ...eight(0)]],
  ['no number (NaN)', [0xf9, 0x7e, 0]],
  ['no number, in eight bytes', [0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]],
  ['infinity', [0xf9, 0x7c, 0]],
  ['one half', [0xf9, 0x38, 0]],
  ['one, as a float', [0xf9, 0x3c, 0]],
  ['what is not defined', [0xf7]],
  ['a list without a length', [0x9f, 0xff]],
  ['a map without a length', [0xbf, 0xff]],
  ['a word without a length', [0x7f, 0x61, 0x61, 0xff]],
  ['a tag', [0xc1, 0]],
  ['half a letter', [0x61, 0xc3]],
  ['one thing too many', [1, 1]],
])('attack 37: an act whose body holds %s is refused, and changes nothing', (_, body) => {
  const hostile = saying(...body)
  expect(parseEntry(hostile)).toEqual({ ok: false, error: { type: 'BadEntry' } })
  const before = council.ledger.heads()
  expect(council.ledger.add([hostile])).toEqual({
    added: [],
    waiting: 0,
    refused: [{ id: null, type: 'BadEntry' }],
  })
  expect(council.ledger.heads()).toEqual(before)
})

test('attack 12: any flipped bit of an entry is refused, and none of them throws', () => {
  for (let at = 0; at < wire.length; at++) {
    const flipped = wire.slice()
    flipped[at]! ^= 1 << (at % 8)
    const report = council.ledger.add([flipped])
    expect(report.added).toEqual([])
  }
})

test('attack 12: an entry cut off anywhere is refused', () => {
  for (let end = 0; end < wire.length; end++) expect(parseEntry(wire.subarray(0, end)).ok).toBe(false)
})
