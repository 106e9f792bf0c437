import { fc, test as prop } from '@fast-check/vitest'
import * as Y from 'yjs'
import { beforeEach, describe, expect, test } from 'vitest'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import {
  CLOSED_DOC,
  MAIN_DOC,
  type DeviceId,
  type DocId,
  type EntryId,
  type EpochId,
  type FeedId,
  type RecId,
} from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import type { FeedSeal, SealedRecord } from '../../src/lib/feed/types.ts'
import { encodeBeside, handedBeside, parseBeside } from '../../src/lib/workspace/handed-beside.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { baseKey, besideKey, startKey } from '../../src/lib/workspace/rows.ts'
import type { Welcome } from '../../src/lib/workspace/welcome.ts'
import { World, type Person } from '../world/cast.ts'
import { leads } from '../world/leads.ts'

const docOf = (text: string): Uint8Array => {
  const doc = new Y.Doc()
  doc.getText('notes').insert(0, text)
  return Y.encodeStateAsUpdate(doc)
}

const textIn = (state: Uint8Array): string => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, state)
  return doc.getText('notes').toString()
}

/** A welcome that reaches so far in feeds a, b, c; −: not at all. */
const welcome = (of: {
  readonly base: Readonly<Record<string, number>>
  readonly docs?: readonly (readonly [DocId, Uint8Array])[]
  readonly parents?: readonly string[]
  readonly by?: string
}): Welcome => ({
  by: (of.by ?? 'ana') as DeviceId,
  epoch: `epoch of ${of.by ?? 'ana'}` as EpochId,
  parents: (of.parents ?? ['heads']) as readonly EntryId[],
  base: new Map(
    Object.entries(of.base).map(([feed, seq]) => [
      feed as FeedId,
      { seq, rec: `${feed}${seq}` as RecId, clocks: new Map([[MAIN_DOC, seq + 1]]) },
    ]),
  ),
  docs: new Map(of.docs ?? [[MAIN_DOC, docOf('')]]),
})

/** Acts in a row: 1 below 2 below 3; anything else stands by itself. `elsewhere` is not known here. */
const ledger = {
  has: (id: EntryId) => (id as string) !== 'elsewhere',
  isBelow: (id: EntryId, of: EntryId) => /^\d$/.test(id) && /^\d$/.test(of) && id < of,
}

describe('two welcomes as one', () => {
  test('reach as far as either does in every feed, and hold the documents of both', () => {
    const first = welcome({ base: { a: 3, b: 1 }, docs: [[MAIN_DOC, docOf('de Bea ')]] })
    const second = welcome({ base: { a: 2, b: 4, c: 0 }, docs: [[MAIN_DOC, docOf('de Ana ')]], by: 'bea' })
    const both = handedBeside(first, second, ledger)!
    expect([...both.base].map(([feed, { seq, rec }]) => [feed, seq, rec])).toEqual([
      ['a', 3, 'a3'],
      ['b', 4, 'b4'],
      ['c', 0, 'c0'],
    ])
    const text = textIn(both.docs.get(MAIN_DOC)!)
    expect([text.includes('de Ana '), text.includes('de Bea '), text.length]).toEqual([true, true, 14])
    expect([both.by, both.epoch]).toEqual(['bea', 'epoch of bea'])
  })

  test('say what each of them held lower, as nobody can tell yet whether both speak of one branch', () => {
    const first = welcome({ base: { a: 3, b: 1 } })
    const both = handedBeside(first, welcome({ base: { a: 1, b: 4, c: 0 } }), ledger)!
    expect(both.under).toEqual([
      { feed: 'a', seq: 1, rec: 'a1' },
      { feed: 'b', seq: 1, rec: 'b1' },
    ])
    const three = handedBeside(both, welcome({ base: { a: 3, c: 2 } }), ledger)!
    expect(three.under).toEqual([...both.under!, { feed: 'c', seq: 0, rec: 'c0' }])
  })

  test('are not one where the second brings nothing the first does not reach', () => {
    const first = welcome({ base: { a: 3, b: 1 } })
    expect(handedBeside(first, welcome({ base: { a: 3, b: 0 } }), ledger)).toBeNull()
    expect(handedBeside(first, welcome({ base: {} }), ledger)).toBeNull()
  })

  test('nor where they name two records for one place', () => {
    const first = welcome({ base: { a: 3, b: 1 } })
    const second = welcome({ base: { a: 3, b: 2 } })
    const other = { ...second.base.get('a' as FeedId)!, rec: 'another' as RecId }
    const base = new Map([...second.base, ['a' as FeedId, other] as const])
    expect(handedBeside(first, second, ledger)).not.toBeNull()
    expect(handedBeside(first, { ...second, base }, ledger)).toBeNull()
  })

  test('nor where what is closed differs; where one holds none, the other’s is taken', () => {
    const [closed, differs] = [docOf('cerrado'), docOf('cerrado de otro modo')]
    const of = (base: Readonly<Record<string, number>>, state: Uint8Array | null) =>
      welcome({ base, docs: [[MAIN_DOC, docOf('')], ...(state ? ([[CLOSED_DOC, state]] as const) : [])] })
    expect(handedBeside(of({ a: 0 }, closed), of({ b: 0 }, differs), ledger)).toBeNull()
    for (const [one, two] of [
      [closed, closed.slice()],
      [closed, null],
      [null, closed],
    ] as const)
      expect(handedBeside(of({ a: 0 }, one), of({ b: 0 }, two), ledger)!.docs.get(CLOSED_DOC)).toEqual(closed)
    expect(handedBeside(of({ a: 0 }, null), of({ b: 0 }, null), ledger)!.docs.has(CLOSED_DOC)).toBe(false)
  })

  test('hang on the heads of both: what lies below another is none, and each is named once', () => {
    const first = welcome({ base: { a: 0 }, parents: ['2', 'z', '1'] })
    const second = welcome({ base: { b: 0 }, parents: ['3', 'z', 'elsewhere'] })
    expect(handedBeside(first, second, ledger)!.parents).toEqual(['3', 'elsewhere', 'z'])
  })
})

