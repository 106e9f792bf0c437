import * as Y from 'yjs'
import { contentOf } from './document.ts'

/**
 * The content of a closed document in a fresh one, all of it under one client id: who wrote which part, in what order,
 * and what was deleted is no longer in it; texts that stand side by side in a field are numbered in place of their
 * writers' names, in an order that depends on what they say alone. Equal content and client give equal state on every device, so that each can
 * work it out alone and compare. Types are found by what a root holds, since a root that nobody has opened does not
 * say what it is; a root that holds nothing is left out.
 * @param client a whole number of at most 53 bits that no feed uses.
 */
export const settledCopy = (doc: Y.Doc, client: number): Y.Doc => {
  const fresh = new Y.Doc()
  fresh.clientID = client
  fresh.transact(() => {
    for (const name of [...doc.share.keys()].sort()) {
      const root = doc.share.get(name)!
      if (root._map.size > 0) copyMap(doc.getMap(name), fresh.getMap(name))
      else if (isXml(root)) copyXml(doc.getXmlFragment(name), fresh.getXmlFragment(name))
      else if (isText(root)) fresh.getText(name).applyDelta(deltaOf(doc.getText(name)))
      else if (root._start !== null) copyList(doc.getArray(name), fresh.getArray(name))
    }
  })
  return fresh
}

/** Keys in order, so that the same content always makes the same structs. */
const copyMap = (from: Y.Map<unknown>, to: Y.Map<unknown>): void => {
  for (const [name, key] of namesIn(from)) to.set(name, copyOf(from.get(key)))
}

/**
 * `field.writer` (fields.ts) as `field.0000`, `field.0001` and so on. In the order of what they say: in that of the writers'
 * names, whoever knows who wrote could tell which is whose.
 */
const namesIn = (map: Y.Map<unknown>): readonly (readonly [name: string, key: string])[] => {
  const plain = [...map.keys()].filter((key) => !key.includes('.'))
  const written = [...map.keys()].filter((key) => key.includes('.'))
  const numbers = new Map<string, number>()
  const numbered = written
    .map((key) => [fieldOf(key), contentOf(map.get(key)), key] as const)
    .sort(
      ([a, said, key], [b, other, beside]) => compare(a, b) || compare(said, other) || compare(key, beside),
    )
    .map(([field, , key]) => {
      const number = numbers.get(field) ?? 0
      numbers.set(field, number + 1)
      return [`${field}.${String(number).padStart(4, '0')}`, key] as const
    })
  return [...plain.map((key) => [key, key] as const), ...numbered].sort(([a], [b]) => compare(a, b))
}

const fieldOf = (key: string): string => key.slice(0, key.indexOf('.'))

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const copyList = (from: Y.Array<unknown>, to: Y.Array<unknown>): void => {
  if (from.length > 0) to.insert(0, from.toArray().map(copyOf))
}

const copyXml = (from: Y.XmlFragment, to: Y.XmlFragment): void => {
  const children = from.toArray().map(copyOf) as (Y.XmlElement | Y.XmlText)[]
  if (children.length > 0) to.insert(0, children)
}

/** One value of a shared document as {@link settledCopy} writes it, not yet in any document. */
export const copyOf = (value: unknown): unknown => {
  if (value instanceof Y.XmlElement) {
    const element = new Y.XmlElement(value.nodeName)
    for (const [name, attribute] of Object.entries(value.getAttributes()).sort(([a], [b]) =>
      a < b ? -1 : 1,
    ))
      element.setAttribute(name, copyOf(attribute) as string)
    copyXml(value, element)
    return element
  }
  if (value instanceof Y.XmlText || value instanceof Y.Text) {
    const text = value instanceof Y.XmlText ? new Y.XmlText() : new Y.Text()
    text.applyDelta(deltaOf(value))
    return text
  }
  if (value instanceof Y.XmlFragment) {
    const fragment = new Y.XmlFragment()
    copyXml(value, fragment)
    return fragment
  }
  if (value instanceof Y.Array) {
    const list = new Y.Array<unknown>()
    copyList(value, list)
    return list
  }
  if (value instanceof Y.Map) {
    const map = new Y.Map<unknown>()
    copyMap(value, map)
    return map
  }
  // A document within a document is never carried (feed.md §6).
  return value instanceof Y.AbstractType || value instanceof Y.Doc ? null : value
}

/** Formats in order of their names: the order they were put on in would show through. */
const deltaOf = (text: Y.Text): { insert: string | object; attributes?: object }[] =>
  (text.toDelta() as { insert: string | object; attributes?: Record<string, unknown> }[]).map(
    ({ insert, attributes }) => ({
      insert: insert instanceof Y.AbstractType ? (copyOf(insert) as object) : insert,
      ...(attributes && {
        attributes: Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))),
      }),
    }),
  )

type Root = NonNullable<ReturnType<Y.Doc['share']['get']>>

const isXml = (root: Root): boolean => {
  for (let item = root._start; item; item = item.right)
    if (!item.deleted && item.content instanceof Y.ContentType)
      return item.content.type instanceof Y.XmlElement || item.content.type instanceof Y.XmlText
  return root instanceof Y.XmlFragment
}

const isText = (root: Root): boolean => {
  if (root instanceof Y.Text) return true
  for (let item = root._start; item; item = item.right)
    if (!item.deleted)
      return item.content instanceof Y.ContentString || item.content instanceof Y.ContentFormat
  return false
}
