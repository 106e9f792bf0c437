import { expect, test } from 'vitest'
import { drawEverythingFrom, Dice } from './dice.ts'
import { holdsItsPromises } from './promises.ts'
import { Turmoil } from './turmoil.ts'

/** One that failed is replayed by `SEED=n npx vitest run tests/simulation`. */
const seeds = process.env.SEED
  ? [Number(process.env.SEED)]
  : Array.from({ length: process.env.SLOW === '1' ? 10_000 : 200 }, (_, i) => i + 1)

const SHARE = 20

/** From 5 to 8 devices, once in a while up to 40. */
const lives = async (seed: number): Promise<Turmoil> => {
  const dice = new Dice(seed * 31 + 7)
  const isLarge = seed % 100 === 0
  const turmoil = new Turmoil(seed, isLarge ? 40 : 5 + dice.below(4))
  await turmoil.begin(isLarge ? 8 : 3 + dice.below(3))
  await turmoil.run(isLarge ? 200 : 40 + dice.below(60))
  await turmoil.heals()
  return turmoil
}

const scenario = async (seed: number): Promise<void> => {
  const undo = drawEverythingFrom(seed)
  try {
    await holdsItsPromises(await lives(seed))
  } catch (error) {
    if (error instanceof Error)
      error.message = `SEED=${seed} npx vitest run tests/simulation\n${error.message}`
    throw error
  } finally {
    undo()
  }
}

for (let from = 0; from < seeds.length; from += SHARE) {
  const share = seeds.slice(from, from + SHARE)
  test(`after everything that can happen to a collective, all see the same and nothing is lost (seeds from ${share[0]})`, async () => {
    for (const seed of share) await scenario(seed)
  }, 120_000)
}

test('the same seed is the same run, act by act and key by key', async () => {
  const lived = async (seed: number) => {
    const undo = drawEverythingFrom(seed)
    const turmoil = await lives(seed).finally(undo)
    return {
      trace: turmoil.trace,
      heads: turmoil.world.people.map(({ replica }) => replica.ledger.heads()),
      docs: turmoil.world.people.map(({ replica }) => replica.feeds.positionsMerged()),
    }
  }
  expect(await lived(4)).toEqual(await lived(4))
  expect((await lived(5)).heads).not.toEqual((await lived(4)).heads)
})
