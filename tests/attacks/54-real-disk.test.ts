import { beforeEach, expect, test, vi } from 'vitest'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { dump, meddle, newBrowser } from '../store/disks.ts'
import { World, type Person } from '../world/cast.ts'
import { realDisk, type RealDisk } from '../world/real-disk.ts'

beforeEach(newBrowser)

/** Three who wrote; what Cata’s phone keeps lies in a database, sealed, as on her phone. */
const three = async (
  seed: number,
): Promise<{ world: World; ana: Person; bea: Person; cata: Person; disk: RealDisk }> => {
  const world = new World(seed)
  const disk = await realDisk()
  world.storageOf = (name) => (name === 'Cata' ? disk.storage : null)
  const [ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  await ana.writes('hola ')
  await cata.writes('de todas ')
  await world.settle()
  return { world, ana, bea, cata, disk }
}

const flipped = (value: Uint8Array, at: number): Uint8Array => {
  const bytes = value.slice()
  bytes[at % bytes.length]! ^= 1 << (at % 8)
  return bytes
}

test('attack 54: a bit turns in any of the rows on Cata’s phone, as they lie there: it is said, or she is whole again when she meets the others', async () => {
  const count = await three(540)
    .then(() => dump())
    .then((rows) => rows.length)
  expect(count).toBeGreaterThan(8)
  let whole = 0
  const step = process.env.SLOW === '1' ? 1 : Math.ceil(count / 8)
  for (let hit = 0; hit < count; hit += step) {
    newBrowser()
    const { world, ana, cata, disk } = await three(540)
    world.cut(cata)
    cata.replica.close()
    const [table, name, value] = (await dump())[hit]!
    await meddle(table, name, flipped(value, 7 + 13 * hit))
    const { row } = cata.replica
    const { clock, random } = world
    cata.storage = await disk.again()
    const restored = await Replica.restore({ row, storage: cata.storage, clock, random })
    if (!restored.ok) {
      expect(restored.error.type, table).toBe('BadLedger')
      continue
    }
    restored.value.close()
    whole += 1
    await cata.restarts()
    world.connectAll()
    await world.settle()
    world.clock.pass(60_000)
    await world.settle()
    await cata.writes('otra vez ')
    await world.settle()
    for (const person of world.people) {
      for (const word of ['hola', 'de todas', 'otra vez'])
        expect(person.reads(), `${table}: ${person.name}`).toContain(word)
      expect(person.replica.feeds.forks(), table).toEqual([])
    }
    expect(ana.replica.ledger.heads()).toEqual(cata.replica.ledger.heads())
  }
  expect(whole).toBeGreaterThan(count / step / 2)
}, 120_000)

test('attack 54: Cata’s phone is full: what she writes stays on her page, she is told, nobody hears of it, and it is sent once there is room', async () => {
  const { world, ana, cata } = await three(541)
  const full = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('no room', 'QuotaExceededError')
  })
  try {
    await cata.writes('sin espacio ')
    cata.replica.rotate()
    await ana.writes('sigo ')
    await world.settle()
    expect(cata.replica.saving.read()).toBe('failed')
    expect(cata.reads()).toContain('sin espacio')
    expect(cata.reads()).toContain('sigo')
    expect(ana.reads()).not.toContain('sin espacio')
    expect([...ana.replica.state.epochs.keys()].length).toBeLessThan(cata.replica.state.epochs.size)
  } finally {
    full.mockRestore()
  }
  world.clock.pass(20_000)
  await world.settle()
  world.clock.pass(20_000)
  await world.settle()
  expect(cata.replica.saving.read()).toBe('saved')
  expect(ana.reads()).toContain('sin espacio')
  for (const { replica } of world.people) {
    expect(replica.feeds.forks()).toEqual([])
    expect(replica.ledger.heads()).toEqual(ana.replica.ledger.heads())
  }
}, 60_000)

test('attack 54: Cata’s phone is full and then off: what was said to be saved is there, what was not is not, and nothing is signed twice', async () => {
  const { world, ana, cata, disk } = await three(542)
  const { put } = IDBObjectStore.prototype
  let room = 2
  const full = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
    this: IDBObjectStore,
    ...args: Parameters<typeof put>
  ) {
    if (room-- <= 0) throw new DOMException('no room', 'QuotaExceededError')
    return put.apply(this, args)
  })
  try {
    await cata.writes('cabe ')
    expect(cata.replica.saving.read()).toBe('saved')
    await cata.writes('ya no cabe ')
    expect(cata.replica.saving.read()).toBe('failed')
    await world.settle()
    world.cut(cata)
    cata.replica.close()
  } finally {
    full.mockRestore()
  }
  cata.storage = await disk.again()
  await cata.restarts()
  expect(cata.reads()).toContain('cabe ')
  expect(cata.reads()).not.toContain('ya no cabe')
  world.connectAll()
  await cata.writes('de vuelta ')
  await world.settle()
  expect(ana.reads()).toBe(cata.reads())
  expect(ana.reads()).not.toContain('ya no cabe')
  for (const { replica } of world.people) expect(replica.feeds.forks()).toEqual([])
}, 60_000)

test('attack 54: the browser throws Cata’s database away: a start finds nothing and says so; the others lose nothing', async () => {
  const { world, ana, bea, cata } = await three(543)
  world.cut(cata)
  cata.replica.close()
  const { row } = cata.replica
  newBrowser()
  const { storage } = await realDisk()
  expect(await Replica.restore({ row, storage, clock: world.clock, random: world.random })).toEqual({
    ok: false,
    error: { type: 'BadLedger' },
  })
  await bea.writes('seguimos ')
  await world.settle()
  for (const person of [ana, bea])
    for (const word of ['hola', 'de todas', 'seguimos']) expect(person.reads()).toContain(word)
})
