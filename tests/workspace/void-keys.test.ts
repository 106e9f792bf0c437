import { beforeEach, expect, test } from 'vitest'
import { World, type Person } from '../world/cast.ts'

let world: World
let ana: Person, bea: Person, cata: Person, dora: Person

beforeEach(async () => {
  world = new World(85)
  ;[ana, bea, cata, dora] = (await world.found('Ana', 'Bea', 'Cata', 'Dora')) as [
    Person,
    Person,
    Person,
    Person,
  ]
})

/** Dora pauses Ana’s phone, which nobody hears yet; Bea pauses Dora’s, and Ana makes a key without her. */
const quarrel = async () => {
  world.cut(dora)
  dora.replica.suspend(ana.device, 'doubtful')
  const pause = bea.replica.act({
    type: 'suspend',
    device: dora.device,
    frontier: [],
    reason: 'doubtful',
    evidence: null,
  })
  await world.network.settle()
  const epoch = ana.replica.rotate()
  await world.network.settle()
  return { epoch, pause }
}

/** All hear all that was said before anybody does anything about it. */
const allMeet = async () => {
  world.connectAll()
  await world.network.settle()
  for (let i = 0; i < 4; i++) {
    world.clock.pass(10_000)
    await world.settle()
  }
}

test('what Cata wrote under a key that is void since, and that was made without Dora, Dora reads when she is back', async () => {
  const { epoch, pause } = await quarrel()
  await cata.writes('bajo la llave de Ana ')
  await world.settle()
  expect([...cata.replica.feeds.epochsInUse()]).toContain(epoch)
  bea.replica.act({ type: 'withdraw', target: pause })
  await allMeet()
  const made = dora.replica.state.epochs.get(epoch)!
  expect([made.void, made.recipients.includes(dora.device)]).toEqual([true, false])
  expect(dora.replica.standing()).toBe('active')
  for (const person of [bea, cata, dora]) expect(person.reads()).toBe('bajo la llave de Ana ')
  expect(dora.replica.feeds.missingEpochs()).toEqual([])
})

test('a void key that nobody wrote under is handed to nobody', async () => {
  const { epoch, pause } = await quarrel()
  bea.replica.act({ type: 'withdraw', target: pause })
  await allMeet()
  expect(dora.replica.state.epochs.get(epoch)!.void).toBe(true)
  expect(dora.replica.state.grants.flatMap(({ epochs }) => epochs)).not.toContain(epoch)
})
