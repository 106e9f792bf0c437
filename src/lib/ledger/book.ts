import type { CollId, DeviceId, EntryId, FeedId, MemberId } from '../core/ids.ts'
import { isBelowNode, type Node } from './dag.ts'
import { yClientOf } from './feed-id.ts'
import type { AskParent } from './mirror.ts'
import type { Reading } from './reading.ts'
import type { Position, Proposal } from './types.ts'

/** A vote that was allowed where it was cast, by a member with a voice at the enactment. */
export type Ballot = { readonly vote: Node; readonly member: MemberId }

/**
 * What the state of an entry's own past says about it (T0). It never changes, so it is kept, and with it what later
 * strata ask of that past.
 */
export type Facts =
  | { readonly valid: false }
  | { readonly valid: true; readonly kind: 'plain' }
  | {
      readonly valid: true
      readonly kind: 'enact'
      readonly proposal: Node
      readonly action: Proposal
      readonly ballots: readonly Ballot[]
      readonly needed: number
      /** More than half of the electorate it was carried out in. */
      readonly majority: number
      /** Devices a recovery or revocation ends. */
      readonly strikes: readonly DeviceId[]
      readonly frontier: readonly Position[]
    }
  /** A checkpoint or co-signature, and whether its device still stood: it counts either way, or not, elsewhere. */
  | { readonly valid: true; readonly kind: 'signature'; readonly stood: boolean }
  | { readonly valid: true; readonly kind: 'suspension'; readonly cap: number }
  | {
      readonly valid: true
      readonly kind: 'rotate'
      readonly recipients: readonly DeviceId[]
      readonly depth: number
    }

/**
 * The entries, in the order their finals give them, and the verdicts on them: what every rule reads. Verdicts go with the
 * place an entry has, so that books which agree on what is final below it share them.
 */
export class Book {
  readonly coll: CollId
  readonly dag: Reading
  readonly facts: WeakMap<Node, Facts>
  readonly askParent: AskParent
  readonly clientOf: (feed: FeedId) => number

  constructor(of: {
    readonly coll: CollId
    readonly dag: Reading
    readonly facts: WeakMap<Node, Facts>
    readonly askParent: AskParent
    /** The client id of a feed, for tests that make two of them meet. */
    readonly clientOf?: (feed: FeedId) => number
  }) {
    this.coll = of.coll
    this.dag = of.dag
    this.facts = of.facts
    this.askParent = of.askParent
    this.clientOf = of.clientOf ?? yClientOf
  }

  isJudged(node: Node): boolean {
    return this.facts.has(node)
  }

  record(node: Node, facts: Facts): void {
    this.facts.set(node, facts)
  }

  factsOf(node: Node): Facts {
    return this.facts.get(node) ?? { valid: false }
  }

  isValid(node: Node): boolean {
    return this.factsOf(node).valid
  }

  /** The `propose` entry called `id`, if it lies below `node` and was allowed. */
  proposalBelow(id: EntryId, node: Node): { readonly node: Node; readonly proposal: Proposal } | null {
    const proposed = this.dag.get(id)
    return proposed?.act?.type === 'propose' && isBelowNode(proposed, node) && this.isValid(proposed)
      ? { node: proposed, proposal: proposed.act.proposal }
      : null
  }

  /** The allowed withdrawals of an entry that `knows` of. */
  withdrawalsOf(node: Node, knows: (node: Node) => boolean): readonly Node[] {
    return this.dag.answersTo(node.id).withdrawals.filter((by) => knows(by) && this.isValid(by))
  }
}
