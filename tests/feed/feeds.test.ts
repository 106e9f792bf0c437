import { expect, test } from 'vitest'
import { encodeStateAsUpdate, type Doc } from 'yjs'
import { expectOk } from '../../src/lib/core/result.ts'
import type { DocId, FeedId } from '../../src/lib/core/ids.ts'
import { Feeds } from '../../src/lib/feed/feeds.ts'
import { yClientOf } from '../../src/lib/ledger/feed-id.ts'
import { bodyOf, danglingIn, forge, joined, mainDoc, sealed, updateBy, Valley } from './valley.ts'

const three = () => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba')
  return { valley, alba: valley.get('Alba'), bruna: valley.get('Bruna'), ceiba: valley.get('Ceiba') }
}

test('what Alba writes, Bruna and Ceiba read', () => {
  const { alba, bruna, ceiba, valley } = three()
  alba.says('El agua ')
  alba.says('es de todas.')
  valley.meet()
  expect(bruna.reads()).toBe('El agua es de todas.')
  expect(ceiba.reads()).toBe('El agua es de todas.')
  expect(bruna.feeds.waiting()).toEqual({ keys: 0, deps: 0, heads: 0, gaps: 0 })
})

test('a restart reads back the same, and goes on where it stopped', () => {
  const { alba, bruna, valley } = three()
  alba.says('uno ')
  bruna.says('dos ')
  valley.meet()
  const before = alba.sees()
  const next = alba.feeds.nextSeq(alba.feed!)
  alba.restarts()
  expect(alba.sees()).toEqual(before)
  expect(alba.feeds.nextSeq(alba.feed!)).toBe(next)
  alba.says('tres')
  valley.meet()
  expect(bruna.sees()).toEqual(alba.sees())
})

test('a record names only what is new since the one before, and not what lies below it anyway', () => {
  const { alba, bruna, ceiba } = three()
  alba.says('a')
  bruna.hear(...alba.segments)
  const [b] = bruna.says('b').records
  ceiba.hear(...alba.segments, ...bruna.segments)
  const [first] = ceiba.says('c').records
  const [second] = ceiba.says('d').records
  const { feed } = b!.pub
  expect(bodyOf(ceiba, first!).deps).toEqual([{ feed, seq: 0, rec: b!.id }])
  expect(bodyOf(ceiba, first!).lheads).toEqual(ceiba.ledger.heads())
  expect(bodyOf(ceiba, second!)).toMatchObject({ deps: [], lheads: null })
})

test('garbage in the place of seals below does not split Bruna, who hears piece by piece, from Ceiba, who hears all at once', () => {
  const { alba, bruna, ceiba } = three()
  const pieces = ['uno ', 'dos ', 'tres'].map((text) => alba.says(text))
  const garbage = pieces.map((piece, i) =>
    i < 2 ? { ...piece, seal: { ...piece.seal, sig: new Uint8Array(64).fill(7) } } : piece,
  )
  expect(garbage.map((piece) => bruna.feeds.offer(piece).ok)).toEqual([false, false, true])
  bruna.hear(joined(...pieces))
  ceiba.hear(joined(...pieces))
  expect(bruna.sees()).toEqual(ceiba.sees())
  expect(bruna.reads()).toBe('uno dos tres')
})

test('a sealed record waits for its key, and is read when the key comes', () => {
  const { valley, alba, bruna } = three()
  bruna.getsKeys = false
  const epoch = alba.rotate()
  bruna.learn(alba)
  bruna.hear(alba.says('hola'))
  expect(bruna.reads()).toBe('')
  expect(bruna.feeds.missingEpochs()).toEqual([epoch])
  expect(bruna.feeds.waiting().keys).toBe(1)
  bruna.receiveKeys()
  expect(bruna.reads()).toBe('hola')
  expect(bruna.feeds.missingEpochs()).toEqual([])
  valley.meet()
})

