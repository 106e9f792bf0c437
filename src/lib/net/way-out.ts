import type { Clock, Random } from '../core/clock.ts'
import { backOff, createAllowance } from './waiting.ts'

export type WayOutOptions = {
  readonly clock: Clock
  readonly random: Random
  /** Whether the link in use goes through a hub’s pipe. */
  readonly isInPipe: () => boolean
  /** Asks the other side for a connection that needs no hub. */
  readonly knock: () => void
}

/**
 * Out of a pipe: as long as a link goes through a hub, another is sought beside it now and then. Who keeps both ends
 * apart today may let them meet in an hour, and says nothing of it. Spec: wire.md §12.
 */
export interface WayOut {
  /** Links came or went. */
  look(): void
  /** Something may have changed: tries after `ms` milliseconds. */
  hasten(ms: number): void
  stop(): void
}

/** Between two tries: doubling, each time between half and all of it. ms. */
const PACE = { first: 10_000, most: 600_000 }
/** Whatever hastens it, and however often links are made anew: within an hour six and twelve. */
const MOST = { burst: 6, everyMs: 300_000 }

export const createWayOut = ({ clock, random, isInPipe, knock }: WayOutOptions): WayOut => {
  const allowance = createAllowance(clock, MOST)
  let tries = 0
  let callOff = () => {}
  const tryAfter = (ms: number) => {
    callOff()
    callOff = clock.after(ms, () => {
      if (isInPipe() && allowance.take()) knock()
      look()
    })
  }
  const look = () => {
    callOff()
    if (isInPipe()) tryAfter(backOff(tries++, random, PACE))
  }
  return {
    look,
    hasten: (ms) => {
      tries = 0
      if (isInPipe()) tryAfter(ms)
    },
    stop: () => callOff(),
  }
}
