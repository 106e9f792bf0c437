import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { addArticle, appendToArticle, articles } from '../../src/lib/domain/articles.ts'
import { rootOf, rootsOf } from '../../src/lib/domain/document.ts'
import { plainText } from '../../src/lib/domain/prose.ts'
import { bringBack, rescuable, rescuables, SHOWN_MAX } from '../../src/lib/domain/rescue.ts'
import { addThreat, archiveThreat, editThreat, threats } from '../../src/lib/domain/threats.ts'
import { devices } from './two-devices.ts'

/** Ana and Dora hold the same; what Dora does then is set aside and never merged on Ana’s device. */
const setAside = (prepare: (doc: Y.Doc) => void, ...changes: ((doc: Y.Doc) => void)[]) => {
  const [first] = devices(1) as [Y.Doc]
  prepare(first)
  const [ana, dora] = devices(2, first) as [Y.Doc, Y.Doc]
  const updates = changes.map((act) => {
    const since = Y.encodeStateVector(dora)
    act(dora)
    return Y.encodeStateAsUpdate(dora, since)
  })
  return { ana, dora, updates }
}

const firstArticle = (doc: Y.Doc) => articles(doc).read()[0]!
const typeInto = (doc: Y.Doc, at: number, text: string) => {
  const paragraph = firstArticle(doc).body!.get(0) as Y.XmlElement
  ;(paragraph.get(0) as Y.XmlText).insert(at, text)
}

test('words Dora typed into an article are shown with its title, and come back by Ana’s hand', () => {
  const { ana, updates } = setAside(
    (doc) => addArticle(doc, { title: 'Retenes', kind: 'rule', text: 'Vamos de a dos.' }),
    (doc) => {
      typeInto(doc, 8, ' siempre')
      appendToArticle(doc, firstArticle(doc).id, 'Nadie va sola.')
    },
  )
  const before = rootsOf(ana)
  const what = rescuable(ana, updates)
  expect(what).toMatchObject({
    text: ' siempre\nNadie va sola.',
    where: { type: 'article', title: 'Retenes' },
  })
  expect(rootsOf(ana)).toBe(before)
  bringBack(ana, what)
  expect(plainText(firstArticle(ana).body!)).toBe('Vamos de a dos.\n siempre\nNadie va sola.')
})

test('when the article is not there on Ana’s device, its words become a new draft', () => {
  const { ana, updates } = setAside(
    () => {},
    (doc) => addArticle(doc, { title: 'Nuevo', kind: 'rule', text: 'Texto nuevo.' }),
  )
  bringBack(ana, rescuable(ana, updates))
  expect(firstArticle(ana).title).toBe('Nuevo')
  expect(plainText(firstArticle(ana).body!)).toBe('Texto nuevo.')
  expect([...ana.store.clients.keys()]).not.toContain(1001)
})

test('fields Dora wrote are shown under their threat and set by Ana', () => {
  const { ana, updates } = setAside(
    (doc) => addThreat(doc, { title: 'Desalojo', who: 'familias' }),
    (doc) => editThreat(doc, threats(doc).read()[0]!.id, { field: 'who', text: 'familias del río' }),
  )
  const what = rescuable(ana, updates)
  expect(what).toMatchObject({ text: 'familias del río', where: { type: 'threat', title: 'Desalojo' } })
  bringBack(ana, what)
  expect(threats(ana).read()).toMatchObject([{ title: 'Desalojo', who: 'familias del río', versions: {} }])
})

test('a threat Dora added comes back as a new one', () => {
  const { ana, updates } = setAside(
    () => {},
    (doc) => addThreat(doc, { title: 'Incendio', from: 'terratenientes' }),
  )
  bringBack(ana, rescuable(ana, updates))
  expect(threats(ana).read()).toMatchObject([{ title: 'Incendio', from: 'terratenientes', status: 'open' }])
})

test('each of several set-aside changes is read with those it builds upon', () => {
  const { ana, updates } = setAside(
    (doc) => addArticle(doc, { title: 'Retenes', kind: 'rule', text: 'a' }),
    (doc) => typeInto(doc, 1, 'uno'),
    (doc) => typeInto(doc, 4, 'dos'),
    (doc) => archiveThreat(doc, addThreat(doc, { title: 'tres' })),
  )
  const row = rescuables(
    ana,
    updates.map((update) => [update]),
  )
  expect(row.map(({ text }) => text)).toEqual(['uno', 'dos', 'tres'])
  expect(rescuable(ana, [updates[1]!], [updates[0]!]).text).toBe('dos')
})

test('a change that cannot be merged here still shows its words, and they can be brought back', () => {
  const { ana, updates } = setAside(
    (doc) => addArticle(doc, { title: 'Retenes', kind: 'rule', text: 'a' }),
    (doc) => typeInto(doc, 1, 'uno'),
    (doc) => typeInto(doc, 4, 'dos'),
  )
  const what = rescuable(ana, [updates[1]!])
  expect(what).toMatchObject({ text: 'dos', where: { type: 'other' } })
  bringBack(ana, what)
  expect(
    articles(ana)
      .read()
      .map(({ body }) => plainText(body!)),
  ).toEqual(['a', 'dos'])
})