test('a record waits for what it builds on, and nothing dangles in the document meanwhile', () => {
  const { alba, bruna, ceiba } = three()
  const first = alba.says('uno ')
  bruna.hear(first)
  const second = bruna.says('dos')
  ceiba.hear(second)
  expect(ceiba.reads()).toBe('')
  expect(ceiba.feeds.waiting().deps).toBe(1)
  expect(danglingIn(ceiba.doc)).toBe(false)
  ceiba.hear(first)
  expect(ceiba.reads()).toBe('uno dos')
  expect(ceiba.feeds.waiting().deps).toBe(0)
})

test('a record waits for the acts its author knew', () => {
  const { alba, bruna } = three()
  alba.act({ type: 'merge' })
  const segment = alba.says('hola')
  bruna.hear(segment)
  expect(bruna.reads()).toBe('')
  expect(bruna.feeds.waiting().heads).toBe(1)
  bruna.learn(alba)
  expect(bruna.reads()).toBe('hola')
})

test('a record of a feed or an epoch nobody has heard of is refused, and taken when the ledger has come', () => {
  const { valley, alba, bruna, ceiba } = three()
  const drago = valley.admit('Drago', alba, bruna)
  bruna.rotate()
  drago.learn(bruna)
  const segment = drago.says('hola')
  const behind = valley.twin(ceiba)
  expect(behind.feeds.offer(segment)).toEqual({ ok: false, error: { type: 'UnknownFeed' } })
  behind.learn(drago)
  expect(behind.feeds.offer(segment).ok).toBe(true)
})

test('who is behind a rotation does not take records under the new epoch on trust', () => {
  const { alba, bruna } = three()
  alba.rotate()
  expect(bruna.feeds.offer(alba.says('hola'))).toEqual({ ok: false, error: { type: 'UnknownEpoch' } })
})

test('the last phone of Drago is suspended: what it wrote in time stays, what comes later is set aside', () => {
  const { valley, alba, bruna, ceiba } = three()
  ceiba.says('en casa ')
  valley.meet()
  bruna.suspend(ceiba.device)
  bruna.rotate()
  ceiba.says('desde la cárcel')
  valley.meet()
  for (const person of [alba, bruna]) {
    expect(person.reads()).toBe('en casa ')
    expect(person.feeds.setAside().map(({ why, device }) => [why, device])).toEqual([
      ['suspended', ceiba.device],
    ])
  }
  alba.says('seguimos')
  valley.meet()
  expect(bruna.reads()).toBe('en casa seguimos')
  expect(ceiba.reads()).not.toContain('seguimos')
})

test('what was merged before the suspension was known, and lies beyond it, is taken out again', () => {
  const { valley, alba, bruna, ceiba } = three()
  const early = ceiba.says('uno ')
  bruna.hear(early)
  const late = ceiba.says('dos')
  alba.hear(early, late)
  expect(alba.reads()).toBe('uno dos')
  bruna.suspend(ceiba.device)
  alba.learn(bruna)
  expect(alba.reads()).toBe('uno ')
  expect(alba.feeds.setAside()).toHaveLength(1)
  valley.meet(alba, bruna)
  expect(alba.sees()).toEqual(bruna.sees())
})

test('when Bruna takes her suspension back, everything Ceiba wrote counts again', () => {
  const { valley, alba, bruna, ceiba } = three()
  ceiba.says('uno ')
  valley.meet()
  const act = bruna.suspend(ceiba.device)
  ceiba.says('dos')
  valley.meet()
  expect(alba.reads()).toBe('uno ')
  bruna.act({ type: 'withdraw', target: act })
  valley.meet()
  expect(alba.reads()).toBe('uno dos')
  expect(alba.feeds.setAside()).toEqual([])
})

test('after pulling in what Ceiba wrote beyond her frontier, Alba goes on, and everybody still agrees with her', () => {
  const { valley, alba, bruna, ceiba } = three()
  const late = ceiba.says('tarde ')
  alba.hear(late)
  alba.says('sobre lo tuyo ')
  bruna.suspend(ceiba.device, [])
  bruna.rotate()
  valley.meet(alba, bruna)
  expect(bruna.reads()).toBe('tarde sobre lo tuyo ')
  alba.says('y más')
  bruna.says('!')
  valley.meet(alba, bruna)
  expect(bruna.feeds.refused()).toEqual([])
  expect(bruna.sees()).toEqual(alba.sees())
  expect(bruna.reads()).toContain('y más')
})

