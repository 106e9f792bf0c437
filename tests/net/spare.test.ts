import { expect, test } from 'vitest'
import type { MetLink } from '../../src/lib/net/types.ts'
import { parseControlMessage } from '../../src/lib/wire/control.ts'
import { createVillage, isWhole, type Neighbour, type Village } from './village.ts'

/** So soon after the network is back they must be linked. ms. */
const SOON = 10_000

/** So many who found each other, and have nothing but each other from then on. */
const withoutHub = async (count: number): Promise<Village> => {
  const village = createVillage(count)
  await village.live(3_000)
  for (const { hub } of village.neighbours) hub.setReachable(false)
  await village.live(3_000)
  expect(isWhole(village)).toBe(true)
  return village
}

/** The wifi is gone for everybody, for so long; browsers stop trying after a while. */
const goneFor = async (village: Village, ms: number): Promise<void> => {
  for (const { rtc } of village.neighbours) rtc.setReachable(false)
  for (let passed = 0; passed < ms; passed += 20_000) {
    await village.live(Math.min(20_000, ms - passed))
    for (const { rtc } of village.neighbours) rtc.giveUp()
  }
  for (const { rtc } of village.neighbours) rtc.setReachable(true)
}

const linkOf = (village: Village, neighbour: Neighbour): MetLink | undefined => village.linksOf(neighbour)[0]

test('two with nobody else and no hub lose the wifi for forty seconds: soon after they are linked again', async () => {
  const village = await withoutHub(2)
  const [alice, bea] = village.neighbours as [Neighbour, Neighbour]
  const before = linkOf(village, alice)!.id
  await goneFor(village, 40_000)
  expect(village.linksOf(alice)).toEqual([])
  await village.live(SOON)
  expect(isWhole(village)).toBe(true)
  expect(linkOf(village, alice)!.id).not.toBe(before)
  expect(linkOf(village, bea)!.id).toBe(linkOf(village, alice)!.id)
})

test('ten minutes, and then ten minutes again: each time another spare was ready', async () => {
  const village = await withoutHub(2)
  for (let times = 0; times < 2; times++) {
    await goneFor(village, 600_000)
    await village.live(SOON)
    expect(isWhole(village)).toBe(true)
    await village.live(3_000)
  }
})

test('the wifi of five is gone at once, and they have no hub: all are linked with all again', async () => {
  const village = await withoutHub(5)
  await goneFor(village, 40_000)
  expect(village.neighbours.flatMap((neighbour) => village.linksOf(neighbour))).toEqual([])
  await village.live(SOON)
  expect(isWhole(village)).toBe(true)
})

test('Alice finds out much later than Bea that the link is dead: they are linked again all the same', async () => {
  const village = await withoutHub(2)
  const [alice, bea] = village.neighbours as [Neighbour, Neighbour]
  const link = linkOf(village, bea)!
  alice.rtc.setReachable(false)
  await village.live(5_000)
  alice.rtc.setReachable(true)
  await village.live(1_000)
  alice.rtc.setReachable(false)
  await village.live(40_000)
  alice.rtc.setReachable(true)
  await village.live(SOON)
  expect(link.ending()).toBe('silent')
  expect(isWhole(village)).toBe(true)
})

test('while a hub is open nobody keeps a spare: a connection each is all there is', async () => {
  const village = createVillage(2)
  await village.live(60_000)
  expect(village.neighbours.map(({ rtc }) => rtc.open())).toEqual([1, 1])
})

test('a spare costs one connection a side, and goes with the link when somebody ends it', async () => {
  const village = await withoutHub(2)
  expect(village.neighbours.map(({ rtc }) => rtc.open())).toEqual([2, 2])
  linkOf(village, village.neighbours[0]!)!.close()
  await village.live(2_000)
  expect(village.neighbours.map(({ rtc }) => rtc.open())).toEqual([0, 0])
})

test('of many around it a device keeps eight spares at most', async () => {
  const village = await withoutHub(8)
  await village.live(60_000)
  for (const { rtc } of village.neighbours) {
    expect(rtc.open()).toBeGreaterThanOrEqual(7 + 3)
    expect(rtc.open()).toBeLessThanOrEqual(7 + 8)
  }
})

test('somebody put out meanwhile is not let in by a spare', async () => {
  const village = await withoutHub(2)
  const [alice, bea] = village.neighbours as [Neighbour, Neighbour]
  for (const { rtc } of village.neighbours) rtc.setReachable(false)
  await village.live(40_000)
  alice.standing.set(bea.own.id, null)
  alice.mesh.rejudge()
  for (const { rtc } of village.neighbours) rtc.setReachable(true)
  await village.live(60_000)
  expect(village.linksOf(alice)).toEqual([])
  expect(village.linksOf(bea)).toEqual([])
})

test('whoever is seen in part only has no spare from then on', async () => {
  const village = await withoutHub(2)
  const [alice, bea] = village.neighbours as [Neighbour, Neighbour]
  alice.standing.set(bea.own.id, 'narrow')
  alice.mesh.rejudge()
  await village.live(2_000)
  expect(alice.rtc.open()).toBe(1)
})

test('one who left for good is waited for two hours, and then no more', async () => {
  const village = await withoutHub(2)
  const [alice, bea] = village.neighbours as [Neighbour, Neighbour]
  bea.rtc.setReachable(false)
  await village.live(60_000)
  expect(alice.rtc.open()).toBe(1)
  village.clock.pass(2 * 60 * 60_000)
  await village.live(2_000)
  expect(alice.rtc.open()).toBe(0)
})

test('back at a hub before the spares find each other: they are linked once, and nothing waits any more', async () => {
  const village = await withoutHub(2)
  await goneFor(village, 40_000)
  for (const { hub } of village.neighbours) hub.setReachable(true)
  await village.live(SOON)
  expect(isWhole(village)).toBe(true)
  await village.live(20_000)
  expect(village.neighbours.map(({ rtc }) => rtc.open())).toEqual([1, 1])
})

test('a phone that goes out through relay points alone keeps none', async () => {
  const village = createVillage(2)
  const [alice] = village.neighbours as [Neighbour]
  const link = village.linksOf(alice)[0]
  expect(link).toBeUndefined()
  await village.live(3_000)
  const heard: string[] = []
  linkOf(village, village.neighbours[1]!)!.receive('control', (bytes) => {
    const message = parseControlMessage(bytes)
    if (message.ok) heard.push(message.value.type)
  })
  Object.assign(alice.rtc, { way: () => ({ turn: [], reach: 'relayed' }) })
  for (const { hub } of village.neighbours) hub.setReachable(false)
  await village.live(5_000)
  expect(alice.rtc.open()).toBe(1)
  expect(heard).not.toContain('spare')
})
