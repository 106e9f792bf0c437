import { Fragment, type Node } from 'prosemirror-model'
import * as Y from 'yjs'
import type { Watched } from '../core/watched.ts'
import { change } from './change.ts'
import { parseLevel, parseLink, proseSchema } from './prose-schema.ts'

/** An article's text, read without an editor. What this version cannot read keeps its words and says so. */
export type Block =
  | { readonly type: 'paragraph'; readonly spans: readonly Span[] }
  | { readonly type: 'heading'; readonly level: 1 | 2 | 3; readonly spans: readonly Span[] }
  | { readonly type: 'bullet_list'; readonly items: readonly (readonly Block[])[] }
  | { readonly type: 'ordered_list'; readonly items: readonly (readonly Block[])[] }
  | { readonly type: 'blockquote'; readonly blocks: readonly Block[] }
  | { readonly type: 'callout'; readonly blocks: readonly Block[] }
  | { readonly type: 'unreadable'; readonly text: string }

export type Span = {
  /** `\n` alone is a line break. */
  readonly text: string
  readonly bold: boolean
  readonly italic: boolean
  /** A web or mail address to show, never to fetch. */
  readonly link: string | null
}

/** Deeper nesting is nobody's writing. */
const DEPTH_MAX = 24

/** The text of an article from its shared body. Never throws, whatever stands there. */
export const readProse = (body: Y.XmlFragment): readonly Block[] =>
  body.toArray().map((part) => blockOf(part))

/** The same, read anew only where it changed. */
export const prose = (body: Y.XmlFragment): Watched<readonly Block[]> => {
  const read = new Map<unknown, Block>()
  let watchers = 0
  return {
    read: () =>
      body.toArray().map((part) => {
        const block = read.get(part) ?? blockOf(part)
        // While nobody watches, nobody tells us of changes either.
        if (watchers > 0) read.set(part, block)
        return block
      }),
    watch: (onChange) => {
      watchers++
      const listen = (events: readonly Y.YEvent<Y.AbstractType<unknown>>[]) => {
        for (const event of events) read.delete(topOf(event.target, body))
        if (read.size > body.length * 2) read.clear()
        onChange()
      }
      body.observeDeep(listen)
      return () => {
        body.unobserveDeep(listen)
        if (--watchers === 0) read.clear()
      }
    },
  }
}

/** The words alone, one line for each block. */
export const plainText = (body: Y.XmlFragment): string => readProse(body).map(textOfBlock).join('\n')

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

/** The block directly in `body` that holds `type`. */
const topOf = (type: Y.AbstractType<unknown>, body: Y.XmlFragment): unknown => {
  let at: Y.AbstractType<unknown> | null = type
  while (at && at.parent !== (body as unknown)) at = at.parent
  return at
}

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

type Insert = { readonly insert: unknown; readonly attributes: Readonly<Record<string, unknown>> }

const deltaOf = (text: Y.XmlText): readonly Insert[] =>
  (text.toDelta() as { insert: unknown; attributes?: Record<string, unknown> }[]).map(
    ({ insert, attributes }) => ({ insert, attributes: attributes ?? {} }),
  )

const blockOf = (part: unknown, depth = 0): Block => {
  if (!(part instanceof Y.XmlElement) || depth > DEPTH_MAX) return { type: 'unreadable', text: wordsIn(part) }
  const children = part.toArray() as unknown[]
  const blocks = () => children.map((child) => blockOf(child, depth + 1))
  switch (part.nodeName) {
    case 'paragraph':
      return { type: 'paragraph', spans: spansOf(children) }
    case 'heading':
      return { type: 'heading', level: parseLevel(part.getAttribute('level')), spans: spansOf(children) }
    case 'bullet_list':
    case 'ordered_list':
      return {
        type: part.nodeName,
        items: children.map((child) =>
          child instanceof Y.XmlElement && child.nodeName === 'list_item'
            ? (child.toArray() as unknown[]).map((inner) => blockOf(inner, depth + 2))
            : [{ type: 'unreadable', text: wordsIn(child) }],
        ),
      }
    case 'blockquote':
    case 'callout':
      return { type: part.nodeName, blocks: blocks() }
    default:
      return { type: 'unreadable', text: wordsIn(part) }
  }
}

const spansOf = (children: readonly unknown[]): readonly Span[] =>
  children.flatMap((child): readonly Span[] => {
    if (child instanceof Y.XmlText)
      return deltaOf(child).flatMap(({ insert, attributes }) =>
        typeof insert === 'string'
          ? [
              {
                text: insert,
                bold: Boolean(attributes['bold']),
                italic: Boolean(attributes['italic']),
                link: linkOf(attributes['link']),
              },
            ]
          : [],
      )
    if (child instanceof Y.XmlElement && child.nodeName === 'hard_break') return [{ ...PLAIN, text: '\n' }]
    return [{ ...PLAIN, text: wordsIn(child) }]
  })

const PLAIN = { bold: false, italic: false, link: null } as const

const linkOf = (mark: unknown): string | null =>
  typeof mark === 'object' && mark !== null && 'href' in mark ? parseLink(mark.href) : null

const textOfBlock = (block: Block): string => {
  switch (block.type) {
    case 'paragraph':
    case 'heading':
      return block.spans.map(({ text }) => text).join('')
    case 'bullet_list':
    case 'ordered_list':
      return block.items.map((item) => item.map(textOfBlock).join('\n')).join('\n')
    case 'blockquote':
    case 'callout':
      return block.blocks.map(textOfBlock).join('\n')
    case 'unreadable':
      return block.text
  }
}

/** Every string below `part`, however deep, without recursion. */
const wordsIn = (part: unknown): string => {
  const words: string[] = []
  const open: unknown[] = [part]
  while (open.length > 0) {
    const next = open.pop()
    if (next instanceof Y.XmlText)
      words.push(...deltaOf(next).flatMap(({ insert }) => (typeof insert === 'string' ? [insert] : [])))
    else if (next instanceof Y.XmlFragment) open.push(...(next.toArray() as unknown[]).reverse())
  }
  return words.join(' ')
}
