import { randomBelow, type Clock, type Random } from '../core/clock.ts'

/** Milliseconds before try number `tries` (0 is the first): doubling, at most `most`, between half and all of it. */
export const backOff = (
  tries: number,
  random: Random,
  { first, most }: { readonly first: number; readonly most: number },
): number => {
  const whole = Math.min(most, first * 2 ** Math.min(tries, 20))
  return Math.floor(whole / 2) + randomBelow(random, Math.ceil(whole / 2) + 1)
}

/** Somebody who would not: left alone for a while, longer each time. */
export interface Denial {
  /** They would not, once more. */
  refused(): void
  /** Milliseconds until they may be asked again; 0: now. */
  left(): number
  lift(): void
}

export const createDenial = (clock: Clock, random: Random, pace: Parameters<typeof backOff>[2]): Denial => {
  let times = 0
  let until = 0
  return {
    refused: () => void (until = clock.now() + backOff(times++, random, pace)),
    left: () => Math.max(0, until - clock.now()),
    lift: () => void ([times, until] = [0, 0]),
  }
}

/** How often something may happen: `burst` at once, then one more every `everyMs`. */
export interface Allowance {
  /** Whether it may happen now; if so it counts as done. */
  take(): boolean
}

export const createAllowance = (
  clock: Clock,
  { burst, everyMs }: { readonly burst: number; readonly everyMs: number },
): Allowance => {
  let left = burst
  let since = clock.now()
  return {
    take: () => {
      const earned = Math.floor((clock.now() - since) / everyMs)
      // A clock set back earns nothing, and starts again from there.
      if (earned !== 0) since = earned > 0 ? since + earned * everyMs : clock.now()
      left = Math.min(burst, left + Math.max(0, earned))
      if (left === 0) return false
      left -= 1
      return true
    },
  }
}
