import { expect, test } from 'vitest'
import { expectOk, ok } from '../../src/lib/core/result.ts'
import { parseManifest } from '../../src/lib/feed/checkpoint.ts'
import { encodeFeedSeal } from '../../src/lib/feed/seal.ts'
import type { FeedSeal, SealedRecord } from '../../src/lib/feed/types.ts'
import { createAgreed } from '../../src/lib/workspace/checkpoint-door.ts'
import { addPerson } from '../../src/lib/domain/people.ts'
import { Dice } from '../simulation/dice.ts'
import { World, type Person } from '../world/cast.ts'
import { createDisk } from '../world/frail-storage.ts'
import { createSlowDisk, type SlowDisk } from '../world/slow-storage.ts'

const SLOW = process.env['SLOW'] === '1'

/** What a phone finds of a checkpoint that holds what all of them have. */

test('Bea’s disk is slow: she finds the same once what came is on it, and never that it differs', async () => {
  const disk = createSlowDisk()
  const world = new World()
  world.storageOf = (name) => (name === 'Bea' ? disk : null)
  const [ana, bea] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  disk.halt()
  await ana.writes('Vamos de a dos. ')
  await world.network.settle()
  const id = expectOk(ana.replica.checkpoints.propose())
  for (let round = 0; round < 6; round++) {
    await ana.replica.settled()
    await world.network.settle()
    world.clock.pass(400)
  }
  expect(bea.reads()).toBe('Vamos de a dos. ')
  expect(bea.replica.checkpoints.checkOf(id)).not.toBe('differs')
  disk.goOn()
  await world.settle()
  expect(bea.replica.checkpoints.checkOf(id)).toBe('same')
  expectOk(bea.replica.checkpoints.cosign(id))
})

test('Bea’s disk takes nothing for a while: she says nothing of it until it does', async () => {
  const disk = createDisk()
  const world = new World()
  world.storageOf = (name) => (name === 'Bea' ? disk : null)
  const [ana, bea] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  disk.dieAfter(0)
  await ana.writes('Vamos de a dos. ')
  await world.settle()
  const id = expectOk(ana.replica.checkpoints.propose())
  await world.settle()
  expect(bea.reads()).toBe('Vamos de a dos. ')
  expect(bea.replica.checkpoints.checkOf(id)).toBe('missing')
  disk.dieAfter(Number.POSITIVE_INFINITY)
  world.clock.pass(15_000)
  await world.settle()
  world.clock.pass(15_000)
  await world.settle()
  expect(bea.replica.checkpoints.checkOf(id)).toBe('same')
})

test('Bea hears of it before what it stands upon: she finds the same as soon as that has come', async () => {
  const world = new World()
  const [ana, bea] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  world.cut(bea)
  const written: [SealedRecord, FeedSeal][] = []
  ana.replica.on({ wrote: (record, seal) => void written.push([record, seal]) })
  await ana.writes('Vamos de a dos. ')
  const id = expectOk(ana.replica.checkpoints.propose())
  await ana.replica.settled()
  bea.replica.absorbEntries(ana.replica.entriesSince([]))
  const { checkpoints } = ana.replica
  const { attachment } = ana.replica.state.checkpoints.get(id)!
  const manifest = checkpoints.blob(attachment.hash)!
  for (const part of [manifest, ...[...expectOk(parseManifest(manifest)).snapshots.values()]])
    bea.replica.checkpoints.absorbBlob(part === manifest ? part : checkpoints.blob(part)!)
  await world.settle()
  expect(bea.replica.checkpoints.checkOf(id)).toBe('missing')
  for (const [record, seal] of written) bea.replica.absorbSegment([record.wire], encodeFeedSeal(seal))
  await world.settle()
  expect(bea.replica.checkpoints.checkOf(id)).toBe('same')
})

