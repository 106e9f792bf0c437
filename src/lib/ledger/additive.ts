import type { Ballot, Facts } from './book.ts'
import { isAtOrBelow, isBelowNode, type Node } from './dag.ts'
import type { Grant, Strike } from './view.ts'
import { votersAmong } from './votes.ts'

export type EnactFacts = Extract<Facts, { readonly kind: 'enact' }>

/** What the strata below have settled about single entries. */
export type Settled = {
  readonly isCut: (node: Node) => boolean
  /** Suspensions that silence an entry. */
  readonly silencing: (node: Node) => readonly Node[]
  readonly grantOf: (node: Node) => Grant | undefined
  readonly strikes: readonly Strike[]
}

/** T3: a lift stands if it still has its votes without those that were cut. Votes of suspended devices count. */
export const liftStands = (
  node: Node,
  { proposal, ballots, needed }: EnactFacts,
  isCut: Settled['isCut'],
): boolean =>
  !isCut(node) && !isCut(proposal) && votersAmong(ballots.filter(({ vote }) => !isCut(vote))).size >= needed

/** `stands`, or `void`, or void only because of these suspensions. */
export type Verdict = 'stands' | 'void' | { readonly pausedBy: readonly Node[] }

/**
 * T5: whether an additive decision stands: recounted without votes that were cut, cast by a device silenced meanwhile, or
 * by one whose own admission fell. Whoever carried it out must stand too, and so must the proposal; that of a further
 * device is that device’s only tie to its member, so a silenced proposer’s does not.
 */
export const recount = (node: Node, facts: EnactFacts, settled: Settled): Verdict => {
  const { proposal, action, ballots, needed } = facts
  const belongs = (entry: Node) => !settled.isCut(entry) && settled.grantOf(entry) !== undefined
  if (!belongs(node) || !belongs(proposal) || fellWithRecovery(node, facts, settled)) return 'void'
  const causes = new Map<Node, readonly Node[]>()
  const speaks = (entry: Node): boolean => {
    const by = [...settled.silencing(entry), ...(settled.grantOf(entry)?.pausedBy ?? [])] as readonly Node[]
    if (by.length > 0) causes.set(entry, by)
    return by.length === 0
  }
  const there = ballots.filter(({ vote }) => belongs(vote))
  if (votersAmong(there).size < needed) return 'void'
  const heard = there.filter(({ vote }: Ballot) => speaks(vote))
  const carried = [node, ...(action.action === 'addDevice' ? [proposal] : [])].filter(
    (entry) => !speaks(entry),
  )
  if (carried.length === 0 && votersAmong(heard).size >= needed) return 'stands'
  return { pausedBy: [...new Set([...causes.values()].flat())] }
}

/** The same, had it needed more than half of all. An admission carried out once more may: see `giving.ts`. */
export const byMajority = (node: Node, facts: EnactFacts, settled: Settled): Verdict =>
  recount(node, { ...facts, needed: Math.max(facts.needed, facts.majority) }, settled)

/** A device added to a member whom a majority meanwhile gave a fresh start falls with the old ones. */
const fellWithRecovery = (node: Node, { action }: EnactFacts, { strikes }: Settled): boolean =>
  action.action === 'addDevice' &&
  strikes.some(
    (strike) =>
      strike.recovers === action.member && !isAtOrBelow(node, strike.node) && !isBelowNode(strike.node, node),
  )
