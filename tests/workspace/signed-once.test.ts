import { beforeEach, expect, test } from 'vitest'
import { err } from '../../src/lib/core/result.ts'
import type { Storage } from '../../src/lib/sync/ports.ts'
import type { FeedSeal, SealedRecord } from '../../src/lib/feed/types.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { World, type Person } from '../world/cast.ts'
import { createDisk, type Disk } from '../world/frail-storage.ts'

let world: World
let ana: Person, bea: Person, elena: Person, dora: Person
let disk: Disk
/** What Elena wrote. */
let written: { readonly record: SealedRecord; readonly seal: FeedSeal } | null
/** Whether Dora’s disk gives nothing back of what was written. */
let isUnreadable = false

/** Elena writes in the hills under a key that is older than Dora: once she is back, Dora begins anew from another welcome. */
beforeEach(async () => {
  world = new World(23)
  isUnreadable = false
  world.storageOf = (name) => (name === 'Dora' ? unreadableAtTimes((disk = createDisk())) : null)
  const three = await world.found('Ana', 'Bea', 'Elena')
  ;[ana, bea, elena] = three as [Person, Person, Person]
  world.cut(elena)
  world.people.splice(world.people.indexOf(elena), 1)
  elena.replica.on({ wrote: (record, seal) => (written = { record, seal }) })
  await elena.writes('desde el cerro ')
  dora = await world.admit('Dora', ana, bea)
})

const unreadableAtTimes = (storage: Storage): Storage => ({
  ...storage,
  all: (table, prefix) =>
    isUnreadable && (table === 'tail' || table === 'records')
      ? Promise.resolve(err({ type: 'StorageFailed' }))
      : storage.all(table, prefix),
})

/** Dora, far from everybody, is brought it in a file, and Ana’s newer welcome with it. */
const beginsAnew = async () => {
  const before = dora.doc
  world.cut(dora)
  world.people.splice(world.people.indexOf(dora), 1, elena)
  world.connectAll()
  await later()
  const { record, seal } = written!
  dora.replica.absorbEntries(ana.replica.entriesSince([]))
  dora.replica.absorbSegment([record.wire], Replica.sealWire(seal))
  expect(dora.replica.lacking()).not.toBeNull()
  dora.replica.absorbWelcome(ana.replica.welcome(dora.device)!)
  while (dora.doc === before) await new Promise((resume) => setImmediate(resume))
}

const meetsAll = async () => {
  world.people.push(dora)
  world.connectAll()
  await later()
}

const later = async () => {
  for (let i = 0; i < 3; i++) {
    await world.settle()
    world.clock.pass(20_000)
  }
  await world.settle()
}

const nobodySawAPlaceSignedTwice = () => {
  for (const { replica } of world.people) expect(replica.feeds.forks()).toEqual([])
}

/** What is brought back from one feed into the next stands in an article. */
const nothingIsLost = (...words: readonly string[]) => {
  for (const { name, doc } of world.people) {
    const all = doc.getText('notes').toString() + JSON.stringify(doc.getMap('articles'))
    for (const word of ['desde el cerro', ...words]) expect(all, name).toContain(word)
  }
}

// The simulation’s seed 2417 lived through it.
test('Dora’s disk is full and she begins anew from another welcome: what she wrote is there, and no place is signed twice', async () => {
  disk.dieAfter(0)
  await dora.writes('primera ')
  await beginsAnew()
  expect(dora.reads()).toContain('desde el cerro')
  expect(dora.reads()).toContain('primera')
  await dora.writes('segunda ')
  disk.dieAfter(Number.POSITIVE_INFINITY)
  await meetsAll()
  nobodySawAPlaceSignedTwice()
  nothingIsLost('primera', 'segunda')
})

test('her disk gives nothing back of what she wrote: she goes on in a new feed, and no place is signed twice', async () => {
  await dora.writes('primera ')
  const { feed } = dora.replica
  isUnreadable = true
  await beginsAnew()
  isUnreadable = false
  await dora.writes('segunda ')
  expect(dora.replica.feed).not.toBe(feed)
  await dora.replica.flush()
  // The next start reads it again.
  dora.replica.close()
  await dora.restarts()
  await meetsAll()
  nobodySawAPlaceSignedTwice()
  nothingIsLost('primera', 'segunda')
})
