import * as Y from 'yjs'
import { THREAT_FIELDS, THREAT_STATUSES, type ThreatField } from './threats.ts'

/** A text that was written into something closed: it is in no document. `By`: whatever says in which change it came. */
export type LateText<By> = {
  /** The same for texts that were written into one item, as far as can be told. */
  readonly item: string
  /** `null`: it replaced a text that is gone, and which field that was is gone with it. */
  readonly field: ThreatField | null
  readonly text: string
  readonly by: By
}

type Place = Pick<LateText<unknown>, 'item' | 'field'>

/**
 * Follows changes on their way into a document, and keeps what none of it will show: texts for an item that was closed
 * (closing.ts), written by somebody who did not know yet. Each change is to be noted before it is merged.
 */
export class LateWork<By> {
  /** Where each unit noted so far belongs, by client and clock: what replaces it belongs there too. */
  readonly #places = new Map<string, Place>()
  readonly #texts = new Map<string, LateText<By> & { readonly id: Y.ID }>()

  /** What stands of it, in the order in which it came. */
  texts(): readonly LateText<By>[] {
    return [...this.#texts.values()]
  }

  /** @returns whether there is something in it to be kept, or something kept that it takes back. */
  note(doc: Y.Doc, update: Uint8Array, by: By): boolean {
    const { structs, ds } = Y.decodeUpdate(update)
    const before = this.#texts.size
    let moved = false
    for (const struct of structs) {
      if (!(struct instanceof Y.Item) || Y.getState(doc.store, struct.id.client) > struct.id.clock) continue
      const place = this.#placeOf(doc, struct)
      if (!place) continue
      const name = nameOf(struct.id)
      this.#places.set(name, place)
      if (struct.origin) this.#texts.delete(nameOf(struct.origin))
      const text = textOf(struct)
      if (text) this.#texts.set(name, { ...place, text, by, id: struct.id })
      moved = true
    }
    for (const [name, { id }] of this.#texts) if (Y.isDeleted(ds, id)) this.#texts.delete(name)
    return moved || this.#texts.size !== before
  }

  /** Lets go of what came in changes that are over. */
  drop(isOver: (by: By) => boolean): void {
    for (const [name, { by }] of this.#texts) if (isOver(by)) this.#texts.delete(name)
  }

  #placeOf(doc: Y.Doc, { id, origin, parent, parentSub }: Y.Item): Place | null {
    if (origin) {
      const before = this.#places.get(nameOf(origin))
      return before ?? (isGone(doc, origin) ? { item: nameOf(id), field: null } : null)
    }
    if (!(parent instanceof Y.ID) || parentSub === null || !isGone(doc, parent)) return null
    const field = THREAT_FIELDS.find((name) => parentSub.startsWith(`${name}.`))
    return field ? { item: nameOf(parent), field } : null
  }
}

const nameOf = ({ client, clock }: Y.ID): string => `${client}:${clock}`

const isGone = (doc: Y.Doc, { client, clock }: Y.ID): boolean =>
  Y.getState(doc.store, client) > clock && Y.getItem(doc.store, new Y.ID(client, clock)) instanceof Y.GC

/** Fields hold plain values; what stands in a running text is not looked for here, nor is a status. */
const textOf = ({ content }: Y.Item): string => {
  const value: unknown = content instanceof Y.ContentAny && content.arr.length === 1 ? content.arr[0] : null
  return typeof value === 'string' && !(THREAT_STATUSES as readonly string[]).includes(value) ? value : ''
}
