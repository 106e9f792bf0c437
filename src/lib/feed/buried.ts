import type { RecId } from '../core/ids.ts'
import type { SealedRecord } from './types.ts'

/** A record at or below a root: its place, and the one it follows. */
type Name = { readonly seq: number; readonly prev: RecId | null }

/** Two records for one place at or below a root, the smaller name first; and whether the branch of the root falls by them. */
export type Parting = {
  readonly seq: number
  readonly records: readonly [RecId, RecId]
  readonly isRootFallen: boolean
}

/**
 * What is known of the records of one feed at or below where this device began to read it. They are never read, but who signed two of
 * them for one place is seen here: of the branch that leads to the root, followed downwards as far as its records came along,
 * and of any other. Spec: feed.md §8.
 */
export class Buried {
  readonly #root: { readonly seq: number; readonly id: RecId }
  readonly #names = new Map<RecId, Name>()
  /** The branch of the root, by place, and how far down it is known. */
  readonly #under = new Map<number, RecId>()
  #foot: { readonly seq: number; readonly id: RecId }
  /** By place, the first name known there; where another comes there is more than one branch. */
  readonly #places = new Map<number, RecId>()
  #isForked = false
  #parting: Parting | null = null

  constructor(root: { readonly seq: number; readonly id: RecId }) {
    this.#root = this.#foot = root
    this.#stands(root)
  }

  get parting(): Parting | null {
    return this.#parting
  }

  /** Takes note of those of some records in a row that lie at or below the root. @returns whether one of them was new. */
  hear(records: readonly SealedRecord[]): boolean {
    if (this.#root.seq < 0) return false
    let isNews = false
    for (const { id, pub } of records) {
      if (pub.seq > this.#root.seq || this.#names.has(id)) continue
      this.#names.set(id, { seq: pub.seq, prev: pub.prev })
      this.#place({ seq: pub.seq, id })
      isNews = true
    }
    if (!isNews) return false
    this.#follow()
    const parting = this.#isForked ? this.#part() : null
    // The same object while the same is known.
    if (JSON.stringify(parting) !== JSON.stringify(this.#parting)) this.#parting = parting
    return true
  }

  /** Whether one of these stands beside the root, and so above it is another branch. */
  isBeside(records: readonly SealedRecord[]): boolean {
    return records.some(({ id, pub }) => pub.seq === this.#root.seq && id !== this.#root.id)
  }

  /** Whether a record lies upon another branch, as far as is known. */
  leavesOut({ seq, id }: { readonly seq: number; readonly id: RecId }): boolean {
    return (this.#under.get(seq) ?? id) !== id
  }

  #follow(): void {
    for (let name = this.#names.get(this.#foot.id); name?.prev; name = this.#names.get(this.#foot.id)) {
      this.#foot = { seq: name.seq - 1, id: name.prev }
      this.#stands(this.#foot)
    }
  }

  #stands(at: { readonly seq: number; readonly id: RecId }): void {
    this.#under.set(at.seq, at.id)
    this.#place(at)
  }

  #place({ seq, id }: { readonly seq: number; readonly id: RecId }): void {
    const known = this.#places.get(seq)
    if (known === undefined) this.#places.set(seq, id)
    else this.#isForked ||= known !== id
  }

  /**
   * Where a record follows the same one as the root’s branch does, the smaller name decides, at each such place. While it is not
   * known where the branches part, the lowest place known of both tells as much as can be told.
   */
  #part(): Parting | null {
    let lowest: Parting | null = null
    let isKnown = false
    let isRootFallen = false
    for (const [id, { seq, prev }] of this.#names) {
      const mine = this.#under.get(seq)
      if (mine === undefined || mine === id) continue
      const turnsHere = seq === 0 || prev === this.#under.get(seq - 1)
      if (turnsHere) isRootFallen ||= id < mine
      isKnown ||= turnsHere
      const other = lowest?.seq === seq ? lowest.records.find((one) => one !== mine) : undefined
      if (lowest && (lowest.seq < seq || (other !== undefined && other < id))) continue
      const [first, second] = [mine, id].sort() as [RecId, RecId]
      lowest = { seq, records: [first, second], isRootFallen: first !== mine }
    }
    return lowest && isKnown ? { ...lowest, isRootFallen } : lowest
  }
}
