import { beforeEach, expect, test } from 'vitest'
import type { DeviceId } from '../../src/lib/core/ids.ts'
import {
  holdingsMoved,
  onMessage,
  type Effect,
  type Holdings,
  type LinkState,
} from '../../src/lib/sync/engine.ts'
import { ForksTold } from '../../src/lib/sync/forks-told.ts'
import type { Standing } from '../../src/lib/sync/ports.ts'
import { TestClock } from '../world/time.ts'
import { at, begun, feed, holdings, id } from './holdings.ts'

const peer = id<DeviceId>(2)
const head = at(5)

let clock: TestClock
let told: ForksTold
let isForked: boolean

beforeEach(() => {
  clock = new TestClock()
  told = new ForksTold(clock)
  isForked = false
})

const holdingsOn = (link: string): Holdings => ({
  ...holdings,
  tellsOfFork: () => isForked && !told.has({ id: link, peer }, feed),
})

const served = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.type === 'serve' ? [[effect.feed, effect.from]] : []))

/** A link on which both have agreed, and the peer holds what is held here. */
const linked = (
  link: string,
  standing: Standing = 'full',
): { state: LinkState; effects: readonly Effect[] } => {
  const by = holdingsOn(link)
  return onMessage(begun(standing, by).state, { type: 'have', heads: [head] }, by)
}

test('who learns that a feed is forked sends whoever holds it all of it, once, though both say the same', () => {
  const before = linked('a')
  expect(served(before.effects)).toEqual([])
  isForked = true
  const tells = holdingsMoved(before.state, holdingsOn('a'))
  expect(served(tells.effects)).toEqual([[feed, 0]])
  expect(served(holdingsMoved(tells.state, holdingsOn('a')).effects)).toEqual([])
})

test('a keeper is told, and a device that is paused is not', () => {
  const [keeper, paused] = [linked('a', 'sealed'), linked('b', 'narrow')]
  isForked = true
  expect(served(holdingsMoved(keeper.state, holdingsOn('a')).effects)).toEqual([[feed, 0]])
  expect(served(holdingsMoved(paused.state, holdingsOn('b')).effects)).toEqual([])
})

test('the link died before it can have come: the next one carries it again', () => {
  isForked = true
  expect(served(linked('a').effects)).toEqual([[feed, 0]])
  told.sent({ id: 'a', peer }, feed)
  clock.pass(5000)
  told.heard({ id: 'a', peer })
  told.ended({ id: 'a', peer })
  expect(served(linked('b').effects)).toEqual([[feed, 0]])
})

test('the peer was heard long after it was sent: no later link carries it again', () => {
  isForked = true
  told.sent({ id: 'a', peer }, feed)
  clock.pass(30_000)
  told.heard({ id: 'a', peer })
  told.ended({ id: 'a', peer })
  expect(served(linked('b').effects)).toEqual([])
  // Another device of the same person was not.
  expect(told.has({ id: 'c', peer: id<DeviceId>(3) }, feed)).toBe(false)
})
