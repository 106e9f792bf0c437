import { expect, test } from 'vitest'
import { epochKeyKey, boxesKey } from '../../src/lib/workspace/rows.ts'
import { World, type Person } from '../world/cast.ts'

const DAY_MS = 24 * 3_600_000

test('Cata asked for a key and was handed it, and her disk lost it: weeks later, when nothing here opens that any more, she asks again and reads on', async () => {
  const world = new World(86)
  const [ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  const { coll } = cata.replica
  const minutes = async (count: number) => {
    for (let i = 0; i < count * 4; i++) {
      world.clock.pass(15_000)
      await world.settle()
    }
  }
  world.cut(cata)
  const epoch = ana.replica.rotate()
  await world.settle()
  await bea.writes('bajo esa llave ')
  // Her box is on no disk any more.
  for (const { storage } of [ana, bea])
    await storage.commit([{ table: 'boxes', key: boxesKey(coll, epoch), value: null }])
  world.connectAll()
  await minutes(3)
  expect(cata.reads()).toBe('bajo esa llave ')
  const asked = () =>
    cata.replica.state.complaints.filter((one) => one.author === cata.device && one.epoch === epoch)
  expect(asked()).toHaveLength(1)

  await cata.storage.commit([{ table: 'keys', key: epochKeyKey(coll, epoch), value: null }])
  for (let day = 0; day < 40; day += 4) {
    world.clock.sleep(4 * DAY_MS)
    await world.settle()
  }
  await cata.restarts()
  expect(cata.replica.keyring.has(epoch)).toBe(false)
  world.connectAll()
  await minutes(4)
  expect(asked()).toHaveLength(2)
  expect(cata.replica.keyring.has(epoch)).toBe(true)
  expect(cata.reads()).toBe('bajo esa llave ')
  // Whoever has it asks no more.
  await minutes(4)
  expect(asked()).toHaveLength(2)
})