describe('the row of what lies beside the newest', () => {
  const wires = (count: number) => Array.from({ length: count }, (_, i) => Uint8Array.of(i, 7))

  test('is read as it was written, the oldest first', () => {
    expect(parseBeside(encodeBeside(wires(3))!)).toEqual(wires(3))
    expect(parseBeside(encodeBeside([])!)).toEqual([])
  })

  test('holds no more than makes four with the newest', () => {
    expect(encodeBeside(wires(4))).toBeNull()
    expect(encodeBeside(wires(40))).toBeNull()
  })

  test('holds nothing where it is damaged, cut short or something else', () => {
    const row = encodeBeside(wires(3))!
    for (let at = 0; at < row.length; at++) expect(parseBeside(row.slice(0, at))).toEqual([])
    for (const other of [7, null, 'texto', [Uint8Array.of(1), 7], { v: 1 }])
      expect(parseBeside(encodeCbor(other))).toEqual([])
  })

  prop.prop([fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.nat({ max: 7 })])(
    'whatever lies there, nothing throws',
    (bytes, at, bit) => {
      parseBeside(bytes)
      const row = encodeBeside(wires(3))!
      row[at % row.length]! ^= 1 << bit
      for (const wire of parseBeside(row)) expect(wire).toBeInstanceOf(Uint8Array)
    },
  )
})

