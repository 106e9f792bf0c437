import { err, ok, type Result } from '../core/result.ts'
import { calibrate } from '../crypto/argon2.ts'
import { systemRandom } from '../crypto/random.ts'
import type { Stretch } from '../crypto/stretch.ts'
import { createRowSealer, createVault, forgetVault, openVault, type Vault } from '../crypto/vault.ts'
import type { Disk } from '../store/idb-storage.ts'
import { countTry, forgetTries, triesLeft, waitBeforeTrying } from '../store/tries.ts'
import type { Write } from '../sync/ports.ts'
import type { SamePhrase, StorageUnavailable, TryLater, VaultDamaged, WrongPassphrase } from './types.ts'

/** Shorter than this is guessed too fast. Characters; digits alone may be fewer, and are told what they are worth. */
export const PASSPHRASE_MINIMUM = 8
export const PIN_MINIMUM = 6

/** Whether a phrase or PIN may lock a vault. */
export const isLongEnough = (passphrase: string): boolean =>
  [...passphrase].length >= (/^\d+$/.test(passphrase) ? PIN_MINIMUM : PASSPHRASE_MINIMUM)

/**
 * Makes a vault on a disk that has none, as slow to open as a second of this device allows. `rows`: what is in it from the
 * beginning; they are there with its header, or nothing is.
 */
export const makeVault = async (of: {
  readonly disk: Disk
  readonly passphrase: string
  readonly stretch: Stretch
  readonly rows?: readonly Write[]
}): Promise<Result<Vault, StorageUnavailable>> => {
  const { disk, passphrase, stretch, rows = [] } = of
  const made = await newVault(passphrase, stretch)
  const written = await disk.begin(made.header, createRowSealer(made.vault), rows)
  if (written.ok) return ok(made.vault)
  forgetVault(made.vault)
  return err({ type: 'StorageUnavailable' })
}

const newVault = async (passphrase: string, stretch: Stretch): ReturnType<typeof createVault> => {
  const salt = systemRandom.bytes(16)
  const cost = await calibrate(
    (tried) => stretch('calibration', salt, tried),
    () => performance.now(),
  )
  return createVault({ passphrase, cost, stretch, random: systemRandom })
}

/**
 * A vault in place of the one on this disk, not yet written. `SamePhrase`: the new phrase opens the old one. What a browser leaves of a
 * replaced slot would then be opened by whoever is told the new phrase.
 */
export const makeSuccessor = async (
  disk: Disk,
  passphrase: string,
  stretch: Stretch,
): Promise<Result<Awaited<ReturnType<typeof createVault>>, SamePhrase | StorageUnavailable>> => {
  const header = await disk.readFront('header')
  if (!header.ok || !header.value) return err({ type: 'StorageUnavailable' })
  const before = await openVault({ header: header.value, passphrase, stretch }).catch(() => null)
  if (!before) return err({ type: 'StorageUnavailable' })
  if (before.ok) {
    forgetVault(before.value)
    return err({ type: 'SamePhrase' })
  }
  return ok(await newVault(passphrase, stretch))
}

/** Tries are counted and slowed down, wherever the phrase is asked for. */
export const tryPhrase = async (
  disk: Disk,
  passphrase: string,
  stretch: Stretch,
): Promise<Result<Vault, WrongPassphrase | TryLater | VaultDamaged | StorageUnavailable>> => {
  const waitMs = await waitBeforeTrying(disk, Date.now())
  if (waitMs > 0) return err({ type: 'TryLater', waitMs })
  const header = await disk.readFront('header')
  if (!header.ok || !header.value) return err({ type: 'VaultDamaged' })
  // A full disk that cannot count must not keep the owner out.
  await countTry(disk, Date.now())
  const opened = await openVault({ header: header.value, passphrase, stretch }).catch(() => null)
  if (!opened) return err({ type: 'StorageUnavailable' })
  if (opened.ok) await forgetTries(disk)
  else if (opened.error.type === 'WrongPassphrase') {
    const left = await triesLeft(disk)
    return err(left === null ? opened.error : { type: 'WrongPassphrase', left })
  }
  return opened
}
