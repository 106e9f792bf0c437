import { expect, test } from 'vitest'
import { World } from '../world/cast.ts'

test('attack 14: a peer that serves an old ledger moves nobody back', async () => {
  const world = new World(14)
  const [alba, bruna, ceiba] = await world.found('Alba', 'Bruna', 'Ceiba')
  world.cut(ceiba!)
  const drago = await world.admit('Drago', alba!, bruna!)
  world.cut(drago)
  bruna!.replica.suspend(drago.device, 'lost')
  await world.settle()
  const before = alba!.replica.state.hash
  const heads = alba!.replica.ledger.heads()
  // Ceiba still has the ledger of the founding day, and hands it over again and again.
  for (let i = 0; i < 3; i++) {
    alba!.replica.absorbEntries(ceiba!.replica.ledger.since([]).map(({ wire }) => wire))
    expect(alba!.replica.state.hash).toEqual(before)
    expect(alba!.replica.ledger.heads()).toEqual(heads)
  }
  world.link(alba!, ceiba!)
  await world.settle()
  expect(ceiba!.replica.state.devices.get(drago.device)?.standing).toBe('suspended')
  expect(ceiba!.replica.state.hash).toEqual(alba!.replica.state.hash)
})

test('attack 14: a peer that offers an old state of a feed changes nothing', async () => {
  const world = new World(15)
  const [alba, bruna] = await world.found('Alba', 'Bruna', 'Ceiba')
  await alba!.writes('uno ')
  await world.settle()
  const feed = alba!.replica.feed!
  const early: { records: readonly Uint8Array[]; seal: Uint8Array }[] = []
  for await (const run of alba!.replica.packs.read(feed, 0)) early.push(run)
  await alba!.writes('dos ')
  await world.settle()
  const next = bruna!.replica.feeds.nextSeq(feed)
  for (const { records, seal } of early) bruna!.replica.absorbSegment(records, seal)
  expect(bruna!.replica.feeds.nextSeq(feed)).toBe(next)
  expect(bruna!.reads()).toBe('uno dos ')
})
