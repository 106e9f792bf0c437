import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { addArticle, appendToArticle, articles } from '../../src/lib/domain/articles.ts'
import { contentOf, rootOf, rootsOf, setAbout } from '../../src/lib/domain/document.ts'
import { addPerson, movePerson, people } from '../../src/lib/domain/people.ts'
import { plainText } from '../../src/lib/domain/prose.ts'
import { returnItem, returnTo } from '../../src/lib/domain/return-to.ts'
import { addThreat, editThreat, threats } from '../../src/lib/domain/threats.ts'
import { devices, meet } from './two-devices.ts'

/** Ana, Bea and Eva hold what was agreed; `past` is a copy of it that stays as it is. */
const agreed = (prepare: (doc: Y.Doc) => void): { past: Y.Doc; all: [Y.Doc, Y.Doc, Y.Doc] } => {
  const [past] = devices(1) as [Y.Doc]
  past.clientID = 999
  prepare(past)
  return { past, all: devices(3, past) as [Y.Doc, Y.Doc, Y.Doc] }
}

const collective = (doc: Y.Doc) => {
  setAbout(doc, { title: 'Las Tres Vertientes' })
  addPerson(doc, { name: 'Ana', member: null, participation: 'own device' })
  addArticle(doc, {
    title: 'Retenes',
    kind: 'rule',
    text: 'Vamos de a dos.\nAvisamos antes.\nNadie va sola.',
  })
  addArticle(doc, { title: 'Cuidados', kind: 'care', text: 'Comemos juntas.' })
  addThreat(doc, { title: 'Vigilancia', what: 'Un auto sin placas', already: 'Anotamos la hora' })
}

const article = (doc: Y.Doc, title: string) =>
  articles(doc)
    .read()
    .find((one) => one.title === title)!
const words = (doc: Y.Doc, title: string) => plainText(article(doc, title).body!)
const everything = (doc: Y.Doc) =>
  (['articles', 'threats', 'people', 'about'] as const).map((root) => contentOf(rootOf(doc, root)))

const wipe = (doc: Y.Doc) => {
  for (const root of ['articles', 'threats', 'people', 'about'] as const)
    for (const key of [...rootOf(doc, root).keys()]) rootOf(doc, root).delete(key)
}

test('attack 33: Eva deletes everything; Ana returns to what was agreed, and everybody has it again', () => {
  const { past, all } = agreed(collective)
  const [ana, , eva] = all
  wipe(eva)
  meet(all)
  expect(articles(ana).read()).toEqual([])
  returnTo(ana, past)
  meet(all)
  for (const doc of all) expect(everything(doc)).toEqual(everything(past))
})

test('attack 33: Eva writes rubbish over every field and into every text; it is gone again', () => {
  const { past, all } = agreed(collective)
  const [ana, , eva] = all
  for (const root of ['articles', 'threats', 'about'] as const)
    for (const [key, item] of rootOf(eva, root))
      if (item instanceof Y.Map) {
        for (const field of [...item.keys()]) item.set(field, 7)
        item.set('title.eva', 'mentira')
      } else rootOf(eva, root).set(key, 'mentira')
  meet(all)
  returnTo(ana, past)
  meet(all)
  for (const doc of all) expect(everything(doc)).toEqual(everything(past))
})

test('Ana and Bea return at once, each without knowing: nothing stands there twice', () => {
  const { past, all } = agreed(collective)
  const [ana, bea, eva] = all
  wipe(eva)
  meet(all)
  returnTo(ana, past)
  returnTo(bea, past)
  meet(all)
  for (const doc of all) expect(everything(doc)).toEqual(everything(past))
})

test('one paragraph was changed: the others are not touched, and what Bea types in one of them stays', () => {
  const { past, all } = agreed(collective)
  const [ana, bea, eva] = all
  const body = article(eva, 'Retenes').body!
  body.delete(1, 1)
  appendToArticle(eva, article(eva, 'Retenes').id, 'Confíen en la policía.')
  meet(all)
  const last = article(bea, 'Retenes').body!.get(1) as Y.XmlElement
  ;(last.get(0) as Y.XmlText).insert(0, 'De noche: ')
  returnTo(ana, past)
  meet(all)
  for (const doc of all)
    expect(words(doc, 'Retenes')).toBe('Vamos de a dos.\nAvisamos antes.\nDe noche: Nadie va sola.')
})

