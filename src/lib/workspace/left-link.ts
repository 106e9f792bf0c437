import { decodeCbor, encodeCbor, isUint } from '../core/cbor.ts'
import type { Clock } from '../core/clock.ts'
import type { Storage } from '../sync/ports.ts'

/** Where a vault keeps the invitation its owner was following: among its sealed rows, for a day. */
const KEY = 'device/link'
const KEPT_MS = 86_400_000

/**
 * The link somebody was following when their notebook locked, so that they can go on with it. The keys made for that meeting are gone with the
 * lock: it is begun anew, with others. Spec: keys.md §9.
 */
export class LeftLink {
  readonly #storage: Storage
  readonly #clock: Clock

  constructor(of: { readonly storage: Storage; readonly clock: Clock }) {
    this.#storage = of.storage
    this.#clock = of.clock
  }

  async keep(link: string): Promise<void> {
    const value = encodeCbor([link, Math.floor(this.#clock.now())])
    await this.#storage.commit([{ table: 'meta', key: KEY, value }])
  }

  /** It came to its end, or was put away. */
  async forget(): Promise<void> {
    await this.#storage.commit([{ table: 'meta', key: KEY, value: null }])
  }

  /** Once: what is taken is not there the next time. `null`: there is none, or it is too old to be waited for. */
  async take(): Promise<string | null> {
    const row = await this.#storage.get('meta', KEY)
    if (!row.ok || !row.value) return null
    await this.forget()
    const said = decodeCbor(row.value)
    const [link, at] = said.ok && Array.isArray(said.value) ? (said.value as unknown[]) : []
    if (typeof link !== 'string' || !isUint(at)) return null
    return Math.abs(this.#clock.now() - at) < KEPT_MS ? link : null
  }
}
