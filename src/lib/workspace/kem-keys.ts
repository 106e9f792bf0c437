import { equalBytes } from '../core/bytes.ts'
import { decodeCbor, encodeCbor, isBytes, isUint, type Cbor } from '../core/cbor.ts'
import type { CollId } from '../core/ids.ts'
import type { OwnDevice } from '../crypto/device.ts'
import { equalSecrets, forget } from '../crypto/hash.ts'
import { createKemPair, type KemPair, type KemPublic, type KemSecret } from '../crypto/kem.ts'
import type { Storage } from '../sync/ports.ts'
import { kemKey } from './rows.ts'

/** A KEM pair this device made for itself after its first one. */
type Made = KemPair & {
  /** When. ms since 1970. */
  readonly at: number
}

/** However things stand, an old secret is not kept longer than this after the next one. ms. */
export const KEPT_MS = 30 * 24 * 3_600_000

/**
 * The KEM keys of one device in one collective. New ones are made as it goes, so that whoever copied the phone once cannot
 * read for ever; old ones stay until nobody can be boxing to them any more. Spec: keys.md §4.
 */
export class KemKeys {
  readonly #coll: CollId
  readonly #own: OwnDevice
  readonly #storage: Storage
  /** Oldest first. */
  #made: readonly Made[] = []
  #firstIsGone = false
  #turn: Promise<void> = Promise.resolve()
  #isForgotten = false

  constructor(of: { readonly coll: CollId; readonly own: OwnDevice; readonly storage: Storage }) {
    this.#coll = of.coll
    this.#own = of.own
    this.#storage = of.storage
  }

  async restore(): Promise<void> {
    const row = await this.#storage.get('keys', kemKey(this.#coll))
    const kept = row.ok && row.value ? parseKept(row.value) : null
    if (!kept) return
    this.#made = kept.made
    this.#firstIsGone = kept.firstIsGone
  }

  /** This device with each of its pairs in turn, newest first: whichever a box was made for opens it. */
  *holders(): Generator<OwnDevice> {
    for (const { publicKey, secretKey } of [...this.#made].reverse())
      yield { ...this.#own, device: { ...this.#own.device, kemPk: publicKey }, kemSk: secretKey }
    if (!this.#firstIsGone) yield this.#own
  }

  /** When the newest pair was made; `null`: it is the first. */
  get newestAt(): number | null {
    return this.#made.at(-1)?.at ?? null
  }

  /** A new pair, on disk before anybody hears of it. `null`: the disk could not take it. */
  make(now: number): Promise<KemPublic | null> {
    return this.#inTurn(async () => {
      // What is written down is all there is: of a device that is closed, nothing.
      if (this.#isForgotten) return null
      const pair = createKemPair()
      const made = [...this.#made, { ...pair, at: now }]
      if (!(await this.#keep(made, this.#firstIsGone))) return null
      this.#made = made
      return pair.publicKey
    })
  }

  /**
   * Lets go of secrets nobody needs: those before the newest whose key `isFinal` says was taken note of for good, and
   * those whose next one is a month old. Never the one that others box to, `inUse`, nor any later one.
   */
  tidy(
    now: number,
    others: { readonly isFinal: (kemPk: KemPublic) => boolean; readonly inUse: KemPublic },
  ): Promise<void> {
    return this.#inTurn(async () => {
      const inUse = this.#made.findLastIndex(({ publicKey }) => equalBytes(publicKey, others.inUse))
      const due = this.#made.findLastIndex(
        ({ publicKey, at }) => others.isFinal(publicKey) || now - at >= KEPT_MS,
      )
      const last = Math.min(due, inUse)
      if (this.#isForgotten) return
      if (last > 0 || (last === 0 && !this.#firstIsGone)) await this.#letGo(last)
    })
  }

  async #letGo(last: number): Promise<void> {
    const gone = this.#made.slice(0, last)
    const made = this.#made.slice(last)
    if (!(await this.#keep(made, true))) return
    this.#made = made
    this.#firstIsGone = true
    forget(...gone.map(({ secretKey }) => secretKey))
  }

  /** One at a time: each writes down all there is, and would undo what another is about to write. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.then(
      () => {},
      () => {},
    )
    return turn
  }

  /** Whether the very first secret is to be taken out of the row it lies in. */
  get firstIsGone(): boolean {
    return this.#firstIsGone
  }

  forget(): void {
    this.#isForgotten = true
    forget(...this.#made.map(({ secretKey }) => secretKey))
    this.#made = []
  }

  async #keep(made: readonly Made[], firstIsGone: boolean): Promise<boolean> {
    const value = encodeCbor([
      1,
      firstIsGone,
      made.map(({ publicKey, secretKey, at }) => [publicKey, secretKey, at]),
    ])
    const committed = await this.#storage.commit([{ table: 'keys', key: kemKey(this.#coll), value }])
    return committed.ok
  }
}

const parseKept = (bytes: Uint8Array): { made: readonly Made[]; firstIsGone: boolean } | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 3) return null
  const [version, firstIsGone, list] = decoded.value as readonly Cbor[]
  if (version !== 1 || typeof firstIsGone !== 'boolean' || !Array.isArray(list)) return null
  const made = (list as readonly Cbor[]).map(madeFrom)
  return made.every((one) => one !== null) ? { made, firstIsGone } : null
}

const madeFrom = (value: Cbor): Made | null => {
  if (!Array.isArray(value) || value.length !== 3) return null
  const [publicKey, secret, at] = value as readonly Cbor[]
  if (!isBytes(publicKey, 1216) || !isBytes(secret, 32) || !isUint(at)) return null
  const pair = createKemPair(secret)
  return equalSecrets(pair.publicKey, publicKey) ? { ...pair, secretKey: secret as KemSecret, at } : null
}
