import { deleteDB, openDB, type IDBPDatabase, type IDBPObjectStore } from 'idb'
import { err, ok, type Result } from '../core/result.ts'
import type { RowSealer, Storage, StorageFailed, Table, Write } from '../sync/ports.ts'
import { Reads } from './reads.ts'

/** Tables by letters on disk: how many rows there are can be counted, what they are for need not be said. */
const LETTERS: { readonly [T in Table]: string } = {
  meta: 'a',
  ledger: 'b',
  records: 'c',
  tail: 'k',
  heads: 'd',
  keys: 'e',
  boxes: 'f',
  snapshots: 'g',
  aside: 'h',
  shelf: 'i',
  blobs: 'j',
}
/**
 * Goes up whenever there is a table more, or a row that a program of before would take for a damaged one: it then does not
 * open the vault at all.
 */
const VERSION = 4
/** The one store in the clear: the vault's header, the count of wrong tries, and how many erase everything. */
const FRONT = 'z'

export type Front = 'header' | 'tries' | 'limit'

/** The database of a vault, not yet opened with a key. */
export interface Disk {
  readFront(row: Front): Promise<Result<Uint8Array | null, StorageFailed>>
  writeFront(row: Front, value: Uint8Array | null): Promise<Result<void, StorageFailed>>
  /** A whole vault in one transaction: its header and all its rows. Never over one that is there already. */
  begin(header: Uint8Array, sealer: RowSealer, writes: readonly Write[]): Promise<Result<void, StorageFailed>>
  /** The rows, for whoever holds the vault's key. */
  rows(sealer: RowSealer): Storage
  /** The header, and so the one slot that holds the vault's key: what is left cannot be opened by any phrase. */
  eraseFront(): Promise<Result<void, StorageFailed>>
  /**
   * The vault gives way to another one in a single step: what stood in the clear is replaced by `header`, and one row is there
   * under the new key. From then on the old rows cannot be opened by any phrase; `keepOnly` takes them away.
   */
  replace(by: Replacement): Promise<Result<void, StorageFailed>>
  /** Deletes every row but one. */
  keepOnly(row: Pick<Replacement, 'table' | 'key' | 'sealer'>): Promise<Result<void, StorageFailed>>
  /** The header first; then everything. */
  erase(): Promise<Result<void, StorageFailed>>
  close(): void
}

/** Another vault in place of the one before: its front, and the one row it begins with. */
export type Replacement = {
  readonly header: Uint8Array
  readonly table: Table
  readonly key: string
  readonly value: Uint8Array
  readonly sealer: RowSealer
}

