import { expect, test } from 'vitest'
import { createVillage, isWhole, type Neighbour, type Village } from './village.ts'

/** From the moment the network is back; and how long a hub takes to be reached by whoever moved. ms. */
const SOON = 10_000
const HUB_BACK = 4000
/** All links stand, and a sign of life has just gone over each: the next comes in almost five seconds. ms. */
const JUST_HEARD = 5750

/** Another wifi, without a pause: whoever it was linked with knows nothing of it. */
const moves = async (village: Village, one: Neighbour): Promise<void> => {
  // Something is on its way at that moment, and is heard a little later: it says nothing of what comes after.
  for (const other of village.neighbours)
    for (const link of village.linksOf(other))
      if (link.peer === one.own.id) link.send('records', Uint8Array.of(1))
  one.rtc.moves()
  one.hub.setReachable(false)
  one.mesh.networkChanged()
  await village.live(HUB_BACK)
  one.hub.setReachable(true)
}

/** What each hears of the other from now on. */
const listens = (village: Village, ...pair: readonly [Neighbour, Neighbour]) => {
  const heard = new Set<string>()
  for (const one of pair)
    for (const link of village.linksOf(one)) link.receive('records', () => heard.add(one.own.id))
  for (const one of pair) for (const link of village.linksOf(one)) link.send('records', Uint8Array.of(1))
  return heard
}

test('a phone that goes to another wifi has links that lead somewhere within ten seconds, and is linked with each once', async () => {
  const village = createVillage(4)
  await village.live(JUST_HEARD)
  const [alba, bruna] = village.neighbours as [Neighbour, Neighbour]
  const before = village.linksOf(alba).map(({ id }) => id)
  await moves(village, alba)
  await village.live(SOON - HUB_BACK - 500)
  for (const { id } of village.linksOf(alba)) expect(before).not.toContain(id)
  const heard = listens(village, alba, bruna)
  await village.live(500)
  expect(heard).toEqual(new Set([alba.own.id, bruna.own.id]))
  expect(isWhole(village)).toBe(true)
  await village.live(30_000)
  expect(isWhole(village)).toBe(true)
  expect(village.neighbours.map(({ rtc }) => rtc.open())).toEqual([3, 3, 3, 3])
})

test('a phone in another wifi whose browser says nothing of it: the same, by the silence of its links', async () => {
  const village = createVillage(4)
  await village.live(JUST_HEARD)
  const [alba, bruna] = village.neighbours as [Neighbour, Neighbour]
  alba.rtc.moves()
  alba.hub.setReachable(false)
  await village.live(7000) // as long as ICE takes to see that nothing comes, and a hub to be reached anew
  alba.hub.setReachable(true)
  await village.live(SOON - 7000 - 500)
  const heard = listens(village, alba, bruna)
  await village.live(500)
  expect(heard).toEqual(new Set([alba.own.id, bruna.own.id]))
  await village.live(30_000)
  expect(isWhole(village)).toBe(true)
  expect(village.neighbours.map(({ rtc }) => rtc.open())).toEqual([3, 3, 3, 3])
})

test('all are told that the network changed, as after a wifi that was away for a moment: no link is made anew', async () => {
  const village = createVillage(4)
  await village.live(JUST_HEARD)
  const before = village.neighbours.map((one) => village.linksOf(one).map(({ id }) => id))
  for (const { mesh } of village.neighbours) mesh.networkChanged()
  await village.live(30_000)
  expect(village.neighbours.map((one) => village.linksOf(one).map(({ id }) => id))).toEqual(before)
})

test('a phone that is told again and again that its network changed makes no link beside one that answers', async () => {
  const village = createVillage(2)
  await village.live(JUST_HEARD)
  const [alba, bruna] = village.neighbours as [Neighbour, Neighbour]
  const made = alba.rtc.made()
  for (let round = 0; round < 20; round++) {
    alba.mesh.networkChanged()
    bruna.mesh.networkChanged()
    await village.live(3000)
  }
  expect(alba.rtc.made()).toBe(made)
  expect(isWhole(village)).toBe(true)
})
