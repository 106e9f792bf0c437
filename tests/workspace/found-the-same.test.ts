import { expect, test } from 'vitest'
import { expectOk, ok } from '../../src/lib/core/result.ts'
import { createAgreed } from '../../src/lib/workspace/checkpoint-door.ts'
import { World, type Person } from '../world/cast.ts'
import { createDisk } from '../world/frail-storage.ts'
import { createSlowDisk } from '../world/slow-storage.ts'

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

test('Ana writes on while her phone makes ready to propose: everybody finds the same', async () => {
  const disk = createSlowDisk()
  const world = new World()
  world.storageOf = (name) => (name === 'Ana' ? disk : null)
  const [ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  const agreed = createAgreed({
    replica: ana.replica,
    language: () => 'es',
    mayAct: () => null,
    kept: () => ana.replica.settled().then(() => ok(undefined)),
  })
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
