import * as Y from 'yjs'
import type { Watched } from '../core/watched.ts'
import { change, newId } from './change.ts'
import { rootOf } from './document.ts'
import { readField, writeField } from './fields.ts'
import { byOrder, itemOf, oncePerDocument, orderOf, watchItems } from './items.ts'
import { paragraphsFrom } from './prose-write.ts'
import { oneLine } from './text.ts'

export const ARTICLE_KINDS = [
  'principle',
  'rule',
  'rota',
  'procedure',
  'emergency mandate',
  'care',
  'information',
  'governance',
] as const
export type ArticleKind = (typeof ARTICLE_KINDS)[number]

/** What an article may become. Agreeing on one is a decision, and decisions come later. */
export const nextArticleStatus = { draft: [] } as const satisfies Record<string, readonly string[]>
export type ArticleStatus = keyof typeof nextArticleStatus

/** Where an article without a readable place stands. */
const LAST = Number.MAX_VALUE

export type Article = {
  readonly id: string
  readonly title: string
  readonly kind: ArticleKind
  readonly status: ArticleStatus
  readonly order: number
  /** Put away, not deleted. */
  readonly archived: boolean
  /** The shared text, or `null` where something else stands in its place. */
  readonly body: Y.XmlFragment | null
}

/** All articles in their order, put away or not. Does not change when only their text does. Never throws. */
export const articles: (doc: Y.Doc) => Watched<readonly Article[]> = oncePerDocument((doc) =>
  watchItems(rootOf(doc, 'articles'), {
    parse: parseArticle,
    order: byOrder,
    matters: (event) => event.path.length === 1,
  }),
)

/** Adds a draft at the end. `text`: its first words, a paragraph for each line. @returns its id. */
export const addArticle = (
  doc: Y.Doc,
  article: { readonly title: string; readonly kind: ArticleKind; readonly text?: string },
): string => {
  const id = newId()
  change(doc, () => {
    const item = new Y.Map<unknown>()
    const orders = standing(doc).map(({ order }) => order)
    rootOf(doc, 'articles').set(id, item)
    writeField(item, { field: 'title', text: oneLine(article.title) })
    item.set('kind', article.kind)
    item.set('order', Math.max(0, ...orders) + 1)
    const body = new Y.XmlFragment()
    item.set('body', body)
    body.insert(0, paragraphsFrom(article.text ?? ''))
  })
  return id
}

export const renameArticle = (doc: Y.Doc, id: string, title: string): void =>
  change(doc, () => {
    const item = itemOf(rootOf(doc, 'articles'), id)
    if (item) writeField(item, { field: 'title', text: oneLine(title) })
  })

export const setArticleKind = (doc: Y.Doc, id: string, kind: ArticleKind): void =>
  change(doc, () => void itemOf(rootOf(doc, 'articles'), id)?.set('kind', kind))

export const moveArticle = (doc: Y.Doc, id: string, way: 'up' | 'down'): void =>
  change(doc, () => {
    const list = articles(doc)
      .read()
      .filter(({ archived }) => !archived)
    const from = list.findIndex((article) => article.id === id)
    const to = way === 'up' ? from - 1 : from + 1
    if (from < 0 || !list[to]) return
    // Between its new neighbours, so that nobody else's place is written.
    const before = (way === 'up' ? list[to - 1] : list[to])?.order
    const after = (way === 'up' ? list[to] : list[to + 1])?.order
    const order = between(before, after)
    if (order !== null) itemOf(rootOf(doc, 'articles'), id)?.set('order', order)
    else {
      const moved = list.filter((article) => article.id !== id)
      moved.splice(to, 0, list[from]!)
      moved.forEach((article, i) => itemOf(rootOf(doc, 'articles'), article.id)?.set('order', i + 1))
    }
  })

/** Puts an article away; `restoreArticle` takes it out again. Nothing of it is deleted. */
export const archiveArticle = (doc: Y.Doc, id: string): void =>
  change(doc, () => void itemOf(rootOf(doc, 'articles'), id)?.set('archived', true))

export const restoreArticle = (doc: Y.Doc, id: string): void =>
  change(doc, () => itemOf(rootOf(doc, 'articles'), id)?.delete('archived'))

/** Adds paragraphs at the end of an article's text. @returns whether there was such a text. */
export const appendToArticle = (doc: Y.Doc, id: string, text: string): boolean => {
  const body = itemOf(rootOf(doc, 'articles'), id)?.get('body')
  if (!isBody(body)) return false
  change(doc, () => body.insert(body.length, paragraphsFrom(text)))
  return true
}

/** A number between two places, or `null` when there is no room left between them. */
const between = (before: number | undefined, after: number | undefined): number | null => {
  if (after === LAST || before === LAST) return null
  if (before === undefined) return after === undefined ? 1 : after - 1
  if (after === undefined) return before + 1
  const middle = before + (after - before) / 2
  return middle > before && middle < after ? middle : null
}

const standing = (doc: Y.Doc): readonly Article[] =>
  articles(doc)
    .read()
    .filter(({ order }) => order < LAST)

/** The bare fragment: an element is one too, and is no body. */
const isBody = (value: unknown): value is Y.XmlFragment =>
  value instanceof Y.XmlFragment && !(value instanceof Y.XmlElement)

const parseArticle = (id: string, item: Y.Map<unknown>): Article => {
  const body = item.get('body')
  return {
    id,
    title: readField(item, 'title', oneLine).versions[0]?.text ?? '',
    kind: ARTICLE_KINDS.find((kind) => kind === item.get('kind')) ?? 'information',
    status: 'draft',
    order: orderOf(item, LAST),
    archived: item.get('archived') === true,
    body: isBody(body) ? body : null,
  }
}
