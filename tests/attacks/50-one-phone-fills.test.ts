import { expect, test, vi } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { createRecord } from '../../src/lib/feed/record.ts'
import { encodeFeedSeal } from '../../src/lib/feed/seal.ts'
import { encodeSyncMessage, parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { World, type Person } from '../world/cast.ts'

// Hundreds of megabytes pass between three phones.
vi.setConfig({ testTimeout: 300_000 })

const MIB = 2 ** 20
const DAY_MS = 24 * 3_600_000
const AT_ONCE = 64 * MIB
const EACH_DAY = 8 * MIB
/** As much as one of those records may be missing to the measure. */
const ONE = 4 * MIB

const three = async (seed: number) => {
  const world = new World(seed)
  const [ana, bea, eve] = (await world.found('Ana', 'Bea', 'Eve')) as [Person, Person, Person]
  return { world, ana, bea, eve }
}

/** Valid records of just under four MiB, as many as said: each says something else of one thing. */
const pours = async (eve: Person, records: number) => {
  for (let i = 0; i < records; i++) {
    eve.doc.getMap('big').set('all', new Uint8Array(3.9 * MIB).fill(i))
    await eve.replica.flush()
  }
}

const held = (person: Person, of: Person) => person.replica.feeds.bytesOf(of.device)

const onDisk = async ({ storage }: Person): Promise<number> => {
  let bytes = 0
  for (const table of ['records', 'tail'] as const)
    for (const [, value] of expectOk(await storage.all(table)).rows) bytes += value.length
  return bytes
}

const minutes = async (world: World, many: number) => {
  for (let i = 0; i < 2 * many; i++) {
    world.clock.pass(30_000)
    await world.settle()
  }
}

/** Bytes of records sent to somebody since. */
const poured = (world: World, to: Person, since: number): number =>
  world.network.sent
    .slice(since)
    .filter(({ to: device, message }) => {
      const parsed = device === to.device ? parseSyncMessage(message) : null
      return parsed?.ok && parsed.value.type === 'segment'
    })
    .reduce((sum, { message }) => sum + message.length, 0)

test('attack 50: Eve’s phone signs records of four MiB without end: so much is taken in at once, then a little a day, and all else goes on', async () => {
  const { world, ana, bea, eve } = await three(50)
  await ana.writes('antes ')
  await pours(eve, 20)
  await world.settle()
  for (const person of [ana, bea]) {
    expect(held(person, eve), person.name).toBeLessThanOrEqual(AT_ONCE)
    expect(held(person, eve), person.name).toBeGreaterThan(AT_ONCE - ONE)
    expect(await onDisk(person), person.name).toBeLessThan(AT_ONCE + MIB)
    // It is said whose phone it is.
    expect(person.replica.measured.read(), person.name).toEqual([eve.device])
  }
  await ana.writes('de Ana ')
  await bea.writes('de Bea ')
  const act = bea.replica.act({ type: 'merge' })
  await world.settle()
  for (const person of [ana, bea]) {
    expect(person.reads(), person.name).toContain('de Ana')
    expect(person.reads(), person.name).toContain('de Bea')
    expect(person.replica.ledger.has(act)).toBe(true)
    expect(person.replica.feeds.waiting()).toEqual({ keys: 0, deps: 0, heads: 0, gaps: 0 })
  }
  // Nobody asks for it over and over: not a byte of it passes in a quarter of an hour.
  const since = world.network.sent.length
  await minutes(world, 15)
  expect(poured(world, ana, since)).toBeLessThan(MIB)
  // What comes on top is left where it is, too; and a start is no way around it.
  await pours(eve, 1)
  await world.settle()
  await ana.restarts()
  world.connectAll()
  await world.settle()
  await ana.replica.whole()
  await world.settle()
  expect(held(ana, eve)).toBeLessThanOrEqual(AT_ONCE)
  expect(ana.replica.measured.read()).toEqual([eve.device])
  world.clock.sleep(DAY_MS)
  await minutes(world, 2)
  for (const person of [ana, bea]) {
    expect(held(person, eve), person.name).toBeLessThanOrEqual(AT_ONCE + EACH_DAY)
    expect(held(person, eve), person.name).toBeGreaterThan(AT_ONCE + EACH_DAY - ONE)
  }
})

test('attack 50: Bea pauses Eve’s phone where it stands for her: Ana, who was away, gets all that counts now, and no more', async () => {
  const { world, ana, bea, eve } = await three(51)
  world.cut(ana)
  await pours(eve, 19)
  await world.settle()
  world.clock.sleep(DAY_MS)
  await minutes(world, 2)
  expect(held(bea, eve)).toBeGreaterThan(AT_ONCE)
  bea.replica.suspend(eve.device, 'doubtful')
  world.link(ana, bea)
  await world.settle()
  await minutes(world, 3)
  expect(held(ana, eve)).toBe(held(bea, eve))
  expect(ana.replica.feeds.acceptedKey()).toBe(bea.replica.feeds.acceptedKey())
  expect(ana.replica.feeds.waiting().gaps).toBe(0)
})

test('attack 50: with the next agreement the measure begins anew, for whoever really had that much to say', async () => {
  const { world, ana, bea, eve: carla } = await three(52)
  await pours(carla, 18)
  await world.settle()
  expect(ana.replica.measured.read()).toEqual([carla.device])
  world.clock.sleep(DAY_MS)
  await minutes(world, 2)
  expect(held(ana, carla)).toBe(held(carla, carla))
  const id = expectOk(ana.replica.checkpoints.propose())
  await world.settle()
  for (const { replica } of [bea, carla]) expectOk(replica.checkpoints.cosign(id))
  await world.settle()
  for (const person of [ana, bea]) {
    expect(held(person, carla), person.name).toBe(0)
    expect(person.replica.measured.read(), person.name).toEqual([])
  }
  await pours(carla, 1)
  await world.settle()
  expect(held(ana, carla)).toBe(held(carla, carla))
})

test('attack 50: what Bea wrote upon Eve’s flood comes to Ana with what it stands on, from Bea; not more', async () => {
  const { world, ana, bea, eve } = await three(53)
  await world.settle()
  world.cut(ana)
  await pours(eve, 19)
  await world.settle()
  world.clock.sleep(DAY_MS)
  await minutes(world, 2)
  await bea.writes('encima de todo ')
  await world.settle()
  expect(held(bea, eve)).toBeGreaterThan(AT_ONCE)
  world.link(ana, bea)
  world.link(ana, eve)
  await world.settle()
  await minutes(world, 3)
  expect(ana.reads()).toContain('encima de todo')
  expect(held(ana, eve)).toBe(held(bea, eve))
  expect(held(ana, eve)).toBeLessThan(held(eve, eve))
})

test('attack 50: Eve cannot make Ana’s phone look like one that pours: what Ana did not sign is not counted', async () => {
  const { world, ana, bea, eve } = await three(54)
  await ana.writes('uno ')
  await world.settle()
  const feed = ana.replica.feed!
  const epoch = [...eve.replica.state.epochs.keys()][0]!
  const key = eve.replica.keyring.key(epoch)!
  const { coll } = eve.replica
  let prev = ana.replica.feeds.recIdAt(feed, 0)
  const records = Array.from({ length: 18 }, (_, i) => {
    const docs = [{ doc: 'main' as never, update: new Uint8Array(3.9 * MIB) }]
    const body = { lheads: null, deps: [], docs }
    const record = expectOk(createRecord({ feed, seq: i + 1, prev, key, coll, epoch, body }))
    prev = record.id
    return record
  })
  const last = records.at(-1)!
  const seal = encodeFeedSeal({ feed, seq: last.pub.seq, rec: last.id, sig: new Uint8Array(64).fill(7) })
  const link = [...eve.judged.keys()].find(({ peer }) => peer === bea.device)!
  link.send('records', encodeSyncMessage({ type: 'segment', records: records.map(({ wire }) => wire), seal }))
  await world.settle()
  expect(bea.replica.measured.read()).toEqual([])
  await ana.writes('dos')
  await world.settle()
  expect(bea.reads()).toBe('uno dos')
})
