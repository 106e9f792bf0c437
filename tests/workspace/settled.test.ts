import 'fake-indexeddb/auto'
import { beforeEach, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { CLOSED_DOC, MAIN_DOC, type EntryId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import type { SecretKey } from '../../src/lib/crypto/hash.ts'
import { rootOf } from '../../src/lib/domain/document.ts'
import {
  addThreat,
  archiveThreat,
  closedThreats,
  editThreat,
  openAgain,
  threats,
} from '../../src/lib/domain/threats.ts'
import { parseRun } from '../../src/lib/feed/run.ts'
import { bringLateBack, closedPieces } from '../../src/lib/workspace/aside.ts'
import { World, type Person } from '../world/cast.ts'
import { authorsOf, leads, leadsOnKeeper } from '../world/leads.ts'
import { realDisk } from '../world/real-disk.ts'
import { House } from '../keeper/house.ts'
import { newBrowser } from '../store/disks.ts'

// Five weeks on four phones, one of them with a real disk.
vi.setConfig({ testTimeout: 300_000 })

const DAY_MS = 24 * 3_600_000

let world: World
let ana: Person
let bea: Person
let cata: Person

beforeEach(async () => {
  newBrowser()
  world = new World(51)
  const disk = await realDisk()
  world.storageOf = (name) => (name === 'Bea' ? disk.storage : null)
  ;[ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
})

const VIGIL = 'Vigilan la casa del río'
const EVICT = 'Quieren desalojar la escuela'

const agree = async (people: readonly Person[] = world.people): Promise<EntryId> => {
  const [first, ...others] = people
  await first!.replica.flush()
  const id = expectOk(first!.replica.checkpoints.propose())
  await world.settle()
  for (const person of others) expectOk(person.replica.checkpoints.cosign(id))
  await world.settle()
  return id
}

/** In steps: what is due meanwhile is done, and written down. */
const daysPass = async (days: number, step = 3) => {
  for (let day = 0; day < days; day += step) {
    world.clock.pass(step * DAY_MS)
    for (const { replica } of world.people) await replica.settled()
  }
  await world.settle()
}

const open = ({ doc }: Person) => threats(doc).read()
const closed = ({ replica }: Person) => closedThreats(threats(replica.documents.closed.read()).read(), [])
const titles = (list: readonly { readonly title: string }[]) => list.map(({ title }) => title)
const idOf = (person: Person, title: string) => open(person).find((threat) => threat.title === title)!.id

/** Clocks in one person’s line under which nothing stands, on another’s phone. */
const gapsOf = (writer: Person, reader: Person): number => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, reader.replica.documents.states().get(MAIN_DOC)!)
  const own = [...reader.replica.state.feeds.values()].filter(({ device }) => device === writer.device)
  const structs = own.flatMap(({ yClient }) => doc.store.clients.get(yClient) ?? [])
  return structs.reduce((sum, struct) => sum + (struct instanceof Y.GC ? struct.length : 0), 0)
}

/** Each of three writes a threat, and into those of the others; Ana’s is put away by Bea. */
const threeThreats = async () => {
  const away = addThreat(ana.doc, { title: 'Vigilancia', what: VIGIL })
  addThreat(bea.doc, { title: 'Desalojo', what: EVICT })
  addThreat(cata.doc, { title: 'Cortes de luz' })
  await world.settle()
  editThreat(cata.doc, away, { field: 'already', text: 'Vamos de a dos' })
  editThreat(ana.doc, idOf(ana, 'Desalojo'), { field: 'who', text: 'Las niñas y niños' })
  await world.settle()
  archiveThreat(bea.doc, away)
  await world.settle()
  return away
}

test('after a month nothing on any phone leads from what was closed to who wrote it; from what is open it does', async () => {
  const away = await threeThreats()
  for (const person of world.people)
    for (const text of [VIGIL, EVICT])
      expect((await leads(person, { text, world })).length, `${person.name} ${text}`).toBeGreaterThan(0)
  expect(await authorsOf(cata, { text: VIGIL, world })).toEqual(['Ana'])
  await agree()
  for (const person of world.people) {
    expect(titles(closed(person)), person.name).toEqual(['Vigilancia'])
    expect(titles(open(person)).sort(), person.name).toEqual(['Cortes de luz', 'Desalojo'])
    // The records are still there for whoever is a little behind.
    expect(await authorsOf(person, { text: VIGIL, world })).toEqual(['Ana'])
  }
  await daysPass(33)
  const dora = await world.admit('Dora', ana, bea)
  await ana.writes('y seguimos')
  await world.settle()
  for (const person of world.people) {
    await person.replica.keepStart()
    await person.replica.settled()
    for (const text of [VIGIL, 'Vamos de a dos', 'Vigilancia', away])
      expect(await leads(person, { text, world }), `${person.name}: ${text}`).toEqual([])
    expect(await authorsOf(person, { text: EVICT, world }), person.name).toEqual(['Bea'])
    expect(await authorsOf(person, { text: 'Las niñas y niños', world }), person.name).toEqual(['Ana'])
  }
  // What was over before she came is not hers yet.
  expect(titles(closed(dora))).toEqual([])
  // What is left of it is how long it was, under cover: of whoever wrote anything far more is gone than they wrote.
  for (const person of [ana, bea, cata]) expect(gapsOf(person, dora), person.name).toBeGreaterThan(4096)
  for (const person of [ana, bea, cata]) {
    await person.restarts()
    await person.replica.whole()
    expect(titles(closed(person)), person.name).toEqual(['Vigilancia'])
    expect(await leads(person, { text: VIGIL, world }), person.name).toEqual([])
  }
})

test('nor does it on a keeper: not even with all the keys of that time, as a phone has them that was left off since', async () => {
  const house = await House.open(world)
  await house.letIn(ana, bea)
  house.link(ana)
  await threeThreats()
  await house.settle()
  const keys = new Map(
    [...bea.replica.state.epochs.keys()].map((epoch) => [
      epoch,
      bea.replica.keyring.key(epoch)!.slice() as SecretKey,
    ]),
  )
  const found = async (text: string) => [
    ...new Set((await leadsOnKeeper(house, { text, world, keys })).map(({ who }) => who)),
  ]
  const sealed = expectOk(await house.storage.all('records')).rows.flatMap(([, run]) =>
    parseRun(run)!.records.map(({ ct }) => Buffer.from(ct)),
  )
  const lying = () => sealed.filter((ct) => house.disk().includes(ct)).length
  expect([await found(VIGIL), await found('Vamos de a dos')]).toEqual([['Ana'], ['Cata']])
  await agree()
  await house.settle()
  house.cut()
  await daysPass(33)
  house.link(ana)
  await house.settle()
  expect([await found(VIGIL), lying()]).toEqual([['Ana'], sealed.length])
  await house.keeping.tidy()
  for (const text of [VIGIL, 'Vamos de a dos', 'Vigilancia', EVICT])
    expect(await found(text), text).toEqual([])
  expect(lying()).toBe(0)
})

test('Dora comes after it was closed: it is hers once more than two thirds have signed that her voice counts, and not before', async () => {
  await threeThreats()
  await agree()
  const dora = await world.admit('Dora', ana, bea)
  await world.settle()
  const asks = () => leads(dora, { text: VIGIL, world })
  expect([titles(closed(dora)), titles(open(dora)).sort()]).toEqual([[], ['Cortes de luz', 'Desalojo']])
  // What is proposed now is sealed for her too: nobody hands her that part of it, however often she asks.
  const id = expectOk(bea.replica.checkpoints.propose())
  await daysPass(1, 1)
  expect(dora.replica.checkpoints.checkOf(id)).toBe('missing')
  expect(await asks()).toEqual([])
  expect(dora.replica.checkpoints.docsOf(id)).toBeNull()
  for (const { replica } of [ana, cata]) expectOk(replica.checkpoints.cosign(id))
  await world.settle()
  for (let minute = 0; minute < 15; minute++) {
    world.clock.pass(60_000)
    await world.settle()
  }
  for (const person of world.people) expect(titles(closed(person)), person.name).toEqual(['Vigilancia'])
  expect(dora.replica.handedOver).toBeNull()
  await dora.writes('ya estoy ')
  await world.settle()
  for (const person of world.people) expect(person.reads(), person.name).toContain('ya estoy')
})

test('the next checkpoint carries what was closed before, and closes more', async () => {
  await threeThreats()
  await agree()
  const ids = closed(ana).map(({ id }) => id)
  archiveThreat(cata.doc, idOf(cata, 'Cortes de luz'))
  await world.settle()
  await agree([bea, ana, cata])
  for (const person of world.people) {
    expect(titles(closed(person)), person.name).toEqual(['Cortes de luz', 'Vigilancia'])
    expect(closed(person).map(({ id }) => id)).toEqual(expect.arrayContaining(ids))
    expect(titles(open(person)), person.name).toEqual(['Desalojo'])
  }
  const states = world.people.map(({ replica }) => replica.documents.states().get(CLOSED_DOC)!)
  expect(new Set(states.map((state) => [...state].join())).size).toBe(1)
})

test('whoever proposes, it is the same checkpoint: every phone would say the same of what is closed, byte for byte', async () => {
  await threeThreats()
  for (const person of world.people) await person.replica.flush()
  // All three propose at one moment, upon one ledger, without having heard of each other.
  for (const person of world.people) world.cut(person)
  const proposed = world.people.map(
    ({ replica }) => [replica, expectOk(replica.checkpoints.propose())] as const,
  )
  const docs = proposed.map(([replica, id]) => replica.checkpoints.docsOf(id)!)
  expect(new Set(docs.map((one) => [...one.get(CLOSED_DOC)!].join())).size).toBe(1)
  for (const one of docs) expect(threatsIn(one.get(MAIN_DOC)!)).toEqual(threatsIn(docs[0]!.get(MAIN_DOC)!))
  world.connectAll()
  await world.settle()
  for (const { replica } of world.people)
    for (const [, id] of proposed) expect(replica.checkpoints.checkOf(id)).toBe('same')
})

const threatsIn = (state: Uint8Array) => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, state)
  return threats(doc).read()
}

