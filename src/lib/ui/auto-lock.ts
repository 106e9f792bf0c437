import type { Clock } from '../core/clock.ts'
import type { LockRules } from '../workspace/types.ts'

/** Watches how long nobody has touched an open notebook, and locks it in time. */
export type AutoLock = {
  /** A finger, a key. One that comes too late locks all the same: a phone that slept has not counted. */
  touched(): void
  /** The page went to the background. */
  left(): void
  /** It is back, or the rules have changed: looks at once. */
  look(): void
  stop(): void
}

export const createAutoLock = (of: {
  readonly rules: () => LockRules
  readonly clock: Clock
  readonly lock: () => void
}): AutoLock => {
  const { clock } = of
  let touchedAt = clock.now()
  let stopWaiting = (): void => {}
  const restMs = () => touchedAt + of.rules().afterMinutes * 60_000 - clock.now()
  const look = (): void => {
    stopWaiting()
    const rest = restMs()
    if (rest <= 0) return of.lock()
    stopWaiting = clock.after(rest, look)
  }
  look()
  return {
    look,
    touched: () => {
      if (restMs() <= 0) return look()
      touchedAt = clock.now()
    },
    left: () => {
      if (of.rules().onLeaving === 'lock') of.lock()
    },
    stop: () => stopWaiting(),
  }
}
