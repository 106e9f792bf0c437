import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import type { Storage } from '../../src/lib/sync/ports.ts'

/** A disk that can be told to take its time: what is written while it does lies nowhere until it is let go on, in order. */
export type SlowDisk = Storage & {
  /** From here on nothing that is written arrives. */
  halt(): void
  /** What waited arrives, and whatever comes from here on at once. */
  goOn(): void
}

export const createSlowDisk = (rows: Storage = createMemoryStorage()): SlowDisk => {
  let goesOn: (() => void) | null = null
  let turn: Promise<void> = Promise.resolve()
  return {
    ...rows,
    commit: async (writes) => {
      await turn
      return rows.commit(writes)
    },
    halt: () => {
      if (!goesOn) turn = new Promise((resolve) => (goesOn = resolve))
    },
    goOn: () => {
      goesOn?.()
      goesOn = null
    },
  }
}
