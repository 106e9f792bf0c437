import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { createCardedConnection } from '../../src/lib/net/connection.ts'
import { encodeControlMessage } from '../../src/lib/wire/control.ts'
import { createVillage, type Neighbour } from '../net/village.ts'

/** A message that says where Bea’s spare is, another card each time. */
const someSpare = async (village: ReturnType<typeof createVillage>, bea: Neighbour): Promise<Uint8Array> => {
  const { card, close } = expectOk(await createCardedConnection(bea.rtc, village.clock))
  close()
  return encodeControlMessage({ type: 'spare', card })
}

test('attack 6: Bea tells of a hundred spares over one link: Alba makes one connection, and keeps the first card', async () => {
  const village = createVillage(2)
  const [alba, bea] = village.neighbours as [Neighbour, Neighbour]
  await village.live(3_000)
  const before = alba.rtc.made()
  for (let i = 0; i < 100; i++) village.linksOf(bea)[0]!.send('control', await someSpare(village, bea))
  await village.live(2_000)
  expect(alba.rtc.made() - before).toBe(1)
  expect(village.linksOf(alba)).toHaveLength(1)
})

test('attack 6: Bea links anew a hundred times and asks for a spare each time: Alba makes some twenty, and one stays', async () => {
  const village = createVillage(2)
  const [alba, bea] = village.neighbours as [Neighbour, Neighbour]
  await village.live(3_000)
  const before = [alba.rtc.made(), alba.rtc.open()] as const
  for (let i = 0; i < 100; i++) {
    await village.scan(alba, bea)
    village.linksOf(bea)[0]!.send('control', await someSpare(village, bea))
    await village.live(250)
  }
  expect(alba.rtc.made() - before[0]).toBeGreaterThan(10)
  expect(alba.rtc.made() - before[0]).toBeLessThanOrEqual(24 + (100 * 0.25) / 15 + 1)
  expect(alba.rtc.open()).toBeLessThanOrEqual(before[1] + 1)
})
