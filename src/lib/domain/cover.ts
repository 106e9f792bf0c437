import * as Y from 'yjs'
import { randomBelow, type Random } from '../core/clock.ts'

/** After this long without writing somebody begins anew, with cover in front. Milliseconds. */
export const REST_MS = 60_000

/** Half of all covers are shorter than this, in clocks: far longer than what somebody writes into one threat. */
const HALF = 2 ** 15
/** Four in a row still make one struct that a record may hold (feed.md §6). */
const LONGEST = 2 ** 20

/** The origin of cover that stands by itself. */
const COVER = Symbol('cover')

/** What the cover of one document hangs on. */
export type CoverOf = {
  readonly doc: Y.Doc
  readonly random: Random
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number
  /** Whether a change was made here, by the person here. */
  readonly isOwn: (transaction: Y.Transaction) => boolean
}

/**
 * Clocks under which nothing ever stood, between what somebody writes in one item and in another. Of what is closed Yjs keeps
 * how long it was, in the line of who wrote it; between two parts of a line that stay there is now always such a gap, whether
 * anything was closed there or not, and its length says next to nothing. Spec: checkpoint.md §6a, ADR 0061.
 *
 * In front of a change, where its author has rested; behind it, where they come from another item, or by lot.
 */
export class Cover {
  readonly #of: CoverOf
  #lastWritten = Number.NEGATIVE_INFINITY
  #place: string | null = null
  #hasRested = false

  constructor(of: CoverOf) {
    this.#of = of
    of.doc.on('beforeTransaction', (transaction: Y.Transaction) => {
      if (transaction.origin === COVER || !of.isOwn(transaction)) return
      const now = of.now()
      // A clock set back is a rest too: rather one too many.
      this.#hasRested = now - this.#lastWritten >= REST_MS || now < this.#lastWritten
      if (this.#hasRested) this.#add(transaction)
      this.#lastWritten = now
    })
  }

  /** To be called last for each change made here, once its update is written. */
  behind(transaction: Y.Transaction): void {
    if (transaction.origin === COVER || !this.#of.isOwn(transaction)) return
    const places = placesOf(transaction)
    const isElsewhere = places.some((place) => place !== this.#place)
    this.#place = places.at(-1) ?? this.#place
    if (this.#hasRested ? randomBelow(this.#of.random, 2) === 0 : isElsewhere)
      this.#of.doc.transact((own) => this.#add(own), COVER)
    this.#hasRested = false
  }

  #add(transaction: Y.Transaction): void {
    const { clientID, store } = transaction.doc
    const start = Y.createID(clientID, Y.getState(store, clientID))
    new Y.GC(start, coverLength(this.#of.random)).integrate(transaction, 0)
  }
}

/**
 * How long a cover is, in clocks, at least 1: Lomax with shape 1, cut off. Its tail is heavy, so a few together look like
 * one; and it is flat, so one and a little more look like one too.
 */
export const coverLength = (random: Random): number => {
  for (;;) {
    const share = (randomBelow(random, 2 ** 32) + 0.5) / 2 ** 32
    const length = 1 + Math.floor((HALF * share) / (1 - share))
    if (length <= LONGEST) return length
  }
}

/** The items a change touched: the keys of the maps that are roots, or the roots themselves. */
const placesOf = (transaction: Y.Transaction): readonly string[] => {
  const places = new Set<string>()
  for (const [type, keys] of transaction.changed) {
    const outermost = outermostOf(type._item)
    if (outermost) places.add(nameOf(outermost))
    else for (const key of keys) places.add(key ?? '')
  }
  return [...places]
}

const outermostOf = (item: Y.Item | null): Y.Item | null => {
  for (let next = item; next;) {
    const above: Y.Item | null = next.parent instanceof Y.AbstractType ? next.parent._item : null
    if (!above) return next
    next = above
  }
  return null
}

const nameOf = ({ parentSub, id }: Y.Item): string => parentSub ?? `${id.client} ${id.clock}`
