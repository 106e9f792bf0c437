import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { World, type Person } from '../world/cast.ts'
import { loses } from '../world/loss.ts'
import { House } from './house.ts'

const DAY_MS = 24 * 3_600_000

const withKeeper = async () => {
  const world = new World()
  const [ana, bea, caro] = (await world.found('Ana', 'Bea', 'Caro')) as [Person, Person, Person]
  const house = await House.open(world)
  await house.letIn(ana, bea)
  house.link(ana)
  await house.settle()
  house.cut()
  return { world, ana, bea, caro, house }
}

const settleTogether = async (world: World, ...people: Person[]) => {
  const [first, ...others] = people as [Person, ...Person[]]
  await first.replica.flush()
  const id = expectOk(first.replica.checkpoints.propose())
  await world.settle()
  for (const other of others) expectOk(other.replica.checkpoints.cosign(id))
  await world.settle()
  return id
}

test('a month below what is settled a keeper lets go of boxes, from its disk too, and asks for them no more', async () => {
  const { world, ana, bea, caro, house } = await withKeeper()
  house.link(ana)
  await house.settle()
  const early = [...house.keeping.state!.epochs.keys()]
  const boxes = Buffer.from((await house.keeping.boxes(early[0]!))!)
  expect(house.disk().includes(boxes)).toBe(true)
  const final = await settleTogether(world, ana, bea, caro)
  ana.replica.rotate()
  await house.settle()
  expect(house.keeping.pin).toBe(final)
  house.ahead += 29 * DAY_MS
  await house.keeping.tidy()
  expect(house.disk().includes(boxes)).toBe(true)
  await house.restarts()
  expect(house.keeping.pin).toBe(final)
  house.ahead += 2 * DAY_MS
  await house.keeping.tidy()
  expect(house.disk().includes(boxes)).toBe(false)
  expect(house.keeping.missingBoxes()).toEqual([])
  const newest = [...house.keeping.state!.epochs.keys()].find((epoch) => !early.includes(epoch))!
  expect(await house.keeping.boxes(newest)).not.toBeNull()
})

test('two phones sign as one: the keeper keeps both branches, and who meets it alone learns of it', async () => {
  const { world, ana, bea, caro, house } = await withKeeper()
  house.link(ana)
  house.link(bea)
  await house.settle()
  const twin = await bea.copied()
  world.cut(caro)
  world.cut(ana)
  await bea.writes('de Bea')
  await house.settle()
  world.cut(bea)
  await twin.writes('de quien copió')
  house.link(twin)
  await house.settle()
  expect(house.keeping.shelf!.forkOf(bea.replica.feed!)).not.toBeNull()
  world.cut(twin)
  await house.restarts()
  house.link(caro)
  await house.settle()
  expect(caro.replica.feeds.forkOf(bea.replica.feed!)).not.toBeNull()
})

test('a third phone signs for an earlier place: who knew of the first two learns of it from the keeper', async () => {
  const { world, ana, bea, caro, house } = await withKeeper()
  for (const person of [ana, bea, caro]) world.cut(person)
  const early = await bea.copied()
  await bea.writes('una ')
  const late = await bea.copied()
  await bea.writes('dos ')
  await late.writes('otra ')
  for (const phone of [bea, late]) {
    house.link(phone)
    await house.settle()
    world.cut(phone)
  }
  const forkOf = () => caro.replica.feeds.forkOf(bea.replica.feed!)
  house.link(caro)
  await house.settle()
  const first = forkOf()
  await early.writes('primera ')
  house.link(early)
  await house.settle()
  expect(forkOf()).not.toBe(first)
  expect(forkOf()).toBe(house.keeping.shelf!.forkOf(bea.replica.feed!))
})

test('a damaged place on its disk makes a hole that the next member fills', async () => {
  const { ana, house } = await withKeeper()
  house.link(ana)
  await house.settle()
  const sizes = [house.storage.size]
  for (const word of ['uno ', 'dos ', 'tres ']) {
    await ana.writes(word)
    await house.settle()
    sizes.push(house.storage.size)
  }
  const feed = ana.replica.feed!
  const extent = () => house.keeping.shelf!.extents().find((one) => one.feed === feed)
  expect(extent()).toMatchObject({ from: 0, seq: 2 })
  await house.close()
  const path = join(house.folder, 'log')
  const log = readFileSync(path)
  log[sizes[1]! + 60]! ^= 1
  writeFileSync(path, log)
  await house.begin()
  expect(house.storage.damaged).toBe(1)
  expect(extent()).toMatchObject({ from: 2, seq: 2 })
  house.link(ana)
  await house.settle()
  expect(extent()).toMatchObject({ from: 0, seq: 2 })
})

test('a damaged beginning of its ledger comes again from whoever asked it', async () => {
  const { ana, house } = await withKeeper()
  house.link(ana)
  await house.settle()
  const heads = house.keeping.ledger!.heads()
  await house.close()
  const path = join(house.folder, 'log')
  const log = readFileSync(path)
  // The second commit: the ledger as it came first.
  const second = log.indexOf('LKL1', log.indexOf('LKL1') + 1)
  log[second + 60]! ^= 1
  writeFileSync(path, log)
  await house.begin()
  expect(house.keeping.ledger).toBeNull()
  house.link(ana)
  await house.settle()
  expect(house.keeping.ledger!.heads()).toEqual(heads)
  await house.restarts()
  expect(house.keeping.ledger!.heads()).toEqual(heads)
  expect(house.keeping.standing()).toBe('active')
})