// The simulation’s seed 2675 lived through it, in a circle.
test('Ceiba is cut lower after Alba built on what counted: what Alba wrote stays, with what it stands on', () => {
  const { valley, alba, bruna, ceiba } = three()
  const [held, late] = [ceiba.says('a tiempo '), ceiba.says('tarde ')]
  bruna.suspend(ceiba.device, [])
  alba.hear(held, late)
  const kinder = alba.suspend(ceiba.device, [{ feed: ceiba.feed!, seq: 0, rec: held.seal.rec }])
  alba.rotate()
  alba.learn(bruna)
  alba.rotate()
  expect(alba.reads()).toBe('a tiempo ')
  alba.says('sobre lo tuyo ')
  alba.act({ type: 'withdraw', target: kinder })
  valley.meet(alba, bruna)
  bruna.hear(late)
  for (const person of [alba, bruna]) {
    expect(person.ledger.state().devices.get(ceiba.device)!.frontier).toEqual([])
    expect(person.reads()).toBe('a tiempo sobre lo tuyo ')
    expect(person.feeds.setAside().map(({ position }) => position.rec)).toEqual([late.seal.rec])
  }
  expect(alba.sees()).toEqual(bruna.sees())
})

test('a writer who knows of the suspension cannot bring back what lies beyond it by naming it', () => {
  const { alba, bruna, ceiba } = three()
  const late = ceiba.says('tarde')
  bruna.suspend(ceiba.device, [])
  bruna.rotate()
  alba.learn(bruna)
  const { feed, seal } = late
  const building = forge(alba, { seq: 0, prev: null }, { deps: [{ feed, seq: seal.seq, rec: seal.rec }] })
  bruna.hear(late, building)
  expect([...bruna.feeds.accepted()]).toEqual([])
})

test('a record sealed so that somebody shut out can read it, by one who knew, does not count', () => {
  const { alba, bruna, ceiba } = three()
  const old = [...alba.held.keys()].at(-1)!
  bruna.suspend(ceiba.device)
  bruna.rotate()
  alba.learn(bruna)
  const leaking = forge(alba, { seq: 0, prev: null, epoch: old }, { docs: [] })
  bruna.hear(leaking)
  expect([...bruna.feeds.accepted()]).toEqual([])
})

test('a record under an epoch its author cannot have known yet does not count', () => {
  const { alba, bruna } = three()
  const before = alba.ledger.heads()
  const epoch = alba.rotate()
  bruna.learn(alba)
  bruna.hear(forge(alba, { seq: 0, prev: null, epoch }, { lheads: before }))
  expect([...bruna.feeds.accepted()]).toEqual([])
})

test('between suspension and rotation nobody writes', () => {
  const { alba, bruna, ceiba } = three()
  bruna.suspend(ceiba.device)
  expect(bruna.feeds.append({ own: bruna.own, docs: [] })).toEqual({ ok: false, error: { type: 'NoEpoch' } })
  bruna.rotate()
  expect(bruna.feeds.append({ own: bruna.own, docs: [] }).ok).toBe(true)
  expect(alba.feeds.append({ own: alba.own, docs: [] }).ok).toBe(true)
})

test('a device whose feed nobody knows writes nothing, and neither does an update the others would refuse', () => {
  const { valley, alba } = three()
  const stranger = valley.twin(alba)
  expect(stranger.feeds.append({ own: stranger.own, docs: [] })).toEqual({
    ok: false,
    error: { type: 'NoFeed' },
  })
  const foreign = updateBy(12345, (doc) => doc.getText('t').insert(0, 'x'))
  expect(alba.feeds.append({ own: alba.own, docs: mainDoc(foreign) })).toEqual({
    ok: false,
    error: { type: 'BadPayload', rule: 'foreign client' },
  })
  expect(alba.feeds.nextSeq(alba.feed!)).toBe(0)
})

