import type { Bench } from './browsers.ts'
import { bench } from './pages.ts'
import { figure, type Figure } from './report.ts'

/** A new epoch for 200 devices, boxes, root and signature, beside as many bare X-Wing encapsulations. */
export const rotate = async (world: Bench, { rounds }: { rounds: number }): Promise<readonly Figure[]> => {
  const page = await world.open()
  const { ours, bare } = await bench<{ ours: number[]; bare: number[] }>(page, 'rotate', 200, rounds)
  return [
    figure({
      name: 'rotate (200 devices)',
      unit: 'ms',
      values: ours,
      baseline: bare,
      baselineName: 'as many X-Wing encapsulations',
      goal: { atMost: 1.3 },
    }),
  ]
}