test('a phone that was off when it became final closes the same, and so does one that must take it on the others’ word', async () => {
  const dora = await world.admit('Dora', ana, bea)
  await threeThreats()
  world.cut(dora)
  await agree([ana, bea, cata])
  await daysPass(9)
  for (const person of world.people) await person.restarts()
  world.connectAll()
  await world.settle()
  for (let i = 0; i < 3; i++) {
    world.clock.pass(61_000)
    await world.settle()
  }
  for (const person of world.people) {
    expect(titles(closed(person)), person.name).toEqual(['Vigilancia'])
    expect(titles(open(person)).sort(), person.name).toEqual(['Cortes de luz', 'Desalojo'])
  }
})

test('Cata was away and wrote into what was closed: her words wait for somebody to bring them back', async () => {
  const away = await threeThreats()
  world.cut(cata)
  editThreat(cata.doc, away, { field: 'from', text: 'La empresa' })
  await cata.replica.flush()
  editThreat(cata.doc, away, { field: 'from', text: 'La empresa minera' })
  editThreat(cata.doc, idOf(cata, 'Desalojo'), { field: 'from', text: 'El municipio' })
  await cata.replica.flush()
  await agree([ana, bea])
  // Two of three are not more than two thirds: Cata comes back, finds the same and signs.
  world.connectAll()
  await world.settle()
  const id = [...cata.replica.state.checkpoints.keys()].at(-1)!
  expectOk(cata.replica.checkpoints.cosign(id))
  await world.settle()
  for (const person of world.people) {
    expect(titles(closed(person)), person.name).toEqual(['Vigilancia'])
    expect(open(person).find(({ title }) => title === 'Desalojo')?.from).toBe('El municipio')
    const pieces = closedPieces(person.doc, person.replica.documents.late.read())
    expect(pieces, person.name).toMatchObject([
      { device: cata.device, brought: false, piece: { fields: { from: 'La empresa minera' } } },
    ])
  }
  // Where a start from what was written down would hide them, it takes its time.
  await bea.replica.keepStart()
  await bea.restarts()
  await bea.replica.whole()
  world.connectAll()
  await world.settle()
  const late = { setAside: [], late: bea.replica.documents.late.read() }
  const [piece] = closedPieces(bea.doc, late.late)
  expect(bringLateBack(bea.doc, late, piece!.id)).toBe(true)
  await world.settle()
  for (const person of world.people) {
    expect(open(person).find(({ from }) => from === 'La empresa minera')).toBeDefined()
    expect(closedPieces(person.doc, person.replica.documents.late.read())).toMatchObject([{ brought: true }])
  }
  await agree()
  for (const person of world.people) expect(person.replica.documents.late.read(), person.name).toEqual([])
})

