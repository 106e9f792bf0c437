import { systemClock } from '../core/clock.ts'
import { err, ok, type Result } from '../core/result.ts'
import { calibrate } from '../crypto/argon2.ts'
import {
  HEAD_BYTES,
  looksLikeBackup,
  MAX_BACKUP_FILE_BYTES,
  openBackup,
  sealBackup,
  type BadBackup,
} from '../crypto/backup.ts'
import { forget } from '../crypto/hash.ts'
import { systemRandom } from '../crypto/random.ts'
import type { Stretch } from '../crypto/stretch.ts'
import { contentOf } from './backup-content.ts'
import { encodeBackup, parseBackup, rowsToCopy, type Backup } from './backup-rows.ts'
import type { StillStorage } from './still-storage.ts'
import type { BackupContent, BadCopy, CarriedFile, SlicedFile, StorageUnavailable } from './types.ts'

const MINUTE_MS = 60_000

/** A file with everything an open vault holds, under a passphrase of its own, as slow to try as a second of this device allows. */
export const makeCopy = async (of: {
  readonly storage: StillStorage
  readonly passphrase: string
  readonly stretch: Stretch
}): Promise<Result<Uint8Array, { readonly type: 'TooLarge' } | StorageUnavailable>> => {
  const { passphrase, stretch } = of
  const rows = await of.storage.still(rowsToCopy)
  if (!rows.ok) return err({ type: 'StorageUnavailable' })
  const now = systemClock.now()
  const payload = encodeBackup({ at: now - (now % MINUTE_MS), rows: rows.value })
  const salt = systemRandom.bytes(16)
  try {
    const cost = await calibrate(
      (tried) => stretch('calibration', salt, tried),
      () => performance.now(),
    )
    return await sealBackup({ payload, passphrase, cost, stretch, random: systemRandom })
  } catch {
    // This machine has not the memory.
    return err({ type: 'StorageUnavailable' })
  } finally {
    forget(payload)
  }
}

/** Opens a copy and everything in it, and says what is in it. Changes nothing. */
export const openCopy = async (of: {
  readonly file: CarriedFile
  readonly passphrase: string
  readonly stretch: Stretch
}): Promise<Result<{ readonly backup: Backup; readonly content: BackupContent }, BadCopy>> => {
  const file = await read(of.file)
  if (!file.ok) return file
  const opened = await openBackup({ ...of, file: file.value }).catch(() => null)
  if (!opened) return err({ type: 'StorageUnavailable' })
  const backup = opened.ok ? parseBackup(opened.value) : opened
  if (!backup.ok) return backup
  const content = await contentOf(backup.value, { clock: systemClock, random: systemRandom })
  return content.ok ? ok({ backup: backup.value, content: content.value }) : content
}

/** Whether it is worth asking for a phrase: said as soon as the file is chosen, from its first bytes. */
export const lookAtCopy = async (file: SlicedFile): Promise<Result<void, BadCopy>> => {
  const head = await read({ size: file.size, arrayBuffer: () => file.slice(0, HEAD_BYTES).arrayBuffer() })
  return head.ok ? looksLikeBackup(head.value, file.size) : head
}

const read = async (file: CarriedFile): Promise<Result<Uint8Array, BadBackup | BadCopy>> => {
  if (file.size > MAX_BACKUP_FILE_BYTES) return err({ type: 'NotABackup' })
  try {
    return ok(new Uint8Array(await file.arrayBuffer()))
  } catch {
    return err({ type: 'FileUnreadable' })
  }
}