test('Ana writes on while her phone makes ready to propose: everybody finds the same', async () => {
  const disk = createSlowDisk()
  const world = new World()
  world.storageOf = (name) => (name === 'Ana' ? disk : null)
  const [ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  const agreed = doorOf(ana)
  disk.halt()
  ana.doc.getText('notes').insert(0, 'Vamos de a dos. ')
  const proposing = agreed.propose()
  ana.doc.getText('notes').insert(0, 'Siempre. ')
  disk.goOn()
  expectOk(await proposing)
  await world.settle()
  const [id] = ana.replica.state.checkpoints.keys()
  expect([bea, cata].map(({ replica }) => replica.checkpoints.checkOf(id!))).toEqual(['same', 'same'])
})

const doorOf = ({ replica }: Person) =>
  createAgreed({
    replica,
    language: () => 'es',
    mayAct: () => null,
    kept: () => replica.settled().then(() => ok(undefined)),
  })

/** Everything on its way arrives in some order, and disks take their time, as the dice say. */
const muddle = async (world: World, { disks, dice }: { disks: readonly SlowDisk[]; dice: Dice }) => {
  for (let step = 0; step < 250; step++) {
    const [busy, disk] = [world.network.busy(), dice.pick(disks)!]
    const what = dice.below(8)
    if (what < 4 && busy.length > 0) dice.pick(busy)!.deliver(1 + dice.below(3))
    else if (what === 4) disk.halt()
    else if (what === 5) disk.goOn()
    else if (what === 6) world.clock.pass(dice.below(200))
    await new Promise((resume) => setImmediate(resume))
  }
  for (const disk of disks) disk.goOn()
  await world.settle()
}

test.each(Array.from({ length: SLOW ? 200 : 12 }, (_, i) => i + 1))(
  'three found, everybody writes down their name, the first proposes: the others find the same and may sign (%i)',
  async (seed) => {
    const [dice, world] = [new Dice(seed), new World(seed)]
    const disks = [createSlowDisk(), createSlowDisk(), createSlowDisk()]
    const names = ['Ana', 'Bea', 'Cata']
    world.storageOf = (name) => disks[names.indexOf(name)] ?? null
    // Nothing has arrived yet when the first of them proposes.
    const settle = world.settle.bind(world)
    world.settle = () => Promise.resolve()
    const [ana, bea, cata] = (await world.found(...names)) as [Person, Person, Person]
    world.settle = settle
    const doors = [ana, bea, cata].map(doorOf)
    for (const { doc, name, member } of [ana, bea, cata])
      addPerson(doc, { name, member, participation: 'own device' })
    const proposing = doors[0]!.propose()
    await muddle(world, { disks, dice })
    // Somebody may have made a key meanwhile that has not come yet.
    if (!(await proposing).ok) expectOk(await doors[0]!.propose())
    for (let i = 0; i < 3; i++) {
      await settle()
      world.clock.pass(10_000)
    }
    await settle()
    for (const door of doors.slice(1)) {
      const { open } = door.state.read()
      expect(open.map(({ check, mayNot }) => ({ check, mayNot }))).toEqual([{ check: 'same', mayNot: null }])
    }
    const signing = doors.slice(1).map((door) => door.cosign(door.state.read().open[0]!.id))
    await muddle(world, { disks, dice })
    for (const signed of await Promise.all(signing)) expectOk(signed)
    await settle()
    for (const door of doors) expect(door.state.read().final?.signedBy).toHaveLength(3)
  },
)

test('Bea voted to put out Cata’s phone, which what Ana proposes does not know: she is told, and may propose another', async () => {
  const world = new World()
  const [ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata', 'Dora')) as [Person, Person, Person]
  world.cut(bea)
  const frontier = [...bea.replica.feeds.frontierOf(cata.device)]
  const proposal = { action: 'revokeDevice', device: cata.device, frontier, annul: [] } as const
  bea.replica.act({ type: 'propose', proposal })
  await ana.writes('Vamos de a dos. ')
  const id = expectOk(ana.replica.checkpoints.propose())
  await world.settle()
  world.connectAll()
  await world.settle()
  const [anas, beas] = [doorOf(ana), doorOf(bea)]
  expect(beas.state.read().open).toMatchObject([
    { id, check: 'same', mayNot: { type: 'SignedOtherwise' }, signedBy: [ana.member] },
  ])
  expect(beas.state.read().mayPropose).toBe(true)
  expect(anas.state.read().open).toMatchObject([{ id, mayNot: null }])
  expect(anas.state.read().mayPropose).toBe(false)
  expectOk(await beas.propose())
  await world.settle()
  expect(anas.state.read().open.find(({ by }) => by === bea.member)).toMatchObject({ mayNot: null })
})
