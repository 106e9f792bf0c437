import type { DeviceId, MemberId } from '../core/ids.ts'
import type { Book } from './book.ts'
import { isAtOrBelow, isBelowNode, type Node } from './dag.ts'
import { groupBy, joined } from './groups.ts'
import type { ParentVerdict } from './mirror.ts'
import { Overlay } from './overlay.ts'
import {
  isCut,
  strikesOn,
  type Biting,
  type Lift,
  type Offspring,
  type Placed,
  type Places,
  type Said,
  type Suspensions,
  type View,
  type Words,
} from './view.ts'

type Known = Words & {
  readonly view: Pick<View, 'strikes' | 'holders' | 'offspring'>
  readonly places: Suspensions['places']
}

type Bites = Pick<Suspensions, 'biting' | 'on'>

/** What a window adds. */
type More = {
  readonly view: Known['view']
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
export const suspensionsInForce = (below: Suspensions, more: More): Suspensions => {
  const { view } = more
  const words: Words = {
    said: [...below.said, ...more.said],
    withdrawals: [...below.withdrawals, ...more.withdrawals],
    lifts: [...below.lifts, ...more.lifts],
    saidOf: joined(below.saidOf, more.said, ({ device }) => device),
    saidBy: joined(below.saidBy, more.said, ({ node }) => holderOf(view, node.author)),
    withdrawalsOf: joined(below.withdrawalsOf, more.withdrawals, targetOf),
    liftsOf: joined(below.liftsOf, more.lifts, ({ device }) => device),
  }
  // What ends later wakes nothing in hindsight: only of those who say one more are places looked for anew.
  const places = new Overlay(below.places)
  for (const member of new Set(more.said.map(({ node }) => holderOf(view, node.author))))
    places.set(member, placesOf({ ...words, view }, member))
  const known: Known = { ...words, view, places: places.done() }
  return { ...words, places: known.places, ...bitingOf(known) }
}

const holderOf = ({ holders }: Known['view'], device: DeviceId): MemberId | null =>
  holders.get(device)?.[0] ?? null

/**
 * What bites. A device silenced meanwhile cannot take a suspension back: else a thief would, dated back to before the theft was
 * known. Whoever is silenced is found as if every withdrawal stood, so that no withdrawal decides about another.
 */
const bitingOf = (known: Known): Bites => {
  const { withdrawals, withdrawalsOf } = known
  const silencers = biteOf(known, ({ node }) => withdrawalsOf.has(node.id))
  const takenBack = withdrawals.filter(
    (node) => !silencers.on.get(node.author)?.some(({ said }) => !isAtOrBelow(node, said.node)),
  )
  if (takenBack.length === withdrawals.length) return silencers
  const ended = new Set(takenBack.map(targetOf))
  return biteOf(known, ({ node }) => ended.has(node.id))
}

const targetOf = ({ act }: Node) => (act?.type === 'withdraw' ? act.target : null)

/** `isTakenBack`: by a withdrawal that counts. */
const biteOf = (known: Known, isTakenBack: (one: Said) => boolean): Bites => {
  const standing = known.said.filter(
    (one) =>
      !isTakenBack(one) && (one.fromAbove || !isAnnulled(known, one)) && isWithinCap(known, one, isTakenBack),
  )
  const biting = withOffspring(
    known,
    standing.map((one) => ({ said: one, device: one.device, frontier: one.frontier })),
  )
  return { biting, on: groupBy(biting, ({ device }) => device) }
}

/**
 * A place is free again for a suspension that knew of the withdrawal, lift or revocation that ended an earlier one; what ends later
 * wakes nothing in hindsight. It hangs on nothing but the words of one member and what ended them, whether or not a withdrawal comes
 * to count, and on no second: so that nobody makes or takes the room of another’s words by words of their own.
 */
const placesOf = (known: Omit<Known, 'places'>, member: MemberId | null): Places => {
  const placed: Placed[] = []
  const free = new Set<Said>()
  for (const one of [...known.saidBy.get(member)!].sort(bySizeOfPast)) {
    const target = holderOf(known.view, one.device)
    if (target === null || target === member || one.fromAbove) {
      free.add(one)
      continue
    }
    const before =
      placed.length < one.cap ? placed : placed.filter((earlier) => !isOver(known, earlier, one.node))
    const targets = new Set(before.map((earlier) => earlier.target))
    if (targets.has(target) || targets.size < one.cap) placed.push({ one, target })
  }
  return { placed, free }
}

/** Whether whoever made `by` knew that an earlier word no longer took up a place. */
const isOver = (known: Omit<Known, 'places'>, { one }: Placed, by: Node): boolean =>
  (known.withdrawalsOf.get(one.node.id)?.some((node) => isBelowNode(node, by)) ?? false) ||
  hadEnded(known, one, by)

/**
 * Beyond its author’s cap a suspension needs a second member who suspends the same device, and does so still: words that were
 * taken back, annulled or lifted second nothing, and a device that was put out seconds, and is seconded, only where those who decided
 * it knew both. Nor does a second person under a final checkpoint: that one’s own suspension bites, from when it was said. What was
 * taken back by a withdrawal that does not count bites in the room that is left beside all its author said else.
 */
const isWithinCap = (known: Known, one: Said, isTakenBack: (one: Said) => boolean): boolean => {
  const { view, withdrawalsOf } = known
  const author = holderOf(view, one.node.author)
  const { placed, free } = known.places.get(author)!
  const hasPlace = (): boolean => {
    const own = placed.find((other) => other.one === one)
    if (!own || !withdrawalsOf.has(one.node.id)) return own !== undefined
    const others = placed.filter(({ target }) => target !== own.target)
    const beside = others.filter((other) => !isOver(known, other, one.node))
    return new Set(beside.map(({ target }) => target)).size < one.cap
  }
  /** Whether whoever put the author of `by` out, if anybody did, knew of `other`. */
  const wasKnown = (other: Said, by: Said): boolean =>
    strikesOn(view, by.node.author).every((strike) => isBelowNode(other.node, strike.node))
  const seconds = (second: Said): boolean =>
    holderOf(view, second.node.author) !== author &&
    !(second.node.floor && isAtOrBelow(one.node, second.node.floor)) &&
    !isTakenBack(second) &&
    !isLifted(known, { said: second, device: second.device }) &&
    (second.fromAbove || (!isAnnulled(known, second) && wasKnown(one, second))) &&
    wasKnown(second, one)
  return free.has(one) || hasPlace() || known.saidOf.get(one.device)!.some(seconds)
}

/** Whether whoever made `by` knew that `said` had come to its end. */
const hadEnded = ({ view, liftsOf }: Omit<Known, 'places'>, said: Said, by: Node): boolean =>
  strikesOn(view, said.device).some((strike) => isBelowNode(strike.node, by)) ||
  (liftsOf
    .get(said.device)
    ?.some((lift) => isBelowNode(said.node, lift.node) && isBelowNode(lift.node, by)) ??
    false)

const bySizeOfPast = (a: Said, b: Said): number =>
  a.node.pastSize - b.node.pastSize || (a.node.id < b.node.id ? -1 : 1)

/** Whoever ended a device may end, by name, the suspensions it had said; the others stand. */
const isAnnulled = ({ view }: Known, { node }: Said): boolean =>
  strikesOn(view, node.author).some(({ annul }) => annul.includes(node.id))

const isLifted = ({ liftsOf }: Known, { said, device }: Pick<Biting, 'said' | 'device'>): boolean => {
  const ofIt = said.fromAbove
    ? liftsOf.get(null)?.filter(({ ends }) => ends !== null && ends === mirroredBy(said.node))
    : liftsOf.get(device)
  return ofIt?.some((lift) => isBelowNode(said.node, lift.node)) ?? false
}

const mirroredBy = ({ act }: Node) => (act?.type === 'mirror' ? act.act : null)

/**
 * Suspending a device also suspends what it proposed for its own member: a thief’s second phone. Not what was settled by a
 * final checkpoint before: many people looked at it then, and it stands by itself.
 */
const withOffspring = (known: Known, standing: readonly Biting[]): readonly Biting[] => {
  const biting = standing.filter((bite) => !isLifted(known, bite))
  const seen = new Set(biting.map(({ said, device }) => `${said.node.id} ${device}`))
  for (const bite of biting)
    for (const { device } of broughtIn(known.view.offspring).get(bite.device) ?? []) {
      const next: Biting = { ...bite, device }
      const key = `${bite.said.node.id} ${device}`
      if (seen.has(key) || isLifted(known, next)) continue
      if (wasSettled(known, device, bite.said.node.floor)) continue
      seen.add(key)
      biting.push(next)
    }
  return biting
}

/** What each device brought in. */
const broughtIn = (offspring: readonly Offspring[]): ReadonlyMap<DeviceId, readonly Offspring[]> => {
  const known = BROUGHT_IN.get(offspring) ?? groupBy(offspring, ({ proposer }) => proposer)
  BROUGHT_IN.set(offspring, known)
  return known
}

const BROUGHT_IN = new WeakMap<readonly Offspring[], ReadonlyMap<DeviceId, readonly Offspring[]>>()

const wasSettled = ({ view }: Known, device: DeviceId, floor: Node | null): boolean =>
  floor !== null &&
  view.offspring.some((one) => one.device === device && isAtOrBelow(one.at, floor) && !isCut(view, one.at))
