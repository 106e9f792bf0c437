import { expect, test } from 'vitest'
import { World } from '../world/cast.ts'
import { createFrailStorage } from '../world/frail-storage.ts'

test('attack 53: wherever Bruna’s phone dies while writing, it never signs two records for one place, and others lose nothing', async () => {
  let died = 0
  for (let transactions = 4; transactions < 40; transactions++) {
    const world = new World(1000 + transactions)
    world.storageOf = (name) => (name === 'Bruna' ? createFrailStorage(transactions) : null)
    const [alba, bruna, ceiba] = await world.found('Alba', 'Bruna', 'Ceiba')
    for (let i = 0; i < 6; i++) {
      await bruna!.writes(`b${i} `)
      await alba!.writes(`a${i} `)
      await world.settle()
      // She puts it away, and it writes down where the next start begins.
      if (i % 2 === 1) await bruna!.replica.keepStart()
    }
    const seen = alba!.reads()
    if ((bruna!.storage as ReturnType<typeof createFrailStorage>).died()) died += 1
    // The battery is dead; the phone comes back with whatever its disk holds, and the disk works again.
    await bruna!.restarts({ with: 'a disk that works' })
    world.connectAll()
    await bruna!.writes('vuelvo')
    await world.settle()
    for (const person of [alba!, ceiba!]) {
      expect(person.replica.feeds.forks()).toEqual([])
      expect(person.reads()).toBe(bruna!.reads())
    }
    for (const word of seen.split(' ')) expect(alba!.reads()).toContain(word)
  }
  expect(died).toBeGreaterThan(5)
}, 240_000)
