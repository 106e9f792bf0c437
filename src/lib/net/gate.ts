import type { Clock } from '../core/clock.ts'
import { createAllowance } from './waiting.ts'

/**
 * How many handshakes this device lets itself be drawn into, over all connections together: each costs it a key exchange
 * before it knows who is there. Whoever is turned away knocks again. One peer alone does not use it up, because its notes
 * are counted first (`postbox.ts`). There are no cookies: whoever has a channel has shown already that it is where it says.
 * Spec: wire.md §4.
 */
export interface Gate {
  /** Counts one as begun, and returns how it is said to be over; `null`: not now. */
  enter(): (() => void) | null
}

/** Handshakes at once: more than devices of one collective ever wake together. */
export const MAX_AT_ONCE = 48
/** So many may begin together; then one more each time this has passed. ms. */
export const BURST = 64
export const EVERY_MS = 250

export const createGate = (
  clock: Clock,
  { atOnce, burst, everyMs } = { atOnce: MAX_AT_ONCE, burst: BURST, everyMs: EVERY_MS },
): Gate => {
  const allowance = createAllowance(clock, { burst, everyMs })
  let inside = 0
  return {
    enter: () => {
      if (inside >= atOnce || !allowance.take()) return null
      inside += 1
      let isOver = false
      return () => {
        if (!isOver) inside -= 1
        isOver = true
      }
    },
  }
}
