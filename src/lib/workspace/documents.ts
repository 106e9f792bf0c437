import * as Y from 'yjs'
import { systemClock, type Clock } from '../core/clock.ts'
import { MAIN_DOC, type DocId } from '../core/ids.ts'
import { nextTurn } from '../core/next-turn.ts'
import { Cell, type Watched } from '../core/watched.ts'
import { mergeInto, straightened } from '../domain/merge.ts'
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
  readonly #clock: Clock
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
    clock: Clock = systemClock,
  ) {
    this.#write = write
    this.#clock = clock
    this.#doc = new Cell(this.#listen(new Y.Doc()))
  }

  get doc(): Watched<Y.Doc> {
    return this.#doc
  }

  /** Writing begins: from now on local changes carry this feed's client id. Spec: feed.md §6. */
  setClient(yClient: number): void {
    this.#client = yClient
    this.#doc.read().clientID = yClient
  }

  /**
   * Builds the document anew from a base and every accepted record, and puts it in place of the old one. `waiting`: what
   * was written here and is in no record yet, asked for once the batch is handed out.
   */
  rebuild(
    base: ReadonlyMap<DocId, Uint8Array> | null,
    accepted: Iterable<Accepted>,
    waiting: () => readonly Uint8Array[] = () => [],
  ): void {
    this.flush()
    this.#queue = []
    const doc = build(base, accepted)
    for (const update of waiting()) mergeInto(doc, update, REMOTE)
    if (this.#client !== null) doc.clientID = this.#client
    const old = this.#doc.read()
    this.#doc.set(this.#listen(doc))
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
    return new Map([[MAIN_DOC, Y.encodeStateAsUpdate(this.#doc.read())]])
  }

  /** The state of every document as it would be built from a base and these records alone. */
  static statesOf(
    base: ReadonlyMap<DocId, Uint8Array> | null,
    accepted: Iterable<Accepted>,
  ): ReadonlyMap<DocId, Uint8Array> {
    const doc = build(base, accepted)
    const state = Y.encodeStateAsUpdate(doc)
    doc.destroy()
    return new Map([[MAIN_DOC, state]])
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
    let merged = 0
    const doc = this.#doc.read()
    doc.transact(() => {
      for (; merged < this.#queue.length && performance.now() < until; merged++)
        for (const { doc: id, update } of this.#queue[merged]!.docs)
          if (id === MAIN_DOC) mergeInto(doc, update, REMOTE)
    }, REMOTE)
    this.#queue = this.#queue.slice(merged)
    // Yjs takes another id when structs under its own arrive from outside (a pause that was taken back).
    if (this.#client !== null) doc.clientID = this.#client
  }

  #listen(doc: Y.Doc): Y.Doc {
    doc.on('update', (made: Uint8Array, origin: unknown) => {
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
    })
    return doc
  }
}

const build = (base: ReadonlyMap<DocId, Uint8Array> | null, accepted: Iterable<Accepted>): Y.Doc => {
  const doc = new Y.Doc()
  doc.transact(() => {
    if (base instanceof KeptDocs) base.mergeInto(doc, MAIN_DOC, REMOTE)
    else if (base?.has(MAIN_DOC)) Y.applyUpdate(doc, base.get(MAIN_DOC)!, REMOTE)
    for (const { docs } of accepted)
      for (const { doc: id, update } of docs) if (id === MAIN_DOC) mergeInto(doc, update, REMOTE)
  }, REMOTE)
  return doc
}
