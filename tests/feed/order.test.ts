import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { EntryId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { openRecord } from '../../src/lib/feed/record.ts'
import type { Segment } from '../../src/lib/feed/types.ts'
import { drawEverythingFrom } from '../simulation/dice.ts'
import { forge, joined, mainDoc, updateBy, Valley, type Person } from './valley.ts'

const RUNS = Number(process.env.RUNS ?? (process.env.SLOW ? 400 : 30))
const WHILE = { timeout: process.env.SLOW ? 600_000 : 60_000 }

/** A story: who does what, and whom they hear before. Numbers choose among what is possible just then. */
const story = fc.array(
  fc.record({
    who: fc.nat({ max: 3 }),
    hears: fc.nat({ max: 15 }),
    what: fc.constantFrom('type', 'type', 'type', 'map', 'delete', 'suspend', 'rotate', 'withdraw', 'fork'),
    at: fc.nat({ max: 1000 }),
  }),
  { minLength: 5, maxLength: 30 },
)

/** Names and keys come from a seed too: which record has the smaller name decides what a fork comes to. */
const seeds = fc.nat()
const drawn =
  <A extends readonly unknown[]>(body: (...args: A) => void) =>
  (seed: number, ...args: A): void => {
    const undo = drawEverythingFrom(seed)
    try {
      body(...args)
    } finally {
      undo()
    }
  }

type Said = {
  readonly entries: readonly Uint8Array[]
  readonly segments: readonly Segment[]
  /** Of those, what nobody honest would have signed. */
  readonly forged: readonly Segment[]
}

const tell = (
  acts: typeof story extends fc.Arbitrary<infer T> ? T : never,
): { valley: Valley; said: Said } => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba', 'Drago')
  const suspended = new Map<Person, ReturnType<Person['suspend']>>()
  const forged: Segment[] = []
  for (const { who, hears, what, at } of acts) {
    const person = valley.people[who]!
    valley.people.forEach((other, i) => {
      if (other === person || !(hears & (1 << i))) return
      person.learn(other)
      for (const segment of other.segments) if (person.feeds.offer(segment).ok) person.segments.push(segment)
      person.merge()
    })
    act(person, valley, { what, at, suspended, forged })
  }
  const segments = [...new Set([...valley.people.flatMap((person) => person.segments), ...forged])]
  const entries = [
    ...new Map(
      valley.people.flatMap(({ ledger }) => ledger.since([])).map((entry) => [entry.id, entry.wire]),
    ).values(),
  ]
  return { valley, said: { entries, segments, forged } }
}

const act = (
  person: Person,
  valley: Valley,
  of: {
    readonly what: string
    readonly at: number
    readonly suspended: Map<Person, ReturnType<Person['suspend']>>
    readonly forged: Segment[]
  },
): void => {
  const { what, at, suspended, forged } = of
  const text = person.doc.getText('t')
  const target = valley.people[at % valley.people.length]!
  switch (what) {
    case 'type':
      person.triesToWrite((doc) => doc.getText('t').insert(at % (text.length + 1), `${person.name[0]}${at} `))
      break
    case 'map':
      person.triesToWrite((doc) => void doc.getMap('m').set(`k${at % 5}`, `${person.name} ${at}`))
      break
    case 'delete':
      if (text.length > 2) person.triesToWrite((doc) => doc.getText('t').delete(at % (text.length - 1), 2))
      break
    case 'suspend':
      if (target !== person) suspended.set(person, person.suspend(target.device))
      break
    case 'rotate':
      person.rotate()
      break
    case 'withdraw': {
      const act = suspended.get(person)
      if (act) person.act({ type: 'withdraw', target: act })
      break
    }
    case 'fork':
      if (forged.length < 2 && person.held.size > 0) forged.push(otherFace(person, at))
  }
}

/** A second record at the place of one that this person wrote. */
const otherFace = (person: Person, at: number): Segment => {
  const own = person.segments.filter(({ feed }) => feed === person.feed)
  const before = own[at % (own.length + 1)]
  const update = updateBy(person.doc.clientID, (doc) => doc.getText('t').insert(0, 'otra cara'))
  return forge(
    person,
    { seq: before ? before.seal.seq + 1 : 0, prev: before?.records.at(-1) ?? null },
    { docs: before ? [] : mainDoc(update) },
  )
}

/** A record at the beginning of a feed that writes in somebody else’s name. */
const hostileOf = (person: Person): Segment =>
  forge(
    person,
    { seq: 0, prev: null },
    { docs: mainDoc(updateBy(person.doc.clientID + 1, (doc) => doc.getText('t').insert(0, 'no soy yo'))) },
  )

/** What the records of `wanted` say, with the heads of the ledger each author knew. */
function* bodiesOf(valley: Valley, said: Said, wanted: ReadonlySet<string>) {
  const records = new Map(
    said.segments.flatMap((segment) => segment.records).map((record) => [record.id, record]),
  )
  const headsOf = new Map<string, readonly EntryId[]>()
  for (const record of [...records.values()].sort((a, b) => a.pub.seq - b.pub.seq)) {
    const { pub, id } = record
    const body = expectOk(openRecord({ key: valley.epochs.get(pub.epoch)!, coll: valley.coll, record }))
    const heads = body.lheads ?? headsOf.get(pub.prev ?? '') ?? []
    headsOf.set(id, heads)
    if (wanted.has(id)) yield { id, pub, body, heads }
  }
}

