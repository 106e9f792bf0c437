import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { encodeSyncMessage, parseSyncMessage, type SyncMessage } from '../../src/lib/wire/sync.ts'
import { World, type Person } from '../world/cast.ts'

const MINUTE_MS = 60_000

/** What reached this phone so far: how many messages of a kind. */
const heard = ({ world, device }: Person, type: SyncMessage['type']) =>
  world.network.sent.filter(({ to, message }) => {
    const parsed = parseSyncMessage(message)
    return to === device && parsed.ok && parsed.value.type === type
  }).length

/** Eva’s phone says this on every link, over and over. */
const says = (eva: Person, message: SyncMessage, times: number) => {
  for (const link of eva.judged.keys())
    for (let i = 0; i < times; i++) link.send('records', encodeSyncMessage(message))
}

const withNewcomer = async () => {
  const world = new World(508)
  const [ana, eva] = (await world.found('Ana', 'Eva', 'Caro')) as [Person, Person, Person]
  await ana.writes('Vamos de a dos. ')
  await world.settle()
  world.connectAll([ana, eva])
  return { world, ana, eva }
}

test('attack 50: Eva’s phone asks for a welcome five hundred times a minute: it is made a few times, and who is new has hers at once', async () => {
  const { world, ana, eva } = await withNewcomer()
  for (const person of world.people) if (person !== ana && person !== eva) world.cut(person)
  for (let minute = 0; minute < 10; minute++) {
    says(eva, { type: 'wantWelcome' }, 500)
    await world.network.settle()
    world.clock.pass(MINUTE_MS)
    await world.network.settle()
  }
  // Eight at once, and then two a minute.
  const welcomes = heard(eva, 'welcome')
  expect(welcomes).toBeGreaterThan(8)
  expect(welcomes).toBeLessThan(30)
  world.connectAll()
  const dora = await world.admit('Dora', ana, eva)
  expect(dora.reads()).toBe('Vamos de a dos. ')
})

test('attack 50: a link that is made anew each time is no way around it', async () => {
  const { world, ana, eva } = await withNewcomer()
  for (let i = 0; i < 40; i++) {
    world.cut(eva)
    world.link(ana, eva)
    await world.network.settle()
    says(eva, { type: 'wantWelcome' }, 10)
    await world.network.settle()
  }
  expect(heard(eva, 'welcome')).toBeLessThan(10)
})

test('attack 50: Eva’s phone asks for the same part of an agreement over and over; all others get it, and she too, now and then', async () => {
  const { world, ana, eva } = await withNewcomer()
  const id = expectOk(ana.replica.checkpoints.propose())
  await world.settle()
  const { attachment } = ana.replica.state.checkpoints.get(id)!
  const before = heard(eva, 'part')
  for (let minute = 0; minute < 10; minute++) {
    says(eva, { type: 'wantParts', parts: Array.from({ length: 100 }, () => attachment.hash) }, 20)
    await world.network.settle()
    world.clock.pass(MINUTE_MS)
    await world.network.settle()
  }
  const [links, parts] = [eva.judged.size, heard(eva, 'part') - before]
  expect(parts).toBeGreaterThan(0)
  expect(parts).toBeLessThan(60 * links)
  for (const person of world.people) expect(person.replica.checkpoints.checkOf(id), person.name).toBe('same')
})

test('attack 50: Eva’s phone asks for the boxes of every epoch, thousands of times in a message: each comes once, then now and then; who was away gets all', async () => {
  const { world, ana, eva } = await withNewcomer()
  for (const person of world.people) if (person !== ana && person !== eva) world.cut(person)
  for (let i = 0; i < 5; i++) ana.replica.rotate()
  await world.settle()
  const known = [...ana.replica.state.epochs.keys()]
  const before = heard(eva, 'boxes')
  const epochs = Array.from({ length: 4096 }, (_, i) => known[i % known.length]!)
  for (let minute = 0; minute < 10; minute++) {
    says(eva, { type: 'wantBoxes', epochs }, 2)
    await world.network.settle()
    world.clock.pass(MINUTE_MS)
    await world.network.settle()
  }
  const boxes = heard(eva, 'boxes') - before
  // Each once, and again sixty-four at once and then twelve a minute.
  expect(boxes).toBeGreaterThanOrEqual(known.length)
  expect(boxes).toBeLessThan(known.length + 64 + 10 * 12 + known.length)
})

test('attack 50: Eva’s phone complains forty times of one epoch: she is handed its key three times, and no act of others more', async () => {
  const { world, ana, eva } = await withNewcomer()
  const [epoch] = [...ana.replica.state.epochs.keys()]
  for (let i = 0; i < 40; i++) {
    eva.replica.act({ type: 'complain', epoch: epoch!, reason: i % 2 === 0 ? 'noBox' : 'badBox' })
    await world.settle()
  }
  expect(ana.replica.state.complaints.length).toBeGreaterThan(30)
  // Two who wait the same random while may both do it.
  const granted = ana.replica.state.grants.filter(({ device }) => device === eva.device)
  expect(granted.length).toBeGreaterThan(0)
  expect(granted.length).toBeLessThanOrEqual(6)
}, 60_000)
