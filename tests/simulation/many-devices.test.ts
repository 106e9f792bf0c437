import { expect, test } from 'vitest'
import { failureOf, isLarge, SEEDS, sizes } from './lives.ts'

test.for(SEEDS.filter(isLarge))(
  'the same of many devices: all see the same and nothing is lost (seed %i)',
  { timeout: 900_000 },
  async (seed) => {
    expect(await failureOf(seed)).toBeNull()
  },
)

test.skipIf(SEEDS.length < 200)('and there were up to forty', () => {
  expect(sizes.largest).toBeGreaterThan(30)
})