test('what is closed is opened again as somebody’s own text, and closed again', async () => {
  await threeThreats()
  await agree()
  const [was] = closed(cata)
  const again = openAgain(cata.doc, cata.replica.documents.closed.read(), was!.id)!
  expect(openAgain(cata.doc, cata.replica.documents.closed.read(), was!.id)).toBe(again)
  await world.settle()
  const shown = (person: Person) =>
    titles(closedThreats(threats(person.replica.documents.closed.read()).read(), open(person)))
  for (const person of world.people) {
    expect(open(person).find(({ id }) => id === again)).toMatchObject({ title: 'Vigilancia', what: VIGIL })
    expect(shown(person)).toEqual([])
    expect(await authorsOf(person, { text: VIGIL, world })).toContain('Cata')
  }
  archiveThreat(ana.doc, again)
  await world.settle()
  await agree()
  for (const person of world.people) expect(shown(person)).toEqual(['Vigilancia'])
})

test('Ana’s phone leaves in the open document what it put into the closed one: nobody finds the same', async () => {
  await threeThreats()
  const { documents, checkpoints } = ana.replica
  const states = documents.states.bind(documents)
  // As if nothing had been put away: the old way of proposing.
  const root = rootOf(ana.doc, 'threats')
  const id = threats(ana.doc)
    .read()
    .find(({ archived }) => archived)!.id
  documents.states = () => {
    const doc = new Y.Doc()
    Y.applyUpdate(doc, states().get(MAIN_DOC)!)
    rootOf(doc, 'threats').delete(id)
    return new Map([[MAIN_DOC, Y.encodeStateAsUpdate(doc)]])
  }
  expect(root.has(id)).toBe(true)
  const lie = expectOk(checkpoints.propose())
  documents.states = states
  await world.settle()
  for (const person of [bea, cata]) expect(person.replica.checkpoints.checkOf(lie)).toBe('differs')
})
