import { beforeEach, expect, test } from 'vitest'
import * as Y from 'yjs'
import { MAIN_DOC, type EntryId, type RecId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createRecord } from '../../src/lib/feed/record.ts'
import { createFeedSeal, encodeFeedSeal } from '../../src/lib/feed/seal.ts'
import type { SealedRecord } from '../../src/lib/feed/types.ts'
import { World, type Person } from '../world/cast.ts'

let world: World
let ana: Person
let bea: Person
let cata: Person
let mala: Person
/** The first record Mala gave everybody. */
let good: RecId

beforeEach(async () => {
  world = new World(24)
  ;[ana, bea, cata, mala] = (await world.found('Ana', 'Bea', 'Cata', 'Mala')) as [
    Person,
    Person,
    Person,
    Person,
  ]
})

/** A second record signed by Mala for the first place of her feed, with an id below the one she gave everybody. */
const secondFace = (text: string): { record: SealedRecord; seal: Uint8Array } => {
  const { replica } = mala
  const feed = replica.feed!
  const doc = new Y.Doc()
  doc.clientID = replica.state.feeds.get(feed)!.yClient
  doc.getText('notes').insert(0, text)
  const docs = [{ doc: MAIN_DOC, update: Y.encodeStateAsUpdate(doc) }]
  const epoch = [...replica.state.epochs.keys()][0]!
  const key = replica.keyring.key(epoch)!
  const lheads = replica.ledger.entry(replica.state.feeds.get(feed)!.entry)!.entry.parents
  for (;;) {
    const body = { lheads: [...lheads, replica.state.feeds.get(feed)!.entry].sort(), deps: [], docs }
    const record = expectOk(createRecord({ key, coll: replica.coll, feed, seq: 0, prev: null, epoch, body }))
    if (record.id < good)
      return {
        record,
        seal: encodeFeedSeal(createFeedSeal(replica.own.signSk, { feed, seq: 0, rec: record.id })),
      }
  }
}

const agrees = async (proposer: Person, ...others: Person[]): Promise<EntryId> => {
  const id = expectOk(proposer.replica.checkpoints.propose())
  await world.settle()
  for (const person of others) expectOk(person.replica.checkpoints.cosign(id))
  await world.settle()
  return id
}

const minutesPass = async (minutes: number) => {
  for (let i = 0; i < minutes; i++) {
    world.clock.pass(61_000)
    await world.settle()
  }
}

const sees = ({ replica }: Person) => [
  replica.feeds.acceptedKey(),
  replica.feeds.forks().map(({ feed, seq, records }) => `${feed} ${seq} ${records.join()}`),
]

const written = async () => {
  await mala.writes('acordado ')
  await world.settle()
  good = mala.replica.feeds.recIdAt(mala.replica.feed!, 0)!
  await mala.writes('y firmado ')
  await world.settle()
  await ana.writes('de acuerdo ')
  await world.settle()
}

const ALL = 'acordado y firmado de acuerdo '

test('attack 24: Mala signs another past below what is final: whether a phone ran on or began anew, it reads what was agreed, and holds the proof', async () => {
  await written()
  const id = await agrees(ana, bea, cata)
  for (const person of [ana, bea, cata]) expect(person.replica.ledger.pin, person.name).toBe(id)
  await bea.restarts()
  await bea.replica.whole()
  for (const person of world.people) world.cut(person)
  const { record, seal } = secondFace('mentira ')
  for (const person of [ana, bea]) {
    expect(person.replica.absorbSegment([record.wire], seal)).toBe(true)
    await world.settle()
    expect(person.reads(), person.name).toBe(ALL)
    expect(person.replica.setAside()).toEqual([])
  }
  const proof = { feed: mala.replica.feed, seq: 0, records: [record.id, good] }
  expect(ana.replica.feeds.forks()).toEqual([proof])
  expect(sees(bea)).toEqual(sees(ana))

  // It stays so when they meet, when a phone begins anew, and when Cata hears of it from them.
  world.connectAll([ana, bea, cata])
  await minutesPass(2)
  await ana.restarts()
  await ana.replica.whole()
  await world.settle()
  for (const person of [ana, bea, cata]) {
    expect(person.reads(), person.name).toBe(ALL)
    expect(person.replica.feeds.forks(), person.name).toEqual([proof])
  }
  // The branch that was agreed on stays open: who signed twice is shown, and what to do about it is for people.
  world.connectAll()
  await mala.writes('sigo')
  await world.settle()
  for (const person of [ana, bea, cata]) expect(person.reads(), person.name).toBe(ALL + 'sigo')
})

test('attack 24: Cata heard the other past first and believed it; once the others’ is final she reads what they read', async () => {
  await written()
  world.cut(cata)
  const { record, seal } = secondFace('mentira ')
  cata.replica.absorbSegment([record.wire], seal)
  await world.settle()
  expect(cata.reads()).not.toBe(ALL)
  const id = await agrees(ana, bea, mala)
  world.link(cata, ana)
  await minutesPass(3)
  for (const person of [ana, cata]) {
    expect(person.replica.ledger.pin, person.name).toBe(id)
    expect(person.reads(), person.name).toBe(ALL)
  }
  expect(cata.replica.checkpoints.checkOf(id)).toBe('same')
  await cata.restarts()
  await cata.replica.whole()
  expect(cata.reads()).toBe(ALL)
})
