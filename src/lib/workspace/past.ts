import { decodeCbor, encodeCbor, isUint, type Cbor } from '../core/cbor.ts'
import { entryIdFrom, idBytes, type CollId, type EntryId } from '../core/ids.ts'
import type { Storage, Write } from '../sync/ports.ts'
import { pastKey } from './rows.ts'

const DAY_MS = 24 * 3_600_000
/** Keys and boxes under a final checkpoint stay this long for whoever is a little behind. ms. */
const KEYS_KEPT_MS = 30 * DAY_MS
/** What was let go of stays so, wherever the clock is set. */
const FOR_GOOD = 0

type HeldTo = {
  readonly checkpoint: EntryId
  /** When this device held to it first; {@link FOR_GOOD}: its month has passed. ms since 1970. */
  readonly at: number
}

/**
 * How far back the keys of this device go. Each final checkpoint it held to counts its own month: one that is made meanwhile
 * puts nothing off, and brings nothing back. Spec: checkpoint.md §6.
 */
export class Past {
  readonly #coll: CollId
  /** Oldest first. Of those whose month has passed only the last. */
  #held: readonly HeldTo[] = []

  constructor(coll: CollId) {
    this.#coll = coll
  }

  async restore(storage: Storage): Promise<void> {
    const row = await storage.get('meta', pastKey(this.#coll))
    this.#held = (row.ok && row.value ? parsePast(row.value) : null) ?? []
  }

  /** A checkpoint is held to from now on, or was when this device was switched off. What to write. */
  holdTo({ checkpoint, at }: HeldTo): readonly Write[] {
    const last = this.#held.at(-1)
    if (this.#held.some((one) => one.checkpoint === checkpoint)) return []
    // Several in one day count as the first and the last of them.
    const isSoon = this.#held.length > 1 && last!.at - this.#held.at(-2)!.at < DAY_MS
    this.#held = [...(isSoon ? this.#held.slice(0, -1) : this.#held), { checkpoint, at }]
    return [this.#write()]
  }

  /** The last checkpoint whose month has passed: keys of epochs below it are let go of, and not taken again. `null`: none. */
  under(now: number): EntryId | null {
    return this.#due(now)?.checkpoint ?? null
  }

  /** What to write when the keys are let go of: from then on they are, also by a clock that is set back. */
  letGo(now: number): readonly Write[] {
    const due = this.#due(now)
    if (!due || due.at === FOR_GOOD) return []
    const later = this.#held.slice(this.#held.indexOf(due) + 1)
    this.#held = [{ checkpoint: due.checkpoint, at: FOR_GOOD }, ...later]
    return [this.#write()]
  }

  #due(now: number): HeldTo | undefined {
    return this.#held.findLast(({ at }) => at === FOR_GOOD || now - at >= KEYS_KEPT_MS)
  }

  #write(): Write {
    const value = encodeCbor([1, this.#held.map(({ checkpoint, at }) => [idBytes(checkpoint), at])])
    return { table: 'meta', key: pastKey(this.#coll), value }
  }
}

/** `enc([1, [[checkpoint, at], …]])`. `null`: a damaged row, or a later version. */
const parsePast = (bytes: Uint8Array): readonly HeldTo[] | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 2) return null
  const [version, list] = decoded.value as readonly Cbor[]
  if (version !== 1 || !Array.isArray(list)) return null
  const held = (list as readonly Cbor[]).map(heldToFrom)
  return held.every((one) => one !== null) ? held : null
}

const heldToFrom = (value: Cbor): HeldTo | null => {
  if (!Array.isArray(value) || value.length !== 2) return null
  const [id, at] = value as readonly Cbor[]
  const checkpoint = entryIdFrom(id)
  return checkpoint && isUint(at) ? { checkpoint, at } : null
}