test('as long as the others have not agreed, nobody gives a keeper anything', async () => {
  const world = new World()
  const [ana] = (await world.found('Ana', 'Bea', 'Caro')) as [Person, Person, Person]
  const house = await House.open(world)
  await house.keeping.accept({ coll: ana.replica.coll, pin: null, by: ana.replica.own.device })
  const { device } = house.identity.own
  const binding = house.binding(ana.replica.coll)
  ana.replica.act({
    type: 'propose',
    proposal: { action: 'keeper', device, deviceId: house.device, binding },
  })
  await house.settle()
  expect(ana.replica.state.devices.has(house.device)).toBe(false)
  expect(house.keeping.standing()).toBe('waiting')
  expect(house.keeping.peers().map(({ id }) => id)).toEqual([ana.device])
  expect(house.keeping.ledger).toBeNull()
})

test('small rows of a long feed become few at the next start, and say the same', async () => {
  const { world, ana, caro, house } = await withKeeper()
  world.cut(caro)
  house.link(ana)
  await house.settle()
  for (let n = 0; n < 70; n++) {
    await ana.writes(`${n} `)
    await world.network.settle()
    await house.keeping.settled()
  }
  await house.settle()
  const feed = ana.replica.feed!
  const extent = () => house.keeping.shelf!.extents().find((one) => one.feed === feed)!
  const before = extent()
  expect(before.runs).toBeGreaterThan(64)
  await house.restarts()
  expect(extent()).toEqual({ ...before, runs: 1 })
  world.cut(ana)
  house.link(caro)
  await house.settle()
  expect(caro.reads()).toBe(ana.reads())
})

test('what came to a keeper too early to be taken it asks for again within a minute, as members do', async () => {
  const { world, ana, house } = await withKeeper()
  house.link(ana)
  await house.settle()
  const link = [...ana.judged.keys()].find(({ peer }) => peer === house.device)!
  const stop = loses(link, 'segment')
  await ana.writes('demasiado pronto ')
  await house.settle()
  stop()
  const { seq } = ana.replica.feeds.heads().find(({ feed }) => feed === ana.replica.feed)!
  expect(house.keeping.shelf!.recordAt(ana.replica.feed!, seq)).toBeNull()
  for (let i = 0; i < 12; i++) {
    world.clock.pass(5000)
    await house.settle()
  }
  expect(house.keeping.shelf!.recordAt(ana.replica.feed!, seq)).not.toBeNull()
})

test('and what a keeper sent too early it sends again to whoever asks', async () => {
  const { world, ana, bea, house } = await withKeeper()
  for (const person of world.people) world.cut(person)
  house.link(bea)
  await bea.writes('por medio de quien guarda ')
  await house.settle()
  world.cut(bea)
  house.link(ana)
  const link = [...ana.judged.keys()].find(({ peer }) => peer === house.device)!
  const stop = loses(link.other!, 'segment')
  await house.settle()
  stop()
  expect(ana.reads()).not.toContain('por medio')
  for (let i = 0; i < 12; i++) {
    world.clock.pass(5000)
    await house.settle()
  }
  expect(ana.reads()).toContain('por medio')
})

/** Every head of the ledger that the keeper has named to anybody since it had said so many things. */
const toldBy = (house: House, since: number) =>
  house.said.slice(since).flatMap((message) => {
    const parsed = parseSyncMessage(message)
    if (!parsed.ok) return []
    const { value } = parsed
    if (value.type === 'want') return value.have
    return value.type === 'heads' || value.type === 'entries' || value.type === 'again' ? value.heads : []
  })

/** Time goes by, for what is said again and again. */
const live = async (house: House, seconds: number) => {
  for (let passed = 0; passed < seconds; passed += 5) {
    house.world.clock.pass(5000)
    await house.settle()
  }
}

test('a disk that takes no more acts: it is said, and they count and are handed on, but are held out to nobody as kept', async () => {
  const { world, ana, bea, caro, house } = await withKeeper()
  world.cut(caro)
  house.link(ana)
  await house.settle()
  house.full.add('ledger')
  const before = house.said.length
  const act = bea.replica.act({ type: 'merge' })
  await house.settle()
  await ana.writes('después')
  await house.settle()
  expect(house.keeping.room.state.read()).toBe('disk failed')
  expect(ana.syncing.isFull(house.device)).toBe(true)
  expect(house.keeping.ledger!.has(act)).toBe(true)
  world.cut(ana)
  house.link(caro)
  await house.settle()
  await live(house, 5)
  expect(caro.replica.ledger.has(act)).toBe(true)
  expect(toldBy(house, before)).not.toContain(act)
  // What is signed under acts that are not on the disk does not go there before them.
  const kept = () => house.keeping.shelf!.extents().find(({ feed }) => feed === ana.replica.feed)
  expect(kept()).toBeUndefined()
  await house.restarts()
  expect(house.keeping.ledger!.has(act)).toBe(false)
})

test('and once there is room again they are written within half a minute, without anybody coming back', async () => {
  const { ana, bea, house } = await withKeeper()
  house.link(ana)
  await house.settle()
  house.full.add('ledger')
  const act = bea.replica.act({ type: 'merge' })
  await house.settle()
  await ana.writes('después')
  await house.settle()
  house.full.clear()
  const before = house.said.length
  await live(house, 30)
  expect(house.keeping.room.state.read()).toBe('room')
  // Who was told that there is no room begins anew.
  expect(house.linked).toBe(0)
  house.link(ana)
  await house.settle()
  expect(toldBy(house, before)).toContain(act)
  await house.restarts()
  expect(house.keeping.ledger!.has(act)).toBe(true)
  expect(house.keeping.shelf!.extents().map(({ feed, seq }) => [feed, seq])).toContainEqual([
    ana.replica.feed,
    0,
  ])
})
