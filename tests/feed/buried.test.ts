import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import type { RecId } from '../../src/lib/core/ids.ts'
import { Buried } from '../../src/lib/feed/buried.ts'
import { Feeds } from '../../src/lib/feed/feeds.ts'
import type { SealedRecord, Segment } from '../../src/lib/feed/types.ts'
import { forge, Valley } from './valley.ts'

/** Only what names a record. */
const named = (id: string, seq: number, prev: string | null): SealedRecord =>
  ({ id, pub: { seq, prev } }) as unknown as SealedRecord

/** A branch from `from` on, one name a place. */
const branch = (names: readonly string[], from = 0, prev: string | null = null): readonly SealedRecord[] =>
  names.map((name, i) => named(name, from + i, i === 0 ? prev : names[i - 1]!))

const rootOf = (records: readonly SealedRecord[]) => {
  const { id, pub } = records.at(-1)!
  return { id: id, seq: pub.seq }
}

test('whoever began above a fork is told by the names where the branches part, not by later ones', () => {
  const mine = branch(['p', 'a2', 'z3'])
  const theirs = branch(['b2', 'c3'], 1, 'p')
  const ana = new Buried(rootOf(mine))
  ana.hear(theirs)
  // Of their own branch they know the end alone: it tells nothing of where the other left it.
  expect(ana.parting).toEqual({ seq: 2, records: ['c3', 'z3'], isRootFallen: true })
  ana.hear(mine)
  expect(ana.parting).toEqual({ seq: 1, records: ['a2', 'b2'], isRootFallen: false })
  expect(ana.leavesOut({ seq: 1, id: 'b2' as RecId })).toBe(true)
  expect(ana.leavesOut({ seq: 1, id: 'a2' as RecId })).toBe(false)
})

test('in whatever order and pieces two branches come, the verdict is the one of the place where they part', () => {
  const name = fc.uniqueArray(
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 8, maxLength: 8 }),
    { minLength: 12, maxLength: 12 },
  )
  fc.assert(
    fc.property(
      name,
      fc.nat(4),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.nat(),
      (names, common, own, other, seed) => {
        const mine = branch(names.slice(0, common + own))
        const theirs = branch(names.slice(8, 8 + other), common, common > 0 ? names[common - 1]! : null)
        const below = theirs.filter(({ pub }) => pub.seq <= rootOf(mine).seq)
        const all = [...mine, ...below].sort((a, b) => order(a.id, seed) - order(b.id, seed))
        const buried = new Buried(rootOf(mine))
        for (const record of all) buried.hear([record])
        expect(buried.parting?.seq).toBe(common)
        expect(buried.parting?.isRootFallen).toBe(names[8]! < names[common]!)
        expect(buried.hear(all)).toBe(false)
      },
    ),
  )
})

const order = (name: string, seed: number): number => (parseInt(name, 16) * (2 * seed + 1)) % 1_000_003

/** Mala signed two for her first place; the one that stands has a successor, and Bruna built upon the other. */
const twoFaced = () => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba', 'Mala')
  const [alba, bruna, ceiba, mala] = valley.people as [Person, Person, Person, Person]
  const [low, high] = [0, 1]
    .map((i) =>
      forge(mala, { seq: 0, prev: null }, { lheads: i ? mala.ledger.heads() : [...mala.ledger.heads()] }),
    )
    .sort((a, b) => (a.seal.rec < b.seal.rec ? -1 : 1)) as [Segment, Segment]
  const next = forge(mala, { seq: 1, prev: low.records[0]! }, {})
  bruna.hear(high)
  const upon = bruna.says('sobre la otra')
  alba.hear(low, next)
  alba.says('y yo')
  return { valley, alba, bruna, ceiba, mala, low, high, next, upon }
}
type Person = Valley['people'][number]

const newcomer = ({ valley, alba, ceiba }: ReturnType<typeof twoFaced>, isHanded: boolean): Person => {
  const late = valley.twin(ceiba)
  late.learn(ceiba)
  late.feeds = new Feeds({ ledger: late.ledger, keys: late, base: alba.feeds.baseNow(), isHanded })
  return late
}

test('what stands upon the branch that was left counts no more for a newcomer than for everybody else', () => {
  const all = twoFaced()
  const late = newcomer(all, true)
  for (const segment of [all.low, all.next, all.high]) expectOk(late.feeds.offer(segment))
  late.hear(all.upon)
  const both = [all.alba.feed, all.mala.feed].sort()
  const feedsOf = ({ feeds }: Person) =>
    feeds
      .positionsMerged()
      .map(({ feed }) => feed)
      .sort()
  expect(feedsOf(late)).toEqual(both)
  all.alba.hear(all.high, all.upon)
  expect(feedsOf(all.alba)).toEqual(both)
})

test('a newcomer who read it before anybody showed the other branch is told to begin anew', () => {
  const all = twoFaced()
  const late = newcomer(all, true)
  late.hear(all.upon)
  expect(late.feeds.positionsMerged()).toHaveLength(3)
  const shown = [all.next, all.low, all.high].map((one) => expectOk(late.feeds.offer(one)).partsBelow)
  expect(shown).toEqual([false, false, true])
})

test('below what all hold to there is no choice left: what names a place there stands on what is there', () => {
  const all = twoFaced()
  const late = newcomer(all, false)
  for (const segment of [all.low, all.next, all.high]) expectOk(late.feeds.offer(segment))
  late.hear(all.upon)
  expect(late.feeds.positionsMerged()).toHaveLength(3)
})

test('documents put together from two that each knew one branch hold both: that shows as soon as the branch that stands is known', () => {
  const all = twoFaced()
  const { low, high, next } = all
  const late = newcomer(all, true)
  const under = [low, high].map(({ seal: { feed, seq, rec } }) => ({ feed, seq, rec }))
  const base = all.alba.feeds.baseNow()
  const { ledger } = late
  const [onOne, onTwo] = under.map(
    (at) => new Feeds({ ledger, keys: late, base, under: [at], isHanded: true }),
  )
  for (const feeds of [onOne!, onTwo!]) expect(feeds.fallenBelow()).toEqual([])
  for (const feeds of [onOne!, onTwo!]) for (const one of [next, low]) expectOk(feeds.offer(one))
  expect(onOne!.fallenBelow()).toEqual([])
  expect(onTwo!.fallenBelow()).toEqual([all.mala.feed])
})
