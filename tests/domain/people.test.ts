import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { memberIdFrom, type MemberId } from '../../src/lib/core/ids.ts'
import { rootOf } from '../../src/lib/domain/document.ts'
import {
  addPerson,
  linkPerson,
  movePerson,
  namePerson,
  people,
  peopleOf,
} from '../../src/lib/domain/people.ts'
import { devices, meet } from './two-devices.ts'

const member = (n: number): MemberId => memberIdFrom(new Uint8Array(16).fill(n))!
const MEMBERS = [member(1), member(2), member(3)]

test('a member of the ledger is there once before anybody has written a name', () => {
  const [doc] = devices(1) as [Y.Doc]
  expect(peopleOf(doc, MEMBERS).map(({ member, name }) => [member, name])).toEqual(
    MEMBERS.map((id) => [id, null]),
  )
})

test('when two people claim to be one member, the same one of them is, on every device', () => {
  const [ana, berta] = devices(2) as [Y.Doc, Y.Doc]
  addPerson(ana, { name: 'Ana', member: member(1), participation: 'own device' })
  addPerson(berta, { name: 'Anita', member: member(1), participation: 'own device' })
  meet([ana, berta])
  expect(peopleOf(ana, MEMBERS)).toEqual(peopleOf(berta, MEMBERS))
  const claim = people(ana)
    .read()
    .map(({ id }) => id)
  const one = peopleOf(ana, MEMBERS)[0]!
  expect(one.id).toBe([...claim].sort()[0])
  expect(peopleOf(ana, MEMBERS).filter((person) => person.member === member(1))).toHaveLength(1)
  expect(peopleOf(ana, MEMBERS)).toHaveLength(4)
})

test('somebody who names a member the ledger does not know is a person without a device', () => {
  const [doc] = devices(1) as [Y.Doc]
  addPerson(doc, { name: 'Doña Luz', member: member(9), participation: 'own device' })
  expect(peopleOf(doc, MEMBERS).at(-1)).toMatchObject({
    name: 'Doña Luz',
    member: null,
    participation: 'no device',
  })
})

test('a person without a telephone counts as a person', () => {
  const [doc] = devices(1) as [Y.Doc]
  const id = addPerson(doc, { name: 'Don Eusebio', member: null, participation: 'no device' })
  namePerson(doc, id, 'Don Eusebio Mamani')
  expect(peopleOf(doc, [])).toMatchObject([{ id, name: 'Don Eusebio Mamani', participation: 'no device' }])
})

test('who came from a notebook is linked to the member they are in the collective', () => {
  const [doc] = devices(1) as [Y.Doc]
  const id = addPerson(doc, { name: 'Ana', member: member(9), participation: 'own device' })
  linkPerson(doc, id, member(1))
  expect(peopleOf(doc, MEMBERS)[0]).toMatchObject({ id, name: 'Ana', member: member(1) })
})

test('a name cannot be emptied, and cannot turn the words around it', () => {
  const [doc] = devices(1) as [Y.Doc]
  const id = addPerson(doc, { name: '\u202Eana\u202C\n', member: null, participation: 'no device' })
  namePerson(doc, id, '   ')
  expect(people(doc).read()[0]?.name).toBe('ana')
})

test('who has left may come back; nobody is brought back from death', () => {
  const [doc] = devices(1) as [Y.Doc]
  const id = addPerson(doc, { name: 'Ana', member: null, participation: 'no device' })
  movePerson(doc, id, 'left')
  movePerson(doc, id, 'detained')
  expect(people(doc).read()[0]?.state).toBe('left')
  movePerson(doc, id, 'active')
  movePerson(doc, id, 'deceased')
  movePerson(doc, id, 'active')
  expect(people(doc).read()[0]?.state).toBe('deceased')
})

const act = fc.oneof(
  fc.record({ do: fc.constant('add' as const), who: fc.nat(2), member: fc.nat(5) }),
  fc.record({ do: fc.constant('link' as const), who: fc.nat(2), person: fc.nat(9), member: fc.nat(5) }),
  fc.record({ do: fc.constant('name' as const), who: fc.nat(2), person: fc.nat(9), name: fc.string() }),
  fc.record({ do: fc.constant('break' as const), who: fc.nat(2), person: fc.nat(9), value: fc.anything() }),
)

test('document and ledger cannot drift apart, whatever anybody writes at once', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 20 }), fc.subarray([1, 2, 3, 4]), (acts, ledger) => {
      const docs = devices(3)
      for (const one of acts) {
        const doc = docs[one.who]!
        const known = people(doc).read()
        const id = 'person' in one ? known[one.person % Math.max(1, known.length)]?.id : undefined
        if (one.do === 'add')
          addPerson(doc, {
            name: 'x',
            member: one.member ? member(one.member) : null,
            participation: 'own device',
          })
        else if (!id) continue
        else if (one.do === 'link') linkPerson(doc, id, one.member ? member(one.member) : null)
        else if (one.do === 'name') namePerson(doc, id, one.name)
        else if (isStorable(one.value))
          (rootOf(doc, 'people').get(id) as Y.Map<unknown>).set('member', one.value)
      }
      meet(docs)
      const members = ledger.map(member)
      const [first, ...others] = docs.map((doc) => peopleOf(doc, members))
      for (const other of others) expect(other).toEqual(first)
      expect(first!.slice(0, members.length).map((person) => person.member)).toEqual(members)
      expect(first!.slice(members.length).every((person) => person.member === null)).toBe(true)
      const ids = first!.flatMap(({ id }) => (id ? [id] : []))
      expect(new Set(ids).size).toBe(ids.length)
      expect(new Set(ids)).toEqual(
        new Set(
          people(docs[0]!)
            .read()
            .map(({ id }) => id),
        ),
      )
    }),
    { numRuns: process.env['SLOW'] ? 1000 : 100 },
  )
})

/** What a Y.Map takes as a plain value. */
const isStorable = (value: unknown): boolean => {
  try {
    new Y.Doc().getMap('x').set('y', value)
    return true
  } catch {
    return false
  }
}
