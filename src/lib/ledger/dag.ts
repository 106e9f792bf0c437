import type { DeviceId, EntryId } from '../core/ids.ts'
import { addBit, addBits, bitsIn, countBits, emptyBits, hasBit, type Bits } from './bits.ts'
import type { Act, SignedEntry } from './types.ts'

/** An entry in its place: `index` counts arrivals, parents always before children; `past` is everything below it, by index. */
export type Node = {
  readonly id: EntryId
  readonly author: DeviceId
  readonly act: Act | null
  readonly signed: SignedEntry
  readonly index: number
  readonly past: Bits
  readonly pastSize: number
  /** What stands directly below. */
  readonly parents: readonly EntryId[]
  /** The newest final checkpoint in its past, where finality is taken into account (`reading.ts`). */
  readonly floor: Node | null
}

/** What others said about an entry: approvals of a proposal, withdrawals of anything, signatures under a checkpoint. */
export type Answers = {
  readonly approvals: readonly Node[]
  readonly withdrawals: readonly Node[]
  readonly cosigns: readonly Node[]
}
type Collected = { readonly [kind in keyof Answers]: Node[] }

const NO_ANSWERS: Answers = { approvals: [], withdrawals: [], cosigns: [] }

/** Hash-linked entries and who lies below whom. Grows only; everything it says of an entry stays true. */
export class Dag {
  readonly #nodes = new Map<EntryId, Node>()
  readonly #order: Node[] = []
  readonly #heads = new Set<EntryId>()
  readonly #byAuthor = new Map<DeviceId, Node[]>()
  /** Each author's entries with none of its own above: one, unless it said two things at once. */
  readonly #tips = new Map<DeviceId, readonly Node[]>()
  /** Authors who ever had two newest entries at once: only theirs are not a chain. */
  readonly #forked = new Set<DeviceId>()
  readonly #answers = new Map<EntryId, Collected>()
  readonly #checkpoints: Node[] = []
  readonly #children = new Map<EntryId, Node[]>()

  get size(): number {
    return this.#order.length
  }

  get(id: EntryId): Node | undefined {
    return this.#nodes.get(id)
  }

  at(index: number): Node {
    return this.#order[index]!
  }

