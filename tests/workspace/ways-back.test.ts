import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import type { Storage } from '../../src/lib/sync/ports.ts'
import { encodeBackup, parseBackup, rowsToCopy, writesOf } from '../../src/lib/workspace/backup-rows.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { Person, World } from '../world/cast.ts'
import { createDisk } from '../world/frail-storage.ts'

/** A copy as it stands in a file, before it is sealed. */
const copyOf = async (person: Person): Promise<Uint8Array> => {
  await person.replica.flush()
  return encodeBackup({ at: 0, rows: expectOk(await rowsToCopy(person.storage)) })
}

/** A phone that begins again from a copy. */
const restore = async (
  copy: Uint8Array,
  of: Person,
  storage: Storage = createMemoryStorage(),
): Promise<Person> => {
  expectOk(await storage.commit(writesOf(expectOk(parseBackup(copy)))))
  return open(of, storage)
}

const open = async (of: Person, storage: Storage): Promise<Person> => {
  const { world, clock } = of
  const { random } = world
  const replica = expectOk(await Replica.restore({ row: of.replica.row, storage, clock, random }))
  const person = new Person(`${of.name}, again`, replica, storage, world)
  world.people.push(person)
  return person
}

/** The phone is gone: at the bottom of a river. */
const loses = (person: Person): void => {
  const { world } = person
  world.cut(person)
  person.syncing.stop()
  person.replica.close()
  world.people.splice(world.people.indexOf(person), 1)
}

const actsOf = (person: Person, of = person) =>
  person.replica.ledger.entriesOf(of.device).map(({ act }) => act?.type)

/** What was boxed for a key that is lost is asked for, and handed over again, within minutes. */
const minutes = async (world: World, n: number): Promise<void> => {
  for (let i = 0; i < 2 * n; i++) {
    world.clock.pass(30_000)
    await world.settle()
  }
}

const forksSeenBy = (...people: readonly Person[]) => people.flatMap(({ replica }) => replica.feeds.forks())

test('a phone that begins again from a copy is read, and signs nothing before it has heard from somebody', async () => {
  const world = new World()
  const [alba, bruna, cira] = (await world.found('Alba', 'Bruna', 'Cira')) as [Person, Person, Person]
  await alba.writes('Nos vemos a las seis. ')
  await world.settle()
  const copy = await copyOf(alba)
  loses(alba)
  const before = actsOf(bruna, alba)

  const again = await restore(copy, alba)
  expect(again.reads()).toBe('Nos vemos a las seis. ')
  expect(again.replica.awaitsOthers).toBe(true)
  expect(again.replica.mayAct()).toBe(false)
  world.clock.pass(2 * 24 * 3_600_000)
  await world.settle()
  expect(actsOf(again)).toEqual(before)
  expect(() => again.replica.rotate()).toThrow()

  world.link(again, bruna)
  await world.settle()
  expect(again.replica.awaitsOthers).toBe(false)
  await again.writes('Ya estoy. ')
  await world.settle()
  expect(bruna.reads()).toBe('Nos vemos a las seis. Ya estoy. ')
  world.link(again, cira)
  await world.settle()
  expect(cira.reads()).toBe(bruna.reads())
  expect(forksSeenBy(bruna, cira, again)).toEqual([])
  expect(bruna.replica.state.devices.get(alba.device)?.standing).toBe('active')
})

test('what the old phone wrote, decided and changed after the copy was made comes back from the others, and nothing forks', async () => {
  const world = new World(2)
  const [alba, bruna, cira] = (await world.found('Alba', 'Bruna', 'Cira')) as [Person, Person, Person]
  await alba.writes('Uno. ')
  await world.settle()
  const copy = await copyOf(alba)
  // A suspension and its rotation, so also a new key; and records.
  await alba.writes('Dos. ')
  const suspension = alba.replica.suspend(cira.device, 'lost')
  await world.settle()
  alba.replica.act({ type: 'withdraw', target: suspension })
  alba.replica.rotate()
  await alba.writes('Tres. ')
  await world.settle()
  const acts = actsOf(bruna, alba)
  loses(alba)

  const again = await restore(copy, alba)
  expect(again.reads()).toBe('Uno. ')
  world.link(again, bruna)
  await world.settle()
  await minutes(world, 3)
  expect(again.reads()).toBe('Uno. Dos. Tres. ')
  await again.writes('Cuatro. ')
  await world.settle()
  world.link(again, cira)
  world.link(bruna, cira)
  await world.settle()
  for (const person of [bruna, cira, again]) expect(person.reads()).toBe('Uno. Dos. Tres. Cuatro. ')
  expect(forksSeenBy(bruna, cira, again)).toEqual([])
  // One chain: what the old phone signed, and above it what this one does.
  expect(actsOf(bruna, alba).slice(0, acts.length)).toEqual(acts)
  expect(bruna.replica.state.devices.get(alba.device)?.standing).toBe('active')
  expect(bruna.replica.state.suspensions.size).toBe(0)
})
