import { expect, test } from 'vitest'
import * as Y from 'yjs'
import type { PayloadRule } from '../../src/lib/feed/types.ts'
import { forge, mainDoc, Valley, type Person } from '../feed/valley.ts'
import { after, gc, section, skip, string, update } from '../feed/updates.ts'

const village = () => {
  const valley = Valley.found('Alba', 'Bruna', 'Mala')
  const [alba, bruna, mala] = [valley.get('Alba'), valley.get('Bruna'), valley.get('Mala')]
  alba.says('El agua es de todas.')
  return { valley, alba, bruna, mala }
}

type Hostile = (mala: Person, alba: Person) => Uint8Array

const attacks: readonly (readonly [string, PayloadRule, Hostile])[] = [
  [
    'another feed’s client id',
    'foreign client',
    (_, alba) => update([section(alba.doc.clientID, 0, string('x'))]),
  ],
  ['a clock gap', 'clock gap', (mala) => update([section(mala.doc.clientID, 3, string('x'))])],
  ['a skip', 'skip', (mala) => update([section(mala.doc.clientID, 0, skip(5), string('x'))])],
  ['a collected struct of 2^40', 'too long', (mala) => update([section(mala.doc.clientID, 0, gc(2 ** 40))])],
  [
    'one eleven-byte struct over all that Alba has written and will write',
    'foreign client',
    (_, alba) => update([section(alba.doc.clientID, 0, gc(2 ** 30))]),
  ],
  [
    'deletes beyond what it builds on',
    'delete beyond deps',
    (_, alba) => update([], [[alba.doc.clientID, [0, 20]]]),
  ],
  [
    'a neighbour beyond what it builds on',
    'origin beyond deps',
    (mala, alba) => update([section(mala.doc.clientID, 0, after(alba.doc.clientID, 3, 'x'))]),
  ],
]

test.each(attacks)(
  'attack 23: Mala’s update with %s is refused before any merge, by all alike: %s',
  (_, rule, make) => {
    const { valley, alba, bruna, mala } = village()
    const hostile = forge(mala, { seq: 0, prev: null }, { docs: mainDoc(make(mala, alba)) })
    bruna.hear(hostile)
    valley.meet(alba, bruna)
    for (const person of [alba, bruna]) {
      expect(person.feeds.refused().map(({ why }) => why)).toEqual([{ type: 'BadPayload', rule }])
      expect(person.reads()).toBe('El agua es de todas.')
      expect(person.feeds.positionsMerged().map(({ feed }) => feed)).toEqual([alba.feed])
    }
    alba.says(' Y de nadie.')
    valley.meet(alba, bruna)
    expect(bruna.reads()).toBe('El agua es de todas. Y de nadie.')
  },
)

test('attack 23: a clock used twice in one feed is refused, so two peers never differ under one state vector', () => {
  const { alba, bruna, mala } = village()
  const first = forge(
    mala,
    { seq: 0, prev: null },
    { docs: mainDoc(update([section(mala.doc.clientID, 0, string('ab'))])) },
  )
  const again = forge(
    mala,
    { seq: 1, prev: first.records[0]! },
    { docs: mainDoc(update([section(mala.doc.clientID, 1, string('zz'))])) },
  )
  alba.hear(first, again)
  bruna.hear(again, first)
  for (const person of [alba, bruna])
    expect(person.feeds.refused().map(({ why }) => why)).toEqual([
      { type: 'BadPayload', rule: 'clock reuse' },
    ])
  expect(bruna.reads()).toContain('ab')
  expect(bruna.reads()).not.toContain('z')
})

test('attack 23: the same deletes pass once the record names what they delete', () => {
  const { valley, alba, bruna, mala } = village()
  mala.hear(...alba.segments)
  const { feed, seal } = alba.segments[0]!
  const deletes = update([], [[alba.doc.clientID, [0, 20]]])
  const deps = [{ feed, seq: seal.seq, rec: seal.rec }]
  bruna.hear(forge(mala, { seq: 0, prev: null }, { deps, docs: mainDoc(deletes) }))
  valley.meet(alba, bruna)
  expect(bruna.feeds.refused()).toEqual([])
  expect(bruna.reads()).toBe('')
})

test('attack 23: without the check, the eleven bytes do make Alba’s words vanish: why it stands before every merge', () => {
  const { alba } = village()
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update([section(alba.doc.clientID, 0, gc(2 ** 30))]))
  for (const { docs } of alba.feeds.accepted())
    for (const { update: words } of docs) Y.applyUpdate(doc, words)
  expect(doc.getText('t').toString()).toBe('')
})
