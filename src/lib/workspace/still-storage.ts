import type { Storage } from '../sync/ports.ts'

/** A storage that can be held still for a moment. */
export type StillStorage = Storage & {
  /** Runs `work` while nothing is being written: what it reads is one moment of the disk. Writes wait, and lose nothing. */
  still<T>(work: (storage: Storage) => Promise<T>): Promise<T>
}

/** A copy made of several readings must not fall between two transactions that belong together. */
export const createStillStorage = (storage: Storage): StillStorage => {
  /** What is being written, and who holds it still. */
  const writing = new Set<Promise<unknown>>()
  let held: Promise<unknown> = Promise.resolve()
  let isHeld = false
  return {
    get: (table, key) => storage.get(table, key),
    all: (table, prefix) => storage.all(table, prefix),
    commit: async (writes) => {
      while (isHeld) await held
      const done = storage.commit(writes)
      writing.add(done)
      return done.finally(() => writing.delete(done))
    },
    still: async (work) => {
      while (isHeld) await held
      isHeld = true
      const working = Promise.all(writing).then(() => work(storage))
      held = working.then(
        () => (isHeld = false),
        () => (isHeld = false),
      )
      return working
    },
    close: () => storage.close(),
  }
}