describe('Elena on the hill and Flor at the river write under a key older than Dora', () => {
  type Written = { readonly record: SealedRecord; readonly seal: FeedSeal }

  let world: World
  let ana: Person, bea: Person, elena: Person, flor: Person, dora: Person
  const written: Written[] = []

  const leaves = (person: Person) => {
    world.cut(person)
    world.people.splice(world.people.indexOf(person), 1)
  }

  /** Ana meets Elena, Bea meets Flor, and they do not meet each other. Dora hears what was written, and cannot open it. */
  beforeEach(async () => {
    world = new World(62)
    ;[ana, bea, elena, flor] = (await world.found('Ana', 'Bea', 'Elena', 'Flor')) as [
      Person,
      Person,
      Person,
      Person,
    ]
    await ana.writes('juntas ')
    await world.settle()
    written.splice(0)
    for (const away of [elena, flor]) {
      away.replica.on({ wrote: (record, seal) => void written.push({ record, seal }) })
      leaves(away)
    }
    await elena.writes('desde el cerro ')
    await flor.writes('desde el río ')
    dora = await world.admit('Dora', ana, bea)
    expect(dora.reads()).toBe('juntas ')
    for (const person of world.people) world.cut(person)
    world.link(elena, ana)
    world.link(flor, bea)
    await world.settle()
    world.cut(elena)
    world.cut(flor)
    for (const { record, seal } of written) dora.replica.absorbSegment([record.wire], Replica.sealWire(seal))
    expect([ana.reads(), bea.reads()]).toEqual(['juntas desde el cerro ', 'juntas desde el río '])
    expect(dora.replica.lacking()).not.toBeNull()
  })

  const row = async (keyOf: typeof baseKey) =>
    expectOk(await dora.storage.get('snapshots', keyOf(dora.replica.coll)))

  const takes = async (...givers: Person[]) => {
    for (const { replica } of givers) {
      dora.replica.absorbWelcome(replica.welcome(dora.device)!)
      await world.settle()
    }
  }

  /** Without what was written down for a quick start. */
  const restartsSlowly = async () => {
    const { rows } = expectOk(await dora.storage.all('snapshots'))
    const starts = rows.filter(([key]) => key.startsWith(startKey(dora.replica.coll)))
    await dora.storage.commit(starts.map(([key]) => ({ table: 'snapshots', key, value: null })))
    await dora.restarts()
  }

  const readsAll = () => {
    expect(dora.reads()).toContain('desde el cerro ')
    expect(dora.reads()).toContain('desde el río ')
    expect(dora.reads()).toHaveLength('juntas desde el cerro desde el río '.length)
    expect(dora.replica.lacking()).toBeNull()
  }

  test('Dora has Bea’s welcome and takes Ana’s beside it, though neither holds all: she reads both, after a restart too', async () => {
    await takes(bea)
    expect(dora.reads()).toBe('juntas desde el río ')
    expect(await row(besideKey)).toBeNull()
    await takes(ana)
    readsAll()
    expect(parseBeside((await row(besideKey))!)).toHaveLength(1)
    await dora.restarts()
    readsAll()
    await restartsSlowly()
    readsAll()
    expect(dora.replica.handedOver!.by).toBe(ana.member)
  })

  test('and so in the other order, and once more with what she had: nothing is taken twice', async () => {
    await takes(ana, bea)
    readsAll()
    const rows = [await row(baseKey), await row(besideKey)]
    await takes(ana, bea)
    expect([await row(baseKey), await row(besideKey)]).toEqual(rows)
  })

  test('what she writes upon both is read by all once they meet', async () => {
    await takes(bea, ana)
    await dora.writes('y Dora ')
    expect(dora.replica.saving.read()).toBe('saved')
    world.people.push(elena, flor)
    world.connectAll()
    await world.settle()
    for (const person of world.people) {
      expect(person.reads()).toBe(dora.reads())
      expect(person.reads()).toContain('y Dora ')
      expect(person.replica.feeds.refused()).toEqual([])
    }
  })

  test('with a damaged row beside it she begins from the newest alone, and asks again', async () => {
    await takes(bea, ana)
    const key = besideKey(dora.replica.coll)
    await dora.storage.commit([{ table: 'snapshots', key, value: Uint8Array.of(0xff, 1) }])
    await restartsSlowly()
    expect(dora.reads()).toBe('juntas desde el cerro ')
    expect(dora.replica.lacking()).not.toBeNull()
  })

  test('whoever gave the newest is suspended: she reads both after a restart too, as the phone beside her that was left on', async () => {
    await takes(bea, ana)
    bea.replica.suspend(ana.device, 'lost')
    await world.settle()
    dora.replica.absorbEntries(bea.replica.entriesSince([]))
    expect(dora.replica.state.devices.get(ana.device)!.standing).toBe('suspended')
    const before = dora.reads()
    expect(before).toContain('desde el cerro ')
    await restartsSlowly()
    expect(dora.reads()).toBe(before)
    expect(dora.replica.handedOver!.by).toBe(ana.member)
  })

  test('the newest cannot be read any more: she begins from the one before, and asks for what is lacking', async () => {
    await takes(bea, ana)
    const key = baseKey(dora.replica.coll)
    for (const value of [Uint8Array.of(0xff, 1), null]) {
      await dora.storage.commit([{ table: 'snapshots', key, value }])
      await restartsSlowly()
      expect(dora.reads()).toBe('juntas desde el río ')
      expect(dora.replica.lacking()).not.toBeNull()
    }
    await takes(ana)
    readsAll()
    await restartsSlowly()
    readsAll()
  })

  test('every trace of it is found in both rows, until all agree on what is settled: then both are gone', async () => {
    await takes(bea, ana)
    world.people.push(elena, flor)
    const where = async (text: string) => (await leads(dora, { text, world })).map((lead) => lead.where)
    expect(await where('desde el río')).toContain(`snapshots ${besideKey(dora.replica.coll)}`)
    expect(await where('desde el cerro')).toContain(`snapshots ${baseKey(dora.replica.coll)}`)
    world.connectAll()
    await world.settle()
    const id = expectOk(ana.replica.checkpoints.propose())
    await world.settle()
    for (const person of [bea, elena, flor]) expectOk(person.replica.checkpoints.cosign(id))
    for (let i = 0; i < 3; i++) {
      world.clock.pass(61_000)
      await world.settle()
    }
    expect(dora.replica.ledger.pin).toBe(id)
    expect([await row(baseKey), await row(besideKey)]).toEqual([null, null])
    expect(dora.reads()).toBe(ana.reads())
    await dora.restarts()
    expect(dora.reads()).toBe(ana.reads())
  })
})
