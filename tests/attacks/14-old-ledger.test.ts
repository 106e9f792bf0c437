import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { TABLES } from '../../src/lib/sync/ports.ts'
import { encodeSyncMessage, parseSyncMessage, type SyncMessage } from '../../src/lib/wire/sync.ts'
import { World, type Person } from '../world/cast.ts'

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

/** Everything on this person’s disk. */
const rowsOf = async ({ storage }: Person) =>
  Promise.all(TABLES.map(async (table) => expectOk(await storage.all(table)).rows))

test('attack 14: a peer that showed newer heads and then old ones is offered the newer, and of the try nothing is written down', async () => {
  const world = new World(16)
  const [alba, bruna, ceiba] = (await world.found('Alba', 'Bruna', 'Ceiba')) as [Person, Person, Person]
  const old = ceiba.replica.ledger.heads()
  const drago = await world.admit('Drago', alba, bruna)
  bruna.replica.suspend(drago.device, 'lost')
  await world.settle()
  for (const person of world.people) world.cut(person)
  const newest = alba.replica.ledger.heads()
  const state = alba.replica.state.hash

  /** Speaks to Alba as Ceiba’s phone, over a link of its own. */
  const says = async (...messages: readonly SyncMessage[]) => {
    const [evil, theirs] = world.network.connect(ceiba.device, alba.device)
    const heard: SyncMessage[] = []
    evil.receive('records', (bytes) => heard.push(expectOk(parseSyncMessage(bytes))))
    alba.attach(theirs)
    for (const message of messages) evil.send('records', encodeSyncMessage(message))
    await world.settle()
    evil.close()
    return heard
  }
  await says({ type: 'heads', heads: newest }, { type: 'ready' })
  const rows = await rowsOf(alba)
  const early = ceiba.replica.ledger.since([]).filter(({ id }) => ceiba.replica.ledger.isBelow(id, old[0]!))
  expect(early.length).toBeGreaterThan(0)
  for (let time = 0; time < 3; time++) {
    const heard = await says(
      { type: 'heads', heads: old },
      { type: 'entries', entries: early.map(({ wire }) => wire), heads: old },
      { type: 'ready' },
    )
    const offered = heard.flatMap((message) => (message.type === 'entries' ? message.entries : []))
    const lacking = alba.replica.ledger.since(old).map(({ wire }) => wire)
    expect(offered).toEqual(lacking)
  }
  expect(alba.replica.ledger.heads()).toEqual(newest)
  expect(alba.replica.state.hash).toEqual(state)
  expect(await rowsOf(alba)).toEqual(rows)
})
