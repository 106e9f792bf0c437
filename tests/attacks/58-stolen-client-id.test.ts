import { expect, test } from 'vitest'
import type { EntryId, FeedId } from '../../src/lib/core/ids.ts'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { standingFeeds, yClientOf, type RegisteredFeed } from '../../src/lib/ledger/feed-id.ts'
import { assemble, type Assembly } from '../ledger/assembly.ts'
import { fromNothing } from '../ledger/from-nothing.ts'
import type { Delegate } from '../ledger/council.ts'

/** 53 bits cannot be collided in a test. Here a client id has two, as if the attacker had searched for years. */
const shortClientOf = (feed: FeedId) => yClientOf(feed) % 4

const idOf = (n: number): EntryId => hexFromBytes(new Uint8Array(32).fill(n)) as EntryId

/** A feed the victim registered, and one of the attacker with the same client id that sorts before it. */
const collision = (council: Assembly, victim: Delegate, attacker: Delegate, on: readonly EntryId[]) => {
  const theirs = council.registers(victim, on)
  let own = council.registers(attacker, on)
  while (shortClientOf(own.feed) !== shortClientOf(theirs.feed) || own.entry > theirs.entry)
    own = council.registers(attacker, on)
  return { theirs, own }
}

/** Which of two feeds stands when the council's ledger is read with short client ids. */
const standing = (council: Assembly, ...claims: readonly { readonly feed: FeedId }[]) => {
  const { feeds } = fromNothing(council.ledger, council.ledger.heads(), shortClientOf)
  return claims.map(({ feed }) => feeds.has(feed))
}

test('attack 58: of two feeds with one client id exactly one stands, the same on every device', () => {
  const { council, alba, bruna, start } = assemble(3, 58)
  const { theirs, own } = collision(council, alba, bruna, start)
  expect(standing(council, theirs, own)).toEqual([false, true])
  const other = council.replay([...council.wires].reverse())
  expect(fromNothing(other, other.heads(), shortClientOf).feeds.has(own.feed)).toBe(true)
})

test('attack 58: once a final checkpoint holds the victim’s it is the victim’s, also against a smaller id', () => {
  const { council, alba, bruna, cira, start } = assemble(3, 59)
  const { theirs, own } = collision(council, alba, bruna, start)
  council.settles([alba, bruna, cira], [theirs.entry])
  expect(council.finals).toHaveLength(1)
  expect(standing(council, theirs, own)).toEqual([true, false])
})

test('attack 58: two that are settled alike are told apart by their ids, and a suspended device’s comes second', () => {
  const claim = (entry: EntryId, silenced = false): RegisteredFeed => ({
    entry,
    feed: entry as string as FeedId,
    device: 'd' as never,
    silenced,
    comesAfter: () => false,
  })
  const [small, large] = [idOf(1), idOf(2)]
  const one = (...claims: readonly RegisteredFeed[]) =>
    [...standingFeeds(new Map(), claims, () => 7).values()].map(({ entry }) => entry)
  expect(one(claim(large), claim(small))).toEqual([small])
  expect(one(claim(small, true), claim(large))).toEqual([large])
  expect(one(claim(large), claim(small, true))).toEqual([large])
})
