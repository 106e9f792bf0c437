import * as Y from 'yjs'
import { equalBytes } from '../core/bytes.ts'
import type { Clock, Random } from '../core/clock.ts'
import { CLOSED_DOC, MAIN_DOC, type DocId } from '../core/ids.ts'
import { nextTurn } from '../core/next-turn.ts'
import { Cell, type Watched } from '../core/watched.ts'
import { Cover } from '../domain/cover.ts'
import { LateWork, type LateText } from '../domain/late-work.ts'
import { holdItsPlace, mergeInto, standsWhole, straightened } from '../domain/merge.ts'
import type { Accepted } from '../feed/types.ts'
import { KeptDocs } from './kept-docs.ts'

/** The origin of everything merged from records: what a person did here has any other origin. */
export const REMOTE = Symbol('merged from records')

/** How long a change may wait for company: somebody else is here, or nobody is. Milliseconds. */
export const BATCH_MS = { together: 30, alone: 2000 } as const
const BATCH_BYTES = 32 * 1024

/** A slice of merging may hold the main thread this long, in milliseconds. */
const SLICE_MS = 8

/**
 * The shared document in memory: fed only with accepted records, and with what the person here writes, which it hands
 * out in batches. The Y.Doc is replaced, never un-merged, when something accepted before is not any more.
 */
export class Documents {
  readonly #doc: Cell<Y.Doc>
  readonly #closed = new Cell(new Y.Doc())
  #closedState: Uint8Array | null = null
  #lateWork = new LateWork<Accepted>()
  readonly #late = new Cell<readonly LateText<Accepted>[]>([])
  readonly #clock: Clock
  readonly #random: Random
  readonly #write: (updates: readonly { readonly doc: DocId; readonly update: Uint8Array }[]) => void
  readonly #pending: Uint8Array[] = []
  readonly #waiting = new Cell(0)
  #pendingBytes = 0
  #timer: (() => void) | null = null
  #queue: Accepted[] = []
  #draining: Promise<void> | null = null
  #client: number | null = null
  /** Somebody else is here: batches close sooner. */
  company = false

  constructor(
    write: (updates: readonly { readonly doc: DocId; readonly update: Uint8Array }[]) => void,
    { clock, random }: { readonly clock: Clock; readonly random: Random },
  ) {
    this.#write = write
    this.#clock = clock
    this.#random = random
    this.#doc = new Cell(this.#listen(new Y.Doc()))
  }

  get doc(): Watched<Y.Doc> {
    return this.#doc
  }

  /** What is closed: only read. Replaced by a new instance with each checkpoint. */
  get closed(): Watched<Y.Doc> {
    return this.#closed
  }

  /** What was written into something closed, by people who did not know yet: it is in no document, and can be brought back. */
  get late(): Watched<readonly LateText<Accepted>[]> {
    return this.#late
  }

  /** Writing begins: from now on local changes carry this feed's client id. Spec: feed.md §6. */
  setClient(yClient: number): void {
    this.#client = yClient
    this.#doc.read().clientID = yClient
  }

