import { decodeCbor, encodeCbor, hasExactly, isCborMap, type Cbor } from '../core/cbor.ts'
import type { Printed, PrintedArticle } from './printed.ts'
import { parseLevel, parseLink } from './prose-parts.ts'
import type { Block, Span } from './prose.ts'

/**
 * A printed protocol as a row of a vault: `enc({v: 1, articles: [[title, [block …]] …]})`, where a block is `[name, …]` and a
 * span `[text, style, link]`. Spec: keys.md §9.
 */
export const encodePrinted = (printed: Printed): Uint8Array =>
  encodeCbor({ v: 1, articles: printed.map(({ title, blocks }) => [title, blocks.map(fromBlock)]) })

/** `null`: not one of ours. Never throws. */
export const parsePrinted = (bytes: Uint8Array): Printed | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !isCborMap(decoded.value) || !hasExactly(decoded.value, ['v', 'articles'])) return null
  const { v, articles } = decoded.value
  return v === 1 ? listOf(articles, toArticle) : null
}

const [BOLD, ITALIC] = [1, 2]

const fromBlock = (block: Block): Cbor => {
  switch (block.type) {
    case 'paragraph':
      return ['p', block.spans.map(fromSpan)]
    case 'heading':
      return [`h${block.level}`, block.spans.map(fromSpan)]
    case 'bullet_list':
    case 'ordered_list':
      return [block.type === 'bullet_list' ? 'ul' : 'ol', block.items.map((item) => item.map(fromBlock))]
    case 'blockquote':
    case 'callout':
      return [block.type === 'blockquote' ? 'quote' : 'aside', block.blocks.map(fromBlock)]
    case 'unreadable':
      return ['p', [[block.text, 0, null]]]
  }
}

const fromSpan = ({ text, bold, italic, link }: Span): Cbor => [
  text,
  (bold ? BOLD : 0) + (italic ? ITALIC : 0),
  link,
]

/** All of a list, or `null` where one of it is not what it should be. */
const listOf = <T>(value: unknown, parse: (one: unknown) => T | null): readonly T[] | null => {
  if (!Array.isArray(value)) return null
  const parsed = value.map((one) => parse(one))
  return parsed.every((one) => one !== null) ? parsed : null
}

const toArticle = (value: unknown): PrintedArticle | null => {
  if (!Array.isArray(value) || value.length !== 2 || typeof value[0] !== 'string') return null
  const blocks = listOf(value[1], toBlock)
  return blocks && { title: value[0], blocks }
}

const toBlock = (value: unknown): Block | null => {
  if (!Array.isArray(value) || value.length !== 2) return null
  const [name, inside] = value as [unknown, unknown]
  const spans = () => listOf(inside, toSpan)
  const blocks = () => listOf(inside, toBlock)
  if (name === 'p') return made(spans(), (these) => ({ type: 'paragraph', spans: these }))
  const level = [1, 2, 3].find((known) => name === `h${known}`)
  if (level) return made(spans(), (these) => ({ type: 'heading', level: parseLevel(level), spans: these }))
  if (name === 'ul' || name === 'ol')
    return made(
      listOf(inside, (item) => listOf(item, toBlock)),
      (items) => ({ type: name === 'ul' ? 'bullet_list' : 'ordered_list', items }),
    )
  if (name === 'quote') return made(blocks(), (these) => ({ type: 'blockquote', blocks: these }))
  if (name === 'aside') return made(blocks(), (these) => ({ type: 'callout', blocks: these }))
  return null
}

const made = <T>(parts: T | null, make: (parts: T) => Block): Block | null => parts && make(parts)

const toSpan = (value: unknown): Span | null => {
  if (!Array.isArray(value) || value.length !== 3) return null
  const [text, style, link] = value as [unknown, unknown, unknown]
  if (typeof text !== 'string' || typeof style !== 'number' || ![0, 1, 2, 3].includes(style)) return null
  if (link !== null && parseLink(link) !== link) return null
  return {
    text,
    bold: (style & BOLD) !== 0,
    italic: (style & ITALIC) !== 0,
    link: link as string | null,
  }
}
