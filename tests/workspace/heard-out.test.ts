import { beforeEach, expect, test } from 'vitest'
import { World, type Person } from '../world/cast.ts'

let world: World
let ana: Person, bea: Person, cata: Person

beforeEach(async () => {
  world = new World(12)
  const three = await world.found('Ana', 'Bea', 'Cata')
  ;[ana, bea, cata] = three as [Person, Person, Person]
  await ana.writes('hola ')
  await world.settle()
})

/** With nobody around, Ana writes once more, and leaves. */
const leavesAlone = async () => {
  world.cut(ana)
  await ana.writes('lo último ')
  ana.replica.retire()
  await ana.replica.flush()
}

test('Ana wrote with nobody around, and left: what she wrote last still comes, and then nothing more goes to her', async () => {
  await leavesAlone()
  world.link(ana, bea)
  await world.settle()
  expect(bea.replica.state.devices.get(ana.device)?.standing).toBe('retired')
  expect(bea.reads()).toContain('lo último')
  expect(world.linked(bea, ana)).toBe(false)
  await world.settle()
  expect(cata.reads()).toContain('lo último')
  await bea.writes('sin ella ')
  cata.replica.act({ type: 'invite', invitePk: new Uint8Array(32).fill(9), uses: 1 })
  world.link(cata, ana)
  await world.settle()
  expect(world.linked(cata, ana)).toBe(false)
  expect(ana.reads()).not.toContain('sin ella')
  expect(cata.replica.ledger.heads()).not.toEqual(ana.replica.ledger.heads())
})

test('while it lasts she is told nothing that others write', async () => {
  await leavesAlone()
  await bea.writes('entre nosotras ')
  await world.settle()
  world.link(ana, bea)
  for (let i = 0; i < 200; i++)
    for (const link of world.network.busy()) {
      link.deliver(1)
      expect(ana.reads()).not.toContain('entre nosotras')
    }
  await world.settle()
  expect(bea.reads()).toContain('lo último')
  expect(ana.reads()).not.toContain('entre nosotras')
})
