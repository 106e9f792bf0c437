import type { Clock } from '../lib/core/clock.ts'

/** So many at once, so many per second after that. */
export type Rate = { readonly burst: number; readonly perSecond: number }

/** A token bucket. A class, because a hub has two for each who is there. */
export class Bucket {
  readonly #rate: Rate
  readonly #clock: Clock
  #tokens: number
  #filledAt: number

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate
    this.#clock = clock
    this.#tokens = rate.burst
    this.#filledAt = clock.now()
  }

  /** Whether one more is allowed now; if so it is counted. */
  take(): boolean {
    const { burst, perSecond } = this.#rate
    const now = this.#clock.now()
    // A clock set back must not empty the bucket.
    const earned = (Math.max(0, now - this.#filledAt) * perSecond) / 1000
    this.#tokens = Math.min(burst, this.#tokens + earned)
    this.#filledAt = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
