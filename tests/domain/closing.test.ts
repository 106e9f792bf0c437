import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { holdsNothingOf, hasToClose, partClosed, wasClosedIn } from '../../src/lib/domain/closing.ts'
import { contentOf, rootOf } from '../../src/lib/domain/document.ts'
import { LateWork } from '../../src/lib/domain/late-work.ts'
import { isSameState } from '../../src/lib/domain/same-document.ts'
import {
  addThreat,
  archiveThreat,
  editThreat,
  moveThreat,
  openAgain,
  restoreThreat,
  threats,
  THREAT_FIELDS,
  versionsOf,
} from '../../src/lib/domain/threats.ts'
import { devices, meet } from './two-devices.ts'

const CLIENT = 2 ** 53 - 11
/** As a checkpoint would, without a hash: what matters is that it hangs on the words alone. */
const nameOf = (content: string, n: number): string => {
  let sum = 7n
  for (const unit of `${content} ${n}`) sum = (sum * 1_000_003n + BigInt(unit.codePointAt(0)!)) % 2n ** 64n
  return sum.toString(16).padStart(16, '0')
}
const part = (doc: Y.Doc, before: Uint8Array | null = null) =>
  partClosed({ main: Y.encodeStateAsUpdate(doc), before, client: CLIENT, nameOf })
const docOf = (state: Uint8Array): Y.Doc => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, state)
  return doc
}
const titlesIn = (state: Uint8Array) =>
  threats(docOf(state))
    .read()
    .map(({ title }) => title)
    .sort()
const namesIn = (update: Uint8Array) => Buffer.from(update).toString('latin1')

const two = () => {
  const all = devices(2)
  const [ana, bea] = all as [Y.Doc, Y.Doc]
  const away = addThreat(ana, { title: 'Vigilancia', what: 'Un auto', status: 'watched' })
  const stays = addThreat(bea, { title: 'Desalojo' })
  meet(all)
  editThreat(bea, away, { field: 'already', text: 'Vamos de a dos' })
  archiveThreat(bea, away)
  meet(all)
  return { all, ana, bea, away, stays }
}

test('what was put away leaves the open document, and says the same in the closed one', () => {
  const { ana, away } = two()
  expect(hasToClose(ana)).toBe(true)
  const { open, closed, gone } = part(ana)
  expect(titlesIn(open)).toEqual(['Desalojo'])
  expect(threats(docOf(closed!)).read()).toMatchObject([
    {
      title: 'Vigilancia',
      what: 'Un auto',
      already: 'Vamos de a dos',
      status: 'watched',
      archived: true,
      order: 0,
    },
  ])
  expect(hasToClose(docOf(open))).toBe(false)
  expect(gone.length).toBeGreaterThan(0)
  expect(Y.equalSnapshots(Y.snapshot(docOf(open)), Y.snapshot(docOf(open)))).toBe(true)
  expect(Y.encodeStateVector(docOf(open))).toEqual(Y.encodeStateVector(docOf(Y.encodeStateAsUpdate(ana))))
  for (const word of [away, 'Vigilancia', 'Un auto', 'Vamos']) expect(namesIn(open)).not.toContain(word)
  for (const word of [away, ...[ana.clientID, ana.clientID + 1].map((id) => `.${id.toString(36)}`)])
    expect(namesIn(closed!)).not.toContain(word)
  expect(holdsNothingOf(open, gone)).toBe(true)
  expect(holdsNothingOf(Y.encodeStateAsUpdate(ana), gone)).toBe(false)
})

test('where nothing was put away nothing is closed, and the state is what it was', () => {
  const { ana, away } = two()
  restoreThreat(ana, away)
  const state = Y.encodeStateAsUpdate(ana)
  expect(partClosed({ main: state, before: null, client: CLIENT, nameOf })).toEqual({
    open: state,
    closed: null,
    gone: [],
  })
})

test('deleting it is not enough: its name and its keys would still stand there', () => {
  const { ana, away } = two()
  const { gone } = part(ana)
  const doc = docOf(Y.encodeStateAsUpdate(ana))
  rootOf(doc, 'threats').delete(away)
  expect(namesIn(Y.encodeStateAsUpdate(doc))).toContain(away)
  expect(holdsNothingOf(Y.encodeStateAsUpdate(doc), gone)).toBe(false)
})

