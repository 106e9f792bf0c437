import * as Y from 'yjs'
import type { Watched } from '../core/watched.ts'
import { deltaOf, DEPTH_MAX, parseLevel, parseLink, topOf } from './prose-parts.ts'

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

/** The words of one block, a line for each block inside. */
export const textOfBlock = (block: Block): string => {
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
