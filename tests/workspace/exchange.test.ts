import { beforeEach, expect, test } from 'vitest'
import { createExchange } from '../../src/lib/workspace/exchange-door.ts'
import type { Exchange } from '../../src/lib/workspace/types.ts'
import { parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { World, type Person } from '../world/cast.ts'
import { loses } from '../world/loss.ts'

let world: World
let ana: Person
let bea: Person
let cata: Person
let exchange: Exchange

const withBea = () => exchange.state.read().find(({ device }) => device === bea.device)

beforeEach(async () => {
  world = new World()
  ;[ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  for (const person of world.people) world.cut(person)
  exchange = createExchange(ana.replica, ana.syncing)
})

test('Ana and Bea meet after a week apart: what passed is counted each way, and both end with the same', async () => {
  for (const words of ['uno ', 'dos ', 'tres ']) await ana.writes(words)
  for (const words of ['cuatro ', 'cinco ']) await bea.writes(words)
  world.link(ana, bea)
  expect(withBea()).toMatchObject({ step: 'agreeing', sent: { changes: 0 } })
  await world.settle()
  expect(withBea()).toMatchObject({
    member: bea.member,
    step: 'same',
    sent: { changes: 3 },
    received: { changes: 2 },
    toSend: 0,
    toReceive: 0,
  })
  expect(withBea()!.sent.bytes).toBeGreaterThan(withBea()!.received.bytes)
  expect(withBea()!.done).toBe(withBea()!.total)
})

test('each phone has its own progress: Cata, who has it already, is not sent it again', async () => {
  world.link(ana, cata)
  for (const words of ['uno ', 'dos ']) await ana.writes(words)
  await world.settle()
  world.link(ana, bea)
  await world.settle()
  const sent = new Map(exchange.state.read().map((passing) => [passing.device, passing.sent.changes]))
  expect([sent.get(cata.device), sent.get(bea.device)]).toEqual([2, 2])
  await ana.writes('tres ')
  await world.settle()
  expect(withBea()).toMatchObject({ step: 'same', sent: { changes: 3 } })
})

test('while it goes on one sees how much is still to come, and from whom', async () => {
  for (let i = 0; i < 30; i++) await bea.writes(`${'palabra '.repeat(900)}${i} `)
  world.link(ana, bea)
  const seen: { done: number; total: number; toReceive: number }[] = []
  ana.syncing.moved.watch(() => {
    const now = withBea()
    if (now && now.total > 0) seen.push(now)
  })
  await world.settle()
  const halfway = seen.filter(({ done, total }) => done > 0 && done < total)
  expect(halfway.length).toBeGreaterThan(0)
  expect(halfway.every(({ total }) => total === 30)).toBe(true)
  expect(withBea()).toMatchObject({ step: 'same', received: { changes: 30 } })
})

test('what Ana handed over is not “the same” before Bea has said that she has it', async () => {
  await ana.writes('uno ')
  world.link(ana, bea)
  await world.settle()
  for (const link of bea.judged.keys()) link.receive('records', () => {})
  await ana.writes('dos ')
  await world.network.settle()
  expect(withBea()).toMatchObject({ step: 'passing', toSend: 0, sent: { changes: 2 } })
})

test('Ana stops: nothing written passes either way, and a pause of a phone passes all the same', async () => {
  world.link(ana, bea)
  await world.settle()
  exchange.pause()
  await ana.writes('de Ana ')
  await bea.writes('de Bea ')
  bea.replica.suspend(cata.device, 'seized')
  await world.settle()
  expect(ana.reads()).not.toContain('de Bea')
  expect(bea.reads()).not.toContain('de Ana')
  expect(ana.replica.state.devices.get(cata.device)?.standing).toBe('suspended')
  expect(ana.syncing.passes([...ana.judged.keys()][0]!)).toBe('nothing')

  exchange.resume()
  await world.settle()
  expect(ana.reads()).toContain('de Bea')
  expect(bea.reads()).toContain('de Ana')
  expect(withBea()?.step).toBe('same')
})

test('stopped in the middle, it goes on from there: nothing is lost and nothing stands twice', async () => {
  for (let i = 0; i < 30; i++) await bea.writes(`${'palabra '.repeat(900)}${i} `)
  world.link(ana, bea)
  const stop = ana.syncing.moved.watch(() => {
    if ((withBea()?.received.changes ?? 0) < 10) return
    stop()
    exchange.pause()
  })
  await world.settle()
  const got = withBea()!.received.changes
  expect(got).toBeGreaterThanOrEqual(10)
  expect(got).toBeLessThan(30)
  exchange.resume()
  await world.settle()
  expect(ana.reads()).toBe(bea.reads())
  expect(withBea()).toMatchObject({ step: 'same', received: { changes: 30 } })
})

test('both stop, and both go on', async () => {
  world.link(ana, bea)
  await world.settle()
  exchange.pause()
  bea.syncing.pause()
  await ana.writes('de Ana ')
  await bea.writes('de Bea ')
  await world.settle()
  exchange.resume()
  bea.syncing.resume()
  await world.settle()
  expect(ana.reads()).toBe(bea.reads())
  expect(ana.reads()).toContain('de Bea')
})

test('a phone that is paused by the collective is not among those one shares with', async () => {
  world.link(ana, bea)
  world.link(ana, cata)
  await world.settle()
  ana.replica.suspend(cata.device, 'lost')
  await world.settle()
  expect(exchange.state.read().map(({ device }) => device)).toEqual([bea.device])
})

/** How often somebody was asked to begin anew. */
const asked = ({ device }: Person) =>
  world.network.sent.filter(({ to, message }) => {
    const parsed = parseSyncMessage(message)
    return to === device && parsed.ok && parsed.value.type === 'again'
  }).length

/** Minutes pass, and whatever falls due in them is said and heard. */
const minutes = async (count: number) => {
  for (let second = 0; second < count * 60; second += 5) {
    world.clock.pass(5000)
    await world.network.settle()
  }
  await world.settle()
}

test('what came to Ana too early to be taken, and Bea takes for delivered, Ana asks for again within a minute', async () => {
  world.link(ana, bea)
  await world.settle()
  const stop = loses([...bea.judged.keys()][0]!, 'segment')
  await bea.writes('demasiado pronto ')
  await world.settle()
  stop()
  expect(bea.syncing.caughtUp()).toBe(1)
  expect(ana.reads()).not.toContain('demasiado pronto')
  await minutes(1)
  expect(ana.reads()).toContain('demasiado pronto')
  expect(asked(bea)).toBe(1)
  await bea.writes('y a tiempo ')
  await world.settle()
  expect(ana.reads()).toContain('y a tiempo')
  await minutes(5)
  expect([asked(ana), asked(bea)]).toEqual([0, 1])
})

test('what never can be taken Ana asks for less and less often, and takes all else at once', async () => {
  world.link(ana, bea)
  world.link(ana, cata)
  await world.settle()
  loses(
    [...bea.judged.keys()].find(({ peer }) => peer === ana.device)!,
    'segment',
  )
  await bea.writes('nunca ')
  await minutes(60)
  expect(ana.reads()).not.toContain('nunca')
  expect(asked(bea)).toBeGreaterThan(4)
  expect(asked(bea)).toBeLessThan(12)
  await cata.writes('lo demás ')
  await world.settle()
  expect(ana.reads()).toContain('lo demás')
  expect(asked(cata)).toBe(0)
})

test('who has stopped does not ask, and has everything once it goes on', async () => {
  world.link(ana, bea)
  await world.settle()
  exchange.pause()
  await bea.writes('mientras ')
  await minutes(3)
  expect(asked(bea)).toBe(0)
  exchange.resume()
  await world.settle()
  expect(ana.reads()).toContain('mientras')
  expect(asked(bea)).toBe(1)
})
