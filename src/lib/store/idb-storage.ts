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
    const db: IDBPDatabase = await openDB(name, 1, {
      upgrade: (fresh) => {
        for (const letter of [...Object.values(LETTERS), FRONT]) fresh.createObjectStore(letter)
      },
      // Another tab erases: whoever held on to the database would keep it from being deleted.
      blocking: () => db.close(),
    })
    return ok(diskOf(name, db))
  } catch {
    return err({ type: 'StorageFailed' })
  }
}

/** After a crash, what was said to be written is written. Browsers promise less unless asked. */
const STRICT = { durability: 'strict' } as const

const diskOf = (name: string, db: IDBPDatabase): Disk => ({
  readFront: (row) => attempt(async () => ((await db.get(FRONT, row)) as Uint8Array | undefined) ?? null),
  writeFront: (row, value) =>
    attempt(() => write(db, [{ letter: FRONT, rowName: row, value: value && value.slice() }])),
  rows: (sealer) => rowsOf(db, sealer),
  erase: () =>
    attempt(async () => {
      await clear(db, [FRONT])
      await clear(db, Object.values(LETTERS))
      db.close()
      // What is left is an empty shell: another tab that does not let go of it cannot hold us up.
      await new Promise<void>((resolve, reject) => {
        deleteDB(name, { blocked: () => resolve() }).then(resolve, reject)
      })
    }),
  close: () => db.close(),
})

const rowsOf = (db: IDBPDatabase, sealer: RowSealer): Storage => ({
  get: async (table, key) => {
    const read = await attempt(async () => {
      const rowName = sealer.name(table, key)
      const sealed = (await db.get(LETTERS[table], rowName)) as Uint8Array | undefined
      return sealed ? { row: sealer.open(table, rowName, sealed) } : null
    })
    if (!read.ok || !read.value) return read.ok ? ok(null) : read
    return read.value.row ? ok(read.value.row.value) : err({ type: 'StorageCorrupt', table })
  },
  all: (table, prefix = '') =>
    attempt(async () => {
      const tx = db.transaction(LETTERS[table])
      const [names, values] = await Promise.all([
        tx.store.getAllKeys(),
        tx.store.getAll() as Promise<Uint8Array[]>,
      ])
      const rows: (readonly [string, Uint8Array])[] = []
      let corrupt = 0
      for (const [i, rowName] of names.entries()) {
        const opened = sealer.open(table, String(rowName), values[i]!)
        if (!opened) corrupt += 1
        else if (opened.key.startsWith(prefix)) rows.push([opened.key, opened.value])
      }
      rows.sort(([a], [b]) => (a < b ? -1 : 1))
      return { rows, corrupt }
    }),
  commit: (writes) =>
    attempt(() =>
      // Sealed before the transaction begins: one that waits for nothing cannot be left half open.
      write(
        db,
        writes.map(({ table, key, value }) => ({
          letter: LETTERS[table],
          rowName: sealer.name(table, key),
          value: value && sealer.seal(table, key, value),
        })),
      ),
    ),
  close: () => db.close(),
})

type Row = { readonly letter: string; readonly rowName: string; readonly value: Uint8Array | null }

/** All of it or nothing, and not before it is on the disk. Rejects when nothing was written. */
const write = async (db: IDBPDatabase, rows: readonly Row[]): Promise<void> => {
  const letters = [...new Set(rows.map(({ letter }) => letter))]
  if (letters.length === 0) return
  const tx = db.transaction(letters, 'readwrite', STRICT)
  try {
    for (const { letter, rowName, value } of rows) {
      const store = tx.objectStore(letter)
      // A row that fails takes the transaction with it, and `done` says so.
      void (value ? store.put(value, rowName) : store.delete(rowName)).catch(() => {})
    }
  } catch (error) {
    tx.done.catch(() => {})
    tx.abort()
    throw error
  }
  await tx.done
}

const clear = async (db: IDBPDatabase, letters: readonly string[]): Promise<void> => {
  const tx = db.transaction(letters, 'readwrite', STRICT)
  for (const letter of letters)
    void tx
      .objectStore(letter)
      .clear()
      .catch(() => {})
  await tx.done
}

/** Whatever the reason (quota, eviction, a closing database, a vault locked meanwhile), it did not happen. */
const attempt = async <T>(work: () => Promise<T>): Promise<Result<T, StorageFailed>> => {
  try {
    return ok(await work())
  } catch {
    return err({ type: 'StorageFailed' })
  }
}
