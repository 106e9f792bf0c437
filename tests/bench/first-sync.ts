import type { Bench } from './browsers.ts'
import { history } from './histories.ts'
import { bench, pair } from './pages.ts'
import { figure, type Figure } from './report.ts'

/** An empty device gets a whole history from one peer, every record checked, beside the same state bare over a data channel. */
export const firstSync = async (
  world: Bench,
  { edits, rounds }: { edits: number; rounds: number },
): Promise<readonly Figure[]> => {
  const { name, edits: trace } = history(edits)
  const [ours, plain]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    const [a, b] = [await world.open(), await world.open()]
    const arrive = await pair(world, a, b, { linked: false })
    await bench(a, 'write', trace, 50)
    await arrive()
    ours.push(await bench<number>(b, 'firstSync', await bench<number>(a, 'length')))
    const offer = await bench<string>(a, 'bareOffer')
    const answer = await bench<string>(b, 'bareAnswer', offer)
    const [, taken] = await Promise.all([bench(a, 'bareSend', answer), bench<number>(b, 'bareReceive')])
    plain.push(taken)
    await a.close()
    await b.close()
  }
  return [
    figure({
      name: `first-sync (${name}, ${trace.length} edits)`,
      unit: 'ms',
      values: ours,
      baseline: plain,
      baselineName: 'bare state over a data channel',
      goal: { atMost: 3 },
    }),
  ]
}
