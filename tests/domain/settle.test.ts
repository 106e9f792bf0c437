import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { addArticle, appendToArticle, articles } from '../../src/lib/domain/articles.ts'
import { rootsOf, setAbout } from '../../src/lib/domain/document.ts'
import { settledCopy } from '../../src/lib/domain/settle.ts'
import { addThreat, archiveThreat, editThreat, threats, versionsOf } from '../../src/lib/domain/threats.ts'
import { devices, meet } from './two-devices.ts'

const SETTLED = 2 ** 53 - 7

const clientsIn = (doc: Y.Doc): number[] => {
  const { structs, ds } = Y.decodeUpdate(Y.encodeStateAsUpdate(doc))
  return [...new Set([...structs.map(({ id }) => id.client), ...ds.clients.keys()])].sort()
}

/** What a document says, writers' names in keys left out. */
const saidIn = (doc: Y.Doc) =>
  rootsOf(doc).replace(/(title|what|who|from|already|status|purpose|name)\.[0-9a-z-]+/g, '$1')

const written = (): Y.Doc[] => {
  const all = devices(3)
  const [ana, bea, cata] = all as [Y.Doc, Y.Doc, Y.Doc]
  setAbout(ana, { title: 'Las Tres Vertientes' })
  const id = addArticle(bea, { title: 'Retenes', kind: 'rule', text: 'Vamos de a dos.' })
  addThreat(cata, { title: 'Vigilancia' })
  meet(all)
  appendToArticle(ana, id, 'Avisamos antes.')
  const text = (articles(cata).read()[0]!.body!.get(0) as Y.XmlElement).get(0) as Y.XmlText
  text.delete(0, 2)
  text.format(0, 2, { bold: {} })
  archiveThreat(bea, threats(bea).read()[0]!.id)
  meet(all)
  return all
}

test('what a settled document says is the same, and nobody can be told from it', () => {
  const [ana] = written() as [Y.Doc]
  expect(clientsIn(ana).length).toBe(3)
  const settled = settledCopy(ana, SETTLED)
  expect(saidIn(settled)).toBe(saidIn(ana))
  expect(clientsIn(settled)).toEqual([SETTLED])
  for (const { clientID } of devices(3)) expect(rootsOf(settled)).not.toContain(`.${clientID.toString(36)}`)
  expect(rootsOf(ana)).toContain(`.${ana.clientID.toString(36)}`)
  const { structs, ds } = Y.decodeUpdate(Y.encodeStateAsUpdate(settled))
  expect(ds.clients.size).toBe(0)
  expect(structs.some((struct) => struct instanceof Y.GC)).toBe(false)
})

test('two texts that stand at once in a field both stand, and their order does not say whose is which', () => {
  const texts = (doc: Y.Doc, id: string) => versionsOf(doc, id, 'what').map(({ text }) => text)
  const orders = [
    ['Un auto', 'Dos autos'],
    ['Dos autos', 'Un auto'],
  ].map(([first, second]) => {
    const all = devices(2)
    const [ana, bea] = all as [Y.Doc, Y.Doc]
    const id = addThreat(ana, { title: 'Vigilancia' })
    meet(all)
    editThreat(ana, id, { field: 'what', text: first! })
    editThreat(bea, id, { field: 'what', text: second! })
    meet(all)
    const settled = texts(settledCopy(ana, SETTLED), id)
    expect([...settled].sort()).toEqual(texts(ana, id).sort())
    return settled
  })
  expect(orders[0]).toEqual(orders[1])
})

test('each device works out the same one by itself, byte for byte', () => {
  const bytes = written().map((doc) => [...Y.encodeStateAsUpdate(settledCopy(doc, SETTLED))].join())
  expect(new Set(bytes).size).toBe(1)
})

test('a document nobody opened by its types is settled just as well', () => {
  const [ana] = written() as [Y.Doc]
  const bare = new Y.Doc()
  Y.applyUpdate(bare, Y.encodeStateAsUpdate(ana))
  expect([...Y.encodeStateAsUpdate(settledCopy(bare, SETTLED))]).toEqual([
    ...Y.encodeStateAsUpdate(settledCopy(ana, SETTLED)),
  ])
})

test('settling what is settled changes nothing', () => {
  const [ana] = written() as [Y.Doc]
  const once = settledCopy(ana, SETTLED)
  const twice = settledCopy(once, SETTLED)
  expect([...Y.encodeStateAsUpdate(twice)]).toEqual([...Y.encodeStateAsUpdate(once)])
})

test('lists, texts, and texts within lists are settled with what they say', () => {
  const doc = new Y.Doc()
  const list = doc.getArray<unknown>('turnos')
  const text = new Y.Text('nota')
  list.push([1, 'dos', { tres: [3] }, text])
  text.format(0, 2, { italic: true, bold: true })
  doc.getText('acta').insert(0, 'Se acordó.')
  doc.getXmlFragment('cuerpo').insert(0, [new Y.XmlText('suelto'), new Y.XmlElement('paragraph')])
  const settled = settledCopy(doc, SETTLED)
  expect(settled.getArray('turnos').toJSON()).toEqual(list.toJSON())
  expect((settled.getArray('turnos').get(3) as Y.Text).toDelta()).toEqual(text.toDelta())
  expect(settled.getText('acta').toDelta()).toEqual(doc.getText('acta').toDelta())
  expect(rootsOf(settled)).toBe(rootsOf(doc))
  expect(clientsIn(settled)).toEqual([SETTLED])
})

test('whoever wrote it, in whatever order it arrived: one settled document', () => {
  const step = fc.record({
    who: fc.nat(2),
    key: fc.constantFrom('a', 'b', 'c'),
    value: fc.string({ maxLength: 4 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const all = devices(3)
      for (const { who, key, value } of steps) {
        const doc = all[who]!
        doc.getMap('about').set(key, value)
        doc.getText('acta').insert(doc.getText('acta').length >> 1, value)
        if (value.length > 2) meet(all)
      }
      meet(all)
      const settled = all.map((doc) => settledCopy(doc, SETTLED))
      expect(new Set(settled.map((doc) => [...Y.encodeStateAsUpdate(doc)].join())).size).toBe(1)
      expect(rootsOf(settled[0]!)).toBe(rootsOf(all[0]!))
    }),
  )
})
