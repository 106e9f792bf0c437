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
export class KeptDocs extends Map<DocId, Uint8Array> {
  readonly #pieces: ReadonlyMap<DocId, readonly Piece[]>
  readonly #open = new Set<DocId>()

  constructor(pieces: ReadonlyMap<DocId, readonly Piece[]>) {
    super()
    this.#pieces = pieces
    for (const doc of pieces.keys()) {
      super.set(doc, NOTHING)
      this.#open.add(doc)
    }
  }

  override get(doc: DocId): Uint8Array | undefined {
    if (this.#open.delete(doc)) super.set(doc, stateOf(this.#pieces.get(doc)!))
    return super.get(doc)
  }

  override entries(): MapIterator<[DocId, Uint8Array]> {
    for (const doc of this.#open) this.get(doc)
    return super.entries()
  }

  override values(): MapIterator<Uint8Array> {
    for (const doc of this.#open) this.get(doc)
    return super.values()
  }

  override [Symbol.iterator](): MapIterator<[DocId, Uint8Array]> {
    return this.entries()
  }

  override forEach(call: (state: Uint8Array, doc: DocId, map: Map<DocId, Uint8Array>) => void): void {
    for (const [doc, state] of this) call(state, doc, this)
  }

  /** Puts a document’s pieces into `into`. */
  mergeInto(into: Y.Doc, doc: DocId, origin: unknown): void {
    for (const piece of this.#pieces.get(doc) ?? []) merge(into, piece, origin)
  }
}

const NOTHING = new Uint8Array()

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
