import { expect, test } from 'vitest'
import type { FeedId, RecId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { parseRecord } from '../../src/lib/feed/record.ts'
import type { Base, SealedRecord, Segment } from '../../src/lib/feed/types.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import type { Storage } from '../../src/lib/sync/ports.ts'
import { Packs } from '../../src/lib/workspace/packs.ts'
import { forge, joined, sealed, Valley, type Person } from '../feed/valley.ts'

/** What Bea wrote, one record after the other, and a disk that nobody has written on. */
const beaWrote = (records: number) => {
  const valley = Valley.found('Ana', 'Bea')
  const bea = valley.get('Bea')
  const written = Array.from({ length: records }, (_, n) => bea.says(`${n} `))
  return { valley, bea, written, feed: bea.feed!, ids: written.map(({ seal }) => seal.rec) }
}

const opened = async (storage: Storage, { valley }: { readonly valley: Valley }): Promise<Packs> => {
  const packs = new Packs(storage, valley.coll)
  await packs.restore('isCountedOn')
  return packs
}

const keep = async (packs: Packs, storage: Storage, ...segments: readonly Segment[]) => {
  for (const { records, seal } of segments) expectOk(await storage.commit([packs.add(records, seal)]))
}

const reads = async (packs: Packs, feed: FeedId, from: number): Promise<ReadonlySet<RecId>> => {
  const ids = new Set<RecId>()
  for await (const { records } of packs.read(feed, from))
    for (const wire of records) ids.add(expectOk(parseRecord(wire)).id)
  return ids
}

/** Every record the next start finds. */
const found = async (storage: Storage, of: { readonly valley: Valley }): Promise<ReadonlySet<RecId>> => {
  const runs = await new Packs(storage, of.valley.coll).restore('isCountedOn')
  return new Set(runs.flatMap(({ records }) => records.map(({ id }) => id)))
}

/** Where all have agreed up to a record. */
const upTo = ({ id, pub }: SealedRecord): Base =>
  new Map([[pub.feed, { seq: pub.seq, rec: id, clocks: new Map() }]])

const recordOf = ({ records }: Segment): SealedRecord => records[0]!

/** Another record at the place of one that is there. */
const beside = (bea: Person, written: readonly Segment[], seq: number): Segment =>
  forge(bea, { seq, prev: recordOf(written[seq - 1]!) }, {})

test('whoever asks for what comes after a place gets it, though a second record was signed for a place before', async () => {
  const wrote = beaWrote(10)
  const { bea, written, feed, ids } = wrote
  const storage = createMemoryStorage()
  const packs = await opened(storage, wrote)
  await keep(packs, storage, joined(...written), beside(bea, written, 5))
  const all = await reads(packs, feed, 7)
  for (const id of ids.slice(7)) expect(all).toContain(id)
})

test('whoever asks for what comes after a place gets it, though some of it came twice, the second time from further below', async () => {
  const wrote = beaWrote(13)
  const { written, feed, ids } = wrote
  const storage = createMemoryStorage()
  const packs = await opened(storage, wrote)
  await keep(packs, storage, joined(...written.slice(6, 10)), joined(...written))
  for (let from = 0; from < written.length; from++) {
    const all = await reads(packs, feed, from)
    for (const id of ids.slice(from)) expect(all, `from ${from}`).toContain(id)
  }
})

test('of what came twice nothing is lost when what lies below an agreement is let go of', async () => {
  const wrote = beaWrote(13)
  const { written, ids } = wrote
  for (const order of ['the long first', 'the short first']) {
    const storage = createMemoryStorage()
    const packs = await opened(storage, wrote)
    const [short, long] = [joined(...written.slice(6, 10)), joined(...written)]
    await keep(packs, storage, ...(order === 'the long first' ? [long, short] : [short, long]))
    await packs.prune(upTo(recordOf(written[7]!)))
    const left = await found(storage, wrote)
    for (const [seq, id] of ids.entries()) expect(left.has(id), `${order}: ${seq}`).toBe(seq > 7)
  }
})

/** A disk whose answer to some reading waits until it is let go on. */
const slowReading = (storage: Storage) => {
  let goesOn = () => {}
  let waits: Promise<void> | null = null
  const get: Storage['get'] = async (table, key) => {
    const row = await storage.get(table, key)
    await waits
    return row
  }
  return {
    ...storage,
    get,
    halt: () => void (waits = new Promise((resolve) => (goesOn = resolve))),
    goOn: () => {
      goesOn()
      waits = null
    },
  }
}

const turns = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resume) => setImmediate(resume))
}

