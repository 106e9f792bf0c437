import type { Clock } from '../lib/core/clock.ts'

/** So many at once, so many per second after that. */
export type Rate = { readonly burst: number; readonly perSecond: number }

/** One of what a rate allows: counted in thousandths, so that whatever a millisecond earns is a whole number. */
export const ONE = 1000

export const fullOf = ({ burst }: Rate): number => burst * ONE

/** What there is after `ms` more. A clock set back must not empty a bucket. */
export const refilled = ({ burst, perSecond }: Rate, left: number, ms: number): number =>
  Math.min(burst * ONE, left + Math.max(0, ms) * perSecond)

/** A token bucket. */
export class Bucket {
  readonly #rate: Rate
  readonly #clock: Clock
  #left: number
  #filledAt: number

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate
    this.#clock = clock
    this.#left = fullOf(rate)
    this.#filledAt = clock.now()
  }

  /** Whether one more is allowed now; if so it is counted. */
  take(): boolean {
    const now = this.#clock.now()
    this.#left = refilled(this.#rate, this.#left, now - this.#filledAt)
    this.#filledAt = now
    if (this.#left < ONE) return false
    this.#left -= ONE
    return true
  }
}
