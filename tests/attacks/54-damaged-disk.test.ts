import { expect, test } from 'vitest'
import { err, expectOk, ok } from '../../src/lib/core/result.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import { TABLES, type Storage, type Write } from '../../src/lib/sync/ports.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { World, type Person } from '../world/cast.ts'

type Row = Write & { readonly value: Uint8Array }

/** Ids differ from run to run: of each table first what is of her own feed, so that every row has its turn. */
const rowsOf = async ({ storage, replica }: Person): Promise<readonly Row[]> => {
  const rows: Row[] = []
  for (const table of TABLES)
    for (const [key, value] of expectOk(await storage.all(table)).rows) rows.push({ table, key, value })
  const isOwn = ({ key }: Row) => key.includes(replica.feed!)
  return TABLES.flatMap((table) => {
    const these = rows.filter((row) => row.table === table)
    return [...these.filter(isOwn), ...these.filter((row) => !isOwn(row))]
  })
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

/** Three who wrote, Cata once more while nobody else was there. `start`: all of it is written down for her next start, too. */
const three = async (seed: number, start: 'slow' | 'quick' = 'slow') => {
  const world = new World(seed)
  const people = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  const [ana, , cata] = people
  await ana.writes('hola ')
  await cata.writes('de todas ')
  await world.settle()
  world.cut(cata)
  await cata.writes('a solas ')
  if (start === 'quick') await cata.replica.keepStart()
  return { world, ana, cata }
}

/** All somebody can read: the text, and the articles that words without a place were brought back to. */
const reads = (person: Person) => person.reads() + JSON.stringify(person.doc.getMap('articles').toJSON())

for (const how of ['is missing', 'has one bit turned'] as const)
  for (const start of ['slow', 'quick'] as const)
    test(`attack 54: whichever row of Cata’s disk ${how}, at a ${start} start, she is whole again when she meets the others, and what only she had is kept or it is said`, async () => {
      const count = (await rowsOf((await three(54, start)).cata)).length
      let [whole, said] = [0, 0]
      for (let hit = 0; hit < count; hit++) {
        const { world, ana, cata } = await three(54, start)
        const rows = await rowsOf(cata)
        const copy = createMemoryStorage()
        const isMissing = (i: number) => how === 'is missing' && i === hit
        expectOk(await copy.commit(rows.filter((_, i) => !isMissing(i))))
        // What a turned bit does to a sealed row: it does not open (attack 39, vault tests).
        const disk = how === 'is missing' ? copy : withBadRow(copy, rows[hit]!)
        cata.replica.close()
        const { row } = cata.replica
        const { clock, random } = world
        const restored = await Replica.restore({ row, storage: disk, clock, random })
        const { table, key } = rows[hit]!
        const where = `${table} ${key}`
        if (!restored.ok) {
          expect(['BadLedger', 'StorageFailed'], where).toContain(restored.error.type)
          continue
        }
        whole += 1
        cata.storage = disk
        restored.value.close()
        await cata.restarts()
        await cata.replica.whole()
        world.connectAll()
        await world.settle()
        for (let minutes = 0; minutes < 3; minutes++) {
          world.clock.pass(60_000)
          await world.settle()
        }
        await cata.writes('otra vez ')
        await world.settle()
        const isSaid = cata.replica.lost > 0
        if (isSaid) said += 1
        for (const person of world.people) {
          const words = ['hola', 'de todas', 'otra vez', ...(isSaid ? [] : ['a solas'])]
          for (const word of words) expect(reads(person), `${where}: ${person.name}`).toContain(word)
          expect(person.replica.feeds.forks(), where).toEqual([])
          // What others had comes back by itself, and is not written again.
          expect(reads(person).split('de todas'), `${where}: ${person.name}`).toHaveLength(2)
          // Where the page still showed it, it is not only said.
          if (start === 'quick') expect(reads(person), `${where}: ${person.name}`).toContain('a solas')
        }
        expect(ana.replica.ledger.heads()).toEqual(cata.replica.ledger.heads())
      }
      expect(whole).toBeGreaterThan(count / 2)
      // Of what the rows held, one alone was nowhere else.
      expect(said).toBe(1)
    }, 240_000)