  /**
   * Builds the document anew from a base and every accepted record, and puts it in place of the old one. `mine`, asked for once the
   * batch is handed out: changes this device made that do not count, or are in no record yet, in the order they were made.
   * @returns whether it holds all of those. What was written upon something that is not here has its place kept, so that
   * no other change is ever given its number; it shows in a document built when it can be placed.
   */
  rebuild(
    base: ReadonlyMap<DocId, Uint8Array> | null,
    accepted: Iterable<Accepted>,
    mine: () => Iterable<Uint8Array> = () => [],
  ): boolean {
    this.flush()
    this.#queue = []
    this.#setClosed(base)
    this.#lateWork = new LateWork()
    const doc = build(base, accepted, (into, record) => this.#noteLate(into, record))
    this.#late.set(this.#lateWork.texts())
    let isWhole = true
    for (const update of mine()) {
      isWhole &&= standsWhole(doc, update)
      if (isWhole) mergeInto(doc, update, REMOTE)
      else holdItsPlace(doc, update, REMOTE)
    }
    if (this.#client !== null) doc.clientID = this.#client
    const old = this.#doc.read()
    this.#doc.set(this.#listen(doc))
    old.destroy()
    return isWhole
  }

  /** The same is said from another base on, which is above these records: the document that is written in stays. */
  standOn(base: ReadonlyMap<DocId, Uint8Array>, isBelow: (record: Accepted) => boolean): void {
    this.#setClosed(base)
    this.#lateWork.drop(isBelow)
    this.#late.set(this.#lateWork.texts())
  }

  /** Takes what is closed from a base, and leaves the document that is written in. */
  #setClosed(base: ReadonlyMap<DocId, Uint8Array> | null): void {
    const state = base?.get(CLOSED_DOC) ?? null
    if (state === this.#closedState || (state && this.#closedState && equalBytes(state, this.#closedState)))
      return
    this.#closedState = state
    const old = this.#closed.read()
    this.#closed.set(docOf(state))
    old.destroy()
  }

  /** Merges accepted records, in slices when they are many, so that typing goes on meanwhile. */
  merge(records: readonly Accepted[]): Promise<void> {
    for (const record of records) this.#queue.push(record)
    // Nothing is awaited between the last look at the queue and letting go of the turn: no record is left behind.
    return (this.#draining ??= this.#drain())
  }

  /** The current state of every document with everything accepted merged, for a newcomer. Call after `flush`. */
  states(): ReadonlyMap<DocId, Uint8Array> {
    this.#mergeSlice(Number.POSITIVE_INFINITY)
    return withClosed(Y.encodeStateAsUpdate(this.#doc.read()), this.#closedState)
  }

  /** The state of every document as it would be built from a base and these records alone. */
  static statesOf(
    base: ReadonlyMap<DocId, Uint8Array> | null,
    accepted: Iterable<Accepted>,
  ): ReadonlyMap<DocId, Uint8Array> {
    const doc = build(base, accepted)
    const state = Y.encodeStateAsUpdate(doc)
    doc.destroy()
    return withClosed(state, base?.get(CLOSED_DOC) ?? null)
  }

  /** Hands out what is still in the batch, now. */
  flush(): void {
    this.#timer?.()
    this.#timer = null
    if (this.#pending.length === 0) return
    const updates = this.#pending.splice(0)
    this.#pendingBytes = 0
    const update = updates.length === 1 && updates[0] ? updates[0] : Y.mergeUpdates(updates)
    this.#write([{ doc: MAIN_DOC, update }])
    // Only now: in between it is neither waiting nor on its way to disk.
    this.#waiting.set(this.#pending.length)
  }

  /** Changes made here that are in no record yet. */
  get waiting(): Watched<number> {
    return this.#waiting
  }

  /** Zeroes nothing, but lets go of everything. */
  destroy(): void {
    this.#timer?.()
    this.#queue = []
    this.#doc.read().destroy()
    this.#closed.read().destroy()
  }

  async #drain(): Promise<void> {
    // The turn must be taken before the first slice, or a merge from inside a slice would start a second one.
    await Promise.resolve()
    for (;;) {
      this.#mergeSlice()
      if (this.#queue.length === 0) break
      await nextTurn()
    }
    this.#draining = null
  }

  #mergeSlice(patience = SLICE_MS): void {
    const until = performance.now() + patience
    let [merged, isLate] = [0, false]
    const doc = this.#doc.read()
    doc.transact(() => {
      for (; merged < this.#queue.length && performance.now() < until; merged++)
        mergeRecord(doc, this.#queue[merged]!, (into, record) => {
          isLate = this.#noteLate(into, record) || isLate
        })
    }, REMOTE)
    this.#queue = this.#queue.slice(merged)
    if (isLate) this.#late.set(this.#lateWork.texts())
    // Yjs takes another id when structs under its own arrive from outside (a pause that was taken back).
    if (this.#client !== null) doc.clientID = this.#client
  }

  /** Costs reading the change once more, so only where something is closed. */
  #noteLate(doc: Y.Doc, record: Accepted): boolean {
    if (!this.#closedState) return false
    let isLate = false
    for (const { doc: id, update } of record.docs)
      if (id === MAIN_DOC) isLate = this.#lateWork.note(doc, update, record) || isLate
    return isLate
  }

  #listen(doc: Y.Doc): Y.Doc {
    const cover = new Cover({
      doc,
      random: this.#random,
      now: () => this.#clock.now(),
      isOwn: ({ origin }) => origin !== REMOTE && this.#client !== null,
    })
    doc.on('update', (made: Uint8Array, origin: unknown, _: Y.Doc, transaction: Y.Transaction) => {
      if (origin === REMOTE) return
      const update = straightened(doc, made)
      // A batch closes at 32 KiB; one larger edit goes alone.
      if (this.#pendingBytes > 0 && this.#pendingBytes + update.length > BATCH_BYTES) this.flush()
      this.#pending.push(update)
      this.#pendingBytes += update.length
      this.#waiting.set(this.#pending.length)
      if (this.#pendingBytes >= BATCH_BYTES) this.flush()
      else
        this.#timer ??= this.#clock.after(this.company ? BATCH_MS.together : BATCH_MS.alone, () => {
          this.#timer = null
          this.flush()
        })
      cover.behind(transaction)
    })
    return doc
  }
}

const withClosed = (main: Uint8Array, closed: Uint8Array | null): ReadonlyMap<DocId, Uint8Array> =>
  new Map(
    closed
      ? [
          [MAIN_DOC, main],
          [CLOSED_DOC, closed],
        ]
      : [[MAIN_DOC, main]],
  )

/** Nobody can write into what is closed but with a whole checkpoint or welcome; what cannot be read says nothing. */
const docOf = (state: Uint8Array | null): Y.Doc => {
  const doc = new Y.Doc()
  try {
    if (state) Y.applyUpdate(doc, state, REMOTE)
    return doc
  } catch {
    doc.destroy()
    return new Y.Doc()
  }
}

/** `before`: to be told of each record before it is merged. */
const build = (
  base: ReadonlyMap<DocId, Uint8Array> | null,
  accepted: Iterable<Accepted>,
  before: BeforeMerge = () => {},
): Y.Doc => {
  const doc = new Y.Doc()
  doc.transact(() => {
    if (base instanceof KeptDocs) base.mergeInto(doc, MAIN_DOC, REMOTE)
    else if (base?.has(MAIN_DOC)) Y.applyUpdate(doc, base.get(MAIN_DOC)!, REMOTE)
    for (const record of accepted) mergeRecord(doc, record, before)
  }, REMOTE)
  return doc
}

type BeforeMerge = (doc: Y.Doc, record: Accepted) => void

const mergeRecord = (doc: Y.Doc, record: Accepted, before: BeforeMerge): void => {
  before(doc, record)
  for (const { doc: id, update } of record.docs) if (id === MAIN_DOC) mergeInto(doc, update, REMOTE)
}
