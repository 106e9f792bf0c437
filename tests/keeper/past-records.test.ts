import { expect, test, vi } from 'vitest'
import type { EpochId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { FeedShelf, type Shelved } from '../../src/keeper/feed-shelf.ts'
import { encodeGone, encodeHeld, parseGone, parseHeld } from '../../src/keeper/rows.ts'
import { parseRun } from '../../src/lib/feed/run.ts'
import { inspect } from '../../src/keeper/inspect.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { World, type Person } from '../world/cast.ts'
import { House } from './house.ts'

vi.setConfig({ testTimeout: 120_000 })

const DAY_MS = 24 * 3_600_000

const withKeeper = async () => {
  const world = new World()
  const [ana, bea, caro] = (await world.found('Ana', 'Bea', 'Caro')) as [Person, Person, Person]
  const house = await House.open(world)
  await house.letIn(ana, bea)
  house.link(ana)
  await house.settle()
  return { world, ana, bea, caro, house }
}

const agree = async (house: House, first: Person, ...others: Person[]) => {
  const { world } = house
  await first.replica.flush()
  const id = expectOk(first.replica.checkpoints.propose())
  await world.settle()
  for (const other of others) expectOk(other.replica.checkpoints.cosign(id))
  await house.settle()
  return id
}

/** What of each record on the keeper’s disk is nobody’s but its author’s. */
const sealedOn = async ({ storage }: House): Promise<readonly Buffer[]> =>
  expectOk(await storage.all('records')).rows.flatMap(([, value]) =>
    parseRun(value)!.records.map(({ ct }) => Buffer.from(ct)),
  )

const on = (house: House, sealed: readonly Buffer[]) =>
  sealed.filter((ct) => house.disk().includes(ct)).length

const extentOf = (house: House, { replica }: Person) =>
  house.keeping.shelf!.extents().find(({ feed }) => feed === replica.feed)

/** Months go by on the keeper’s calendar, and it tidies up. */
const pass = async (house: House, days: number) => {
  house.ahead += days * DAY_MS
  await house.keeping.tidy()
}

test('a month below what is settled a keeper lets go of records, from its disk too; what came later it keeps and serves', async () => {
  const { world, ana, bea, caro, house } = await withKeeper()
  for (const word of ['uno ', 'dos ', 'tres ']) await ana.writes(word)
  await bea.writes('de Bea ')
  await house.settle()
  const before = await sealedOn(house)
  expect(before.length).toBeGreaterThan(3)
  await agree(house, ana, bea, caro)
  world.cut(caro)
  ana.replica.rotate()
  await house.settle()
  await ana.writes('después ')
  await house.settle()
  await pass(house, 29)
  expect(on(house, before)).toBe(before.length)
  await house.restarts()
  await pass(house, 2)
  expect(on(house, before)).toBe(0)
  const { seq } = extentOf(house, ana)!
  expect(extentOf(house, ana)).toMatchObject({ from: seq, isWhole: true, runs: 1 })
  expect((await inspect(house.folder, systemRandom)).join('\n')).toContain(
    `${bea.replica.feed!}  no record left`,
  )
  // Bea still has them all. They are not asked for, and not taken.
  const said = house.said.length
  await house.restarts()
  house.link(bea)
  for (let i = 0; i < 12; i++) {
    world.clock.pass(10_000)
    await house.settle()
  }
  expect(on(house, before)).toBe(0)
  const kinds = house.said.slice(said).flatMap((message) => {
    const parsed = parseSyncMessage(message)
    return parsed.ok ? [parsed.value.type] : []
  })
  expect(kinds).not.toContain('again')
  await ana.writes('y más')
  await house.settle()
  world.cut(bea)
  world.cut(ana)
  house.link(caro)
  await house.settle()
  expect(caro.reads()).toBe(ana.reads())
  expect(caro.reads()).toContain('y más')
})

test('what Bea wrote while she was away under a key of before comes to the keeper late: it is kept, and Caro reads it from there', async () => {
  const { world, ana, bea, caro, house } = await withKeeper()
  await bea.writes('temprano ')
  await house.settle()
  await agree(house, ana, bea, caro)
  world.cut(bea)
  await bea.writes('de lejos ')
  ana.replica.rotate()
  await house.settle()
  await pass(house, 31)
  world.cut(caro)
  world.cut(ana)
  house.link(bea)
  await house.settle()
  await pass(house, 40)
  await house.restarts()
  await pass(house, 1)
  world.cut(bea)
  house.link(caro)
  await house.settle()
  expect(caro.reads()).toContain('de lejos')
  // The next they agree on holds it: a month later it is gone as well.
  world.connectAll()
  house.link(ana)
  await house.settle()
  await agree(house, ana, bea, caro)
  ana.replica.rotate()
  await house.settle()
  const late = await sealedOn(house)
  expect(late.length).toBeGreaterThan(0)
  await pass(house, 31)
  expect(on(house, late)).toBe(0)
})

test('Caro meets nobody but the keeper for more than a month: once all it holds for her is here her old keys go, as with people', async () => {
  const { world, ana, bea, caro, house } = await withKeeper()
  await agree(house, ana, bea, caro)
  const [then] = [...caro.replica.state.epochs.keys()].slice(-1) as [EpochId]
  world.cut(caro)
  for (let days = 0; days < 34; days += 2) {
    world.clock.sleep(2 * DAY_MS)
    await house.settle()
  }
  await ana.writes('semanas después ')
  await house.settle()
  await caro.restarts()
  for (const one of [ana, bea]) world.cut(one)
  expect(caro.replica.keyring.has(then)).toBe(true)
  house.link(caro)
  for (let round = 0; round < 3; round++) {
    world.clock.pass(20_000)
    await house.settle()
  }
  expect(caro.reads()).toBe('semanas después ')
  expect(caro.replica.keyring.has(then)).toBe(false)
})

test('Eve’s phone cannot make a keeper forget: what it proposes alone, under whatever epoch it made, takes nothing away', async () => {
  const { world, ana, bea, caro, house } = await withKeeper()
  await ana.writes('de Ana ')
  await house.settle()
  const before = await sealedOn(house)
  const eve = caro
  expectOk(eve.replica.checkpoints.propose())
  eve.replica.rotate()
  await world.settle()
  expectOk(eve.replica.checkpoints.propose())
  await house.settle()
  await pass(house, 400)
  expect(on(house, before)).toBe(before.length)
  expect(house.keeping.state!.finals).toEqual([])
  expect(bea.reads()).toBe(ana.reads())
})

test('a keeper that turned people away for want of room takes from them again once it let go', async () => {
  const world = new World()
  const [ana, bea, caro] = (await world.found('Ana', 'Bea', 'Caro')) as [Person, Person, Person]
  const house = await House.open(world, { quota: 120_000 })
  await house.letIn(ana, bea)
  house.link(ana)
  for (let n = 0; n < 4; n++) {
    await ana.writes(Buffer.from(systemRandom.bytes(9000)).toString('hex'))
    await house.settle()
  }
  expect(house.keeping.room.state.read()).toBe('used up')
  await agree(house, ana, bea, caro)
  ana.replica.rotate()
  await house.settle()
  await pass(house, 31)
  expect(house.keeping.room.state.read()).toBe('room')
  house.cut()
  house.link(ana)
  await ana.writes('cabe otra vez')
  await house.settle()
  expect(extentOf(house, ana)!.seq).toBe(ana.replica.feeds.nextSeq(ana.replica.feed!) - 1)
})

test('a run that goes on above stays from there on, in both branches of a forked feed', () => {
  const id = (n: number) => new Uint8Array(32).fill(n)
  const run = (key: string, seq: number, first: number, count: number): Shelved => ({
    key,
    seq,
    prev: null,
    count,
    ids: Buffer.concat(Array.from({ length: count }, (_, i) => id(first + i))),
    bytes: count,
  })
  const shelf = new FeedShelf()
  shelf.add(run('a', 0, 10, 6))
  shelf.add(run('b', 3, 30, 4))
  expect(shelf.idsAt(4)).toHaveLength(2)
  const gone = { seq: 4, rec: shelf.idsAt(4)[0]! }
  shelf.letGo(gone, [run('c', 5, 15, 1), run('d', 5, 32, 2)])
  expect(shelf.extent).toMatchObject({ from: 5, isWhole: true, seq: 6 })
  expect([shelf.idsAt(4), shelf.idsAt(5).length, shelf.bytes]).toEqual([[], 2, 3])
  expect(shelf.takes({ pub: { seq: 4, prev: null } as never })).toBe(false)
})

test('what it writes down of that is read back, and no damage of it throws', () => {
  const world = new World(3)
  return world.found('Ana', 'Bea').then(([ana]) => {
    const feed = ana!.replica.feed!
    const held = [{ at: 5, seqs: new Map([[feed, 7]]) }]
    expect(parseHeld(encodeHeld(held))).toEqual(held)
    const gone = new Map([[feed, { seq: 3, rec: feed as never }]])
    expect(parseGone(encodeGone(gone))).toEqual(gone)
    for (const wire of [encodeHeld(held), encodeGone(gone)])
      for (let i = 0; i < wire.length; i++) {
        const bad = wire.map((byte, at) => (at === i ? byte ^ 0x41 : byte))
        for (const bytes of [bad, wire.subarray(0, i)]) {
          expect(Array.isArray(parseHeld(bytes))).toBe(true)
          expect(parseGone(bytes)).toBeInstanceOf(Map)
        }
      }
  })
})
