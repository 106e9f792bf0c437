import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { createVillage, isWhole } from './village.ts'

test('four devices find each other: one link per pair, and something said on each arrives', async () => {
  const village = createVillage(4)
  await village.live(3_000)
  expect(isWhole(village)).toBe(true)
  const heard: string[] = []
  for (const { own, mesh } of village.neighbours)
    for (const link of mesh.links.read()) {
      link.receive('records', (message) => heard.push(`${own.id} from ${link.peer}: ${message[0]}`))
      link.send('records', Uint8Array.of(7))
    }
  await village.live(250)
  expect(new Set(heard).size).toBe(12)
  expect(village.neighbours.map(({ mesh }) => mesh.trying.read())).toEqual([0, 0, 0, 0])
})

test('a pair makes one connection, not one for each side that wanted it', async () => {
  const village = createVillage(2)
  await village.live(30_000)
  expect(village.neighbours.map(({ rtc }) => rtc.made())).toEqual([1, 1])
})

test('forty seconds without wifi: links end on both sides, and come back by themselves', async () => {
  const village = createVillage(3)
  await village.live(3_000)
  const [alice] = village.neighbours
  const before = village.linksOf(alice!).map(({ id }) => id)
  alice!.rtc.setReachable(false)
  alice!.hub.setReachable(false)
  await village.live(40_000)
  expect(village.neighbours.map((neighbour) => village.linksOf(neighbour).length)).toEqual([0, 1, 1])
  alice!.rtc.setReachable(true)
  alice!.hub.setReachable(true)
  await village.live(5_000)
  expect(isWhole(village)).toBe(true)
  for (const { id } of village.linksOf(alice!)) expect(before).not.toContain(id)
})

test('the hub goes: links stay; while it is gone a lost link is not found again, and then it is', async () => {
  const village = createVillage(2)
  await village.live(3_000)
  const [alice, bea] = village.neighbours
  for (const { hub } of village.neighbours) hub.setReachable(false)
  await village.live(60_000)
  expect(isWhole(village)).toBe(true)
  village.linksOf(alice!)[0]!.close()
  await village.live(60_000)
  expect(village.linksOf(bea!)).toHaveLength(0)
  for (const { hub } of village.neighbours) hub.setReachable(true)
  await village.live(5_000)
  expect(isWhole(village)).toBe(true)
})

test('Bea reloads the page without saying goodbye: Alice takes the new link at once, and the old one goes', async () => {
  const village = createVillage(2)
  await village.live(3_000)
  const [alice, bea] = village.neighbours
  const old = village.linksOf(alice!)[0]!
  alice!.rtc.setReachable(false) // so that no closing reaches her
  village.restart(bea!)
  await village.live(250)
  expect(old.ending()).toBeNull()
  alice!.rtc.setReachable(true)
  await village.live(4_000)
  expect(village.linksOf(alice!).map(({ id }) => id)).toEqual(village.linksOf(bea!).map(({ id }) => id))
  expect(village.linksOf(alice!)[0]!.id).not.toBe(old.id)
  await village.live(13_000)
  expect(old.ending()).not.toBeNull()
  expect(isWhole(village)).toBe(true)
})

test('nobody there: knocks become rare, and no connection is made for nobody', async () => {
  const village = createVillage(2)
  const [alice, bea] = village.neighbours
  bea!.mesh.stop()
  await village.live(600_000)
  expect(alice!.rtc.made()).toBe(0)
  const knocks = village.hub.log.length
  expect(knocks).toBeGreaterThan(8)
  expect(knocks).toBeLessThan(30)
})

test('a suspended device is narrowed on its open link, and full again after; a revoked one is shut out', async () => {
  const village = createVillage(2)
  const [alice, bea] = village.neighbours
  await village.live(3_000)
  const link = village.linksOf(alice!)[0]!
  alice!.standing.set(bea!.own.id, 'narrow')
  alice!.mesh.rejudge()
  expect(link.standing.read()).toBe('narrow')
  expect(link.ending()).toBeNull()
  alice!.standing.set(bea!.own.id, 'full')
  alice!.mesh.rejudge()
  expect(link.standing.read()).toBe('full')
  alice!.standing.set(bea!.own.id, null)
  alice!.mesh.rejudge()
  expect(village.linksOf(alice!)).toEqual([])
  await village.live(60_000)
  expect(village.linksOf(bea!)).toEqual([])
  alice!.standing.delete(bea!.own.id)
  await village.live(120_000)
  expect(isWhole(village)).toBe(true)
})

