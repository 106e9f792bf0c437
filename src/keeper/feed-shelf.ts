import { recIdFrom, type RecId } from '../lib/core/ids.ts'
import type { Span } from '../lib/feed/joining.ts'
import type { SealedRecord } from '../lib/feed/types.ts'

/** A run of records as memory keeps it: where it lies, its place in the feed, and the ids of its records, 32 bytes each. */
export type Shelved = {
  readonly key: string
  readonly seq: number
  readonly prev: RecId | null
  readonly count: number
  readonly ids: Uint8Array
  readonly bytes: number
}

/** Up to where records were let go of: nothing at or below comes back. */
export type Gone = { readonly seq: number; readonly rec: RecId }

/** From where on a feed is held without a hole, and up to where; of two records there, the one with the smaller id. */
export type Extent = {
  readonly from: number
  /** Whether nothing before could still come: it begins there, or where records were let go of. */
  readonly isWhole: boolean
  readonly seq: number
  readonly rec: RecId
  readonly runs: number
}

/** The runs of one feed. Of a forked feed, all branches: which of them counts is not for a keeper to say. */
export class FeedShelf {
  /** In order of place. */
  readonly #runs: Shelved[] = []
  #longest = 0
  #bytes = 0
  /** By the record before them (none: '') of those signed for one place: the place, and the smallest id. */
  readonly #forks = new Map<RecId | '', { readonly seq: number; readonly rec: RecId }>()
  #extent: Extent | null = null
  #gone: Gone | null = null

  get bytes(): number {
    return this.#bytes
  }

  /** Where two records signed for one place are here, and the smallest of each, in one word; `null`: nowhere. */
  get fork(): string | null {
    const at = [...this.#forks.values()].map(({ seq, rec }) => `${seq}:${rec}`)
    return at.length > 0 ? at.sort().join() : null
  }

  /** How far the feed is held; `null`: not at all. */
  get extent(): Extent | null {
    return (this.#extent ??= this.#look())
  }

  get gone(): Gone | null {
    return this.#gone
  }

  /** Whether a record fits: the feed begins with it, here or altogether, or the one before it is here or was. */
  takes({ pub: { seq, prev } }: Pick<SealedRecord, 'pub'>): boolean {
    if (seq <= this.#goneTo) return false
    if (this.#runs.length === 0 || prev === null || seq === this.#goneTo + 1) return true
    return this.idsAt(seq - 1).includes(prev)
  }

  add(run: Shelved): void {
    for (let i = 0; i < run.count; i++) this.#lookForFork(run, i)
    let at = this.#runs.length
    while (at > 0 && this.#runs[at - 1]!.seq > run.seq) at--
    this.#runs.splice(at, 0, run)
    this.#longest = Math.max(this.#longest, run.count)
    this.#bytes += run.bytes
    this.#extent = null
  }

  replace(chain: readonly Shelved[], whole: Shelved): void {
    const at = this.#runs.indexOf(chain[0]!)
    const left = this.#runs.filter((run) => !chain.includes(run))
    left.splice(at, 0, whole)
    this.#runs.splice(0, this.#runs.length, ...left)
    this.#longest = Math.max(this.#longest, whole.count)
    this.#bytes += whole.bytes - chain.reduce((total, { bytes }) => total + bytes, 0)
    this.#extent = null
  }

  /** Of runs that reach above `gone`, `rests` is what is left. */
  letGo(gone: Gone, rests: readonly Shelved[]): void {
    const isRest = ({ key }: Shelved) => rests.some((rest) => rest.key === key)
    const left = [...this.#runs.filter((run) => run.seq > gone.seq && !isRest(run)), ...rests]
    this.#gone = gone
    this.#runs.splice(0, this.#runs.length)
    this.#bytes = 0
    this.#forks.clear()
    for (const run of left.sort((a, b) => a.seq - b.seq)) this.add(run)
    this.#extent = null
  }

  /** The highest place at or below `seq` of which something is here, −1 for none. */
  highestUpTo(seq: number): number {
    const below = this.#runs.filter((run) => run.seq <= seq)
    return below.reduce((highest, run) => Math.max(highest, Math.min(seq, endOf(run))), -1)
  }

  /** The records held at a place, smallest id first: more than one is a fork. */
  idsAt(seq: number): readonly RecId[] {
    const found = new Set(this.#runsOver(seq).map((run) => idAt(run, seq - run.seq)))
    return found.size < 2 ? [...found] : [...found].sort()
  }

  /** Runs that hold a record at a place. */
  #runsOver(seq: number): readonly Shelved[] {
    const over: Shelved[] = []
    for (let i = this.#lastFrom(seq); i >= 0; i--) {
      const run = this.#runs[i]!
      if (run.seq <= seq - this.#longest) break
      if (seq <= endOf(run)) over.push(run)
    }
    return over
  }

  #lookForFork(run: Shelved, index: number): void {
    const seq = run.seq + index
    for (const other of this.#runsOver(seq)) {
      const [at, id, prev] = [seq - other.seq, idAt(run, index), prevAt(run, index)]
      if (idAt(other, at) === id || prevAt(other, at) !== prev) continue
      const ids = [id, idAt(other, at), ...(this.#forks.has(prev) ? [this.#forks.get(prev)!.rec] : [])]
      this.#forks.set(prev, { seq, rec: ids.sort()[0]! })
    }
  }

  /** Runs that hold something at or above `from`. */
  from(from: number): readonly Shelved[] {
    return this.#runs.filter((run) => endOf(run) >= from)
  }

  get #goneTo(): number {
    return this.#gone?.seq ?? -1
  }

  #look(): Extent | null {
    const runs = this.#runs.length
    if (runs === 0) {
      const gone = this.#gone
      return gone && { ...gone, from: gone.seq + 1, isWhole: true, runs }
    }
    const whole = this.#goneTo + 1
    let [from, seq] = [whole, whole - 1]
    for (const run of this.#runs) {
      if (run.seq > seq + 1) from = run.seq
      seq = Math.max(seq, endOf(run))
    }
    return { from, isWhole: from === whole, seq, rec: this.idsAt(seq)[0]!, runs }
  }

  /** The index of the last run that begins at or below `seq`, −1 for none. */
  #lastFrom(seq: number): number {
    let [low, high] = [0, this.#runs.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#runs[middle]!.seq <= seq) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

export const spanOf = (run: Shelved): Span => ({ ...run, last: idAt(run, run.count - 1) })

/** The record before one of a run; '': it is the first of its feed. */
const prevAt = (run: Shelved, index: number): RecId | '' =>
  index > 0 ? idAt(run, index - 1) : (run.prev ?? '')

const endOf = ({ seq, count }: Shelved): number => seq + count - 1

const idAt = ({ ids }: Shelved, index: number): RecId => recIdFrom(ids.subarray(32 * index, 32 * index + 32))!
