import { utf8FromText } from '../../src/lib/core/bytes.ts'
import { COST_FLOOR, type StretchCost } from '../../src/lib/crypto/argon2.ts'
import { deriveKey, secretKeyFrom, hash } from '../../src/lib/crypto/hash.ts'
import type { Stretch } from '../../src/lib/crypto/stretch.ts'

/** Stretches in no time at all, so that a hundred passphrases can be tried; counts how often, and at what cost. */
export const createQuickStretch = () => {
  const asked: StretchCost[] = []
  const stretch: Stretch = (passphrase, salt, cost) => {
    asked.push(cost)
    const bytes = secretKeyFrom(hash('state', utf8FromText(passphrase.normalize('NFC'))))!
    return Promise.resolve(deriveKey(bytes, 'slot', [salt, cost.memoryKiB, cost.passes, cost.lanes]))
  }
  return { stretch, asked, cost: COST_FLOOR }
}
