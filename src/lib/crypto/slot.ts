import { concatBytes } from '../core/bytes.ts'
import type { StretchCost } from './argon2.ts'
import { deriveKey, equalSecrets, forget, secretKeyFrom, type SecretKey } from './hash.ts'
import { open, seal, type SealKey } from './seal.ts'
import type { Stretch } from './stretch.ts'

const COMMIT_BYTES = 32

/** Who wants in, how slowly, and what else the slot vouches for. */
export type SlotPlace = {
  readonly passphrase: string
  readonly salt: Uint8Array
  readonly cost: StretchCost
  /** Everything beside the slot that is to be authenticated by it. Says first what kind of slot it is. */
  readonly context: Uint8Array
  readonly stretch: Stretch
}

/** `commit || AEAD(KEK, key)`: 104 bytes that belong to one passphrase only. Spec: keys.md §8. */
export const sealSlot = async (of: SlotPlace & { readonly key: SecretKey }): Promise<Uint8Array> => {
  const kek = await kekOf(of)
  const slot = concatBytes(commitmentOf(kek, of.context), seal(sealKeyOf(kek), of.context, of.key))
  forget(kek)
  return slot
}

/** `null`: another passphrase, or something altered; one answer, so that nobody learns which. Rejects only when `stretch` does. */
export const openSlot = async (of: SlotPlace & { readonly slot: Uint8Array }): Promise<SecretKey | null> => {
  // No slot was ever made with it, and Argon2 implementations refuse to stretch it.
  if (of.passphrase === '') return null
  const kek = await kekOf(of)
  // The commitment first: a slot can belong to one passphrase only (no partitioning oracle).
  const committed = equalSecrets(of.slot.subarray(0, COMMIT_BYTES), commitmentOf(kek, of.context))
  const opened = open(sealKeyOf(kek), of.context, of.slot.subarray(COMMIT_BYTES))
  forget(kek)
  return committed && opened.ok ? secretKeyFrom(opened.value) : null
}

const kekOf = async ({ stretch, passphrase, salt, cost }: SlotPlace): Promise<SecretKey> => {
  const stretched = await stretch(passphrase, salt, cost)
  const kek = deriveKey(stretched, 'slot', null)
  forget(stretched)
  return kek
}

const sealKeyOf = (kek: SecretKey): SealKey => deriveKey<SealKey>(kek, 'slot', 'seal')
const commitmentOf = (kek: SecretKey, context: Uint8Array): Uint8Array =>
  deriveKey(kek, 'slotcommit', context)
