import { expect, test } from 'vitest'
import { err, expectOk, ok } from '../../src/lib/core/result.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import { TABLES, type Storage, type Write } from '../../src/lib/sync/ports.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { World, type Person } from '../world/cast.ts'

type Row = Write & { readonly value: Uint8Array }

const rowsOf = async (storage: Storage): Promise<readonly Row[]> => {
  const rows: Row[] = []
  for (const table of TABLES)
    for (const [key, value] of expectOk(await storage.all(table)).rows) rows.push({ table, key, value })
  return rows
}

/** A disk on which one row does not open any more, until it is written again. */
const withBadRow = (disk: Storage, bad: { readonly table: string; readonly key: string }): Storage => {
  let isBad = true
  const isIt = (table: string, key: string) => isBad && table === bad.table && key === bad.key
  return {
    ...disk,
    get: (table, key) =>
      isIt(table, key) ? Promise.resolve(err({ type: 'StorageCorrupt', table })) : disk.get(table, key),
    all: async (table, prefix) => {
      const read = await disk.all(table, prefix)
      if (!read.ok) return read
      const rows = read.value.rows.filter(([key]) => !isIt(table, key))
      return ok({ rows, corrupt: read.value.rows.length - rows.length })
    },
    commit: (writes) => {
      if (writes.some(({ table, key }) => isIt(table, key))) isBad = false
      return disk.commit(writes)
    },
  }
}

/** Three who wrote, Cata once while nobody else was there. */
const three = async (seed: number) => {
  const world = new World(seed)
  const people = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  const [ana, , cata] = people
  await ana.writes('hola ')
  await cata.writes('de todas ')
  await world.settle()
  return { world, ana, cata }
}

for (const how of ['is missing', 'has one bit turned'] as const)
  test(`attack 54: whichever row of Cata’s disk ${how}, it is said, or she is whole again when she meets the others`, async () => {
    const count = (await rowsOf((await three(54)).cata.storage)).length
    let whole = 0
    for (let hit = 0; hit < count; hit++) {
      const { world, ana, cata } = await three(54)
      const rows = await rowsOf(cata.storage)
      const copy = createMemoryStorage()
      const isMissing = (i: number) => how === 'is missing' && i === hit
      expectOk(await copy.commit(rows.filter((_, i) => !isMissing(i))))
      // What a turned bit does to a sealed row: it does not open (attack 39, vault tests).
      const disk = how === 'is missing' ? copy : withBadRow(copy, rows[hit]!)
      world.cut(cata)
      cata.replica.close()
      const { row } = cata.replica
      const { clock, random } = world
      const restored = await Replica.restore({ row, storage: disk, clock, random })
      const { table, key } = rows[hit]!
      if (!restored.ok) {
        expect(['BadLedger', 'StorageFailed'], `${table} ${key}`).toContain(restored.error.type)
        continue
      }
      whole += 1
      cata.storage = disk
      restored.value.close()
      await cata.restarts()
      world.connectAll()
      await world.settle()
      world.clock.pass(60_000)
      await world.settle()
      await cata.writes('otra vez ')
      await world.settle()
      for (const person of world.people) {
        expect(person.reads(), `${table} ${key}: ${person.name}`).toContain('hola')
        expect(person.reads(), `${table} ${key}: ${person.name}`).toContain('de todas')
        expect(person.reads(), `${table} ${key}: ${person.name}`).toContain('otra vez')
        expect(person.replica.feeds.forks(), `${table} ${key}`).toEqual([])
      }
      expect(ana.replica.ledger.heads()).toEqual(cata.replica.ledger.heads())
    }
    expect(whole).toBeGreaterThan(count / 2)
  })
