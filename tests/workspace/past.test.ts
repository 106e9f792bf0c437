import { expect, test } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { feedIdFrom, recIdFrom, type CollId, type EntryId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import type { Base } from '../../src/lib/feed/types.ts'
import type { Write } from '../../src/lib/sync/ports.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import { Past } from '../../src/lib/workspace/past.ts'
import { pastKey } from '../../src/lib/workspace/rows.ts'
import { seededRandom } from '../world/time.ts'

const DAY = 24 * 3_600_000
const NOW = 1_770_000_000_000
const random = seededRandom(42)
const someId = () => hexFromBytes(random.bytes(32))
const coll = someId() as CollId
const [first, second, third] = [someId(), someId(), someId()] as [EntryId, EntryId, EntryId]

/** As if one phone had written `seq` times. */
const upTo = (seq: number): Base =>
  new Map([[feed, { seq, rec: recIdFrom(new Uint8Array(32).fill(seq))!, clocks: new Map() }]])
const feed = feedIdFrom(random.bytes(32))!

const afterwards = async (value: Uint8Array | null): Promise<Past> => {
  const storage = createMemoryStorage()
  expectOk(await storage.commit([{ table: 'meta', key: pastKey(coll), value }]))
  const past = new Past(coll, () => true)
  await past.restore(storage)
  return past
}
const bytesOf = (writes: readonly Write[]): Uint8Array => writes.at(-1)!.value!

test('each agreement counts its own month, and what is gone stays gone when the clock is set back', async () => {
  const past = new Past(coll, () => true)
  past.holdTo({ checkpoint: first, at: NOW, base: upTo(1) })
  const value = bytesOf(past.holdTo({ checkpoint: second, at: NOW + 20 * DAY, base: upTo(1) }))
  for (const one of [past, await afterwards(value)]) {
    expect(one.under(NOW + 29 * DAY)).toBe(null)
    expect(one.under(NOW + 31 * DAY)).toBe(first)
    const gone = bytesOf(one.letGo(NOW + 31 * DAY))
    for (const later of [one, await afterwards(gone)]) {
      expect(later.under(NOW)).toBe(first)
      expect(later.letGo(NOW + 40 * DAY)).toEqual([])
      expect(later.under(NOW + 50 * DAY)).toBe(second)
    }
  }
})

test('keys stay while nobody else was heard to go on after the agreement, and go when somebody was; what went stays gone', async () => {
  let wentOn: readonly EntryId[] = []
  const past = new Past(coll, (checkpoint) => wentOn.includes(checkpoint))
  past.holdTo({ checkpoint: first, at: NOW, base: upTo(1) })
  past.holdTo({ checkpoint: second, at: NOW + 20 * DAY, base: upTo(1) })
  expect(past.under(NOW + 90 * DAY)).toBe(null)
  expect(past.letGo(NOW + 90 * DAY)).toEqual([])
  wentOn = [first]
  expect(past.under(NOW + 90 * DAY)).toBe(first)
  const gone = bytesOf(past.letGo(NOW + 90 * DAY))
  wentOn = []
  expect((await afterwards(gone)).under(NOW)).toBe(first)
  expect(past.under(NOW + 90 * DAY)).toBe(first)
})

test('records go a week after each agreement, also of those who agree more often than that', async () => {
  const past = new Past(coll, () => true)
  past.holdTo({ checkpoint: first, at: NOW, base: upTo(1) })
  past.holdTo({ checkpoint: second, at: NOW + 3 * DAY, base: upTo(2) })
  const value = bytesOf(past.holdTo({ checkpoint: third, at: NOW + 6 * DAY, base: upTo(3) }))
  for (const one of [past, await afterwards(value)]) {
    expect(one.recordsUnder(NOW + 6 * DAY)).toBe(null)
    expect(one.recordsUnder(NOW + 7 * DAY)).toEqual(upTo(1))
    expect(one.letGoOfRecords(NOW + 7 * DAY)).toEqual([])
    expect(one.recordsUnder(NOW + 10 * DAY)).toEqual(upTo(2))
    const gone = bytesOf(one.letGoOfRecords(NOW + 10 * DAY))
    expect(gone.length).toBeLessThan(value.length)
    for (const later of [one, await afterwards(gone)]) {
      expect(later.recordsUnder(NOW + 9 * DAY)).toBe(null)
      expect(later.recordsUnder(NOW + 10 * DAY)).toEqual(upTo(2))
      expect(later.recordsUnder(NOW + 90 * DAY)).toEqual(upTo(3))
    }
  }
})

test('of many in one day the first and the last count, and the row stays short', () => {
  const past = new Past(coll, () => true)
  past.holdTo({ checkpoint: first, at: NOW, base: upTo(1) })
  past.holdTo({ checkpoint: second, at: NOW + 1000, base: upTo(1) })
  expect(past.holdTo({ checkpoint: second, at: NOW + 2000, base: upTo(1) })).toEqual([])
  past.holdTo({ checkpoint: third, at: NOW + 3000, base: upTo(1) })
  expect(past.under(NOW + 30 * DAY)).toBe(first)
  expect(past.under(NOW + 30 * DAY + 3000)).toBe(third)
  let last = 0
  for (let hour = 1; hour < 24 * 90; hour++) {
    const at = NOW + (hour * DAY) / 24
    last = bytesOf(past.holdTo({ checkpoint: someId() as EntryId, at, base: upTo(1) })).length
    past.letGoOfRecords(at)
    past.letGo(at)
  }
  expect(last).toBeLessThan(35 * 45 + 16 * 90)
})

test('a damaged row is as none, whatever it says', async () => {
  const past = new Past(coll, () => true)
  const good = bytesOf(past.holdTo({ checkpoint: first, at: NOW, base: upTo(1) }))
  const damaged: Uint8Array[] = [
    encodeCbor([2, [[random.bytes(32), 0, null]]]),
    encodeCbor([1, [[random.bytes(31), 0, null]]]),
    encodeCbor([1, [[random.bytes(32), -1, null]]]),
    encodeCbor([1, [[random.bytes(32), 0, 7]]]),
    encodeCbor([1, 'x']),
    encodeCbor([1, [null]]),
    ...Array.from(good, (_, at) => good.slice(0, at)),
    ...Array.from({ length: 200 }, () => random.bytes(1 + (random.bytes(1)[0]! % 80))),
  ]
  for (const value of damaged) expect((await afterwards(value)).under(NOW * 2)).toBe(null)
  expect((await afterwards(good)).under(NOW * 2)).toBe(first)
})
