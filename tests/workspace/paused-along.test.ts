import { beforeEach, expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { createDevice, signBinding } from '../../src/lib/crypto/device.ts'
import { World, type Person } from '../world/cast.ts'

let world: World
let ana: Person, bea: Person, cata: Person, tablet: Person

/** Bea brings in a tablet. Ana and she sign a checkpoint in which it is; Cata, without whom it is not final, is in the hills. */
beforeEach(async () => {
  world = new World(84)
  ;[ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  tablet = await bringsIn(bea)
  await ana.writes('uno ')
  await world.settle()
  const checkpoint = expectOk(ana.replica.checkpoints.propose())
  await world.settle()
  world.cut(cata)
  expectOk(cata.replica.checkpoints.cosign(checkpoint))
  expectOk(bea.replica.checkpoints.cosign(checkpoint))
  await world.settle()
})

const bringsIn = async (host: Person): Promise<Person> => {
  const own = createDevice(world.random)
  const { coll } = host.replica
  const { member } = host
  const proposal = host.replica.act({
    type: 'propose',
    proposal: {
      action: 'addDevice',
      member,
      device: own.device,
      deviceId: own.id,
      binding: signBinding(own, coll, member),
      proof: null,
      verified: 'scan',
    },
  })
  await world.settle()
  for (const { replica } of world.people) replica.act({ type: 'approve', proposal, seen: [] })
  await world.settle()
  if (host.replica.state.proposals.get(proposal)!.status !== 'enacted')
    host.replica.act({ type: 'enact', proposal })
  host.replica.rotate()
  await world.settle()
  const entries = host.replica.entriesSince([])
  const person = await world.enter('Bea, tablet', { coll, own, member, newcomer: true }, entries)
  world.connectAll()
  await world.settle()
  return person
}

test('the tablet pauses the phone that brought it in, and itself with it: what Bea writes on it meanwhile counts once Cata’s word shows that it never was', async () => {
  tablet.replica.suspend(bea.device, 'lost')
  await world.settle()
  expect(tablet.replica.standing()).toBe('suspended')
  await tablet.writes('desde la tableta ')
  expect(tablet.replica.setAside()).toHaveLength(1)
  world.connectAll()
  await world.settle()
  for (const { replica } of [ana, cata, tablet]) {
    expect(replica.state.finals).toHaveLength(1)
    expect(replica.state.devices.get(tablet.device)!.standing).toBe('active')
  }
  for (const { replica, reads } of [ana, cata, tablet].map((one) => ({ ...one, reads: one.reads() }))) {
    expect(replica.setAside()).toEqual([])
    expect(replica.feeds.refused()).toEqual([])
    expect(reads).toBe('uno desde la tableta ')
  }
})
