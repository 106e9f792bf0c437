import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import { keepsRows } from '../conformance/storage.ts'

keepsRows('memory', () => {
  const storage = createMemoryStorage()
  return Promise.resolve({ open: () => Promise.resolve(storage) })
})
