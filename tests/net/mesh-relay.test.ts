import { expect, test } from 'vitest'
import type { MetLink } from '../../src/lib/net/types.ts'
import { encodeControlMessage, parseControlMessage } from '../../src/lib/wire/control.ts'
import { createVillage, isWhole, type Neighbour, type Village } from './village.ts'

/** Nobody has a hub, and nobody ever had. */
const withoutHub = (count: number): Village => {
  const village = createVillage(count)
  for (const { hub } of village.neighbours) hub.setReachable(false)
  return village
}

const linkTo = (village: Village, from: Neighbour, to: Neighbour): MetLink =>
  village.linksOf(from).find(({ peer }) => peer === to.own.id)!

test('four meet with no hub: three scan Ana’s code and she theirs, and all six links are there', async () => {
  const village = withoutHub(4)
  const [ana, ...others] = village.neighbours
  for (const other of others) await village.scan(ana!, other)
  await village.live(5_000)
  expect(isWhole(village)).toBe(true)
  expect(village.hub.log).toEqual([])
})

test('each scanned only the one before: five in a row become a full mesh, over notes that go through several', async () => {
  const village = withoutHub(5)
  for (let i = 1; i < 5; i++) {
    await village.scan(village.neighbours[i - 1]!, village.neighbours[i]!)
    await village.live(500)
  }
  await village.live(10_000)
  expect(isWhole(village)).toBe(true)
})

test('two groups that never met: one pair of scans between them, and everybody is linked with everybody', async () => {
  const village = withoutHub(6)
  const [ana, bea, cata, dora, elva, fina] = village.neighbours as [
    Neighbour,
    Neighbour,
    Neighbour,
    Neighbour,
    Neighbour,
    Neighbour,
  ]
  for (const [one, other] of [
    [ana, bea],
    [bea, cata],
    [dora, elva],
    [elva, fina],
  ] as const)
    await village.scan(one, other)
  await village.live(5_000)
  expect(village.neighbours.map((neighbour) => village.linksOf(neighbour).length)).toEqual([2, 2, 2, 2, 2, 2])
  await village.scan(cata, dora)
  await village.live(20_000)
  expect(isWhole(village)).toBe(true)
})

test('the hub is gone and a link breaks: it comes back within ten seconds through whom both are linked with', async () => {
  const village = createVillage(3)
  await village.live(3_000)
  const [ana, bea] = village.neighbours
  for (const { hub } of village.neighbours) hub.setReachable(false)
  const before = linkTo(village, ana!, bea!)
  before.close()
  await village.live(10_000)
  expect(isWhole(village)).toBe(true)
  expect(linkTo(village, ana!, bea!).id).not.toBe(before.id)
})

test('forty seconds without wifi and no hub: nobody left to ask, until one pair scans again', async () => {
  const village = withoutHub(3)
  const [ana, bea, cata] = village.neighbours as [Neighbour, Neighbour, Neighbour]
  await village.scan(ana, bea)
  await village.scan(bea, cata)
  await village.live(5_000)
  // Links of codes run over a pipe of their own here: they end as they would.
  cata.rtc.setReachable(false)
  linkTo(village, bea, cata).close()
  await village.live(40_000)
  expect(village.linksOf(cata)).toEqual([])
  cata.rtc.setReachable(true)
  await village.scan(cata, ana)
  await village.live(10_000)
  expect(isWhole(village)).toBe(true)
})

test('a suspended device passes nothing on and hears of nobody: through it no link comes about', async () => {
  const village = withoutHub(3)
  const [ana, eva, bea] = village.neighbours as [Neighbour, Neighbour, Neighbour]
  for (const honest of [ana, bea]) honest.standing.set(eva.own.id, 'narrow')
  for (const honest of [ana, bea]) honest.mesh.rejudge()
  await village.scan(ana, eva)
  await village.scan(eva, bea)
  const heard: unknown[] = []
  for (const honest of [ana, bea])
    linkTo(village, eva, honest).receive('control', (bytes) => heard.push(parseControlMessage(bytes)))
  await village.live(30_000)
  expect(linkTo(village, ana, bea)).toBeUndefined()
  expect(heard).toEqual([])
})

