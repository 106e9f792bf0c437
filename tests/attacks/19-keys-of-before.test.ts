import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { openRecord } from '../../src/lib/feed/record.ts'
import { openBox, parseBoxSet } from '../../src/lib/ledger/boxes.ts'
import { createLedger } from '../../src/lib/ledger/graph.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { World, type Person } from '../world/cast.ts'

/** Every record somebody holds, as it travels. */
const recordsOf = async ({ replica }: Person) => {
  const runs = await replica.packs.restore('isCountedOn')
  return runs.flatMap(({ records }) => records)
}

test('attack 19: Cata’s phone is suspended; whoever has it, with all its keys and all that travels, opens nothing written since', async () => {
  const world = new World(19)
  const [ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  await ana.writes('antes ')
  await cata.writes('hola ')
  await world.settle()
  const before = new Set(ana.replica.state.epochs.keys())
  ana.replica.suspend(cata.device, 'seized')
  await world.settle()
  await ana.writes('después ')
  bea.replica.rotate()
  await bea.writes('y más tarde ')
  await world.settle()
  const since = [...ana.replica.state.epochs.values()].filter(({ id }) => !before.has(id))
  expect(since.length).toBeGreaterThan(1)

  // The thief has the ledger of today, whole, and every key the phone ever held.
  const ledger = expectOk(createLedger(ana.replica.ledger.topological()[0]!.wire))
  ledger.add(ana.replica.ledger.since([]).map(({ wire }) => wire))
  const keys = [...ana.replica.state.epochs.keys()].flatMap((id) => cata.replica.keyring.key(id) ?? [])
  expect(keys.length).toBeGreaterThan(0)
  const records = await recordsOf(ana)
  const { coll } = ana.replica
  const opens = (record: (typeof records)[number]) => keys.some((key) => openRecord({ key, coll, record }).ok)
  const later = records.filter(({ pub }) => !before.has(pub.epoch))
  expect(later.length).toBeGreaterThan(1)
  expect(later.filter(opens)).toEqual([])
  // The same keys do open what is from before, so it is not the trying that fails.
  expect(records.filter(({ pub }) => before.has(pub.epoch)).every(opens)).toBe(true)
  // Nor is any box hers to open, whoever she says she is, with the key she has or any she had.
  for (const { id, recipients } of since) {
    expect(recipients).not.toContain(cata.device)
    const boxes = expectOk(parseBoxSet((await ana.replica.boxes(id)) ?? (await bea.replica.boxes(id))!))
    for (const holder of cata.replica.kem.holders())
      for (const device of [cata.device, ...recipients])
        expect(openBox({ ledger, own: { ...holder, id: device }, epoch: id, boxes }).ok).toBe(false)
  }
})

test('attack 19: the same phone, given everything that lies on Ana’s but the keys, shows what it showed before', async () => {
  const world = new World(191)
  const [ana, , cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  await cata.writes('hola ')
  await world.settle()
  ana.replica.suspend(cata.device, 'seized')
  await world.settle()
  await ana.writes('fuera de su alcance')
  await world.settle()
  const storage = createMemoryStorage()
  for (const table of ['meta', 'keys', 'heads'] as const)
    for (const [key, value] of expectOk(await cata.storage.all(table)).rows)
      await storage.commit([{ table, key, value }])
  for (const table of ['ledger', 'boxes', 'records', 'tail', 'snapshots'] as const)
    for (const [key, value] of expectOk(await ana.storage.all(table)).rows)
      await storage.commit([{ table, key, value }])
  const { row } = cata.replica
  const stolen = expectOk(await Replica.restore({ row, storage, clock: world.clock, random: world.random }))
  expect(stolen.standing()).toBe('suspended')
  expect(stolen.documents.doc.read().getText('notes').toString()).toBe('hola ')
  expect(stolen.feeds.nextSeq(ana.replica.feed!)).toBe(ana.replica.feeds.nextSeq(ana.replica.feed!))
  stolen.close()
})
