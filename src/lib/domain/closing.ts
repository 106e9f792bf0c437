import * as Y from 'yjs'
import { contentOf, rootOf } from './document.ts'
import { isMap, itemOf } from './items.ts'
import { copyOf, settledCopy } from './settle.ts'

/** Shared types within shared types, at most. */
const MAX_DEPTH = 32

/** Units of one client that are gone from a document. */
export type Gone = { readonly client: number; readonly clock: number; readonly length: number }

/** What a checkpoint says of the workspace document, in two. */
export type Parted = {
  /** What goes on being written in: of what is closed nothing is left in it. A Yjs state. */
  readonly open: Uint8Array
  /** What is closed, without who wrote it; `null`: nothing ever was. A Yjs state, the same bytes on every device. */
  readonly closed: Uint8Array | null
  /** Places in `open` that what was closed now had. */
  readonly gone: readonly Gone[]
}

/** Whether something in a document is to be closed with the next checkpoint: threats that were put away. */
export const hasToClose = (doc: Y.Doc): boolean => toClose(doc).length > 0

/**
 * Parts what is closed from what is open. Threats that were put away leave the document: all that is left there of each is that
 * something of a certain length is gone. They go on, together with those closed before, in a document of their own, all of
 * it under `client`, named by what they say and without the order they were written in. Spec: checkpoint.md §6a.
 * @param of.main state of the workspace document.
 * @param of.before state of what was closed before, if anything was.
 * @param of.client a client id that no feed has.
 * @param of.nameOf 16 hex digits for the n-th item (from 0) that says `content`.
 */
export const partClosed = (of: {
  readonly main: Uint8Array
  readonly before: Uint8Array | null
  readonly client: number
  readonly nameOf: (content: string, n: number) => string
}): Parted => {
  const [open, before] = [docOf(of.main), readable(of.before)]
  const root = rootOf(before, 'threats')
  const items = [...root].flatMap(([name, item]) =>
    isMap(item) && isShallow(root._map.get(name)) ? [item] : [],
  )
  const ids = toClose(open)
  for (const id of ids) items.push(itemOf(rootOf(open, 'threats'), id)!)
  const closed = items.length > 0 ? closedState(items, of) : null
  const gone = ids.flatMap((id) => takeOut(open, id))
  const parted = { open: ids.length > 0 ? settledState(open) : of.main, closed, gone }
  open.destroy()
  before.destroy()
  return parted
}

/**
 * Whether nothing is left in a state of what is `gone`: in those places only that something is gone, and nowhere anything
 * that was deleted. Never throws.
 */
export const holdsNothingOf = (state: Uint8Array, gone: readonly Gone[]): boolean => {
  try {
    const { structs, ds } = Y.decodeUpdate(state)
    const deleted = new Ranges()
    for (const [client, ranges] of ds.clients)
      for (const { clock, len } of ranges) deleted.add({ client, clock, length: len })
    const taken = new Ranges()
    for (const place of gone) taken.add(place)
    return structs.every((struct) => {
      if (!(struct instanceof Y.Item)) return true
      const place = { client: struct.id.client, clock: struct.id.clock, length: struct.length }
      return !taken.touch(place) && (struct.content instanceof Y.ContentDeleted || !deleted.touch(place))
    })
  } catch {
    return false
  }
}

/** Whether a settled `state` has closed what still stands in `doc`, which is then to be replaced. */
export const wasClosedIn = (state: Uint8Array, doc: Y.Doc): boolean => {
  const settled = docOf(state)
  const knows = Y.decodeStateVector(Y.encodeStateVector(settled))
  const root = rootOf(doc, 'threats')
  const isGone = (id: string) => {
    const at = root._map.get(id)?.id
    return at !== undefined && (knows.get(at.client) ?? 0) > at.clock && !rootOf(settled, 'threats').has(id)
  }
  const isAny = [...root.keys()].some(isGone)
  settled.destroy()
  return isAny
}

/** Places of many clients, to be asked whether one touches any of them. */
class Ranges {
  readonly #byClient = new Map<number, { from: number; to: number }[]>()
  #isSorted = true

  add({ client, clock, length }: Gone): void {
    const ranges = this.#byClient.get(client) ?? []
    this.#byClient.set(client, ranges)
    ranges.push({ from: clock, to: clock + length })
    this.#isSorted = false
  }

  touch({ client, clock, length }: Gone): boolean {
    this.#sort()
    const ranges = this.#byClient.get(client) ?? []
    let [low, high] = [0, ranges.length]
    // The first that ends behind its beginning: they lie apart, so no other can begin before its end.
    while (low < high) {
      const middle = (low + high) >>> 1
      if (ranges[middle]!.to <= clock) low = middle + 1
      else high = middle
    }
    const found = ranges[low]
    return found !== undefined && found.from < clock + length
  }

