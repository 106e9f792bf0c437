import { beforeEach, expect, test } from 'vitest'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { World, type Person } from '../world/cast.ts'
import { createDisk, type Disk } from '../world/frail-storage.ts'

let world: World
let ana: Person, bea: Person, cata: Person

beforeEach(async () => {
  world = new World(11)
  world.storageOf = () => createDisk()
  const three = await world.found('Ana', 'Bea', 'Cata')
  ;[ana, bea, cata] = three as [Person, Person, Person]
  await ana.writes('hola ')
  await world.settle()
})

const disk = (person: Person) => person.storage as Disk
const epochs = ({ replica }: Person) => [...replica.state.epochs.keys()]

test('Ana’s disk takes nothing any more: nobody hears of a key that would be gone with it', async () => {
  const before = epochs(bea)
  disk(ana).dieAfter(0)
  ana.replica.rotate()
  await world.settle()
  expect(epochs(ana).length).toBe(before.length + 1)
  expect(epochs(bea)).toEqual(before)
  ana.storage = disk(ana).nextStart()
  world.cut(ana)
  ana.replica.close()
  await ana.restarts()
  world.connectAll()
  await world.settle()
  await bea.writes('seguimos ')
  await world.settle()
  expect(ana.reads()).toContain('seguimos')
})

test('whoever made a key is gone with its boxes: those who stay make another one and go on', async () => {
  world.cut(bea)
  ana.replica.rotate()
  await ana.replica.flush()
  // Bea hears of it from a file, and of no box.
  bea.replica.absorbEntries(ana.replica.entriesSince([]))
  world.cut(ana)
  world.link(bea, cata)
  await bea.writes('sin llave ')
  expect(bea.replica.saving.read()).toBe('saving')
  world.clock.pass(10_000)
  await world.settle()
  expect(bea.replica.saving.read()).toBe('saved')
  expect(cata.reads()).toContain('sin llave')
})

test('Cata was suspended by mistake: back again, she reads what was written meanwhile', async () => {
  const act = ana.replica.suspend(cata.device, 'doubtful')
  await world.settle()
  await bea.writes('mientras tanto ')
  await world.settle()
  expect(cata.reads()).not.toContain('mientras')
  ana.replica.act({ type: 'withdraw', target: act })
  await world.settle()
  world.clock.pass(10_000)
  await world.settle()
  expect(cata.reads()).toContain('mientras tanto')
  await cata.writes('gracias ')
  await world.settle()
  expect(ana.reads()).toContain('gracias')
})

test('what Cata wrote while she and Bea were suspended counts when she is back', async () => {
  world.cut(cata)
  cata.replica.suspend(bea.device, 'doubtful')
  const act = ana.replica.suspend(cata.device, 'doubtful')
  await ana.replica.flush()
  cata.replica.absorbEntries(ana.replica.entriesSince([]))
  await cata.writes('a solas ')
  ana.replica.act({ type: 'withdraw', target: act })
  world.connectAll()
  await world.settle()
  world.clock.pass(10_000)
  await world.settle()
  expect(cata.reads()).toContain('a solas')
  expect(ana.reads()).toContain('a solas')
})

test('a decision that has no effect is carried out once by each, not for ever', async () => {
  const newcomer = await world.admit('Dora', ana, bea)
  const proposal = newcomer.replica.act({
    type: 'propose',
    proposal: { action: 'policy', policy: { admit: 3 } },
  })
  for (const person of [ana, bea, cata]) person.replica.act({ type: 'approve', proposal, seen: [] })
  for (let i = 0; i < 12; i++) {
    world.clock.pass(5000)
    await world.settle()
  }
  const carriedOut = ana.replica.ledger.topological().filter(({ act }) => act?.type === 'enact')
  expect(carriedOut.length).toBeLessThanOrEqual(1 + world.people.length)
})

// The simulation's seed 62 lived through it: gone with a phone, it left all that a newcomer wrote standing on nothing.
test('what Ana’s disk did not take is handed to no newcomer, until it does', async () => {
  disk(ana).dieAfter(0)
  await ana.writes('a punto de perderse ')
  expect(ana.replica.welcome(bea.device)).not.toBeNull()
  expect(await ana.replica.welcomeOnDisk(bea.device)).toBeNull()
  disk(ana).dieAfter(Number.POSITIVE_INFINITY)
  world.clock.pass(15_000)
  expect(await ana.replica.welcomeOnDisk(bea.device)).not.toBeNull()
})

test('Ana’s disk takes nothing while Bea asks twice: once it does, Bea gets all of it, from where the first asking began', async () => {
  disk(ana).dieAfter(0)
  for (const word of ['uno ', 'dos ', 'tres ']) {
    await ana.writes(word)
    // Ana is told how far Bea holds her, and has nothing on disk to answer with.
    await bea.writes('¿y? ')
    await world.settle()
  }
  expect(bea.reads()).not.toContain('uno')
  disk(ana).dieAfter(Number.POSITIVE_INFINITY)
  world.clock.pass(15_000)
  await world.settle()
  for (const word of ['uno', 'dos', 'tres']) expect(bea.reads()).toContain(word)
  expect(bea.replica.feeds.waiting().gaps).toBe(0)
})

// The simulation’s seed 2663 lived through it, inside a link: what asks the other end to begin came twice.
test('Ana’s end of a link begins anew and Bea’s does not hear of it: before long both have agreed again', async () => {
  world.cut(cata)
  const [link, attached] = [...ana.judged].find(([{ peer }]) => peer === bea.device)!
  attached.detach()
  ana.attach(link)
  await world.settle()
  await ana.writes('¿me oyes? ')
  await world.settle()
  expect(bea.reads()).not.toContain('oyes')
  for (let i = 0; i < 3; i++) {
    world.clock.pass(25_000)
    await world.settle()
  }
  expect(bea.reads()).toContain('oyes')
  await bea.writes('te oigo ')
  await world.settle()
  expect(ana.reads()).toContain('te oigo')
})

// The simulation’s seed 3282 lived through it.
test('nobody’s disk takes anything while Dora asks for a newer welcome: once they do, she is given one', async () => {
  world.cut(cata)
  world.people.splice(world.people.indexOf(cata), 1)
  let hears = (_: Person) => {}
  cata.replica.on({
    wrote: (record, seal) =>
      (hears = ({ replica }) => void replica.absorbSegment([record.wire], Replica.sealWire(seal))),
  })
  await cata.writes('desde el cerro ')
  const dora = await world.admit('Dora', ana, bea)
  for (const person of [ana, bea]) {
    hears(person)
    await person.replica.flush()
    disk(person).dieAfter(0)
    await person.writes('sin espacio ')
  }
  hears(dora)
  await world.settle()
  expect(dora.replica.lacking()).not.toBeNull()
  for (const person of [ana, bea]) disk(person).dieAfter(Number.POSITIVE_INFINITY)
  for (let i = 0; i < 4; i++) {
    world.clock.pass(25_000)
    await world.settle()
  }
  expect(dora.reads()).toContain('desde el cerro')
  expect(dora.replica.lacking()).toBeNull()
})
