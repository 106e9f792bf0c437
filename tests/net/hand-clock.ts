import type { Clock } from '../../src/lib/core/clock.ts'

/** A clock that stands until it is moved by hand. */
export interface HandClock extends Clock {
  /** Moves time on; what falls due on the way happens in order, each at its own time. */
  pass(ms: number): void
}

export const createHandClock = (start = Date.UTC(2026, 5, 1, 12)): HandClock => {
  let now = start
  let due: { readonly at: number; readonly then: () => void }[] = []
  return {
    now: () => now,
    after: (ms, then) => {
      const entry = { at: now + Math.max(0, ms), then }
      due.push(entry)
      return () => {
        due = due.filter((other) => other !== entry)
      }
    },
    pass: (ms) => {
      const until = now + ms
      for (;;) {
        const next = due.filter(({ at }) => at <= until).sort((x, y) => x.at - y.at)[0]
        if (!next) break
        due = due.filter((other) => other !== next)
        now = Math.max(now, next.at)
        next.then()
      }
      now = until
    },
  }
}