test('a text that only counts as deleted is found in a state, and random bytes are no state', () => {
  const { bea, away } = two()
  const { open, gone } = part(bea)
  const whole = Y.encodeStateAsUpdate(bea)
  const doc = docOf(whole)
  rootOf(doc, 'threats').delete(away)
  // Structs of before, deletions of after.
  const planted = Y.mergeUpdates([whole, Y.encodeStateAsUpdate(doc)])
  expect(holdsNothingOf(planted, gone)).toBe(false)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(), fc.nat(7), (bytes, at, bit) => {
      holdsNothingOf(bytes, gone)
      const flipped = open.slice()
      flipped[at % flipped.length]! ^= 1 << bit
      holdsNothingOf(flipped, gone)
      holdsNothingOf(open.subarray(0, at % open.length), gone)
    }),
  )
})

test('Ana goes on writing where she was, and what Bea wrote meanwhile elsewhere arrives', () => {
  const { ana, bea, stays } = two()
  const open = docOf(part(ana).open)
  open.clientID = ana.clientID
  editThreat(bea, stays, { field: 'who', text: 'Las familias' })
  editThreat(open, stays, { field: 'from', text: 'El municipio' })
  Y.applyUpdate(open, Y.encodeStateAsUpdate(bea, Y.encodeStateVector(open)))
  expect(threats(open).read()).toMatchObject([{ who: 'Las familias', from: 'El municipio' }])
})

test('a document in which it still stands is known for one to be replaced; what was put away since is not', () => {
  const { ana, stays } = two()
  const { open } = part(ana)
  expect(wasClosedIn(open, ana)).toBe(true)
  const now = docOf(open)
  archiveThreat(now, stays)
  addThreat(now, { title: 'Nueva' })
  expect(wasClosedIn(open, now)).toBe(false)
})

test('what was nested deeper than any editor does is not closed: nobody can keep the others from settling with it', () => {
  const { ana, away } = two()
  ana.transact(() => {
    let inner = new Y.Map<unknown>()
    rootOf(ana, 'threats').set('00000000000000aa', inner)
    inner.set('archived', true)
    for (let depth = 0; depth < 2000; depth++) {
      const next = new Y.Map<unknown>()
      inner.set('in', next)
      inner = next
    }
  })
  const { closed, open } = part(ana)
  expect(titlesIn(closed!)).toEqual(['Vigilancia'])
  expect(rootOf(docOf(open), 'threats').has('00000000000000aa')).toBe(true)
  expect(rootOf(docOf(open), 'threats').has(away)).toBe(false)
})

test('two that say the same are both closed, and closing again changes neither', () => {
  const [doc] = devices(1) as [Y.Doc]
  for (let i = 0; i < 2; i++) archiveThreat(doc, addThreat(doc, { title: 'Robo' }))
  const { open, closed } = part(doc)
  expect(titlesIn(closed!)).toEqual(['Robo', 'Robo'])
  const next = docOf(open)
  archiveThreat(next, addThreat(next, { title: 'Incendio' }))
  const again = part(next, closed)
  expect(titlesIn(again.closed!)).toEqual(['Incendio', 'Robo', 'Robo'])
  const ids = threats(docOf(closed!))
    .read()
    .map(({ id }) => id)
  expect(
    threats(docOf(again.closed!))
      .read()
      .map(({ id }) => id),
  ).toEqual(expect.arrayContaining(ids))
})

test('values that read alike and are not the same do not make two phones differ', () => {
  const closed = [
    [0, 1],
    [1, 0],
  ].map((order) => {
    const all = devices(2)
    const [ana, bea] = all as [Y.Doc, Y.Doc]
    const id = addThreat(ana, { title: 'Robo' })
    meet(all)
    ;(rootOf(ana, 'threats').get(id) as Y.Map<unknown>).set('what.zz', Number.NaN)
    ;(rootOf(bea, 'threats').get(id) as Y.Map<unknown>).set('what.aa', null)
    archiveThreat(bea, id)
    const merged = new Y.Doc()
    for (const i of order) Y.applyUpdate(merged, Y.encodeStateAsUpdate(all[i]!))
    return [...part(merged).closed!]
  })
  // The threat's own id is drawn anew, and is in neither.
  expect(closed[0]).toEqual(closed[1])
})