  #sort(): void {
    if (this.#isSorted) return
    this.#isSorted = true
    for (const [client, ranges] of this.#byClient) {
      const joined: { from: number; to: number }[] = []
      for (const range of ranges.sort((a, b) => a.from - b.from)) {
        const last = joined.at(-1)
        if (last && range.from <= last.to) last.to = Math.max(last.to, range.to)
        else joined.push({ ...range })
      }
      this.#byClient.set(client, joined)
    }
  }
}

const docOf = (state: Uint8Array | null): Y.Doc => {
  const doc = new Y.Doc()
  if (state) Y.applyUpdate(doc, state)
  return doc
}

/** What one member handed over may be no state at all: then nothing was closed before. */
const readable = (state: Uint8Array | null): Y.Doc => {
  try {
    return docOf(state)
  } catch {
    return new Y.Doc()
  }
}

const toClose = (doc: Y.Doc): readonly string[] => {
  const root = rootOf(doc, 'threats')
  return [...root.keys()].filter((id) => isToClose(root._map.get(id), itemOf(root, id))).sort()
}

/** What somebody nested deeper than any editor does stays where it is: copying it could end in the middle. */
const isToClose = (place: Y.Item | undefined, item: Y.Map<unknown> | null): boolean =>
  item?.get('archived') === true && isShallow(place)

const isShallow = (place: Y.Item | undefined): boolean =>
  chainOf(place)
    .flatMap((one) => unitsOf(one))
    .every(({ depth }) => depth <= MAX_DEPTH)

/** `order` says when it was written, beside what is still open: it is left out. */
const closedState = (
  items: readonly Y.Map<unknown>[],
  { client, nameOf }: { readonly client: number; readonly nameOf: (content: string, n: number) => string },
): Uint8Array => {
  const gathered = new Y.Doc()
  const root = rootOf(gathered, 'threats')
  gathered.transact(() => {
    for (const [i, item] of items.entries()) {
      root.set(`${i}`, copyOf(item))
      ;(root.get(`${i}`) as Y.Map<unknown>).delete('order')
    }
  })
  const named = new Y.Doc()
  const names = new Map<string, number>()
  named.transact(() => {
    for (const item of root.values()) {
      const content = contentOf(item)
      const n = names.get(content) ?? 0
      names.set(content, n + 1)
      rootOf(named, 'threats').set(nameOf(content, n), copyOf(item))
    }
  })
  const closed = settledCopy(named, client)
  const state = Y.encodeStateAsUpdate(closed)
  for (const doc of [gathered, named, closed]) doc.destroy()
  return state
}

/** Deletes an item and leaves of it, and of whatever stood under its name before, no more than its length. */
const takeOut = (doc: Y.Doc, id: string): readonly Gone[] => {
  const root = rootOf(doc, 'threats')
  const gone = chainOf(root._map.get(id)).flatMap((item) => unitsOf(item))
  root.delete(id)
  for (const { client, clock } of chainOf(root._map.get(id)).map((item) => item.id)) {
    const structs = doc.store.clients.get(client)!
    const at = Y.findIndexSS(structs, clock)
    structs[at] = new Y.GC(structs[at]!.id, structs[at]!.length)
  }
  return gone
}

/** Everything that ever stood at one place of a map. */
const chainOf = (item: Y.Item | undefined): readonly Y.Item[] => {
  const chain: Y.Item[] = []
  for (let next: Y.Item | null = item ?? null; next; next = next.left) chain.push(next)
  return chain
}

/** An item and all that ever stood within it. */
const unitsOf = (item: Y.Item): readonly (Gone & { readonly depth: number })[] => {
  const units: (Gone & { readonly depth: number })[] = []
  const waiting = [{ item, depth: 0 }]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { id, length, content } = next.item
    units.push({ client: id.client, clock: id.clock, length, depth: next.depth })
    if (!(content instanceof Y.ContentType)) continue
    const depth = next.depth + 1
    for (const value of content.type._map.values())
      for (const inner of chainOf(value)) waiting.push({ item: inner, depth })
    for (let child = content.type._start; child; child = child.right) waiting.push({ item: child, depth })
  }
  return units
}

/** Written twice: read back, neighbours that are gone are joined, and nobody can tell them apart by where one ended. */
const settledState = (doc: Y.Doc): Uint8Array => {
  const again = docOf(Y.encodeStateAsUpdate(doc))
  const state = Y.encodeStateAsUpdate(again)
  again.destroy()
  return state
}
