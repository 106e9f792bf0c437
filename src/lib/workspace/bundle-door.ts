import type { Clock, Random } from '../core/clock.ts'
import { err, ok } from '../core/result.ts'
import { Cell, derived } from '../core/watched.ts'
import type { Storage } from '../sync/ports.ts'
import { encodeLastBundle, lastBundleKey, parseLastBundle, type LastBundle } from './bundle-row.ts'
import { exportBundle, givenNow } from './bundles.ts'
import type { Replica } from './replica.ts'
import type { Bundles, NotAllowed } from './types.ts'

const DAY_MS = 86_400_000

/** Making files of one collective, and remembering how far the last one went: positions, not who was given it. */
export const createBundles = (of: {
  readonly replica: Replica
  readonly storage: Storage
  readonly clock: Clock
  readonly random: Random
}): Bundles => {
  const { replica, storage, clock, random } = of
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
      const given = givenNow(replica)
      const since = what === 'news' ? last.read()?.given : undefined
      const written = await exportBundle(replica, random, since)
      if (!written.ok) return written
      const now = clock.now()
      const next = { given, at: now - (now % DAY_MS) }
      await storage.commit([{ table: 'meta', key, value: encodeLastBundle(next) }])
      last.set(next)
      return ok({ bytes: written.value })
    },
  }
}

/** A phone that was shut out would make a file for phones that listen to it no more. */
const whyNot = (replica: Replica): NotAllowed | null => {
  const standing = replica.standing()
  if (standing === 'active') return null
  return standing === 'suspended' ? { type: 'SuspendedHere' } : { type: 'NotAMember' }
}
