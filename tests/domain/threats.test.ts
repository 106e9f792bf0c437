import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { rootOf, rootsOf } from '../../src/lib/domain/document.ts'
import {
  addThreat,
  archiveThreat,
  chooseVersion,
  editThreat,
  mayBecome,
  moveThreat,
  restoreThreat,
  searchThreats,
  THREAT_FIELDS,
  threats,
  type ThreatField,
} from '../../src/lib/domain/threats.ts'
import { undoable } from '../../src/lib/domain/undo.ts'
import { devices, meet } from './two-devices.ts'

const only = (doc: Y.Doc) => threats(doc).read()[0]!

test('Ana and Berta change two fields of one threat at once, and both stand', () => {
  const [ana, berta] = devices(2) as [Y.Doc, Y.Doc]
  const id = addThreat(ana, { title: 'Desalojo' })
  meet([ana, berta])
  editThreat(ana, id, { field: 'who', text: 'las familias del río' })
  editThreat(berta, id, { field: 'from', text: 'la empresa' })
  moveThreat(berta, id, 'watched')
  meet([ana, berta])
  for (const doc of [ana, berta])
    expect(only(doc)).toMatchObject({ who: 'las familias del río', from: 'la empresa', status: 'watched' })
})

test('Ana and Berta change the same field at once: both texts are kept, and one of them chooses', () => {
  const [ana, berta] = devices(2) as [Y.Doc, Y.Doc]
  const id = addThreat(ana, { title: 'Desalojo', what: 'vienen' })
  meet([ana, berta])
  editThreat(ana, id, { field: 'what', text: 'vienen de noche' })
  editThreat(berta, id, { field: 'what', text: 'vienen con máquinas' })
  meet([ana, berta])
  expect(only(ana)).toEqual(only(berta))
  const versions = only(berta).versions.what ?? []
  expect(versions.map(({ text }) => text).sort()).toEqual(['vienen con máquinas', 'vienen de noche'])
  const mine = versions.find(({ text }) => text.includes('noche'))!
  chooseVersion(berta, id, { field: 'what', writer: mine.writer })
  meet([ana, berta])
  expect(only(ana)).toMatchObject({ what: 'vienen de noche', versions: {} })
})

test('what Ana writes from an old text does not erase what Berta wrote meanwhile', () => {
  const [ana, berta] = devices(2) as [Y.Doc, Y.Doc]
  const id = addThreat(ana, { title: 'x', what: 'uno' })
  meet([ana, berta])
  const seen = [...rootOf(ana, 'threats').values()].flatMap((item) =>
    [...(item as Y.Map<unknown>).keys()].filter((key) => key.startsWith('what.')).map((key) => key.slice(5)),
  )
  editThreat(berta, id, { field: 'what', text: 'dos' })
  meet([ana, berta])
  editThreat(ana, id, { field: 'what', text: 'tres', over: seen })
  expect(
    only(ana)
      .versions.what?.map(({ text }) => text)
      .sort(),
  ).toEqual(['dos', 'tres'])
})

test('when one person clears a field and another writes in it, the words stay', () => {
  const [ana, berta] = devices(2) as [Y.Doc, Y.Doc]
  const id = addThreat(ana, { title: 'x', who: 'uno' })
  meet([ana, berta])
  editThreat(ana, id, { field: 'who', text: '' })
  editThreat(berta, id, { field: 'who', text: 'uno y dos' })
  meet([ana, berta])
  expect(only(ana)).toMatchObject({ who: 'uno y dos', versions: {} })
})

test('of two statuses set at once the more careful one shows until somebody settles it', () => {
  const [ana, berta] = devices(2) as [Y.Doc, Y.Doc]
  const id = addThreat(ana, { title: 'x' })
  meet([ana, berta])
  moveThreat(ana, id, 'closed')
  moveThreat(berta, id, 'watched')
  meet([ana, berta])
  expect(only(ana).status).toBe('watched')
  expect(only(ana).versions.status).toHaveLength(2)
  moveThreat(ana, id, 'watched')
  meet([ana, berta])
  expect(only(berta)).toMatchObject({ status: 'watched', versions: {} })
})

test('a closed threat is opened before anything else becomes of it', () => {
  const [ana] = devices(1) as [Y.Doc]
  const id = addThreat(ana, { title: 'x', status: 'closed' })
  expect(mayBecome('closed', 'reduced')).toBe(false)
  moveThreat(ana, id, 'reduced')
  expect(only(ana).status).toBe('closed')
  moveThreat(ana, id, 'open')
  moveThreat(ana, id, 'reduced')
  expect(only(ana).status).toBe('reduced')
})

test('a threat put away comes back with what was written into it meanwhile', () => {
  const [ana, berta] = devices(2) as [Y.Doc, Y.Doc]
  const id = addThreat(ana, { title: 'x' })
  meet([ana, berta])
  archiveThreat(ana, id)
  editThreat(berta, id, { field: 'already', text: 'guardia de noche' })
  meet([ana, berta])
  expect(only(ana)).toMatchObject({ archived: true, already: 'guardia de noche' })
  restoreThreat(berta, id)
  meet([ana, berta])
  expect(only(ana).archived).toBe(false)
})

