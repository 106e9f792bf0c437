import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import type { Random } from '../../src/lib/core/clock.ts'
import { holdsNothingOf, partClosed } from '../../src/lib/domain/closing.ts'
import { Cover, coverLength, REST_MS } from '../../src/lib/domain/cover.ts'
import { createDocument } from '../../src/lib/domain/document.ts'
import { addThreat, archiveThreat, editThreat } from '../../src/lib/domain/threats.ts'
import { undoable } from '../../src/lib/domain/undo.ts'
import { seededRandom } from '../world/time.ts'
import { meet } from './two-devices.ts'

/** A phone on which somebody writes, with cover or as it was before there was any. */
class Phone {
  readonly doc: Y.Doc
  readonly client: number
  readonly handedOut: Uint8Array[] = []
  #now = 1_800_000_000_000

  constructor(client: number, random: Random | null) {
    this.doc = createDocument()
    this.doc.clientID = client
    this.client = client
    const isOwn = ({ local }: Y.Transaction) => local
    const cover = random && new Cover({ doc: this.doc, random, now: () => this.#now, isOwn })
    this.doc.on('update', (update: Uint8Array, _: unknown, __: Y.Doc, transaction: Y.Transaction) => {
      if (!transaction.local) return
      this.handedOut.push(update)
      cover?.behind(transaction)
    })
  }

  pass(ms: number): void {
    this.#now += ms
  }

  /** Clocks under which nothing stands any more, run by run, of this person. */
  gaps(state: Uint8Array): readonly number[] {
    const structs = structsOf(state, this.client)
    return structs.flatMap((struct) => (struct instanceof Y.GC ? [struct.length] : []))
  }
}

const structsOf = (state: Uint8Array, client: number) => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, state)
  return doc.store.clients.get(client) ?? []
}

const close = (doc: Y.Doc) =>
  partClosed({
    main: Y.encodeStateAsUpdate(doc),
    before: null,
    client: 2 ** 53 - 11,
    nameOf: (_, n) => n.toString(16).padStart(16, '0'),
  })

/** One sitting: into which threat, how many edits, and how long the person rests before it. */
type Sitting = { readonly threat: number; readonly edits: number; readonly rest: number }

const sittings = (): fc.Arbitrary<readonly Sitting[]> =>
  fc.array(
    fc.record({
      threat: fc.nat(4),
      edits: fc.integer({ min: 1, max: 4 }),
      rest: fc.constantFrom(0, 5000, REST_MS, 10 * REST_MS),
    }),
    { minLength: 6, maxLength: 24 },
  )

const write = (phone: Phone, all: readonly Sitting[], ids: Map<number, string>) => {
  for (const { threat, edits, rest } of all) {
    phone.pass(rest)
    for (let i = 0; i < edits; i++) {
      phone.pass(800)
      const id = ids.get(threat)
      if (id) editThreat(phone.doc, id, { field: 'what', text: `${threat} y otra vez ${i} ${rest}` })
      else ids.set(threat, addThreat(phone.doc, { title: `Amenaza ${threat}` }))
    }
  }
}

test('of nothing that is closed a phone still says how long it was: each gap it leaves holds cover', () => {
  fc.assert(
    fc.property(sittings(), fc.integer(), (all, seed) => {
      const phone = new Phone(7, seededRandom(seed))
      const ids = new Map<number, string>()
      write(phone, all, ids)
      archiveThreat(phone.doc, ids.get(all[0]!.threat)!)
      const before = structsOf(Y.encodeStateAsUpdate(phone.doc), 7)
      const { open, gone } = close(phone.doc)
      expect(holdsNothingOf(open, gone)).toBe(true)
      // Every run of places that only what was closed had would tell how long it was: there is none.
      const covers = before.filter((struct) => struct instanceof Y.GC)
      expect(covers.length).toBeGreaterThan(0)
      for (const struct of structsOf(open, 7)) {
        if (!(struct instanceof Y.GC)) continue
        const end = struct.id.clock + struct.length
        const isCovered = covers.some(
          ({ id, length }) => id.clock < end && id.clock + length > struct.id.clock,
        )
        expect(isCovered, `${struct.id.clock} ${struct.length}`).toBe(true)
      }
    }),
    { numRuns: 60 },
  )
})

/**
 * Ana, Bea and Cata write a month long about things that stay open, and one of them wrote the one that was closed, in one
 * sitting. Who reads a phone guesses by the line with the longest gap, by the one with most clocks gone,
 * or with most gaps.
 */
