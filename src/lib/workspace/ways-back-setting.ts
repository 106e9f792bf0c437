import { decodeCbor, encodeCbor, isUint } from '../core/cbor.ts'
import type { Clock } from '../core/clock.ts'
import { Cell, type Watched } from '../core/watched.ts'
import type { Storage } from '../sync/ports.ts'
import type { WaysBack } from './types.ts'

const DAY_MS = 86_400_000
/** After so long without any way back prepared, somebody is reminded once. */
const REMIND_MS = 7 * DAY_MS
/** Among the sealed rows of a vault: nothing outside says whether there is a copy, or from when. */
const KEY = 'device/waysBack'

type Kept = { readonly since: number; readonly copied: number | null; readonly isSilent: boolean }

/** What this vault remembers of its ways back: since when it is there, and the day of its last copy. Spec: backup.md §6. */
export class WaysBackSetting {
  readonly #clock: Clock
  readonly #now = new Cell<WaysBack>({ copied: null, isDue: false })
  #storage: Storage | null = null
  #kept: Kept | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get now(): Watched<WaysBack> {
    return this.#now
  }

  /** Reads it from a vault that was just opened, and begins to count where it was never opened before. */
  async recall(storage: Storage): Promise<void> {
    this.#storage = storage
    const row = await storage.get('meta', KEY)
    const kept = row.ok && row.value ? parse(row.value) : null
    if (kept) this.#set(kept)
    else await this.#keep({ since: this.#today(), copied: null, isSilent: false })
  }

  /** `at`: when, milliseconds since 1970. */
  copied(at = this.#clock.now()): Promise<void> {
    return this.#keep({ ...this.#known(), copied: dayOf(at) })
  }

  /** The person does not want to be reminded. */
  silence(): Promise<void> {
    return this.#keep({ ...this.#known(), isSilent: true })
  }

  #known(): Kept {
    return this.#kept ?? { since: this.#today(), copied: null, isSilent: false }
  }

  async #keep(kept: Kept): Promise<void> {
    this.#set(kept)
    const value = encodeCbor([kept.since, kept.copied, kept.isSilent])
    await this.#storage?.commit([{ table: 'meta', key: KEY, value }])
  }

  #set(kept: Kept): void {
    this.#kept = kept
    const { since, copied, isSilent } = kept
    const isDue = copied === null && !isSilent && this.#clock.now() - since >= REMIND_MS
    this.#now.set({ copied, isDue })
  }

  #today(): number {
    return dayOf(this.#clock.now())
  }
}

const dayOf = (at: number): number => at - (at % DAY_MS)

const parse = (bytes: Uint8Array): Kept | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 3) return null
  const [since, copied, isSilent] = decoded.value as readonly unknown[]
  if (!isUint(since) || !(copied === null || isUint(copied)) || typeof isSilent !== 'boolean') return null
  return { since, copied, isSilent }
}
