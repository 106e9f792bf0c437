import { expect, test } from 'vitest'
import { MOST } from '../../src/lib/net/topology.ts'
import { Dice } from './dice.ts'
import { MeshLife, type Villager } from './mesh-life.ts'

const SEED = Number(process.env.SEED?.split('-')[0] ?? 1968)

/** All wake within a minute, one after the other, and find their places. */
const awakeLife = (count: number, hub: boolean): { life: MeshLife; dice: Dice } => {
  const life = new MeshLife({ count, seed: SEED, hub, lossOneIn: 10 })
  const dice = new Dice(SEED + count)
  for (const [i, villager] of life.villagers.entries()) {
    life.live(dice.below(60_000 / count))
    life.wakes(villager)
    // With no hub each was scanned by somebody who was there already.
    if (!hub && i > 0) life.meet(villager, life.villagers[dice.below(i)]!)
  }
  life.live(60_000)
  return { life, dice }
}

/** All of one island, all holding the same, nobody with more links than there may be. */
const expectWhole = (life: MeshLife, villagers: readonly Villager[] = life.villagers): void => {
  expect(life.island(villagers[0]!)).toBe(villagers.length)
  const edits = new Set(villagers.flatMap(({ holds }) => [...holds.keys()]))
  for (const { holds } of villagers) expect(holds.size).toBe(edits.size)
  for (const { mostTies } of villagers) expect(mostTies).toBeLessThanOrEqual(MOST + LEEWAY)
}

/** Links that were being made in the same moment. */
const LEEWAY = 6

/** What goes over links for one edit, for each device: fresh edits, and words about what is held. */
const costOf = (life: MeshLife, dice: Dice): number => {
  const before = { ...life.messages }
  for (let i = 0; i < 10; i++) {
    life.writes(dice.pick(life.villagers)!)
    life.live(10_000)
  }
  const { edits, haves } = life.messages
  return (edits - before.edits + haves - before.haves) / 10 / life.villagers.length
}

test('ten, thirty, a hundred devices with one message in ten lost or late: what one edit costs a device grows no faster than the logarithm', () => {
  const costs = [10, 30, 100].map((count) => {
    const { life, dice } = awakeLife(count, true)
    const cost = costOf(life, dice)
    expectWhole(life)
    const ties = life.villagers.map((villager) => villager.ties.size)
    expect(Math.min(...ties)).toBeGreaterThanOrEqual(4)
    expect(Math.max(...ties)).toBeLessThanOrEqual(MOST)
    return cost
  })
  expect(costs[1]! / costs[0]!).toBeLessThan(Math.log(30) / Math.log(10) + 0.25)
  expect(costs[2]! / costs[0]!).toBeLessThan(Math.log(100) / Math.log(10))
}, 60_000)

test('an edit is on all hundred within two seconds of being written', () => {
  const { life, dice } = awakeLife(100, true)
  for (let i = 0; i < 20; i++) {
    const at = life.now
    const edit = life.writes(dice.pick(life.villagers)!)
    life.live(2000)
    for (const { holds } of life.villagers) expect(holds.get(edit)! - at).toBeLessThan(2000)
  }
}, 60_000)

test('no hub at all, each let in by one pair of scans: forty make one mesh, all through notes passed on', () => {
  const { life, dice } = awakeLife(40, false)
  life.writes(dice.pick(life.villagers)!)
  life.live(5000)
  expectWhole(life)
  expect(Math.min(...life.villagers.map(({ ties }) => ties.size))).toBeGreaterThanOrEqual(3)
}, 60_000)

test('people come and go without a word for five minutes, and write: a minute later nobody is cut off and nothing is lost', () => {
  const { life, dice } = awakeLife(60, true)
  for (let second = 0; second < 300; second++) {
    const one = dice.pick(life.villagers)!
    if (one.awake) life.sleeps(one)
    else life.wakes(one)
    const other = dice.pick(life.villagers)!
    if (dice.once(3) && other.awake) life.writes(other)
    life.live(1000)
  }
  for (const villager of life.villagers) life.wakes(villager)
  life.live(60_000)
  expectWhole(life)
}, 60_000)

test('the network is cut in two, both halves write, and it is healed: one mesh again, and all hold everything', () => {
  const { life, dice } = awakeLife(60, true)
  life.cut()
  for (let i = 0; i < 40; i++) {
    life.writes(dice.pick(life.villagers)!)
    life.live(5000)
  }
  const half = life.villagers.filter(({ side }) => side === 0)
  expect(life.island(half[0]!)).toBe(half.length)
  life.healed()
  // Nobody is told that it is healed: only by knocking at those unheard of does one find out.
  life.live(120_000)
  expectWhole(life)
}, 60_000)

test('the same seed is the same mesh', () => {
  const lived = () => {
    const { life } = awakeLife(20, true)
    return life.villagers.map(({ ties }) => [...ties.keys()].map(({ id }) => id).sort())
  }
  expect(lived()).toEqual(lived())
})
