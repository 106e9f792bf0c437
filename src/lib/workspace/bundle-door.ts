import type { Clock, Random } from '../core/clock.ts'
import { err, ok } from '../core/result.ts'
import { Cell, derived } from '../core/watched.ts'
import type { Shelf } from '../sync/blobs-shelf.ts'
import type { Storage } from '../sync/ports.ts'
import { encodeLastBundle, lastBundleKey, parseLastBundle, type LastBundle } from './bundle-row.ts'
import { exportBundle } from './bundles.ts'
import type { Replica } from './replica.ts'
import type { Bundles, NotAllowed } from './types.ts'

const DAY_MS = 86_400_000

/**
 * Making files of one collective, and remembering how far the last one went that is kept somewhere: positions, not who was
 * given it. A file that was made and not saved is none: what is in it alone would reach nobody.
 */
export const createBundles = (of: {
  readonly replica: Replica
  readonly storage: Storage
  readonly clock: Clock
  readonly random: Random
  /** What this device carries for circles, once that is read. */
  readonly shelf?: () => Promise<Shelf | undefined>
}): Bundles => {
  const { replica, storage, clock, random, shelf } = of
  const last = new Cell<LastBundle | null>(null)
  const key = lastBundleKey(replica.coll)
  const recalled = storage.get('meta', key).then((row) => {
    if (row.ok && row.value) last.set(parseLastBundle(row.value))
  })
  return {
    last: derived([last], () => last.read()?.at ?? null),
    write: async (what) => {
      const refused = whyNot(replica)
      if (refused) return err(refused)
      await recalled
      await replica.whole()
      const now = clock.now()
      const since = what === 'news' ? last.read()?.given : undefined
      const written = await exportBundle({ replica, random, now, since, shelf: await shelf?.() })
      if (!written.ok) return written
      const { file, given } = written.value
      const kept = async () => {
        const next = { given, at: now - (now % DAY_MS) }
        last.set(next)
        await storage.commit([{ table: 'meta', key, value: encodeLastBundle(next) }])
      }
      return ok({ bytes: file, kept })
    },
  }
}

/** A phone that was shut out would make a file for phones that listen to it no more. */
const whyNot = (replica: Replica): NotAllowed | null => {
  const standing = replica.standing()
  if (standing === 'active') return null
  return standing === 'suspended' ? { type: 'SuspendedHere' } : { type: 'NotAMember' }
}
