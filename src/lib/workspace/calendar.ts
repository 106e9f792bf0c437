import { decodeCbor, encodeCbor, isUint, type Cbor } from '../core/cbor.ts'
import { epochIdFrom, idBytes, type CollId, type EpochId } from '../core/ids.ts'
import type { Storage, Write } from '../sync/ports.ts'
import { calendarKey } from './rows.ts'

const DAY_MS = 24 * 3_600_000
/** A key is used no longer than this, whatever happens. ms. */
export const WEEK_MS = 7 * DAY_MS
/** That one is here is written down no more often than this. ms. */
const NOTE_MS = 3_600_000

/**
 * When this device saw what for the first time. Acts say nothing of time, so each device keeps its own calendar; it decides
 * only when to do what anybody may do at any time. Spec: keys.md §5.
 */
export class Calendar {
  readonly #coll: CollId
  readonly #epochs = new Map<EpochId, number>()
  #here: number | null = null
  #since: number | null = null
  /** How long this device had been away when it was opened. ms. */
  away = 0

  constructor(coll: CollId) {
    this.#coll = coll
  }

  async restore(storage: Storage, now: number): Promise<void> {
    const row = await storage.get('meta', calendarKey(this.#coll))
    const decoded = row.ok && row.value ? decodeCbor(row.value) : null
    if (!decoded?.ok || !Array.isArray(decoded.value)) return
    const [here, epochs, since] = decoded.value as readonly Cbor[]
    if (isUint(since)) this.#since = since
    if (isUint(here)) this.away = Math.max(0, now - here)
    if (!Array.isArray(epochs)) return
    for (const pair of epochs as readonly Cbor[]) {
      const [id, at] = Array.isArray(pair) ? (pair as readonly Cbor[]) : []
      const epoch = epochIdFrom(id)
      if (epoch && isUint(at)) this.#epochs.set(epoch, at)
    }
  }

  /** Notes that this device is here, and which epochs it knows to be in use. What to write down, if anything changed. */
  note(now: number, epochs: readonly EpochId[]): readonly Write[] {
    const isNew = epochs.some((epoch) => !this.#epochs.has(epoch))
    for (const epoch of this.#epochs.keys()) if (!epochs.includes(epoch)) this.#epochs.delete(epoch)
    for (const epoch of epochs) if (!this.#epochs.has(epoch)) this.#epochs.set(epoch, now)
    if (!isNew && this.#here !== null && now - this.#here < NOTE_MS) return []
    this.#here = now
    this.#since ??= now
    const known = [...this.#epochs].map(([epoch, at]) => [idBytes(epoch), at])
    const value = encodeCbor([now, known, this.#since])
    return [{ table: 'meta', key: calendarKey(this.#coll), value }]
  }

  /** When this device began its calendar; `null`: it has not. ms since 1970. */
  get since(): number | null {
    return this.#since
  }

  /** How long this device has known an epoch. ms. */
  ageOf(epoch: EpochId, now: number): number {
    return now - (this.#epochs.get(epoch) ?? now)
  }
}
