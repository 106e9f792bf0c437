import { decodeCbor, encodeCbor, isUint } from '../core/cbor.ts'
import type { Result } from '../core/result.ts'
import type { StorageFailed } from '../sync/ports.ts'
import type { Disk } from './idb-storage.ts'

/** Wrong tries that cost nothing yet; then waiting doubles, up to five minutes. */
export const FREE_TRIES = 4
const FIRST_WAIT_MS = 2000
const LONGEST_WAIT_MS = 300_000

/**
 * How long to wait before a passphrase is tried again, in milliseconds: against hands at this screen. Whoever copies the
 * disk is held up by the cost of stretching alone.
 */
export const waitBeforeTrying = async (disk: Disk, now: number): Promise<number> => {
  const { wrong, last } = await readTries(disk)
  if (wrong < FREE_TRIES) return 0
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (wrong - FREE_TRIES))
  // A clock set back must not lock anybody out for longer than the wait itself.
  return Math.min(wait, Math.max(0, last + wait - now))
}

/** Counts a try as wrong. Before it is made, so that ending the page in the middle of it wins nothing. */
export const countTry = async (disk: Disk, now: number): Promise<Result<void, StorageFailed>> =>
  disk.writeFront('tries', encodeCbor([(await readTries(disk)).wrong + 1, now]))

/** The passphrase was right. */
export const forgetTries = (disk: Disk): Promise<Result<void, StorageFailed>> =>
  disk.writeFront('tries', null)

/** After how many wrong tries in a row a vault erases itself, where its owner wants that. */
export const TRY_LIMITS = [5, 10, 20] as const
export type TryLimit = (typeof TRY_LIMITS)[number]

/** `null`: never. So it is unless chosen, and so it is where the row cannot be read: nothing is erased by accident. */
export const readTryLimit = async (disk: Disk): Promise<TryLimit | null> => {
  const row = await disk.readFront('limit')
  const decoded = row.ok && row.value ? decodeCbor(row.value) : null
  return TRY_LIMITS.find((limit) => decoded?.ok && decoded.value === limit) ?? null
}

export const keepTryLimit = (disk: Disk, limit: TryLimit | null): Promise<Result<void, StorageFailed>> =>
  disk.writeFront('limit', limit === null ? null : encodeCbor(limit))

/** How many more wrong tries there may be before everything is erased; `null`: as many as one likes. */
export const triesLeft = async (disk: Disk): Promise<number | null> => {
  const limit = await readTryLimit(disk)
  return limit === null ? null : Math.max(0, limit - (await readTries(disk)).wrong)
}

type Tries = { readonly wrong: number; readonly last: number }

const readTries = async (disk: Disk): Promise<Tries> => {
  const row = await disk.readFront('tries')
  const decoded = row.ok && row.value ? decodeCbor(row.value) : null
  const [wrong, last] = decoded?.ok && Array.isArray(decoded.value) ? (decoded.value as unknown[]) : []
  return isUint(wrong) && isUint(last) ? { wrong, last } : { wrong: 0, last: 0 }
}
