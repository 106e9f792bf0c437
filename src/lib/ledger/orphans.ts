import { hexFromBytes } from '../core/bytes.ts'
import type { EntryId } from '../core/ids.ts'
import type { ParsedEntry } from './entry.ts'

const MAX_ORPHANS = 4096
const MAX_ORPHAN_BYTES = 16 * 1024 * 1024

/**
 * Entries that wait for their parents. Nobody can tell yet whether they are genuine, so they are bounded, and the
 * oldest are dropped: whoever sent them will be asked again.
 */
export class Orphans {
  /** By id and signature: a forged signature must not keep the genuine one out. */
  readonly #waiting = new Map<string, ParsedEntry>()
  readonly #byParent = new Map<EntryId, Set<string>>()
  #bytes = 0

  get size(): number {
    return this.#waiting.size
  }

  hold(entry: ParsedEntry): void {
    const key = keyOf(entry)
    if (this.#waiting.has(key)) return
    this.#waiting.set(key, entry)
    this.#bytes += entry.wire.length
    for (const parent of entry.entry.parents)
      this.#byParent.set(parent, (this.#byParent.get(parent) ?? new Set()).add(key))
    for (const oldest of this.#waiting.values()) {
      if (this.#waiting.size <= MAX_ORPHANS && this.#bytes <= MAX_ORPHAN_BYTES) break
      this.#drop(oldest)
    }
  }

  /** Takes out what named `parent`; it may still wait for another. */
  release(parent: EntryId): readonly ParsedEntry[] {
    const entries = [...(this.#byParent.get(parent) ?? [])].flatMap((key) => this.#waiting.get(key) ?? [])
    for (const entry of entries) this.#drop(entry)
    return entries
  }

  /** What waiting entries name and is not itself waiting. */
  missing(isKnown: (id: EntryId) => boolean): readonly EntryId[] {
    const waiting = new Set([...this.#waiting.values()].map(({ id }) => id))
    return [...this.#byParent.keys()].filter((id) => !waiting.has(id) && !isKnown(id))
  }

  #drop(entry: ParsedEntry): void {
    const key = keyOf(entry)
    if (!this.#waiting.delete(key)) return
    this.#bytes -= entry.wire.length
    for (const parent of entry.entry.parents) {
      const waiting = this.#byParent.get(parent)
      waiting?.delete(key)
      if (waiting?.size === 0) this.#byParent.delete(parent)
    }
  }
}

const keyOf = ({ id, sigs }: ParsedEntry): string => `${id} ${sigs.map(hexFromBytes).join()}`