test('rows are put together while the past is let go of: nothing above the agreement goes with it', async () => {
  const wrote = beaWrote(110)
  const { written, ids } = wrote
  const storage = slowReading(createMemoryStorage())
  const packs = await opened(storage, wrote)
  await keep(packs, storage, joined(...written.slice(0, 40)), ...written.slice(40))
  // What lies below is one row among the rest by now, what came after it is single.
  const { writes, done } = await packs.leaveTail(upTo(recordOf(written[39]!)))
  expectOk(await storage.commit(writes))
  done()
  storage.halt()
  const letsGo = packs.prune(upTo(recordOf(written[39]!)))
  await turns()
  const beginsAnew = packs.restore('mayBeJoined')
  await turns()
  storage.goOn()
  await Promise.all([letsGo, beginsAnew])
  const left = await found(storage, wrote)
  for (const [seq, id] of ids.entries()) if (seq > 39) expect(left.has(id), String(seq)).toBe(true)
  const read = await reads(packs, wrote.feed, 40)
  for (const id of ids.slice(40)) expect(read).toContain(id)
})

test('the disk takes the start only later, and rows were put together meanwhile: what came in between is there', async () => {
  const wrote = beaWrote(101)
  const { written, ids } = wrote
  const storage = createMemoryStorage()
  const packs = await opened(storage, wrote)
  await keep(packs, storage, ...written.slice(0, 100))
  const { writes, done } = await packs.leaveTail(upTo(recordOf(written[99]!)))
  // The disk refuses that. What is written next fits, and this device begins anew from another base.
  await keep(packs, storage, written[100]!)
  await packs.restore('mayBeJoined')
  expectOk(await storage.commit(writes))
  done()
  expect([...(await found(storage, wrote))].sort()).toEqual([...ids].sort())
  expect([...(await reads(packs, wrote.feed, 0))].sort()).toEqual([...ids].sort())
})

test('what was to be put together is written down twice, the second time as far as less of it counts: nothing is lost', async () => {
  const wrote = beaWrote(60)
  const { written, ids } = wrote
  const storage = createMemoryStorage()
  const packs = await opened(storage, wrote)
  await keep(packs, storage, ...written)
  const first = await packs.leaveTail(upTo(recordOf(written[59]!)))
  const second = await packs.leaveTail(upTo(recordOf(written[29]!)))
  for (const { writes, done } of [first, second]) {
    expectOk(await storage.commit(writes))
    done()
  }
  expect([...(await found(storage, wrote))].sort()).toEqual([...ids].sort())
})

test('what lies on another branch than an agreement is kept whole or goes whole', async () => {
  const wrote = beaWrote(6)
  const { bea, written } = wrote
  const storage = createMemoryStorage()
  const packs = await opened(storage, wrote)
  const other = sealed(bea, [recordOf(beside(bea, written, 2))])
  await keep(packs, storage, joined(...written), other)
  await packs.prune(upTo(recordOf(written[3]!)))
  const left = await found(storage, wrote)
  expect([...left].sort()).toEqual([written[4]!.seal.rec, written[5]!.seal.rec].sort())
})

test('two branches that begin alike, and come each from below where Ana begins to read, lie beside each other', async () => {
  const wrote = beaWrote(10)
  const { bea, written, ids } = wrote
  const storage = createMemoryStorage()
  const packs = await opened(storage, wrote)
  const other = joined(...written.slice(0, 7), beside(bea, written, 7))
  await keep(packs, storage, joined(...written), other)
  const all = await found(storage, wrote)
  for (const id of [...ids, other.seal.rec]) expect(all).toContain(id)
  // And so they do once they have left the tail.
  const { writes, done } = await packs.leaveTail(upTo(recordOf(written[9]!)))
  expectOk(await storage.commit(writes))
  done()
  const later = await found(storage, wrote)
  for (const id of [...ids, other.seal.rec]) expect(later).toContain(id)
})

test('large records are not joined into a row that no phone could hold', async () => {
  const wrote = beaWrote(0)
  const { bea } = wrote
  const written = Array.from({ length: 40 }, (_, n) => bea.says(`${n} ${'x'.repeat(60_000)}`))
  const storage = createMemoryStorage()
  const packs = await opened(storage, wrote)
  await keep(packs, storage, ...written)
  const { writes, done } = await packs.leaveTail(upTo(recordOf(written.at(-1)!)))
  expectOk(await storage.commit(writes))
  done()
  const sizes = expectOk(await storage.all('records')).rows.map(([, row]) => row.length)
  expect(sizes.length).toBeLessThan(written.length)
  expect(Math.max(...sizes)).toBeLessThan(1.1 * 2 ** 20)
  expect([...(await found(storage, wrote))].sort()).toEqual(written.map(({ seal }) => seal.rec).sort())
})