test('what was added since is put away, not deleted', () => {
  const { past, all } = agreed(collective)
  const [ana] = all
  addArticle(ana, { title: 'Nuevo', kind: 'rule', text: 'Algo.' })
  addThreat(ana, { title: 'Otra' })
  returnTo(ana, past)
  expect(article(ana, 'Nuevo').archived).toBe(true)
  expect(words(ana, 'Nuevo')).toBe('Algo.')
  expect(
    threats(ana)
      .read()
      .find(({ title }) => title === 'Otra')?.archived,
  ).toBe(true)
})

test('who was detained since stays detained, and a name that went missing comes back', () => {
  const { past, all } = agreed(collective)
  const [ana] = all
  const id = people(ana).read()[0]!.id
  movePerson(ana, id, 'detained')
  const item = rootOf(ana, 'people').get(id) as Y.Map<unknown>
  for (const key of [...item.keys()].filter((name) => name.startsWith('name.'))) item.delete(key)
  returnTo(ana, past)
  expect(people(ana).read()[0]).toMatchObject({ name: 'Ana', state: 'detained' })
})

test('one threat can be returned alone', () => {
  const { past, all } = agreed(collective)
  const [ana] = all
  const id = threats(ana).read()[0]!.id
  editThreat(ana, id, { field: 'what', text: 'Nada' })
  appendToArticle(ana, article(ana, 'Cuidados').id, 'Y dormimos.')
  returnItem(ana, past, { root: 'threats', id })
  expect(threats(ana).read()[0]!.what).toBe('Un auto sin placas')
  expect(words(ana, 'Cuidados')).toBe('Comemos juntas.\nY dormimos.')
})

test('returning when nothing changed writes nothing', () => {
  const { past, all } = agreed(collective)
  const [ana] = all
  let writes = 0
  ana.on('update', () => writes++)
  returnTo(ana, past)
  expect(writes).toBe(0)
})

test('whatever Eva did, everybody who returned in any order ends with the same, and with all that was agreed', () => {
  const harm = fc.record({
    item: fc.nat(4),
    kind: fc.constantFrom('delete item', 'delete field', 'overwrite', 'cut text', 'add text', 'add item'),
    at: fc.nat(3),
  })
  fc.assert(
    fc.property(fc.array(harm, { maxLength: 12 }), fc.boolean(), (harms, both) => {
      const { past, all } = agreed(collective)
      const [ana, bea, eva] = all
      for (const { item, kind, at } of harms) inflict(eva, { item, kind, at })
      meet(all)
      returnTo(ana, past)
      if (both) {
        meet(all)
        returnTo(bea, past)
      }
      meet(all)
      expect(new Set(all.map(rootsOf)).size).toBe(1)
      for (const root of ['articles', 'threats'] as const)
        for (const [id, was] of rootOf(past, root))
          expect(contentOf(rootOf(ana, root).get(id))).toBe(contentOf(was))
    }),
  )
})

const inflict = (doc: Y.Doc, { item, kind, at }: { item: number; kind: string; at: number }) => {
  const items = (['articles', 'threats', 'people'] as const).flatMap((root) =>
    [...rootOf(doc, root)].map(([id, value]) => ({ root, id, value })),
  )
  const target = items[item % Math.max(1, items.length)]
  if (kind === 'add item') return void addArticle(doc, { title: 'x', kind: 'rule', text: 'x' })
  if (!target) return
  if (kind === 'delete item') return rootOf(doc, target.root).delete(target.id)
  if (!(target.value instanceof Y.Map)) return
  const map = target.value as Y.Map<unknown>
  const key = [...map.keys()][at % Math.max(1, map.size)]
  if (kind === 'delete field' && key) return map.delete(key)
  if (kind === 'overwrite' && key) return void map.set(key, at === 0 ? new Y.XmlFragment() : 'basura')
  const body = map.get('body')
  if (!(body instanceof Y.XmlFragment)) return
  if (kind === 'cut text' && body.length > 0) body.delete(at % body.length, 1)
  if (kind === 'add text') body.insert(Math.min(at, body.length), [new Y.XmlElement('paragraph')])
}
