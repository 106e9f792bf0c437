import { IDBFactory } from 'fake-indexeddb'
import { expectOk } from '../../src/lib/core/result.ts'
import { generateSecretKey } from '../../src/lib/crypto/hash.ts'
import type { Vault } from '../../src/lib/crypto/vault.ts'
import { openDisk, type Disk } from '../../src/lib/store/idb-storage.ts'

/** A browser with nothing in it yet. */
export const newBrowser = (): void => {
  globalThis.indexedDB = new IDBFactory()
}

export const newVault = (): Vault => ({ key: generateSecretKey() })

export const someDisk = async (): Promise<Disk> => expectOk(await openDisk('cuaderno'))

/** Everything that lies in the database, as whoever takes the device finds it: table, name of the row, bytes. */
export const dump = async (): Promise<readonly (readonly [string, string, Uint8Array])[]> => {
  const { openDB } = await import('idb')
  const rows: [string, string, Uint8Array][] = []
  for (const { name } of await indexedDB.databases()) {
    const db = await openDB(name!)
    for (const table of db.objectStoreNames) {
      const tx = db.transaction(table)
      const [names, values] = await Promise.all([tx.store.getAllKeys(), tx.store.getAll()])
      for (const [i, row] of names.entries()) rows.push([table, String(row), values[i] as Uint8Array])
    }
    db.close()
  }
  return rows
}

/** Somebody with the database open in their own tools writes into it. */
export const meddle = async (table: string, row: string, value: Uint8Array | null): Promise<void> => {
  const { openDB } = await import('idb')
  const db = await openDB('cuaderno')
  if (value) await db.put(table, value, row)
  else await db.delete(table, row)
  db.close()
}
