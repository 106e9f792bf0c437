import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { addArticle, articles, moveArticle } from '../../src/lib/domain/articles.ts'
import {
  aboutOf,
  copyInto,
  createDocument,
  rootOf,
  rootsOf,
  setAbout,
} from '../../src/lib/domain/document.ts'
import { addPerson } from '../../src/lib/domain/people.ts'
import { addThreat, editThreat } from '../../src/lib/domain/threats.ts'
import { devices, meet } from './two-devices.ts'

const act = fc.oneof(
  fc.record({ do: fc.constant('threat' as const), who: fc.nat(2), text: fc.string() }),
  fc.record({ do: fc.constant('article' as const), who: fc.nat(2), text: fc.string() }),
  fc.record({ do: fc.constant('person' as const), who: fc.nat(2), text: fc.string() }),
  fc.record({ do: fc.constant('about' as const), who: fc.nat(2), text: fc.string() }),
  fc.record({ do: fc.constant('type' as const), who: fc.nat(2), text: fc.string() }),
  fc.record({ do: fc.constant('meet' as const), who: fc.nat(2), text: fc.constant('') }),
)

type Act = typeof act extends fc.Arbitrary<infer T> ? T : never

const play = (acts: readonly Act[], docs: readonly Y.Doc[]): void => {
  for (const { do: what, who, text } of acts) {
    const doc = docs[who]!
    if (what === 'threat') editThreat(doc, addThreat(doc, { title: text }), { field: 'what', text })
    else if (what === 'article') moveArticle(doc, addArticle(doc, { title: text, kind: 'rule', text }), 'up')
    else if (what === 'person') addPerson(doc, { name: text, member: null, participation: 'no device' })
    else if (what === 'about') setAbout(doc, { purpose: text })
    else if (what === 'meet') meet(docs)
    else {
      const block = articles(doc).read()[0]?.body?.get(0) as Y.XmlElement | undefined
      const words = new Y.XmlText(text)
      block?.insert(0, [words])
      if (text) words.format(0, text.length, { link: { href: 'https://example.org' } })
      block?.setAttribute('level', 2 as never)
    }
  }
}

test('a notebook copied into a collective says the same, by the hand of who copied it', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 15 }), (acts) => {
      const docs = devices(3)
      play(acts, docs)
      meet(docs)
      const target = createDocument()
      target.clientID = 77
      copyInto(docs[0]!, target)
      expect(rootsOf(target)).toBe(rootsOf(docs[0]!))
      for (const client of target.store.clients.keys()) expect(client).toBe(77)
      copyInto(docs[0]!, target)
      expect(rootsOf(target)).toBe(rootsOf(docs[0]!))
    }),
    { numRuns: process.env['SLOW'] ? 500 : 60 },
  )
})

test('no update of a copy holds more than one item', () => {
  const [source] = devices(1) as [Y.Doc]
  for (let i = 0; i < 5; i++) addArticle(source, { title: `a${i}`, kind: 'rule', text: 'x'.repeat(100_000) })
  const target = createDocument()
  const sizes: number[] = []
  target.on('update', (update: Uint8Array) => sizes.push(update.length))
  copyInto(source, target)
  expect(sizes).toHaveLength(5)
  expect(Math.max(...sizes)).toBeLessThan(101_000)
})

test('two documents are equal exactly when they say the same', () => {
  const docs = devices(2) as [Y.Doc, Y.Doc]
  addThreat(docs[0], { title: 'x' })
  expect(rootsOf(docs[0])).not.toBe(rootsOf(docs[1]))
  meet(docs)
  docs[1].getMap('about')
  docs[1].getArray('somebody else looked here')
  expect(rootsOf(docs[0])).toBe(rootsOf(docs[1]))
})

test('an item that was added and removed leaves no difference', () => {
  const [doc] = devices(1) as [Y.Doc]
  rootOf(doc, 'threats').set('a', 1)
  rootOf(doc, 'threats').delete('a')
  expect(rootsOf(doc)).toBe(rootsOf(createDocument()))
})

test('title and purpose are set apart from each other', () => {
  const docs = devices(2) as [Y.Doc, Y.Doc]
  setAbout(docs[0], { title: 'Las Tres Vertientes' })
  setAbout(docs[1], { purpose: 'Cuidar el río' })
  meet(docs)
  expect(aboutOf(docs[0])).toEqual({ title: 'Las Tres Vertientes', purpose: 'Cuidar el río' })
})
