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
