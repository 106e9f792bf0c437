import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { MAIN_DOC } from '../../src/lib/core/ids.ts'
import { Feeds } from '../../src/lib/feed/feeds.ts'
import { createRecord } from '../../src/lib/feed/record.ts'
import { createFeedSeal } from '../../src/lib/feed/seal.ts'
import { feedIdOf, yClientOf } from '../../src/lib/ledger/feed-id.ts'
import { createEntry } from '../../src/lib/ledger/authoring.ts'
import { createLedger } from '../../src/lib/ledger/graph.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { World, type Person } from '../world/cast.ts'

test('attack 18: a suspended phone asks for everything, and hears of acts and of its own feed alone', async () => {
  const world = new World(18)
  const [ana, bea, cata] = await world.found('Ana', 'Bea', 'Cata')
  await ana!.writes('hola ')
  await world.settle()
  ana!.replica.suspend(cata!.device, 'lost')
  await world.settle()
  world.cut(cata!)
  const before = world.network.sent.length
  world.link(cata!, ana!)
  await bea!.writes('sin ella ')
  await world.settle()
  const toCata = world.network.sent
    .slice(before)
    .filter(({ to }) => to === cata!.device)
    .map(({ message }) => expectOk(parseSyncMessage(message)))
  expect(toCata.map(({ type }) => type)).toContain('ready')
  for (const message of toCata) {
    expect(['heads', 'want', 'entries', 'ready', 'have', 'segment']).toContain(message.type)
    if (message.type === 'have') for (const { feed } of message.heads) expect(feed).toBe(cata!.replica.feed)
    if (message.type === 'segment')
      for (const wire of message.records) expect(cata!.replica.feedOfRecord(wire)).toBe(cata!.replica.feed)
  }
  expect(cata!.reads()).not.toContain('sin ella')
  const newest = [...ana!.replica.state.epochs.values()].at(-1)!
  expect(newest.recipients).not.toContain(cata!.device)
  expect(await cata!.replica.boxes(newest.id)).toBeNull()
})

test('attack 18: a suspended phone is asked for the boxes of the key it made itself, and gets nothing for them', async () => {
  const world = new World(182)
  const [ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  world.cut(cata)
  const made = cata.replica.rotate()
  await cata.replica.flush()
  // They hear of the key from a file, and of no box; then Cata is suspended, who alone has the boxes.
  const news = cata.replica.entriesSince([])
  for (const person of [ana, bea]) person.replica.absorbEntries(news)
  ana.replica.suspend(cata.device, 'lost')
  await bea.writes('sin ella ')
  await world.settle()
  const other = [...ana.replica.state.epochs.keys()].find(
    (id) => id !== made && !cata.replica.keyring.has(id),
  )!
  expect(ana.replica.keyring.has(made)).toBe(false)
  const before = world.network.sent.length
  world.link(cata, ana)
  await world.settle()
  expect(ana.replica.keyring.has(made)).toBe(true)
  const sent = world.network.sent.slice(before).flatMap(({ to, message }) => {
    const parsed = parseSyncMessage(message)
    return parsed.ok ? [{ to, said: parsed.value }] : []
  })
  const wanted = sent.flatMap(({ to, said }) =>
    to === cata.device && said.type === 'wantBoxes' ? said.epochs : [],
  )
  expect(new Set(wanted)).toEqual(new Set([made]))
  const given = sent.filter(({ to }) => to === cata.device).map(({ said }) => said.type)
  for (const type of ['box', 'boxes', 'welcome', 'part']) expect(given).not.toContain(type)
  expect(cata.reads()).not.toContain('sin ella')
  expect(cata.replica.keyring.has(other)).toBe(false)
})

test('attack 18: a revoked phone gets no link, and so no act, box or head', async () => {
  const world = new World(181)
  const [ana, bea, cata, dora] = await world.found('Ana', 'Bea', 'Cata', 'Dora')
  world.cut(cata!)
  const proposal = ana!.replica.act({
    type: 'propose',
    proposal: { action: 'revokeDevice', device: cata!.device, frontier: [], annul: [] },
  })
  await world.settle()
  for (const person of [bea!, dora!]) person.replica.act({ type: 'approve', proposal, seen: [] })
  await world.settle()
  world.clock.pass(10_000)
  await world.settle()
  expect(ana!.standingOf(cata!.device)).toBeNull()
  const held = cata!.replica.ledger.heads()
  world.link(cata!, ana!)
  world.link(cata!, bea!)
  await world.settle()
  expect(cata!.replica.ledger.heads()).toEqual(held)
  expect(cata!.judged.size).toBe(0)
})

test('attack 20: a revoked phone begins a new feed, dated back to before: no record of it is taken', async () => {
  const world = new World(20)
  const [ana, bea, cata, dora] = await world.found('Ana', 'Bea', 'Cata', 'Dora')
  const early = expectOk(createLedger(ana!.replica.ledger.topological()[0]!.wire))
  early.add(cata!.replica.ledger.since([]).map(({ wire }) => wire))
  const proposal = ana!.replica.act({
    type: 'propose',
    proposal: { action: 'revokeDevice', device: cata!.device, frontier: [], annul: [] },
  })
  await world.settle()
  for (const person of [bea!, dora!]) person.replica.act({ type: 'approve', proposal, seen: [] })
  await world.settle()
  world.clock.pass(10_000)
  await world.settle()
  // All the keys of the time before are still on the phone: it can seal as well as ever.
  const epoch = [...cata!.replica.state.epochs.keys()].find((id) => cata!.replica.keyring.has(id))!
  const { own, coll } = cata!.replica
  const incarnation = world.random.bytes(16)
  const feed = feedIdOf(early.coll, own.id, incarnation)
  const registered = createEntry({ ledger: early, own, act: { type: 'feed', feed, incarnation } })
  early.add([registered.wire])
  const doc = new Y.Doc()
  doc.clientID = yClientOf(feed)
  doc.getText('notes').insert(0, 'con otra cara ')
  const record = expectOk(
    createRecord({
      key: cata!.replica.keyring.key(epoch)!,
      coll,
      feed,
      seq: 0,
      prev: null,
      epoch,
      body: {
        lheads: early.heads(),
        deps: [],
        docs: [{ doc: MAIN_DOC, update: Y.encodeStateAsUpdate(doc) }],
      },
    }),
  )
  const seal = createFeedSeal(own.signSk, { feed, seq: 0, rec: record.id })
  for (const person of [ana!, bea!, dora!]) {
    person.replica.absorbEntries([registered.wire])
    person.replica.absorbSegment([record.wire], Replica.sealWire(seal))
  }
  await world.settle()
  await ana!.writes('de nosotras ')
  await world.settle()
  for (const person of [ana!, bea!, dora!]) {
    expect(person.reads()).toBe('de nosotras ')
    expect([...person.replica.feeds.accepted()].map(({ position }) => position.feed)).not.toContain(feed)
    expect(person.replica.feeds.frontierOf(own.id).filter((position) => position.feed === feed)).toEqual([])
    expect(person.standingOf(own.id)).toBeNull()
  }
  // The same record counts where nothing is known of the revocation: it is refused for that, and not for a mistake in it.
  const innocent = new Feeds({ ledger: early, keys: cata!.replica.keyring })
  expectOk(innocent.offer({ feed, records: [record], seal }))
  expect([...innocent.accepted()].map(({ position }) => position.feed)).toContain(feed)
})
