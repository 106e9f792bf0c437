import 'fake-indexeddb/auto'
import { expectOk } from '../../src/lib/core/result.ts'
import { createRowSealer } from '../../src/lib/crypto/vault.ts'
import { openDisk } from '../../src/lib/store/idb-storage.ts'
import type { Storage } from '../../src/lib/sync/ports.ts'
import { newVault } from '../store/disks.ts'

export type RealDisk = {
  readonly storage: Storage
  /** What the same device finds when it is opened again. */
  again(): Promise<Storage>
}

/** A database as browsers have it, its rows sealed by a vault as the app seals them. */
export const realDisk = async (name = 'cuaderno'): Promise<RealDisk> => {
  const vault = newVault()
  const open = async () => expectOk(await openDisk(name)).rows(createRowSealer(vault))
  return { storage: await open(), again: open }
}
