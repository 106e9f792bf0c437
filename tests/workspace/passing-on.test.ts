import { expect, test } from 'vitest'
import { parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { Syncing } from '../../src/lib/workspace/syncing.ts'
import { World, type Person } from '../world/cast.ts'

/** People in a row or a ring: each knows who of them is linked with whom, as neighbours tell each other. */
const world = async (...names: string[]): Promise<{ world: World; people: readonly Person[] }> => {
  const world = new World(names.length)
  const people = await world.found(...names)
  for (const person of people) {
    world.cut(person)
    person.syncing.stop()
    person.syncing = new Syncing(person.replica, person.clock, {
      mayLack: (neighbour, { author, from }) => {
        const they = people.find(({ device }) => device === neighbour)!
        const reach = new Set([neighbour, ...[...they.judged.keys()].map(({ peer }) => peer)])
        return !reach.has(author) && !reach.has(from)
      },
    })
  }
  return { world, people }
}

const link = async (world: World, pairs: readonly (readonly [Person, Person])[]) => {
  for (const [a, b] of pairs) world.link(a, b)
  await world.settle()
}

/** How often a record went over a link since the last time. */
const segments = (world: World): number =>
  world.network.sent.splice(0).filter(({ message }) => {
    const parsed = parseSyncMessage(message)
    return parsed.ok && parsed.value.type === 'segment'
  }).length

test('Alba writes and Elva reads it four links away, before any clock has moved', async () => {
  const { world: around, people } = await world('Alba', 'Bruna', 'Ceiba', 'Dalia', 'Elva')
  await link(
    around,
    people.slice(1).map((person, i) => [people[i]!, person] as const),
  )
  segments(around)
  await people[0]!.writes('dicho ')
  await around.network.settle()
  for (const person of people) expect(person.reads(), person.name).toBe('dicho ')
  expect(segments(around)).toBe(4)
})

test('where everybody is linked with everybody, nobody passes anything on', async () => {
  const { world: around, people } = await world('Alba', 'Bruna', 'Ceiba', 'Dalia', 'Elva')
  around.connectAll()
  await around.settle()
  segments(around)
  await people[0]!.writes('dicho ')
  await around.settle()
  for (const person of people) expect(person.reads(), person.name).toBe('dicho ')
  expect(segments(around)).toBe(4)
})

test('around a ring of six each gets it once or twice, and it stops', async () => {
  const { world: around, people } = await world('Alba', 'Bruna', 'Ceiba', 'Dalia', 'Elva', 'Flor')
  await link(
    around,
    people.map((person, i) => [person, people[(i + 1) % 6]!] as const),
  )
  segments(around)
  await people[0]!.writes('dicho ')
  await around.settle()
  around.clock.pass(60_000)
  await around.settle()
  for (const person of people) expect(person.reads(), person.name).toBe('dicho ')
  expect(segments(around)).toBeLessThanOrEqual(6)
})

test('a device suspended in between gets nothing, and nothing goes through it', async () => {
  const { world: around, people } = await world('Alba', 'Eva', 'Ceiba')
  const [alba, eva, ceiba] = people as [Person, Person, Person]
  await link(around, [
    [alba, eva],
    [eva, ceiba],
  ])
  alba.replica.suspend(eva.device, 'lost')
  await around.settle()
  await alba.writes('dicho ')
  await around.settle()
  around.clock.pass(60_000)
  await around.settle()
  expect(eva.reads()).toBe('')
  expect(ceiba.reads()).toBe('')
  await link(around, [[alba, ceiba]])
  expect(ceiba.reads()).toBe('dicho ')
})

test('a rotation in a row: the last one reads at once what the first writes under the new key', async () => {
  const { world: around, people } = await world('Alba', 'Bruna', 'Ceiba', 'Dalia')
  await link(
    around,
    people.slice(1).map((person, i) => [people[i]!, person] as const),
  )
  people[0]!.replica.rotate()
  await people[0]!.writes('dicho ')
  await around.settle()
  for (const person of people) expect(person.reads(), person.name).toBe('dicho ')
})
