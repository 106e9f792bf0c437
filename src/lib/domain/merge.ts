import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'

/**
 * Merges a change that passed every check on its form. What is left to check is where its items stand: an item says which
 * two it was put between, and an editor only ever writes two that are neighbours in what it knows. Somebody who writes by
 * hand can say any two, and then the place depends on what else has arrived: two people end with two texts under one state
 * vector. Such an item is merged as deleted from the start, on every device alike; everything else of the change is merged
 * as it is. Spec: feed.md §6, ADR 0031.
 */
export const mergeInto = (doc: Y.Doc, update: Uint8Array, origin?: unknown): void => {
  const { structs } = Y.decodeUpdate(update)
  const known = new Known(doc, structs)
  if (!structs.every((struct) => isPlainlyPlaced(struct, known))) placeOneByOne(doc, structs, origin)
  // Structs that are in already are passed over; what it deletes is deleted now.
  Y.applyUpdate(doc, update, origin)
}

/**
 * A change this person has just made in `doc`, as it may be handed out. An editor places its items well; taking back and
 * doing again, with others’ words in between, may not. Such an item is told as standing between its neighbours of now,
 * where it does stand, before anybody hears of it.
 * @returns the same update where nothing is to be told otherwise.
 */
export const straightened = (doc: Y.Doc, update: Uint8Array): Uint8Array => {
  const { structs } = Y.decodeUpdate(update)
  const known = new Known(doc, [])
  const [first, last] = [structs[0], structs.at(-1)]
  const crooked = structs.filter(
    (struct) =>
      struct instanceof Y.Item && !isPlainlyPlaced(struct, known) && !isWellPlaced(struct, known, new Map()),
  )
  if (crooked.length === 0 || !first || !last) return update
  for (const { id } of crooked) {
    const item = Y.getItem(doc.store, id) as Y.Item | Y.GC
    if (!(item instanceof Y.Item) || item.id.clock !== id.clock) continue
    item.origin = item.left?.lastId ?? null
    item.rightOrigin = item.right?.id ?? null
  }
  const end = last.id.clock + last.length
  const { client, clock } = first.id
  const now = Y.encodeStateAsUpdate(doc, stateBefore(doc, client, clock))
  const told = Y.decodeUpdate(now).structs.filter(({ id }) => id.client === client && id.clock < end)
  const deletes = Y.diffUpdate(update, Y.encodeStateVector(doc))
  return Y.mergeUpdates([...told.map(updateOf), deletes])
}

/** The state vector of a document in which one client had come no further than `clock`. */
const stateBefore = (doc: Y.Doc, client: number, clock: number): Uint8Array => {
  const encoder = encoding.createEncoder()
  const states = [...Y.decodeStateVector(Y.encodeStateVector(doc))].map(
    ([id, state]) => [id, id === client ? clock : state] as const,
  )
  encoding.writeVarUint(encoder, states.length)
  for (const [id, state] of states) {
    encoding.writeVarUint(encoder, id)
    encoding.writeVarUint(encoder, state)
  }
  return encoding.toUint8Array(encoder)
}

/** Whether everything a change of one client stands on is in the document, so that all of it can be merged now. */
export const standsWhole = (doc: Y.Doc, update: Uint8Array): boolean => {
  const { structs } = Y.decodeUpdate(update)
  let [client, end] = [Number.NaN, 0]
  const isHere = (id: Y.ID | null): boolean =>
    !id || id.clock < (id.client === client ? end : Y.getState(doc.store, id.client))
  for (const struct of structs) {
    const { id, length } = struct
    if (id.client !== client) [client, end] = [id.client, Y.getState(doc.store, id.client)]
    if (id.clock > end) return false
    if (struct instanceof Y.Item) {
      const { origin, rightOrigin, parent } = struct
      if (!isHere(origin) || !isHere(rightOrigin) || !isHere(parent instanceof Y.ID ? parent : null))
        return false
    }
    end = Math.max(end, id.clock + length)
  }
  return true
}

/**
 * Keeps the places of a change that does not stand whole: what is written next comes after it, as it does for everybody. The
 * change itself cannot be merged into this document any more, only into one that is built anew.
 */
export const holdItsPlace = (doc: Y.Doc, update: Uint8Array, origin?: unknown): void =>
  doc.transact(() => {
    for (const { id, length } of Y.decodeUpdate(update).structs) {
      const from = Math.max(id.clock, Y.getState(doc.store, id.client))
      if (from < id.clock + length)
        Y.applyUpdate(doc, updateOf(new Y.GC(new Y.ID(id.client, from), id.clock + length - from)), origin)
    }
  }, origin)

export type Struct = ReturnType<typeof Y.decodeUpdate>['structs'][number]

/** Structs of the document and, above them, those of the change, which are all of one client and in a row. */
class Known {
  readonly #doc: Y.Doc
  readonly #fresh: readonly Struct[]
  readonly #keyed = new Map<Y.Item, boolean>()

  constructor(doc: Y.Doc, fresh: readonly Struct[]) {
    this.#doc = doc
    this.#fresh = fresh
  }