test('narrowed in the middle of it: what a suspended device still says of others is not heard', async () => {
  const village = withoutHub(4)
  const [ana, eva, bea, cata] = village.neighbours as [Neighbour, Neighbour, Neighbour, Neighbour]
  await village.scan(ana, eva)
  await village.scan(ana, bea)
  await village.live(5_000)
  expect(ana.mesh.mayLack(eva.own.id, { author: bea.own.id, from: bea.own.id })).toBe(false)
  for (const honest of [ana, bea, cata]) {
    honest.standing.set(eva.own.id, 'narrow')
    honest.mesh.rejudge()
  }
  expect(ana.mesh.mayLack(eva.own.id, { author: bea.own.id, from: bea.own.id })).toBe(true)
  // Her phone knows nothing of that, and tells of Cata.
  linkTo(village, eva, ana).send(
    'control',
    encodeControlMessage({ type: 'roster', linked: [cata.own.id], heard: [] }),
  )
  await village.live(500)
  expect(ana.mesh.mayLack(eva.own.id, { author: cata.own.id, from: cata.own.id })).toBe(true)
  expect(linkTo(village, ana, eva).standing.read()).toBe('narrow')
})

test('a revoked device is shut out over every way: its notes through others are answered by nobody', async () => {
  const village = withoutHub(3)
  const [ana, eva, bea] = village.neighbours as [Neighbour, Neighbour, Neighbour]
  await village.scan(ana, eva)
  await village.scan(ana, bea)
  await village.live(5_000)
  expect(isWhole(village)).toBe(true)
  // Bea has heard of the revocation, Ana not yet: Ana goes on passing what Eva writes to Bea.
  bea.standing.set(eva.own.id, null)
  bea.mesh.rejudge()
  bea.mesh.setPeers([{ id: ana.own.id, device: ana.own.device }])
  await village.live(60_000)
  expect(village.linksOf(bea).map(({ peer }) => peer)).toEqual([ana.own.id])
  expect(village.linksOf(eva).map(({ peer }) => peer)).toEqual([ana.own.id])
})

test('what an older or a newer device says on this stream is passed over, and the link stays', async () => {
  const village = createVillage(2)
  await village.live(3_000)
  const [ana, bea] = village.neighbours as [Neighbour, Neighbour]
  const link = linkTo(village, ana, bea)
  for (const bytes of [[], [0x80], [0x82, 0x18, 0x63, 0x40], [0xff], [0x83, 0x18, 0x20, 0x80]])
    link.send('control', Uint8Array.from(bytes))
  link.send('control', new Uint8Array(200_000))
  await village.live(1_000)
  expect(isWhole(village)).toBe(true)
  expect(link.ending()).toBeNull()
})

test('thirteen are awake: nobody has more links than it needs, each reaches all others, and one that comes is taken in', async () => {
  const village = createVillage(13)
  const [late, ...early] = village.neighbours as [Neighbour, ...Neighbour[]]
  late.mesh.stop()
  await village.live(90_000)
  const counts = early.map((neighbour) => village.linksOf(neighbour).length)
  expect(Math.max(...counts)).toBeLessThanOrEqual(8)
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(4)
  village.restart(late)
  await village.live(10_000)
  expect(village.linksOf(late).length).toBeGreaterThanOrEqual(3)
  expect(reachedFrom(village, late)).toBe(13)
  for (const { mesh } of village.neighbours) mesh.stop()
})

test('eight or fewer of many are awake: they are all linked with each other', async () => {
  const village = createVillage(14)
  for (const asleep of village.neighbours.slice(6)) asleep.mesh.stop()
  await village.live(60_000)
  const awake = village.neighbours.slice(0, 6)
  expect(awake.map((neighbour) => village.linksOf(neighbour).length)).toEqual([5, 5, 5, 5, 5, 5])
  for (const { mesh } of village.neighbours) mesh.stop()
})

/** How many can be reached from somebody over links. */
const reachedFrom = (village: Village, first: Neighbour): number => {
  const reached = new Set([first])
  for (const neighbour of reached)
    for (const { peer } of village.linksOf(neighbour))
      reached.add(village.neighbours.find(({ own }) => own.id === peer)!)
  return reached.size
}
