import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import type { Storage } from '../../src/lib/sync/ports.ts'
import { World, type Person } from '../world/cast.ts'

/** Counts which tables are read whole: what a start had to wait for. */
const watched = (): { readonly storage: Storage; readonly read: string[] } => {
  const storage = createMemoryStorage()
  const read: string[] = []
  return {
    storage: {
      ...storage,
      all: (table, prefix) => {
        read.push(table)
        return storage.all(table, prefix)
      },
    },
    read,
  }
}

/** Time and messages go on until nothing moves; records of a long history are read again in many slices. */
const settle = async (world: World, ...people: readonly Person[]) => {
  for (let i = 0; i < 400; i++) {
    world.clock.pass(1)
    await new Promise((resume) => setImmediate(resume))
  }
  for (const { replica } of people) await replica.whole()
  await world.settle()
}

const village = async (seed: number) => {
  const world = new World(seed)
  const disk = watched()
  world.storageOf = (name) => (name === 'Bruna' ? disk.storage : null)
  const [alba, bruna, ceiba] = (await world.found('Alba', 'Bruna', 'Ceiba')) as [Person, Person, Person]
  for (let i = 0; i < 40; i++) {
    await bruna.writes(`b${i} `)
    await alba.writes(`a${i} `)
  }
  await world.settle()
  return { world, disk, alba, bruna, ceiba }
}

test('whoever wrote a great deal reads it at once the next time, also what came after it was last written down', async () => {
  const { world, disk, bruna } = await village(1)
  await bruna.replica.keepStart()
  await bruna.writes('y esto al final')
  const text = bruna.reads()
  disk.read.splice(0)
  await bruna.restarts()
  expect(bruna.reads()).toBe(text)
  expect(text).toContain('y esto al final')
  await settle(world, bruna)
  expect(bruna.reads()).toBe(text)
})

test('at the start only the tail is read; everything else is read again behind what is shown', async () => {
  const { world, disk, bruna } = await village(2)
  await bruna.replica.keepStart()
  expect(expectOk(await disk.storage.all('tail')).rows).toHaveLength(0)
  expect(expectOk(await disk.storage.all('records')).rows.length).toBeGreaterThan(0)
  const before = bruna.replica.feeds.acceptedKey()
  await bruna.restarts()
  expect([...bruna.replica.feeds.accepted()]).toHaveLength(0)
  expect(bruna.replica.feeds.acceptedKey()).toBe(before)
  const shown = bruna.doc
  await settle(world, bruna)
  expect([...bruna.replica.feeds.accepted()].length).toBeGreaterThan(60)
  expect(bruna.replica.feeds.acceptedKey()).toBe(before)
  // What is open on her screen stays open.
  expect(bruna.doc).toBe(shown)
})

test('what she writes and what others send while everything is read again is kept, and goes on at the right place', async () => {
  const { world, alba, bruna, ceiba } = await village(3)
  await bruna.replica.keepStart()
  world.cut(bruna)
  await bruna.restarts()
  world.connectAll()
  await bruna.writes('mientras lee ')
  await alba.writes('mientras tanto ')
  await world.network.settle()
  await settle(world, bruna)
  for (const person of [alba, bruna, ceiba]) {
    expect(person.reads()).toContain('mientras lee')
    expect(person.reads()).toContain('mientras tanto')
    expect(person.replica.feeds.forks()).toEqual([])
    expect(person.replica.feeds.acceptedKey()).toBe(alba.replica.feeds.acceptedKey())
  }
})

test('who was suspended meanwhile, further back than was written down, is not shown for a moment either', async () => {
  const { world, alba, bruna, ceiba } = await village(4)
  const ceibas = ceiba.device
  // Alba never got Ceiba's last words; Bruna did, and wrote down where the next start begins.
  world.cut(alba)
  await ceiba.writes('de quien tiene el teléfono')
  await world.settle()
  expect(bruna.reads()).toContain('de quien tiene')
  await bruna.replica.keepStart()
  alba.replica.suspend(ceibas, 'lost')
  await alba.replica.settled()
  const entries = alba.replica.ledger.since([]).map(({ wire }) => wire)
  bruna.replica.absorbEntries(entries)
  await bruna.replica.settled()
  expect(bruna.reads()).not.toContain('de quien tiene')
  await bruna.restarts()
  expect(bruna.reads()).not.toContain('de quien tiene')
  expect(bruna.replica.setAside().map(({ device }) => device)).toEqual([ceibas])
})

test('where rows of the past are gone from a disk, what was written down is what is left, and it stays', async () => {
  const { world, disk, alba, bruna } = await village(5)
  await bruna.replica.keepStart()
  const text = bruna.reads()
  const rows = expectOk(await disk.storage.all('records')).rows
  await disk.storage.commit(rows.map(([key]) => ({ table: 'records', key, value: null })))
  world.cut(bruna)
  await bruna.restarts()
  await settle(world, bruna)
  expect(bruna.reads()).toBe(text)
  await bruna.writes('sigo aquí')
  world.connectAll()
  await settle(world, bruna)
  expect(alba.reads()).toContain('sigo aquí')
  expect(alba.replica.feeds.forks()).toEqual([])
})

test('whoever was away gets all of it from a phone that is still reading everything again', async () => {
  const { world, alba, bruna, ceiba } = await village(6)
  world.cut(ceiba)
  for (let i = 0; i < 40; i++) await bruna.writes(`sin Ceiba ${i} `)
  await bruna.replica.keepStart()
  world.cut(bruna)
  world.cut(alba)
  await bruna.restarts()
  world.link(bruna, ceiba)
  await world.network.settle()
  await settle(world, bruna)
  expect(ceiba.reads()).toBe(bruna.reads())
  expect(ceiba.reads()).toContain('sin Ceiba 39')
})

test('after much was written it is written down by itself, and what lay single becomes few rows', async () => {
  const { world, disk, bruna } = await village(7)
  for (let i = 0; i < 60; i++) await bruna.writes(`c${i} `)
  const single = expectOk(await disk.storage.all('tail')).rows.length
  expect(single).toBeGreaterThanOrEqual(128)
  world.clock.pass(6000)
  await settle(world, bruna)
  expect(expectOk(await disk.storage.all('tail')).rows.length).toBeLessThan(64)
  expect(expectOk(await disk.storage.all('records')).rows.length).toBeLessThan(10)
  const text = bruna.reads()
  await bruna.restarts()
  expect(bruna.reads()).toBe(text)
})
