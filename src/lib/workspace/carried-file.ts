import type { CollId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { MAX_BUNDLE_BYTES } from '../wire/bundle.ts'
import { readBundleFile, type Import, type Target } from './bundles.ts'
import type { BadImport, CarriedFile } from './types.ts'

/**
 * Finds the collective on this device that a carried file is for. It has to be sealed to this phone as a member of the
 * very collective it speaks of: with the keys of one, nothing of another is taken in. Never throws.
 */
export const openCarriedFile = async (
  file: CarriedFile,
  targets: readonly Target[],
): Promise<Result<Import & { readonly coll: CollId }, BadImport>> => {
  // Before a byte of it is in memory.
  if (file.size > MAX_BUNDLE_BYTES) return err({ type: 'FileTooLarge' })
  const bytes = await bytesOf(file)
  if (!bytes) return err({ type: 'FileUnreadable' })
  for (const target of targets) {
    const { replica } = target
    await replica.whole()
    const secrets = [...replica.kem.holders()].map(({ kemSk }) => kemSk)
    const read = await readBundleFile(bytes, {
      secrets,
      targetOf: (coll) => (coll === replica.coll ? target : null),
    })
    if (read.ok) return ok({ ...read.value, coll: replica.coll })
    if (read.error.type !== 'NotForThisPhone') return err({ type: read.error.type })
  }
  return err({ type: 'NotForThisPhone' })
}

/** `null`: the card was pulled out, or the file is gone. */
const bytesOf = async (file: CarriedFile): Promise<Uint8Array | null> => {
  try {
    return new Uint8Array(await file.arrayBuffer())
  } catch {
    return null
  }
}