/** What a device that knows nothing sees after it heard all this in some order. */
const hear = (valley: Valley, said: Said, order: readonly number[]): { sees: unknown; person: Person } => {
  const person = valley.twin(valley.people[0]!)
  person.feed = null
  const events = [
    ...said.entries.map((entry) => () => person.learnEntries([entry])),
    ...said.segments.map((segment) => () => (person.feeds.offer(segment), person.merge())),
    () => person.receiveKeys(),
  ]
  const key = (i: number) => order[i % order.length]! + i * 1e-4
  const shuffled = [...events.keys()].sort((a, b) => key(a) - key(b)).map((i) => events[i]!)
  if (order[0]! % 2) person.getsKeys = false
  for (const event of shuffled) event()
  // What came before its feed or epoch was known had to be refused; links send it again, ledger first.
  for (const segment of said.segments) person.feeds.offer(segment)
  person.receiveKeys()
  return { sees: person.sees(), person }
}

const orders = fc.array(fc.nat({ max: 1000 }), { minLength: 3, maxLength: 60 })

describe('in whatever order', WHILE, () => {
  test.prop([seeds, story, orders, orders], { numRuns: RUNS })(
    'I8: acts, keys and records reach two devices, they accept the same, set the same aside and show the same document',
    drawn((acts, one, other) => {
      const { valley, said } = tell(acts)
      const first = hear(valley, said, one)
      const second = hear(valley, said, other)
      expect(second.sees).toEqual(first.sees)
      expect(first.sees).toMatchObject({ pending: false })
      expect(first.person.feeds.refused()).toEqual([])
    }),
  )

  test.prop([seeds, story, orders], { numRuns: RUNS })(
    'I7 I10: records came, a device that starts again sees what it saw, nothing accepted builds on anything that is not, and each was sealed for those alone who belonged as far as its author knew',
    drawn((acts, order) => {
      const { valley, said } = tell(acts)
      const { sees, person } = hear(valley, said, order)
      person.segments.push(...said.segments)
      person.restarts()
      expect(person.sees()).toEqual(sees)
      expect(person.feeds.take()).toEqual({ type: 'more', records: [] })
      const seen = new Map<string, number>()
      for (const { position } of person.feeds.accepted()) {
        expect(position.seq).toBe((seen.get(position.feed) ?? -1) + 1)
        seen.set(position.feed, position.seq)
      }
      const accepted = new Set([...person.feeds.accepted()].map(({ position }) => position.rec))
      for (const { id, pub, body, heads } of bodiesOf(valley, said, accepted)) {
        if (pub.prev) expect(accepted).toContain(pub.prev)
        for (const { rec } of body.deps) expect(accepted).toContain(rec)
        const view = person.ledger.stateOf(heads)
        const author = person.ledger.state().feeds.get(pub.feed)!.device
        // Whoever is shut out can make no better epoch, and is set aside or not like any other (feed.md §6).
        if (view.devices.get(author)?.standing !== 'active') continue
        const isForged = said.forged.some((segment) => segment.records.some((one) => one.id === id))
        for (const recipient of view.epochs.get(pub.epoch)!.recipients) {
          // What was taken back since is held against nobody, also not against who sealed for them in spite of it.
          const { suspensions, revokedBy } = person.ledger.state().devices.get(recipient)!
          if (isForged && suspensions.length + revokedBy.length === 0) continue
          expect(view.devices.get(recipient)?.standing).toBe('active')
        }
      }
    }),
  )

  test.prop([seeds, story, orders, fc.array(fc.boolean(), { minLength: 1, maxLength: 40 })], {
    numRuns: RUNS,
  })(
    'I15: some of it came and some never: nothing counts there that whoever has all of it refuses, and nothing there is refused that counts',
    drawn((acts, order, drops) => {
      const { valley, said } = tell(acts)
      const hostile = valley.people.flatMap((person) => (person.held.size > 0 ? [hostileOf(person)] : []))
      const all: Said = { ...said, segments: [...said.segments, ...hostile] }
      const comes = <T>(list: readonly T[]) => list.filter((_, i) => drops[i % drops.length]!)
      const whole = hear(valley, all, order).person.feeds
      const part = hear(valley, { ...all, entries: comes(all.entries), segments: comes(all.segments) }, order)
        .person.feeds
      const refused = (feeds: typeof whole) => new Set(feeds.refused().map(({ position }) => position.rec))
      const counts = (feeds: typeof whole) => [...feeds.accepted()].map(({ position }) => position.rec)
      expect(refused(whole).size).toBeGreaterThan(0)
      for (const rec of counts(part)) expect(refused(whole)).not.toContain(rec)
      for (const rec of refused(part)) expect(counts(whole)).not.toContain(rec)
    }),
  )

  test.prop([seeds, story], { numRuns: RUNS })(
    'and in whatever pieces',
    drawn((acts) => {
      const { valley, said } = tell(acts)
      const [whole, pieces] = [valley.twin(valley.people[1]!), valley.twin(valley.people[1]!)]
      for (const person of [whole, pieces]) {
        person.feed = null
        person.learnEntries(said.entries)
      }
      for (const feed of new Set(said.segments.map((segment) => segment.feed))) {
        const line = [
          ...new Map(said.segments.filter((s) => s.feed === feed).map((s) => [s.seal.rec, s])).values(),
        ]
        for (const segment of line) pieces.feeds.offer(segment)
        const chain: Segment[] = []
        for (const segment of line)
          if (segment.records[0]!.pub.prev === (chain.at(-1)?.seal.rec ?? null)) chain.push(segment)
        if (chain.length > 0) whole.feeds.offer(joined(...chain))
        for (const segment of line) whole.feeds.offer(segment)
      }
      for (const person of [whole, pieces]) person.merge()
      expect(whole.sees()).toEqual(pieces.sees())
    }),
  )
})
