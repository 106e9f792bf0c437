import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { LiveSpace } from '../../src/lib/workspace/space.ts'
import { createMemoryHub } from '../net/memory-hub.ts'
import { createMemoryNetwork } from '../net/memory-rtc.ts'
import { World, type Person } from '../world/cast.ts'

const screensOf = ({ storage, replica, world: { clock, random } }: Person) =>
  new LiveSpace(replica, {
    storage,
    hub: createMemoryHub(clock).connect(),
    rtc: createMemoryNetwork().rtc(),
    clock,
    random,
    language: () => 'es',
  })

const asideFor = (space: LiveSpace, of: Person) =>
  space.membership
    .read()
    .members.find(({ id }) => id === of.member)
    ?.devices.find(({ id }) => id === of.device)?.aside
const asked = (space: LiveSpace) =>
  space.membership.read().decisions.find(({ action }) => action === 'amendFrontier')

test('Elva wrote up the hill, her phone was retired below before anybody there had read it: a majority says that it counts', async () => {
  const world = new World(7601)
  const people = await world.found('Alba', 'Bruna', 'Ceiba', 'Dina', 'Elva')
  const [alba, bruna, ceiba, dina, elva] = people as [Person, Person, Person, Person, Person]
  const screens = { alba: screensOf(alba), bruna: screensOf(bruna), ceiba: screensOf(ceiba) }
  const dinas = screensOf(dina)
  // Dina and Elva are up the hill, without a network.
  for (const one of [dina, elva]) world.cut(one)
  world.link(dina, elva)
  await elva.writes('lo de arriba')
  await world.settle()
  expect(dina.reads()).toBe('lo de arriba')
  world.cut(elva)
  expectOk(await screens.alba.propose({ action: 'revokeDevice', device: elva.device }))
  await world.settle()
  for (const space of [screens.bruna, screens.ceiba]) {
    expectOk(await space.approve(space.membership.read().decisions[0]!.id))
    await world.settle()
  }
  expect(asideFor(screens.alba, elva)).toBe(0)
  expect(await screens.alba.propose({ action: 'amendFrontier', device: elva.device })).toMatchObject({
    error: { type: 'NotFound' },
  })

  world.connectAll([alba, bruna, ceiba, dina])
  await world.settle()
  expect(alba.reads()).toBe('')
  expect(asideFor(dinas, elva)).toBe(1)
  expect(asideFor(screens.alba, elva)).toBe(1)
  // Nobody is asked to say yes to what has not come: it may be anything.
  const [held] = dina.replica.asideOf(elva.device)
  const frontier = [{ ...held!.position, seq: 99 }]
  const unseen = { action: 'amendFrontier', device: elva.device, frontier } as const
  const above = alba.replica.act({ type: 'propose', proposal: unseen })
  await world.settle()
  expect(asked(screens.bruna)).toMatchObject({ mayApprove: false, change: { isHere: false } })
  expectOk(await screens.alba.withdraw(above))

  world.cut(ceiba)
  expectOk(await dinas.propose({ action: 'amendFrontier', device: elva.device }))
  await world.settle()
  for (const [person, space] of [
    [alba, screens.alba],
    [bruna, screens.bruna],
  ] as const) {
    expect(asked(space)).toMatchObject({ mayApprove: true, change: { changes: 1, isHere: true } })
    expectOk(await space.approve(asked(space)!.id))
    await world.settle()
    expect(person.replica.state.devices.get(elva.device)?.standing).toBe('revoked')
  }
  world.connectAll([alba, bruna, ceiba, dina])
  await world.settle()
  for (const reader of [alba, bruna, ceiba, dina]) expect(reader.reads()).toBe('lo de arriba')
  for (const space of [...Object.values(screens), dinas]) await space.close()
})
