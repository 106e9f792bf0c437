import { expect, test } from 'vitest'
import type { EntryId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { parseRun } from '../../src/lib/feed/run.ts'
import { World, type Person } from '../world/cast.ts'

const DAY_MS = 24 * 3_600_000

const agree = async (world: World, [first, ...others]: readonly Person[]): Promise<EntryId> => {
  const id = expectOk(first!.replica.checkpoints.propose())
  await world.settle()
  for (const person of others) expectOk(person.replica.checkpoints.cosign(id))
  await world.settle()
  return id
}

const daysPass = async (world: World, days: number) => {
  for (let day = 0; day < days; day++) {
    world.clock.pass(DAY_MS)
    for (const { replica } of world.people) await replica.settled()
  }
  await world.settle()
}

const keysOf = async ({ storage }: Person, table: 'snapshots' | 'records' | 'tail' | 'keys' | 'boxes') =>
  expectOk(await storage.all(table)).rows.map(([key]) => key.slice(key.indexOf('/') + 1))

test('of five checkpoints a phone keeps the parts of the one it holds to, and of what was proposed since', async () => {
  const world = new World(78)
  const [ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  for (let i = 0; i < 5; i++) {
    await ana.writes(`palabra ${i} `)
    await world.settle()
    await agree(world, [ana, bea, cata])
    for (const person of world.people)
      expect(await keysOf(person, 'snapshots'), person.name).toEqual([
        expect.stringMatching(/^blob/),
        'settled',
        'settled/main',
      ])
  }
  await bea.writes('más ')
  await world.settle()
  expectOk(bea.replica.checkpoints.propose())
  await world.settle()
  expect(await keysOf(ana, 'snapshots')).toHaveLength(5)
  await ana.restarts()
  await ana.replica.settled()
  expect(await keysOf(ana, 'snapshots')).toHaveLength(5)
  expect(ana.reads()).toBe('palabra 0 palabra 1 palabra 2 palabra 3 palabra 4 más ')
})

test('Cata was handed in one piece what lies below and what lies above: of it, too, only what lies above stays', async () => {
  const world = new World(80)
  const people = (await world.found('Ana', 'Bea', 'Cata', 'Dora')) as [Person, Person, Person, Person]
  const [ana, bea, cata, dora] = people
  await ana.writes('uno ')
  await world.settle()
  world.cut(cata)
  await ana.writes('dos ')
  await world.settle()
  await agree(world, [ana, bea, dora])
  await ana.writes('tres ')
  await world.settle()
  world.connectAll()
  await world.settle()
  world.clock.pass(61_000)
  await world.settle()
  expect(cata.reads()).toBe('uno dos tres ')
  const positionsOn = async () =>
    expectOk(await cata.storage.all('tail'))
      .rows.flatMap(([, row]) => parseRun(row)!.records)
      .filter(({ pub }) => pub.feed === ana.replica.feed)
      .map(({ pub }) => pub.seq)
      .sort()
  expect(cata.replica.ledger.pin).toBe(ana.replica.ledger.pin)
  expect(await positionsOn()).toEqual([0, 1, 2])
  for (const person of people) world.cut(person)
  await daysPass(world, 8)
  expect(await positionsOn()).toEqual([2])
  await cata.restarts()
  await cata.replica.whole()
  expect(cata.reads()).toBe('uno dos tres ')
  world.connectAll()
  await ana.writes('cuatro')
  await world.settle()
  expect(cata.reads()).toBe('uno dos tres cuatro')
})

test('a page left open lets go of records after a week and of keys after a month, like one that starts', async () => {
  const world = new World(79)
  const people = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  const [ana, bea] = people
  await ana.writes('hace tiempo ')
  await world.settle()
  const first = [...bea.replica.state.epochs.keys()]
  await agree(world, people)
  for (const person of people) world.cut(person)
  await daysPass(world, 6)
  expect((await keysOf(bea, 'tail')).length).toBeGreaterThan(0)
  await daysPass(world, 2)
  expect(await keysOf(bea, 'tail')).toEqual([])
  expect(await keysOf(bea, 'keys')).toContain(first[0])
  await daysPass(world, 24)
  // Alone all the while, it may not have heard what was written under that key.
  expect(await keysOf(bea, 'keys')).toContain(first[0])
  world.connectAll()
  await world.settle()
  await daysPass(world, 1)
  expect(await keysOf(bea, 'keys')).not.toContain(first[0])
  expect(await keysOf(bea, 'boxes')).not.toContain(first[0])
  expect(bea.replica.keyring.has(first[0]!)).toBe(false)
  world.connectAll()
  await world.settle()
  await bea.writes('ahora')
  await world.settle()
  for (const person of people) expect(person.reads(), person.name).toBe('hace tiempo ahora')
})

test('Cata was away until the others had settled it and let go of it: what she hears first of what came after is not lost', async () => {
  const world = new World(81)
  const people = (await world.found('Ana', 'Bea', 'Cata', 'Dora')) as [Person, Person, Person, Person]
  const [ana, bea, cata, dora] = people
  world.cut(cata)
  await ana.writes('uno ')
  await world.settle()
  await agree(world, [ana, bea, dora])
  await daysPass(world, 8)
  await ana.writes('dos ')
  await world.settle()
  world.link(ana, cata)
  await world.network.settle()
  // It has a hole below it, as nobody holds what came before any more, but in the checkpoint.
  expect(cata.replica.feeds.waiting().gaps).toBe(1)
  const settled = cata.replica.ledger.pin
  for (let i = 0; i < 30 && cata.replica.ledger.pin === settled; i++) await world.settle()
  await cata.replica.settled()
  // As soon as the checkpoint fills it, and not when somebody sends it once more.
  expect(cata.replica.ledger.pin).toBe(ana.replica.ledger.pin)
  expect(cata.reads()).toBe('uno dos ')
  expect(cata.replica.feeds.waiting().gaps).toBe(0)
  await cata.restarts()
  expect(cata.reads()).toBe('uno dos ')
})
