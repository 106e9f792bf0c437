import type { Bench } from './browsers.ts'
import { history } from './histories.ts'
import { bench } from './pages.ts'
import { figure, growth, median, sizesUpTo, type Figure } from './report.ts'

/** Vault already unlocked until the document is usable, beside `Y.applyUpdate` of the bare state from IndexedDB. */
export const openAgain = async (
  world: Bench,
  { edits, rounds }: { edits: number; rounds: number },
): Promise<readonly Figure[]> => {
  const { name, edits: trace } = history(edits)
  const taken: { readonly size: number; readonly ours: number[]; readonly bare: number[] }[] = []
  for (const size of sizesUpTo(trace.length)) {
    const page = await world.open()
    await bench(page, 'keep', trace.slice(0, size), 50)
    const [ours, bare]: [number[], number[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      bare.push(await bench<number>(page, 'openBare'))
      ours.push(await bench<number>(page, 'openKept'))
    }
    taken.push({ size, ours, bare })
  }
  const { ours, bare: plain } = taken.at(-1)!
  return [
    growth({
      name: 'open',
      unit: 'ms in edits',
      sizes: taken.map(({ size, ours, bare }) => ({ size, ours: median(ours), bare: median(bare) })),
      bareName: 'Y.applyUpdate',
      atMost: 1.1,
    }),
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
