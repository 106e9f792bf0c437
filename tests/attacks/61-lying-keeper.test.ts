import { expect, test } from 'vitest'
import { idBytes } from '../../src/lib/core/ids.ts'
import { createRecord } from '../../src/lib/feed/record.ts'
import { createFeedSeal, encodeFeedSeal } from '../../src/lib/feed/seal.ts'
import { createEntry } from '../../src/lib/ledger/authoring.ts'
import { feedIdOf } from '../../src/lib/ledger/feed-id.ts'
import type { Act } from '../../src/lib/ledger/types.ts'
import { generateSecretKey } from '../../src/lib/crypto/hash.ts'
import { encodeSyncMessage, parseSyncMessage, type SyncMessage } from '../../src/lib/wire/sync.ts'
import { World, type Person } from '../world/cast.ts'
import { House } from '../keeper/house.ts'

/** A keeper that was let in and has everything sealed there is; Caro was away, and now meets it, or what took its place. */
const keeperAndCaro = async () => {
  const world = new World()
  const [ana, bea, caro] = (await world.found('Ana', 'Bea', 'Caro')) as [Person, Person, Person]
  const house = await House.open(world)
  await house.letIn(ana, bea)
  world.cut(caro)
  house.link(ana)
  await house.settle()
  house.link(bea)
  await ana.writes('lo que escribió Ana')
  await house.settle()
  return { world, ana, bea, caro, house }
}

/** Caro’s link to the keeper’s device, at whose other end sits a program of Eve’s. `say` speaks as the keeper. */
const eveAsKeeper = (world: World, caro: Person, house: House) => {
  const [evil, theirs] = world.network.connect(house.device, caro.device)
  const heard: SyncMessage[] = []
  evil.receive('records', (bytes) => {
    const message = parseSyncMessage(bytes)
    if (message.ok) heard.push(message.value)
  })
  caro.attach(theirs)
  const say = (message: SyncMessage) => evil.send('records', encodeSyncMessage(message))
  return { say, heard, link: evil }
}

/** What a keeper may pass on, as it lies there: acts, one segment of Ana’s, and the boxes of each epoch. */
const storedBy = async (house: House, ana: Person) => {
  const { ledger, shelf } = house.keeping
  const segments = []
  for await (const segment of shelf!.read(ana.replica.feed!, 0)) segments.push(segment)
  return { ledger: ledger!, segment: segments[0]! }
}

const begin = async (world: World, say: (message: SyncMessage) => void, house: House) => {
  say({ type: 'heads', heads: house.keeping.ledger!.heads() })
  say({
    type: 'entries',
    entries: house.keeping.ledger!.since([]).map(({ wire }) => wire),
    heads: house.keeping.ledger!.heads(),
  })
  say({ type: 'ready' })
  await world.settle()
}

test('attack 61: altered, cut, re-sealed and re-ordered records of a keeper reach no document; the honest ones still do', async () => {
  const { world, ana, caro, house } = await keeperAndCaro()
  const { segment } = await storedBy(house, ana)
  const { say } = eveAsKeeper(world, caro, house)
  await begin(world, say, house)
  const flip = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
  const [first] = segment.records
  for (const at of [5, 40, 60, 110, first!.length - 1])
    say({ type: 'segment', records: [flip(first!, at), ...segment.records.slice(1)], seal: segment.seal })
  say({ type: 'segment', records: segment.records, seal: flip(segment.seal, segment.seal.length - 1) })
  say({ type: 'segment', records: [first!.subarray(0, first!.length - 9)], seal: segment.seal })
  // Sealed by the keeper’s own hand, in Ana’s name.
  const rec = ana.replica.feeds.recIdAt(ana.replica.feed!, segment.last)!
  const forged = createFeedSeal(house.identity.own.signSk, {
    feed: ana.replica.feed!,
    seq: segment.last,
    rec,
  })
  say({ type: 'segment', records: segment.records, seal: encodeFeedSeal(forged) })
  await world.settle()
  expect(caro.reads()).toBe('')
  say({ type: 'segment', records: segment.records, seal: segment.seal })
  await world.settle()
  expect(caro.reads()).toBe('lo que escribió Ana')
})