test('Ana takes back her own step and not Berta’s, and does it again', () => {
  const [ana, berta] = devices(2) as [Y.Doc, Y.Doc]
  const id = addThreat(ana, { title: 'x', what: 'antes' })
  meet([ana, berta])
  const steps = undoable(ana)
  editThreat(ana, id, { field: 'what', text: 'después' })
  editThreat(berta, id, { field: 'who', text: 'todas' })
  meet([ana, berta])
  steps.undo()
  expect(only(ana)).toMatchObject({ what: 'antes', who: 'todas' })
  steps.redo()
  expect(only(ana)).toMatchObject({ what: 'después', who: 'todas', versions: {} })
  expect(steps.can.read()).toEqual({ undo: true, redo: false })
  steps.stop()
})

test('taking back never deletes a whole threat that others wrote into', () => {
  const [ana] = devices(1) as [Y.Doc]
  const steps = undoable(ana)
  addThreat(ana, { title: 'x' })
  expect(steps.can.read().undo).toBe(false)
  steps.undo()
  expect(threats(ana).read()).toHaveLength(1)
  steps.stop()
})

test('search finds words in any field, whatever their accents and case', () => {
  const [ana] = devices(1) as [Y.Doc]
  addThreat(ana, { title: 'Amenaza telefónica', who: 'Comisión de Agua' })
  addThreat(ana, { title: 'Incendio' })
  const titles = (words: string) => searchThreats(threats(ana).read(), words).map(({ title }) => title)
  expect(titles('TELEFONICA agua')).toEqual(['Amenaza telefónica'])
  expect(titles('telefónica fuego')).toEqual([])
  expect(titles('  ')).toEqual(['Incendio', 'Amenaza telefónica'])
})

test('one edit among many reads one threat anew', () => {
  const [ana] = devices(1) as [Y.Doc]
  const first = addThreat(ana, { title: 'uno' })
  addThreat(ana, { title: 'dos' })
  const before = threats(ana).read()
  editThreat(ana, first, { field: 'title', text: 'uno más' })
  const after = threats(ana).read()
  expect(after[0]).toBe(before[0])
  expect(after[1]).not.toBe(before[1])
})

test('hostile values never throw, and show as fields that cannot be read', () => {
  const [eve] = devices(1) as [Y.Doc]
  const root = rootOf(eve, 'threats')
  addThreat(eve, { title: 'buena' })
  const nasty: (() => unknown)[] = [
    () => null,
    () => 7,
    () => Number.NaN,
    () => 'x'.repeat(1_000_000),
    () => ['a'],
    () => ({ toString: 1 }),
    () => new Uint8Array(3),
    () => new Y.Text('hola'),
    () => new Y.Map([['title.a', 'b']]),
    () => new Y.XmlElement('script'),
  ]
  nasty.forEach((value, i) => {
    const n = String(i).padStart(2, '0')
    root.set(`junk${n}`, value())
    root.set(`00000000000000${n}`, value())
    const item = new Y.Map<unknown>()
    root.set(`10000000000000${n}`, item)
    for (const key of ['title.a', 'what.', 'status.a', 'archived', 'order', '__proto__', 'constructor.x'])
      item.set(key, value())
  })
  const list = threats(eve).read()
  expect(list.map(({ title }) => title)).toContain('buena')
  expect(list.filter(({ unreadable }) => unreadable.includes('title')).length).toBeGreaterThan(5)
  for (const threat of list) {
    expect(threat.title.length).toBeLessThanOrEqual(200)
    expect(threat.archived).toBe(false)
  }
  expect(() => searchThreats(list, 'x')).not.toThrow()
})

/** What three people do to one threat without hearing of each other. */
const act = fc.record({
  who: fc.nat(2),
  field: fc.constantFrom(...THREAT_FIELDS),
  text: fc.string({ minLength: 1, maxLength: 8 }).map((text) => `w${text.replace(/\s|[^\x20-\x7e]/g, '')}`),
})

test('whoever writes what at once, all devices agree and the last words of each person are there', () => {
  fc.assert(
    fc.property(fc.array(fc.array(act, { maxLength: 8 }), { maxLength: 4 }), (rounds) => {
      const people = devices(3)
      const id = addThreat(people[0]!, { title: 'x' })
      meet(people)
      for (const round of rounds) {
        const last = new Map<string, string>()
        for (const { who, field, text } of round) {
          editThreat(people[who]!, id, { field, text })
          last.set(`${who} ${field}`, text)
        }
        meet(people)
        const states = people.map(rootsOf)
        expect(new Set(states).size).toBe(1)
        for (const doc of people)
          for (const [key, text] of last) {
            const field = key.split(' ')[1] as ThreatField
            const threat = only(doc)
            const texts = threat.versions[field]?.map((version) => version.text) ?? [threat[field]]
            expect(texts).toContain(text)
          }
      }
    }),
    { numRuns: process.env['SLOW'] ? 1000 : 60 },
  )
})
