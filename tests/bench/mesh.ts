import { MOST } from '../../src/lib/net/topology.ts'
import { Dice } from '../simulation/dice.ts'
import { MeshLife } from '../simulation/mesh-life.ts'
import { exponentOf, figure, percentile, type Figure } from './report.ts'

/**
 * The mesh among more and more devices, with one note in ten lost, one message in ten late, and some who come and go: what
 * an edit costs each device, and how long until 99 in 100 have it. Beside the same among ten.
 */
export const mesh = ({ counts, edits }: { counts: readonly number[]; edits: number }): readonly Figure[] => {
  const runs = counts.map((count) => run(count, edits))
  const [first, last] = [runs[0]!, runs.at(-1)!]
  const [least, most] = [counts[0]!, counts.at(-1)!]
  /** How much more of something there may be among so many, if it grows as the logarithm does. */
  const logRatio = (count: number) => round(Math.log(count) / Math.log(least))
  return [
    ...counts.slice(1).map((count, i) =>
      figure({
        name: `mesh (${count} devices)`,
        unit: 'messages per device and edit',
        values: [runs[i + 1]!.cost],
        baseline: [first.cost],
        baselineName: `${least} devices`,
        goal: { atMost: logRatio(count) },
      }),
    ),
    ...counts.slice(1).map((count, i) =>
      figure({
        name: `mesh-links (${count} devices)`,
        unit: 'links a device',
        values: [runs[i + 1]!.linksEach],
        baseline: [first.linksEach],
        baselineName: `${least} devices`,
        goal: { atMost: logRatio(count) },
      }),
    ),
    figure({
      name: 'mesh-exponent',
      unit: 'of messages in devices',
      values: [exponentOf(counts.map((count, i) => [count, runs[i]!.cost]))],
      baseline: [exponentOf(counts.map((count) => [count, Math.log(count)]))],
      baselineName: 'that of the logarithm',
      goal: { atMost: 1 },
    }),
    figure({
      name: 'mesh-time',
      unit: 'ms until 99 % have an edit, p90',
      values: last.times,
      baseline: first.times,
      baselineName: `${least} devices, ms`,
      goal: { atMost: logRatio(most) },
      at: 90,
    }),
    figure({
      name: 'mesh-most-links',
      unit: 'links of the device with most',
      values: [last.links],
      baseline: [MOST],
      baselineName: 'there may be',
      goal: { atMost: 1 },
    }),
    figure({
      name: 'mesh-cut-off',
      unit: 'devices not cut off at the end',
      values: [last.island],
      baseline: [most],
      baselineName: 'all',
      goal: { atLeast: 1 },
    }),
  ]
}

type Run = {
  readonly cost: number
  readonly times: readonly number[]
  readonly links: number
  readonly linksEach: number
  readonly island: number
}

const run = (count: number, edits: number): Run => {
  const life = new MeshLife({ count, seed: count, hub: true, lossOneIn: 10 })
  const dice = new Dice(count + 1)
  for (const villager of life.villagers) {
    life.live(dice.below(Math.ceil(60_000 / count)))
    life.wakes(villager)
  }
  // A tenth of them come and go.
  for (let second = 0; second < 60; second++) {
    for (let i = 0; i < count / 10 / 30; i++) {
      const one = dice.pick(life.villagers)!
      if (one.awake) life.sleeps(one)
      else life.wakes(one)
    }
    life.live(1000)
  }
  for (const villager of life.villagers) life.wakes(villager)
  life.live(60_000)

  const before = { ...life.messages }
  const times: number[] = []
  for (let i = 0; i < edits; i++) {
    const at = life.now
    const edit = life.writes(dice.pick(life.villagers)!)
    life.live(10_000)
    times.push(
      percentile(
        life.villagers.map(({ holds }) => (holds.get(edit) ?? Number.POSITIVE_INFINITY) - at),
        99,
      ),
    )
  }
  const sent = life.messages.edits - before.edits + life.messages.haves - before.haves
  return {
    cost: sent / edits / count,
    times,
    links: Math.max(...life.villagers.map(({ ties }) => ties.size)),
    linksEach: life.villagers.reduce((sum, { ties }) => sum + ties.size, 0) / count,
    island: life.island(life.villagers[0]!),
  }
}

const round = (value: number): number => Number(value.toPrecision(3))
