import * as Y from 'yjs'
import { contentOf } from './document.ts'

/**
 * Whether two documents are the same in every part: the same structs under the same clients, each with the same content in
 * the same place, and the same deleted. Equal state vectors do not say so (two texts can stand under one clock), nor do equal
 * words (parts that hang elsewhere look alike until the next edit), nor bytes: how structs are joined differs with the
 * order in which they came. What is deleted counts as deleted, whatever is left of it.
 */
export const isSameDocument = (a: Y.Doc, b: Y.Doc): boolean => {
  if (!Y.equalSnapshots(Y.snapshot(a), Y.snapshot(b))) return false
  const [names, others] = [namesOf(a), namesOf(b)]
  return [...a.store.clients].every(([client, structs]) => {
    const beside = b.store.clients.get(client)
    return beside !== undefined && areSame(structs, beside, { a: names, b: others })
  })
}

type Struct = Y.Item | Y.GC
type Names = ReadonlyMap<unknown, string>

const namesOf = (doc: Y.Doc): Names => new Map([...doc.share].map(([name, type]) => [type, name]))

const areSame = (
  a: readonly Struct[],
  b: readonly Struct[],
  names: { readonly a: Names; readonly b: Names },
): boolean => {
  for (let [i, j, from, beside] = [0, 0, 0, 0]; i < a.length || j < b.length;) {
    const [left, right] = [a[i], b[j]]
    if (!left || !right) return false
    const length = Math.min(left.length - from, right.length - beside)
    const [one, other] = [
      { struct: left, from, length },
      { struct: right, from: beside, length },
    ]
    if (!isSamePart(one, other, names)) return false
    from += length
    beside += length
    if (from === left.length) [i, from] = [i + 1, 0]
    if (beside === right.length) [j, beside] = [j + 1, 0]
  }
  return true
}

type Part = { readonly struct: Struct; readonly from: number; readonly length: number }

const isSamePart = (a: Part, b: Part, names: { readonly a: Names; readonly b: Names }): boolean => {
  const [one, other] = [a.struct, b.struct]
  // Deleted the same is for the snapshots to say.
  if (!(one instanceof Y.Item) || !(other instanceof Y.Item)) return one.deleted && other.deleted
  return (
    one.deleted === other.deleted &&
    originOf(one, a.from) === originOf(other, b.from) &&
    idOf(one.rightOrigin) === idOf(other.rightOrigin) &&
    one.parentSub === other.parentSub &&
    placeOf(one.parent, names.a) === placeOf(other.parent, names.b) &&
    (one.deleted || saysOf(one.content, a) === saysOf(other.content, b))
  )
}

/** Inside a joined struct, each part stands after the one before it. */
const originOf = ({ id, origin }: Y.Item, from: number): string =>
  from === 0 ? idOf(origin) : idOf(new Y.ID(id.client, id.clock + from - 1))

const idOf = (id: Y.ID | null): string => (id ? `${id.client}:${id.clock}` : '')

const placeOf = (parent: Y.Item['parent'], names: Names): string =>
  parent instanceof Y.AbstractType
    ? parent._item
      ? idOf(parent._item.id)
      : `root ${names.get(parent) ?? ''}`
    : parent instanceof Y.ID
      ? idOf(parent)
      : `root ${parent ?? ''}`

const saysOf = (content: unknown, { from, length }: Part): string => {
  if (content instanceof Y.ContentString) return `string ${content.str.slice(from, from + length)}`
  if (content instanceof Y.ContentAny || content instanceof Y.ContentJSON)
    return `any ${contentOf(content.arr.slice(from, from + length))}`
  if (content instanceof Y.ContentBinary) return `binary ${contentOf(content.content)}`
  if (content instanceof Y.ContentEmbed) return `embed ${contentOf(content.embed)}`
  if (content instanceof Y.ContentFormat) return `format ${contentOf([content.key, content.value])}`
  if (content instanceof Y.ContentType) return `type ${kindOf(content.type)}`
  return 'other'
}

const kindOf = (type: Y.AbstractType<unknown>): string =>
  type instanceof Y.XmlElement ? `element ${type.nodeName}` : type.constructor.name

/** Whether these bytes are the state of that document. Bytes of Yjs are not canonical, so they are compared part by part. */
export const isStateOf = (mine: Y.Doc, state: Uint8Array | undefined): boolean => {
  const theirs = new Y.Doc()
  try {
    if (!state) return false
    Y.applyUpdate(theirs, state)
    return isSameDocument(mine, theirs)
  } catch {
    return false
  } finally {
    theirs.destroy()
  }
}

/** The same of two states. `mine`: this device’s own. */
export const isSameState = (mine: Uint8Array, theirs: Uint8Array | undefined): boolean => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, mine)
  const isSame = isStateOf(doc, theirs)
  doc.destroy()
  return isSame
}
