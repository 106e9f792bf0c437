import { encodeCbor } from '../core/cbor.ts'
import { concatBytes, textFromUtf8 } from '../core/bytes.ts'
import { Reader } from '../core/cbor-reader.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { BadBackup } from '../crypto/backup.ts'
import { TABLES, type Storage, type StorageFailed, type Table, type Write } from '../sync/ports.ts'
import { encodeRestored, restoredKey } from './restored-row.ts'
import { parseSpaceRow, SPACE_PREFIX } from './rows.ts'

/** Goes up with every change of rows that a program of before would misread: together with the version of the database. */
const ROWS_VERSION = 1

export type BackupRow = { readonly table: Table; readonly key: string; readonly value: Uint8Array }

/** What a backup file holds. */
export type Backup = {
  /** The minute it was made, milliseconds since 1970. */
  readonly at: number
  readonly rows: readonly BackupRow[]
}

/** Everything of a vault that may go on elsewhere. Call on a disk that is held still. */
export const rowsToCopy = async (storage: Storage): Promise<Result<readonly BackupRow[], StorageFailed>> => {
  const rows: BackupRow[] = []
  for (const table of TABLES) {
    const all = await storage.all(table)
    // A row that does not open would be missing where the copy is opened, and nobody would hear of it.
    if (!all.ok || all.value.corrupt > 0) return err({ type: 'StorageFailed' })
    for (const [key, value] of all.value.rows) if (mayGoOn(table, key)) rows.push({ table, key, value })
  }
  return ok(rows)
}

/** Payload of a backup file. Spec: backup.md §3. */
export const encodeBackup = ({ at, rows }: Backup): Uint8Array =>
  concatBytes(
    encodeCbor([ROWS_VERSION, at]),
    ...rows.map(({ table, key, value }) => encodeCbor([table, key, value])),
  )

/** Bytes that were authenticated, and yet may come from anybody who knows a passphrase. Never throws. */
export const parseBackup = (payload: Uint8Array): Result<Backup, BadBackup> => {
  const reader = new Reader(payload)
  reader.expect(0x82)
  const version = reader.uint()
  if (!reader.failed && version > ROWS_VERSION) return err({ type: 'NewerBackup' })
  const at = reader.uint()
  const rows: BackupRow[] = []
  const seen = new Set<string>()
  while (!reader.failed && !reader.done) {
    reader.expect(0x83)
    const [table, key, value] = [textFromUtf8(reader.text()), textFromUtf8(reader.text()), reader.bytes()]
    const known = TABLES.find((one) => one === table)
    if (!known || key === null || seen.has(`${table} ${key}`)) reader.fail()
    else {
      seen.add(`${table} ${key}`)
      rows.push({ table: known, key, value })
    }
  }
  return reader.failed || version !== ROWS_VERSION ? err({ type: 'BackupDamaged' }) : ok({ at, rows })
}

/**
 * What is written where a copy begins again: its rows, and in every collective that this device has to hear from others
 * first what it signed since. Spec: backup.md §5.
 */
export const writesOf = ({ rows }: Backup): readonly Write[] => [
  ...rows.filter(({ table, key }) => mayGoOn(table, key) && !key.startsWith('restored/')),
  ...rows.flatMap(({ table, key, value }) => {
    const space = table === 'meta' && key.startsWith(SPACE_PREFIX) ? parseSpaceRow(value) : null
    return space ? [{ table, key: restoredKey(space.coll), value: encodeRestored('waits') }] : []
  }),
]

/** Where the feeds ended here, and what was written down for the next start here: both are untrue anywhere else. */
const mayGoOn = (table: Table, key: string): boolean =>
  table !== 'heads' && !(table === 'snapshots' && /^[0-9a-f]+\/start(?:\/|$)/.test(key))
