import { Fragment, type Node } from 'prosemirror-model'
import * as Y from 'yjs'
import type { Watched } from '../core/watched.ts'
import { change } from './change.ts'
import { deltaOf, DEPTH_MAX, topOf } from './prose-parts.ts'
import { proseSchema } from './prose-schema.ts'

/**
 * Whether an editor may open this body. It may not when that would lose words: the editor's binding deletes what its
 * schema does not know, and a block from a later version of this app, or from somebody who means harm, is not for
 * this device to delete in passing.
 */
export const isEditable = (body: Y.XmlFragment): boolean => body.toArray().every(fits)

/** The same as it changes, looking only at what each change touched. */
export const editable = (body: Y.XmlFragment): Watched<boolean> => {
  let known: boolean | null = null
  let watchers = 0
  const read = () => (watchers > 0 ? (known ??= isEditable(body)) : isEditable(body))
  return {
    read,
    watch: (onChange) => {
      watchers++
      const listen = (events: readonly Y.YEvent<Y.AbstractType<unknown>>[]) => {
        const before = known
        known = known === true ? staysEditable(body, events) : null
        if (read() !== before) onChange()
      }
      body.observeDeep(listen)
      return () => {
        body.unobserveDeep(listen)
        if (--watchers === 0) known = null
      }
    },
  }
}

/** The same after a change to an editable body. */
export const staysEditable = (
  body: Y.XmlFragment,
  events: readonly Y.YEvent<Y.AbstractType<unknown>>[],
): boolean =>
  events.every((event) => {
    if (event.target !== (body as unknown)) return fits(topOf(event.target, body))
    return [...event.changes.added].every((item) => {
      const content: unknown = item.content
      return item.deleted || (content instanceof Y.ContentType && fits(content.type))
    })
  })

/** Takes out of a body what this version cannot edit. For a person to decide. */
export const removeUneditable = (doc: Y.Doc, body: Y.XmlFragment): void =>
  change(doc, () => {
    for (let i = body.length - 1; i >= 0; i--) if (!fits(body.get(i))) body.delete(i, 1)
  })

/** No words and nothing strange inside: a merge can leave an empty list behind, which the binding may tidy away. */
const EMPTY = Symbol('empty')

const fits = (part: unknown): boolean => nodeOf(part, 0) !== null

/** As the editor's binding would build it; `null` where it would fail on words or strangers. */
const nodeOf = (part: unknown, depth: number): Node | typeof EMPTY | null => {
  if (!(part instanceof Y.XmlElement) || depth > DEPTH_MAX) return null
  const type = proseSchema.nodes[part.nodeName]
  if (!type || type.isText || type === proseSchema.topNodeType) return null
  const children: Node[] = []
  for (const child of part.toArray() as unknown[]) {
    if (child instanceof Y.XmlText) {
      const texts = textNodesOf(child)
      if (!texts) return null
      children.push(...texts)
      continue
    }
    const node = nodeOf(child, depth + 1)
    if (node === null) return null
    if (node !== EMPTY) children.push(node)
  }
  const content = Fragment.fromArray(children)
  if (type.validContent(content)) return type.create(attrsOf(part), content)
  return content.size === 0 ? EMPTY : null
}

const attrsOf = (part: unknown): Record<string, unknown> =>
  part instanceof Y.XmlElement ? part.getAttributes() : {}

const textNodesOf = (text: Y.XmlText): Node[] | null => {
  const nodes: Node[] = []
  for (const { insert, attributes } of deltaOf(text)) {
    if (typeof insert !== 'string' || insert === '') return null
    // Overlapping marks are written with a hash behind their name.
    const names = Object.keys(attributes).map((name) => name.replace(/--[a-zA-Z0-9+/=]{8}$/, ''))
    if (!names.every((name) => Object.hasOwn(proseSchema.marks, name))) return null
    nodes.push(proseSchema.text(insert))
  }
  return nodes
}
