import { expect, test } from 'vitest'
import { createApart } from './apart.ts'
import { createVillage } from './village.ts'

const TEN_MINUTES = 600_000
/** After 5, 10, 20, 40 and then every 60 seconds, each drawn between half of it and all; now and then both begin at once. */
const MOST = 48
/** They may be welcome by now, so they are never left alone for good. */
const FEWEST = 8

test('Ana will not have Bea: in ten minutes they hold out hands some thirty times, and not at every knock', async () => {
  const village = createVillage(2)
  const [ana, bea] = village.neighbours as [(typeof village.neighbours)[0], (typeof village.neighbours)[0]]
  ana.standing.set(bea.own.id, null)
  await village.live(TEN_MINUTES)
  expect(village.linksOf(bea)).toEqual([])
  expect(ana.judged).toBeGreaterThanOrEqual(FEWEST)
  expect(ana.judged).toBeLessThanOrEqual(MOST)
  ana.standing.delete(bea.own.id)
  ana.mesh.rejudge()
  bea.mesh.rejudge()
  await village.live(10_000)
  expect(village.linksOf(bea)).toHaveLength(1)
})

test('nor through a hub, where their wifi keeps them apart', async () => {
  for (const by of ['the one who begins', 'the other'] as const) {
    const { ana, bea, live } = createApart()
    const isAnaFirst = ana.own.id < bea.own.id
    const [host, guest] = isAnaFirst === (by === 'the one who begins') ? [ana, bea] : [bea, ana]
    host.refuses.add(guest.own.id)
    await live(TEN_MINUTES)
    expect(guest.mesh.links.read()).toEqual([])
    // Each connection that never comes about is a try as well, so there are fewer.
    expect([by, host.judged]).toSatisfy(([, judged]) => judged >= FEWEST / 2)
    expect([by, host.judged]).toSatisfy(([, judged]) => judged <= MOST)
    host.refuses.clear()
    host.mesh.rejudge()
    guest.mesh.rejudge()
    await live(60_000)
    expect(guest.mesh.links.read()).toHaveLength(1)
  }
}, 120_000)
