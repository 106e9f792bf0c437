import type { CollId, EntryId } from '../core/ids.ts'
import { bitsIn, countBits, hasBit, type Bits } from './bits.ts'
import { Book } from './book.ts'
import { judge } from './causal.ts'
import { isBelowNode, topological, type Dag, type Node } from './dag.ts'
import { evaluate } from './evaluate.ts'
import type { AskParent } from './mirror.ts'
import { Reading } from './reading.ts'
import { NOTHING, type View } from './view.ts'

/** Views kept: enough for as many branches as devices speak at once. */
const KEPT = 256
/** And of what a final checkpoint has passed: it is asked for seldom, and there will be many. */
const KEPT_BELOW = 8

/**
 * The state of any set of heads under one choice of final checkpoints, each from the nearest one below it that is still
 * known. What lies under a single entry that all others build on is settled for them, and a final checkpoint is such an
 * entry by rule; so only the window above it is evaluated again. Where the window reaches below (a lift, an annulment),
 * everything is.
 */
export class Evaluation {
  readonly book: Book
  readonly #below: Evaluation | null
  readonly #above = new Map<EntryId, Evaluation>()
  readonly #views = new Map<string, View>()
  /** All entries before this one, in order of arrival, have their verdict. */
  #judged = 0

  private constructor(book: Book, below: Evaluation | null) {
    this.book = book
    this.#below = below
  }

  /** With nothing final. */
  static of(coll: CollId, dag: Dag, askParent: AskParent): Evaluation {
    return new Evaluation(new Book({ coll, dag: Reading.of(dag), facts: new WeakMap(), askParent }), null)
  }

  /** With one more checkpoint final, above those that are. What lies below it keeps its verdicts. */
  upTo(checkpoint: Node): Evaluation {
    const known = this.#above.get(checkpoint.id)
    if (known) return known
    const above = new Evaluation(new Book({ ...this.book, dag: this.book.dag.upTo(checkpoint) }), this)
    this.#above.set(checkpoint.id, above)
    for (const key of this.#views.keys()) if (this.#views.size > KEPT_BELOW) this.#views.delete(key)
    return above
  }

  /** What is final, the lowest first. */
  get finals(): readonly Node[] {
    const { top } = this.book.dag
    return top ? [...this.#below!.finals, top] : []
  }

  /** With what was final before `node`. */
  at(node: Node): Evaluation {
    return this.book.dag.isSettled(node.index) ? this.#below!.at(node) : this
  }

  /** With no more final than lies at or below one of `heads`, or was final before one of them. */
  reaching(heads: readonly EntryId[]): Evaluation {
    const { dag } = this.book
    const isShort = dag.top !== null && heads.every((id) => id !== dag.top!.id && this.#isSettled(id))
    return isShort ? this.#below!.reaching(heads) : this
  }

  /** The state of `heads`, everything below them, and everything that is final. */
  viewOf(heads: readonly EntryId[]): View {
    this.#judge(this.book.dag.closure(heads))
    return this.#view(heads)
  }

  /** Each entry by the state of its own past, what is settled first, then in order of arrival, so that no past is waited for. */
  #judge(within: Bits): void {
    const { book } = this
    if (this.#judged === 0 && this.#below) this.#below.#judge(book.dag.closure([]))
    let isGapless = true
    for (let index = this.#judged; index < within.length * 32; index++) {
      if (hasBit(within, index)) this.#judgeOne(index)
      else isGapless = false
      if (isGapless) this.#judged = index + 1
    }
  }

  #judgeOne(index: number): void {
    const { book } = this
    if (book.dag.isSettled(index)) return
    const node = book.dag.at(index)
    if (!book.isJudged(node)) book.record(node, judge(book, this.#view(node.parents), node))
  }

  #view(all: readonly EntryId[]): View {
    const heads = this.#aboveTop(all)
    const key = keyOf(heads)
    const known = this.#views.get(key)
    if (known) {
      this.#views.delete(key)
      this.#views.set(key, known)
      return known
    }
    const view = this.#compute(heads)
    this.#views.set(key, view)
    if (this.#views.size > KEPT) this.#views.delete(this.#views.keys().next().value!)
    return view
  }

  /** What is settled adds nothing to the newest final checkpoint, which is in every set. */
  #aboveTop(heads: readonly EntryId[]): readonly EntryId[] {
    const { top } = this.book.dag
    if (!top) return heads
    const above = heads.filter((id) => !this.#isSettled(id))
    return above.length > 0 ? above : [top.id]
  }

  #isSettled(id: EntryId): boolean {
    const { dag } = this.book
    const node = dag.get(id)
    return node === undefined || dag.isSettled(node.index)
  }

  #compute(heads: readonly EntryId[]): View {
    const { base, window } = this.#nearest(heads)
    return evaluate(this.book, base, topological(window)) ?? this.#fromFar(heads)
  }

  /** From the newest final checkpoint, or where a change reaches below even that, from nothing. */
  #fromFar(heads: readonly EntryId[]): View {
    const { dag } = this.book
    const all = bitsIn(dag.closure(heads))
    const nodesIn = (indexes: readonly number[]) => topological(indexes.map((index) => dag.at(index)))
    const above = all.filter((index) => !dag.isSettled(index))
    const isAbove = dag.top && above.length > 0
    const view = isAbove ? evaluate(this.book, this.#view([dag.top.id]), nodesIn(above)) : null
    return view ?? evaluate(this.book, NOTHING, nodesIn(all))!
  }

  /**
   * The highest view to build on: that of the past of the only head, or of heads that everything above them in the set
   * builds on, each on all, while everything else in the set lies below them.
   */
  #nearest(heads: readonly EntryId[]): { readonly base: View; readonly window: readonly Node[] } {
    const { dag } = this.book
    const only = heads.length === 1 ? dag.get(heads[0]!) : undefined
    if (only && only === dag.top) return { base: this.#below!.#view(only.parents), window: [only] }
    const below = only && this.#views.get(keyOf(this.#aboveTop(only.parents)))
    if (below) return { base: below, window: [only] }
    const within = dag.closure(heads)
    const settled = dag.top ? dag.top.pastSize + 1 : 0
    const window: Node[] = []
    const left = new Set(heads)
    let count = countBits(within)
    for (let index = within.length * 32 - 1; count > settled; index--) {
      if (!hasBit(within, index) || dag.isSettled(index)) continue
      const node = dag.at(index)
      window.push(node)
      count--
      left.delete(node.id)
      for (const id of node.parents) if (!this.#isSettled(id) && isFree(dag, id, within, index)) left.add(id)
      const known = left.size > 0 ? this.#views.get(keyOf([...left])) : undefined
      if (known && window.every((above) => liesAbove(dag, above, left))) return { base: known, window }
    }
    return { base: dag.top ? this.#view([dag.top.id]) : NOTHING, window }
  }
}

/** Whether nothing of a set that arrived before `index` stands on an entry. */
const isFree = (dag: Reading, id: EntryId, within: Bits, index: number): boolean =>
  dag.childrenOf(id).every((child) => child.index >= index || !hasBit(within, child.index))

const liesAbove = (dag: Reading, above: Node, all: ReadonlySet<EntryId>): boolean => {
  for (const id of all) if (!isBelowNode(dag.get(id)!, above)) return false
  return true
}

const keyOf = (heads: readonly EntryId[]): string =>
  heads.length === 1 ? heads[0]! : [...heads].sort().join()
