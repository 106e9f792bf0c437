import * as Y from 'yjs'
import { equalBytes } from '../core/bytes.ts'
import type { DocId } from '../core/ids.ts'

/** A Yjs update as it lies on disk. Form 2 is the same in half the bytes. Spec: checkpoint.md §9. */
export type Piece = { readonly form: 1 | 2; readonly bytes: Uint8Array }

/** The form of a piece, as rows keep it. */
export const isForm = (value: unknown): value is Piece['form'] => value === 1 || value === 2

/** A state (V1) in form 2 where exactly these bytes come out of it again, else as it is. */
export const pieceOf = (state: Uint8Array): Piece => {
  try {
    const dense = Y.convertUpdateFormatV1ToV2(state)
    if (equalBytes(Y.convertUpdateFormatV2ToV1(dense), state)) return { form: 2, bytes: dense }
  } catch {
    // Another device made it: what cannot be read is at least not altered.
  }
  return { form: 1, bytes: state }
}

/**
 * Documents as they lie on disk, each in pieces that are merged in order. As a map, their states (V1), worked out when one
 * is asked for: a start puts the pieces into a document and seldom needs them.
 */
export class KeptDocs implements ReadonlyMap<DocId, Uint8Array> {
  readonly #pieces: ReadonlyMap<DocId, readonly Piece[]>
  readonly #states = new Map<DocId, Uint8Array>()

  constructor(pieces: ReadonlyMap<DocId, readonly Piece[]>) {
    this.#pieces = pieces
  }

  get size(): number {
    return this.#pieces.size
  }

  has(doc: DocId): boolean {
    return this.#pieces.has(doc)
  }

  get(doc: DocId): Uint8Array | undefined {
    const pieces = this.#pieces.get(doc)
    if (pieces && !this.#states.has(doc)) this.#states.set(doc, stateOf(pieces))
    return this.#states.get(doc)
  }

  keys(): MapIterator<DocId> {
    return this.#pieces.keys()
  }

  entries(): MapIterator<[DocId, Uint8Array]> {
    return this.#worked().entries()
  }

  values(): MapIterator<Uint8Array> {
    return this.#worked().values()
  }

  [Symbol.iterator](): MapIterator<[DocId, Uint8Array]> {
    return this.entries()
  }

  forEach(call: (state: Uint8Array, doc: DocId, map: ReadonlyMap<DocId, Uint8Array>) => void): void {
    for (const [doc, state] of this) call(state, doc, this)
  }

  /** Puts a document’s pieces into `into`. */
  mergeInto(into: Y.Doc, doc: DocId, origin: unknown): void {
    for (const piece of this.#pieces.get(doc) ?? []) merge(into, piece, origin)
  }

  /** All of them, in the order they were given. */
  #worked(): ReadonlyMap<DocId, Uint8Array> {
    return new Map([...this.#pieces.keys()].map((doc) => [doc, this.get(doc)!]))
  }
}

const merge = (doc: Y.Doc, { form, bytes }: Piece, origin?: unknown): void =>
  form === 1 ? Y.applyUpdate(doc, bytes, origin) : Y.applyUpdateV2(doc, bytes, origin)

const stateOf = (pieces: readonly Piece[]): Uint8Array => {
  const [first, ...more] = pieces
  // Exactly the bytes it was made of.
  if (first && more.length === 0)
    return first.form === 1 ? first.bytes : Y.convertUpdateFormatV2ToV1(first.bytes)
  const doc = new Y.Doc()
  for (const piece of pieces) merge(doc, piece)
  const state = Y.encodeStateAsUpdate(doc)
  doc.destroy()
  return state
}