test('a record whose author does not know that it writes there does not count', () => {
  const counted = (knows: 'before the feed' | 'the feed') => {
    const { alba, bruna } = three()
    const before = alba.ledger.heads()
    alba.registerFeed()
    bruna.learn(alba)
    const lheads = knows === 'the feed' ? alba.ledger.heads() : before
    bruna.hear(forge(alba, { seq: 0, prev: null }, { lheads }))
    return [...bruna.feeds.accepted()].length
  }
  expect([counted('the feed'), counted('before the feed')]).toEqual([1, 0])
})

test('two are paused at once, and one writes on under the only key it has, which the other can read: once it may speak again, that counts', () => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba', 'Drago', 'Elsa')
  const [alba, bruna, ceiba] = [valley.get('Alba'), valley.get('Bruna'), valley.get('Ceiba')]
  const pause = bruna.suspend(ceiba.device)
  bruna.suspend(valley.get('Drago').device)
  bruna.rotate()
  ceiba.learn(bruna)
  const said = ceiba.says('desde lejos')
  alba.learn(bruna)
  alba.hear(said)
  expect([alba.reads(), alba.feeds.setAside().map(({ why }) => why)]).toEqual(['', ['suspended']])
  bruna.act({ type: 'withdraw', target: pause })
  alba.learn(bruna)
  expect([alba.reads(), alba.feeds.setAside()]).toEqual(['desde lejos', []])
})

test('a record names others by their feed, their place and their name, all three, and never its own feed', () => {
  const named = (change: 'nothing' | 'place' | 'feed' | 'own feed') => {
    const { alba, bruna, ceiba } = three()
    const [first, second] = [ceiba.says('uno '), ceiba.says('dos')]
    const own = forge(alba, { seq: 0, prev: null }, {})
    const dep = { feed: ceiba.feed!, seq: 1, rec: second.seal.rec }
    const deps = {
      nothing: dep,
      place: { ...dep, seq: 0 },
      feed: { ...dep, feed: bruna.feed! },
      'own feed': { feed: alba.feed!, seq: 0, rec: own.seal.rec },
    }
    bruna.hear(first, second, own)
    bruna.hear(forge(alba, { seq: 1, prev: own.records[0]! }, { deps: [deps[change]] }))
    expect(bruna.feeds.waiting()).toEqual({ keys: 0, deps: 0, heads: 0, gaps: 0 })
    return bruna.feeds.refused().map(({ why }) => why.type)
  }
  expect(named('nothing')).toEqual([])
  for (const change of ['place', 'feed', 'own feed'] as const)
    expect(named(change), change).toEqual(['BadHeads'])
})

test('ledger heads may not go back along a feed, nor be missing at its start', () => {
  const { alba, bruna } = three()
  const before = alba.ledger.heads()
  alba.act({ type: 'merge' })
  bruna.learn(alba)
  const first = forge(alba, { seq: 0, prev: null }, {})
  const back = forge(alba, { seq: 1, prev: first.records[0]! }, { lheads: before })
  bruna.hear(first, back)
  expect(bruna.feeds.refused().map(({ why }) => why)).toEqual([{ type: 'BadHeads' }])
  const headless = forge(alba, { seq: 0, prev: null }, { lheads: null })
  const { bruna: other, alba: author } = three()
  expect(headless.records).toHaveLength(1)
  other.hear(forge(author, { seq: 0, prev: null }, { lheads: null }))
  expect(other.feeds.refused().map(({ why }) => why)).toEqual([{ type: 'BadHeads' }])
})

test('what follows a refused record, or builds on it, is refused with it, and the rest goes on', () => {
  const { alba, bruna, ceiba } = three()
  const foreign = updateBy(4, (doc) => doc.getText('t').insert(0, 'x'))
  const bad = forge(alba, { seq: 0, prev: null }, { docs: mainDoc(foreign) })
  const after = forge(alba, { seq: 1, prev: bad.records[0]! }, {})
  const { feed, seal } = bad
  const building = forge(ceiba, { seq: 0, prev: null }, { deps: [{ feed, seq: 0, rec: seal.rec }] })
  bruna.hear(building, after, bad)
  expect(
    bruna.feeds
      .refused()
      .map(({ why }) => why.type)
      .sort(),
  ).toEqual(['BadDeps', 'BadDeps', 'BadPayload'])
  bruna.says('sigo')
  expect(bruna.reads()).toBe('sigo')
})