test('a change that only deletes has nothing to bring back', () => {
  const { ana, updates } = setAside(
    (doc) => addArticle(doc, { title: 'Retenes', kind: 'rule', text: 'abc' }),
    (doc) => firstArticle(doc).body!.delete(0, 1),
  )
  const what = rescuable(ana, updates)
  expect(what.text).toBe('')
  const before = rootsOf(ana)
  bringBack(ana, what)
  expect(rootsOf(ana)).toBe(before)
})

test('a long change is shown in part and comes back whole', () => {
  const long = 'palabra '.repeat(1000)
  const { ana, updates } = setAside(
    () => {},
    (doc) => addArticle(doc, { title: 'Largo', kind: 'rule', text: long }),
  )
  const what = rescuable(ana, updates)
  expect(what.text).toHaveLength(SHOWN_MAX)
  bringBack(ana, what)
  expect(plainText(firstArticle(ana).body!)).toBe(long)
})

test('bytes that are no update, or a broken one, never throw and change nothing', () => {
  const { ana, updates } = setAside(
    (doc) => addArticle(doc, { title: 'Retenes', kind: 'rule', text: 'abc' }),
    (doc) => typeInto(doc, 1, 'uno dos tres'),
  )
  const before = rootsOf(ana)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), fc.nat(255), (junk, at, byte) => {
      const broken = updates[0]!.slice()
      broken[at % broken.length] = byte
      for (const bytes of [junk, broken]) rescuable(ana, [bytes])
      expect(rootsOf(ana)).toBe(before)
    }),
    { numRuns: process.env['SLOW'] ? 2000 : 200 },
  )
  expect(rootOf(ana, 'articles').size).toBe(1)
})

test('what Dora wrote upon something that is not here, and what she wrote elsewhere after it, come back each by itself', () => {
  const { ana, updates } = setAside(
    (doc) => {
      addArticle(doc, { title: 'Retenes', kind: 'rule', text: 'a' })
      addArticle(doc, { title: 'Cocina', kind: 'rule', text: 'b' })
    },
    (doc) => typeInto(doc, 1, 'uno'),
    (doc) => typeInto(doc, 4, 'dos'),
    (doc) => appendToArticle(doc, articles(doc).read()[1]!.id, 'tres'),
    (doc) => typeInto(doc, 7, 'cuatro'),
    (doc) => addThreat(doc, { title: 'Desalojo', who: 'familias' }),
  )
  const { pieces } = rescuable(ana, updates.slice(1))
  expect(pieces).toMatchObject([
    { type: 'article', title: 'Cocina', text: 'tres' },
    { type: 'threat', title: 'Desalojo' },
    { type: 'other', text: 'dos\ncuatro' },
  ])
  // In one batch as in many.
  expect(rescuable(ana, [Y.mergeUpdates(updates.slice(1))]).pieces).toEqual(pieces)
  bringBack(ana, rescuable(ana, updates.slice(1)))
  expect(
    articles(ana)
      .read()
      .map(({ title, body }) => `${title}: ${plainText(body!)}`),
  ).toEqual(['Retenes: a', 'Cocina: b\ntres', ': dos\ncuatro'])
})

test('what comes first is not dropped because what comes after it has no place, nor the other way round', () => {
  const { ana, updates } = setAside(
    (doc) => addArticle(doc, { title: 'Retenes', kind: 'rule', text: 'a' }),
    (doc) => addArticle(doc, { title: 'Cocina', kind: 'rule', text: 'b' }),
    (doc) => void appendToArticle(doc, articles(doc).read()[0]!.id, 'c'),
    (doc) => void appendToArticle(doc, articles(doc).read()[1]!.id, 'd'),
    (doc) => void appendToArticle(doc, articles(doc).read()[0]!.id, 'e'),
  )
  const text = (from: readonly Uint8Array[]) => {
    const { pieces } = rescuable(ana, from)
    return pieces.map((piece) => (piece.type === 'threat' ? '' : `${piece.type} ${piece.text}`))
  }
  // Without the article she had begun, which is nowhere.
  expect(text(updates.slice(1))).toEqual(['article c\ne', 'other d'])
  expect(text([Y.mergeUpdates(updates.slice(1))])).toEqual(['article c\ne', 'other d'])
})

test('words that Dora erased again herself do not come back', () => {
  const { ana, updates } = setAside(
    (doc) => addArticle(doc, { title: 'Retenes', kind: 'rule', text: 'a' }),
    (doc) => typeInto(doc, 1, 'uno'),
    (doc) => typeInto(doc, 4, 'dos'),
    (doc) => typeInto(doc, 7, 'tres'),
    (doc) => ((firstArticle(doc).body!.get(0) as Y.XmlElement).get(0) as Y.XmlText).delete(4, 3),
  )
  expect(rescuable(ana, updates.slice(1)).text).toBe('tres')
})
