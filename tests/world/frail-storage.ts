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