test('attack 61: acts a keeper signs itself come to nothing, and a feed of its own is nobody’s', async () => {
  const { world, ana, caro, house } = await keeperAndCaro()
  const { ledger } = await storedBy(house, ana)
  const { own } = house.identity
  const incarnation = new Uint8Array(16).fill(3)
  const feed = feedIdOf(ledger.coll, own.id, incarnation)
  const before = {
    members: [...ledger.state().members.keys()],
    standings: [...ledger.state().devices.values()].map(({ id, standing }) => [id, standing]),
  }
  const acts: Act[] = [
    { type: 'feed', feed, incarnation },
    { type: 'suspend', device: ana.device, frontier: [], reason: 'lost', evidence: null },
    { type: 'propose', proposal: { action: 'removeMember', member: ana.member, annul: [] } },
    { type: 'rotate', prev: [], commit: new Uint8Array(32), boxRoot: new Uint8Array(32) },
    { type: 'merge' },
  ]
  for (const act of acts) ledger.add([createEntry({ ledger, own, act }).wire])
  const { say } = eveAsKeeper(world, caro, house)
  await begin(world, say, house)
  const key = generateSecretKey()
  const epoch = [...ledger.state().epochs.keys()][0]!
  const body = { lheads: ledger.heads(), deps: [], docs: [] }
  const made = createRecord({ key, coll: ledger.coll, feed, seq: 0, prev: null, epoch, body })
  if (!made.ok) throw new Error(made.error.type)
  const seal = createFeedSeal(own.signSk, { feed, seq: 0, rec: made.value.id })
  say({ type: 'segment', records: [made.value.wire], seal: encodeFeedSeal(seal) })
  await world.settle()
  const { state } = caro.replica
  expect([...state.members.keys()]).toEqual(before.members)
  expect([...state.devices.values()].map(({ id, standing }) => [id, standing])).toEqual(before.standings)
  expect(state.feeds.has(feed)).toBe(false)
  expect(caro.replica.feeds.heads().some((head) => head.feed === feed)).toBe(false)
})

test('attack 61: false boxes, welcomes and parts from a keeper are not even looked into', async () => {
  const { world, ana, caro, house } = await keeperAndCaro()
  ana.replica.rotate()
  await house.settle()
  const { say } = eveAsKeeper(world, caro, house)
  await begin(world, say, house)
  const missing = caro.replica.missingBoxes()
  expect(missing.length).toBeGreaterThan(0)
  const older = (await house.keeping.boxes([...house.keeping.state!.epochs.keys()][0]!))!
  for (const epoch of missing) {
    say({ type: 'boxes', epoch, boxes: older })
    say({ type: 'boxes', epoch, boxes: new Uint8Array(64) })
    say({ type: 'box', epoch, box: older, path: [idBytes(epoch)] })
  }
  say({ type: 'welcome', welcome: new Uint8Array(500) })
  say({ type: 'part', part: new Uint8Array(500) })
  say({ type: 'wantWelcome' })
  say({ type: 'wantParts', parts: [new Uint8Array(32)] })
  await world.settle()
  expect(caro.replica.missingBoxes()).toEqual(missing)
  expect(caro.replica.state.complaints).toEqual([])
  // The true ones still serve.
  for (const epoch of missing) say({ type: 'boxes', epoch, boxes: (await house.keeping.boxes(epoch))! })
  await world.settle()
  expect(caro.replica.missingBoxes()).toEqual([])
})

test('attack 61: a keeper that claims to hold everything makes nobody think that it is safe with others', async () => {
  const { world, ana, caro, house } = await keeperAndCaro()
  const { say, heard } = eveAsKeeper(world, caro, house)
  await begin(world, say, house)
  await caro.writes('solo en mi teléfono')
  await world.settle()
  const mine = caro.replica.feeds.heads().find(({ feed }) => feed === caro.replica.feed)!
  say({ type: 'have', heads: [{ feed: mine.feed, seq: mine.seq, rec: mine.rec }] })
  await world.settle()
  expect(caro.syncing.caughtUp()).toBe(0)
  expect(heard.some(({ type }) => type === 'welcome' || type === 'part')).toBe(false)
  expect(ana.reads()).not.toContain('solo en')
})

test('attack 61: a keeper that sends rubbish without end is left', async () => {
  const { world, caro, house } = await keeperAndCaro()
  const { say, link } = eveAsKeeper(world, caro, house)
  await begin(world, say, house)
  let isOpen = true
  link.closed(() => (isOpen = false))
  for (let n = 0; n < 70; n++) link.send('records', Uint8Array.of(n, 255, 0))
  await world.settle()
  expect(isOpen).toBe(false)
})

test('attack 61: a keeper of another’s, not let in here, is told nothing', async () => {
  const { world, ana } = await keeperAndCaro()
  const foreign = await House.open(world)
  expect(ana.standingOf(foreign.device)).toBe('stranger')
  const before = world.network.sent.length
  const [evil, theirs] = world.network.connect(foreign.device, ana.device)
  ana.attach(theirs)
  evil.send('records', encodeSyncMessage({ type: 'heads', heads: ana.replica.ledger.heads() }))
  evil.send('records', encodeSyncMessage({ type: 'ready' }))
  evil.send('records', encodeSyncMessage({ type: 'wantBoxes', epochs: [...ana.replica.state.epochs.keys()] }))
  evil.send('records', encodeSyncMessage({ type: 'have', heads: [] }))
  await world.settle()
  const said = world.network.sent.slice(before).filter(({ to }) => to === foreign.device)
  for (const { message } of said) {
    const parsed = parseSyncMessage(message)
    expect(['heads', 'entries', 'ready', 'want']).toContain(parsed.ok ? parsed.value.type : '')
  }
})