  /** The item that holds a place; `null` where its parent was deleted, and nothing can stand any more. */
  item(id: Y.ID): Y.Item | null {
    const first = this.#fresh[0]
    const struct =
      first && id.client === first.id.client && id.clock >= first.id.clock
        ? structAt(this.#fresh, id.clock)
        : Y.getState(this.#doc.store, id.client) > id.clock
          ? Y.getItem(this.#doc.store, id)
          : null
    return struct instanceof Y.Item ? struct : null
  }

  /** Whether an item is a value under a key of a map. Before it is merged it may not say so, but hang on one that does. */
  isKeyed(item: Y.Item): boolean {
    const way: Y.Item[] = []
    let answer: boolean | undefined
    for (let next: Y.Item | null = item; answer === undefined;) {
      way.push(next)
      const beside: Y.ID | null = next.origin ?? next.rightOrigin
      if (next.parentSub !== null || next.parent instanceof Y.AbstractType || !beside)
        answer = next.parentSub !== null
      else {
        const below: Y.Item | null = this.item(beside)
        answer = below ? this.#keyed.get(below) : false
        next = below ?? next
      }
    }
    for (const one of way) this.#keyed.set(one, answer)
    return answer
  }
}

const structAt = (structs: readonly Struct[], clock: number): Struct | null => {
  let [low, high] = [0, structs.length - 1]
  while (low <= high) {
    const middle = (low + high) >>> 1
    const { id, length } = structs[middle]!
    if (clock < id.clock) high = middle - 1
    else if (clock >= id.clock + length) low = middle + 1
    else return structs[middle]!
  }
  return null
}

/**
 * Whether an item surely stands where an honest one can: directly right of its origin when its right one was written, or
 * directly left of its right one when its origin was. `false` says nothing yet.
 */
const isPlainlyPlaced = (struct: Struct, known: Known): boolean => {
  if (!(struct instanceof Y.Item)) return true
  const { origin, rightOrigin } = struct
  if (!origin && !rightOrigin) return struct.parentSub === null || struct.length === 1
  const [left, right] = [origin && known.item(origin), rightOrigin && known.item(rightOrigin)]
  // Where one of them is gone with its parent, so is this.
  if ((origin && !left) || (rightOrigin && !right)) return true
  if (left && known.isKeyed(left)) return !rightOrigin && struct.length === 1
  if (right && known.isKeyed(right)) return false
  return (
    (left !== null && isSameId(left.rightOrigin, rightOrigin)) ||
    (right !== null && isSameId(originAt(right, rightOrigin!), origin))
  )
}

/** What the unit at `id` stands right of: inside a joined item, the unit before. */
const originAt = (item: Y.Item, id: Y.ID): Y.ID | null =>
  id.clock > item.id.clock ? new Y.ID(id.client, id.clock - 1) : item.origin

const isSameId = (a: Y.ID | null, b: Y.ID | null): boolean => Y.compareIDs(a, b)

/** Merges struct by struct, each looked at in the document that holds all it refers to. */
const placeOneByOne = (doc: Y.Doc, structs: readonly Struct[], origin: unknown): void => {
  const orders = new Map<unknown, ReadonlyMap<Y.Item, number>>()
  doc.transact(() => {
    for (const struct of structs) {
      if (Y.getState(doc.store, struct.id.client) > struct.id.clock) continue
      const isLost = struct instanceof Y.Item && !isWellPlaced(struct, new Known(doc, []), orders)
      Y.applyUpdate(doc, updateOf(isLost ? new Y.GC(struct.id, struct.length) : struct), origin)
      orders.clear()
    }
  }, origin)
}

/**
 * Whether an item stands between two that somebody can have seen side by side: its origin left of its right one, the right
 * one’s own origin not between them, nor the origin’s own right one. As those two were placed well themselves, nothing
 * else either of them hangs on lies between them then; what does may have been written at the same time.
 */
const isWellPlaced = (
  { origin, rightOrigin, parentSub, length }: Y.Item,
  known: Known,
  orders: Map<unknown, ReadonlyMap<Y.Item, number>>,
): boolean => {
  if (!origin && !rightOrigin) return parentSub === null || length === 1
  const [left, right] = [origin && known.item(origin), rightOrigin && known.item(rightOrigin)]
  if ((origin && !left) || (rightOrigin && !right)) return true
  if (left && known.isKeyed(left)) return !rightOrigin && length === 1
  if (right && known.isKeyed(right)) return false
  if (left && right && left.parent !== right.parent) return false
  const [leftsRight, rightsLeft] = [left?.rightOrigin ?? null, right && originAt(right, rightOrigin!)]
  if (!left) return rightsLeft === null
  if (!right) return leftsRight === null
  const order = orderIn(left.parent, orders)
  const at = (id: Y.ID | null, otherwise: number): number => {
    const item = id && known.item(id)
    const place = item ? order.get(item) : undefined
    // Units of one item stand in the order of their clocks; a fraction tells them apart.
    return item && place !== undefined ? place + (id.clock - item.id.clock) / item.length : otherwise
  }
  const [from, to] = [at(origin, Number.NaN), at(rightOrigin, Number.NaN)]
  return from < to && at(rightsLeft, -1) <= from && at(leftsRight, Number.POSITIVE_INFINITY) >= to
}

const orderIn = (
  parent: Y.Item['parent'],
  orders: Map<unknown, ReadonlyMap<Y.Item, number>>,
): ReadonlyMap<Y.Item, number> => {
  const known = orders.get(parent)
  if (known) return known
  const order = new Map<Y.Item, number>()
  if (parent instanceof Y.AbstractType)
    for (let item = parent._start; item; item = item.right) order.set(item, order.size)
  orders.set(parent, order)
  return order
}

/** An update of this one struct, which deletes nothing. */
export const updateOf = (struct: Struct): Uint8Array => {
  const encoder = new Y.UpdateEncoderV1()
  const { restEncoder } = encoder
  encoding.writeVarUint(restEncoder, 1)
  encoding.writeVarUint(restEncoder, 1)
  encoding.writeVarUint(restEncoder, struct.id.client)
  encoding.writeVarUint(restEncoder, struct.id.clock)
  struct.write(encoder, 0)
  encoding.writeVarUint(restEncoder, 0)
  return encoder.toUint8Array()
}
