import { expect, test } from 'vitest'
import type { EntryId } from '../../src/lib/core/ids.ts'
import { onMessage, sent, type LinkState } from '../../src/lib/sync/engine.ts'
import { at, begun, feed, holdings, id, says } from './holdings.ts'

test('what was sent counts as held, however long the other takes to say so', () => {
  const first = says(begun().state, 1)
  expect(first.served).toEqual([2])
  const later = says(sent(first.state, feed, 5), 3)
  expect(later.served).toEqual([])
})

test('who says less than before began anew from less, and is sent the rest again', () => {
  const before = says(begun().state, 4)
  const less = says(before.state, 2)
  expect(less.served).toEqual([3])
  const nothing = says(less.state, null)
  expect(nothing.served).toEqual([0])
  expect(says(nothing.state, 5).served).toEqual([])
})

test('who says the same twice is sent it once: the second time it may still be under way', () => {
  const first = says(begun().state, 1)
  expect(first.served).toEqual([2])
  expect(says(first.state, 1).served).toEqual([])
})

/** The other begins anew, and says how far it holds the feed. */
const saysAgain = (state: LinkState, seq: number, by = holdings) => {
  const heads = [id<EntryId>(0)]
  const again = onMessage(state, { type: 'again', heads }, by)
  expect(again.effects).toContainEqual({ type: 'send', message: { type: 'heads', heads } })
  return says(onMessage(again.state, { type: 'ready' }, by).state, seq, by)
}

test('who begins anew let go of what it was sent, and is sent it once more from where it says', () => {
  const first = says(begun().state, 1)
  const again = saysAgain(first.state, 1)
  expect(again.served).toEqual([2])
  expect(says(again.state, 1).served).toEqual([])
})

/** Many times in one minute, and once after it. */
const servedTo = (asks: (state: LinkState, by: typeof holdings) => ReturnType<typeof says>) => {
  let now = 1_000_000
  const by = { ...holdings, now: () => now }
  let { state } = says(begun('full', by).state, 4, by)
  const inOneMinute: number[] = []
  for (let i = 0; i < 500; i++) {
    const step = asks(state, by)
    state = step.state
    inOneMinute.push(...step.served)
    now += 100
  }
  now += 60_000
  return { inOneMinute, after: asks(state, by).served }
}

test('who begins anew five hundred times in a minute is sent everything three times in it, and still once after it', () => {
  const { inOneMinute, after } = servedTo((state, by) => saysAgain(state, 0, by))
  expect(inOneMinute).toEqual([1, 1, 1])
  expect(after).toEqual([1])
})

test('who says less and more by turns has no more of it', () => {
  const { inOneMinute, after } = servedTo((state, by) => says(says(state, 5, by).state, 0, by))
  expect(inOneMinute).toEqual([1, 1, 1])
  expect(after).toEqual([1])
})

test('both together count as one', () => {
  const { inOneMinute } = servedTo((state, by) => {
    const less = says(says(state, 5, by).state, 0, by)
    const again = saysAgain(less.state, 0, by)
    return { state: again.state, served: [...less.served, ...again.served] }
  })
  expect(inOneMinute).toEqual([1, 1, 1])
})

test('a clock that was set back holds nobody up', () => {
  let now = 5_000_000
  const by = { ...holdings, now: () => now }
  let { state } = says(begun('full', by).state, 4, by)
  for (let i = 0; i < 3; i++) state = saysAgain(state, 0, by).state
  expect(saysAgain(state, 0, by).served).toEqual([])
  now = 1_000_000
  expect(saysAgain(state, 0, by).served).toEqual([1])
})

test('what is fresh still goes to somebody who begins anew too often', () => {
  let { state } = says(begun().state, 5)
  for (let i = 0; i < 10; i++) state = saysAgain(state, 5).state
  const more = { ...holdings, heads: () => [at(6)] }
  // It is told first, for somebody else may be bringing it, and asks.
  const told = says(state, 5, more)
  expect(told.served).toEqual([])
  expect(says(told.state, 5, more).served).toEqual([6])
})
