import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import {
  addArticle,
  appendToArticle,
  archiveArticle,
  articles,
  moveArticle,
  renameArticle,
  restoreArticle,
  setArticleKind,
} from '../../src/lib/domain/articles.ts'
import { rootOf, rootsOf } from '../../src/lib/domain/document.ts'
import { plainText } from '../../src/lib/domain/prose.ts'
import { devices, meet } from './two-devices.ts'

const titles = (doc: Y.Doc) =>
  articles(doc)
    .read()
    .filter(({ archived }) => !archived)
    .map(({ title }) => title)

test('articles stand in the order they were written, and move one place at a time', () => {
  const [ana] = devices(1) as [Y.Doc]
  const [a, b, c] = ['uno', 'dos', 'tres'].map((title) => addArticle(ana, { title, kind: 'rule' }))
  moveArticle(ana, c!, 'up')
  expect(titles(ana)).toEqual(['uno', 'tres', 'dos'])
  moveArticle(ana, c!, 'up')
  moveArticle(ana, c!, 'up')
  expect(titles(ana)).toEqual(['tres', 'uno', 'dos'])
  moveArticle(ana, a!, 'down')
  expect(titles(ana)).toEqual(['tres', 'dos', 'uno'])
  moveArticle(ana, b!, 'down')
  moveArticle(ana, b!, 'down')
  expect(titles(ana)).toEqual(['tres', 'uno', 'dos'])
})

test('a hundred moves between the same two neighbours leave room for the next', () => {
  const [ana] = devices(1) as [Y.Doc]
  const ids = ['a', 'b', 'c'].map((title) => addArticle(ana, { title, kind: 'rule' }))
  for (let i = 0; i < 100; i++) {
    const before = titles(ana)
    moveArticle(ana, ids[i % 3]!, i % 2 ? 'up' : 'down')
    const at = before.indexOf(['a', 'b', 'c'][i % 3]!)
    const stuck = i % 2 ? at === 0 : at === 2
    expect(titles(ana).join() === before.join()).toBe(stuck)
  }
})

test('Ana renames an article while Berta moves it and Carmen writes in it: all three stand', () => {
  const [ana, berta, carmen] = devices(3) as [Y.Doc, Y.Doc, Y.Doc]
  const id = addArticle(ana, { title: 'Retenes', kind: 'rule' })
  addArticle(ana, { title: 'Cuidado', kind: 'care' })
  meet([ana, berta, carmen])
  renameArticle(ana, id, 'En los retenes')
  moveArticle(berta, id, 'down')
  setArticleKind(berta, id, 'procedure')
  appendToArticle(carmen, id, 'Vamos de a dos.')
  meet([ana, berta, carmen])
  for (const doc of [ana, berta, carmen]) {
    expect(titles(doc)).toEqual(['Cuidado', 'En los retenes'])
    const article = articles(doc)
      .read()
      .find((one) => one.id === id)!
    expect(article.kind).toBe('procedure')
    expect(plainText(article.body!).trim()).toBe('Vamos de a dos.')
  }
})

test('what is typed into an article put away is there when it comes back', () => {
  const [ana, berta] = devices(2) as [Y.Doc, Y.Doc]
  const id = addArticle(ana, { title: 'x', kind: 'rule', text: 'primera' })
  meet([ana, berta])
  archiveArticle(ana, id)
  appendToArticle(berta, id, 'segunda')
  meet([ana, berta])
  expect(titles(berta)).toEqual([])
  restoreArticle(berta, id)
  meet([ana, berta])
  expect(plainText(articles(ana).read()[0]!.body!)).toBe('primera\nsegunda')
})

test('the list of articles does not change while somebody types in one', () => {
  const [ana] = devices(1) as [Y.Doc]
  const id = addArticle(ana, { title: 'x', kind: 'rule', text: 'a' })
  const before = articles(ana).read()
  let told = 0
  const stop = articles(ana).watch(() => told++)
  appendToArticle(ana, id, 'b')
  expect(articles(ana).read()).toBe(before)
  expect(told).toBe(0)
  renameArticle(ana, id, 'y')
  expect(told).toBe(1)
  stop()
})

test('hostile articles never throw, and one without a readable text says so', () => {
  const [eve] = devices(1) as [Y.Doc]
  const root = rootOf(eve, 'articles')
  const bodies = [
    () => 'x',
    () => null,
    () => new Y.Text('x'),
    () => new Y.XmlElement('p'),
    () => new Y.Map(),
  ]
  bodies.forEach((body, i) => {
    const item = new Y.Map<unknown>()
    root.set(`000000000000000${i}`, item)
    item.set('title.a', { html: '<img src=x onerror=1>' })
    item.set('kind', 'constructor')
    item.set('order', i % 2 ? Number.POSITIVE_INFINITY : 'first')
    item.set('body', body())
  })
  const list = articles(eve).read()
  expect(list).toHaveLength(bodies.length)
  for (const article of list) expect(article).toMatchObject({ body: null, title: '', kind: 'information' })
  addArticle(eve, { title: 'sana', kind: 'rule' })
  expect(titles(eve)[0]).toBe('sana')
  expect(() => moveArticle(eve, list[0]!.id, 'up')).not.toThrow()
})

test('whatever order articles are moved in at once, everybody reads them in one order', () => {
  const move = fc.record({
    who: fc.nat(2),
    which: fc.nat(3),
    way: fc.constantFrom('up' as const, 'down' as const),
  })
  fc.assert(
    fc.property(fc.array(move, { maxLength: 12 }), (moves) => {
      const docs = devices(3)
      const ids = ['a', 'b', 'c', 'd'].map((title) => addArticle(docs[0]!, { title, kind: 'rule' }))
      meet(docs)
      for (const { who, which, way } of moves) moveArticle(docs[who]!, ids[which]!, way)
      meet(docs)
      expect(new Set(docs.map((doc) => titles(doc).join())).size).toBe(1)
      expect(new Set(docs.map(rootsOf)).size).toBe(1)
      expect([...titles(docs[0]!)].sort()).toEqual(['a', 'b', 'c', 'd'])
    }),
    { numRuns: process.env['SLOW'] ? 1000 : 60 },
  )
})