  heads(): readonly EntryId[] {
    return [...this.#heads].sort()
  }

  /** All parents must be in already. */
  insert(signed: SignedEntry, past: Bits = this.closure(signed.entry.parents)): Node {
    const { id, entry, act } = signed
    const index = this.#order.length
    const { author, parents } = entry
    const pastSize = countBits(past)
    const node: Node = { id, author, act, signed, index, past, pastSize, parents, floor: null }
    this.#nodes.set(id, node)
    this.#order.push(node)
    for (const parent of parents) {
      this.#heads.delete(parent)
      const siblings = this.#children.get(parent)
      if (siblings) siblings.push(node)
      else this.#children.set(parent, [node])
    }
    this.#heads.add(id)
    const own = this.#byAuthor.get(author)
    if (own) own.push(node)
    else this.#byAuthor.set(author, [node])
    const tips = this.#tips.get(author) ?? []
    const newest = [...tips.filter((tip) => !hasBit(past, tip.index)), node]
    this.#tips.set(author, newest)
    if (newest.length > 1) this.#forked.add(author)
    if (act?.type === 'approve') this.#answersTo(act.proposal).approvals.push(node)
    if (act?.type === 'withdraw') this.#answersTo(act.target).withdrawals.push(node)
    if (act?.type === 'cosign') this.#answersTo(act.checkpoint).cosigns.push(node)
    if (act?.type === 'checkpoint') this.#checkpoints.push(node)
    return node
  }

  /** Everything at or below `heads`, by index. Unknown ids are left out. */
  closure(heads: readonly EntryId[]): Bits {
    const nodes = heads.flatMap((id) => this.#nodes.get(id) ?? [])
    const bits = emptyBits(Math.max(0, ...nodes.map(({ index }) => index + 1)))
    for (const { past, index } of nodes) {
      addBits(bits, past)
      addBit(bits, index)
    }
    return bits
  }

  /** The nodes of a set, in order of arrival. */
  nodesIn(bits: Bits): readonly Node[] {
    return bitsIn(bits).map((index) => this.#order[index]!)
  }

  /** Whether `below` is a proper ancestor of `above`. */
  isBelow(below: EntryId, above: EntryId): boolean {
    const [low, high] = [this.#nodes.get(below), this.#nodes.get(above)]
    return low !== undefined && high !== undefined && hasBit(high.past, low.index)
  }

  /**
   * The author's newest entry within `bits`. Of several at once, which only a device that contradicts itself has, the
   * one with the smallest id: every reader must name the same one.
   */
  newestOf(author: DeviceId, bits: Bits): EntryId | null {
    const own = this.#byAuthor.get(author) ?? []
    const newest: Node[] = []
    for (let i = own.length - 1; i >= 0; i--) {
      const node = own[i]!
      if (!hasBit(bits, node.index) || newest.some(({ past }) => hasBit(past, node.index))) continue
      newest.push(node)
      if (!this.#forked.has(author)) break
    }
    return smallest(newest)
  }

  /** The author's newest entry of all. */
  latestOf(author: DeviceId): EntryId | null {
    return smallest(this.#tips.get(author) ?? [])
  }

  answersTo(id: EntryId): Answers {
    return this.#answers.get(id) ?? NO_ANSWERS
  }

  /** Everybody who ever said something. */
  authors(): readonly DeviceId[] {
    return [...this.#byAuthor.keys()]
  }

  /** An author’s entries with none of its own above. */
  tipsOf(author: DeviceId): readonly Node[] {
    return this.#tips.get(author) ?? []
  }

  /** Everything an author said, in order of arrival. */
  entriesOf(author: DeviceId): readonly Node[] {
    return this.#byAuthor.get(author) ?? []
  }

  /** What names an entry among its parents, in order of arrival. */
  childrenOf(id: EntryId): readonly Node[] {
    return this.#children.get(id) ?? []
  }

  /** Every checkpoint proposed, in order of arrival. */
  checkpoints(): readonly Node[] {
    return this.#checkpoints
  }

  #answersTo(id: EntryId): Collected {
    const known = this.#answers.get(id) ?? { approvals: [], withdrawals: [], cosigns: [] }
    this.#answers.set(id, known)
    return known
  }
}

export const isBelowNode = (below: Node, above: Node): boolean => hasBit(above.past, below.index)

export const isAtOrBelow = (below: Node, above: Node): boolean => below === above || isBelowNode(below, above)

/** Parents first, and among those that are free the smaller id: one order on every device. */
export const topological = (nodes: readonly Node[]): readonly Node[] => {
  const within = new Map(nodes.map((node) => [node.id, node]))
  const waitsFor = new Map<Node, number>()
  const children = new Map<EntryId, Node[]>()
  const free: Node[] = []
  for (const node of nodes) {
    const parents = node.parents.filter((parent) => within.has(parent))
    waitsFor.set(node, parents.length)
    for (const parent of parents) {
      const siblings = children.get(parent)
      if (siblings) siblings.push(node)
      else children.set(parent, [node])
    }
    if (parents.length === 0) free.push(node)
  }
  free.sort((a, b) => (a.id < b.id ? 1 : -1))
  const sorted: Node[] = []
  for (let next = free.pop(); next; next = free.pop()) {
    sorted.push(next)
    for (const child of children.get(next.id) ?? []) {
      const left = waitsFor.get(child)! - 1
      waitsFor.set(child, left)
      if (left === 0) insertSorted(free, child)
    }
  }
  return sorted
}

/** Keeps `free` descending by id. */
const insertSorted = (free: Node[], node: Node): void => {
  let [low, high] = [0, free.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (free[middle]!.id > node.id) low = middle + 1
    else high = middle
  }
  free.splice(low, 0, node)
}

const smallest = (nodes: readonly Node[]): EntryId | null => nodes.map(({ id }) => id).sort()[0] ?? null
