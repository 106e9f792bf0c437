import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import { err, ok, type Result } from '../core/result.ts'
import { Cell, type Watched } from '../core/watched.ts'
import type { Storage } from '../sync/ports.ts'
import type { LockRules, StorageUnavailable } from './types.ts'

/** After how long untouched a vault locks itself. Minutes. */
export const LOCK_MINUTES = [1, 5, 15, 30, 60] as const

const DEFAULT: LockRules = { afterMinutes: 5, onLeaving: 'wait' }
/** Where a vault keeps when it locks itself: among its sealed rows, so that nobody changes it on a locked device. */
const KEY = 'device/lock'

/** When an open vault locks by itself. Each vault has rules of its own. Spec: keys.md §9. */
export class LockRulesSetting {
  readonly #now = new Cell<LockRules>(DEFAULT)
  #storage: Storage | null = null

  get now(): Watched<LockRules> {
    return this.#now
  }

  /** Reads them from a vault that was just opened. What cannot be read is as if nothing had been chosen. */
  async recall(storage: Storage): Promise<void> {
    this.#storage = storage
    const row = await storage.get('meta', KEY)
    const said = row.ok && row.value ? decodeCbor(row.value) : null
    const [after, onLeaving] = said?.ok && Array.isArray(said.value) ? (said.value as unknown[]) : []
    const afterMinutes = LOCK_MINUTES.find((known) => known === after)
    if (afterMinutes && (onLeaving === 'lock' || onLeaving === 'wait'))
      this.#now.set({ afterMinutes, onLeaving })
  }

  async choose(rules: LockRules): Promise<Result<void, StorageUnavailable>> {
    const value = encodeCbor([rules.afterMinutes, rules.onLeaving])
    const kept = await this.#storage?.commit([{ table: 'meta', key: KEY, value }])
    if (!kept?.ok) return err({ type: 'StorageUnavailable' })
    this.#now.set(rules)
    return ok(undefined)
  }
}