test('a newcomer starts from a base, and from there on sees what everybody sees', () => {
  const { valley, alba, bruna, ceiba } = three()
  alba.says('uno ')
  bruna.says('dos ')
  valley.meet()
  const onTheWay = ceiba.says('tres ')
  alba.hear(onTheWay)
  alba.says('y ')
  const drago = valley.admit('Drago', alba, bruna)
  bruna.rotate()
  valley.people.forEach((person) => person.learn(bruna))
  const base = alba.feeds.baseNow()
  expect(base.get(alba.feed!)?.clocks.get('main' as DocId)).toBe(6)
  drago.feeds = new Feeds({ ledger: drago.ledger, keys: drago, base })
  // The document that comes with the base is Alba's as it stands.
  for (const { docs } of alba.feeds.accepted()) for (const { update } of docs) drago.hearDocument(update)
  expect(drago.feeds.heads().map(({ seq }) => seq)).toEqual([1, 0, 0])
  // She writes beside what Bruna wrote, which she named long before.
  drago.hear(alba.writes((doc) => doc.getText('t').insert(alba.reads().indexOf('dos') + 1, '·')))
  expect(drago.reads()).toContain('d·os')
  drago.says('cuatro ')
  alba.says('cinco ')
  valley.meet()
  ceiba.says('seis')
  valley.meet()
  for (const person of valley.people) expect(person.reads()).toBe(alba.reads())
  expect(alba.reads()).toContain('cuatro')
  expect(drago.feeds.refused()).toEqual([])
  expect(alba.feeds.refused()).toEqual([])
})

test('a newcomer whose base holds what was pulled in from behind a suspension writes, and is believed', () => {
  const { valley, alba, bruna, ceiba } = three()
  const late = ceiba.says('tarde ')
  alba.hear(late)
  alba.says('sobre lo tuyo ')
  bruna.suspend(ceiba.device, [])
  valley.meet(alba, bruna)
  const drago = valley.admit('Drago', alba, bruna)
  bruna.rotate()
  valley.people.forEach((person) => person.learn(bruna))
  drago.feeds = new Feeds({ ledger: drago.ledger, keys: drago, base: bruna.feeds.baseNow() })
  for (const { docs } of bruna.feeds.accepted()) for (const { update } of docs) drago.hearDocument(update)
  drago.says('y yo')
  bruna.hear(...drago.segments)
  expect(bruna.reads()).toBe('tarde sobre lo tuyo y yo')
  expect(bruna.feeds.setAside()).toEqual([])
})

/** Drago began from Bruna, who held what Ceiba wrote late; Alba, who did not, has cut Ceiba since. */
const handedTooMuch = () => {
  const { valley, alba, bruna, ceiba } = three()
  alba.says('uno ')
  valley.meet()
  bruna.hear(ceiba.says('tarde '))
  const drago = valley.admit('Drago', alba, bruna)
  bruna.rotate()
  valley.people.forEach((person) => person.learn(bruna))
  const base = bruna.feeds.baseNow()
  const begins = () => new Feeds({ ledger: drago.ledger, keys: drago, base })
  drago.feeds = begins()
  for (const { docs } of bruna.feeds.accepted()) for (const { update } of docs) drago.hearDocument(update)
  alba.suspend(ceiba.device, [])
  alba.rotate()
  valley.meet(alba, bruna, drago)
  expect([alba.reads(), bruna.reads(), drago.reads()]).toEqual(['uno ', 'uno ', 'uno tarde '])
  const tooMuch = [ceiba.feed!]
  const writes = (feeds: Feeds, change: (doc: Doc) => void, known: readonly FeedId[] = tooMuch) => {
    const update = updateBy(drago.doc.clientID, change, encodeStateAsUpdate(drago.doc))
    return feeds.append({ own: drago.own, docs: mainDoc(update), tooMuch: known })
  }
  return { alba, bruna, drago, begins, writes }
}

