import { join } from 'node:path'
import { concatBytes, textFromUtf8, utf8FromText } from '../lib/core/bytes.ts'
import { encodeCbor } from '../lib/core/cbor.ts'
import { Reader } from '../lib/core/cbor-reader.ts'
import type { Random } from '../lib/core/clock.ts'
import { err, ok, type Result } from '../lib/core/result.ts'
import { TABLES, type Storage, type StorageFailed, type Table, type Write } from '../lib/sync/ports.ts'
import { LogFile, type Frame } from './log-file.ts'

/** Rows of a keeper, in an append log in its folder. What is in it is public or sealed by others: nothing is sealed again. */
export interface LogStorage extends Storage {
  /** Keys of a table that begin with `prefix`, in order; values stay on the disk. */
  keys(table: Table, prefix?: string): readonly string[]
  /** Bytes of a row’s value, 0 where there is none. */
  sizeOf(table: Table, key: string): number
  /** Bytes of the whole log on the disk, and of them those that no row needs any more. */
  readonly size: number
  readonly dead: number
  /** Commits that were found damaged when it was opened, with others whole behind them. */
  readonly damaged: number
  /** Writes the log anew with only what is needed: what was deleted is then gone from this file. */
  compact(): Promise<Result<void, StorageFailed>>
  /** Until everything asked for so far is done and the file is closed. */
  closed(): Promise<void>
}

type Place = { readonly at: number; readonly length: number }

/** What a row costs beside its value, about. Bytes. */
const ROW_OVERHEAD = 100
/** Rows are copied into a new log in commits of about this size. Bytes. */
const COPY_BYTES = 2 ** 20

export const logPath = (folder: string): string => join(folder, 'log')

/**
 * Opens the log of a folder, and makes one where there is none. `look`: for reading only, beside a keeper that runs.
 * `null`: there is a file of that name which is no log of ours.
 */
export const openLogStorage = async (
  folder: string,
  random: Random,
  how: 'look' | 'own' = 'own',
): Promise<LogStorage | null> => {
  const path = logPath(folder)
  const rows = new Map<Table, Map<string, Place>>(TABLES.map((table) => [table, new Map()]))
  let live = 0
  const note = ({ at, payload }: Frame) => {
    for (const { table, key, place } of rowsIn(payload)) {
      const known = rows.get(table)!
      live -= costOf(known.get(key))
      if (place) known.set(key, { at: at + place.at, length: place.length })
      else known.delete(key)
      live += costOf(known.get(key))
    }
  }
  if (how === 'own') await LogFile.prepare(path, random)
  const opened = await LogFile.read(path, how, note)
  if (!opened) return null
  let file = opened.file
  let queue: Promise<unknown> = Promise.resolve()
  let isClosed = false

  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const turn = queue.then(run)
    queue = turn.catch(() => {})
    return turn
  }
  const attempt = (run: () => Promise<void>): Promise<Result<void, StorageFailed>> =>
    inTurn(async () => {
      if (isClosed || how === 'look') return err({ type: 'StorageFailed' })
      try {
        await run()
        return ok(undefined)
      } catch {
        return err({ type: 'StorageFailed' })
      }
    })
  const valueAt = async ({ at, length }: Place) => file.readAt(at, length)

  const copyInto = async (fresh: LogFile): Promise<readonly Frame[]> => {
    const moved: Frame[] = []
    let parts: Uint8Array[] = []
    let bytes = 0
    const flush = async () => {
      if (parts.length > 0) moved.push(await fresh.append(concatBytes(...parts)))
      parts = []
      bytes = 0
    }
    // In order of key: what lies beside what then no longer tells what came with what.
    for (const [table, known] of rows)
      for (const [key, place] of [...known].sort(([a], [b]) => inOrder(a, b))) {
        const part = encodeRow({ table, key, value: await valueAt(place) })
        parts.push(part)
        bytes += part.length
        if (bytes >= COPY_BYTES) await flush()
      }
    await flush()
    await fresh.become(path)
    return moved
  }

  const copyAll = async () => {
    const fresh = await LogFile.create(path, random)
    const moved = await copyInto(fresh).catch(async (error: unknown) => {
      // A disk that is full would stay so for the sake of half a copy.
      await fresh.discard()
      throw error
    })
    const old = file
    file = fresh
    live = 0
    for (const known of rows.values()) known.clear()
    for (const frame of moved) note(frame)
    await old.retire()
  }

  return {
    get size() {
      return file.end
    },
    get dead() {
      return Math.max(0, file.end - live)
    },
    damaged: opened.damaged,
    keys: (table, prefix = '') =>
      [...rows.get(table)!.keys()].filter((key) => key.startsWith(prefix)).sort(inOrder),
    sizeOf: (table, key) => rows.get(table)!.get(key)?.length ?? 0,
    get: async (table, key) => {
      const place = rows.get(table)!.get(key)
      if (!place) return ok(null)
      try {
        return ok(await valueAt(place))
      } catch {
        return err({ type: 'StorageFailed' })
      }
    },
    all: async (table, prefix = '') => {
      const known = [...rows.get(table)!].filter(([key]) => key.startsWith(prefix))
      try {
        const read = known
          .sort(([a], [b]) => inOrder(a, b))
          .map(async ([key, place]) => [key, await valueAt(place)] as const)
        return ok({ rows: await Promise.all(read), corrupt: 0 })
      } catch {
        return err({ type: 'StorageFailed' })
      }
    },
    commit: (writes) => {
      // Copied now: what the caller does with its bytes meanwhile changes nothing.
      const payload = concatBytes(...writes.map(encodeRow))
      return attempt(async () => {
        if (payload.length > 0) note(await file.append(payload))
      })
    },
    compact: () => attempt(copyAll),
    close: () => {
      void inTurn(async () => {
        isClosed = true
        await file.retire()
      })
    },
    closed: () => inTurn(() => Promise.resolve()),
  }
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : 1)

const costOf = (place: Place | undefined): number => (place ? place.length + ROW_OVERHEAD : 0)

/** `enc(table) ‖ enc(key as UTF-8) ‖ enc(value or null)`: read back without copying, so that only places stay in memory. */
const encodeRow = ({ table, key, value }: Write): Uint8Array =>
  concatBytes(encodeCbor(table), encodeCbor(utf8FromText(key)), encodeCbor(value))

type Row = { readonly table: Table; readonly key: string; readonly place: Place | null }

const rowsIn = (payload: Uint8Array): readonly Row[] => {
  const reader = new Reader(payload)
  const found: Row[] = []
  while (!reader.failed && !reader.done) {
    const name = textFromUtf8(reader.text())
    const key = textFromUtf8(reader.bytes())
    const value = reader.null() ? null : reader.bytes()
    const table = TABLES.find((one) => one === name)
    if (reader.failed || key === null) break
    if (table)
      found.push({
        table,
        key,
        place: value && { at: reader.at - value.length, length: value.length },
      })
  }
  return found
}
