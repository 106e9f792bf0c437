import type { DocId, EntryId, EpochId, FeedId, RecId } from '../core/ids.ts'
import type { SealKey } from '../crypto/seal.ts'
import { yClientOf } from '../ledger/feed-id.ts'
import type { Position } from '../ledger/types.ts'
import { Buried, type Parting } from './buried.ts'
import type { BadRecord, BasePosition, FeedSeal, ForkEvidence, RecordBody, SealedRecord } from './types.ts'

const NONE: readonly never[] = []
const NO_CLOCKS: ReadonlyMap<DocId, number> = new Map()
/** What a feed without a base begins after. No record has this name. */
export const NO_RECORD = '' as RecId

/**
 * A record as memory keeps it: its place in the graph of records, and what it says. The ciphertext stays only until it
 * was opened; the bytes live in the store.
 */
export class Node {
  readonly line: FeedLine
  readonly id: RecId
  readonly seq: number
  /** `null` for the root of a line. */
  readonly epoch: EpochId | null
  readonly prev: Node | null
  /** Its children in the feed, smallest id first: more than one is a fork. */
  readonly next: Node[] = []
  /** On the branch that stands: smallest id at every fork. */
  onLine = false
  sealed: SealedRecord | null = null
  body: RecordBody | null = null
  /** The seal at this record, kept at the tip of each branch. */
  seal: FeedSeal | null = null
  /**
   * `locked`: no key yet. `opened`: waits for its place in feed, ledger and graph. `read`: judged by everything that
   * never changes. `refused`: wrong for ever, and with it whatever builds on it.
   */
  stage: 'locked' | 'opened' | 'read' | 'refused' = 'locked'
  fault: BadRecord | null = null
  // Known once `read`:
  deps: readonly Node[] = NONE
  /** Ledger heads in force here; `null`: those of a base that does not say. */
  heads: readonly EntryId[] | null = null
  /** The highest record of each feed below this one, by index of the feed's line; its own feed apart. */
  below: readonly (Node | undefined)[] = NONE
  /** Something below it lies in a base, and reaches no one knows how far into the other feeds there. */
  basal = false
  /** The feed's own clock in each document after this record. */
  clocks: ReadonlyMap<DocId, number> = NO_CLOCKS
  /** Allowed where it was written, by the ledger as it is now. */
  sound = false
  /** Sound, on a standing branch, and everything below it too. */
  clean = false
  accepted = false

  constructor(
    line: FeedLine,
    prev: Node | null,
    at: { readonly id: RecId; readonly seq: number; readonly epoch: EpochId | null },
  ) {
    this.line = line
    this.prev = prev
    this.id = at.id
    this.seq = at.seq
    this.epoch = at.epoch
  }
}

/** One feed: the tree of its records (a line, as long as its author is honest) above a root. */
export class FeedLine {
  readonly id: FeedId
  /** Its place in every `below`. */
  readonly index: number
  readonly yClient: number
  /** Where it begins: the position of the base, or nothing, at seq −1. */
  readonly root: Node
  /** The branch that stands, from the root's successor on. */
  readonly nodes: Node[] = []
  readonly forks: ForkEvidence[] = []
  /** Of records at or below the root, which are not read, what tells of a fork there. */
  readonly #buried: Buried
  /** The lowest place where two records were signed: the feed is closed there. */
  closedAt = Number.POSITIVE_INFINITY
  /** Of the records held above the root. */
  bytes = 0
  /** Highest accepted record, or the root. */
  accepted: Node
  /** The keys of its records, by epoch, as far as they were needed. */
  readonly keys = new Map<EpochId, SealKey>()

  constructor(id: FeedId, index: number, base: BasePosition | undefined) {
    this.id = id
    this.index = index
    this.yClient = yClientOf(id)
    const at = { id: base?.rec ?? NO_RECORD, seq: base?.seq ?? -1, epoch: null }
    const root = new Node(this, null, at)
    root.stage = 'read'
    root.heads = base?.lheads ?? null
    root.basal = base !== undefined
    root.clocks = base?.clocks ?? NO_CLOCKS
    root.onLine = root.sound = root.clean = root.accepted = true
    this.root = this.accepted = root
    this.#buried = new Buried(root)
  }

