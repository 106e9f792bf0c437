import { decodeCbor, encodeCbor, isUint, type Cbor } from '../core/cbor.ts'
import { entryIdFrom, idBytes, type CollId, type EntryId } from '../core/ids.ts'
import type { Base } from '../feed/types.ts'
import type { Storage, Write } from '../sync/ports.ts'
import { baseFromRow, cborFromBase } from './base-row.ts'
import { pastKey } from './rows.ts'

const DAY_MS = 24 * 3_600_000
/** Records under a final checkpoint stay this long for whoever is a little behind. ms. */
const RECORDS_KEPT_MS = 7 * DAY_MS
/** Keys and boxes under a final checkpoint stay this long too. ms. */
const KEYS_KEPT_MS = 30 * DAY_MS
/** What was let go of stays so, wherever the clock is set. */
const FOR_GOOD = 0

type HeldTo = {
  readonly checkpoint: EntryId
  /** When this device held to it first; {@link FOR_GOOD}: its month has passed. ms since 1970. */
  readonly at: number
  /** The positions it stands for; `null`: the records up to there are gone, and more by now. */
  readonly base: Base | null
}

/**
 * How far back records and keys of this device go. Each final checkpoint it held to counts its own week and month: one that is
 * made meanwhile puts nothing off, and brings nothing back. Spec: checkpoint.md §6.
 */
export class Past {
  readonly #coll: CollId
  readonly #wentOn: (checkpoint: EntryId) => boolean
  /** Oldest first. Of those whose month has passed only the last. */
  #held: readonly HeldTo[] = []

  /** `wentOn`: whether others act upon keys made after a checkpoint, and what they wrote before has come here. */
  constructor(coll: CollId, wentOn: (checkpoint: EntryId) => boolean) {
    this.#coll = coll
    this.#wentOn = wentOn
  }

  async restore(storage: Storage): Promise<void> {
    const row = await storage.get('meta', pastKey(this.#coll))
    this.#held = (row.ok && row.value ? parsePast(row.value) : null) ?? []
  }

  /** A checkpoint is held to from now on, or was when this device was switched off. What to write. */
  holdTo({ checkpoint, at, base }: HeldTo & { readonly base: Base }): readonly Write[] {
    const last = this.#held.at(-1)
    if (this.#held.some((one) => one.checkpoint === checkpoint)) return []
    // Several in one day count as the first and the last of them.
    const isSoon = this.#held.length > 1 && last!.at - this.#held.at(-2)!.at < DAY_MS
    this.#held = [...(isSoon ? this.#held.slice(0, -1) : this.#held), { checkpoint, at, base }]
    return [this.#write()]
  }

  /** Where records are let go of: of the last checkpoint whose week has passed. `null`: of none. */
  recordsUnder(now: number): Base | null {
    return this.#old(now)?.base ?? null
  }

  /** What to write when they are: positions before those are of no use any more. */
  letGoOfRecords(now: number): readonly Write[] {
    const old = this.#old(now)
    const upTo = old ? this.#held.indexOf(old) : 0
    if (!this.#held.some(({ base }, i) => base && i < upTo)) return []
    this.#held = this.#held.map((one, i) => (i < upTo ? { ...one, base: null } : one))
    return [this.#write()]
  }

  /** Those whose keys are here still. */
  kept(): readonly EntryId[] {
    return this.#held.filter(({ at }) => at !== FOR_GOOD).map(({ checkpoint }) => checkpoint)
  }

  /**
   * The last checkpoint whose month has passed, and after which others went on: keys of epochs below it are let go of, and not
   * taken again. `null`: none. Whoever was away all the while comes back to what was written under those keys first.
   */
  under(now: number): EntryId | null {
    return this.#due(now)?.checkpoint ?? null
  }

  /** What to write when the keys are let go of: from then on they are, also by a clock that is set back. */
  letGo(now: number): readonly Write[] {
    const due = this.#due(now)
    if (!due || due.at === FOR_GOOD) return []
    const later = this.#held.slice(this.#held.indexOf(due) + 1)
    this.#held = [{ ...due, at: FOR_GOOD }, ...later]
    return [this.#write()]
  }

  #due(now: number): HeldTo | undefined {
    return this.#held.findLast(
      ({ checkpoint, at }) => at === FOR_GOOD || (now - at >= KEYS_KEPT_MS && this.#wentOn(checkpoint)),
    )
  }

  #old(now: number): HeldTo | undefined {
    return this.#held.findLast(({ at, base }) => base && now - at >= RECORDS_KEPT_MS)
  }

  #write(): Write {
    const rows = this.#held.map(({ checkpoint, at, base }) => [
      idBytes(checkpoint),
      at,
      base && cborFromBase(base),
    ])
    const value = encodeCbor([1, rows])
    return { table: 'meta', key: pastKey(this.#coll), value }
  }
}

/** `enc([1, [[checkpoint, at, positions or null], …]])`. `null`: a damaged row, or a later version. */
const parsePast = (bytes: Uint8Array): readonly HeldTo[] | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 2) return null
  const [version, list] = decoded.value as readonly Cbor[]
  if (version !== 1 || !Array.isArray(list)) return null
  const held = (list as readonly Cbor[]).map(heldToFrom)
  return held.every((one) => one !== null) ? held : null
}

const heldToFrom = (value: Cbor): HeldTo | null => {
  if (!Array.isArray(value) || value.length !== 3) return null
  const [id, at, positions] = value as readonly Cbor[]
  const checkpoint = entryIdFrom(id)
  const base = positions === null ? null : baseFromRow(positions)
  if (!checkpoint || !isUint(at) || (positions !== null && !base)) return null
  return { checkpoint, at, base }
}
