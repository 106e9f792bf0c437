import type { DeviceId, MemberId } from '../core/ids.ts'
import type { Book } from './book.ts'
import { isAtOrBelow, isBelowNode, type Node } from './dag.ts'
import type { ParentVerdict } from './mirror.ts'
import {
  isCut,
  strikesOn,
  type Biting,
  type Lift,
  type Offspring,
  type Said,
  type Suspensions,
  type View,
} from './view.ts'

type Known = {
  readonly view: Pick<View, 'strikes' | 'holders' | 'offspring'>
  readonly said: readonly Said[]
  readonly withdrawals: readonly Node[]
  readonly lifts: readonly Lift[]
}

/** What an entry says against a device, if it was allowed to. */
export const saidBy = (book: Book, node: Node): readonly Said[] => {
  const { act } = node
  const facts = book.factsOf(node)
  if (!facts.valid || facts.kind !== 'suspension') return []
  const { cap } = facts
  if (act?.type === 'suspend')
    return [{ node, device: act.device, frontier: act.frontier, reason: act.reason, cap, fromAbove: false }]
  if (act?.type === 'propose' && act.proposal.action === 'revokeDevice')
    return [
      {
        node,
        device: act.proposal.device,
        frontier: act.proposal.frontier,
        reason: 'proposed',
        cap,
        fromAbove: false,
      },
    ]
  return []
}

/** A mirrored suspension: the collective’s word in the circle. Whoever mirrors it answers for nothing, so no cap applies. */
export const saidFromAbove = (book: Book, node: Node): readonly Said[] => {
  const verdict = verdictOf(book, node)
  return verdict?.type === 'suspends'
    ? verdict.devices.map((device) => ({
        node,
        device,
        frontier: [],
        reason: 'evidence',
        cap: 0,
        fromAbove: true,
      }))
    : []
}

/** Mirrored acts that are over above, as far as whoever says so has heard: each ends what mirrors it below this word. */
export const liftsFromAbove = (book: Book, node: Node): readonly Lift[] => {
  const verdict = verdictOf(book, node)
  return verdict?.type === 'lifts' ? verdict.acts.map((ends) => ({ node, device: null, ends })) : []
}

/** What the act an entry mirrors comes to. `null`: it mirrors none. */
export const verdictOf = (book: Book, { act }: Node): ParentVerdict | null =>
  act?.type === 'mirror' ? book.askParent(act.act) : null

/**
 * A new key of a device that did not know of another one, said before it or meanwhile: somebody has a copy of the phone. It
 * speaks against its own device, so that neither key is used and a majority looks at it. No cap: it is nobody’s word.
 */
export const saidByClone = (book: Book, node: Node, rekeyed: readonly Node[]): readonly Said[] =>
  isCloned(book, node, rekeyed)
    ? [{ node, device: node.author, frontier: [], reason: 'evidence', cap: 0, fromAbove: false }]
    : []

/** Whether a rekey contradicts another one of its device. What a final checkpoint holds is not contradicted by what comes after. */
export const isCloned = (book: Book, node: Node, rekeyed: readonly Node[]): boolean =>
  rekeyed.some((other) => book.dag.isConcurrent(other, node) && !isBelowNode(node, other))

/** T4: the suspensions in force, of all that were said and not cut. Spec: ledger.md §8.4. */
export const suspensionsInForce = (known: Known): Suspensions => {
  const { said, withdrawals, lifts } = known
  const biting = bitingOf(known)
  const on = new Map<DeviceId, Biting[]>()
  for (const bite of biting) on.set(bite.device, [...(on.get(bite.device) ?? []), bite])
  return { said, withdrawals, lifts, biting, on }
}

/**
 * A device silenced meanwhile cannot take a suspension back: else a thief would, dated back to before the theft was
 * known. Whoever is silenced is found as if every withdrawal stood, so that no withdrawal decides about another.
 */
const bitingOf = (known: Known): readonly Biting[] => {
  const { withdrawals } = known
  const silencers = biteOf(known, withdrawals)
  const standing = withdrawals.filter(
    (node) =>
      !silencers.some(({ device, said: { node: by } }) => device === node.author && !isAtOrBelow(node, by)),
  )
  return standing.length === withdrawals.length ? silencers : biteOf(known, standing)
}

const targetOf = ({ act }: Node) => (act?.type === 'withdraw' ? act.target : null)

/** What bites if these withdrawals stand. */
const biteOf = (known: Known, withdrawals: readonly Node[]): readonly Biting[] => {
  const takenBack = new Set(withdrawals.map(targetOf))
  const standing = withinCap(known, withdrawals).filter(
    (one) => !takenBack.has(one.node.id) && (one.fromAbove || !isAnnulled(known, one)),
  )
  return withOffspring(
    known,
    standing.map((one) => ({ said: one, device: one.device, frontier: one.frontier })),
  )
}

/**
 * Beyond its author’s cap a suspension needs a second member who suspends the same device, and does so still: words that were
 * taken back, annulled or lifted second nothing, and a device that was put out seconds, and is seconded, only where those who decided
 * it knew both. A place is free again for a suspension that knew of the withdrawal, lift or
 * revocation that ended an earlier one; what ends later wakes nothing in hindsight, so who was seconded keeps its place
 * when the second ends. Nor does a second person under a final checkpoint: that one’s own suspension bites, from when it was said.
 */