test('whoever wrote it and in whatever order it arrived: the same is closed, byte for byte, and the same is left', () => {
  const step = fc.record({
    who: fc.nat(2),
    act: fc.constantFrom('add', 'edit', 'move', 'away', 'back', 'meet', 'again'),
    pick: fc.nat(),
    field: fc.constantFrom(...THREAT_FIELDS),
    text: fc.string({ maxLength: 6 }),
  })
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (steps, shuffle) => {
        const all = devices(3)
        const updates: Uint8Array[] = []
        for (const doc of all) doc.on('update', (update: Uint8Array) => void updates.push(update))
        const closedBefore = closedOf()
        for (const { who, act, pick, field, text } of steps) {
          const doc = all[who]!
          const list = threats(doc).read()
          const id = list[pick % Math.max(1, list.length)]?.id
          if (act === 'add') addThreat(doc, { title: text, what: text })
          else if (act === 'meet') meet(all)
          else if (act === 'again')
            openAgain(doc, docOf(closedBefore), threats(docOf(closedBefore)).read()[0]!.id)
          else if (!id) continue
          else if (act === 'edit') editThreat(doc, id, { field, text })
          else if (act === 'move') moveThreat(doc, id, 'closed')
          else if (act === 'away') archiveThreat(doc, id)
          else restoreThreat(doc, id)
        }
        meet(all)
        const other = new Y.Doc()
        const order = updates.map(
          (update, i) => [shuffle[i % Math.max(1, shuffle.length)] ?? 0, i, update] as const,
        )
        for (const [, , update] of order.sort(([a, i], [b, j]) => a - b || i - j))
          Y.applyUpdate(other, update)
        const parted = [...all, other].map((doc) => part(doc, closedBefore))
        expect(new Set(parted.map(({ closed }) => [...closed!].join())).size).toBe(1)
        for (const { open } of parted) {
          expect(isSameState(parted[0]!.open, open)).toBe(true)
          for (const { gone } of parted) expect(holdsNothingOf(open, gone)).toBe(true)
        }
        // What is said is said on either side, and nothing else.
        const said = (doc: Y.Doc) =>
          threats(doc)
            .read()
            .map(({ title, what, who, from, already, status, archived, versions }) =>
              contentOf([title, what, who, from, already, status, archived, Object.keys(versions).sort()]),
            )
        const [{ open, closed }] = parted as [(typeof parted)[number]]
        const before = [...said(all[0]!), ...said(docOf(closedBefore))]
        expect([...said(docOf(open)), ...said(docOf(closed!))].length).toBe(before.length)
      },
    ),
  )
})

/** Something that was closed once. */
const closedOf = (): Uint8Array => {
  const [doc] = devices(1) as [Y.Doc]
  archiveThreat(doc, addThreat(doc, { title: 'De antes', what: 'Hace tiempo' }))
  return part(doc).closed!
}

test('opened again it is the text of whoever does it, all that stood in it', () => {
  const all = devices(2)
  const [ana, bea] = all as [Y.Doc, Y.Doc]
  const id = addThreat(ana, { title: 'Vigilancia' })
  meet(all)
  editThreat(ana, id, { field: 'what', text: 'Un auto' })
  editThreat(bea, id, { field: 'what', text: 'Dos autos' })
  meet(all)
  archiveThreat(ana, id)
  const { open, closed } = part(ana)
  const now = docOf(open)
  const was = docOf(closed!)
  const again = openAgain(now, was, threats(was).read()[0]!.id)!
  expect(
    versionsOf(now, again, 'what')
      .map(({ text }) => text)
      .sort(),
  ).toEqual(['Dos autos', 'Un auto'])
  expect(openAgain(now, was, 'nothing')).toBe(null)
})

test('texts for what was closed meanwhile are kept apart, the last of each, and none for what is open', () => {
  const { ana, bea, away, stays } = two()
  const open = docOf(part(ana).open)
  const updates: Uint8Array[] = []
  bea.on('update', (update: Uint8Array) => void updates.push(update))
  editThreat(bea, away, { field: 'from', text: 'La empresa' })
  editThreat(bea, away, { field: 'from', text: 'La empresa minera' })
  editThreat(bea, away, { field: 'who', text: 'se borra' })
  editThreat(bea, away, { field: 'who', text: '' })
  editThreat(bea, stays, { field: 'who', text: 'Las familias' })
  // Her own text of before it was closed is gone: in which field it stood is not known any more.
  editThreat(bea, away, { field: 'already', text: 'Ya nadie va' })
  moveThreat(bea, away, 'reduced')
  const late = new LateWork<number>()
  for (const [i, update] of updates.entries()) {
    late.note(open, update, i)
    Y.applyUpdate(open, update)
  }
  expect(late.texts()).toMatchObject([
    { field: 'from', text: 'La empresa minera', by: 1 },
    { field: null, text: 'Ya nadie va', by: 5 },
  ])
  expect(threats(open).read()).toMatchObject([{ who: 'Las familias' }])
})
