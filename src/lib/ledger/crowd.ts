import { hexFromBytes } from '../core/bytes.ts'
import type { DeviceId, EntryId } from '../core/ids.ts'
import type { ParsedEntry } from './entry.ts'

/** Acts that wait because whoever signed them said so much; then the oldest go, and are asked for again if somebody builds on them. */
const MAX_CROWD = 4096
const MAX_CROWD_BYTES = 16 * 1024 * 1024

/** Acts of somebody who has said more than fits (`room.ts`): they wait until somebody else builds on them. Spec: ledger.md §6. */
export class Crowd {
  /** By id, then by signature: a forged signature must not keep the genuine act out. */
  readonly #waiting = new Map<EntryId, Map<string, ParsedEntry>>()
  #count = 0
  #bytes = 0

  get size(): number {
    return this.#count
  }

  has(id: EntryId): boolean {
    return this.#waiting.has(id)
  }

  /** Whether all these wait here, or are among those `isKnown`. */
  explains(ids: readonly EntryId[], isKnown: (id: EntryId) => boolean): boolean {
    return this.size > 0 && ids.every((id) => isKnown(id) || this.has(id))
  }

  /** Whether one of `ids` waits here and is of somebody other than `author`. */
  holdsOther(ids: readonly EntryId[], author: DeviceId): boolean {
    return ids.some((id) =>
      [...(this.#waiting.get(id)?.values() ?? [])].some((one) => one.entry.author !== author),
    )
  }

  hold(entry: ParsedEntry): void {
    const same = this.#waiting.get(entry.id) ?? new Map<string, ParsedEntry>()
    const key = entry.sigs.map(hexFromBytes).join()
    if (same.has(key)) return
    this.#waiting.set(entry.id, same.set(key, entry))
    this.#count += 1
    this.#bytes += entry.wire.length
    for (const oldest of this.#waiting.keys()) {
      if (this.#count <= MAX_CROWD && this.#bytes <= MAX_CROWD_BYTES) break
      this.#drop(oldest)
    }
  }

  /** Takes out `ids` and whatever they stand on that waits too, in the order it came. */
  takeBelow(ids: readonly EntryId[]): readonly ParsedEntry[] {
    const below = new Set<EntryId>()
    const open = [...ids]
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (below.has(id) || !this.has(id)) continue
      below.add(id)
      for (const { entry } of this.#waiting.get(id)!.values()) open.push(...entry.parents)
    }
    return this.#take((id) => below.has(id))
  }

  /** Takes out everything, in the order it came. */
  takeAll(): readonly ParsedEntry[] {
    return this.#take(() => true)
  }

  #take(which: (id: EntryId) => boolean): readonly ParsedEntry[] {
    const ids = [...this.#waiting.keys()].filter(which)
    const taken = ids.flatMap((id) => [...this.#waiting.get(id)!.values()])
    for (const id of ids) this.#drop(id)
    return taken
  }

  #drop(id: EntryId): void {
    for (const { wire } of this.#waiting.get(id)?.values() ?? []) {
      this.#count -= 1
      this.#bytes -= wire.length
    }
    this.#waiting.delete(id)
  }
}