test('a device revoked while hands were being shaken gets no link', async () => {
  const village = createVillage(2)
  const [alice, bea] = village.neighbours
  const answers: ('full' | null)[] = ['full', null]
  alice!.standing.get = () => answers.shift() ?? null
  const seen: number[] = []
  alice!.mesh.links.watch(() => seen.push(village.linksOf(alice!).length))
  await village.live(30_000)
  expect(answers).toEqual([]) // she was asked, shook hands, and was asked again
  expect(seen).toEqual([])
  expect(village.linksOf(bea!)).toEqual([])
})

test('whoever is no longer a peer is let go, and nothing is left running', async () => {
  const village = createVillage(3)
  await village.live(3_000)
  const [alice, bea] = village.neighbours
  alice!.mesh.setPeers([{ id: bea!.own.id, device: bea!.own.device }])
  await village.live(1_000)
  expect(village.linksOf(alice!).map(({ peer }) => peer)).toEqual([bea!.own.id])
  for (const { mesh } of village.neighbours) mesh.stop()
  await village.live(2_000)
  expect(village.neighbours.map(({ rtc }) => rtc.open())).toEqual([0, 0, 0])
  expect(village.neighbours.map((neighbour) => village.linksOf(neighbour))).toEqual([[], [], []])
})

test('around midnight UTC mail is found, also when one clock is an hour ahead', async () => {
  const midnight = Date.UTC(2026, 5, 2)
  for (const before of [-90, -59, -30, -1, 1, 30, 59, 90])
    for (const wrong of [-3_600_000, 3_600_000]) {
      const village = createVillage(2, { start: midnight + before * 60_000, wrong: [0, wrong] })
      await village.live(3_000)
      expect({ before, wrong, whole: isWhole(village) }).toEqual({ before, wrong, whole: true })
    }
})

test('mailboxes of the day before are left behind', async () => {
  const village = createVillage(2, { start: Date.UTC(2026, 5, 1, 12) })
  await village.live(3_000)
  const first = new Set(village.hub.asked)
  expect(first.size).toBe(2)
  for (let hour = 0; hour < 24; hour++) village.clock.pass(3_600_000)
  village.hub.asked.length = 0
  for (const { hub } of village.neighbours) hub.setReachable(false)
  for (const { hub } of village.neighbours) hub.setReachable(true)
  expect(village.hub.asked).toHaveLength(2)
  for (const name of village.hub.asked) expect(first).not.toContain(name)
})

property.prop([
  fc.array(
    fc.record({
      who: fc.nat(2),
      what: fc.constantFrom('wifi off', 'wifi on', 'hub off', 'hub on', 'reload', 'close a link', 'wake'),
      then: fc.integer({ min: 0, max: 30_000 }),
    }),
    { maxLength: 10 },
  ),
])(
  'whatever happened to wifi, hub and pages: two minutes after it is over all have one link to each',
  async (happenings) => {
    const village = createVillage(3)
    for (const { who, what, then } of happenings) {
      const neighbour = village.neighbours[who]!
      if (what === 'wifi off' || what === 'wifi on') neighbour.rtc.setReachable(what === 'wifi on')
      if (what === 'hub off' || what === 'hub on') neighbour.hub.setReachable(what === 'hub on')
      if (what === 'reload') village.restart(neighbour)
      if (what === 'close a link') village.linksOf(neighbour)[0]?.close()
      if (what === 'wake') neighbour.mesh.wake()
      await village.live(then)
    }
    for (const { rtc, hub, mesh } of village.neighbours) {
      rtc.setReachable(true)
      hub.setReachable(true)
      mesh.wake()
    }
    await village.live(120_000)
    expect(isWhole(village)).toBe(true)
    for (const { mesh } of village.neighbours) mesh.stop()
  },
  240_000,
)
