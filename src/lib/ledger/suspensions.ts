import type { DeviceId, EntryId, MemberId } from '../core/ids.ts'
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

type Heard = {
  readonly view: Pick<View, 'strikes' | 'holders' | 'offspring'>
  readonly said: readonly Said[]
  readonly withdrawals: readonly Node[]
  readonly lifts: readonly Lift[]
}

/** The same, found by what it is about: each word is held against few others, and not against all that was ever said. */
type Known = Heard & {
  readonly saidOf: ReadonlyMap<DeviceId, readonly Said[]>
  readonly withdrawalsOf: ReadonlyMap<EntryId | null, readonly Node[]>
  readonly liftsOf: ReadonlyMap<DeviceId | null, readonly Lift[]>
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
export const suspensionsInForce = (heard: Heard): Suspensions => {
  const { said, withdrawals, lifts } = heard
  const biting = bitingOf({
    ...heard,
    saidOf: groupBy(said, ({ device }) => device),
    withdrawalsOf: groupBy(withdrawals, targetOf),
    liftsOf: groupBy(lifts, ({ device }) => device),
  })
  return { said, withdrawals, lifts, biting, on: groupBy(biting, ({ device }) => device) }
}

/**
 * What bites. A device silenced meanwhile cannot take a suspension back: else a thief would, dated back to before the theft was
 * known. Whoever is silenced is found as if every withdrawal stood, so that no withdrawal decides about another.
 */
const bitingOf = (known: Known): readonly Biting[] => {
  const { withdrawals } = known
  const places = placesOf(known)
  const silencers = biteOf(known, { places, takenBack: withdrawals })
  const takenBack = withdrawals.filter(
    (node) =>
      !silencers.some(({ device, said: { node: by } }) => device === node.author && !isAtOrBelow(node, by)),
  )
  return takenBack.length === withdrawals.length ? silencers : biteOf(known, { places, takenBack })
}

const targetOf = ({ act }: Node) => (act?.type === 'withdraw' ? act.target : null)

/** In the order in which they are given. */
const groupBy = <K, T>(all: readonly T[], keyOf: (one: T) => K): ReadonlyMap<K, readonly T[]> => {
  const groups = new Map<K, T[]>()
  for (const one of all) {
    const group = groups.get(keyOf(one))
    if (group) group.push(one)
    else groups.set(keyOf(one), [one])
  }
  return groups
}

/** `takenBack`: the withdrawals that count. */
type Taken = { readonly places: Places; readonly takenBack: readonly Node[] }

const biteOf = (known: Known, { places, takenBack }: Taken): readonly Biting[] => {
  const ended = new Set(takenBack.map(targetOf))
  const standing = withinCap(known, places, ended).filter(
    (one) => !ended.has(one.node.id) && (one.fromAbove || !isAnnulled(known, one)),
  )
  return withOffspring(
    known,
    standing.map((one) => ({ said: one, device: one.device, frontier: one.frontier })),
  )
}

/** Suspensions by the member who said them, and those among them that have a place within that member’s share of the others. */
type Places = {
  readonly of: ReadonlyMap<Said, readonly Placed[]>
  readonly free: ReadonlySet<Said>
  readonly isOver: (earlier: Placed, by: Node) => boolean
}

/**
 * A place is free again for a suspension that knew of the withdrawal, lift or revocation that ended an earlier one; what ends later
 * wakes nothing in hindsight. It hangs on nothing but the words of one member and what ended them, whether or not a withdrawal comes
 * to count, and on no second: so that nobody makes or takes the room of another’s words by words of their own.
 */
const placesOf = (known: Known): Places => {
  const { said, withdrawalsOf, view } = known
  const holderOf = (device: DeviceId): MemberId | undefined => view.holders.get(device)?.[0]
  const isOver = ({ one }: Placed, by: Node): boolean =>
    (withdrawalsOf.get(one.node.id)?.some((node) => isBelowNode(node, by)) ?? false) ||
    hadEnded(known, one, by)
  const of = new Map<Said, readonly Placed[]>()
  const free = new Set<Said>()
  for (const [member, theirs] of groupBy(said, ({ node }) => holderOf(node.author))) {
    const placed: Placed[] = []
    for (const one of [...theirs].sort(bySizeOfPast)) {
      const target = holderOf(one.device)
      if (target === undefined || target === member || one.fromAbove) {
        free.add(one)
        continue
      }
      of.set(one, placed)
      const before = placed.length < one.cap ? placed : placed.filter((earlier) => !isOver(earlier, one.node))
      const holders = new Set(before.map((earlier) => earlier.target))
      if (holders.has(target) || holders.size < one.cap) placed.push({ one, target })
    }
  }
  return { of, free, isOver }
}

/**
 * Beyond its author’s cap a suspension needs a second member who suspends the same device, and does so still: words that were
 * taken back, annulled or lifted second nothing, and a device that was put out seconds, and is seconded, only where those who decided
 * it knew both. Nor does a second person under a final checkpoint: that one’s own suspension bites, from when it was said. What was
 * taken back by a withdrawal that does not count bites in the room that is left beside all its author said else.
 */
const withinCap = (
  known: Known,
  { of, free, isOver }: Places,
  ended: ReadonlySet<EntryId | null>,
): readonly Said[] => {
  const { said, saidOf, view, withdrawalsOf } = known
  const holderOf = (device: DeviceId): MemberId | undefined => view.holders.get(device)?.[0]
  const secondsOf = ({ device, node }: Said): readonly Said[] =>
    saidOf
      .get(device)!
      .filter(
        (other) =>
          holderOf(other.node.author) !== holderOf(node.author) &&
          !(other.node.floor && isAtOrBelow(node, other.node.floor)),
      )
  /** Whether whoever put the author of `one` out, if anybody did, knew of `other`. */
  const wasKnown = (other: Said, one: Said): boolean =>
    strikesOn(view, one.node.author).every((strike) => isBelowNode(other.node, strike.node))
  const stands = (second: Said, one: Said): boolean =>
    !ended.has(second.node.id) &&
    !isLifted(known, { said: second, device: second.device }) &&
    (second.fromAbove || (!isAnnulled(known, second) && wasKnown(one, second))) &&
    wasKnown(second, one)
  const hasPlace = (one: Said): boolean => {
    const placed = of.get(one)!
    const own = placed.find((other) => other.one === one)
    if (!own || !withdrawalsOf.has(one.node.id)) return own !== undefined
    const others = placed.filter(({ target }) => target !== own.target)
    const beside = others.filter((other) => !isOver(other, one.node))
    return new Set(beside.map(({ target }) => target)).size < one.cap
  }
  return said.filter(
    (one) => free.has(one) || hasPlace(one) || secondsOf(one).some((second) => stands(second, one)),
  )
}

/** A suspension that has a place within its author’s cap, and whom it is to silence. */
type Placed = { readonly one: Said; readonly target: MemberId }

/** Whether whoever made `by` knew that `said` had come to its end. */
const hadEnded = ({ view, liftsOf }: Known, said: Said, by: Node): boolean =>
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
