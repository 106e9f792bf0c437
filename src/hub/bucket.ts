import type { Clock } from '../lib/core/clock.ts'

/** So many at once, so many per second after that. */
export type Rate = { readonly burst: number; readonly perSecond: number }

/** A token bucket: the function it gives says whether one more is allowed now, and counts it if so. */
export const createBucket = ({ burst, perSecond }: Rate, clock: Clock): (() => boolean) => {
  let tokens = burst
  let filledAt = clock.now()
  return () => {
    const now = clock.now()
    // A clock set back must not empty the bucket.
    tokens = Math.min(burst, tokens + (Math.max(0, now - filledAt) * perSecond) / 1000)
    filledAt = now
    if (tokens < 1) return false
    tokens -= 1
    return true
  }
}