const guesses = (isCovered: boolean) => {
  const rounds = 400
  const right = { longest: 0, sum: 0, count: 0 }
  for (let seed = 1; seed <= rounds; seed++) {
    const random = seededRandom(seed)
    const below = (n: number) => random.bytes(1)[0]! % n
    const people = [7, 8, 9].map((client) => new Phone(client, isCovered ? random : null))
    const author = below(3)
    for (const [i, phone] of people.entries()) {
      const ids = new Map<number, string>()
      const about = () => ({ threat: 1 + below(4), edits: 1 + below(3), rest: below(2) * REST_MS })
      write(phone, Array.from({ length: 8 }, about), ids)
      if (i === author) {
        phone.pass(below(2) * REST_MS)
        const id = addThreat(phone.doc, { title: 'Vigilan la casa', what: 'Un auto gris, '.repeat(20) })
        archiveThreat(phone.doc, id)
      }
      write(phone, Array.from({ length: 8 }, about), ids)
    }
    meet(people.map(({ doc }) => doc))
    const { open } = close(people[0]!.doc)
    const gaps = people.map((phone) => phone.gaps(open))
    const ways = {
      longest: gaps.map((all) => Math.max(0, ...all)),
      sum: gaps.map((all) => all.reduce((sum, gap) => sum + gap, 0)),
      count: gaps.map((all) => all.length),
    }
    for (const way of ['longest', 'sum', 'count'] as const)
      if (indexOfHighest(ways[way]) === author) right[way]++
  }
  return { longest: right.longest / rounds, sum: right.sum / rounds, count: right.count / rounds }
}

const indexOfHighest = (all: readonly number[]): number => all.indexOf(Math.max(...all))

test('who reads a phone that closed one thing guesses who wrote it hardly better than by lot; without cover, always', () => {
  const [bare, covered] = [guesses(false), guesses(true)]
  for (const way of ['longest', 'sum', 'count'] as const) {
    expect(bare[way], way).toBeGreaterThan(0.9)
    expect(covered[way], way).toBeLessThan(0.45)
  }
})

test('half of all covers are longer than any threat, one in thirty is drawn again, and each fits into a record', () => {
  const random = seededRandom(3)
  const lengths = Array.from({ length: 20_000 }, () => coverLength(random)).sort((a, b) => a - b)
  expect(lengths[0]).toBeGreaterThanOrEqual(1)
  expect(lengths[10_000]).toBeGreaterThan(2 ** 14.5)
  expect(lengths[10_000]).toBeLessThan(2 ** 15.5)
  expect(lengths.at(-1)).toBeLessThanOrEqual(2 ** 20)
})

test('Ana types on in one threat: her words stay in one piece, whatever she wrote before', () => {
  const phone = new Phone(7, seededRandom(1))
  const id = addThreat(phone.doc, { title: 'Cortes' })
  phone.pass(REST_MS)
  for (let i = 0; i < 200; i++) {
    phone.pass(900)
    editThreat(phone.doc, id, { field: 'what', text: 'Cortan la luz. '.repeat(3) + i })
  }
  const gaps = phone.gaps(Y.encodeStateAsUpdate(phone.doc))
  expect(gaps.filter((gap) => gap > 300).length).toBeLessThan(5)
})

test('every change follows the one before without a hole, and taking back and doing again go on as ever', () => {
  const phone = new Phone(7, seededRandom(2))
  const id = addThreat(phone.doc, { title: 'Desalojo' })
  const steps = undoable(phone.doc)
  editThreat(phone.doc, id, { field: 'what', text: 'Quieren la escuela' })
  phone.pass(REST_MS)
  editThreat(phone.doc, id, { field: 'who', text: 'Las niñas' })
  steps.undo()
  phone.pass(REST_MS)
  steps.undo()
  phone.pass(REST_MS)
  steps.redo()
  steps.stop()
  const other = new Y.Doc()
  for (const update of phone.handedOut) {
    const { structs } = Y.decodeUpdate(update)
    const own = structs.filter(({ id: { client } }) => client === 7)
    if (own[0]) expect(own[0].id.clock).toBe(Y.getState(other.store, 7))
    Y.applyUpdate(other, update)
  }
  expect(other.getMap('threats').toJSON()).toEqual(phone.doc.getMap('threats').toJSON())
  expect(JSON.stringify(other.getMap('threats').toJSON())).toContain('Quieren la escuela')
})
