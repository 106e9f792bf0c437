import { drawEverythingFrom, Dice } from './dice.ts'
import { holdsItsPromises } from './promises.ts'
import { Turmoil, type Kind, type Setting } from './turmoil.ts'

/** One that failed is replayed by the line it prints; `SEED=n-m npx vitest run tests/simulation`: all from n to m. */
const [first, last] = (process.env.SEED ?? (process.env.SLOW === '1' ? '1-10000' : '1-200'))
  .split('-')
  .map(Number)
export const SEEDS = Array.from({ length: (last ?? first!) - first! + 1 }, (_, i) => first! + i)

/** Every second life is wide, and half of those have circles; `LIFE=usual`, `wide` or `circled`: all are. */
const KINDS = ['usual', 'wide', 'usual', 'circled'] as const
const forced = KINDS.find((kind) => kind === process.env.LIFE)
const kindOf = (n: number): Kind => forced ?? KINDS[n % KINDS.length]!

/** Devices. */
const MANY = 40

/** How a life begins, and goes on. Devices, people, and things that happen. */
export type Plan = Setting & {
  readonly founders: number
  readonly atLeast: number
  readonly steps: number
}

/** One in twenty of the first two hundred is of many devices from the beginning, and one in a hundred after them. */
const beginsLarge = (seed: number) => seed % (seed <= 200 ? 20 : 100) === 13
/** And one in two hundred has room for many. */
const hasRoom = (seed: number) => seed % 200 === 0
/** Those of many devices take as long as fifty others. */
export const isLarge = (seed: number): boolean => beginsLarge(seed) || hasRoom(seed)

export const planOf = (seed: number): Plan => {
  const dice = new Dice(seed * 31 + 7)
  if (beginsLarge(seed)) {
    // Spread so that there are more of the smaller, as all messages go to all; and one of as many as there may be.
    const drawn = 9 + Math.min(dice.below(32), dice.below(32))
    const atLeast = seed % 200 === 93 ? MANY : drawn
    const steps = 40 + dice.below(80)
    const founders = 3 + dice.below(10)
    const meets = dice.once(2) ? 'seldom' : 'never'
    return { kind: kindOf(Math.floor(seed / 20)), meets, room: MANY, founders, atLeast, steps }
  }
  const isWide = hasRoom(seed)
  const room = isWide ? MANY : 5 + dice.below(4)
  const founders = isWide ? 8 : 3 + dice.below(3)
  const steps = isWide ? 200 : 40 + dice.below(60)
  // Half of those who live wide come together now and then.
  const meets = Math.floor(seed / KINDS.length) % 2 === 0 && kindOf(seed) !== 'usual' ? 'often' : 'never'
  return { kind: kindOf(seed), meets, room, founders, atLeast: 5, steps }
}

export const lives = async (
  seed: number,
  { founders, atLeast, steps, ...setting }: Plan,
): Promise<Turmoil> => {
  const turmoil = new Turmoil(seed, setting)
  await turmoil.begin(founders, atLeast)
  await turmoil.run(steps)
  await turmoil.heals()
  return turmoil
}

/** What the lives of this run saw, and of how many devices the smallest and the largest was. */
export const seen = new Set<string>()
export const sizes = { smallest: Number.POSITIVE_INFINITY, largest: 0 }

/** What went wrong, in a line that replays it; `null`: nothing. */
export const failureOf = async (
  seed: number,
  plan = planOf(seed),
  again?: string,
): Promise<string | null> => {
  const undo = drawEverythingFrom(seed)
  const replay = again ?? `${forced ? `LIFE=${forced} ` : ''}SEED=${seed}`
  try {
    const turmoil = await lives(seed, plan)
    await holdsItsPromises(turmoil)
    for (const what of await turmoil.happened()) seen.add(what)
    if (again) return null
    const devices = turmoil.world.people.length
    sizes.smallest = Math.min(sizes.smallest, devices)
    sizes.largest = Math.max(sizes.largest, devices)
    return null
  } catch (error) {
    return `${replay} npx vitest run tests/simulation\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  } finally {
    undo()
  }
}
