import type { Bench } from './browsers.ts'
import { history } from './histories.ts'
import { bench } from './pages.ts'
import { figure, type Figure } from './report.ts'

/** Vault already unlocked until the document is usable, beside `Y.applyUpdate` of the bare state from IndexedDB. */
export const openAgain = async (
  world: Bench,
  { edits, rounds }: { edits: number; rounds: number },
): Promise<readonly Figure[]> => {
  const { name, edits: trace } = history(edits)
  const page = await world.open()
  await bench(page, 'keep', trace, 50)
  const [ours, plain]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    plain.push(await bench<number>(page, 'openBare'))
    ours.push(await bench<number>(page, 'openKept'))
  }
  return [
    figure({
      name: `open (${name}, ${trace.length} edits)`,
      unit: 'ms',
      values: ours,
      baseline: plain,
      baselineName: 'Y.applyUpdate from IndexedDB',
      goal: { atMost: 1.3 },
    }),
  ]
}