const upon = {
  'right of what is too much': (doc: Doc) => doc.getText('t').insert(10, 'encima'),
  'left of it': (doc: Doc) => doc.getText('t').insert(4, 'delante '),
  'in the middle of it': (doc: Doc) => doc.getText('t').insert(6, '·'),
  'by deleting some of it': (doc: Doc) => doc.getText('t').delete(5, 2),
}

test.each(Object.entries(upon))(
  'who was handed more than counts signs nothing that stands upon it, which others had to refuse: %s',
  (_, change) => {
    const { alba, drago, begins, writes } = handedTooMuch()
    const refused = writes(drago.feeds, change)
    expect(refused.ok ? null : refused.error.type).toBe('NotReady')
    // It is refused for that: who does not look signs it, and nobody reads it.
    const { record, seal } = expectOk(writes(begins(), change, []))
    alba.hear({ feed: seal.feed, records: [record], seal })
    expect(alba.feeds.refused().map(({ why }) => why.type)).toEqual(['BadPayload'])
  },
)

// It was once taken for an edit that cannot be carried at all, and what the newcomer typed was lost.
test('also where nothing in the base counts any more, what is written upon it waits, and is not given up', () => {
  const { valley, alba, bruna, ceiba } = three()
  bruna.hear(ceiba.says('tarde '))
  const drago = valley.admit('Drago', alba, bruna)
  bruna.rotate()
  valley.people.forEach((person) => person.learn(bruna))
  drago.feeds = new Feeds({ ledger: drago.ledger, keys: drago, base: bruna.feeds.baseNow() })
  for (const { docs } of bruna.feeds.accepted()) for (const { update } of docs) drago.hearDocument(update)
  alba.suspend(ceiba.device, [])
  alba.rotate()
  valley.meet(alba, bruna, drago)
  const update = updateBy(
    drago.doc.clientID,
    (doc) => doc.getText('t').insert(6, 'encima'),
    encodeStateAsUpdate(drago.doc),
  )
  const about = { own: drago.own, docs: mainDoc(update) }
  const waits = drago.feeds.append({ ...about, tooMuch: [ceiba.feed!] })
  expect(waits.ok ? null : waits.error.type).toBe('NotReady')
  const givenUp = drago.feeds.append(about)
  expect(givenUp.ok ? null : givenUp.error.type).toBe('BadPayload')
})

test('and what she writes beside it, upon what counts, is signed and read', () => {
  const { alba, bruna, drago, writes } = handedTooMuch()
  const { record, seal } = expectOk(writes(drago.feeds, (doc) => doc.getText('t').insert(2, '·')))
  for (const person of [alba, bruna]) {
    person.hear({ feed: seal.feed, records: [record], seal })
    expect(person.feeds.refused()).toEqual([])
    expect(person.reads()).toBe('un·o ')
  }
})

// Without this a newcomer took it for named what nobody had named, and all others refused what she wrote there.
test('who names a place inside the base names no more than that: a newcomer beside it names the rest herself', () => {
  const { valley, alba, bruna, ceiba } = three()
  bruna.hear(alba.says('uno '))
  const named = bruna.says('dos ')
  const beyond = alba.says('tres ')
  const drago = valley.admit('Drago', alba, bruna)
  bruna.rotate()
  valley.people.forEach((person) => person.learn(bruna))
  const base = alba.feeds.baseNow()
  expect(base.get(alba.feed!)?.seq).toBe(1)
  for (const { docs } of alba.feeds.accepted()) for (const { update } of docs) drago.hearDocument(update)
  drago.feeds = new Feeds({ ledger: drago.ledger, keys: drago, base })
  const renewed = bruna.says('cuatro ')
  drago.receiveKeys()
  const [first, second] = [bodyOf(bruna, named.records[0]!), bodyOf(bruna, renewed.records[0]!)]
  expect([first.deps.map(({ seq }) => seq), second.deps]).toEqual([[0], []])
  // What Bruna wrote before has a key that is older than Drago; it is put beside the base, as a welcome would.
  drago.held.set(named.records[0]!.pub.epoch, bruna.key(named.records[0]!.pub.epoch)!)
  drago.hear(named, renewed)
  const beside = drago.writes((doc) => doc.getText('t').insert(drago.reads().indexOf('tres') + 1, '·'))
  const { deps } = bodyOf(drago, beside.records[0]!)
  expect(deps).toContainEqual({ feed: alba.feed, seq: 1, rec: beyond.seal.rec })
  // Ceiba began from nothing, and holds her to what she named.
  ceiba.hear(...alba.segments, ...bruna.segments, beside)
  expect(ceiba.feeds.refused()).toEqual([])
  expect(ceiba.reads()).toContain('t·res')
})

