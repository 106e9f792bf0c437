import { beforeEach, expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { MAIN_DOC, type FeedId } from '../../src/lib/core/ids.ts'
import { addArticle, appendToArticle, articles } from '../../src/lib/domain/articles.ts'
import { plainText } from '../../src/lib/domain/prose.ts'
import { isSameState } from '../../src/lib/domain/same-document.ts'
import { handedTooMuch } from '../../src/lib/workspace/handed-too-much.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { createWelcome, openWelcome } from '../../src/lib/workspace/welcome.ts'
import type { FeedSeal, SealedRecord } from '../../src/lib/feed/types.ts'
import { World, type Person } from '../world/cast.ts'

let world: World
let ana: Person, bea: Person, cata: Person, elena: Person, flor: Person, dora: Person
/** What Elena wrote. */
let written: { readonly record: SealedRecord; readonly seal: FeedSeal } | null

/**
 * Ana cuts Cata where she holds her. Bea, who did not know it yet, had built on what Cata wrote after that: so it counts. Only
 * then comes Dora, while Elena writes in the hills, where she hears of nothing, under a key that is older than Dora.
 */
beforeEach(async () => {
  world = new World(17)
  const five = await world.found('Ana', 'Bea', 'Cata', 'Elena', 'Flor')
  ;[ana, bea, cata, elena, flor] = five as [Person, Person, Person, Person, Person]
  await cata.writes('a tiempo ')
  await world.settle()
  for (const away of [ana, elena, flor]) world.cut(away)
  addArticle(cata.doc, { title: 'Tarde', kind: 'information', text: 'tarde' })
  await cata.writes('tarde ')
  await world.settle()
  await bea.writes('sobre lo tuyo ')
  elena.replica.on({ wrote: (record, seal) => (written = { record, seal }) })
  await elena.writes('desde el cerro ')
  ana.replica.suspend(cata.device, 'doubtful')
  leaves(elena)
  leaves(cata)
  world.connectAll()
  await world.settle()
  dora = await world.admit('Dora', ana, flor)
  expect(dora.reads()).toBe('a tiempo tarde sobre lo tuyo ')
})

/** Nobody can reach this one, until `comesBack`. */
const leaves = (person: Person) => {
  world.cut(person)
  world.people.splice(world.people.indexOf(person), 1)
}

const comesBack = async (person: Person) => {
  world.people.push(person)
  world.connectAll(world.people.filter((one) => one !== cata))
  await later()
}

const later = async () => {
  for (let i = 0; i < 4; i++) {
    await world.settle()
    world.clock.pass(10_000)
  }
  await world.settle()
}

/** Flor does, as far as nothing Bea wrote: so nothing is left that pulls Cata in. */
const cutsBea = () => {
  const { device } = bea
  flor.replica.act({ type: 'suspend', device, frontier: [], reason: 'doubtful', evidence: null })
}

/** What this one would hand over now. */
const handedBy = ({ replica }: Person) =>
  expectOk(
    openWelcome(replica.welcome(replica.own.id)!, replica.ledger, (epoch) => replica.keyring.key(epoch)),
  )

test('what honest people pulled in from behind a cut is not too much: Dora asks for nothing else', () => {
  const frontier = ana.replica.state.devices.get(cata.device)!.frontier
  expect(frontier.map(({ seq }) => seq)).toEqual([0])
  const feed = frontier[0]!.feed
  expect(handedBy(ana).base.get(feed)!.seq).toBe(1)
  expect(handedTooMuch(handedBy(ana), dora.replica.ledger)).toEqual([])
  expect(dora.replica.lacking()).toBeNull()
})

test('and she takes a newer welcome when Elena comes down with what she wrote under a key older than Dora', async () => {
  await comesBack(elena)
  expect(ana.reads()).toContain('desde el cerro')
  expect(dora.reads()).toBe(ana.reads())
  expect(dora.replica.lacking()).toBeNull()
})

test('once Bea is cut too, before what she pulled in, it is too much, and Dora is handed less', async () => {
  const handed = handedBy(bea)
  cutsBea()
  flor.replica.rotate()
  await later()
  expect(ana.reads()).toBe('a tiempo ')
  expect(dora.reads()).toBe('a tiempo ')
  expect(handedTooMuch(handed, ana.replica.ledger)).toHaveLength(2)
})

test('who was handed too much does not pass it on as more than it was', async () => {
  const judgedBy = dora.replica.ledger.heads()
  for (const person of [ana, bea, flor]) world.cut(person)
  cutsBea()
  await flor.replica.flush()
  dora.replica.absorbEntries(flor.replica.entriesSince([]))
  dora.replica.rotate()
  expect(dora.replica.lacking()).not.toBeNull()
  const handed = handedBy(dora)
  expect(dora.replica.ledger.heads()).not.toEqual(judgedBy)
  expect(handedTooMuch(handed, dora.replica.ledger).length).toBeGreaterThan(0)
  expect(handedTooMuch({ ...handed, parents: dora.replica.ledger.heads() }, dora.replica.ledger)).toEqual([])
})

test('nor while she reads her disk to begin from less: until then her documents hold it still', async () => {
  await learnsAlone()
  const less = flor.replica.welcome(dora.device)!
  dora.replica.absorbWelcome(less)
  const meanwhile = handedBy(dora)
  expect(meanwhile.base.size).toBeGreaterThan(1)
  expect(handedTooMuch(meanwhile, dora.replica.ledger).length).toBeGreaterThan(0)
  await world.settle()
  expect(dora.replica.lacking()).toBeNull()
  expect(handedTooMuch(handedBy(dora), dora.replica.ledger)).toEqual([])
  expect(dora.reads()).toBe('a tiempo ')
})

test('of heads that are not known here nobody takes a word', () => {
  const handed = handedBy(ana)
  const stranger = {
    ...handed,
    parents: [...handed.parents, 'f'.repeat(64) as (typeof handed.parents)[number]],
  }
  expect(handedTooMuch(stranger, dora.replica.ledger)).toHaveLength(1)
  expect(handedTooMuch({ ...stranger, parents: null }, dora.replica.ledger)).toEqual([])
  expect(handedTooMuch({ base: new Map<FeedId, never>(), parents: [] }, dora.replica.ledger)).toEqual([])
})

test('Dora lacks what Elena wrote, and still takes no less than she has, whatever its maker is said to hold', async () => {
  world.cut(dora)
  dora.replica.absorbEntries(elena.replica.entriesSince([]))
  dora.replica.absorbSegment([written!.record.wire], Replica.sealWire(written!.seal))
  expect(dora.replica.lacking()).not.toBeNull()
  const { own, coll, keyring } = flor.replica
  const all = handedBy(flor)
  const base = new Map([...all.base].slice(1))
  const key = keyring.key(all.epoch)!
  dora.replica.absorbWelcome(createWelcome({ ...all, coll, own, key, base, docs: new Map() }), () => 99)
  await world.settle()
  expect(dora.reads()).toBe('a tiempo tarde sobre lo tuyo ')
})

/** Far from everybody, Dora learns that Bea was cut too, and has a key to write under. */
const learnsAlone = async () => {
  for (const person of [...world.people]) world.cut(person)
  cutsBea()
  flor.replica.rotate()
  await flor.replica.flush()
  dora.replica.absorbEntries(flor.replica.entriesSince([]))
  for (const epoch of flor.replica.state.epochs.keys()) {
    const boxes = await flor.replica.boxes(epoch)
    if (boxes) dora.replica.absorbBoxes(epoch, boxes)
  }
  expect(dora.replica.lacking()).not.toBeNull()
}

/** Ana, Flor and Dora, who still stand, are together again. */
const together = async () => {
  world.connectAll(world.people.filter((one) => one !== cata))
  await later()
}

/** Titles of articles with what stands in them. */
const articlesOf = ({ doc }: Person) =>
  articles(doc)
    .read()
    .map(({ title, body }) => `${title}: ${plainText(body!).replaceAll('\n', ' ')}`)

test('what Dora types upon what she holds too much waits for another welcome, and then everybody reads it', async () => {
  await learnsAlone()
  let signed = 0
  dora.replica.on({ wrote: () => (signed += 1) })
  const [late] = articles(dora.doc).read()
  appendToArticle(dora.doc, late!.id, 'encima')
  await dora.replica.flush()
  expect(articlesOf(dora)).toEqual(['Tarde: tarde encima'])
  expect([signed, dora.replica.saving.read()]).toEqual([0, 'saving'])
  await together()
  expect(dora.replica.saving.read()).toBe('saved')
  for (const person of [ana, flor, dora]) {
    // What it stood upon is gone: it is in an article of its own, which has no name yet.
    expect(articlesOf(person)).toEqual([': encima'])
    expect(person.reads()).toBe('a tiempo ')
    expect(person.replica.feeds.refused()).toEqual([])
  }
})

test('what she types elsewhere goes out at once; only what comes after the other waits with it', async () => {
  await learnsAlone()
  const own = addArticle(dora.doc, { title: 'Otra hoja', kind: 'information', text: 'a salvo' })
  await dora.replica.flush()
  expect(dora.replica.saving.read()).toBe('saved')
  const signed = dora.replica.feeds.frontierOf(dora.device)
  expect(signed).toHaveLength(1)
  appendToArticle(dora.doc, articles(dora.doc).read()[0]!.id, 'encima')
  await dora.replica.flush()
  appendToArticle(dora.doc, own, 'y más')
  await dora.replica.flush()
  expect(dora.replica.saving.read()).toBe('saving')
  expect(articlesOf(dora)).toEqual(['Tarde: tarde encima', 'Otra hoja: a salvo y más'])
  expect(dora.replica.feeds.frontierOf(dora.device)).toEqual(signed)
  await together()
  for (const person of [ana, flor, dora]) {
    // Each by itself: what stood upon nothing any more takes nothing else with it.
    expect(articlesOf(person).sort()).toEqual([': encima', 'Otra hoja: a salvo y más'])
    expect(person.replica.feeds.refused()).toEqual([])
  }
})

test('what waits on her phone is no part of what Dora hands over, because nobody has signed it', async () => {
  await learnsAlone()
  const before = handedBy(dora)
  appendToArticle(dora.doc, articles(dora.doc).read()[0]!.id, 'encima')
  await dora.replica.flush()
  expect(articlesOf(dora)).toEqual(['Tarde: tarde encima'])
  const handed = handedBy(dora)
  expect(handed.base).toEqual(before.base)
  expect(isSameState(handed.docs.get(MAIN_DOC)!, before.docs.get(MAIN_DOC))).toBe(true)
})
