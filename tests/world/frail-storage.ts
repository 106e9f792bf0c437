import { err } from '../../src/lib/core/result.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import type { Storage } from '../../src/lib/sync/ports.ts'

/** A disk that dies after so many transactions: what came before is there, nothing after is, and no transaction is half there. */
export const createFrailStorage = (transactions: number): Storage & { died(): boolean } => {
  const storage = createMemoryStorage()
  let left = transactions
  return {
    ...storage,
    died: () => left <= 0,
    commit: (writes) => {
      if (left <= 0) return Promise.resolve(err({ type: 'StorageFailed' }))
      left -= 1
      return storage.commit(writes)
    },
  }
}

/** A disk that can be made to die later, and whose rows a device started anew finds as they were. */
export type Disk = Storage & {
  /** Takes so many more transactions, then none. */
  dieAfter(transactions: number): void
  dead(): boolean
  /** How many it takes yet. */
  left(): number
  /** The same rows for the next start. Whoever still holds the old one can write no more. */
  nextStart(): Disk
}

export const createDisk = (rows: Storage = createMemoryStorage()): Disk => {
  let left = Number.POSITIVE_INFINITY
  return {
    ...rows,
    commit: (writes) => {
      if (left <= 0) return Promise.resolve(err({ type: 'StorageFailed' }))
      left -= 1
      return rows.commit(writes)
    },
    dieAfter: (transactions) => void (left = transactions),
    dead: () => left <= 0,
    left: () => left,
    nextStart: () => {
      left = 0
      return createDisk(rows)
    },
  }
}