test('records that contradict the base are evidence, and nothing of them is read', () => {
  const { valley, alba, bruna, ceiba } = three()
  const first = alba.says('uno')
  valley.meet()
  const base = bruna.feeds.baseNow()
  const late = valley.twin(ceiba)
  late.learn(ceiba)
  late.feeds = new Feeds({ ledger: late.ledger, keys: late, base })
  // What leads to the base is kept: without it nobody could say where another branch leaves it.
  expect(expectOk(late.feeds.offer(first)).fresh).toEqual(first.records)
  expect(expectOk(late.feeds.offer(first)).fresh).toEqual([])
  const other = forge(alba, { seq: 0, prev: null }, {})
  const proof = { feed: alba.feed, seq: 0, records: [first.seal.rec, other.seal.rec].sort() }
  expect(expectOk(late.feeds.offer(other))).toMatchObject({
    fresh: other.records,
    fork: proof,
    partsBelow: true,
  })
  expect(late.feeds.forks()).toEqual([proof])
  expect(expectOk(late.feeds.offer(other)).fresh).toEqual([])
  expect(late.feeds.setAside()).toEqual([])
  expect(late.feeds.hasClosedFeed()).toBe(false)
  late.hear(alba.says('dos'))
  expect(late.feeds.nextSeq(alba.feed!)).toBe(2)
})

test('a second incarnation of a feed goes on with its own client id', () => {
  const { valley, alba, bruna } = three()
  alba.says('uno ')
  const first = alba.feed!
  alba.registerFeed()
  expect(yClientOf(alba.feed!)).not.toBe(yClientOf(first))
  alba.says('dos')
  valley.meet()
  expect(bruna.reads()).toBe('uno dos')
  expect(alba.feeds.nextSeq(first)).toBe(1)
  expect(alba.feeds.nextSeq(alba.feed!)).toBe(1)
  expect(bruna.feeds.frontierOf(alba.device)).toHaveLength(2)
})

test('a segment must be one chain of one feed and end at its seal', () => {
  const { alba, bruna, ceiba } = three()
  const [a, b, c] = [alba.says('a'), alba.says('b'), alba.says('c')]
  const other = ceiba.says('x')
  const wrong = (segment: Parameters<Feeds['offer']>[0]) => {
    const offered = bruna.feeds.offer(segment)
    return offered.ok ? 'taken' : offered.error.type
  }
  expect(wrong({ ...a, records: [] })).toBe('BadChain')
  expect(wrong({ ...joined(a, b, c), records: [a.records[0]!, c.records[0]!] })).toBe('BadChain')
  expect(wrong({ ...b, records: [...a.records, ...other.records, ...b.records] })).toBe('BadChain')
  const otherFace = forge(alba, { seq: 1, prev: other.records[0]! }, {})
  expect(wrong({ ...otherFace, records: [...a.records, ...otherFace.records] })).toBe('BadChain')
  expect(wrong({ ...joined(a, b), seal: a.seal })).toBe('BadSeal')
  expect(wrong({ ...a, seal: { ...a.seal, seq: 1 } })).toBe('BadSeal')
  expect(wrong(sealed(ceiba, a.records))).toBe('BadSeal')
  expect(wrong(joined(a, b, c))).toBe('taken')
})
