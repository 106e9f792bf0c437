import { deleteDB, openDB, type IDBPDatabase } from 'idb'
import { err, ok, type Result } from '../core/result.ts'
import type { RowSealer, Storage, StorageFailed, Table } from '../sync/ports.ts'

/** Tables by letters on disk: how many rows there are can be counted, what they are for need not be said. */
const LETTERS: { readonly [T in Table]: string } = {
  meta: 'a',
  ledger: 'b',
  records: 'c',
  heads: 'd',
  keys: 'e',
  boxes: 'f',
  snapshots: 'g',
  aside: 'h',
}
/** The one store in the clear: the vault's header and the count of wrong tries. */
const FRONT = 'z'

export type Front = 'header' | 'tries'

/** The database of a vault, not yet opened with a key. */
export interface Disk {
  readFront(row: Front): Promise<Result<Uint8Array | null, StorageFailed>>
  writeFront(row: Front, value: Uint8Array | null): Promise<Result<void, StorageFailed>>
  /** The rows, for whoever holds the vault's key. */
  rows(sealer: RowSealer): Storage
  /** The header first, so that what is left cannot be opened; then everything. */
  erase(): Promise<Result<void, StorageFailed>>
  close(): void
}

export const openDisk = async (name: string): Promise<Result<Disk, StorageFailed>> => {
  try {
    const db = await openDB(name, 1, {
      upgrade: (fresh) => {
        for (const letter of [...Object.values(LETTERS), FRONT]) fresh.createObjectStore(letter)
      },
    })
    return ok(diskOf(name, db))
  } catch {
    return err({ type: 'StorageFailed' })
  }
}

const diskOf = (name: string, db: IDBPDatabase): Disk => ({
  readFront: (row) => attempt(async () => ((await db.get(FRONT, row)) as Uint8Array | undefined) ?? null),
  writeFront: (row, value) =>
    attempt(async () => {
      if (value) await db.put(FRONT, value, row)
      else await db.delete(FRONT, row)
    }),
  rows: (sealer) => rowsOf(db, sealer),
  erase: () =>
    attempt(async () => {
      await db.clear(FRONT)
      db.close()
      await deleteDB(name)
    }),
  close: () => db.close(),
})

const rowsOf = (db: IDBPDatabase, sealer: RowSealer): Storage => ({
  get: async (table, key) => {
    const rowName = sealer.name(table, key)
    const read = await attempt(async () => (await db.get(LETTERS[table], rowName)) as Uint8Array | undefined)
    if (!read.ok || !read.value) return read.ok ? ok(null) : read
    const opened = sealer.open(table, rowName, read.value)
    return opened ? ok(opened.value) : err({ type: 'StorageCorrupt', table })
  },
  all: async (table, prefix = '') => {
    const read = await attempt(async () => {
      const tx = db.transaction(LETTERS[table])
      return Promise.all([tx.store.getAllKeys(), tx.store.getAll() as Promise<Uint8Array[]>])
    })
    if (!read.ok) return read
    const [names, values] = read.value
    const rows: (readonly [string, Uint8Array])[] = []
    let corrupt = 0
    for (const [i, rowName] of names.entries()) {
      const opened = sealer.open(table, String(rowName), values[i]!)
      if (!opened) corrupt += 1
      else if (opened.key.startsWith(prefix)) rows.push([opened.key, opened.value])
    }
    rows.sort(([a], [b]) => (a < b ? -1 : 1))
    return ok({ rows, corrupt })
  },
  commit: (writes) =>
    attempt(async () => {
      // Sealed before the transaction begins: one that waits for nothing cannot be left half open.
      const sealed = writes.map(({ table, key, value }) => ({
        letter: LETTERS[table],
        rowName: sealer.name(table, key),
        value: value && sealer.seal(table, key, value),
      }))
      const letters = [...new Set(sealed.map(({ letter }) => letter))]
      if (letters.length === 0) return
      const tx = db.transaction(letters, 'readwrite', { durability: 'strict' })
      for (const { letter, rowName, value } of sealed)
        void (
          value ? tx.objectStore(letter).put(value, rowName) : tx.objectStore(letter).delete(rowName)
        )?.catch(() => {})
      await tx.done
    }),
  close: () => db.close(),
})

/** Whatever the browser's reason (quota, eviction, a closing database), it did not happen. */
const attempt = async <T>(work: () => Promise<T>): Promise<Result<T, StorageFailed>> => {
  try {
    return ok(await work())
  } catch {
    return err({ type: 'StorageFailed' })
  }
}
