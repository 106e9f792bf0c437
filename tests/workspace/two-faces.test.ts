import { expect, test } from 'vitest'
import { memberIdFrom } from '../../src/lib/core/ids.ts'
import { createDevice, signBinding } from '../../src/lib/crypto/device.ts'
import { World, type Person } from '../world/cast.ts'

const later = async (world: World) => {
  for (let i = 0; i < 4; i++) {
    await world.settle()
    world.clock.pass(10_000)
  }
  await world.settle()
}

/** Ana and Bea let Dora in, and only Ana is there when she comes: of Bea’s records Ana has none that are new. */
const enters = async (world: World, ana: Person, bea: Person): Promise<Person> => {
  const { coll } = ana.replica
  const own = createDevice(world.random)
  const member = memberIdFrom(world.random.bytes(16))!
  const proposal = ana.replica.act({
    type: 'propose',
    proposal: {
      ...{ action: 'admit', member, device: own.device, deviceId: own.id },
      ...{ binding: signBinding(own, coll, member), proof: null, verified: 'scan' },
    },
  })
  bea.replica.absorbEntries(ana.replica.entriesSince([]))
  await ana.replica.flush()
  bea.replica.absorbEntries(ana.replica.entriesSince([]))
  bea.replica.act({ type: 'approve', proposal, seen: [] })
  bea.replica.act({ type: 'enact', proposal })
  await bea.replica.flush()
  ana.replica.absorbEntries(bea.replica.entriesSince([]))
  ana.replica.rotate()
  await ana.replica.flush()
  const entries = ana.replica.ledger.since([]).map(({ wire }) => wire)
  const dora = await world.enter('Dora', { coll, own, member, newcomer: true }, entries)
  world.link(dora, ana)
  await later(world)
  return dora
}

/** There are two of Cata’s phone, and each writes for the same place. Ana has the branch that will not stand, Bea the other. */
const twoFaces = async () => {
  const world = new World(23)
  const [ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  const twin = await cata.copied()
  for (const person of world.people) world.cut(person)
  await cata.writes('una ')
  await twin.writes('otra ')
  const idOf = ({ replica }: Person) => replica.feeds.recIdAt(replica.feed!, 0)!
  const [standing, falling] = idOf(cata) < idOf(twin) ? [cata, twin] : [twin, cata]
  world.link(falling, ana)
  world.link(standing, bea)
  await later(world)
  for (const person of world.people) world.cut(person)
  return { world, ana, bea, cata: [cata, twin] }
}

test('Dora begins from a branch of a copied phone that does not stand, and is told: she is heard all the same', async () => {
  const { world, ana, bea, cata } = await twoFaces()
  const dora = await enters(world, ana, bea)
  expect(dora.reads()).toBe(ana.reads())
  await dora.writes('de Dora ')
  await later(world)
  world.connectAll(world.people.filter((person) => !cata.includes(person)))
  await later(world)
  await dora.writes('y ahora ')
  await later(world)
  for (const person of [ana, bea, dora]) expect(person.reads(), person.name).toContain('y ahora')
  expect(dora.reads()).toBe(bea.reads())
  // What she wrote upon that branch stands upon nothing, and the others can bring it back.
  expect(ana.replica.setAside().map(({ device }) => device)).toContain(dora.device)
})

test('a second fork shows lower down, to Bea alone: Ana, who was told of the first, is told of it too', async () => {
  const world = new World(29)
  const [ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  for (const person of world.people) world.cut(person)
  const early = await cata.copied()
  await cata.writes('una ')
  await cata.writes('dos ')
  const late = await cata.copied()
  await cata.writes('tres ')
  await late.writes('otra ')
  for (const twin of [cata, late]) {
    world.link(twin, ana)
    await later(world)
    world.cut(twin)
  }
  world.link(ana, bea)
  await later(world)
  expect(bea.reads()).toBe(ana.reads())
  expect(bea.reads()).toContain('dos')
  await early.writes('primera ')
  world.link(early, bea)
  await later(world)
  expect(bea.replica.feeds.forks()).toHaveLength(2)
  expect(ana.replica.feeds.forks()).toHaveLength(2)
  expect(ana.reads()).toBe(bea.reads())
})
