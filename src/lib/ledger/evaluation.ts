import type { EntryId } from '../core/ids.ts'
import { countBits, hasBit } from './bits.ts'
import type { Book } from './book.ts'
import { judge } from './causal.ts'
import { isBelowNode, topological, type Dag, type Node } from './dag.ts'
import { evaluate } from './evaluate.ts'
import { NOTHING, type View } from './view.ts'

/** Views kept: enough for as many branches as devices speak at once. */
const KEPT = 256

/**
 * The state of any set of heads, each from the nearest one below it that is still known. What lies under a single entry
 * that all others build on is settled for them, so that only the window above it is evaluated again; where the window
 * reaches below (a lift, an annulment), everything is.
 */
export class Evaluation {
  readonly book: Book
  readonly #dag: Dag
  readonly #views = new Map<string, View>()

  constructor(book: Book) {
    this.book = book
    this.#dag = book.dag
  }

  /** The state of `heads` and everything below them. */
  viewOf(heads: readonly EntryId[]): View {
    this.#judgeAll()
    return this.#view(heads)
  }

  /** Each entry by the state of its own past, in order of arrival, so that no past is waited for. */
  #judgeAll(): void {
    while (this.book.judged < this.#dag.size) {
      const node = this.#dag.at(this.book.judged)
      this.book.record(judge(this.book, this.#view(node.signed.entry.parents), node))
    }
  }

  #view(heads: readonly EntryId[]): View {
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

  #compute(heads: readonly EntryId[]): View {
    const { base, window } = this.#nearest(heads)
    return (
      evaluate(this.book, base, topological(window)) ??
      evaluate(this.book, NOTHING, topological(this.#dag.nodesIn(this.#dag.closure(heads))))!
    )
  }

  /**
   * The highest view to build on: that of the past of the only head, or of an entry that everything above it in the set
   * builds on and everything else in the set lies below.
   */
  #nearest(heads: readonly EntryId[]): { readonly base: View; readonly window: readonly Node[] } {
    const top = heads.length === 1 ? this.#dag.get(heads[0]!) : undefined
    const below = top && this.#views.get(keyOf(top.signed.entry.parents))
    if (below) return { base: below, window: [top] }
    const within = this.#dag.closure(heads)
    const window: Node[] = []
    let left = countBits(within)
    for (let index = this.#dag.size - 1; index >= 0; index--) {
      if (!hasBit(within, index)) continue
      const node = this.#dag.at(index)
      left--
      const known = node.pastSize === left ? this.#views.get(node.id) : undefined
      if (known && window.every((above) => isBelowNode(node, above))) return { base: known, window }
      window.push(node)
    }
    return { base: NOTHING, window }
  }
}

const keyOf = (heads: readonly EntryId[]): string =>
  heads.length === 1 ? heads[0]! : [...heads].sort().join()
