import { beforeEach, expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { Acknowledged } from '../../src/lib/workspace/acknowledged.ts'
import {
  acknowledgedKey,
  encodeAcknowledged,
  parseAcknowledged,
} from '../../src/lib/workspace/acknowledged-row.ts'
import { exportBundle, readBundleFile } from '../../src/lib/workspace/bundles.ts'
import { World, type Person } from '../world/cast.ts'
import { seededRandom } from '../world/time.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

let world: World
let ana: Person
let bea: Person
let cata: Person
let known: Acknowledged

const watch = (who: Person) =>
  new Acknowledged({
    replica: who.replica,
    syncing: who.syncing,
    storage: who.storage,
    clock: world.clock,
    moved: () => {},
  })
const upTo = (who: Person) => known.latest().find(({ device }) => device === who.device)?.upTo
const hourNow = () => world.clock.now() - (world.clock.now() % HOUR)
const carry = async (from: Person, to: Person) => {
  const { file } = expectOk(await exportBundle({ ...from, random: seededRandom(3), now: 0 }))
  const secrets = [...to.replica.kem.holders()].map(({ kemSk }) => kemSk)
  await expectOk(await readBundleFile(file, { secrets, targetOf: () => to })).apply()
  await world.settle()
}

beforeEach(async () => {
  world = new World()
  ;[ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  known = watch(ana)
})

test('who has written nothing is told of nobody', () => {
  expect(known.latest()).toEqual([])
  expect(known.waiting()).toBe(0)
})

test('Bea said that she has it all; Cata, who was away, has what was written until Tuesday', async () => {
  await ana.writes('lunes ')
  await world.settle()
  const tuesday = hourNow()
  expect([upTo(bea), upTo(cata)]).toEqual(['all', 'all'])
  world.cut(cata)
  world.clock.pass(3 * DAY)
  await ana.writes('viernes ')
  await world.settle()
  expect([upTo(bea), upTo(cata)]).toEqual(['all', tuesday])
  expect(known.waiting()).toBe(0)
})

test('what was handed to a link counts only when the other phone has said that it has it', async () => {
  await ana.writes('uno ')
  await world.settle()
  for (const link of bea.judged.keys()) link.receive('records', () => {})
  world.cut(cata)
  await ana.writes('dos ')
  await world.settle()
  expect([upTo(bea), upTo(cata)].every((time) => time !== 'all')).toBe(true)
  expect(known.waiting()).toBe(1)
})

test('with nobody near, every change waits, until one other phone has it', async () => {
  for (const person of world.people) world.cut(person)
  for (const words of ['uno ', 'dos ', 'tres ']) await ana.writes(words)
  expect(known.waiting()).toBe(3)
  world.link(ana, bea)
  await world.settle()
  expect(known.waiting()).toBe(0)
})

test('Ana never meets Cata: Cata took it from Bea and built on it, and what she signed tells Ana so, through Bea', async () => {
  for (const person of world.people) world.cut(person)
  await ana.writes('de Ana ')
  world.link(ana, bea)
  await world.settle()
  expect(upTo(cata)).toBe(null)
  world.cut(bea)
  world.link(bea, cata)
  await world.settle()
  await cata.writes('de Cata ')
  await world.settle()
  world.cut(cata)
  world.link(ana, bea)
  await world.settle()
  expect(upTo(cata)).toBe('all')
})

test('by file alone: Bea opens Ana’s, writes, and Ana knows from Bea’s file that hers arrived', async () => {
  for (const person of world.people) world.cut(person)
  await ana.writes('de Ana ')
  await carry(ana, bea)
  expect(upTo(bea)).toBe(null)
  await bea.writes('de Bea ')
  await carry(bea, ana)
  expect(upTo(bea)).toBe('all')
})

test('a phone that is paused is not among those who have it', async () => {
  await ana.writes('uno ')
  await world.settle()
  ana.replica.suspend(cata.device, 'lost')
  await world.settle()
  expect(known.latest().map(({ device }) => device)).toEqual([bea.device])
})

test('it is remembered when the app is opened again with nobody there', async () => {
  await ana.writes('uno ')
  await world.settle()
  const then = hourNow()
  for (const person of world.people) world.cut(person)
  world.clock.pass(2 * DAY)
  await ana.writes('dos ')
  await known.close()
  await ana.restarts()
  known = watch(ana)
  await expect.poll(() => upTo(bea)).toBe(then)
})

test('Mallory claims to hold more than was ever written: that counts for nothing', async () => {
  await ana.writes('uno ')
  for (const person of world.people) world.cut(person)
  await ana.writes('dos ')
  const feed = ana.replica.feed!
  const { rec } = ana.replica.feeds.heads().find((head) => head.feed === feed)!
  const others = ana.syncing.onHave
  const heard: Parameters<typeof others>[0][] = []
  const mallory = new Acknowledged({
    replica: ana.replica,
    syncing: Object.assign(Object.create(ana.syncing) as typeof ana.syncing, {
      onHave: (listener: (typeof heard)[number]) => {
        heard.push(listener)
        return () => {}
      },
    }),
    storage: ana.storage,
    clock: world.clock,
    moved: () => {},
  })
  heard[0]!(bea.device, [{ feed, seq: 99, rec }])
  heard[0]!(bea.device, [
    { feed, seq: 1, rec: bea.replica.feeds.heads()[0]?.rec ?? ('00'.repeat(32) as typeof rec) },
  ])
  expect(mallory.latest().find(({ device }) => device === bea.device)?.upTo).not.toBe('all')
})

test('the row comes back as it was, and any other bytes are nothing', () => {
  const row = {
    marks: [{ feed: ana.replica.feed!, seq: 3, at: 7 * HOUR }],
    held: [{ device: bea.device, feed: ana.replica.feed!, seq: 2 }],
  }
  const bytes = encodeAcknowledged(row)
  expect(parseAcknowledged(bytes)).toEqual(row)
  for (let at = 0; at < bytes.length; at++) {
    expect(() => parseAcknowledged(bytes.subarray(0, at))).not.toThrow()
    expect(() => parseAcknowledged(bytes.map((byte, i) => (i === at ? byte ^ 255 : byte)))).not.toThrow()
  }
  expect(parseAcknowledged(new Uint8Array([1, 2, 3]))).toEqual({ marks: [], held: [] })
  expect(acknowledgedKey(ana.replica.coll)).not.toContain('Ana')
})
