import type { Bench } from './browsers.ts'
import { bench } from './pages.ts'
import { figure, growth, median, sizesUpTo, type Figure } from './report.ts'

const DEVICES = 200

/** A new epoch for 200 devices, boxes, root and signature, beside as many bare X-Wing encapsulations. */
export const rotate = async (world: Bench, { rounds }: { rounds: number }): Promise<readonly Figure[]> => {
  const page = await world.open()
  const taken: { readonly size: number; readonly ours: number[]; readonly bare: number[] }[] = []
  for (const size of sizesUpTo(DEVICES))
    taken.push({
      size,
      ...(await bench<{ ours: number[]; bare: number[] }>(page, 'rotate', size, rounds)),
    })
  const { ours, bare } = taken.at(-1)!
  return [
    growth({
      name: 'rotate',
      unit: 'ms in devices',
      sizes: taken.map(({ size, ours, bare }) => ({ size, ours: median(ours), bare: median(bare) })),
      bareName: 'the encapsulations',
      atMost: 1.1,
    }),
    figure({
      name: `rotate (${DEVICES} devices)`,
      unit: 'ms',
      values: ours,
      baseline: bare,
      baselineName: 'as many X-Wing encapsulations',
      goal: { atMost: 1.3 },
    }),
  ]
}
