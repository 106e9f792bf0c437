import type { EntryId } from '../core/ids.ts'
import { addBit, addBits, countBits, emptyBits, hasBit, type Bits } from './bits.ts'
import type { Answers, Dag, Node } from './dag.ts'

/**
 * The graph as it is read once certain checkpoints are final, each above the one before; `top` is the newest. **The late
 * rule**: whatever is neither below a final checkpoint nor above it is read as if it stood on it, so that nothing said
 * afterwards, however far back it is dated, comes before what is settled. Every other rule is blind to the difference: it
 * asks who lies below whom, and asks here.
 */
export class Reading {
  readonly top: Node | null
  readonly #dag: Dag
  readonly #below: Reading | null
  /** What does not lie at or below `top`, in its place on top of it. */
  readonly #above: (Node | undefined)[] = []

  private constructor(dag: Dag, below: Reading | null, top: Node | null) {
    this.#dag = dag
    this.#below = below
    this.top = top
  }

  /** The graph as it was signed, with nothing final. */
  static of(dag: Dag): Reading {
    return new Reading(dag, null, null)
  }

  /** With one more checkpoint final, above all that are. */
  upTo(checkpoint: Node): Reading {
    return new Reading(this.#dag, this, this.at(checkpoint.index))
  }

  get(id: EntryId): Node | undefined {
    const node = this.#dag.get(id)
    return node && this.at(node.index)
  }

  at(index: number): Node {
    if (this.isSettled(index)) return this.#below!.at(index)
    return (this.#above[index] ??= this.#placed(this.#dag.at(index)))
  }

  /** Whether an entry is the newest final checkpoint, or lies below it. */
  isSettled(index: number): boolean {
    return this.top !== null && (index === this.top.index || hasBit(this.top.past, index))
  }

  /** Whether `node` is one of the checkpoints taken as final here. */
  isFinal(node: Node): boolean {
    return node === this.top || (this.#below?.isFinal(node) ?? false)
  }

  /** Everything at or below `heads`, and at or below what is final. */
  closure(heads: readonly EntryId[]): Bits {
    return this.#dag.closure(this.top ? [...heads, this.top.id] : heads)
  }

  isBelow(below: EntryId, above: EntryId): boolean {
    const [low, high] = [this.get(below), this.get(above)]
    return low !== undefined && high !== undefined && hasBit(high.past, low.index)
  }

  /** Whether neither of two entries knew of the other when it was signed. */
  isConcurrent(a: Node, b: Node): boolean {
    return !this.isInLine(a.id, b.id)
  }

  /** What named an entry among its parents when it was signed. */
  childrenOf(id: EntryId): readonly Node[] {
    return this.#dag.childrenOf(id)
  }

  /** Whether one of two entries is, or knew of, the other when it was signed. */
  isInLine(a: EntryId, b: EntryId): boolean {
    return a === b || this.#dag.isBelow(a, b) || this.#dag.isBelow(b, a)
  }

  answersTo(id: EntryId): Answers {
    const answers = this.#dag.answersTo(id)
    if (!this.top) return answers
    const placed = (nodes: readonly Node[]) => nodes.map(({ index }) => this.at(index))
    return {
      approvals: placed(answers.approvals),
      withdrawals: placed(answers.withdrawals),
      cosigns: placed(answers.cosigns),
    }
  }

  #placed(node: Node): Node {
    const { top } = this
    if (!top) return node
    if (hasBit(node.past, top.index)) return { ...node, floor: top }
    const past = emptyBits(Math.max(node.past.length, top.past.length, (top.index >>> 5) + 1) * 32)
    addBits(past, node.past)
    addBits(past, top.past)
    addBit(past, top.index)
    return { ...node, past, pastSize: countBits(past), parents: [...node.parents, top.id], floor: top }
  }
}
