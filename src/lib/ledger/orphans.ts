import { hexFromBytes } from '../core/bytes.ts'
import type { EntryId } from '../core/ids.ts'
import type { ParsedEntry } from './entry.ts'

const MAX_ORPHANS = 4096
const MAX_ORPHAN_BYTES = 16 * 1024 * 1024

/** What one peer has waiting here, oldest first, and how many bytes that is. */
type Share = { readonly entries: Map<string, ParsedEntry>; bytes: number }

/**
 * Entries that wait for their parents. Nobody can tell yet whether they are genuine, so they are bounded. Where there are
 * too many, the oldest of whoever has most waiting go: so a flood drives out only itself, and whoever sent what was dropped
 * will be asked again.
 */
export class Orphans {
  /** By id and signature, so that a forged signature does not keep the genuine one out: on whose account each waits. */
  readonly #holders = new Map<string, string>()
  readonly #shares = new Map<string, Share>()
  readonly #byParent = new Map<EntryId, Set<string>>()
  #bytes = 0

  get size(): number {
    return this.#holders.size
  }

  /** `from`: whoever sent it, by any name that is theirs alone. */
  hold(entry: ParsedEntry, from: string): void {
    const key = keyOf(entry)
    const holder = this.#holders.get(key)
    if (holder !== undefined) {
      // Who floods could send in advance what others will send, to have it dropped on the account that is full.
      if (this.#weightOf(holder) <= this.#weightOf(from)) return
      this.#drop(key)
    }
    this.#holders.set(key, from)
    const share = this.#shares.get(from) ?? { entries: new Map<string, ParsedEntry>(), bytes: 0 }
    this.#shares.set(from, share)
    share.entries.set(key, entry)
    share.bytes += entry.wire.length
    this.#bytes += entry.wire.length
    for (const parent of entry.entry.parents)
      this.#byParent.set(parent, (this.#byParent.get(parent) ?? new Set()).add(key))
    while (this.#holders.size > MAX_ORPHANS || this.#bytes > MAX_ORPHAN_BYTES) this.#dropOldestOfLargest()
  }

  /** Takes out what named `parent`, and says who sent it; it may still wait for another. */
  release(parent: EntryId): readonly { readonly entry: ParsedEntry; readonly from: string }[] {
    return [...(this.#byParent.get(parent) ?? [])].flatMap((key) => this.#drop(key) ?? [])
  }

  /** What waiting entries name and is not itself waiting. */
  missing(isKnown: (id: EntryId) => boolean): readonly EntryId[] {
    const waiting = new Set<EntryId>()
    for (const { entries } of this.#shares.values()) for (const { id } of entries.values()) waiting.add(id)
    return [...this.#byParent.keys()].filter((id) => !waiting.has(id) && !isKnown(id))
  }

  #dropOldestOfLargest(): void {
    let largest: string | null = null
    for (const from of this.#shares.keys())
      if (largest === null || this.#weightOf(from) > this.#weightOf(largest)) largest = from
    const oldest = largest === null ? undefined : this.#shares.get(largest)?.entries.keys().next().value
    if (oldest !== undefined) this.#drop(oldest)
  }

  /** The part of the room one peer takes, by number or by bytes, whichever is more. */
  #weightOf(from: string): number {
    const share = this.#shares.get(from)
    return share ? Math.max(share.entries.size / MAX_ORPHANS, share.bytes / MAX_ORPHAN_BYTES) : 0
  }

  #drop(key: string): { readonly entry: ParsedEntry; readonly from: string } | null {
    const from = this.#holders.get(key)
    const share = from === undefined ? undefined : this.#shares.get(from)
    const entry = share?.entries.get(key)
    if (from === undefined || !share || !entry) return null
    this.#holders.delete(key)
    share.entries.delete(key)
    share.bytes -= entry.wire.length
    if (share.entries.size === 0) this.#shares.delete(from)
    this.#bytes -= entry.wire.length
    for (const parent of entry.entry.parents) {
      const waiting = this.#byParent.get(parent)
      waiting?.delete(key)
      if (waiting?.size === 0) this.#byParent.delete(parent)
    }
    return { entry, from }
  }
}

const keyOf = ({ id, sigs }: ParsedEntry): string => `${id} ${sigs.map(hexFromBytes).join()}`
