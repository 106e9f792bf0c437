import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { WatchTable } from '../../src/hub/watch-table.ts'

/** Names that differ in one place only, so that nothing but the whole name tells them apart. */
const box = (name: number): Uint8Array => {
  const bytes = new Uint8Array(40).fill(255)
  bytes[5 + (name % 32)] = 1 + (name >> 5)
  // A view at an odd place, as a name stands in a message.
  return bytes.subarray(5, 37)
}

const act = fc.record({
  what: fc.constantFrom('add', 'add', 'remove', 'forget'),
  who: fc.nat(5),
  box: fc.nat(255),
})

property.prop([fc.array(act, { maxLength: 400 })])(
  'who watches what is as with plain sets, whatever is asked in whatever order',
  (acts) => {
    const table = new WatchTable<object>()
    const readers = Array.from({ length: 6 }, () => ({}))
    const plain = readers.map(() => new Set<number>())
    for (const { what, who, box: name } of acts) {
      const reader = readers[who]!
      expect(table.has(reader, box(name))).toBe(plain[who]!.has(name))
      if (what === 'add' && !plain[who]!.has(name)) {
        table.add(reader, box(name))
        plain[who]!.add(name)
      }
      if (what === 'remove') {
        table.remove(reader, box(name))
        plain[who]!.delete(name)
      }
      if (what === 'forget') {
        table.forget(reader)
        plain[who]!.clear()
      }
      expect(new Set(table.watching(box(name)))).toEqual(
        new Set(readers.filter((_, i) => plain[i]!.has(name))),
      )
      expect(readers.map((one) => table.countOf(one))).toEqual(plain.map(({ size }) => size))
    }
    expect(table.count).toBe(plain.reduce((sum, { size }) => sum + size, 0))
  },
)

test('a table that has grown to thousands finds each, and is empty when all have left', () => {
  const table = new WatchTable<object>()
  const readers = Array.from({ length: 20 }, () => ({}))
  for (let name = 0; name < 8000; name++) table.add(readers[name % 20]!, box(name))
  for (let name = 0; name < 8000; name++) expect(table.watching(box(name))).toEqual([readers[name % 20]])
  for (const reader of readers) table.forget(reader)
  expect([table.count, table.watching(box(1))]).toEqual([0, []])
})
