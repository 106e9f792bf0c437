import type { CollId, EpochId } from '../core/ids.ts'
import { forget, secretKeyFrom, type SecretKey } from '../crypto/hash.ts'
import type { EpochKeys } from '../feed/types.ts'
import type { Storage, Write } from '../sync/ports.ts'
import { epochKeyKey } from './rows.ts'

/** The epoch keys this device holds in one collective. */
export class Keyring implements EpochKeys {
  readonly #coll: CollId
  readonly #keys = new Map<EpochId, SecretKey>()

  constructor(coll: CollId) {
    this.#coll = coll
  }

  key(epoch: EpochId): SecretKey | null {
    return this.#keys.get(epoch) ?? null
  }

  has(epoch: EpochId): boolean {
    return this.#keys.has(epoch)
  }

  /** Takes a key in and says what to write. */
  add(epoch: EpochId, key: SecretKey): Write {
    this.#keys.set(epoch, key)
    // A copy: whoever closes before the disk has taken it forgets the key, and the row would be of zeros.
    return { table: 'keys', key: epochKeyKey(this.#coll, epoch), value: new Uint8Array(key) }
  }

  /** Lets go of a key for good and says what to write. */
  drop(epoch: EpochId): Write {
    const key = this.#keys.get(epoch)
    if (key) forget(key)
    this.#keys.delete(epoch)
    return { table: 'keys', key: epochKeyKey(this.#coll, epoch), value: null }
  }

  /** Reads back what was written, as far as `isKeyOf` knows each for the key of its epoch. */
  async restore(storage: Storage, isKeyOf: (epoch: EpochId, key: SecretKey) => boolean): Promise<void> {
    const rows = await storage.all('keys', `${this.#coll}/`)
    if (!rows.ok) return
    for (const [name, value] of rows.value.rows) {
      const key = secretKeyFrom(value)
      const epoch = name.slice(name.indexOf('/') + 1) as EpochId
      if (key && isKeyOf(epoch, key)) this.#keys.set(epoch, key)
    }
  }

  forget(): void {
    forget(...this.#keys.values())
    this.#keys.clear()
  }
}
