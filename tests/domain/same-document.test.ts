import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { addArticle, appendToArticle } from '../../src/lib/domain/articles.ts'
import { isSameDocument } from '../../src/lib/domain/same-document.ts'
import { addThreat, archiveThreat, threats } from '../../src/lib/domain/threats.ts'
import { devices, meet } from './two-devices.ts'

/** What a doc holds, told to one that has opened none of its roots. */
const retold = (doc: Y.Doc): Y.Doc => {
  const bare = new Y.Doc()
  Y.applyUpdate(bare, Y.encodeStateAsUpdate(doc))
  return bare
}

const written = () => {
  const all = devices(3) as [Y.Doc, Y.Doc, Y.Doc]
  const [ana, bea, cata] = all
  const id = addArticle(ana, { title: 'Retenes', kind: 'rule', text: 'Vamos de a dos.' })
  meet(all)
  appendToArticle(bea, id, 'Avisamos antes.')
  addThreat(cata, { title: 'Vigilancia' })
  meet(all)
  archiveThreat(ana, threats(ana).read()[0]!.id)
  meet(all)
  return all
}

test('three phones that heard the same in other orders hold the same document', () => {
  const [ana, bea, cata] = written()
  expect(isSameDocument(ana, bea)).toBe(true)
  expect(isSameDocument(retold(bea), cata)).toBe(true)
})

test('one more word on one of them, or one less, and it is not the same', () => {
  for (const change of [
    (doc: Y.Doc) => addThreat(doc, { title: 'Otra' }),
    (doc: Y.Doc) => archiveThreat(doc, threats(doc).read()[0]!.id),
    (doc: Y.Doc) => doc.getMap('threats').delete(threats(doc).read()[0]!.id),
  ]) {
    const [ana, bea] = written()
    change(bea)
    expect(isSameDocument(ana, bea)).toBe(false)
  }
})

/** The same clients and clocks, other content: what Yjs itself cannot tell apart. */
const forged = (write: (doc: Y.Doc) => void): Y.Doc => {
  const doc = new Y.Doc()
  doc.clientID = 7
  write(doc)
  return doc
}

test('two texts under one clock are not the same, though their state vectors are', () => {
  const a = forged((doc) => doc.getText('acta').insert(0, 'Sí, vamos'))
  const b = forged((doc) => doc.getText('acta').insert(0, 'No, vamos'))
  expect(Y.equalSnapshots(Y.snapshot(a), Y.snapshot(b))).toBe(true)
  expect(isSameDocument(a, b)).toBe(false)
  expect(isSameDocument(retold(a), retold(b))).toBe(false)
})

test('nor are a value that differs, another field, another kind, another root, or another place', () => {
  const pairs: [(doc: Y.Doc) => void, (doc: Y.Doc) => void][] = [
    [(doc) => doc.getMap('m').set('k', 1), (doc) => doc.getMap('m').set('k', 2)],
    [(doc) => doc.getMap('m').set('k', { a: 1 }), (doc) => doc.getMap('m').set('k', { a: 2 })],
    [(doc) => doc.getMap('m').set('k', 1), (doc) => doc.getMap('m').set('q', 1)],
    [(doc) => doc.getMap('m').set('k', 1), (doc) => doc.getMap('n').set('k', 1)],
    [(doc) => doc.getMap('m').set('k', new Y.Map()), (doc) => doc.getMap('m').set('k', new Y.Array())],
    [
      (doc) => doc.getXmlFragment('x').insert(0, [new Y.XmlElement('p')]),
      (doc) => doc.getXmlFragment('x').insert(0, [new Y.XmlElement('q')]),
    ],
    [
      (doc) => {
        doc.getText('t').insert(0, 'ab')
        doc.getText('t').insert(1, 'c')
      },
      (doc) => {
        doc.getText('t').insert(0, 'ab')
        doc.getText('t').insert(2, 'c')
      },
    ],
  ]
  for (const [a, b] of pairs) {
    expect(isSameDocument(forged(a), forged(a))).toBe(true)
    expect(isSameDocument(forged(a), forged(b))).toBe(false)
  }
})

test('however it was typed, cut into pieces and delivered, it is the same', () => {
  const step = fc.record({
    who: fc.nat(2),
    at: fc.nat(20),
    text: fc.string({ minLength: 1, maxLength: 4 }),
    cut: fc.boolean(),
    bold: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const all = devices(3)
      const updates: Uint8Array[] = []
      for (const doc of all) doc.on('update', (update: Uint8Array) => updates.push(update))
      for (const { who, at, text, cut, bold } of steps) {
        const acta = all[who]!.getText('acta')
        const place = Math.min(at, acta.length)
        if (cut && acta.length > place) acta.delete(place, 1)
        else acta.insert(place, text, bold ? { bold: true } : {})
        if (at % 5 === 0) meet(all)
      }
      meet(all)
      const late = new Y.Doc()
      for (const update of [...updates].reverse()) Y.applyUpdate(late, update)
      for (const doc of all) expect(isSameDocument(doc, late)).toBe(true)
    }),
  )
})
