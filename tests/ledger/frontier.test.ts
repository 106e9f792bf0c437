import { expect, test } from 'vitest'
import { feedIdFrom, recIdFrom, type FeedId } from '../../src/lib/core/ids.ts'
import { standingFeeds } from '../../src/lib/ledger/feed-id.ts'
import type { Position } from '../../src/lib/ledger/types.ts'
import { assemble } from './assembly.ts'

const at = (feed: FeedId, seq: number): Position => ({
  feed,
  seq,
  rec: recIdFrom(new Uint8Array(32).fill(seq))!,
})

test('of two suspensions the one that grants more of a feed is the one that counts', () => {
  const { council, alba, bruna, cira } = assemble(5)
  const { feed } = council.registers(alba)
  council.suspend(bruna, alba, undefined, [at(feed, 3)])
  council.suspend(cira, alba, undefined, [at(feed, 7)])
  expect(council.deviceOf(alba)?.frontier).toEqual([at(feed, 7)])
})

test('nobody grants a phone a position in a feed that is not its own', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const { feed } = council.registers(cira)
  council.suspend(bruna, alba, undefined, [at(feed, 3)])
  expect(council.deviceOf(alba)?.frontier).toEqual([])
})

test('a revoked phone counts as far as two voters held its feed, whatever one says', () => {
  const { council, alba, bruna, cira, dina } = assemble(5)
  const { feed } = council.registers(alba)
  const proposal = council.proposes(bruna, council.revocation(alba, [], [at(feed, 90)]))
  const votes = [
    council.approves(cira, proposal, [proposal], [at(feed, 5)]),
    council.approves(dina, proposal, [proposal], [at(feed, 4)]),
  ]
  council.enacts(bruna, proposal, votes)
  expect(council.deviceOf(alba)).toMatchObject({ standing: 'revoked', frontier: [at(feed, 5)] })
})

test('of three members the word of one suffices', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const { feed } = council.registers(alba)
  const proposal = council.proposes(bruna, council.revocation(alba, [], [at(feed, 9)]))
  council.enacts(bruna, proposal, [council.approves(cira, proposal)])
  expect(council.deviceOf(alba)?.frontier).toEqual([at(feed, 9)])
})

test('a majority may raise a frontier, never lower it', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const { feed } = council.registers(alba)
  council.suspend(bruna, alba, undefined, [at(feed, 5)])
  const amend = (seq: number) =>
    council.decide({ action: 'amendFrontier', device: alba.own.id, frontier: [at(feed, seq)] }, [bruna, cira])
  amend(2)
  expect(council.deviceOf(alba)?.frontier).toEqual([at(feed, 5)])
  amend(8)
  expect(council.deviceOf(alba)?.frontier).toEqual([at(feed, 8)])
})

test('a stolen phone that retires itself does not raise its own frontier', () => {
  const { council, alba, bruna } = assemble(3)
  const { feed } = council.registers(alba)
  const before = council.ledger.heads()
  council.suspend(bruna, alba, before, [at(feed, 5)])
  council.says(alba, { type: 'retire', frontier: [at(feed, 50)] }, before)
  expect(council.deviceOf(alba)).toMatchObject({ standing: 'retired', frontier: [at(feed, 5)] })
})

test('a phone that says two things of its own end is held to the lower one', () => {
  const { council, alba } = assemble(3)
  const { feed } = council.registers(alba)
  const before = council.ledger.heads()
  council.says(alba, { type: 'retire', frontier: [at(feed, 5)] }, before)
  council.says(alba, { type: 'retire', frontier: [at(feed, 50)] }, before)
  expect(council.deviceOf(alba)?.frontier).toEqual([at(feed, 5)])
})

test('of two feeds with one client id the smaller entry stands, and never a silenced one against another', () => {
  const feed = (n: number) => feedIdFrom(new Uint8Array(32).fill(n))!
  const registered = (n: number, silenced = false) => ({
    entry: String(n) as never,
    feed: feed(n),
    device: 'd' as never,
    silenced,
    comesAfter: () => false,
  })
  const stands = (...given: readonly ReturnType<typeof registered>[]) =>
    [...standingFeeds(new Map(), given, () => 7).values()].map(({ id }) => id)
  expect(stands(registered(1), registered(2))).toEqual([feed(1)])
  expect(stands(registered(2), registered(1))).toEqual([feed(1)])
  expect(stands(registered(1, true), registered(2))).toEqual([feed(2)])
  expect(stands(registered(2), registered(1, true))).toEqual([feed(2)])
})