  /** Whether the root lies on a branch that does not stand for whoever began before the fork. */
  isRootFallen(): boolean {
    return this.#buried.parting?.isRootFallen ?? false
  }

  /** Where another branch leaves that of the root, at or below it, as far as is known. */
  parting(): Parting | null {
    return this.#buried.parting
  }

  /** Whether this record, for a place at or below the root, lies upon another branch. */
  leavesOut(at: { readonly seq: number; readonly id: RecId }): boolean {
    return this.#buried.leavesOut(at)
  }

  /** Where it is forked, and which branch stands there; `null`: nowhere. */
  fork(): string | null {
    const at = this.forks.map(({ seq, records }) => `${seq}:${records[0]}`)
    return at.length > 0 ? at.sort().join() : null
  }

  /**
   * Takes note of those of some records in a row that lie at or below the root. Where two were signed for one place there, what
   * lies there stands all the same: it is evidence.
   * @returns whether one of them was not known.
   */
  hear(records: readonly SealedRecord[]): boolean {
    const isNews = this.#buried.hear(records)
    const { parting } = this.#buried
    const known = this.forks.findIndex(({ seq }) => seq <= this.root.seq)
    if (isNews && parting) {
      const evidence: ForkEvidence = { feed: this.id, seq: parting.seq, records: parting.records }
      if (known < 0) this.forks.push(evidence)
      else this.forks[known] = evidence
    }
    return isNews
  }

  /** Whether some records in a row lie upon another branch than the root. */
  isBesideRoot(records: readonly SealedRecord[]): boolean {
    return this.#buried.isBeside(records)
  }
}

/** Hangs a record under `prev`, which must be of the same line. Gives it, and whether the standing branch changed course. */
export const addRecord = (
  line: FeedLine,
  prev: Node,
  record: SealedRecord,
): { readonly node: Node; readonly forked: boolean } => {
  const { seq, epoch } = record.pub
  const node = new Node(line, prev, { id: record.id, seq, epoch })
  node.sealed = record
  prev.next.push(node)
  prev.seal = null
  if (prev.next.length === 1) {
    node.onLine = prev.onLine
    if (node.onLine) line.nodes.push(node)
    return { node, forked: false }
  }
  prev.next.sort((a, b) => (a.id < b.id ? -1 : 1))
  const [first, second] = prev.next as [Node, Node, ...Node[]]
  const evidence: ForkEvidence = { feed: line.id, seq, records: [first.id, second.id] }
  const known = line.forks.findIndex((fork) => prev.next.some(({ id }) => fork.records.includes(id)))
  if (known < 0) line.forks.push(evidence)
  else line.forks[known] = evidence
  if (prev.onLine) stand(line, prev)
  return { node, forked: true }
}

/** The standing branch from `from` on, anew. */
const stand = (line: FeedLine, from: Node): void => {
  line.closedAt = Math.min(line.closedAt, from.seq + 1)
  const fall: Node[] = [...from.next]
  for (let node = fall.pop(); node; node = fall.pop()) {
    node.onLine = false
    fall.push(...node.next)
  }
  line.nodes.length = from.seq - line.root.seq
  for (let node = from.next[0]; node; node = node.next[0]) {
    node.onLine = true
    line.nodes.push(node)
    if (node.next.length > 1) line.closedAt = Math.min(line.closedAt, node.seq + 1)
  }
}

/** The highest record held on the standing branch, or the root. */
export const tipOf = (line: FeedLine): Node => line.nodes.at(-1) ?? line.root

/** The record at `seq` on the standing branch, the root included. */
export const nodeAt = (line: FeedLine, seq: number): Node | undefined =>
  seq === line.root.seq ? line.root : line.nodes[seq - line.root.seq - 1]

export const positionOf = ({ id, line, seq }: Node): Position => ({ feed: line.id, seq, rec: id })

/** Whether there is a record at all: the root of a feed without a base is none. */
export const isRecord = (node: Node): boolean => node.seq >= 0

/** Whether two records lie on one branch. Without a fork they always do. */
export const onOneBranch = (a: Node, b: Node): boolean => {
  if (a.line.forks.length === 0) return true
  const [low, high] = a.seq < b.seq ? [a, b] : [b, a]
  let node: Node | null = high
  while (node && node.seq > low.seq) node = node.prev
  return node === low
}
