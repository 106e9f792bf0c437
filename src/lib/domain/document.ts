import * as Y from 'yjs'
import type { Watched } from '../core/watched.ts'
import { change } from './change.ts'
import { readField, writeField } from './fields.ts'
import { oncePerDocument } from './items.ts'
import { freeText, oneLine } from './text.ts'

/** The roots of the workspace document, each a Y.Map. Spec: what a collective writes about itself. */
export type RootName = (typeof ROOTS)[number] | 'brought' | 'cautions' | 'devices' | 'held' | 'returns'

/**
 * What a collective writes and takes with it into another one. Beside it stand, of this one alone: how far late work was
 * brought back (brought.ts), for whom a rest was asked (cautions.ts), what phones are called (device-names.ts), whose coming in was put off
 * (held.ts), and who made sure of whom (returns.ts).
 */
const ROOTS = ['about', 'people', 'threats', 'articles', 'relays'] as const

/** A new, empty workspace document. */
export const createDocument = (): Y.Doc => {
  const doc = new Y.Doc()
  for (const name of ROOTS) doc.getMap(name)
  return doc
}

export const rootOf = (doc: Y.Doc, name: RootName): Y.Map<unknown> => doc.getMap(name)

/** Who we are, in our words. Empty until written. */
export type About = { readonly title: string; readonly purpose: string }

export const aboutOf = (doc: Y.Doc): About => ({
  title: readField(rootOf(doc, 'about'), 'title', oneLine).versions[0]?.text ?? '',
  purpose: readField(rootOf(doc, 'about'), 'purpose', freeText).versions[0]?.text ?? '',
})

export const about: (doc: Y.Doc) => Watched<About> = oncePerDocument((doc) => {
  let current: About | null = null
  const root = rootOf(doc, 'about')
  root.observe(() => (current = null))
  return {
    read: () => (current ??= aboutOf(doc)),
    watch: (onChange) => {
      root.observe(onChange)
      return () => root.unobserve(onChange)
    },
  }
})

/** Sets what is given and leaves the rest. */
export const setAbout = (doc: Y.Doc, about: Partial<About>): void =>
  change(doc, () => {
    const root = rootOf(doc, 'about')
    if (about.title !== undefined) writeField(root, { field: 'title', text: oneLine(about.title) })
    if (about.purpose !== undefined) writeField(root, { field: 'purpose', text: freeText(about.purpose) })
  })

/**
 * Copies everything a notebook holds into a new collective's document, as fresh edits of whoever does it: no trace of
 * who wrote it before, or when. One change for each item, so that none grows past what one record may hold. Items the
 * target already has stay as they are.
 */
export const copyInto = (source: Y.Doc, target: Y.Doc): void => {
  for (const name of ROOTS) {
    const to = rootOf(target, name)
    for (const [key, value] of rootOf(source, name)) {
      if (!to.has(key)) change(target, () => void to.set(key, copyOf(value)))
    }
  }
}

const copyOf = (value: unknown): unknown => (value instanceof Y.AbstractType ? value.clone() : value)

/**
 * Everything the document says, as one text that is equal exactly when the content is: Yjs's own bytes differ with
 * the order in which changes arrived. Empty roots say nothing.
 */
export const rootsOf = (doc: Y.Doc): string => {
  const roots: [string, unknown][] = []
  for (const name of [...doc.share.keys()].sort()) {
    const root = doc.share.get(name)
    if (root && (root._start !== null || root._map.size > 0)) roots.push([name, canonical(root)])
  }
  return JSON.stringify(roots.filter(([, content]) => JSON.stringify(content) !== EMPTY_MAP))
}

const EMPTY_MAP = '{"map":[]}'

/** What a shared value or plain value says, as one text: equal exactly when the content is. */
export const contentOf = (value: unknown): string => JSON.stringify(canonical(value))

const canonical = (value: unknown): unknown => {
  if (value instanceof Y.XmlElement)
    return { element: value.nodeName, attributes: sorted(value.getAttributes()), children: list(value) }
  if (value instanceof Y.Text) {
    const delta = value.toDelta() as readonly { insert: unknown; attributes?: object }[]
    return {
      text: delta.map(({ insert, attributes }) => [canonical(insert), sorted(attributes ?? {})]),
      attributes: value instanceof Y.XmlText ? sorted(value.getAttributes()) : [],
    }
  }
  if (value instanceof Y.XmlFragment || value instanceof Y.Array) return { list: list(value) }
  if (value instanceof Y.Map) return { map: sorted(Object.fromEntries(value)) }
  if (value instanceof Uint8Array) return { bytes: [...value] }
  if (value instanceof Y.AbstractType || value instanceof Y.Doc) return null
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value === 'object' && value !== null) return { object: sorted(value) }
  return typeof value === 'bigint' ? { bigint: String(value) } : (value ?? null)
}

const list = (value: Y.XmlFragment | Y.Array<unknown>): unknown[] => value.toArray().map(canonical)

const sorted = (value: object): [string, unknown][] =>
  Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]): [string, unknown] => [key, canonical(inner)])