const withinCap = (known: Known, withdrawals: readonly Node[]): readonly Said[] => {
  const { said, view } = known
  const holderOf = (device: DeviceId): MemberId | undefined => view.holders.get(device)?.[0]
  const takenBack = new Set(withdrawals.map(targetOf))
  const capped = new Set<Said>()
  const byMember = new Map<MemberId | undefined, Said[]>()
  for (const one of said) {
    const member = holderOf(one.node.author)
    byMember.set(member, [...(byMember.get(member) ?? []), one])
  }
  const secondsOf = ({ device, node }: Said): readonly Said[] =>
    said.filter(
      (other) =>
        other.device === device &&
        holderOf(other.node.author) !== holderOf(node.author) &&
        !(other.node.floor && isAtOrBelow(node, other.node.floor)),
    )
  /** Whether whoever put the author of `one` out, if anybody did, knew of `other`. */
  const wasKnown = (other: Said, one: Said): boolean =>
    strikesOn(view, one.node.author).every((strike) => isBelowNode(other.node, strike.node))
  const stands = (second: Said, one: Said): boolean =>
    !takenBack.has(second.node.id) &&
    !isLifted(known, { said: second, device: second.device }) &&
    (second.fromAbove || (!isAnnulled(known, second) && wasKnown(one, second))) &&
    wasKnown(second, one)
  const isOver = ({ one }: Placed, by: Node): boolean =>
    (takenBack.has(one.node.id) &&
      withdrawals.some((node) => targetOf(node) === one.node.id && isBelowNode(node, by))) ||
    hadEnded(known, one, by)
  for (const [member, theirs] of byMember) {
    const placed: Placed[] = []
    for (const one of theirs.sort(bySizeOfPast)) {
      const target = holderOf(one.device)
      if (target === undefined || target === member || one.fromAbove) continue
      const before = placed.length < one.cap ? [] : placed.filter((earlier) => !isOver(earlier, one.node))
      const same = before.filter((earlier) => earlier.target === target)
      const others = new Set(before.map((earlier) => earlier.target))
      others.delete(target)
      const isWithin = others.size < one.cap
      const seconds = isWithin ? [] : secondsOf(one)
      if (isWithin || same.length > 0 || seconds.length > 0) placed.push({ one, target })
      if (
        !isWithin &&
        same.every((earlier) => capped.has(earlier.one)) &&
        !seconds.some((second) => stands(second, one))
      )
        capped.add(one)
    }
  }
  return said.filter((one) => !capped.has(one))
}

/** A suspension that has a place within its author’s cap, or had a second, and whom it is to silence. */
type Placed = { readonly one: Said; readonly target: MemberId }

/** Whether whoever made `by` knew that `said` had come to its end. */
const hadEnded = ({ view, lifts }: Known, said: Said, by: Node): boolean =>
  strikesOn(view, said.device).some((strike) => isBelowNode(strike.node, by)) ||
  lifts.some(
    (lift) => lift.device === said.device && isBelowNode(said.node, lift.node) && isBelowNode(lift.node, by),
  )

const bySizeOfPast = (a: Said, b: Said): number =>
  a.node.pastSize - b.node.pastSize || (a.node.id < b.node.id ? -1 : 1)

/** Whoever ended a device may end, by name, the suspensions it had said; the others stand. */
const isAnnulled = ({ view }: Known, { node }: Said): boolean =>
  strikesOn(view, node.author).some(({ annul }) => annul.includes(node.id))

const isLifted = ({ lifts }: Known, { said, device }: Pick<Biting, 'said' | 'device'>): boolean =>
  lifts.some(
    (lift) =>
      (said.fromAbove ? lift.ends !== null && lift.ends === mirroredBy(said.node) : lift.device === device) &&
      isBelowNode(said.node, lift.node),
  )

const mirroredBy = ({ act }: Node) => (act?.type === 'mirror' ? act.act : null)

/**
 * Suspending a device also suspends what it proposed for its own member: a thief’s second phone. Not what was settled by a
 * final checkpoint before: many people looked at it then, and it stands by itself.
 */
const withOffspring = (known: Known, standing: readonly Biting[]): readonly Biting[] => {
  const biting = standing.filter((bite) => !isLifted(known, bite))
  const seen = new Set(biting.map(({ said, device }) => `${said.node.id} ${device}`))
  for (const bite of biting)
    for (const device of broughtIn(known.view.offspring).get(bite.device) ?? []) {
      const next: Biting = { ...bite, device }
      const key = `${bite.said.node.id} ${device}`
      if (seen.has(key) || isLifted(known, next)) continue
      if (wasSettled(known, device, bite.said.node.floor)) continue
      seen.add(key)
      biting.push(next)
    }
  return biting
}

/** The devices each device brought in. */
const broughtIn = (offspring: readonly Offspring[]): ReadonlyMap<DeviceId, readonly DeviceId[]> => {
  const known = BROUGHT_IN.get(offspring)
  if (known) return known
  const by = new Map<DeviceId, DeviceId[]>()
  for (const { device, proposer } of offspring) by.set(proposer, [...(by.get(proposer) ?? []), device])
  BROUGHT_IN.set(offspring, by)
  return by
}

const BROUGHT_IN = new WeakMap<readonly Offspring[], ReadonlyMap<DeviceId, readonly DeviceId[]>>()

const wasSettled = ({ view }: Known, device: DeviceId, floor: Node | null): boolean =>
  floor !== null &&
  view.offspring.some((one) => one.device === device && isAtOrBelow(one.at, floor) && !isCut(view, one.at))