export const openDisk = async (name: string): Promise<Result<Disk, StorageFailed>> => {
  try {
    const db: IDBPDatabase = await openDB(name, VERSION, {
      // A vault of an earlier version keeps what it has, and gets the tables it lacks.
      upgrade: (db) => {
        for (const letter of [...Object.values(LETTERS), FRONT])
          if (!db.objectStoreNames.contains(letter)) db.createObjectStore(letter)
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
  readFront: (row) =>
    attempt(async () => {
      const value: unknown = await db.get(FRONT, row)
      // Whatever else stands there is a damaged header, not a missing one.
      return value === undefined ? null : value instanceof Uint8Array ? value : new Uint8Array()
    }),
  writeFront: (row, value) =>
    attempt(() => write(db, [{ letter: FRONT, rowName: row, value: value && value.slice() }])),
  begin: (header, sealer, writes) =>
    attempt(() => {
      const steps = sealedRows(sealer, writes).map(stepOf)
      const emptied = Object.values(LETTERS).map((letter): Step => ({
        letter,
        ask: (table) => table.clear(),
      }))
      // Adding fails where there is one, and takes everything else with it.
      const first: Step = { letter: FRONT, ask: (table) => table.add(header.slice(), 'header') }
      return transact(db, [first, ...emptied, ...steps])
    }),
  rows: (sealer) => rowsOf({ db, reads: new Reads(db), sealer }),
  eraseFront: () => attempt(() => clear(db, [FRONT])),
  replace: ({ header, table, key, value, sealer }) =>
    attempt(async () => {
      const [rowName, sealed] = [sealer.name(table, key), sealer.seal(table, key, value)]
      await transact(db, [
        { letter: FRONT, ask: (rows) => rows.clear() },
        { letter: FRONT, ask: (rows) => rows.put(header.slice(), 'header' satisfies Front) },
        { letter: LETTERS[table], ask: (rows) => rows.put(sealed, rowName) },
      ])
    }),
  keepOnly: ({ table, key, sealer }) =>
    attempt(async () => {
      const rowName = sealer.name(table, key)
      await transact(db, [
        ...Object.values(LETTERS)
          .filter((letter) => letter !== LETTERS[table])
          .map((letter): Step => ({ letter, ask: (rows) => rows.clear() })),
        ...[IDBKeyRange.upperBound(rowName, true), IDBKeyRange.lowerBound(rowName, true)].map(
          (others): Step => ({ letter: LETTERS[table], ask: (rows) => rows.delete(others) }),
        ),
      ])
    }),
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

const rowsOf = ({ db, reads, sealer }: { db: IDBPDatabase; reads: Reads; sealer: RowSealer }): Storage => ({
  get: async (table, key) => {
    const read = await attempt(async () => {
      const rowName = sealer.name(table, key)
      const sealed: unknown = await reads.from(LETTERS[table], (rows) => rows.get(rowName))
      return sealed === undefined ? null : { row: openRow(sealer, table, [rowName, sealed]) }
    })
    if (!read.ok || !read.value) return read.ok ? ok(null) : read
    return read.value.row ? ok(read.value.row.value) : err({ type: 'StorageCorrupt', table })
  },
  all: (table, prefix = '') =>
    attempt(async () => {
      const [names, values] = await reads.from(LETTERS[table], (rows) =>
        Promise.all([rows.getAllKeys(), rows.getAll()]),
      )
      const rows: (readonly [string, Uint8Array])[] = []
      let corrupt = 0
      for (const [i, rowName] of names.entries()) {
        const opened = openRow(sealer, table, [rowName, values[i]])
        if (!opened) corrupt += 1
        else if (opened.key.startsWith(prefix)) rows.push([opened.key, opened.value])
      }
      rows.sort(([a], [b]) => (a < b ? -1 : 1))
      return { rows, corrupt }
    }),
  commit: (writes) =>
    attempt(() =>
      // Sealed before the transaction begins: one that waits for nothing cannot be left half open.
      write(db, sealedRows(sealer, writes)),
    ),
  close: () => db.close(),
})

/** A database keeps values of any kind, under names of any kind. Only bytes under text can be rows of ours. */
const openRow = (sealer: RowSealer, table: Table, [name, sealed]: readonly [unknown, unknown]) =>
  typeof name === 'string' && sealed instanceof Uint8Array ? sealer.open(table, name, sealed) : null

type Row = { readonly letter: string; readonly rowName: string; readonly value: Uint8Array | null }

const sealedRows = (sealer: RowSealer, writes: readonly Write[]): readonly Row[] =>
  writes.map(({ table, key, value }) => ({
    letter: LETTERS[table],
    rowName: sealer.name(table, key),
    value: value && sealer.seal(table, key, value),
  }))

const stepOf = ({ letter, rowName, value }: Row): Step => ({
  letter,
  ask: (table) => (value ? table.put(value, rowName) : table.delete(rowName)),
})

const write = (db: IDBPDatabase, rows: readonly Row[]): Promise<void> => transact(db, rows.map(stepOf))

const clear = (db: IDBPDatabase, letters: readonly string[]): Promise<void> =>
  transact(
    db,
    letters.map((letter) => ({ letter, ask: (table) => table.clear() })),
  )

type Step = {
  readonly letter: string
  readonly ask: (table: IDBPObjectStore<unknown, string[], string, 'readwrite'>) => Promise<unknown>
}

/** All of it or nothing, and not before it is on the disk. Rejects when nothing was written. */
const transact = async (db: IDBPDatabase, steps: readonly Step[]): Promise<void> => {
  const letters = [...new Set(steps.map(({ letter }) => letter))]
  if (letters.length === 0) return
  const tx = db.transaction(letters, 'readwrite', STRICT)
  try {
    // A request that fails takes the transaction with it, and `done` says so.
    for (const { letter, ask } of steps) void ask(tx.objectStore(letter)).catch(() => {})
  } catch (error) {
    tx.done.catch(() => {})
    tx.abort()
    throw error
  }
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
