import type * as Y from 'yjs'
import { articles } from './articles.ts'
import { people } from './people.ts'
import { readProse, textOfBlock, type Block, type Span } from './prose.ts'
import { normalise } from './text.ts'

/**
 * The protocol as it would stand on paper: titles and text. Nobody who wrote it, no collective, no ids, nothing of the
 * register. Names of people that stand in the text are covered.
 */
export type Printed = readonly PrintedArticle[]
export type PrintedArticle = { readonly title: string; readonly blocks: readonly Block[] }

/** What stands in place of a name. */
export const COVERED = '···'

/** Lists and quotes inside each other deeper than this become plain paragraphs: paper has only so much width. */
export const PRINTED_DEPTH = 5

/** What would be printed of a document now, in its order: everything that was not put away. `covered`: how many names were. */
export const printedOf = (doc: Y.Doc): { readonly printed: Printed; readonly covered: number } => {
  const cover = coverNames(
    people(doc)
      .read()
      .flatMap(({ name }) => name ?? []),
  )
  const printed = articles(doc)
    .read()
    .filter(({ archived }) => !archived)
    .map(({ title, body }) => ({
      title: cover.text(title),
      blocks: body ? readProse(body).map((block) => cover.block(block, 0)) : [],
    }))
  return { printed, covered: cover.count() }
}

/** Covers names: a whole one however it is spelled, and each longer word of one where it is spelled as a name. */
const coverNames = (names: readonly string[]) => {
  let count = 0
  const isName = namesMatcher(names)
  const spansOf = (spans: readonly Span[]): readonly Span[] => {
    const text = spans.map((span) => span.text).join('')
    const found = isName(text)
    count += found.length
    let start = 0
    return spans.flatMap((span) => {
      const [from, to] = [start, start + span.text.length]
      start = to
      const covered = cut({ text: span.text, from }, found)
      // An address of a person names them.
      const link = span.link?.startsWith('mailto:') ? null : span.link
      return covered === '' ? [] : [{ ...span, text: covered, link }]
    })
  }
  const text = (line: string): string => {
    const found = isName(line)
    count += found.length
    return cut({ text: line, from: 0 }, found)
  }
  const block = (one: Block, depth: number): Block => {
    switch (one.type) {
      case 'paragraph':
      case 'heading':
        return { ...one, spans: spansOf(one.spans) }
      case 'unreadable':
        return plain(text(one.text))
      case 'bullet_list':
      case 'ordered_list':
        if (depth >= PRINTED_DEPTH) return plain(text(textOfBlock(one)))
        return { ...one, items: one.items.map((item) => item.map((inner) => block(inner, depth + 1))) }
      case 'blockquote':
      case 'callout':
        if (depth >= PRINTED_DEPTH) return plain(text(textOfBlock(one)))
        return { ...one, blocks: one.blocks.map((inner) => block(inner, depth + 1)) }
    }
  }
  return { text, block, count: () => count }
}

const plain = (text: string): Block => ({
  type: 'paragraph',
  spans: text === '' ? [] : [{ text, bold: false, italic: false, link: null }],
})

type Range = { readonly from: number; readonly to: number }

/** A piece of a longer text without the ranges that are covered; the mark stands where a range begins. */
const cut = (piece: { readonly text: string; readonly from: number }, ranges: readonly Range[]): string => {
  const end = piece.from + piece.text.length
  let at = piece.from
  let result = ''
  for (const { from, to } of ranges) {
    if (to <= at || from >= end) continue
    if (from >= at) result += piece.text.slice(at - piece.from, from - piece.from) + COVERED
    at = Math.min(to, end)
  }
  return result + piece.text.slice(at - piece.from)
}

/** Shorter words of a name are words of the language more often than not. */
const NAME_WORD = 4

const namesMatcher = (names: readonly string[]): ((text: string) => readonly Range[]) => {
  const whole = new Set(names.map((name) => normalise(name).trim()).filter(Boolean))
  const words = new Set(
    names.flatMap((name) => name.match(/\p{Lu}\p{L}+/gu) ?? []).filter(({ length }) => length >= NAME_WORD),
  )
  const longest = Math.max(0, ...[...whole].map((name) => name.split(/\s+/).length))
  return (text) => {
    const found: Range[] = []
    const tokens = [...text.matchAll(/[\p{L}\p{N}\p{M}_'’-]+/gu)]
    for (let i = 0; i < tokens.length; i++) {
      const first = tokens[i]!
      for (let length = longest; length >= 1; length--) {
        const last = tokens[i + length - 1]
        if (!last) continue
        const range = { from: first.index, to: last.index + last[0].length }
        const said = normalise(text.slice(range.from, range.to)).replace(/\s+/g, ' ')
        if (!whole.has(said) && !(length === 1 && words.has(first[0]))) continue
        found.push(range)
        i += length - 1
        break
      }
    }
    return found
  }
}
